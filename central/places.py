"""Where a rating was given: the hall of the device, and there the window the device named.

Records carry a window's number, which is given once in a hall; its code is given once in
all halls. A device stands in one hall, that of the window it was last enrolled for.
"""

from typing import Any

from sqlalchemy import Select, and_

from central import schema

STAND = schema.service_window.alias("stand")
"""The window for which the device was enrolled: it tells the hall."""
WINDOW = schema.service_window.alias("place")
"""The window of the visit; nothing if the hall file no longer has it."""


def with_places(query: Select[Any]) -> Select[Any]:
    """Return ``query``, which knows `device` and `visit`, joined with `STAND` and `WINDOW`."""
    return query.outerjoin(STAND, STAND.c.code == schema.device.c.window).outerjoin(
        WINDOW,
        and_(WINDOW.c.hall == STAND.c.hall, WINDOW.c.number == schema.visit.c.window),
    )
