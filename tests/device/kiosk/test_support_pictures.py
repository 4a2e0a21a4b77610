"""Support gets a picture of the screen, and never one of a visit; and asks for the check screen."""

import json
import socket
import stat
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

import pygame
import pytest

from device.kiosk.support import (
    NoCheck,
    NoPicture,
    Request,
    SupportDoor,
    answer,
    answer_picture,
    ask_for_check,
    take_picture,
)

PATIENCE_S = 10.0


@pytest.fixture
def door(tmp_path: Path) -> Iterator[SupportDoor]:
    door = SupportDoor(tmp_path / "support.sock")
    yield door
    door.close()


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "support.sock"


def next_request(door: SupportDoor) -> Request:
    """Wait for a caller as the loop does."""
    until = time.monotonic() + PATIENCE_S
    while time.monotonic() < until:
        if requests := door.requests():
            return requests[0]
        time.sleep(0.005)
    pytest.fail("nobody asked")


def serve(door: SupportDoor, answering: Callable[[Request], None]) -> None:
    """Answer the next caller as the loop would."""
    threading.Thread(target=lambda: answering(next_request(door)), daemon=True).start()


def show(door: SupportDoor, display: pygame.Surface | None) -> None:
    serve(door, lambda request: answer_picture(request, display))


# --- pictures -----------------------------------------------------------------------------------


def test_the_picture_is_what_the_display_shows(door: SupportDoor, path: Path, tmp_path: Path):
    display = pygame.Surface((300, 200), 0, 32)
    display.fill((10, 200, 30))
    display.fill((250, 0, 0), (5, 6, 7, 8))
    show(door, display)
    take_picture(path, tmp_path / "screen.png")
    taken = pygame.image.load(tmp_path / "screen.png")
    assert pygame.image.tobytes(taken, "RGB") == pygame.image.tobytes(display, "RGB")


def test_during_a_visit_it_is_refused_in_words(door: SupportDoor, path: Path, tmp_path: Path):
    show(door, None)
    with pytest.raises(NoPicture, match="somebody is at the screen"):
        take_picture(path, tmp_path / "screen.png")
    assert not (tmp_path / "screen.png").exists()


def test_a_kiosk_that_ends_meanwhile_leaves_no_half_picture(
    door: SupportDoor, path: Path, tmp_path: Path
):
    serve(door, lambda request: answer(request, {"ok": True, "size": [300, 200]}, b"\0" * 99))
    with pytest.raises(NoPicture, match="before the picture was complete"):
        take_picture(path, tmp_path / "screen.png")
    assert not (tmp_path / "screen.png").exists()


def test_without_a_kiosk_it_says_so(path: Path, tmp_path: Path):
    with pytest.raises(NoPicture, match="no kiosk is running"):
        take_picture(path, tmp_path / "screen.png")


# --- the check screen ---------------------------------------------------------------------------


def test_the_check_screen_is_asked_for_by_how_long_it_is_wanted(door: SupportDoor, path: Path):
    asked: list[object] = []

    def grant(request: Request) -> None:
        asked.append(request.order)
        answer(request, {"ok": True})

    serve(door, grant)
    ask_for_check(path, True, 25)
    serve(door, grant)
    ask_for_check(path, False)
    assert asked == [
        {"do": "check", "on": True, "minutes": 25},
        {"do": "check", "on": False, "minutes": 10},
    ]


def test_what_the_kiosk_has_against_it_is_told(door: SupportDoor, path: Path):
    serve(door, lambda request: answer(request, {"ok": False, "problem": "a citizen is there"}))
    with pytest.raises(NoCheck, match="a citizen is there"):
        ask_for_check(path, True)


@pytest.mark.parametrize("minutes", [0, 61, -5])
def test_minutes_that_make_no_sense_never_reach_the_kiosk(path: Path, minutes: int):
    with pytest.raises(NoCheck, match="from 1 to 60"):
        ask_for_check(path, True, minutes)


def test_no_kiosk_shows_no_check_screen(path: Path):
    with pytest.raises(NoCheck, match="no kiosk is running"):
        ask_for_check(path, True)


# --- the door -----------------------------------------------------------------------------------


def test_only_the_kiosks_own_user_may_ask(door: SupportDoor, path: Path):
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_the_loop_is_woken_when_somebody_has_said_what_they_want(tmp_path: Path):
    rung = threading.Event()
    door = SupportDoor(tmp_path / "rung.sock", rung.set)
    with socket.socket(socket.AF_UNIX) as caller:
        caller.connect(str(tmp_path / "rung.sock"))
        assert door.requests() == []
        assert not rung.is_set()
        caller.sendall(b'{"do": "picture"}\n')
        assert rung.wait(PATIENCE_S)
        assert [request.order for request in door.requests()] == [{"do": "picture"}]
    door.close()


@pytest.mark.parametrize(
    "said", [b"", b"\n", b"nonsense\n", b"[1]\n", b'"do"\n', b"\xff\xfe\n", b'{"do":' * 100]
)
def test_a_caller_who_hangs_up_or_speaks_nonsense_harms_nobody(
    door: SupportDoor, path: Path, said: bytes
):
    with socket.socket(socket.AF_UNIX) as hasty:
        hasty.settimeout(PATIENCE_S)
        hasty.connect(str(path))
        assert door.requests() == []
        hasty.sendall(said)
        hasty.shutdown(socket.SHUT_WR)
        with suppress(ConnectionResetError):  # more was said than anything that is asked here
            assert hasty.recv(10) == b""
    assert door.requests() == []


def test_an_answer_reaches_whoever_is_slow_to_ask(door: SupportDoor, path: Path):
    with socket.socket(socket.AF_UNIX) as slow:
        slow.settimeout(PATIENCE_S)
        slow.connect(str(path))
        assert door.requests() == []
        for byte in b'{"do": "check", "on": false, "minutes": 1}\n':
            slow.sendall(bytes([byte]))
        answer(next_request(door), {"ok": True})
        assert json.loads(slow.makefile().readline()) == {"ok": True}
