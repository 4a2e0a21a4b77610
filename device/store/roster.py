"""What the idle screen shows, read from `agent.db` before anything heavier is imported.

The first frame shows hall, window and staff member; this module, `connect` and `sqlite3`
are all that is needed for it.
"""

import sqlite3
from contextlib import closing
from pathlib import Path
from typing import NamedTuple

from device.store.connect import trouble, uri


class Member(NamedTuple):
    """A staff member, as citizens may see them."""

    number: str
    name: str
    post: str
    department: str


class Roster(NamedTuple):
    """Where the device stands, who serves there, and what there is to tell."""

    hall: str = ""
    window: str = ""
    assigned_staff: str = ""
    phone_url: str = ""
    member: Member | None = None
    notices: tuple[str, ...] = ()
    online: bool = False
    """Central answered the agent's last call."""
    hall_code: str = ""
    sealing_key: bytes = b""
    """Central's X25519 key for call-back numbers; empty where none are offered."""


def read(agent_db: Path, staff: str = "") -> Roster:
    """Return the roster's page for this window.

    ``staff`` is the number of whoever is logged in; without one, whoever is assigned.
    Raises `DeviceError` if the file cannot be read now: that is not an empty roster.
    """
    try:
        with closing(sqlite3.connect(uri(agent_db, "ro"), uri=True, timeout=0.05)) as db:
            return _page(db, staff)
    except sqlite3.Error as error:
        raise trouble(error, agent_db) from error


def _page(db: sqlite3.Connection, staff: str) -> Roster:
    place = db.execute(
        "SELECT hall, window_number, assigned_staff, phone_url, hall_code, sealing_key "
        "FROM configuration"
    ).fetchone()
    if place is None:
        return Roster()
    hall, window, assigned, phone_url, hall_code, sealing_key = place
    member = db.execute(
        "SELECT number, name, post, department FROM staff WHERE number = ?", (staff or assigned,)
    ).fetchone()
    notices = db.execute("SELECT text FROM notice ORDER BY place").fetchall()
    link = db.execute("SELECT online FROM link").fetchone()
    return Roster(
        hall,
        window,
        assigned,
        phone_url,
        Member(*member) if member else None,
        tuple(text for (text,) in notices),
        bool(link and link[0]),
        hall_code,
        sealing_key,
    )
