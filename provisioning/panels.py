"""The screens that devices are built with, so that a fleet file names one and says no more."""

import tomllib
from functools import cache
from pathlib import Path
from typing import NamedTuple


class Panel(NamedTuple):
    """A kind of screen."""

    title: str
    """For people."""
    pixels: tuple[int, int]
    """Width and height as the panel has them, before any rotation."""
    diagonal: float
    """Inches across the picture."""
    boot_lines: tuple[str, ...]
    """What it needs in ``config.txt`` of the boot partition."""


@cache
def panels() -> dict[str, Panel]:
    """Return every panel by the name that a fleet file gives."""
    with Path(__file__).with_name("panels.toml").open("rb") as file:
        content = tomllib.load(file)
    return {
        name: Panel(
            title=entry["title"],
            pixels=(entry["pixels"][0], entry["pixels"][1]),
            diagonal=float(entry["diagonal"]),
            boot_lines=tuple(entry["boot_lines"]),
        )
        for name, entry in content.items()
    }
