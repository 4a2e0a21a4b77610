"""What each screen shows, as plain values.

A view says *what* a citizen is to see and nothing about where; `device.kiosk.screens`
lays it out. Views are built by the loop from the visit and the roster, so that every
screen can be drawn (and tested) without a database or a visit behind it.
"""

from typing import NamedTuple


class StaffCard(NamedTuple):
    """The staff member at this window, as citizens may see them."""

    number: str
    name: str
    post: str
    department: str


class Chrome(NamedTuple):
    """What every screen carries around its own content."""

    hall: str
    window: str
    """The number on the window's sign, e.g. ``12``."""
    staff: StaffCard | None
    language: str
    """``zh-CN``, ``en`` or ``ko``."""
    online: bool
    mock: bool
    """Mock hardware is in use: shown on the screen, never hidden."""
    remaining: float | None = None
    """Share of the screen's time that is left, 0 to 1; None where nothing runs out."""


class IdleView(NamedTuple):
    """Window open, nobody is rating."""

    chrome: Chrome
    date: str
    clock: str
    """Wall time as ``HH:MM``."""
    notices: tuple[str, ...]
    notice: int = 0
    """Index of the notice shown now."""


class MatterLine(NamedTuple):
    """The matter a citizen is asked about."""

    name: str
    case: str
    """First case number, already masked (``1501****0068``); empty if there is none."""
    cases: int


class RatingView(NamedTuple):
    """Five equal level keys under one question."""

    chrome: Chrome
    subject: str
    """``staff`` or ``matter``."""
    step: int
    steps: int
    matter: MatterLine | None = None
    chosen: int | None = None
    """Level that was just tapped, held for 350 ms; never preset."""
    qr: tuple[tuple[bool, ...], ...] | None = None
    """QR modules for rating by phone, without quiet zone."""


class ReasonsView(NamedTuple):
    """The tags of the chosen level; several or none may be picked."""

    chrome: Chrome
    level: int
    tags: tuple[int, ...]
    """Tag codes on offer, in order."""
    picked: frozenset[int]


class ThanksView(NamedTuple):
    """One identical thank-you for every level."""

    chrome: Chrome
    code: str
    """Receipt code, eight characters of Crockford's base32, e.g. ``7K4M2Q9D``."""
    qr: tuple[tuple[bool, ...], ...]
    """Modules of the code that leads a phone to this receipt; empty without a phone URL."""
    valid_days: int = 30
    """How long that code works."""


class NoticeView(NamedTuple):
    """A whole-screen statement: closed, paused, starting, saving, or out of order."""

    chrome: Chrome
    topic: str
    """``closed``, ``paused``, ``starting``, ``saving``, ``unsaved`` or ``broken``."""
    detail: str = ""
    """For technicians, small: a fault code or a file."""


View = IdleView | RatingView | ReasonsView | ThanksView | NoticeView
