"""`haochaping central service`: a table whose columns line up, CSV for spreadsheets, JSON."""

import csv
import io
import json
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from central_rig import HALL, Device, RunningCentral, serving
from test_central_cli import run

from central import service_cli, service_counts, service_table
from central.filters import Filters
from central.readers import make_reader
from central.service import Central, now_ms
from central.service_counts import By, Service
from central.settings import read_settings
from central.text_table import width
from protocol.records import InvitedBy, Login, Outcome, VisitClosed, VisitOpened


def cancelled(device: Device, reason: str) -> None:
    one = uuid4()
    device.write(VisitOpened, visit=one, invited_by=InvitedBy.STAFF, window="12", staff="1001")
    ended = {"outcome": Outcome.CANCELLED, "reason": reason, "asked": 1, "rated": 0}
    device.write(VisitClosed, visit=one, **ended)


@pytest.fixture
def rows(device: Device) -> list[dict[str, Any]]:
    """Service by staff member: two with names, one whose number is unknown."""
    for staff in ("1001", "1002", "=1+1"):
        device.write(Login, staff=staff, means="pin")
        device.write_visit(staff=staff)
    cancelled(device, "叫错号")
    device.send()
    with device.place.database.reading() as connection:
        return service_counts.count(connection, By.STAFF, Filters(device=device.name), 480)


def test_columns_line_up_whatever_the_names(rows: list[dict[str, Any]]) -> None:
    lines = service_table.as_table("staff", rows).splitlines()
    assert len(lines) == 1 + len(rows)
    heading = lines[0]
    ends = width(heading[: heading.index("invited") + len("invited")])
    for line, row in zip(lines[1:], rows, strict=True):
        before = ""
        for one in line:
            before += one
            if width(before) == ends:
                break
        assert before.endswith(f" {row['invited']}")
    assert any("王芳" in line for line in lines)


def test_a_chinese_character_takes_two_places() -> None:
    assert width("王芳 W12") == 8
    assert width("李\U00030edd") == 4
    assert width("e\u0301") == 1


def test_nothing_that_a_device_says_steers_the_terminal(rows: list[dict[str, Any]]) -> None:
    hostile = [{**rows[0], "name": "王\x9b31m\u202e芳"}]
    assert "王?31m?芳" in service_table.as_table("staff", hostile)


def test_a_spreadsheet_takes_no_number_for_a_formula(rows: list[dict[str, Any]]) -> None:
    told = service_table.as_csv("staff", rows).decode("utf-8-sig")
    lines = list(csv.DictReader(io.StringIO(told)))
    assert {line["staff"] for line in lines} == {"1001", "1002", "'=1+1"}
    (one,) = [line for line in lines if line["staff"] == "1001"]
    assert (one["name"], one["invited"], one["rated"], one["cancelled"]) == ("王芳", "2", "1", "1")
    assert one["cancel reasons"] == "叫错号: 1"
    assert (one["rated %"], one["tap median s"]) == ("50.0%", "")


def test_a_spreadsheet_takes_seconds_for_a_number() -> None:
    row = {"key": "1001", **Service(taps={43: 1}).output(with_sessions=True)}
    (line,) = csv.DictReader(io.StringIO(service_table.as_csv("staff", [row]).decode("utf-8-sig")))
    assert (line["tap median s"], line["staff"]) == ("4.3", "1001")


@pytest.mark.parametrize("by", list(By))
def test_every_way_of_counting_has_its_table(device: Device, by: By) -> None:
    one = uuid4()
    invited = {"invited_by": InvitedBy.SYSTEM, "system": "queue", "window": "12", "staff": "1001"}
    device.write(VisitOpened, visit=one, **invited)
    device.send()
    with device.place.database.reading() as connection:
        rows = service_counts.count(connection, by, Filters(device=device.name), 480)
    assert str(rows[0]["key"]) in service_table.as_table(by, rows)
    headings = next(csv.reader(io.StringIO(service_table.as_csv(by, rows).decode("utf-8-sig"))))
    assert len(headings) == len(set(headings))


def test_the_command_knows_every_way_of_counting() -> None:
    assert [*service_cli._BY] == [*By]


def test_the_command_prints_table_csv_and_json(tmp_path: Path) -> None:
    data = tmp_path / "central"
    run("init", "--data", data)
    hall = tmp_path / "hall.toml"
    hall.write_text(HALL, "utf-8")
    run("import", hall, "--data", data)
    assert "nothing is known" in run("service", "--by", "staff", "--data", data)[0]
    central = Central.open(read_settings(data))
    with central.database.writing() as connection:
        reader = make_reader(connection, "tests", now_ms())
    with serving(central) as address:
        place = RunningCentral(central, address, reader)
        device = Device(place).enrol()
        device.write(Login, staff="1001", means="pin")
        device.write_visit()
        device.send()
        asked = place.ask("/v1/service", by="staff", hall="210100-01")
    central.close()
    chosen = ("service", "--by", "staff", "--hall", "210100-01", "--data", data)
    assert "王芳" in run(*chosen)[0]
    assert json.loads(run(*chosen, "--json")[0]) == asked
    assert run(*chosen, "--csv")[0].lstrip("\ufeff").startswith("staff,hall,name,invited")
    heading, row = run("devices", "--data", data)[0].splitlines()[:2]
    assert row[heading.index("serving") :].startswith("1001")
    assert "expected a day" in run(*chosen, "--since", "yesterday", code=2)[1]
    assert "nothing is known" in run(*chosen, "--until", "2000-01-01")[0]
