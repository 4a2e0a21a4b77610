"""A power cut at every point of a visit: afterwards there is one rating for every tap."""

import multiprocessing
import os
import re
import shutil
import signal
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest
from device_rig import (
    BAD,
    DEED,
    GOOD,
    LOAN,
    WANG,
    chain,
    closing_of,
    draft,
    invitation,
    open_ledger,
    ratings,
)
from hypothesis import given, settings
from hypothesis import strategies as st

from device.store import moment
from device.store.home import Home
from device.store.moment import Moment
from protocol.records import Outcome, Rating, VisitClosed, VisitOpened

PROCESSES = multiprocessing.get_context("forkserver")
PROCESSES.set_forkserver_preload(["device.store.ledger", "device_rig"])


def cut_power() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


class PowerCut:
    """A clock that cuts the power when it is read for the ``at``-th time.

    Every record reads it once, so the cut can come between any two of one transaction.
    """

    def __init__(self, at: int) -> None:
        self.left = at

    def __call__(self) -> Moment:
        self.left -= 1
        if self.left < 0:
            cut_power()
        return moment.now()


def live(root: Path, cut_at: int, taps: int, close: bool) -> None:
    """A kiosk that lives until the power is cut."""
    ledger = open_ledger(Home(root), now=PowerCut(cut_at))
    drafts = [draft(WANG, BAD), draft(DEED, GOOD), draft(LOAN, BAD)][:taps]
    invited = invitation(DEED, LOAN)
    ledger.open_visit(invited, "ko", 0)
    for one in drafts:
        ledger.keep_draft(invited.visit, one)
    if close:
        ledger.close_visit(closing_of(invited.visit, *drafts, asked=3), "ko")
    cut_power()


def live_and_die(home: Home, cut_at: int, taps: int, close: bool) -> None:
    process = PROCESSES.Process(target=live, args=(home.root, cut_at, taps, close))
    process.start()
    process.join(30)
    assert process.exitcode == -signal.SIGKILL


@settings(max_examples=25)
@given(cut_at=st.integers(0, 6), taps=st.integers(0, 3), close=st.booleans())
def test_after_a_power_cut_every_tap_is_one_rating_and_every_visit_has_an_outcome(
    new_home, cut_at: int, taps: int, close: bool
):
    home = new_home()
    live_and_die(home, cut_at, taps, close)
    ledger = open_ledger(home)
    ledger.recover()
    assert ledger.recover() is None
    ledger.close()
    written = chain(home)
    opened = [record for record in written if isinstance(record, VisitOpened)]
    closed = [record for record in written if isinstance(record, VisitClosed)]
    assert len(opened) == len(closed) == (cut_at > 0)
    given_levels = Counter((one.visit, one.subject, one.code) for one in ratings(home))
    assert set(given_levels.values()) <= {1}
    assert {one.language for one in ratings(home)} <= {"ko"}
    assert len(given_levels) == (taps if cut_at > 0 else 0)
    if closed:
        by_itself = close and cut_at > taps + 1
        assert closed[0].recovered is not by_itself
        assert all(one.recovered is not by_itself for one in ratings(home))
        assert closed[0].rated == taps
        assert closed[0].asked == 3


@pytest.mark.parametrize(
    ("taps", "outcome"),
    [(0, Outcome.DEVICE_FAULT), (2, Outcome.PARTLY), (3, Outcome.RATED)],
)
def test_an_interrupted_visit_says_so(new_home, taps: int, outcome: Outcome):
    home = new_home()
    live_and_die(home, cut_at=99, taps=taps, close=False)
    ledger = open_ledger(home)
    assert ledger.recover() == chain(home)[0].visit  # type: ignore[union-attr]
    ledger.close()
    closed = chain(home)[-1]
    assert isinstance(closed, VisitClosed)
    assert (closed.outcome, closed.reason, closed.recovered) == (outcome, "interrupted", True)


def test_a_draft_that_damage_made_unreadable_is_counted_and_keeps_nobody_waiting(home: Home):
    ledger = open_ledger(home)
    invited = invitation(DEED)
    ledger.open_visit(invited, "zh-CN", 0)
    ledger.keep_draft(invited.visit, draft(WANG, GOOD))
    ledger.keep_draft(invited.visit, draft(DEED, BAD))
    ledger._db.execute("UPDATE draft SET draft = x'7b22ff' WHERE code = ?", (WANG,))
    ledger._db.execute("UPDATE open_visit SET invitation = x'00'")
    assert ledger.recover() == invited.visit
    (rating,) = [record for record in chain(home) if isinstance(record, Rating)]
    assert rating.code == DEED
    counted = dict(ledger._db.execute("SELECT reason, count FROM counter"))
    assert counted == {"draft.unreadable": 1}
    ledger.close()


def test_a_draft_whose_visit_was_lost_becomes_a_rating_all_the_same(home: Home):
    ledger = open_ledger(home)
    invited = invitation()
    ledger.open_visit(invited, "zh-CN", 0)
    ledger.keep_draft(invited.visit, draft(WANG, BAD))
    ledger._db.execute("DELETE FROM open_visit")
    assert ledger.recover() == invited.visit
    (rating,) = ratings(home)
    assert (rating.level, rating.recovered) == (BAD, True)
    ledger.close()


SIX_COMMITS = """
import os, sys
from pathlib import Path
sys.path.insert(0, sys.argv[2])
from device_rig import closing_of, draft, invitation, open_ledger
from device.store.home import Home
ledger = open_ledger(Home(Path(sys.argv[1])))
invited = invitation()
def done(): os.write(1, b"COMMITTED\\n")
ledger.note_boot("0.1.0"); done()
ledger.open_visit(invited, "zh-CN", 0); done()
ledger.keep_draft(invited.visit, draft()); done()
ledger.keep_draft(invited.visit, draft(changes=1)); done()
ledger.close_visit(closing_of(invited.visit, draft()), "zh-CN"); done()
ledger.count("x"); done()
"""


def test_no_call_returns_before_the_disk_has_it(home: Home, elsewhere: Path):
    if shutil.which("strace") is None:
        pytest.skip("strace is not installed")
    trace = elsewhere / "trace"
    watched = ["strace", "-f", "-y", "-e", "trace=write,pwrite64,fdatasync,fsync", "-o", str(trace)]
    rig = str(Path(__file__).parents[1])
    program = [sys.executable, "-c", SIX_COMMITS, str(home.root), rig]
    done = subprocess.run([*watched, *program], capture_output=True, check=False)
    if b"ptrace" in done.stderr.lower():
        pytest.skip("this machine lets nobody trace")
    assert done.returncode == 0, done.stderr
    written = synced = commits = 0
    for line in trace.read_text(encoding="utf-8", errors="replace").splitlines():
        if re.search(r"pwrite64\(\d+<[^>]*kiosk\.db-wal>", line):
            written, synced = written + 1, 0
        elif re.search(r"(fdatasync|fsync)\(\d+<[^>]*kiosk\.db-wal>", line):
            synced = 1
        elif "COMMITTED" in line:
            assert written
            assert synced, "a call returned before its last write was forced to disk"
            written, commits = 0, commits + 1
    assert commits == 6
