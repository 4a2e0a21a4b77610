"""The lock says that a process runs, for exactly as long as it does."""

import os
import subprocess
import sys
import threading

import pytest
from device_rig import soon

from device.core.errors import StorageUnavailable
from device.store import lock
from device.store.home import Home


def test_a_second_process_is_refused_until_the_first_one_ends(home: Home):
    program = (
        "import sys, time; from pathlib import Path; from device.store import lock;"
        "lock.hold(Path(sys.argv[1])); print('held', flush=True); time.sleep(60)"
    )
    with subprocess.Popen(
        [sys.executable, "-c", program, str(home.kiosk_lock)], stdout=subprocess.PIPE, text=True
    ) as other:
        assert other.stdout is not None
        assert other.stdout.readline() == "held\n"
        assert lock.is_held(home.kiosk_lock)
        with pytest.raises(lock.AlreadyRunning, match="stop that first"):
            lock.hold(home.kiosk_lock)
        other.kill()
    assert soon(lambda: not lock.is_held(home.kiosk_lock))
    os.close(lock.hold(home.kiosk_lock))


def test_without_a_file_nobody_holds_it(home: Home):
    assert not lock.is_held(home.root / "never" / "made")


def test_a_link_or_a_pipe_in_its_place_is_no_lock_and_nobody_waits_at_it(home: Home):
    held = lock.hold(home.agent_lock)
    home.kiosk_lock.symlink_to(home.agent_lock)
    assert not lock.is_held(home.kiosk_lock)
    with pytest.raises(StorageUnavailable):
        lock.hold(home.kiosk_lock)
    home.kiosk_lock.unlink()
    os.mkfifo(home.kiosk_lock)
    assert not lock.is_held(home.kiosk_lock)
    os.close(held)


def test_looking_whether_it_is_held_keeps_nobody_from_starting(home: Home):
    os.close(lock.hold(home.kiosk_lock))
    ended = threading.Event()

    def look() -> None:
        while not ended.is_set():
            lock.is_held(home.kiosk_lock)

    watcher = threading.Thread(target=look)
    watcher.start()
    try:
        for _ in range(300):
            os.close(lock.hold(home.kiosk_lock))
    finally:
        ended.set()
        watcher.join()
