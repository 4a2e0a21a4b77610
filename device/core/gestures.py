"""From contacts to presses: which touches count, and which are accidents.

A press counts when one first contact goes down and up on the same target, stays long
enough to be a finger and not a spike of the panel, and does not fall into the moment
after the page changed under it. All the rest is counted and scores nothing.
Times are milliseconds of a clock that never jumps.
"""

from collections.abc import Hashable
from enum import Enum

import msgspec

MIN_DWELL_MS = 20
"""Shorter contacts are spikes: panels make zero-length taps by themselves
(raspberrypi/linux#7638); no finger is this quick."""
LOST_MS = 10_000
"""A contact that lasts longer has lost its end (a panel pulled out in mid-touch): it must
not keep everybody else from touching."""
SETTLE_MS = 300
"""No input counts for this long after a page change (docs/screens.md, "Motion")."""


class Verdict(Enum):
    """What became of a contact."""

    PRESSED = "pressed"
    """Show the target as pressed; nothing has been decided yet."""
    ACCEPTED = "accepted"
    RELEASED = "released"
    """The finger slid off: show the target at rest again."""
    IGNORED = "ignored"


class Gesture(msgspec.Struct, frozen=True):
    """The contact that holds the screen, if any."""

    contact: Hashable | None = None
    target: Hashable | None = None
    down_ms: int = 0
    settles_ms: int = 0
    """Before this moment nothing counts."""


def page_changed(now_ms: int) -> Gesture:
    """Return the state just after a new page appeared; a held contact is let go."""
    return Gesture(settles_ms=now_ms + SETTLE_MS)


def down(
    gesture: Gesture, contact: Hashable, target: Hashable | None, now_ms: int
) -> tuple[Gesture, Verdict]:
    """A finger, or the mouse's button, came down on ``target`` (None: beside everything)."""
    lost = gesture.contact == contact or now_ms - gesture.down_ms > LOST_MS
    if gesture.contact is not None and not lost:
        return gesture, Verdict.IGNORED
    if target is None or now_ms < gesture.settles_ms:
        return Gesture(settles_ms=gesture.settles_ms), Verdict.IGNORED
    held = Gesture(contact, target, now_ms, gesture.settles_ms)
    return held, Verdict.PRESSED


def up(
    gesture: Gesture, contact: Hashable, target: Hashable | None, now_ms: int
) -> tuple[Gesture, Verdict]:
    """A contact was lifted over ``target``."""
    if gesture.contact != contact or gesture.contact is None:
        return gesture, Verdict.IGNORED
    free = Gesture(settles_ms=gesture.settles_ms)
    long_enough = now_ms - gesture.down_ms >= MIN_DWELL_MS
    same = target == gesture.target
    return free, Verdict.ACCEPTED if long_enough and same else Verdict.RELEASED
