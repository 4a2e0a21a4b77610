"""How service went, by staff member, window, day ...: invitations, ends, seconds to tap.

What supervision asks instead of single ratings, and where interference shows: who cancels
and with which reasons, whose first taps come sooner than anybody can read, who is paused
when. Never a level. Every share names its denominator (docs/central.md, "Service").
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from sqlalchemy import ColumnElement, Connection, Select, and_, case, func, or_, select

from central import by_phone, places, schema, sessions
from central.counts import NOBODY
from central.filters import DAY_MS, Filters, day_name
from central.places import with_places
from central.sessions import Kind
from protocol.records import InvitedBy, Outcome

OPEN = "open"
"""A visit whose end has not come in."""
UNKNOWN = "unknown"
"""A visit whose beginning has not come in."""
REASONS_SHOWN = 20
"""How many cancel reasons a row tells apart, the most frequent first."""
SOON_MS = 2000
"""A first tap no later than this after an invitation is hardly the citizen's."""
_STEP_MS = 100
"""Times to the first tap are rounded up to this; it divides `SOON_MS`."""


class By(StrEnum):
    """What service is counted by."""

    STAFF = "staff"
    WINDOW = "window"
    DAY = "day"
    DEVICE = "device"
    HALL = "hall"
    SYSTEM = "system"
    """The business system that invited; visits that one invited to alone."""


Key = tuple[Any, ...]


@dataclass(slots=True)
class Service:
    """The counts of one staff member, window, day ..."""

    invited: dict[str, int] = field(default_factory=dict)
    outcomes: dict[str, int] = field(default_factory=dict)
    by_phone: int = 0
    """Those among them that ended without a rating on the device and were rated by phone."""
    taps: dict[int, int] = field(default_factory=dict)
    """How many first taps came in each step after the invitation."""
    reasons: dict[str, int] = field(default_factory=dict)
    events: dict[str, int] = field(default_factory=dict)
    paused_ms: int = 0
    pauses_open: int = 0

    def output(self, *, with_sessions: bool) -> dict[str, Any]:
        """Return the counts as they are given out."""
        outcomes = {one.value: self.outcomes.get(one.value, 0) for one in Outcome}
        ended = sum(outcomes.values())
        rated = outcomes[Outcome.RATED] + outcomes[Outcome.PARTLY] + self.by_phone
        found: dict[str, Any] = {
            "invited": sum(self.invited.values()),
            "invited_by": {
                name: self.invited.get(name, 0) for name in (*map(str, InvitedBy), UNKNOWN)
            },
            **outcomes,
            "by_phone": self.by_phone,
            OPEN: self.outcomes.get(OPEN, 0),
            "ended": ended,
            "rated_share": _share(rated, ended),
            "cancelled_share": _share(outcomes[Outcome.CANCELLED], ended),
            "first_tap": _first_tap(self.taps),
            "cancel_reasons": _reasons(self.reasons),
        }
        if with_sessions:
            found |= {
                "logins": self.events.get(Kind.LOGIN, 0),
                "logouts": self.events.get(Kind.LOGOUT, 0),
                "pauses": self.events.get(Kind.PAUSE, 0),
                "paused_seconds": round(self.paused_ms / 1000),
                "pauses_open": self.pauses_open,
                "lockouts": self.events.get(Kind.LOCKOUT, 0),
            }
        return found


def count(
    connection: Connection, by: By, filters: Filters, utc_offset_minutes: int
) -> list[dict[str, Any]]:
    """Return one row for each key of which anything is known, ordered by hall and key."""
    offset_ms = utc_offset_minutes * 60_000
    found: dict[Key, Service] = {}
    _count_visits(connection, by, filters, offset_ms, found)
    with_sessions = by is not By.SYSTEM
    if with_sessions:
        _count_events(connection, by, filters, offset_ms, found)
    names = _names(connection) if by is By.STAFF else {}
    rows = []
    for key in sorted(found, key=_order):
        *place, last = key
        row: dict[str, Any] = dict(zip(_PLACE_NAMES, place, strict=False))
        row["key"] = day_name(last) if by is By.DAY and last is not None else last
        if by is By.STAFF:
            row["name"] = names.get((place[0], last))
        rows.append(row | found[key].output(with_sessions=with_sessions))
    return rows


_PLACE_NAMES = ("hall", "window_code")


def _order(key: Key) -> list[tuple[bool, Any]]:
    """What is unknown comes last; a window's number before its code."""
    return [(part is None, part) for part in (*key[:1], *key[:0:-1])]


def _key(
    by: By, staff: ColumnElement[Any], window: ColumnElement[Any], offset_ms: int
) -> tuple[ColumnElement[Any], ...]:
    """Return the columns to group by; what each hall gives out is told apart by hall."""
    stand = places.STAND
    match by:
        case By.STAFF:
            return (stand.c.hall, staff)
        case By.WINDOW:
            return (stand.c.hall, places.WINDOW.c.code, window)
        case By.DAY:
            return (((schema.record.c.corrected_ms + offset_ms) // DAY_MS).label("day"),)
        case By.DEVICE:
            return (schema.device.c.name,)
        case By.HALL:
            return (stand.c.hall,)
        case By.SYSTEM:
            return (stand.c.hall, schema.visit.c.system)


def _count_visits(
    connection: Connection, by: By, filters: Filters, offset_ms: int, found: dict[Key, Service]
) -> None:
    """Count the visits in one pass over them: how each began and ended, and the first tap."""
    visit, device, record = schema.visit, schema.device, schema.record
    key = _key(by, visit.c.staff, visit.c.window, offset_ms)
    told = (
        func.coalesce(visit.c.invited_by, UNKNOWN).label("by_whom"),
        func.coalesce(visit.c.outcome, OPEN).label("ended"),
        case((visit.c.outcome == Outcome.CANCELLED.value, visit.c.reason)).label("because"),
        # Who begins on their own has the keys before them: only an invitation is waited for.
        case(
            (
                visit.c.invited_by != InvitedBy.CITIZEN.value,
                (visit.c.first_tap_ms + (_STEP_MS - 1)) // _STEP_MS,
            )
        ).label("step"),
    )
    query: Select[Any] = (
        select(*key, *told, func.count())
        .select_from(visit)
        .join(device, device.c.id == visit.c.device_id)
    )
    conditions = filters.on_visits()
    if by is By.DAY or filters.since_ms is not None or filters.until_ms is not None:
        query = query.join(
            record,
            and_(
                record.c.device_id == visit.c.device_id,
                record.c.seq == func.coalesce(visit.c.opened_seq, visit.c.closed_seq),
            ),
        )
    if by is By.STAFF:
        conditions.append(_somebody(visit.c.staff))
    elif by is By.SYSTEM:
        conditions.append(visit.c.system != "")
    windows = by is By.WINDOW or filters.window is not None
    query = with_places(query, windows=windows).where(*conditions)
    for *value, invited_by, ended, reason, step, number in connection.execute(
        query.group_by(*key, *told)
    ):
        one = found.setdefault(tuple(value), Service())
        _add(one.invited, invited_by, number)
        _add(one.outcomes, ended, number)
        if reason is not None:
            _add(one.reasons, reason, number)
        if step is not None:
            one.taps[step] = one.taps.get(step, 0) + number
    for *value, number in connection.execute(by_phone.alone(query, key)):
        found[tuple(value)].by_phone = number


def _count_events(
    connection: Connection, by: By, filters: Filters, offset_ms: int, found: dict[Key, Service]
) -> None:
    """Count log-ins, log-outs, pauses and lock-outs, and how long each pause lasted.

    A pause counts where it began and lasts until service went on, or somebody came or left.
    Within a boot that is told by the monotonic clock.
    """
    event, record = schema.session_record, schema.record
    after, until = event.alias("after"), record.alias("until")
    end = (
        select(after.c.seq)
        .where(
            after.c.device_id == event.c.device_id,
            after.c.seq > event.c.seq,
            after.c.kind.in_([one.value for one in sessions.STANDINGS]),
        )
        .order_by(after.c.seq)
        .limit(1)
        .correlate(event)
        .scalar_subquery()
    )
    lasted = case(
        (until.c.boot_id == record.c.boot_id, until.c.monotonic_ms - record.c.monotonic_ms),
        else_=until.c.corrected_ms - record.c.corrected_ms,
    )
    paused = event.c.kind == Kind.PAUSE.value
    staff, window = sessions.STAFF, sessions.WINDOW
    key = _key(by, staff, window, offset_ms)
    conditions = [
        *filters.on_events(staff, window),
        event.c.kind.in_([Kind.LOGIN, Kind.LOGOUT, Kind.PAUSE, Kind.LOCKOUT]),
    ]
    if by is By.STAFF:
        conditions.append(_somebody(staff))
    query = sessions.with_visit(
        select(
            *key,
            event.c.kind,
            func.count(),
            func.sum(case((lasted > 0, lasted), else_=0)),
            func.sum(case((and_(paused, until.c.seq.is_(None)), 1), else_=0)),
        ).select_from(event)
    ).outerjoin(until, and_(paused, until.c.device_id == event.c.device_id, until.c.seq == end))
    rows = connection.execute(query.where(*conditions).group_by(*key, event.c.kind))
    for *value, kind, number, paused_ms, still in rows:
        one = found.setdefault(tuple(value), Service())
        one.events[kind] = number
        one.paused_ms += int(paused_ms)
        one.pauses_open += int(still)


def _somebody(staff: ColumnElement[Any]) -> ColumnElement[bool]:
    """Only what is somebody's; of what is unknown it is not known to be nobody's."""
    return or_(staff.is_(None), staff.not_in(NOBODY))


def _names(connection: Connection) -> dict[tuple[str, str], str]:
    table = schema.staff_member
    rows = connection.execute(select(table.c.hall, table.c.number, table.c.name))
    return {(row.hall, row.number): row.name for row in rows}


def _add(counts: dict[str, int], name: str, number: int) -> None:
    counts[name] = counts.get(name, 0) + number


def _share(part: int, whole: int) -> float | None:
    return round(part / whole, 4) if whole else None


def _first_tap(taps: dict[int, int]) -> dict[str, Any]:
    total = sum(taps.values())
    soon = sum(number for step, number in taps.items() if step * _STEP_MS <= SOON_MS)
    median, slow = quantiles(taps, (50, 90))
    return {
        "taps": total,
        "median_seconds": _seconds(median),
        "p90_seconds": _seconds(slow),
        "within_2_seconds": soon,
        "within_2_seconds_share": _share(soon, total),
    }


def quantiles(counted: dict[int, int], percents: Sequence[int]) -> list[int | None]:
    """Return for each per cent the least value that so many of the values do not exceed.

    (Nearest rank: always one of the values.) ``counted`` tells how often each value is there.
    """
    total = sum(counted.values())
    found: list[int | None] = []
    for percent in percents:
        wanted, passed = total * percent, 0
        for value in sorted(counted):
            passed += counted[value]
            if passed * 100 >= wanted:
                found.append(value)
                break
        else:
            found.append(None)
    return found


def _seconds(step: int | None) -> float | None:
    return None if step is None else step * _STEP_MS / 1000


def _reasons(counted: dict[str, int]) -> list[dict[str, Any]]:
    """Return the most frequent reasons; the others together, as null."""
    ordered: Iterable[tuple[str, int]] = sorted(counted.items(), key=lambda one: (-one[1], one[0]))
    shown: list[tuple[str | None, int]] = [*ordered]
    if rest := shown[REASONS_SHOWN:]:
        shown = [*shown[:REASONS_SHOWN], (None, sum(number for _, number in rest))]
    return [{"reason": reason, "count": number} for reason, number in shown]
