"""The one desk at which the window's programs ask: the socket, the console, business systems.

The kiosk owns the session and the visit. The desk leaves it an instruction in `agent.db` and
reads in `kiosk.db` what became of it; whoever asked is told the outcome, or why there is
none. What it tells of a visit never holds a level, nor whether one was given at all
(docs/architecture.md, "What staff may see").
"""

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TypeVar
from uuid import UUID

import msgspec

from device.agent.changes import Changes
from device.agent.lookout import Lookout
from device.agent.refusals import (
    AlreadyUsed,
    AnotherServes,
    DeviceRetired,
    KioskSilent,
    NobodyServes,
    NoReason,
    NothingToRate,
    TooLate,
    TooManyCases,
    UnknownMatter,
    UnknownVisit,
    VisitUnderWay,
    WindowPaused,
)
from device.agent.standing import (
    Standing,
    VisitState,
    opening_of,
    record_in,
    serving_now,
    state_of,
)
from device.core.errors import DeviceError
from device.core.matter_search import Entry
from device.core.session import SessionState
from device.core.visit import Invited, cases_of, questions_of
from device.store import lock
from device.store.backlog import Backlog
from device.store.briefing import (
    INSTRUCTION_MS,
    Briefing,
    CancelOrder,
    InviteOrder,
    LoginOrder,
    LogoutOrder,
    PauseOrder,
)
from device.store.duty import Duty
from device.store.home import Home
from device.store.roll import Roll
from protocol.limits import MAX_CASES
from protocol.records import Outcome, VisitClosed, VisitOpened

TAKE_UP_S = INSTRUCTION_MS / 1000 + 1.0
"""When the caller is told that the kiosk did not act; it will not do so later either."""

T = TypeVar("T")


class WindowDesk:
    """Asks the kiosk and tells what became of it; for several threads at once.

    Every question raises `DeviceError` if one of the files cannot be read now, every order
    `NotTaken` with the reason.
    """

    def __init__(self, home: Home, briefing: Briefing, mode: str = "window") -> None:
        """``mode`` is the profile's: only at a window does somebody have to be logged in."""
        self._home = home
        self._briefing = briefing
        self._mode = mode
        self._reading = threading.Lock()
        self._backlog: Backlog | None = None
        self._ordering = threading.Lock()
        self.roll = Roll(home)
        """What central told the device; for readers in any thread."""
        self._matters: tuple[int, tuple[Entry, ...]] = (-1, ())
        self._lookout = Lookout(home)
        self.changes = Changes(self._lookout.changed)
        """Grows with every commit of either process, and when the kiosk comes or goes."""

    def start(self) -> None:
        """Begin to answer."""
        self.changes.start()

    def close(self) -> None:
        """Let everybody who waits go, and close the files."""
        self.changes.close()
        self._lookout.close()
        self.roll.close()
        with self._reading:
            self._let_go()

    # --- questions ------------------------------------------------------------------------

    def standing(self) -> Standing:
        """Return what goes on at the window now."""
        with self._kiosk() as backlog:
            serving = serving_now(backlog)
            duty = backlog.duty()
        return Standing(lock.is_held(self._home.kiosk_lock), duty, serving, self._briefing.online())

    def opening(self, visit: UUID) -> VisitOpened | None:
        """Return how a visit began, None if it never did."""
        with self._kiosk() as backlog:
            return opening_of(backlog, visit)

    def visit_state(self, visit: UUID) -> VisitState:
        """Return where a visit stands. Raises `UnknownVisit`."""
        with self._kiosk() as backlog:
            state = state_of(backlog, visit)
        if state is None:
            raise UnknownVisit(visit)
        return state

    def outcome(self, visit: UUID) -> Outcome | None:
        """Return how a visit ended, None while it has not.

        For the device's own commands, whose users may read its files anyway. Neither staff
        nor business systems are told.
        """
        with self._kiosk() as backlog:
            closed = record_in(backlog.outcome(visit.bytes), VisitClosed)
        return closed.outcome if closed else None

    def matter_name(self, code: str) -> str:
        """Return a matter's name, or its code if the hall's list does not hold it."""
        return self._briefing.matter_name(code) or code

    def matters(self) -> tuple[Entry, ...]:
        """Return every matter of the hall, the window's own first; kept while nothing changes."""
        version, _ = self._briefing.configuration()
        kept, matters = self._matters
        if kept != version:
            matters = self.roll.matters()
            self._matters = (version, matters)
        return matters

    # --- orders ---------------------------------------------------------------------------

    def invite(self, order: InviteOrder, before: Callable[[], object] | None = None) -> VisitState:
        """Ask the citizen to rate; the same order again is one visit, however often.

        ``before`` is done when nothing is in the way any more, just before the kiosk is asked.
        Raises `AlreadyUsed`, `VisitUnderWay`, `DeviceRetired`, `NobodyServes`,
        `WindowPaused`, `UnknownMatter`, `NothingToRate`, `TooManyCases` or `KioskSilent`.
        """
        with self._one_order():
            known = self._known(order)
            if known is not None:
                return known
            staff = self._check(order)
            if before is not None:
                before()
            # Whoever takes the window over from here on is not rated in another's place.
            named = msgspec.structs.replace(order, staff=staff)
            self._instruct("invite", msgspec.json.encode(named))
            state = self._soon(lambda backlog: state_of(backlog, order.visit))
            if state is None:
                # What has come in between says more than silence.
                self._check(order)
                raise KioskSilent(
                    "the screen did not take the invitation: "
                    "is the kiosk running and the window open?"
                )
            return state

    def cancel(self, visit: UUID, reason: str) -> VisitState:
        """Take an invitation back; possible only until the citizen's first tap.

        One that is over already stays as it ended, and is told as such. Raises `NoReason`,
        `UnknownVisit`, `TooLate` or `KioskSilent`.
        """
        _need(reason, "cancelling an invitation needs a reason")
        with self._one_order():
            state: VisitState | None = self.visit_state(visit)
            if state is VisitState.INVITED:
                body = msgspec.json.encode(CancelOrder(visit, reason))
                self._instruct("cancel", body)
                state = self._soon(lambda backlog: _unless_invited(state_of(backlog, visit)))
        if state is None:
            raise KioskSilent("the screen did not take it back: is the kiosk running?")
        if state is VisitState.RATING:
            raise TooLate("too late to cancel: the citizen has already tapped")
        return state

    def pause(self, reason: str) -> Standing:
        """Pause service; a citizen who is being asked finishes all the same.

        Raises `NoReason`, `NobodyServes` or `KioskSilent`.
        """
        _need(reason, "a pause needs a reason")
        return self._into(SessionState.PAUSED, "pause", reason)

    def resume(self) -> Standing:
        """Go on after a pause. Raises `NobodyServes` or `KioskSilent`."""
        return self._into(SessionState.READY, "resume", "")

    def log_in(self, staff: str, means: str = "console") -> Standing:
        """Let ``staff``, who have proved who they are, take the window.

        They who serve already go on serving, with no new record. Raises `VisitUnderWay` or
        `KioskSilent`.
        """
        with self._one_order():
            standing = self.standing()
            if standing.duty.staff == staff and standing.serving is not None:
                # They may have asked to be logged out once the citizen is done.
                self._instruct("login", msgspec.json.encode(LoginOrder(staff, means)))
            elif standing.duty.staff != staff:
                if standing.serving is not None:
                    raise VisitUnderWay(standing.serving)
                before = standing.duty.login_seq
                body = msgspec.json.encode(LoginOrder(staff, means))
                self._instruct("login", body)
                if not self._soon(lambda backlog: _arrived(backlog.duty(), staff, before)):
                    serving = self.standing().serving
                    raise (
                        VisitUnderWay(serving)
                        if serving
                        else KioskSilent(
                            "the screen did not take the log-in: is the kiosk running?"
                        )
                    )
            return self.standing()

    def log_out(self, staff: str, reason: str) -> Standing:
        """End the session of ``staff``, and nobody else's.

        While a citizen is being asked it comes after them: this returns without it then.
        Raises `AnotherServes` or `KioskSilent`.
        """
        with self._one_order():
            standing = self.standing()
            if standing.duty.state is SessionState.CLOSED:
                return standing
            if standing.duty.staff != staff:
                raise AnotherServes("somebody else serves at this window now")
            body = msgspec.json.encode(LogoutOrder(staff, reason))
            self._instruct("logout", body)
            if standing.serving is not None:
                return self.standing()
            left = self._soon(lambda backlog: _left(backlog.duty(), staff))
            standing = self.standing()
            if not left and standing.serving is None and standing.duty.staff == staff:
                raise KioskSilent("the screen did not take the log-out: is the kiosk running?")
            return standing

    # --- within ---------------------------------------------------------------------------

    def _into(self, state: SessionState, kind: str, reason: str) -> Standing:
        with self._one_order():
            standing = self.standing()
            if standing.duty.state is SessionState.CLOSED:
                raise NobodyServes("nobody is logged in at this window")
            if standing.duty.state is not state:
                self._instruct(kind, msgspec.json.encode(PauseOrder(reason)))
                if not self._soon(lambda backlog: backlog.duty().state is state or None):
                    raise KioskSilent(f"the screen did not take the {kind}: is the kiosk running?")
            return self.standing()

    def _known(self, order: InviteOrder) -> VisitState | None:
        """Return where the visit of this very order stands, None if it is a new one."""
        opened = self.opening(order.visit)
        if opened is None:
            return None
        if (opened.matters, opened.system) != (order.matters, order.system):
            raise AlreadyUsed(f"visit {order.visit} was opened for something else")
        return self.visit_state(order.visit)

    def _check(self, order: InviteOrder) -> str:
        """Return who would be rated. Raises `NotTaken` with what is in the way."""
        standing = self.standing()
        if standing.serving is not None and standing.serving.visit != order.visit:
            raise VisitUnderWay(standing.serving)
        if self._briefing.retired():
            raise DeviceRetired("this device has been retired; nobody is asked at it any more")
        duty = standing.duty
        if duty.state is SessionState.PAUSED:
            raise WindowPaused(duty.reason)
        if self._mode == "window" and duty.state is SessionState.CLOSED:
            raise NobodyServes("nobody is logged in at this window")
        if self._mode == "hall":
            raise NothingToRate("this device asks about the hall; nobody is invited here")
        for matter in order.matters:
            if self._briefing.matter_name(matter.code) is None:
                raise UnknownMatter(matter.code)
        unfinished_too = self.roll.rules().rate_unfinished
        invited = Invited(
            order.visit, order.invited_by, "", duty.staff, order.matters, "", unfinished_too
        )
        if not questions_of(invited):
            raise NothingToRate("there is nothing to rate in this invitation")
        if cases_of(order.matters) > MAX_CASES:
            raise TooManyCases(f"an invitation names at most {MAX_CASES} cases")
        return duty.staff

    def _instruct(self, kind: str, body: bytes) -> None:
        if not lock.is_held(self._home.kiosk_lock):
            raise KioskSilent("no kiosk is running on this device")
        self._briefing.instruct(kind, body)

    def _soon(self, ask: Callable[[Backlog], T | None]) -> T | None:
        """Wait up to `TAKE_UP_S` for the kiosk; the first answer, None if there is none."""
        until = time.monotonic() + TAKE_UP_S
        while True:
            seen = self.changes.count
            with self._kiosk() as backlog:
                answer = ask(backlog)
            left = until - time.monotonic()
            if answer is not None or left <= 0 or self.changes.closed:
                return answer
            self.changes.wait(seen, left)

    @contextmanager
    def _one_order(self) -> Iterator[None]:
        """One order after the other: the second is to find what the first has brought about."""
        if not self._ordering.acquire(timeout=2 * TAKE_UP_S):
            raise KioskSilent("the screen does not take up what others asked: is it running?")
        try:
            yield
        finally:
            self._ordering.release()

    @contextmanager
    def _kiosk(self) -> Iterator[Backlog]:
        with self._reading:
            try:
                if self._backlog is None:
                    self._backlog = Backlog(self._home)
                self._backlog.changed()  # goes on with a file that took a damaged one's place
                yield self._backlog
            except DeviceError:
                self._let_go()
                raise

    def _let_go(self) -> None:
        if self._backlog is not None:
            self._backlog.close()
            self._backlog = None


def _need(reason: str, otherwise: str) -> None:
    if not reason.strip():
        raise NoReason(otherwise)


def _arrived(duty: Duty, staff: str, before: int) -> Duty | None:
    return duty if duty.staff == staff and duty.login_seq != before else None


def _left(duty: Duty, staff: str) -> bool | None:
    return duty.staff != staff or None


def _unless_invited(state: VisitState | None) -> VisitState | None:
    return None if state is VisitState.INVITED else state
