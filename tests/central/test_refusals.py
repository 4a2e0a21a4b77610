"""Whatever comes in, central answers with a problem it can name; never with a fault of its own."""

import gzip
import socket
import threading
import time
import zlib
from pathlib import Path
from typing import Any

import cbor2
import msgspec
import pytest
import requests
from central_rig import (
    Device,
    MakeDatabase,
    RunningCentral,
    problem_code,
    running,
    verdicts,
)
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from central import refusals
from central.database import insert_new
from central.settings import Limits
from protocol import messages
from protocol.messages import MAX_BATCH_BYTES, Batch

CBOR = {"Content-Type": messages.BATCH_TYPE}
GZIP = {**CBOR, "Content-Encoding": "gzip"}
JSON = {"Content-Type": "application/json"}
fuzzing = settings(
    max_examples=40,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)


def refused(answer: requests.Response, status: int, code: str) -> bool:
    assert (answer.status_code, problem_code(answer)) == (status, code), answer.text
    return True


# --- addresses and methods


def test_an_address_that_is_not_there(central: RunningCentral) -> None:
    for path in ("/v1", "/v2/records", "/v1/records/1", "/V/", "/favicon.ico"):
        refused(requests.get(central.url + path, timeout=20), 404, "not-found")


def test_a_method_that_is_not_taken(central: RunningCentral) -> None:
    for method, path in (
        ("DELETE", "/v1/records"),
        ("GET", "/v1/heartbeats"),
        ("PUT", "/v1/counts"),
    ):
        answer = requests.request(method, central.url + path, timeout=20)
        refused(answer, 405, "method-not-allowed")


def test_every_refusal_is_counted(own_central: RunningCentral) -> None:
    for _ in range(3):
        requests.get(own_central.url + "/nowhere", timeout=20)
    requests.post(own_central.url + "/v1/records", data=b"x", timeout=20)
    counted = {row["code"]: row["count"] for row in own_central.ask("/v1/refusals")["refusals"]}
    assert counted == {"not-found": 3, "bad-signature": 1}


def test_a_count_that_is_being_written_down_is_not_missed(
    own_central: RunningCentral, monkeypatch: pytest.MonkeyPatch
) -> None:
    begun, go = threading.Event(), threading.Event()

    def slowly(*words: Any, **more: Any) -> int:
        begun.set()
        assert go.wait(20)
        return insert_new(*words, **more)

    monkeypatch.setattr(refusals, "insert_new", slowly)
    own_central.central.refusals.count("too-slow")
    assert begun.wait(20)
    threading.Timer(0.2, go.set).start()
    assert own_central.refusals() == {"too-slow": 1}


# --- signatures


def test_an_unsigned_request(device: Device) -> None:
    for method, path in (("POST", "records"), ("GET", "configuration"), ("POST", "heartbeats")):
        answer = requests.request(method, f"{device.place.url}/v1/{path}", timeout=20)
        refused(answer, 401, "bad-signature")


def test_a_signature_that_covers_too_little(device: Device) -> None:
    body = messages.encode_batch(Batch(device.name, 1, (b"x",)))
    for components in (("@method",), ("@path", "content-digest"), ("@method", "@path")):
        answer = device.call("POST", "/v1/records", body, headers=CBOR, components=components)
        refused(answer, 401, "bad-signature")
    answer = device.call("GET", "/v1/configuration", components=("@method",))
    refused(answer, 401, "bad-signature")


def test_a_signature_over_another_body_path_or_method(device: Device) -> None:
    body = msgspec.json.encode(device.heartbeat())
    with requests.Session() as session:
        changed = device.prepare("POST", "/v1/heartbeats", body, dict(JSON))
        changed.body = body.replace(b"0.1", b"0.2")
        refused(session.send(changed, timeout=20), 401, "bad-signature")
        moved = device.prepare("POST", "/v1/heartbeats", body, dict(JSON))
        moved.url = f"{device.place.url}/v1/records"
        refused(session.send(moved, timeout=20), 401, "bad-signature")
        turned = device.prepare("GET", "/v1/configuration", None, {})
        turned.method = "HEAD"
        assert session.send(turned, timeout=20).status_code in (401, 405)


@pytest.mark.parametrize("signing", [{"tag": "other"}, {"tag": None}, {"label": "other"}])
def test_a_signature_made_for_something_else(device: Device, signing: dict[str, Any]) -> None:
    answer = device.call("GET", "/v1/configuration", **signing)
    refused(answer, 401, "bad-signature")


def test_an_unknown_device_and_another_devices_key(central: RunningCentral) -> None:
    stranger = Device(central)
    stranger.name = "hcp-nobody"
    refused(stranger.call("GET", "/v1/configuration"), 401, "device-unknown")
    stranger.name = Device(central).enrol().name
    refused(stranger.call("GET", "/v1/configuration"), 401, "bad-signature")


def test_the_record_key_signs_no_requests(device: Device) -> None:
    device.transport_key = device.record_key
    refused(device.call("GET", "/v1/configuration"), 401, "bad-signature")


def test_a_device_whose_clock_is_years_off_is_heard(device: Device) -> None:
    from datetime import UTC, datetime

    for year in (1970, 2012, 2999):
        answer = device.call("GET", "/v1/configuration", created=datetime(year, 1, 2, tzinfo=UTC))
        assert answer.status_code == 200


# --- bodies


def test_bodies_that_are_not_what_they_say(device: Device) -> None:
    good = messages.encode_batch(Batch(device.name, 1, (b"x",)))
    packed = gzip.compress(good)

    def send(body: bytes, headers: dict[str, str]) -> requests.Response:
        return device.call("POST", "/v1/records", body, headers=headers)

    refused(send(good, JSON), 415, "unsupported-type")
    refused(send(good, {}), 415, "unsupported-type")
    refused(send(good, {**CBOR, "Content-Encoding": "br"}), 415, "unsupported-type")
    refused(send(good, GZIP), 400, "malformed")
    refused(send(packed, CBOR), 400, "malformed")
    refused(send(packed[:-5], GZIP), 400, "malformed")
    refused(send(packed + b"more", GZIP), 400, "malformed")
    refused(send(zlib.compress(good), GZIP), 400, "malformed")
    refused(send(b"", CBOR), 400, "malformed")
    refused(send(good + b"\0", CBOR), 400, "malformed")
    refused(send(b"\x81" * 5000, CBOR), 400, "malformed")
    refused(send(cbor2.dumps({"device": device.name}), CBOR), 400, "malformed")
    many = Batch(device.name, 1, (b"",) * 501)
    refused(send(messages.encode_batch(many), CBOR), 400, "malformed")
    none = Batch(device.name, 1, ())
    refused(send(messages.encode_batch(none), CBOR), 400, "malformed")
    huge = cbor2.dumps({"device": device.name, "first": 2**63, "records": [b"x"]})
    refused(send(huge, CBOR), 400, "malformed")


def test_a_body_too_large_before_or_after_unpacking(device: Device) -> None:
    bomb = gzip.compress(bytes(MAX_BATCH_BYTES + 1), 9)
    assert len(bomb) < 10_000
    refused(device.call("POST", "/v1/records", bomb, headers=GZIP), 413, "too-large")
    flood = bytes(MAX_BATCH_BYTES + 1)
    refused(device.call("POST", "/v1/records", flood, headers=CBOR), 413, "too-large")
    answer = device.call("POST", "/v1/heartbeats", bytes(70_000), headers=JSON)
    refused(answer, 413, "too-large")


def test_a_number_beyond_all_counting_does_not_pass(device: Device) -> None:
    device.sign_raw(device.wire_fields(seq=2**64 - 1))
    assert verdicts(device.send()) == ["quarantined:malformed"]
    device.chain.clear()
    device.sign_raw(device.wire_fields(mono=2**60))
    assert verdicts(device.send()) == ["quarantined:malformed"]


@pytest.mark.parametrize(
    "query",
    [
        "ratings?after=-1",
        "ratings?after=99999999999999999999999",
        "ratings?after=x",
        "ratings?limit=0",
        "ratings?limit=1e9",
        "ratings?device=%00",
        "ratings?staff=" + "9" * 65,
        "ratings?level=6",
        "ratings?since=yesterday",
        "ratings?since=2025-02-30",
        "ratings?until=%F0%9F%92%A3",
        "counts",
        "counts?by=shoe-size",
        "counts?by=staff&by=level&level=0",
    ],
)
def test_questions_that_make_no_sense(central: RunningCentral, query: str) -> None:
    answer = requests.get(
        f"{central.url}/v1/{query}",
        headers={"Authorization": f"Bearer {central.reader}"},
        timeout=20,
    )
    refused(answer, 400, "invalid")


# --- when central itself is in trouble


def test_a_fault_of_our_own_is_told_without_our_insides(
    own_central: RunningCentral, caplog: pytest.LogCaptureFixture
) -> None:
    with own_central.database.writing() as connection:
        connection.exec_driver_sql("DROP TABLE conflicting_record")
        connection.exec_driver_sql("DROP TABLE refusal")
    device = Device(own_central).enrol()
    device.write_boots(1)
    device.send()
    answer = device.post_batch(Batch(device.name, 1, tuple(device.chain)))
    refused(answer, 500, "internal")
    assert "conflicting" not in answer.text
    assert "conflicting_record" in caplog.text
    answer = requests.get(own_central.url + "/nowhere", timeout=20)
    refused(answer, 404, "not-found")


def test_while_the_database_is_away_callers_are_told_to_come_again(
    postgres: Any, postgres_central: RunningCentral, caplog: pytest.LogCaptureFixture
) -> None:
    device = Device(postgres_central).enrol()
    device.write_boots(1)
    health = postgres_central.url + "/v1/health"
    with postgres.out_of_reach(postgres_central.database.url):
        for answer in (
            device.post_batch(Batch(device.name, 1, tuple(device.chain))),
            requests.get(health, timeout=20),
        ):
            refused(answer, 503, "busy")
            assert 5 <= int(answer.headers["Retry-After"]) <= 30
            assert "accepting connections" not in answer.text
        assert requests.head(health, timeout=20).status_code == 503
    lines = [one for one in caplog.records if one.name == "haochaping.central"]
    failed = [one for one in lines if " failed: " in one.getMessage()]
    assert len(failed) == 3
    assert not any(one.exc_info or "\n" in one.getMessage() for one in lines)
    assert requests.get(health, timeout=20).status_code == 200
    assert verdicts(device.send()) == ["stored"]


def test_when_there_is_no_room_callers_are_told_when_to_come_again(
    make_database: MakeDatabase, tmp_path: Path
) -> None:
    limits = Limits(concurrent_requests=1, body_seconds=1)
    with running(tmp_path / "central", make_database(), limits) as place:
        port = int(place.url.rpartition(":")[2])
        with socket.create_connection(("127.0.0.1", port)) as slow:
            slow.sendall(b"POST /v1/records HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\n\r\n")
            busy = answer_of(place, 503)
            refused(busy, 503, "busy")
            assert 5 <= int(busy.headers["Retry-After"]) <= 30
            assert answer_of(place, 200).json() == {"status": "ok"}
            assert slow.recv(1000).startswith(b"HTTP/1.1 408 ")
        with socket.create_connection(("127.0.0.1", port)) as gone:
            gone.sendall(b"POST /v1/records HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\n\r\nx")
        while "cut-off" not in (counted := place.refusals()):
            time.sleep(0.01)
        assert (counted["too-slow"], counted["cut-off"]) == (1, 1)
        assert "internal" not in counted


def answer_of(place: RunningCentral, status: int) -> requests.Response:
    """Ask for health until it is answered with ``status``, which must happen."""
    for _ in range(500):
        answer = requests.get(f"{place.url}/v1/health", timeout=20)
        if answer.status_code == status:
            return answer
        time.sleep(0.01)
    raise AssertionError(f"never answered with {status}")


# --- fuzzing: nothing that comes in makes a 5xx

values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**64), 2**64)
    | st.floats()
    | st.text(max_size=20)
    | st.binary(max_size=40)
    | st.sampled_from(["\0", "a\0b", "\U0010ffff", "9" * 70, 2**53, 2**63, -1]),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3)
    ),
    max_leaves=6,
)
names = st.sampled_from(
    ["v", "kind", "dev", "seq", "prev", "id", "at", "clk", "boot", "mono", "software", "visit"]
)
kinds = st.sampled_from(
    ["boot", "login", "logout", "pause", "visit_opened", "rating", "visit_closed", "fault"]
)


@fuzzing
@given(st.lists(st.dictionaries(names, values, max_size=4), min_size=1, max_size=4), kinds)
def test_genuine_records_of_any_contents(
    device: Device, changes: list[dict[str, Any]], kind: str
) -> None:
    start = device.head
    for change in changes:
        try:
            device.sign_raw(device.wire_fields(kind=kind) | change)
        except (ValueError, OverflowError, cbor2.CBOREncodeError):
            continue
    device.write_boots(1)
    reply = device.send(start + 1)
    assert device.receipt(reply).through == device.head


@fuzzing
@given(st.binary(max_size=200) | values.map(lambda value: cbor2.dumps(value)))
def test_signed_batches_of_anything(device: Device, body: bytes) -> None:
    for headers, sent in ((CBOR, body), (GZIP, body), (GZIP, gzip.compress(body))):
        answer = device.call("POST", "/v1/records", sent, headers=headers)
        assert 400 <= answer.status_code < 500
        problem_code(answer)


@fuzzing
@given(
    st.dictionaries(
        st.sampled_from(["device", "first", "records", "gap_before", "x"]),
        values | st.lists(st.binary(max_size=60), max_size=4),
        max_size=5,
    )
)
def test_signed_batches_of_almost_the_right_shape(device: Device, fields: dict[str, Any]) -> None:
    whole = {"device": device.name, "first": 1, "records": [b"x"], **fields}
    answer = device.call("POST", "/v1/records", cbor2.dumps(whole), headers=CBOR)
    assert answer.status_code < 500


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=20),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3)
    ),
    max_leaves=6,
)


@fuzzing
@given(st.dictionaries(st.sampled_from(messages.Heartbeat.__struct_fields__), json_values))
def test_heartbeats_of_almost_the_right_shape(device: Device, fields: dict[str, Any]) -> None:
    import json

    whole = msgspec.to_builtins(device.heartbeat()) | fields
    body = json.dumps(whole).encode()
    answer = device.call("POST", "/v1/heartbeats", body, headers=JSON)
    assert answer.status_code in (200, 400)


@fuzzing
@given(
    st.binary(max_size=300)
    | st.dictionaries(st.sampled_from(messages.EnrolmentRequest.__struct_fields__), json_values)
)
def test_enrolments_of_anything(central: RunningCentral, body: Any) -> None:
    import json

    if isinstance(body, dict):
        device = Device(central)
        honest = messages.request_enrolment(
            "t", device.board, "x", device.record_key, device.transport_key
        )
        body = json.dumps(msgspec.to_builtins(honest) | body).encode()
    answer = requests.post(f"{central.url}/v1/enrolments", data=body, headers=JSON, timeout=20)
    assert 400 <= answer.status_code < 500
    problem_code(answer)


headers_text = st.text(st.characters(min_codepoint=32, max_codepoint=255), max_size=60).map(
    lambda text: text.strip().encode("latin-1")
)


@fuzzing
@given(
    st.sampled_from(["GET", "POST", "PUT", "HEAD", "OPTIONS", "PATCH", "BREW"]),
    st.sampled_from(
        ["records", "configuration", "heartbeats", "enrolments", "ratings", "counts", "devices"]
    ),
    st.dictionaries(
        st.sampled_from(
            [
                "Signature",
                "Signature-Input",
                "Content-Digest",
                "Content-Type",
                "Content-Encoding",
                "Authorization",
                "If-None-Match",
                "Accept",
                "Cookie",
            ]
        ),
        headers_text
        | st.sampled_from(
            [
                b'haochaping=("@method" "@path");keyid="x";tag="haochaping-device"',
                b'haochaping=("@method" "@path" "content-digest");keyid="\\"";'
                b'tag="haochaping-device";created=99999999999999',
                b"haochaping=:AAAA:",
                b"sha-256=:AAAA:",
                b"gzip",
                b"application/cbor",
                b"Bearer \xff\xfe",
            ]
        ),
        max_size=6,
    ),
    st.binary(max_size=50),
)
def test_any_headers_at_all(
    central: RunningCentral, method: str, path: str, headers: dict[str, bytes], body: bytes
) -> None:
    answer = requests.request(
        method, f"{central.url}/v1/{path}", headers=headers, data=body, timeout=20
    )
    assert answer.status_code < 500


@fuzzing
@given(
    st.sampled_from(["/R/", "/r/", "/v1/", "/", "/schema/"]),
    st.text(max_size=30),
    st.dictionaries(
        st.sampled_from(["after", "limit", "device", "level", "since", "by", "until", "matter"]),
        st.text(max_size=20),
    ),
)
def test_any_address_and_question(
    central: RunningCentral, start: str, rest: str, query: dict[str, str]
) -> None:
    from urllib.parse import quote

    headers = {"Authorization": f"Bearer {central.reader}"}
    path = start + quote(rest.encode("utf-8", "surrogatepass"), safe="")
    for address in (path, "/v1/ratings", "/v1/counts"):
        encoded = {k: v.encode("utf-8", "surrogatepass") for k, v in query.items()}
        answer = requests.get(central.url + address, params=encoded, headers=headers, timeout=20)
        assert answer.status_code < 500, answer.url
