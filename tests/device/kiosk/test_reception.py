"""The reception between rules, ledger and screen: real files, a real scribe, no window."""

import time
from collections.abc import Iterator
from uuid import UUID, uuid4

import msgspec
import pytest
from device_rig import RECORD_KEY
from device_rig import identity as who

from device.core.visit import State
from device.kiosk.actions import Action
from device.kiosk.reception import CHOSEN_MS, INSTRUCTION_MS, Reception, masked
from device.kiosk.scribe import Scribe
from device.kiosk.views import IdleView, RatingView, ReasonsView, ThanksView, View
from device.store.backlog import Backlog
from device.store.briefing import Briefing, BriefingReader, CancelOrder, InviteOrder
from device.store.home import Home
from device.store.moment import monotonic_ms
from protocol.configuration import Configuration, Hall, Matter, Rules, StaffMember, Window
from protocol.levels import Level
from protocol.phone import receipt_code
from protocol.records import (
    InvitedBy,
    Login,
    MatterHandled,
    Outcome,
    Rating,
    VisitClosed,
    VisitOpened,
    read,
)

WALL = time.struct_time((2026, 6, 18, 10, 24, 0, 3, 169, 0))


class Counter:
    """A window with its reception, and a clock that the test moves."""

    def __init__(self, home: Home) -> None:
        self.home = home
        self.now_ms = monotonic_ms()
        self.briefing = Briefing(home)
        self.configure(assigned_staff="0317")
        self.reader = BriefingReader(home)
        self.scribe = Scribe(home, who(), RECORD_KEY, self.reader, ring=lambda: None)
        self.reception = Reception(
            self.scribe, home.agent_db, self.reader, self.was_opened, "zh-CN", False, self.now_ms
        )
        self.reception.refresh(self.now_ms)
        self.scribe.start()
        self.wait_for(lambda _: self.reception.ready)

    def configure(self, assigned_staff: str, version: int = 1, **rules: int) -> None:
        document = Configuration(
            device=who().device,
            version=version,
            hall=Hall("BH", "滨河区政务服务中心"),
            window=Window("BH-012", "12", assigned_staff),
            staff=(StaffMember("0317", "王晓燕", "综合窗口", "不动产登记"),),
            matters=(Matter("M1", "不动产转移登记"), Matter("M2", "抵押权登记")),
            rules=Rules(**rules),
            phone_url="https://pj.example.cn",
        )
        self.briefing.apply(document, b"signed", f"v{version}")

    def was_opened(self, visit: UUID) -> bool:
        backlog = Backlog(self.home)
        try:
            return backlog.was_opened(visit.bytes)
        finally:
            backlog.close()

    def view(self) -> View:
        return self.reception.view(self.now_ms, WALL, "6月18日")

    def wait_for(self, seen: object, patience_s: float = 10.0) -> View:
        """Let the scribe work until the view is as ``seen`` wants it."""
        until = time.monotonic() + patience_s
        while time.monotonic() < until:
            self.reception.hear(self.scribe.answers(), self.now_ms)
            view = self.view()
            matches = isinstance(view, seen) if isinstance(seen, type) else seen(view)
            if matches:
                return view
            time.sleep(0.005)
        raise AssertionError(f"the screen shows {self.view()}")

    def wait_for_the_end(self) -> None:
        """Let the scribe finish a visit that nobody is thanked for."""
        self.wait_for(lambda _: self.reception.visit.state is State.IDLE)

    def do(self, name: str, value: int | str | None = None) -> None:
        self.reception.act(Action(name, value), self.now_ms)

    def pass_ms(self, milliseconds: int) -> None:
        self.now_ms += milliseconds
        self.reception.pass_time(self.now_ms)

    def choose(self, level: int) -> None:
        self.do("level", level)
        self.pass_ms(CHOSEN_MS)

    def invite(self, *matters: MatterHandled, visit: UUID | None = None) -> UUID:
        order = InviteOrder(visit or uuid4(), InvitedBy.STAFF, matters)
        self.briefing.instruct("invite", msgspec.json.encode(order))
        self.reception.refresh(self.now_ms)
        return order.visit

    def records(self) -> list[object]:
        backlog = Backlog(self.home)
        try:
            stretch = backlog.after(0, 500, 1 << 22)
            return [read(signed) for signed in stretch.records] if stretch else []
        finally:
            backlog.close()

    def close(self) -> None:
        assert self.scribe.stop(5)
        self.reader.close()
        self.briefing.close()


@pytest.fixture
def counter(home: Home) -> Iterator[Counter]:
    counter = Counter(home)
    yield counter
    counter.close()


def test_the_window_opens_with_whoever_is_assigned_to_it(counter: Counter):
    view = counter.wait_for(IdleView)
    assert view.chrome.staff is not None
    assert (view.chrome.window, view.chrome.staff.name) == ("12", "王晓燕")
    counter.scribe.stop(5)
    assert [record.staff for record in counter.records() if isinstance(record, Login)] == ["0317"]


def test_a_citizen_rates_the_staff_member_and_reads_the_thanks(counter: Counter):
    counter.do("rate")
    assert isinstance(counter.view(), RatingView)
    counter.do("level", 5)
    assert counter.view().chosen == 5
    counter.pass_ms(CHOSEN_MS)
    counter.do("tag", 510)
    assert counter.view().picked == {510}
    counter.do("submit")
    thanks = counter.wait_for(ThanksView)

    opened, rating, closed = counter.records()[-3:]
    assert isinstance(opened, VisitOpened) and isinstance(closed, VisitClosed)
    assert isinstance(rating, Rating)
    assert (rating.level, rating.tags) == (Level.VERY_SATISFIED, (510,))
    assert closed.outcome is Outcome.RATED
    assert thanks.code == receipt_code(opened.visit)
    assert len(thanks.qr) >= 21


def test_the_thanks_are_shown_only_after_the_commit(counter: Counter):
    counter.do("rate")
    counter.choose(4)
    counter.do("submit")
    # The scribe has not been heard yet: whatever it did, nothing is claimed.
    assert not isinstance(counter.view(), ThanksView)
    counter.wait_for(ThanksView)
    assert isinstance(counter.records()[-1], VisitClosed)


def test_a_slow_commit_says_that_it_is_saving(counter: Counter):
    counter.do("rate")
    counter.choose(4)
    counter.do("submit")
    counter.now_ms += 5000
    assert counter.view().topic == "saving"


def test_a_key_on_the_idle_screen_opens_the_question_and_casts_nothing(counter: Counter):
    counter.reception.press_level(Level.DISSATISFIED, counter.now_ms)
    view = counter.view()
    assert isinstance(view, RatingView)
    assert view.chosen is None


def test_a_second_press_while_the_chosen_key_is_shown_changes_nothing(counter: Counter):
    counter.do("rate")
    counter.do("level", 5)
    assert counter.reception.busy
    counter.reception.press_level(Level.VERY_DISSATISFIED, counter.now_ms + 10)
    counter.pass_ms(CHOSEN_MS)
    assert counter.view().level == 5


def test_an_invitation_asks_about_the_staff_and_each_finished_matter(counter: Counter):
    counter.invite(
        MatterHandled("M1", ("15010000000068", "15010000000069")),
        MatterHandled("M2", (), finished=False),
    )
    assert counter.view().steps == 2
    counter.choose(5)
    counter.do("skip")
    view = counter.view()
    assert (view.matter.name, view.matter.case, view.matter.cases) == (
        "不动产转移登记",
        "1501****0068",
        2,
    )


def test_an_invitation_is_taken_once_even_if_it_is_left_twice(counter: Counter):
    visit = counter.invite()
    counter.do("decline")
    counter.wait_for(IdleView)
    counter.invite(visit=visit)
    assert isinstance(counter.view(), IdleView)


def test_an_invitation_does_not_disturb_a_citizen_who_is_rating(counter: Counter):
    first = counter.invite()
    counter.choose(3)
    counter.invite(MatterHandled("M1"))
    assert counter.reception.visit.invitation.visit == first
    assert isinstance(counter.view(), ReasonsView)


def test_an_old_invitation_is_for_a_citizen_who_has_left(
    counter: Counter, monkeypatch: pytest.MonkeyPatch
):
    from device.store import moment

    later = moment.now()._replace(monotonic_ms=monotonic_ms() + INSTRUCTION_MS + 1)
    order = InviteOrder(uuid4(), InvitedBy.SYSTEM, ())
    counter.briefing.instruct("invite", msgspec.json.encode(order))
    monkeypatch.setattr(moment, "now", lambda: later)
    counter.reception.refresh(counter.now_ms)
    assert isinstance(counter.view(), IdleView)


def test_staff_take_an_invitation_back_until_the_first_tap(counter: Counter):
    visit = counter.invite()
    cancel = msgspec.json.encode(CancelOrder(visit, "办事人已离开"))
    counter.briefing.instruct("cancel", cancel)
    counter.reception.refresh(counter.now_ms)
    counter.wait_for_the_end()
    assert counter.records()[-1].outcome is Outcome.CANCELLED

    visit = counter.invite()
    counter.choose(1)
    counter.briefing.instruct("cancel", msgspec.json.encode(CancelOrder(visit, "不想要差评")))
    counter.reception.refresh(counter.now_ms)
    assert isinstance(counter.view(), ReasonsView)


def test_whoever_leaves_keeps_what_they_tapped(counter: Counter):
    counter.invite(MatterHandled("M1"))
    counter.choose(2)
    counter.pass_ms(40_000)
    assert counter.view().subject == "matter"
    counter.pass_ms(60_000)
    counter.wait_for(ThanksView)
    rating, closed = counter.records()[-2:]
    assert (rating.level, closed.outcome) == (Level.DISSATISFIED, Outcome.PARTLY)


def test_the_language_returns_to_the_windows_own_when_the_citizen_has_gone(counter: Counter):
    counter.do("rate")
    counter.do("language", "en")
    assert counter.view().chrome.language == "en"
    counter.do("decline")
    assert counter.wait_for(IdleView).chrome.language == "zh-CN"


def test_rule_pack_times_and_tags_hold_for_the_next_visit(counter: Counter):
    counter.configure("0317", version=2, rating_seconds=10)
    counter.reception.refresh(counter.now_ms)
    counter.do("rate")
    counter.pass_ms(10_000)
    counter.wait_for_the_end()
    assert counter.records()[-1].outcome is Outcome.TIMED_OUT


def test_nobody_assigned_closes_the_window_after_the_citizen_is_done(counter: Counter):
    counter.do("rate")
    counter.configure("", version=2)
    counter.reception.refresh(counter.now_ms)
    counter.choose(5)
    counter.do("skip")
    counter.wait_for(ThanksView)
    counter.do("done")
    assert counter.view().topic == "closed"
    counter.do("rate")
    assert counter.view().topic == "closed"


def test_presses_that_count_for_nothing_are_counted(counter: Counter):
    counter.do("rate")
    counter.reception.ignore_press(counter.now_ms)
    counter.reception.ignore_press(counter.now_ms)
    counter.choose(5)
    counter.do("skip")
    counter.wait_for(ThanksView)
    assert counter.records()[-1].surplus == 2


@pytest.mark.parametrize(
    ("case", "shown"),
    [("15010000000068", "1501****0068"), ("12345678", "12345678"), ("123456789", "1234****6789")],
)
def test_a_case_number_is_masked_in_the_middle(case: str, shown: str):
    assert masked(case) == shown
