"""Closing and opening times, whatever is done to the clock."""

from hypothesis import given
from hypothesis import strategies as st

from device.core import hours

DAY_S, HOUR_S = 24 * 3600, 3600
MONDAY = 738_000 * DAY_S
"""Midnight, somewhere."""


def at(time_of_day: str, day: int = 0) -> int:
    hour, minute = time_of_day.split(":")
    return MONDAY + day * DAY_S + int(hour) * HOUR_S + int(minute) * 60


times = st.builds("{:02}:{:02}".format, st.integers(0, 23), st.integers(0, 59))


@given(times, st.integers(0, 3 * DAY_S))
def test_the_latest_time_is_within_the_last_day_and_shows_that_time(time: str, since: int) -> None:
    now_s = MONDAY + since
    latest = hours.latest(time, now_s)
    assert latest is not None
    assert now_s - DAY_S < latest <= now_s
    assert latest == at(time, (latest - MONDAY) // DAY_S)


def test_where_no_time_is_said_nothing_closes() -> None:
    assert hours.latest("", MONDAY) is None
    assert not hours.is_closing(None, "", MONDAY, DAY_S)
    assert hours.passed(None, "", MONDAY) is None


class Day:
    """A window whose clock can be set, and a staff member who comes again whenever sent away.

    One that never jumps tells how long they have served.
    """

    def __init__(self, closes: str, local_s: int) -> None:
        self.closes = closes
        self.local_s = local_s
        self.steady_s = 0
        self.sent: list[int] = []
        """Wall time of every log-out."""
        self.done: int | None = None
        self.come()

    def come(self) -> None:
        self.came_s = self.steady_s
        self.came_at = self.local_s
        self.done = hours.passed(self.done, self.closes, self.local_s)

    def pass_s(self, seconds: int) -> None:
        for _ in range(0, seconds, 60):
            self.local_s += 60
            self.steady_s += 60
            self.look()

    def set_clock(self, by_s: int) -> None:
        self.local_s += by_s
        self.look()

    def look(self) -> None:
        served_s = self.steady_s - self.came_s
        if hours.is_closing(self.done, self.closes, self.local_s, served_s):
            self.sent.append(self.local_s)
            self.come()


def test_whoever_serves_is_logged_out_at_closing_time_every_day() -> None:
    day = Day("17:30", at("08:00"))
    day.pass_s(3 * DAY_S)
    assert day.sent == [at("17:30"), at("17:30", 1), at("17:30", 2)]


def test_whoever_comes_after_closing_time_stays_until_the_next_one() -> None:
    day = Day("17:30", at("18:00"))
    day.pass_s(23 * HOUR_S)
    assert not day.sent
    day.pass_s(HOUR_S)
    assert day.sent == [at("17:30", 1)]


def test_a_clock_set_back_after_closing_time_closes_nothing_twice() -> None:
    day = Day("17:30", at("17:00"))
    day.pass_s(HOUR_S // 2)
    day.set_clock(-60)
    day.pass_s(2 * HOUR_S)
    assert len(day.sent) == 1


def test_a_clock_that_jumps_over_closing_time_sends_away_who_served_before() -> None:
    day = Day("17:30", at("15:00"))
    day.pass_s(2 * HOUR_S)
    day.set_clock(HOUR_S)
    assert day.sent == [at("18:00")]


def test_whoever_just_came_stays_when_the_clock_is_put_right() -> None:
    day = Day("17:30", at("09:00"))
    day.pass_s(120)
    day.set_clock(9 * HOUR_S)  # it is past six already; they came two minutes ago
    assert not day.sent
    day.pass_s(DAY_S)
    assert len(day.sent) == 1


def test_a_clock_that_was_days_ahead_does_not_keep_anybody_for_days() -> None:
    day = Day("17:30", at("09:00", 40))
    day.set_clock(-40 * DAY_S)
    day.pass_s(10 * HOUR_S)
    assert day.sent == [at("17:30")]


@given(
    st.lists(
        st.tuples(st.integers(-20, 20).map(lambda n: n * 1800), st.integers(1, 12)), max_size=8
    )
)
def test_however_the_clock_is_set_each_day_closes_once_at_most(
    changes: list[tuple[int, int]],
) -> None:
    day = Day("17:30", at("08:00", 100))
    for by_s, hours_passed in changes:
        day.set_clock(by_s)
        before = list(day.sent)
        for _ in range(hours_passed * 2):
            day.pass_s(1800)
        assert len(day.sent) >= len(before)
    closings = [hours.latest("17:30", sent_s) for sent_s in day.sent]
    assert closings == sorted(set(closings))


@given(st.integers(0, DAY_S - 60))
def test_the_hall_opens_once_after_it_closed(offset_s: int) -> None:
    closed_s = at("17:30")
    now_s = closed_s + offset_s
    assert hours.has_opened(closed_s, "08:30", now_s) is (now_s >= at("08:30", 1))
    assert hours.has_opened(closed_s, "", now_s) is (now_s >= at("00:00", 1))


def test_a_clock_that_was_days_ahead_keeps_no_window_shut() -> None:
    assert hours.has_opened(at("17:30", 9), "08:30", at("12:00"))
