"""Whether the screen is dark: at night, with nobody there, by a clock that is known to be right."""

import time

from device.core import night
from device.store.moment import clock_quality
from protocol.records import ClockQuality


class Vigil:
    """The screen's night; ``hours`` are minutes of the day, None if it never gets dark."""

    def __init__(self, hours: tuple[int, int] | None, now_ms: int) -> None:
        self._hours = hours
        self._awake_until_ms = now_ms + night.AWAKE_MS

    def wake(self, now_ms: int) -> None:
        """Somebody is there: the screen is lit for a while."""
        self._awake_until_ms = now_ms + night.AWAKE_MS

    def is_dark(self, now_ms: int, wall: time.struct_time) -> bool:
        """Return whether it is night, and nobody was there for a while."""
        if not night.is_night(wall.tm_hour * 60 + wall.tm_min, self._hours):
            return False
        return now_ms >= self._awake_until_ms and clock_quality() is ClockQuality.SYNCED
