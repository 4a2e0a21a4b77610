"""How often each level was given: by staff member, matter, hall, window, level, day, device ...

Rates follow docs/codes.md. For each subject of a visit one rating counts, wherever it was
given (`settling`). Told beside, and never in, the counts: ratings that came after the one that
counts, and those of a frozen device, which are kept without credit.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from sqlalchemy import ColumnElement, Connection, Select, and_, func, select

from central import by_phone, places, schema, sources
from central.filters import DAY_MS, Filters, day_name, level_output
from central.places import STAND, WINDOW, with_places
from protocol.levels import Level

NOBODY = ("", "-")
"""Staff number of a visit in which no staff member was rated; version 1 wrote a hyphen."""


class By(StrEnum):
    """What ratings are counted by."""

    STAFF = "staff"
    MATTER = "matter"
    HALL = "hall"
    """Ratings of a hall as a whole; not all that were given in it."""
    WINDOW = "window"
    LEVEL = "level"
    DAY = "day"
    DEVICE = "device"
    """Ratings without a device are left out."""
    CHANNEL = "channel"
    """The platform's code of the channel, ``pf``."""
    ORIGIN = "origin"
    """Screen, code at the device, printed code, or the other system by its name."""


@dataclass(slots=True)
class Count:
    """The counts of one staff member, matter, hall, window ..."""

    levels: dict[Level, int] = field(default_factory=lambda: dict.fromkeys(Level, 0))
    uncredited: int = 0
    later: int = 0
    visits: dict[str, int] = field(default_factory=dict)
    visits_by_phone: int = 0

    def output(self, key: str | None, *, with_visits: bool) -> dict[str, Any]:
        """Return the counts as they are given out."""
        total = sum(self.levels.values())
        points = sum(level.points * count for level, count in self.levels.items())
        negative = sum(count for level, count in self.levels.items() if level.negative)
        found: dict[str, Any] = {
            "key": key,
            "levels": [
                {**level_output(level), "count": count}
                for level, count in sorted(self.levels.items(), reverse=True)
            ],
            "total": total,
            "average_points": round(points / total, 3) if total else None,
            "good_rate": round((total - negative) / total, 4) if total else None,
            "negative_rate": round(negative / total, 4) if total else None,
            "uncredited": self.uncredited,
            "later": self.later,
        }
        if with_visits:
            found["visits"] = dict(sorted(self.visits.items()))
            found["visits_by_phone"] = self.visits_by_phone
        return found


def count(
    connection: Connection, by: By, filters: Filters, utc_offset_minutes: int
) -> list[dict[str, Any]]:
    """Return one row of counts for each key that has any, ordered by hall and key."""
    offset_ms = utc_offset_minutes * 60_000
    rating = schema.rating
    key = (*_place(by, places.HALL), _rating_key(by, offset_ms))
    standing = (rating.c.platform_level, rating.c.credited, rating.c.counted)
    conditions = filters.on_ratings()
    if by in (By.STAFF, By.MATTER, By.HALL):
        conditions.append(rating.c.subject == by.value)
    elif by is By.DEVICE:
        conditions.append(rating.c.device_id.is_not(None))
    windows = by is By.WINDOW or filters.window is not None
    query = places.of_ratings(select(*key, *standing, func.count()), windows=windows)
    rows = connection.execute(query.where(*conditions).group_by(*key, *standing))
    found: dict[tuple[Any, ...], Count] = {}
    for *value, level, credited, counted, number in rows:
        one = found.setdefault(tuple(value), Count())
        if not counted:
            one.later += number
        elif credited:
            one.levels[Level(level)] += number
        else:
            one.uncredited += number
    with_visits = by in _VISITS_BY and not filters.about_ratings
    if with_visits:
        _count_visits(connection, by, filters, offset_ms, found)
    named: Callable[[Any], str] = day_name if by is By.DAY else str
    beside = ("origin",) if by is By.ORIGIN else ("hall", "window_code")
    ordered = sorted(found, key=_order, reverse=by is By.LEVEL)
    return [
        {
            **dict(zip(beside, value[:-1], strict=False)),
            **found[value].output(
                None if value[-1] is None else named(value[-1]), with_visits=with_visits
            ),
        }
        for value in ordered
    ]


def _place(by: By, hall: ColumnElement[Any]) -> tuple[ColumnElement[Any], ...]:
    """What keys must be told apart by: numbers given out by each hall, names by each system."""
    match by:
        case By.STAFF:
            return (hall.label("in_hall"),)
        case By.WINDOW:
            return (hall.label("in_hall"), WINDOW.c.code)
        case By.ORIGIN:
            return (sources.SOURCE.label("source"),)
        case _:
            return ()


def _order(value: tuple[Any, ...]) -> list[tuple[bool, Any]]:
    """What is unknown comes last; a window's number before its code."""
    return [(part is None, part) for part in (*value[:1], *value[:0:-1])]


_VISITS_BY: Mapping[By, ColumnElement[Any]] = {
    By.STAFF: schema.visit.c.staff,
    By.WINDOW: schema.visit.c.window,
    By.DAY: schema.record.c.corrected_ms,
    By.DEVICE: schema.device.c.name,
}
"""What visits can be counted by too, and the column that tells."""


def _count_visits(
    connection: Connection,
    by: By,
    filters: Filters,
    offset_ms: int,
    found: dict[tuple[Any, ...], Count],
) -> None:
    """Add how visits ended: the honest denominator. One without an end is ``open``."""
    visit, device, record = schema.visit, schema.device, schema.record
    last: ColumnElement[Any] = (
        _day(record.c.corrected_ms, offset_ms) if by is By.DAY else _VISITS_BY[by]
    )
    key = (*_place(by, STAND.c.hall), last)
    outcome = func.coalesce(visit.c.outcome, "open").label("ended")
    conditions = filters.on_visits()
    if by is By.STAFF:
        conditions.append(func.coalesce(visit.c.staff, "?").not_in(NOBODY))
    query: Select[Any] = (
        select(*key, outcome, func.count())
        .select_from(visit)
        .join(device, device.c.id == visit.c.device_id)
        .join(
            record,
            and_(
                record.c.device_id == visit.c.device_id,
                record.c.seq == func.coalesce(visit.c.opened_seq, visit.c.closed_seq),
            ),
        )
    )
    windows = by is By.WINDOW or filters.window is not None
    query = with_places(query, windows=windows).where(*conditions)
    for *value, ended, number in connection.execute(query.group_by(*key, outcome)):
        found.setdefault(tuple(value), Count()).visits[ended] = number
    for *value, number in connection.execute(by_phone.alone(query, key)):
        found[tuple(value)].visits_by_phone = number


def _rating_key(by: By, offset_ms: int) -> ColumnElement[Any]:
    rating = schema.rating
    match by:
        case By.STAFF | By.MATTER | By.HALL:
            return rating.c.code
        case By.WINDOW:
            return places.NUMBER.label("number")
        case By.LEVEL:
            return rating.c.platform_level
        case By.DAY:
            return _day(rating.c.corrected_ms, offset_ms)
        case By.DEVICE:
            return schema.device.c.name
        case By.CHANNEL:
            return rating.c.channel
        case By.ORIGIN:
            return func.coalesce(func.nullif(sources.SYSTEM, ""), sources.SOURCE).label("named")


def _day(column: ColumnElement[Any], offset_ms: int) -> ColumnElement[Any]:
    """Days since 1970 by central's calendar; integer division on both databases."""
    return ((column + offset_ms) // DAY_MS).label("day")
