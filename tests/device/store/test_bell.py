"""The bell wakes whoever waits for it, says nothing, and nobody depends on it."""

import select
from pathlib import Path

import pytest

from device.store.bell import Bell, ring
from device.store.briefing import Briefing
from device.store.home import Home


def rings(bell: Bell, wait_ms: int) -> bool:
    waiting = select.poll()
    waiting.register(bell.fileno(), select.POLLIN)
    return bool(waiting.poll(wait_ms))


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """A path longer than a socket's name may be."""
    folder = tmp_path / ("f" * 100)
    folder.mkdir()
    return folder / "bell.sock"


def test_a_ring_wakes_whoever_waits_until_it_is_hushed(path: Path):
    bell = Bell(path)
    assert not rings(bell, 0)
    ring(path)
    assert rings(bell, 2_000)
    assert bell.hush()
    assert not rings(bell, 0)
    assert not bell.hush()
    bell.close()


def test_ringing_where_nobody_listens_does_nothing(path: Path):
    ring(path)
    ring(path / "nowhere" / "bell.sock")
    Bell(path).close()
    ring(path)


def test_a_bell_that_nobody_hushes_holds_up_nobody(path: Path):
    bell = Bell(path)
    for _ in range(5_000):
        ring(path)
    assert bell.hush()
    bell.close()


def test_a_kiosk_that_died_leaves_no_bell_in_the_way(path: Path):
    Bell(path)  # never taken down
    again = Bell(path)
    ring(path)
    assert rings(again, 2_000)
    again.close()


def test_an_instruction_rings_when_it_can_be_read(home: Home):
    bell, briefing = Bell(home.bell), Briefing(home)
    briefing.instruct("pause", b"{}")
    assert bell.hush()
    briefing.close()
    bell.close()
