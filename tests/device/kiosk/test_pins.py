"""Which library drives the buttons, and that nobody is fooled about it."""

import os
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from importlib.util import find_spec
from pathlib import Path
from queue import Queue
from typing import Any

import pytest
from gpiozero import Device
from gpiozero.pins.mock import MockFactory

from device.core.buttons import Extra, Key
from device.core.errors import DeviceError, IllegalEvent
from device.kiosk.header_chip import ButtonsUnavailable, find_header_chip
from device.kiosk.pins import BEST_FIRST, MOCK_PINS, Pins, open_pins, with_stand_ins
from device.store.profile import Buttons
from protocol.levels import Level

SOON_S = 5.0
WIRED = (17, 27, 22, 23, 24)
NO_CHIP = not list(Path("/dev").glob("gpiochip*"))

Heard = Queue[tuple[Key, bool]]


def all_of(heard: Heard) -> list[tuple[Key, bool]]:
    return [heard.get_nowait() for _ in range(heard.qsize())]


def works(_: Path) -> Any:
    return MockFactory()


def fails(message: str) -> Callable[[Path], Any]:
    def library(_: Path) -> Any:
        raise ImportError(message)

    return library


def fresh_python(code: str, cwd: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", code],
        cwd=cwd,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))},
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.fixture
def heard() -> Heard:
    return Queue()


@pytest.fixture
def opened(tmp_path: Path, heard: Heard) -> Iterator[Callable[..., Pins]]:
    """Open pins as the kiosk does; they are closed after the test."""
    every: list[Pins] = []

    def opening(buttons: Buttons, mock: bool = False, **more: Any) -> Pins:
        edge = more.pop("edge", lambda level, pressed: heard.put((level, pressed)))
        every.append(open_pins(buttons, mock, edge, tmp_path / "run", **more))
        return every[-1]

    yield opening
    for pins in every:
        pins.close()


# --- mock buttons -----------------------------------------------------------------------------


def test_mock_buttons_need_no_configured_pins(opened: Callable[..., Pins], heard: Heard) -> None:
    pins = opened(Buttons((), "auto"), mock=True)
    assert pins.factory_name == "mock"
    keys: tuple[Key, ...] = (*BEST_FIRST, *Extra)
    for key in keys:
        pins.mock_press(key)
        pins.mock_release(key)
    assert all_of(heard) == [(key, down) for key in keys for down in (True, False)]


def test_the_first_pin_is_the_best_level(opened: Callable[..., Pins], heard: Heard) -> None:
    factory = MockFactory()
    opened(Buttons(WIRED, "gpiod"), libraries={"gpiod": lambda _: factory})
    for pin in WIRED:
        factory.pin(pin).drive_low()
    assert [level for level, _ in all_of(heard)] == [5, 4, 3, 2, 1]


def test_the_keys_beside_the_levels_have_pins_of_their_own(
    opened: Callable[..., Pins], heard: Heard
) -> None:
    factory = MockFactory()
    opened(Buttons(WIRED, "gpiod", skip=5, next=0), libraries={"gpiod": lambda _: factory})
    for pin in (5, 0, WIRED[4]):
        factory.pin(pin).drive_low()
    assert [key for key, _ in all_of(heard)] == [Extra.SKIP, Extra.NEXT, Level.VERY_DISSATISFIED]


def test_a_device_may_have_those_keys_alone(opened: Callable[..., Pins], heard: Heard) -> None:
    factory = MockFactory()
    opened(Buttons((), "gpiod", next=0), libraries={"gpiod": lambda _: factory})
    factory.pin(0).drive_low()
    assert all_of(heard) == [(Extra.NEXT, True)]


def test_a_mock_button_takes_no_pin_that_the_profile_names(opened: Callable[..., Pins]) -> None:
    named = Buttons((), "auto", next=26, leds=(5, 6, 13, 19, 20), buzzer=0)
    pins = opened(named, mock=True)
    assert not pins.lamps_trouble
    stand_ins = with_stand_ins(named)
    assert len({*stand_ins.values(), *named.leds, 0}) == len(stand_ins) + 6
    assert stand_ins[Extra.NEXT] == 26


def test_buttons_pull_up_and_are_pressed_when_low(opened: Callable[..., Pins]) -> None:
    factory = MockFactory()
    opened(Buttons(WIRED, "gpiod"), libraries={"gpiod": lambda _: factory})
    assert {(factory.pin(pin).pull, factory.pin(pin).bounce) for pin in WIRED} == {("up", None)}


def test_no_edge_is_swallowed_by_a_bounce_time(opened: Callable[..., Pins], heard: Heard) -> None:
    pins = opened(Buttons(MOCK_PINS, "auto"), mock=True)
    for _ in range(50):
        pins.mock_press(Level.SATISFIED)
        pins.mock_release(Level.SATISFIED)
    assert heard.qsize() == 100


def test_real_buttons_cannot_be_pressed_by_the_program(opened: Callable[..., Pins]) -> None:
    pins = opened(Buttons(WIRED, "gpiod"), libraries={"gpiod": works})
    with pytest.raises(IllegalEvent):
        pins.mock_press(Level.SATISFIED)


def test_gpiozeros_global_factory_stays_untouched(opened: Callable[..., Pins]) -> None:
    opened(Buttons((), "auto"), mock=True)
    assert Device.pin_factory is None


# --- the choice -------------------------------------------------------------------------------


def test_a_device_without_buttons_opens_none(opened: Callable[..., Pins]) -> None:
    libraries = {"lgpio": fails("not asked"), "gpiod": fails("not asked")}
    pins = opened(Buttons((), "auto"), libraries=libraries)
    assert pins.factory_name == "none"
    assert pins.held == frozenset()


def test_auto_prefers_lgpio(opened: Callable[..., Pins]) -> None:
    pins = opened(Buttons(WIRED, "auto"), libraries={"lgpio": works, "gpiod": works})
    assert (pins.factory_name, pins.passed_over) == ("lgpio", "")


def test_auto_takes_libgpiod_where_lgpio_is_missing_and_says_why(
    opened: Callable[..., Pins],
) -> None:
    libraries = {"lgpio": fails("No module named 'lgpio'"), "gpiod": works}
    pins = opened(Buttons(WIRED, "auto"), libraries=libraries)
    assert (pins.factory_name, pins.passed_over) == ("gpiod", "lgpio: No module named 'lgpio'")


@pytest.mark.parametrize("chosen", ["lgpio", "gpiod"])
def test_a_chosen_library_is_never_replaced(opened: Callable[..., Pins], chosen: str) -> None:
    libraries = {"lgpio": works, "gpiod": works, chosen: fails("broken")}
    with pytest.raises(ButtonsUnavailable, match=f"{chosen}: broken"):
        opened(Buttons(WIRED, chosen), libraries=libraries)


def test_if_nothing_works_the_message_says_what_was_tried_and_what_to_do(
    opened: Callable[..., Pins],
) -> None:
    libraries = {"lgpio": fails("not installed"), "gpiod": fails("no chip")}
    with pytest.raises(DeviceError) as refusal:
        opened(Buttons(WIRED, "auto"), libraries=libraries)
    for part in ("17, 27, 22, 23, 24", "lgpio: not installed", "gpiod: no chip", "--mock-gpio"):
        assert part in str(refusal.value)


@pytest.mark.skipif(not NO_CHIP, reason="this machine has GPIO")
def test_a_pc_has_no_buttons_and_is_not_given_mock_ones(opened: Callable[..., Pins]) -> None:
    with pytest.raises(ButtonsUnavailable, match="gpiod: there is no GPIO chip"):
        opened(Buttons(WIRED, "gpiod"))


def test_importing_this_module_does_not_pay_for_gpiozero() -> None:
    asked = "import sys, device.kiosk.pins; print('gpiozero' in sys.modules)"
    assert fresh_python(asked, Path.cwd()).stdout.strip() == "False"


# --- from opening to closing ------------------------------------------------------------------


def test_a_button_that_is_down_already_is_told_apart_from_a_press(
    opened: Callable[..., Pins], heard: Heard
) -> None:
    class Leaning(MockFactory):  # type: ignore[misc]
        """A bucket leans on the second button: its pull-up cannot lift it."""

        def pin(self, name: Any, **more: Any) -> Any:
            pin = super().pin(name, **more)
            if name == WIRED[1]:
                pin.drive_high = lambda: None
                pin.drive_low()
            return pin

    pins = opened(Buttons(WIRED, "gpiod"), libraries={"gpiod": lambda _: Leaning()})
    assert pins.held == {Level.SATISFIED}
    assert heard.empty()


def test_waiting_buttons_wake_nobody(opened: Callable[..., Pins]) -> None:
    before = set(threading.enumerate())
    opened(Buttons((), "auto"), mock=True)
    for thread in set(threading.enumerate()) - before:
        thread.join(SOON_S)
        assert not thread.is_alive()


def test_an_edge_that_cannot_be_taken_is_counted_and_the_next_one_comes(
    opened: Callable[..., Pins], heard: Heard
) -> None:
    def full_at_first(level: Key, pressed: bool) -> None:
        if pressed:
            raise RuntimeError("the event queue is full")
        heard.put((level, pressed))

    pins = opened(Buttons((), "auto"), mock=True, edge=full_at_first)
    pins.mock_press(Level.SATISFIED)
    pins.mock_release(Level.SATISFIED)
    assert pins.undelivered == 1
    assert all_of(heard) == [(Level.SATISFIED, False)]


def test_after_closing_no_edge_comes_and_the_pins_are_free(
    opened: Callable[..., Pins], heard: Heard
) -> None:
    factory = MockFactory()
    first = opened(Buttons(WIRED, "gpiod"), libraries={"gpiod": lambda _: factory})
    first.close()
    first.close()
    factory.pin(WIRED[0]).drive_low()
    assert heard.empty()
    opened(Buttons(WIRED, "gpiod"), libraries={"gpiod": lambda _: factory})


def test_if_the_third_pin_is_refused_the_first_two_are_given_back(
    opened: Callable[..., Pins],
) -> None:
    class Refusing(MockFactory):  # type: ignore[misc]
        """Another program holds one line."""

        busy = True

        def pin(self, name: Any, **more: Any) -> Any:
            if self.busy and name == WIRED[2]:
                raise OSError(16, "Device or resource busy")
            return super().pin(name, **more)

    factory = Refusing()
    with pytest.raises(ButtonsUnavailable, match="busy"):
        opened(Buttons(WIRED, "gpiod"), libraries={"gpiod": lambda _: factory})
    factory.busy = False
    opened(Buttons(WIRED, "gpiod"), libraries={"gpiod": lambda _: factory})


# --- lamps beside them ------------------------------------------------------------------------


class Broken(MockFactory):  # type: ignore[misc]
    """Another program holds the third lamp's line."""

    def pin(self, name: Any, **more: Any) -> Any:
        if name == 12:
            raise OSError(16, "Device or resource busy")
        return super().pin(name, **more)


def test_lamps_that_cannot_be_used_leave_the_buttons_at_work(
    opened: Callable[..., Pins], heard: Heard
) -> None:
    factory = Broken()
    named = Buttons(WIRED, "gpiod", leds=(5, 6, 12, 13, 16), buzzer=20)
    pins = opened(named, libraries={"gpiod": lambda _: factory})
    assert "pin 12 cannot be used: [Errno 16]" in pins.lamps_trouble
    factory.pin(WIRED[0]).drive_low()
    assert all_of(heard) == [(Level.VERY_SATISFIED, True)]
    assert {factory.pin(pin).function for pin in (5, 6, 13, 16, 20)} == {"input"}


def test_lamps_share_the_buttons_library(opened: Callable[..., Pins]) -> None:
    factory = MockFactory()
    named = Buttons(WIRED, "gpiod", leds=(5, 6, 12, 13, 16))
    pins = opened(named, libraries={"gpiod": lambda _: factory})
    pins.lamps.show({Level.SATISFIED})
    assert [factory.pin(pin).state for pin in named.leds] == [False, True, False, False, False]
    pins.close()
    assert {factory.pin(pin).function for pin in named.leds} == {"input"}


# --- lgpio ------------------------------------------------------------------------------------

FAKE_LGPIO = '''
"""Stands where lgpio stands: moves to LG_WD and leaves its pipe there, as the real one does."""

import os
from pathlib import Path

os.chdir(os.environ.get("LG_WD", "."))
Path(".lgd-nfy0").touch()

BOTH_EDGES, RISING_EDGE, FALLING_EDGE = 3, 1, 2
SET_PULL_NONE, SET_PULL_UP, SET_PULL_DOWN = 128, 32, 64
LABELS = {0: "gpio-brcmstb@107d508500", 4: "pinctrl-rp1"}
PULLS = {32: 1 << 5, 64: 1 << 6, 128: 1 << 7}
opened, modes, levels, callbacks = [], {}, {}, {}


class error(Exception):
    pass


class callback:
    def __init__(self, handle, pin, edges, function):
        self.pin = pin
        callbacks[pin] = function

    def cancel(self):
        callbacks.pop(self.pin, None)


def gpiochip_open(number):
    if number not in LABELS:
        raise error("can not open gpiochip")
    opened.append(number)
    return number


def gpiochip_close(handle):
    opened.remove(handle)


def gpio_get_chip_info(handle):
    return [0, 54, f"gpiochip{handle}", LABELS[handle]]


def gpio_claim_input(handle, pin, flags=0):
    modes[pin] = PULLS.get(flags, flags)
    levels.setdefault(pin, 1)


gpio_claim_alert = lambda handle, pin, edges, flags: None
gpio_claim_output = None
gpio_free = lambda handle, pin: None
gpio_set_debounce_micros = lambda handle, pin, micros: None
gpio_get_mode = lambda handle, pin: modes[pin]
gpio_read = lambda handle, pin: levels[pin]


def move(pin, level):
    levels[pin] = level
    callbacks[pin](4, pin, level, 1_000_000_000)
'''


@pytest.fixture
def lgpio(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A Pi 5 with an old kernel and lgpio installed; the current directory is elsewhere."""
    site, dev, here = (tmp_path / name for name in ("site", "dev", "here"))
    for folder in (site, dev, here):
        folder.mkdir()
    for number in (0, 4):
        (dev / f"gpiochip{number}").touch()
    (site / "lgpio.py").write_text(FAKE_LGPIO)
    forget_lgpio()
    monkeypatch.syspath_prepend(site)
    monkeypatch.setenv("LG_WD", "")
    monkeypatch.chdir(here)
    monkeypatch.setattr("gpiozero.pins.local.get_pi_revision", lambda: 0xC04170)
    monkeypatch.setattr(
        "device.kiosk.pins.find_header_chip", lambda label_of: find_header_chip(label_of, dev)
    )
    yield
    forget_lgpio()


def forget_lgpio() -> None:
    for name in ("lgpio", "gpiozero.pins.lgpio"):
        sys.modules.pop(name, None)


@pytest.mark.usefixtures("lgpio")
def test_lgpio_leaves_its_pipe_in_the_runtime_folder_and_us_where_we_were(
    opened: Callable[..., Pins], tmp_path: Path
) -> None:
    opened(Buttons(WIRED, "lgpio"))
    assert Path.cwd() == tmp_path / "here"
    assert not list(Path.cwd().iterdir())
    assert (tmp_path / "run" / ".lgd-nfy0").exists()


@pytest.mark.usefixtures("lgpio")
def test_lgpio_drives_the_chip_that_has_the_headers_label(
    opened: Callable[..., Pins], heard: Heard
) -> None:
    pins = opened(Buttons(WIRED, "auto"))
    fake: Any = sys.modules["lgpio"]
    assert pins.factory_name == "lgpio"
    assert fake.opened == [4]
    fake.move(WIRED[0], 0)
    fake.move(WIRED[0], 1)
    assert all_of(heard) == [(Level.VERY_SATISFIED, True), (Level.VERY_SATISFIED, False)]
    pins.close()
    assert (fake.opened, fake.callbacks) == ([], {})


@pytest.mark.skipif(find_spec("lgpio") is None, reason="lgpio has no wheel for this Python")
def test_the_real_lgpio_writes_nothing_to_the_current_directory(tmp_path: Path) -> None:
    here, run = tmp_path / "here", tmp_path / "run"
    here.mkdir()
    asked = (
        "import sys; from pathlib import Path; from device.kiosk import pins;"
        "pins.find_header_chip = lambda label_of: sys.exit(str(Path.cwd()));"
        f"pins.lgpio_factory(Path({str(run)!r}))"
    )
    answer = fresh_python(asked, here)
    assert answer.stderr.strip() == str(here)
    assert not list(here.iterdir())
    assert [path.name for path in run.iterdir()] == [".lgd-nfy0"]
