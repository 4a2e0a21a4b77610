"""Lock-outs grow, end, and are not shortened by a restart."""

from hypothesis import given
from hypothesis import strategies as st

from device.core.lockout import Tally, Terms, failed, lock_s, remaining_ms, tries_left

TERMS = Terms(5, (60, 300, 900))
BOOT, NEXT_BOOT = b"a" * 16, b"b" * 16


def after(failures: int, at_ms: int = 1_000_000) -> Tally:
    tally = Tally()
    for _ in range(failures):
        tally = failed(tally, BOOT, at_ms)
    return tally


def test_four_wrong_pins_lock_nobody_and_say_how_many_are_left():
    assert [tries_left(number, TERMS) for number in range(5)] == [5, 4, 3, 2, 1]
    assert remaining_ms(after(4), TERMS, BOOT, 1_000_000) == 0


def test_each_further_failure_locks_for_longer_up_to_the_last_term():
    assert [lock_s(number, TERMS) for number in range(4, 10)] == [0, 60, 300, 900, 900, 900]


def test_the_wait_ends_by_the_clock_that_never_jumps():
    assert remaining_ms(after(5), TERMS, BOOT, 1_000_000) == 60_000
    assert remaining_ms(after(5), TERMS, BOOT, 1_059_999) == 1
    assert remaining_ms(after(5), TERMS, BOOT, 1_060_000) == 0
    assert tries_left(5, TERMS) == 1


def test_a_restart_begins_the_wait_anew():
    assert remaining_ms(after(5), TERMS, NEXT_BOOT, 10_000) == 50_000


def test_a_door_as_a_whole_bears_four_times_as_much():
    assert TERMS.for_key("0317") == TERMS
    assert TERMS.for_key("").tries == 20


@given(
    failures=st.integers(0, 30),
    passed=st.lists(st.integers(0, 2_000_000), min_size=2, max_size=2).map(sorted),
)
def test_waiting_never_makes_the_wait_longer(failures: int, passed: list[int]):
    first, second = (
        remaining_ms(after(failures), TERMS, BOOT, 1_000_000 + more) for more in passed
    )
    assert 0 <= second <= first <= 900_000


@given(st.integers(0, 30), st.integers(0, 900_000))
def test_a_restart_never_shortens_the_wait(failures: int, before_ms: int):
    stayed = remaining_ms(after(failures), TERMS, BOOT, 1_000_000 + before_ms)
    restarted = remaining_ms(after(failures), TERMS, NEXT_BOOT, 0)
    assert restarted >= stayed
