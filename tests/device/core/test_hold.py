"""A switch that is held asks once; one that is brushed, or was closed all along, does not."""

from hypothesis import given
from hypothesis import strategies as st

from device.core.buttons import BOUNCE_MS
from device.core.hold import HOLD_MS, Hold, asked, due_ms, edge

CLOSED_AT = 1_000
HELD = edge(Hold(), True, CLOSED_AT)


def asks(hold: Hold, at_ms: int) -> bool:
    return asked(hold, at_ms)[1]


def test_it_asks_when_it_has_been_held_for_two_seconds():
    assert due_ms(HELD) == CLOSED_AT + HOLD_MS
    assert not asks(HELD, CLOSED_AT + HOLD_MS - 1)
    assert asks(HELD, CLOSED_AT + HOLD_MS)


def test_one_press_asks_once_however_long_it_lasts():
    after, _ = asked(HELD, CLOSED_AT + HOLD_MS)
    assert not asks(after, CLOSED_AT + 100 * HOLD_MS)
    assert due_ms(after) is None


def test_the_next_press_asks_again():
    after, _ = asked(HELD, CLOSED_AT + HOLD_MS)
    released = edge(after, False, 9_000)
    again = edge(released, True, 9_500)
    assert not asks(again, 9_500 + HOLD_MS - 1)
    assert asks(again, 9_500 + HOLD_MS)


def test_let_go_too_early_it_asks_for_nothing():
    released = edge(HELD, False, CLOSED_AT + HOLD_MS - 1)
    assert not asks(released, CLOSED_AT + 10 * HOLD_MS)


def test_two_short_presses_are_no_long_one():
    released = edge(HELD, False, CLOSED_AT + 1_200)
    again = edge(released, True, CLOSED_AT + 1_400)
    assert not asks(again, CLOSED_AT + HOLD_MS)


def test_contacts_that_bounce_are_still_held():
    opened = edge(HELD, False, CLOSED_AT + 5)
    closed = edge(opened, True, CLOSED_AT + 5 + BOUNCE_MS - 1)
    assert asks(closed, CLOSED_AT + HOLD_MS)


def test_what_was_closed_at_the_start_asks_for_nothing_until_it_was_let_go():
    found = Hold()
    assert not asks(found, 10 * HOLD_MS)
    pressed = edge(edge(found, False, 50_000), True, 51_000)
    assert asks(pressed, 51_000 + HOLD_MS)


@given(st.lists(st.tuples(st.integers(1, 3_000), st.booleans()), max_size=40))
def test_it_never_asks_while_it_is_open_nor_before_its_time(steps: list[tuple[int, bool]]):
    hold, now_ms, closed, since = Hold(), 0, False, 0
    for wait_ms, closes in steps:
        now_ms += wait_ms
        hold, told = asked(hold, now_ms)
        assert not told or (closed and now_ms - since >= HOLD_MS)
        if closes and not closed and wait_ms >= BOUNCE_MS:
            since = now_ms
        closed = closes
        hold = edge(hold, closes, now_ms)
