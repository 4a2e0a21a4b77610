"""Which ratings a reader asks about: the same filters for lists and for counts."""

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta, timezone
from typing import Any

from sqlalchemy import ColumnElement, and_, or_, select

from central import places, schema, sources
from central.errors import Refused
from central.sources import Source
from protocol.levels import Level

DAY_MS = 24 * 60 * 60 * 1000
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Filters:
    """What to look at; None leaves it open."""

    hall: str | None = None
    window: str | None = None
    """Its number or its code."""
    device: str | None = None
    staff: str | None = None
    """Ratings whose subject is this staff member."""
    matter: str | None = None
    """Ratings whose subject is this matter. With `staff`: those of either."""
    level: int | None = None
    """The platform's code, 5 (best) to 1."""
    channel: int | None = None
    """The platform's channel code, ``pf``."""
    origin: Source | None = None
    system: str | None = None
    """Ratings that came through this other system."""
    since_ms: int | None = None
    until_ms: int | None = None
    """Not included itself."""

    @property
    def about_ratings(self) -> bool:
        """Tell whether something is asked that a visit as such has not."""
        asked = (self.matter, self.level, self.channel, self.origin, self.system)
        return any(one is not None for one in asked)

    def on_ratings(self) -> list[ColumnElement[bool]]:
        """Return the conditions on `rating` as `places.of_ratings` joins it."""
        table = schema.rating
        found = [*self._on_time(table.c.corrected_ms), *self._on_place_of_ratings()]
        if self.device is not None:
            found.append(schema.device.c.name == self.device)
        subjects = [
            and_(table.c.subject == subject, table.c.code == code)
            for subject, code in (("staff", self.staff), ("matter", self.matter))
            if code is not None
        ]
        if subjects:
            found.append(or_(*subjects))
        if self.level is not None:
            found.append(table.c.platform_level == self.level)
        if self.channel is not None:
            found.append(table.c.channel == self.channel)
        if self.origin is not None:
            found.append(sources.came_through(self.origin))
        if self.system is not None:
            system = sources.SYSTEM
            found.append(system == self.system)
        return found

    def on_visits(self) -> list[ColumnElement[bool]]:
        """Return the conditions on `visit` joined with `device`, places and dated `record`."""
        found = [*self._on_time(schema.record.c.corrected_ms), *self._on_place()]
        if self.device is not None:
            found.append(schema.device.c.name == self.device)
        if self.staff is not None:
            found.append(schema.visit.c.staff == self.staff)
        return found

    def on_events(
        self, staff: ColumnElement[Any], window: ColumnElement[Any]
    ) -> list[ColumnElement[bool]]:
        """Return the conditions on `session_record` as `sessions.with_visit` joins it."""
        found = [*self._on_time(schema.record.c.corrected_ms), *self._on_place(window)]
        if self.device is not None:
            found.append(schema.device.c.name == self.device)
        if self.staff is not None:
            found.append(staff == self.staff)
        return found

    def _on_place(self, number: ColumnElement[Any] | None = None) -> list[ColumnElement[bool]]:
        found: list[ColumnElement[bool]] = []
        if self.hall is not None:
            found.append(places.STAND.c.hall == self.hall)
        if self.window is not None:
            named = schema.visit.c.window if number is None else number
            found.append(or_(named == self.window, places.WINDOW.c.code == self.window))
        return found

    def _on_place_of_ratings(self) -> list[ColumnElement[bool]]:
        table, device, stand = schema.rating, schema.device, schema.service_window
        found: list[ColumnElement[bool]] = []
        if self.hall is not None:
            # By the devices that stand there: an index finds their ratings.
            there = (
                select(device.c.id)
                .join(stand, stand.c.code == device.c.window)
                .where(stand.c.hall == self.hall)
            )
            without = and_(table.c.device_id.is_(None), table.c.hall == self.hall)
            found.append(or_(table.c.device_id.in_(there), without))
        if self.window is not None:
            number = places.NUMBER
            found.append(or_(number == self.window, places.WINDOW.c.code == self.window))
        return found

    def _on_time(self, column: ColumnElement[Any]) -> list[ColumnElement[bool]]:
        found: list[ColumnElement[bool]] = []
        if self.since_ms is not None:
            found.append(column >= self.since_ms)
        if self.until_ms is not None:
            found.append(column < self.until_ms)
        return found


def read_time(name: str, text: str | None, utc_offset_minutes: int) -> int | None:
    """Return the time in ``text`` in milliseconds since 1970.

    Takes ISO 8601: a day (its beginning), or a date and time; without a zone both are
    meant where central's days are. Raises `Refused`.
    """
    if text is None:
        return None
    zone = timezone(timedelta(minutes=utc_offset_minutes))
    try:
        moment = (
            datetime.combine(date.fromisoformat(text), datetime.min.time())
            if len(text) == 10
            else datetime.fromisoformat(text)
        )
    except ValueError as error:
        expected = "expected a day (2025-03-01) or a time (2025-03-01T09:00:00+08:00)"
        raise Refused(400, "invalid", f"{name}: {expected}") from error
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=zone)
    return (moment - _EPOCH) // timedelta(milliseconds=1)


def day_name(number: int) -> str:
    """Return the ISO date of day ``number`` since 1970; days out of all reason by number."""
    try:
        return (date(1970, 1, 1) + timedelta(days=number)).isoformat()
    except OverflowError:
        return f"day {number}"


def level_output(level: Level) -> dict[str, int | str]:
    """Return a level as it is given out: both codings, points and name (docs/codes.md)."""
    return {
        "platform": int(level),
        "gbt39046": level.national_code,
        "points": level.points,
        "name": level.name.lower(),
    }
