"""What a process tells systemd, on a real socket of the kind systemd gives it."""

import os
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from device.store.supervisor import SHARE, Supervisor


class Systemd:
    """The other end of ``$NOTIFY_SOCKET``."""

    def __init__(self, path: Path) -> None:
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self._socket.bind(str(path))
        self._socket.setblocking(False)
        self.environment = {
            "NOTIFY_SOCKET": str(path),
            "WATCHDOG_USEC": "30000000",
            "WATCHDOG_PID": str(os.getpid()),
        }

    def heard(self) -> list[str]:
        said = []
        while True:
            try:
                said.append(self._socket.recv(4096).decode())
            except BlockingIOError:
                return said

    def close(self) -> None:
        self._socket.close()


class Clock:
    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def systemd(tmp_path: Path) -> Iterator[Systemd]:
    systemd = Systemd(tmp_path / "notify")
    yield systemd
    systemd.close()


def test_it_says_when_it_is_ready_and_when_it_ends(systemd: Systemd) -> None:
    supervisor = Supervisor(systemd.environment)
    supervisor.ready("at work")
    supervisor.ending()
    assert systemd.heard() == ["READY=1\nSTATUS=at work", "STOPPING=1"]


def test_the_watchdog_is_fed_three_times_in_its_term_and_no_oftener(systemd: Systemd) -> None:
    clock = Clock()
    supervisor = Supervisor(systemd.environment, clock)
    for _ in range(300):
        supervisor.alive()
        clock.now += 0.1
    assert systemd.heard() == ["WATCHDOG=1"] * SHARE


def test_a_loop_that_hangs_starves_the_watchdog_and_is_named(systemd: Systemd) -> None:
    clock = Clock()
    supervisor = Supervisor(systemd.environment, clock)
    courier = supervisor.pulse("courier", 60)
    other = supervisor.pulse("herald", 60)
    supervisor.alive()
    for _ in range(7):
        clock.now += 10
        other.beat()
        supervisor.alive()
    assert systemd.heard() == ["WATCHDOG=1"] * 7 + ["STATUS=hangs: courier"]
    courier.beat()
    supervisor.alive()
    assert systemd.heard() == ["WATCHDOG=1"]


def test_what_is_not_meant_for_this_process_is_not_fed(systemd: Systemd) -> None:
    supervisor = Supervisor(systemd.environment | {"WATCHDOG_PID": "1"})
    supervisor.alive()
    assert systemd.heard() == []


def test_the_same_status_is_said_once(systemd: Systemd) -> None:
    supervisor = Supervisor(systemd.environment)
    supervisor.say("waits for central")
    supervisor.say("waits for central")
    assert systemd.heard() == ["STATUS=waits for central"]


def test_where_systemd_did_not_start_it_nothing_is_sent_and_nothing_fails(tmp_path: Path) -> None:
    for environment in ({}, {"NOTIFY_SOCKET": str(tmp_path / "gone"), "WATCHDOG_USEC": "x"}):
        supervisor = Supervisor(environment)
        supervisor.ready()
        supervisor.alive()
        supervisor.ending()
