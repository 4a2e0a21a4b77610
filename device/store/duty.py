"""Who serves at the window now: one row of `kiosk.db`, kept in step with the chain.

The kiosk writes it in the transaction of the record that says the same; the agent reads it
for the staff console. It counts invitations and rated visits since the log-in, and nothing
finer: what staff may see (docs/architecture.md, "What staff may see").
"""

import sqlite3
from typing import NamedTuple

from device.core.session import Session, SessionState
from device.store.moment import Moment


class Duty(NamedTuple):
    """The session at the window, as the agent and a restarted kiosk see it."""

    state: SessionState = SessionState.CLOSED
    staff: str = ""
    means: str = ""
    """How they logged in (`protocol.records.Login`)."""
    reason: str = ""
    """Of the pause."""
    login_seq: int = 0
    """Number of their `Login` record."""
    boot_id: bytes = b""
    since_wall_ms: int = 0
    invited: int = 0
    """Invitations since they logged in; visits that citizens began themselves are none."""
    rated: int = 0
    """Visits since then in which something was rated, whatever the level."""


def read(db: sqlite3.Connection) -> Duty:
    """Return the present duty; closed if none was ever kept."""
    row = db.execute(
        "SELECT state, staff, means, reason, login_seq, boot_id, since_wall_ms, invited, rated "
        "FROM duty"
    ).fetchone()
    return Duty(SessionState(row[0]), *row[1:]) if row else Duty()


def begin(
    db: sqlite3.Connection, session: Session, means: str, login_seq: int, now: Moment
) -> None:
    """Keep that somebody came, or that everybody left; the counts begin anew."""
    db.execute(
        "INSERT OR REPLACE INTO duty (only, state, staff, means, reason, login_seq, boot_id, "
        "since_wall_ms, invited, rated) VALUES (1, ?, ?, ?, '', ?, ?, ?, 0, 0)",
        (session.state, session.staff, means, login_seq, now.boot_id.bytes, now.wall_ms),
    )


def keep(db: sqlite3.Connection, session: Session, reason: str) -> bool:
    """Keep that the one who serves paused or went on; False if nobody serves."""
    done = db.execute("UPDATE duty SET state = ?, reason = ?", (session.state, reason))
    return done.rowcount > 0


def count_invited(db: sqlite3.Connection, staff: str) -> None:
    """Count an invitation for ``staff``, if it is they who serve."""
    db.execute("UPDATE duty SET invited = invited + 1 WHERE staff = ?", (staff,))


def count_rated(db: sqlite3.Connection, staff: str) -> None:
    """Count a visit in which something was rated."""
    db.execute("UPDATE duty SET rated = rated + 1 WHERE staff = ?", (staff,))
