"""Every text of the roster, with its place: what the screen may be asked to print.

Asked for by the self-check of the fonts, in quiet moments; the screens themselves read the
one page they show (`device.store.roster`).
"""

import sqlite3
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from device.core.errors import WrongSchema
from device.store.connect import AGENT_SCHEMA, check_schema, glance, trouble


class Wording(NamedTuple):
    """One text of the roster."""

    place: str
    """Where it stands, e.g. ``staff 3007, name``."""
    text: str


def read(agent_db: Path) -> tuple[Wording, ...]:
    """Return every text of the roster; none before central's first configuration.

    Raises `DeviceError` if the file cannot be read now.
    """
    if not agent_db.exists():
        raise WrongSchema(f"{agent_db}: there is no such file; run haochaping migrate")

    def question(db: sqlite3.Connection) -> tuple[Wording, ...]:
        check_schema(db, agent_db, AGENT_SCHEMA)
        return tuple(wording for wording in _wordings(db) if wording.text)

    try:
        return glance(agent_db, question)
    except sqlite3.Error as error:
        raise trouble(error, agent_db) from error


def _wordings(db: sqlite3.Connection) -> Iterator[Wording]:
    for hall, window in db.execute("SELECT hall, window_number FROM configuration"):
        yield Wording("hall, name", hall)
        yield Wording("window, number", window)
    staff = "SELECT number, name, post, department FROM staff ORDER BY number"
    for number, name, post, department in db.execute(staff):
        yield Wording(f"staff {number}, number", number)
        yield Wording(f"staff {number}, name", name)
        yield Wording(f"staff {number}, post", post)
        yield Wording(f"staff {number}, department", department)
    for code, name in db.execute("SELECT code, name FROM matter ORDER BY code"):
        yield Wording(f"matter {code}, name", name)
    for place, text in db.execute("SELECT place, text FROM notice ORDER BY place"):
        yield Wording(f"notice {place + 1}", text)
