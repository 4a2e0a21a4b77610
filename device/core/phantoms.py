"""Which touches a panel makes by itself.

Seen in the field: no length, exactly one place, every 12.864 s (raspberrypi/linux#7638); twice
a second in a corner (#4749). A hand taps one key again and again as well, and must never be
taken for a panel, however young, old, quick or steady it is; the numbers here say why it
cannot be. `device.core.gestures` decides what follows.

Places are pixels of the canvas, times are milliseconds of a clock that never jumps.
"""

from collections.abc import Sequence
from itertools import pairwise
from typing import NamedTuple

MIN_DWELL_MS = 20
"""Shorter contacts are spikes: panels make zero-length taps by themselves
(raspberrypi/linux#7638); no finger is this quick."""
SAME_PX = 1.0
"""Two touches this near are at one point. A panel repeats its point exactly (#7638: the same
hundredth of a percent each time), and rounding may cost a pixel; a finger that aims at the
same spot again misses it by 2 mm if young and 3 mm if old (Sultana and Moffatt 2019), which
is 10 to 25 pixels. Only a mouse left lying hits one point again and again."""
SPIKES = 5
"""So many spikes in a row at one point are the panel's. A finger that merely brushes the glass
can be seen for one scan of the panel (8 to 16 ms), but not five times on one pixel without
one proper touch between."""
BEATS = 8
"""So many touches of any length at one point, in step like a clock's, are the panel's."""
BEAT_MS = 1_000
"""Rhythm tells only above this interval: below it a practised hand keeps time well. Slower,
hands stray by some 5 % and more from one tap to the next."""
BEAT_SHARE, BEAT_SLACK_MS = 0.015, 20
"""In step: the longest interval exceeds the shortest by 1.5 %, or by what the loop's own
timing may add. At 5 % scatter a hand does so seven intervals long once in 20,000 tries, and
would besides have to hit the same pixel each time."""
TAPS_KEPT, TAP_KEPT_MS, HAUNTS_KEPT = 24, 300_000, 8
"""How many touches are remembered, how long (five of #7638's take 51 seconds), and how many
haunted points."""
QUIET_MS = 60_000
"""A panel that did nothing of the kind for so long, or for three of its own intervals, is
trusted again."""


class Place(NamedTuple):
    """Where a contact is, in pixels of the canvas; may lie outside of it."""

    x: float
    y: float

    def near(self, other: "Place", reach: float) -> bool:
        """Return whether ``other`` lies within ``reach`` pixels."""
        return (self.x - other.x) ** 2 + (self.y - other.y) ** 2 <= reach * reach


class Tap(NamedTuple):
    """A contact that has ended."""

    place: Place
    down_ms: int
    length_ms: int
    strayed: bool


class Haunt(NamedTuple):
    """A point at which the panel taps by itself."""

    place: Place
    interval_ms: int
    last_ms: int
    """When it last did."""

    @property
    def ends_ms(self) -> int:
        """When the point is trusted again if it stays quiet."""
        return self.last_ms + max(QUIET_MS, 3 * self.interval_ms)


def remembered(taps: Sequence[Tap], tap: Tap, now_ms: int) -> tuple[Tap, ...]:
    """Return ``taps`` with one more, without those that are too old to tell anything."""
    kept = [known for known in taps if now_ms - known.down_ms <= TAP_KEPT_MS]
    return (*kept, tap)[-TAPS_KEPT:]


def at_one_point(taps: Sequence[Tap], place: Place) -> list[Tap]:
    """Return those of ``taps`` that hit ``place``."""
    return [tap for tap in taps if tap.place.near(place, SAME_PX)]


def made_by_the_panel(taps: Sequence[Tap]) -> bool:
    """Return whether no hand made the last of these touches at one point."""
    return _are_spikes(taps[-SPIKES:]) or _keep_time(taps[-BEATS:])


def interval_ms(taps: Sequence[Tap]) -> int:
    """Return the time between two of at least two touches, in the middle."""
    steps = sorted(_steps(taps))
    return steps[len(steps) // 2]


def _are_spikes(taps: Sequence[Tap]) -> bool:
    return len(taps) == SPIKES and all(tap.length_ms < MIN_DWELL_MS for tap in taps)


def _keep_time(taps: Sequence[Tap]) -> bool:
    if len(taps) < BEATS or any(tap.strayed for tap in taps):
        return False
    steps = _steps(taps)
    slack = max(BEAT_SLACK_MS, BEAT_SHARE * max(steps))
    return min(steps) >= BEAT_MS and max(steps) - min(steps) <= slack


def _steps(taps: Sequence[Tap]) -> list[int]:
    return [later.down_ms - earlier.down_ms for earlier, later in pairwise(taps)]
