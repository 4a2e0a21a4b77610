"""Our pin factory and gpiozero's own devices on a chip that stands where the kernel stands."""

import os
import threading
from collections.abc import Iterator
from pathlib import Path
from queue import Queue
from types import SimpleNamespace
from typing import Any

import pytest
from gpiod import EdgeEvent, LineSettings
from gpiod.line import Bias, Clock, Direction, Edge, Value
from gpiozero import Button, DigitalOutputDevice
from gpiozero.exc import (
    GPIOPinInUse,
    PinEdgeDetectUnsupported,
    PinFixedPull,
    PinInvalidFunction,
    PinSetInput,
)

from device.kiosk.header_chip import ButtonsUnavailable, find_header_chip
from device.kiosk.libgpiod_factory import CONSUMER, LibgpiodFactory

SOON_S = 5.0
"""Longer than any thread takes to be told; nothing waits for it unless a test fails."""


class FakeLine:
    """A requested line: its edges really come through a file descriptor."""

    def __init__(self, chip: "FakeChip", offset: int, settings: LineSettings) -> None:
        self.chip, self.offset, self.settings = chip, offset, settings
        self.high = settings.bias is Bias.PULL_UP or settings.output_value is Value.ACTIVE
        self.fd, self._kernel = os.pipe()
        self._edges: list[EdgeEvent] = []

    def move(self, *, high: bool, seconds: float = 1.0) -> None:
        self.high = high
        kind = EdgeEvent.Type.RISING_EDGE if high else EdgeEvent.Type.FALLING_EDGE
        self._edges.append(EdgeEvent(kind.value, int(seconds * 1e9), self.offset, 1, 1))
        os.write(self._kernel, b"!")

    def read_edge_events(self) -> list[EdgeEvent]:
        count = len(os.read(self.fd, 64))
        taken, self._edges = self._edges[:count], self._edges[count:]
        return taken

    def get_value(self, offset: int) -> Value:
        assert offset == self.offset
        return Value.ACTIVE if self.high else Value.INACTIVE

    def set_value(self, offset: int, value: Value) -> None:
        assert (offset, self.settings.direction) == (self.offset, Direction.OUTPUT)
        self.high = value is Value.ACTIVE

    def release(self) -> None:
        os.close(self.fd)
        os.close(self._kernel)
        del self.chip.lines[self.offset]


class FakeChip:
    """What `gpiod.Chip` opens, down to the lines and no further."""

    def __init__(self, label: str) -> None:
        self.label = label
        self.lines: dict[int, FakeLine] = {}
        self.consumers: set[str] = set()
        self.busy: set[int] = set()
        self.open = 0

    def __enter__(self) -> "FakeChip":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def get_info(self) -> SimpleNamespace:
        return SimpleNamespace(label=self.label)

    def request_lines(
        self, config: dict[int, LineSettings], consumer: str, event_buffer_size: int = 0
    ) -> FakeLine:
        ((offset, settings),) = config.items()
        if offset in self.busy or offset in self.lines:
            raise OSError(16, "Device or resource busy")
        self.consumers.add(consumer)
        self.lines[offset] = FakeLine(self, offset, settings)
        return self.lines[offset]

    def close(self) -> None:
        self.open -= 1


class Bench:
    """A folder that stands for /dev, and the chips in it by the names of their files."""

    def __init__(self, dev: Path, **labels: str) -> None:
        self.dev = dev
        self.chips = {name: FakeChip(label) for name, label in labels.items()}
        for name in self.chips:
            (dev / name).touch()

    def open_chip(self, path: str) -> FakeChip:
        chip = self.chips[Path(path).name]
        chip.open += 1
        return chip

    def factory(self) -> Any:
        return LibgpiodFactory(self.open_chip, self.dev)


@pytest.fixture
def bench(tmp_path: Path) -> Bench:
    return Bench(tmp_path, gpiochip0="pinctrl-bcm2711", gpiochip1="raspberrypi-exp-gpio")


@pytest.fixture
def chip(bench: Bench) -> FakeChip:
    return bench.chips["gpiochip0"]


@pytest.fixture
def factory(bench: Bench) -> Iterator[Any]:
    factory = bench.factory()
    yield factory
    factory.close()


def watched(factory: Any, pin: int) -> tuple[Any, "Queue[str]"]:
    button, heard = Button(pin, pin_factory=factory), Queue[str]()
    button.when_pressed = lambda: heard.put("pressed")
    button.when_released = lambda: heard.put("released")
    return button, heard


# --- finding the header -----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("labels", "number"),
    [
        ({"gpiochip0": "pinctrl-bcm2835"}, 0),
        ({"gpiochip0": "pinctrl-bcm2711", "gpiochip1": "raspberrypi-exp-gpio"}, 0),
        ({"gpiochip0": "gpio-brcmstb@107d508500", "gpiochip4": "pinctrl-rp1"}, 4),
        ({"gpiochip0": "pinctrl-rp1", "gpiochip10": "gpio-brcmstb@107d508500"}, 0),
    ],
    ids=["Pi 3", "Pi 4", "Pi 5 before its kernel's change", "Pi 5 since"],
)
def test_the_header_is_found_by_its_label(
    tmp_path: Path, labels: dict[str, str], number: int
) -> None:
    factory = Bench(tmp_path, **labels).factory()
    assert factory.header.number == number
    assert factory.pin(26).info.name == "GPIO26"
    factory.close()


def test_the_link_that_an_old_number_became_is_not_a_second_chip(tmp_path: Path) -> None:
    bench = Bench(tmp_path, gpiochip0="pinctrl-rp2")
    (tmp_path / "gpiochip4").symlink_to("gpiochip0")
    with pytest.raises(ButtonsUnavailable) as refusal:
        bench.factory()
    assert str(refusal.value).count("pinctrl-rp2") == 1


def test_a_machine_without_gpio_is_told_so(tmp_path: Path) -> None:
    with pytest.raises(ButtonsUnavailable, match=r"no GPIO chip .* need a Raspberry Pi"):
        Bench(tmp_path).factory()


def test_another_board_is_told_what_was_found_and_what_is_needed(tmp_path: Path) -> None:
    with pytest.raises(ButtonsUnavailable, match=r"gpiochip0 is INT34C5:00; one of pinctrl-"):
        Bench(tmp_path, gpiochip0="INT34C5:00").factory()


def test_a_user_outside_the_group_is_told_which_group(tmp_path: Path) -> None:
    (tmp_path / "gpiochip0").touch()

    def refused(path: Path) -> str:
        raise PermissionError(13, "Permission denied", str(path))

    with pytest.raises(ButtonsUnavailable, match=r"gpiochip0 may not be opened: .* group gpio"):
        find_header_chip(refused, tmp_path)


# --- a button on a line -----------------------------------------------------------------------


def test_a_button_asks_the_kernel_for_a_pulled_up_input(factory: Any, chip: FakeChip) -> None:
    Button(5, pin_factory=factory).close()
    button = Button(5, pin_factory=factory)
    settings = chip.lines[5].settings
    assert settings.direction is Direction.INPUT
    assert settings.bias is Bias.PULL_UP
    assert settings.edge_detection is Edge.BOTH
    assert settings.event_clock is Clock.MONOTONIC
    assert chip.consumers == {CONSUMER}
    assert not button.is_pressed


def test_a_press_and_its_release_arrive_in_order(factory: Any, chip: FakeChip) -> None:
    button, heard = watched(factory, 5)
    chip.lines[5].move(high=False)
    assert heard.get(timeout=SOON_S) == "pressed"
    assert button.is_pressed
    chip.lines[5].move(high=True)
    assert heard.get(timeout=SOON_S) == "released"
    assert not button.is_pressed


def test_edges_that_came_while_nobody_looked_all_arrive(factory: Any, chip: FakeChip) -> None:
    button, heard = watched(factory, 5)
    for _ in range(10):
        chip.lines[5].move(high=False)
        chip.lines[5].move(high=True)
    got = [heard.get(timeout=SOON_S) for _ in range(20)]
    assert got == ["pressed", "released"] * 10
    button.close()


def test_each_button_hears_its_own_line_only(factory: Any, chip: FakeChip) -> None:
    one, heard_one = watched(factory, 5)
    two, heard_two = watched(factory, 6)
    chip.lines[6].move(high=False)
    assert heard_two.get(timeout=SOON_S) == "pressed"
    assert heard_one.empty()
    assert (one.is_pressed, two.is_pressed) == (False, True)


def test_an_edge_carries_the_kernels_time(factory: Any, chip: FakeChip) -> None:
    pin, heard = factory.pin(5), Queue[tuple[float, bool]]()

    def changed(ticks: float, state: bool) -> None:
        heard.put((ticks, state))

    pin.when_changed = changed
    chip.lines[5].move(high=True, seconds=1234.5)
    assert heard.get(timeout=SOON_S) == (1234.5, True)


def test_a_button_held_at_the_start_is_seen(factory: Any, chip: FakeChip) -> None:
    pin = factory.pin(5)
    pin.pull = "up"
    assert pin.state
    chip.lines[5].high = False
    assert not pin.state


# --- a lamp on a line -------------------------------------------------------------------------


def test_a_lamp_is_an_output_that_is_dark_from_its_first_moment(
    factory: Any, chip: FakeChip
) -> None:
    lamp = DigitalOutputDevice(5, pin_factory=factory)
    settings = chip.lines[5].settings
    assert (settings.direction, settings.output_value) == (Direction.OUTPUT, Value.INACTIVE)
    assert chip.consumers == {CONSUMER}
    lamp.close()


def test_a_lamp_goes_on_and_off(factory: Any, chip: FakeChip) -> None:
    lamp = DigitalOutputDevice(5, pin_factory=factory)
    seen = []
    for switch in (lamp.on, lamp.off, lamp.on):
        switch()
        seen.append((chip.lines[5].high, lamp.is_active))
    assert seen == [(True, True), (False, False), (True, True)]


def test_a_lamp_that_is_lit_at_first_is_never_dark(factory: Any, chip: FakeChip) -> None:
    lamp = DigitalOutputDevice(5, initial_value=True, pin_factory=factory)
    assert chip.lines[5].settings.output_value is Value.ACTIVE
    assert lamp.is_active


def test_a_closed_lamp_is_an_input_again(factory: Any, chip: FakeChip) -> None:
    DigitalOutputDevice(5, pin_factory=factory).close()
    assert not chip.lines
    button = Button(5, pin_factory=factory)
    assert chip.lines[5].settings.direction is Direction.INPUT
    button.close()


def test_an_output_has_no_pull_and_an_input_no_level_to_set(factory: Any) -> None:
    lamp, button = factory.pin(5), factory.pin(6)
    lamp.function = "output"
    assert (lamp.function, button.function) == ("output", "input")
    with pytest.raises(PinFixedPull):
        lamp.pull = "up"
    with pytest.raises(PinSetInput):
        button.state = True
    lamp.function = "input"
    lamp.pull = "up"
    assert lamp.state


def test_an_output_that_another_program_holds_is_refused(factory: Any, chip: FakeChip) -> None:
    chip.busy.add(6)
    with pytest.raises(OSError, match="busy"):
        DigitalOutputDevice(6, pin_factory=factory)


# --- giving back ------------------------------------------------------------------------------


def test_closing_a_button_gives_its_line_back_and_ends_its_thread(
    factory: Any, chip: FakeChip
) -> None:
    threads = threading.active_count()
    button, _ = watched(factory, 5)
    assert chip.lines
    button.close()
    assert not chip.lines
    assert threading.active_count() == threads


def test_a_line_that_is_no_longer_watched_keeps_no_edges(factory: Any, chip: FakeChip) -> None:
    pin, heard = factory.pin(5), Queue[bool]()

    def changed(ticks: float, state: bool) -> None:
        heard.put(state)

    pin.when_changed = changed
    pin.when_changed = None
    assert not chip.lines
    pin.when_changed = changed
    chip.lines[5].move(high=True)
    assert heard.get(timeout=SOON_S) is True
    assert heard.empty()


def test_closing_the_factory_gives_all_back(bench: Bench, chip: FakeChip) -> None:
    factory = bench.factory()
    buttons = [Button(pin, pin_factory=factory) for pin in (5, 6, 13)]
    factory.close()
    assert not chip.lines
    assert {fake.open for fake in bench.chips.values()} == {0}
    for button in buttons:
        button.close()


def test_a_button_may_be_closed_by_its_own_release(factory: Any, chip: FakeChip) -> None:
    button, closed = Button(5, pin_factory=factory), threading.Event()

    def close_it() -> None:
        button.close()
        closed.set()

    button.when_released = close_it
    chip.lines[5].move(high=False)
    chip.lines[5].move(high=True)
    assert closed.wait(SOON_S)
    assert not chip.lines


def test_a_line_that_another_program_holds_is_refused_and_left_alone(
    factory: Any, chip: FakeChip
) -> None:
    chip.busy.add(6)
    with pytest.raises(OSError, match="busy"):
        Button(6, pin_factory=factory)
    chip.busy.clear()
    assert not Button(6, pin_factory=factory).is_pressed


def test_one_pin_cannot_be_two_buttons(factory: Any) -> None:
    first = Button(5, pin_factory=factory)
    with pytest.raises(GPIOPinInUse):
        Button(5, pin_factory=factory)
    first.close()


def test_what_a_button_does_not_need_is_refused(factory: Any) -> None:
    with pytest.raises(PinInvalidFunction):
        factory.pin(5).function = "alt0"
    with pytest.raises(PinEdgeDetectUnsupported):
        factory.pin(5).edges = "rising"
    with pytest.raises(PinEdgeDetectUnsupported):
        Button(5, bounce_time=0.1, pin_factory=factory)
