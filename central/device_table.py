"""The list of devices for a terminal: who needs somebody comes first, and a line sums it up."""

import re
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

from central.ages import ago
from central.needs import Need, Why, order, recent
from central.text_table import lined_up, plain

_ROOM = 40
"""Characters of what a device says of its update; `devices show` has all of it."""
Device = Mapping[str, Any]
"""One of `overview.devices`."""


class _Column(NamedTuple):
    heading: str
    of: Callable[[Device, int], str]
    number: bool = False
    always: bool = True
    """Else left out where nobody has anything in it."""


def in_order(found: Sequence[Device]) -> list[Device]:
    """Return the devices, the gravest first, the retired last, else as one walks past them."""
    return sorted(
        found, key=lambda one: (one["revoked"], order(_needs(one)), _where(one), one["device"])
    )


def _where(one: Device) -> tuple[str, list[tuple[int, str]]]:
    """Return what sorts by hall and window, window 2 before window 10."""
    parts = re.findall(r"[0-9]+|[^0-9]+", str(one["window_number"] or one["window"] or ""))
    return str(one["hall"] or ""), [
        (int(part) if part.isdigit() and part.isascii() else -1, part) for part in parts
    ]


def as_table(found: Sequence[Device], now_ms: int) -> str:
    """Return the lines of a table with a heading; ``!`` marks who needs somebody."""
    rows = [[column.of(one, now_ms) for column in _COLUMNS] for one in found]
    chosen = [
        place
        for place, column in enumerate(_COLUMNS)
        if column.always or any(row[place] for row in rows)
    ]
    lines = [[_COLUMNS[place].heading for place in chosen]]
    lines += [
        [row[place] or ("-" if _COLUMNS[place].heading else "") for place in chosen] for row in rows
    ]
    for line, one in zip(lines[1:], found, strict=True):
        line[0] = "!" if one["needs"] else " "
    return lined_up(lines, {n for n, place in enumerate(chosen) if _COLUMNS[place].number})


def summary(found: Sequence[Device], hidden: int) -> str:
    """Return one line on them; ``hidden`` are retired and not listed."""
    needing = [one for one in found if one["needs"]]
    counted = Counter(why for one in needing for why in {need.why for need in _needs(one)})
    reasons = ", ".join(f"{counted[why]} {_SUMMED[why]}" for why in Why if counted[why])
    many = f"{len(found)} device{'' if len(found) == 1 else 's'}"
    if needing:
        line = f"{many}, {len(needing)} need{'s' if len(needing) == 1 else ''} somebody: {reasons}"
    else:
        line = f"{many}, none needs anybody"
    return line + (f"; {hidden} retired not listed (--retired)" if hidden else "")


def version(one: Device) -> str:
    """Return what runs there: the release, or what the software calls itself."""
    return str(one["release"] or one["software"].removeprefix("haochaping "))


def serving(one: Device) -> str:
    """Return who serves there."""
    if one["serving"] is None:
        return ""
    return str(one["serving"]["staff"]) + (" (paused)" if one["paused"] else "")


def _needs(one: Device) -> list[Need]:
    return [Need(Why(need["why"]), need["told"]) for need in one["needs"]]


def _short(text: str) -> str:
    return text if len(text) <= _ROOM else f"{text[: _ROOM - 1]}…"


def _alerts(one: Device, now_ms: int) -> str:
    new = recent(one["alerts"], now_ms)
    told = [
        kind if times == 1 else f"{kind} x{times}"
        for kind, times in Counter(alert["kind"] for alert in new).items()
    ]
    if older := len(one["alerts"]) - len(new):
        told.append(f"{older} older")
    return ", ".join(told)


def _marks(one: Device, now_ms: int) -> str:
    """Return what no other column says."""
    shown = {Why.ALERT, Why.FAULT, Why.UPDATE}
    told = [need.told for need in _needs(one) if need.why not in shown]
    if one["revoked"]:
        by = f", replaced by {one['replaced_by']}" if one["replaced_by"] else ""
        told.append(f"retired{by}")
    return "; ".join(told)


_SUMMED = {
    Why.FROZEN: "frozen",
    Why.ALERT: "with alerts",
    Why.UPDATE: "not updated",
    Why.FAULT: "with faults",
    Why.SILENT: "silent",
    Why.SCREEN: "without a screen",
    Why.POWER: "with low voltage",
    Why.QUARANTINE: "with records in quarantine",
    Why.PHONE: "with unbound phone ratings",
}
_COLUMNS = (
    _Column("", lambda one, now: ""),
    _Column("device", lambda one, now: one["device"]),
    _Column("name", lambda one, now: plain(one["host"]), always=False),
    _Column("hall", lambda one, now: plain(one["hall"] or "?")),
    _Column("window", lambda one, now: plain(one["window"])),
    _Column("heard", lambda one, now: ago(one["last_contact_ms"], now)),
    _Column(
        "backlog",
        lambda one, now: "?" if one["backlog"] is None else str(one["backlog"]),
        number=True,
    ),
    _Column("version", lambda one, now: plain(version(one))),
    _Column("serving", lambda one, now: plain(serving(one))),
    _Column("update", lambda one, now: plain(_short(one["update"])), always=False),
    _Column("faults", lambda one, now: plain(", ".join(one["faults"])), always=False),
    _Column("alerts", _alerts, always=False),
    _Column("", _marks, always=False),
)
