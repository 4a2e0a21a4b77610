"""What the idle screen shows, read from `agent.db` before anything heavier is imported.

The first frame shows hall, window and staff member; this module, `connect` and `sqlite3`
are all that is needed for it.
"""

import sqlite3
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple

from device.store.connect import glance, trouble

_BOOT_ID = Path("/proc/sys/kernel/random/boot_id")
"""As in `device.store.moment`, which costs more to import than the first frame may."""


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
    retired: bool = False
    """Central takes nothing of this device any more."""
    hall_code: str = ""
    sealing_key: bytes = b""
    """Central's X25519 key for call-back numbers; empty where none are offered."""
    opens: str = ""
    closes: str = ""
    """When the hall opens and closes, ``HH:MM``; empty where that is not said."""
    photo: str = ""
    """SHA-256 of the member's photograph, in hexadecimal digits; empty for none."""
    texts: str = "{}"
    """The hall's own wording, as the agent laid it out (`device.store.roll.Roll.texts`)."""


def serving(kiosk_db: Path) -> tuple[str, bool]:
    """Return who serves although the kiosk has only just started, and whether they paused.

    Nobody, if the device has been without power since. A file that cannot be read tells
    nothing; the full start will say what is wrong with it.
    """
    with suppress(sqlite3.Error, OSError):
        boot = _BOOT_ID.read_text(encoding="ascii").strip().replace("-", "")
        query = "SELECT staff, state, hex(boot_id) FROM duty"
        row = glance(kiosk_db, lambda db: db.execute(query).fetchone())
        if row and row[2].lower() == boot:
            return row[0], row[1] == "paused"
    return "", False


def read(agent_db: Path, staff: str = "") -> Roster:
    """Return the roster's page for this window.

    ``staff`` is the number of whoever is logged in; without one, whoever is assigned.
    Raises `DeviceError` if the file cannot be read now: that is not an empty roster.
    """
    try:
        return glance(agent_db, lambda db: _page(db, staff))
    except sqlite3.Error as error:
        raise trouble(error, agent_db) from error


def _page(db: sqlite3.Connection, staff: str) -> Roster:
    place = db.execute(
        "SELECT hall, window_number, assigned_staff, phone_url, hall_code, sealing_key, opens, "
        "closes, texts FROM configuration"
    ).fetchone()
    link = db.execute("SELECT online, retired FROM link").fetchone() or (False, False)
    online, retired = map(bool, link)
    if place is None:
        return Roster(online=online, retired=retired)
    hall, window, assigned, phone_url, hall_code, sealing_key, opens, closes, texts = place
    member = db.execute(
        "SELECT number, name, post, department, photo FROM staff WHERE number = ?",
        (staff or assigned,),
    ).fetchone()
    notices = db.execute("SELECT text FROM notice ORDER BY place").fetchall()
    return Roster(
        hall,
        window,
        assigned,
        phone_url,
        Member(*member[:4]) if member else None,
        tuple(text for (text,) in notices),
        online,
        retired,
        hall_code,
        sealing_key,
        opens,
        closes,
        member[4] if member else "",
        texts,
    )
