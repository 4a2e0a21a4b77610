"""How service went: honest denominators, seconds to tap, what staff did; never a level."""

import json
import re
from collections.abc import Callable
from itertools import count
from typing import Any
from uuid import uuid4

import pytest
import requests
from central_rig import MATTER, Device, RunningCentral, problem_code
from hypothesis import given
from hypothesis import strategies as st

from central.service_counts import REASONS_SHOWN, Service, quantiles
from protocol.levels import Level
from protocol.records import (
    ClockQuality,
    Fault,
    InvitedBy,
    Login,
    Logout,
    MatterHandled,
    Outcome,
    Pause,
    Rating,
    VisitClosed,
    VisitOpened,
)
from protocol.subjects import Subject

NewDevice = Callable[..., Device]
_numbers = count(7000)


@pytest.fixture
def staff() -> str:
    """A staff number that no other test uses."""
    return str(next(_numbers))


def visit(
    device: Device,
    staff: str,
    outcome: Outcome | None = Outcome.RATED,
    *,
    invited_by: InvitedBy = InvitedBy.STAFF,
    tap_ms: int | None = None,
    reason: str = "",
    system: str = "",
    window: str = "12",
) -> None:
    """Write a visit that ended so; None leaves it open."""
    one = uuid4()
    device.write(
        VisitOpened, visit=one, invited_by=invited_by, window=window, staff=staff, system=system
    )
    rated = outcome in (Outcome.RATED, Outcome.PARTLY)
    if rated:
        given = {"subject": Subject.STAFF, "code": staff or "x", "level": Level.DISSATISFIED}
        device.write(Rating, visit=one, tapped_ms=1, **given)
    if outcome is not None:
        ended = {"outcome": outcome, "reason": reason, "first_tap_ms": tap_ms}
        device.write(VisitClosed, visit=one, asked=1, rated=int(rated), **ended)


def service(device: Device, by: str, **filters: Any) -> dict[str, dict[str, Any]]:
    device.send()
    found = device.place.ask("/v1/service", by=by, device=device.name, **filters)
    assert found["by"] == by
    return {row["key"]: row for row in found["service"]}


def test_every_invitation_is_told_by_who_invited_and_how_it_ended(
    device: Device, staff: str
) -> None:
    for outcome in (*Outcome, Outcome.RATED, None):
        visit(device, staff, outcome)
    visit(device, staff, Outcome.RATED, invited_by=InvitedBy.SYSTEM, system="counter")
    visit(device, staff, Outcome.DECLINED, invited_by=InvitedBy.CITIZEN)
    row = service(device, "staff")[staff]
    assert (row["hall"], row["invited"]) == ("210100-01", 10)
    assert row["invited_by"] == {"staff": 8, "system": 1, "citizen": 1, "unknown": 0}
    assert {name: row[name] for name in (*map(str, Outcome), "open")} == {
        "rated": 3,
        "partly": 1,
        "declined": 2,
        "timed_out": 1,
        "cancelled": 1,
        "device_fault": 1,
        "open": 1,
    }
    assert (row["ended"], row["rated_share"], row["cancelled_share"]) == (9, 0.4444, 0.1111)


def test_without_an_end_there_is_no_share(device: Device, staff: str) -> None:
    visit(device, staff, None)
    row = service(device, "staff")[staff]
    assert (row["ended"], row["rated_share"], row["cancelled_share"]) == (0, None, None)
    assert row["first_tap"]["median_seconds"] is None
    assert row["first_tap"]["within_2_seconds_share"] is None


def test_first_taps_too_soon_for_a_citizen_stand_out(device: Device, staff: str) -> None:
    for tap_ms in (300, 1999, 2000, 2001, 4321, 5000, 6000, 7000, 8000, 30_000):
        visit(device, staff, tap_ms=tap_ms)
    visit(device, staff, Outcome.TIMED_OUT)
    assert service(device, "staff")[staff]["first_tap"] == {
        "taps": 10,
        "median_seconds": 4.4,
        "p90_seconds": 8.0,
        "within_2_seconds": 3,
        "within_2_seconds_share": 0.3,
    }


def test_whoever_begins_on_their_own_waited_for_nobody(device: Device, staff: str) -> None:
    visit(device, staff, tap_ms=100, invited_by=InvitedBy.CITIZEN)
    visit(device, staff, tap_ms=9000, invited_by=InvitedBy.SYSTEM)
    told = service(device, "staff")[staff]["first_tap"]
    assert (told["taps"], told["median_seconds"], told["within_2_seconds"]) == (1, 9.0, 0)


def test_cancel_reasons_are_counted_the_most_frequent_first(device: Device, staff: str) -> None:
    for reason in ("叫错号", "已离开", "叫错号"):
        visit(device, staff, Outcome.CANCELLED, reason=reason)
    visit(device, staff, Outcome.DEVICE_FAULT, reason="not a cancel")
    assert service(device, "staff")[staff]["cancel_reasons"] == [
        {"reason": "叫错号", "count": 2},
        {"reason": "已离开", "count": 1},
    ]


def test_rare_cancel_reasons_are_told_together(device: Device, staff: str) -> None:
    for number in range(REASONS_SHOWN + 3):
        visit(device, staff, Outcome.CANCELLED, reason=f"{number:02}")
    told = service(device, "staff")[staff]["cancel_reasons"]
    assert len(told) == REASONS_SHOWN + 1
    assert told[-1] == {"reason": None, "count": 3}


def test_log_ins_pauses_and_lock_outs_stand_beside(device: Device, staff: str) -> None:
    device.ticks = count(1_000_000, 60_000)
    device.write(Login, staff=staff, means="pin")
    device.write(Pause, staff=staff, paused=True, reason="暂时离开")
    visit(device, staff)  # three records: whoever was rating finishes
    device.write(Pause, staff=staff, paused=False)
    device.write(Pause, staff=staff, paused=True)
    device.write(Logout, staff=staff)
    device.write(Pause, staff=staff, paused=True)
    device.write(
        Fault, code="login-locked", detail=f"staff={staff} place=screen failures=5 seconds=60"
    )
    device.write(Fault, code="touch", detail=f"staff={staff}")
    row = service(device, "staff")[staff]
    told = ("logins", "logouts", "pauses", "paused_seconds", "pauses_open", "lockouts")
    assert {name: row[name] for name in told} == {
        "logins": 1,
        "logouts": 1,
        "pauses": 3,
        "paused_seconds": 300,
        "pauses_open": 1,
        "lockouts": 1,
    }
    assert row["invited"] == 1


def test_a_pause_across_a_restart_is_told_by_the_calendar(device: Device, staff: str) -> None:
    device.write(Pause, staff=staff, paused=True)
    device.boot_id = uuid4()
    device.booted_ms += 120_000
    device.ticks = count(30, 10)
    device.write(Pause, staff=staff, paused=False)
    assert service(device, "staff")[staff]["paused_seconds"] == 119


def test_a_pause_whose_clock_was_set_is_told_by_the_monotonic_one(
    device: Device, staff: str
) -> None:
    device.ticks = count(1_000_000, 60_000)
    device.write(Pause, staff=staff, paused=True)
    device.booted_ms -= 30_000_000
    device.write(Pause, staff=staff, paused=False)
    assert service(device, "staff")[staff]["paused_seconds"] == 60


def test_a_lock_out_for_everybody_is_nobodys(device: Device) -> None:
    device.write(Fault, code="login-locked", detail="staff=* place=console failures=20 seconds=60")
    assert service(device, "staff") == {}
    assert service(device, "device")[device.name]["lockouts"] == 1
    assert service(device, "window")["12"]["lockouts"] == 1


@pytest.mark.parametrize("nobody", ["", "-"])
def test_a_visit_without_staff_is_nobodys(device: Device, nobody: str) -> None:
    visit(device, nobody)
    assert service(device, "staff") == {}
    assert service(device, "window")["12"]["rated"] == 1


def test_window_day_device_and_hall_agree(device: Device, staff: str) -> None:
    device.write(Login, staff=staff, means="badge")
    for outcome in Outcome:
        visit(device, staff, outcome, tap_ms=3000)
    rows = {
        by: service(device, by) for by in ("staff", "window", "day", "device", "hall", "system")
    }
    assert rows.pop("system") == {}
    assert list(rows["window"]) == ["12"]
    assert (rows["window"]["12"]["hall"], rows["window"]["12"]["window_code"]) == (
        "210100-01",
        "W12",
    )
    assert list(rows["device"]) == [device.name]
    assert re.fullmatch(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", next(iter(rows["day"])))
    for found in rows.values():
        (row,) = found.values()
        assert (row["invited"], row["ended"], row["logins"]) == (6, 6, 1)
        assert row["first_tap"]["taps"] == 6


def test_a_business_systems_invitations_are_told_by_its_name(device: Device, staff: str) -> None:
    invited = {"invited_by": InvitedBy.SYSTEM, "system": "queue"}
    visit(device, staff, Outcome.RATED, **invited)
    visit(device, staff, Outcome.TIMED_OUT, **invited)
    visit(device, staff, Outcome.RATED)
    found = service(device, "system")
    assert list(found) == ["queue"]
    assert (found["queue"]["invited"], found["queue"]["rated"]) == (2, 1)
    assert "logins" not in found["queue"]


def test_the_name_stands_beside_the_number(device: Device) -> None:
    visit(device, "1002")
    visit(device, "9999")
    found = service(device, "staff")
    assert found["1002"]["name"] == "李\U00030edd"
    assert found["9999"]["name"] is None


def test_filters_narrow_visits_and_sessions_alike(device: Device, staff: str) -> None:
    other = str(next(_numbers))
    device.write(Login, staff=staff, means="pin")
    visit(device, staff)
    device.write(Login, staff=other, means="pin")
    visit(device, other)
    (row,) = service(device, "device", staff=staff).values()
    assert (row["invited"], row["logins"]) == (1, 1)
    (row,) = service(device, "device", window="W12").values()
    assert (row["invited"], row["logins"]) == (2, 2)
    (row,) = service(device, "device", hall="210100-01", since="2000-01-01").values()
    assert (row["invited"], row["logins"]) == (2, 2)
    for nothing in ({"window": "13"}, {"hall": "x"}, {"since": "2999-01-01"}, {"staff": "x"}):
        assert service(device, "device", **nothing) == {}


def test_a_day_begins_where_the_hall_is(new_device: NewDevice, staff: str) -> None:
    device = new_device(booted_ms=1_740_844_790_000 - 1000)  # ten seconds to midnight in China
    device.write(Login, staff=staff, means="pin")
    visit(device, staff)
    device.booted_ms += 20_000
    visit(device, staff)
    found = service(device, "day")
    assert {day: (row["invited"], row["logins"]) for day, row in found.items()} == {
        "2025-03-01": (1, 1),
        "2025-03-02": (1, 0),
    }
    assert list(service(device, "day", since="2025-03-02")) == ["2025-03-02"]


def test_a_visit_whose_beginning_is_lost_is_told_as_unknown(device: Device) -> None:
    device.write(VisitClosed, visit=uuid4(), outcome=Outcome.DEVICE_FAULT, asked=0, rated=0)
    (row,) = service(device, "device").values()
    assert row["invited_by"] == {"staff": 0, "system": 0, "citizen": 0, "unknown": 1}
    found = service(device, "staff")
    assert list(found) == [None]
    assert found[None]["device_fault"] == 1


def test_no_level_is_told(device: Device, staff: str) -> None:
    for level in Level:
        device.write_visit(level, staff=staff, matter_level=level)
    told = json.dumps(service(device, "staff")) + json.dumps(service(device, "window"))
    assert not re.search("level|satisf|point|tag", told)


def test_records_of_older_versions_are_counted_too(device: Device, staff: str) -> None:
    for version in (1, 2):
        one = uuid4()
        opened = {"visit": one, "invited_by": InvitedBy.STAFF, "window": "12", "staff": staff}
        device.write(VisitOpened, version=version, **opened)
        ended = {"outcome": Outcome.CANCELLED, "reason": "left", "asked": 1, "rated": 0}
        device.write(VisitClosed, version=version, visit=one, **ended)
    assert service(device, "staff")[staff]["cancelled"] == 2
    assert service(device, "system") == {}


def test_how_many_cases_there_were_is_kept(device: Device, staff: str) -> None:
    matters = (MatterHandled(code=MATTER, count=3), MatterHandled(code=MATTER, cases=("a",)))
    opened = {"invited_by": InvitedBy.SYSTEM, "window": "12", "system": "queue"}
    device.write(VisitOpened, visit=uuid4(), staff=staff, matters=matters, **opened)
    device.send()
    from central.schema import visit as table

    (row,) = device.place.rows(table, table.c.staff == staff)
    assert row.system == "queue"
    assert [(one["count"], one["cases"]) for one in json.loads(row.matters)] == [
        (3, []),
        (0, ["a"]),
    ]


def test_an_undated_visit_is_still_counted(device: Device, staff: str) -> None:
    device.clock = ClockQuality.UNSYNCED
    visit(device, staff)
    assert service(device, "staff")[staff]["rated"] == 1


def test_only_readers_are_told(central: RunningCentral) -> None:
    for headers in ({}, {"Authorization": "Bearer nonsense"}):
        answer = requests.get(f"{central.url}/v1/service?by=staff", headers=headers, timeout=20)
        assert (answer.status_code, problem_code(answer)) == (401, "reader-unknown")


@pytest.mark.parametrize("asked", ["", "by=level", "by=staff&level=5", "by=staff&matter=x"])
def test_what_it_cannot_be_counted_by_is_refused(central: RunningCentral, asked: str) -> None:
    headers = {"Authorization": f"Bearer {central.reader}"}
    answer = requests.get(f"{central.url}/v1/service?{asked}", headers=headers, timeout=20)
    assert (answer.status_code, problem_code(answer)) == (400, "invalid")


@given(st.dictionaries(st.integers(0, 500), st.integers(1, 9), min_size=1), st.integers(1, 100))
def test_a_quantile_is_the_least_value_that_enough_do_not_exceed(
    counted: dict[int, int], percent: int
) -> None:
    (found,) = quantiles(counted, [percent])
    every = sorted(value for value, times in counted.items() for _ in range(times))
    rank = -(-len(every) * percent // 100)
    assert found == every[rank - 1]


def test_of_nothing_there_is_no_quantile() -> None:
    assert quantiles({}, [50, 90]) == [None, None]


@given(st.dictionaries(st.sampled_from([*map(str, Outcome), "open"]), st.integers(0, 1000)))
def test_shares_are_shares_of_what_has_ended(outcomes: dict[str, int]) -> None:
    row = Service(outcomes=outcomes).output(with_sessions=True)
    assert row["ended"] + row["open"] == sum(outcomes.values())
    if row["ended"]:
        assert row["rated_share"] + row["cancelled_share"] <= 1.0001
