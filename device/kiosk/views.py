"""What each screen shows, as plain values.

A view says *what* a citizen is to see and nothing about where; `device.kiosk.screens`
lays it out. Views are built by the loop from the visit and the roster, so that every
screen can be drawn (and tested) without a database or a visit behind it.
"""

from typing import TYPE_CHECKING, NamedTuple, Union

if TYPE_CHECKING:
    from device.kiosk.technician_views import CheckView, SetupView


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
    appearance: str = "standard"
    """``standard``, ``large`` or ``contrast``."""
    touch_out: bool = False
    """The touch panel is out of service: the screen says that the keys go on."""
    by_keys: bool = False
    """Somebody uses physical keys: the screen says what each of them does."""
    waiting: int = 0
    """Records that have waited for the centre longer than usual; 0 while all goes well."""
    staff_key: bool = False
    """The header carries the key with which staff come to their own pages."""
    photo: str = ""
    """Path of the staff member's photograph; empty where there is none."""


class IdleView(NamedTuple):
    """Window open, nobody is rating."""

    chrome: Chrome
    date: str
    clock: str
    """Wall time as ``HH:MM``."""
    notices: tuple[str, ...]
    notice: int = 0
    """Index of the notice shown now."""
    mode: str = "window"
    """What is rated here: ``window``, ``self-service`` (matters alone) or ``hall``."""
    can_begin: bool = True
    """False where a citizen cannot begin on their own: only an invitation opens a visit."""


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
    """``staff``, ``matter`` or ``hall``."""
    step: int
    steps: int
    matter: MatterLine | None = None
    chosen: int | None = None
    """Level that was just tapped, held for 350 ms; never preset."""
    qr: tuple[tuple[bool, ...], ...] | None = None
    """QR modules for rating by phone, without quiet zone. Empty while the code is being made:
    its place is kept, so that nothing moves when it comes. None where there is no code."""
    can_go_back: bool = False
    """There is a step before this one: ``back`` leads to it."""


class ReasonsView(NamedTuple):
    """The tags of the chosen level; several or none may be picked."""

    chrome: Chrome
    level: int
    tags: tuple[int, ...]
    """Tag codes on offer, in order."""
    picked: frozenset[int]
    callback: bool | None = None
    """A number is saved for a call-back; None where no call-back is offered. The same for
    every level: a pad shown for bad ones alone would tell."""
    page: int = 0
    """Which of the pages of tags is shown, where not all fit on one."""


class CallbackView(NamedTuple):
    """The number pad: a mobile number for the call-back, sealed as it is confirmed."""

    chrome: Chrome
    digits: str
    """What has been typed, as it is shown: ``138 0471 26``. Never to be written anywhere."""
    complete: bool
    """Eleven digits that can be a mobile number: 确定 takes them."""
    problem: str = ""
    """Key of the text that says why 确定 did not take the number; empty if nothing is wrong."""
    saved: bool = False
    """A number has been sealed before; a new one takes its place, 不用回访 drops it."""

    def __repr__(self) -> str:
        """Return the view without the number: a trace or a log must not tell it."""
        count = sum(character.isdigit() for character in self.digits)
        return (
            f"CallbackView({self.chrome!r}, digits={count}, complete={self.complete}, "
            f"problem={self.problem!r}, saved={self.saved})"
        )


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
    date: str = ""
    clock: str = ""


class DarkView(NamedTuple):
    """Outside of opening hours: nothing is lit, and any touch or key wakes."""

    chrome: Chrome


class LoginView(NamedTuple):
    """The pad on which staff log in. What is typed as a PIN never comes this far."""

    chrome: Chrome
    staff: str
    """Digits of the staff number."""
    pin: int
    """How many digits of the PIN have been typed."""
    at_pin: bool
    """Which of the two fields the pad fills."""
    tries_left: int | None = None
    """After a wrong PIN: how many tries remain before the pad is locked."""
    checking: bool = False
    """The PIN is being checked; keys do nothing until that is done."""
    locked_until: str = ""
    """Wall time as ``HH:MM`` until which this number does not log in; empty when not locked."""
    problem: str = ""
    """Key of the text that says why it did not work otherwise, e.g. ``login.busy``."""


class MatterChoice(NamedTuple):
    """One matter that staff may name for a visit."""

    code: str
    name: str


class MenuView(NamedTuple):
    """What staff who are logged in can do: invite, pause, log out."""

    chrome: Chrome
    since: str
    """Wall time of the log-in as ``HH:MM``."""
    matters: tuple[MatterChoice, ...]
    """The window's short list; one chosen from the search stands first."""
    chosen: str = ""
    """Code of the matter to be rated; empty: the staff member alone."""
    cases: int = 1
    """Cases of that matter, one rating for all."""
    finished: bool = True
    """The matter is finished; an unfinished one is named but perhaps not rated."""
    paused: bool = False
    invited: int = 0
    """Invitations since the log-in."""
    rated: int = 0
    """Visits rated since the log-in, whatever the level; nothing finer is told."""
    problem: str = ""
    """Key of the text that says why something did not work; empty if nothing is wrong."""


class SearchView(NamedTuple):
    """Matters found by digits, letters or characters."""

    chrome: Chrome
    query: str
    found: tuple[MatterChoice, ...]
    page: int = 0
    """Which of the pages of matters is shown, where not all fit on one."""


class PauseView(NamedTuple):
    """Why the window stops serving for a while."""

    chrome: Chrome
    reasons: tuple[str, ...]
    """Keys of texts, e.g. ``pause.lunch``."""


View = Union[
    IdleView,
    RatingView,
    ReasonsView,
    CallbackView,
    ThanksView,
    NoticeView,
    DarkView,
    LoginView,
    MenuView,
    SearchView,
    PauseView,
    "SetupView",
    "CheckView",
]
