"""What the citizen sees, and what is on disk, when something goes wrong in mid-visit.

The troubles are put in where the disk or the other process would cause them; reception,
rules, scribe and files are real.
"""

import collections
from collections.abc import Iterator
from contextlib import closing

import pytest
from counter_rig import Counter
from device_rig import RECORD_KEY
from device_rig import identity as who

from device.core.errors import DamagedFile, StorageUnavailable
from device.core.visit import State
from device.kiosk.answers import CannotStart, Ready
from device.kiosk.scribe import Scribe
from device.kiosk.views import IdleView, NoticeView, ReasonsView, ThanksView
from device.store import moment, reserve, salvage
from device.store.backlog import Backlog
from device.store.briefing import Briefing, BriefingReader
from device.store.connect import put_in_place
from device.store.home import Home
from device.store.ledger import Ledger
from device.store.schema import agent
from protocol.levels import Level
from protocol.receipts import Receipt
from protocol.records import (
    ClockQuality,
    Login,
    Logout,
    MatterHandled,
    Rating,
    VisitClosed,
    VisitOpened,
)


@pytest.fixture
def counter(home: Home) -> Iterator[Counter]:
    counter = Counter(home)
    yield counter
    counter.close()


def fails(*_: object) -> None:
    raise DamagedFile("one page could not be written")


def let_a_write_fail(counter: Counter, monkeypatch: pytest.MonkeyPatch) -> None:
    """Make one write fail as a bad page would; the file is opened anew after it."""
    with monkeypatch.context() as broken:
        broken.setattr(Ledger, "note_fault", fails)
        counter.scribe.note_fault("anything", "")
        flush(counter)
    counter.reception.hear(counter.scribe.answers(), counter.now_ms)


def flush(counter: Counter) -> None:
    """Wait until the scribe has done all it was handed."""
    done: list[bool] = []
    counter.scribe._work.put(lambda _: done.append(True))
    counter.wait_for(lambda _: bool(done))


def ends_of(counter: Counter) -> collections.Counter[object]:
    records = counter.records()
    keys: list[object] = [(r.visit, r.subject, r.code) for r in records if isinstance(r, Rating)]
    keys += [r.visit for r in records if isinstance(r, VisitClosed)]
    return collections.Counter(keys)


# --- the ledger fails in mid-visit --------------------------------------------------------


def test_the_last_level_counts_even_if_the_ledger_was_opened_anew_in_between(
    counter: Counter, monkeypatch: pytest.MonkeyPatch
):
    counter.do("rate")
    counter.choose(5)
    let_a_write_fail(counter, monkeypatch)
    counter.do("change")
    counter.choose(1)
    counter.do("skip")
    counter.wait_for(ThanksView)
    ratings = [r for r in counter.records() if isinstance(r, Rating)]
    assert [(int(r.level), r.recovered) for r in ratings] == [(1, False)]
    assert max(ends_of(counter).values()) == 1


def test_a_draft_that_cannot_be_written_is_admitted_and_ends_the_visit_once(
    counter: Counter, monkeypatch: pytest.MonkeyPatch
):
    counter.do("rate")
    counter.choose(5)
    with monkeypatch.context() as broken:
        broken.setattr(Ledger, "keep_draft", fails)
        counter.do("tag", 510)
        counter.wait_for(lambda view: isinstance(view, NoticeView) and view.topic == "unsaved")
    flush(counter)
    assert set(ends_of(counter).values()) == {1}


def test_what_was_handed_over_while_the_ledger_was_closed_is_written_after_it(
    counter: Counter, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr("device.kiosk.scribe.RETRY_OPEN_S", 0.05)
    opening, tries = Scribe._open_or_rescue, []

    def locked_at_first(scribe: Scribe) -> Ledger:
        tries.append(1)
        if len(tries) == 1:
            raise StorageUnavailable("locked")
        return opening(scribe)

    monkeypatch.setattr(Scribe, "_open_or_rescue", locked_at_first)
    done: list[str] = []
    counter.scribe._work.put(fails)
    counter.scribe._work.put(lambda _: done.append("first"))
    counter.scribe._work.put(lambda _: done.append("second"))
    counter.wait_for(lambda _: len(done) == 2)
    assert done == ["first", "second"]


def test_nothing_foreseen_ends_the_scribe(counter: Counter, monkeypatch: pytest.MonkeyPatch):
    def read_only(_path: object) -> bool:
        raise OSError(30, "read-only file system")

    monkeypatch.setattr(reserve, "hold", read_only)
    counter.scribe._work.put(lambda _: 1 // 0)
    counter.do("rate")
    counter.choose(4)
    counter.do("skip")
    counter.wait_for(ThanksView)
    assert counter.scribe.alive


def test_no_visit_begins_while_the_ledger_is_out_of_order(counter: Counter):
    counter.reception.hear([CannotStart("the card is gone")], counter.now_ms)
    counter.reception.press_level(Level.SATISFIED, counter.now_ms)
    view = counter.view()
    assert isinstance(view, NoticeView)
    assert view.topic == "broken"


# --- who is rated --------------------------------------------------------------------------


def shown_and_asked(counter: Counter) -> tuple[str, str]:
    view, visit = counter.view(), counter.reception.visit
    assert view.chrome.staff is not None and visit.invitation is not None
    return view.chrome.staff.number, visit.invitation.staff


def test_the_card_on_the_screen_is_that_of_whoever_is_rated(counter: Counter):
    counter.configure("0400", version=2)
    counter.reception.refresh(counter.now_ms)
    counter.do("rate")
    assert shown_and_asked(counter) == ("0400", "0400")


def test_a_reassignment_waits_until_the_citizen_is_done(counter: Counter):
    counter.do("rate")
    counter.configure("0400", version=2)
    counter.reception.refresh(counter.now_ms)
    counter.reception.refresh(counter.now_ms)
    assert shown_and_asked(counter) == ("0317", "0317")
    counter.do("decline")
    counter.wait_for(IdleView)
    counter.do("rate")
    assert shown_and_asked(counter) == ("0400", "0400")


def test_an_unreadable_roster_logs_nobody_out(counter: Counter):
    away = counter.home.agent_db.with_name("away")
    counter.home.agent_db.rename(away)
    with pytest.raises(StorageUnavailable):
        counter.reception.refresh(counter.now_ms)
    away.rename(counter.home.agent_db)
    counter.reception.refresh(counter.now_ms)
    flush(counter)
    sessions = [type(r) for r in counter.records() if isinstance(r, Login | Logout)]
    assert sessions == [Login]


def test_an_unreadable_roster_keeps_no_answer_of_the_scribe_from_being_heard(counter: Counter):
    counter.do("rate")
    counter.choose(5)
    counter.do("skip")
    away = counter.home.agent_db.with_name("away")
    counter.home.agent_db.rename(away)
    while counter.reception.visit.state is State.CLOSING:
        counter.reception.hear([Ready(), *counter.scribe.answers()], counter.now_ms)
    assert counter.reception.visit.state is State.THANKS
    assert counter.reception.stale
    away.rename(counter.home.agent_db)


def test_an_agents_file_that_begins_anew_empty_sends_nobody_home(counter: Counter):
    counter.briefing.close()
    with salvage.fresh_file(counter.home.agent_db, agent) as fresh:
        with closing(Briefing(counter.home, at=fresh)):
            pass
        put_in_place(fresh, counter.home.agent_db)
    counter.briefing = Briefing(counter.home)
    assert counter.reader.changed()
    counter.reception.refresh(counter.now_ms)
    counter.do("rate")
    assert shown_and_asked(counter) == ("0317", "0317")


# --- what the agent leaves -------------------------------------------------------------------


def test_rules_that_cannot_be_read_leave_the_last_ones_in_place(counter: Counter):
    counter.briefing._db.execute("UPDATE configuration SET rules = '{\"pack\": 1}'")
    counter.reception.refresh(counter.now_ms)
    counter.do("rate")
    assert counter.reception.visit.deadline_ms == counter.now_ms + 60_000


def test_an_instruction_that_cannot_be_read_is_passed_over(counter: Counter):
    counter.briefing.instruct("invite", b'{"visit": "x"}')
    counter.invite()
    assert counter.reception.visit.state is State.RATING


def test_invitations_go_on_after_the_agents_file_was_replaced(counter: Counter):
    for _ in range(3):
        counter.invite()
        counter.do("decline")
        counter.wait_for_the_end()
    counter.briefing.close()
    with salvage.fresh_file(counter.home.agent_db, agent) as fresh:
        with closing(Briefing(counter.home, at=fresh)):
            pass
        put_in_place(fresh, counter.home.agent_db)
    counter.briefing = Briefing(counter.home)
    counter.configure("0317")
    assert counter.reader.changed()
    counter.invite()
    assert counter.reception.visit.state is State.RATING


def test_an_invitation_that_was_refused_is_nobodys_press(counter: Counter):
    counter.do("rate")
    counter.invite(MatterHandled("M1"))
    assert counter.reception.visit.surplus == 0


# --- the next citizen ---------------------------------------------------------------------------


def test_the_next_citizen_does_not_get_the_last_ones_language(counter: Counter):
    counter.do("rate")
    counter.do("language", "ko")
    counter.choose(5)
    counter.do("skip")
    counter.wait_for(ThanksView)
    counter.invite()
    assert counter.view().chrome.language == "zh-CN"


def test_a_language_chosen_on_the_idle_screen_goes_back(counter: Counter):
    counter.do("language", "ko")
    counter.pass_ms(59_000)
    assert counter.view().chrome.language == "ko"
    counter.pass_ms(1_000)
    assert counter.view().chrome.language == "zh-CN"


# --- clocks and wear ------------------------------------------------------------------------------


def test_a_receipt_is_new_even_to_a_device_whose_clock_is_a_month_behind(
    home: Home, monkeypatch: pytest.MonkeyPatch
):
    real = moment.now()
    behind = real._replace(
        wall_ms=real.wall_ms - 31 * 24 * 3600 * 1000, clock=ClockQuality.UNSYNCED
    )
    monkeypatch.setattr(moment, "now", lambda: behind)
    with closing(Briefing(home)) as briefing:
        briefing.keep_receipt(Receipt("d", 50, b"h" * 32, real.wall_ms), b"signed")
    with closing(BriefingReader(home)) as reader:
        assert reader.safe_to_forget(real.wall_ms + 1000) == 0


def test_mashed_keys_cost_no_commit_each(counter: Counter):
    flush(counter)
    wal = counter.home.kiosk_db.with_name("kiosk.db-wal")
    before = wal.stat().st_size
    for _ in range(200):
        counter.reception.ignore_press(counter.now_ms)
    flush(counter)
    assert wal.stat().st_size == before


def test_a_visit_is_not_folded_into_the_file_while_the_citizen_is_there(counter: Counter):
    flush(counter)
    size = counter.home.kiosk_db.stat().st_size
    counter.do("rate")
    counter.choose(5)
    counter.do("tag", 510)
    flush(counter)
    assert isinstance(counter.view(), ReasonsView)
    assert counter.home.kiosk_db.stat().st_size == size
    assert any(isinstance(record, VisitOpened) for record in counter.records())


# --- who serves ---------------------------------------------------------------------------


def story(counter: Counter) -> list[object]:
    return [type(r) for r in counter.records() if isinstance(r, Login | Logout)]


def test_a_log_in_that_could_not_be_written_is_written_before_what_follows(
    counter: Counter, monkeypatch: pytest.MonkeyPatch
):
    flush(counter)  # the first log-in is written
    with monkeypatch.context() as broken:
        broken.setattr(Ledger, "note_session", fails)
        counter.reception._duty.log_in("0400", "pin", counter.now_ms)
        flush(counter)
    assert story(counter) == [Login]
    counter.reception._duty.log_out("by staff")
    flush(counter)
    assert story(counter) == [Login, Logout, Login, Logout]
    assert [r.staff for r in counter.records() if isinstance(r, Login)] == ["0317", "0400"]


def test_a_log_in_that_could_not_be_written_is_written_in_a_quiet_moment(
    counter: Counter, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr("device.kiosk.scribe.QUIET_S", 0.05)
    flush(counter)  # the first log-in is written
    with monkeypatch.context() as broken:
        broken.setattr(Ledger, "note_session", fails)
        counter.reception._duty.log_in("0400", "pin", counter.now_ms)
        flush(counter)
    counter.wait_for(lambda _: story(counter) == [Login, Logout, Login])


def test_whoever_serves_goes_on_when_the_ledger_was_replaced(counter: Counter):
    counter.wait_for(IdleView)
    flush(counter)

    def damage(ledger: Ledger) -> None:
        ledger._db.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        content = bytearray(counter.home.kiosk_db.read_bytes())
        content[4096:8192] = b"\xff" * 4096
        counter.home.kiosk_db.write_bytes(content)
        raise DamagedFile("a page is broken")

    counter.scribe._work.put(damage)
    flush(counter)
    assert counter.view().chrome.staff.number == "0317"
    with closing(Backlog(counter.home)) as backlog:
        assert (backlog.duty().staff, str(backlog.duty().state)) == ("0317", "ready")


def test_whoever_asks_a_scribe_that_does_not_answer_is_told_so(home: Home, counter: Counter):
    silent = Scribe(home, who(), RECORD_KEY, counter.reader, ring=lambda: None)
    with pytest.raises(StorageUnavailable):
        silent.ask(lambda ledger: ledger.head, patience_s=0.01)
