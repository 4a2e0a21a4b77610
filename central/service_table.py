"""How service went, as a table for a terminal or a spreadsheet (`service_counts`).

A Chinese character takes two places in a terminal; columns line up all the same.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

from central import csv_text
from central.text_table import lined_up, plain

Row = Mapping[str, Any]


class Column(NamedTuple):
    """One column: what stands above it, and what of a row stands in it."""

    heading: str
    of: Callable[[Row], Any]
    wide: bool = False
    """Too long for a terminal: for spreadsheets alone."""


def _plain(heading: str, name: str) -> Column:
    return Column(heading, lambda row: row.get(name))


def _inside(heading: str, outer: str, name: str) -> Column:
    return Column(heading, lambda row: row[outer][name])


def _percent(heading: str, of: Callable[[Row], float | None]) -> Column:
    def percent(row: Row) -> str | None:
        share = of(row)
        return None if share is None else f"{share:.1%}"

    return Column(heading, percent)


_PLACE = {"hall": "hall", "window_code": "window code", "name": "name"}
_VISITS = (
    _plain("invited", "invited"),
    _inside("by staff", "invited_by", "staff"),
    _inside("by system", "invited_by", "system"),
    _inside("by citizen", "invited_by", "citizen"),
    _plain("rated", "rated"),
    _plain("partly", "partly"),
    _plain("declined", "declined"),
    _plain("timed out", "timed_out"),
    _plain("cancelled", "cancelled"),
    _plain("fault", "device_fault"),
    _plain("open", "open"),
    _plain("by phone", "by_phone"),
    _percent("rated %", lambda row: row["rated_share"]),
    _percent("cancelled %", lambda row: row["cancelled_share"]),
    _inside("tap median s", "first_tap", "median_seconds"),
    _inside("tap 90% s", "first_tap", "p90_seconds"),
    _percent("taps in 2 s", lambda row: row["first_tap"]["within_2_seconds_share"]),
)
_SESSIONS = (
    _plain("log-ins", "logins"),
    _plain("log-outs", "logouts"),
    _plain("pauses", "pauses"),
    _plain("paused s", "paused_seconds"),
    _plain("lock-outs", "lockouts"),
)
_REASONS = Column(
    "cancel reasons",
    lambda row: "; ".join(
        f"{'other' if one['reason'] is None else one['reason']}: {one['count']}"
        for one in row["cancel_reasons"]
    ),
    wide=True,
)


def columns(by: str, rows: Sequence[Row]) -> list[Column]:
    """Return the columns that ``rows`` of service by ``by`` have."""
    first = rows[0] if rows else {}
    place = [
        _plain(heading, name) for name, heading in _PLACE.items() if name in first and name != by
    ]
    sessions = _SESSIONS if not rows or "logins" in first else ()
    return [_plain(by, "key"), *place, *_VISITS, *sessions, _REASONS]


def as_csv(by: str, rows: Sequence[Row]) -> bytes:
    """Return ``rows`` as CSV that is safe to open in a spreadsheet."""
    chosen = columns(by, rows)
    lines: list[list[str | float]] = [[one.heading for one in chosen]]
    lines += [[_cell(one.of(row)) for one in chosen] for row in rows]
    return csv_text.write(lines)


def as_table(by: str, rows: Sequence[Row]) -> str:
    """Return ``rows`` as lines for a terminal, with the columns lined up."""
    chosen = [one for one in columns(by, rows) if not one.wide]
    lines = [[one.heading for one in chosen]]
    lines += [[_text(one.of(row), "-") for one in chosen] for row in rows]
    words = 1 + sum(one.heading in _PLACE.values() for one in chosen)
    return lined_up(lines, range(words, len(chosen)))


def _cell(value: Any) -> str | float:
    return value if isinstance(value, int | float) else _text(value, "")


def _text(value: Any, nothing: str) -> str:
    return nothing if value is None else plain(value)
