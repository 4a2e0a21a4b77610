"""What readers are told: lists without a gap, honest rates, both codings of a level."""

import threading
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
import requests
from central_rig import HALL, MATTER, Device, RunningCentral, problem_code
from sqlalchemy import text

from central import paging
from central import ratings as rating_list
from central.directory import import_hall, read_hall
from central.filters import Filters, day_name, read_time
from protocol.levels import Level
from protocol.records import InvitedBy, Outcome, Rating, VisitClosed, VisitOpened
from protocol.subjects import Subject


@pytest.fixture
def busy(central: RunningCentral) -> Device:
    """A device with ratings of every level but one, and one visit without."""
    device = Device(central).enrol()
    for level in (5, 5, 4, 2, 1):
        device.write_visit(Level(level))
    device.write_visit(Level.SATISFIED, staff="1002", matter_level=Level.FAIRLY_SATISFIED)
    device.write_visit(None)
    device.send()
    return device


def counts(device: Device, by: str, **filters: Any) -> dict[str, dict[str, Any]]:
    found = device.place.ask("/v1/counts", by=by, device=device.name, **filters)
    return {row["key"]: row for row in found["counts"]}


def test_ratings_come_page_by_page_without_a_gap(busy: Device) -> None:
    seen: list[int] = []
    after = 0
    while True:
        page = busy.place.ask("/v1/ratings", device=busy.name, after=after, limit=3)
        if not page["ratings"]:
            break
        seen += [one["seq"] for one in page["ratings"]]
        after = page["next"]
    assert seen == sorted(seen)
    assert len(seen) == 7
    assert page["next"] == after


def test_a_level_is_never_a_bare_digit(busy: Device) -> None:
    found = busy.place.ask("/v1/ratings", device=busy.name)["ratings"]
    assert found[0]["level"] == {
        "platform": 5,
        "gbt39046": 1,
        "points": 10,
        "name": "very_satisfied",
    }
    assert found[4]["level"] == {
        "platform": 1,
        "gbt39046": 5,
        "points": 0,
        "name": "very_dissatisfied",
    }


def test_counts_by_staff_tell_levels_points_rates_and_visits(busy: Device) -> None:
    found = counts(busy, "staff")
    one = found["1001"]
    assert [level["count"] for level in one["levels"]] == [2, 1, 0, 1, 1]
    assert [level["platform"] for level in one["levels"]] == [5, 4, 3, 2, 1]
    assert (one["total"], one["average_points"]) == (5, 6.2)
    assert (one["good_rate"], one["negative_rate"]) == (0.6, 0.4)
    assert one["visits"] == {"rated": 5, "timed_out": 1}
    assert found["1002"]["visits"] == {"rated": 1}


def test_counts_by_matter_leave_staff_ratings_out(busy: Device) -> None:
    found = counts(busy, "matter")
    assert list(found) == [MATTER]
    assert found[MATTER]["total"] == 1
    assert "visits" not in found[MATTER]


def test_a_hall_as_a_whole_is_counted_by_itself(device: Device) -> None:
    visit = uuid4()
    device.write(VisitOpened, visit=visit, invited_by=InvitedBy.CITIZEN, window="12", staff="")
    rated = {"subject": Subject.HALL, "code": "210100-01", "level": Level.DISSATISFIED}
    device.write(Rating, visit=visit, tapped_ms=1, **rated)
    device.write(VisitClosed, visit=visit, outcome=Outcome.RATED, asked=1, rated=1)
    device.write_visit()
    device.send()
    found = counts(device, "hall")
    assert list(found) == ["210100-01"]
    assert (found["210100-01"]["total"], found["210100-01"]["negative_rate"]) == (1, 1.0)
    assert list(counts(device, "staff")) == ["1001"]
    assert counts(device, "matter") == {}
    assert counts(device, "window")["12"]["total"] == 2
    listed = device.place.ask("/v1/ratings", device=device.name)["ratings"]
    assert [(one["subject"], one["serving_staff"]) for one in listed] == [
        ("hall", ""),
        ("staff", "1001"),
    ]
    assert device.place.ask("/v1/ratings", device=device.name, staff="210100-01")["ratings"] == []


@pytest.mark.parametrize("nobody", ["", "-"])
def test_a_visit_that_names_no_staff_is_nobodys_visit(device: Device, nobody: str) -> None:
    device.write_visit(None, staff=nobody, matter_level=Level.SATISFIED)
    device.send()
    assert counts(device, "staff") == {}
    assert counts(device, "window")["12"]["visits"] == {"rated": 1}


def test_counts_by_window_device_level_and_day_agree(busy: Device) -> None:
    assert counts(busy, "window")["12"]["total"] == 7
    assert counts(busy, "device")[busy.name]["total"] == 7
    by_level = counts(busy, "level")
    assert {key: row["total"] for key, row in by_level.items()} == {
        "5": 2,
        "4": 2,
        "3": 1,
        "2": 1,
        "1": 1,
    }
    by_day = counts(busy, "day")
    assert sum(row["total"] for row in by_day.values()) == 7
    assert sum(sum(row["visits"].values()) for row in by_day.values()) == 7


def test_a_day_begins_where_the_hall_is(central: RunningCentral) -> None:
    device = Device(central)
    evening = datetime(2025, 3, 1, 15, 59, 50, tzinfo=UTC)  # ten seconds to midnight in China
    device.booted_ms = int(evening.timestamp() * 1000) - 1000
    device.enrol()
    device.write_visit()
    device.booted_ms += 20_000
    device.write_visit()
    device.send()
    found = counts(device, "day")
    assert {key: row["total"] for key, row in found.items()} == {"2025-03-01": 1, "2025-03-02": 1}
    assert {key: row["visits"] for key, row in found.items()} == {
        "2025-03-01": {"rated": 1},
        "2025-03-02": {"rated": 1},
    }
    only = device.place.ask("/v1/ratings", device=device.name, since="2025-03-02")["ratings"]
    assert len(only) == 1
    until = "2025-03-01T16:00:00Z"
    assert len(device.place.ask("/v1/ratings", device=device.name, until=until)["ratings"]) == 1


def test_filters_narrow_lists_and_counts(busy: Device) -> None:
    ask = busy.place.ask
    assert len(ask("/v1/ratings", device=busy.name, level=2)["ratings"]) == 1
    assert len(ask("/v1/ratings", device=busy.name, staff="1002")["ratings"]) == 1
    assert len(ask("/v1/ratings", device=busy.name, matter=MATTER)["ratings"]) == 1
    assert len(ask("/v1/ratings", device=busy.name, staff="1002", matter=MATTER)["ratings"]) == 2
    assert ask("/v1/ratings", device="nobody")["ratings"] == []
    assert counts(busy, "device", staff="1001")[busy.name]["total"] == 5
    assert counts(busy, "day", since="2999-01-01") == {}


def test_a_visit_without_an_end_is_open_and_one_without_a_beginning_counts(
    central: RunningCentral,
) -> None:
    device = Device(central).enrol()
    device.write_visit(None, close=False)
    device.write(
        VisitClosed,
        visit=uuid4(),
        outcome=Outcome.DEVICE_FAULT,
        asked=0,
        rated=0,
    )
    device.send()
    assert counts(device, "device")[device.name]["visits"] == {"device_fault": 1, "open": 1}
    assert counts(device, "staff")["1001"]["total"] == 0


@pytest.mark.parametrize("path", ["ratings", "counts?by=staff", "devices", "refusals"])
def test_only_readers_are_told(central: RunningCentral, path: str) -> None:
    for authorization in (
        None,
        "Bearer nonsense",
        "Basic abc",
        "Bearer",
        f"Basic {central.reader}",
    ):
        headers = {"Authorization": authorization} if authorization else {}
        answer = requests.get(f"{central.url}/v1/{path}", headers=headers, timeout=20)
        assert (answer.status_code, problem_code(answer)) == (401, "reader-unknown")
        assert answer.headers["WWW-Authenticate"] == "Bearer"


def test_anyone_may_ask_for_health(central: RunningCentral) -> None:
    answer = requests.get(f"{central.url}/v1/health", timeout=20)
    assert (answer.status_code, answer.json()) == (200, {"status": "ok"})


def test_health_can_be_asked_for_without_a_body(central: RunningCentral) -> None:
    answer = requests.head(f"{central.url}/v1/health", timeout=20)
    assert (answer.status_code, answer.content) == (200, b"")


def test_halls_with_the_same_numbers_are_told_apart(
    own_central: RunningCentral, tmp_path: Path
) -> None:
    other_hall = tmp_path / "other.toml"
    other_hall.write_text(HALL.replace("210100-01", "210100-02").replace('"W1', '"V1'), "utf-8")
    with own_central.database.writing() as connection:
        import_hall(connection, read_hall(other_hall), other_hall)
    here = Device(own_central).enrol()
    there = Device(own_central, window="V12").enrol()
    here.write_visit(Level.VERY_SATISFIED)
    there.write_visit(Level.SATISFIED)
    there.write_visit(None)
    here.send()
    there.send()
    ask = own_central.ask
    by_window = ask("/v1/counts", by="window")["counts"]
    assert [
        (row["hall"], row["window_code"], row["key"], row["total"], row["visits"])
        for row in by_window
    ] == [
        ("210100-01", "W12", "12", 1, {"rated": 1}),
        ("210100-02", "V12", "12", 1, {"rated": 1, "timed_out": 1}),
    ]
    by_staff = ask("/v1/counts", by="staff")["counts"]
    assert [(row["hall"], row["key"], row["average_points"]) for row in by_staff] == [
        ("210100-01", "1001", 10.0),
        ("210100-02", "1001", 8.0),
    ]
    for asked in ({"hall": "210100-02"}, {"window": "V12"}):
        (rating,) = ask("/v1/ratings", **asked)["ratings"]
        assert (rating["device"], rating["hall"]) == (there.name, "210100-02")
        assert (rating["window"], rating["window_code"]) == ("12", "V12")
        (row,) = ask("/v1/counts", by="day", **asked)["counts"]
        assert (row["total"], row["visits"]) == (1, {"rated": 1, "timed_out": 1})
    assert len(ask("/v1/ratings", window="12")["ratings"]) == 2
    assert len(ask("/v1/ratings", window="12", hall="210100-01")["ratings"]) == 1


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        ("ratings?nonsense=1", "nonsense: unknown parameter; known: after, limit, hall, window, "),
        ("counts?by=staff&until=2999-01-01&form=1", "form: unknown parameter; known: by, hall, "),
        ("devices?a=1&b=2", "a: unknown parameter; b: unknown parameter; this call takes none"),
        ("refusals?since=2025-01-01", "since: unknown parameter; this call takes none"),
        ("counts", "by: expected one of staff, matter, hall, window, level, day, device"),
        ("counts?by=city", "by: expected one of staff, matter, hall, window, level, day, device"),
    ],
)
def test_a_question_that_is_not_understood_is_not_answered(
    central: RunningCentral, asked: str, said: str
) -> None:
    headers = {"Authorization": f"Bearer {central.reader}"}
    answer = requests.get(f"{central.url}/v1/{asked}", headers=headers, timeout=20)
    assert (answer.status_code, problem_code(answer)) == (400, "invalid")
    assert answer.json()["detail"].startswith(said)


def test_a_page_never_passes_over_a_rating_that_is_still_being_written(
    postgres_central: RunningCentral,
) -> None:
    """Two writers at once: the first to take numbers is the last to commit.

    On PostgreSQL alone: SQLite's writers come one at a time.
    """
    database = postgres_central.database
    slow, fast = Device(postgres_central).enrol(), Device(postgres_central).enrol()
    slow.write_visit()
    fast.write_visit()
    slow.send()
    with database.writing() as connection:
        paging.announce(connection, paging.RATINGS)
        connection.execute(text("SELECT nextval('rating_id_seq')"))
        other = threading.Thread(target=fast.send)
        other.start()
        other.join()
        with database.reading() as reading:
            found, last = rating_list.page(reading, Filters(), 0, 100)
        assert [one["device"] for one in found] == [slow.name]
    with database.reading() as reading:
        found, _ = rating_list.page(reading, Filters(), last, 100)
    assert [one["device"] for one in found] == [fast.name]


def test_times_are_read_where_central_is() -> None:
    assert read_time("since", None, 480) is None
    assert read_time("since", "1970-01-01", 480) == -8 * 3_600_000
    assert read_time("since", "1970-01-01T00:00:01Z", 480) == 1000
    assert read_time("since", "1970-01-01T08:00:00", 480) == 0
    assert day_name(0) == "1970-01-01"
    assert day_name(10**12) == "day 1000000000000"
