"""What an editor may do to single entries of a hall's roll, free of HTTP.

Each change is made under the lock of the hall's row, against the state that the caller saw:
its tag is that of what is given out, so that nobody undoes what somebody else has done since.
"""

import hashlib
from collections.abc import Callable
from typing import Any, NamedTuple

import msgspec
from sqlalchemy import Connection, Row, select, update

from central import edits, flaws, roll, rule_packs, schema
from central.directory import encode, read_hours, read_notices, read_texts
from central.errors import CentralError, Mistakes, Unknown
from central.initials import initials_of
from central.mistakes import Mistaken
from central.roll import CREDENTIALS, MATTERS, STAFF, WINDOWS, Entry, Kind
from protocol.configuration import Hours, Rules, Texts

_SHOWN_AS = {"pin_verifier": "pin", "badge": "badge", "card": "card"}
"""Fields of which it is only told whether there is one."""
Guard = Callable[[str], None]
"""Raises unless the state with this tag is the one that the caller may change; empty: there
is nothing yet."""


class Forbidden(CentralError):
    """Something else in the hall needs what is to be removed; it says what."""


class Shown(NamedTuple):
    """Something of a hall as it is given out."""

    content: Any

    @property
    def tag(self) -> str:
        """Return the strong entity tag (RFC 9110, section 8.8.3), without its quotes."""
        encoded = msgspec.json.encode(self.content, order="sorted")
        return hashlib.sha256(encoded).hexdigest()[:32]


def show(kind: Kind, entry: Entry) -> Shown:
    """Return ``entry`` as it is given out: of a PIN, a badge or a card only that there is one."""
    content = {_SHOWN_AS.get(name, name): value for name, value in entry.items()}
    if kind is STAFF:
        content |= {name: bool(content[name]) for name in _SHOWN_AS.values()}
    return Shown(content)


def page(
    connection: Connection, kind: Kind, hall: str, after: str, limit: int
) -> tuple[list[Shown], str | None]:
    """Return up to ``limit`` entries after the key ``after``, and the last one's key if more come.

    Raises `Unknown`.
    """
    roll.hall_row(connection, hall)
    every = roll.entries(connection, kind, hall, after=after, limit=limit + 1)
    shown = [show(kind, entry) for entry in list(every.values())[:limit]]
    return shown, shown[-1].content[kind.key] if len(every) > limit else None


def find(connection: Connection, kind: Kind, hall: str, key: str) -> Shown:
    """Return one entry. Raises `Unknown`."""
    roll.hall_row(connection, hall)
    entry = roll.entry(connection, kind, hall, key)
    if entry is None:
        raise Unknown(f"hall {hall} has no {kind.noun} {key}")
    return show(kind, entry)


def put(
    connection: Connection,
    kind: Kind,
    hall: str,
    key: str,
    said: dict[str, Any],
    *,
    guard: Guard,
    editor: str,
    now_ms: int,
) -> tuple[Shown, bool]:
    """Make the entry ``key`` say what ``said`` says; return it, and whether it is new.

    Raises `Mistakes` with every one of them, `Unknown` for a hall that is not there.
    """
    roll.hall_row(connection, hall, lock=True)
    held = roll.entry(connection, kind, hall, key)
    guard("" if held is None else show(kind, held).tag)
    wanted = _read(kind, key, said, held)
    if kind is WINDOWS:
        _check_window(connection, hall, wanted)
    change = roll.compare({} if held is None else {key: held}, {key: wanted})
    roll.write(connection, kind, hall, {key: wanted}, change)
    if change:
        roll.touch(connection, hall)
        edits.note(connection, hall, editor, edits.told(kind, change), now_ms)
    return show(kind, wanted), held is None


def remove(
    connection: Connection,
    kind: Kind,
    hall: str,
    key: str,
    *,
    guard: Guard,
    editor: str,
    now_ms: int,
) -> None:
    """Remove an entry. Raises `Unknown`, or `Forbidden` while something needs it."""
    roll.hall_row(connection, hall, lock=True)
    held = roll.entry(connection, kind, hall, key)
    if held is None:
        raise Unknown(f"hall {hall} has no {kind.noun} {key}")
    guard(show(kind, held).tag)
    _refuse_needed(connection, kind, hall, key)
    change = roll.Change(removed=(key,))
    roll.write(connection, kind, hall, {}, change)
    roll.touch(connection, hall)
    edits.note(connection, hall, editor, edits.told(kind, change), now_ms)


def _read(kind: Kind, key: str, said: dict[str, Any], held: Entry | None) -> Entry:
    mistaken = Mistaken()
    given = dict(said)
    if given.setdefault(kind.key, key) != key:
        mistaken.add(kind.key, f"expected {key!r}, as in the address, or nothing")
        given[kind.key] = key
    if kind is STAFF:
        given |= _kept(mistaken, given, held)
    values = mistaken.values(kind.shape, given, "")
    for field, expected in flaws.own_flaws(kind, values):
        mistaken.add(field, expected)
    mistaken.raise_any()
    if kind is MATTERS and not values.get("initials"):
        values["initials"] = initials_of(values["name"])
    return {**kind.defaults(), **values}


def _kept(mistaken: Mistaken, given: dict[str, Any], held: Entry | None) -> Entry:
    """Take what is changed elsewhere out of ``given``, and return what of it is held."""
    kept = {name: held[name] if held else "" for name in CREDENTIALS}
    shown = show(STAFF, {**STAFF.blank(), **kept}).content
    for name in CREDENTIALS:
        field = _SHOWN_AS.get(name, name)
        if given.pop(field, shown[field]) != shown[field]:
            mistaken.add(field, "expected as it is or nothing; it has an address of its own")
    if given.pop("pin_verifier", None) is not None:
        mistaken.add("pin_verifier", "expected nothing; a PIN has an address of its own")
    return kept


def _check_window(connection: Connection, hall: str, wanted: Entry) -> None:
    windows = roll.entries(connection, WINDOWS, hall)
    windows.pop(wanted["code"], None)
    staff, matter = schema.staff_member, schema.matter
    numbers = connection.execute(select(staff.c.number).where(staff.c.hall == hall)).scalars()
    codes = connection.execute(select(matter.c.code).where(matter.c.hall == hall)).scalars()
    sides = flaws.Sides(
        (*windows.values(), wanted),
        [{"number": number} for number in numbers],
        [{"code": code} for code in codes],
    )
    found = [f"{flaw.field}: {flaw.expected}" for flaw in flaws.joint_flaws(sides)]
    codes_then = (*windows, wanted["code"])
    found += [f"code: {said}" for _, said in flaws.flaws_with_tables(connection, hall, codes_then)]
    if found:
        raise Mistakes(found)


def _refuse_needed(connection: Connection, kind: Kind, hall: str, key: str) -> None:
    windows = roll.entries(connection, WINDOWS, hall)
    reasons = []
    if kind is WINDOWS:
        del windows[key]
        reasons = [said for _, said in flaws.flaws_with_tables(connection, hall, windows)]
    for window in windows.values():
        if kind is STAFF and window["assigned_staff"] == key:
            reasons.append(f"{key} is assigned to window {window['code']}")
        if kind is MATTERS and key in window["matters"]:
            reasons.append(f"window {window['code']} has it on its short list")
    if reasons:
        raise Forbidden("; ".join(reasons))


# --- what a hall says as a whole --------------------------------------------------------------


class Part(NamedTuple):
    """Something a hall says as a whole: notices, texts, rules or hours."""

    name: str
    read: Callable[[Mistaken, Any], Any]
    """Reads what an editor sent, noting every mistake."""
    shape: Any
    sent_as: type = dict
    """What JSON is expected."""

    def held(self, row: Row[Any]) -> Shown:
        """Return what the hall's ``row`` has of it."""
        said = msgspec.json.decode(row._mapping[self.name], type=self.shape)
        return Shown(msgspec.to_builtins(said))


def _read_notices(mistaken: Mistaken, said: Any) -> Any:
    return read_notices(mistaken, said, "notices")


def _read_texts(mistaken: Mistaken, said: Any) -> Any:
    return read_texts(mistaken, said, "")


def _read_rules(mistaken: Mistaken, said: Any) -> Any:
    return rule_packs.read_rules(mistaken, said, "")


def _read_hours(mistaken: Mistaken, said: Any) -> Any:
    return read_hours(mistaken, said, "")


PARTS = (
    Part("notices", _read_notices, tuple[str, ...], list),
    Part("texts", _read_texts, Texts),
    Part("rules", _read_rules, Rules),
    Part("hours", _read_hours, Hours),
)


def find_part(connection: Connection, part: Part, hall: str) -> Shown:
    """Return what the hall says. Raises `Unknown`."""
    return part.held(roll.hall_row(connection, hall))


def put_part(
    connection: Connection,
    part: Part,
    hall: str,
    said: Any,
    *,
    guard: Guard,
    editor: str,
    now_ms: int,
) -> Shown:
    """Make the hall say ``said``. Raises `Mistakes` with every one of them, or `Unknown`."""
    held = part.held(roll.hall_row(connection, hall, lock=True))
    guard(held.tag)
    mistaken = Mistaken()
    wanted = Shown(msgspec.to_builtins(part.read(mistaken, said)))
    mistaken.raise_any()
    if wanted.tag != held.tag:
        connection.execute(
            update(schema.hall)
            .where(schema.hall.c.code == hall)
            .values({part.name: encode(wanted.content)})
        )
        roll.touch(connection, hall)
        edits.note(connection, hall, editor, f"{part.name} changed", now_ms)
    return wanted
