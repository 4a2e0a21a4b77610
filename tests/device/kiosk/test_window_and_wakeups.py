"""How the kiosk opens its window and sleeps: the right settings, no waking without cause."""

import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from device.kiosk.wakeups import NEVER_READ, Wakeups, opened_meanwhile
from device.kiosk.window import NoDisplay, choose_driver, prepare


@pytest.fixture
def wakeups() -> Iterator[Wakeups]:
    wakeups = Wakeups()
    yield wakeups
    wakeups.close()


def seconds_of(act: object) -> float:
    begun = time.monotonic()
    act()
    return time.monotonic() - begun


# --- the display driver ------------------------------------------------------------------


def test_x_is_drawn_on_without_an_accelerated_framebuffer():
    environment = {"DISPLAY": ":0"}
    assert prepare(environment) == "x11"
    assert environment["SDL_FRAMEBUFFER_ACCELERATION"] == "0"


def test_kms_is_drawn_on_through_gles(tmp_path: Path):
    (tmp_path / "card0").touch()
    assert choose_driver({}, tmp_path) == "kmsdrm"
    environment = {"SDL_VIDEODRIVER": "kmsdrm"}
    prepare(environment)
    assert environment["SDL_RENDER_DRIVER"] == "opengles2"
    assert environment["SDL_FRAMEBUFFER_ACCELERATION"] == "opengles2"


def test_a_driver_that_somebody_chose_wins(tmp_path: Path):
    assert choose_driver({"SDL_VIDEODRIVER": "dummy", "DISPLAY": ":0"}, tmp_path) == "dummy"


def test_a_machine_without_display_is_told_what_to_do(tmp_path: Path):
    with pytest.raises(NoDisplay, match="SDL_VIDEODRIVER=dummy"):
        choose_driver({}, tmp_path)


# --- sleeping and waking -------------------------------------------------------------------


def test_it_sleeps_as_long_as_it_may_when_nothing_happens(wakeups: Wakeups):
    assert seconds_of(lambda: wakeups.wait(0.2)) >= 0.2


def test_another_thread_wakes_it(wakeups: Wakeups):
    threading.Timer(0.05, wakeups.ring).start()
    assert seconds_of(lambda: wakeups.wait(10)) < 5


def test_a_ring_before_the_sleep_is_not_lost(wakeups: Wakeups):
    wakeups.ring()
    assert seconds_of(lambda: wakeups.wait(10)) < 5
    assert seconds_of(lambda: wakeups.wait(0.1)) >= 0.1


def test_a_signal_wakes_it(wakeups: Wakeups):
    before = signal.signal(signal.SIGUSR1, lambda *_: None)
    try:
        threading.Timer(0.05, os.kill, (os.getpid(), signal.SIGUSR1)).start()
        assert seconds_of(lambda: wakeups.wait(10)) < 5
    finally:
        signal.signal(signal.SIGUSR1, before)


def test_the_display_wakes_it_and_a_display_that_is_gone_does_not_spin(wakeups: Wakeups):
    with opened_meanwhile() as found:
        ours, theirs = socket.socketpair()
    assert found == {ours.fileno(), theirs.fileno()}
    wakeups.watch_more({ours.fileno()})
    theirs.send(b"an event")
    assert wakeups.wait(10)
    ours.recv(100)
    theirs.close()
    wakeups.wait(10)
    assert seconds_of(lambda: wakeups.wait(0.1)) >= 0.1
    ours.close()


def test_a_socket_that_nobody_reads_does_not_spin(wakeups: Wakeups):
    ours, theirs = socket.socketpair()
    wakeups.watch_more({ours.fileno()})
    theirs.send(b"a message on a bus that SDL opened and forgot")
    for _ in range(NEVER_READ + 1):
        wakeups.wait(10)
    assert seconds_of(lambda: wakeups.wait(0.1)) >= 0.1
    ours.close()
    theirs.close()


def test_a_busy_display_that_is_read_is_listened_to_for_ever(wakeups: Wakeups):
    ours, theirs = socket.socketpair()
    wakeups.watch_more({ours.fileno()})
    for _ in range(3 * NEVER_READ):
        theirs.send(b"a touch")
        assert wakeups.wait(10)
        ours.recv(100)
        wakeups.events_came()
    ours.close()
    theirs.close()


def test_sdl_is_kept_from_the_desktops_message_bus():
    environment = {"DISPLAY": ":0", "DBUS_SESSION_BUS_ADDRESS": "unix:path=/run/user/0/bus"}
    prepare(environment)
    assert environment["DBUS_SESSION_BUS_ADDRESS"] == "unix:path=/nonexistent"


def test_files_are_never_waited_for(tmp_path: Path):
    with opened_meanwhile() as found, (tmp_path / "file").open("w"):
        pass
    assert found == set()


# --- what the first frame costs --------------------------------------------------------------

FIRST_FRAME = """
import sys
import device.kiosk.service, device.kiosk.canvas, device.kiosk.screens, device.kiosk.screens.idle
import device.store.roster, device.store.profile
print(*sorted(m for m in sys.modules if m in (
    'msgspec', 'cryptography', 'cbor2', 'sqlite_utils', 'qrcode', 'gpiozero', 'requests',
    'numpy', 'logging', 'uuid')))
"""


def test_nothing_heavy_is_imported_before_the_first_frame():
    done = subprocess.run(
        [sys.executable, "-c", FIRST_FRAME],
        capture_output=True,
        text=True,
        check=True,
        env={**os.environ, "SDL_VIDEODRIVER": "dummy"},
    )
    assert done.stdout.strip() == ""
