"""Who changed what in a hall's roll, and when: kept with the change, in one transaction."""

import getpass
from typing import NamedTuple

from sqlalchemy import Connection, insert, select

from central import schema
from central.roll import Change, Kind

MAX_NAMED = 20
"""So many keys are named in one edit; the rest is counted."""


class Edit(NamedTuple):
    """One change that was made."""

    made_ms: int
    hall: str
    editor: str
    """The name of a key, or who typed a command."""
    what: str
    """Never a PIN, a badge or a key."""


def note(connection: Connection, hall: str, editor: str, what: str, now_ms: int) -> None:
    """Keep that ``editor`` did ``what``."""
    row = {"hall": hall, "made_ms": now_ms, "editor": editor, "what": what[:1000]}
    connection.execute(insert(schema.edit).values(row))


def newest(connection: Connection, hall: str | None, limit: int) -> list[Edit]:
    """Return up to ``limit`` edits, the newest first."""
    table = schema.edit
    query = select(table).order_by(table.c.id.desc()).limit(limit)
    if hall is not None:
        query = query.where(table.c.hall == hall)
    rows = connection.execute(query)
    return [Edit(row.made_ms, row.hall, row.editor, row.what) for row in rows]


def operator() -> str:
    """Return who types commands here, as an edit names them."""
    try:
        return f"command ({getpass.getuser()})"
    except (OSError, KeyError):  # no such user on this machine
        return "command"


def told(kind: Kind, change: Change) -> str:
    """Return ``change`` in words: counts, and the keys as far as there is room."""
    parts = [
        f"{len(keys)} {did} ({named(keys)})"
        for did, keys in zip(("added", "changed", "removed"), change[:3], strict=True)
        if keys
    ]
    return f"{kind.name}: {', '.join(parts) or 'nothing'}"


def named(keys: tuple[str, ...]) -> str:
    """Return the first of ``keys``, and how many more there are."""
    more = len(keys) - MAX_NAMED
    return ", ".join(keys[:MAX_NAMED]) + (f" and {more} more" if more > 0 else "")
