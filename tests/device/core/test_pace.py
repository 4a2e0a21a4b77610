"""How long to wait before asking again: spread out, growing, and never for ever."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from device.core.pace import CAP_S, RETRY_AFTER_CAP_S, retry_delay

failures = st.integers(1, 10_000)
chances = st.floats(0, 1)
words = st.floats(allow_nan=False, allow_infinity=True)


@given(failures, chances)
def test_a_wait_is_never_negative_and_never_longer_than_the_cap(count: int, chance: float) -> None:
    assert 0 <= retry_delay(count, chance) <= CAP_S


@given(failures, chances, words)
def test_centrals_word_is_honoured_up_to_its_own_cap(
    count: int, chance: float, word: float
) -> None:
    delay = retry_delay(count, chance, word)
    assert max(0.0, min(word, RETRY_AFTER_CAP_S)) <= delay <= RETRY_AFTER_CAP_S + CAP_S


@given(st.integers(1, 40), chances)
def test_each_failure_lets_the_span_grow_until_the_cap(count: int, chance: float) -> None:
    assert retry_delay(count, chance) <= retry_delay(count + 1, chance)
    assert retry_delay(count, 1.0) == min(CAP_S, 2.0**count)


@given(failures, chances)
def test_the_whole_span_is_used(count: int, chance: float) -> None:
    assert retry_delay(count, 0.0) == 0.0
    assert retry_delay(count, chance) == pytest.approx(chance * retry_delay(count, 1.0))


@given(failures, chances, chances)
def test_a_thousand_devices_told_the_same_spread_over_their_whole_span(
    count: int, one: float, other: float
) -> None:
    gap = abs(retry_delay(count, one, 120.0) - retry_delay(count, other, 120.0))
    assert gap == pytest.approx(abs(retry_delay(count, one) - retry_delay(count, other)), abs=1e-6)


@pytest.mark.parametrize("word", [-3600.0, -1.0, 0.0])
def test_a_moment_already_past_means_now(word: float) -> None:
    assert retry_delay(3, 0.0, word) == 0.0
