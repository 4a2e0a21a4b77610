"""Locks that say "this process runs"; they end with the process, however it ends."""

import fcntl
import os
import time
from pathlib import Path

from device.core.errors import DeviceError, StorageUnavailable

# A lock lies in another user's folder: no link is followed, and no pipe is waited at.
_PLAIN = os.O_CLOEXEC | os.O_NOFOLLOW | os.O_NONBLOCK
_TRIES = 5
_BETWEEN_TRIES_S = 0.02


class AlreadyRunning(DeviceError):
    """Another process of the same kind holds this device's folder."""


def hold(path: Path) -> int:
    """Take the lock at ``path`` for the rest of this process. Raises `AlreadyRunning`
    or `StorageUnavailable`.

    Returns the descriptor; closing it gives the lock back.
    """
    try:
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT | _PLAIN, 0o644)
    except OSError as error:
        raise StorageUnavailable(f"{path}: {error.strerror}; is the card read-only?") from error
    # `is_held` takes the lock for an instant; that must not keep a process from starting.
    for tries_left in reversed(range(_TRIES)):
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            if tries_left:
                time.sleep(_BETWEEN_TRIES_S)
                continue
            os.close(descriptor)
            raise AlreadyRunning(
                f"another one is running on {path.parent}; stop that first"
            ) from error
        break
    return descriptor


def is_held(path: Path) -> bool:
    """True if the process that holds this lock is alive."""
    try:
        descriptor = os.open(path, os.O_RDONLY | _PLAIN)
    except OSError:
        return False
    try:
        fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    finally:
        os.close(descriptor)
    return False
