"""The pins of buttons, lamps and buzzer as gpiozero sees them: which library drives them, and
whose thread the buttons' edges come from.

gpiozero picks a library by itself, falls back silently, and shares it through a global.
Here the choice is made once, in the open: `Pins.factory_name` is shown and logged, and mock
buttons exist only where they were asked for. What an edge means is decided in
`device.core.buttons`, what a lamp means in `device.kiosk.lamps`. Lamps that cannot be used
leave the buttons at work. gpiozero takes 60 ms to import, so that waits until buttons are opened.
"""

import os
from collections.abc import Callable, Mapping
from contextlib import ExitStack, suppress
from functools import partial
from importlib import import_module
from pathlib import Path
from typing import Any

from device.core.buttons import Extra, Key
from device.core.errors import IllegalEvent
from device.kiosk.header_chip import ButtonsUnavailable, find_header_chip, number_of
from device.kiosk.lamps import Lamps, LampsUnavailable
from device.store.profile import Buttons
from protocol.levels import Level

MOCK_PINS = (5, 6, 13, 19, 26)
"""Stand in for the configured pins when the buttons are mock and none are configured."""
BEST_FIRST = tuple(sorted(Level, reverse=True))
HEADER_PINS = range(28)


class Pins:
    """The opened buttons and lamps. ``edge(key, pressed)`` is called from the library's thread."""

    def __init__(
        self,
        factory_name: str,
        factory: Any = None,
        wired: Mapping[Key, int] | None = None,
        edge: Callable[[Key, bool], None] = lambda key, pressed: None,
        lamps: Mapping[Level, int] | None = None,
        buzzer: int | None = None,
        passed_over: str = "",
    ) -> None:
        self.factory_name = factory_name
        """lgpio, gpiod, mock, or none (no buttons are configured)."""
        self.passed_over = passed_over
        """Why the library that "auto" prefers is not the one in use; empty if it is."""
        self.undelivered = 0
        """Edges that ``edge`` failed to take."""
        self.held: frozenset[Key] = frozenset()
        """Buttons that were down already when they were opened."""
        self.lamps = Lamps()
        """Lamps and buzzer; none where the profile names none."""
        self.lamps_trouble = ""
        """Why lamps and buzzer are out of use although the profile names them; empty if not."""
        self._edge = edge
        self._buttons: dict[Key, Any] = {}
        with ExitStack() as opened:
            if factory is not None:
                opened.callback(factory.close)
                self._open(factory, wired or {}, opened)
                self._light(factory, lamps or {}, buzzer, opened)
            self._opened = opened.pop_all()

    def _open(self, factory: Any, wired: Mapping[Key, int], opened: ExitStack) -> None:
        from gpiozero import Button

        for key, pin in wired.items():
            button = Button(pin, pull_up=True, bounce_time=None, pin_factory=factory)
            opened.callback(_close, button)
            with suppress(AttributeError):
                # The thread behind `when_held` wakes ten times a second, for nothing here.
                button._hold_thread.stopping.set()
            button.when_pressed = partial(self._deliver, key, True)
            button.when_released = partial(self._deliver, key, False)
            self._buttons[key] = button
        self.held = frozenset(key for key in self._buttons if self._buttons[key].is_pressed)

    def _light(
        self, factory: Any, lamps: Mapping[Level, int], buzzer: int | None, opened: ExitStack
    ) -> None:
        try:
            self.lamps = Lamps(factory, lamps, buzzer)
        except LampsUnavailable as error:
            self.lamps_trouble = str(error)
        opened.callback(self.lamps.close)

    def _deliver(self, key: Key, pressed: bool) -> None:
        try:
            self._edge(key, pressed)
        except Exception:  # noqa: BLE001 - it would end the library's thread, and all the buttons
            self.undelivered += 1

    def close(self) -> None:
        """Give the pins back; no edge comes afterwards."""
        self._opened.close()
        self._buttons.clear()

    def mock_press(self, key: Key) -> None:
        """Press a mock button. Raises `IllegalEvent` if the buttons are real."""
        self._mock_pin(key).drive_low()

    def mock_release(self, key: Key) -> None:
        """Let go of a mock button. Raises `IllegalEvent` if the buttons are real."""
        self._mock_pin(key).drive_high()

    def _mock_pin(self, key: Key) -> Any:
        if self.factory_name != "mock" or key not in self._buttons:
            raise IllegalEvent("only opened mock buttons can be pressed by the program")
        return self._buttons[key].pin


def _close(button: Any) -> None:
    # gpiozero takes a button apart before it stops listening, so stop that first.
    if button.pin is not None:
        button.pin.when_changed = None
    button.close()


def lgpio_factory(work_dir: Path) -> Any:
    """Return gpiozero's lgpio factory on the header's chip; needs Raspberry Pi OS's
    ``python3-lgpio``.

    On import lgpio makes a named pipe in the current directory (gpiozero#1106), or else in
    ``LG_WD``, which then becomes the process's current directory; that is put back.
    """
    work_dir.mkdir(parents=True, exist_ok=True)
    os.environ["LG_WD"] = str(work_dir.resolve())
    before = Path.cwd()
    try:
        lgpio = import_module("lgpio")
        from gpiozero.pins.lgpio import LGPIOFactory
    finally:
        os.chdir(before)

    def label_of(path: Path) -> str:
        handle = lgpio.gpiochip_open(number_of(path))
        try:
            return str(lgpio.gpio_get_chip_info(handle)[3])
        finally:
            lgpio.gpiochip_close(handle)

    return LGPIOFactory(chip=find_header_chip(label_of).number)


def gpiod_factory(work_dir: Path) -> Any:
    """Return our factory on libgpiod; it writes nothing to ``work_dir``."""
    from device.kiosk.libgpiod_factory import LibgpiodFactory

    return LibgpiodFactory()


LIBRARIES: Mapping[str, Callable[[Path], Any]] = {"lgpio": lgpio_factory, "gpiod": gpiod_factory}
"""What drives the pins, in the order in which "auto" tries them."""


def open_pins(
    buttons: Buttons,
    mock: bool,
    edge: Callable[[Key, bool], None],
    work_dir: Path,
    libraries: Mapping[str, Callable[[Path], Any]] = LIBRARIES,
) -> Pins:
    """Open the configured buttons and report their edges to ``edge``, which must not block.

    Lamps and buzzer are opened with them; what is wrong with those is in `Pins.lamps_trouble`.
    ``work_dir`` is a runtime folder for what a library must write. Without configured pins
    the result has none, unless they are ``mock``: then there is every button. Raises
    `ButtonsUnavailable`.
    """
    wired = wired_buttons(buttons)
    lamps = dict(zip(BEST_FIRST, buttons.leds, strict=False))
    if mock:
        from gpiozero.pins.mock import MockFactory, MockPin

        factory = MockFactory(revision="a02082", pin_class=MockPin)
        return Pins("mock", factory, with_stand_ins(buttons), edge, lamps, buttons.buzzer)
    if not used_pins(buttons):
        return Pins("none")
    names = tuple(libraries) if buttons.factory == "auto" else (buttons.factory,)
    failures: list[str] = []
    for name in names:
        try:
            factory = libraries[name](work_dir)
            passed_over = "; ".join(failures)
            return Pins(name, factory, wired, edge, lamps, buttons.buzzer, passed_over)
        except Exception as error:  # noqa: BLE001 - lgpio's own errors derive from Exception alone
            failures.append(f"{name}: {error}")
    raise ButtonsUnavailable(
        f"the pins {', '.join(map(str, used_pins(buttons)))} cannot be used:"
        f" {'; '.join(failures)}. Correct this, or set buttons.pins = [] for a device without"
        " buttons, or start with --mock-gpio to try it without a Raspberry Pi."
    )


def wired_buttons(buttons: Buttons) -> dict[Key, int]:
    """Return the pin of every button that the profile names, best level first."""
    wired: dict[Key, int] = dict(zip(BEST_FIRST, buttons.pins, strict=False))
    for key, pin in (
        (Extra.SKIP, buttons.skip),
        (Extra.NEXT, buttons.next),
        (Extra.CHECK, buttons.check),
    ):
        if pin is not None:
            wired[key] = pin
    return wired


def with_stand_ins(buttons: Buttons) -> dict[Key, int]:
    """Return a pin for every button there can be: where none is configured, one that is free."""
    wired = wired_buttons(buttons)
    taken = set(used_pins(buttons))
    free = (pin for pin in (*MOCK_PINS, *HEADER_PINS) if pin not in taken)
    for key in (*BEST_FIRST, *Extra):
        if key not in wired:
            wired[key] = next(free)
            taken.add(wired[key])
    return wired


def used_pins(buttons: Buttons) -> tuple[int, ...]:
    """Return every pin that the profile names."""
    outputs = (*buttons.leds, *(() if buttons.buzzer is None else (buttons.buzzer,)))
    return tuple(dict.fromkeys((*wired_buttons(buttons).values(), *outputs)))
