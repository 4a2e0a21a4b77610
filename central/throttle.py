"""How often somebody may try: the same ratings, codes and keys are guessed only so often.

Counted in the database, so that several workers count together. Whose tries they are is kept
as a keyed hash: the table tells nobody who has rated. Counts are of whole hours of the clock
and go with their hour.
"""

from typing import Any

from sqlalchemy import Connection, delete, select
from sqlalchemy.dialects import postgresql, sqlite

from central import schema
from central.addresses import network
from central.errors import CentralError, Refused
from central.keyed_hash import keyed_hash
from protocol.keys import SigningKey

HOUR_MS = 3_600_000
_SWEPT_AT_ONCE = 20
"""Old rows that go when a new one comes: more than come, so the table stays small."""


class TooMany(CentralError):
    """Somebody has tried too often in this hour; answered 429 (`problems`)."""

    def __init__(self, what: str, retry_after_s: int) -> None:
        super().__init__(f"too many tries: {what}")
        self.what = what
        self.retry_after_s = retry_after_s
        """Whole seconds until the hour ends; at least 1."""


def check(
    connection: Connection,
    key: SigningKey,
    what: str,
    address: str,
    limit: int,
    now_ms: int,
    *,
    count: bool = True,
    by: int = 1,
) -> None:
    """Count ``by`` tries of ``address`` at ``what``. Raises `TooMany` beyond ``limit`` an hour.

    ``address`` is a caller's (`addresses.caller`; IPv6 by its /64) or the name of whatever else
    is limited: a channel, a window's code. With ``count`` False it only looks, and raises if
    not one more try is left: so that only what fails is counted, look before and count after.
    (Tries that are under way at the same moment are all let in then; how many that can be,
    `Limits.concurrent_requests` says.)

    Counting needs `Database.writing`, best a transaction of its own: a count that is undone
    with its transaction never was, and the row is held until the end. What was refused is not
    counted again.
    """
    hour = now_ms // HOUR_MS
    row_key = _row_key(key, what, address, hour)
    tried = _add(connection, row_key, hour, by, now_ms) if count else _held(connection, row_key) + 1
    if tried > limit:
        raise TooMany(what, max(1, -(-((hour + 1) * HOUR_MS - now_ms) // 1000)))


def refusal(error: TooMany) -> Refused:
    """Return how a request is refused that ``error`` ended."""
    return Refused(429, "too-many", error.what, {"Retry-After": str(error.retry_after_s)})


def _row_key(key: SigningKey, what: str, address: str, hour: int) -> bytes:
    said = "\0".join((what, network(address), str(hour)))
    return keyed_hash(key, "throttle", said.encode("utf-8", "surrogatepass"))


def _held(connection: Connection, row_key: bytes) -> int:
    table = schema.throttle
    query = select(table.c.count).where(table.c.key == row_key)
    return int(connection.execute(query).scalar_one_or_none() or 0)


def _add(connection: Connection, row_key: bytes, hour: int, by: int, now_ms: int) -> int:
    """Add to the row and return what it says then, in one statement."""
    table = schema.throttle
    module: Any = sqlite if connection.dialect.name == "sqlite" else postgresql
    new = module.insert(table).values(key=row_key, count=by, until_ms=(hour + 1) * HOUR_MS)
    adding = new.on_conflict_do_update(
        index_elements=[table.c.key], set_={"count": table.c.count + new.excluded.count}
    )
    tried = int(connection.execute(adding.returning(table.c.count)).scalar_one())
    if tried == by:
        _sweep(connection, now_ms)
    return tried


def _sweep(connection: Connection, now_ms: int) -> None:
    """Remove some rows of hours that are over."""
    table = schema.throttle
    old = (
        select(table.c.key)
        .where(table.c.until_ms <= now_ms)
        .limit(_SWEPT_AT_ONCE)
        .with_for_update(skip_locked=True)  # no waiting for somebody who sweeps the same
    )
    connection.execute(delete(table).where(table.c.key.in_(old)))
