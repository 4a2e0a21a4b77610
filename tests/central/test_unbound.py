"""Ratings by phone whose visit is not known: shown as they are, and counted nowhere."""

import json
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
import requests
from central_rig import HALL as HALL_FILE
from central_rig import Device, RunningCentral, problem_code, running
from hypothesis import example, given
from hypothesis import strategies as st
from results_rig import HALL, Visit
from test_central_cli import run

from central.service import now_ms
from central.settings import Phone, read_settings
from central.unbound import Deadline, State
from protocol.levels import Level

HOUR_MS = 3_600_000


def waiting(device: Device, age_hours: float = 0) -> Visit:
    """A visit of which nothing has come in but one rating by phone, so long ago."""
    visit = Visit(device, begun_ms=now_ms() - int(age_hours * HOUR_MS))
    visit.phones(1, Level.DISSATISFIED, 0, comment="a secret")
    return visit


def listed(place: RunningCentral, **asked: Any) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = place.ask("/v1/unbound", **asked)["unbound"]
    return found


def test_what_waits_is_told_with_its_age_and_without_its_level(device: Device) -> None:
    visit = waiting(device, age_hours=2)
    (one,) = listed(device.place, device=device.name)
    assert 7_200 <= one.pop("age_seconds") < 7_300
    assert one.pop("id") > 0
    assert one == {
        "state": "pending",
        "device": device.name,
        "hall": HALL,
        "visit": str(visit.visit),
        "question": 1,
        "subject": "matter",
        "channel_pf": 3,
        "system": None,
        "language": "zh-CN",
        "received_ms": visit.begun_ms,
    }


def test_after_its_hours_it_is_unbound_and_still_counted_nowhere(device: Device) -> None:
    waiting(device, age_hours=71)
    waiting(device, age_hours=73)
    assert [one["state"] for one in listed(device.place, device=device.name)] == [
        "pending",
        "unbound",
    ]
    place = device.place
    (told,) = [one for one in place.ask("/v1/devices")["devices"] if one["device"] == device.name]
    assert told["phone_ratings"] == {"pending": 1, "unbound": 1}
    assert place.ask("/v1/ratings", device=device.name)["ratings"] == []
    for by in ("staff", "matter", "window", "day", "origin"):
        assert place.ask("/v1/counts", by=by, device=device.name)["counts"] == []


def test_however_late_its_visit_comes_it_is_bound_and_listed_no_more(device: Device) -> None:
    visit = waiting(device, age_hours=1000)
    visit.opens()
    visit.arrives(1)
    assert listed(device.place, device=device.name) == []
    (rating,) = device.place.ask("/v1/ratings", device=device.name)["ratings"]
    assert (rating["subject"], rating["counted"]) == ("matter", True)


def test_they_come_page_by_page_and_by_hall_and_device(own_central: RunningCentral) -> None:
    one, other = Device(own_central).enrol(), Device(own_central).enrol()
    visits = [waiting(device).visit for device in (one, other, one)]
    page = own_central.ask("/v1/unbound", limit=2)
    assert [UUID(row["visit"]) for row in page["unbound"]] == visits[:2]
    (last,) = listed(own_central, after=page["next"])
    assert UUID(last["visit"]) == visits[2]
    assert own_central.ask("/v1/unbound", after=last["id"]) == {"unbound": [], "next": last["id"]}
    assert len(listed(own_central, device=one.name)) == 2
    assert len(listed(own_central, hall=HALL)) == 3
    assert listed(own_central, hall="x") == []


def test_only_readers_are_told(central: RunningCentral) -> None:
    answer = requests.get(f"{central.url}/v1/unbound", timeout=20)
    assert (answer.status_code, problem_code(answer)) == (401, "reader-unknown")


@pytest.mark.parametrize("asked", ["level=5", "limit=0", "after=-1"])
def test_a_question_that_is_not_understood_is_not_answered(
    central: RunningCentral, asked: str
) -> None:
    headers = {"Authorization": f"Bearer {central.reader}"}
    answer = requests.get(f"{central.url}/v1/unbound?{asked}", headers=headers, timeout=20)
    assert (answer.status_code, problem_code(answer)) == (400, "invalid")


@given(st.integers(1, 1000), st.integers(0, 10**13), st.integers(0, 10**13))
@example(hours=1, received_ms=0, now=HOUR_MS)
@example(hours=1, received_ms=0, now=HOUR_MS + 1)
def test_unbound_is_what_has_waited_for_longer_than_its_hours(
    hours: int, received_ms: int, now: int
) -> None:
    late = now - received_ms > hours * HOUR_MS
    found = Deadline.of(Phone(unbound_hours=hours), now).state(received_ms)
    assert found is (State.UNBOUND if late else State.PENDING)


def test_an_operator_lists_them_and_sees_how_many_there_are(tmp_path: Path) -> None:
    data = tmp_path / "central"
    run("init", "--data", data)
    (data / "central.key").unlink()
    (data / "central.toml").write_text("[phone]\nunbound_hours = 3\n", "utf-8")
    assert HALL in HALL_FILE
    with running(data, read_settings(data).database) as place:
        device = Device(place).enrol()
        assert run("unbound", "--data", data)[0] == "no rating by phone waits for its visit\n"
        visit, old = waiting(device), waiting(device, age_hours=99.5)
    told, _ = run("unbound", "--data", data)
    first, second = told.splitlines()
    assert first.startswith(f"{visit.visit}  {device.name}  hall {HALL}  question 2 (matter)  ")
    assert first.endswith("since 0 min  pending")
    assert second.startswith(str(old.visit))
    assert second.endswith("since 4 d 3 h  unbound")
    assert "secret" not in told
    as_json = json.loads(run("unbound", "--json", "--device", device.name, "--data", data)[0])
    assert [one["state"] for one in as_json["unbound"]] == ["pending", "unbound"]
    assert "no rating" in run("unbound", "--hall", "x", "--data", data)[0]
    shown = run("show", "--data", data)[0]
    assert "pending phone ratings    1" in shown
    assert "unbound phone ratings    1" in shown
    assert "unbound phone ratings: 1" in run("devices", "--data", data)[0]
