"""What is heard: clicks and spoken prompts, on a thread that may wait while the kiosk does not.

Opening a sound device can take long, or for ever. So nobody here is asked to do anything:
the loop leaves its wishes, of which only the latest of each kind matter, and goes on. The
device is open only while somebody is there, since an open one wakes the processor a hundred
times a second; some seconds after the last sound it is given back.
"""

import logging
from collections.abc import Callable
from enum import StrEnum
from pathlib import Path
from threading import Condition, Thread
from time import monotonic
from typing import TYPE_CHECKING, Any, NamedTuple

from device.core.errors import DeviceError
from device.kiosk.assets import sound_path
from device.store import profile

if TYPE_CHECKING:
    from device.kiosk.mixer import Mixer

log = logging.getLogger("haochaping.kiosk")

LINGER_S = 10.0
"""How long the device stays open after the last sound when nobody is being asked."""
RETRY_S = 600.0
"""Wait before a device that could not be opened is tried again, when it is next wanted."""
LATE_S = 0.25
"""A click that comes so late (the device had to be opened) would puzzle more than help."""
HUNG_S = 10.0
"""A device that keeps the thread for so long does not answer."""


class Prompt(StrEnum):
    """What can be said: the files in `ui_assets/sounds`. No level and no reason is among them."""

    WELCOME = "welcome"
    QUESTION_STAFF = "question-staff"
    QUESTION_MATTER = "question-matter"
    QUESTION_HALL = "question-hall"
    REASONS = "reasons"
    CALLBACK = "callback"
    NUMBER_SAVED = "number-saved"
    THANKS = "thanks"
    DECLINED = "declined"
    UNSAVED = "unsaved"
    TOUCH_OUT = "touch-out"
    PAUSED = "paused"
    CLOSED = "closed"
    BROKEN = "broken"


class Said(NamedTuple):
    """A prompt in one of the languages."""

    prompt: Prompt
    language: str


class Wishes(NamedTuple):
    """What was asked for since the thread looked last."""

    awake: bool
    """Somebody is there: the device stays open."""
    clicked_s: float | None
    changed: bool
    """``said`` is new: another prompt, or None for silence."""
    said: Said | None
    ending: bool


def open_mixer(click: Path, volume: int) -> "Mixer":
    """Open the sound device. Raises `SoundUnavailable`."""
    from device.kiosk.mixer import Mixer

    return Mixer(click, volume)


class Sound:
    """Clicks and prompts at the volume of the profile; at volume 0 nothing at all happens."""

    def __init__(
        self,
        settings: profile.Sound,
        opening: Callable[[Path, int], "Mixer"] = open_mixer,
        linger_s: float = LINGER_S,
        retry_s: float = RETRY_S,
    ) -> None:
        self._settings = settings
        self._opening = opening
        self._linger_s = linger_s
        self._retry_s = retry_s
        self._wished = Condition()
        self._wishes = _NOTHING
        self._thread: Thread | None = None
        self._busy_since_s: float | None = None
        self._troubles: list[str] = []
        # Of the thread alone:
        self._mixer: Mixer | None = None
        self._retry_at_s = 0.0
        self._rest_at_s = 0.0
        self._working = True

    # --- what the loop asks for ---------------------------------------------------------------

    def click(self) -> None:
        """Let a click be heard: one and the same for everything that can be pressed."""
        self._wish(clicked_s=monotonic())

    def say(self, prompt: Prompt, language: str) -> None:
        """Say a prompt in place of any that is being said.

        With the voice switched off the language-free sound of that name is played, if there
        is one.
        """
        self._wish(changed=True, said=Said(prompt, language))

    def hush(self) -> None:
        """Say no more."""
        self._wish(changed=True, said=None)

    def stay_awake(self, awake: bool) -> None:
        """Keep the device open as long as somebody is there, for clicks without delay."""
        if awake != self._wishes.awake:
            self._wish(awake=awake)

    @property
    def silent(self) -> bool:
        """True where the profile wants nothing to be heard."""
        return self._settings.volume == 0

    @property
    def speaks(self) -> bool:
        """True where prompts are spoken."""
        return self._settings.voice

    def troubles(self) -> list[str]:
        """Return what went wrong since the last call, each only once until sound works again."""
        busy_since_s = self._busy_since_s
        if busy_since_s is not None and monotonic() - busy_since_s > HUNG_S:
            self._complain("the sound device does not answer")
        with self._wished:
            found, self._troubles = self._troubles, []
        return found

    def close(self, seconds: float = 0.3) -> None:
        """Fall silent and give the device back; a device that hangs is left behind."""
        if self._thread is not None:
            self._wish(ending=True)
            self._thread.join(seconds)

    def _wish(self, **wishes: Any) -> None:
        if self._settings.volume == 0:
            return
        with self._wished:
            self._wishes = self._wishes._replace(**wishes)
            if self._thread is None:
                self._thread = Thread(target=self._run, name="sound", daemon=True)
                self._thread.start()
            self._wished.notify()

    # --- the thread ---------------------------------------------------------------------------

    def _run(self) -> None:
        wishes = _NOTHING
        while not wishes.ending:
            wishes = self._next_wishes(wishes.awake)
            self._busy_since_s = monotonic()
            try:
                self._carry_out(wishes)
            except (DeviceError, OSError) as error:
                self._complain(str(error))
            self._busy_since_s = None

    def _next_wishes(self, awake: bool) -> Wishes:
        """Sleep until something is wished for, or until the device may be given back."""
        with self._wished:
            rest_s = None if self._mixer is None or awake else self._rest_at_s - monotonic()
            unchanged = self._wishes == _NOTHING._replace(awake=awake)
            if unchanged and (rest_s is None or rest_s > 0):
                self._wished.wait(rest_s)
            wishes = self._wishes
            self._wishes = _NOTHING._replace(awake=wishes.awake)
            return wishes

    def _carry_out(self, wishes: Wishes) -> None:
        wanted = wishes.clicked_s is not None or wishes.said is not None or wishes.awake
        if wanted and not wishes.ending:
            self._open()
        if self._mixer is None:
            return
        if wanted or self._mixer.speaks:
            self._rest_at_s = monotonic() + self._linger_s
        if wishes.clicked_s is not None and monotonic() - wishes.clicked_s <= LATE_S:
            self._mixer.click()
        if wishes.changed:
            self._say(self._mixer, wishes.said)
        if wishes.ending or (not wishes.awake and monotonic() >= self._rest_at_s):
            self._mixer.close()
            self._mixer = None

    def _open(self) -> None:
        if self._mixer is not None or monotonic() < self._retry_at_s:
            return
        self._retry_at_s = monotonic() + self._retry_s
        self._mixer = self._opening(sound_path("click"), self._settings.volume)
        self._retry_at_s = 0.0
        if not self._working:
            log.info("sound works again")
        self._working = True

    def _say(self, mixer: "Mixer", said: Said | None) -> None:
        mixer.hush()
        if said is None:
            return
        path = sound_path(said.prompt, said.language if self._settings.voice else "")
        if self._settings.voice or path.exists():
            mixer.play(path)

    def _complain(self, trouble: str) -> None:
        with self._wished:
            first, self._working = self._working, False
            if first:
                self._troubles.append(trouble)
        if first:
            log.warning("sound: %s", trouble)


_NOTHING = Wishes(False, None, False, None, False)
