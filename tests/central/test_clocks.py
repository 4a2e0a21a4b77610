"""Dating what a device without a clock battery says."""

from hypothesis import given
from hypothesis import strategies as st

from central.clocks import (
    Anchor,
    Corrected,
    Reading,
    TimeSource,
    anchor_of_heartbeat,
    anchor_of_record,
    better,
    correct,
)
from protocol.limits import MAX_INTEGER
from protocol.records import CLOCK_SLACK_MS, ClockQuality

SYNCED, UNSYNCED = ClockQuality.SYNCED, ClockQuality.UNSYNCED
NOW = 1_800_000_000_000
times = st.integers(0, MAX_INTEGER)
anchors = st.builds(Anchor, st.integers(-MAX_INTEGER, MAX_INTEGER), st.booleans())


def test_a_synchronised_clock_is_believed() -> None:
    assert correct(Reading(NOW - 5, SYNCED, 9), None, NOW) == Corrected(NOW - 5, TimeSource.DEVICE)


def test_a_synchronised_clock_far_ahead_of_central_is_not() -> None:
    reading = Reading(NOW + CLOCK_SLACK_MS + 1, SYNCED, 9)
    assert correct(reading, None, NOW) == Corrected(NOW, TimeSource.RECEIVED)
    assert anchor_of_record(reading, NOW) is None


def test_an_unsynchronised_one_is_dated_by_another_moment_of_its_boot() -> None:
    anchor = anchor_of_record(Reading(NOW - 1000, SYNCED, 60_000), NOW)
    assert anchor == Anchor(NOW - 61_000, synced=True)
    early = Reading(3, UNSYNCED, 2_000)
    assert correct(early, anchor, NOW) == Corrected(NOW - 59_000, TimeSource.BOOT)


def test_a_heartbeat_dates_a_boot_by_when_it_came_in() -> None:
    anchor = anchor_of_heartbeat(Reading(3, UNSYNCED, 60_000), NOW)
    assert anchor == Anchor(NOW - 60_000, synced=False)
    assert correct(Reading(3, UNSYNCED, 10), anchor, NOW).by is TimeSource.HEARD


def test_with_nothing_known_it_happened_before_it_came_in() -> None:
    assert correct(Reading(3, UNSYNCED, 10), None, NOW) == Corrected(NOW, TimeSource.RECEIVED)


@given(times, st.sampled_from([SYNCED, UNSYNCED]), times, st.none() | anchors, times)
def test_nothing_happened_after_it_came_in(
    wall: int, clock: ClockQuality, monotonic: int, anchor: Anchor | None, received: int
) -> None:
    found = correct(Reading(wall, clock, monotonic), anchor, received)
    assert 0 <= found.ms <= received + CLOCK_SLACK_MS


@given(st.lists(anchors, min_size=1), st.randoms())
def test_a_later_replay_never_worsens_an_anchor(found: list[Anchor], random: object) -> None:
    known = None
    for anchor in found:
        known = better(known, anchor)
    assert known is not None
    for anchor in found:
        assert better(known, anchor) == known or (anchor.synced and not known.synced)
