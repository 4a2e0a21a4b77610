"""What goes on at the window, as far as anybody there may know.

Read from `kiosk.db` alone. Nothing in here can hold a level, nor whether one was given
(docs/architecture.md, "What staff may see").
"""

from enum import StrEnum
from typing import NamedTuple, TypeVar
from uuid import UUID

from device.core.errors import DeviceError
from device.store import moment
from device.store.backlog import Backlog
from device.store.duty import Duty
from protocol.errors import ProtocolError
from protocol.records import (
    InvitedBy,
    MatterHandled,
    Outcome,
    Record,
    VisitClosed,
    VisitOpened,
    read,
)

R = TypeVar("R", bound=Record)


class UnreadableRecord(DeviceError):
    """A record in `kiosk.db` that damage, or other software, has made unreadable."""


class VisitState(StrEnum):
    """All that anybody at the window may know of a visit."""

    INVITED = "invited"
    """Shown to the citizen; nothing has been tapped, and it can be taken back."""
    RATING = "rating"
    """The citizen has tapped; they are left alone until the end."""
    ENDED = "ended"
    """Over. Rated, declined, timed out: nobody here is told which."""
    CANCELLED = "cancelled"
    DEVICE_FAULT = "device_fault"

    @property
    def final(self) -> bool:
        """True once nothing more will happen."""
        return self not in (VisitState.INVITED, VisitState.RATING)


class Serving(NamedTuple):
    """The visit that is open now."""

    visit: UUID
    state: VisitState
    invited_by: InvitedBy
    system: str
    """Name of the business system that invited; empty if none did."""
    staff: str
    matters: tuple[MatterHandled, ...]
    since_wall_ms: int
    """By the device's own clock, which may be wrong."""
    seconds: float | None
    """How long it has been open; None if that was in another boot."""


class Standing(NamedTuple):
    """What goes on at the window."""

    kiosk_running: bool
    duty: Duty
    serving: Serving | None
    online: bool | None
    """Whether central answered last time; None before the first try."""

    @property
    def state(self) -> str:
        """``invited`` or ``rating`` while a citizen is there, else ``closed``, ``ready`` ....

        Whether it is paused meanwhile says ``duty.state``.
        """
        return str(self.serving.state if self.serving else self.duty.state)


def serving_now(backlog: Backlog) -> Serving | None:
    """Return the visit that is open now, None if nobody is being asked."""
    now = backlog.open_visit()
    if now is None:
        return None
    opened = opening_of(backlog, now.visit)
    here = opened is not None and opened.boot_id == moment.boot_id()
    invited = now.invitation
    return Serving(
        visit=now.visit,
        state=VisitState.RATING if now.tapped else VisitState.INVITED,
        invited_by=invited.invited_by if invited else InvitedBy.STAFF,
        system=invited.system if invited else "",
        staff=invited.staff if invited else "",
        matters=invited.matters if invited else (),
        since_wall_ms=opened.wall_ms if opened else 0,
        seconds=(moment.monotonic_ms() - opened.monotonic_ms) / 1000 if opened and here else None,
    )


def state_of(backlog: Backlog, visit: UUID) -> VisitState | None:
    """Return where a visit stands, None if it was never opened."""
    closed = record_in(backlog.outcome(visit.bytes), VisitClosed)
    if closed is not None:
        match closed.outcome:
            case Outcome.CANCELLED:
                return VisitState.CANCELLED
            case Outcome.DEVICE_FAULT:
                return VisitState.DEVICE_FAULT
        return VisitState.ENDED
    if not backlog.was_opened(visit.bytes):
        return None
    if backlog.was_tapped(visit.bytes):
        return VisitState.RATING
    # A visit that ended between the two questions has no drafts either.
    return state_of(backlog, visit) if backlog.outcome(visit.bytes) else VisitState.INVITED


def opening_of(backlog: Backlog, visit: UUID) -> VisitOpened | None:
    """Return how a visit began, None if it never did."""
    return record_in(backlog.opening(visit.bytes), VisitOpened)


def record_in(signed: bytes | None, kind: type[R]) -> R | None:
    """Return the record in ``signed`` if it is a ``kind``. Raises `UnreadableRecord`."""
    try:
        record = None if signed is None else read(signed)
    except ProtocolError as error:
        raise UnreadableRecord(f"kiosk.db holds a {kind.__name__} that is none: {error}") from error
    return record if isinstance(record, kind) else None
