"""Finds a release on a USB stick, where no desktop mounts sticks by itself."""

import os
import subprocess
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from device.core.errors import DeviceError
from device.releases.shelf import Shelf, open_plain
from device.update.versions import order
from protocol.errors import ProtocolError
from protocol.releases import ENDING, Check

_BLOCK: Final = Path("/sys/class/block")
_MOUNTS: Final = Path("/proc/self/mounts")
MAX_FILES: Final = 64


class NoStick(DeviceError, LookupError):
    """No stick, or no release on it that fits."""


@contextmanager
def mounted_sticks(
    block: Path = _BLOCK, mounts: Path = _MOUNTS, mount: str = "mount", umount: str = "umount"
) -> Iterator[list[Path]]:
    """Yield where the removable file systems are, those mounted for this read-only.

    Whatever is on a stick, nothing of it is run, and no device or rights on it count.
    """
    known = _mounted(mounts)
    opened: list[Path] = []
    with tempfile.TemporaryDirectory(prefix="haochaping-stick-") as folder:
        try:
            places = []
            for name in sorted(_removable(block)):
                device = f"/dev/{name}"
                if device in known:
                    places.append(known[device])
                    continue
                place = Path(folder) / name
                place.mkdir()
                options = "ro,nosuid,nodev,noexec"
                if subprocess.run(
                    [mount, "-o", options, device, str(place)], capture_output=True, check=False
                ).returncode:
                    continue  # a partition table, or a file system nobody here knows
                opened.append(place)
                places.append(place)
            yield places
        finally:
            for place in opened:
                subprocess.run([umount, str(place)], capture_output=True, check=False)


def newest_release(
    places: list[Path], shelf: Shelf, check: Check, say: Callable[[str], object]
) -> Path:
    """Return the newest genuine release for this device in the folders ``places``.

    Looks at their top and in a folder ``haochaping``. Raises `NoStick`.
    """
    if not places:
        raise NoStick("no USB stick is plugged in, or none that can be read")
    found = [
        file
        for place in places
        for folder in (place, place / "haochaping")
        if folder.is_dir()
        for file in sorted(folder.glob(f"*{ENDING}"))[:MAX_FILES]
    ]
    best = None
    for file in found:
        try:
            with open_plain(file) as opened:
                manifest, _ = shelf.examine(opened, check)
        except (ProtocolError, DeviceError, OSError) as error:
            say(f"not this one: {file.name}: {error}")
            continue
        if best is None or order(manifest) > order(best[0]):
            best = (manifest, file)
    if best is None:
        raise NoStick(
            "no release for this device is on the stick; it is looked for at its top and in "
            f"the folder haochaping, as *{ENDING}"
        )
    return best[1]


def _removable(block: Path) -> Iterator[str]:
    """Yield the names of partitions and disks that are plugged in by USB."""
    for entry in block.iterdir() if block.is_dir() else ():
        if "/usb" in os.path.realpath(entry):
            yield entry.name


def _mounted(mounts: Path) -> dict[str, Path]:
    found: dict[str, Path] = {}
    for line in mounts.read_text(encoding="utf-8", errors="replace").splitlines():
        device, point, *_ = line.split(" ")
        found.setdefault(device, Path(point.replace("\\040", " ")))
    return found
