"""A hall's staff, matters and windows as CSV: out, and in again with every mistake by line.

An import adds and updates; with ``replace`` it removes too what is not in the file. Columns
that are not in the file stay as they are. Nothing is imported if there is one mistake.
"""

import difflib
import os
import re
import unicodedata
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, NamedTuple

from sqlalchemy import Connection

from central import csv_text, flaws, roll
from central.errors import Mistakes
from central.initials import initials_of
from central.mistakes import Mistaken
from central.roll import MATTERS, STAFF, WINDOWS, Change, Entry, Kind
from protocol import credentials

Progress = Callable[[int, int], None]
"""Told how many PINs and badges of how many are done; each takes about ten milliseconds."""

PIN, BADGE = "pin", "badge"
"""Columns that are taken and never given: only their hashes are kept."""
_COLUMNS: dict[str, dict[str, tuple[str, ...]]] = {
    STAFF.name: {
        "number": ("工号", "员工号"),
        "name": ("姓名",),
        "post": ("岗位", "职务"),
        "department": ("部门", "科室", "单位"),
        PIN: ("PIN码", "密码"),
        BADGE: ("工牌", "工卡", "胸牌"),
    },
    MATTERS.name: {
        "code": ("事项编码", "事项代码"),
        "name": ("事项名称", "名称"),
        "initials": ("拼音首字母", "首字母"),
    },
    WINDOWS.name: {
        "code": ("窗口编码", "窗口代码"),
        "number": ("窗口号",),
        "assigned_staff": ("固定工号", "固定人员"),
        "matters": ("常用事项",),
    },
}
"""Columns by their name in the roll; Chinese names, the first of which is the one written."""
_BETWEEN = re.compile(r"[\s,;，；、]+")


class Row(NamedTuple):
    """A row of the file, its cells by field; fields that have no column are not there."""

    line: int
    cells: dict[str, str]
    overhangs: bool
    """It has cells to the right of the last heading."""


class Sheet(NamedTuple):
    """A file that was read, nothing of it checked yet but its headings."""

    file: Path
    kind: Kind
    headings: dict[str, str]
    """Fields, and what their column is called in this file."""
    rows: tuple[Row, ...]

    def at(self, line: int, field: str, expected: str) -> str:
        """Return the wording of a mistake in ``field`` of a row."""
        named = f"{self.headings.get(field, field)}: " if field else ""
        return f"{self.file}:{line}: {named}{expected}"


class Secrets(NamedTuple):
    """What was made of the PINs and badges of a sheet, by staff number."""

    verifiers: Mapping[str, str] = {}
    badges: Mapping[str, str] = {}


class Plan(NamedTuple):
    """What an import would do."""

    wanted: dict[str, Entry]
    change: Change


def export(connection: Connection, kind: Kind, hall: str, *, chinese: bool = False) -> bytes:
    """Return the hall's entries of ``kind`` as CSV. Raises `Unknown`."""
    roll.hall_row(connection, hall)
    fields = [field for field in _COLUMNS[kind.name] if field not in (PIN, BADGE)]
    names = _COLUMNS[kind.name]
    heading = [names[field][0] if chinese else field for field in fields]
    entries = roll.entries(connection, kind, hall).values()
    return csv_text.write(
        [heading, *([_cell(entry, name) for name in fields] for entry in entries)]
    )


def read(file: Path, kind: Kind) -> Sheet:
    """Return the rows in ``file``. Raises `Mistakes` about its form and its headings."""
    lines = csv_text.read(file)
    if not lines:
        raise Mistakes([f"{file}: empty; expected a row of headings: {_known(kind)}"])
    head, *rest = lines
    fields, mistakes = _read_headings(head.cells, kind)
    if mistakes:
        raise Mistakes([f"{file}:{head.number}: {one}" for one in mistakes])
    width = len(head.cells)
    rows = tuple(
        Row(
            line.number,
            {name: line.cells[at] if at < len(line.cells) else "" for at, name in fields.items()},
            any(line.cells[width:]),
        )
        for line in rest
    )
    return Sheet(file, kind, {field: head.cells[at] for at, field in fields.items()}, rows)


def plan(
    connection: Connection,
    sheet: Sheet,
    hall: str,
    secrets: Secrets | None = None,
    *,
    replace: bool,
) -> Plan:
    """Return what importing ``sheet`` would do. Raises `Mistakes` with every one of them.

    Without ``secrets`` PINs and badges are looked at and not yet set.
    """
    kind = sheet.kind
    sides = {one: roll.entries(connection, one, hall) for one in (WINDOWS, STAFF, MATTERS)}
    held = sides[kind]
    found: list[tuple[int, str]] = []
    entries: dict[str, Entry] = {}
    lines: dict[str, int] = {}
    with_zeros = {key.lstrip("0"): key for key in held if key.startswith("0")}
    for row in sheet.rows:
        key = row.cells[kind.key]
        flaws_of_row = list(_row_flaws(sheet, row, lines))
        if kind is STAFF and key not in held and (longer := with_zeros.get(key)):
            flaws_of_row.append((kind.key, _lost_zeros(longer)))
        entry = _merged(kind, held.get(key), row.cells, secrets or Secrets())
        values, wrong = _checked(kind, entry)
        if key:
            flaws_of_row += wrong
        if key and key not in lines:
            entries[key], lines[key] = values, row.line
        found += [(row.line, sheet.at(row.line, *flaw)) for flaw in flaws_of_row]
    kept = {} if replace else {key: one for key, one in held.items() if key not in entries}
    wanted = sides[kind] = {**kept, **entries}
    found += _joint_mistakes(sheet, sides, lines)
    if kind is WINDOWS:
        for code, expected in flaws.flaws_with_tables(connection, hall, wanted):
            line = lines.get(code, 0)
            found.append((line, f"{sheet.file}{_shown(line)}: window {code}: {expected}"))
    if found:
        raise Mistakes([text for _, text in sorted(found, key=lambda one: one[0])])
    return Plan(wanted, roll.compare(held, wanted))


def make_secrets(sheet: Sheet, hall: str, held: Mapping[str, Entry], progress: Progress) -> Secrets:
    """Return what is kept of the PINs and badges of a sheet that `plan` found no mistake in.

    Works on every core, and before the database is written to: thousands take a minute. A
    PIN that is the held one already keeps its verifier.
    """
    if sheet.kind is not STAFF:
        return Secrets()
    work = []
    for row in sheet.rows:
        number = row.cells["number"]
        if pin := row.cells.get(PIN):
            work.append((PIN, number, pin, held.get(number, {}).get("pin_verifier", "")))
        if badge := row.cells.get(BADGE):
            work.append((BADGE, number, badge, hall))
    made: dict[str, dict[str, str]] = {PIN: {}, BADGE: {}}
    with ThreadPoolExecutor(os.cpu_count()) as threads:
        for done, (what, number, kept) in enumerate(threads.map(_hashed, work), start=1):
            made[what][number] = kept
            progress(done, len(work))
    return Secrets(made[PIN], made[BADGE])


def _read_headings(cells: Sequence[str], kind: Kind) -> tuple[dict[int, str], list[str]]:
    """Return which field stands in which column, and the mistakes in the headings."""
    names = {
        _normal(name): field
        for field, chinese in _COLUMNS[kind.name].items()
        for name in (field, *chinese)
    }
    fields: dict[int, str] = {}
    mistakes: list[str] = []
    for place, cell in enumerate(cells):
        field = names.get(_normal(cell))
        if not cell:
            continue
        if field is None:
            close = difflib.get_close_matches(_normal(cell), names, n=1)
            hint = f"did you mean {close[0]!r}?" if close else f"known: {_known(kind)}"
            mistakes.append(f"{cell}: unknown column; {hint}")
        elif field in fields.values():
            mistakes.append(f"{cell}: this column is given twice")
        else:
            fields[place] = field
    if not mistakes and kind.key not in fields.values():
        mistakes.append(f"no column {kind.key} ({_COLUMNS[kind.name][kind.key][0]})")
    return fields, mistakes


def _merged(
    kind: Kind, held: Entry | None, cells: Mapping[str, str], secrets: Secrets
) -> dict[str, Any]:
    """Return the entry with what the row says of it."""
    entry: dict[str, Any] = {**kind.defaults(), **(held or {})}
    entry |= {name: value for name, value in cells.items() if name not in (PIN, BADGE)}
    key = cells[kind.key]
    for name, made in (("pin_verifier", secrets.verifiers), ("badge", secrets.badges)):
        if key in made:
            entry[name] = made[key]
    if "matters" in cells:
        entry["matters"] = [one for one in _BETWEEN.split(cells["matters"]) if one]
    if kind is MATTERS and not cells.get("initials"):
        renamed = held is None or entry.get("name") != held["name"]
        if renamed or "initials" in cells:
            entry["initials"] = initials_of(entry.get("name", ""))
    if kind is STAFF and held is None:
        entry = {"post": "", "department": "", **entry}
    return entry


def _checked(kind: Kind, entry: dict[str, Any]) -> tuple[Entry, list[tuple[str, str]]]:
    mistaken = Mistaken()
    values = mistaken.values(kind.shape, entry, "")
    for field, expected in flaws.own_flaws(kind, values):
        mistaken.add(field, expected)
    return values, [(field, said) for field, _, said in (x.partition(": ") for x in mistaken.found)]


def _row_flaws(sheet: Sheet, row: Row, lines: Mapping[str, int]) -> Iterator[tuple[str, str]]:
    """Yield what is wrong with a row of the file, rather than with what it says of an entry."""
    field = sheet.kind.key
    key = row.cells[field]
    if not key:
        yield field, "missing"
    elif key in lines:
        yield field, f"{key!r} is given twice, first in line {lines[key]}"
    if row.overhangs:
        yield "", "more cells than headings"
    if (pin := row.cells.get(PIN)) and not credentials.is_pin(pin):
        yield PIN, "expected six digits; format the column as text to keep its zeros"
    elif pin and credentials.is_guessable(pin):
        yield PIN, "expected a PIN that is not among the first anybody tries (111111, 123456)"
    if badge := row.cells.get(BADGE):
        shortest, longest = credentials.MIN_CARD, credentials.MAX_CARD
        if not shortest <= len(credentials.card_content(badge)) <= longest:
            yield BADGE, f"expected {shortest} to {longest} characters"


def _lost_zeros(number: str) -> str:
    return (
        f"there is a staff member {number}; a spreadsheet has taken the zeros away, "
        "format the column as text"
    )


def _joint_mistakes(
    sheet: Sheet, sides: Mapping[Kind, Mapping[str, Entry]], lines: Mapping[str, int]
) -> Iterator[tuple[int, str]]:
    every = flaws.Sides(*(tuple(sides[kind].values()) for kind in (WINDOWS, STAFF, MATTERS)))
    for flaw in flaws.joint_flaws(every):
        key = every.of(flaw.kind)[flaw.place].get(flaw.kind.key, "")
        if flaw.kind is sheet.kind and key in lines:
            yield lines[key], sheet.at(lines[key], flaw.field, flaw.expected)
        else:
            yield 0, f"{sheet.file}: {flaw.kind.noun} {key}: {flaw.field}: {flaw.expected}"


def _hashed(work: tuple[str, str, str, str]) -> tuple[str, str, str]:
    what, number, secret, beside = work
    if what == BADGE:
        return what, number, credentials.card_hash(secret, beside)
    same = bool(beside) and credentials.pin_matches(secret, beside)
    return what, number, beside if same else credentials.pin_verifier(secret)


def _shown(line: int) -> str:
    return f":{line}" if line else ""


def _cell(entry: Entry, name: str) -> str:
    value = entry[name]
    if name == "initials" and value == initials_of(entry["name"]):
        return ""  # made of the name, and made anew if that changes
    return value if isinstance(value, str) else " ".join(value)


def _normal(heading: str) -> str:
    return "_".join(unicodedata.normalize("NFKC", heading).casefold().split())


def _known(kind: Kind) -> str:
    return ", ".join(f"{field} ({names[0]})" for field, names in _COLUMNS[kind.name].items())
