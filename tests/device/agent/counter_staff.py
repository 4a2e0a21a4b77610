"""A window without a screen: obeys what the agent asks, by the device's own rules.

Stands in for the kiosk where only the agent is under test. The visit and the session are the
real rules, the records the real ledger's; a thread of its own owns the file, as in the kiosk.
What the citizen does is called on it: `tap`, `finish`, `decline`, `time_out`.
"""

import os
import queue
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import TypeVar
from uuid import UUID

from device_rig import WANG, open_ledger

from device.core import session as staff_session
from device.core import visit as rules
from device.core.errors import DeviceError, IllegalEvent
from device.core.session import LoggedIn, LoggedOut, Session, SessionEvent, SessionState
from device.core.visit import (
    CloseVisit,
    Invited,
    KeepCallback,
    KeepDraft,
    OpenVisit,
    State,
    Times,
    Visit,
)
from device.store import lock, moment
from device.store.briefing import (
    INSTRUCTION_MS,
    BriefingReader,
    CancelOrder,
    Instruction,
    InviteOrder,
    LockedOrder,
    LoginOrder,
    LogoutOrder,
    PauseOrder,
    RatedOrder,
    read_order,
)
from device.store.home import Home
from device.store.ledger import Ledger
from protocol.levels import Level

T = TypeVar("T")


class CounterStaff:
    """A kiosk's rules and ledger, with nobody in front of it but the test."""

    def __init__(self, home: Home, staff: str = WANG, runs: bool = True) -> None:
        """``staff`` serves from the start, nobody if empty; ``runs`` holds the kiosk's lock."""
        self._home = home
        self._first = staff
        self._lock = lock.hold(home.kiosk_lock) if runs else None
        self._jobs: queue.SimpleQueue[Callable[[], None]] = queue.SimpleQueue()
        self._ended = threading.Event()
        self._ready = threading.Event()
        self.session = Session()
        self.visit = Visit()
        self.looks_away = False
        """True: instructions are passed over, as by a kiosk that hangs."""
        self.obeyed: list[str] = []
        """Kinds of the instructions that were taken up."""
        self.told: list[RatedOrder] = []
        """What the agent said was rated by phone, in order."""
        self._leaving: LoggedOut | None = None
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()
        assert self._ready.wait(20)

    def close(self) -> None:
        self._ended.set()
        self._thread.join()
        if self._lock is not None:
            os.close(self._lock)

    # --- what people do -------------------------------------------------------------------

    def log_in(self, staff: str, means: str = "pin") -> None:
        """Somebody logs in at the screen."""
        self.do(lambda: self._session(LoggedIn(staff, means)))

    def log_out(self, reason: str = "left") -> None:
        """Whoever serves leaves, at the screen."""
        self.do(lambda: self._session(LoggedOut(reason)))

    def invite(self, invited: Invited) -> None:
        """Staff invite at the screen."""
        self.do(lambda: self._happen(invited))

    def tap(self, level: Level = Level.VERY_SATISFIED) -> None:
        """The citizen taps a level."""
        self.do(lambda: self._happen(rules.LevelTapped(level)))

    def finish(self, level: Level = Level.VERY_SATISFIED) -> None:
        """The citizen answers every question that is left, and goes."""

        def work() -> None:
            while self.visit.state in rules.OPEN:
                if self.visit.state is State.RATING:
                    self._happen(rules.LevelTapped(level))
                self._happen(rules.ReasonsGiven())

        self.do(work)

    def decline(self) -> None:
        """The citizen does not want to rate."""
        self.do(lambda: self._happen(rules.Declined()))

    def time_out(self) -> None:
        """Nobody does anything until the visit is over."""

        def work() -> None:
            while self.visit.state in rules.OPEN:
                self._happen(rules.TimedOut(), self.visit.deadline_ms)

        self.do(work)

    def break_down(self) -> None:
        """The device cannot go on with this visit."""
        self.do(lambda: self._happen(rules.Broke("a test")))

    def do(self, work: Callable[[], T]) -> T:
        """Do ``work`` on the ledger's own thread; returns when it is done."""
        done: queue.SimpleQueue[tuple[bool, object]] = queue.SimpleQueue()

        def job() -> None:
            try:
                done.put((True, work()))
            except Exception as error:  # noqa: BLE001 - raised again by whoever asked
                done.put((False, error))

        self._jobs.put(job)
        went_well, outcome = done.get(timeout=20)
        if not went_well:
            raise outcome  # type: ignore[misc]
        return outcome  # type: ignore[return-value]

    # --- the thread -----------------------------------------------------------------------

    def _run(self) -> None:
        self.ledger: Ledger = open_ledger(self._home)
        reader, seen = BriefingReader(self._home), 0
        for instruction in reader.instructions(0):
            seen = instruction.id
        if self._first:
            # As after a restart: they serve, and no new record says so.
            self.session = Session(SessionState.READY, self._first)
            self.ledger.note_session((), self.session)
        self._ready.set()
        while not self._ended.is_set():
            with suppress(queue.Empty):
                self._jobs.get(timeout=0.005)()
            with suppress(DeviceError):
                for instruction in reader.instructions(seen):
                    seen = instruction.id
                    if not self.looks_away:
                        self._obey(instruction)
        reader.close()
        self.ledger.close()

    def _obey(self, instruction: Instruction) -> None:
        in_time = instruction.age_ms is not None and instruction.age_ms <= INSTRUCTION_MS
        if not in_time and instruction.kind not in ("locked", "rated"):
            return
        self.obeyed.append(instruction.kind)
        with suppress(IllegalEvent):
            getattr(self, f"_obey_{instruction.kind}")(instruction.body)

    def _obey_invite(self, body: bytes) -> None:
        order = read_order(body, InviteOrder)
        if self.session.state is SessionState.READY and not self.ledger.was_opened(order.visit):
            self._happen(
                Invited(
                    order.visit,
                    order.invited_by,
                    "12",
                    self.session.staff,
                    order.matters,
                    system=order.system,
                )
            )

    def _obey_cancel(self, body: bytes) -> None:
        order = read_order(body, CancelOrder)
        if self._is_open(order.visit):
            self._happen(rules.Cancelled(order.reason))

    def _obey_rated(self, body: bytes) -> None:
        order = read_order(body, RatedOrder)
        self.told.append(order)
        if self._is_open(order.visit):
            self._happen(rules.RatedByPhone(order.subjects))

    def _obey_login(self, body: bytes) -> None:
        order = read_order(body, LoginOrder)
        if self.visit.state not in rules.OPEN and order.staff != self.session.staff:
            self._session(LoggedIn(order.staff, order.means))

    def _obey_logout(self, body: bytes) -> None:
        order = read_order(body, LogoutOrder)
        if order.staff == self.session.staff:
            if self.visit.state in rules.OPEN:
                self._leaving = LoggedOut(order.reason)
            else:
                self._session(LoggedOut(order.reason))

    def _obey_pause(self, body: bytes) -> None:
        self._session(staff_session.Paused(read_order(body, PauseOrder).reason))

    def _obey_resume(self, _body: bytes) -> None:
        self._session(staff_session.Resumed())

    def _obey_locked(self, body: bytes) -> None:
        order = read_order(body, LockedOrder)
        self.ledger.note_lockout(order.staff, "console", order.failures, order.seconds)

    def _session(self, event: SessionEvent) -> None:
        self.session, effects = staff_session.step(self.session, event)
        self.ledger.note_session(effects, self.session)

    def _happen(self, event: rules.Event, now_ms: int | None = None) -> None:
        now_ms = moment.monotonic_ms() if now_ms is None else now_ms
        self.visit, effects = rules.step(self.visit, event, now_ms, Times())
        for effect in effects:
            self._write(effect)
        if self.visit.state is State.CLOSING:
            self._happen(rules.Stored())
        if self.visit.state not in rules.OPEN and self._leaving is not None:
            leaving, self._leaving = self._leaving, None
            self._session(leaving)

    def _write(self, effect: rules.Effect) -> None:
        assert self.visit.invitation is not None
        visit = self.visit.invitation.visit
        match effect:
            case OpenVisit(invitation):
                self.ledger.open_visit(invitation, "zh-CN", moment.monotonic_ms())
            case KeepDraft(draft):
                self.ledger.keep_draft(visit, draft)
            case KeepCallback(sealed):
                self.ledger.keep_callback(visit, sealed)
            case CloseVisit():
                self.ledger.close_visit(effect, "zh-CN")

    def _is_open(self, visit: UUID) -> bool:
        return self.visit.invitation is not None and self.visit.invitation.visit == visit


@contextmanager
def counter_staff(home: Home, staff: str = WANG, runs: bool = True) -> Iterator[CounterStaff]:
    """Somebody behind the counter of ``home`` for as long as the block lasts."""
    people = CounterStaff(home, staff, runs)
    try:
        yield people
    finally:
        people.close()
