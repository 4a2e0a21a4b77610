"""The reception between rules, ledger and screen: real files, a real scribe, no window."""

from collections.abc import Iterator
from uuid import uuid4

import msgspec
import pytest
from counter_rig import Counter

from device.kiosk.portrayal import masked
from device.kiosk.reception import CHOSEN_MS
from device.kiosk.views import IdleView, RatingView, ReasonsView, ThanksView
from device.store.briefing import INSTRUCTION_MS, CancelOrder, InviteOrder
from device.store.home import Home
from device.store.moment import monotonic_ms
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
)


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
    assert thanks.code == opened.receipt != receipt_code(opened.visit)
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


def test_nothing_but_the_chosen_key_changes_while_it_is_shown(counter: Counter):
    counter.do("rate")
    asked = counter.view()
    counter.do("level", 4)
    assert counter.view() == asked._replace(chosen=4, chrome=counter.view().chrome)


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

    order = InviteOrder(uuid4(), InvitedBy.SYSTEM, ())
    counter.briefing.instruct("invite", msgspec.json.encode(order))
    later = moment.now()._replace(monotonic_ms=monotonic_ms() + INSTRUCTION_MS + 1)
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
