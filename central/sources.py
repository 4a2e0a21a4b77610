"""Through what a rating came, as readers are told: screen, a scanned code, another system.

The protocol's channel (``pf``) tells the kind of machine alone: a code at the device and the
printed code of a window are both "QR". What was printed can be used by whoever passes, so
results tell the two apart.
"""

from enum import StrEnum
from typing import Any

from sqlalchemy import ColumnElement, and_, case, func, select

from central import schema
from central.settling import Origin


class Source(StrEnum):
    """Through what a rating came."""

    SCREEN = "screen"
    """The device's own screen or keys."""
    DEVICE_CODE = "device_code"
    """The code that a device shows for one visit."""
    WINDOW_CODE = "window_code"
    """The printed code of a window; no device and no visit stand behind it."""
    SYSTEM = "system"
    """Another system with a key of its own: hotline, SMS, machine, platform."""


_RATING, _REMOTE = schema.rating, schema.remote_rating

SYSTEM: ColumnElement[Any] = func.coalesce(
    select(_REMOTE.c.system)
    .where(_REMOTE.c.id == _RATING.c.remote_id)
    .correlate(_RATING)
    .scalar_subquery(),
    "",
)
"""Of a rating: the name of the other system; empty if it came through none."""
SOURCE: ColumnElement[Any] = case(
    (_RATING.c.origin == Origin.SCREEN.value, Source.SCREEN.value),
    (SYSTEM != "", Source.SYSTEM.value),
    (_RATING.c.device_id.is_(None), Source.WINDOW_CODE.value),
    else_=Source.DEVICE_CODE.value,
)
"""Of a rating: a `Source`."""


def came_through(source: Source) -> ColumnElement[bool]:
    """Return the condition that a rating came through ``source``."""
    remote = _RATING.c.origin == Origin.REMOTE.value
    match source:
        case Source.SCREEN:
            return _RATING.c.origin == Origin.SCREEN.value
        case Source.SYSTEM:
            return and_(remote, SYSTEM != "")
        case Source.WINDOW_CODE:
            return and_(remote, SYSTEM == "", _RATING.c.device_id.is_(None))
        case Source.DEVICE_CODE:
            return and_(remote, SYSTEM == "", _RATING.c.device_id.is_not(None))
