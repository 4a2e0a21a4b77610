"""A little disk space held back, so that a full disk still takes the ratings under way.

The file is really allocated; giving it up makes room at once. A device that had to give
it up says so in a fault record and gets a new one when there is room again.
"""

import os
from contextlib import suppress
from pathlib import Path

RESERVE_BYTES = 4 * 1024 * 1024
"""Some ten thousand ratings."""


def hold(path: Path) -> bool:
    """Make sure the reserve exists; False if the disk has no room for it."""
    try:
        if path.exists() and path.stat().st_size >= RESERVE_BYTES:
            return True
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT, 0o600)
        try:
            os.posix_fallocate(descriptor, 0, RESERVE_BYTES)
        finally:
            os.close(descriptor)
    except OSError:
        with suppress(OSError):
            path.unlink(missing_ok=True)
        return False
    return True


def release(path: Path) -> bool:
    """Give the reserve up; False if it was gone already."""
    try:
        path.unlink()
    except OSError:
        return False
    return True
