"""When the screen is dark: outside of opening hours, with nobody there, by a clock to trust.

A panel that shows the same card all night wears out, and a hall at night needs no light. It
is drawn black rather than switched off: panels that sleep do not always wake.
"""

AWAKE_MS = 60_000
"""So long the screen stays lit at night after somebody was there."""


def is_night(minute: int, hours: tuple[int, int] | None) -> bool:
    """Return whether a minute of the day (0 to 1439) lies in ``hours``: from, until.

    They may reach over midnight. None means that it never gets dark.
    """
    if hours is None:
        return False
    start, end = hours
    if start < end:
        return start <= minute < end
    return minute >= start or minute < end
