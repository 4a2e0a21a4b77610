"""The whole way of one rating, with every process real: tap, record, central, receipt.

What the screen thanked for is compared with what central holds, whatever happened to the
processes in between. Taps are real: xdotool's mouse, keyboard, SDL's finger events, and
gpiozero's mock pins.
"""

import pytest
from actors import Citizen, codes_at_central, eventually

from demo import account
from demo.stage import Program, Stage
from demo.tour import HOUSE, MORTGAGE
from device.store.backlog import Backlog
from device.store.briefing import BriefingReader
from device.store.home import Home

pytestmark = pytest.mark.timeout(180)


def everything_is_at_central_exactly_once(stage: Stage) -> bool:
    return account.settle(stage.device_data, stage.ratings()).exact


def head_and_acknowledged(stage: Stage) -> tuple[int, int]:
    home = Home(stage.device_data)
    backlog, briefing = Backlog(home), BriefingReader(home)
    try:
        return backlog.head(), briefing.acknowledged()
    finally:
        backlog.close()
        briefing.close()


def tapped_on_disk(stage: Stage) -> bool:
    backlog = Backlog(Home(stage.device_data))
    try:
        visit = backlog.visit_under_way()
        return visit is not None and backlog.was_tapped(visit)
    finally:
        backlog.close()


def test_a_tap_travels_to_central_and_its_receipt_comes_back(hall: Stage, citizen: Citizen):
    hall.start_agent()
    hall.start_kiosk()
    citizen.screen.wait_for_screen("IdleView")

    hall.invite(f"{HOUSE}=15010000000068,15010000000069", MORTGAGE)
    citizen.rates("staff", 5, 510, 517)
    citizen.rates("matter", 2, 209)
    citizen.rates("matter", 4)
    code = citizen.reads_the_thanks()

    eventually("three ratings at central", lambda: len(hall.ratings()) == 3)
    ratings = hall.ratings()
    assert set(codes_at_central(hall)) == {code}
    assert [(r["subject"], r["code"], r["level"]["platform"], r["tags"]) for r in ratings] == [
        ("staff", "0317", 5, [510, 517]),
        ("matter", HOUSE, 2, [209]),
        ("matter", MORTGAGE, 4, []),
    ]
    assert everything_is_at_central_exactly_once(hall)
    eventually(
        "the receipt for every record",
        lambda: len(set(head_and_acknowledged(hall))) == 1,
    )


def test_mouse_finger_keyboard_and_pins_all_rate(hall: Stage, citizen: Citizen):
    hall.start_agent()
    hall.start_kiosk("--mock-gpio")
    screen = citizen.screen
    screen.wait_for_screen("IdleView")

    citizen.rates_the_staff(5)

    screen.finger("rate")
    screen.wait_for_screen("RatingView")
    screen.finger("level", 4)
    screen.wait_for_screen("ReasonsView", level=4)
    screen.finger("skip")
    citizen.reads_the_thanks()

    citizen.mouse.type("3")  # on idle any key opens the question and casts nothing
    screen.wait_for_screen("RatingView", chosen=None)
    citizen.mouse.type("3")
    screen.wait_for_screen("ReasonsView", level=3)
    citizen.mouse.type("Return")
    citizen.reads_the_thanks()

    screen.press(2)
    screen.wait_for_screen("RatingView", chosen=None)
    screen.press(2)
    screen.wait_for_screen("ReasonsView", level=2)
    citizen.mouse.type("Escape")
    citizen.reads_the_thanks()

    eventually("four ratings at central", lambda: len(hall.ratings()) == 4)
    assert [r["level"]["platform"] for r in hall.ratings()] == [5, 4, 3, 2]
    assert codes_at_central(hall) == citizen.codes
    assert everything_is_at_central_exactly_once(hall)


def test_ratings_wait_out_a_central_that_is_cut_off(hall: Stage, citizen: Citizen):
    hall.start_agent()
    hall.start_kiosk()
    citizen.rates_the_staff(5)
    eventually("the first rating at central", lambda: len(hall.ratings()) == 1)

    hall.program("central").kill()
    citizen.rates_the_staff(4)
    citizen.rates_the_staff(1)
    hall.start_central()

    eventually("all of them at central", lambda: len(hall.ratings()) == 3, patience_s=60)
    assert codes_at_central(hall) == citizen.codes
    assert everything_is_at_central_exactly_once(hall)


def test_a_tapped_level_survives_the_kiosks_sudden_death(hall: Stage, citizen: Citizen):
    hall.start_agent()
    kiosk = hall.start_kiosk()
    screen = citizen.screen
    screen.wait_for_screen("IdleView")
    citizen.mouse.tap("rate")
    screen.wait_for_screen("RatingView")
    citizen.mouse.tap("level", 2)
    screen.wait_for_screen("ReasonsView", level=2)

    kiosk.kill()
    hall.start_kiosk()
    citizen.rates_the_staff(5)

    eventually("both ratings at central", lambda: len(hall.ratings()) == 2)
    recovered, fresh = hall.ratings()
    assert (recovered["level"]["platform"], recovered["recovered"]) == (2, True)
    assert (fresh["level"]["platform"], fresh["recovered"]) == (5, False)
    assert everything_is_at_central_exactly_once(hall)


@pytest.mark.parametrize("stage_of_rating", ["tapped", "reasons picked", "submitted"])
def test_a_kiosk_that_dies_under_the_citizens_finger_counts_the_rating_once(
    hall: Stage, citizen: Citizen, stage_of_rating: str
):
    hall.start_agent()
    kiosk = hall.start_kiosk()
    screen = citizen.screen
    screen.wait_for_screen("IdleView")
    citizen.mouse.tap("rate")
    screen.wait_for_screen("RatingView")
    citizen.mouse.tap("level", 4)
    screen.wait_for_screen("RatingView", chosen=4)
    # The promise begins with the draft's commit, which runs beside the screen.
    eventually("the tapped level on disk", lambda: tapped_on_disk(hall))
    if stage_of_rating != "tapped":
        screen.wait_for_screen("ReasonsView", level=4)
        citizen.mouse.tap("tag", 406)
    if stage_of_rating == "submitted":
        citizen.mouse.tap("submit")  # and no waiting: the commit is under way

    kiosk.kill()
    hall.start_kiosk()
    screen.wait_for_screen("IdleView")

    eventually("the rating at central", lambda: len(hall.ratings()) == 1)
    eventually("the whole chain", lambda: len(set(head_and_acknowledged(hall))) == 1)
    assert [rating["level"]["platform"] for rating in hall.ratings()] == [4]
    assert everything_is_at_central_exactly_once(hall)


@pytest.mark.parametrize("victim", ["kiosk", "agent", "central"])
def test_whoever_dies_in_the_middle_every_thanked_rating_counts_once(
    hall: Stage, citizen: Citizen, victim: str
):
    hall.start_agent()
    hall.start_kiosk()

    def again() -> Program:
        starts = {
            "kiosk": hall.start_kiosk,
            "agent": hall.start_agent,
            "central": hall.start_central,
        }
        return starts[victim]()

    for level in (5, 4, 3):
        citizen.rates_the_staff(level)
        # No waiting: whatever was under way just now is torn down with the process.
        hall.program(victim).kill()
        again()

    eventually("all thanked ratings", lambda: len(hall.ratings()) >= 3, patience_s=60)
    assert codes_at_central(hall) == citizen.codes
    assert everything_is_at_central_exactly_once(hall)


def test_every_process_ends_cleanly_when_asked(hall: Stage, citizen: Citizen):
    agent = hall.start_agent()
    kiosk = hall.start_kiosk()
    citizen.screen.wait_for_screen("IdleView")
    citizen.mouse.tap("rate")
    citizen.screen.wait_for_screen("RatingView")

    assert kiosk.stop() == 0
    assert agent.stop() == 0
    assert hall.program("central").stop() == 0
    for program in (kiosk, agent, hall.program("central")):
        assert "Traceback" not in program.log.read_text(encoding="utf-8")
