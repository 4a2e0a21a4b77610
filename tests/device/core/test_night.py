"""When the screen is dark."""

from hypothesis import given
from hypothesis import strategies as st

from device.core.night import is_night

MINUTES = st.integers(0, 1439)


@given(MINUTES)
def test_a_device_without_dark_hours_never_gets_dark(minute: int):
    assert not is_night(minute, None)


@given(MINUTES, MINUTES, MINUTES)
def test_day_and_night_share_every_minute(minute: int, start: int, end: int):
    if start != end:
        assert is_night(minute, (start, end)) != is_night(minute, (end, start))


def test_hours_over_midnight_hold_on_both_sides_of_it():
    hours = (18 * 60, 7 * 60 + 30)
    dark = [minute for minute in range(0, 1440, 30) if is_night(minute, hours)]
    assert dark == [*range(0, 450, 30), *range(1080, 1440, 30)]


@given(MINUTES, st.integers(1, 1439))
def test_darkness_lasts_as_long_as_the_hours_say(start: int, minutes: int):
    hours = (start, (start + minutes) % 1440)
    assert sum(is_night(minute, hours) for minute in range(1440)) == minutes
