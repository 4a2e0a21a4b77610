"""Which touches count: one finger, one key, long enough, on a page that has settled, on a
panel that does not tap by itself."""

import random
from typing import NamedTuple

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from device.core.gestures import (
    CONTACTS_KEPT,
    FLOOD_MS,
    FULL_HAND,
    LOST_MS,
    MOUSE,
    SETTLE_MS,
    TWIN_MS,
    Fault,
    Finding,
    Touch,
    Verdict,
    down,
    due_ms,
    fall_asleep,
    let_go,
    look,
    move,
    page_changed,
    up,
    wake,
    with_spare,
)
from device.core.phantoms import BEATS, MIN_DWELL_MS, QUIET_MS, SPIKES, Place

PRESSED, ACCEPTED, RELEASED = Verdict.PRESSED, Verdict.ACCEPTED, Verdict.RELEASED
SURPLUS, NOTHING, WOKE, OUT = Verdict.SURPLUS, Verdict.NOTHING, Verdict.WOKE, Verdict.OUT

KEYS = {"5": Place(150, 600), "4": Place(400, 600), "3": Place(640, 600), "1": Place(1130, 600)}
BESIDE = Place(640, 200)
Step = tuple[str, int, str | None, int]
"""("down", "move" or "up", contact, what lies under it, milliseconds)."""
NEW: Touch[str] = Touch()


def do(touch: Touch[str], step: Step) -> tuple[Touch[str], Verdict]:
    kind, contact, target, at_ms = step
    place = KEYS[target] if target else BESIDE
    if kind == "move":
        return move(touch, contact, place, target, at_ms), NOTHING
    act = down if kind == "down" else up
    return act(touch, contact, place, target, at_ms)


def after(*steps: Step, start: Touch[str] = NEW) -> Touch[str]:
    for step in steps:
        start, _ = do(start, step)
    return start


def play(*steps: Step, start: Touch[str] = NEW) -> list[Verdict]:
    verdicts = []
    for step in steps:
        start, verdict = do(start, step)
        if step[0] != "move":
            verdicts.append(verdict)
    return verdicts


def settled(now_ms: int, touch: Touch[str] = NEW) -> Touch[str]:
    return page_changed(touch, now_ms)


# --- one finger ----------------------------------------------------------------------


def test_a_finger_down_and_up_on_one_key_is_a_press() -> None:
    assert play(("down", 1, "5", 1000), ("up", 1, "5", 1080)) == [PRESSED, ACCEPTED]


def test_the_key_shows_as_pressed_before_anything_is_decided() -> None:
    assert after(("down", 1, "5", 1000)).sunk == "5"
    assert after(("down", 1, "5", 1000), ("up", 1, "5", 1080)).sunk is None


@pytest.mark.parametrize("elsewhere", ["4", None])
def test_a_finger_that_slides_off_counts_for_nothing(elsewhere: str | None) -> None:
    assert play(("down", 1, "5", 1000), ("up", 1, elsewhere, 1080)) == [PRESSED, RELEASED]


def test_a_key_comes_up_as_the_finger_slides_off_and_goes_down_as_it_comes_back() -> None:
    off = after(("down", 1, "5", 1000), ("move", 1, "4", 1100))
    assert off.sunk is None
    assert after(("move", 1, "5", 1200), start=off).sunk == "5"
    assert play(("move", 1, "5", 1200), ("up", 1, "5", 1300), start=off) == [ACCEPTED]


def test_a_finger_that_lands_beside_everything_is_ignored_even_if_it_slides_on() -> None:
    steps: list[Step] = [("down", 1, None, 1000), ("move", 1, "5", 1040), ("up", 1, "5", 1080)]
    assert play(*steps) == [NOTHING, NOTHING]


def test_a_finger_that_slides_over_several_keys_presses_none() -> None:
    assert play(
        ("down", 1, "5", 1000), ("up", 1, "1", 1700), ("down", 2, "3", 1800), ("up", 2, "3", 1900)
    ) == [PRESSED, RELEASED, PRESSED, ACCEPTED]


@pytest.mark.parametrize(
    ("dwell_ms", "verdict"),
    [
        (0, RELEASED),
        (MIN_DWELL_MS - 1, RELEASED),
        (MIN_DWELL_MS, ACCEPTED),
        (MIN_DWELL_MS + 1, ACCEPTED),
        (LOST_MS, ACCEPTED),
        (LOST_MS + 1, NOTHING),
    ],
)
def test_a_contact_must_stay_as_long_as_a_finger_does_and_no_longer(
    dwell_ms: int, verdict: Verdict
) -> None:
    assert play(("down", 1, "5", 1000), ("up", 1, "5", 1000 + dwell_ms)) == [PRESSED, verdict]


def test_a_contact_that_was_never_down_lifts_and_moves_nothing() -> None:
    assert play(("up", 7, "5", 1000)) == [NOTHING]
    assert after(("move", MOUSE, "5", 1000)) == NEW


# --- a page that has just appeared ---------------------------------------------------


@pytest.mark.parametrize(
    ("after_ms", "verdict"),
    [(0, SURPLUS), (SETTLE_MS - 1, SURPLUS), (SETTLE_MS, PRESSED), (SETTLE_MS + 1, PRESSED)],
)
def test_nothing_counts_until_the_page_has_settled(after_ms: int, verdict: Verdict) -> None:
    assert play(("down", 1, "5", 1000 + after_ms), start=settled(1000)) == [verdict]


def test_a_finger_held_through_a_page_change_presses_nothing_on_the_new_page() -> None:
    held = settled(1000, after(("down", 1, "5", 900)))
    assert held.sunk is None
    assert play(("up", 1, "5", 1400), start=held) == [NOTHING]


def test_a_double_tap_does_not_reach_the_next_page() -> None:
    tapped = after(("down", 1, "5", 1000), ("up", 1, "5", 1080))
    second = play(("down", 1, "5", 1160), ("up", 1, "5", 1240), start=settled(1090, tapped))
    assert second == [SURPLUS, NOTHING]


def test_a_page_settles_though_a_press_came_and_went() -> None:
    assert play(
        ("down", 1, "5", 400), ("up", 1, "5", 405), ("down", 1, "4", 410), ("up", 1, "4", 500),
        start=settled(0),
    ) == [PRESSED, RELEASED, PRESSED, ACCEPTED]  # fmt: skip


# --- several fingers -----------------------------------------------------------------


def test_a_palm_of_three_contacts_presses_at_most_one_key() -> None:
    assert play(
        ("down", 1, "3", 1000), ("down", 2, "4", 1004), ("down", 3, "5", 1009),
        ("up", 2, "4", 1120), ("up", 3, "5", 1124), ("up", 1, "3", 1130),
    ) == [PRESSED, SURPLUS, SURPLUS, NOTHING, NOTHING, ACCEPTED]  # fmt: skip


def test_of_a_palm_that_rolls_off_nothing_counts() -> None:
    assert play(
        ("down", 1, "3", 1000), ("down", 2, "4", 1004), ("up", 1, "4", 1090), ("up", 2, "4", 1110)
    ) == [PRESSED, SURPLUS, RELEASED, NOTHING]


def test_a_second_finger_on_the_same_key_cannot_finish_the_first_ones_press() -> None:
    assert play(
        ("down", 1, "5", 1000), ("down", 2, "5", 1010), ("up", 2, "5", 1090), ("up", 1, "5", 1100)
    ) == [PRESSED, SURPLUS, NOTHING, ACCEPTED]


def test_a_button_that_acted_takes_the_screen_from_the_finger() -> None:
    held = let_go(after(("down", 1, "5", 1000)))
    assert held.sunk is None
    assert play(("up", 1, "5", 1100), ("down", 1, "4", 1200), start=held) == [NOTHING, PRESSED]


# --- touches whose end is lost, or does not come ---------------------------------------


def test_a_touch_whose_end_was_lost_keeps_nobody_from_touching() -> None:
    # The panel is pulled out in mid-touch; plugged in again, its next finger is number 0 again.
    lost = after(("down", 0, "5", 1_000))
    assert play(("down", 0, "4", 3_000), ("up", 0, "4", 3_100), start=lost) == [PRESSED, ACCEPTED]


def test_a_touch_that_lasts_too_long_gives_way_to_the_next_finger() -> None:
    held = after(("down", 0, "5", 1_000))
    assert play(("down", 1, "4", 1_000 + LOST_MS), start=held) == [SURPLUS]
    assert play(("down", 1, "4", 1_001 + LOST_MS), start=held) == [PRESSED]


def test_a_stuck_touch_comes_up_is_reported_once_and_does_nothing_when_it_ends() -> None:
    held = after(("down", 0, "5", 1_000))
    assert due_ms(held) == 1_001 + LOST_MS
    assert look(held, 1_000 + LOST_MS) == (held, ())
    touch, found = look(held, 1_001 + LOST_MS)
    assert [finding.fault for finding in found] == [Fault.STUCK]
    assert touch.sunk is None
    assert due_ms(touch) is None
    assert look(touch, 50_000)[1] == ()
    assert play(("up", 0, "5", 60_000), start=touch) == [NOTHING]


def test_what_sticks_and_comes_loose_all_the_time_is_reported_once() -> None:
    touch, found = NEW, []
    for round_ms in range(0, 10 * (LOST_MS + 2_000), LOST_MS + 2_000):
        touch = after(("down", 0, "5", round_ms), start=touch)
        touch, more = look(touch, round_ms + LOST_MS + 1_000)
        found += more
        touch = after(("up", 0, "5", round_ms + LOST_MS + 1_500), start=touch)
    assert [finding.fault for finding in found] == [Fault.STUCK]


def test_a_finger_that_wanders_about_is_not_stuck_but_loses_the_key() -> None:
    touch = after(("down", 0, "5", 0))
    for second in range(1, 20):
        touch = after(("move", 0, ("5", "4")[second % 2], second * 1000), start=touch)
        touch, found = look(touch, second * 1000)
        assert found == ()
    assert play(("down", 1, "4", 20_000), ("up", 1, "4", 20_100), start=touch)[-1] is ACCEPTED


def test_touches_that_never_end_fill_no_memory() -> None:
    touch = NEW
    for contact in range(3 * CONTACTS_KEPT):
        touch = after(("down", contact, None, contact * 20_000), start=touch)
    assert len(touch.contacts) == CONTACTS_KEPT


# --- one touch told twice ----------------------------------------------------------------


@pytest.mark.parametrize(("first", "second"), [(MOUSE, 4), (4, MOUSE)])
def test_a_finger_and_a_mouse_at_one_place_are_one_touch(first: int, second: int) -> None:
    assert play(
        ("down", first, "5", 1000), ("down", second, "5", 1003),
        ("up", first, "5", 1090), ("up", second, "5", 1094),
    ) == [PRESSED, Verdict.TWIN, ACCEPTED, NOTHING]  # fmt: skip


def test_a_mouse_at_another_place_is_a_second_contact() -> None:
    assert play(("down", 4, "5", 1000), ("down", MOUSE, "4", 1003)) == [PRESSED, SURPLUS]


def test_two_fingers_at_one_place_one_after_the_other_are_two_touches() -> None:
    taps: list[Step] = [
        ("down", 4, "5", 1000), ("up", 4, "5", 1060), ("down", 5, "5", 1075), ("up", 5, "5", 1130),
    ]  # fmt: skip
    assert play(*taps) == [PRESSED, ACCEPTED, PRESSED, ACCEPTED]


def test_the_mouse_counts_again_a_moment_after_the_finger_was_lifted() -> None:
    tapped = after(("down", 4, "5", 1000), ("up", 4, "5", 1060))
    assert play(("down", MOUSE, "5", 1060 + TWIN_MS), start=tapped) == [Verdict.TWIN]
    assert play(("down", MOUSE, "5", 1061 + TWIN_MS), start=tapped) == [PRESSED]


def test_a_finger_that_never_ended_does_not_take_the_mouses_presses() -> None:
    lost = after(("down", 4, "5", 1000))
    assert play(("down", MOUSE, "5", 2000), start=lost) == [Verdict.TWIN]
    assert play(("down", MOUSE, "5", 1001 + LOST_MS), start=lost) == [PRESSED]


# --- a dark screen -------------------------------------------------------------------------


def test_the_touch_that_wakes_the_screen_does_nothing_else() -> None:
    touch, verdict = do(fall_asleep(NEW), ("down", 1, "5", 1000))
    assert verdict is WOKE
    assert not touch.asleep
    assert touch.sunk is None
    assert play(("up", 1, "5", 5000), start=touch) == [NOTHING]


def test_after_the_waking_touch_the_screen_has_to_settle() -> None:
    touch = after(("down", 1, "5", 1000), ("up", 1, "5", 5000), start=fall_asleep(NEW))
    assert play(("down", 1, "5", 4999 + SETTLE_MS), start=touch) == [SURPLUS]
    assert play(("down", 1, "5", 5000 + SETTLE_MS), start=touch) == [PRESSED]


def test_the_whole_hand_that_wakes_the_screen_does_nothing_else() -> None:
    touch = after(("down", 1, "5", 1000), start=fall_asleep(NEW))
    assert play(("down", 2, "4", 2000), ("up", 2, "4", 2100), start=touch) == [WOKE, NOTHING]


def test_a_waking_touch_that_never_ends_swallows_others_for_ten_seconds_only() -> None:
    touch = after(("down", 1, "5", 1000), start=fall_asleep(NEW))
    assert play(("down", 2, "4", 1001 + LOST_MS), start=touch) == [PRESSED]


def test_a_key_that_wakes_the_screen_lets_it_settle_too() -> None:
    touch = wake(fall_asleep(NEW), 1000)
    assert play(("down", 1, "5", 999 + SETTLE_MS), start=touch) == [SURPLUS]
    assert wake(touch, 9000) == touch


# --- a panel that taps by itself --------------------------------------------------------------


class Tap(NamedTuple):
    down_ms: int
    length_ms: int
    place: Place


def taps_of(touch: Touch[str], taps: list[Tap], contact: int = 0) -> tuple[Touch[str], list[str]]:
    """Play taps on the key that lies around all of them; returns what became of it."""
    became: list[str] = []
    for tap in taps:
        touch, _ = down(touch, contact, tap.place, "key", tap.down_ms)
        touch, verdict = up(touch, contact, tap.place, "key", tap.down_ms + tap.length_ms)
        became.append(verdict.value)
        touch, found = look(touch, tap.down_ms + tap.length_ms)
        became += [str(finding.fault) for finding in found]
    return touch, became


def spikes(count: int, every_ms: int, start_ms: int = 0, at: Place = BESIDE) -> list[Tap]:
    return [Tap(start_ms + number * every_ms, 0, at) for number in range(count)]


def test_spikes_at_one_point_take_touch_out_of_service_where_there_are_buttons() -> None:
    touch, became = taps_of(with_spare(NEW), spikes(SPIKES, 12_864))
    assert became.count(Fault.PHANTOM) == 1
    assert became[-1] == Fault.PHANTOM
    assert touch.out
    now_ms = 12_864 * SPIKES
    assert play(("down", 1, "5", now_ms), ("up", 1, "5", now_ms + 90), start=touch)[0] is OUT


def test_without_buttons_only_the_spot_is_out_of_service() -> None:
    touch, _ = taps_of(NEW, spikes(SPIKES, 12_864, at=KEYS["5"]))
    now_ms = 12_864 * SPIKES
    assert not touch.out
    assert play(("down", 1, "5", now_ms), start=touch) == [OUT]
    assert play(("down", 1, "4", now_ms), start=touch) == [PRESSED]
    edge_of_the_key = Place(KEYS["5"].x + 60, KEYS["5"].y)
    assert down(touch, 1, edge_of_the_key, "5", now_ms)[1] is PRESSED


def test_four_spikes_are_not_enough() -> None:
    touch, became = taps_of(NEW, spikes(SPIKES - 1, 12_864))
    assert became == ["released"] * (SPIKES - 1)
    assert touch.haunts == ()


def test_a_proper_touch_at_the_same_point_begins_the_count_anew() -> None:
    finger = [Tap(50_000, 80, BESIDE)]
    taps = [*spikes(SPIKES - 1, 10_000), *finger, *spikes(SPIKES - 1, 10_000, 60_000)]
    assert taps_of(NEW, taps)[0].haunts == ()


def test_a_citizen_who_touches_other_places_does_not_hide_the_phantom() -> None:
    touch = NEW
    for number, phantom in enumerate(spikes(SPIKES, 12_864)):
        touch, _ = taps_of(touch, [phantom])
        touch, _ = taps_of(touch, [Tap(phantom.down_ms + 3_000, 90, KEYS["4"])], 1 + number)
    assert len(touch.haunts) == 1


def test_a_phantom_that_strikes_while_a_finger_holds_a_key_takes_nothing_from_it() -> None:
    held = after(("down", 1, "5", 1000))
    struck = after(("down", 0, None, 1020), ("up", 0, None, 1020), start=held)
    assert play(("up", 1, "5", 1090), start=struck) == [ACCEPTED]


def test_touches_in_step_like_a_clock_at_one_point_are_found_though_each_is_long() -> None:
    taps = [Tap(number * 7_000, 120, BESIDE) for number in range(BEATS)]
    _, became = taps_of(NEW, taps)
    assert became == ["accepted"] * (BEATS - 1) + ["released", Fault.PHANTOM]


def test_a_digit_typed_again_and_again_with_a_mouse_is_no_phantom() -> None:
    taps = [Tap(number * 400, 90, BESIDE) for number in range(11)]
    assert taps_of(NEW, taps)[1] == ["accepted"] * 11


def test_a_finger_that_drags_is_no_clockwork() -> None:
    touch = NEW
    for at_ms in range(0, 2 * BEATS * 7_000, 7_000):
        touch = after(
            ("down", 0, "5", at_ms), ("move", 0, "4", at_ms + 100), ("up", 0, "4", at_ms + 200),
            start=touch,
        )  # fmt: skip
    assert touch.haunts == ()


def test_a_panel_that_was_quiet_for_long_enough_is_trusted_again() -> None:
    touch, _ = taps_of(with_spare(NEW), spikes(SPIKES, 12_864))
    quiet_ms = (SPIKES - 1) * 12_864 + QUIET_MS
    assert due_ms(touch) == quiet_ms
    assert look(touch, quiet_ms - 1)[0].out
    touch, found = look(touch, quiet_ms)
    assert [finding.fault for finding in found] == [Fault.BACK]
    assert not touch.out
    assert play(("down", 1, "5", quiet_ms), start=touch) == [PRESSED]


def test_citizens_who_try_a_dead_panel_do_not_keep_it_dead() -> None:
    touch, _ = taps_of(with_spare(NEW), spikes(SPIKES, 1_000))
    tries = [Tap(second * 1000, 90, Place(400 + second, 600)) for second in range(5, 60)]
    touch, _ = taps_of(touch, tries, contact=1)
    assert not look(touch, (SPIKES - 1) * 1_000 + QUIET_MS)[0].out


def test_a_slow_phantom_has_to_be_silent_for_three_of_its_intervals() -> None:
    touch, _ = taps_of(with_spare(NEW), spikes(SPIKES, 55_000))
    last_ms = (SPIKES - 1) * 55_000
    assert look(touch, last_ms + 3 * 55_000 - 1)[0].out
    assert not look(touch, last_ms + 3 * 55_000)[0].out


def test_a_phantom_that_was_found_does_not_light_a_dark_screen() -> None:
    touch, _ = taps_of(with_spare(NEW), spikes(SPIKES, 12_864))
    touch, verdict = do(fall_asleep(touch), ("down", 0, None, SPIKES * 12_864))
    assert verdict is OUT
    assert touch.asleep


def test_a_finger_on_a_key_loses_it_as_touch_goes_out_of_service() -> None:
    touch, _ = taps_of(with_spare(NEW), spikes(SPIKES - 1, 100))
    touch = after(("down", 1, "5", 380), start=touch)
    touch, _ = taps_of(touch, spikes(1, 0, 400))
    assert touch.sunk is None
    assert play(("up", 1, "5", 480), start=touch) == [NOTHING]


def test_a_report_says_what_it_knows() -> None:
    assert Finding(Fault.STUCK, Place(12.4, 700)).detail == "at 12,700"
    assert Finding(Fault.PHANTOM, Place(1, 2), 5, 900).detail == "at 1,2, 5 times, every 900 ms"


# --- more than hands -----------------------------------------------------------------------------


def test_more_contacts_than_a_hand_has_fingers_count_for_nothing() -> None:
    steps: list[Step] = [("down", contact, "5", 1000 + contact) for contact in range(FULL_HAND)]
    touch = after(*steps)
    assert touch.sunk == "5"
    touch, verdict = do(touch, ("down", FULL_HAND, "4", 1010))
    assert verdict is Verdict.FLOOD
    assert touch.sunk is None
    touch, found = look(touch, 1010)
    assert [(finding.fault, finding.times) for finding in found] == [(Fault.FLOOD, FULL_HAND + 1)]
    assert play(("up", 0, "5", 1100), start=touch) == [NOTHING]


def test_a_flood_is_over_when_it_has_been_calm() -> None:
    steps: list[Step] = [("down", contact, "5", 1000) for contact in range(FULL_HAND + 1)]
    ends: list[Step] = [("up", contact, "5", 1100) for contact in range(FULL_HAND + 1)]
    touch = after(*steps, *ends)
    assert play(("down", 0, "5", 999 + FLOOD_MS), start=touch) == [Verdict.FLOOD]
    assert play(("down", 0, "5", 1000 + FLOOD_MS), start=touch) == [PRESSED]


def test_somebody_who_taps_on_impatiently_after_a_flood_is_heard_again() -> None:
    steps: list[Step] = [("down", contact, "5", 0) for contact in range(FULL_HAND + 1)]
    ends: list[Step] = [("up", contact, "5", 100) for contact in range(FULL_HAND + 1)]
    touch, verdicts = after(*steps, *ends), []
    for at_ms in range(200, 4000, 250):
        verdicts += play(("down", 0, "5", at_ms), start=touch)
        touch = after(("down", 0, "5", at_ms), ("up", 0, "5", at_ms + 90), start=touch)
    assert verdicts[-1] is PRESSED
    assert verdicts == sorted(verdicts, key=lambda verdict: verdict is PRESSED)


def test_two_hands_drumming_are_no_flood() -> None:
    touch, verdicts = NEW, []
    for number in range(60):
        at_ms = number * 70
        steps: list[Step] = [("down", number % 2, "5", at_ms), ("up", number % 2, "5", at_ms + 50)]
        verdicts += play(*steps, start=touch)
        touch = after(*steps, start=touch)
    assert Verdict.FLOOD not in verdicts
    assert verdicts.count(ACCEPTED) == 60


# --- whatever the panel says ---------------------------------------------------------

streams = st.lists(
    st.tuples(
        st.sampled_from(["down", "up", "move", "page", "sleep", "look"]),
        st.integers(MOUSE, 3),
        st.sampled_from([*KEYS, None]),
        st.one_of(st.integers(0, 200), st.integers(0, 2 * LOST_MS)),
    ),
    max_size=60,
)


@given(streams, st.booleans())
def test_a_press_is_always_one_contact_on_one_key_of_a_settled_lit_trusted_page(
    stream: list[tuple[str, int, str | None, int]], spare: bool
) -> None:
    touch, now_ms, settled_ms = msgspec.structs.replace(NEW, spare=spare), 1_000, 0
    held: tuple[int, str, int] | None = None
    downs, accepted = 0, 0
    for kind, contact, target, wait_ms in stream:
        now_ms += wait_ms
        before = touch
        if kind == "page":
            touch, settled_ms, held = page_changed(touch, now_ms), now_ms + SETTLE_MS, None
        elif kind == "sleep":
            touch, held = fall_asleep(touch), None
        elif kind == "look":
            touch, _ = look(touch, now_ms)
        else:
            touch, verdict = do(touch, (kind, contact, target, now_ms))
            downs += kind == "down"
            place = KEYS[target] if target else BESIDE
            if verdict is PRESSED:
                assert now_ms >= settled_ms
                assert target is not None
                assert not before.asleep
                assert not before.haunted(place)
                held = (contact, target, now_ms)
            elif verdict is ACCEPTED:
                accepted += 1
                assert held is not None
                assert held[:2] == (contact, target)
                assert MIN_DWELL_MS <= now_ms - held[2] <= LOST_MS
                assert not touch.haunted(place)
                held = None
        if touch.sunk is not None:
            assert held is not None
            assert touch.sunk == held[1]
        assert len(touch.contacts) <= CONTACTS_KEPT
    assert accepted <= downs


seeds = st.integers(0, 2**32)


@given(seeds, st.floats(3, 25), st.floats(150, 4_000), st.integers(5, 60))
def test_no_hand_is_ever_taken_for_the_panel(
    seed: int, scatter_px: float, pace_ms: float, count: int
) -> None:
    """Young or old, quick or slow, at one key for as long as they like.

    Scatter of half a millimetre and more; intervals that vary by 5 % or more; now and then a
    touch so light that the panel sees it for one scan.
    """
    dice = random.Random(seed)
    taps, now_ms = [], 0
    for _ in range(count):
        place = Place(
            round(KEYS["3"].x + dice.gauss(0, scatter_px)),
            round(KEYS["3"].y + dice.gauss(0, scatter_px)),
        )
        light = dice.random() < 0.1
        length_ms = dice.choice((8, 16)) if light else dice.randint(30, 140)
        taps.append(Tap(now_ms, length_ms, place))
        now_ms += max(145, round(dice.gauss(pace_ms, max(0.05, dice.random() / 4) * pace_ms)))
    touch, became = taps_of(with_spare(NEW), taps)
    assert touch.haunts == ()
    assert "accepted" in became


@given(seeds, st.integers(120, 60_000), st.floats(0, 0.7))
def test_a_panel_that_makes_spikes_at_one_point_is_always_found(
    seed: int, every_ms: int, blur_px: float
) -> None:
    dice = random.Random(seed)
    taps = [
        Tap(
            number * every_ms + dice.randint(0, every_ms // 2),
            dice.randrange(MIN_DWELL_MS),
            Place(300 + dice.uniform(0, blur_px), 500 + dice.uniform(0, blur_px)),
        )
        for number in range(SPIKES)
    ]
    touch, became = taps_of(with_spare(NEW), taps)
    assert touch.out
    assert "accepted" not in became


@given(seeds, st.integers(1_100, 30_000), st.integers(0, 400))
def test_a_panel_that_keeps_time_at_one_point_is_always_found(
    seed: int, every_ms: int, length_ms: int
) -> None:
    dice = random.Random(seed)
    taps = [
        Tap(number * every_ms + dice.randint(0, 9), length_ms, BESIDE) for number in range(BEATS)
    ]
    assert taps_of(with_spare(NEW), taps)[0].out
