"""Touches, presses and photographs a kiosk that was started with ``--rehearse``."""

import json
import socket
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

HOLD_S = 0.05
"""How long a rehearsed finger rests: longer than the shortest touch that counts."""
PATIENCE_S = 15.0


class RehearsalError(Exception):
    """The kiosk did not come to show what the rehearsal expected."""


class Rehearsal:
    """One kiosk, from the outside."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def ask(self, **order: Any) -> dict[str, Any]:
        """Send one request and return the answer. Raises `RehearsalError`."""
        with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as line:
            line.settimeout(PATIENCE_S)
            line.connect(str(self._path))
            line.sendall(json.dumps(order).encode() + b"\n")
            answer: dict[str, Any] = json.loads(line.makefile("rb").readline() or b"{}")
        if not answer.get("ok"):
            raise RehearsalError(answer.get("problem", "the kiosk gave no answer"))
        return answer

    def look(self) -> dict[str, Any]:
        """Return what is on the screen, and where each target is."""
        return self.ask(do="look")

    def wait_for(self, what: str, seen: Callable[[dict[str, Any]], bool]) -> dict[str, Any]:
        """Wait until the screen is as ``seen`` wants it, settled; returns what it shows.

        Raises `RehearsalError` naming ``what`` was waited for and what was there instead.
        """
        until = time.monotonic() + PATIENCE_S
        shown: dict[str, Any] = {}
        while time.monotonic() < until:
            try:
                shown = self.look()
            except OSError:
                shown = {"screen": "none: no kiosk answers"}
            else:
                if shown["settled"] and seen(shown):
                    return shown
            time.sleep(0.03)
        raise RehearsalError(f"waited for {what}; the screen shows {shown}")

    def wait_for_screen(self, name: str, **values: Any) -> dict[str, Any]:
        """Wait for a screen by its view's name, with these values in the view."""

        def seen(shown: dict[str, Any]) -> bool:
            view = shown["view"] | {"language": shown["language"]}
            return shown["screen"] == name and all(view.get(k) == v for k, v in values.items())

        return self.wait_for(f"{name} {values or ''}", seen)

    def place(self, name: str, value: int | str | None = None) -> tuple[int, int]:
        """Return where on the display a target lies. Raises `RehearsalError`."""
        for target, its_value, x, y in self.look()["targets"]:
            if (target, its_value) == (name, value):
                return round(x), round(y)
        raise RehearsalError(f"there is nothing to touch for {name} {value or ''}")

    def touch(self, name: str, value: int | str | None = None) -> None:
        """Touch a target as a finger would: down, a moment, up."""
        x, y = self.place(name, value)
        self.ask(do="touch", x=x, y=y, down=True)
        time.sleep(HOLD_S)
        self.ask(do="touch", x=x, y=y, down=False)

    def finger(self, name: str, value: int | str | None = None) -> None:
        """Touch a target with SDL's finger events, as a touch panel under KMS gives them."""
        x, y = self.place(name, value)
        self.ask(do="finger", x=x, y=y, down=True)
        time.sleep(HOLD_S)
        self.ask(do="finger", x=x, y=y, down=False)

    def press(self, button: int | str, hold_s: float = HOLD_S) -> None:
        """Press one of the mock buttons (a level, or ``skip`` or ``next``) and let it come to
        rest: as long as it might bounce, another button would be one of a palm's."""
        which: dict[str, int | str] = {"level" if isinstance(button, int) else "key": button}
        self.ask(do="press", **which, down=True)
        time.sleep(hold_s)
        self.ask(do="press", **which, down=False)
        time.sleep(HOLD_S)

    def picture(self, path: Path) -> None:
        """Write a PNG of what the display shows."""
        self.ask(do="picture", path=str(path.absolute()))
