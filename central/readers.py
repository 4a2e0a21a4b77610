"""Who may read, edit or make cards: each has a name and a key; only its hash is kept."""

import secrets

from sqlalchemy import Connection

from central import schema
from central.authentication import READER, hash_reader_key
from central.database import insert_or_replace


def make_reader(connection: Connection, name: str, now_ms: int, role: str = READER) -> str:
    """Return a new key of ``role`` for ``name``; an older one of that name ends."""
    key = f"hcr_{secrets.token_urlsafe(32)}"
    row = {
        "name": name,
        "hash": hash_reader_key(key),
        "role": role,
        "created_ms": now_ms,
    }
    insert_or_replace(connection, schema.reader, row)
    return key
