"""The hall file: who and what there is in a hall, imported from TOML.

An import replaces what the hall had; importing the same file again changes nothing, so the
devices are issued a new configuration only when something is really different.
"""

import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import msgspec
from sqlalchemy import Connection, Table, delete, insert, select, update

from central import schema
from central.database import insert_or_replace
from central.errors import Mistakes
from central.mistakes import Mistaken, phone_url_flaw, read_toml
from protocol.configuration import Hall, Matter, Rules, StaffMember, Window
from protocol.limits import Long, Short
from protocol.tags import BASE_SET, TAGS

_Values = Mapping[str, Any]
"""The keys of an entry that could be read."""


class HallEntry(Hall, frozen=True, forbid_unknown_fields=True):
    """The [hall] table: a hall, and where its QR codes lead."""

    phone_url: Short = ""


class HallFile(msgspec.Struct, frozen=True):
    """A hall file that was read without a mistake."""

    hall: HallEntry
    windows: tuple[Window, ...]
    staff: tuple[StaffMember, ...]
    matters: tuple[Matter, ...]
    notices: tuple[str, ...]
    rules: Rules


def read_hall(file: Path) -> HallFile:
    """Return the hall in ``file``. Raises `Mistakes` with every one of them."""
    content = read_toml(file)
    mistaken = Mistaken(file)
    mistaken.unknown_keys(content, HallFile.__struct_fields__, "")
    hall = mistaken.values(HallEntry, mistaken.table(content, "hall"), "hall")
    windows = _entries(mistaken, content, "windows", Window)
    staff = _entries(mistaken, content, "staff", StaffMember)
    matters = _entries(mistaken, content, "matters", Matter)
    _once(mistaken, "windows", "code", windows)
    _once(mistaken, "windows", "number", windows)
    _once(mistaken, "staff", "number", staff)
    _once(mistaken, "matters", "code", matters)
    if not windows and "windows" not in content:
        mistaken.add("windows", "expected at least one [[windows]]")
    _check_assigned(mistaken, windows, staff)
    if (phone_url := hall.get("phone_url")) and (flaw := phone_url_flaw(phone_url)):
        mistaken.add("hall.phone_url", flaw)
    try:
        notices = msgspec.convert(content.get("notices", []), tuple[Long, ...])
    except msgspec.ValidationError:
        mistaken.add("notices", "expected a list of texts of at most 1000 characters")
        notices = ()
    rules = mistaken.values(Rules, mistaken.table(content, "rules"), "rules")
    _check_tags(mistaken, rules.get("switched_off_tags", ()))
    mistaken.raise_any()
    return HallFile(
        HallEntry(**hall),
        tuple(Window(**values) for values in windows),
        tuple(StaffMember(**values) for values in staff),
        tuple(Matter(**values) for values in matters),
        notices,
        Rules(**rules),
    )


def import_hall(connection: Connection, content: HallFile, file: Path) -> bool:
    """Make the tables say what ``content`` says; return whether that changed anything.

    Raises `Mistakes` where the file contradicts what central already holds.
    """
    hall = content.hall
    _check_against_tables(connection, content, file)
    row = {
        "code": hall.code,
        "name": hall.name,
        "phone_url": hall.phone_url,
        "notices": json.dumps(content.notices, ensure_ascii=False),
        "rules": msgspec.json.encode(content.rules).decode(),
    }
    before = connection.execute(
        select(schema.hall).where(schema.hall.c.code == hall.code)
    ).one_or_none()
    changed = before is None or any(before._mapping[key] != row[key] for key in row)
    if before is None:
        connection.execute(insert(schema.hall).values(**row, revision=0))
    elif changed:
        connection.execute(update(schema.hall).where(schema.hall.c.code == hall.code).values(**row))
    for table, key, entries in (
        (schema.service_window, "code", content.windows),
        (schema.staff_member, "number", content.staff),
        (schema.matter, "code", content.matters),
    ):
        rows = [{"hall": hall.code, **msgspec.to_builtins(entry)} for entry in entries]
        changed |= _replace(connection, table, key, hall.code, rows)
    if changed:
        connection.execute(
            update(schema.hall)
            .where(schema.hall.c.code == hall.code)
            .values(revision=schema.hall.c.revision + 1)
        )
    return changed


def _replace(
    connection: Connection, table: Table, key: str, hall: str, rows: list[dict[str, Any]]
) -> bool:
    """Make the hall's rows of ``table`` exactly ``rows``; return whether that was news."""
    held = {
        row._mapping[key]: dict(row._mapping)
        for row in connection.execute(select(table).where(table.c.hall == hall))
    }
    wanted = {row[key]: row for row in rows}
    gone = [name for name in held if name not in wanted]
    news = [row for name, row in wanted.items() if held.get(name) != row]
    for name in gone:
        connection.execute(delete(table).where(table.c.hall == hall, table.c[key] == name))
    for row in news:
        insert_or_replace(connection, table, row)
    return bool(gone or news)


def _check_against_tables(connection: Connection, content: HallFile, file: Path) -> None:
    mistakes = []
    windows, devices = schema.service_window, schema.device
    codes = {window.code for window in content.windows}
    for row in connection.execute(select(windows)):
        if row.code in codes and row.hall != content.hall.code:
            mistakes.append(
                f"{file}: windows (code {row.code}): this window belongs to hall {row.hall}; "
                "a code is given once in all halls"
            )
        elif row.code not in codes and row.hall == content.hall.code:
            standing = connection.execute(
                select(devices.c.name).where(
                    devices.c.window == row.code, devices.c.revoked_ms.is_(None)
                )
            ).scalars()
            mistakes += [
                f"{file}: windows: {row.code} is missing, but device {name} stands there; "
                "keep the window or revoke the device"
                for name in standing
            ]
    if mistakes:
        raise Mistakes(mistakes)


def _entries(
    mistaken: Mistaken, content: dict[str, Any], key: str, kind: type[msgspec.Struct]
) -> list[dict[str, Any]]:
    """Read an array of tables; each mistake says which of them, counted from 1."""
    return [
        mistaken.values(kind, table, f"{key}[{number}]")
        for number, table in enumerate(mistaken.tables(content, key), start=1)
    ]


def _once(mistaken: Mistaken, table: str, key: str, entries: Iterable[_Values]) -> None:
    seen: set[str] = set()
    for value in (entry[key] for entry in entries if key in entry):
        if value in seen:
            mistaken.add(f"{table}.{key}", f"{value!r} is given twice")
        seen.add(value)


def _check_assigned(
    mistaken: Mistaken, windows: Iterable[_Values], staff: Iterable[_Values]
) -> None:
    """Note who is assigned and not there; says nothing while a staff number is unreadable."""
    numbers = {member.get("number") for member in staff}
    for place, window in enumerate(windows, start=1):
        assigned = window.get("assigned_staff")
        if assigned and assigned not in numbers and None not in numbers:
            named = f" (code {window['code']})" if "code" in window else f"[{place}]"
            mistaken.add(
                f"windows{named}.assigned_staff",
                f"there is no [[staff]] with number {assigned!r}",
            )


def _check_tags(mistaken: Mistaken, switched_off: Iterable[int]) -> None:
    every = {code for codes in TAGS.values() for code in codes}
    base = {code for codes in TAGS.values() for code in tuple(codes)[:BASE_SET]}
    known = ", ".join(f"{min(codes)}-{max(codes)}" for codes in TAGS.values())
    for code in switched_off:
        if code not in every:
            mistaken.add(
                "rules.switched_off_tags", f"there is no tag {code}; known tags are {known}"
            )
        elif code in base:
            mistaken.add("rules.switched_off_tags", f"{code} is of the base set and stays on")
