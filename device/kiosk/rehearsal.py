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

import pygame

from device.core.buttons import Extra
from device.core.errors import DeviceError
from device.kiosk.actions import Action
from device.kiosk.canvas import Canvas
from device.kiosk.pins import Pins
from device.kiosk.views import CallbackView, View
from protocol.levels import Level


class Request(NamedTuple):
    """One line from a rehearsal, and where its answer goes."""

    order: dict[str, Any]
    answer: queue.SimpleQueue[dict[str, Any]]


class Shown(NamedTuple):
    """What is on the screen now, for whoever cannot see it."""

    view: View
    visit: str | None
    state: str
    settled: bool
    """A page has stood long enough for input to count."""
    focus: Action | None
    """What a key would press."""
    targets: tuple[tuple[Action, tuple[float, float]], ...]
    """What can be touched, and where its middle lies on the display."""


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
            except OSError:  # the door was closed
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


def perform(
    order: dict[str, Any], shown: Shown, canvas: Canvas, pins: Pins | None
) -> dict[str, Any]:
    """Do what a rehearsal asks, through SDL's own event queue; returns the answer."""
    try:
        return _perform(order, shown, canvas, pins)
    except (DeviceError, pygame.error, ValueError, OSError) as error:
        return {"ok": False, "problem": str(error)}


def _perform(
    order: dict[str, Any], shown: Shown, canvas: Canvas, pins: Pins | None
) -> dict[str, Any]:
    match order:
        case {"do": "look"}:
            return {"ok": True} | _described(shown)
        case {"do": "touch", "x": int(x), "y": int(y), "down": bool(down)}:
            kind = pygame.MOUSEBUTTONDOWN if down else pygame.MOUSEBUTTONUP
            pygame.event.post(pygame.event.Event(kind, pos=(x, y), button=1, touch=False))
        case {"do": "finger", "x": int(x), "y": int(y), "down": bool(down)}:
            _post_finger(pygame.FINGERDOWN if down else pygame.FINGERUP, x, y, canvas)
        case {"do": "spike", "x": int(x), "y": int(y)}:  # shorter than two requests would take
            _post_finger(pygame.FINGERDOWN, x, y, canvas)
            _post_finger(pygame.FINGERUP, x, y, canvas)
        case {"do": "press", "level": int(level), "down": bool(down)} if pins is not None:
            press = pins.mock_press if down else pins.mock_release
            press(Level(level))
        case {"do": "press", "key": str(key), "down": bool(down)} if pins is not None:
            press = pins.mock_press if down else pins.mock_release
            press(Extra(key))
        case {"do": "picture", "path": str(path)}:
            pygame.image.save(canvas.display, path)
        case _:
            return {"ok": False, "problem": f"not a rehearsal's request: {order}"}
    return {"ok": True}


def _post_finger(kind: int, x: int, y: int, canvas: Canvas) -> None:
    width, height = canvas.display_size
    place = {"x": x / width, "y": y / height, "finger_id": 0, "touch_id": 0}
    pygame.event.post(pygame.event.Event(kind, place))


def _described(shown: Shown) -> dict[str, Any]:
    view = shown.view._asdict()
    if isinstance(shown.view, CallbackView):  # whoever rehearses need not know which digits
        view["digits"] = sum(character.isdigit() for character in shown.view.digits)
    if view.get("qr") is not None:  # how large the code is; 0 before it is there
        view["qr"] = len(view["qr"])
    return {
        "screen": type(shown.view).__name__,
        "view": {name: v for name, v in view.items() if isinstance(v, str | int | None)},
        "language": shown.view.chrome.language,
        "appearance": shown.view.chrome.appearance,
        "touch_out": shown.view.chrome.touch_out,
        "focus": None if shown.focus is None else [*shown.focus],
        "visit": shown.visit,
        "state": shown.state,
        "settled": shown.settled,
        "targets": [[*action, *place] for action, place in shown.targets],
    }
