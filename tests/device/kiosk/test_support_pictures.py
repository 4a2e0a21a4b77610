"""Support gets a picture of the screen, and never one of a visit."""

import socket
import stat
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pygame
import pytest

from device.kiosk.support import NoPicture, SupportDoor, answer_support, take_picture


@pytest.fixture
def door(tmp_path: Path) -> Iterator[SupportDoor]:
    door = SupportDoor(tmp_path / "support.sock")
    yield door
    door.close()


def serve(door: SupportDoor, display: pygame.Surface | None) -> None:
    """Answer the next caller as the loop would."""

    def wait() -> None:
        while not (callers := door.callers()):
            time.sleep(0.01)
        answer_support(callers[0], display)

    threading.Thread(target=wait, daemon=True).start()


def test_the_picture_is_what_the_display_shows(door: SupportDoor, tmp_path: Path):
    display = pygame.Surface((300, 200), 0, 32)
    display.fill((10, 200, 30))
    display.fill((250, 0, 0), (5, 6, 7, 8))
    serve(door, display)
    take_picture(tmp_path / "support.sock", tmp_path / "screen.png")
    taken = pygame.image.load(tmp_path / "screen.png")
    assert pygame.image.tobytes(taken, "RGB") == pygame.image.tobytes(display, "RGB")


def test_during_a_visit_it_is_refused_in_words(door: SupportDoor, tmp_path: Path):
    serve(door, None)
    with pytest.raises(NoPicture, match="somebody is at the screen"):
        take_picture(tmp_path / "support.sock", tmp_path / "screen.png")
    assert not (tmp_path / "screen.png").exists()


def test_without_a_kiosk_it_says_so(tmp_path: Path):
    with pytest.raises(NoPicture, match="no kiosk is running"):
        take_picture(tmp_path / "support.sock", tmp_path / "screen.png")


def test_only_the_kiosks_own_user_may_ask(door: SupportDoor, tmp_path: Path):
    assert stat.S_IMODE((tmp_path / "support.sock").stat().st_mode) == 0o600


def test_a_caller_who_hangs_up_at_once_harms_nobody(door: SupportDoor, tmp_path: Path):
    with socket.socket(socket.AF_UNIX) as hasty:
        hasty.connect(str(tmp_path / "support.sock"))
    (caller,) = door.callers()
    answer_support(caller, pygame.Surface((300, 200), 0, 32))
    assert door.callers() == []
