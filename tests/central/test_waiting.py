"""A device waits to hear that its visit has been rated by phone; nothing of how comes with it."""

import contextlib
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit
from uuid import UUID, uuid4

import cbor2
import msgspec
import pytest
import requests
from central_rig import (
    MATTER,
    Device,
    MakeDatabase,
    RunningCentral,
    problem_code,
    retirement_in,
    running,
)
from test_central_cli import data, run, served  # noqa: F401 - a fixture

from central import devices, remote_ratings
from central.remote_ratings import Given, Place, Way
from central.service import Central, now_ms
from central.serving import MANY_FILES
from central.settings import Limits, read_settings
from protocol import by_phone, cose
from protocol.by_phone import RatedSubject, VisitByPhone
from protocol.levels import Level
from protocol.messages import PhoneWait
from protocol.subjects import Channel, Subject

HALL_CODE = "210100-01"
PATH = "/v1/visits/phone"
STAFF = Given(Subject.STAFF, Level.SATISFIED, code="1001")
A_MATTER = Given(Subject.MATTER, Level.VERY_DISSATISFIED, code=MATTER)
LONG_S = 24
"""Longer than any of these tests waits for what should come at once."""


def give(central: Central, device: Device, visit: UUID, *given: Given, ring: bool = True) -> None:
    """A citizen rates by phone, as the page has it kept."""
    with central.database.writing() as connection:
        found = devices.find(connection, device.name, lock=True)
        assert found is not None
        place = Place(HALL_CODE, visit, found.id, device.name)
        way = Way(Channel.QR, "zh-CN")
        remote_ratings.take(connection, central.key, place, way, given, now_ms())
    if ring:
        central.waiting.ring(found.id, visit)


def ask(device: Device, visit: UUID, seen: int = 0, wait_s: int = 0) -> requests.Response:
    body = msgspec.json.encode(PhoneWait(visit, seen, wait_s))
    return device.call("POST", PATH, body, headers={"Content-Type": "application/json"})


def read(device: Device, answer: requests.Response) -> VisitByPhone:
    assert answer.status_code == 200, answer.text
    assert answer.headers["Cache-Control"] == "no-store"
    return by_phone.verify(answer.content, device.place.central.key.public)


def told(device: Device, visit: UUID, seen: int = 0, wait_s: int = 0) -> tuple[RatedSubject, ...]:
    found = read(device, ask(device, visit, seen, wait_s))
    assert (found.device, found.visit) == (device.name, visit)
    return found.subjects


@pytest.fixture
def callers() -> Iterator[ThreadPoolExecutor]:
    with ThreadPoolExecutor(16) as pool:
        yield pool


def until_waiting(place: RunningCentral, number: int) -> None:
    """Return once so many wait; well before `LONG_S` is over."""
    until = time.monotonic() + LONG_S / 2
    while len(place.central.waiting) != number:
        assert time.monotonic() < until, f"{len(place.central.waiting)} wait, not {number}"
        time.sleep(0.01)


def wait_for(
    pool: ThreadPoolExecutor, device: Device, visit: UUID, seen: int = 0
) -> Future[tuple[RatedSubject, ...]]:
    """A device begins to wait; returns once it does."""
    before = len(device.place.central.waiting)
    waiting = pool.submit(told, device, visit, seen, LONG_S)
    until_waiting(device.place, before + 1)
    return waiting


# --- what is told, and when -----------------------------------------------------------------


def test_a_visit_that_nobody_rated_by_phone_is_told_as_such(own_central: RunningCentral) -> None:
    device = Device(own_central).enrol()
    visit = device.write_visit(close=False)
    device.send()
    assert told(device, visit) == ()
    assert told(device, visit, wait_s=1) == ()
    assert told(device, uuid4()) == ()


def test_a_device_that_waits_is_told_at_once_and_again_of_the_next_subject(
    own_central: RunningCentral, callers: ThreadPoolExecutor
) -> None:
    device = Device(own_central).enrol()
    visit = device.write_visit(level=None, close=False)
    device.send()
    waiting = wait_for(callers, device, visit)
    assert not waiting.done()
    give(own_central.central, device, visit, STAFF)
    assert waiting.result(LONG_S) == (RatedSubject(Subject.STAFF, "1001"),)
    until_waiting(own_central, 0)
    waiting = wait_for(callers, device, visit, seen=1)
    give(own_central.central, device, visit, A_MATTER)
    both = (RatedSubject(Subject.STAFF, "1001"), RatedSubject(Subject.MATTER, MATTER))
    assert waiting.result(LONG_S) == both
    assert told(device, visit, seen=1, wait_s=LONG_S) == both
    assert told(device, visit, wait_s=LONG_S) == both


def test_what_another_process_took_in_is_told_too(
    own_central: RunningCentral, callers: ThreadPoolExecutor
) -> None:
    device = Device(own_central).enrol()
    visit = device.write_visit(level=None, close=False)
    device.send()
    waiting = wait_for(callers, device, visit)
    other = Central.open(own_central.central.settings)
    try:
        give(other, device, visit, STAFF)
    finally:
        other.close()
    assert waiting.result(LONG_S) == (RatedSubject(Subject.STAFF, "1001"),)


def test_a_visit_that_central_does_not_know_yet_is_told_by_its_questions(
    own_central: RunningCentral,
) -> None:
    device = Device(own_central).enrol()
    visit = uuid4()
    pending = Given(Subject.STAFF, Level.VERY_SATISFIED, question=0)
    give(own_central.central, device, visit, pending)
    assert told(device, visit) == (RatedSubject(Subject.STAFF, "", 0),)
    device.write_visit(level=None, visit=visit, close=False)
    device.send()
    assert told(device, visit) == (RatedSubject(Subject.STAFF, "1001"),)


def test_a_follow_up_rating_is_none_of_the_devices_business(own_central: RunningCentral) -> None:
    device = Device(own_central).enrol()
    visit = device.write_visit(close=False)
    device.send()
    central = own_central.central
    with central.database.writing() as connection:
        found = devices.named(connection, device.name)
        place = Place(HALL_CODE, visit, found.id, device.name)
        way = Way(Channel.QR, "zh-CN")
        remote_ratings.follow_up(connection, central.key, place, way, STAFF, now_ms())
    assert told(device, visit) == ()


def test_one_device_is_not_told_of_anothers_visit(own_central: RunningCentral) -> None:
    one, other = Device(own_central).enrol(), Device(own_central, "W13").enrol()
    visit = one.write_visit(level=None, close=False)
    one.send()
    give(own_central.central, one, visit, STAFF)
    assert told(other, visit) == ()
    assert told(one, visit) == (RatedSubject(Subject.STAFF, "1001"),)


def test_no_level_can_be_read_from_what_is_told(own_central: RunningCentral) -> None:
    device = Device(own_central).enrol()
    seen = []
    for level in Level:
        visit = device.write_visit(level=None, close=False)
        device.send()
        comment = "排了很久的队" * level
        give(own_central.central, device, visit, STAFF._replace(level=level, comment=comment))
        answer = ask(device, visit)
        fields = cbor2.loads(cose.open_unverified(answer.content)[1])
        assert fields.pop("visit") == visit.bytes
        seen.append((fields, len(answer.content)))
    assert seen == [seen[0]] * 5
    assert seen[0][0] == {"device": device.name, "subjects": [{"subject": "staff", "code": "1001"}]}


def test_more_is_never_told_than_a_device_reads(own_central: RunningCentral) -> None:
    device = Device(own_central).enrol()
    visit = device.write_visit(level=None, close=False)
    device.send()
    many = [STAFF._replace(code=f"{'9' * 120}{i:03}") for i in range(by_phone.MAX_SUBJECTS + 5)]
    give(own_central.central, device, visit, *many)
    answer = ask(device, visit)
    assert len(read(device, answer).subjects) == by_phone.MAX_SUBJECTS
    assert len(answer.content) < by_phone.MAX_BYTES


# --- who may ask ----------------------------------------------------------------------------


def test_only_a_device_may_ask_and_only_what_it_signed(own_central: RunningCentral) -> None:
    device = Device(own_central).enrol()
    visit = uuid4()
    body = msgspec.json.encode(PhoneWait(visit, 0, 0))
    headers = {"Content-Type": "application/json"}
    unsigned = requests.post(own_central.url + PATH, data=body, headers=headers, timeout=20)
    assert (unsigned.status_code, problem_code(unsigned)) == (401, "bad-signature")
    prepared = device.prepare("POST", PATH, body, headers)
    prepared.body = body.replace(b'"seen":0', b'"seen":9')
    with requests.Session() as session:
        altered = session.send(prepared, timeout=20)
    assert (altered.status_code, problem_code(altered)) == (401, "bad-signature")
    with own_central.database.writing() as connection:
        devices.revoke(connection, device.name, now_ms())
    retired = ask(device, visit)
    assert (retired.status_code, problem_code(retired)) == (403, "device-revoked")
    assert retirement_in(retired, own_central).device == device.name


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"[]",
        b"{}",
        b'{"visit":"x"}',
        b'{"visit":"6a4c29be-0000-4000-8000-000000000000","seen":-1}',
        b'{"visit":"6a4c29be-0000-4000-8000-000000000000","wait_s":1e400}',
        b'{"visit":"6a4c29be-0000-4000-8000-000000000000","level":5}',
        b"\xff\xfe",
        b"[" * 900,
    ],
)
def test_a_wrong_body_is_refused(central: RunningCentral, body: bytes) -> None:
    device = Device(central).enrol()
    answer = device.call("POST", PATH, body, headers={"Content-Type": "application/json"})
    assert (answer.status_code, problem_code(answer)) == (400, "malformed")


def test_a_long_body_is_refused(central: RunningCentral) -> None:
    device = Device(central).enrol()
    headers = {"Content-Type": "application/json"}
    answer = device.call("POST", PATH, b" " * 5000, headers=headers)
    assert answer.status_code == 413


# --- how many may wait ----------------------------------------------------------------------


def test_whoever_waits_keeps_nobody_out(
    make_database: MakeDatabase, tmp_path: Path, callers: ThreadPoolExecutor
) -> None:
    limits = Limits(concurrent_requests=1, waiting_devices=3)
    with running(tmp_path / "central", make_database(), limits) as place:
        some = [Device(place).enrol() for _ in range(4)]
        visits = [uuid4() for _ in some]
        pairs = list(zip(some, visits, strict=True))
        waiting = [wait_for(callers, device, visit) for device, visit in pairs[:3]]
        assert place.ask("/v1/devices")
        full = ask(*pairs[3], wait_s=LONG_S)
        assert (full.status_code, problem_code(full)) == (503, "busy")
        assert int(full.headers["Retry-After"]) >= 1
        given = Given(Subject.STAFF, Level.SATISFIED, question=0)
        for device, visit in pairs[:3]:
            give(place.central, device, visit, given)
        assert [one.result(LONG_S) for one in waiting] == [
            (RatedSubject(Subject.STAFF, "", 0),)
        ] * 3
        until_waiting(place, 0)
        assert told(*pairs[3]) == ()


def test_a_call_that_a_device_gave_up_is_let_go_for_the_next(
    own_central: RunningCentral, callers: ThreadPoolExecutor
) -> None:
    device = Device(own_central).enrol()
    first = wait_for(callers, device, uuid4())
    second = wait_for(callers, device, uuid4())
    visit = uuid4()
    third = callers.submit(told, device, visit, 0, LONG_S)
    assert first.result(LONG_S) == ()
    until_waiting(own_central, 2)
    give(own_central.central, device, visit, Given(Subject.STAFF, Level.SATISFIED, question=0))
    assert third.result(LONG_S) == (RatedSubject(Subject.STAFF, "", 0),)
    assert not second.done()
    own_central.central.waiting._loop.call_soon_threadsafe(own_central.central.waiting.close)
    assert second.result(LONG_S / 2) == ()
    late = callers.submit(told, device, uuid4(), 0, LONG_S)
    assert late.result(LONG_S / 2) == ()


def test_a_device_that_goes_away_leaves_its_place(own_central: RunningCentral) -> None:
    device = Device(own_central).enrol()
    with hanging(device, uuid4()):
        until_waiting(own_central, 1)
    until_waiting(own_central, 0)


@contextlib.contextmanager
def hanging(device: Device, visit: UUID) -> Iterator[socket.socket]:
    """A call that waits, on a connection that the test may cut."""
    body = msgspec.json.encode(PhoneWait(visit, 0, LONG_S))
    prepared = device.prepare("POST", PATH, body, {"Content-Type": "application/json"})
    address = urlsplit(device.place.url)
    lines = [f"POST {PATH} HTTP/1.1", "Host: central"]
    lines += [f"{name}: {value}" for name, value in prepared.headers.items()]
    with socket.create_connection((address.hostname, address.port), 20) as line:
        line.sendall("\r\n".join([*lines, "", ""]).encode("latin-1") + body)
        yield line


# --- when something fails -------------------------------------------------------------------


def test_an_outage_of_the_database_is_waited_out(
    postgres: Any, postgres_central: RunningCentral, callers: ThreadPoolExecutor
) -> None:
    device = Device(postgres_central).enrol()
    visit = device.write_visit(level=None, close=False)
    device.send()
    waiting = wait_for(callers, device, visit)
    with postgres.out_of_reach(postgres_central.database.url):
        room = postgres_central.central.waiting
        until = time.monotonic() + 20
        while not room._trouble:
            assert time.monotonic() < until
            time.sleep(0.02)
        newcomer = ask(device, uuid4())
        assert (newcomer.status_code, problem_code(newcomer)) == (503, "busy")
        assert not waiting.done()
    give(postgres_central.central, device, visit, STAFF)
    assert waiting.result(LONG_S) == (RatedSubject(Subject.STAFF, "1001"),)


def test_central_ends_in_good_order_while_devices_wait(data: Path) -> None:  # noqa: F811
    token = run("token", "--window", "W12", "--data", data)[0].strip()
    with served(data) as (address, process), ThreadPoolExecutor(1) as pool:
        place = RunningCentral(Central.open(read_settings(data)), address)
        device = Device(place).enrol(token)
        visit = uuid4()
        waiting = pool.submit(told, device, visit, 0, LONG_S)
        time.sleep(1.0)  # it waits by now; if not, this shows a little less
        assert not waiting.done()
        process.send_signal(signal.SIGTERM)
        assert process.wait(5) == 0
        assert waiting.result(5) == ()
        place.central.close()


def test_central_may_have_more_files_open_than_it_was_started_with() -> None:
    said = (
        "import resource as r; from central.serving import _allow_many_files\n"
        "hard = r.getrlimit(r.RLIMIT_NOFILE)[1]; r.setrlimit(r.RLIMIT_NOFILE, (256, hard))\n"
        "_allow_many_files(); print(*r.getrlimit(r.RLIMIT_NOFILE), hard)"
    )
    done = subprocess.run([sys.executable, "-c", said], capture_output=True, text=True, check=True)
    soft, hard, before = map(int, done.stdout.split())
    assert hard == before
    assert soft == (MANY_FILES if hard == -1 else min(MANY_FILES, hard)) > 256


def test_no_visit_reaches_the_log(data: Path) -> None:  # noqa: F811
    token = run("token", "--window", "W12", "--data", data)[0].strip()
    with served(data) as (address, process):
        place = RunningCentral(Central.open(read_settings(data)), address)
        device = Device(place).enrol(token)
        visit = uuid4()
        assert told(device, visit) == ()
        process.send_signal(signal.SIGTERM)
        _, said = process.communicate(timeout=20)
        place.central.close()
    assert PATH in said
    assert str(visit) not in said
    assert visit.hex not in said
