"""The device's clocks: one that never jumps, and one that may be wrong.

There is no battery-backed clock on the board, so a record carries both: wall time with
its quality, and boot id with the time since boot, by which central corrects.
"""

import ctypes
import time
from functools import cache
from pathlib import Path
from typing import NamedTuple
from uuid import UUID

from protocol.records import ClockQuality

_TIMESYNC = Path("/run/systemd/timesync/synchronized")
_BOOT_ID = Path("/proc/sys/kernel/random/boot_id")
_TIME_ERROR = 5
"""adjtimex(2): the clock is not synchronised."""
_TIMEX_BYTES = 512
"""Room for the kernel's `struct timex`, zeroed: modes 0 reads and sets nothing."""


class Moment(NamedTuple):
    """Now, by every clock the device has."""

    wall_ms: int
    clock: ClockQuality
    boot_id: UUID
    monotonic_ms: int


def monotonic_ms() -> int:
    """Return milliseconds since this boot, suspended time included."""
    return time.clock_gettime_ns(time.CLOCK_BOOTTIME) // 1_000_000


@cache
def boot_id() -> UUID:
    """Return the kernel's random name for this boot; no process outlives it."""
    return UUID(_BOOT_ID.read_text(encoding="ascii").strip())


def clock_quality() -> ClockQuality:
    """Return whether the system clock has been synchronised in this boot.

    systemd-timesyncd leaves a file; any other NTP client tells the kernel.
    """
    if _TIMESYNC.exists():
        return ClockQuality.SYNCED
    try:
        state = _libc().adjtimex(ctypes.create_string_buffer(_TIMEX_BYTES))
    except (OSError, AttributeError):
        return ClockQuality.UNSYNCED
    return ClockQuality.SYNCED if 0 <= state < _TIME_ERROR else ClockQuality.UNSYNCED


@cache
def _libc() -> ctypes.CDLL:
    """Loaded once: each loading makes a new class, which takes longer than the call."""
    return ctypes.CDLL(None)


def now() -> Moment:
    """Return the present moment."""
    return Moment(time.time_ns() // 1_000_000, clock_quality(), boot_id(), monotonic_ms())
