"""Staff who do not touch: a badge at the reader, a keyboard, five buttons under the screen."""

from collections.abc import Callable, Iterator

import pytest
from hands_rig import Kiosk
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from staff_rig import BADGE, CARD, LI, PINS, WANG, StaffedCounter

from device.core.buttons import Extra
from device.core.wedge import GAP_MS
from device.kiosk.actions import Action
from device.kiosk.contacts import CommandKey, DigitKey, LetterKey
from device.kiosk.keyboard import Card, Keyboard
from device.kiosk.views import (
    IdleView,
    LoginView,
    MenuView,
    NoticeView,
    PauseView,
    RatingView,
    ReasonsView,
    SearchView,
    ThanksView,
)
from device.store.home import Home
from protocol.levels import Level

FIRST, NEXT, PICK, LEAVE, GO_ON = (
    Level.VERY_SATISFIED,
    Level.SATISFIED,
    Level.FAIRLY_SATISFIED,
    Level.DISSATISFIED,
    Level.VERY_DISSATISFIED,
)


@pytest.fixture
def counter(home: Home) -> Iterator[StaffedCounter]:
    counter = StaffedCounter(home)
    yield counter
    counter.close()


@pytest.fixture
def kiosk(counter: StaffedCounter) -> Kiosk:
    """A kiosk with a badge reader."""
    return Kiosk(counter, badge_reader=True)


def staff_of(kiosk: Kiosk) -> str:
    assert isinstance(kiosk.counter, StaffedCounter)
    return kiosk.counter.serves


# --- badges ---------------------------------------------------------------------------------


@pytest.mark.parametrize(("typed", "staff", "means"), [(BADGE, WANG, "badge"), (CARD, LI, "card")])
def test_a_badge_opens_the_window_and_the_menu(
    kiosk: Kiosk, counter: StaffedCounter, typed: str, staff: str, means: str
):
    assert kiosk.swipe(typed).checking
    kiosk.wait_for(MenuView)
    assert counter.story() == [f"{staff} in by {means}"]


def test_readers_differ_in_case(kiosk: Kiosk):
    kiosk.swipe(BADGE.lower())
    kiosk.wait_for(MenuView)


def test_a_badge_that_nobody_has_is_told_from_a_wrong_pin(kiosk: Kiosk, counter: StaffedCounter):
    kiosk.swipe("99999999")
    counter.wait_for(lambda view: getattr(view, "problem", "") == "login.card")
    assert counter.serves == ""


def test_a_badge_takes_the_window_over_from_a_menu(kiosk: Kiosk, counter: StaffedCounter):
    counter.log_in(WANG)
    kiosk.turn()
    kiosk.swipe(CARD)
    kiosk.wait_for(MenuView)
    assert counter.serves == LI


def test_a_badge_while_a_citizen_rates_is_swallowed_and_counted(
    kiosk: Kiosk, counter: StaffedCounter
):
    counter.console_login(WANG)
    kiosk.turn()
    kiosk.pass_ms(1_000)
    kiosk.touch("rate")
    kiosk.pass_ms(1_000)
    before = kiosk.view
    assert isinstance(before, RatingView)
    kiosk.swipe("55555" + "4321" * 3)
    kiosk.pass_ms(500)
    assert isinstance(kiosk.view, RatingView)
    assert (kiosk.view.chosen, counter.reception.visit.drafts) == (None, ())
    assert counter.counted() == {"card.during-visit": 1}
    assert counter.serves == WANG


def test_a_badge_in_the_thanks_is_no_log_in_either(kiosk: Kiosk, counter: StaffedCounter):
    counter.console_login(WANG)
    kiosk.turn()
    kiosk.pass_ms(1_000)
    kiosk.touch("rate")
    kiosk.pass_ms(1_000)
    kiosk.touch("level", 5)
    kiosk.pass_ms(1_500)
    kiosk.touch("skip")
    kiosk.wait_for(ThanksView)
    kiosk.swipe(CARD)
    kiosk.pass_ms(200)
    assert counter.serves == WANG


def test_a_persons_keys_count_a_moment_later_where_there_is_a_reader(
    kiosk: Kiosk, counter: StaffedCounter
):
    counter.console_login(WANG)
    kiosk.turn()
    kiosk.pass_ms(1_000)
    kiosk.type(4)
    assert isinstance(kiosk.view, IdleView)
    kiosk.pass_ms(GAP_MS + 1)
    assert isinstance(kiosk.view, RatingView)
    kiosk.pass_ms(1_500)
    kiosk.type(2)
    kiosk.pass_ms(1_500)
    assert isinstance(kiosk.view, ReasonsView)
    assert kiosk.view.level == 2


def test_without_a_reader_every_key_counts_at_once(counter: StaffedCounter):
    kiosk = Kiosk(counter)
    counter.console_login(WANG)
    kiosk.turn()
    kiosk.pass_ms(1_000)
    kiosk.type(4)
    assert isinstance(kiosk.view, RatingView)


def test_two_enters_and_a_late_one_do_not_press_what_the_menu_offers(
    kiosk: Kiosk, counter: StaffedCounter
):
    kiosk.swipe(BADGE)
    kiosk.type("submit")
    kiosk.wait_for(MenuView)
    assert counter.reception.visit.invitation is None


def test_a_burst_that_never_ends_presses_nothing_and_is_counted(
    kiosk: Kiosk, counter: StaffedCounter
):
    counter.console_login(WANG)
    kiosk.turn()
    kiosk.pass_ms(1_000)
    for _ in range(12):
        kiosk.hands.take(DigitKey(5), kiosk.now_ms)
        kiosk.pass_ms(3)
    kiosk.pass_ms(500)
    assert isinstance(kiosk.view, IdleView)
    assert kiosk.counts["card.unfinished"] == 1


def test_no_log_can_hold_what_is_on_a_badge():
    keyboard = Keyboard(reader=True, count=lambda reason: None)
    for character in "ABCQQQ":
        keyboard.take(LetterKey(character), 0, 0)
    assert repr(keyboard._wedge) == "Wedge(6 keys)"
    (card,) = keyboard.take(CommandKey("submit"), 0, 0)
    assert card == Card("ABCQQQ")
    assert (repr(card), repr(LetterKey("Q"))) == ("Card()", "LetterKey()")


# --- a keyboard, and buttons ------------------------------------------------------------------


def test_a_whole_log_in_and_invitation_by_keyboard(counter: StaffedCounter):
    kiosk = Kiosk(counter)
    kiosk.type("previous")
    assert kiosk.in_focus() == Action("staff")
    kiosk.type("submit")
    kiosk.pass_ms(1_000)
    assert isinstance(kiosk.view, LoginView)
    for digit in WANG:
        kiosk.type(int(digit))
    kiosk.type("submit")
    for digit in PINS[WANG]:
        kiosk.type(int(digit))
    kiosk.type("submit")
    kiosk.wait_for(MenuView)
    kiosk.type("next")
    assert kiosk.in_focus() == Action("matter", "M2")
    kiosk.type("press")
    assert kiosk.view.chosen == "M2"
    kiosk.type("leave")
    assert isinstance(kiosk.view, IdleView)


def test_a_search_by_keyboard_takes_letters_and_enter_takes_the_first(counter: StaffedCounter):
    kiosk = Kiosk(counter)
    counter.log_in(WANG)
    counter.do("other")
    kiosk.turn()
    kiosk.pass_ms(1_000)
    for letter in "bdcs":
        kiosk.hands.take(LetterKey(letter), kiosk.now_ms)
        kiosk.turn()
    assert [matter.code for matter in kiosk.view.found] == ["M3"]
    kiosk.type("submit")
    assert isinstance(kiosk.view, MenuView)
    assert kiosk.view.chosen == "M3"


def test_letters_mean_nothing_to_citizens(counter: StaffedCounter):
    kiosk = Kiosk(counter)
    counter.console_login(WANG)
    kiosk.turn()
    kiosk.pass_ms(1_000)
    kiosk.hands.take(LetterKey("a"), kiosk.now_ms)
    assert isinstance(kiosk.turn(), IdleView)
    assert kiosk.answered == []


def go_to(kiosk: Kiosk, action: Action) -> None:
    """Walk the focus to ``action`` with the second button."""
    for _ in range(40):
        if kiosk.in_focus() == action:
            return
        kiosk.press(NEXT)
    raise AssertionError(f"the ring never came to {action}: {kiosk.scene.targets}")


def test_five_buttons_alone_log_in_choose_and_invite(counter: StaffedCounter):
    kiosk = Kiosk(counter)
    kiosk.hands.have_buttons((), kiosk.now_ms)
    counter.do("staff")
    kiosk.turn()
    kiosk.pass_ms(1_000)
    for digit in WANG:
        go_to(kiosk, Action("digit", int(digit)))
        kiosk.press(PICK)
    kiosk.press(GO_ON)
    assert kiosk.view.at_pin
    for digit in PINS[WANG]:
        go_to(kiosk, Action("digit", int(digit)))
        kiosk.press(PICK)
    kiosk.press(GO_ON)
    kiosk.wait_for(MenuView)
    go_to(kiosk, Action("matter", "M1"))
    kiosk.press(PICK)
    go_to(kiosk, Action("more"))
    kiosk.press(PICK)
    assert (kiosk.view.chosen, kiosk.view.cases) == ("M1", 2)
    kiosk.press(GO_ON)
    assert isinstance(kiosk.view, RatingView)


def test_a_level_button_on_a_staff_page_is_never_a_level(counter: StaffedCounter):
    kiosk = Kiosk(counter)
    counter.log_in(WANG)
    for page, name in ((MenuView, None), (SearchView, "other"), (PauseView, "pause")):
        if name:
            counter.do(name)
        kiosk.turn()
        kiosk.pass_ms(1_000)
        assert isinstance(kiosk.view, page)
        kiosk.press(FIRST)
        kiosk.press(LEAVE)
        assert counter.reception.visit.invitation is None
        if page is MenuView:
            assert isinstance(kiosk.view, IdleView)
            counter.log_in(WANG)


def put_touch_out(kiosk: Kiosk) -> None:
    """Let the panel tap by itself at one spot until it is not trusted any more."""
    kiosk.hands.have_buttons((), kiosk.now_ms)
    for _ in range(60):
        if kiosk.hands.touch_out:
            return
        kiosk.spike((900, 700))
        kiosk.pass_ms(3_000)
    raise AssertionError("the panel is still trusted")


def test_when_touch_is_out_the_buttons_of_a_closed_window_find_the_key_for_staff(
    counter: StaffedCounter,
):
    kiosk = Kiosk(counter)
    assert isinstance(kiosk.view, NoticeView)
    put_touch_out(kiosk)
    go_to(kiosk, Action("staff"))
    kiosk.press(PICK)
    assert isinstance(kiosk.view, LoginView)


def test_when_touch_is_out_the_skip_button_of_an_open_window_is_the_staffs(
    counter: StaffedCounter,
):
    kiosk = Kiosk(counter)
    counter.console_login(WANG)
    kiosk.turn()
    kiosk.press(Extra.SKIP)
    assert isinstance(kiosk.view, IdleView)
    put_touch_out(kiosk)
    kiosk.press(Extra.SKIP)
    assert isinstance(kiosk.view, LoginView)


strokes = st.one_of(
    st.tuples(st.just("swipe"), st.sampled_from(["246824", "4242424242", "2A4B2C4D"])),
    st.tuples(st.just("type"), st.sampled_from([1, 3, 5, "submit", "leave", "change"])),
    st.tuples(st.just("pass_ms"), st.sampled_from([1, 30, 100, 2_000])),
)


@settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.lists(strokes, max_size=15))
@example([("swipe", "246824"), ("pass_ms", 2_000)])
@example([("type", 5), ("swipe", "4242424242"), ("pass_ms", 2_000)])
def test_whatever_is_typed_no_badge_ever_becomes_a_level(
    new_home: Callable[[], Home], typed: list[tuple[str, str | int]]
):
    """No person types 2 or 4 here or moves the focus, so no visit ever has such a level."""
    counter = StaffedCounter(new_home())
    kiosk = Kiosk(counter, badge_reader=True)
    try:
        counter.console_login(WANG)
        counter.do("rate")
        kiosk.turn()
        kiosk.pass_ms(2_000)
        for name, value in typed:
            getattr(kiosk, name)(value)
            levels = {int(draft.level) for draft in counter.reception.visit.drafts}
            assert levels <= {1, 3, 5}
    finally:
        counter.close()
