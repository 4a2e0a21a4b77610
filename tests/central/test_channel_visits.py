"""A channel's rating of a device's visit, by its id or by its receipt code."""

import json
from collections.abc import Callable
from datetime import datetime, timedelta, timezone
from uuid import UUID, uuid4

import pytest
from central_rig import HALL as HALL_FILE
from central_rig import MATTER, Device, RunningCentral, problem_code
from channel_rig import Line, answer_of

from central import channels, schema
from central.directory import import_hall, read_hall
from central.service import now_ms
from protocol.levels import Level
from protocol.phone import receipt_code
from protocol.records import InvitedBy, MatterHandled, VisitOpened
from protocol.subjects import Channel

HALL = "210100-01"


@pytest.fixture
def line(central: RunningCentral) -> Line:
    return Line(central)


# --- the visit of a device -------------------------------------------------------------------


def test_a_devices_visit_is_rated_through_a_channel(device: Device, line: Line) -> None:
    visit = device.write_visit(level=None)
    device.send()
    answer = line.rate(3, visit=str(visit), device=device.name)
    assert answer_of(answer) == (201, "counted")
    assert answer.json()["receipt"] == "", "who knows the visit by its id is not told its code"
    (row,) = line.counted()
    assert (row.code, row.hall) == ("1001", None)
    assert answer_of(line.rate(3, visit=str(visit), device=device.name)) == (200, "counted")


def test_a_visit_that_was_reported_needs_no_device_named(device: Device, line: Line) -> None:
    visit = device.write_visit(level=None)
    unknown = line.rate(3, visit=str(visit))
    assert answer_of(unknown) == (404, "visit-unknown")
    assert "come again later" in unknown.json()["detail"]
    device.send()
    assert answer_of(line.rate(3, visit=str(visit))) == (201, "counted")
    assert answer_of(line.rate(3, visit=str(visit), device=device.name)) == (200, "counted")


def test_what_the_visit_does_not_ask_is_refused_with_what_it_asks(
    device: Device, line: Line
) -> None:
    visit = device.write_visit(level=None)
    device.send()
    answer = line.rate(subject="matter", code=MATTER, visit=str(visit), device=device.name)
    assert problem_code(answer) == "not-asked"
    assert "staff 1001" in answer.json()["detail"]


def test_another_staff_member_than_the_visits_is_not_asked_about(
    device: Device, line: Line
) -> None:
    visit = device.write_visit(level=None)
    device.send()
    answer = line.rate(code="1002", visit=str(visit), device=device.name)
    assert answer_of(answer) == (409, "not-asked")


def test_the_cases_of_a_visit_are_signed_with_its_rating(device: Device, line: Line) -> None:
    visit, matters = uuid4(), (MatterHandled(MATTER, ("A-1", "A-2")),)
    device.write(
        VisitOpened,
        visit=visit,
        invited_by=InvitedBy.STAFF,
        window="12",
        staff="1001",
        matters=matters,
    )
    device.send()
    assert line.rate(subject="matter", visit=str(visit)).status_code == 201
    assert line.signed()[0].cases == ("A-1", "A-2")
    assert json.loads(line.counted()[0].cases) == ["A-1", "A-2"]


def test_what_another_channel_brought_is_no_repeat(
    central: RunningCentral, device: Device, line: Line
) -> None:
    visit = device.write_visit(level=None)
    device.send()
    line.rate(3, visit=str(visit))
    assert answer_of(Line(central).rate(3, visit=str(visit))) == (409, "already-rated")


def test_the_device_hears_of_it_at_once(
    own_central: RunningCentral, monkeypatch: pytest.MonkeyPatch
) -> None:
    rung: list[tuple[int | None, UUID]] = []
    waiting = own_central.central.waiting
    monkeypatch.setattr(waiting, "ring", lambda device_id, visit: rung.append((device_id, visit)))
    device, line = Device(own_central).enrol(), Line(own_central)
    visits = [device.write_visit(level=None) for _ in range(2)]
    device.send()
    line.rate(3, visit=str(visits[0]))
    one = {"subject": "staff", "level": {"platform": 3}, "visit": str(visits[1])}
    line.post({"ratings": [one]}, "/v1/ratings/batch")
    assert rung == [(1, visit) for visit in visits]


def test_a_channel_of_one_hall_reaches_nothing_of_another(own_central: RunningCentral) -> None:
    file = own_central.central.settings.data / "other.toml"
    file.write_text(HALL_FILE.replace(HALL, "210100-02").replace('"W1', '"X1'), "utf-8")
    with own_central.database.writing() as connection:
        import_hall(connection, read_hall(file), file)
    device, line = Device(own_central, window="X12").enrol(), Line(own_central)
    visit = device.write_visit(level=None)
    device.send()
    assert answer_of(line.rate(visit=str(visit))) == (404, "visit-unknown")
    assert answer_of(line.rate(visit=str(visit), device=device.name)) == (404, "visit-unknown")
    assert answer_of(line.rate(receipt=receipt_code(visit))) == (404, "receipt-unknown")
    with own_central.database.writing() as connection:
        key = channels.make_channel(connection, "210100-02", "theirs", Channel.SMS, now_ms())
    line.key, ours = key, line.rate(reference="c").json()["receipt"]
    assert answer_of(line.rate(receipt=ours, code="1001")) == (404, "receipt-unknown")
    assert answer_of(line.rate(visit=str(visit))) == (201, "counted")


def test_a_rating_that_came_after_the_screens_does_not_count(device: Device, line: Line) -> None:
    visit = device.write_visit(Level.SATISFIED)
    device.send()
    assert answer_of(line.rate(1, visit=str(visit), device=device.name)) == (201, "later")
    assert answer_of(line.rate(1, visit=str(visit), device=device.name)) == (200, "later")
    follow = line.rate(1, visit=str(visit), device=device.name, follow_up=True)
    assert answer_of(follow) == (201, "follow_up")
    assert not line.counted()


def test_a_rating_waits_for_its_visit_and_is_bound_to_it(device: Device, line: Line) -> None:
    visit = device.write_visit(level=None)
    said = {"visit": str(visit), "device": device.name}
    assert answer_of(line.rate(2, **said)) == (201, "pending")
    assert answer_of(line.rate(2, **said)) == (200, "pending")
    matter = line.rate(2, subject="matter", code=MATTER, **said)
    assert "question" in matter.json()["mistakes"][0]
    assert not line.counted()
    device.send()
    assert [row.code for row in line.counted()] == ["1001"]
    assert answer_of(line.rate(2, **said)) == (200, "counted")
    assert answer_of(line.rate(3, **said)) == (409, "already-rated")


def test_a_matter_that_waits_is_named_by_its_place(device: Device, line: Line) -> None:
    said = {"visit": str(uuid4()), "device": device.name, "subject": "matter"}
    assert answer_of(line.rate(2, question=1, **said)) == (201, "pending")


def test_devices_that_are_unknown_retired_or_anothers_are_refused(
    central: RunningCentral, new_device: Callable[..., Device], line: Line
) -> None:
    retired = new_device()
    with central.database.writing() as connection:
        table = schema.device
        connection.execute(
            table.update().where(table.c.name == retired.name).values(revoked_ms=now_ms())
        )
    for name in ("hcp-nobody", retired.name):
        answer = line.rate(visit=str(uuid4()), device=name)
        assert answer_of(answer) == (404, "visit-unknown")


def test_a_visit_of_long_ago_is_too_late(device: Device, line: Line) -> None:
    device.booted_ms -= 40 * 86_400_000
    visit = device.write_visit(level=None)
    device.send()
    answer = line.rate(visit=str(visit), device=device.name)
    assert answer_of(answer) == (410, "too-late")


def test_a_frozen_devices_rating_is_kept_without_credit(
    central: RunningCentral, device: Device, line: Line
) -> None:
    visit = device.write_visit(level=None)
    device.send()
    table = schema.device
    with central.database.writing() as connection:
        connection.execute(
            table.update().where(table.c.name == device.name).values(frozen_ms=now_ms())
        )
    assert answer_of(line.rate(visit=str(visit), device=device.name)) == (201, "counted")
    assert [row.credited for row in line.counted()] == [False]


# --- by receipt code -------------------------------------------------------------------------


def test_a_receipt_code_leads_to_its_visit(device: Device, line: Line) -> None:
    visit = device.write_visit(level=None)
    device.send()
    code = receipt_code(visit)
    typed = f"{code[:4]} {code[4:]}".lower()
    assert answer_of(line.rate(2, receipt=typed)) == (201, "counted")
    assert answer_of(line.rate(4, receipt=code, follow_up=True)) == (201, "follow_up")


def test_the_receipt_code_of_a_service_leads_back_to_it(line: Line) -> None:
    code = line.rate(1, reference="c").json()["receipt"]
    assert answer_of(line.rate(2, receipt=code, code="1001")) == (409, "already-rated")
    follow = line.rate(2, receipt=code, code="1001", follow_up=True)
    assert answer_of(follow) == (201, "follow_up")


def test_a_code_that_two_visits_share_needs_the_day(
    central: RunningCentral, device: Device, line: Line
) -> None:
    first = device.write_visit(level=None)
    device.send()
    other = Device(central, booted_ms=now_ms() - 3 * 86_400_000).enrol()
    second = other.write_visit(level=None)
    other.send()
    table = schema.visit
    with central.database.writing() as connection:
        connection.execute(
            table.update().where(table.c.visit == second.bytes).values(receipt=receipt_code(first))
        )
    code = receipt_code(first)
    assert answer_of(line.rate(receipt=code)) == (409, "receipt-shared")
    (row,) = central.rows(schema.record, schema.record.c.visit == first.bytes)[:1]
    day = datetime.fromtimestamp(row.corrected_ms / 1000, timezone(timedelta(hours=8)))
    answer = line.rate(receipt=code, day=day.date().isoformat())
    assert answer_of(answer) == (201, "counted")
    assert line.signed()[0].visit == first
    assert answer_of(line.rate(receipt=code, day="2001-01-01")) == (404, "receipt-unknown")


def test_a_visit_named_by_its_id_is_that_one_whoever_shares_its_code(
    central: RunningCentral, new_device: Callable[..., Device], line: Line
) -> None:
    two = [new_device(), new_device()]
    visits = [device.write_visit(level=None) for device in two]
    for device in two:
        device.send()
    table = schema.visit
    code = receipt_code(visits[1])
    with central.database.writing() as connection:
        connection.execute(
            table.update().where(table.c.visit == visits[0].bytes).values(receipt=code)
        )
    assert line.rate(visit=str(visits[1])).status_code == 201
    assert line.signed()[0].device == two[1].name


def test_codes_that_do_not_exist_are_soon_refused(own_central: RunningCentral) -> None:
    line = Line(own_central)
    limit = own_central.central.settings.phone.channel_wrong_codes_per_hour
    good = line.rate(reference="c").json()["receipt"]
    code = "ZZZZZZZZ"
    first = {answer_of(line.rate(receipt=code)) for _ in range(limit)}
    assert first == {(404, "receipt-unknown")}
    refused = line.rate(receipt=good, code="1001")
    assert answer_of(refused) == (429, "too-many")
    assert 1 <= int(refused.headers["retry-after"]) <= 3600
    assert line.rate(reference="d").status_code == 201  # other ways stay open
