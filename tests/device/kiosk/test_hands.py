"""Fingers, keys and buttons at one kiosk: each way is enough alone, and each is answered."""

import random
from collections.abc import Iterator
from uuid import uuid4

import pygame
import pytest
from counter_rig import Counter
from hands_rig import FINGER, Kiosk, plain

from device.core.buttons import CALM_MS, LONG_MS, STUCK_MS, Extra
from device.core.gestures import LOST_MS, MOUSE
from device.core.phantoms import SPIKES
from device.core.visit import Invited, State
from device.kiosk.actions import Action
from device.kiosk.contacts import ContactDown, ContactMove, ContactUp, DigitKey
from device.kiosk.views import (
    CallbackView,
    DarkView,
    IdleView,
    RatingView,
    ReasonsView,
    ThanksView,
)
from device.store.home import Home
from protocol.levels import Level
from protocol.records import ClockQuality, InvitedBy, Rating, VisitClosed

FIVE, FOUR, THREE, TWO, ONE = sorted(Level, reverse=True)


@pytest.fixture
def kiosk(home: Home) -> Iterator[Kiosk]:
    pygame.display.init()
    counter = Counter(home)
    yield Kiosk(counter)
    counter.close()


def at_the_question(kiosk: Kiosk) -> Kiosk:
    kiosk.touch("rate")
    assert isinstance(kiosk.pass_ms(1_000), RatingView)
    return kiosk


def at_the_reasons(kiosk: Kiosk, level: int = 5) -> Kiosk:
    at_the_question(kiosk).touch("level", level)
    assert isinstance(kiosk.pass_ms(2_000), ReasonsView)
    return kiosk


def at_the_pad(kiosk: Kiosk) -> Kiosk:
    at_the_reasons(kiosk).touch("callback")
    assert isinstance(kiosk.pass_ms(1_000), CallbackView)
    return kiosk


def picked(kiosk: Kiosk) -> frozenset[int]:
    assert isinstance(kiosk.view, ReasonsView)
    return kiosk.view.picked


def surplus(kiosk: Kiosk) -> int:
    return kiosk.counter.reception.visit.surplus


# --- each way alone --------------------------------------------------------------------------


@pytest.mark.parametrize("contact", [FINGER, MOUSE])
def test_a_rating_by_touch_alone(kiosk: Kiosk, contact: int) -> None:
    kiosk.touch("rate", contact=contact)
    kiosk.pass_ms(500)
    kiosk.touch("level", 4, contact=contact)
    kiosk.pass_ms(900)
    kiosk.touch("tag", kiosk.view.tags[1], contact=contact)
    kiosk.touch("submit", contact=contact)
    kiosk.wait_for(ThanksView)
    kiosk.touch("done", contact=contact)
    kiosk.wait_for(IdleView)
    assert_rated(kiosk, Level.SATISFIED, tags=1)


def test_a_rating_by_the_five_buttons_alone(kiosk: Kiosk) -> None:
    kiosk.press(THREE)
    assert isinstance(kiosk.pass_ms(1_000), RatingView)
    kiosk.press(TWO)
    assert isinstance(kiosk.pass_ms(1_500), ReasonsView)
    kiosk.press(FOUR)  # on to the first reason
    kiosk.press(FOUR)  # and the second
    kiosk.press(THREE)  # pick it
    assert picked(kiosk) == {kiosk.view.tags[1]}
    kiosk.press(ONE)  # submit
    kiosk.wait_for(ThanksView)
    kiosk.press(ONE)  # done
    kiosk.wait_for(IdleView)
    assert_rated(kiosk, Level.DISSATISFIED, tags=1)


def test_a_rating_by_buttons_with_keys_of_their_own_for_skip_and_next(kiosk: Kiosk) -> None:
    kiosk.press(Extra.NEXT)
    assert isinstance(kiosk.pass_ms(1_000), RatingView)
    kiosk.press(FIVE)
    assert isinstance(kiosk.pass_ms(1_500), ReasonsView)
    kiosk.press(Extra.NEXT)
    kiosk.wait_for(ThanksView)
    kiosk.press(Extra.SKIP)
    kiosk.wait_for(IdleView)
    assert_rated(kiosk, Level.VERY_SATISFIED, tags=0)


def test_a_rating_by_long_presses_for_whoever_sees_nothing(kiosk: Kiosk) -> None:
    kiosk.press(FIVE)
    kiosk.pass_ms(1_000)
    kiosk.press(FIVE)
    kiosk.pass_ms(1_500)
    kiosk.press(TWO, held_ms=LONG_MS + 100)
    kiosk.wait_for(ThanksView)
    kiosk.press(FOUR, held_ms=LONG_MS + 100)
    kiosk.wait_for(IdleView)
    assert_rated(kiosk, Level.VERY_SATISFIED, tags=0)


def test_a_rating_by_the_keyboard_alone(kiosk: Kiosk) -> None:
    kiosk.type("submit")
    assert isinstance(kiosk.pass_ms(1_000), RatingView)
    kiosk.type(1)
    assert isinstance(kiosk.pass_ms(1_500), ReasonsView)
    kiosk.type("next")
    kiosk.type("press")
    assert picked(kiosk) == {kiosk.view.tags[0]}
    for _ in range(len(kiosk.view.tags) + 3):
        kiosk.type("next")
    assert kiosk.in_focus() == Action("submit")
    kiosk.type("submit")
    kiosk.wait_for(ThanksView)
    kiosk.type("submit")
    kiosk.wait_for(IdleView)
    assert_rated(kiosk, Level.VERY_DISSATISFIED, tags=1)


def assert_rated(kiosk: Kiosk, level: Level, tags: int) -> None:
    records = kiosk.counter.records()
    ratings = [record for record in records if isinstance(record, Rating)]
    assert [(rating.level, len(rating.tags)) for rating in ratings] == [(level, tags)]
    (closed,) = [record for record in records if isinstance(record, VisitClosed)]
    assert closed.surplus == 0


def test_a_number_is_typed_on_the_keyboard(kiosk: Kiosk) -> None:
    at_the_pad(kiosk)
    for digit in (1, 3, 8, 0):
        kiosk.type(digit)
    kiosk.type("change")
    assert isinstance(kiosk.view, CallbackView)
    assert kiosk.view.digits == "138"
    kiosk.type("leave")
    assert isinstance(kiosk.view, ReasonsView)


def test_a_number_is_typed_with_the_buttons_alone(kiosk: Kiosk) -> None:
    at_the_pad(kiosk)
    kiosk.press(FOUR)
    kiosk.press(FOUR)  # 0, then 1
    kiosk.press(THREE)
    kiosk.press(FIVE)  # back to 0
    kiosk.press(THREE)
    assert isinstance(kiosk.view, CallbackView)
    assert kiosk.view.digits == "10"
    kiosk.press(TWO)  # no call
    assert isinstance(kiosk.view, ReasonsView)


def test_language_and_appearance_have_keys(kiosk: Kiosk) -> None:
    assert kiosk.type("language").chrome.language == "en"
    assert kiosk.type("language").chrome.language == "ko"
    assert kiosk.type("language").chrome.language == "zh-CN"
    assert kiosk.type("appearance").chrome.appearance == "large"


# --- what is answered on the screen ------------------------------------------------------------


def test_a_key_sinks_under_a_finger_comes_up_as_it_slides_off_and_sinks_again(kiosk: Kiosk) -> None:
    at_the_question(kiosk).down("level", 5)
    assert kiosk.sinks("level", 5)
    kiosk.move("level", 4)
    assert not kiosk.sinks("level", 5)
    assert not kiosk.sinks("level", 4)
    kiosk.move("level", 5)
    assert kiosk.sinks("level", 5)
    kiosk.pass_ms(80)
    kiosk.up("level", 5)
    assert kiosk.counter.reception.visit.state is State.REASONS


def test_a_key_stays_down_under_a_finger_while_the_timeout_line_moves(kiosk: Kiosk) -> None:
    at_the_question(kiosk).down("level", 5)
    kiosk.pass_ms(4_000)
    assert kiosk.sinks("level", 5)
    kiosk.up("level", 5)
    assert kiosk.counter.reception.visit.state is State.REASONS


def test_a_button_sinks_the_key_on_the_screen(kiosk: Kiosk) -> None:
    at_the_question(kiosk)
    sunk: list[bool] = []
    kiosk.hands.on_press = lambda action: sunk.append(kiosk.sinks(*action))
    kiosk.press(FOUR)
    assert sunk == [True]


def test_a_button_that_decides_sinks_its_target_until_it_is_let_go(kiosk: Kiosk) -> None:
    at_the_reasons(kiosk).edge(ONE, True)
    assert kiosk.sinks("submit")
    assert isinstance(kiosk.pass_ms(500), ReasonsView)
    kiosk.edge(ONE, False)
    kiosk.pass_ms(60)
    kiosk.wait_for(ThanksView)


def test_every_way_to_press_is_answered_once(kiosk: Kiosk) -> None:
    kiosk.touch("rate")
    kiosk.pass_ms(1_000)
    kiosk.type(5)
    kiosk.pass_ms(1_500)
    kiosk.press(FOUR)
    kiosk.press(THREE)
    kiosk.type("press")
    kiosk.press(Extra.NEXT)
    assert kiosk.answered == ["rate", "level", "focus", "tag", "tag", "submit"]


def test_nothing_is_in_focus_for_whoever_touches(kiosk: Kiosk) -> None:
    at_the_reasons(kiosk)
    assert kiosk.in_focus() is None
    kiosk.type("next")
    assert kiosk.in_focus() == Action("tag", kiosk.view.tags[0])
    kiosk.touch("tag", kiosk.view.tags[3])
    assert kiosk.in_focus() is None


def test_the_ring_stays_while_the_page_changes_around_it(kiosk: Kiosk) -> None:
    at_the_reasons(kiosk).type("next")
    kiosk.type("press")
    kiosk.type("language")
    kiosk.pass_ms(2_000)
    assert kiosk.in_focus() == Action("tag", kiosk.view.tags[0])


def test_no_level_of_a_question_is_ever_preset(kiosk: Kiosk) -> None:
    kiosk.type("next")
    assert kiosk.in_focus() == Action("rate")
    kiosk.type("press")
    assert isinstance(kiosk.pass_ms(1_000), RatingView)
    assert kiosk.in_focus() is None
    kiosk.type("submit")
    assert isinstance(kiosk.view, RatingView)


def test_the_screen_explains_the_buttons_to_whoever_uses_them(kiosk: Kiosk) -> None:
    at_the_reasons(kiosk)
    assert not kiosk.hands.by_keys
    kiosk.press(FOUR)
    assert kiosk.hands.by_keys
    kiosk.touch("tag", kiosk.view.tags[0])
    assert not kiosk.hands.by_keys


def test_the_next_citizen_is_not_taken_for_the_last_one(kiosk: Kiosk) -> None:
    at_the_reasons(kiosk).press(ONE)
    kiosk.wait_for(ThanksView)
    assert kiosk.hands.by_keys
    kiosk.press(ONE)
    kiosk.wait_for(IdleView)
    assert not kiosk.hands.by_keys


# --- pressed once more than meant ----------------------------------------------------------------


@pytest.mark.parametrize("level", list(Level))
def test_a_level_that_is_tapped_ten_times_is_one_level_and_nothing_else(
    kiosk: Kiosk, level: Level
) -> None:
    at_the_question(kiosk)
    for _ in range(10):
        kiosk.press(level, held_ms=90)
        kiosk.pass_ms(150)
    assert isinstance(kiosk.view, ReasonsView)
    assert picked(kiosk) == frozenset()
    assert kiosk.in_focus() is None
    assert surplus(kiosk) == 9


def test_a_button_that_is_held_through_a_page_change_does_nothing_there(kiosk: Kiosk) -> None:
    at_the_question(kiosk).edge(ONE, True)
    assert isinstance(kiosk.pass_ms(4_000), ReasonsView)
    kiosk.edge(ONE, False)
    assert isinstance(kiosk.pass_ms(1_000), ReasonsView)


def test_a_button_that_opens_the_question_does_not_also_answer_it(kiosk: Kiosk) -> None:
    for _ in range(6):
        kiosk.press(ONE, held_ms=80)
        kiosk.pass_ms(160)
    assert isinstance(kiosk.view, RatingView)
    assert kiosk.counter.reception.visit.draft is None
    kiosk.pass_ms(CALM_MS)
    kiosk.press(ONE)
    assert kiosk.counter.reception.visit.draft is not None


def test_presses_that_come_at_once_after_a_stall_cast_nothing_on_a_page_unseen(
    kiosk: Kiosk,
) -> None:
    start = kiosk.now_ms
    for at_ms, button, pressed in ((0, ONE, True), (60, ONE, False), (120, FIVE, True)):
        kiosk.hands.edge(button, pressed, start + at_ms)
    kiosk.hands.take(DigitKey(3), start + 130)
    kiosk.counter.now_ms += 140
    assert isinstance(kiosk.turn(), RatingView)
    assert kiosk.counter.reception.visit.draft is None


def test_another_button_is_free_as_soon_as_the_page_has_settled(kiosk: Kiosk) -> None:
    kiosk.press(ONE, held_ms=80)
    kiosk.pass_ms(300)
    kiosk.press(FIVE)
    assert kiosk.counter.reception.visit.draft is not None


def test_a_long_press_counts_once(kiosk: Kiosk) -> None:
    at_the_reasons(kiosk).edge(FIVE, True)
    kiosk.pass_ms(LONG_MS + 100)
    kiosk.wait_for(ThanksView)
    assert isinstance(kiosk.pass_ms(3_000), ThanksView)


def test_the_button_under_a_long_press_does_not_do_what_a_short_one_does(kiosk: Kiosk) -> None:
    at_the_reasons(kiosk).press(FOUR)
    kiosk.press(THREE, held_ms=LONG_MS + 100)
    kiosk.wait_for(ThanksView)
    kiosk.press(Extra.NEXT)
    kiosk.wait_for(IdleView)
    assert_rated(kiosk, Level.VERY_SATISFIED, tags=0)


def test_a_button_wins_over_a_finger_that_is_still_down(kiosk: Kiosk) -> None:
    at_the_question(kiosk).down("level", 1)
    kiosk.press(FIVE)
    kiosk.pass_ms(50)
    kiosk.hands.take(ContactDown(FINGER, 0, 0), kiosk.now_ms)
    draft = kiosk.counter.reception.visit.draft
    assert draft is not None
    assert draft.level is FIVE


def test_a_key_takes_the_screen_from_a_finger_that_holds_something_else(kiosk: Kiosk) -> None:
    at_the_reasons(kiosk).down("tag", kiosk.view.tags[3])
    kiosk.type("next")
    assert not kiosk.sinks("tag", kiosk.view.tags[3])
    kiosk.pass_ms(80)
    kiosk.up("tag", kiosk.view.tags[3])
    assert picked(kiosk) == frozenset()


def test_a_button_that_achieved_nothing_leaves_no_key_down(kiosk: Kiosk) -> None:
    at_the_pad(kiosk)
    for _ in range(2):
        kiosk.press(ONE)
        assert isinstance(kiosk.view, CallbackView)
        assert kiosk.view.problem
        assert not kiosk.sinks("confirm")


def test_keys_without_a_meaning_here_do_nothing(kiosk: Kiosk) -> None:
    kiosk.press(Extra.SKIP)
    kiosk.type("change")
    kiosk.type("leave")
    kiosk.type(9)
    assert isinstance(kiosk.view, IdleView)
    at_the_question(kiosk).press(Extra.NEXT)
    kiosk.type("submit")
    assert isinstance(kiosk.view, RatingView)
    assert kiosk.counter.reception.visit.draft is None
    at_reasons = kiosk.press(FIVE)
    kiosk.pass_ms(1_500)
    kiosk.type(5)
    assert isinstance(at_reasons, RatingView | ReasonsView)
    assert picked(kiosk) == frozenset()


# --- a dark screen ---------------------------------------------------------------------


@pytest.fixture
def dark(kiosk: Kiosk, monkeypatch: pytest.MonkeyPatch) -> Kiosk:
    """A kiosk at night, by a clock that is right."""
    vigil = kiosk.counter.reception._vigil
    monkeypatch.setattr(vigil, "_hours", (0, 24 * 60 - 1))
    monkeypatch.setattr(vigil, "_awake_until_ms", 0)
    monkeypatch.setattr("device.kiosk.vigil.clock_quality", lambda: ClockQuality.SYNCED)
    kiosk.turn()
    assert isinstance(kiosk.view, DarkView)
    return kiosk


def test_a_screen_lit_by_an_invitation_takes_the_first_tap(dark: Kiosk) -> None:
    visit = uuid4()
    dark.counter.reception._try(Invited(visit, InvitedBy.STAFF, "12", "0317"), dark.now_ms)
    assert isinstance(dark.pass_ms(1_000), RatingView)
    dark.touch("level", 4)
    assert dark.counter.reception.visit.draft is not None


def test_a_screen_lit_by_the_morning_takes_the_first_tap(
    dark: Kiosk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(dark.counter.reception._vigil, "_hours", None)
    assert isinstance(dark.pass_ms(1_000), IdleView)
    dark.touch("rate")
    assert isinstance(dark.view, RatingView)


def test_the_touch_that_wakes_the_screen_opens_nothing(dark: Kiosk) -> None:
    woken: list[bool] = []
    dark.hands.on_wake = lambda: woken.append(True)
    dark.hands.take(ContactDown(FINGER, 640, 400), dark.now_ms)
    dark.turn()
    assert isinstance(dark.view, IdleView)
    assert woken == [True]
    dark.pass_ms(500)
    dark.up("rate")
    assert isinstance(dark.pass_ms(300), IdleView)
    dark.touch("rate")
    assert isinstance(dark.view, RatingView)


@pytest.mark.parametrize("key", [FIVE, Extra.NEXT, "submit", 3])
def test_the_key_that_wakes_the_screen_opens_nothing(dark: Kiosk, key: Level | str | int) -> None:
    by_button = isinstance(key, Level | Extra)
    first = dark.press(key, held_ms=2_000) if by_button else dark.type(key)
    assert isinstance(first, IdleView)
    dark.pass_ms(1_000)
    second = dark.press(key) if by_button else dark.type(key)
    assert isinstance(second, RatingView)


# --- when one way fails ----------------------------------------------------------------


def haunt(kiosk: Kiosk, place: tuple[int, int]) -> None:
    for _ in range(SPIKES):
        kiosk.pass_ms(3_000)
        kiosk.spike(place)


def test_a_haunted_panel_goes_out_of_service_and_the_buttons_go_on(kiosk: Kiosk) -> None:
    kiosk.hands.have_buttons((), kiosk.now_ms)
    haunt(kiosk, (1216, 19))
    assert kiosk.faults == [("touch-phantom", "at 1216,19, 5 times, every 3000 ms")]
    assert kiosk.hands.touch_out
    kiosk.touch("rate")
    assert isinstance(kiosk.view, IdleView)
    assert kiosk.counts["touch.out"] == 1
    kiosk.press(FIVE)
    assert isinstance(kiosk.view, RatingView)


def test_a_haunted_panel_comes_back_when_it_has_been_quiet(kiosk: Kiosk) -> None:
    kiosk.hands.have_buttons((), kiosk.now_ms)
    haunt(kiosk, (1216, 19))
    kiosk.pass_ms(60_100)
    assert [code for code, _ in kiosk.faults] == ["touch-phantom", "touch-back"]
    assert not kiosk.hands.touch_out
    kiosk.touch("rate")
    assert isinstance(kiosk.view, RatingView)


def test_a_device_without_buttons_goes_on_beside_the_haunted_spot(kiosk: Kiosk) -> None:
    haunt(kiosk, (1216, 19))
    assert not kiosk.hands.touch_out
    kiosk.touch("rate")
    assert isinstance(kiosk.view, RatingView)


def test_what_keeps_touching_is_reported_and_the_others_can_press(kiosk: Kiosk) -> None:
    kiosk.down("rate", contact=1)
    kiosk.pass_ms(LOST_MS + 100)
    assert [code for code, _ in kiosk.faults] == ["touch-stuck"]
    assert not kiosk.sinks("rate")
    kiosk.touch("rate", contact=2)
    assert isinstance(kiosk.view, RatingView)


def test_a_stuck_button_is_reported_and_touch_goes_on(kiosk: Kiosk) -> None:
    kiosk.edge(Extra.NEXT, True)
    kiosk.pass_ms(STUCK_MS + 100)
    assert kiosk.faults == [("button-stuck", "next")]
    kiosk.touch("level", 5)
    assert kiosk.counter.reception.visit.draft is not None


def test_a_wet_cloth_is_counted_and_presses_nothing(kiosk: Kiosk) -> None:
    at_the_question(kiosk)
    for contact in range(8):
        kiosk.down("level", 1 + contact % 5, contact=contact)
    kiosk.pass_ms(100)
    for contact in range(8):
        kiosk.up("level", 1 + contact % 5, contact=contact)
    assert kiosk.counter.reception.visit.draft is None
    assert kiosk.counts == {"touch.flood": 3, "touch.floods": 1}
    assert not any(kiosk.sinks("level", level) for level in Level)


def test_a_finger_that_is_also_a_mouse_picks_a_reason_once(kiosk: Kiosk) -> None:
    at_the_reasons(kiosk)
    tag = kiosk.view.tags[2]
    kiosk.down("tag", tag, contact=FINGER)
    kiosk.down("tag", tag, contact=MOUSE)
    kiosk.pass_ms(80)
    kiosk.up("tag", tag, contact=FINGER)
    kiosk.up("tag", tag, contact=MOUSE)
    assert picked(kiosk) == {tag}
    assert surplus(kiosk) == 0


# --- whatever hands do -----------------------------------------------------------------------


@pytest.mark.parametrize("seed", range(8))
def test_whatever_hands_do_the_picture_is_that_of_the_page(kiosk: Kiosk, seed: int) -> None:
    """No key stays down and no ring stays behind, whatever was pressed with what."""
    dice = random.Random(seed)
    buttons_down: set[Level | Extra] = set()
    fingers_down: set[int] = set()
    for _ in range(150):
        place = (dice.randrange(1280), dice.choice((130, 130, 230, 600)))
        finger = dice.choice((MOUSE, 0, 1))
        match dice.randrange(6):
            case 0:
                kiosk.hands.take(ContactDown(finger, *place), kiosk.now_ms)
                fingers_down.add(finger)
            case 1:
                kiosk.hands.take(ContactMove(finger, *place), kiosk.now_ms)
            case 2 if fingers_down:
                kiosk.hands.take(ContactUp(fingers_down.pop(), *place), kiosk.now_ms)
            case 3:
                kiosk.type(dice.choice((0, 3, "submit", "press", "next", "previous", "change")))
            case 4 | 5:
                button = dice.choice([*Level, *Extra])
                kiosk.edge(button, button not in buttons_down)
                buttons_down ^= {button}
        kiosk.pass_ms(dice.choice((0, 30, 90, 400, 1_600)))
    for button in buttons_down:
        kiosk.edge(button, False)
    for finger in fingers_down:
        kiosk.hands.take(ContactUp(finger, 5, 700), kiosk.now_ms)
    kiosk.pass_ms(1_000)
    kiosk.hands.page_changed(kiosk.now_ms)
    kiosk.hands.shows(kiosk.scene)
    painted = pygame.Surface(kiosk.canvas.size, 0, 32)
    plain(kiosk.view).paint(painted)
    assert pygame.image.tobytes(kiosk.canvas.surface, "RGB") == pygame.image.tobytes(painted, "RGB")
