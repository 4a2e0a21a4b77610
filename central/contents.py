"""What a record's contents become in the tables that are asked: visits, ratings, sessions.

Pure: from records that are stored to rows. The rows of one visit may come in different
batches, so each half leaves the other's columns empty.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

import msgspec

from central import clocks, sessions
from central.clocks import Anchor, Reading
from central.judgement import Examined
from central.settling import Origin
from protocol.phone import receipt_code
from protocol.records import AnyRecord, Rating, VisitClosed, VisitOpened

Row = dict[str, Any]


@dataclass(slots=True)
class Rows:
    """Rows for five tables."""

    records: list[Row] = field(default_factory=list)
    visits: dict[bytes, Row] = field(default_factory=dict)
    ratings: list[Row] = field(default_factory=list)
    callbacks: list[Row] = field(default_factory=list)
    sessions: list[Row] = field(default_factory=list)


def anchors_after(
    before: Mapping[bytes, Anchor], stored: Iterable[Examined], now_ms: int
) -> dict[bytes, Anchor]:
    """Return the boots' anchors once ``stored`` has been taken into account."""
    after = dict(before)
    for one in stored:
        record = one.contents
        if record is None:
            continue
        boot_id = record.boot_id.bytes
        known = after.get(boot_id)
        if known is not None and known.synced:
            continue
        new = clocks.anchor_of_record(_reading(record), now_ms)
        if new is not None:
            after[boot_id] = clocks.better(known, new)
    return after


def rows_of(
    stored: Iterable[Examined],
    device_id: int,
    anchors: Mapping[bytes, Anchor],
    now_ms: int,
    *,
    credited: bool,
    window: str | None,
) -> Rows:
    """Return the rows that ``stored`` becomes.

    ``credited`` is False while frozen; ``window`` is the number of the window the device
    stands at.
    """
    rows = Rows()
    for one in stored:
        record = one.contents
        if record is None:
            continue
        boot_id = record.boot_id.bytes
        corrected = clocks.correct(_reading(record), anchors.get(boot_id), now_ms)
        times = {
            "wall_ms": record.wall_ms,
            "clock": record.clock.value,
            "boot_id": boot_id,
            "monotonic_ms": record.monotonic_ms,
            "received_ms": now_ms,
            "corrected_ms": corrected.ms,
            "corrected_by": corrected.by.value,
        }
        event = sessions.row_of(record, device_id, window, now_ms)
        if event is not None:
            rows.sessions.append(event)
        visit = None
        if isinstance(record, VisitOpened | Rating | VisitClosed):
            visit = record.visit.bytes
            if isinstance(record, Rating):
                rows.ratings.append(_rating(record, device_id, times, credited))
            else:
                _visit(rows.visits, record, device_id)
                if isinstance(record, VisitClosed) and record.callback:
                    rows.callbacks.append(_callback(record, device_id))
        rows.records.append(
            {
                "device_id": device_id,
                "seq": one.seq,
                "hash": one.digest,
                "kind": _KINDS[type(record)],
                "visit": visit,
                "signed": one.signed,
                **times,
            }
        )
    return rows


def _reading(record: AnyRecord) -> Reading:
    return Reading(record.wall_ms, record.clock, record.monotonic_ms)


def _rating(record: Rating, device_id: int, times: Row, credited: bool) -> Row:
    return {
        "device_id": device_id,
        "seq": record.seq,
        "visit": record.visit.bytes,
        "subject": record.subject.value,
        "code": record.code,
        "platform_level": int(record.level),
        "tags": ",".join(map(str, record.tags)),
        "cases": msgspec.json.encode(record.cases).decode(),
        "channel": int(record.channel),
        "language": record.language,
        "changes": record.changes,
        "recovered": record.recovered,
        "credited": credited,
        "origin": Origin.SCREEN.value,
        "counted": True,
        "tap_age_ms": _tap_age_ms(record),
        **times,
    }


def _tap_age_ms(record: Rating) -> int:
    """Return how long before its record the level was tapped; 0 if a crash came between."""
    return 0 if record.recovered else max(0, record.monotonic_ms - record.tapped_ms)


def _callback(record: VisitClosed, device_id: int) -> Row:
    return {
        "device_id": device_id,
        "visit": record.visit.bytes,
        "seq": record.seq,
        "sealed": record.callback,
    }


def _visit(visits: dict[bytes, Row], record: VisitOpened | VisitClosed, device_id: int) -> None:
    """Add a half of a visit; what was said first stays."""
    row = visits.get(record.visit.bytes)
    if row is None:
        row = visits[record.visit.bytes] = {
            "device_id": device_id,
            "visit": record.visit.bytes,
            **_EMPTY_VISIT,
        }
    if isinstance(record, VisitOpened) and row["opened_seq"] is None:
        row["window"] = record.window
        row["staff"] = record.staff
        row["invited_by"] = record.invited_by.value
        row["matters"] = msgspec.json.encode(record.matters).decode()
        row["system"] = record.system
        row["hall"] = record.hall
        row["rate_unfinished"] = record.rate_unfinished
        row["receipt"] = record.receipt or receipt_code(record.visit)
        row["opened_seq"] = record.seq
    elif isinstance(record, VisitClosed) and row["closed_seq"] is None:
        row["outcome"] = record.outcome.value
        for name in (
            "reason",
            "asked",
            "rated",
            "first_tap_ms",
            "surplus",
            "recovered",
            "by_phone",
        ):
            row[name] = getattr(record, name)
        row["closed_seq"] = record.seq


OPENED_COLUMNS = (
    *("window", "staff", "invited_by", "matters", "system", "hall", "rate_unfinished", "receipt"),
    "opened_seq",
)
CLOSED_COLUMNS = (
    "outcome",
    "reason",
    "asked",
    "rated",
    "first_tap_ms",
    "surplus",
    "recovered",
    "by_phone",
    "closed_seq",
)
_EMPTY_VISIT: Mapping[str, None] = dict.fromkeys(OPENED_COLUMNS + CLOSED_COLUMNS)
_KINDS = {kind: str(kind.__struct_config__.tag) for kind in AnyRecord.__args__}
