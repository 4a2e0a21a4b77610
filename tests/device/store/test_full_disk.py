"""A full disk: the reserve is used once, then the device says so, and nothing is half written."""

import subprocess
import sys
from pathlib import Path

import pytest
from device_rig import (
    chain,
    closing_of,
    draft,
    fill,
    invitation,
    open_ledger,
    rate,
    ratings,
    rows,
)

from device.core.errors import StorageFull
from device.store import reserve
from device.store.briefing import Briefing
from device.store.home import Home
from device.store.ledger import Ledger


def fill_up(ledger: Ledger) -> None:
    """Leave no page more than the file has now, as a full disk would."""
    ledger._db.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    (pages,) = ledger._db.execute("PRAGMA page_count").fetchone()
    ledger._db.execute(f"PRAGMA max_page_count = {pages}")


def make_room(ledger: Ledger) -> None:
    ledger._db.execute("PRAGMA max_page_count = 1000000")


def rate_until_full(ledger: Ledger) -> int:
    """Whole visits until one does not fit; returns how many were thanked for."""
    for thanked in range(1000):
        try:
            rate(ledger)
        except StorageFull:
            return thanked
    raise AssertionError("the disk never became full")


def test_what_does_not_fit_raises_and_leaves_the_chain_whole(home: Home, ledger: Ledger):
    fill(ledger, 3)
    fill_up(ledger)
    thanked = rate_until_full(ledger)
    assert len(ratings(home)) == thanked
    with pytest.raises(StorageFull):
        fill(ledger, 50)
    make_room(ledger)
    ledger.recover()
    rate(ledger)
    assert len(chain(home)) == ledger.head
    assert [one.recovered for one in ratings(home)].count(False) == thanked + 1


def test_the_reserve_is_given_up_before_anything_is_refused(home: Home, ledger: Ledger):
    assert reserve.hold(home.reserve)
    assert home.reserve.stat().st_blocks * 512 >= reserve.RESERVE_BYTES
    fill_up(ledger)
    with pytest.raises(StorageFull):
        fill(ledger, 50)
    assert not home.reserve.exists()
    assert not reserve.release(home.reserve)


def test_a_reserve_is_not_allocated_twice(home: Home):
    assert reserve.hold(home.reserve)
    made = home.reserve.stat().st_mtime_ns
    assert reserve.hold(home.reserve)
    assert home.reserve.stat().st_mtime_ns == made


def test_the_agent_is_refused_too_and_nothing_is_half_written(home: Home):
    briefing = Briefing(home)
    (pages,) = briefing._db.execute("PRAGMA page_count").fetchone()
    briefing._db.execute(f"PRAGMA max_page_count = {pages}")
    left = 0
    with pytest.raises(StorageFull):
        for left in range(500):  # noqa: B007 - how far it came is the result
            briefing.instruct("invite", b"x" * 500)
    assert len(rows(home.agent_db, "SELECT * FROM instruction")) <= left + 1
    briefing.close()


SMALL_DISK = """
import os, shutil, sys
from pathlib import Path
sys.path.insert(0, sys.argv[3])
from device_rig import *
from device.core.errors import StorageFull, StorageUnavailable
from device.store import reserve, salvage

disk = Path(sys.argv[1])
home = Home(disk / "home")
shutil.copytree(sys.argv[2], home.root)
ledger = open_ledger(home)
assert reserve.hold(home.reserve)
(disk / "log").write_bytes(b"")
def hog():
    # Somebody else's log takes whatever there is.
    with (disk / "log").open("ab", buffering=0) as log:
        try:
            while True:
                log.write(b"x" * 512)
        except OSError:
            pass
hog()
thanked = 0
first = True
while True:
    try:
        rate(ledger)
    except StorageFull:
        break
    thanked += 1
    if not home.reserve.exists() and first:
        first = False
        hog()
assert thanked > 0, "the reserve bought nothing"
assert not home.reserve.exists()
assert sum(not one.recovered for one in ratings(home)) == thanked
chain(home)
try:
    ledger.checkpoint()
except StorageFull:
    pass
ledger.close()
# Nothing is wrong with the file, so a full disk must not get it set aside.
try:
    ledger = open_ledger(home)
    ledger.quick_check()
    ledger.close()
except (StorageFull, StorageUnavailable):
    pass
assert salvage.is_damaged(home.kiosk_db) is False
assert not list(home.kiosk_db.parent.glob("*damaged*"))
# A damaged one cannot be replaced now; it stays where it is until there is room.
before = home.kiosk_db.read_bytes()
try:
    salvage.rescue_ledger(home, RECORD_KEY.public, 0)
except (StorageFull, StorageUnavailable):
    pass
else:
    raise AssertionError("there was room after all")
assert home.kiosk_db.read_bytes() == before
assert not list(home.kiosk_db.parent.glob("*damaged*"))
(disk / "log").unlink()
ledger = open_ledger(home)
ledger.recover()
rate(ledger)
assert len(chain(home)) == ledger.head
print("thanked", thanked)
"""


def test_on_a_real_full_disk_the_reserve_takes_the_ratings_under_way(home: Home, elsewhere: Path):
    disk = elsewhere / "disk"
    disk.mkdir()
    script = f'mount -t tmpfs -o size=9m none {disk} && exec {sys.executable} -c "$0" "$@"'
    rig = str(Path(__file__).parents[1])
    own_mounts = ["unshare", "--mount", "--map-root-user", "sh", "-c", script]
    done = subprocess.run(
        [*own_mounts, SMALL_DISK, str(disk), str(home.root), rig],
        capture_output=True,
        text=True,
        check=False,
    )
    if "unshare" in done.stderr or "mount:" in done.stderr:
        pytest.skip(f"no small disk can be made here: {done.stderr}")
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("thanked ")


def test_a_draft_that_was_stored_becomes_a_rating_when_there_is_room_again(
    home: Home, ledger: Ledger
):
    invited = invitation()
    ledger.open_visit(invited, "zh-CN", 0)
    ledger.keep_draft(invited.visit, draft())
    fill_up(ledger)
    with pytest.raises(StorageFull):
        while True:
            ledger.note_boot("0.1.0")
    make_room(ledger)
    ledger.close_visit(closing_of(invited.visit, draft()), "zh-CN")
    assert len(ratings(home)) == 1
    ledger.close()
    assert open_ledger(home).recover() is None
