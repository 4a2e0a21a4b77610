"""What citizens, devices and channels ask is found by an index, however much a hall has stored.

Asked of SQLite, whose plans follow from the statement alone: it has no statistics of ours.
"""

import re
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from uuid import uuid4

import msgspec
import pytest
import requests
from central_rig import MATTER, Device, RunningCentral, running
from channel_rig import Line
from phone_rig import Page, Phone, token_of
from sqlalchemy import event

from central import window_codes
from central.database import sqlite_url
from central.service import now_ms
from central.settings import Phone as PhoneSettings
from protocol.levels import Level
from protocol.messages import PhoneWait
from protocol.questions import Asks
from protocol.records import (
    Boot,
    ClockQuality,
    InvitedBy,
    MatterHandled,
    Outcome,
    Rating,
    VisitClosed,
    VisitOpened,
)
from protocol.subjects import Subject

GROWING = "visit|rating|record|remote_rating|remote_callback|throttle|session_record"
_WHOLE = re.compile(rf"SCAN ({GROWING})\b(?!.*ix_remote_rating_pending)")
_WHOLE_DEVICE = re.compile(r"SEARCH (visit|rating|remote_rating) USING .*\(device_id=\?\)$")
"""All visits or ratings that one device ever had."""


@pytest.fixture
def place(sqlite_template: Path, tmp_path: Path) -> Iterator[RunningCentral]:
    file = tmp_path / "central.db"
    shutil.copy(sqlite_template, file)
    with running(tmp_path / "central", sqlite_url(file)) as found:
        quick = PhoneSettings(quickest_seconds=0)
        settings = msgspec.structs.replace(found.central.settings, phone=quick)
        found.central.settings = settings
        yield found


@pytest.fixture
def slow(place: RunningCentral) -> Iterator[list[str]]:
    """The statements that read a growing table from end to end, with their plans."""
    found: list[str] = []
    explained: set[str] = set()

    def explain(connection: Any, cursor: Any, statement: str, parameters: Any, *_: Any) -> None:
        if statement.startswith(("SELECT", "UPDATE", "DELETE")) and statement not in explained:
            explained.add(statement)
            one = parameters[0] if isinstance(parameters, list) else parameters
            plan = cursor.connection.execute(f"EXPLAIN QUERY PLAN {statement}", one).fetchall()
            steps = [step for *_, step in plan]
            if any(_WHOLE.search(step) or _WHOLE_DEVICE.search(step) for step in steps):
                found.append(f"{steps}: {' '.join(statement.split())}")

    engine = place.database.engine
    event.listen(engine, "before_cursor_execute", explain)
    yield found
    event.remove(engine, "before_cursor_execute", explain)
    assert len(explained) > 5, "somebody listened"


def rated_visit(device: Device) -> Any:
    visit = uuid4()
    matters = (MatterHandled(MATTER, ("A-1",)),)
    staff: dict[str, Any] = {"window": "12", "staff": "1001", "invited_by": InvitedBy.STAFF}
    device.write(VisitOpened, visit=visit, matters=matters, **staff)
    given: dict[str, Any] = {"subject": Subject.STAFF, "code": "1001", "tapped_ms": 1}
    device.write(Rating, visit=visit, level=Level.SATISFIED, **given)
    device.write(VisitClosed, visit=visit, outcome=Outcome.PARTLY, asked=2, rated=1)
    return visit


def follow_up(phone: Phone, code: str) -> None:
    found: Page = phone.post("/C", {"code": code})
    (key,) = [one for one in found.keys if one.startswith("follow:staff")]
    page = phone.press(found, key)
    if "level:1" in page.keys:  # else one that came later is filled in
        page = phone.press(page, "level:1")
    assert "follow-up rating has been received" in phone.press(page, "send").text


def test_what_a_device_sends(place: RunningCentral, slow: list[str]) -> None:
    device = Device(place, clock=ClockQuality.UNSYNCED).enrol()
    visit = rated_visit(device)
    device.send()
    phone = Phone(place)
    page = phone.open("/R/" + token_of(device, visit, asks=Asks(1, 1)))
    phone.rate(page, 2)
    device.clock = ClockQuality.SYNCED
    device.write(Boot, software="haochaping 0.1")
    device.send(device.head)
    device.beat()
    asked = msgspec.json.encode(PhoneWait(visit))
    typed = {"Content-Type": "application/json"}
    assert device.call("POST", "/v1/visits/phone", asked, headers=typed).status_code == 200
    assert slow == []


def test_what_a_citizen_does_on_a_phone(place: RunningCentral, slow: list[str]) -> None:
    device, phone = Device(place).enrol(), Phone(place)
    visit = rated_visit(device)
    path = "/R/" + token_of(device, visit, asks=Asks(1, 1))
    waiting = phone.rate(phone.open(path), 3, 2)
    assert waiting.status == 200
    device.send()
    assert phone.open(path).status == 200
    follow_up(phone, waiting.field("code"))
    answer = requests.post(
        f"{place.url}/v1/receipts", json={"code": waiting.field("code")}, timeout=20
    )
    assert answer.status_code == 200
    assert slow == []


def test_what_is_done_with_a_printed_code(place: RunningCentral, slow: list[str]) -> None:
    with place.database.writing() as connection:
        plan = window_codes.plan(connection, "210100-01", ["W12"], now_ms(), days=9)
        window_codes.give_out(connection, plan, now_ms())
    phone = Phone(place)
    page = phone.open(window_codes.PATH + plan.sheets[0].code.code)
    rated = phone.rate(page, 4)
    assert rated.status == 200
    follow_up(phone, rated.field("code"))
    assert slow == []


def test_what_a_channel_brings(place: RunningCentral, slow: list[str]) -> None:
    device, line = Device(place).enrol(), Line(place)
    visit = rated_visit(device)
    early = line.rate(visit=str(visit), device=device.name)
    assert early.status_code == 201, early.text
    device.send()
    assert line.rate(visit=str(visit)).status_code == 200
    brought = line.rate(reference="A-17")
    assert brought.status_code == 201
    later = line.rate(1, receipt=brought.json()["receipt"], code="1001", follow_up=True)
    assert later.status_code == 201, later.text
    assert slow == []
