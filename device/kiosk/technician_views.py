"""What technicians are shown, as plain values: setting up, and the check screen.

Apart from `device.kiosk.views`, since no citizen's first frame needs it.
"""

from typing import NamedTuple

from device.kiosk.views import Chrome
from device.store.setup import SetupState


class SetupView(NamedTuple):
    """How far a device is that has no identity yet."""

    chrome: Chrome
    state: SetupState


class CheckLine(NamedTuple):
    """One finding about the device."""

    code: str
    """Its title and advice stand under it in ``ui_assets/checks.toml``."""
    level: str
    """``fault``, ``warning``, ``unknown`` or ``ok``."""
    sentence: str
    """In English, as the doctor words it."""


class CheckKey(NamedTuple):
    """One physical button under test."""

    name: str
    """``5`` to ``1`` for the levels, ``skip``, ``next`` or ``check``."""
    pin: int | None
    """BCM number; None where none is wired."""
    presses: int = 0
    bounces: int = 0
    """Edges that came too soon after another to be a finger's."""
    held: bool = False
    stuck_s: int = 0
    """Whole seconds for which it has been held too long; 0 while it has not."""


class CheckTouch(NamedTuple):
    """The touch panel under test."""

    columns: int
    rows: int
    reached: frozenset[int] = frozenset()
    """Cells, row by row from the upper left."""
    points: tuple[tuple[int, int], ...] = ()
    """Where fingers are or were last, in pixels of the canvas."""
    corner: int | None = 0
    """Which corner is asked for, clockwise from the upper left; None once all four are told."""
    verdict: str = ""
    """`device.core.corners.Verdict`, once all four are told."""
    low: bool = False
    """The card stands in the lower half: what lay under it is to be reached."""


class CheckView(NamedTuple):
    """The check screen."""

    chrome: Chrome
    page: str
    """``findings``, ``keys`` or ``touch``."""
    device: str
    """Host name, or the name at central."""
    facts: tuple[str, ...]
    """The device's addresses, and the release in use."""
    minutes: int
    """After which it ends by itself."""
    lines: tuple[CheckLine, ...]
    """Worst first."""
    looking: bool
    """The findings are being looked for."""
    part: int
    """Which part of them is shown, where not all fit."""
    keys: tuple[CheckKey, ...]
    sound: str
    """Key of the text that says what became of the sound test."""
    typed: str
    """Name of the last key of a keyboard, empty if none has come."""
    touch: CheckTouch
