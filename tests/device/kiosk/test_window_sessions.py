"""Who serves at a window: the console's orders, the roster, the assignment, hours, restarts."""

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from uuid import uuid4

import msgspec
import pytest
from counter_rig import WALL
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from staff_rig import LI, WANG, StaffedCounter

from device.core.errors import StorageUnavailable
from device.core.session import SessionState
from device.core.visit import State
from device.kiosk.duty import Duty
from device.kiosk.service import first_view
from device.kiosk.views import IdleView, MenuView, NoticeView, RatingView, ThanksView
from device.store import moment
from device.store.backlog import Backlog
from device.store.briefing import (
    InviteOrder,
    LockedOrder,
    PauseOrder,
)
from device.store.chronicle import Chronicle
from device.store.home import Home
from device.store.moment import monotonic_ms
from device.store.profile import load
from protocol.configuration import Hours
from protocol.records import InvitedBy, Login, Logout, Outcome, VisitClosed, VisitOpened

Open = Callable[..., StaffedCounter]
DAY_S, HOUR_S = 86_400, 3_600
HOURS = Hours("08:30", "17:30")
HEAR = StaffedCounter.hear


@pytest.fixture
def window(home: Home) -> Iterator[Open]:
    """Opens the window; opening it again is a restart of the kiosk."""
    opened: list[StaffedCounter] = []

    def open_window(**options: object) -> StaffedCounter:
        if opened:
            opened.pop().close()
        opened.append(StaffedCounter(home, **options))  # type: ignore[arg-type]
        return opened[-1]

    yield open_window
    for counter in opened:
        counter.close()


# --- the console ----------------------------------------------------------------------------


def test_a_log_in_at_the_console_opens_the_window(window: Open):
    counter = window()
    counter.console_login(WANG)
    assert counter.is_open()
    assert counter.view().chrome.staff.name == "王晓燕"
    assert counter.story() == ["0317 in by console"]


def test_nobody_logs_in_at_the_console_while_a_citizen_is_there(window: Open):
    counter = window()
    counter.console_login(WANG)
    counter.do("rate")
    counter.console_login(LI)
    assert (counter.serves, counter.counted()["login.refused"]) == (WANG, 1)


def test_who_is_not_on_the_roster_is_not_let_in_by_the_console_either(window: Open):
    counter = window()
    counter.console_login("9999")
    assert counter.is_closed()


def test_a_log_in_elsewhere_in_the_hall_ends_this_session_and_nobody_elses(window: Open):
    counter = window()
    counter.console_login(WANG)
    counter.console_logout(LI)
    assert counter.is_open()
    counter.console_logout(WANG, "logged in at window 7")
    assert counter.is_closed()
    assert counter.story()[-1] == "0317 out: logged in at window 7"


def test_a_log_out_waits_for_the_end_of_the_visit(window: Open):
    counter = window()
    counter.console_login(WANG)
    counter.do("rate")
    counter.choose(2)
    counter.console_logout(WANG, "console")
    assert counter.view().chrome.staff.name == "王晓燕"
    counter.do("skip")
    counter.wait_for(ThanksView)
    counter.do("done")
    assert counter.is_closed()
    assert counter.story() == ["0317 in by console", "0317 out: console"]


def test_a_pause_from_the_console_lets_the_citizen_finish(window: Open):
    counter = window()
    counter.console_login(WANG)
    counter.do("rate")
    counter.console_pause("临时离开")
    assert isinstance(counter.view(), RatingView)
    counter.choose(5)
    counter.do("skip")
    counter.wait_for(ThanksView)
    counter.do("done")
    assert counter.view().topic == "paused"
    counter.invite()
    assert counter.view().topic == "paused"
    counter.order("resume", PauseOrder())
    assert counter.is_open()


def test_an_invitation_closes_whatever_page_staff_have_open(window: Open):
    counter = window()
    counter.log_in(WANG)
    assert isinstance(counter.view(), MenuView)
    counter.invite()
    assert isinstance(counter.view(), RatingView)
    counter.do("decline")
    assert isinstance(counter.wait_for(IdleView), IdleView)


def test_a_menu_closes_when_somebody_else_takes_the_window(window: Open):
    counter = window()
    counter.log_in(WANG)
    counter.console_login(LI)
    counter.pass_ms(10)
    assert isinstance(counter.view(), IdleView)


def test_an_order_names_its_business_system_and_the_rules_terms(window: Open):
    counter = window()
    counter.console_login(WANG)
    order = InviteOrder(uuid4(), InvitedBy.SYSTEM, (), system="bdc")
    counter.order("invite", order)
    counter.scribe.ask(lambda _: None)
    (opened,) = [r for r in counter.records() if isinstance(r, VisitOpened)]
    assert (opened.visit, opened.system) == (order.visit, "bdc")


def test_who_logs_in_again_before_the_citizen_is_done_stays(window: Open):
    counter = window()
    counter.console_login(WANG)
    counter.invite()
    counter.console_logout(WANG)
    counter.console_login(WANG)
    counter.do("decline")
    assert isinstance(counter.wait_for(IdleView), IdleView)
    assert counter.story() == ["0317 in by console"], "nobody was logged out"


def test_an_order_given_under_a_colleague_is_not_taken_up_by_the_next(window: Open):
    """Whoever took the window over meanwhile must not be rated in another's place."""
    counter = window()
    counter.console_login(LI)
    counter.order("invite", InviteOrder(uuid4(), InvitedBy.STAFF, (), staff=WANG))
    counter.scribe.ask(lambda _: None)
    assert [r for r in counter.records() if isinstance(r, VisitOpened)] == []
    assert isinstance(counter.view(), IdleView)
    counter.order("invite", InviteOrder(uuid4(), InvitedBy.STAFF, (), staff=LI))
    counter.scribe.ask(lambda _: None)
    assert [r.staff for r in counter.records() if isinstance(r, VisitOpened)] == [LI]


def test_a_lock_out_at_the_console_is_written_down_however_old_and_once(
    window: Open, monkeypatch: pytest.MonkeyPatch
):
    counter = window()
    counter.briefing.instruct("locked", msgspec.json.encode(LockedOrder(WANG, 5, 60)))
    later = moment.now()._replace(monotonic_ms=monotonic_ms() + 3_600_000)
    with monkeypatch.context() as patch:
        patch.setattr(moment, "now", lambda: later)
        counter.reception.refresh(counter.now_ms)
    counter.reception.refresh(counter.now_ms)
    assert counter.story() == ["staff=0317 place=console failures=5 seconds=60"]


@pytest.mark.parametrize("kind", ["login", "logout", "pause", "resume", "invite", "locked", "?"])
def test_an_order_that_makes_no_sense_is_counted_and_changes_nothing(window: Open, kind: str):
    counter = window()
    counter.console_login(WANG)
    counter.briefing.instruct(kind, b"{nonsense" if kind != "resume" else b"{}")
    counter.reception.refresh(counter.now_ms)
    assert (counter.serves, counter.reception.stale) == (WANG, False)
    if kind != "resume":
        assert counter.counted() in ({"instruction.unreadable": 1}, {"instruction.unknown": 1})


# --- the roster -----------------------------------------------------------------------------


def test_who_leaves_the_roster_in_mid_visit_finishes_it_and_is_logged_out(window: Open):
    counter = window()
    counter.console_login(WANG)
    counter.do("rate")
    counter.without(WANG)
    counter.choose(4)
    counter.do("skip")
    counter.wait_for(ThanksView)
    counter.do("done")
    assert counter.is_closed()
    (closed,) = [r for r in counter.records() if isinstance(r, VisitClosed)]
    assert closed.outcome is Outcome.RATED
    assert counter.story() == ["0317 in by console", "0317 out: no longer on the roster"]


def test_a_roster_that_cannot_be_read_just_now_sends_nobody_home(
    window: Open, monkeypatch: pytest.MonkeyPatch
):
    counter = window()

    def refuse(_: Duty) -> None:
        raise StorageUnavailable("not now")

    with monkeypatch.context() as patch:
        patch.setattr(Duty, "read_roster", refuse)
        counter.reception._duty.log_in(WANG, "console", counter.now_ms)
        counter.reception._duty.staff_the_window(counter.now_ms)
    assert counter.serves == WANG
    assert counter.view().chrome.staff is None
    counter.reception.refresh(counter.now_ms)
    assert counter.view().chrome.staff.number == WANG


def test_an_empty_roster_after_damage_sends_nobody_home(window: Open):
    counter = window()
    counter.console_login(WANG)
    counter.briefing._db.execute("DELETE FROM configuration")
    counter.briefing._db.execute("DELETE FROM staff")
    counter.reception.refresh(counter.now_ms)
    counter.pass_ms(2_000)
    assert counter.serves == WANG


def test_a_change_of_the_assignment_waits_for_whoever_logged_in_by_hand(window: Open):
    counter = window(assigned=WANG)
    counter.log_in(LI)
    counter.leave()
    counter.assigned = "0555"
    counter.reconfigure()
    counter.reception.refresh(counter.now_ms)
    assert counter.serves == LI
    counter.console_logout(LI)
    assert counter.serves == "0555"
    assert counter.story()[-2:] == ["0400 out: console", "0555 in by assigned"]


def test_whoever_is_assigned_comes_back_after_a_stand_in(window: Open):
    counter = window(assigned=WANG)
    counter.log_in(LI)
    counter.do("logout")
    assert counter.serves == WANG


def test_whoever_is_assigned_and_leaves_stays_away(window: Open):
    counter = window(assigned=WANG)
    counter.console_logout(WANG, "logged in at window 7")
    for _ in range(3):
        counter.briefing.count("something new in the file")
        counter.reception.refresh(counter.now_ms)
        counter.pass_s(600)
    assert counter.is_closed()
    assert counter.view().chrome.staff is None
    counter.assigned = LI
    counter.reconfigure()
    counter.reception.refresh(counter.now_ms)
    assert counter.serves == LI


def test_who_is_assigned_and_not_on_the_roster_does_not_serve(window: Open):
    counter = window(assigned="9999")
    assert counter.is_closed()
    assert counter.story() == []


# --- restarts -------------------------------------------------------------------------------


def test_a_restart_in_the_same_boot_goes_on_with_the_session(window: Open):
    counter = window()
    counter.log_in(WANG)
    counter.do("pause")
    counter.do("reason", "pause.away")
    counter = window()
    assert (counter.serves, counter.view().topic) == (WANG, "paused")
    assert counter.log_in(WANG).paused
    assert counter.story() == ["0317 in by pin", "0317 pauses: 临时离开"]


def test_a_reboot_ends_the_session(window: Open, monkeypatch: pytest.MonkeyPatch):
    counter = window()
    counter.log_in(WANG)
    counter.scribe.ask(lambda _: None)
    other = uuid4()
    monkeypatch.setattr(moment, "boot_id", lambda: other)
    counter = window()
    assert counter.is_closed()
    assert counter.story() == ["0317 in by pin", "0317 out: restart"]


def test_a_lock_out_at_the_console_is_written_down_once_across_restarts(window: Open):
    counter = window()
    counter.order("locked", LockedOrder(WANG, 5, 60))
    counter = window()
    counter.order("locked", LockedOrder(WANG, 6, 300))
    counter = window()
    assert counter.story() == [
        "staff=0317 place=console failures=5 seconds=60",
        "staff=0317 place=console failures=6 seconds=300",
    ]


def test_whoever_served_when_the_file_was_damaged_is_logged_out_and_may_come_again(window: Open):
    counter = window()
    counter.log_in(LI)
    counter.scribe.ask(lambda ledger: ledger.checkpoint())
    file = counter.home.kiosk_db
    with closing(sqlite3.connect(file)) as db:
        (page,) = db.execute("SELECT rootpage FROM sqlite_master WHERE name = 'duty'").fetchone()
        (size,) = db.execute("PRAGMA page_size").fetchone()
    assert counter.scribe.stop(5)
    with file.open("r+b") as damaged:
        damaged.seek((page - 1) * size)
        damaged.write(b"\xff" * size)
    counter = window()
    counter.log_in(LI)
    counter.scribe.ask(lambda _: None)
    with closing(Chronicle(counter.home)) as chronicle:
        first, left, again = chronicle.comings()
    assert isinstance(left, Logout)
    assert (first.staff, left.staff, left.reason, again.staff) == (LI, LI, "restart", LI)


def test_the_same_lock_out_twice_is_two(window: Open):
    counter = window()
    counter.order("locked", LockedOrder(WANG, 5, 60))
    counter.scribe.ask(lambda _: None)
    # The agent goes on while the kiosk is down.
    counter.briefing.instruct("locked", msgspec.json.encode(LockedOrder(WANG, 5, 60)))
    counter = window()
    assert counter.story() == ["staff=0317 place=console failures=5 seconds=60"] * 2


def test_whoever_is_assigned_and_was_sent_home_is_not_back_because_of_a_restart(window: Open):
    counter = window(assigned=WANG, hours=HOURS)
    counter.pass_s(8 * HOUR_S)
    assert counter.is_closed()
    evening = counter.local_s
    counter = window(assigned=WANG, hours=HOURS)
    counter.local_s = evening
    counter.pass_s(HOUR_S)
    assert counter.is_closed()
    counter.pass_s(14 * HOUR_S)
    assert counter.is_open()
    assert [line.split(" ", 1)[1] for line in counter.story()] == [
        "in by assigned",
        "out: closing time",
        "in by assigned",
    ]


def leaves(counter: StaffedCounter, staff: str) -> None:
    counter.log_in(staff)
    counter.do("logout")
    assert counter.is_closed()
    counter.scribe.ask(lambda _: None)


def test_a_stand_in_and_a_restart_do_not_bring_back_whoever_is_assigned_and_left(window: Open):
    counter = window(assigned=WANG)
    leaves(counter, WANG)
    leaves(counter, LI)
    counter = window(assigned=WANG)
    assert counter.wait_for(NoticeView)
    assert (counter.is_closed(), counter.serves) == (True, "")

    counter.log_in(LI)
    counter.scribe.ask(lambda _: None)
    counter = window(assigned=WANG)
    assert counter.serves == LI
    leaves(counter, LI)
    assert counter.serves == ""


def test_whoever_left_and_came_again_is_there_after_a_stand_in_and_a_restart(window: Open):
    counter = window(assigned=WANG)
    leaves(counter, WANG)
    counter.log_in(WANG)
    counter.log_in(LI)
    counter.scribe.ask(lambda _: None)
    counter = window(assigned=WANG)
    counter.log_in(LI)
    counter.do("logout")
    assert counter.serves == WANG


def test_whoever_is_assigned_and_off_the_roster_for_a_moment_is_back_at_once(window: Open):
    counter = window(assigned=WANG)
    counter.without(WANG)
    assert counter.is_closed()
    counter.without()
    assert counter.is_open()


def test_the_first_frame_after_a_restart_shows_who_serves_and_not_who_is_assigned(
    window: Open, elsewhere: Path
):
    counter = window(assigned=WANG)
    counter.log_in(LI)
    counter.leave()
    counter.scribe.ask(lambda _: None)
    file = elsewhere / "device.toml"
    file.write_text('data_dir = "/nowhere"\ncentral.url = "http://central"\n')
    profile = load(file)
    first = first_view(counter.home, profile, False, WALL, "")
    assert isinstance(first, IdleView)
    assert first.chrome.staff.name == "李国强"
    counter.console_pause("午休")
    counter.scribe.ask(lambda _: None)
    first = first_view(counter.home, profile, False, WALL, "")
    assert isinstance(first, NoticeView)
    assert first.topic == "paused"


def test_before_the_ledger_is_open_the_screen_shows_who_serves(
    window: Open, monkeypatch: pytest.MonkeyPatch
):
    counter = window(assigned=WANG)
    counter.log_in(LI)
    counter.leave()
    seen: list[str] = []

    def look(again: StaffedCounter, *_: object) -> None:
        seen.append(again.view().chrome.staff.number)

    with monkeypatch.context() as patch:
        patch.setattr(StaffedCounter, "hear", lambda again: (look(again), HEAR(again)))
        counter = window(assigned=WANG)
    assert set(seen) == {LI}
    assert counter.view().chrome.staff.number == LI


# --- hours ----------------------------------------------------------------------------------


def test_at_closing_time_whoever_serves_is_logged_out(window: Open):
    counter = window(hours=HOURS)
    counter.console_login(WANG)
    counter.pass_s(7 * HOUR_S)
    assert counter.is_open()
    counter.pass_s(HOUR_S)
    assert counter.is_closed()
    assert counter.story() == ["0317 in by console", "0317 out: closing time"]


def test_closing_time_waits_for_the_citizen(window: Open):
    counter = window(hours=HOURS)
    counter.console_login(WANG)
    counter.pass_s(7 * HOUR_S + 1_780)
    counter.do("rate")
    counter.pass_s(30)
    counter.choose(3)
    counter.do("skip")
    counter.wait_for(ThanksView)
    assert counter.serves == WANG
    counter.do("done")
    assert counter.is_closed()


def test_a_clock_that_is_not_to_be_trusted_closes_nothing(window: Open):
    counter = window(hours=HOURS, trusted=False)
    counter.console_login(WANG)
    counter.pass_s(2 * DAY_S)
    assert counter.is_open()
    counter.trusted = True
    counter.pass_s(1)
    assert counter.is_closed()


def test_whoever_comes_after_closing_time_stays_whatever_is_done_to_the_clock(window: Open):
    counter = window(hours=HOURS)
    counter.console_login(WANG)
    counter.pass_s(8 * HOUR_S)
    counter.console_login(LI)
    for by_s in (-HOUR_S, HOUR_S, -120, 3 * HOUR_S):
        counter.set_clock(by_s)
        counter.pass_s(60)
    assert counter.serves == LI
    counter.pass_s(DAY_S)
    assert counter.story()[-1] == "0400 out: closing time"
    assert len([line for line in counter.story() if "closing" in line]) == 2


def test_whoever_is_assigned_is_back_when_the_hall_opens_and_not_before(window: Open):
    counter = window(assigned=WANG, hours=HOURS)
    counter.pass_s(8 * HOUR_S)
    assert counter.is_closed()
    counter.set_clock(-HOUR_S)
    counter.briefing.count("something new in the file")
    counter.reception.refresh(counter.now_ms)
    assert counter.is_closed()
    counter.set_clock(HOUR_S)
    counter.pass_s(14 * HOUR_S)
    assert counter.is_closed()
    counter.pass_s(HOUR_S)
    assert counter.is_open()
    assert counter.story() == [
        "0317 in by assigned",
        "0317 out: closing time",
        "0317 in by assigned",
    ]


def test_where_no_hours_are_said_whoever_is_assigned_and_left_is_back_the_next_day(window: Open):
    counter = window(assigned=WANG)
    leaves(counter, WANG)
    counter.pass_s(13 * HOUR_S)
    assert counter.is_closed()
    counter.pass_s(2 * HOUR_S)
    assert counter.serves == WANG


def test_a_session_that_outlived_closing_time_in_a_restart_ends_with_the_first_look(window: Open):
    counter = window(hours=HOURS)
    counter.console_login(WANG)
    counter.scribe.ask(lambda _: None)
    counter = window(hours=HOURS)
    counter.reception._duty._since_ms -= 9 * HOUR_S * 1000
    counter.local_s += 8 * HOUR_S
    counter.pass_ms(1_000)
    assert counter.is_closed()


# --- anything, in any order -----------------------------------------------------------------

steps = st.one_of(
    st.tuples(st.just("console_login"), st.sampled_from([WANG, LI, "9999"])),
    st.tuples(st.just("console_logout"), st.sampled_from([WANG, LI])),
    st.tuples(st.just("console_pause"), st.just("午休")),
    st.tuples(st.just("pass_s"), st.sampled_from([1, 50, HOUR_S, 8 * HOUR_S])),
    st.tuples(st.just("set_clock"), st.sampled_from([-HOUR_S, HOUR_S, -120])),
    st.tuples(st.just("without"), st.sampled_from([WANG, "nobody"])),
    st.tuples(st.just("do"), st.sampled_from(["rate", "decline", "staff", "back", "done"])),
    st.tuples(st.just("choose"), st.sampled_from([1, 5])),
)


@settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.lists(steps, max_size=25))
def test_whatever_happens_the_chain_the_duty_row_and_the_screen_agree(
    new_home: Callable[[], Home], day: list[tuple[str, str | int]]
):
    counter = StaffedCounter(new_home(), assigned=WANG, hours=HOURS)
    try:
        for name, value in day:
            getattr(counter, name)(value)
            counter.scribe.ask(lambda _: None)
            counter.hear()
            if counter.reception.staffed:
                assert counter.reception.visit.state is State.IDLE
        present = ""
        for line in counter.story():
            staff, what = line.split(" ", 1)
            if what.startswith("in by"):
                assert not present
                present = staff
            elif what.startswith("out"):
                assert present == staff
                present = ""
        assert present == counter.serves
        there = ""
        for record in counter.records():
            match record:
                case Login(staff=staff):
                    there = staff
                case Logout():
                    there = ""
                case VisitOpened(staff=credited):
                    assert credited == there
        backlog = Backlog(counter.home)
        duty = backlog.duty()
        backlog.close()
        assert (duty.staff, duty.state is SessionState.CLOSED) == (present, not present)
    finally:
        counter.close()
