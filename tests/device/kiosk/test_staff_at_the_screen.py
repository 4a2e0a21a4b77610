"""Staff log in, invite, pause and leave at the device itself: real files, a real scribe."""

import re
from collections.abc import Iterator
from pathlib import Path
from uuid import uuid4

import pytest
from device_rig import soon
from staff_rig import BADGE, LI, PINS, WANG, ZHAO, StaffedCounter

from device.core.visit import State
from device.kiosk.answers import CannotStart
from device.kiosk.views import (
    IdleView,
    LoginView,
    MenuView,
    NoticeView,
    PauseView,
    RatingView,
    SearchView,
    ThanksView,
)
from device.store.briefing import InviteOrder
from device.store.home import Home
from device.store.profile import Service
from protocol.records import InvitedBy, VisitOpened

WRONG = "999999"


@pytest.fixture
def counter(home: Home) -> Iterator[StaffedCounter]:
    counter = StaffedCounter(home)
    yield counter
    counter.close()


# --- log-in ---------------------------------------------------------------------------------


def test_where_nobody_is_assigned_the_window_is_closed_and_has_a_key_for_staff(
    counter: StaffedCounter,
):
    view = counter.wait_for(NoticeView)
    assert (view.topic, view.chrome.staff_key, view.chrome.staff) == ("closed", True, None)
    counter.do("staff")
    assert counter.view() == LoginView(counter.view().chrome, "", 0, False)


def test_the_right_pin_opens_the_window_and_the_menu(counter: StaffedCounter):
    menu = counter.log_in(WANG)
    assert re.fullmatch(r"\d\d:\d\d", menu.since)
    assert menu.chrome.staff.name == "王晓燕"
    assert [matter.code for matter in menu.matters] == ["M2", "M1"]
    assert (menu.chosen, menu.invited, menu.rated, menu.paused) == ("", 0, 0, False)
    counter.leave()
    assert counter.is_open()
    assert counter.story() == ["0317 in by pin"]


def test_enter_goes_from_the_number_to_the_pin_and_then_asks_for_all_of_it(
    counter: StaffedCounter,
):
    counter.do("staff")
    counter.type(WANG)
    counter.do("login")
    assert (counter.view().at_pin, counter.view().problem) == (True, "")
    counter.type("24")
    counter.do("login")
    assert (counter.view().pin, counter.view().problem) == (2, "login.short")


def test_the_same_person_again_opens_the_menu_and_writes_nothing(counter: StaffedCounter):
    counter.log_in(WANG)
    counter.leave()
    counter.do("staff")
    view = counter.view()
    assert (view.staff, view.at_pin) == (WANG, True)
    counter.type(PINS[WANG])
    counter.do("login")
    counter.wait_for(MenuView)
    assert counter.story() == ["0317 in by pin"]


def test_two_staff_one_after_the_other_take_the_window_from_each_other(counter: StaffedCounter):
    counter.log_in(WANG)
    counter.leave()
    counter.log_in(LI)
    assert counter.view().chrome.staff.name == "李国强"
    counter.do("logout")
    assert counter.is_closed()
    assert counter.story() == [
        "0317 in by pin",
        "0317 out: taken over",
        "0400 in by pin",
        "0400 out: by staff",
    ]


def test_a_wrong_pin_tells_how_many_tries_are_left_and_keeps_the_number(counter: StaffedCounter):
    view = counter.try_pin(WANG, WRONG)
    assert isinstance(view, LoginView)
    assert (view.staff, view.pin, view.at_pin, view.tries_left) == (WANG, 0, True, 4)
    counter.type("1")
    assert counter.view().tries_left is None
    assert counter.is_closed() is False
    assert counter.story() == []


@pytest.mark.parametrize("staff", [ZHAO, "7777"])
def test_who_has_no_pin_and_who_is_nobody_are_told_the_same(counter: StaffedCounter, staff: str):
    view = counter.try_pin(staff, WRONG)
    assert (view.tries_left, view.problem) == (4, "")


def lock(counter: StaffedCounter) -> LoginView:
    for _ in range(4):
        counter.try_pin(WANG, WRONG)
    view = counter.try_pin(WANG, WRONG)
    assert isinstance(view, LoginView)
    return view


def test_five_wrong_pins_lock_the_number_and_are_recorded(counter: StaffedCounter):
    view = lock(counter)
    assert re.fullmatch(r"\d\d:\d\d", view.locked_until)
    counter.type("2")
    assert counter.view().pin == 0
    counter.do("back")
    assert isinstance(counter.try_pin(WANG, PINS[WANG]), LoginView)
    assert counter.story() == ["staff=0317 place=screen failures=5 seconds=60"]


def test_while_one_is_locked_out_another_logs_in(counter: StaffedCounter):
    lock(counter)
    counter.do("back")
    counter.log_in(LI)


def test_a_lock_out_is_not_shown_longer_than_it_lasts(counter: StaffedCounter):
    lock(counter)
    counter.do("back")
    counter.try_pin(WANG, PINS[WANG])
    counter.now_ms += 59_000  # somebody stays at the page
    counter.reception._staff_desk._until_ms = counter.now_ms + 10_000
    counter.pass_ms(2_000)
    assert counter.view().locked_until == ""


def test_pulling_the_plug_ends_no_lock_out(home: Home):
    counter = StaffedCounter(home)
    lock(counter)
    counter.close()
    counter = StaffedCounter(home)
    view = counter.try_pin(WANG, PINS[WANG])
    assert isinstance(view, LoginView)
    assert view.locked_until
    counter.close()


def test_no_file_of_the_device_holds_a_pin(home: Home):
    counter = StaffedCounter(home)
    counter.try_pin(WANG, "731955")
    counter.log_in(WANG)
    counter.close()
    for path in Path(home.root).rglob("*"):
        if path.is_file():
            content = path.read_bytes()
            assert b"731955" not in content
            assert PINS[WANG].encode() not in content


def test_a_log_in_that_cannot_be_checked_lets_nobody_in(
    counter: StaffedCounter, monkeypatch: pytest.MonkeyPatch
):
    from device.core.errors import StorageUnavailable

    def refuse(*_: object) -> None:
        raise StorageUnavailable("not now")

    monkeypatch.setattr("device.store.lockouts.Book.count_try", refuse)
    view = counter.try_pin(WANG, PINS[WANG])
    assert (view.problem, counter.serves) == ("login.busy", "")


def test_where_there_is_no_roster_a_right_pin_does_not_count_as_a_wrong_one(home: Home):
    """As after a damaged file was replaced, before central has answered."""
    counter = StaffedCounter(home, configured=False)
    try:
        for _ in range(6):
            view = counter.try_pin(WANG, PINS[WANG])
            assert isinstance(view, LoginView)
            assert (view.problem, view.tries_left, view.locked_until) == ("login.busy", None, "")
        counter.reconfigure()
        counter.reception.refresh(counter.now_ms)
        counter.log_in(WANG)
        assert counter.story() == ["0317 in by pin"]
    finally:
        counter.close()


def test_a_menu_that_cannot_be_filled_is_opened_empty_and_the_next_log_in_goes_on(
    counter: StaffedCounter, monkeypatch: pytest.MonkeyPatch
):
    def broken(self: object) -> None:
        raise ValueError("an unforeseen one")

    with monkeypatch.context() as damage:
        damage.setattr("device.store.backlog.Backlog.duty", broken)
        assert counter.log_in(WANG).matters == ()
        counter.leave()
    assert counter.log_in(LI).matters != ()


def test_a_ledger_that_cannot_be_opened_is_shown_and_nobody_is_invited(counter: StaffedCounter):
    counter.log_in(WANG)
    counter.reception.hear([CannotStart("the card is gone")], counter.now_ms)
    view = counter.view()
    assert isinstance(view, NoticeView)
    assert view.topic == "broken"
    counter.reception.invite(counter.reception._duty.own_invitation(), counter.now_ms)
    assert counter.reception.visit.state is State.IDLE
    assert counter.counted() == {"invitation.refused": 1}


def test_keys_do_nothing_while_a_pin_is_being_checked(counter: StaffedCounter):
    counter.do("staff")
    counter.type(WANG)
    counter.do("login")
    counter.type(PINS[WANG])
    counter.do("login")
    assert counter.view().checking
    counter.type("5")
    counter.do("login")
    assert isinstance(counter.wait_for(MenuView), MenuView)


def test_a_page_that_is_left_alone_closes(counter: StaffedCounter):
    counter.do("staff")
    counter.type("03")
    counter.pass_ms(44_000)
    assert counter.view().chrome.remaining < 0.1
    counter.pass_ms(1_000)
    assert counter.is_closed()
    counter.log_in(WANG)
    counter.pass_ms(119_000)
    counter.do("other")
    counter.pass_ms(119_000)
    assert isinstance(counter.view(), SearchView)
    counter.pass_ms(1_000)
    assert counter.is_open()


def test_the_language_of_a_page_stays_until_it_is_left(counter: StaffedCounter):
    """The pages for staff have no key for it."""
    counter.do("language", "en")
    counter.pass_s(20)
    counter.log_in(WANG)
    counter.pass_s(50)
    assert counter.view().chrome.language == "en"
    counter.leave()
    counter.pass_s(1)
    assert counter.view().chrome.language == "zh-CN"


def test_a_citizen_who_strayed_onto_the_log_in_goes_back(counter: StaffedCounter):
    counter.log_in(WANG)
    counter.leave()
    counter.do("staff")
    assert isinstance(counter.view(), LoginView)
    counter.do("back")
    assert isinstance(counter.view(), IdleView)


def test_nobody_logs_in_while_a_citizen_is_there(counter: StaffedCounter):
    counter.log_in(WANG)
    counter.leave()
    counter.do("rate")
    assert not counter.view().chrome.staff_key
    counter.do("staff")
    assert isinstance(counter.view(), RatingView)


def test_an_answer_that_comes_after_an_invitation_lets_nobody_in(counter: StaffedCounter):
    counter.log_in(WANG)
    counter.leave()
    counter.do("staff")
    counter.do("field", "staff")
    counter.do("clear")
    counter.type(LI)
    counter.do("login")
    counter.type(PINS[LI])
    counter.do("login")
    assert soon(lambda: not counter.reception._staff_desk._usher._answers.empty())
    counter.invite()
    counter.hear()
    assert isinstance(counter.view(), RatingView)
    assert counter.serves == WANG
    counter.do("decline")
    counter.wait_for(IdleView)
    assert counter.serves == WANG


@pytest.mark.parametrize("mode", ["self-service", "hall"])
def test_where_nobody_serves_there_is_no_key_for_staff(home: Home, mode: str):
    counter = StaffedCounter(home, service=Service(mode))
    assert not counter.wait_for(IdleView).chrome.staff_key
    counter.do("staff")
    assert isinstance(counter.view(), IdleView)
    counter.reception.take_card(BADGE, counter.now_ms)
    assert isinstance(counter.view(), IdleView)
    counter.close()


def test_at_a_retired_device_nobody_logs_in(counter: StaffedCounter):
    counter.briefing.set_online(False, retired=True)
    counter.reception.refresh(counter.now_ms)
    assert not counter.view().chrome.staff_key
    counter.do("staff")
    assert not counter.reception.staffed
    counter.reception.take_card(BADGE, counter.now_ms)
    assert not counter.reception.staffed


@pytest.mark.parametrize("retired", [False, True])
def test_at_a_retired_device_nobody_is_asked(counter: StaffedCounter, retired: bool):
    ways = (
        lambda: counter.do("rate"),
        lambda: counter.order("invite", InviteOrder(uuid4(), InvitedBy.STAFF, (), staff=WANG)),
    )
    counter.console_login(WANG)
    counter.briefing.set_online(False, retired=retired)
    counter.reception.refresh(counter.now_ms)
    for begin in ways:
        begin()
        assert counter.reception.asking is not retired
        if not retired:
            counter.do("decline")
            counter.wait_for(IdleView)


# --- the menu -------------------------------------------------------------------------------


def test_staff_invite_for_themselves_alone(counter: StaffedCounter):
    counter.log_in(WANG)
    counter.do("invite")
    view = counter.view()
    assert (view.subject, view.steps) == ("staff", 1)
    counter.scribe.ask(lambda _: None)
    opened = counter.records()[-1]
    assert isinstance(opened, VisitOpened)
    assert (opened.invited_by, opened.staff, opened.matters) == (InvitedBy.STAFF, WANG, ())


def test_several_cases_of_one_matter_are_one_question_that_says_how_many(counter: StaffedCounter):
    counter.log_in(WANG)
    counter.do("matter", "M1")
    for _ in range(3):
        counter.do("more")
    counter.do("fewer")
    assert (counter.view().chosen, counter.view().cases) == ("M1", 3)
    counter.do("invite")
    assert counter.view().steps == 2
    counter.choose(5)
    counter.do("skip")
    matter = counter.view().matter
    assert (matter.name, matter.case, matter.cases) == ("不动产转移登记", "", 3)
    counter.choose(4)
    counter.do("skip")
    counter.wait_for(ThanksView)
    (opened,) = [r for r in counter.records() if isinstance(r, VisitOpened)]
    (handled,) = opened.matters
    assert (handled.code, handled.count, handled.cases, handled.finished) == ("M1", 3, (), True)


def test_an_unfinished_matter_is_named_and_not_rated_unless_the_rules_say_so(
    counter: StaffedCounter,
):
    counter.log_in(WANG)
    counter.do("matter", "M1")
    counter.do("finished")
    assert not counter.view().finished
    counter.do("invite")
    assert counter.view().steps == 1
    counter.do("decline")
    counter.wait_for(IdleView)

    counter.rules = type(counter.rules)(rate_unfinished=True)
    counter.reconfigure()
    counter.reception.refresh(counter.now_ms)
    counter.log_in(WANG)
    counter.do("matter", "M1")
    counter.do("finished")
    counter.do("invite")
    assert counter.view().steps == 2


def test_a_matter_is_found_by_the_letters_on_the_keys(counter: StaffedCounter):
    counter.log_in(WANG)
    counter.do("other")
    assert [matter.code for matter in counter.view().found] == ["M2", "M1"]
    counter.type("2327")  # b d c s
    assert [matter.code for matter in counter.view().found] == ["M3"]
    counter.do("pick", "M3")
    view = counter.view()
    assert (view.chosen, [matter.code for matter in view.matters]) == ("M3", ["M3", "M2", "M1"])


def test_a_matter_is_found_by_the_letters_of_a_keyboard(counter: StaffedCounter):
    counter.log_in(WANG)
    counter.do("other")
    counter.do("letter", "d")
    counter.do("letter", "y")
    view = counter.view()
    assert (view.query, [matter.code for matter in view.found]) == ("dy", ["M2"])


def test_staff_see_how_many_they_invited_and_how_many_were_rated_and_no_more(
    counter: StaffedCounter,
):
    counter.log_in(WANG)
    counter.do("invite")
    counter.choose(1)
    counter.do("skip")
    counter.wait_for(ThanksView)
    counter.do("done")
    counter.log_in(WANG)
    counter.do("invite")
    counter.do("decline")
    counter.wait_for(IdleView)
    menu = counter.log_in(WANG)
    assert (menu.invited, menu.rated) == (2, 1)
    counter.leave()
    assert (counter.log_in(LI).invited, counter.view().rated) == (0, 0)


def test_a_pause_has_a_reason_and_ends_by_hand(counter: StaffedCounter):
    counter.log_in(WANG)
    counter.do("pause")
    assert counter.view() == PauseView(
        counter.view().chrome, ("pause.lunch", "pause.away", "pause.system", "pause.other")
    )
    counter.do("reason", "pause.lunch")
    assert (counter.view().topic, counter.view().chrome.staff_key) == ("paused", True)
    counter.do("rate")
    assert isinstance(counter.view(), NoticeView)

    menu = counter.log_in(WANG)
    assert menu.paused
    counter.do("invite")
    assert (counter.view().problem, counter.reception.visit.state) == ("menu.busy", State.IDLE)
    counter.do("resume")
    assert not counter.view().paused
    counter.leave()
    assert counter.is_open()
    assert counter.story() == ["0317 in by pin", "0317 pauses: 午休", "0317 goes on"]


def test_a_reason_that_is_not_on_the_page_pauses_nothing(counter: StaffedCounter):
    counter.log_in(WANG)
    counter.do("pause")
    counter.do("reason", "不想要评价")
    assert isinstance(counter.view(), PauseView)


def test_a_matter_that_leaves_the_roster_leaves_the_menu(
    counter: StaffedCounter, monkeypatch: pytest.MonkeyPatch
):
    import staff_rig

    counter.log_in(WANG)
    counter.do("matter", "M1")
    monkeypatch.setattr(staff_rig, "MATTERS", staff_rig.MATTERS[1:])
    counter.reconfigure()
    counter.reception.refresh(counter.now_ms)
    view = counter.wait_for(lambda view: len(view.matters) == 1)
    assert (view.chosen, [matter.code for matter in view.matters]) == ("", ["M2"])


def test_the_hundredth_press_of_more_stays_within_what_a_record_holds(counter: StaffedCounter):
    counter.log_in(WANG)
    counter.do("matter", "M2")
    for _ in range(100):
        counter.do("more")
    assert counter.view().cases == 50
    counter.do("invite")
    assert isinstance(counter.view(), RatingView)
