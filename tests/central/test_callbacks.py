"""Numbers left for a call-back: kept with the visit, read by whoever has the key alone."""

import base64
import json
import stat
from pathlib import Path
from uuid import UUID, uuid4

import pytest
import requests
from central_rig import Device, MakeDatabase, RunningCentral, verdicts
from results_rig import Visit, without_device
from test_central_cli import run, served, start

from central import callbacks, ingest, schema, sealing
from central.database import Database
from central.errors import CentralError, KeyMissing
from central.remote_ratings import Given
from central.service import Central, now_ms
from central.settings import read_settings
from protocol import configuration, messages
from protocol.configuration import Configuration
from protocol.keys import SigningKey
from protocol.levels import Level
from protocol.records import InvitedBy, Outcome, Rating, VisitClosed, VisitOpened
from protocol.sealing import OpeningKey, Place, seal
from protocol.subjects import Subject

NUMBER = "13904715862"
KEY = OpeningKey.from_secret(bytes(range(32)))


def write_visit(
    device: Device, number: str = NUMBER, *levels: Level, public: bytes = KEY.public
) -> UUID:
    """Write a visit of staff and matter whose citizen wants a call."""
    visit = uuid4()
    device.write(VisitOpened, visit=visit, invited_by=InvitedBy.STAFF, window="12", staff="1001")
    for subject, level in zip((Subject.STAFF, Subject.MATTER), levels, strict=False):
        about = {"subject": subject, "code": "1001", "level": level}
        device.write(Rating, visit=visit, tapped_ms=1, **about)
    device.write(
        VisitClosed,
        visit=visit,
        outcome=Outcome.RATED,
        asked=len(levels),
        rated=len(levels),
        callback=seal(number, public, Place(device.name, visit)) if number else b"",
    )
    return visit


def wanted(place: RunningCentral, *, opened: bool = False) -> list[callbacks.Callback]:
    with place.database.reading() as connection:
        return callbacks.wanted(connection, opened=opened)


def of(device: Device, *, opened: bool = False) -> list[callbacks.Callback]:
    return [one for one in wanted(device.place, opened=opened) if one.device == device.name]


# --- what comes in --------------------------------------------------------------------------


def test_a_number_is_kept_with_its_visit_and_opens_there(device: Device) -> None:
    visit = write_visit(device, NUMBER, Level.SATISFIED, Level.VERY_DISSATISFIED)
    write_visit(device, "", Level.DISSATISFIED)
    assert verdicts(device.send()) == ["stored"] * 7
    (one,) = of(device)
    assert (one.visit, one.hall, one.window) == (visit, "210100-01", "12")
    assert one.lowest is Level.VERY_DISSATISFIED
    assert one.opened_ms is None
    assert callbacks.number_of(one, KEY) == NUMBER
    assert callbacks.number_of(one, OpeningKey.generate()) is None


def test_the_same_batch_again_makes_no_second_call(device: Device) -> None:
    write_visit(device, NUMBER, Level.SATISFIED)
    device.send()
    assert verdicts(device.send()) == ["already"] * 3
    assert len(of(device)) == 1


def test_a_number_moved_to_another_visit_cannot_be_read(device: Device) -> None:
    visit = write_visit(device, NUMBER, Level.SATISFIED)
    stolen = seal(NUMBER, KEY.public, Place(device.name, visit))
    other = uuid4()
    device.write(VisitOpened, visit=other, invited_by=InvitedBy.STAFF, window="12", staff="1001")
    device.write(
        VisitClosed, visit=other, outcome=Outcome.DECLINED, asked=1, rated=0, callback=stolen
    )
    device.send()
    numbers = {one.visit: callbacks.number_of(one, KEY) for one in of(device)}
    assert numbers == {visit: NUMBER, other: None}


def test_a_call_of_which_no_rating_came_in_is_listed_too(device: Device) -> None:
    visit = write_visit(device, NUMBER)
    device.send()
    assert [(one.visit, one.lowest) for one in of(device)] == [(visit, None)]


def test_what_was_read_is_listed_as_read_and_since_when(device: Device) -> None:
    first, second = (write_visit(device, NUMBER, Level.SATISFIED) for _ in range(2))
    device.send()
    with device.place.database.writing() as connection:
        callbacks.note_opened(connection, of(device)[:1], 5_000)
    with device.place.database.writing() as connection:
        callbacks.note_opened(connection, of(device, opened=True)[:1], 9_000)
    assert [one.visit for one in of(device)] == [second]
    assert {one.visit: one.opened_ms for one in of(device, opened=True)} == {
        first: 5_000,
        second: None,
    }


def test_no_call_of_the_api_gives_out_what_is_sealed(device: Device) -> None:
    visit = write_visit(device, NUMBER, Level.DISSATISFIED)
    device.send()
    (one,) = of(device)
    place = device.place
    answers = [
        requests.get(
            place.url + path, headers={"Authorization": f"Bearer {place.reader}"}, timeout=20
        ).text
        for path in (
            f"/v1/ratings?device={device.name}",
            *(f"/v1/counts?by={by}" for by in ("staff", "matter", "hall", "window", "device")),
            *(f"/v1/service?by={by}" for by in ("staff", "window", "day", "device", "hall")),
            "/v1/sessions",
            "/v1/unbound",
            "/v1/devices",
            "/v1/refusals",
            "/schema/openapi.json",
        )
    ]
    # How long the page stays is a rule, and no number.
    shown = "\n".join(answers).replace("callback_seconds", "")
    assert str(visit) in shown
    for form in (one.sealed.hex(), base64.b64encode(one.sealed).decode()[:40], NUMBER, "callback"):
        assert form not in shown


def test_a_record_that_waited_in_quarantine_brings_its_number_when_it_is_read(
    own_central: RunningCentral, monkeypatch: pytest.MonkeyPatch
) -> None:
    from protocol import records

    device = Device(own_central).enrol()
    visit = write_visit(device, NUMBER, Level.SATISFIED)
    monkeypatch.setattr(records, "KNOWN_VERSIONS", frozenset({1}))
    assert verdicts(device.send()) == ["quarantined:unknown-version"] * 3
    assert of(device) == []
    monkeypatch.undo()
    assert ingest.requeue(own_central.database, now_ms()) == (3, 0)
    assert [one.visit for one in of(device)] == [visit]


GOLDEN = Path(__file__).parents[1] / "protocol" / "golden" / "version-1"


def test_a_backlog_of_version_1_is_still_taken(own_central: RunningCentral) -> None:
    golden = json.loads((GOLDEN / "chain.json").read_text("utf-8"))
    batch = messages.decode_batch(
        bytes.fromhex(json.loads((GOLDEN / "batch.json").read_text("utf-8"))["encoded"])
    )
    record_key = SigningKey.from_seed(bytes.fromhex(golden["vectors"][0]["seed"]))
    device = Device(own_central, record_key=record_key).enrol()
    table = schema.device
    with own_central.database.writing() as connection:  # central gives names by itself
        connection.execute(
            table.update().where(table.c.name == device.name).values(name=golden["device"])
        )
    device.name = golden["device"]
    device.chain = list(batch.records)
    assert verdicts(device.send()) == ["stored"] * 5
    assert len(own_central.ask("/v1/ratings")["ratings"]) == 1
    assert wanted(own_central) == []


# --- left on a phone ---------------------------------------------------------------------------


def leave(place: RunningCentral, device: str, visit: UUID, *, received_ms: int) -> None:
    """Keep a number as the phone page does: sealed before it is stored."""
    row = {
        "hall": "210100-01",
        "device": device,
        "visit": visit.bytes,
        "sealed": seal(NUMBER, KEY.public, Place(device, visit)),
        "received_ms": received_ms,
    }
    with place.database.writing() as connection:
        connection.execute(schema.remote_callback.insert(), [row])


def test_a_number_left_on_a_phone_stands_with_the_devices_visit(device: Device) -> None:
    visit = Visit(device)
    visit.opens()
    visit.taps(0, Level.VERY_SATISFIED, 5_000, at=6_000)
    visit.arrives(7_000)
    visit.phones(1, Level.FAIRLY_SATISFIED, 8_000)
    leave(device.place, device.name, visit.visit, received_ms=8_000)
    (one,) = of(device)
    assert (one.visit, one.hall, one.window) == (visit.visit, "210100-01", "12")
    assert (one.lowest, one.ended_ms) == (Level.FAIRLY_SATISFIED, 8_000)
    assert callbacks.number_of(one, KEY) == NUMBER


def test_the_lowest_level_is_told_before_the_visit_is_known(device: Device) -> None:
    visit = Visit(device)
    visit.phones(0, Level.DISSATISFIED, 1_000)
    leave(device.place, device.name, visit.visit, received_ms=1_000)
    (one,) = of(device)
    assert (one.window, one.lowest) == (None, Level.DISSATISFIED)


def test_a_number_left_by_a_printed_code_is_told_with_its_window(
    own_central: RunningCentral,
) -> None:
    given = Given(Subject.STAFF, Level.DISSATISFIED, code="1001")
    visit, _ = without_device(own_central, given, window="13")
    without_device(own_central, given)
    leave(own_central, "", visit, received_ms=5)
    (one,) = wanted(own_central)
    assert (one.device_id, one.device, one.visit, one.window) == (None, "", visit, "13")
    assert one.lowest is Level.DISSATISFIED
    assert callbacks.number_of(one, KEY) == NUMBER
    assert callbacks.number_of(one._replace(visit=uuid4()), KEY) is None


def test_both_numbers_of_one_visit_are_read_each_by_itself(own_central: RunningCentral) -> None:
    device = Device(own_central).enrol()
    visit = write_visit(device, NUMBER, Level.SATISFIED)
    device.send()
    leave(own_central, device.name, visit, received_ms=5)
    remote, here = wanted(own_central)
    assert (remote.ended_ms, remote.device_id) == (5, None)
    with own_central.database.writing() as connection:
        callbacks.note_opened(connection, [remote], 7_000)
    assert wanted(own_central) == [here]
    assert {one.opened_ms for one in wanted(own_central, opened=True)} == {7_000, None}
    with own_central.database.writing() as connection:
        callbacks.note_opened(connection, wanted(own_central, opened=True), 9_000)
    assert [one.opened_ms for one in wanted(own_central, opened=True)] == [7_000, 9_000]


# --- the key --------------------------------------------------------------------------------


def test_devices_seal_for_the_key_from_the_next_configuration_on(
    own_central: RunningCentral, tmp_path: Path
) -> None:
    device = Device(own_central).enrol()

    def fetched() -> Configuration:
        answer = device.call("GET", "/v1/configuration")
        return configuration.verify(answer.content, own_central.central.key.public)

    before = fetched()
    assert before.sealing_key == b""
    file = tmp_path / "sealing.key"
    assert sealing.ensure_key(own_central.database, file, now_ms())
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    after = fetched()
    assert after.sealing_key == sealing.read_key(file).public
    assert after.version == before.version + 1
    assert device.beat().configuration == after.version
    assert fetched() == after


def test_the_key_is_made_once_whoever_asks(make_database: MakeDatabase, tmp_path: Path) -> None:
    database = Database(make_database())
    here, elsewhere = tmp_path / "sealing.key", tmp_path / "elsewhere.key"
    assert sealing.ensure_key(database, here, 1)
    assert not sealing.ensure_key(database, here, 2)
    assert not sealing.ensure_key(database, elsewhere, 3)
    assert not elsewhere.exists()
    with database.reading() as connection:
        assert sealing.public_key(connection) == sealing.read_key(here).public
    database.close()


def test_a_key_outlives_its_database(make_database: MakeDatabase, tmp_path: Path) -> None:
    file = tmp_path / "sealing.key"
    lost, new = Database(make_database()), Database(make_database())
    sealing.ensure_key(lost, file, 1)
    assert not sealing.ensure_key(new, file, 2)
    with new.reading() as connection:
        assert sealing.public_key(connection) == sealing.read_key(file).public
    lost.close()
    new.close()


def test_what_is_no_key_is_said_and_never_overwritten(
    make_database: MakeDatabase, tmp_path: Path
) -> None:
    file = tmp_path / "sealing.key"
    file.write_bytes(b"half a key")
    database = Database(make_database())
    with pytest.raises(CentralError, match="cannot be read as a key"):
        sealing.ensure_key(database, file, 1)
    assert file.read_bytes() == b"half a key"
    with pytest.raises(KeyMissing, match="put it back"):
        sealing.read_key(tmp_path / "none.key")
    database.close()


# --- as an operator types it ------------------------------------------------------------------


def test_an_operator_lists_who_waits_and_reads_the_numbers(tmp_path: Path) -> None:
    from central_rig import HALL

    data, hall = tmp_path / "central", tmp_path / "hall.toml"
    hall.write_text(HALL, "utf-8")
    made, _ = run("init", "--data", data)
    assert "sealing.key: back it up" in made
    run("import", hall, "--data", data)
    assert run("callbacks", "--data", data)[0] == "nobody waits for a call\n"
    token = run("token", "--window", "W12", "--data", data)[0].strip()
    (data / "sealing.key").rename(tmp_path / "in-the-safe.key")
    with served(data) as (address, process):
        central = Central.open(read_settings(data))
        device = Device(RunningCentral(central, address)).enrol(token)
        reply = device.reply
        assert reply is not None
        told = configuration.verify(reply.configuration, central.key.public)
        visit = write_visit(device, NUMBER, Level.DISSATISFIED, public=told.sealing_key)
        device.send()
        central.close()
        process.terminate()
        _, log = process.communicate(timeout=20)
    assert NUMBER not in log

    listed, _ = run("callbacks", "--data", data)
    assert f"{visit}  hall 210100-01  window 12  " in listed
    assert "lowest dissatisfied  waiting" in listed
    assert NUMBER not in listed
    _, problem = run("callbacks", "--show-numbers", "--data", data, code=1)
    assert "sealing.key is not here" in problem
    assert "waiting" in run("callbacks", "--data", data)[0]

    (tmp_path / "in-the-safe.key").rename(data / "sealing.key")
    listed, log = start("callbacks", "--show-numbers", "--data", data)
    assert listed.rstrip().endswith(NUMBER)
    assert f"the number of visit {visit} ({device.name}) was read" in log
    assert NUMBER not in log
    assert run("callbacks", "--data", data)[0] == "nobody waits for a call\n"
    again, _ = run("callbacks", "--opened", "--data", data)
    assert "read 20" in again
    assert NUMBER not in again
    assert "call-backs               1" in run("show", "--data", data)[0]


def test_a_number_sealed_for_a_lost_key_is_said_and_stays_waiting(tmp_path: Path) -> None:
    from central_rig import running

    data = tmp_path / "central"
    run("init", "--data", data)
    (data / "central.key").unlink()
    with running(data, read_settings(data).database) as place:
        device = Device(place).enrol()
        write_visit(device, NUMBER, Level.SATISFIED)
        device.send()
    for _ in range(2):
        listed, _ = start("callbacks", "--show-numbers", "--data", data)
        assert "waiting  cannot be opened with this key" in listed
