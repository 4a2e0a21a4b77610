"""The hall file: who and what there is in a hall, imported from TOML.

An import replaces what the hall had; importing the same file again changes nothing, so the
devices are issued a new configuration only when something is really different. PINs, badges,
cards and photos that were given out by other ways stay where the file does not speak of them.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

import msgspec
from sqlalchemy import Connection, insert, select, update

from central import flaws, roll, rule_packs, schema, wording
from central.initials import initials_of
from central.mistakes import Mistaken, phone_url_flaw, read_toml
from central.roll import MATTERS, STAFF, WINDOWS, Change, Entry, Kind
from protocol.configuration import Hall, Hours, Rules, Texts
from protocol.limits import Long, Short


class HallEntry(Hall, frozen=True, forbid_unknown_fields=True):
    """The [hall] table: a hall, and where its QR codes lead."""

    phone_url: Short = ""


class HallChange(NamedTuple):
    """What an import did, or would do."""

    new: bool
    """The hall was not there before."""
    itself: bool
    """Something that the hall says as a whole is different: its name, its rules ..."""
    tables: Mapping[Kind, Change]

    def __bool__(self) -> bool:
        """Whether anything is different."""
        return self.new or self.itself or any(self.tables.values())


class HallFile(msgspec.Struct, frozen=True):
    """A hall file that was read without a mistake."""

    hall: HallEntry
    windows: tuple[Entry, ...]
    staff: tuple[Entry, ...]
    """Without those of `roll.CREDENTIALS` that the file does not speak of."""
    matters: tuple[Entry, ...]
    notices: tuple[str, ...]
    rules: Rules
    hours: Hours
    texts: Texts


def read_hall(file: Path) -> HallFile:
    """Return the hall in ``file``. Raises `Mistakes` with every one of them."""
    content = read_toml(file)
    mistaken = Mistaken(file)
    mistaken.unknown_keys(content, HallFile.__struct_fields__, "")
    hall = mistaken.values(HallEntry, mistaken.table(content, "hall"), "hall")
    sides = flaws.Sides(*(_entries(mistaken, content, kind) for kind in (WINDOWS, STAFF, MATTERS)))
    if not sides.windows and "windows" not in content:
        mistaken.add("windows", "expected at least one [[windows]]")
    _note_flaws(mistaken, sides)
    if (phone_url := hall.get("phone_url")) and (flaw := phone_url_flaw(phone_url)):
        mistaken.add("hall.phone_url", flaw)
    notices = read_notices(mistaken, content.get("notices", []), "notices")
    rules = rule_packs.read_rules(mistaken, mistaken.table(content, "rules"), "rules")
    hours = read_hours(mistaken, mistaken.table(content, "hours"), "hours")
    texts = read_texts(mistaken, mistaken.table(content, "texts"), "texts.")
    mistaken.raise_any()
    return HallFile(
        HallEntry(**hall),
        tuple({**WINDOWS.defaults(), **window} for window in sides.windows),
        tuple(dict(member) for member in sides.staff),
        tuple(
            {**matter, "initials": matter.get("initials") or initials_of(matter["name"])}
            for matter in sides.matters
        ),
        notices,
        rules,
        hours,
        texts,
    )


def read_notices(mistaken: Mistaken, said: Any, where: str) -> tuple[str, ...]:
    """Return the notices in ``said``; note it if that is something else."""
    try:
        return msgspec.convert(said, tuple[Long, ...])
    except msgspec.ValidationError:
        mistaken.add(where, "expected a list of texts of at most 1000 characters")
        return ()


def read_hours(mistaken: Mistaken, table: Mapping[str, Any], where: str) -> Hours:
    """Return the opening hours in ``table``; note every mistake."""
    hours = Hours(**mistaken.values(Hours, table, where))
    if hours.opens and hours.closes and hours.opens >= hours.closes:
        key = f"{where}.closes" if where else "closes"
        mistaken.add(key, f"expected a time after opens, {hours.opens}")
    return hours


def read_texts(mistaken: Mistaken, table: Mapping[str, Any], where: str) -> Texts:
    """Return the hall's own wording in ``table``; note every mistake."""
    texts, wrong = wording.read_texts(table)
    for key, expected in wrong:
        mistaken.add(where + key, expected)
    return texts


def encode(said: Any) -> str:
    """Return the JSON that the hall's row keeps of ``said``, the same for the same."""
    return msgspec.json.encode(said, order="sorted").decode()


def import_hall(connection: Connection, content: HallFile, file: Path) -> HallChange:
    """Make the tables say what ``content`` says; return what that changed, if anything.

    Raises `Mistakes` where the file contradicts what central already holds.
    """
    hall = content.hall
    row = {
        "code": hall.code,
        "name": hall.name,
        "phone_url": hall.phone_url,
        **{name: encode(getattr(content, name)) for name in ("notices", "rules", "hours", "texts")},
    }
    query = select(schema.hall).where(schema.hall.c.code == hall.code).with_for_update()
    before = connection.execute(query).one_or_none()
    held = {kind: roll.entries(connection, kind, hall.code) for kind in roll.KINDS.values()}
    wanted = {
        WINDOWS: {window["code"]: window for window in content.windows},
        STAFF: {
            member["number"]: _keeping(held[STAFF].get(member["number"], {}), member)
            for member in content.staff
        },
        MATTERS: {matter["code"]: matter for matter in content.matters},
    }
    _check_against_tables(connection, hall.code, wanted, file)
    changed = before is None or any(before._mapping[key] != row[key] for key in row)
    if before is None:
        connection.execute(insert(schema.hall).values(**row, revision=0))
    elif changed:
        connection.execute(update(schema.hall).where(schema.hall.c.code == hall.code).values(**row))
    tables = {kind: roll.compare(held[kind], entries) for kind, entries in wanted.items()}
    for kind, change in tables.items():
        roll.write(connection, kind, hall.code, wanted[kind], change)
    change_of_hall = HallChange(before is None, changed, tables)
    if change_of_hall:
        roll.touch(connection, hall.code)
    return change_of_hall


def _keeping(held: Mapping[str, Any], member: Entry) -> Entry:
    kept = {name: held[name] for name in roll.CREDENTIALS if name in held}
    return {**STAFF.defaults(), **kept, **member}


def _check_against_tables(
    connection: Connection, hall: str, wanted: Mapping[Kind, Mapping[str, Entry]], file: Path
) -> None:
    mistaken = Mistaken(file)
    for code, expected in flaws.flaws_with_tables(connection, hall, wanted[WINDOWS]):
        mistaken.add(f"windows (code {code})", expected)
    for number, expected in flaws.unknown_photos(connection, hall, wanted[STAFF].values()):
        mistaken.add(f"staff (number {number}).photo", expected)
    # Kept badges and cards beside new ones; the rest was found when the file was read.
    sides = flaws.Sides((), tuple(wanted[STAFF].values()), ())
    _note_flaws(mistaken, sides)
    mistaken.raise_any()


def _entries(mistaken: Mistaken, content: Mapping[str, Any], kind: Kind) -> list[Entry]:
    """Read an array of tables; each mistake says which of them, counted from 1."""
    found = []
    for place, table in enumerate(mistaken.tables(content, kind.name), start=1):
        where = f"{kind.name}[{place}]"
        entry = mistaken.values(kind.shape, table, where)
        for field, expected in flaws.own_flaws(kind, entry):
            mistaken.add(f"{where}.{field}", expected)
        found.append(entry)
    return found


def _note_flaws(mistaken: Mistaken, sides: flaws.Sides) -> None:
    for flaw in flaws.joint_flaws(sides):
        kind, entry = flaw.kind, sides.of(flaw.kind)[flaw.place]
        named = f"[{flaw.place + 1}]"
        if kind.key in entry and flaw.field != kind.key:
            named = f" ({kind.key} {entry[kind.key]})"
        mistaken.add(f"{kind.name}{named}.{flaw.field}", flaw.expected)
