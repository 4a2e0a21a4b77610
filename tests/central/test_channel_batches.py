"""Many ratings of a channel: in one call, in one hour, at one moment."""

import threading
from collections.abc import Callable
from typing import Any
from uuid import uuid4

import pytest
from central_rig import Device, RunningCentral, problem_code
from channel_rig import Line, answer_of, chain_is_whole

from central import devices, throttle
from central.service import now_ms


@pytest.fixture
def line(central: RunningCentral) -> Line:
    return Line(central)


# --- many at once ----------------------------------------------------------------------------


def test_a_batch_has_a_verdict_for_each(device: Device, line: Line) -> None:
    visit = device.write_visit(level=None)
    device.send()
    one = {"subject": "staff", "code": "1001", "level": {"platform": 5}}
    answer = line.post(
        {
            "ratings": [
                {**one, "reference": "a"},
                {**one, "reference": "b", "code": "9999"},
                {**one, "level": 5},
                {**one, "visit": str(visit), "device": device.name},
                {**one, "reference": "a"},
                "nothing",
                {**one, "reference": "c"},
            ]
        },
        "/v1/ratings/batch",
    )
    assert answer.status_code == 200
    verdicts = answer.json()["verdicts"]
    assert [one["status"] for one in verdicts] == [201, 400, 400, 201, 200, 400, 201]
    codes = [one["problem"]["code"] for one in verdicts if "problem" in one]
    assert codes == ["invalid", "malformed", "malformed"]
    assert verdicts[0]["answer"]["receipt"] == verdicts[4]["answer"]["receipt"]
    assert len(line.counted()) == 3
    assert chain_is_whole(line.place)


def test_what_is_refused_of_a_batch_leaves_nothing_behind(own_central: RunningCentral) -> None:
    line = Line(own_central)
    one = {"subject": "hall", "level": {"platform": 5}}
    bodies = [
        {**one, "reference": "a"},
        {**one, "reference": "b", "number": "13804712600"},  # and there is no key to seal it for
        {**one, "reference": "c"},
    ]
    answer = line.post({"ratings": bodies}, "/v1/ratings/batch")
    assert [verdict["status"] for verdict in answer.json()["verdicts"]] == [201, 409, 201]
    assert len(line.kept()) == len(line.counted()) == 2
    assert chain_is_whole(own_central)


@pytest.mark.parametrize("count", [0, 101])
def test_a_batch_holds_one_to_a_hundred(line: Line, count: int) -> None:
    answer = line.post({"ratings": [{}] * count}, "/v1/ratings/batch")
    assert problem_code(answer) == "malformed"


def test_a_key_brings_only_so_many_in_an_hour(own_central: RunningCentral) -> None:
    line = Line(own_central)
    limit = own_central.central.settings.phone.channel_ratings_per_hour
    with own_central.database.writing() as connection:
        throttle.check(
            connection,
            own_central.central.key,
            "ratings of this channel",
            line.name,
            limit,
            now_ms(),
            by=limit - 1,
        )
    two = [{"subject": "hall", "level": {"platform": 5}, "reference": str(n)} for n in range(2)]
    batch = line.post({"ratings": two}, "/v1/ratings/batch")
    assert (batch.status_code, problem_code(batch)) == (429, "too-many")
    assert line.rate().status_code == 201
    assert answer_of(line.rate()) == (429, "too-many")


# --- several at once -------------------------------------------------------------------------


def test_repeats_at_the_same_moment_are_one_rating(line: Line) -> None:
    said: list[tuple[int, str]] = []

    def caller(level: int) -> None:
        said.append(answer_of(line.rate(level, reference="c")))

    threads = [threading.Thread(target=caller, args=(1 + number % 2,)) for number in range(12)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert (
        sorted(said) == [(200, "counted")] * 5 + [(201, "counted")] + [(409, "already-rated")] * 6
    )
    assert len(line.kept()) == len(line.counted()) == 1
    assert chain_is_whole(line.place)


def test_one_staff_member_is_rated_even_if_the_halls_first_ratings_come_at_once(
    own_central: RunningCentral,
) -> None:
    line = Line(own_central)
    said: list[int] = []
    begin = threading.Barrier(8)

    def caller(code: str) -> None:
        begin.wait()
        said.append(line.rate(reference="c", code=code).status_code)

    threads = [
        threading.Thread(target=caller, args=("1001" if number % 2 else "1002",))
        for number in range(8)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(said) == [200] * 3 + [201] + [409] * 4
    assert len(line.counted()) == 1


def test_a_rating_waits_while_the_device_reports(postgres_central: RunningCentral) -> None:
    """Else the visit could come in between the question whether it is known and the answer."""
    device, line = Device(postgres_central).enrol(), Line(postgres_central)
    said: list[tuple[int, str]] = []
    rating: dict[str, Any] = {"visit": str(uuid4()), "device": device.name}
    thread = threading.Thread(target=lambda: said.append(answer_of(line.rate(**rating))))
    waits = "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock'"
    waits += " AND datname = current_database()"
    with postgres_central.database.writing() as connection:
        devices.find(connection, device.name, lock=True)
        thread.start()
        with postgres_central.database.reading() as other:
            while thread.is_alive() and not other.exec_driver_sql(waits).scalar_one():
                other.rollback()
        assert not said
    thread.join()
    assert said == [(201, "pending")]


def test_a_visit_that_arrives_at_the_same_moment_is_not_missed(
    new_device: Callable[..., Device], line: Line
) -> None:
    many = [new_device() for _ in range(6)]
    visits = [device.write_visit(level=None) for device in many]
    threads = [threading.Thread(target=device.send) for device in many]
    threads += [
        threading.Thread(target=line.rate, kwargs={"visit": str(visit), "device": device.name})
        for device, visit in zip(many, visits, strict=True)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert {row.visit for row in line.counted()} == {visit.bytes for visit in visits}
