"""Supervision's list: who came, left, paused, cancelled, was locked out; gapless, no level."""

import json
import re
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
import requests
from central_rig import Device, RunningCentral, problem_code
from sqlalchemy import URL

from central import ingest, schema, sessions
from central.database import Database, sqlite_url
from central.devices import find
from central.filters import Filters
from central.schema import device as device_table
from device.store.ledger import LOCKED, lockout_detail
from protocol import records
from protocol.keys import SigningKey
from protocol.levels import Level
from protocol.records import (
    Boot,
    ClockQuality,
    Fault,
    InvitedBy,
    Login,
    Logout,
    Outcome,
    Pause,
    VisitClosed,
    VisitOpened,
)


def cancel(device: Device, staff: str = "1001", reason: str = "叫错号") -> str:
    one = uuid4()
    device.write(VisitOpened, visit=one, invited_by=InvitedBy.STAFF, window="12", staff=staff)
    ended = {"outcome": Outcome.CANCELLED, "reason": reason, "asked": 1, "rated": 0}
    device.write(VisitClosed, visit=one, **ended)
    return str(one)


def locked(device: Device, staff: str = "1001", failures: int = 5) -> None:
    """Write a lock-out as a device does; of everybody if ``staff`` is empty."""
    device.write(Fault, code=LOCKED, detail=lockout_detail(staff, "screen", failures, 60))


def listed(device: Device, **asked: Any) -> list[dict[str, Any]]:
    device.send()
    found: list[dict[str, Any]] = device.place.ask("/v1/sessions", device=device.name, **asked)[
        "sessions"
    ]
    return found


def overview(device: Device) -> dict[str, Any]:
    if device.chain:
        device.send()
    found = device.place.ask("/v1/devices")["devices"]
    return next(one for one in found if one["device"] == device.name)


def test_a_day_at_a_window_is_told_in_order(device: Device) -> None:
    device.write(Boot, software="x")
    locked(device)
    device.write(Login, staff="1001", means="pin")
    device.write(Pause, staff="1001", paused=True, reason="暂时离开")
    device.write(Pause, staff="1001", paused=False)
    visit = cancel(device)
    device.write_visit(Level.DISSATISFIED)
    device.write(Logout, staff="1001", reason="staff")
    found = listed(device)
    assert [(one["kind"], one["staff"], one["reason"]) for one in found] == [
        ("lockout", "1001", ""),
        ("login", "1001", ""),
        ("pause", "1001", "暂时离开"),
        ("resume", "1001", ""),
        ("cancel", "1001", "叫错号"),
        ("logout", "1001", "staff"),
    ]
    assert [one["seq"] for one in found] == sorted(one["seq"] for one in found)
    first, second, *_, cancelled, _ = found
    assert (first["place"], first["failures"], first["seconds"]) == ("screen", 5, 60)
    assert (second["means"], second["place"]) == ("pin", None)
    assert cancelled["visit"] == visit
    for one in found:
        assert (one["hall"], one["window"], one["window_code"]) == ("210100-01", "12", "W12")
        assert one["corrected_by"] == "device"


def test_no_level_is_told(device: Device) -> None:
    for level in Level:
        device.write_visit(level)
    device.write(Login, staff="1001", means="pin")
    told = json.dumps(listed(device))
    assert '"login"' in told
    assert not re.search("level|satisf|point|outcome|rated", told)


def test_it_comes_page_by_page_without_a_gap(device: Device) -> None:
    for _ in range(4):
        device.write(Login, staff="1001", means="pin")
        device.write(Logout, staff="1001")
    device.send()
    seen: list[int] = []
    after = 0
    while True:
        page = device.place.ask("/v1/sessions", device=device.name, after=after, limit=3)
        if not page["sessions"]:
            break
        seen += [one["seq"] for one in page["sessions"]]
        after = page["next"]
    assert seen == list(range(1, 9))


def test_filters_narrow_it(device: Device) -> None:
    device.write(Login, staff="1001", means="pin")
    device.write(Login, staff="1002", means="card")
    cancel(device, "1002")
    assert [one["kind"] for one in listed(device, staff="1002")] == ["login", "cancel"]
    assert [one["staff"] for one in listed(device, kind="login")] == ["1001", "1002"]
    assert len(listed(device, window="12", hall="210100-01", since="2000-01-01")) == 3
    for nothing in ({"window": "13"}, {"hall": "x"}, {"until": "2000-01-01"}, {"kind": "pause"}):
        assert listed(device, **nothing) == []


def test_a_batch_that_comes_again_is_told_once(device: Device) -> None:
    device.write(Login, staff="1001", means="pin")
    device.send()
    device.send()
    assert len(listed(device)) == 1


def test_a_restored_central_is_told_again_what_it_lost(device: Device) -> None:
    device.write(Login, staff="1001", means="pin")
    before = listed(device)
    with device.place.database.writing() as connection:
        known = find(connection, device.name)
        assert known is not None
        for table in (schema.session_record, schema.record):
            connection.execute(table.delete().where(table.c.device_id == known.id))
        connection.execute(
            device_table.update().where(device_table.c.id == known.id).values(head=0, head_hash=b"")
        )
    after = listed(device)
    assert [one["seq"] for one in after] == [one["seq"] for one in before]


def test_the_window_is_where_the_device_stood_when_it_came_in(
    central: RunningCentral, device: Device
) -> None:
    device.write(Login, staff="1001", means="pin")
    device.send()
    device.enrol(central.token("W13"))
    device.write(Logout, staff="1001", reason="moved")
    assert [(one["kind"], one["window_code"]) for one in listed(device)] == [
        ("login", "W12"),
        ("logout", "W13"),
    ]


def test_a_lock_out_is_an_alert_that_tells_when_it_was_last_raised(device: Device) -> None:
    locked(device, failures=5)
    (first,) = overview(device)["alerts"]
    assert first["kind"] == "login-locked"
    assert "1001" in first["detail"]
    with device.place.database.writing() as connection:
        long_ago = schema.alert.c.raised_ms == first["raised_ms"]
        connection.execute(schema.alert.update().where(long_ago).values(raised_ms=1))
    locked(device, failures=6)
    locked(device, staff="", failures=20)
    again, everybody = sorted(overview(device)["alerts"], key=lambda one: "every" in one["detail"])
    assert again["detail"] == first["detail"]
    assert again["raised_ms"] >= first["raised_ms"]
    assert "everybody" in everybody["detail"]


@pytest.mark.parametrize("detail", ["", "nonsense", "staff=1 place=x failures=-1 seconds=9e9"])
def test_a_lock_out_in_another_shape_is_kept_as_it_is(device: Device, detail: str) -> None:
    device.write(Fault, code="login-locked", detail=detail)
    (one,) = listed(device)
    assert (one["kind"], one["staff"], one["reason"]) == ("lockout", "", detail)
    assert overview(device)["alerts"][0]["kind"] == "login-locked"


def test_devices_tell_who_serves(device: Device) -> None:
    assert (overview(device)["serving"], overview(device)["paused"]) == (None, False)
    device.write(Login, staff="1002", means="badge")
    serving = overview(device)["serving"]
    assert (serving["staff"], serving["means"], serving["login_seq"]) == ("1002", "badge", 1)
    device.write(Pause, staff="1002", paused=True)
    assert (overview(device)["serving"]["staff"], overview(device)["paused"]) == ("1002", True)
    device.write(Logout, staff="1002")
    assert (overview(device)["serving"], overview(device)["paused"]) == (None, False)


def test_only_readers_are_told(central: RunningCentral) -> None:
    for headers in ({}, {"Authorization": "Bearer nonsense"}):
        answer = requests.get(f"{central.url}/v1/sessions", headers=headers, timeout=20)
        assert (answer.status_code, problem_code(answer)) == (401, "reader-unknown")


@pytest.mark.parametrize("asked", ["kind=rating", "level=5", "matter=x", "after=-1"])
def test_what_is_not_understood_is_refused(central: RunningCentral, asked: str) -> None:
    headers = {"Authorization": f"Bearer {central.reader}"}
    answer = requests.get(f"{central.url}/v1/sessions?{asked}", headers=headers, timeout=20)
    assert (answer.status_code, problem_code(answer)) == (400, "invalid")


def test_a_page_never_passes_over_an_event_that_is_still_being_written(
    postgres_central: RunningCentral,
) -> None:
    """As with ratings: the first to take numbers is the last to commit."""
    database = postgres_central.database
    slow, fast = Device(postgres_central).enrol(), Device(postgres_central).enrol()
    for device in (slow, fast):
        device.write(Login, staff="1001", means="pin")
    slow.send()
    slow.write(Logout, staff="1001")
    with database.writing() as connection:
        known = find(connection, slow.name)
        assert known is not None
        row = sessions.row_of(records.read(slow.chain[1]), known.id, "12", 1)
        assert row is not None
        ingest._keep_sessions(connection, known, [row], 1)
        other = threading.Thread(target=fast.send)
        other.start()
        other.join()
        with database.reading() as reading:
            found, last = sessions.page(reading, Filters(), None, 0, 100)
        assert [one["device"] for one in found] == [slow.name]
        connection.rollback()
    with database.reading() as reading:
        found, _ = sessions.page(reading, Filters(), None, last, 100)
    assert [one["device"] for one in found] == [fast.name]


@pytest.fixture(params=["sqlite", "postgresql"])
def empty_url(request: pytest.FixtureRequest, tmp_path: Path) -> URL:
    """A database without any table."""
    if request.param == "sqlite":
        return sqlite_url(tmp_path / "central.db")
    create: Callable[[], URL] = request.getfixturevalue("postgres").create
    return create()


def test_what_came_in_before_there_was_a_list_is_in_it(empty_url: URL) -> None:
    """Records as the version before stored them, brought to today's tables."""
    cancelled, timed_out = uuid4(), uuid4()
    ends = {"asked": 1, "rated": 0}
    written: list[tuple[type[Any], dict[str, Any]]] = [
        (Boot, {"software": "x"}),
        (Login, {"staff": "1001", "means": "pin"}),
        (Pause, {"staff": "1001", "paused": True, "reason": "lunch"}),
        (Pause, {"staff": "1001", "paused": False}),
        (VisitClosed, {"visit": cancelled, "outcome": Outcome.CANCELLED, "reason": "left", **ends}),
        (VisitClosed, {"visit": timed_out, "outcome": Outcome.TIMED_OUT, **ends}),
        (Logout, {"staff": "1001", "reason": "staff"}),
        (Fault, {"code": "touch"}),
    ]
    database = Database(empty_url)
    database.migrate("0004")
    with database.writing() as connection:
        store_as_then(connection, written)
    database.migrate()
    database.check_schema()
    with database.reading() as connection:
        found, _ = sessions.page(connection, Filters(), None, 0, 100)
    assert [(one["kind"], one["staff"], one["reason"], one["means"]) for one in found] == [
        ("login", "1001", "", "pin"),
        ("pause", "1001", "lunch", None),
        ("resume", "1001", "", None),
        ("cancel", "1002", "left", None),
        ("logout", "1001", "staff", None),
    ]
    database.close()


def store_as_then(connection: Any, written: list[tuple[type[Any], dict[str, Any]]]) -> None:
    """Insert a device and its records with the columns that there were then."""
    key = SigningKey.generate()
    device, record, visit = schema.device, schema.record, schema.visit
    row: dict[str, Any] = dict.fromkeys(("record_key", "transport_key", "head_hash"), b"")
    row |= dict.fromkeys(("id", "algorithm", "enrolled_ms", "head", "contact_ms"), 1)
    row |= {"name": "hcp-1", "board": "b", "window": "W1", "software": "s"}
    connection.execute(device.insert().values(**row))
    for seq, (kind, fields) in enumerate(written, 1):
        chain = {"device": "hcp-1", "seq": seq, "prev": bytes(32), "id": uuid4()}
        clocks = {"wall_ms": seq, "clock": ClockQuality.SYNCED, "monotonic_ms": seq}
        one = kind(**chain, **clocks, boot_id=uuid4(), **fields)
        row = dict.fromkeys(("wall_ms", "monotonic_ms", "received_ms", "corrected_ms", "seq"), seq)
        row |= {"device_id": 1, "hash": bytes(32), "kind": str(kind.__struct_config__.tag)}
        row |= {"clock": "synced", "boot_id": one.boot_id.bytes, "corrected_by": "device"}
        row |= {"visit": None, "signed": records.sign(one, key)}
        if isinstance(one, VisitClosed):
            row["visit"] = one.visit.bytes
            ended = {"outcome": str(one.outcome), "closed_seq": seq, "staff": "1002"}
            connection.execute(visit.insert().values(device_id=1, visit=row["visit"], **ended))
        connection.execute(record.insert().values(**row))
