"""A picture of the screen for a support case, and never one of a citizen's visit.

The kiosk answers on a socket that only its own user can open. While a visit is open, from
the invitation to the end of the thank-you, it refuses: a picture would show a level, a
number being typed or a receipt code. So it does while a page for staff is: a key of the PIN may
be shown pressed.
"""

import json
import socket
import threading
from contextlib import suppress
from pathlib import Path

import pygame

from device.core.errors import DeviceError

_PATIENCE_S = 10.0
_AT_ONCE = 2
REFUSED = "somebody is at the screen; ask again when they have left it"


class NoPicture(DeviceError):
    """The kiosk gave no picture of its screen."""


class SupportDoor:
    """Listens for callers who want a picture; nothing here ever waits."""

    def __init__(self, path: Path) -> None:
        self._path = path
        path.unlink(missing_ok=True)
        self._door = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM | socket.SOCK_NONBLOCK)
        self._door.bind(str(path))
        path.chmod(0o600)
        self._door.listen(2)

    def fileno(self) -> int:
        """Return the descriptor that callers make ready."""
        return self._door.fileno()

    def callers(self) -> list[socket.socket]:
        """Let in whoever waits."""
        waiting: list[socket.socket] = []
        with suppress(OSError):  # nobody waits (any more), or there are no descriptors left
            while len(waiting) < _AT_ONCE:
                waiting.append(self._door.accept()[0])
        return waiting

    def close(self) -> None:
        """Take no more callers."""
        self._door.close()
        self._path.unlink(missing_ok=True)


def answer_support(caller: socket.socket, display: pygame.Surface | None) -> None:
    """Send what ``display`` shows now, or that it is refused; beside the loop, as callers
    may be slow."""
    if display is None:
        head, pixels = {"ok": False, "problem": REFUSED}, b""
    else:
        head = {"ok": True, "size": display.get_size()}
        pixels = pygame.image.tobytes(display, "RGB")

    def send() -> None:
        with caller, suppress(OSError):
            caller.settimeout(_PATIENCE_S)
            caller.sendall(json.dumps(head).encode() + b"\n" + pixels)

    threading.Thread(target=send, name="support", daemon=True).start()


def take_picture(door: Path, picture: Path) -> None:
    """Have the kiosk behind ``door`` send its screen, and write it as a PNG file.

    Raises `NoPicture`.
    """
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as line:
        line.settimeout(_PATIENCE_S)
        try:
            line.connect(str(door))
            with line.makefile("rb") as answer:
                head = json.loads(answer.readline() or b"{}")
                if not head.get("ok"):
                    raise NoPicture(head.get("problem", "the kiosk hung up"))
                width, height = head["size"]
                pixels = answer.read(width * height * 3)
        except FileNotFoundError as error:
            raise NoPicture("no kiosk is running on this data folder") from error
        except (OSError, ValueError) as error:
            raise NoPicture(f"the kiosk does not answer: {error}") from error
    if len(pixels) != width * height * 3:
        raise NoPicture("the kiosk ended before the picture was complete")
    pygame.image.save(pygame.image.frombytes(pixels, (width, height), "RGB"), picture)
