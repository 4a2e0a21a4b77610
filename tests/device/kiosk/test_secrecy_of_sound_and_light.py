"""After a tap neither sound nor lamps tell a bystander the level.

A real kiosk process, driven by its mock buttons; the sound is what left SDL's driver, the
light is what gpiozero did to the pins. The one difference there may be is which lamp goes out
last: the pressed key's own, which stays lit for the 350 ms in which the screen shows that key
as chosen. The person at the counter sees their own press; whoever looks later sees nothing.
"""

import itertools
import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from counter_rig import Counter
from disk_audio import STEP, DiskAudio

from demo.rehearsal import Rehearsal
from device.store.home import Home
from protocol.levels import Level

PATIENCE_S = 60.0
PROFILE = """
data_dir = "{data}"
storage.allow_volatile = true
screen.size = "800x480"
sound.volume = 100
buttons.pins = [17, 27, 22, 23, 24]
buttons.leds = [5, 6, 12, 13, 16]
buttons.buzzer = 20
central.url = "https://central.invalid"
"""
LAMPS = tuple(str(int(level)) for level in sorted(Level, reverse=True))
LEVEL_KEY, SUBMIT_KEY = 3, 1
ONE_S = 48_000 * 2
"""Bytes of one second."""


class Witnessed(NamedTuple):
    """What one visit gave away."""

    level: int
    sound: bytes
    """From the tap on."""
    began_s: float
    tapped_s: float
    ended_s: float


def eventually(what: str, holds: Callable[[], object]) -> None:
    until = time.monotonic() + PATIENCE_S
    while not holds():
        assert time.monotonic() < until, what
        time.sleep(0.01)


class Kiosk:
    """The process, its screen and what is heard of it."""

    def __init__(self, home: Home, folder: Path, audio: DiskAudio) -> None:
        Counter(home).close()  # leaves a configured window behind
        self.audio = audio
        self.screen = Rehearsal(folder / "door.sock")
        self._history = folder / "history.json"
        profile = folder / "device.toml"
        profile.write_text(PROFILE.format(data=home.root))
        self._log = folder / "kiosk.log"
        with self._log.open("wb") as log:
            self._process = subprocess.Popen(
                [
                    sys.executable,
                    str(Path(__file__).with_name("witnessed_kiosk.py")),
                    *map(str, (profile, folder / "door.sock", self._history)),
                ],
                env={**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))},
                stdout=log,
                stderr=subprocess.STDOUT,
            )

    def hears_out(self, begin: int) -> None:
        """Listen to a prompt that comes after this byte, to its end."""

        def ended() -> bool:
            played = self.audio.played
            paused = len(played) > 60 * STEP and not any(played[-60 * STEP :])
            return paused and len(self.audio.heard(begin)) > ONE_S

        eventually("a prompt and silence after it", ended)

    def visit(self, level: int) -> Witnessed:
        """A citizen who rates the staff with the buttons, listening to all that is said."""
        self.screen.wait_for_screen("IdleView")
        begin, began_s = len(self.audio.played), time.monotonic()
        self.screen.press(LEVEL_KEY)
        self.screen.wait_for_screen("RatingView", chosen=None)
        self.hears_out(begin)
        tap, tapped_s = len(self.audio.played), time.monotonic()
        self.screen.press(level)
        self.screen.wait_for_screen("ReasonsView")
        self.hears_out(tap)
        end = len(self.audio.played)
        self.screen.press(SUBMIT_KEY)
        self.screen.wait_for_screen("ThanksView")
        self.hears_out(end)
        sound = self.audio.heard(tap)
        self.screen.press(SUBMIT_KEY)
        self.screen.wait_for_screen("IdleView")
        return Witnessed(level, sound, began_s, tapped_s, time.monotonic())

    def end(self) -> dict[str, Any]:
        """End it in order; returns what lamps and buzzer did."""
        self._process.terminate()
        assert self._process.wait(20) == 0, self._log.read_text()
        changes: dict[str, Any] = json.loads(self._history.read_text())
        return changes

    def kill(self) -> None:
        if self._process.poll() is None:
            self._process.kill()
            self._process.wait()


@pytest.fixture
def kiosk(home: Home, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Kiosk]:
    kiosk = Kiosk(home, tmp_path, DiskAudio(tmp_path, monkeypatch))
    yield kiosk
    kiosk.kill()


def during(changes: list[tuple[float, bool]], begin_s: float, end_s: float) -> list[bool]:
    return [on for at_s, on in changes if begin_s <= at_s <= end_s]


def test_sound_and_lamps_are_the_same_for_all_five_levels(kiosk: Kiosk):
    visits = [kiosk.visit(level) for level in (5, 4, 3, 2, 1)]
    changes = kiosk.end()

    # The click, the reasons' prompt, a click, the thanks: to the byte.
    assert len(visits[0].sound) > 5 * ONE_S
    for one, other in itertools.pairwise(visits):
        assert one.sound == other.sound, f"level {one.level} sounds otherwise than {other.level}"

    for visit in visits:
        # Five lamps invite alike, and after the tap each goes out, once.
        assert [during(changes[lamp], visit.began_s, visit.tapped_s) for lamp in LAMPS] == [
            [True]
        ] * 5
        assert [during(changes[lamp], visit.tapped_s, visit.ended_s) for lamp in LAMPS] == [
            [False]
        ] * 5
        beeps = during(changes["buzzer"], visit.tapped_s, visit.ended_s)
        assert beeps == [True, False] * 3

        def went_out_s(lamp: str, visit: Witnessed = visit) -> float:
            return next(at_s for at_s, _ in changes[lamp] if at_s >= visit.tapped_s)

        assert max(LAMPS, key=went_out_s) == str(visit.level)
