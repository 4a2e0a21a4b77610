"""Worn buttons and clumsy hands: what counts is what a person meant."""

from hypothesis import given
from hypothesis import strategies as st

from device.core.buttons import (
    BOUNCE_MS,
    CALM_MS,
    LONG_MS,
    STUCK_MS,
    Buttons,
    Calm,
    Extra,
    Key,
    Length,
    Verdict,
    disregard,
    due_ms,
    edge,
    found_held,
    led_to_page,
    lengths,
    newly_stuck,
    page_changed,
    press_counts,
    stuck,
)
from protocol.levels import Level

BEST, GOOD, MIDDLE = Level.VERY_SATISFIED, Level.SATISFIED, Level.FAIRLY_SATISFIED

Edge = tuple[int, Key, bool]


def after(*edges: Edge, start: Buttons | None = None) -> tuple[Buttons, list[Verdict]]:
    buttons, verdicts = start or Buttons(), []
    for now_ms, key, pressed in edges:
        buttons, verdict = edge(buttons, key, pressed, now_ms)
        verdicts.append(verdict)
    return buttons, verdicts


def verdicts(*edges: Edge) -> list[Verdict]:
    return after(*edges)[1]


# --- one button -------------------------------------------------------------------------------


def test_a_press_counts_at_once_and_its_release_counts_nothing() -> None:
    assert verdicts((0, BEST, True), (300, BEST, False)) == [Verdict.PRESSED, Verdict.RELEASED]


def test_bounce_after_the_press_and_after_the_release_counts_nothing() -> None:
    assert (
        verdicts(
            (0, BEST, True),
            (3, BEST, False),
            (9, BEST, True),
            (300, BEST, False),
            (304, BEST, True),
            (311, BEST, False),
        )
        == [Verdict.PRESSED, Verdict.BOUNCE, Verdict.BOUNCE, Verdict.RELEASED]
        + [Verdict.BOUNCE] * 2
    )


def test_a_tap_shorter_than_the_bounce_counts() -> None:
    taps = verdicts((0, BEST, True), (5, BEST, False), (500, BEST, True), (505, BEST, False))
    assert taps.count(Verdict.PRESSED) == 2


def test_a_second_press_counts_as_soon_as_the_button_has_come_to_rest() -> None:
    released = 200
    soon = verdicts((0, BEST, True), (released, BEST, False), (released + BOUNCE_MS, BEST, True))
    sooner = verdicts(
        (0, BEST, True), (released, BEST, False), (released + BOUNCE_MS - 1, BEST, True)
    )
    assert soon[-1] is Verdict.PRESSED
    assert sooner[-1] is Verdict.BOUNCE


def test_a_release_that_no_press_preceded_is_ignored() -> None:
    buttons, result = after((0, BEST, False))
    assert result == [Verdict.IGNORED]
    assert buttons == Buttons()


def test_a_press_whose_release_was_lost_does_not_count_again() -> None:
    assert verdicts((0, BEST, True), (900, BEST, True)) == [Verdict.PRESSED, Verdict.BOUNCE]


# --- several buttons --------------------------------------------------------------------------


def test_a_palm_on_three_buttons_counts_the_first_only() -> None:
    palm = verdicts((0, GOOD, True), (4, BEST, True), (9, MIDDLE, True))
    assert palm == [Verdict.PRESSED, Verdict.SURPLUS, Verdict.SURPLUS]


def test_a_palm_counts_once_even_if_its_first_contact_bounces_open() -> None:
    palm = verdicts((0, GOOD, True), (2, GOOD, False), (3, BEST, True), (5, GOOD, True))
    assert palm.count(Verdict.PRESSED) == 1


def test_a_surplus_button_holds_the_row_like_any_other() -> None:
    roll = verdicts((0, GOOD, True), (100, BEST, True), (200, GOOD, False), (300, MIDDLE, True))
    assert roll[-1] is Verdict.SURPLUS


def test_fingers_one_after_the_other_all_count() -> None:
    walk = verdicts(
        *((at * 100, level, at % 2 == 0) for at, level in enumerate(sorted([*Level] * 2)))
    )
    assert walk == [Verdict.PRESSED, Verdict.RELEASED] * 5


# --- stuck buttons ----------------------------------------------------------------------------


def test_a_button_held_for_ten_seconds_is_not_stuck_yet() -> None:
    buttons, _ = after((0, BEST, True))
    assert newly_stuck(buttons, STUCK_MS) == (buttons, ())


def test_a_stuck_button_is_reported_once() -> None:
    buttons, _ = after((0, BEST, True))
    buttons, first = newly_stuck(buttons, STUCK_MS + 1)
    buttons, again = newly_stuck(buttons, STUCK_MS * 50)
    assert (first, again) == ((BEST,), ())
    assert stuck(buttons, STUCK_MS * 50) == (BEST,)


def test_a_stuck_button_is_ignored_until_it_is_released() -> None:
    end = STUCK_MS + 500
    buttons, result = after((0, BEST, True), (end, BEST, False), (end + 5, BEST, True))
    assert result == [Verdict.PRESSED, Verdict.IGNORED, Verdict.IGNORED]
    buttons, result = after((end + 9, BEST, False), (end + 900, BEST, True), start=buttons)
    assert result == [Verdict.IGNORED, Verdict.PRESSED]
    assert stuck(buttons, end + 901) == ()


def test_a_button_that_sticks_again_is_reported_again() -> None:
    buttons, _ = after((0, BEST, True))
    buttons, _ = newly_stuck(buttons, STUCK_MS + 1)
    buttons, _ = after((20_000, BEST, False), (21_000, BEST, True), start=buttons)
    assert newly_stuck(buttons, 40_000)[1] == (BEST,)


def test_a_button_let_go_before_ten_seconds_is_never_reported() -> None:
    buttons, _ = after((0, BEST, True), (STUCK_MS - 1, BEST, False))
    assert newly_stuck(buttons, STUCK_MS + 5)[1] == ()


def test_a_contact_that_chatters_without_end_is_stuck() -> None:
    chatter = [(at * 20, BEST, at % 2 == 0) for at in range(600)]
    buttons, result = after(*chatter)
    assert result.count(Verdict.PRESSED) == 1
    assert newly_stuck(buttons, chatter[-1][0])[1] == (BEST,)


def test_a_button_down_at_the_start_is_no_press_but_is_found_stuck() -> None:
    buttons = found_held([MIDDLE], 0)
    assert edge(buttons, BEST, True, 50)[1] is Verdict.SURPLUS
    buttons, found = newly_stuck(buttons, STUCK_MS + 1)
    assert found == (MIDDLE,)
    assert edge(buttons, BEST, True, STUCK_MS + 50)[1] is Verdict.PRESSED


def test_the_next_look_is_due_when_a_held_button_would_be_stuck() -> None:
    assert due_ms(Buttons()) is None
    buttons, _ = after((700, BEST, True), (900, GOOD, True))
    buttons, _ = lengths(buttons, 5_000)
    next_ms = due_ms(buttons)
    assert next_ms is not None
    assert newly_stuck(buttons, next_ms - 1)[1] == ()
    buttons, found = newly_stuck(buttons, next_ms)
    assert found == (BEST,)
    assert due_ms(buttons) == next_ms + 200


def test_stuck_buttons_are_named_in_the_order_in_which_they_stand() -> None:
    buttons, _ = after((0, Extra.NEXT, True), (1, MIDDLE, True), (2, Extra.SKIP, True))
    buttons, _ = after((3, BEST, True), start=buttons)
    assert stuck(buttons, 2 * STUCK_MS) == (BEST, MIDDLE, Extra.SKIP, Extra.NEXT)


# --- long and short -----------------------------------------------------------------------------


def test_a_press_is_long_while_it_is_still_held_and_only_once() -> None:
    buttons, _ = after((0, GOOD, True))
    assert due_ms(buttons) == LONG_MS
    assert lengths(buttons, LONG_MS - 1) == (buttons, ())
    buttons, known = lengths(buttons, LONG_MS)
    assert known == ((GOOD, Length.LONG),)
    buttons, _ = after((LONG_MS + 500, GOOD, False), start=buttons)
    assert lengths(buttons, LONG_MS + 900)[1] == ()


def test_a_press_is_short_once_the_button_has_come_to_rest() -> None:
    buttons, _ = after((0, GOOD, True), (200, GOOD, False))
    assert due_ms(buttons) == 200 + BOUNCE_MS
    assert lengths(buttons, 199 + BOUNCE_MS)[1] == ()
    buttons, known = lengths(buttons, 200 + BOUNCE_MS)
    assert known == ((GOOD, Length.SHORT),)
    assert due_ms(buttons) is None


def test_a_tap_shorter_than_the_bounce_is_short() -> None:
    buttons, _ = after((0, GOOD, True), (5, GOOD, False))
    assert lengths(buttons, 5 + BOUNCE_MS)[1] == ((GOOD, Length.SHORT),)


def test_a_long_press_that_was_looked_at_too_late_is_long_all_the_same() -> None:
    buttons, _ = after((0, GOOD, True), (LONG_MS + 1, GOOD, False))
    assert lengths(buttons, LONG_MS + 900)[1] == ((GOOD, Length.LONG),)


def test_a_press_that_began_on_the_page_before_has_no_length_on_this_one() -> None:
    buttons, _ = after((0, GOOD, True))
    held = page_changed(buttons)
    assert lengths(held, 2 * LONG_MS)[1] == ()
    let_go, _ = after((300, GOOD, False), start=held)
    assert lengths(let_go, 900)[1] == ()


def test_a_press_that_counted_for_nothing_has_no_length() -> None:
    buttons, _ = after((0, GOOD, True), (50, BEST, True))
    assert lengths(buttons, LONG_MS + 100)[1] == ((GOOD, Length.LONG),)
    buttons, _ = after((0, GOOD, True))
    assert lengths(disregard(buttons, GOOD), LONG_MS)[1] == ()
    assert disregard(Buttons(), GOOD) == Buttons()


def test_what_was_held_at_the_start_or_chatters_is_no_long_press() -> None:
    assert lengths(found_held([MIDDLE], 0), LONG_MS)[1] == ()
    chatter: list[Edge] = [(at * 20, BEST, at % 2 == 0) for at in range(400)]
    buttons = Buttons()
    for step in chatter:
        buttons, _ = after(step, start=buttons)
        buttons, known = lengths(buttons, step[0])
        assert known == ()


# --- the page after a press -----------------------------------------------------------------------


def test_the_key_that_led_to_a_page_does_nothing_there_while_it_is_tapped_on() -> None:
    calm, counted = led_to_page(BEST, 1_000), []
    for now_ms in range(1_100, 5_000, 300):
        calm, counts = press_counts(calm, BEST, now_ms)
        counted.append(counts)
    assert not any(counted)


def test_it_counts_again_after_a_rest_and_then_as_often_as_one_likes() -> None:
    calm, counts = press_counts(led_to_page(BEST, 1_000), BEST, 1_000 + CALM_MS)
    assert counts
    assert press_counts(calm, BEST, 1_001 + CALM_MS)[1]


def test_the_other_keys_are_free_at_once() -> None:
    assert press_counts(led_to_page(BEST, 1_000), GOOD, 1_001)[1]
    assert press_counts(led_to_page(None, 1_000), GOOD, 1_001)[1]
    assert press_counts(Calm(), "submit", 0)[1]


# --- any hands, any wear ----------------------------------------------------------------------

keys = st.sampled_from([*Level, *Extra])
bounces = st.lists(st.integers(0, BOUNCE_MS - 1), max_size=6)
"""Milliseconds from edge to edge while a contact settles; an even number ends as it began."""


@st.composite
def presses_of_one_finger(draw: st.DrawFn) -> list[list[Edge]]:
    """Real presses, one after the other; each is the edges a worn contact makes of it."""
    now_ms, presses = 0, []
    for level in draw(st.lists(keys, max_size=8)):
        now_ms += draw(st.integers(BOUNCE_MS, 3_000))
        edges, down = [], False
        for settled_down in (True, False):
            steps = [0, *draw(bounces)]
            if (len(steps) % 2 == 1) is not (down is not settled_down):
                steps.append(draw(st.integers(0, BOUNCE_MS - 1)))
            for step in steps:
                now_ms, down = now_ms + step, not down
                edges.append((now_ms, level, down))
            if settled_down:
                now_ms += draw(st.integers(BOUNCE_MS, STUCK_MS // 2))
        presses.append(edges)
    return presses


@given(presses_of_one_finger())
def test_every_press_counts_once_on_its_first_edge_whatever_the_bounce(
    presses: list[list[Edge]],
) -> None:
    buttons = Buttons()
    for press in presses:
        buttons, result = after(*press, start=buttons)
        assert result[0] is Verdict.PRESSED
        assert Verdict.PRESSED not in result[1:]
        assert Verdict.SURPLUS not in result


def contact_edges(steps: list[tuple[int, Key]]) -> list[Edge]:
    """Any edges at all, but each contact closes and opens by turns."""
    now_ms, down, edges = 0, dict.fromkeys([*Level, *Extra], False), []
    for step, level in steps:
        now_ms += step
        down[level] = not down[level]
        edges.append((now_ms, level, down[level]))
    return edges


any_steps = st.lists(
    st.tuples(
        st.one_of(st.integers(0, BOUNCE_MS * 2), st.integers(0, STUCK_MS * 2)),
        keys,
    ),
    max_size=40,
)


@given(any_steps)
def test_whatever_comes_a_press_is_a_quiet_button_that_goes_down_while_none_is_held(
    steps: list[tuple[int, Key]],
) -> None:
    edges = contact_edges(steps)
    last_ms: dict[Key, int] = {}
    left_rest_ms: dict[Key, int] = {}
    down_now: set[Key] = set()
    for (now_ms, level, down), verdict in zip(edges, verdicts(*edges), strict=True):
        quiet = level not in last_ms or now_ms - last_ms[level] >= BOUNCE_MS
        counted = verdict in (Verdict.PRESSED, Verdict.SURPLUS)
        assert counted is (down and quiet)
        if counted:
            left_rest_ms[level] = now_ms
        held = {of for of in down_now - {level} if now_ms - left_rest_ms[of] <= STUCK_MS}
        assert not (held and verdict is Verdict.PRESSED)
        last_ms[level] = now_ms
        down_now = down_now | {level} if down else down_now - {level}


@given(keys, presses_of_one_finger())
def test_a_stuck_button_silences_none_of_the_others(jammed: Key, presses: list[list[Edge]]) -> None:
    start = STUCK_MS + 1
    buttons, _ = after((0, jammed, True))
    buttons, found = newly_stuck(buttons, start)
    assert found == (jammed,)
    for press in presses:
        own = press[0][1] == jammed
        shifted = [(start + at, level, down) for at, level, down in press if not own]
        buttons, result = after(*shifted, start=buttons)
        assert result.count(Verdict.PRESSED) == (0 if own else 1)
    assert newly_stuck(buttons, start)[1] == ()


@given(presses_of_one_finger(), st.integers(0, 3 * LONG_MS))
def test_every_press_gets_its_length_once(presses: list[list[Edge]], hold_ms: int) -> None:
    buttons, found, now_ms, shift = Buttons(), [], 0, 0
    for press in presses:
        for at_ms, key, down in press:
            now_ms = at_ms + shift
            buttons, verdict = edge(buttons, key, down, now_ms)
            if verdict is Verdict.PRESSED:
                shift += hold_ms
        now_ms += BOUNCE_MS
        shift += BOUNCE_MS
        buttons, known = lengths(buttons, now_ms)
        found += [key for key, _ in known]
        if hold_ms > LONG_MS:
            assert [length for _, length in known] == [Length.LONG]
    assert found == [press[0][1] for press in presses]
