"""Who acts in a journey, and how a journey waits."""

import os
import subprocess
import time
from collections.abc import Callable
from typing import Any

import pytest

from demo.stage import Stage


class Mouse:
    """Taps places on the virtual screen with xdotool, as X sees a real mouse."""

    def __init__(self, stage: Stage, display: str) -> None:
        self._stage = stage
        self._environment = {**os.environ, "DISPLAY": display}

    def tap(self, name: str, value: int | str | None = None) -> None:
        """Press and release the button over a target."""
        x, y = self._stage.rehearsal.place(name, value)
        self._do("mousemove", str(x), str(y))
        self._do("mousedown", "1")
        time.sleep(0.05)
        self._do("mouseup", "1")

    def type(self, key: str) -> None:
        """Press a key of the keyboard."""
        self._do("key", key)

    def type_quickly(self, text: str) -> None:
        """Type as a reader does, and Enter; no person is that quick."""
        self._do("key", "--delay", "5", *text, "Return")

    def _do(self, *words: str) -> None:
        subprocess.run(["xdotool", *words], env=self._environment, check=True)


class Citizen:
    """Someone at the counter, who keeps the receipt codes they were shown."""

    def __init__(self, stage: Stage, mouse: Mouse) -> None:
        self.screen = stage.rehearsal
        self.mouse = mouse
        self.codes: list[str] = []

    def rates(self, subject: str, level: int, *tags: int) -> None:
        """Tap a level for ``subject``, pick reasons, submit."""
        self.screen.wait_for_screen("RatingView", subject=subject, chosen=None)
        self.mouse.tap("level", level)
        self.screen.wait_for_screen("ReasonsView", level=level)
        for tag in tags:
            self.mouse.tap("tag", tag)
        self.mouse.tap("submit" if tags else "skip")

    def reads_the_thanks(self) -> str:
        """Wait for the thank-you, keep its code, and leave."""
        code: str = self.screen.wait_for_screen("ThanksView")["view"]["code"]
        self.codes.append(code)
        self.mouse.tap("done")
        self.screen.wait_for_screen("IdleView")
        return code

    def rates_the_staff(self, level: int) -> str:
        """Begin on their own, rate, read the thanks; returns the receipt code."""
        self.screen.wait_for_screen("IdleView")
        self.mouse.tap("rate")
        self.rates("staff", level)
        return self.reads_the_thanks()


class Colleague:
    """A staff member at the device's own screen."""

    def __init__(self, stage: Stage, mouse: Mouse, number: str, pin: str) -> None:
        self.screen = stage.rehearsal
        self.mouse = mouse
        self.number = number
        self.pin = pin

    def presses(self, name: str, value: int | str | None = None) -> None:
        """Press a key of the page that is shown."""
        self.screen.wait_for(name, lambda shown: [name, value] in targets(shown))
        self.mouse.tap(name, value)

    def types_number_and_pin(self, pin: str) -> None:
        """Fill in both fields of the log-in and confirm."""
        self.screen.wait_for_screen("LoginView", checking=False)
        self.presses("field", "staff")
        self.presses("clear")
        for digit in self.number:
            self.presses("digit", int(digit))
        self.presses("field", "pin")
        for digit in pin:
            self.presses("digit", int(digit))
        self.presses("login")

    def logs_in(self) -> None:
        """Open the staff's page and prove who they are."""
        self.presses("staff")
        self.types_number_and_pin(self.pin)

    def chooses(self, code: str) -> None:
        """Choose a matter in the menu, through the search if it is not on the short list."""
        shown = self.screen.wait_for_screen("MenuView")
        if ["matter", code] not in targets(shown):
            self.presses("other")
            self.presses("pick", code)
        else:
            self.presses("matter", code)
        self.screen.wait_for_screen("MenuView", chosen=code)

    def shows_badge(self, content: str) -> None:
        """Hold the badge to the reader, which types."""
        self.mouse.type_quickly(content)

    def logs_in_by_badge(self, content: str) -> None:
        """Show the badge; as anybody would, once more if nothing comes of it.

        On a busy machine a reader's keys may come as slowly as a person's, who is no badge.
        """

        def is_in() -> bool:
            self.shows_badge(content)
            until = time.monotonic() + 8.0
            while self.screen.look()["screen"] != "MenuView" and time.monotonic() < until:
                time.sleep(0.1)
            return bool(self.screen.look()["screen"] == "MenuView")

        eventually("the menu", is_in, 40.0)


def targets(shown: dict[str, Any]) -> list[list[Any]]:
    """Return what can be pressed on a screen, as [action, value]."""
    return [target[:2] for target in shown["targets"]]


def eventually(what: str, holds: Callable[[], bool], patience_s: float = 30.0) -> None:
    """Wait until ``holds()``; fail naming ``what``."""
    until = time.monotonic() + patience_s
    while not holds():
        if time.monotonic() > until:
            pytest.fail(f"waited {patience_s:.0f} s in vain for: {what}")
        time.sleep(0.1)


def codes_at_central(stage: Stage) -> list[str]:
    """Return the receipt code of every rating that central holds."""
    codes = stage.receipts()
    return [codes[rating["visit"]] for rating in stage.ratings()]
