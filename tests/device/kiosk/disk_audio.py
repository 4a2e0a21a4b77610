"""What really left the sound driver: SDL's `disk` driver writes it to a file."""

import array
from pathlib import Path

import pytest

from device.kiosk.mixer import BUFFER

STEP = BUFFER * 2
"""Bytes that the mixer hands over in one go."""


class DiskAudio:
    """Everything that was played since the sound device was opened last."""

    def __init__(self, folder: Path, monkeypatch: pytest.MonkeyPatch, hurry: int = 10) -> None:
        """Play ``hurry`` times as fast as a listener would."""
        self.file = folder / "played.raw"
        monkeypatch.setenv("SDL_AUDIODRIVER", "disk")
        monkeypatch.setenv("SDL_DISKAUDIOFILE", str(self.file))
        monkeypatch.setenv("SDL_DISKAUDIODELAY", str(max(1, 10 // hurry)))

    @property
    def played(self) -> bytes:
        """All of it, silence too."""
        return self.file.read_bytes() if self.file.exists() else b""

    def heard(self, begin: int = 0) -> bytes:
        """What was heard from that byte on: without the steps in which all was silent."""
        played = self.played[begin - begin % STEP :]
        steps = (played[at : at + STEP] for at in range(0, len(played) - STEP + 1, STEP))
        return b"".join(step for step in steps if any(step))


def loudest(samples: bytes) -> float:
    """Return the highest peak, full scale being 1."""
    return max(map(abs, array.array("h", samples)), default=0) / 32768
