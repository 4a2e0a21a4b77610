"""The check screen as it stands, from its beginning to its end.

Stands in for the reception while it is shown: whatever is pressed comes here, and none of it
can become a rating. What takes long, the findings about the device, is looked for beside the
loop.
"""

import logging
import os
import queue
import threading
from collections.abc import Callable
from typing import NamedTuple

from device.checks import Finding, local
from device.core.buttons import STUCK_MS, Key, Verdict
from device.core.errors import DeviceError
from device.kiosk.actions import Action
from device.kiosk.contacts import CommandKey, DigitKey, LetterKey, Typing
from device.kiosk.panel_test import PanelTest
from device.kiosk.technician_views import CheckKey, CheckLine, CheckView
from device.kiosk.views import Chrome
from device.store.deployed import Deployed
from device.store.home import Home
from device.store.identity import load_identity
from device.store.profile import Profile
from protocol.levels import Level

log = logging.getLogger("haochaping.kiosk")

PAGES = ("findings", "keys", "touch")
LEVELS = ("fault", "warning", "unknown", "ok")
"""Of findings, as they are listed."""
_NAMED = {
    "submit": "Enter",
    "press": "Space",
    "change": "Backspace",
    "leave": "Escape",
    "next": "Tab / Right / Down",
    "previous": "Shift-Tab / Left / Up",
    "language": "F1",
    "appearance": "F2",
}


class Found(NamedTuple):
    """What was found out about the device."""

    device: str
    facts: tuple[str, ...]
    lines: tuple[CheckLine, ...]


class _Button(NamedTuple):
    """One button since the check began."""

    presses: int = 0
    bounces: int = 0
    since_ms: int | None = None
    """Since when it has been down; None: it is up."""


class Inspection:
    """One showing of the check screen.

    ``look`` finds out about the device and may take seconds; ``ring`` wakes the loop when it has.
    ``play`` lets a sound be heard; False if the volume is 0. ``wired`` are the pins by key.
    """

    def __init__(
        self,
        look: Callable[[], Found],
        ring: Callable[[], None],
        play: Callable[[], bool],
        count: Callable[[str], None],
        wired: dict[Key, int],
        panel: PanelTest,
        chrome: Chrome,
        until_ms: int,
        secretive: bool = False,
    ) -> None:
        self._look, self._ring, self._play, self._count = look, ring, play, count
        self._wired = wired
        self._panel = panel
        self._chrome = chrome
        self.until_ms = until_ms
        """When it ends by itself."""
        self.ended = False
        """Somebody has asked for its end."""
        self._secretive = secretive
        self._page, self._part = PAGES[0], 0
        self._buttons: dict[Key, _Button] = {}
        self._typed = self._sound = ""
        self._found = Found(os.uname().nodename, (), ())
        self._answers: queue.SimpleQueue[Found] = queue.SimpleQueue()
        self._looking = False
        self._look_again()

    # --- who receives hands -------------------------------------------------------------------

    @property
    def language(self) -> str:
        """The language on the screen."""
        return self._chrome.language

    @property
    def place(self) -> object:
        """The page that is shown."""
        return self._page, self.ended

    busy = staffed = asleep = False
    takes_letters = False

    def act(self, action: Action, now_ms: int) -> None:
        """Do what a key of the check screen stands for."""
        match action:
            case Action("check-page", str(page)) if page in PAGES:
                self._page = page
                if page == "touch":
                    self._panel.begin()
            case Action("check-part", int(part)):
                self._part = part
            case Action("check-again"):
                self._look_again()
            case Action("check-sound"):
                self._sound = f"check.sound.{'played' if self._play() else 'off'}"
            case Action("end-check"):
                self.ended = True

    def press_level(self, level: Level, now_ms: int) -> None:
        """Shown by its button's edges; never a rating."""

    def command(self, name: str, now_ms: int) -> None:
        """Means nothing here that is not on the screen."""

    def take_card(self, typed: str, now_ms: int) -> None:
        """Nobody logs in here."""
        self._count("card.during-check")

    def wake(self, now_ms: int) -> None:
        """The check screen is never dark."""

    def ignore_press(self, now_ms: int) -> None:
        """Whatever is pressed here is a test, and counts for nothing."""

    # --- what is tested -----------------------------------------------------------------------

    def touched(self, contact: int, place: tuple[float, float] | None, now_ms: int) -> None:
        """A finger is at a place of the canvas, or (None) was lifted."""
        if self._page == "touch":
            self._panel.touched(contact, place, now_ms)

    def typed(self, key: Typing) -> None:
        """A key of a keyboard came. Where a badge reader is plugged in its characters are not
        told apart: they may be a badge's."""
        match key:
            case CommandKey(name):
                self._typed = _NAMED.get(name, name)
            case DigitKey() | LetterKey() if self._secretive:
                self._typed = "*"
            case DigitKey(digit):
                self._typed = str(digit)
            case LetterKey(character):
                self._typed = character

    def edge(self, key: Key, pressed: bool, at_ms: int, verdict: Verdict) -> None:
        """A button's contact closed or opened."""
        button = self._buttons.get(key, _Button())
        since = (at_ms if button.since_ms is None else button.since_ms) if pressed else None
        self._buttons[key] = _Button(
            button.presses + (verdict in (Verdict.PRESSED, Verdict.SURPLUS)),
            button.bounces + (verdict is Verdict.BOUNCE),
            since,
        )

    def note_fault(self, code: str) -> None:
        """A fault was reported meanwhile: of the sound test, perhaps."""
        if code == "sound-unavailable" and self._sound:
            self._sound = "check.sound.failed"

    # --- what is seen ---------------------------------------------------------------------------

    def pass_time(self, now_ms: int) -> None:
        """Take up what was found; end when it is time to."""
        while not self._answers.empty():
            self._found, self._looking, self._part = self._answers.get(), False, 0
        self.ended = self.ended or now_ms >= self.until_ms

    def due_ms(self, now_ms: int) -> int:
        """Return when the screen will next change by itself."""
        left_ms = self.until_ms - now_ms
        moments = [now_ms + (left_ms % 60_000 or 60_000)]
        for button in self._buttons.values():
            if button.since_ms is not None:
                held_ms = now_ms - button.since_ms
                moments.append(now_ms + max(STUCK_MS - held_ms, 1000 - held_ms % 1000))
        return min(moments)

    @property
    def held(self) -> frozenset[Level]:
        """The level buttons that are down: their lamps are lit."""
        down = (key for key, button in self._buttons.items() if button.since_ms is not None)
        return frozenset(key for key in down if isinstance(key, Level))

    def view(self, now_ms: int) -> CheckView:
        """Return what is to be seen now."""
        return CheckView(
            self._chrome,
            self._page,
            self._found.device,
            self._found.facts,
            max(1, -(-(self.until_ms - now_ms) // 60_000)),
            self._found.lines,
            self._looking,
            self._part,
            tuple(self._key(key, pin, now_ms) for key, pin in self._wired.items()),
            self._sound,
            self._typed,
            self._panel.seen(),
        )

    def _key(self, key: Key, pin: int, now_ms: int) -> CheckKey:
        button = self._buttons.get(key, _Button())
        held_ms = 0 if button.since_ms is None else now_ms - button.since_ms
        return CheckKey(
            str(int(key)) if isinstance(key, Level) else str(key),
            pin,
            button.presses,
            button.bounces,
            button.since_ms is not None,
            held_ms // 1000 if held_ms > STUCK_MS else 0,
        )

    def _look_again(self) -> None:
        if self._looking:
            return
        self._looking = True

        def look() -> None:
            found = self._found
            try:
                found = self._look()
            except Exception:  # the screen must not say for ever that it is looking
                log.exception("the device could not be looked at")
            self._answers.put(found)
            self._ring()

        threading.Thread(target=look, name="check", daemon=True).start()


def look_at(deployed: Deployed, profile: Profile, home: Home) -> Found:
    """Return what is found about this device; files alone, but a card that is ill is slow."""
    found = local(deployed, profile, home)
    names = [os.uname().nodename]
    try:
        names.append(load_identity(home).device)
    except DeviceError as error:
        log.info("not enrolled: %s", error)  # a finding says so too
    release = ""
    if deployed.current.is_symlink():
        release = deployed.current.resolve().name
    lines = [CheckLine(each.code, str(each.level), each.sentence) for each in found]
    lines.sort(key=lambda line: LEVELS.index(line.level))
    facts = tuple(filter(None, (_addresses(found), release)))
    return Found(" ".join(dict.fromkeys(names)), facts, tuple(lines))


def _addresses(found: tuple[Finding, ...]) -> str:
    for each in found:
        if each.code == "network":
            return str(each.figures.get("addresses") or "")
    return ""
