"""Packs first boot into one file that a bare Python runs: ``first-boot.pyz``.

A blank card has Python and nothing of ours, so the few modules that first boot stands on
travel as a zipapp on the boot partition. The same sources give the same bytes on every
machine: a card that is written again is then seen to be unchanged.
"""

import io
import zipfile
from functools import cache
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).parents[1]
"""The folder of the packages, installed or in the source tree."""
NAME: Final = "first-boot.pyz"
START: Final = "start.sh"
_ALONE: Final = (
    "protocol/__init__.py",
    "protocol/errors.py",
    "protocol/releases.py",
    "device/__init__.py",
    "device/core/__init__.py",
    "device/core/errors.py",
    "device/core/plain.py",
    "device/store/__init__.py",
    "device/store/board.py",
    "device/store/deployed.py",
    "device/store/disk.py",
    "device/store/setup.py",
    "provisioning/__init__.py",
)
_WHOLE: Final = ("device/releases", "provisioning/first_boot")
_SHEBANG: Final = b"#!/usr/bin/python3 -I\n"
_MAIN: Final = """\
import sys

from provisioning.first_boot.__main__ import main

sys.exit(main())
"""


def modules() -> tuple[str, ...]:
    """Return the files, relative to `ROOT`, that run before anything is installed.

    They may import each other and the standard library, nothing else (``tests/test_rooms.py``).
    """
    return tuple(
        sorted(
            {
                *_ALONE,
                *(
                    file.relative_to(ROOT).as_posix()
                    for folder in _WHOLE
                    for file in (ROOT / folder).rglob("*.py")
                ),
            }
        )
    )


@cache
def first_boot() -> bytes:
    """Return ``first-boot.pyz``: our modules, sorted, uncompressed, without times."""
    packed = io.BytesIO(_SHEBANG)
    packed.seek(0, io.SEEK_END)
    with zipfile.ZipFile(packed, "a") as archive:
        for name in modules():
            archive.writestr(_entry(name), (ROOT / name).read_bytes())
        archive.writestr(_entry("__main__.py"), _MAIN)
    return packed.getvalue()


def start_script() -> bytes:
    """Return ``start.sh``, which every boot begins with until first boot is done."""
    return (ROOT / "provisioning/first_boot" / START).read_bytes()


def _entry(name: str) -> zipfile.ZipInfo:
    entry = zipfile.ZipInfo(name, (1980, 1, 1, 0, 0, 0))
    entry.create_system = 3  # Unix, on whatever machine the card is written
    entry.external_attr = 0o644 << 16
    return entry
