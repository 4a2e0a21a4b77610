"""Tells a Raspberry Pi's boot partition from everything else a path may name.

A card is written as root, at a mount point typed by hand. A home folder, a USB stick, this
machine's own boot partition: nothing may be written there, so a place must prove what it
is, by what is mounted there and by the files that the image put on it.
"""

import os
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Final, NamedTuple

from provisioning.cloud_init import SEED
from provisioning.errors import NoRoom, NotABootPartition

CONFIG: Final = "config.txt"
CMDLINE: Final = "cmdline.txt"
_FIRMWARE: Final = re.compile(r"(start[0-9a-z]*\.elf|bootcode\.bin|bcm27[0-9a-z-]+\.dtb)\Z", re.I)
_KERNEL: Final = re.compile(r"(kernel[0-9a-z_]*\.img|vmlinuz[^/]*|boot\.img)\Z", re.I)
_FAT: Final = ("vfat", "msdos")
_THIS_MACHINES: Final = ("/", "/boot", "/boot/firmware", "/boot/efi", "/efi", "/usr", "/home")
_MARGIN_BYTES: Final = 2 << 20
"""What folders and names take of a FAT beside the files themselves."""


class Mount(NamedTuple):
    """A line of ``/proc/self/mountinfo`` (proc_pid_mountinfo(5))."""

    point: Path
    kind: str
    device: str
    """Major and minor number, e.g. ``8:1``."""
    read_only: bool


class BootPartition(NamedTuple):
    """A mounted boot partition that may be written to."""

    root: Path
    has_cloud_init: bool
    """The image came with cloud-init's files, so it starts first boot by cloud-init."""


def mounts(table: Path = Path("/proc/self/mountinfo")) -> tuple[Mount, ...]:
    """Return what is mounted where. Raises `NotABootPartition` where that cannot be told."""
    try:
        lines = table.read_text(encoding="utf-8", errors="surrogateescape").splitlines()
    except OSError as error:
        raise NotABootPartition(
            "this system does not say what is mounted; write cards on Linux, or prepare folders "
            f"here (--folder) and write them there (--from): {error}"
        ) from error
    found = []
    for line in lines:
        before, _, after = line.partition(" - ")
        fields, kind = before.split(), after.split()
        if len(fields) < 6 or len(kind) < 3:
            continue
        point = re.sub(r"\\([0-7]{3})", lambda code: chr(int(code[1], 8)), fields[4])
        options = {*fields[5].split(","), *kind[2].split(",")}
        found.append(Mount(Path(point), kind[0], fields[2], "ro" in options))
    return tuple(found)


def look_at(path: Path, mounted: Sequence[Mount] | None = None) -> BootPartition:
    """Return the boot partition mounted at ``path``.

    Raises `NotABootPartition` with a sentence for anything else; nothing is written.
    """
    place = Path(os.path.realpath(path))
    if not place.is_dir():
        raise NotABootPartition(f"{path}: there is no such folder; is the card mounted?")
    table = mounts() if mounted is None else mounted
    here = [mount for mount in table if mount.point == place]
    if not here:
        raise NotABootPartition(
            f"{path} is a folder and no mounted partition. Put the card in and name the place "
            "where its boot partition (bootfs) is mounted; to prepare a folder, use --folder"
        )
    mount = here[-1]  # the newest hides the others
    own = {m.device for m in table if str(m.point) in _THIS_MACHINES and m.point != place}
    if str(place) in _THIS_MACHINES or mount.device in own:
        raise NotABootPartition(f"{path} belongs to this machine's own system, not to a card")
    if mount.kind not in _FAT:
        raise NotABootPartition(
            f"{path} holds a file system of the kind {mount.kind}; the boot partition of a card "
            "is FAT. Is it the card's second partition?"
        )
    if missing := _missing(place):
        raise NotABootPartition(
            f"{path} is no boot partition of a Raspberry Pi: {missing}. Write the system image "
            "to the card first"
        )
    if mount.read_only or not os.access(place, os.W_OK):
        raise NotABootPartition(
            f"{path} cannot be written to: the card's lock switch, a damaged FAT, or no rights "
            "(try sudo)"
        )
    seeded = any((place / name).is_file() for name in SEED)
    return BootPartition(place, seeded)


def check_room(place: Path, needed: int) -> None:
    """Raise `NoRoom` unless ``needed`` bytes and a little more are free at ``place``."""
    room = os.statvfs(place)
    free = room.f_bavail * room.f_frsize
    if free < needed + _MARGIN_BYTES:
        raise NoRoom(
            f"{place}: {(needed + _MARGIN_BYTES) >> 20} MiB are needed, {free >> 20} MiB are free"
        )


def _missing(place: Path) -> str:
    names = [entry.name for entry in place.iterdir() if entry.is_file()]
    for name in (CONFIG, CMDLINE):
        if name not in names:
            return f"it has no {name}"
    if not any(_FIRMWARE.match(name) for name in names):
        return "it has no firmware (start*.elf, bootcode.bin or bcm27*.dtb)"
    if not any(_KERNEL.match(name) for name in names):
        return "it has no kernel (kernel*.img)"
    return ""
