"""Other ways to rate: who they are, by their keys. Hotline, SMS gateway, machine, platform.

Each is of one hall and of one national channel number (``pf``), which its ratings carry. As
with a business system's key, central shows it once and keeps its hash.
"""

import hmac
import secrets
from typing import Any, NamedTuple

from litestar import Request
from sqlalchemy import Connection, delete, select

from central import roll, schema
from central.authentication import hash_reader_key
from central.database import Database, insert_or_replace
from central.errors import Mistakes, Refused, Unknown
from protocol.subjects import Channel

_KEY_PREFIX = "hcc_"
TAKEN_HERE = tuple(one for one in Channel if one is not Channel.HALL_TABLET)
"""What a key may stand for; 4 is the hall's own device, which signs its ratings itself."""


class ChannelKey(NamedTuple):
    """Another way to rate."""

    name: str
    """Given once in all halls: it is signed into each rating."""
    hall: str
    channel: Channel
    made_ms: int


def every(connection: Connection) -> list[ChannelKey]:
    """Return the channels of all halls, by hall and name."""
    table = schema.channel_key
    rows = connection.execute(select(table).order_by(table.c.hall, table.c.name))
    return [_read(row) for row in rows]


def make_channel(
    connection: Connection, hall: str, name: str, channel: Channel, now_ms: int
) -> str:
    """Return a new key for ``name``; an older one of that name ends.

    Raises `Unknown` for a hall that is not there, `Mistakes` for a name that cannot be one, or
    is another hall's, and for the channel of the hall's own devices.
    """
    roll.hall_row(connection, hall, lock=True)
    held = _named(connection, name)
    mistakes = []
    if not 1 <= len(name) <= 64 or not name.strip() or not name.isprintable():
        mistakes.append("NAME: expected 1 to 64 printable characters")
    if held is not None and held.hall != hall:
        mistakes.append(f"NAME: {name} is a channel of hall {held.hall}; choose another name")
    if channel not in TAKEN_HERE:
        known = ", ".join(str(int(one)) for one in TAKEN_HERE)
        mistakes.append(f"--pf {int(channel)}: expected one of {known}; 4 is the hall's own device")
    if mistakes:
        raise Mistakes(mistakes)
    key = _KEY_PREFIX + secrets.token_urlsafe(32)
    row = {
        "name": name,
        "hall": hall,
        "channel": int(channel),
        "key_hash": hash_reader_key(key),
        "made_ms": now_ms,
    }
    insert_or_replace(connection, schema.channel_key, row)
    return key


def end_channel(connection: Connection, hall: str, name: str) -> None:
    """Take the key of ``name`` away; what it brought stays. Raises `Unknown`."""
    table = schema.channel_key
    gone = connection.execute(delete(table).where(table.c.hall == hall, table.c.name == name))
    if gone.rowcount == 0:
        raise Unknown(f"hall {hall} has no channel {name}; see `haochaping central channels`")


def channel_of(request: Request[Any, Any, Any], database: Database) -> ChannelKey:
    """Return whose key ``request`` brings (RFC 6750). Raises `Refused`: ``channel-unknown``."""
    scheme, _, key = request.headers.get("authorization", "").partition(" ")
    digest = hash_reader_key(key.strip())
    table = schema.channel_key
    with database.reading() as connection:
        row = connection.execute(select(table).where(table.c.key_hash == digest)).one_or_none()
    held = row.key_hash if row is not None else bytes(len(digest))
    same = hmac.compare_digest(held, digest)
    if row is None or not same or scheme.lower() != "bearer":
        detail = "Authorization: Bearer <key>; a key is made by haochaping central channel NAME"
        raise Refused(401, "channel-unknown", detail, {"WWW-Authenticate": "Bearer"})
    return _read(row)


def _named(connection: Connection, name: str) -> ChannelKey | None:
    table = schema.channel_key
    row = connection.execute(select(table).where(table.c.name == name)).one_or_none()
    return None if row is None else _read(row)


def _read(row: Any) -> ChannelKey:
    return ChannelKey(row.name, row.hall, Channel(row.channel), row.made_ms)
