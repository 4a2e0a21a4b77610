"""Wakes the kiosk at once when the agent has left it something to do.

The kiosk looks once a second anyway: a bell that nobody hears costs that second and nothing
else. It carries no message; what is to be done is in `agent.db`.
"""

import os
import socket
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from device.store.home import door_mode


class Bell:
    """The kiosk's end. Raises `OSError` if it cannot be hung up."""

    def __init__(self, path: Path) -> None:
        self._path = path
        path.unlink(missing_ok=True)
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_NONBLOCK)
        with _short(path) as name:
            self._socket.bind(name)
        path.chmod(door_mode(path.parent))

    def fileno(self) -> int:
        """Return the descriptor that a ring makes ready."""
        return self._socket.fileno()

    def hush(self) -> bool:
        """Take up every ring so far; True if there was one."""
        rung = False
        with suppress(BlockingIOError):
            while True:
                self._socket.recv(1)
                rung = True
        return rung

    def close(self) -> None:
        """Take it down."""
        self._socket.close()
        self._path.unlink(missing_ok=True)


def ring(path: Path) -> None:
    """Ring the bell at ``path``; where there is none, or it rings already, nothing happens."""
    with (
        suppress(OSError),
        socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_NONBLOCK) as line,
        _short(path) as name,
    ):
        line.sendto(b"\0", name)


@contextmanager
def _short(path: Path) -> Iterator[str]:
    """Yield a name for ``path`` that fits: a socket's holds 107 bytes."""
    folder = os.open(path.parent, os.O_RDONLY | os.O_DIRECTORY)
    try:
        yield f"/proc/self/fd/{folder}/{path.name}"
    finally:
        os.close(folder)
