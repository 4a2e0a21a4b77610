"""The window's programs at the device's door, with someone behind it who does what is asked."""

import json
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from uuid import UUID, uuid4

import msgspec
import pytest
from device_rig import (
    DEED,
    LOAN,
    closing_of,
    configuration,
    draft,
    open_ledger,
    signed_records,
)

from device.agent import control
from device.agent.control import Cancel, ControlDoor, Invite, NotTaken, State, ask
from device.core.visit import CloseVisit, Invited
from device.store.briefing import Briefing, BriefingReader, CancelOrder, InviteOrder
from device.store.home import Home
from protocol.records import InvitedBy, MatterHandled, Outcome, VisitOpened, read

HANDLED = (MatterHandled(DEED, ("B2026-1", "B2026-2")),)


class StandIn:
    """A kiosk without a screen: opens what it is invited to, unless told to look away."""

    def __init__(self, home: Home) -> None:
        self._home = home
        self._ended = threading.Event()
        self._todo: list[Callable[[], None]] = []
        self._did = threading.Event()
        self.taps = False
        self.looks_away = False
        self._thread = threading.Thread(target=self._run)
        self._thread.start()

    def close(self) -> None:
        self._ended.set()
        self._thread.join()

    def do(self, work: Callable[[], None]) -> None:
        """Let the ledger's own thread do something."""
        self._did.clear()
        self._todo.append(work)
        assert self._did.wait(10)

    def rate(self, visit: UUID) -> None:
        self.do(lambda: self.ledger.close_visit(closing_of(visit, draft()), "zh-CN"))

    def _run(self) -> None:
        self.ledger = open_ledger(self._home)
        reader, after = BriefingReader(self._home), 0
        while not self._ended.wait(0.005):
            while self._todo:
                self._todo.pop()()
                self._did.set()
            for instruction in reader.instructions(after):
                after = instruction.id
                if not self.looks_away:
                    self._obey(instruction.kind, instruction.body)
        reader.close()
        self.ledger.close()

    def _obey(self, kind: str, body: bytes) -> None:
        if kind == "invite":
            order = msgspec.json.decode(body, type=InviteOrder)
            invited = Invited(order.visit, order.invited_by, "12", "0317", order.matters)
            self.ledger.open_visit(invited, "zh-CN", 0)
            if self.taps:
                self.ledger.keep_draft(order.visit, draft())
        elif not self.taps:
            cancel = msgspec.json.decode(body, type=CancelOrder)
            end = CloseVisit(cancel.visit, (), Outcome.CANCELLED, cancel.reason, 2, None, 0)
            self.ledger.close_visit(end, "zh-CN")


@contextmanager
def door_of(home: Home) -> Iterator[ControlDoor]:
    briefing = Briefing(home)
    briefing.apply(configuration(), b"signed", "")
    door = ControlDoor(home, briefing)
    door.start()
    try:
        yield door
    finally:
        door.close()
        briefing.close()


@pytest.fixture
def kiosk(home: Home) -> Iterator[StandIn]:
    stand_in = StandIn(home)
    with door_of(home):
        yield stand_in
    stand_in.close()


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """The door waits a moment only, where nothing is going to happen."""
    monkeypatch.setattr(control, "TAKE_UP_S", 0.2)


def test_an_invitation_is_on_the_screen_when_the_door_answers(home: Home, kiosk: StandIn):
    answer = ask(home.control, Invite(HANDLED, InvitedBy.SYSTEM))
    assert answer["rating"] is True
    assert "outcome" not in answer
    (opened,) = [read(signed) for signed in signed_records(home).values()]
    assert isinstance(opened, VisitOpened)
    assert str(opened.visit) == answer["visit"]
    assert (opened.invited_by, opened.matters) == (InvitedBy.SYSTEM, HANDLED)


def test_the_same_request_twice_is_one_visit(home: Home, kiosk: StandIn):
    visit = uuid4()
    first = ask(home.control, Invite(visit=visit))
    assert ask(home.control, Invite(visit=visit)) == first
    kiosk.rate(visit)
    again = ask(home.control, Invite(visit=visit))
    assert again == {"rating": False, "visit": str(visit), "outcome": "rated"}
    assert len(signed_records(home)) == 3


def test_while_somebody_rates_nobody_else_is_invited(home: Home, kiosk: StandIn):
    under_way = ask(home.control, Invite())["visit"]
    with pytest.raises(NotTaken, match=f"{under_way} is under way; wait for its end"):
        ask(home.control, Invite())
    kiosk.rate(UUID(under_way))
    assert ask(home.control, Invite())["visit"] != under_way


def test_a_matter_that_is_not_this_halls_is_refused(home: Home, kiosk: StandIn):
    with pytest.raises(NotTaken, match="matter 999 is not in this hall's list"):
        ask(home.control, Invite((*HANDLED, MatterHandled("999"))))
    assert signed_records(home) == {}


def test_what_would_ask_nothing_is_the_kiosks_to_judge_only_where_staff_may_be_rated(
    home: Home, kiosk: StandIn
):
    """The door does not know who is logged in: an invitation without matters asks about staff."""
    unfinished = (MatterHandled(LOAN, ("B2026-3",), finished=False),)
    assert ask(home.control, Invite(unfinished))["rating"] is True


def test_an_invitation_too_long_for_a_record_is_refused(home: Home, kiosk: StandIn):
    cases = tuple(f"{number:050}" for number in range(50))
    with pytest.raises(NotTaken, match="at most"):
        ask(home.control, Invite((MatterHandled(DEED, cases), MatterHandled(LOAN, cases))))
    assert signed_records(home) == {}


@pytest.mark.usefixtures("impatient")
def test_an_invitation_that_the_screen_does_not_take_is_told_as_such(home: Home, kiosk: StandIn):
    kiosk.looks_away = True
    with pytest.raises(NotTaken, match="is the kiosk running and the window open"):
        ask(home.control, Invite())


def test_an_invitation_can_be_taken_back_with_a_reason(home: Home, kiosk: StandIn):
    visit = UUID(ask(home.control, Invite())["visit"])
    with pytest.raises(NotTaken, match="needs a reason"):
        ask(home.control, Cancel(visit, "  "))
    answer = ask(home.control, Cancel(visit, "办事人已离开"))
    assert answer == {"rating": False, "visit": str(visit), "outcome": "cancelled"}
    closed = read(list(signed_records(home).values())[-1])
    assert closed.reason == "办事人已离开"  # type: ignore[union-attr]
    assert ask(home.control, Cancel(visit, "once more")) == answer


def test_after_the_first_tap_it_is_too_late_to_cancel(home: Home, kiosk: StandIn):
    kiosk.taps = True
    visit = UUID(ask(home.control, Invite())["visit"])
    with pytest.raises(NotTaken, match="too late to cancel: the citizen has already tapped"):
        ask(home.control, Cancel(visit, "不满意"))
    kiosk.rate(visit)
    assert ask(home.control, Cancel(visit, "不满意"))["outcome"] == "rated"


@pytest.mark.usefixtures("impatient")
def test_a_cancel_that_nobody_takes_is_not_called_too_late(home: Home, kiosk: StandIn):
    visit = UUID(ask(home.control, Invite())["visit"])
    kiosk.looks_away = True
    with pytest.raises(NotTaken, match="is the kiosk running"):
        ask(home.control, Cancel(visit, "办事人已离开"))


def test_the_state_tells_how_a_visit_ended_and_never_its_level(home: Home, kiosk: StandIn):
    assert ask(home.control, State()) == {"rating": False}
    visit = UUID(ask(home.control, Invite())["visit"])
    assert ask(home.control, State()) == {"rating": True}
    assert ask(home.control, State(visit)) == {"rating": True, "visit": str(visit)}
    kiosk.rate(visit)
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
    home: Home, kiosk: StandIn, line: bytes
):
    wrong, right = say(home, line, b'{"do": "state"}')
    assert wrong["ok"] is False
    assert "not a request of this door" in str(wrong["problem"])
    assert right == {"ok": True, "rating": False}


@pytest.mark.filterwarnings("error::pytest.PytestUnhandledThreadExceptionWarning")
def test_a_caller_who_goes_away_leaves_no_trace(home: Home, kiosk: StandIn):
    for _ in range(5):
        with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as line:
            with control._folder(home.control.parent) as folder:
                line.connect(f"/proc/self/fd/{folder}/{home.control.name}")
            line.sendall(b'{"do": "state"}\n' * 50)
    assert ask(home.control, State()) == {"rating": False}


def test_the_door_is_for_this_user_alone_and_closes_with_the_agent(home: Home):
    briefing = Briefing(home)
    door = ControlDoor(home, briefing)
    door.start()
    assert home.control.stat().st_mode & 0o777 == 0o600
    door.close()
    assert not home.control.exists()
    with pytest.raises(NotTaken, match="is it running"):
        ask(home.control, State())
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
