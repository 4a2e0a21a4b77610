"""When a window closes and opens by itself, with clocks that are set forward and back.

Whoever serves at closing time is logged out, once: a clock that is set back must not do it
again, and whoever came after closing time stays until the next one. How long somebody has
served is told by a clock that never jumps.

Pure. ``local_s`` is the hall's wall clock in seconds on one line: what the clock on the wall
shows, as if it were UTC. It is given only where the clock is known to be right.
"""

_DAY_S = 24 * 3600


def latest(time_of_day: str, local_s: int) -> int | None:
    """Return when it was ``time_of_day`` (``HH:MM``) last, now included; None for an empty one."""
    if not time_of_day:
        return None
    hour, minute = time_of_day.split(":")
    since_midnight = int(hour) * 3600 + int(minute) * 60
    return local_s - (local_s - since_midnight) % _DAY_S


def passed(before: int | None, closes: str, local_s: int) -> int | None:
    """Return the last closing that is over and done with, now that somebody came or was sent.

    ``before`` is what this returned last.
    """
    known = _unless_undone(before, local_s)
    last = latest(closes, local_s)
    return known if last is None else last if known is None else max(known, last)


def is_closing(done: int | None, closes: str, local_s: int, served_s: int) -> bool:
    """Return whether somebody who has served for ``served_s`` seconds is to go now.

    ``done`` is the last closing that is over and done with.
    """
    last = latest(closes, local_s)
    if last is None or local_s - served_s >= last:
        return False
    known = _unless_undone(done, local_s)
    return known is None or last > known


def has_opened(since: int, opens: str, local_s: int) -> bool:
    """Return whether the hall has opened again since ``since``.

    A hall that does not say when it opens does so at midnight.
    """
    if since - local_s > _DAY_S:
        return True
    last = latest(opens or "00:00", local_s)
    return last is not None and last > since


def _unless_undone(done: int | None, local_s: int) -> int | None:
    """Return what is done, unless the clock was set back by more than a day since."""
    return None if done is None or done - local_s > _DAY_S else done
