"""Software that was rolled back goes on with files that the newer one has migrated."""

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
from device_rig import DEED, RECORD_KEY, WANG, chain, configuration, draft, open_ledger, rate
from sqlite_utils import Database, Migrations

from device.core.errors import WrongSchema
from device.store import roster, salvage
from device.store.backlog import Backlog
from device.store.briefing import Briefing, BriefingReader, Ending
from device.store.connect import AGENT_SCHEMA, KIOSK_SCHEMA, open_reader, open_writer, too_new
from device.store.home import Home
from device.store.roll import Roll
from device.store.schema import close_to_older, migrate
from protocol.receipts import Receipt


def tables(path: Path) -> list[str]:
    with closing(sqlite3.connect(path)) as db:
        names = db.execute("SELECT name FROM sqlite_master WHERE type = 'table'").fetchall()
    return [name for (name,) in names if not name.startswith(("sqlite_", "_sqlite_"))]


def newer(path: Path, schema: tuple[str, tuple[str, ...]], *, closes: bool = False) -> None:
    """Migrate ``path`` as software of later will: whatever may be added is."""
    later = Migrations(schema[0])
    names = tables(path)

    @later()
    def moods(db: Database) -> None:
        for name in names:
            db.execute(f"ALTER TABLE {name} ADD COLUMN mood TEXT NOT NULL DEFAULT 'calm'")
            db.execute(f"ALTER TABLE {name} ADD COLUMN weather BLOB")
        db.execute("CREATE TABLE mood (code TEXT PRIMARY KEY) STRICT")
        if closes:
            close_to_older(db, (schema[0], (*schema[1], "moods")), "moods")

    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        later.apply(Database(connection))


@pytest.fixture
def rolled_back(home: Home) -> Home:
    newer(home.kiosk_db, KIOSK_SCHEMA)
    newer(home.agent_db, AGENT_SCHEMA)
    return home


def test_nothing_is_left_to_migrate_and_nothing_taken_away(rolled_back: Home):
    assert migrate(rolled_back) == []
    assert "mood" in tables(rolled_back.kiosk_db)


def test_a_whole_day_goes_on_in_the_newer_files(rolled_back: Home):
    with closing(open_ledger(rolled_back)) as ledger, closing(Briefing(rolled_back)) as briefing:
        briefing.apply(configuration(), b"signed", "1")
        briefing.set_online(True)
        briefing.count("retry.unreachable")
        assert briefing.keep_receipt(Receipt("hcp", 0, b"", 5), b"signed")
        briefing.instruct("cancel", b"{}")
        briefing.lockouts().count_try(WANG)
        visit = rate(ledger, draft(WANG), draft(DEED))
        briefing.promise_ending(Ending(visit, "system", "request", "address", 0))
        assert len(briefing.endings()) == 1
        ledger.lockouts().count_try(WANG)
        with closing(Backlog(rolled_back)) as backlog, closing(Roll(rolled_back)) as roll:
            assert backlog.head() == ledger.head > 0
            assert backlog.duty() is not None
            assert roll.member(WANG) is not None
        with closing(BriefingReader(rolled_back)) as reader:
            assert reader.matter_name(DEED) == "不动产转移登记"
            assert [one.kind for one in reader.instructions(0)] == ["cancel"]
    assert roster.read(rolled_back.agent_db).hall == "滨河区"
    assert chain(rolled_back)


def test_so_does_its_rescue_from_damage(rolled_back: Home):
    with closing(open_ledger(rolled_back)) as ledger:
        rate(ledger)
        head = ledger.head
    salvaged = salvage.rescue_ledger(rolled_back, RECORD_KEY.public, 0)
    assert (salvaged.records, salvaged.highest) == (head, head)
    open_ledger(rolled_back).close()


@pytest.mark.parametrize("schema", [KIOSK_SCHEMA, AGENT_SCHEMA], ids=["kiosk", "agent"])
def test_a_file_that_was_closed_to_it_is_refused_and_left_as_it_is(home: Home, schema):
    path = home.kiosk_db if schema is KIOSK_SCHEMA else home.agent_db
    newer(path, schema, closes=True)
    before = path.read_bytes()
    for refused in (
        lambda: open_writer(path, schema),
        lambda: open_reader(path, schema),
        lambda: migrate(home),
    ):
        with pytest.raises(WrongSchema, match=r"newer software has changed .*\(moods\)"):
            refused()
    assert path.read_bytes() == before
    with closing(sqlite3.connect(path)) as connection:
        assert too_new(connection, schema)
        assert not too_new(connection, (schema[0], (*schema[1], "moods")))


def test_the_newer_software_itself_opens_what_it_closed(home: Home):
    newer(home.agent_db, AGENT_SCHEMA, closes=True)
    known = (AGENT_SCHEMA[0], (*AGENT_SCHEMA[1], "moods"))
    open_writer(home.agent_db, known).close()
    open_reader(home.agent_db, known).close()


def test_none_of_our_own_migrations_closes_a_new_file(home: Home):
    for path, schema in ((home.kiosk_db, KIOSK_SCHEMA), (home.agent_db, AGENT_SCHEMA)):
        with closing(sqlite3.connect(path)) as connection:
            assert not too_new(connection, schema)


def test_a_migration_of_ours_that_is_missing_is_still_asked_for(rolled_back: Home):
    with closing(sqlite3.connect(rolled_back.agent_db)) as db, db:
        db.execute("DELETE FROM _sqlite_migrations WHERE name = 'endings'")
    with pytest.raises(WrongSchema, match="run haochaping migrate"):
        BriefingReader(rolled_back)
