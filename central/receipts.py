"""Finding a visit by the receipt code that its citizen took away.

Forty bits are enough for a person and not for a province: two visits may share a code. Then
the day decides, and if need be the window; what the other visit was is not told.
"""

from collections.abc import Sequence
from datetime import date
from typing import Any, NamedTuple
from uuid import UUID

from sqlalchemy import Connection, Row, select, union

from central import devices, schema, throttle
from central.errors import CentralError
from central.service import Central
from protocol.phone import read_receipt_code

_DAY_MS = 86_400_000
_MOST = 50
"""Visits that are looked at for one code; more than two are next to impossible."""


class UnknownReceipt(CentralError, LookupError):
    """No visit has this code, or none on that day or at that window."""


class SeveralVisits(CentralError):
    """More than one visit has this code."""

    def __init__(self, needs: str) -> None:
        super().__init__(f"several visits have this code; the {needs} is needed")
        self.needs = needs
        """What tells them apart: ``day``, then ``window``."""


class Found(NamedTuple):
    """The visit of a receipt code."""

    code: str
    visit: UUID
    device_id: int | None
    """None for a visit without a device."""

    def __repr__(self) -> str:
        """Return nothing that would lead to the visit: codes stand in no log."""
        return "Found()"


class _Visit(NamedTuple):
    device_id: int | None
    visit: bytes
    days: frozenset[int]
    """Days since 1970 on which it was opened, ended or rated, by central's corrected times."""
    windows: frozenset[str]


def find(
    connection: Connection,
    typed: str,
    *,
    day: date | None = None,
    window: str = "",
    utc_offset_minutes: int = 480,
) -> Found:
    """Return the visit whose receipt code was ``typed``.

    ``day`` and ``window`` (its number) are looked at only if several visits have the code.
    Raises `Malformed` (no receipt code at all), `UnknownReceipt` or `SeveralVisits`.
    """
    code = read_receipt_code(typed)
    rows = _with_code(connection, code)
    if not rows:
        raise UnknownReceipt("no visit has this receipt code")
    if len(rows) == 1:
        return Found(code, UUID(bytes=rows[0].visit), rows[0].device_id)
    if day is None:
        raise SeveralVisits("day")
    number = day.toordinal() - date(1970, 1, 1).toordinal()
    visits = [_visit(connection, row.device_id, row.visit, utc_offset_minutes) for row in rows]
    visits = [one for one in visits if number in one.days]
    if len(visits) > 1:
        if not window:
            raise SeveralVisits("window")
        visits = [one for one in visits if window.strip() in one.windows]
    if len(visits) > 1:
        raise SeveralVisits("window")
    if not visits:
        raise UnknownReceipt("no visit has this receipt code on that day, at that window")
    return Found(code, UUID(bytes=visits[0].visit), visits[0].device_id)


def look_up(
    central: Central,
    typed: str,
    address: str,
    now_ms: int,
    *,
    day: date | None = None,
    window: str = "",
) -> Found:
    """Return what `find` does, for a caller at ``address`` who may be guessing.

    Codes that do not exist are counted by address. Raises `TooMany` once there
    were too many in this hour, for right codes too: else the limit would tell them apart.
    """
    settings = central.settings
    tried = "receipt codes"
    limit = settings.phone.wrong_codes_per_hour
    try:
        with central.database.reading() as connection:
            throttle.check(connection, central.key, tried, address, limit, now_ms, count=False)
            return find(
                connection,
                typed,
                day=day,
                window=window,
                utc_offset_minutes=settings.utc_offset_minutes,
            )
    except UnknownReceipt:
        with central.database.writing() as connection:
            throttle.check(connection, central.key, tried, address, limit, now_ms)
        raise


def _with_code(connection: Connection, code: str) -> Sequence[Row[Any]]:
    visit, remote = schema.visit, schema.remote_rating
    return connection.execute(
        union(
            select(visit.c.device_id, visit.c.visit).where(visit.c.receipt == code),
            select(remote.c.device_id, remote.c.visit).where(remote.c.receipt == code),
        ).limit(_MOST)
    ).all()


def _visit(
    connection: Connection, device_id: int | None, visit: bytes, utc_offset_minutes: int
) -> _Visit:
    times: list[int] = []
    windows: set[str] = set()
    remote, held, record = schema.remote_rating, schema.visit, schema.record
    for row in connection.execute(
        select(remote.c.received_ms, remote.c.window).where(
            remote.c.visit == visit,
            devices.same(remote, device_id),
        )
    ):
        times.append(row.received_ms)
        windows.add(row.window or "")
    if device_id is not None:
        opened = connection.execute(
            select(held.c.window, held.c.opened_seq, held.c.closed_seq).where(
                held.c.device_id == device_id, held.c.visit == visit
            )
        ).one_or_none()
        if opened is not None:
            windows.add(opened.window or "")
            numbers = [seq for seq in (opened.opened_seq, opened.closed_seq) if seq is not None]
            times += connection.execute(
                select(record.c.corrected_ms).where(
                    record.c.device_id == device_id, record.c.seq.in_(numbers)
                )
            ).scalars()
    days = frozenset((ms + utc_offset_minutes * 60_000) // _DAY_MS for ms in times)
    return _Visit(device_id, visit, days, frozenset(windows - {""}))
