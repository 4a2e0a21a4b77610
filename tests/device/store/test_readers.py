"""Readers see every commit, follow a replaced file, and can change nothing."""

import os
import sqlite3
from contextlib import closing
from uuid import uuid4

import msgspec
import pytest
from device_rig import (
    DEED,
    RECORD_KEY,
    WANG,
    configuration,
    draft,
    fill,
    invitation,
    open_ledger,
    rate,
)
from hypothesis import given
from hypothesis import strategies as st

from device.core.errors import DeviceError, WrongSchema
from device.store import salvage
from device.store.backlog import Backlog
from device.store.briefing import (
    Briefing,
    BriefingReader,
    CancelOrder,
    InviteOrder,
    RatedOrder,
)
from device.store.connect import AGENT_SCHEMA, KIOSK_SCHEMA, check_schema, open_reader, open_writer
from device.store.home import Home
from device.store.ledger import Ledger
from device.store.roster import read
from device.store.schema import agent, kiosk, migrate
from protocol.configuration import Rules, StaffMember
from protocol.subjects import Subject

CHANGES = (
    "INSERT INTO counter VALUES ('x', 1)",
    "DELETE FROM counter",
    "CREATE TABLE more (x)",
    "PRAGMA user_version = 7",
    "PRAGMA wal_checkpoint(TRUNCATE)",
    "PRAGMA wal_checkpoint(PASSIVE)",
    "PRAGMA journal_mode = DELETE",
    "VACUUM",
)


@pytest.mark.parametrize("change", CHANGES)
def test_a_reader_can_neither_write_nor_checkpoint(home: Home, ledger: Ledger, change: str):
    fill(ledger, 5)
    log = home.kiosk_db.with_name("kiosk.db-wal")
    before = (home.kiosk_db.read_bytes(), log.read_bytes())
    reader = open_reader(home.kiosk_db, KIOSK_SCHEMA)
    for query_only in (1, 0):
        reader.execute(f"PRAGMA query_only = {query_only}")
        with pytest.raises(sqlite3.OperationalError):
            reader.execute(change).fetchall()
    reader.close()
    assert (home.kiosk_db.read_bytes(), log.read_bytes()) == before


def test_a_reader_that_closes_last_leaves_the_wal_where_it_is(home: Home):
    ledger = open_ledger(home)
    fill(ledger, 5)
    reader = Backlog(home)
    ledger.close()
    reader.close()
    assert home.kiosk_db.with_name("kiosk.db-wal").stat().st_size > 0
    again = open_ledger(home)
    assert again.head == 5
    again.close()


def test_the_agents_reader_notices_each_commit_and_nothing_else(home: Home, ledger: Ledger):
    reader = Backlog(home)
    assert reader.changed()
    assert not reader.changed()
    ledger.note_boot("0.1.0")
    assert reader.changed()
    assert not reader.changed()
    assert reader.head() == 1
    ledger.count("x")
    assert reader.changed()
    reader.close()


def test_the_kiosks_reader_notices_each_commit_and_nothing_else(home: Home):
    briefing, reader = Briefing(home), BriefingReader(home)
    assert reader.changed()
    assert not reader.changed()
    briefing.set_online(True)
    assert reader.changed()
    briefing.set_online(True)
    assert not reader.changed()
    briefing.close()
    reader.close()


def test_a_reader_follows_when_the_file_is_replaced(home: Home, ledger: Ledger):
    reader = Backlog(home)
    fill(ledger, 5)
    assert reader.changed()
    ledger.close()
    salvage.rescue_ledger(home, RECORD_KEY.public, 0)
    again = open_ledger(home)
    again.note_fault("ledger-replaced")
    assert reader.changed()
    assert reader.head() == 5 + salvage.SKIP_AHEAD + 1
    again.close()
    reader.close()


def test_a_reader_that_cannot_open_the_new_file_yet_goes_on_with_the_old_one(
    home: Home, ledger: Ledger
):
    reader = Backlog(home)
    fill(ledger, 5)
    old = home.kiosk_db.rename(home.kiosk_db.with_name("old.db"))
    home.kiosk_db.touch()
    with pytest.raises(DeviceError):
        reader.changed()
    assert reader.head() == 5
    home.kiosk_db.unlink()
    os.link(old, home.kiosk_db)
    reader.close()


# --- what may be opened at all --------------------------------------------------------------


def test_before_migrate_nothing_is_opened(elsewhere):
    home = Home(elsewhere / "new")
    home.prepare()
    for path, schema in ((home.kiosk_db, KIOSK_SCHEMA), (home.agent_db, AGENT_SCHEMA)):
        for open_it in (open_reader, open_writer):
            with pytest.raises(WrongSchema, match="run haochaping migrate"):
                open_it(path, schema)
            assert not path.exists()
        path.touch()
        for open_it in (open_reader, open_writer):
            with pytest.raises(WrongSchema, match="run haochaping migrate"):
                open_it(path, schema)
    with pytest.raises(DeviceError):
        read(home.agent_db)
    applied = migrate(home)
    assert applied == [f"kiosk.db: {name}" for name in KIOSK_SCHEMA[1]] + [
        f"agent.db: {name}" for name in AGENT_SCHEMA[1]
    ]
    assert migrate(home) == []
    open_ledger(home).close()


def test_the_names_that_are_checked_are_those_of_the_migrations():
    assert (kiosk.name, tuple(m.name for m in kiosk._migrations)) == KIOSK_SCHEMA
    assert (agent.name, tuple(m.name for m in agent._migrations)) == AGENT_SCHEMA


def test_a_file_that_lacks_one_migration_is_not_up_to_date(home: Home):
    reader = open_reader(home.agent_db, AGENT_SCHEMA)
    with pytest.raises(WrongSchema, match="run haochaping migrate"):
        check_schema(reader, home.agent_db, ("agent", (*AGENT_SCHEMA[1], "badges")))
    reader.close()


@pytest.mark.parametrize("name", ["a?mode=memory", "100%25", "with # and 空格", "-x"])
def test_a_folder_may_have_any_name(home: Home, elsewhere, name: str):
    odd = Home(home.root.rename(elsewhere / name))
    ledger = open_ledger(odd)
    rate(ledger)
    reader, briefing = Backlog(odd), Briefing(odd)
    assert reader.head() == 3
    briefing.apply(configuration(), b"signed", "")
    assert read(odd.agent_db).hall == "滨河区"
    for one in (reader, briefing, ledger):
        one.close()


# --- what the kiosk reads of the agent's file ------------------------------------------------


def test_the_first_frames_page_shows_whoever_is_logged_in_or_assigned(home: Home):
    assert read(home.agent_db).member is None
    briefing = Briefing(home)
    briefing.apply(configuration(), b"signed", "")
    page = read(home.agent_db)
    assert (page.hall, page.window, page.online) == ("滨河区", "12", False)
    assert page.member is not None
    assert page.member.name == "王晓燕"
    assert page.notices == ("周六照常办理",)
    assert read(home.agent_db, staff="9999").member is None
    briefing.set_online(True)
    assert read(home.agent_db).online
    briefing.close()


def test_a_configuration_replaces_the_one_before_all_of_it_or_nothing(home: Home):
    first = configuration(1)
    moved = msgspec.structs.replace(
        configuration(2, hall="新区"),
        staff=(StaffMember("0322", "李国强", "综合窗口", "不动产登记"),),
        matters=first.matters[1:],
        notices=(),
    )
    nameless = StaffMember("0400", None, "", "")  # type: ignore[arg-type]
    broken = msgspec.structs.replace(moved, version=3, staff=(nameless,))
    briefing, reader = Briefing(home), BriefingReader(home)
    assert briefing.apply(first, b"1", '"1"')
    assert briefing.apply(moved, b"2", '"2"')
    assert not briefing.apply(first, b"1", '"1"')
    with pytest.raises(DeviceError):
        briefing.apply(broken, b"3", '"3"')
    assert briefing.configuration() == (2, '"2"')
    assert read(home.agent_db).hall == "新区"
    assert read(home.agent_db).notices == ()
    assert read(home.agent_db, staff=WANG).member is None
    assert read(home.agent_db, staff="0322").member is not None
    assert reader.matter_name(DEED) == DEED
    briefing.close()
    reader.close()


def test_what_a_phone_rated_of_a_visit_is_found_again_whatever_else_was_left(home: Home):
    visit, other = uuid4(), uuid4()
    staff, deed = (Subject.STAFF, WANG), (Subject.MATTER, DEED)
    with closing(Briefing(home)) as briefing, closing(BriefingReader(home)) as reader:
        assert reader.rated_by_phone(visit) == frozenset()
        briefing.instruct("rated", msgspec.json.encode(RatedOrder(visit, (staff,))))
        briefing.instruct("rated", msgspec.json.encode(RatedOrder(visit, (deed,))))
        briefing.instruct("rated", b"not JSON")
        briefing.instruct("cancel", msgspec.json.encode(CancelOrder(other, "x")))
        briefing.instruct("rated", msgspec.json.encode(RatedOrder(other, (staff,))))
        assert reader.rated_by_phone(visit) == {staff, deed}
        assert reader.rated_by_phone(other) == {staff}


def test_instructions_come_in_order_once_and_with_their_age(home: Home):
    briefing, reader = Briefing(home), BriefingReader(home)
    first = briefing.instruct("invite", b"1")
    second = briefing.instruct("cancel", b"2")
    taken = reader.instructions(0)
    assert [(one.id, one.kind, one.body) for one in taken] == [
        (first, "invite", b"1"),
        (second, "cancel", b"2"),
    ]
    assert all(one.age_ms is not None and 0 <= one.age_ms < 60_000 for one in taken)
    assert reader.instructions(second) == []
    briefing._db.execute("UPDATE instruction SET boot_id = ?", (uuid4().bytes,))
    assert [one.age_ms for one in reader.instructions(0)] == [None, None]
    for _ in range(200):
        last = briefing.instruct("invite", b"x")
    kept = [one.id for one in reader.instructions(0)]
    assert kept == list(range(last - 100, last + 1))
    briefing.close()
    reader.close()


def test_a_matter_that_the_roster_does_not_know_is_shown_by_its_code(home: Home):
    briefing, reader = Briefing(home), BriefingReader(home)
    assert reader.rules() == Rules()
    briefing.apply(configuration(), b"signed", "")
    assert reader.matter_name(DEED) == "不动产转移登记"
    assert reader.matter_name("no such") == "no such"
    assert reader.rules().rating_seconds == 60
    briefing.close()
    reader.close()


def test_the_orders_of_window_programs_have_a_shape_of_their_own():
    assert InviteOrder.__struct_fields__ == ("visit", "invited_by", "matters", "system", "staff")
    assert CancelOrder.__struct_fields__ == ("visit", "reason")


# --- what the agent reads of the kiosk's file -----------------------------------------------


@given(
    lengths=st.lists(st.integers(1, 4), min_size=1, max_size=6),
    limit=st.integers(1, 9),
    max_bytes=st.integers(0, 3000),
)
def test_stretches_cover_every_record_in_order_whatever_the_bounds(
    new_home, lengths: list[int], limit: int, max_bytes: int
):
    """Numbering leaves gaps where files were damaged; no stretch crosses one."""
    home = new_home()
    ledger = open_ledger(home)
    for length in lengths:
        fill(ledger, length)
        ledger._seq += 10
    ledger.close()
    reader = Backlog(home)
    seen: list[int] = []
    while stretch := reader.after(seen[-1] if seen else 0, limit, max_bytes):
        numbers = range(stretch.first, stretch.first + len(stretch.records))
        assert 1 <= len(numbers) <= limit
        assert len(numbers) == 1 or sum(map(len, stretch.records)) <= max_bytes
        assert stretch.gap_before is (stretch.first != (seen[-1] if seen else 0) + 1)
        seen += numbers
    wanted, start = [], 1
    for length in lengths:
        wanted += range(start, start + length)
        start += length + 10
    assert seen == wanted
    reader.close()


def test_how_a_visit_ended_can_be_asked(home: Home, ledger: Ledger):
    reader = Backlog(home)
    visit = rate(ledger)
    assert reader.was_opened(visit.bytes)
    assert reader.outcome(visit.bytes) is not None
    invited = invitation()
    ledger.open_visit(invited, "zh-CN", 0)
    assert not reader.was_tapped(invited.visit.bytes)
    ledger.keep_draft(invited.visit, draft())
    assert reader.was_tapped(invited.visit.bytes)
    assert reader.outcome(invited.visit.bytes) is None
    reader.close()
