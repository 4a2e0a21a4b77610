"""gpiozero pins on libgpiod v2, for buttons and for what is switched on and off.

gpiozero's preferred library, lgpio, has no wheel for Python 3.13 and is missing in a venv
(gpiozero#840); the kernel's own library has wheels for all. Only what a gpiozero `Button` and
`DigitalOutputDevice` need is here.

Importing this module imports gpiozero: do it after the first frame.
"""

import os
import select
from collections.abc import Callable
from pathlib import Path
from threading import Thread, current_thread
from time import monotonic
from typing import Any

import gpiod
from gpiod.line import Bias, Clock, Direction, Edge, Value
from gpiozero.exc import (
    PinEdgeDetectUnsupported,
    PinFixedPull,
    PinInvalidFunction,
    PinInvalidPull,
    PinSetInput,
)
from gpiozero.pins.pi import PiFactory, PiPin

from device.kiosk.header_chip import find_header_chip

REVISIONS = {
    "pinctrl-bcm2835": 0xA02082,
    "pinctrl-bcm2711": 0xC03114,
    "pinctrl-rp1": 0xC04170,
}
"""A board (Pi 3B, 4B, 5B) for each header chip: gpiozero takes the pins' names from it, and
they are the same on every 40-pin header."""
CONSUMER = "haochaping"
"""Who holds the lines, as ``gpioinfo`` shows it."""
QUEUED_EDGES = 64
"""Edges of one line that the kernel keeps while this process is busy; a worn contact makes
some ten in a press."""

BIASES = {"up": Bias.PULL_UP, "down": Bias.PULL_DOWN, "floating": Bias.DISABLED}


class LibgpiodFactory(PiFactory):  # type: ignore[misc]  # gpiozero is untyped
    """Makes the header's pins out of libgpiod lines; close it to give them back."""

    def __init__(
        self, open_chip: Callable[[str], Any] = gpiod.Chip, dev: Path = Path("/dev")
    ) -> None:
        super().__init__()

        def label_of(path: Path) -> str:
            with open_chip(str(path)) as chip:
                return str(chip.get_info().label)

        self.header = find_header_chip(label_of, dev)
        self.chip = open_chip(str(self.header.path))
        self.pin_class = LibgpiodPin

    def close(self) -> None:
        """Give every line back to the kernel."""
        super().close()
        self.chip.close()

    def ticks(self) -> float:
        """Return seconds of the clock that also stamps the kernel's edges."""
        return monotonic()

    def ticks_diff(self, later: float, earlier: float) -> float:
        """Return seconds between two ticks."""
        return later - earlier

    def _get_revision(self) -> int:
        return REVISIONS[self.header.label]


class LibgpiodPin(PiPin):  # type: ignore[misc]  # gpiozero is untyped
    """A line: an input, requested when it is first read or watched, or an output."""

    def __init__(self, factory: LibgpiodFactory, info: Any) -> None:
        super().__init__(factory, info)
        self._pull: str = info.pull or "floating"
        self._output = False
        self._request: Any = None
        self._watch: EdgeWatch | None = None

    def close(self) -> None:
        """Stop watching and give the line back."""
        self.when_changed = None
        self._give_back()
        self._output = False

    def output_with_state(self, state: bool) -> None:
        """Make the line an output that has this level from its first moment on."""
        self._give_back()
        settings = gpiod.LineSettings(direction=Direction.OUTPUT, output_value=_value(state))
        self._request = self._factory.chip.request_lines(
            {self._number: settings}, consumer=CONSUMER
        )
        self._output = True

    def _requested(self) -> Any:
        if self._request is None:
            settings = gpiod.LineSettings(
                direction=Direction.INPUT,
                edge_detection=Edge.BOTH,
                bias=BIASES[self._pull],
                event_clock=Clock.MONOTONIC,
            )
            self._request = self._factory.chip.request_lines(
                {self._number: settings}, consumer=CONSUMER, event_buffer_size=QUEUED_EDGES
            )
        return self._request

    def _give_back(self) -> None:
        if self._request is not None:
            self._request.release()
            self._request = None

    def _get_function(self) -> str:
        return "output" if self._output else "input"

    def _set_function(self, value: str) -> None:
        if value == "output":
            self.output_with_state(False)
        elif value == "input":
            self._give_back()
            self._output = False
        else:
            raise PinInvalidFunction(f"{self!r} can be an input or an output with this factory")

    def _get_pull(self) -> str:
        return self._pull

    def _set_pull(self, value: str) -> None:
        if self._output:
            raise PinFixedPull(f"{self!r} is an output and has no pull")
        if value not in BIASES:
            raise PinInvalidPull(f'invalid pull "{value}" for pin {self!r}')
        if self._watch is not None:
            raise PinInvalidPull(f"the pull of {self!r} cannot change while it is watched")
        self._give_back()
        self._pull = value

    def _get_state(self) -> bool:
        return bool(self._requested().get_value(self._number))

    def _set_state(self, value: bool) -> None:
        if not self._output:
            raise PinSetInput(f"{self!r} is an input and has no level to set")
        self._request.set_value(self._number, _value(value))

    def _get_edges(self) -> str:
        return "both"

    def _set_edges(self, value: str) -> None:
        if value != "both":
            raise PinEdgeDetectUnsupported(f"{self!r} always reports both edges")

    def _enable_event_detect(self) -> None:
        self._watch = EdgeWatch(self._requested(), self._call_when_changed)

    def _disable_event_detect(self) -> None:
        if self._watch is not None:
            self._watch.stop()
            self._watch = None
        self._give_back()

    def _call_when_changed(self, ticks: float, state: bool) -> None:
        # gpiozero's version stops the watch when the device is gone, which would wait here
        # for the very thread that calls it.
        reference = self._when_changed
        method = reference() if reference is not None else None
        if method is not None:
            method(ticks, state)


def _value(state: bool) -> Value:
    return Value.ACTIVE if state else Value.INACTIVE


class EdgeWatch:
    """A thread that sleeps until the kernel has edges of a line, or until `stop`."""

    def __init__(self, request: Any, report: Callable[[float, bool], None]) -> None:
        self._request = request
        self._report = report
        self._stopping = False
        self._wake = os.eventfd(0, os.EFD_CLOEXEC)
        self._thread = Thread(target=self._run, name="button edges", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """End the thread; it may be called from within a report."""
        self._stopping = True
        os.eventfd_write(self._wake, 1)
        if self._thread is not current_thread():
            self._thread.join()
        os.close(self._wake)

    def _run(self) -> None:
        ready = select.poll()
        ready.register(self._request.fd, select.POLLIN)
        ready.register(self._wake, select.POLLIN)
        while not self._stopping:
            if any(fd == self._wake for fd, _ in ready.poll()):
                return
            for event in self._request.read_edge_events():
                rising = event.event_type is gpiod.EdgeEvent.Type.RISING_EDGE
                self._report(event.timestamp_ns / 1e9, rising)
