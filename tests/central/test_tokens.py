"""A technician's tool asks for tokens, and what stands somewhere is not silently replaced."""

import threading
from pathlib import Path
from typing import Any

import msgspec
import pytest
import requests
from central_rig import Device, RunningCentral, open_second_hall, problem_code
from command_rig import Command
from sqlalchemy import update

from central import devices, schema
from central.authentication import EDITOR, READER, TECHNICIAN
from central.readers import make_reader
from central.service import now_ms

DAY_MS = 24 * 60 * 60 * 1000


@pytest.fixture
def technician(own_central: RunningCentral) -> str:
    with own_central.database.writing() as connection:
        return make_reader(connection, "li", now_ms(), TECHNICIAN)


def ask(place: RunningCentral, key: str, path: str = "", **body: Any) -> requests.Response:
    return requests.post(
        f"{place.url}/v1/enrolment-tokens{path}",
        json=body,
        headers={"Authorization": f"Bearer {key}"},
        timeout=20,
    )


def given(place: RunningCentral, key: str, **body: Any) -> dict[str, Any]:
    answer = ask(place, key, **{"window": "W12", **body})
    assert answer.status_code == 201, answer.text
    found: dict[str, Any] = answer.json()
    return found


def seen(place: RunningCentral, device: Device) -> dict[str, Any]:
    listed = place.ask("/v1/devices")["devices"]
    return dict(next(one for one in listed if one["device"] == device.name))


def test_a_technician_gets_a_token_for_a_card(own_central: RunningCentral, technician: str) -> None:
    before = now_ms()
    answer = given(own_central, technician, name="w12-east")
    assert (answer["window"], answer["hall"], answer["replaces"]) == ("W12", "210100-01", None)
    assert abs(answer["expires_ms"] - before - 14 * DAY_MS) < DAY_MS / 2
    public = own_central.central.key.public
    key = msgspec.convert(answer["central_key"]["key"], bytes)
    assert (answer["central_key"]["algorithm"], key) == (-8, public.raw)
    device = Device(own_central).enrol(answer["token"])
    assert seen(own_central, device)["host"] == "w12-east"
    (row,) = own_central.rows(schema.enrolment_token)
    assert (row.made_by, row.name) == ("li", "w12-east")
    assert answer["token"] not in str(row)


def test_a_tokens_days_are_the_technicians(own_central: RunningCentral, technician: str) -> None:
    short = given(own_central, technician, days=1)
    assert short["expires_ms"] < now_ms() + 1.5 * DAY_MS


def test_of_two_cards_for_one_device_the_one_written_last_counts(
    own_central: RunningCentral, technician: str
) -> None:
    first = given(own_central, technician, name="w12-east")
    other = given(own_central, technician, name="w12-west")
    second = given(own_central, technician, name="w12-east")
    assert [one["voided"] for one in (first, other, second)] == [0, 0, 1]
    states = [
        ask(own_central, technician, "/status", token=one["token"]).json()["state"]
        for one in (first, other, second)
    ]
    assert states == ["expired", "unused", "unused"]
    device = Device(own_central).enrol(second["token"])
    assert seen(own_central, device)["host"] == "w12-east"


def test_a_card_whose_window_was_corrected_counts_and_the_first_one_does_not(
    own_central: RunningCentral, technician: str
) -> None:
    wrong = given(own_central, technician, window="W13", name="w12-east")
    other = given(own_central, technician, window="W13", name="w13-east")
    right = given(own_central, technician, window="W12", name="w12-east")
    assert right["voided"] == 1
    assert problem_code(Device(own_central).request_enrolment(wrong["token"])) == "token-expired"
    Device(own_central).enrol(right["token"])
    Device(own_central).enrol(other["token"])


def test_a_device_of_that_name_in_another_hall_keeps_its_card(
    own_central: RunningCentral, technician: str, tmp_path: Path
) -> None:
    open_second_hall(own_central, tmp_path)
    there = given(own_central, technician, window="V12", name="w12-east")
    assert given(own_central, technician, window="W12", name="w12-east")["voided"] == 0
    Device(own_central, window="V12").enrol(there["token"])


def test_a_window_that_no_hall_has_gets_no_token(
    own_central: RunningCentral, technician: str
) -> None:
    answer = ask(own_central, technician, window="W99")
    assert (answer.status_code, problem_code(answer)) == (404, "unknown-window")
    assert own_central.rows(schema.enrolment_token) == []


def test_a_window_where_a_device_stands_is_taken(
    own_central: RunningCentral, technician: str
) -> None:
    device = Device(own_central).enrol()
    answer = ask(own_central, technician, window="W12")
    assert (answer.status_code, problem_code(answer)) == (409, "window-taken")
    assert f"{device.name} (last heard just now) stands at window W12" in answer.json()["detail"]
    assert given(own_central, technician, window="W13")["replaces"] is None
    with own_central.database.writing() as connection:
        devices.revoke(connection, device.name, now_ms())
    assert given(own_central, technician)["replaces"] is None


def test_the_replaced_device_is_revoked_as_the_new_one_enrols_and_not_before(
    own_central: RunningCentral, technician: str
) -> None:
    old = Device(own_central).enrol()
    old.write_visit()
    old.send()
    token = given(own_central, technician, replace=True)
    assert token["replaces"] == old.name
    old.beat()
    new = Device(own_central).enrol(token["token"])
    refused = old.call("GET", "/v1/configuration")
    assert (refused.status_code, problem_code(refused)) == (403, "device-revoked")
    assert seen(own_central, old)["replaced_by"] == new.name
    assert len(own_central.ask("/v1/ratings", device=old.name)["ratings"]) == 1
    assert new.beat().configuration == 1
    new.enrol(token["token"])
    assert not seen(own_central, new)["revoked"]


def test_a_device_that_was_moved_meanwhile_is_not_the_one_to_be_replaced(
    own_central: RunningCentral, technician: str
) -> None:
    old = Device(own_central).enrol()
    token = given(own_central, technician, replace=True)["token"]
    old.enrol(own_central.token("W13"))
    Device(own_central).enrol(token)
    assert not seen(own_central, old)["revoked"]


def test_a_device_that_comes_back_with_its_own_keys_replaces_nobody(
    own_central: RunningCentral, technician: str
) -> None:
    device = Device(own_central).enrol()
    device.enrol(given(own_central, technician, replace=True)["token"])
    assert not seen(own_central, device)["revoked"]


def test_of_several_devices_one_has_to_be_named(
    own_central: RunningCentral, technician: str
) -> None:
    both = {Device(own_central).enrol().name for _ in range(2)}
    answer = ask(own_central, technician, window="W12", replace=True)
    assert (answer.status_code, problem_code(answer)) == (409, "window-taken")
    assert all(name in answer.json()["detail"] for name in both)
    assert "devices replace DEVICE" in answer.json()["detail"]


def test_what_became_of_a_token_is_told(own_central: RunningCentral, technician: str) -> None:
    token = given(own_central, technician)["token"]

    def state(one: str) -> tuple[str, str | None, str | None]:
        answer = ask(own_central, technician, "/status", token=one)
        assert answer.status_code == 200, answer.text
        assert answer.headers["cache-control"] == "no-store"
        said = answer.json()
        return said["state"], said["device"], said["window"]

    assert state(token) == ("unused", None, "W12")
    with own_central.database.writing() as connection:
        connection.execute(update(schema.enrolment_token).values(expires_ms=1))
    assert state(token) == ("expired", None, "W12")
    with own_central.database.writing() as connection:
        connection.execute(update(schema.enrolment_token).values(expires_ms=now_ms() + DAY_MS))
    device = Device(own_central).enrol(token)
    assert state(token) == ("spent", device.name, "W12")
    assert state("0" * 32) == ("unknown", None, None)


WRONG: list[tuple[dict[str, Any], str]] = [
    ({"window": "W12", "days": 0}, "$.days"),
    ({"window": "W12", "days": 1000}, "$.days"),
    ({"window": "W12", "name": "two words"}, "$.name"),
    ({"window": "W12", "name": "-x"}, "$.name"),
    ({"window": "W12", "name": "x\n"}, "$.name"),
    ({"window": ""}, "$.window"),
    ({"days": 3}, "window"),
    ({"window": "W12", "replaces": "hcp-1"}, "replaces"),
]


def test_a_wish_that_is_not_understood_is_refused(
    own_central: RunningCentral, technician: str
) -> None:
    for body, said in WRONG:
        answer = ask(own_central, technician, **body)
        assert (answer.status_code, problem_code(answer)) == (400, "malformed")
        assert said in answer.json()["detail"]


def test_each_key_does_what_its_role_says(own_central: RunningCentral, technician: str) -> None:
    with own_central.database.writing() as connection:
        others = [make_reader(connection, role, now_ms(), role) for role in (READER, EDITOR)]
    for key in others:
        for path in ("", "/status"):
            answer = ask(own_central, key, path, token="x", window="W12")
            assert (answer.status_code, problem_code(answer)) == (403, "not-allowed")
    assert ask(own_central, "hcr_x", window="W12").status_code == 401
    headers = {"Authorization": f"Bearer {technician}"}
    asked = {
        path: requests.get(own_central.url + path, headers=headers, timeout=20).status_code
        for path in ("/v1/devices", "/v1/ratings", "/v1/counts?by=staff", "/v1/halls")
    }
    assert asked == {
        "/v1/devices": 200,
        "/v1/ratings": 403,
        "/v1/counts?by=staff": 403,
        "/v1/halls": 403,
    }


def test_a_key_has_only_so_many_calls_in_an_hour(
    own_central: RunningCentral, technician: str
) -> None:
    settings = own_central.central.settings
    few = msgspec.structs.replace(settings.limits, technician_calls_per_hour=2)
    own_central.central.settings = msgspec.structs.replace(settings, limits=few)
    answers = [ask(own_central, technician, "/status", token="x") for _ in range(3)]
    assert [answer.status_code for answer in answers] == [200, 200, 429]
    assert int(answers[-1].headers["retry-after"]) >= 1


def test_of_two_boards_with_one_token_one_enrols(
    own_central: RunningCentral, technician: str
) -> None:
    token = given(own_central, technician)["token"]
    boards = [Device(own_central) for _ in range(4)]
    codes: list[int] = []

    def race(device: Device) -> None:
        codes.append(device.request_enrolment(token).status_code)

    threads = [threading.Thread(target=race, args=(one,)) for one in boards]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(codes) == [201, 409, 409, 409]
    assert len(own_central.rows(schema.device)) == 1


# --- by command -----------------------------------------------------------------------------------


def test_a_command_says_what_stands_there_and_what_may_be_meant(
    own_central: RunningCentral, command: Command
) -> None:
    device = Device(own_central).enrol()
    said = command("token", "--window", "W12", code=1)
    assert f"{device.name} (last heard just now) stands at window W12" in said.err
    assert "--replace" in said.err
    assert "--beside" in said.err
    beside = Device(own_central).enrol(command("token", "--window", "W12", "--beside").out.strip())
    assert not seen(own_central, device)["revoked"]
    said = command("token", "--window", "W12", "--replace", code=1)
    assert beside.name in said.err
    assert "devices replace DEVICE" in said.err


def test_a_device_is_replaced_by_name(own_central: RunningCentral, command: Command) -> None:
    first = Device(own_central).enrol(own_central.token())
    second = Device(own_central).enrol()
    second.write_boots(3)
    second.beat()
    said = command("devices", "replace", second.name, "--name", "w12")
    assert f"{second.name} is revoked as soon as a device enrols" in said.err
    assert "it has 3 records that it has not sent" in said.err
    third = Device(own_central).enrol(said.out.strip())
    assert seen(own_central, second)["replaced_by"] == third.name
    assert not seen(own_central, first)["revoked"]
    assert seen(own_central, third)["host"] == "w12"
    said = command("devices", "replace", second.name, code=1)
    assert "haochaping central token --window W12" in said.err
    said = command("devices", "revoke", third.name)
    assert "retired" in said.out
    assert seen(own_central, third)["revoked"]
