"""What the loop and the scribe's thread tell each other, as plain values."""

from typing import NamedTuple
from uuid import UUID

from device.core.session import Session
from protocol.records import Login, Logout


class PhoneLink(NamedTuple):
    """Where a visit's QR code leads, and for how long."""

    url: str
    """Empty where citizens cannot rate by phone: no code is made."""
    valid_days: int


class VisitBegun(NamedTuple):
    """The visit is on disk, and these lead to it: what the citizen takes away."""

    visit: UUID
    receipt: str
    """The receipt code."""
    qr: tuple[tuple[bool, ...], ...]
    """The phone's code, without quiet zone; none without a phone address or if that is too
    long for one."""


class VisitStored(NamedTuple):
    """The visit's records are on disk; this may be thanked for."""

    visit: UUID


class NotStored(NamedTuple):
    """Something of this visit could not be written."""

    visit: UUID
    detail: str


class Ready(NamedTuple):
    """The ledger is open, and what a crash left behind is settled."""

    resumed: Session = Session()
    """Who served when this process ended, if it was in this boot."""
    means: str = ""
    """How they had logged in."""
    since_ms: int = 0
    """When that was, by the clock that never jumps."""
    comings: tuple[Login | Logout, ...] = ()
    """Who came and left before in this boot, in order."""
    fresh: bool = False
    """It is open for the first time: only then is there anything to resume."""


class CannotStart(NamedTuple):
    """The ledger cannot be opened; the scribe tries again by itself."""

    detail: str


Answer = VisitBegun | VisitStored | NotStored | Ready | CannotStart
