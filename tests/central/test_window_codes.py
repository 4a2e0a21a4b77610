"""Codes on posters: one for each window, replaced and ended in any order, and never two at once."""

import itertools
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from central_rig import HALL, MakeDatabase
from hypothesis import example, given, settings
from hypothesis import strategies as st
from sqlalchemy import insert, update

from central import schema, window_codes
from central.database import Database
from central.directory import import_hall, read_hall
from central.errors import Unknown
from central.window_codes import DAY_MS, Meanwhile, State

NOW = 1_795_399_000_000
_names = itertools.count(1)


class Hall(NamedTuple):
    """A hall of its own in a shared database."""

    database: Database
    code: str
    windows: tuple[str, ...]

    def give(self, *named: str, now_ms: int = NOW, grace: int = 0, **how: Any) -> list[str]:
        """Give out codes as the command does; returns those of the sheets."""
        how.setdefault("days", 365)
        with self.database.writing() as connection:
            plan = window_codes.plan(connection, self.code, named, now_ms, **how)
            window_codes.give_out(connection, plan, now_ms, grace_days=grace)
        return [sheet.code.code for sheet in plan.sheets]

    def withdraw(self, *named: str, now_ms: int = NOW) -> int:
        with self.database.writing() as connection:
            return window_codes.withdraw(connection, self.code, named, now_ms)

    def state(self, code: str, now_ms: int = NOW) -> State | None:
        with self.database.reading() as connection:
            found = window_codes.find(connection, code, now_ms)
        return None if found is None else found.state

    def renumber(self, window: str, number: str) -> None:
        table = schema.service_window
        with self.database.writing() as connection:
            connection.execute(update(table).where(table.c.code == window).values(number=number))

    def listed(self, now_ms: int = NOW) -> list[tuple[str, int, State, int | None]]:
        with self.database.reading() as connection:
            found = window_codes.listed(connection, self.code, now_ms)
        return [(one.code.number, one.code.issue, one.state, one.ratings) for one in found]


@pytest.fixture(scope="module")
def database(make_database: MakeDatabase) -> Iterator[Database]:
    database = Database(make_database())
    yield database
    database.close()


@pytest.fixture(scope="module")
def make_hall(database: Database) -> Callable[..., Hall]:
    def make(*numbers: str) -> Hall:
        name = f"H{next(_names)}"
        row = {"code": name, "name": "大厅", "phone_url": "https://p.cn", "revision": 0}
        row |= {"notices": "[]", "rules": "{}"}
        windows = [
            {"code": f"{name}-{number}", "hall": name, "number": number, "assigned_staff": ""}
            for number in numbers or ("1",)
        ]
        with database.writing() as connection:
            connection.execute(insert(schema.hall).values(row))
            connection.execute(insert(schema.service_window), windows)
        return Hall(database, name, tuple(window["code"] for window in windows))

    return make


MakeHall = Callable[..., Hall]


def test_a_poster_that_is_printed_again_has_the_same_code(make_hall: MakeHall) -> None:
    hall = make_hall("1", "2", "10")
    first = hall.give()
    assert hall.give(now_ms=NOW + DAY_MS) == first
    assert len(set(first)) == 3
    assert all(len(code) == 16 and window_codes.read(code) == code for code in first)


def test_sheets_come_in_the_order_of_the_windows_numbers(make_hall: MakeHall) -> None:
    hall = make_hall("10", "9", "A2", "2")
    hall.give()
    assert [number for number, *_ in hall.listed()] == ["2", "A2", "9", "10"]


def test_a_window_is_named_by_its_code_or_its_number(make_hall: MakeHall) -> None:
    hall = make_hall("1", "2")
    by_number = hall.give("2")
    assert hall.give(hall.windows[1]) == by_number
    with pytest.raises(Unknown, match=r"has no window 3, 4;"):
        hall.give("3", "1", "4")


def test_a_new_code_ends_the_one_before(make_hall: MakeHall) -> None:
    hall = make_hall()
    [old] = hall.give()
    [new] = hall.give(reissue=True)
    assert (hall.state(old), hall.state(new)) == (State.ENDED, State.VALID)


def test_with_days_of_grace_posters_can_be_changed_in_peace(make_hall: MakeHall) -> None:
    hall = make_hall()
    [old] = hall.give()
    [new] = hall.give(reissue=True, grace=7)
    assert hall.state(old, NOW + 7 * DAY_MS - 1) is State.VALID
    assert hall.state(old, NOW + 7 * DAY_MS) is State.ENDED
    assert hall.give(now_ms=NOW + DAY_MS) == [new]
    assert hall.listed(NOW + DAY_MS) == [("1", 2, State.VALID, 0), ("1", 1, State.VALID, None)]


def test_a_second_new_code_without_grace_takes_the_first_ones_grace_back(
    make_hall: MakeHall,
) -> None:
    hall = make_hall()
    [first] = hall.give()
    [second] = hall.give(reissue=True, grace=30)
    hall.give(reissue=True)
    assert [hall.state(code) for code in (first, second)] == [State.ENDED, State.ENDED]


def test_the_last_day_is_a_whole_one(make_hall: MakeHall) -> None:
    hall = make_hall()
    [code] = hall.give(days=10)
    tenth = (NOW + 8 * 3_600_000) // DAY_MS + 10
    ends = (tenth + 1) * DAY_MS - 8 * 3_600_000
    assert hall.state(code, ends - 1) is State.VALID
    assert hall.state(code, ends) is State.EXPIRED


def test_after_it_has_expired_a_window_gets_another(make_hall: MakeHall) -> None:
    hall = make_hall()
    [old] = hall.give(days=1)
    later = NOW + 3 * DAY_MS
    [new] = hall.give(now_ms=later)
    assert new != old
    assert (hall.state(old, later), hall.state(new, later)) == (State.EXPIRED, State.VALID)


def test_a_code_can_be_withdrawn_without_a_new_one(make_hall: MakeHall) -> None:
    hall = make_hall("1", "2")
    codes = hall.give()
    assert hall.withdraw("1") == 1
    assert [hall.state(code) for code in codes] == [State.ENDED, State.VALID]
    assert hall.withdraw("1") == 0
    with pytest.raises(Unknown, match="given out no code for window 3"):
        hall.withdraw("2", "3")
    assert hall.state(codes[1]) is State.VALID
    assert hall.give("1") != codes[:1]


def test_a_window_with_another_number_has_moved_until_it_has_its_own_again(
    make_hall: MakeHall,
) -> None:
    hall = make_hall()
    [code] = hall.give()
    hall.renumber(hall.windows[0], "7")
    assert hall.state(code) is State.MOVED
    assert hall.listed() == [("1", 1, State.MOVED, 0)]
    hall.renumber(hall.windows[0], "1")
    assert hall.state(code) is State.VALID
    hall.renumber(hall.windows[0], "7")
    [new] = hall.give()
    hall.renumber(hall.windows[0], "1")
    assert (hall.state(code), hall.state(new)) == (State.ENDED, State.MOVED)


def test_the_code_of_a_window_that_is_gone_can_still_be_withdrawn(make_hall: MakeHall) -> None:
    hall = make_hall("1", "2")
    [code, _] = hall.give()
    with hall.database.writing() as connection:
        table = schema.service_window
        connection.execute(table.delete().where(table.c.code == hall.windows[0]))
    assert hall.state(code) is State.MOVED
    assert hall.withdraw("1") == 1
    assert hall.state(code) is State.ENDED


def test_what_was_planned_is_not_done_if_somebody_else_was_quicker(make_hall: MakeHall) -> None:
    hall = make_hall()
    how = {"days": 9, "reissue": True}
    with hall.database.reading() as connection:
        plan = window_codes.plan(connection, hall.code, (), NOW, **how)  # type: ignore[arg-type]
    theirs = hall.give()
    with pytest.raises(Meanwhile), hall.database.writing() as connection:
        window_codes.give_out(connection, plan, NOW)
    assert hall.state(theirs[0]) is State.VALID
    assert hall.state(plan.issued[0].code) is None


def test_an_unknown_code_leads_nowhere(make_hall: MakeHall) -> None:
    assert make_hall().state(window_codes.make()) is None


@pytest.mark.parametrize(
    ("typed", "read"),
    [
        ("7k3m-9qxt-2b4c-vwz8", "7K3M9QXT2B4CVWZ8"),
        (" 7K3M 9QXT 2B4C VWZ8 ", "7K3M9QXT2B4CVWZ8"),
        ("OIL0-oil0-0000-0000", "0110011000000000"),
        ("7K3M—9QXT–2B4C‑VWZ8", "7K3M9QXT2B4CVWZ8"),
        ("7K3M9QXT2B4CVWZ", ""),
        ("7K3M9QXT2B4CVWZU", ""),
        ("7K3M9QXT2B4CVWZ\x00", ""),
        ("７K3M9QXT2B4CVWZ8", ""),
        ("", ""),
        ("-" * 101, ""),
    ],
)
def test_codes_are_read_as_people_type_them(typed: str, read: str) -> None:
    assert window_codes.read(typed) == read


@given(st.text(max_size=200))
@example("ſ" * 16)
@example("ß" * 8)
def test_whatever_is_typed_is_a_code_or_nothing(typed: str) -> None:
    read = window_codes.read(typed)
    assert read == "" or (len(read) == 16 and window_codes.read(read) == read and read.isascii())


_STEPS = st.one_of(
    st.tuples(st.just("print"), st.integers(1, 40)),
    st.tuples(st.just("reissue"), st.integers(1, 40), st.integers(0, 30)),
    st.tuples(st.just("withdraw")),
    st.tuples(st.just("wait"), st.integers(0, 50)),
    st.tuples(st.just("renumber"), st.sampled_from("12")),
)


@given(st.lists(_STEPS, max_size=12))
@settings(max_examples=25, deadline=None)
def test_in_every_order_only_the_newest_works_and_what_has_grace(
    make_hall: MakeHall, steps: list[Any]
) -> None:
    hall, now, number = make_hall(), NOW, "1"
    until: dict[str, int] = {}
    printed_as: dict[str, str] = {}
    open_code = ""
    for what, *how in steps:
        match what:
            case "wait":
                now += how[0] * DAY_MS
            case "renumber":
                number = how[0]
                hall.renumber(hall.windows[0], number)
            case "withdraw":
                if until:
                    hall.withdraw(hall.windows[0], now_ms=now)
                until = {code: min(end, now) for code, end in until.items()}
                open_code = ""
            case _:
                works = bool(open_code) and until[open_code] > now
                keeps = what == "print" and works and printed_as[open_code] == number
                grace = how[1] if what == "reissue" else 0
                [code] = hall.give(now_ms=now, days=how[0], reissue=what == "reissue", grace=grace)
                assert (code == open_code) == keeps
                if not keeps:
                    assert code not in until
                    end = now + grace * DAY_MS
                    until = {other: min(was, end) for other, was in until.items()}
                    local = now + 8 * 3_600_000
                    until[code] = now - local % DAY_MS + (how[0] + 1) * DAY_MS
                    printed_as[code], open_code = number, code
        working = {code for code in until if hall.state(code, now) is State.VALID}
        expected = {c for c, end in until.items() if end > now and printed_as[c] == number}
        assert working == expected
        if not any(step[0] == "reissue" and step[2] for step in steps):
            assert len(working) <= 1


def test_the_database_itself_refuses_two_open_codes_of_a_window(make_hall: MakeHall) -> None:
    from sqlalchemy.exc import IntegrityError

    hall = make_hall()
    hall.give()
    row = window_codes.WindowCode("0" * 16, hall.windows[0], hall.code, "1", 9, NOW, NOW + 1)
    with pytest.raises(IntegrityError), hall.database.writing() as connection:
        connection.execute(insert(schema.window_code).values(**row._asdict()))


def test_a_hall_that_is_imported_without_a_window_ends_its_code(
    database: Database, tmp_path: Path
) -> None:
    file = tmp_path / "hall.toml"
    file.write_text(HALL, "utf-8")
    with database.writing() as connection:
        import_hall(connection, read_hall(file), file)
    hall = Hall(database, "210100-01", ("W12", "W13"))
    codes = hall.give()
    file.write_text(HALL.replace('[[windows]]\ncode = "W13"\nnumber = "13"\n', ""), "utf-8")
    with database.writing() as connection:
        import_hall(connection, read_hall(file), file)
    assert [hall.state(code) for code in codes] == [State.VALID, State.MOVED]
