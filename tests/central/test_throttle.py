"""How often somebody may try, counted by several workers at once, on both databases."""

import ipaddress
import threading
from collections.abc import Iterator

import pytest
from central_rig import MakeDatabase
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import func, select

from central import schema
from central.addresses import network
from central.database import Database
from central.throttle import HOUR_MS, TooMany, check
from protocol.keys import SigningKey

KEY = SigningKey.from_seed(bytes(range(32)))
NOW_MS = 1_800_000_000_000


class Door:
    """Somebody's tries at one central."""

    def __init__(self, database: Database) -> None:
        self.database = database

    def tries(
        self,
        address: str = "192.0.2.1",
        limit: int = 3,
        now_ms: int = NOW_MS,
        *,
        what: str = "codes",
        count: bool = True,
        by: int = 1,
    ) -> int:
        """Try once; 0 if it is let in, else the seconds to wait."""
        try:
            with self.database.writing() as connection:
                check(connection, KEY, what, address, limit, now_ms, count=count, by=by)
        except TooMany as error:
            return error.retry_after_s
        return 0

    def rows(self) -> int:
        with self.database.reading() as connection:
            return connection.execute(
                select(func.count()).select_from(schema.throttle)
            ).scalar_one()


@pytest.fixture
def door(make_database: MakeDatabase) -> Iterator[Door]:
    database = Database(make_database())
    yield Door(database)
    database.close()


def test_so_many_tries_are_let_in_and_no_more(door: Door) -> None:
    assert [door.tries() for _ in range(3)] == [0, 0, 0]
    assert door.tries() > 0


def test_one_is_told_to_wait_until_the_hour_ends(door: Door) -> None:
    ends_ms = (NOW_MS // HOUR_MS + 1) * HOUR_MS
    assert door.tries(limit=0, now_ms=ends_ms - 90_500) == 91
    assert door.tries(limit=0, now_ms=ends_ms - 1) == 1


def test_the_next_hour_begins_anew(door: Door) -> None:
    for _ in range(4):
        door.tries()
    assert door.tries(now_ms=NOW_MS + HOUR_MS) == 0


def test_others_and_other_things_are_counted_by_themselves(door: Door) -> None:
    for _ in range(4):
        door.tries()
    assert door.tries("192.0.2.2") == 0
    assert door.tries(what="ratings") == 0
    assert door.tries() > 0


def test_a_household_of_ipv6_is_one_address(door: Door) -> None:
    for last in range(3):
        assert door.tries(f"2001:db8:0:1::{last:x}") == 0
    assert door.tries("2001:db8:0:1:ffff::9") > 0
    assert door.tries("2001:db8:0:2::1") == 0


def test_who_only_looks_is_not_counted(door: Door) -> None:
    for _ in range(5):
        assert door.tries(count=False) == 0
    for _ in range(3):
        door.tries()
    assert door.tries(count=False) > 0


def test_a_refused_try_is_not_counted_again(door: Door) -> None:
    for _ in range(50):
        door.tries()
    assert door.tries(limit=4) == 0


def test_many_at_once_are_let_in_together_or_not_at_all(door: Door) -> None:
    assert door.tries(limit=100, by=90) == 0
    assert door.tries(limit=100, by=20) > 0
    assert door.tries(limit=100, by=10) == 0


def test_workers_that_count_at_once_let_in_no_more(door: Door) -> None:
    let_in: list[int] = []

    def worker() -> None:
        for _ in range(10):
            if door.tries(limit=15) == 0:
                let_in.append(1)

    threads = [threading.Thread(target=worker) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(let_in) == 15


def test_old_hours_do_not_pile_up(door: Door) -> None:
    for number in range(60):
        door.tries(f"192.0.2.{number}")
    for number in range(5):
        door.tries(f"192.0.2.{number}", now_ms=NOW_MS + HOUR_MS)
    assert door.rows() == 5


def test_no_address_is_in_the_table(door: Door) -> None:
    door.tries("192.0.2.77")
    with door.database.reading() as connection:
        row = connection.execute(select(schema.throttle)).one()
    assert len(row.key) == 32
    assert b"192.0.2.77" not in row.key
    assert set(row._mapping) == {"key", "count", "until_ms"}


@given(st.ip_addresses(v=6), st.integers(0, 2**64 - 1))
def test_a_household_is_one_whatever_the_second_half_says(address: object, other: int) -> None:
    held = int(ipaddress.IPv6Address(str(address)))
    neighbour = ipaddress.IPv6Address(held >> 64 << 64 | other)
    if ipaddress.IPv6Address(held).ipv4_mapped is None and neighbour.ipv4_mapped is None:
        assert network(str(address)) == network(str(neighbour))


@given(st.text())
def test_what_is_no_address_is_counted_too(text: str) -> None:
    assert isinstance(network(text), str)
