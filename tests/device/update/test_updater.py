"""An update: into use, tried out, kept or taken back; and a power cut at any point of it."""

import itertools
import json
import os
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest
from small_releases import everything_in, make_release
from update_rig import Device, PowerCut, power_cut_after

from device.core.errors import DeviceError
from device.releases.news import Outcome, forget_news, read_news
from device.releases.shelf import ReleaseRefused
from device.store import lock
from device.store.connect import uri
from device.store.home import Home
from device.update import trial
from device.update.system import AGENT, KIOSK, UnitState
from device.update.trial import Phase
from device.update.updater import JUDGE_COMES_S, MAX_SWITCHES, LeftBehind
from device.update.versions import NotNewer
from protocol import release_key


@pytest.fixture
def device(tmp_path: Path) -> Device:
    return Device(tmp_path)


def name_of(device: Device) -> str:
    (name,) = set(device.updater().shelf.names()) - {device.first}
    return name


def test_a_good_release_is_kept_and_the_one_before_stays_at_hand(device: Device):
    news = device.updater().update(device.release())
    assert news.outcome is Outcome.CONFIRMED
    device.check_settled(news.release)
    assert device.updater().shelf.previous() == device.first
    third = device.updater().update(device.release("1.2.0"))
    device.check_settled(third.release)
    assert device.updater().shelf.names() == sorted([news.release, third.release])


@pytest.mark.parametrize(
    ("behaviour", "why"),
    [
        ({"kiosk": "fails"}, "haochaping-kiosk.service is failed"),
        ({"agent": "fails"}, "haochaping-agent.service is failed"),
        ({"kiosk": "loops"}, "started again and again"),
        ({"migrate": "fails"}, "migrate.service: it failed"),
        ({"starts": "not at all"}, "exit code 1"),
    ],
    ids=lambda value: "-".join(value) if isinstance(value, dict) else "",
)
def test_a_bad_release_is_rolled_back_by_itself(device: Device, behaviour, why: str):
    news = device.updater().update(device.release(**behaviour))
    assert news.outcome is Outcome.ROLLED_BACK
    assert why in news.why
    device.check_settled(device.first)
    assert device.news.startswith("rolled-back: 1.1.0-")
    assert device.updater().shelf.names() == [device.first]


def with_central(device: Device) -> None:
    """Let central have answered last time, as the agent's file has it."""
    import sqlite3

    home = Home(device.deployed.data)
    with sqlite3.connect(uri(home.agent_db, "rwc"), uri=True) as db:
        db.execute("CREATE TABLE link (only INTEGER PRIMARY KEY, online INTEGER)")
        db.execute("INSERT INTO link VALUES (1, 1)")


def test_a_release_that_central_does_not_hear_from_is_rolled_back(device: Device):
    with_central(device)
    news = device.updater().update(device.release(central="silent"))
    assert (news.outcome, news.why) == (
        Outcome.ROLLED_BACK,
        "central took a heartbeat before, and none since",
    )
    device.check_settled(device.first)


def test_a_release_is_not_blamed_for_a_network_that_was_away_before(device: Device):
    device.system.mark.unlink()
    assert device.updater().update(device.release(central="silent")).outcome is Outcome.CONFIRMED


def test_a_kiosk_that_was_down_before_need_not_be_up(device: Device):
    """A board without a screen gets its updates too."""
    device.system.stop((KIOSK,))
    assert device.updater().update(device.release(kiosk="fails")).outcome is Outcome.CONFIRMED


def test_a_bad_release_does_not_cost_the_one_before_the_last(device: Device):
    second = device.updater().update(device.release("1.1.0")).release
    device.updater().update(device.release("1.2.0", kiosk="fails"))
    device.check_settled(second)
    assert device.updater().shelf.previous() == device.first


# --- what is not begun ----------------------------------------------------------------------


def test_what_is_refused_changes_nothing(device: Device):
    forged, _ = release_key.generate()
    files = {
        make_release(device.folder, "1.1.0", private=forged): "not signed by the maker",
        make_release(device.folder, "1.2.0", platform="cp399-linux-armv7l"): "is built for",
        make_release(device.folder, "0.9.0"): "is older than 1.0.0",
    }
    before = everything_in(device.deployed.releases)
    for file, why in files.items():
        with pytest.raises(DeviceError, match=why):
            device.updater().update(file)
        assert device.news.startswith("refused: ")
    assert everything_in(device.deployed.releases) == before
    device.check_settled(device.first)


def test_an_older_release_is_taken_only_if_somebody_insists(device: Device):
    old = make_release(device.folder, "0.9.0")
    with pytest.raises(NotNewer):
        device.updater().update(old)
    news = device.updater().update(old, force=True)
    device.check_settled(news.release)


def test_the_release_in_use_is_left_alone(device: Device):
    with power_cut_after(8) as left:
        device.updater().update(make_release(device.folder, "1.0.0"))
    assert left[0] >= 0
    device.check_settled(device.first)


def test_nothing_begins_while_a_citizen_rates(device: Device, monkeypatch):
    rating = iter([True] * 30 + [False] * 40)
    asked = []

    def open_now(data: Path) -> bool:
        assert data == device.deployed.data
        asked.append(device.system.now)
        now = next(rating)
        assert not now or device.system.state(KIOSK).active
        return now

    monkeypatch.setattr("device.update.idle.visit_is_open", open_now)
    device.system.each_pause = lambda: None
    news = device.updater().update(device.release())
    assert news.outcome is Outcome.CONFIRMED
    assert len(asked) >= 40  # the visit, and then some quiet


def test_at_a_window_that_is_never_quiet_it_is_done_between_two_visits(device: Device, monkeypatch):
    turns = itertools.cycle([True] * 5 + [False])
    monkeypatch.setattr("device.update.idle.visit_is_open", lambda _: next(turns))
    assert device.updater().update(device.release()).outcome is Outcome.CONFIRMED


# --- back by hand ---------------------------------------------------------------------------


def test_somebody_goes_back_by_hand_and_the_release_does_not_come_again(device: Device):
    file = device.release()
    left = device.updater().update(file).release
    news = device.updater().back()
    assert (news.outcome, news.release) == (Outcome.WENT_BACK, left)
    device.check_settled(device.first)
    device.lay_down(file)
    device.from_inbox()
    device.check_settled(device.first)
    assert read_news(device.deployed) == news
    assert "update --again" in device.said[-1]
    forget_news(device.deployed)
    device.lay_down(file)
    device.from_inbox()
    device.check_settled(left)


def test_without_a_previous_release_there_is_no_way_back(device: Device):
    with pytest.raises(ReleaseRefused, match="no previous release"):
        device.updater().back()


def test_who_insists_takes_the_release_again_by_hand(device: Device):
    file = device.release()
    device.updater().update(file)
    device.updater().back()
    with pytest.raises(LeftBehind):
        device.updater().update(file, by_hand=False)
    assert device.updater().update(file).outcome is Outcome.CONFIRMED


# --- the inbox ------------------------------------------------------------------------------


def test_what_the_agent_laid_down_is_taken_and_gone(device: Device):
    device.lay_down(device.release())
    device.from_inbox()
    device.check_settled(name_of(device))
    assert list(device.deployed.inbox.iterdir()) == []


def test_whatever_else_lies_in_the_inbox_is_gone_too(device: Device, tmp_path: Path):
    outside = tmp_path / "outside"
    outside.write_text("kept")
    inbox = device.deployed.inbox
    (inbox / "a.release").write_text("no release")
    (inbox / "b.release").symlink_to(outside)
    (inbox / "c.release").mkdir()
    os.mkfifo(inbox / "d.release")
    device.lay_down(device.release())
    device.from_inbox()
    assert list(inbox.iterdir()) == []
    assert outside.read_text() == "kept"
    device.check_settled(name_of(device))


def test_an_inbox_that_leads_elsewhere_is_not_followed(device: Device, tmp_path: Path):
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    (elsewhere / "x.release").write_text("kept")
    device.deployed.inbox.rmdir()
    device.deployed.inbox.symlink_to(elsewhere)
    device.from_inbox()
    assert (elsewhere / "x.release").exists()


def test_one_update_at_a_time(device: Device):
    device.deployed.updating.mkdir()
    held = lock.hold(device.deployed.updating / "lock")
    waits = []

    def give_way() -> None:
        waits.append(1)
        if len(waits) == 3:
            os.close(held)

    device.system.each_pause = give_way
    device.lay_down(device.release())
    device.from_inbox()
    assert device.said[0] == "another update is under way; waiting for its end"
    device.check_settled(name_of(device))


# --- the power ------------------------------------------------------------------------------


def whole(device: Device) -> None:
    """Whatever happened, a whole release is in use."""
    assert device.current
    assert (device.deployed.current / "VERSION").read_text()


def cut_everywhere(tmp_path: Path, every: int, **behaviour: str) -> Iterator[tuple[Device, int]]:
    for steps in itertools.count(0, every):
        folder = tmp_path / str(steps)
        folder.mkdir()
        device = Device(folder)
        device.lay_down(device.release(**behaviour))
        with power_cut_after(steps) as left, suppress(PowerCut):
            device.from_inbox()
        device.system.power_off()
        whole(device)
        yield device, steps
        if left[0] >= 0:
            return


def test_a_power_cut_anywhere_in_a_good_update_leaves_a_device_that_ends_it(tmp_path: Path):
    seen = set()
    for device, _steps in cut_everywhere(tmp_path, 1):
        note = trial.read(device.deployed)
        seen.add(note.phase if note else None)
        device.boot()
        device.check_settled(name_of(device))
        assert device.news.startswith("confirmed: 1.1.0-")
    assert seen == {*Phase, None} - {Phase.GOING_BACK}


def test_a_power_cut_anywhere_in_a_bad_update_leaves_a_device_that_goes_back(tmp_path: Path):
    seen = set()
    for device, _steps in cut_everywhere(tmp_path, 1, kiosk="fails"):
        note = trial.read(device.deployed)
        seen.add(note.phase if note else None)
        device.boot()
        device.check_settled(device.first)
        assert device.news.startswith("rolled-back: 1.1.0-")
    assert seen == {*Phase, None}


@pytest.mark.parametrize("kiosk", ["works", "fails"])
def test_power_cuts_while_the_device_goes_on_from_a_power_cut(tmp_path: Path, kiosk: str):
    for device, steps in cut_everywhere(tmp_path, 7, kiosk=kiosk):
        for again in range(0, 40, 5):
            with power_cut_after(again + steps % 5), suppress(PowerCut):
                device.boot()
            device.system.power_off()
            whole(device)
        device.boot()
        assert device.current in (device.first, *device.updater().shelf.names())
        device.check_settled(device.current)
        assert kiosk == "works" or device.current == device.first


def test_a_cut_while_switching_and_one_while_watching_do_not_blame_the_release(device: Device):
    cut_at = {Phase.SWITCHING}

    def cut() -> None:
        note = trial.read(device.deployed)
        if note and note.phase in cut_at:
            raise PowerCut

    device.system.each_pause = cut
    stop, device.system.stop = device.system.stop, lambda _units: cut()
    with suppress(PowerCut):
        device.updater().update(device.release())
    device.system.stop = stop
    cut_at = {Phase.TRIAL}
    device.system.power_off()
    with suppress(PowerCut):
        device.boot()
    device.system.power_off()
    cut_at = set()
    device.boot()
    assert device.news.startswith("confirmed: 1.1.0-")
    device.check_settled(name_of(device))


def test_a_release_that_cannot_even_be_switched_to_is_given_up(device: Device, monkeypatch):
    file = device.release()

    def dies(_program: Path) -> None:
        raise PowerCut

    monkeypatch.setattr(device.system, "lay_out_anew", dies)
    for attempt in range(MAX_SWITCHES):
        with suppress(PowerCut):
            device.updater().update(file) if not attempt else device.boot()
        device.system.power_off()
    monkeypatch.undo()
    device.boot()
    device.check_settled(device.first)
    assert f"the power went {MAX_SWITCHES} times before it was in use" in device.news


def test_a_file_that_a_power_cut_brings_back_is_not_installed_again(tmp_path: Path):
    for device, _steps in cut_everywhere(tmp_path, 1, kiosk="fails"):
        device.said.clear()
        device.boot()
        assert sum(said.startswith("putting release") for said in device.said) <= 1


def test_who_asks_at_boot_waits_for_the_judge_and_does_not_judge_itself(device: Device):
    device.system.each_pause = lambda: cut_when(trial.read(device.deployed))
    with suppress(PowerCut):
        device.updater().update(device.release())
    device.system.power_off()
    judge = device.updater()
    judged_at = device.system.now + 500

    with judge.alone():

        def judged_in_time() -> None:
            if device.system.now >= judged_at:
                trial.end(device.deployed)

        device.system.each_pause = judged_in_time
        device.updater().leave_to_judge()
    assert device.system.now >= judged_at


def test_where_nobody_judges_whoever_asks_has_to(device: Device):
    device.system.each_pause = lambda: cut_when(trial.read(device.deployed))
    with suppress(PowerCut):
        device.updater().update(device.release())
    device.system.each_pause = lambda: None
    began = device.system.now
    device.from_inbox()
    assert device.system.now >= began + JUDGE_COMES_S
    assert device.news.startswith("confirmed: 1.1.0-")


def test_a_verdict_that_was_written_down_is_the_one_that_is_told(device: Device):
    """The power goes when the update is decided, and nobody has been told."""
    updater = device.updater()
    with pytest.MonkeyPatch.context() as patch, suppress(PowerCut):
        patch.setattr(updater, "_finish", cut_off)
        updater.update(device.release())
    note = trial.read(device.deployed)
    assert note and note.phase is Phase.OVER
    for _ in range(2):
        device.boot()
    assert device.news.startswith("confirmed: 1.1.0-")
    device.check_settled(name_of(device))


def cut_off(_trial: trial.Trial) -> None:
    raise PowerCut


def test_a_release_that_never_gets_to_its_verdict_is_given_up_at_the_second_boot(device: Device):
    """It takes the board down, say, before anybody can judge it."""
    file = device.release()
    device.system.each_pause = lambda: cut_when(trial.read(device.deployed))
    for attempt in range(2):
        with suppress(PowerCut):
            device.updater().update(file) if not attempt else device.boot()
        device.system.power_off()
        assert device.current != device.first
    device.boot()
    device.check_settled(device.first)
    assert "had not proved itself after 2 boots" in device.news


def cut_when(under_way: trial.Trial | None) -> None:
    if under_way and under_way.phase is Phase.TRIAL:
        raise PowerCut


def test_the_release_before_is_the_judge_even_after_a_reboot(device: Device):
    device.system.each_pause = lambda: cut_when(trial.read(device.deployed))
    with suppress(PowerCut):
        device.updater().update(device.release())
    judge = trial.judge(device.deployed)
    assert judge.resolve() == (device.deployed.releases / device.first).resolve()


def test_a_note_that_cannot_be_read_costs_the_update_and_nothing_else(device: Device):
    device.deployed.updating.mkdir()
    for content in ("", "{}", "[]", json.dumps({"phase": "x"}), "\xff"):
        trial.note(device.deployed).write_text(content)
        device.updater().settle()
        device.boot()
        device.check_settled(device.first)


def test_a_note_that_cannot_be_read_does_not_keep_the_next_update_out(device: Device):
    device.deployed.updating.mkdir()
    trial.note(device.deployed).write_text("{}")
    device.lay_down(device.release())
    device.from_inbox()
    device.check_settled(name_of(device))


def test_a_link_that_leads_nowhere_is_mended_from_the_previous_release(device: Device):
    left = device.updater().update(device.release()).release
    device.deployed.current.unlink()
    device.updater().settle()
    assert device.current == device.first != left


def test_going_back_goes_on_when_a_step_of_it_fails(device: Device, monkeypatch):
    """The release before has to be in use again, whatever else does not work."""

    def refuse(_root: Path) -> object:
        raise OSError(30, "Read-only file system")

    def start(units, real=device.system.start) -> None:
        if device.current != device.first:
            monkeypatch.setattr(device.system, "writable", refuse)
        real(units)

    monkeypatch.setattr(device.system, "start", start)
    news = device.updater().update(device.release(kiosk="fails"))
    assert news.outcome is Outcome.ROLLED_BACK
    assert device.current == device.first
    assert device.system.state(KIOSK) == UnitState(True, 0, "active")
    assert device.system.state(AGENT).active
