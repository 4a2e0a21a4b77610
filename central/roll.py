"""The roll of a hall: its staff, matters and windows, as the tables hold them.

Every door to them, hall file, CSV, command and API, reads entries here, changes them and
writes them back here, so that a change means the same whichever way it came.
"""

import json
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple, TypeVar

import msgspec
from sqlalchemy import Connection, Row, Table, delete, select, update

from central import schema
from central.database import insert_new
from central.errors import Unknown
from protocol.configuration import Matter, StaffMember, Window

_Value = TypeVar("_Value")
Entry = dict[str, Any]
"""The fields of a `StaffMember`, `Matter` or `Window` by name; lists are tuples."""
CREDENTIALS = ("pin_verifier", "badge", "card", "photo")
"""What a staff member keeps where an edit does not speak of it."""


class Kind(NamedTuple):
    """One of the three tables of a roll."""

    name: str
    """As the hall file and the API call it."""
    noun: str
    table: Table
    key: str
    shape: type[msgspec.Struct]
    lists: tuple[str, ...] = ()
    """Columns that hold a list, as JSON."""

    @property
    def fields(self) -> tuple[str, ...]:
        """The names of an entry's fields."""
        return self.shape.__struct_fields__

    def blank(self) -> Entry:
        """Return an entry that says nothing yet."""
        return dict.fromkeys(self.fields, "") | self.defaults()

    def defaults(self) -> Entry:
        """Return the fields that may be left out, with what they are then."""
        return {
            field.name: field.default
            for field in msgspec.structs.fields(self.shape)
            if not field.required
        }


STAFF = Kind("staff", "staff member", schema.staff_member, "number", StaffMember)
MATTERS = Kind("matters", "matter", schema.matter, "code", Matter)
WINDOWS = Kind("windows", "window", schema.service_window, "code", Window, ("matters",))
KINDS = {kind.name: kind for kind in (STAFF, MATTERS, WINDOWS)}


class Change(NamedTuple):
    """What an edit did, or would do, to one table: keys, in order."""

    added: tuple[str, ...] = ()
    changed: tuple[str, ...] = ()
    removed: tuple[str, ...] = ()
    unchanged: int = 0

    def __bool__(self) -> bool:
        """Whether anything is different."""
        return bool(self.added or self.changed or self.removed)

    def __str__(self) -> str:
        return (
            f"{len(self.added)} added, {len(self.changed)} changed, "
            f"{len(self.removed)} removed, {self.unchanged} unchanged"
        )


def hall_row(connection: Connection, code: str, *, lock: bool = False) -> Row[Any]:
    """Return the hall's own row; with ``lock`` other editors of this hall wait.

    Raises `Unknown`, which names the halls there are.
    """
    table = schema.hall
    query = select(table).where(table.c.code == code)
    row = connection.execute(query.with_for_update() if lock else query).one_or_none()
    if row is None:
        known = list(connection.execute(select(table.c.code).order_by(table.c.code)).scalars())
        told = f"known: {', '.join(known)}" if known else "none was imported yet"
        raise Unknown(f"there is no hall {code}; {told}")
    return row


def touch(connection: Connection, hall: str) -> None:
    """Note that something of ``hall`` is different: its devices are issued a new configuration."""
    table = schema.hall
    connection.execute(
        update(table).where(table.c.code == hall).values(revision=table.c.revision + 1)
    )


def entries(
    connection: Connection, kind: Kind, hall: str, *, after: str = "", limit: int | None = None
) -> dict[str, Entry]:
    """Return the hall's entries of ``kind`` by their key, in its order; of a page if asked so."""
    key = kind.table.c[kind.key]
    query = (
        select(*(kind.table.c[name] for name in kind.fields))
        .where(kind.table.c.hall == hall, key > after)
        .order_by(key)
        .limit(limit)
    )
    found = (dict(zip(kind.fields, row, strict=True)) for row in connection.execute(query))
    return {entry[kind.key]: _unpacked(kind, entry) for entry in found}


def entry(connection: Connection, kind: Kind, hall: str, key: str) -> Entry | None:
    """Return one of them."""
    query = select(*(kind.table.c[name] for name in kind.fields)).where(
        kind.table.c.hall == hall, kind.table.c[kind.key] == key
    )
    row = connection.execute(query).one_or_none()
    return None if row is None else _unpacked(kind, dict(zip(kind.fields, row, strict=True)))


def compare(held: Mapping[str, Entry], wanted: Mapping[str, Entry]) -> Change:
    """Return what changes if ``wanted`` takes the place of ``held``."""
    return Change(
        added=tuple(key for key in wanted if key not in held),
        changed=tuple(key for key in wanted if key in held and held[key] != wanted[key]),
        removed=tuple(key for key in held if key not in wanted),
        unchanged=sum(held.get(key) == entry for key, entry in wanted.items()),
    )


def write(
    connection: Connection, kind: Kind, hall: str, wanted: Mapping[str, Entry], change: Change
) -> None:
    """Carry out ``change``, so that the table says what ``wanted`` says. Checks nothing."""
    rows = [_packed(kind, hall, wanted[key]) for key in (*change.added, *change.changed)]
    for batch in _batches(rows):
        insert_new(
            connection,
            kind.table,
            batch,
            update=lambda _held, new: {name: new[name] for name in kind.fields},
        )
    for gone in _batches(change.removed):
        connection.execute(
            delete(kind.table).where(kind.table.c.hall == hall, kind.table.c[kind.key].in_(gone))
        )
    if kind is STAFF and (change.changed or change.removed):
        drop_unused_photos(connection, hall)


def drop_unused_photos(connection: Connection, hall: str) -> None:
    """Delete the photos that no staff member of ``hall`` has any more."""
    photo, staff = schema.photo, schema.staff_member
    used = select(staff.c.photo).where(staff.c.hall == hall)
    connection.execute(delete(photo).where(photo.c.hall == hall, photo.c.hash.not_in(used)))


def _packed(kind: Kind, hall: str, entry: Entry) -> Entry:
    lists = {name: json.dumps(list(entry[name]), ensure_ascii=False) for name in kind.lists}
    return {"hall": hall, **entry, **lists}


def _unpacked(kind: Kind, entry: Entry) -> Entry:
    for name in kind.lists:
        entry[name] = tuple(json.loads(entry[name]))
    return entry


def _batches(values: Sequence[_Value], size: int = 500) -> Iterable[Sequence[_Value]]:
    return (values[at : at + size] for at in range(0, len(values), size))
