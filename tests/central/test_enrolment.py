"""How a device becomes known, and how it does not."""

from pathlib import Path

import msgspec
import pytest
import requests
from central_rig import Device, RunningCentral, open_second_hall, problem_code, retirement_in
from sqlalchemy import update

from central import schema
from protocol import configuration, messages
from protocol.keys import SigningKey, verify_key
from protocol.retirement import Retirement


def test_a_token_gives_an_identity_and_a_first_configuration(central: RunningCentral) -> None:
    device = Device(central).enrol()
    assert device.reply is not None
    assert device.name.startswith("hcp-")
    key = verify_key(device.reply.central_algorithm, device.reply.central_key)
    first = configuration.verify(device.reply.configuration, key)
    assert (first.device, first.version, first.window.code) == (device.name, 1, "W12")


def test_the_same_request_again_gives_the_same_identity(central: RunningCentral) -> None:
    device, token = Device(central), central.token()
    first = device.enrol(token).reply
    assert device.enrol(token).reply == first


def test_a_token_is_spent_for_every_other_board_and_key(central: RunningCentral) -> None:
    token = central.token()
    first = Device(central).enrol(token)
    stranger = Device(central).request_enrolment(token)
    assert (stranger.status_code, problem_code(stranger)) == (409, "token-spent")
    first.board = "another-board"
    moved = first.request_enrolment(token)
    assert (moved.status_code, problem_code(moved)) == (409, "wrong-board")


def test_a_token_never_given_out_is_unknown(central: RunningCentral) -> None:
    answer = Device(central).request_enrolment("0" * 32)
    assert (answer.status_code, problem_code(answer)) == (403, "token-unknown")


def test_an_unused_token_expires_and_a_used_one_still_answers_its_device(
    central: RunningCentral,
) -> None:
    used, unused = central.token(), central.token()
    device = Device(central).enrol(used)
    with central.database.writing() as connection:
        connection.execute(update(schema.enrolment_token).values(expires_ms=1))
    late = Device(central).request_enrolment(unused)
    assert (late.status_code, problem_code(late)) == (403, "token-expired")
    assert device.request_enrolment(used).status_code == 201


def test_keys_must_prove_themselves(central: RunningCentral) -> None:
    device, token = Device(central), central.token()
    honest = messages.request_enrolment(
        token, device.board, "x", device.record_key, device.transport_key
    )
    other = SigningKey.generate().public.raw
    for changed in ({"record_key": other}, {"transport_key": other}, {"board": "b2"}):
        answer = post(central, msgspec.structs.replace(honest, **changed))
        assert (answer.status_code, problem_code(answer)) == (403, "bad-proof")
    assert post(central, honest).status_code == 201


def test_a_new_token_moves_a_device_to_its_window(central: RunningCentral) -> None:
    device = Device(central).enrol()
    name = device.name
    device.enrol(central.token("W13"))
    assert device.name == name
    assert device.reply is not None
    moved = configuration.verify(device.reply.configuration, central.central.key.public)
    assert (moved.version, moved.window.code) == (2, "W13")


def test_a_copied_key_on_another_board_is_refused(central: RunningCentral) -> None:
    device = Device(central).enrol()
    for board in ("copied-to", "copied-to", "copied-again"):
        device.board = board
        answer = device.request_enrolment(central.token())
        assert (answer.status_code, problem_code(answer)) == (409, "wrong-board")
    raised = alerts(central, device)
    assert [kind for kind, _ in raised] == ["wrong-board", "wrong-board"]
    assert "board copied-to:" in raised[0][1]


def test_one_key_of_another_device_is_refused(central: RunningCentral) -> None:
    device = Device(central).enrol()
    thief = Device(central, record_key=device.record_key)
    answer = thief.request_enrolment(central.token())
    assert (answer.status_code, problem_code(answer)) == (409, "key-known")


def test_a_spent_token_on_another_board_is_told_to_people(central: RunningCentral) -> None:
    """Somebody has a copy of the card; on the same board it is only an old card."""
    token = central.token()
    device = Device(central).enrol(token)
    anew = Device(central, board=device.board).request_enrolment(token)
    assert (anew.status_code, problem_code(anew)) == (409, "token-spent")
    assert alerts(central, device) == []
    stranger = Device(central)
    assert problem_code(stranger.request_enrolment(token)) == "token-spent"
    ((kind, detail),) = alerts(central, device)
    assert kind == "token-spent"
    assert stranger.board in detail
    assert token not in detail


def test_whoever_holds_a_copied_card_fills_no_table(central: RunningCentral) -> None:
    token = central.token()
    device = Device(central).enrol(token)
    for _ in range(25):
        Device(central).request_enrolment(token)
    raised = alerts(central, device)
    assert len(raised) == 21
    assert raised[-1] == ("token-spent", "further boards have tried")


def test_a_retired_device_does_not_come_back_with_its_old_keys(central: RunningCentral) -> None:
    from central import devices

    device = Device(central).enrol()
    with central.database.writing() as connection:
        devices.revoke(connection, device.name, 1)
    answer = device.request_enrolment(central.token())
    assert (answer.status_code, problem_code(answer)) == (403, "device-revoked")
    assert retirement_in(answer, central) == Retirement(device.name, 1)


def test_no_other_refusal_carries_a_retirement(central: RunningCentral) -> None:
    answer = Device(central).request_enrolment("0" * 32)
    assert "notice" not in answer.json()


# --- a board that was another device before ---------------------------------------------------


@pytest.mark.parametrize("window", ["W12", "W13"])
def test_a_board_that_comes_with_new_keys_ends_what_it_was_in_its_hall(
    central: RunningCentral, window: str
) -> None:
    before = Device(central).enrol()
    after = Device(central, window=window, board=before.board).enrol()
    refused = before.call("GET", "/v1/configuration")
    assert (refused.status_code, problem_code(refused)) == (403, "device-revoked")
    assert standing(central, before) == (True, after.name)
    assert standing(central, after) == (False, None)
    again = after.enrol(central.token())  # its own keys: it is moved, and nobody is replaced
    assert standing(central, again) == (False, None)


def test_other_boards_of_the_hall_stay_as_they_are(central: RunningCentral) -> None:
    neighbour = Device(central).enrol()
    board = Device(central).enrol().board
    Device(central, board=board).enrol()
    assert standing(central, neighbour) == (False, None)


def test_a_device_of_a_board_that_is_not_known_is_nobodys_past(central: RunningCentral) -> None:
    before = Device(central).enrol()
    with central.database.writing() as connection:
        row = schema.device.c.name == before.name
        connection.execute(update(schema.device).where(row).values(board=""))
    Device(central).enrol()
    assert standing(central, before) == (False, None)


def test_a_card_of_one_hall_has_no_say_in_another(
    own_central: RunningCentral, tmp_path: Path
) -> None:
    """What board it is the caller says itself."""
    open_second_hall(own_central, tmp_path)
    before = Device(own_central).enrol()
    there = Device(own_central, window="V12", board=before.board).enrol()
    assert standing(own_central, before) == standing(own_central, there) == (False, None)


def test_an_enrolment_that_is_refused_ends_nothing(central: RunningCentral) -> None:
    token = central.token()
    before = Device(central).enrol(token)
    refused = Device(central, board=before.board).request_enrolment(token)
    assert problem_code(refused) == "token-spent"
    assert standing(central, before) == (False, None)


def test_only_a_tokens_hash_is_kept(central: RunningCentral) -> None:
    token = central.token()
    for row in central.rows(schema.enrolment_token):
        assert token.encode() not in bytes(row.hash)
        assert token not in str(row)


@pytest.mark.parametrize("field", ["record_key", "transport_key"])
def test_a_key_of_the_wrong_length_is_malformed_and_no_fault_of_ours(
    central: RunningCentral, field: str
) -> None:
    device = Device(central)
    honest = messages.request_enrolment(
        central.token(), device.board, "x", device.record_key, device.transport_key
    )
    answer = post(central, msgspec.structs.replace(honest, **{field: b"short"}))
    assert (answer.status_code, problem_code(answer)) == (403, "bad-proof")


def standing(central: RunningCentral, device: Device) -> tuple[bool, str | None]:
    """Whether it is retired, and who is there in its place."""
    listed = central.ask("/v1/devices")["devices"]
    (found,) = [one for one in listed if one["device"] == device.name]
    return found["revoked"], found["replaced_by"]


def alerts(central: RunningCentral, device: Device) -> list[tuple[str, str]]:
    listed = central.ask("/v1/devices")["devices"]
    (found,) = [one["alerts"] for one in listed if one["device"] == device.name]
    return [(alert["kind"], alert["detail"]) for alert in found]


def post(central: RunningCentral, request: messages.EnrolmentRequest) -> requests.Response:
    return requests.post(
        f"{central.url}/v1/enrolments",
        data=msgspec.json.encode(request),
        headers={"Content-Type": "application/json"},
        timeout=20,
    )
