"""A door for rehearsals: touch the screen, press a mock button, take a picture.

The demo's tour and the tests walk through the real kiosk with it. It opens only when the
kiosk is started with ``--rehearse`` and shows on the screen that it is open. Requests are
JSON lines on a Unix socket; they are answered by the loop's own thread.
"""

import json
import queue
import socket
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple


class Request(NamedTuple):
    """One line from a rehearsal, and where its answer goes."""

    order: dict[str, Any]
    answer: queue.SimpleQueue[dict[str, Any]]


class RehearsalDoor:
    """Listens beside the loop and hands it the requests."""

    def __init__(self, path: Path, ring: Callable[[], None]) -> None:
        self._path = path
        self._ring = ring
        self._requests: queue.SimpleQueue[Request] = queue.SimpleQueue()
        path.unlink(missing_ok=True)
        self._door = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self._door.bind(str(path))
        path.chmod(0o600)
        self._door.listen(4)
        threading.Thread(target=self._accept, name="rehearsal", daemon=True).start()

    def close(self) -> None:
        """Take no more requests."""
        self._door.close()
        self._path.unlink(missing_ok=True)

    def requests(self) -> list[Request]:
        """Return what has been asked since the last call."""
        waiting: list[Request] = []
        while not self._requests.empty():
            waiting.append(self._requests.get())
        return waiting

    def _accept(self) -> None:
        while True:
            try:
                caller, _ = self._door.accept()
            except OSError:
                return
            threading.Thread(target=self._serve, args=(caller,), daemon=True).start()

    def _serve(self, caller: socket.socket) -> None:
        with caller, caller.makefile("rwb") as lines:
            for line in lines:
                request = Request(json.loads(line), queue.SimpleQueue())
                self._requests.put(request)
                self._ring()
                lines.write(json.dumps(request.answer.get()).encode() + b"\n")
                lines.flush()
