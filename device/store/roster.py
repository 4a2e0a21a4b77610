"""What the idle screen needs from `agent.db`, read before anything heavier is imported.

The first frame shows hall, window and staff member; this module and `sqlite3` are all
that is needed for it.
"""

import sqlite3
from pathlib import Path
from typing import Any, NamedTuple


class Duty(NamedTuple):
    """Where the device stands and who serves there."""

    hall: str = ""
    window: str = ""
    assigned_staff: str = ""
    phone_url: str = ""
    version: int = 0
    """Version of the configuration; 0 before the first one."""


class Member(NamedTuple):
    """A staff member, as citizens may see them."""

    number: str
    name: str
    post: str
    department: str


class Roster:
    """Read-only questions about window, staff and notices."""

    def __init__(self, agent_db: Path) -> None:
        self._db: sqlite3.Connection | None = None
        if agent_db.exists():
            self._db = sqlite3.connect(
                f"file:{agent_db}?mode=ro", uri=True, isolation_level=None, check_same_thread=False
            )

    def close(self) -> None:
        """Close the connection."""
        if self._db is not None:
            self._db.close()

    def duty(self) -> Duty:
        """Return the window's place; empty until the first configuration came."""
        rows = self._rows(
            "SELECT hall, window_number, assigned_staff, phone_url, version FROM configuration"
        )
        return Duty(*rows[0]) if rows else Duty()

    def member(self, number: str) -> Member | None:
        """Return the staff member with this number, None if the roster has none."""
        rows = self._rows(
            "SELECT number, name, post, department FROM staff WHERE number = ?", (number,)
        )
        return Member(*rows[0]) if rows else None

    def notices(self) -> tuple[str, ...]:
        """Return the notices for the idle screen, in order."""
        return tuple(row[0] for row in self._rows("SELECT text FROM notice ORDER BY place"))

    def online(self) -> bool:
        """True if central answered the agent's last call."""
        rows = self._rows("SELECT online FROM link")
        return bool(rows and rows[0][0])

    def _rows(self, query: str, values: tuple[object, ...] = ()) -> list[tuple[Any, ...]]:
        """An unreadable file shows an empty window; the full start reports what is wrong."""
        if self._db is None:
            return []
        try:
            return self._db.execute(query, values).fetchall()
        except sqlite3.DatabaseError:
            return []
