"""Logged in elsewhere: who came later is told by when it was, whatever order it is heard in."""

from collections.abc import Callable
from itertools import count
from typing import Any
from uuid import uuid4

from central_rig import HALL, Device, RunningCentral
from hypothesis import given, settings
from hypothesis import strategies as st

from central import devices, elsewhere
from central.directory import import_hall, read_hall
from central.service import now_ms
from protocol.messages import Elsewhere
from protocol.records import Boot, ClockQuality, Login, Logout

NewDevice = Callable[..., Device]
MINUTE = 60_000
UP = 600 * MINUTE
"""How long ago the devices booted."""
_numbers = count(5000)
_beats = count(UP + 1)


def someone() -> str:
    """A staff number that no other test uses."""
    return str(next(_numbers))


def at(device: Device, minutes_ago: float) -> None:
    """Let the next record of ``device`` be of that moment."""
    if device.booted_ms > now_ms() - UP:
        device.booted_ms = now_ms() - UP
    device.ticks = count(UP - round(minutes_ago * MINUTE), 10)


def log_in(device: Device, staff: str, minutes_ago: float = 0, means: str = "pin") -> int:
    at(device, minutes_ago)
    device.write(Login, staff=staff, means=means)
    return device.head


def log_out(device: Device, staff: str, minutes_ago: float = 0) -> None:
    at(device, minutes_ago)
    device.write(Logout, staff=staff, reason="staff")


def told(device: Device) -> Elsewhere | None:
    """What the next heartbeat is answered with."""
    return device.beat(monotonic_ms=next(_beats)).elsewhere


def known(device: Device) -> Elsewhere | None:
    """The same, without a heartbeat that would date the boot."""
    database = device.place.database
    with database.reading() as connection:
        return elsewhere.find(connection, devices.named(connection, device.name).id)


def reboot(device: Device) -> None:
    device.boot_id = uuid4()


def test_the_earlier_device_is_told_where_they_are_now(new_device: NewDevice) -> None:
    here, there, staff = new_device(), new_device(window="W13"), someone()
    seq = log_in(here, staff, 30)
    here.send()
    assert told(here) is None
    log_in(there, staff, 10)
    there.send()
    assert told(here) == Elsewhere(staff=staff, window="13", login_seq=seq)
    assert told(there) is None


def test_it_is_told_until_the_log_out_has_come_in(new_device: NewDevice) -> None:
    here, there, staff = new_device(), new_device(window="W13"), someone()
    log_in(here, staff, 30)
    here.send()
    log_in(there, staff, 10)
    there.send()
    assert told(here)
    assert told(here)
    log_out(here, staff)
    assert told(here)
    here.send()
    assert told(here) is None


def test_whoever_comes_back_is_at_home_again(new_device: NewDevice) -> None:
    here, there, staff = new_device(), new_device(window="W13"), someone()
    log_in(here, staff, 30)
    here.send()
    there_seq = log_in(there, staff, 20)
    there.send()
    log_in(here, staff, 10)
    here.send()
    assert told(here) is None
    assert told(there) == Elsewhere(staff=staff, window="12", login_seq=there_seq)


def test_of_several_windows_the_last_is_named(new_device: NewDevice) -> None:
    here, then, now, staff = new_device(), new_device(), new_device(window="W13"), someone()
    log_in(here, staff, 30)
    log_in(then, staff, 20)
    log_in(now, staff, 10)
    for device in (now, here, then):
        device.send()
    for device in (here, then):
        displaced = told(device)
        assert displaced is not None
        assert displaced.window == "13"
    assert told(now) is None


def test_leaving_the_other_window_does_not_bring_them_back(new_device: NewDevice) -> None:
    here, there, staff = new_device(), new_device(window="W13"), someone()
    seq = log_in(here, staff, 30)
    here.send()
    log_in(there, staff, 20)
    log_out(there, staff, 10)
    there.send()
    assert told(here) == Elsewhere(staff=staff, window="13", login_seq=seq)


def test_a_device_that_was_offline_throws_out_nobody_who_came_after(new_device: NewDevice) -> None:
    here, offline, staff = new_device(), new_device(window="W13"), someone()
    old = log_in(offline, staff, 60)
    log_in(here, staff, 30)
    here.send()
    assert told(here) is None
    offline.send()
    assert told(here) is None
    assert told(offline) == Elsewhere(staff=staff, window="12", login_seq=old)


def test_a_log_in_without_a_date_throws_out_nobody(new_device: NewDevice) -> None:
    here, offline, staff = new_device(), new_device(window="W13"), someone()
    offline.clock = ClockQuality.UNSYNCED
    log_in(offline, staff, 60)
    log_in(here, staff, 30)
    here.send()
    offline.send()
    assert known(here) is None
    assert known(offline) is None  # it may have been later than the other


def test_the_first_heartbeat_of_its_boot_dates_it(new_device: NewDevice) -> None:
    here, offline, staff = new_device(), new_device(window="W13"), someone()
    offline.clock = ClockQuality.UNSYNCED
    log_in(offline, staff, 60)
    log_in(here, staff, 30)
    here.send()
    offline.send()
    assert told(offline)
    assert told(here) is None


def test_heard_clocks_alone_tell_who_came_later(new_device: NewDevice) -> None:
    here, there, staff = new_device(), new_device(window="W13"), someone()
    for device in (here, there):
        device.clock = ClockQuality.UNSYNCED
    seq = log_in(here, staff, 20)
    log_in(there, staff, 10)
    there.send()
    here.send()
    assert told(there) is None
    assert told(here) == Elsewhere(staff=staff, window="13", login_seq=seq)


def test_what_is_dated_by_its_arrival_alone_gives_way_to_what_is_later_still(
    new_device: NewDevice,
) -> None:
    here, there, staff = new_device(), new_device(window="W13"), someone()
    here.clock = ClockQuality.UNSYNCED
    log_in(here, staff, 30)
    here.send()
    reboot(here)  # the boot of the log-in is never heard
    assert told(here) is None
    there.booted_ms = now_ms() + MINUTE
    there.write(Login, staff=staff, means="pin")
    there.send()
    assert told(here)


def test_an_assigned_member_neither_displaces_nor_is_displaced(new_device: NewDevice) -> None:
    here, there, assigned, staff = (
        new_device(),
        new_device(window="W13"),
        new_device(),
        someone(),
    )
    log_in(here, staff, 30)
    here.send()
    log_in(assigned, staff, 20, means="assigned")
    assigned.send()
    assert told(here) is None
    log_in(there, staff, 10)
    there.send()
    assert told(assigned) is None
    assert told(here)


def test_another_halls_staff_of_that_number_is_somebody_else(
    own_central: RunningCentral, tmp_path: Any
) -> None:
    other_hall = tmp_path / "other.toml"
    other_hall.write_text(HALL.replace("210100-01", "210100-02").replace('"W1', '"V1'), "utf-8")
    with own_central.database.writing() as connection:
        import_hall(connection, read_hall(other_hall), other_hall)
    here, there = Device(own_central).enrol(), Device(own_central, window="V12").enrol()
    log_in(here, "1002", 30)
    here.send()
    log_in(there, "1002", 10)
    there.send()
    assert told(here) is None


def test_a_revoked_or_frozen_device_displaces_nobody(new_device: NewDevice) -> None:
    for end in ("revoked", "frozen"):
        here, there, staff = new_device(), new_device(window="W13"), someone()
        log_in(here, staff, 30)
        here.send()
        log_in(there, staff, 10)
        there.send()
        assert told(here)
        if end == "revoked":
            with there.place.database.writing() as connection:
                devices.revoke(connection, there.name, now_ms())
        else:
            copied = there.chain.pop()
            there.write(Boot, software="a copy")
            assert there.chain[-1] != copied
            there.send()
        assert told(here) is None, end


def test_a_replayed_heartbeat_is_told_nothing(new_device: NewDevice) -> None:
    here, there, staff = new_device(), new_device(window="W13"), someone()
    log_in(here, staff, 30)
    here.send()
    log_in(there, staff, 10)
    there.send()
    assert here.beat(monotonic_ms=UP).elsewhere
    assert here.beat(monotonic_ms=UP).elsewhere is None


def test_a_log_in_whose_place_was_damaged_counts_once_it_is_mended(new_device: NewDevice) -> None:
    here, there, staff = new_device(), new_device(window="W13"), someone()
    log_in(here, staff, 30)
    here.send()
    log_in(there, staff, 20)
    there.write(Boot, software="x")
    torn = bytearray(there.chain[0])
    torn[-70] ^= 1
    there.send(signed=[bytes(torn), there.chain[1]])
    assert told(here) is None
    there.send(1, 1)
    assert told(here)


def test_a_log_out_that_is_mended_later_does_not_undo_a_newer_log_in(
    new_device: NewDevice,
) -> None:
    here, staff = new_device(), someone()
    log_in(here, staff, 40)
    log_out(here, staff, 30)
    log_in(here, staff, 20)
    torn = bytearray(here.chain[1])
    torn[-70] ^= 1
    here.send(signed=[here.chain[0], bytes(torn), here.chain[2]])
    here.send(2, 2)
    (listed,) = [
        one for one in here.place.ask("/v1/devices")["devices"] if one["device"] == here.name
    ]
    assert listed["serving"]["staff"] == staff
    assert listed["serving"]["login_seq"] == 3


events = st.lists(
    st.tuples(st.integers(0, 2), st.integers(1, 500), st.booleans()),
    min_size=1,
    max_size=10,
    unique_by=lambda one: one[1],
)


def deliver(
    places: list[Device], happened: list[tuple[int, int, bool]], staff: str, order: Any
) -> None:
    """Write down what happened at each device and send it, in any order and more than once."""
    for where, minutes_ago, comes in sorted(happened, key=lambda one: -one[1]):
        (log_in if comes else log_out)(places[where], staff, minutes_ago)
    batches = [
        (device, first)
        for device in places
        for first in range(1, device.head + 1)
        for _ in range(order.randint(1, 2))
    ]
    order.shuffle(batches)
    for device, first in batches:
        device.send(first, device.head - order.randint(0, device.head - first))
    for device in places:
        if device.head:
            device.send()


@settings(max_examples=15, deadline=None)
@given(happened=events, order=st.randoms(use_true_random=False))
def test_the_order_of_arrival_makes_no_difference(
    central: RunningCentral, happened: list[tuple[int, int, bool]], order: Any
) -> None:
    places = [Device(central, window=code).enrol() for code in ("W12", "W13", "W12")]
    deliver(places, happened, staff := someone(), order)
    for number, device in enumerate(places):
        own = sorted((one for one in happened if one[0] == number), key=lambda one: one[1])
        later = [
            (minutes_ago, where)
            for where, minutes_ago, comes in happened
            if comes and where != number and own and minutes_ago < own[0][1]
        ]
        expected = None
        if own and own[0][2] and later:
            window = "13" if min(later)[1] == 1 else "12"
            expected = Elsewhere(staff=staff, window=window, login_seq=device.head)
        assert known(device) == expected


@settings(max_examples=10, deadline=None)
@given(
    happened=events,
    synced=st.tuples(st.booleans(), st.booleans(), st.booleans()),
    order=st.randoms(use_true_random=False),
)
def test_whatever_the_clocks_somebody_who_is_logged_in_may_stay(
    central: RunningCentral,
    happened: list[tuple[int, int, bool]],
    synced: tuple[bool, bool, bool],
    order: Any,
) -> None:
    places = [Device(central, window=code).enrol() for code in ("W12", "W13", "W12")]
    for device, good in zip(places, synced, strict=True):
        device.clock = ClockQuality.SYNCED if good else ClockQuality.UNSYNCED
    only_logins = [(where, minutes_ago, True) for where, minutes_ago, _ in happened]
    deliver(places, only_logins, someone(), order)
    assert any(known(device) is None for device in places if device.head)
