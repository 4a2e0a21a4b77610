"""Kiosk and agent as two users: each reads the other's file, and neither writes it."""

import os
import shutil
import socket
import stat
import tempfile
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import pytest
from device_rig import configuration, enrol_by_hand, fill, open_ledger
from other_user import AGENT, GROUP, KIOSK, OWNERS, as_user, running_as

from device.agent.album import Album
from device.agent.control import listen
from device.store import bell, lock, owners, preparation, roster
from device.store.backlog import Backlog
from device.store.briefing import Briefing, BriefingReader
from device.store.home import Home
from device.store.identity import load_identity, load_key, make_key, write_durably
from device.store.owners import acting_as_owner_of, give_to_owners
from device.store.roll import Roll
from device.store.schema import migrate
from device.store.wordings import read as read_wordings

pytestmark = pytest.mark.skipif(os.geteuid() != 0, reason="only root can be two other users")
HandOut = Callable[[object], object]


@pytest.fixture
def ours() -> Iterator[Home]:
    """A device's folder where every user of the machine can get at it."""
    folder = Path(tempfile.mkdtemp(prefix="haochaping-", dir="/tmp"))
    folder.chmod(0o755)
    home = Home(folder / "device")
    migrate(home)
    enrol_by_hand(home)
    home.photos.mkdir()
    home.photo("ab").write_bytes(b"\xff\xd8")
    with closing(Briefing(home)) as briefing:
        briefing.apply(configuration(), b"signed", "")
    give_to_owners(home, OWNERS)
    yield home
    shutil.rmtree(folder)


def whose(path: Path) -> tuple[int, int, int]:
    found = path.lstat()
    return found.st_uid, found.st_gid, stat.S_IMODE(found.st_mode)


def all_of(home: Home) -> dict[Path, tuple[int, int, int]]:
    return {path: whose(path) for path in sorted(home.root.rglob("*"))}


# --- who owns what ----------------------------------------------------------------------------


def test_each_file_belongs_to_its_user_and_the_group_may_read_all_but_the_keys(ours: Home):
    assert whose(ours.root) == (0, 0, 0o755)
    assert whose(ours.identity) == (0, 0, 0o644)
    assert whose(ours.kiosk_db.parent) == (KIOSK, GROUP, 0o2750)
    assert whose(ours.agent_db.parent) == (AGENT, GROUP, 0o2750)
    assert whose(ours.kiosk_db) == (KIOSK, GROUP, 0o640)
    assert whose(ours.agent_db) == (AGENT, GROUP, 0o640)
    assert whose(ours.record_key) == (KIOSK, GROUP, 0o600)
    assert whose(ours.transport_key) == (AGENT, GROUP, 0o600)
    assert whose(ours.photo("ab")) == (AGENT, GROUP, 0o640)


def test_giving_again_changes_nothing(ours: Home):
    before = {path: (whose(path), path.lstat().st_ctime_ns) for path in ours.root.rglob("*")}
    assert give_to_owners(ours, OWNERS) == ()
    assert {path: (whose(path), path.lstat().st_ctime_ns) for path in before} == before


def test_a_data_partition_from_another_system_gets_its_owners_back(ours: Home):
    before = all_of(ours)
    for path in before:
        os.lchown(path, 777, 888)
        path.chmod(0o777)
    give_to_owners(ours, OWNERS)
    assert all_of(ours) == before


def test_on_a_machine_without_these_users_nothing_is_given(ours: Home, monkeypatch):
    for path in all_of(ours):
        os.lchown(path, 0, 0)
    before = all_of(ours)
    monkeypatch.setattr(owners, "KIOSK_USER", "haochaping-nobody")
    assert give_to_owners(ours) == ()
    assert all_of(ours) == before


def test_a_link_that_somebody_left_there_leads_root_nowhere(ours: Home):
    secret = ours.root.parent / "secret"
    secret.write_text("root's")
    secret.chmod(0o600)

    def plant() -> None:
        (ours.agent_db.parent / "a").symlink_to(secret)
        (ours.photos / "b").symlink_to(secret.parent)
        os.link(ours.photo("ab"), ours.photos / "c")
        os.mkfifo(ours.photos / "d")

    as_user(AGENT, plant)
    left = give_to_owners(ours, OWNERS)
    assert [path.name for path in left] == ["a", "ab.jpg", "b", "c", "d"]
    assert whose(secret) == (0, 0, 0o600)
    assert whose(secret.parent)[0] == 0


def test_a_link_put_in_a_folders_place_meanwhile_leads_root_nowhere(ours: Home, monkeypatch):
    secret = ours.root.parent / "elsewhere" / "secret"
    secret.parent.mkdir()
    secret.write_text("root's")
    secret.chmod(0o600)
    settle = owners._settle

    def swapped(path: Path, *rest: object) -> None:
        settle(path, *rest)
        if path == ours.photos:
            path.rename(path.with_name("moved"))
            path.symlink_to(secret.parent)

    monkeypatch.setattr(owners, "_settle", swapped)
    with pytest.raises(OSError, match="photos"):
        give_to_owners(ours, OWNERS)
    assert whose(secret) == (0, 0, 0o600)


def test_root_writes_no_key_through_a_link(ours: Home):
    secret = ours.root.parent / "secret"
    secret.write_text("root's")
    ours.transport_key.unlink()
    as_user(AGENT, lambda: ours.transport_key.with_name("transport.key.new").symlink_to(secret))
    with pytest.raises(OSError, match="symbolic"):
        make_key(ours.transport_key)
    with acting_as_owner_of(ours.agent_db.parent), pytest.raises(OSError, match="symbolic"):
        make_key(ours.transport_key)
    assert secret.read_text() == "root's"


def test_what_root_makes_as_the_owner_is_the_owners(ours: Home):
    before = os.getgroups()
    ours.record_key.unlink()
    with acting_as_owner_of(ours.kiosk_db.parent):
        make_key(ours.record_key)
        with pytest.raises(PermissionError):
            write_durably(ours.agent_db.parent / "x", b"", 0o600)
        with pytest.raises(PermissionError):
            write_durably(ours.root / "x", b"", 0o600)
    assert whose(ours.record_key) == (KIOSK, GROUP, 0o600)
    assert (os.geteuid(), os.getegid(), os.getgroups()) == (0, 0, before)


def test_migrate_leaves_every_file_with_its_owner(monkeypatch):
    monkeypatch.setattr(owners, "owners", lambda: OWNERS)
    folder = Path(tempfile.mkdtemp(prefix="haochaping-", dir="/tmp"))
    folder.chmod(0o755)
    home = Home(folder / "device")
    try:
        _, applied = preparation.prepare(home, None)
        assert applied
        assert whose(home.kiosk_db) == (KIOSK, GROUP, 0o640)
        assert whose(home.agent_lock)[0] == AGENT
        as_user(AGENT, lambda: Briefing(home).close())
        as_user(KIOSK, lambda: os.close(lock.hold(home.kiosk_lock)))
        assert preparation.prepare(home, None) == ([], [])
    finally:
        shutil.rmtree(folder)


# --- what each may do with the other's ----------------------------------------------------------


def test_neither_can_change_the_others_files_or_read_the_others_key(ours: Home):
    def kiosk() -> None:
        load_key(ours.record_key)
        load_identity(ours)
        assert ours.photo("ab").read_bytes() == b"\xff\xd8"
        for forbidden in (
            lambda: ours.transport_key.read_bytes(),
            lambda: ours.agent_db.open("r+b"),
            lambda: (ours.agent_db.parent / "x").touch(),
            lambda: ours.identity.open("r+b"),
            lambda: (ours.root / "x").touch(),
        ):
            with pytest.raises(PermissionError):
                forbidden()

    def agent() -> None:
        load_key(ours.transport_key)
        for forbidden in (
            lambda: ours.record_key.read_bytes(),
            lambda: ours.kiosk_db.open("r+b"),
            lambda: (ours.kiosk_db.parent / "x").touch(),
        ):
            with pytest.raises(PermissionError):
                forbidden()

    as_user(KIOSK, kiosk)
    as_user(AGENT, agent)


def all_that_the_kiosk_reads(home: Home) -> tuple[object, ...]:
    with closing(BriefingReader(home)) as briefing, closing(Roll(home)) as roll:
        return (
            roster.read(home.agent_db).hall,
            briefing.version(),
            bool(roll.place()),
            len(read_wordings(home.agent_db)),
        )


def test_the_kiosk_shows_the_roster_before_the_agent_is_up(ours: Home):
    found = sorted(path.name for path in ours.agent_db.parent.iterdir())
    assert "agent.db-wal" not in found
    assert as_user(KIOSK, lambda: all_that_the_kiosk_reads(ours)) == ("滨河区", 1, True, 9)
    assert sorted(path.name for path in ours.agent_db.parent.iterdir()) == found


def test_it_sees_the_agent_come_write_and_go(ours: Home):
    def look(hand_out: HandOut) -> None:
        with closing(BriefingReader(ours)) as reader:
            while True:
                hand_out((reader.changed(), reader.version(), roster.read(ours.agent_db).hall))

    def agent(hand_out: HandOut) -> str:
        with closing(Briefing(ours)) as briefing:
            hand_out("open")
            briefing.apply(configuration(2, hall="新区"), b"2", "")
            hand_out("written")
            briefing.checkpoint()
            briefing.apply(configuration(3, hall="港区"), b"3", "")
            hand_out("checkpointed, and written")
        return "ended"

    with running_as(KIOSK, look) as kiosk:
        assert kiosk.says() == (True, 1, "滨河区")
        kiosk.go_on()
        assert kiosk.says() == (False, 1, "滨河区")
        with running_as(AGENT, agent) as writer:
            for said, version, hall in (
                ("open", 1, "滨河区"),
                ("written", 2, "新区"),
                ("checkpointed, and written", 3, "港区"),
                ("ended", 3, "港区"),
            ):
                assert writer.says() == said
                kiosk.go_on()
                _, seen, shown = kiosk.says()
                assert (seen, shown) == (version, hall)
                writer.go_on()


def test_a_reader_that_came_first_sees_the_writer_after_it_has_come_and_gone_unseen(ours: Home):
    def look(hand_out: HandOut) -> None:
        with closing(BriefingReader(ours)) as reader:
            hand_out(reader.version())
            hand_out(reader.version())

    def agent() -> None:
        with closing(Briefing(ours)) as briefing:
            briefing.apply(configuration(2), b"2", "")

    with running_as(KIOSK, look) as kiosk:
        assert kiosk.says() == 1
        as_user(AGENT, agent)
        kiosk.go_on()
        assert kiosk.says() == 2


def test_what_a_power_cut_left_of_the_agent_is_read_too(ours: Home):
    def agent(hand_out: HandOut) -> None:
        briefing = Briefing(ours)
        briefing.apply(configuration(7), b"7", "")
        hand_out("written")

    with running_as(AGENT, agent) as writer:
        assert writer.says() == "written"
    assert ours.agent_db.with_name("agent.db-wal").exists()
    assert as_user(KIOSK, lambda: all_that_the_kiosk_reads(ours))[1] == 7


def test_the_agent_sends_records_while_no_kiosk_runs(ours: Home):
    def kiosk() -> None:
        with closing(open_ledger(ours)) as ledger:
            fill(ledger, 3)

    as_user(KIOSK, kiosk)

    def head() -> int:
        with closing(Backlog(ours)) as backlog:
            return backlog.head()

    assert as_user(AGENT, head) == 3
    assert as_user(KIOSK, lambda: open_ledger(ours).head) == 3


def test_root_reads_both_and_leaves_nothing_of_its_own_behind(ours: Home):
    before = all_of(ours)
    with closing(Backlog(ours)) as backlog, closing(BriefingReader(ours)) as briefing:
        assert (backlog.head(), briefing.version()) == (0, 1)
    assert all_of(ours) == before


def test_each_sees_whether_the_other_one_runs(ours: Home):
    def hold(hand_out: HandOut) -> None:
        lock.hold(ours.kiosk_lock)
        hand_out("held")

    with running_as(KIOSK, hold) as kiosk:
        assert kiosk.says() == "held"
        assert as_user(AGENT, lambda: lock.is_held(ours.kiosk_lock))
    assert not as_user(AGENT, lambda: lock.is_held(ours.kiosk_lock))


# --- doors -----------------------------------------------------------------------------------


def test_the_agent_can_ring_and_the_kiosks_user_can_knock_at_the_agents_door(ours: Home):
    def kiosk(hand_out: HandOut) -> bool:
        hung = bell.Bell(ours.bell)
        hand_out("hung up")
        return hung.hush()

    with running_as(KIOSK, kiosk) as hearer:
        assert hearer.says() == "hung up"
        assert whose(ours.bell) == (KIOSK, GROUP, 0o660)
        as_user(AGENT, lambda: bell.ring(ours.bell))
        hearer.go_on()
        assert hearer.says() is True

    def agent(hand_out: HandOut) -> None:
        door = listen(ours.control)
        hand_out("listens")
        door.accept()
        hand_out("let in")

    def knock() -> None:
        with socket.socket(socket.AF_UNIX) as line:
            line.connect(str(ours.control))

    with running_as(AGENT, agent) as listener:
        assert listener.says() == "listens"
        as_user(KIOSK, knock)
        listener.go_on()
        assert listener.says() == "let in"


def test_photos_that_the_agent_fetches_can_be_shown(ours: Home):
    shutil.rmtree(ours.photos)

    def agent() -> None:
        Album(ours, None)._pictures()  # type: ignore[arg-type]
        ours.photo("cd").write_bytes(b"\xff\xd8")

    as_user(AGENT, agent)
    assert as_user(KIOSK, lambda: ours.photo("cd").read_bytes()) == b"\xff\xd8"
