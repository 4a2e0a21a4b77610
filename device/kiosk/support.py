"""What support may ask of a running kiosk: a picture of its screen, or the check screen.

The kiosk answers on a socket that only its own user and root can open. While a visit is open,
from the invitation to the end of the thank-you, it refuses both: a picture would show a level,
a number being typed or a receipt code, and a citizen is not to be interrupted. So it does while
a page for staff is: a key of the PIN may be shown pressed.
"""

import json
import queue
import socket
import threading
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any, NamedTuple

import pygame

from device.core.errors import DeviceError

_PATIENCE_S = 10.0
_AT_ONCE = 2
_LONGEST = 200
"""Bytes of a request."""
REFUSED = "somebody is at the screen; ask again when they have left it"
MINUTES = range(1, 61)
"""How long the check screen can be asked for."""


class NoPicture(DeviceError):
    """The kiosk gave no picture of its screen."""


class NoCheck(DeviceError):
    """The kiosk did not show its check screen, or did not end it."""


class Request(NamedTuple):
    """What a caller wants, and the line on which they wait."""

    caller: socket.socket
    order: dict[str, Any]


class SupportDoor:
    """Listens for callers; what they say is read beside the loop, since they may be slow.

    ``ring`` wakes the loop when one has said what they want.
    """

    def __init__(self, path: Path, ring: Callable[[], None] = lambda: None) -> None:
        self._path = path
        self._ring = ring
        self._requests: queue.SimpleQueue[Request] = queue.SimpleQueue()
        path.unlink(missing_ok=True)
        self._door = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM | socket.SOCK_NONBLOCK)
        self._door.bind(str(path))
        path.chmod(0o600)
        self._door.listen(2)

    def fileno(self) -> int:
        """Return the descriptor that callers make ready."""
        return self._door.fileno()

    def requests(self) -> list[Request]:
        """Let in whoever waits; return what has been asked for since the last call."""
        with suppress(OSError):  # nobody waits (any more), or there are no descriptors left
            for _ in range(_AT_ONCE):
                caller = self._door.accept()[0]
                threading.Thread(
                    target=self._listen, args=(caller,), name="support", daemon=True
                ).start()
        asked: list[Request] = []
        while not self._requests.empty():
            asked.append(self._requests.get())
        return asked

    def close(self) -> None:
        """Take no more callers."""
        self._door.close()
        self._path.unlink(missing_ok=True)

    def _listen(self, caller: socket.socket) -> None:
        try:
            caller.settimeout(_PATIENCE_S)
            with caller.makefile("rb") as lines:
                order = json.loads(lines.readline(_LONGEST) or b"null")
        except (OSError, ValueError):
            order = None
        if not isinstance(order, dict):
            caller.close()  # they hung up, or speak another language
            return
        self._requests.put(Request(caller, order))
        self._ring()


def answer(request: Request, head: dict[str, Any], rest: bytes = b"") -> None:
    """Send the caller ``head`` as a line, and ``rest``; beside the loop."""

    def send() -> None:
        with request.caller, suppress(OSError):
            request.caller.settimeout(_PATIENCE_S)
            request.caller.sendall(json.dumps(head).encode() + b"\n" + rest)

    threading.Thread(target=send, name="support", daemon=True).start()


def answer_picture(request: Request, display: pygame.Surface | None) -> None:
    """Send what ``display`` shows now, or that it is refused."""
    if display is None:
        answer(request, {"ok": False, "problem": REFUSED})
    else:
        head = {"ok": True, "size": display.get_size()}
        answer(request, head, pygame.image.tobytes(display, "RGB"))


# --- the caller's side ------------------------------------------------------------------------


def take_picture(door: Path, picture: Path) -> None:
    """Have the kiosk behind ``door`` send its screen, and write it as a PNG file.

    Raises `NoPicture`.
    """
    head, pixels = _ask(door, {"do": "picture"}, NoPicture)
    try:
        width, height = map(int, head["size"])
        if len(pixels) != width * height * 3:
            raise NoPicture("the kiosk ended before the picture was complete")
    except (KeyError, TypeError, ValueError) as error:
        raise NoPicture(f"the kiosk does not answer: {error}") from error
    pygame.image.save(pygame.image.frombytes(pixels, (width, height), "RGB"), picture)


def ask_for_check(door: Path, on: bool, minutes: int = 10) -> None:
    """Have the kiosk behind ``door`` show its check screen for ``minutes``, or end it.

    Ending one that is not shown is no mistake. Raises `NoCheck`: no kiosk runs, a citizen or
    staff are at the screen, or ``minutes`` is not from 1 to 60.
    """
    if on and minutes not in MINUTES:
        raise NoCheck(f"minutes are from {MINUTES[0]} to {MINUTES[-1]}, not {minutes}")
    _ask(door, {"do": "check", "on": on, "minutes": minutes}, NoCheck)


def _ask(door: Path, order: dict[str, Any], refused: type[DeviceError]) -> tuple[Any, bytes]:
    """Return the head of the kiosk's answer and what follows it. Raises ``refused``."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as line:
        line.settimeout(_PATIENCE_S)
        try:
            line.connect(str(door))
            line.sendall(json.dumps(order).encode() + b"\n")
            with line.makefile("rb") as said:
                head = json.loads(said.readline() or b"{}")
                rest = said.read() if head.get("ok") else b""
        except FileNotFoundError as error:
            raise refused("no kiosk is running on this data folder") from error
        except PermissionError as error:
            raise refused(f"{door}: only the kiosk's own user and root may ask") from error
        except (OSError, ValueError, AttributeError) as error:
            raise refused(f"the kiosk does not answer: {error}") from error
    if not head.get("ok"):
        raise refused(str(head.get("problem", "the kiosk hung up")))
    return head, rest
