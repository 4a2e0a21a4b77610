"""What the clock on the wall shows, for whoever closes a window by it."""

import calendar
import time
from typing import NamedTuple

from device.store.moment import clock_quality
from protocol.records import ClockQuality


class Wall(NamedTuple):
    """The hall's wall clock."""

    local_s: int
    """What it shows, in seconds on one line (`device.core.hours`)."""
    trusted: bool
    """It has been synchronised in this boot."""


def wall_clock() -> Wall:
    """Return what the wall clock shows now."""
    return Wall(calendar.timegm(time.localtime()), clock_quality() is ClockQuality.SYNCED)
