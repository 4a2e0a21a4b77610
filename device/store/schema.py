"""The tables of both files, as migrations that run before either process starts.

Imported by `haochaping migrate` and by salvage only: sqlite-utils takes longer to import
than the kiosk takes to its first frame. A migration is never edited once it has shipped.
"""

import sqlite3
from contextlib import suppress
from pathlib import Path

from sqlite_utils import Database, Migrations

from device.store.connect import AGENT_SCHEMA, KIOSK_SCHEMA, finish_replacement, trouble
from device.store.home import Home
from protocol import cose
from protocol.errors import ProtocolError

kiosk = Migrations(KIOSK_SCHEMA[0])
agent = Migrations(AGENT_SCHEMA[0])


@kiosk()
def chain(db: Database) -> None:
    """The records, as the exact bytes that were signed."""
    db.execute(
        """CREATE TABLE record (
            seq INTEGER PRIMARY KEY,
            kind TEXT NOT NULL,
            wall_ms INTEGER NOT NULL,
            visit BLOB,
            signed BLOB NOT NULL
        ) STRICT"""
    )
    # Asked once per invitation: has this visit been opened before?
    db.execute("CREATE INDEX record_opened ON record (visit) WHERE kind = 'visit_opened'")


@kiosk()
def visits(db: Database) -> None:
    """The visit under way and its drafts; both empty between visits."""
    db.execute(
        """CREATE TABLE open_visit (
            visit BLOB PRIMARY KEY,
            language TEXT NOT NULL,
            opened_ms INTEGER NOT NULL,
            invitation BLOB NOT NULL
        ) STRICT, WITHOUT ROWID"""
    )
    db.execute(
        """CREATE TABLE draft (
            subject TEXT NOT NULL,
            code TEXT NOT NULL,
            visit BLOB NOT NULL,
            draft BLOB NOT NULL,
            PRIMARY KEY (subject, code)
        ) STRICT, WITHOUT ROWID"""
    )


@kiosk()
def counters(db: Database) -> None:
    """What was dropped or went wrong, by reason; and where numbering goes on after damage."""
    _create_counters(db)
    db.execute("CREATE TABLE floor (seq INTEGER NOT NULL) STRICT")


@kiosk()
def callbacks(db: Database) -> None:
    """The sealed number of the visit under way, if its citizen wants a call-back."""
    db.execute(
        """CREATE TABLE callback (
            visit BLOB PRIMARY KEY,
            sealed BLOB NOT NULL
        ) STRICT, WITHOUT ROWID"""
    )


@agent()
def configuration(db: Database) -> None:
    """The last good configuration: as signed, and laid out for the kiosk's questions."""
    db.execute(
        """CREATE TABLE configuration (
            only INTEGER PRIMARY KEY CHECK (only = 1),
            version INTEGER NOT NULL,
            etag TEXT NOT NULL,
            hall TEXT NOT NULL,
            window_number TEXT NOT NULL,
            assigned_staff TEXT NOT NULL,
            phone_url TEXT NOT NULL,
            rules TEXT NOT NULL,
            signed BLOB NOT NULL
        ) STRICT"""
    )
    db.execute(
        """CREATE TABLE staff (
            number TEXT PRIMARY KEY,
            name TEXT NOT NULL,
            post TEXT NOT NULL,
            department TEXT NOT NULL,
            pin_verifier TEXT NOT NULL
        ) STRICT, WITHOUT ROWID"""
    )
    db.execute(
        "CREATE TABLE matter (code TEXT PRIMARY KEY, name TEXT NOT NULL) STRICT, WITHOUT ROWID"
    )
    db.execute("CREATE TABLE notice (place INTEGER PRIMARY KEY, text TEXT NOT NULL) STRICT")


@agent()
def receipts(db: Database) -> None:
    """Central's signed word on how far it holds the chain; the newest rules."""
    db.execute(
        """CREATE TABLE receipt (
            issued_ms INTEGER PRIMARY KEY,
            through INTEGER NOT NULL,
            head BLOB NOT NULL,
            received_ms INTEGER NOT NULL,
            signed BLOB NOT NULL
        ) STRICT"""
    )


@agent()
def instructions(db: Database) -> None:
    """What the window's programs ask the kiosk to do."""
    db.execute(
        """CREATE TABLE instruction (
            id INTEGER PRIMARY KEY AUTOINCREMENT,
            kind TEXT NOT NULL,
            boot_id BLOB NOT NULL,
            monotonic_ms INTEGER NOT NULL,
            body BLOB NOT NULL
        ) STRICT"""
    )


@agent(name="counters")
def agent_counters(db: Database) -> None:
    """What was retried, refused or quarantined, by reason; and when central last answered."""
    _create_counters(db)
    db.execute(
        """CREATE TABLE link (
            only INTEGER PRIMARY KEY CHECK (only = 1),
            online INTEGER NOT NULL
        ) STRICT"""
    )


@agent()
def hall_and_seal(db: Database) -> None:
    """The hall's code, and central's key for numbers left for a call-back.

    The code is read out of the configuration in use; a key comes with the next one.
    """
    db.execute("ALTER TABLE configuration ADD COLUMN hall_code TEXT NOT NULL DEFAULT ''")
    db.execute("ALTER TABLE configuration ADD COLUMN sealing_key BLOB NOT NULL DEFAULT x''")
    for (signed,) in db.execute("SELECT signed FROM configuration").fetchall():
        with suppress(ProtocolError, LookupError, TypeError):
            code = cose.decode_cbor(cose.open_unverified(signed)[1])["hall"]["code"]
            db.execute("UPDATE configuration SET hall_code = ?", (str(code),))


def _create_counters(db: Database) -> None:
    db.execute(
        """CREATE TABLE counter (
            reason TEXT PRIMARY KEY,
            count INTEGER NOT NULL
        ) STRICT, WITHOUT ROWID"""
    )


def migrate(home: Home) -> list[str]:
    """Bring both files up to date and return what was applied, as ``file: migration``.

    Raises `DamagedFile` if one is not a database; nothing is lost then: the kiosk and the
    agent set it aside at their start.
    """
    home.prepare()
    applied: list[str] = []
    for path, migrations in ((home.kiosk_db, kiosk), (home.agent_db, agent)):
        applied += [f"{path.name}: {name}" for name in migrate_file(path, migrations)]
    return applied


def migrate_file(path: Path, migrations: Migrations) -> list[str]:
    """Bring one file up to date; returns the names of the migrations applied.

    Raises `DamagedFile`, `StorageFull` or `StorageUnavailable`.
    """
    finish_replacement(path)
    connection = sqlite3.connect(path, isolation_level=None)
    try:
        connection.execute("PRAGMA journal_mode=WAL")
        connection.execute("PRAGMA synchronous=FULL")
        db = Database(connection)
        names = [migration.name for migration in migrations.pending(db)]
        migrations.apply(db)
    except sqlite3.DatabaseError as error:
        raise trouble(error, path) from error
    finally:
        connection.close()
    return names
