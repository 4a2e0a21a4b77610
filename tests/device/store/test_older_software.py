"""After a rollback: what newer software has written stays, in the older one's layout."""

import sqlite3
from contextlib import closing

import pytest
from device_rig import BAD, DEED, DEVICE, RECORD_KEY, WANG, draft, invitation, open_ledger, rate

from device.core.errors import WrongSchema
from device.store import lock
from device.store.backlog import Backlog
from device.store.briefing import Briefing
from device.store.home import Home
from device.store.ledger import Ledger
from device.store.older_software import lay_out_anew
from protocol import cose, records


def migrate_further(home: Home) -> None:
    """What a release of tomorrow may do: columns, tables, an index, a table gone."""
    for path, name, changes in (
        (
            home.kiosk_db,
            "kiosk",
            [
                "ALTER TABLE record ADD COLUMN size INTEGER NOT NULL DEFAULT 0",
                "ALTER TABLE open_visit ADD COLUMN place TEXT NOT NULL DEFAULT ''",
                "CREATE TABLE mood (of TEXT) STRICT",
                "DROP TABLE callback",
            ],
        ),
        (home.agent_db, "agent", ["ALTER TABLE staff ADD COLUMN nickname TEXT DEFAULT ''"]),
    ):
        with closing(sqlite3.connect(path, isolation_level=None)) as db:
            for change in changes:
                db.execute(change)
            db.execute("PRAGMA user_version = 99")
            db.execute(
                "INSERT INTO _sqlite_migrations (migration_set, name, applied_at) "
                "VALUES (?, 'of_tomorrow', '')",
                (name,),
            )


def signed(home: Home) -> list[bytes]:
    backlog = Backlog(home)
    stretch = backlog.after(0, 1000, 1 << 30)
    backlog.close()
    assert stretch is not None
    return list(stretch.records)


def test_every_record_comes_along_and_the_chain_goes_on(home: Home):
    ledger = open_ledger(home)
    for _ in range(5):
        rate(ledger)
    ledger.close()
    before = signed(home)
    migrate_further(home)
    with pytest.raises(WrongSchema, match="newer software"):
        open_ledger(home)
    said = lay_out_anew(home)
    assert "kiosk.db: laid out anew without of_tomorrow" in said
    assert "kiosk.db: callback could not be taken over" in said
    assert "agent.db: laid out anew without of_tomorrow" in said
    assert signed(home) == before
    ledger = Ledger(home, DEVICE, RECORD_KEY)
    rate(ledger)
    ledger.close()
    chain = [
        records.read_envelope(cose.verify(one, RECORD_KEY.public, cose.RECORD))
        for one in signed(home)
    ]
    assert [one.seq for one in chain] == list(range(1, len(chain) + 1))
    assert len(chain) > len(before)


def test_the_visit_under_way_keeps_what_was_tapped(home: Home):
    ledger = open_ledger(home)
    invited = invitation(DEED)
    ledger.open_visit(invited, "zh-CN", 0)
    ledger.keep_draft(invited.visit, draft(WANG, BAD))
    ledger.close()
    migrate_further(home)
    lay_out_anew(home)
    backlog = Backlog(home)
    under_way = backlog.open_visit()
    backlog.close()
    assert under_way is not None
    assert (under_way.visit, under_way.tapped) == (invited.visit, True)


def test_counters_of_the_agent_stay(home: Home):
    with closing(Briefing(home)) as briefing:
        briefing.count("retry.unreachable", 7)
    migrate_further(home)
    lay_out_anew(home)
    with closing(Briefing(home)) as briefing:
        assert briefing.counters() == {"retry.unreachable": 7}


def test_the_newer_file_is_set_aside_and_not_lost(home: Home):
    migrate_further(home)
    lay_out_anew(home)
    aside = home.kiosk_db.with_name("kiosk.damaged-1.db")
    with closing(sqlite3.connect(aside)) as db:
        assert db.execute("SELECT count(*) FROM mood").fetchone() == (0,)


def test_a_file_that_newer_software_only_added_to_is_left_alone(home: Home):
    migrate_further(home)
    for path in (home.kiosk_db, home.agent_db):
        with closing(sqlite3.connect(path)) as db:
            db.execute("PRAGMA user_version = 0")
    before = {path: path.read_bytes() for path in (home.kiosk_db, home.agent_db)}
    assert lay_out_anew(home) == []
    assert {path: path.read_bytes() for path in before} == before


def test_files_of_this_software_are_left_alone(home: Home):
    before = {path: path.read_bytes() for path in (home.kiosk_db, home.agent_db)}
    assert lay_out_anew(home) == []
    assert {path: path.read_bytes() for path in before} == before


def test_rights_stay_as_they_were(home: Home):
    migrate_further(home)
    home.kiosk_db.chmod(0o640)
    lay_out_anew(home)
    assert home.kiosk_db.stat().st_mode & 0o777 == 0o640


def test_without_records_where_they_belong_nothing_is_replaced(home: Home):
    migrate_further(home)
    with closing(sqlite3.connect(home.kiosk_db)) as db:
        db.execute("ALTER TABLE record RENAME TO assertion")
        db.commit()
    with pytest.raises(WrongSchema, match="not where this software knows them"):
        lay_out_anew(home)
    with closing(sqlite3.connect(home.kiosk_db)) as db:
        assert db.execute("SELECT count(*) FROM assertion").fetchone() == (0,)


def test_not_beside_a_running_kiosk(home: Home):
    migrate_further(home)
    held = lock.hold(home.kiosk_lock)
    with pytest.raises(lock.AlreadyRunning, match="stop kiosk and agent first"):
        lay_out_anew(home)
    lock.os.close(held)
    assert lay_out_anew(home)


def test_a_device_without_files_has_nothing_to_lay_out(tmp_path):
    assert lay_out_anew(Home(tmp_path)) == []
