"""How what is written gets onto the disk for good, with the standard library alone.

First boot uses it before anything else of ours is installed.
"""

import os
from pathlib import Path

from device.core.errors import DeviceError


class DiskTrouble(DeviceError, OSError):
    """The disk did not take what was written, or cannot be written."""


def sync_folder(folder: Path) -> None:
    """Force the names in ``folder`` to disk, so that a rename survives a power cut."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def sync_disk(folder: Path) -> None:
    """Force all of the file system that holds ``folder`` to disk (syncfs(2)).

    One call instead of one for each of some thousand files, which takes a card minutes.
    Raises `OSError` if something could not be written.
    """
    import ctypes

    syncfs = getattr(ctypes.CDLL(None, use_errno=True), "syncfs", None)
    if syncfs is None:
        os.sync()
        return
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        if syncfs(descriptor):
            number = ctypes.get_errno()
            raise OSError(number, os.strerror(number), str(folder))
    finally:
        os.close(descriptor)


def write_durably(path: Path, content: bytes, mode: int = 0o644) -> None:
    """Let ``content`` take the place of what is at ``path``, whole or not at all.

    Raises `OSError`.
    """
    path.parent.mkdir(mode=0o755, parents=True, exist_ok=True)
    fresh = path.with_name(f".{path.name}.new")
    fresh.unlink(missing_ok=True)
    descriptor = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, mode)
    with open(descriptor, "wb") as file:  # noqa: PTH123 - a descriptor, not a path
        os.fchmod(descriptor, mode)
        file.write(content)
        file.flush()
        os.fsync(descriptor)
    fresh.replace(path)
    sync_folder(path.parent)
