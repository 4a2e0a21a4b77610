"""The list of devices: who needs somebody comes first, and nothing in it steers a terminal."""

import argparse
import json
from typing import Any
from uuid import uuid4

import pytest
from central_rig import Device, RunningCentral, running
from command_rig import Command, command_for
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import update

from central import device_table, schema
from central.ages import age, ago
from central.cli import add_arguments
from central.needs import ALERT_DAYS, SILENT_HOURS, Why, is_silent, needs
from central.service import now_ms

HOUR_MS = 3_600_000
NOW = 1_800_000_000_000
WELL: dict[str, Any] = {
    "device": "hcp-0",
    "host": "w12",
    "hall": "210100-01",
    "window": "W12",
    "window_number": "12",
    "software": "haochaping 0.2.0",
    "last_contact_ms": NOW - 1000,
    "backlog": 0,
    "frozen": False,
    "revoked": False,
    "replaced_by": None,
    "quarantined": 0,
    "phone_ratings": {"pending": 0, "unbound": 0},
    "serving": None,
    "paused": False,
    "alerts": [],
    "platform": "",
    "release": "",
    "update": "",
    "faults": [],
    "heartbeat": {"kiosk_running": True, "undervoltage": None},
}
AN_ALERT = {"kind": "conflict", "detail": "x", "raised_ms": NOW - HOUR_MS}
TROUBLES: dict[Why, dict[str, Any]] = {
    Why.FROZEN: {"frozen": True},
    Why.ALERT: {"alerts": [AN_ALERT, AN_ALERT]},
    Why.UPDATE: {"update": "rolled-back: no screen"},
    Why.FAULT: {"faults": ["disk-full", "no-touch"]},
    Why.SILENT: {"last_contact_ms": NOW - 30 * HOUR_MS},
    Why.SCREEN: {"heartbeat": {"kiosk_running": False, "undervoltage": None}},
    Why.POWER: {"heartbeat": {"kiosk_running": True, "undervoltage": True}},
    Why.QUARANTINE: {"quarantined": 2},
    Why.PHONE: {"phone_ratings": {"pending": 0, "unbound": 1}},
}


def listed(**changes: Any) -> dict[str, Any]:
    one = {**WELL, **changes}
    return {**one, "needs": [need.output() for need in needs(one, NOW)]}


def test_a_device_that_is_well_needs_nobody() -> None:
    assert needs(WELL, NOW) == []
    assert needs({**WELL, "heartbeat": None}, NOW) == [], "just enrolled"
    assert device_table.summary([listed()], 0) == "1 device, none needs anybody"


@pytest.mark.parametrize("why", Why)
def test_each_trouble_is_a_reason_and_a_retired_device_has_none(why: Why) -> None:
    (need,) = needs({**WELL, **TROUBLES[why]}, NOW)
    assert need.why is why
    assert need.told
    assert needs({**WELL, **TROUBLES[why], "revoked": True}, NOW) == []
    assert " needs somebody: 1 " in device_table.summary([listed(**TROUBLES[why])], 0)


@given(st.permutations(list(Why)))
def test_the_gravest_come_first_and_the_retired_last(mixed: list[Why]) -> None:
    troubled = [listed(**TROUBLES[why], device=f"hcp-{why}") for why in mixed]
    found = [listed(device="hcp-0"), listed(device="hcp-9", revoked=True), *troubled]
    names = [one["device"] for one in device_table.in_order(found)]
    assert names == [*(f"hcp-{why}" for why in Why), "hcp-0", "hcp-9"]


@given(st.permutations(["1", "2", "10", "10A", "A3"]))
def test_the_rest_are_listed_by_hall_and_window_as_one_walks_past_them(mixed: list[str]) -> None:
    found = [
        listed(device=f"hcp-{hash(number) % 97}", window_number=number, hall=hall)
        for hall in ("b", "a")
        for number in mixed
    ]
    told = [(one["hall"], one["window_number"]) for one in device_table.in_order(found)]
    numbers = ["1", "2", "10", "10A", "A3"]
    assert {hall for hall, _ in told[:5]} == {"a"}
    assert [number for _, number in told if number != "A3"] == [*numbers[:4], *numbers[:4]]


@given(st.integers(0, 100 * HOUR_MS))
def test_a_night_is_no_silence(since_ms: int) -> None:
    assert is_silent(NOW - since_ms, NOW) is (since_ms > SILENT_HOURS * HOUR_MS)


def test_an_old_alert_stays_in_the_list_and_asks_for_nobody() -> None:
    old = {**AN_ALERT, "raised_ms": NOW - (ALERT_DAYS * 24 + 1) * HOUR_MS}
    one = listed(alerts=[old])
    assert one["needs"] == []
    assert "1 older" in device_table.as_table([one], NOW)


def test_a_table_shows_what_there_is_and_leaves_out_what_nobody_has() -> None:
    plain = device_table.as_table([listed()], NOW)
    assert plain.splitlines()[0].split() == [
        *("device", "name", "hall", "window", "heard", "backlog", "version", "serving")
    ]
    told = device_table.as_table(
        [listed(**TROUBLES[Why.FAULT]), listed(**TROUBLES[Why.ALERT], device="hcp-1")], NOW
    )
    heading, first, second = told.splitlines()
    assert first.startswith("!  hcp-0")
    assert first[heading.index("faults") :].startswith("disk-full, no-touch")
    assert second[heading.index("alerts") :].startswith("conflict x2")
    assert "0.2.0" in first


def test_nothing_that_a_device_says_steers_the_terminal() -> None:
    hostile = listed(update="rolled-back: \x1b[2J", faults=["\u202e"], software="\x07")
    assert all(line.isprintable() for line in device_table.as_table([hostile], NOW).splitlines())


@given(st.integers(-(10**12), 10**12))
def test_how_long_ago_is_said_in_few_words(since_ms: int) -> None:
    said = ago(NOW - since_ms, NOW)
    assert (said == "just now") is (since_ms < 60_000)
    assert len(said) <= 16


def test_ages_have_one_unit_or_two() -> None:
    assert [age(s) for s in (0, 61, 3600, 90_000, 400_000)] == [
        *("0 min", "1 min", "1 h 0 min", "1 d 1 h", "4 d 15 h")
    ]


# --- by command -----------------------------------------------------------------------------------


def test_the_command_lists_filters_and_sums_up(
    own_central: RunningCentral, command: Command
) -> None:
    assert "no device is enrolled yet" in command("devices").out
    well, faulty, gone = (
        *(Device(own_central).enrol(), Device(own_central).enrol()),
        Device(own_central, window="W13").enrol(),
    )
    well.beat(kiosk_running=True)
    faulty.beat(kiosk_running=True, faults=("no-touch", "disk-low"))
    gone.beat(kiosk_running=True)
    with own_central.database.writing() as connection:
        table = schema.device
        long_ago = now_ms() - 50 * HOUR_MS
        connection.execute(
            update(table).where(table.c.name == gone.name).values(contact_ms=long_ago)
        )
    lines = command("devices").out.splitlines()
    order = [faulty.name, gone.name, well.name]
    assert [line[0] for line in lines[1:4]] == ["!", "!", " "]
    assert [name for line in lines[1:4] for name in order if name in line] == order
    assert lines[1].endswith("no-touch, disk-low")
    assert "silent for 2 d 2 h" in lines[2]
    assert lines[4] == "3 devices, 2 need somebody: 1 with faults, 1 silent"

    def names(*words: str) -> list[str]:
        found = json.loads(command("devices", "--json", *words).out)["devices"]
        return [str(one["device"]) for one in found]

    assert names() == order
    assert names("--faults") == [faulty.name]
    assert names("--stale") == names("--stale", "40") == [gone.name]
    assert names("--stale", "60") == []
    assert names("--window", "W13") == names("--window", "13") == [gone.name]
    assert names("--hall", "210100-01") == order
    assert "there is no hall x; known: " in command("devices", "--hall", "x", code=1).err
    assert "--stale" in command("devices", "--stale", "-1", code=2).err
    command("devices", "revoke", gone.name)
    assert "; 1 retired not listed (--retired)" in command("devices").out
    assert names("--retired")[-1] == gone.name
    (asked,) = [o for o in own_central.ask("/v1/devices")["devices"] if o["device"] == faulty.name]
    assert [need["why"] for need in asked["needs"]] == ["fault"]


def test_the_page_of_a_device_tells_all_that_is_known(
    own_central: RunningCentral, command: Command
) -> None:
    device = Device(own_central).enrol(command("token", "--window", "W12").out.strip())
    shown = command("devices", "show", device.name).out
    assert "heartbeat       none yet" in shown
    assert "token made by command (" in shown
    device.write_visit()
    device.send()
    device.write_boots(2)
    device.beat(
        platform="cp313-linux-aarch64",
        release="0.1.0-00000000",
        update="rolled-back: no screen",
        faults=("no-touch",),
        temperature_c=61.5,
        undervoltage=True,
        counters={"retry": 4, "nothing": 0},
    )
    shown = command("devices", "show", device.name).out
    for said in (
        "needs somebody  alert update-rolled-back",
        "window          W12 (number 12), hall 210100-01",
        "records         3 here, backlog 2, quarantined 0",
        "release         0.1.0-00000000 on cp313-linux-aarch64",
        "update          rolled-back: no screen",
        "1 MB free, 62 °C, undervoltage",
        "faults          no-touch",
        "counter         retry 4",
        "alert           update-rolled-back: rolled-back: no screen (just now)",
    ):
        assert said in shown
    assert "nothing" not in shown
    page = json.loads(command("devices", "show", device.name, "--json").out)
    assert page["heartbeat"]["counters"]["retry"] == 4
    assert "see `haochaping central devices`" in command("devices", "show", "x", code=1).err


def test_what_a_device_says_steers_no_terminal_as_json_either(
    own_central: RunningCentral, command: Command
) -> None:
    device = Device(own_central).enrol()
    said = "rolled-back: \x9b31m\u202e"
    device.beat(update=said)
    for words in (("devices",), ("devices", "show", device.name)):
        printed = command(*words, "--json").out
        assert said in json.dumps(json.loads(printed), ensure_ascii=False)
        assert all(one.isprintable() or one == "\n" for one in printed)


def test_hundreds_of_devices_are_listed(
    tmp_path_factory: pytest.TempPathFactory, make_database: Any, capsys: Any
) -> None:
    with running(tmp_path_factory.mktemp("many"), make_database()) as place:
        rows = [
            {
                **{
                    column.name: uuid4().bytes for column in schema.device.c if "key" in column.name
                },
                "name": f"hcp-{number:03}",
                "board": "b",
                "algorithm": -8,
                "window": "W12",
                "software": "haochaping 0.2.0",
                "enrolled_ms": now_ms(),
                "head": 0,
                "head_hash": b"",
                "contact_ms": now_ms() - number * HOUR_MS - HOUR_MS // 2,
            }
            for number in range(500)
        ]
        with place.database.writing() as connection:
            connection.execute(schema.device.insert(), rows)
        lines = command_for(place, capsys)("devices").out.splitlines()
    assert len(lines) == 502
    assert lines[-1] == "500 devices, 476 need somebody: 476 silent"


def test_help_says_what_comes_next(capsys: pytest.CaptureFixture[str]) -> None:
    parser = argparse.ArgumentParser(prog="haochaping central")
    add_arguments(parser)
    for words, said in (
        (["devices"], "haochaping central devices replace"),
        (["devices", "replace"], "--name"),
        (["releases"], "--all --first 3"),
        (["token"], "--beside"),
    ):
        with pytest.raises(SystemExit):
            parser.parse_args([*words, "--help"])
        assert said in capsys.readouterr().out
