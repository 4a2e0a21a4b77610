"""The tables of both files, as migrations that run before either process starts.

Imported by `haochaping migrate` and by salvage only: sqlite-utils takes longer to import
than the kiosk takes to its first frame. A migration is never edited once it has shipped.

An update may be rolled back when its migrations have been run and records written since. So a
migration is **additive** where it can be: new tables, and new columns with a default, which
software that does not know them can leave alone (it names every column that it reads or
writes). One that is not must end with `close_to_older`.
"""

import sqlite3
from contextlib import suppress
from pathlib import Path

from sqlite_utils import Database, Migrations

from device.store.connect import (
    AGENT_SCHEMA,
    KIOSK_SCHEMA,
    finish_replacement,
    refuse_if_too_new,
    trouble,
)
from device.store.home import Home
from device.store.owners import acting_as_owner_of
from protocol import cose
from protocol.errors import ProtocolError

kiosk = Migrations(KIOSK_SCHEMA[0])
agent = Migrations(AGENT_SCHEMA[0])
_KNOWN = dict((KIOSK_SCHEMA, AGENT_SCHEMA))


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


@kiosk()
def duty(db: Database) -> None:
    """Who serves at the window now, and how many they invited; one row, none at first."""
    db.execute(
        """CREATE TABLE duty (
            only INTEGER PRIMARY KEY CHECK (only = 1),
            state TEXT NOT NULL,
            staff TEXT NOT NULL,
            means TEXT NOT NULL,
            reason TEXT NOT NULL,
            login_seq INTEGER NOT NULL,
            boot_id BLOB NOT NULL,
            since_wall_ms INTEGER NOT NULL,
            invited INTEGER NOT NULL,
            rated INTEGER NOT NULL
        ) STRICT"""
    )


@kiosk(name="lockouts")
def kiosk_lockouts(db: Database) -> None:
    """Wrong PINs at the device itself."""
    _create_lockouts(db)


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


@agent()
def staff_at_the_window(db: Database) -> None:
    """What staff need at the window; filled when the agent lays the configuration out anew."""
    for column in ("badge", "card", "photo"):
        db.execute(f"ALTER TABLE staff ADD COLUMN {column} TEXT NOT NULL DEFAULT ''")
    db.execute("CREATE INDEX staff_badge ON staff (badge) WHERE badge <> ''")
    db.execute("CREATE INDEX staff_card ON staff (card) WHERE card <> ''")
    db.execute("ALTER TABLE matter ADD COLUMN initials TEXT NOT NULL DEFAULT ''")
    for column in ("opens", "closes"):
        db.execute(f"ALTER TABLE configuration ADD COLUMN {column} TEXT NOT NULL DEFAULT ''")
    db.execute("ALTER TABLE configuration ADD COLUMN texts TEXT NOT NULL DEFAULT '{}'")
    db.execute("ALTER TABLE configuration ADD COLUMN layout INTEGER NOT NULL DEFAULT 0")
    db.execute(
        """CREATE TABLE window_matter (
            place INTEGER PRIMARY KEY,
            code TEXT NOT NULL
        ) STRICT"""
    )
    db.execute(
        """CREATE TABLE business_system (
            key_hash TEXT PRIMARY KEY,
            name TEXT NOT NULL,
            origins TEXT NOT NULL,
            callbacks TEXT NOT NULL
        ) STRICT, WITHOUT ROWID"""
    )


@agent(name="lockouts")
def agent_lockouts(db: Database) -> None:
    """Wrong PINs at the staff console."""
    _create_lockouts(db)


@agent()
def endings(db: Database) -> None:
    """Visits whose end a business system is still to be told of."""
    db.execute(
        """CREATE TABLE ending (
            visit BLOB PRIMARY KEY,
            system TEXT NOT NULL,
            request TEXT NOT NULL,
            address TEXT NOT NULL,
            tries INTEGER NOT NULL DEFAULT 0
        ) STRICT, WITHOUT ROWID"""
    )


@agent()
def retirement(db: Database) -> None:
    """Whether central has said that this device is retired."""
    db.execute("ALTER TABLE link ADD COLUMN retired INTEGER NOT NULL DEFAULT 0")


def _create_lockouts(db: Database) -> None:
    db.execute(
        """CREATE TABLE lockout (
            key TEXT PRIMARY KEY,
            failures INTEGER NOT NULL,
            boot_id BLOB NOT NULL,
            at_ms INTEGER NOT NULL
        ) STRICT, WITHOUT ROWID"""
    )


def _create_counters(db: Database) -> None:
    db.execute(
        """CREATE TABLE counter (
            reason TEXT PRIMARY KEY,
            count INTEGER NOT NULL
        ) STRICT, WITHOUT ROWID"""
    )


def close_to_older(db: Database, schema: tuple[str, tuple[str, ...]], migration: str) -> None:
    """Note in the file that software which does not know ``migration`` must not use it.

    Part of the migration's own transaction. ``user_version`` becomes the number of migrations
    that such software knows at least, this one included; `check_schema` compares.
    """
    db.execute(f"PRAGMA user_version = {schema[1].index(migration) + 1}")


def migrate(home: Home) -> list[str]:
    """Bring both files up to date and return what was applied, as ``file: migration``.

    Raises `DamagedFile` if one is not a database; nothing is lost then: the kiosk and the
    agent set it aside at their start.
    """
    home.prepare()
    applied: list[str] = []
    for path, migrations in ((home.kiosk_db, kiosk), (home.agent_db, agent)):
        with acting_as_owner_of(path.parent):
            applied += [f"{path.name}: {name}" for name in migrate_file(path, migrations)]
    return applied


def migrate_file(path: Path, migrations: Migrations) -> list[str]:
    """Bring one file up to date; returns the names of the migrations applied.

    Raises `WrongSchema` if newer software has closed it to this one, `DamagedFile`,
    `StorageFull` or `StorageUnavailable`.
    """
    finish_replacement(path)
    try:
        connection = sqlite3.connect(path, isolation_level=None)
    except sqlite3.DatabaseError as error:
        raise trouble(error, path) from error
    try:
        connection.execute("PRAGMA journal_mode=WAL")
        connection.execute("PRAGMA synchronous=FULL")
        refuse_if_too_new(connection, path, (migrations.name, _KNOWN[migrations.name]))
        db = Database(connection)
        names = [migration.name for migration in migrations.pending(db)]
        migrations.apply(db)
    except sqlite3.DatabaseError as error:
        raise trouble(error, path) from error
    finally:
        connection.close()
    return names
