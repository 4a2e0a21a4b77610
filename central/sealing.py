"""The key to numbers that citizens leave for a call-back: kept apart from all that serves.

Devices are told its public half, which is in the database; the private half is a file that
`serve` never opens. It is needed where somebody reads the numbers and nowhere else, so a
province can keep it on a machine of its own.
"""

from pathlib import Path

from sqlalchemy import Connection, ScalarSelect, insert, select, text

from central import schema
from central.database import Database, make_private_file
from central.errors import CentralError, KeyMissing
from protocol.errors import Malformed
from protocol.sealing import OpeningKey


def newest_public() -> ScalarSelect[bytes]:
    """Return the query for the key that devices seal for now; null if there is none."""
    table = schema.sealing_key
    ordered = select(table.c.public).order_by(table.c.created_ms.desc(), table.c.public)
    return ordered.limit(1).scalar_subquery()


def public_key(connection: Connection) -> bytes:
    """Return the key that devices seal for; empty if there is none, and no call-back."""
    return connection.execute(select(newest_public())).scalar_one_or_none() or b""


def ensure_key(database: Database, file: Path, now_ms: int) -> bool:
    """Have a key that devices seal for; True if it had to be made.

    A file whose database was lost gives its public half to the new one. Raises
    `CentralError` if there is a file that is no key.
    """
    with database.writing() as connection:
        if connection.dialect.name == "postgresql":  # two machines may be set up at once
            connection.execute(text("LOCK TABLE sealing_key IN EXCLUSIVE MODE"))
        if public_key(connection):
            return False
        made = not file.exists()
        if made:
            make_private_file(file, OpeningKey.generate().secret)
        row = {"public": read_key(file).public, "created_ms": now_ms}
        connection.execute(insert(schema.sealing_key).values(row))
    return made


def read_key(file: Path) -> OpeningKey:
    """Return the private key. Raises `KeyMissing` or `CentralError`."""
    try:
        return OpeningKey.from_secret(file.read_bytes())
    except FileNotFoundError as error:
        raise KeyMissing(
            f"{file} is not here: numbers can be read only where that key is; put it back "
            "from your backup"
        ) from error
    except (OSError, Malformed) as error:
        raise CentralError(f"{file} cannot be read as a key: {error}") from error
