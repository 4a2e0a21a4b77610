"""Where a rating was given: the hall of the device, and there the window the device named.

Records carry a window's number, which is given once in a hall; its code is given once in
all halls. A device stands in one hall, that of the window it was last enrolled for.
"""

from typing import Any

from sqlalchemy import ColumnElement, Connection, Select, and_, select

from central import schema

STAND = schema.service_window.alias("stand")
"""The window for which the device was enrolled: it tells the hall."""
WINDOW = schema.service_window.alias("place")
"""The window of the visit; nothing if the hall file no longer has it."""


def with_places(query: Select[Any], number: ColumnElement[Any] | None = None) -> Select[Any]:
    """Return ``query``, which knows `device`, joined with `STAND` and `WINDOW`.

    ``number`` is the window's number, that of `visit` unless another is named.
    """
    named = schema.visit.c.window if number is None else number
    return query.outerjoin(STAND, STAND.c.code == schema.device.c.window).outerjoin(
        WINDOW,
        and_(WINDOW.c.hall == STAND.c.hall, WINDOW.c.number == named),
    )


def number_of(connection: Connection, code: str) -> str | None:
    """Return the number of the window of that code; None if there is none any more."""
    table = schema.service_window
    return connection.execute(
        select(table.c.number).where(table.c.code == code)
    ).scalar_one_or_none()
