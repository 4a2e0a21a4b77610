"""The staff session at a window: closed, ready or paused.

Only a ready window opens visits. A pause or log-out never touches a visit that is open:
the citizen finishes, then the screen changes.
"""

from enum import StrEnum

import msgspec

from device.core.errors import IllegalEvent


class SessionState(StrEnum):
    """What the window offers."""

    CLOSED = "closed"
    READY = "ready"
    PAUSED = "paused"


class LoggedIn(msgspec.Struct, frozen=True):
    """A staff member took the window, taking over from whoever had it."""

    staff: str
    means: str


class Opened(msgspec.Struct, frozen=True):
    """The device serves by itself, without staff (self-service, hall)."""


class LoggedOut(msgspec.Struct, frozen=True):
    """The staff member left."""

    reason: str = ""


class Paused(msgspec.Struct, frozen=True):
    """Service is interrupted (暂停服务)."""

    reason: str = ""


class Resumed(msgspec.Struct, frozen=True):
    """Service goes on."""


SessionEvent = LoggedIn | Opened | LoggedOut | Paused | Resumed


class StaffArrived(msgspec.Struct, frozen=True):
    """Write `login`."""

    staff: str
    means: str


class StaffLeft(msgspec.Struct, frozen=True):
    """Write `logout`."""

    staff: str
    reason: str


class ServicePaused(msgspec.Struct, frozen=True):
    """Write `pause`."""

    staff: str
    paused: bool
    reason: str = ""


SessionEffect = StaffArrived | StaffLeft | ServicePaused


class Session(msgspec.Struct, frozen=True):
    """Who is at the window, and whether it is open."""

    state: SessionState = SessionState.CLOSED
    staff: str = ""
    """Empty where nobody is logged in: closed, or a device that serves by itself."""


ALLOWED: dict[SessionState, dict[type, SessionState]] = {
    SessionState.CLOSED: {LoggedIn: SessionState.READY, Opened: SessionState.READY},
    SessionState.READY: {
        LoggedIn: SessionState.READY,
        LoggedOut: SessionState.CLOSED,
        Paused: SessionState.PAUSED,
    },
    SessionState.PAUSED: {
        LoggedIn: SessionState.READY,
        LoggedOut: SessionState.CLOSED,
        Resumed: SessionState.READY,
    },
}


def step(session: Session, event: SessionEvent) -> tuple[Session, tuple[SessionEffect, ...]]:
    """Return the session after ``event`` and what is to be written down.

    Raises `IllegalEvent`, with nothing changed.
    """
    state = ALLOWED[session.state].get(type(event))
    if state is None:
        raise IllegalEvent(f"{type(event).__name__} is not allowed while {session.state}")
    match event:
        case LoggedIn(staff, means):
            left = (StaffLeft(session.staff, "taken over"),) if session.staff else ()
            return Session(state, staff), (*left, StaffArrived(staff, means))
        case Opened():
            return Session(state), ()
        case LoggedOut(reason):
            return Session(state), (StaffLeft(session.staff, reason),) if session.staff else ()
        case Paused(reason):
            return Session(state, session.staff), (ServicePaused(session.staff, True, reason),)
        case Resumed():
            return Session(state, session.staff), (ServicePaused(session.staff, False),)
