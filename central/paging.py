"""Lists that grow while they are read, page by page without a gap.

On PostgreSQL two transactions may take numbers in one order and commit in the other; a
reader who asked in between would pass over the late one for ever. So every writer holds,
until it commits, an advisory lock that names the last number before its own, and readers
are shown rows only up to the lowest of those. Nothing of this outlives a transaction.
"""

from typing import Final, NamedTuple

from sqlalchemy import Connection, text

_LOWEST_HELD = text(
    "SELECT min((classid::bigint << 32 | objid::bigint) - :space) FROM pg_locks "
    "WHERE locktype = 'advisory' AND objsubid = 1 AND classid::bigint >> 16 = :space >> 48 "
    "AND database = (SELECT oid FROM pg_database WHERE datname = current_database())"
)


class Numbered(NamedTuple):
    """A table whose rows are numbered as they come in."""

    sequence: str
    """Name of PostgreSQL's sequence behind its ``id``; only ever one of those below."""
    space: int
    """Where its advisory locks lie, in the upper 16 bits."""


RATINGS: Final = Numbered("rating_id_seq", 0x6861 << 48)
SESSIONS: Final = Numbered("session_record_id_seq", 0x6862 << 48)


def announce(connection: Connection, numbered: Numbered) -> None:
    """Before inserting: let no reader go past the new rows until this transaction ends."""
    if connection.dialect.name == "postgresql":
        hold = f"SELECT pg_advisory_xact_lock_shared(:space + ({_last(numbered)}))"
        connection.execute(text(hold), {"space": numbered.space})


def settled_up_to(connection: Connection, numbered: Numbered) -> int | None:
    """Return the last number that no open transaction can come below; None for all.

    Must be asked in an earlier statement than the rows are (READ COMMITTED).
    """
    if connection.dialect.name != "postgresql":
        return None
    last = int(connection.execute(text(_last(numbered))).scalar_one())
    held = connection.execute(_LOWEST_HELD, {"space": numbered.space}).scalar_one()
    return last if held is None else min(last, int(held))


def _last(numbered: Numbered) -> str:
    return f"SELECT last_value FROM {numbered.sequence}"  # noqa: S608 - our own constants
