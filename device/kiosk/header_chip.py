"""Which of ``/dev/gpiochip*`` is the 40-pin header.

Its number is no guide: a kernel update moved the Pi 5's from 4 to 0 (gpiozero#1166). Its
label is the name of the driver and stays.
"""

import os
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

from device.core.errors import DeviceError

LABELS = ("pinctrl-bcm2835", "pinctrl-bcm2711", "pinctrl-rp1")
"""Chips whose lines 0 to 27 are the header's BCM pins: Pi Zero to 3, Pi 4, Pi 5."""


class ButtonsUnavailable(DeviceError, OSError):
    """The physical buttons are configured but cannot be used."""


class HeaderChip(NamedTuple):
    """The GPIO chip behind the header."""

    path: Path
    label: str

    @property
    def number(self) -> int:
        """N of ``/dev/gpiochipN``."""
        return number_of(self.path)


def number_of(path: Path) -> int:
    """Return N of ``/dev/gpiochipN``."""
    return int(path.name.removeprefix("gpiochip"))


def find_header_chip(label_of: Callable[[Path], str], dev: Path = Path("/dev")) -> HeaderChip:
    """Return the header's chip; ``label_of`` reads a chip's label with the library in use.

    Raises `ButtonsUnavailable` that says what to do.
    """
    paths = sorted({path.resolve() for path in dev.glob("gpiochip*")})
    if not paths:
        raise ButtonsUnavailable(
            f"there is no GPIO chip ({dev}/gpiochip*): buttons need a Raspberry Pi"
        )
    others = []
    for path in paths:
        try:
            # Libraries differ in what they say when this is not allowed; the kernel does not.
            os.close(os.open(path, os.O_RDWR | os.O_CLOEXEC))
            label = label_of(path)
        except PermissionError as error:
            raise ButtonsUnavailable(
                f"{path} may not be opened: add the user that runs this to the group gpio"
            ) from error
        if label in LABELS:
            return HeaderChip(path, label)
        others.append(f"{path.name} is {label}")
    raise ButtonsUnavailable(
        f"no GPIO chip is a Raspberry Pi's header: {', '.join(others)};"
        f" one of {', '.join(LABELS)} is needed"
    )
