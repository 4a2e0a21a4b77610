"""Tells systemd that this process works: ready, alive, what it is at (sd_notify(3)).

The watchdog is fed from the loops that do the work, never by a thread that would go on while
they hang: whoever owns a loop registers it, and one that has been silent for too long keeps
the next sign of life from being sent. Where systemd did not start the process, nothing is
sent and nothing is imported.
"""

import os
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from typing import NamedTuple

SHARE = 3
"""So many signs of life are sent in the time that systemd waits for one."""


class Pulse:
    """The sign of life of one loop."""

    def __init__(self, name: str, silence_s: float, clock: Callable[[], float]) -> None:
        self.name = name
        self._silence_s = silence_s
        self._clock = clock
        self._last = clock()

    def beat(self) -> None:
        """Say that the loop has gone round once more."""
        self._last = self._clock()

    @property
    def silent(self) -> bool:
        """The loop has not gone round for longer than it may take."""
        return self._clock() - self._last > self._silence_s


class _Line(NamedTuple):
    address: str
    every_s: float
    """0: systemd watches nothing."""


class Supervisor:
    """This process as systemd sees it."""

    def __init__(
        self,
        environment: Mapping[str, str] = os.environ,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._line = _line(environment)
        self._clock = clock
        self._pulses: list[Pulse] = []
        self._last = float("-inf")
        self._status = ""

    def pulse(self, name: str, silence_s: float) -> Pulse:
        """Register a loop that goes round at least every ``silence_s`` seconds."""
        pulse = Pulse(name, silence_s, self._clock)
        self._pulses.append(pulse)
        return pulse

    def ready(self, status: str = "") -> None:
        """Say that the process does its work now."""
        self._send("READY=1", status)

    def say(self, status: str) -> None:
        """Say in one line what the process is at; shown by ``systemctl status``."""
        if status != self._status:
            self._status = status
            self._send("", status)

    def ending(self) -> None:
        """Say that the process is about to end because it was asked to."""
        self._send("STOPPING=1")

    def alive(self) -> None:
        """Feed the watchdog if it is time to and no loop is silent; call it often."""
        if self._line is None or not self._line.every_s:
            return
        now = self._clock()
        if now - self._last < self._line.every_s:
            return
        silent = [pulse.name for pulse in self._pulses if pulse.silent]
        if silent:
            self.say(f"hangs: {', '.join(silent)}")
            return
        self._last = now
        self._send("WATCHDOG=1")

    def _send(self, word: str, status: str = "") -> None:
        if self._line is None:
            return
        import socket

        words = "\n".join(filter(None, (word, status and f"STATUS={status}")))
        address = self._line.address
        with (
            suppress(OSError),  # systemd is being restarted: it asks again
            socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC) as line,
        ):
            line.connect("\0" + address[1:] if address.startswith("@") else address)
            line.sendall(words.encode())


def _line(environment: Mapping[str, str]) -> _Line | None:
    address = environment.get("NOTIFY_SOCKET", "")
    if not address.startswith(("/", "@")):
        return None
    mine = environment.get("WATCHDOG_PID", str(os.getpid())) == str(os.getpid())
    given = environment.get("WATCHDOG_USEC", "")
    watched_us = int(given) if mine and given.isdigit() else 0
    return _Line(address, watched_us / 1_000_000 / SHARE)
