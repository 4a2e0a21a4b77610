"""What the window's programs ask of the kiosk, by instructions that the agent leaves.

An instruction is taken up at once or never, so that nothing happens after its giver was told
that it did not. Two are facts and no wishes, and stay true: a lock-out at the console is written
down whenever it is found, and that a phone has rated counts for as long as the visit is open.
"""

from collections.abc import Callable
from contextlib import closing, suppress
from typing import Protocol
from uuid import UUID

from device.core import visit as rules
from device.core.session import Paused, Resumed
from device.kiosk.duty import Duty
from device.kiosk.scribe import Scribe
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
    UnreadableBriefing,
    read_order,
)
from device.store.chronicle import Chronicle, Given, unwritten
from device.store.home import Home
from device.store.ledger import lockout_detail
from device.store.moment import boot_id
from protocol.subjects import Subject

Subjects = tuple[tuple[Subject, str], ...]

LOCKED, RATED = "locked", "rated"
PLACE = "console"
"""What the record of a lock-out calls that door."""


class Counter(Protocol):
    """Whoever receives citizens: the orders' way to the visit."""

    def invite(self, invited: rules.Invited | None, now_ms: int) -> None:
        """Begin a visit, or count that it was refused."""
        ...

    def cancel(self, visit: UUID, reason: str, now_ms: int) -> None:
        """Take an invitation back, if that visit is open and nothing was tapped."""
        ...

    def rated_by_phone(self, visit: UUID, subjects: Subjects, now_ms: int) -> None:
        """A phone has rated these subjects; of no matter unless that visit is open."""
        ...

    @property
    def asking(self) -> bool:
        """True while a citizen is being asked, until their visit is closed."""
        ...


class Orders:
    """Takes instructions up, each once."""

    def __init__(
        self,
        briefing: BriefingReader,
        duty: Duty,
        scribe: Scribe,
        home: Home,
        was_opened: Callable[[UUID], bool],
        counter: Counter,
    ) -> None:
        self._briefing = briefing
        self._duty = duty
        self._scribe = scribe
        self._was_opened = was_opened
        self._counter = counter
        self._home = home
        self._seen = 0
        self._fresh = True
        """Nothing has been taken up since this process began."""
        self._generation = 0
        self._leaving: LogoutOrder | None = None

    def take_up(self, rate_unfinished: bool, now_ms: int) -> None:
        """Do what has been left since the last call. Raises `DeviceError`."""
        if self._briefing.generation != self._generation:
            self._generation, self._seen = self._briefing.generation, 0
        found = self._briefing.instructions(self._seen)
        first = self._fresh
        if first:
            self._note_lockouts(found)
        self._fresh = False
        for instruction in found:
            self._seen = instruction.id
            if first and instruction.kind == LOCKED:
                continue
            try:
                self._obey(instruction, rate_unfinished, now_ms)
            except UnreadableBriefing:
                self._scribe.count("instruction.unreadable")

    def visit_ended(self, now_ms: int) -> None:
        """Nobody is being asked any more: let go whoever wanted to log out meanwhile."""
        leaving, self._leaving = self._leaving, None
        if leaving is not None and leaving.staff == self._duty.session.staff:
            self._duty.log_out(leaving.reason)
            self._duty.staff_the_window(now_ms)

    def _note_lockouts(self, found: list[Instruction]) -> None:
        """Write down which lock-outs the kiosk that ran before has not."""
        orders: dict[Given, LockedOrder] = {}
        for instruction in found:
            if instruction.kind == LOCKED:
                with suppress(UnreadableBriefing):
                    order = read_order(instruction.body, LockedOrder)
                    detail = lockout_detail(order.staff, PLACE, order.failures, order.seconds)
                    orders[Given(detail, instruction.boot_id, instruction.given_ms)] = order
        if not orders:
            return
        with closing(Chronicle(self._home)) as chronicle:
            written = chronicle.lockouts(PLACE)
        for given in unwritten(list(orders), written, boot_id().bytes):
            self._note_lockout(orders[given])

    def _note_lockout(self, order: LockedOrder) -> None:
        self._scribe.note_lockout(order.staff, PLACE, order.failures, order.seconds)

    def _obey(self, instruction: Instruction, rate_unfinished: bool, now_ms: int) -> None:
        duty, body = self._duty, instruction.body
        if instruction.kind == LOCKED:
            self._note_lockout(read_order(body, LockedOrder))
            return
        if instruction.kind == RATED:
            rated = read_order(body, RatedOrder)
            self._counter.rated_by_phone(rated.visit, rated.subjects, now_ms)
            return
        if instruction.age_ms is None or instruction.age_ms > INSTRUCTION_MS:
            return
        match instruction.kind:
            case "invite":
                order = read_order(body, InviteOrder)
                if order.staff not in ("", duty.session.staff):
                    self._scribe.count("invitation.refused")
                elif duty.open and not self._was_opened(order.visit):
                    self._counter.invite(
                        duty.invitation(
                            order.visit,
                            order.invited_by,
                            order.matters,
                            rate_unfinished=rate_unfinished,
                            system=order.system,
                        ),
                        now_ms,
                    )
            case "cancel":
                revoked = read_order(body, CancelOrder)
                self._counter.cancel(revoked.visit, revoked.reason, now_ms)
            case "login":
                arriving = read_order(body, LoginOrder)
                if arriving.staff == duty.session.staff:
                    self._leaving = None  # whoever was about to go stays
                elif self._counter.asking or not duty.log_in(
                    arriving.staff, arriving.means, now_ms
                ):
                    self._scribe.count("login.refused")
            case "logout":
                parting = read_order(body, LogoutOrder)
                if parting.staff == duty.session.staff:
                    self._leaving = parting
                    if not self._counter.asking:
                        self.visit_ended(now_ms)
            case "pause":
                duty.change(Paused(read_order(body, PauseOrder).reason))
            case "resume":
                duty.change(Resumed())
            case _:
                self._scribe.count("instruction.unknown")
