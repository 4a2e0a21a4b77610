"""The one way to the database: readers take a snapshot, writers take their turn.

SQLite (one hall): WAL; synchronous=FULL because a receipt is a promise; writers begin with
BEGIN IMMEDIATE, so that two of them queue instead of failing half-way. PostgreSQL (a
province): READ COMMITTED, and ingest locks the device's row.
"""

import os
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import URL, Connection, Engine, Table, create_engine, event, inspect, make_url
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.exc import ArgumentError
from sqlalchemy.sql.base import ReadOnlyColumnCollection

from central.errors import SchemaMismatch

BUSY_TIMEOUT_MS = 15_000
_WRITER = "haochaping_writer"
Columns = ReadOnlyColumnCollection[str, Any]


def sqlite_url(path: Path) -> URL:
    """Return the URL of the SQLite file at ``path``."""
    return URL.create("sqlite+pysqlite", database=str(path))


def read_url(text: str) -> URL:
    """Return the database URL in ``text``, as `sqlite+pysqlite` or `postgresql+psycopg`.

    Raises ``ValueError`` with what was expected, never with the text: it may hold a password.
    """
    try:
        url = make_url(text.strip())
    except (ArgumentError, ValueError) as error:
        raise ValueError("expected a URL like postgresql://user:password@host/name") from error
    drivers = {"postgresql": "postgresql+psycopg", "sqlite": "sqlite+pysqlite"}
    backend = url.drivername.partition("+")[0]
    if backend not in drivers:
        raise ValueError("expected a URL that begins with postgresql:// or sqlite:///")
    if backend == "sqlite" and url.database in (None, "", ":memory:"):
        raise ValueError("expected a file: sqlite:///path/central.db")
    return url.set(drivername=drivers[backend])


class Database:
    """An open database with central's schema, or about to get it."""

    def __init__(self, url: URL) -> None:
        self.url = url
        self.on_sqlite = url.get_backend_name() == "sqlite"
        self._writing = threading.Lock()
        options: dict[str, Any] = {"pool_size": 8, "max_overflow": 40, "hide_parameters": True}
        if self.on_sqlite:
            self.engine = create_engine(url, **options)
            _prepare_sqlite(self.engine)
        else:
            self.engine = create_engine(url, pool_pre_ping=True, **options)
        self._writer = self.engine.execution_options(**{_WRITER: True})

    @contextmanager
    def reading(self) -> Iterator[Connection]:
        """Give a connection that reads; nothing it does is kept."""
        with self.engine.connect() as connection:
            yield connection

    @contextmanager
    def writing(self) -> Iterator[Connection]:
        """Give a connection in a transaction: committed at the end, undone by an exception."""
        if self.on_sqlite:
            with self._writing, self._writer.begin() as connection:
                yield connection
        else:
            with self.engine.begin() as connection:
                yield connection

    def migrate(self, revision: str = "head") -> None:
        """Bring the schema to what this software works with, in one transaction."""
        with self.writing() as connection:
            command.upgrade(_alembic(connection), revision)

    def check_schema(self) -> None:
        """Raise `SchemaMismatch` unless the schema is exactly this software's."""
        expected = ScriptDirectory.from_config(_alembic()).get_current_head()
        with self.reading() as connection:
            found = MigrationContext.configure(connection).get_current_revision()
        if found == expected:
            return
        if found is None:
            raise SchemaMismatch("the database is empty; run `haochaping central migrate`")
        known = {
            script.revision for script in ScriptDirectory.from_config(_alembic()).walk_revisions()
        }
        if found in known:
            raise SchemaMismatch(
                f"the database has schema {found}, this software needs {expected}; "
                "run `haochaping central migrate`"
            )
        raise SchemaMismatch(
            f"the database has schema {found}, which this software does not know: "
            "it was migrated by a newer version; install that one"
        )

    def devices_held(self) -> int:
        """Return how many devices the database knows; 0 if there is no database yet."""
        if self.on_sqlite and not Path(self.url.database or "").exists():
            return 0  # asking would make the file
        with self.reading() as connection:
            if not inspect(connection).has_table("device"):
                return 0
            return int(connection.exec_driver_sql("SELECT count(*) FROM device").scalar_one())

    def check_answers(self) -> None:
        """Raise a `DatabaseError` of SQLAlchemy's unless the database answers."""
        with self.reading() as connection:
            connection.exec_driver_sql("SELECT 1")

    def close(self) -> None:
        """Close every connection."""
        self.engine.dispose()


Update = Callable[[Columns, Columns], Mapping[str, Any]]
"""From the columns of the row held and of the new row to what the held one becomes."""


def insert_new(
    connection: Connection,
    table: Table,
    rows: Sequence[Mapping[str, Any]],
    *,
    update: Update | None = None,
    key: Sequence[str] = (),
) -> int:
    """Insert ``rows``; one whose key is there already changes nothing, or what `update` says.

    ``key`` are the columns of the unique constraint, the primary key by default. Returns how
    many rows were inserted or changed.
    """
    if not rows:
        return 0
    module: Any = sqlite if connection.dialect.name == "sqlite" else postgresql
    statement = module.insert(table)
    if update is None:
        statement = statement.on_conflict_do_nothing()
    else:
        columns = list(key) or [column.name for column in table.primary_key.columns]
        changes = update(table.c, statement.excluded)
        statement = statement.on_conflict_do_update(index_elements=columns, set_=changes)
    options = {"preserve_rowcount": True}
    return connection.execute(statement, list(rows), execution_options=options).rowcount


def insert_or_replace(
    connection: Connection, table: Table, row: Mapping[str, Any], *, only: Sequence[str] = ()
) -> None:
    """Insert ``row``, or give the row held these values (those of ``only``, if named)."""
    columns = only or tuple(row)
    insert_new(
        connection, table, [row], update=lambda _held, new: {name: new[name] for name in columns}
    )


def _prepare_sqlite(engine: Engine) -> None:
    @event.listens_for(engine, "connect")
    def _connected(raw: Any, _record: object) -> None:
        raw.isolation_level = None  # transactions begin where we say, not where sqlite3 guesses
        for pragma in (
            f"busy_timeout={BUSY_TIMEOUT_MS}",
            "journal_mode=WAL",
            "synchronous=FULL",
            "foreign_keys=ON",
        ):
            raw.execute(f"PRAGMA {pragma}")

    @event.listens_for(engine, "begin")
    def _begun(connection: Connection) -> None:
        writer = connection.get_execution_options().get(_WRITER, False)
        connection.exec_driver_sql("BEGIN IMMEDIATE" if writer else "BEGIN")


def _alembic(connection: Connection | None = None) -> Config:
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent / "migrations"))
    config.set_main_option("path_separator", "os")
    config.attributes["connection"] = connection
    return config


def make_private_file(path: Path, contents: bytes) -> None:
    """Create ``path`` for the owner's eyes only (mode 600), durably, never over another.

    Raises ``FileExistsError`` if there is one.
    """
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(contents)
        file.flush()
        os.fsync(file.fileno())
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(folder)  # the name too
    finally:
        os.close(folder)
