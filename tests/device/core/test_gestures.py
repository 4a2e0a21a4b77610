"""Which touches count: one finger, one key, long enough, on a page that has settled."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from device.core.gestures import (
    LOST_MS,
    MIN_DWELL_MS,
    SETTLE_MS,
    Gesture,
    Verdict,
    down,
    page_changed,
    up,
)

PRESSED, ACCEPTED, RELEASED, IGNORED = Verdict
Touch = tuple[str, int, str | None, int]
"""("down" or "up", contact, what lies under it, milliseconds)."""


def play(*touches: Touch, start: Gesture | None = None) -> list[Verdict]:
    gesture, verdicts = start or Gesture(), []
    for move, contact, target, at_ms in touches:
        act = down if move == "down" else up
        gesture, verdict = act(gesture, contact, target, at_ms)
        verdicts.append(verdict)
    return verdicts


# --- one finger ----------------------------------------------------------------------


def test_a_finger_down_and_up_on_one_key_is_a_press() -> None:
    assert play(("down", 1, "5", 1000), ("up", 1, "5", 1080)) == [PRESSED, ACCEPTED]


def test_the_key_shows_as_pressed_before_anything_is_decided() -> None:
    gesture, verdict = down(Gesture(), 1, "5", 1000)
    assert verdict is PRESSED
    assert (gesture.contact, gesture.target, gesture.down_ms) == (1, "5", 1000)


@pytest.mark.parametrize("elsewhere", ["4", None])
def test_a_finger_that_slides_off_lets_the_key_go(elsewhere: str | None) -> None:
    assert play(("down", 1, "5", 1000), ("up", 1, elsewhere, 1080)) == [PRESSED, RELEASED]


def test_a_finger_that_lands_beside_everything_is_ignored_even_if_it_slides_on() -> None:
    assert play(("down", 1, None, 1000), ("up", 1, "5", 1080)) == [IGNORED, IGNORED]


def test_a_finger_that_slides_over_several_keys_presses_none() -> None:
    """The panel reports where it went down and where it went up, and they differ."""
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
        (30_000, ACCEPTED),
    ],
)
def test_a_contact_must_stay_as_long_as_a_finger_does(dwell_ms: int, verdict: Verdict) -> None:
    assert play(("down", 1, "5", 1000), ("up", 1, "5", 1000 + dwell_ms)) == [PRESSED, verdict]


# --- a page that has just appeared ---------------------------------------------------


@pytest.mark.parametrize(
    ("after_ms", "verdict"),
    [(0, IGNORED), (SETTLE_MS - 1, IGNORED), (SETTLE_MS, PRESSED), (SETTLE_MS + 1, PRESSED)],
)
def test_nothing_counts_until_the_page_has_settled(after_ms: int, verdict: Verdict) -> None:
    assert play(("down", 1, "5", 1000 + after_ms), start=page_changed(1000)) == [verdict]


def test_a_finger_held_through_a_page_change_presses_nothing_on_the_new_page() -> None:
    gesture, _ = down(Gesture(), 1, "skip", 900)
    assert gesture.contact == 1
    assert play(("up", 1, "skip", 1400), start=page_changed(1000)) == [IGNORED]


def test_a_double_tap_does_not_reach_the_next_page() -> None:
    gesture, _ = down(Gesture(), 1, "5", 1000)
    gesture, verdict = up(gesture, 1, "5", 1080)
    assert verdict is ACCEPTED
    second = play(("down", 1, "5", 1160), ("up", 1, "5", 1240), start=page_changed(1090))
    assert second == [IGNORED, IGNORED]


def test_a_page_settles_though_a_press_came_and_went() -> None:
    start = page_changed(0)
    assert play(
        ("down", 1, "5", 400), ("up", 1, "5", 405), ("down", 1, "4", 410), ("up", 1, "4", 500),
        start=start,
    ) == [PRESSED, RELEASED, PRESSED, ACCEPTED]  # fmt: skip


# --- as recorded at panels -----------------------------------------------------------


def test_a_panel_that_taps_by_itself_scores_nothing() -> None:
    """Zero-length taps at one point, dozens a second (raspberrypi/linux#7638)."""
    phantoms: list[Touch] = []
    for number in range(200):
        at_ms = 5_000 + number * 16
        phantoms += [("down", 0, "1", at_ms), ("up", 0, "1", at_ms + number % 3)]
    verdicts = play(*phantoms)
    assert ACCEPTED not in verdicts
    assert verdicts.count(RELEASED) == 200


def test_a_finger_counts_between_phantom_taps() -> None:
    assert play(
        ("down", 0, "1", 1000), ("up", 0, "1", 1000),
        ("down", 1, "5", 1010), ("down", 0, "1", 1020), ("up", 0, "1", 1020), ("up", 1, "5", 1090),
    ) == [PRESSED, RELEASED, PRESSED, IGNORED, IGNORED, ACCEPTED]  # fmt: skip


def test_a_palm_of_three_contacts_presses_at_most_one_key() -> None:
    assert play(
        ("down", 1, "3", 1000), ("down", 2, "4", 1004), ("down", 3, "5", 1009),
        ("up", 2, "4", 1120), ("up", 3, "5", 1124), ("up", 1, "3", 1130),
    ) == [PRESSED, IGNORED, IGNORED, IGNORED, IGNORED, ACCEPTED]  # fmt: skip


def test_of_a_palm_that_rolls_off_nothing_counts() -> None:
    assert play(
        ("down", 1, "3", 1000), ("down", 2, "4", 1004), ("up", 1, "4", 1090), ("up", 2, "4", 1110)
    ) == [PRESSED, IGNORED, RELEASED, IGNORED]


def test_a_second_finger_on_the_same_key_cannot_finish_the_first_ones_press() -> None:
    assert play(
        ("down", 1, "5", 1000), ("down", 2, "5", 1010), ("up", 2, "5", 1090), ("up", 1, "5", 1100)
    ) == [PRESSED, IGNORED, IGNORED, ACCEPTED]


def test_a_contact_that_was_never_down_lifts_nothing() -> None:
    assert play(("up", 7, "5", 1000)) == [IGNORED]


# --- whatever the panel says ---------------------------------------------------------

streams = st.lists(
    st.tuples(
        st.sampled_from(["down", "up", "page"]),
        st.integers(0, 3),
        st.sampled_from(["5", "4", "3", None]),
        st.integers(0, 200),
    ),
    max_size=40,
)


@given(streams)
def test_a_press_is_always_one_contact_on_one_key_of_a_settled_page(
    stream: list[tuple[str, int, str | None, int]],
) -> None:
    gesture, now_ms, page_ms = Gesture(), 1_000, 0
    held: tuple[int, str | None, int] | None = None
    for move, contact, target, wait_ms in stream:
        now_ms += wait_ms
        if move == "page":
            gesture, page_ms, held = page_changed(now_ms), now_ms, None
            continue
        act = down if move == "down" else up
        if move == "down" and held is not None and held[0] == contact:
            held = None  # its end was lost; the same finger begins anew
        gesture, verdict = act(gesture, contact, target, now_ms)
        if verdict is PRESSED:
            assert move == "down"
            assert held is None
            assert target is not None
            assert page_ms == 0 or now_ms - page_ms >= SETTLE_MS
            held = (contact, target, now_ms)
        elif verdict in (ACCEPTED, RELEASED):
            assert move == "up"
            assert held is not None
            who, where, since_ms = held
            assert who == contact
            counts = where == target and now_ms - since_ms >= MIN_DWELL_MS
            assert (verdict is ACCEPTED) == counts
            held = None
        else:
            assert held is None or move == "down" or contact != held[0]
        assert (gesture.contact is None) == (held is None)


def test_a_touch_whose_end_was_lost_keeps_nobody_from_touching() -> None:
    # The panel is pulled out in mid-touch; plugged in again, its next finger is number 0 again.
    gesture, _ = down(Gesture(), 0, "5", 1_000)
    gesture, verdict = down(gesture, 0, "4", 3_000)
    assert verdict is PRESSED
    assert up(gesture, 0, "4", 3_100)[1] is ACCEPTED


def test_a_touch_that_lasts_too_long_gives_way_to_the_next_finger() -> None:
    gesture, _ = down(Gesture(), 0, "5", 1_000)
    assert down(gesture, 1, "4", 1_000 + LOST_MS)[1] is Verdict.IGNORED
    assert down(gesture, 1, "4", 1_001 + LOST_MS)[1] is PRESSED
