"""A switch inside of the case that asks for something by being held.

Held on purpose, not brushed: it must stay closed for two seconds, and one press asks once,
however long it lasts. What is closed when the device starts asks for nothing until it was let
go. Times are milliseconds of a clock that never jumps.
"""

from typing import NamedTuple

from device.core.buttons import BOUNCE_MS

HOLD_MS = 2_000
"""So long it is held; nobody leans on it for that long by chance while the case is open."""


class Hold(NamedTuple):
    """The switch as it stands."""

    since_ms: int | None = None
    """Since when it has been closed, but for bounce; None: it is open."""
    opened_ms: int | None = None
    """When it last opened, as long as that may be bounce."""
    told: bool = True
    """The present press has asked already, or never will."""


def edge(hold: Hold, closed: bool, now_ms: int) -> Hold:
    """The contact closed or opened."""
    if not closed:
        return hold._replace(opened_ms=now_ms)
    bounced = hold.opened_ms is not None and now_ms - hold.opened_ms < BOUNCE_MS
    if hold.since_ms is not None and (bounced or hold.opened_ms is None):
        return hold._replace(opened_ms=None)
    return Hold(since_ms=now_ms, told=False)


def asked(hold: Hold, now_ms: int) -> tuple[Hold, bool]:
    """Return whether the switch has been held for long enough by now; once for each press."""
    due = due_ms(hold)
    if due is None or now_ms < due:
        return hold, False
    return hold._replace(told=True), True


def due_ms(hold: Hold) -> int | None:
    """Return when `asked` may next say yes if nothing moves before."""
    if hold.told or hold.since_ms is None or hold.opened_ms is not None:
        return None
    return hold.since_ms + HOLD_MS
