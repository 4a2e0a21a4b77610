"""Where a rating was given: the hall of the device, and there the window the device named.

Records carry a window's number, which is given once in a hall; its code is given once in
all halls. A device stands in one hall, that of the window it was last enrolled for. A rating
without a device, by the printed code of a window for one, says itself where it was given.
"""

from typing import Any

from sqlalchemy import ColumnElement, Connection, Select, and_, func, select

from central import schema

STAND = schema.service_window.alias("stand")
"""The window for which the device was enrolled: it tells the hall."""
WINDOW = schema.service_window.alias("place")
"""The window of the visit; nothing if the hall file no longer has it."""

HALL: ColumnElement[Any] = func.coalesce(STAND.c.hall, schema.rating.c.hall)
"""Of a rating: the hall's code."""
NUMBER: ColumnElement[Any] = func.coalesce(schema.visit.c.window, schema.rating.c.window)
"""Of a rating: the window's number."""
SERVING: ColumnElement[Any] = func.coalesce(schema.visit.c.staff, schema.rating.c.staff)
"""Of a rating: who served, by staff number."""


def with_places(
    query: Select[Any], number: ColumnElement[Any] | None = None, *, windows: bool = True
) -> Select[Any]:
    """Return ``query``, which knows `device`, joined with `STAND` and `WINDOW`.

    ``number`` is the window's number, that of `visit` unless another is named. Without
    ``windows`` it is joined with `STAND` alone, which costs much less.
    """
    joined = query.outerjoin(STAND, STAND.c.code == schema.device.c.window)
    if not windows:
        return joined
    named = schema.visit.c.window if number is None else number
    return joined.outerjoin(WINDOW, and_(WINDOW.c.hall == STAND.c.hall, WINDOW.c.number == named))


def of_ratings(query: Select[Any], *, windows: bool = True) -> Select[Any]:
    """Return ``query`` on `rating` joined with `device`, `STAND`, `visit` and `WINDOW`.

    All of them may be nothing; `HALL`, `NUMBER` and `SERVING` tell the place all the same.
    Without ``windows`` the last two are left out, which costs much less; then only `HALL` is
    told.
    """
    rating, device, visit = schema.rating, schema.device, schema.visit
    joined = (
        query.select_from(rating)
        .outerjoin(device, device.c.id == rating.c.device_id)
        .outerjoin(STAND, STAND.c.code == device.c.window)
    )
    if not windows:
        return joined
    return joined.outerjoin(
        visit, and_(visit.c.device_id == rating.c.device_id, visit.c.visit == rating.c.visit)
    ).outerjoin(WINDOW, and_(WINDOW.c.hall == HALL, WINDOW.c.number == NUMBER))


def number_of(connection: Connection, code: str) -> str | None:
    """Return the number of the window of that code; None if there is none any more."""
    table = schema.service_window
    return connection.execute(
        select(table.c.number).where(table.c.code == code)
    ).scalar_one_or_none()


def in_hall_of(code: str) -> Select[tuple[str]]:
    """Return the query for the codes of all windows of the hall that window ``code`` is in."""
    table = schema.service_window
    hall = select(table.c.hall).where(table.c.code == code).scalar_subquery()
    return select(table.c.code).where(table.c.hall == hall)
