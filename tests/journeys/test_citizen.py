"""A citizen at the real kiosk, with one way of input alone, from the idle screen to the thanks.

Every process is real; what the screen thanked for is looked up at central. Fingers are SDL's
own finger events, since XTEST knows no touch; keys are xdotool's; buttons are gpiozero's mock
pins.
"""

import json
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import pygame
import pytest
from actors import Citizen, codes_at_central, eventually

from demo import account
from demo.rehearsal import Rehearsal, RehearsalError
from demo.stage import Stage, StageError
from demo.tour import HOUSE, MORTGAGE
from device.store.home import Home
from protocol.records import Fault, read

pytestmark = pytest.mark.timeout(240)

NUMBER = "13804712655"


def offers(name: str, value: int | str | None = None) -> Callable[[dict[str, Any]], bool]:
    """True for a screen on which this can be touched."""
    return lambda shown: [name, value] in [target[:2] for target in shown["targets"]]


def everything_is_at_central_exactly_once(stage: Stage) -> bool:
    return account.settle(stage.device_data, stage.ratings()).exact


def callbacks(stage: Stage) -> str:
    return stage.command(
        *("central", "callbacks", "--data", str(stage.central_data)), "--show-numbers"
    )


def leave_a_number(screen: Rehearsal, press: Callable[[str, int | str | None], None]) -> None:
    press("callback", None)
    screen.wait_for_screen("CallbackView")
    for digit in NUMBER:
        press("digit", int(digit))
    press("confirm", None)
    screen.wait_for_screen("ReasonsView", callback=True)


def faults_written(stage: Stage) -> list[str]:
    with closing(sqlite3.connect(Home(stage.device_data).kiosk_db)) as db:
        found = db.execute("SELECT signed FROM record WHERE kind = 'fault'").fetchall()
    return [record.code for (signed,) in found if isinstance(record := read(signed), Fault)]


def read_the_thanks(screen: Rehearsal, press: Callable[[str, int | str | None], None]) -> str:
    code: str = screen.wait_for_screen("ThanksView")["view"]["code"]
    press("done", None)
    screen.wait_for_screen("IdleView")
    return code


def test_touch_alone(hall: Stage, citizen: Citizen):
    """On a panel mounted upright, through every screen, changing everything on the way."""
    hall.make_device("--size", "800x480", "--rotate", "90")
    hall.start_agent()
    hall.start_kiosk()
    screen, touch = citizen.screen, citizen.screen.finger
    screen.wait_for_screen("IdleView")
    touch("language", "en")
    screen.wait_for_screen("IdleView", language="en")
    hall.invite(f"{HOUSE}=15010000000068,15010000000069", MORTGAGE)

    screen.wait_for_screen("RatingView", subject="staff", language="en")
    touch("appearance", "large")
    screen.wait_for("large texts", offers("appearance", "contrast"))
    touch("level", 2)
    screen.wait_for_screen("ReasonsView", level=2)
    touch("appearance", "contrast")
    screen.wait_for("high contrast, the level kept", offers("appearance", "standard"))
    touch("language", "ko")
    screen.wait_for_screen("ReasonsView", level=2, language="ko")
    touch("appearance", "standard")
    screen.wait_for("standard texts", offers("appearance", "large"))
    touch("tag", 209)
    leave_a_number(screen, touch)
    touch("change")
    screen.wait_for_screen("RatingView", subject="staff", chosen=None)
    touch("back")
    screen.wait_for_screen("ReasonsView", level=2)
    touch("change")
    screen.wait_for_screen("RatingView", subject="staff", chosen=None)
    touch("level", 4)
    screen.wait_for_screen("ReasonsView", level=4)
    touch("tag", 411)
    touch("submit")
    screen.wait_for_screen("RatingView", subject="matter", step=2)
    touch("level", 3)
    screen.wait_for_screen("ReasonsView", level=3)
    touch("skip")
    screen.wait_for_screen("RatingView", subject="matter", step=3)
    touch("back")
    screen.wait_for_screen("ReasonsView", level=3)
    touch("submit")
    screen.wait_for_screen("RatingView", subject="matter", step=3)
    touch("decline")
    code = read_the_thanks(screen, touch)

    eventually("two ratings at central", lambda: len(hall.ratings()) == 2)
    assert [(r["subject"], r["level"]["platform"], r["tags"]) for r in hall.ratings()] == [
        ("staff", 4, [411]),
        ("matter", 3, []),
    ]
    assert set(codes_at_central(hall)) == {code}
    assert NUMBER in callbacks(hall)
    assert everything_is_at_central_exactly_once(hall)


def test_pins_alone(hall: Stage, citizen: Citizen):
    """The five buttons and the two beside them: levels, reasons, a number, skip and next."""
    hall.make_device("--size", "1280x800", "--skip-pin", "20", "--next-pin", "21")
    hall.start_agent()
    hall.start_kiosk("--mock-gpio")
    screen, press = citizen.screen, citizen.screen.press
    screen.wait_for_screen("IdleView")

    press(3)  # opens the question and casts nothing
    screen.wait_for_screen("RatingView", subject="staff", chosen=None)
    press(1)
    screen.wait_for_screen("ReasonsView", level=1)
    press(4)  # on to the first reason
    press(3)  # picks it
    press("next")
    first = read_with_buttons(screen)

    press("next")
    screen.wait_for_screen("RatingView", subject="staff", chosen=None)
    press(5)
    screen.wait_for_screen("ReasonsView", level=5)
    press("skip")
    second = read_with_buttons(screen)

    press(5)
    screen.wait_for_screen("RatingView", chosen=None)
    press(4)
    screen.wait_for_screen("ReasonsView", level=4)
    press(2, hold_s=1.8)  # a long press of any of them goes on
    third = read_with_buttons(screen)

    press("next")
    screen.wait_for_screen("RatingView", chosen=None)
    press("skip")
    screen.wait_for_screen("IdleView")

    eventually("three ratings at central", lambda: len(hall.ratings()) == 3)
    assert [r["level"]["platform"] for r in hall.ratings()] == [1, 5, 4]
    assert [len(r["tags"]) for r in hall.ratings()] == [1, 0, 0]
    assert codes_at_central(hall) == [first, second, third]


def read_with_buttons(screen: Rehearsal) -> str:
    code: str = screen.wait_for_screen("ThanksView")["view"]["code"]
    screen.press("next")
    screen.wait_for_screen("IdleView")
    return code


def test_keyboard_alone(hall: Stage, citizen: Citizen):
    """Every screen by keys: moving the focus, picking, typing a number, language, appearance."""
    hall.make_device("--size", "1024x600")
    hall.start_agent()
    hall.start_kiosk()
    screen, key = citizen.screen, citizen.mouse.type
    screen.wait_for_screen("IdleView")
    key("F1")
    screen.wait_for_screen("IdleView", language="en")
    key("Return")
    screen.wait_for_screen("RatingView", subject="staff")
    key("F2")
    screen.wait_for("large texts", offers("appearance", "contrast"))
    key("2")
    screen.wait_for_screen("ReasonsView", level=2)
    key("Tab")
    key("space")
    to_the_pad_by_keys(screen, key)
    for digit in NUMBER:
        key(digit)
    key("Return")
    screen.wait_for_screen("ReasonsView", callback=True, level=2)
    key("BackSpace")
    screen.wait_for_screen("RatingView", chosen=None)
    key("3")
    screen.wait_for_screen("ReasonsView", level=3)
    key("Return")
    code: str = screen.wait_for_screen("ThanksView")["view"]["code"]
    key("Escape")
    screen.wait_for_screen("IdleView")
    key("4")
    screen.wait_for_screen("RatingView", chosen=None)
    key("Escape")
    screen.wait_for_screen("IdleView")

    eventually("one rating at central", lambda: len(hall.ratings()) == 1)
    assert [r["level"]["platform"] for r in hall.ratings()] == [3]
    assert codes_at_central(hall) == [code]
    assert NUMBER in callbacks(hall)


def to_the_pad_by_keys(screen: Rehearsal, key: Callable[[str], None]) -> None:
    """Move the focus on until it is at the key for a call-back, and press that."""
    for _ in range(20):
        if screen.look()["focus"] == ["callback", None]:
            key("space")
            screen.wait_for_screen("CallbackView")
            return
        key("Tab")
    pytest.fail("the focus never came to the call-back key")


def test_a_number_is_nowhere_in_the_clear(hall: Stage, citizen: Citizen):
    hall.start_agent()
    hall.start_kiosk()
    screen, touch = citizen.screen, citizen.screen.touch
    screen.wait_for_screen("IdleView")
    touch("rate")
    screen.wait_for_screen("RatingView")
    touch("level", 1)
    screen.wait_for_screen("ReasonsView")
    leave_a_number(screen, touch)
    touch("submit")
    read_the_thanks(screen, touch)
    eventually("the rating at central", lambda: len(hall.ratings()) == 1)
    eventually("the number, opened by central alone", lambda: NUMBER in callbacks(hall))

    forms = [NUMBER, f"{NUMBER[:3]} {NUMBER[3:7]} {NUMBER[7:]}", NUMBER[::-1], NUMBER[3:]]
    needles = [form.encode(code) for form in forms for code in ("utf-8", "utf-16-le")]
    written = [path for path in hall.folder.rglob("*") if path.is_file()]
    assert {path.suffix for path in written} >= {".db", ".log"}
    found = [
        (path.name, needle) for path in written for needle in needles if needle in path.read_bytes()
    ]
    assert found == []


def test_support_gets_no_picture_of_a_visit(hall: Stage, citizen: Citizen, tmp_path: Path):
    hall.start_agent()
    hall.start_kiosk()
    screen, config = citizen.screen, ("--config", str(hall.profile))
    picture = tmp_path / "screen.png"
    screen.wait_for_screen("IdleView")
    hall.command("screenshot", str(picture), *config)
    assert pygame.image.load(picture).get_size() == (1280, 800)
    picture.unlink()
    screen.touch("rate")
    screen.wait_for_screen("RatingView")
    with pytest.raises(StageError, match="somebody is at the screen"):
        hall.command("screenshot", str(picture), *config)
    screen.touch("level", 5)
    screen.wait_for_screen("ReasonsView")
    screen.touch("skip")
    screen.wait_for_screen("ThanksView")
    with pytest.raises(StageError, match="somebody is at the screen"):
        hall.command("screenshot", str(picture), *config)
    assert not picture.exists()


def test_every_level_is_thanked_alike(hall: Stage, citizen: Citizen):
    """But for the receipt code, nothing that the screen shows at the end depends on the level."""
    hall.start_agent()
    hall.start_kiosk()
    screen, touch = citizen.screen, citizen.screen.touch
    seen = []
    for level in (5, 3, 1):
        screen.wait_for_screen("IdleView")
        touch("rate")
        screen.wait_for_screen("RatingView")
        touch("level", level)
        screen.wait_for_screen("ReasonsView")
        touch("skip")
        shown = screen.wait_for_screen("ThanksView")
        shown["view"].pop("code")
        shown.pop("visit")
        seen.append(json.dumps(shown))
        touch("done")
    assert len(set(seen)) == 1


def test_a_panel_that_taps_by_itself_is_put_out_and_the_keys_go_on(hall: Stage, citizen: Citizen):
    hall.start_agent()
    hall.start_kiosk("--mock-gpio")
    screen = citizen.screen
    screen.wait_for_screen("IdleView")
    x, y = screen.place("rate")
    for _ in range(60):  # a spike of no length, always at the same point
        screen.ask(do="spike", x=x, y=y)
        shown = screen.wait_for("anything", lambda shown: shown["settled"])
        if shown["touch_out"]:
            break
        if shown["screen"] == "RatingView":  # a busy machine saw it for as long as a touch
            screen.finger("decline")
            screen.wait_for_screen("IdleView")
    screen.wait_for("touch out of service", lambda shown: shown["touch_out"])
    screen.finger("rate")
    screen.wait_for_screen("IdleView")
    screen.press(4)
    screen.wait_for_screen("RatingView", chosen=None)
    screen.finger("level", 1)
    screen.press(4)
    screen.wait_for_screen("ReasonsView", level=4)
    screen.press(1)  # here the last of the five submits
    screen.wait_for_screen("ThanksView")
    eventually("the rating at central", lambda: len(hall.ratings()) == 1)
    assert "touch-phantom" in faults_written(hall)


@pytest.mark.parametrize("mode", ["self-service", "hall"])
def test_a_device_without_staff(hall: Stage, citizen: Citizen, mode: str):
    matter = ("--matter", HOUSE) if mode == "self-service" else ()
    hall.make_device("--size", "1280x800", "--mode", mode, *matter)
    hall.start_agent()
    hall.start_kiosk()
    screen, touch = citizen.screen, citizen.screen.touch
    subject = "matter" if mode == "self-service" else "hall"
    screen.wait_for_screen("IdleView", mode=mode)
    touch("rate")
    screen.wait_for_screen("RatingView", subject=subject)
    touch("level", 4)
    screen.wait_for_screen("ReasonsView", level=4)
    touch("submit")
    code = read_the_thanks(screen, touch)
    eventually("the rating at central", lambda: len(hall.ratings()) == 1)
    assert [(r["subject"], r["level"]["platform"]) for r in hall.ratings()] == [(subject, 4)]
    assert codes_at_central(hall) == [code]


def test_settings_of_the_command_line_win(hall: Stage, citizen: Citizen):
    hall.start_agent()
    hall.start_kiosk(
        *("--size", "720x1280", "--rotate", "180", "--language", "ko", "--appearance", "contrast")
    )
    citizen.screen.wait_for_screen("IdleView", language="ko")
    citizen.screen.wait_for("high contrast", offers("appearance", "standard"))
    with pytest.raises(RehearsalError):
        citizen.screen.place("appearance", "contrast")
