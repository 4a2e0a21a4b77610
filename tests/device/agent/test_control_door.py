"""The window's programs at the device's door, with someone behind it who does what is asked."""

import json
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from uuid import UUID, uuid4

import pytest
from counter_staff import CounterStaff, counter_staff
from device_rig import DEED, LOAN, configuration, signed_records

from device.agent import control, desk
from device.agent.control import Cancel, ControlDoor, Invite, NotTaken, State, ask
from device.agent.desk import WindowDesk
from device.store.briefing import Briefing
from device.store.home import Home
from protocol.records import InvitedBy, MatterHandled, VisitOpened, read

HANDLED = (MatterHandled(DEED, ("B2026-1", "B2026-2")),)


@contextmanager
def door_of(home: Home) -> Iterator[ControlDoor]:
    briefing = Briefing(home)
    briefing.apply(configuration(), b"signed", "")
    window = WindowDesk(home, briefing)
    window.start()
    door = ControlDoor(home, window)
    door.start()
    try:
        yield door
    finally:
        door.close()
        window.close()
        briefing.close()


@pytest.fixture
def kiosk(home: Home) -> Iterator[CounterStaff]:
    with counter_staff(home) as people, door_of(home):
        yield people


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """The door waits a moment only, where nothing is going to happen."""
    monkeypatch.setattr(desk, "TAKE_UP_S", 0.2)


def test_an_invitation_is_on_the_screen_when_the_door_answers(home: Home, kiosk: CounterStaff):
    answer = ask(home.control, Invite(HANDLED, InvitedBy.SYSTEM))
    assert answer["rating"] is True
    assert "outcome" not in answer
    (opened,) = [read(signed) for signed in signed_records(home).values()]
    assert isinstance(opened, VisitOpened)
    assert str(opened.visit) == answer["visit"]
    assert (opened.invited_by, opened.matters) == (InvitedBy.SYSTEM, HANDLED)


def test_the_same_request_twice_is_one_visit(home: Home, kiosk: CounterStaff):
    visit = uuid4()
    first = ask(home.control, Invite(visit=visit))
    assert ask(home.control, Invite(visit=visit)) == first
    kiosk.finish()
    again = ask(home.control, Invite(visit=visit))
    assert again == {"rating": False, "visit": str(visit), "outcome": "rated"}
    assert len(signed_records(home)) == 3


def test_while_somebody_rates_nobody_else_is_invited(home: Home, kiosk: CounterStaff):
    under_way = ask(home.control, Invite())["visit"]
    with pytest.raises(NotTaken, match=f"{under_way} is under way; wait for its end"):
        ask(home.control, Invite())
    kiosk.finish()
    assert ask(home.control, Invite())["visit"] != under_way


def test_a_matter_that_is_not_this_halls_is_refused(home: Home, kiosk: CounterStaff):
    with pytest.raises(NotTaken, match="matter 999 is not in this hall's list"):
        ask(home.control, Invite((*HANDLED, MatterHandled("999"))))
    assert signed_records(home) == {}


def test_what_would_ask_nothing_is_the_kiosks_to_judge_only_where_staff_may_be_rated(
    home: Home, kiosk: CounterStaff
):
    """The door does not know who is logged in: an invitation without matters asks about staff."""
    unfinished = (MatterHandled(LOAN, ("B2026-3",), finished=False),)
    assert ask(home.control, Invite(unfinished))["rating"] is True


def test_an_invitation_too_long_for_a_record_is_refused(home: Home, kiosk: CounterStaff):
    cases = tuple(f"{number:050}" for number in range(50))
    with pytest.raises(NotTaken, match="at most"):
        ask(home.control, Invite((MatterHandled(DEED, cases), MatterHandled(LOAN, cases))))
    assert signed_records(home) == {}


@pytest.mark.usefixtures("impatient")
def test_an_invitation_that_the_screen_does_not_take_is_told_as_such(
    home: Home, kiosk: CounterStaff
):
    kiosk.looks_away = True
    with pytest.raises(NotTaken, match="is the kiosk running and the window open"):
        ask(home.control, Invite())


def test_an_invitation_can_be_taken_back_with_a_reason(home: Home, kiosk: CounterStaff):
    visit = UUID(ask(home.control, Invite())["visit"])
    with pytest.raises(NotTaken, match="needs a reason"):
        ask(home.control, Cancel(visit, "  "))
    answer = ask(home.control, Cancel(visit, "办事人已离开"))
    assert answer == {"rating": False, "visit": str(visit), "outcome": "cancelled"}
    closed = read(list(signed_records(home).values())[-1])
    assert closed.reason == "办事人已离开"  # type: ignore[union-attr]
    assert ask(home.control, Cancel(visit, "once more")) == answer


def test_after_the_first_tap_it_is_too_late_to_cancel(home: Home, kiosk: CounterStaff):
    visit = UUID(ask(home.control, Invite())["visit"])
    kiosk.tap()
    with pytest.raises(NotTaken, match="too late to cancel: the citizen has already tapped"):
        ask(home.control, Cancel(visit, "不满意"))
    kiosk.finish()
    assert ask(home.control, Cancel(visit, "不满意"))["outcome"] == "rated"


@pytest.mark.usefixtures("impatient")
def test_a_cancel_that_nobody_takes_is_not_called_too_late(home: Home, kiosk: CounterStaff):
    visit = UUID(ask(home.control, Invite())["visit"])
    kiosk.looks_away = True
    with pytest.raises(NotTaken, match="is the kiosk running"):
        ask(home.control, Cancel(visit, "办事人已离开"))


def test_the_state_tells_how_a_visit_ended_and_never_its_level(home: Home, kiosk: CounterStaff):
    assert ask(home.control, State()) == {"rating": False}
    visit = UUID(ask(home.control, Invite())["visit"])
    assert ask(home.control, State()) == {"rating": True}
    assert ask(home.control, State(visit)) == {"rating": True, "visit": str(visit)}
    kiosk.finish()
    ended = ask(home.control, State(visit))
    assert ended == {"rating": False, "visit": str(visit), "outcome": "rated"}
    nobody = uuid4()
    for request in (State(nobody), Cancel(nobody, "x")):
        with pytest.raises(NotTaken, match=f"there is no visit {nobody}"):
            ask(home.control, request)


# --- the line itself --------------------------------------------------------------------------


def say(home: Home, *lines: bytes) -> list[dict[str, object]]:
    """Say raw lines at the door, all over one connection."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as line:
        line.settimeout(10)
        with control._folder(home.control.parent) as folder:
            line.connect(f"/proc/self/fd/{folder}/{home.control.name}")
        answers = line.makefile("rb")
        said = []
        for one in lines:
            line.sendall(one + b"\n")
            said.append(json.loads(answers.readline()))
        return said


@pytest.mark.parametrize(
    "line",
    [
        b"hello",
        b"{}",
        b'{"do": "reboot"}',
        b'{"do": "invite", "level": 5}',
        b'{"do": "invite", "visit": "no uuid"}',
        b'{"do": "cancel", "visit": "00000000-0000-0000-0000-000000000001"}',
        b'{"do": "invite", "matters": [{"code": "\xff"}]}',
        b'{"do": "state", "visit": ' + b"[" * 50_000,
        b'{"do": "cancel", "visit": "00000000-0000-0000-0000-000000000001", "reason": "a\\nb"}',
        b"\xff\xfe\x00",
        b"",
    ],
)
def test_a_line_that_is_no_request_is_told_as_such_and_the_door_stays_open(
    home: Home, kiosk: CounterStaff, line: bytes
):
    wrong, right = say(home, line, b'{"do": "state"}')
    assert wrong["ok"] is False
    assert "not a request of this door" in str(wrong["problem"])
    assert right == {"ok": True, "rating": False}


@pytest.mark.filterwarnings("error::pytest.PytestUnhandledThreadExceptionWarning")
def test_a_caller_who_goes_away_leaves_no_trace(home: Home, kiosk: CounterStaff):
    for _ in range(5):
        with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as line:
            with control._folder(home.control.parent) as folder:
                line.connect(f"/proc/self/fd/{folder}/{home.control.name}")
            line.sendall(b'{"do": "state"}\n' * 50)
    assert ask(home.control, State()) == {"rating": False}


def test_the_door_is_for_this_user_alone_and_closes_with_the_agent(home: Home):
    briefing = Briefing(home)
    window = WindowDesk(home, briefing)
    door = ControlDoor(home, window)
    door.start()
    assert home.control.stat().st_mode & 0o777 == 0o600
    door.close()
    assert not home.control.exists()
    with pytest.raises(NotTaken, match="is it running"):
        ask(home.control, State())
    window.close()
    briefing.close()


def test_a_door_that_a_crash_left_behind_is_in_nobodys_way(home: Home):
    control.listen(home.control).close()
    assert home.control.exists()
    with door_of(home):
        assert ask(home.control, State()) == {"rating": False}


def test_a_folder_with_a_long_name_has_a_door_too(home: Home, elsewhere):
    deep = elsewhere / ("长" * 40) / ("x" * 100)
    deep.parent.mkdir()
    far = Home(home.root.rename(deep))
    with door_of(far):
        assert ask(far.control, State()) == {"rating": False}


def test_before_the_kiosk_has_ever_run_the_door_says_what_is_missing(home: Home):
    with door_of(home):
        home.kiosk_db.unlink()
        with pytest.raises(NotTaken, match="haochaping migrate"):
            ask(home.control, State())
