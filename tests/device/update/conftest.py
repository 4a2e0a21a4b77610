"""What the tests of updates stand on."""

import os

import pytest

from device.releases import shelf


@pytest.fixture(autouse=True)
def quick_disk(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let nothing wait for the machine's own disk: its power is not what is cut here."""
    monkeypatch.setattr(os, "fsync", lambda _descriptor: None)
    monkeypatch.setattr(shelf, "sync_disk", lambda folder: os.fsync(-1))
