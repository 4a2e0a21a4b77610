"""Damaged files: everything that can be read and was signed is kept, and service goes on."""

import gc
import shutil
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
from device_rig import (
    BAD,
    CENTRAL_KEY,
    DEED,
    DEVICE,
    RECORD_KEY,
    WANG,
    configuration,
    copy_of,
    draft,
    fill,
    invitation,
    open_ledger,
    rate,
    rows,
    signed_records,
)
from device_rig import identity as who
from hypothesis import assume, example, given, settings
from hypothesis import strategies as st

from device.agent.service import open_briefing
from device.core.errors import DamagedFile, StorageUnavailable, WrongSchema
from device.store import salvage
from device.store.backlog import Backlog
from device.store.briefing import Briefing, BriefingReader
from device.store.home import Home
from device.store.schema import migrate
from protocol import configuration as configurations
from protocol import cose, records
from protocol.errors import ProtocolError
from protocol.records import Rating, VisitClosed

PAGE = 4096


@pytest.fixture(scope="session")
def lived(new_home) -> Home:
    """A device with 400 records in the file, more in the WAL, and a visit under way."""
    home = new_home()
    ledger = open_ledger(home)
    for _ in range(40):
        rate(ledger, draft(WANG), draft(DEED, BAD))
    fill(ledger, 240)
    ledger.checkpoint()
    rate(ledger)
    invited = invitation(DEED)
    ledger.open_visit(invited, "zh-CN", 0)
    ledger.keep_draft(invited.visit, draft(WANG, BAD))
    ledger.keep_draft(invited.visit, draft(DEED))
    lived = copy_of(home, home.root.with_name("lived"))
    ledger.close()
    return lived


@pytest.fixture
def damaged(lived: Home, elsewhere: Path) -> Home:
    """A copy of `lived`, to be damaged."""
    return copy_of(lived, elsewhere / "home")


def overwrite(path: Path, at: int, junk: bytes) -> None:
    with path.open("r+b") as file:
        file.seek(at)
        file.write(junk)


def readable(home: Home, whole: dict[int, bytes]) -> set[int]:
    """The numbers whose record can be looked up in a damaged file, each by itself."""
    found = set()
    with closing(sqlite3.connect(f"{home.kiosk_db.as_uri()}?mode=ro", uri=True)) as db:
        for seq in whole:
            try:
                row = db.execute("SELECT signed FROM record WHERE seq = ?", (seq,)).fetchone()
            except sqlite3.DatabaseError:
                continue
            if row is not None and row[0] == whole[seq]:
                found.add(seq)
    return found


def check_rescued(home: Home, whole: dict[int, bytes], kept: set[int]) -> None:
    """All that was readable is there, none of it altered, and ratings are taken again."""
    held = signed_records(home)
    assert kept <= set(held)
    assert all(whole[seq] == signed for seq, signed in held.items())
    ledger = open_ledger(home)
    ledger.quick_check()
    before = ledger.head
    assert before >= max(kept, default=0) + salvage.SKIP_AHEAD
    ledger.recover()
    rate(ledger)
    ledger.close()
    new = {seq: signed for seq, signed in signed_records(home).items() if seq not in held}
    assert list(new) == list(range(before + 1, before + 1 + len(new)))
    for signed in new.values():
        records.verify(signed, RECORD_KEY.public)


def test_a_whole_file_is_not_taken_for_damaged(damaged: Home):
    assert not salvage.is_damaged(damaged.kiosk_db)
    assert not salvage.is_damaged(damaged.root / "nothing.db")
    (damaged.root / "empty.db").touch()
    assert not salvage.is_damaged(damaged.root / "empty.db")


def test_nothing_is_lost_where_nothing_was_unreadable(damaged: Home):
    whole = signed_records(damaged)
    saved = salvage.rescue_ledger(damaged, RECORD_KEY.public, 7)
    assert (saved.records, saved.highest, saved.drafts) == (len(whole), len(whole), 2)
    assert signed_records(damaged) == whole
    assert sorted(path.name for path in damaged.kiosk_db.parent.glob("kiosk.damaged-1*")) == [
        "kiosk.damaged-1.db",
        "kiosk.damaged-1.db-shm",
        "kiosk.damaged-1.db-wal",
    ]
    ledger = open_ledger(damaged)
    visit = ledger.recover()
    ledger.close()
    found = [records.read(signed) for signed in signed_records(damaged).values()]
    recovered = [one for one in found if isinstance(one, Rating) and one.visit == visit]
    assert {one.code: one.level for one in recovered} == {WANG: BAD, DEED: 5}
    assert all(one.recovered for one in recovered)
    assert isinstance(found[-1], VisitClosed)


damages = st.lists(
    st.tuples(
        st.integers(0, 60),
        st.integers(0, PAGE - 1),
        st.binary(min_size=1, max_size=64) | st.integers(1, 3 * PAGE).map(bytes),
    ),
    min_size=1,
    max_size=4,
)


@settings(max_examples=40)
@given(damages)
@example([(2, 0, bytes(PAGE)), (20, 0, bytes(PAGE))])
@example([(0, 0, b"not a database at all")])
@example([(15, 15, b"\x8b" + bytes(7))])
@example([(14, 15, b"\0\0\5\0\0\0\0\0\0\2")])
def test_whatever_bytes_are_overwritten_all_that_is_still_readable_is_kept(
    lived: Home, tmp_path_factory, damage
):
    home = copy_of(lived, tmp_path_factory.mktemp("damaged") / "home")
    whole = signed_records(home)
    for page, offset, junk in damage:
        at = page * PAGE + offset
        assume(at + len(junk) <= home.kiosk_db.stat().st_size)
        overwrite(home.kiosk_db, at, junk)
    kept = readable(home, whole)
    saved = salvage.rescue_ledger(home, RECORD_KEY.public, 0)
    assert saved.records >= len(kept)
    check_rescued(home, whole, kept)
    shutil.rmtree(home.root)


@settings(max_examples=15)
@given(share=st.floats(0, 0.99), wal=st.sampled_from(["whole", "gone", "junk", "half"]))
def test_a_file_or_a_wal_that_was_cut_short_gives_what_is_left_of_it(
    lived: Home, tmp_path_factory, share: float, wal: str
):
    home = copy_of(lived, tmp_path_factory.mktemp("cut") / "home")
    whole = signed_records(home)
    log = home.kiosk_db.with_name("kiosk.db-wal")
    if wal == "gone":
        log.unlink()
    elif wal == "junk":
        log.write_bytes(b"\xff" * log.stat().st_size)
    elif wal == "half":
        log.write_bytes(log.read_bytes()[: log.stat().st_size // 2])
    home.kiosk_db.with_name("kiosk.db-shm").unlink(missing_ok=True)
    with home.kiosk_db.open("r+b") as file:
        file.truncate(int(home.kiosk_db.stat().st_size * share))
    kept = readable(home, whole)
    salvage.rescue_ledger(home, RECORD_KEY.public, 0)
    check_rescued(home, whole, kept)
    shutil.rmtree(home.root)


def test_a_destroyed_header_loses_the_old_records_but_never_a_number(damaged: Home):
    overwrite(damaged.kiosk_db, 0, b"\0" * 100)
    for ending in ("-wal", "-shm"):
        damaged.kiosk_db.with_name("kiosk.db" + ending).unlink()
    assert salvage.is_damaged(damaged.kiosk_db)
    with pytest.raises(DamagedFile):
        open_ledger(damaged)
    saved = salvage.rescue_ledger(damaged, RECORD_KEY.public, acknowledged=400)
    assert (saved.records, saved.highest) == (0, 0)
    ledger = open_ledger(damaged)
    rate(ledger)
    assert min(signed_records(damaged)) == 400 + salvage.SKIP_AHEAD + 1
    ledger.close()


def test_damage_upon_damage_still_gives_no_number_out_twice(damaged: Home):
    saved = salvage.rescue_ledger(damaged, RECORD_KEY.public, 0)
    ledger = open_ledger(damaged)
    rate(ledger)
    given_out = ledger.head
    ledger._db.execute("DELETE FROM record")
    ledger.close()
    again = salvage.rescue_ledger(damaged, RECORD_KEY.public, 0)
    assert again.kept_as.name == "kiosk.damaged-2.db"
    ledger = open_ledger(damaged)
    assert ledger.head > given_out > saved.highest
    ledger.close()


def test_what_was_not_signed_by_this_device_is_left_behind(damaged: Home):
    whole = signed_records(damaged)
    forged = cose.sign(cose.verify(whole[3], RECORD_KEY.public, cose.RECORD), CENTRAL_KEY, b"x")
    with closing(sqlite3.connect(damaged.kiosk_db, isolation_level=None)) as db:
        db.execute("UPDATE record SET signed = ? WHERE seq = 3", (forged,))
        db.execute("UPDATE record SET signed = ? WHERE seq = 5", (whole[6],))
        db.execute("UPDATE record SET signed = x'00' WHERE seq = 9")
    with pytest.raises(ProtocolError):
        records.verify(forged, RECORD_KEY.public)
    salvage.rescue_ledger(damaged, RECORD_KEY.public, 0)
    assert set(whole) - set(signed_records(damaged)) == {3, 5, 9}


def test_damage_beside_the_signed_bytes_costs_no_record(damaged: Home):
    whole = signed_records(damaged)
    opened = next(s for s, b in whole.items() if records.read(b).__struct_config__.tag != "boot")
    with closing(sqlite3.connect(damaged.kiosk_db, isolation_level=None)) as db:
        query = "UPDATE record SET kind = CAST(x'ff' AS TEXT), visit = x'', wall_ms = -1"
        db.execute(query)
    salvage.rescue_ledger(damaged, RECORD_KEY.public, 0)
    assert signed_records(damaged) == whole
    record = records.read(whole[opened])
    ((kind, wall_ms, visit),) = rows(
        damaged.kiosk_db, "SELECT kind, wall_ms, visit FROM record WHERE seq = ?", opened
    )
    assert (kind, wall_ms) == (record.__struct_config__.tag, record.wall_ms)
    assert visit == record.visit.bytes  # type: ignore[union-attr]


def test_a_ledger_found_damaged_leaves_the_new_file_alone(damaged: Home):
    """Its connection may outlive the file's name, and must not take the new WAL with it."""
    old = open_ledger(damaged)
    old._db.execute("PRAGMA writable_schema = 1")
    old._db.execute("UPDATE sqlite_master SET rootpage = 2 WHERE name = 'draft'")
    old._db.execute("PRAGMA writable_schema = RESET")
    with pytest.raises(DamagedFile):
        old.quick_check()
    salvage.rescue_ledger(damaged, RECORD_KEY.public, 0)
    new = open_ledger(damaged)
    rate(new)
    del old
    gc.collect()
    rate(new)
    assert max(signed_records(copy_of(damaged, damaged.root.with_name("copy")))) == new.head
    new.close()


class PowerCut(BaseException):
    """The process is no more."""


@pytest.mark.parametrize("start", [migrate, lambda home: open_ledger(home).close()])
@pytest.mark.parametrize("steps", range(6))
def test_a_power_cut_during_the_replacement_is_made_good_at_the_next_start(
    damaged: Home, monkeypatch: pytest.MonkeyPatch, steps: int, start
):
    """``steps`` is how many renames were done when the power went."""
    whole = signed_records(damaged)
    left = steps

    def until_the_cut(rename):
        def renaming(self: Path, target: Path) -> Path:
            nonlocal left
            left -= 1
            if left < 0:
                raise PowerCut
            return rename(self, target)

        return renaming

    with monkeypatch.context() as patched:
        patched.setattr(Path, "rename", until_the_cut(Path.rename))
        patched.setattr(Path, "replace", until_the_cut(Path.replace))
        try:
            salvage.rescue_ledger(damaged, RECORD_KEY.public, 0)
        except PowerCut:
            assert steps < 5
        else:
            assert steps == 5
    start(damaged)
    assert signed_records(damaged) == whole
    ledger = open_ledger(damaged)
    replaced = steps > 0
    assert ledger.head == len(whole) + (salvage.SKIP_AHEAD if replaced else 0)
    assert ledger.recover() is not None
    ledger.close()
    aside = damaged.kiosk_db.with_name("kiosk.damaged-1.db")
    assert aside.exists() is replaced
    if replaced:
        assert signed_records(Home(damaged.root)) != {}
        assert dict(rows(aside, "SELECT seq, signed FROM record")) == whole
    assert not list(damaged.kiosk_db.parent.glob("*.replacement"))


def test_a_power_cut_while_the_new_file_is_filled_leaves_the_old_one_in_place(damaged: Home):
    overwrite(damaged.kiosk_db, 5 * PAGE, bytes(PAGE))
    half = damaged.kiosk_db.with_name("kiosk.db.fresh")
    half.write_bytes(b"half a file")
    migrate(damaged)
    assert damaged.kiosk_db.exists()
    saved = salvage.rescue_ledger(damaged, RECORD_KEY.public, 0)
    assert saved.records > 300
    assert not half.exists()


def test_a_locked_file_is_not_taken_for_a_damaged_one(damaged: Home):
    """Somebody looks at it with a tool of their own; nothing is wrong with it."""
    with closing(sqlite3.connect(damaged.kiosk_db, isolation_level=None)) as visitor:
        visitor.execute("BEGIN IMMEDIATE")
        ledger = open_ledger(damaged)
        ledger._db.execute("PRAGMA busy_timeout = 10")
        with pytest.raises(StorageUnavailable, match="locked"):
            ledger.note_boot("0.1.0")
    ledger.note_boot("0.1.0")
    ledger.close()


def test_records_are_not_given_up_because_somebody_has_the_file_to_himself(damaged: Home):
    with closing(sqlite3.connect(damaged.kiosk_db, isolation_level=None)) as visitor:
        visitor.execute("PRAGMA locking_mode = EXCLUSIVE")
        visitor.execute("INSERT INTO counter VALUES ('visitor', 1)")
        with pytest.raises(StorageUnavailable, match="locked"):
            salvage.rescue_ledger(damaged, RECORD_KEY.public, 0)
    assert not list(damaged.kiosk_db.parent.glob("*damaged*"))
    assert not list(damaged.kiosk_db.parent.glob("*fresh*"))
    assert not salvage.is_damaged(damaged.kiosk_db)


# --- the agent's file -----------------------------------------------------------------------


def with_configuration(home: Home, version: int = 4) -> bytes:
    signed = configurations.sign(configuration(version), CENTRAL_KEY)
    briefing = Briefing(home)
    briefing.apply(configuration(version), signed, '"etag"')
    briefing.checkpoint()
    briefing.close()
    return signed


def test_a_damaged_agent_file_is_replaced_and_the_last_configuration_is_back(home: Home):
    with_configuration(home)
    # The page of the matters' index is lost; the configuration itself can still be read.
    with closing(sqlite3.connect(home.agent_db)) as db:
        (root,) = db.execute("SELECT rootpage FROM sqlite_master WHERE name='matter'").fetchone()
    overwrite(home.agent_db, (root - 1) * PAGE, b"\xff" * PAGE)
    reader = BriefingReader(home)
    briefing = open_briefing(home, who())
    assert briefing.configuration() == (4, "")
    assert briefing.matter_name(DEED) == "不动产转移登记"
    assert briefing.counters() == {"agent-db.replaced": 1}
    assert home.agent_db.with_name("agent.damaged-1.db").exists()
    assert reader.changed()
    assert reader.matter_name(DEED) == "不动产转移登记"
    reader.close()
    briefing.close()


def test_an_agent_file_of_which_nothing_is_left_is_replaced_by_an_empty_one(home: Home):
    with_configuration(home)
    overwrite(home.agent_db, 0, b"\xff" * home.agent_db.stat().st_size)
    briefing = open_briefing(home, who())
    assert briefing.configuration() == (0, "")
    briefing.close()


def test_only_a_configuration_that_central_signed_for_this_device_is_put_back(home: Home):
    for forged in (
        configurations.sign(configuration(9), RECORD_KEY),
        configurations.sign(configuration(9, device="another"), CENTRAL_KEY),
    ):
        signed = with_configuration(home, 4)
        with closing(sqlite3.connect(home.agent_db, isolation_level=None)) as db:
            db.execute("UPDATE configuration SET signed = ?", (forged,))
            query = "SELECT rootpage FROM sqlite_master WHERE name = 'notice'"
            (root,) = db.execute(query).fetchone()
        overwrite(home.agent_db, (root - 1) * PAGE, b"\xff" * PAGE)
        briefing = open_briefing(home, who())
        assert briefing.configuration() == (0, "")
        briefing.close()
        assert signed


def test_a_missing_file_is_not_damage_but_a_step_left_out(home: Home):
    home.agent_db.unlink()
    home.kiosk_db.unlink()
    with pytest.raises(WrongSchema, match="haochaping migrate"):
        open_briefing(home, who())
    with pytest.raises(WrongSchema, match="haochaping migrate"):
        open_ledger(home)
    with pytest.raises(WrongSchema, match="haochaping migrate"):
        Backlog(home)
    assert who().device == DEVICE
