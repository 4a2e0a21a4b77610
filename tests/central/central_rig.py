"""What the tests of central share: a real service on a real port, and a device to call it."""

import gzip
import itertools
import os
import threading
import time
from collections.abc import Callable, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import msgspec
import requests
import uvicorn
from http_message_signatures import HTTPMessageSigner, HTTPSignatureKeyResolver, algorithms
from litestar import Litestar
from sqlalchemy import URL

from central.app import Door, make_calls
from central.database import Database
from central.directory import import_hall, read_hall
from central.enrolment import make_token
from central.readers import make_reader
from central.service import Central, make_key, now_ms
from central.settings import Limits, Settings
from protocol import messages, receipts, records, retirement
from protocol.keys import SigningKey
from protocol.levels import Level
from protocol.messages import Batch, BatchReply, EnrolmentReply, Heartbeat, HeartbeatReply
from protocol.records import (
    AnyRecord,
    Boot,
    ClockQuality,
    InvitedBy,
    Outcome,
    Rating,
    VisitClosed,
    VisitOpened,
)
from protocol.retirement import Retirement
from protocol.subjects import Subject

HALL = """
notices = ["今天下午三点停电检修"]

[hall]
code = "210100-01"
name = "沈阳市政务服务中心"
phone_url = "https://pj.example.cn"

[[windows]]
code = "W12"
number = "12"
assigned_staff = "1001"

[[windows]]
code = "W13"
number = "13"

[[staff]]
number = "1001"
name = "王芳"
post = "综合受理"
department = "审批局"

[[staff]]
number = "1002"
name = "李\U00030edd"
post = "综合受理"
department = "审批局"

[[matters]]
code = "1121010000000000001000100000001"
name = "社会保障卡申领"

[rules]
rating_seconds = 45
"""
MakeDatabase = Callable[[], URL]
"""Makes a new, migrated, empty database."""
MATTER = "1121010000000000001000100000001"


class OneKey(HTTPSignatureKeyResolver):
    """Signs with one transport key."""

    def __init__(self, key: SigningKey) -> None:
        self.key = key

    def resolve_private_key(self, key_id: str) -> Any:
        return self.key.private

    def resolve_public_key(self, key_id: str) -> Any:
        raise NotImplementedError


@dataclass
class RunningCentral:
    """A central that serves on a port of this machine."""

    central: Central
    url: str
    reader: str = ""

    @property
    def database(self) -> Database:
        return self.central.database

    def ask(self, path: str, **params: Any) -> Any:
        """GET as a reader and return the JSON, which must have come with 200."""
        answer = requests.get(
            self.url + path,
            params=params,
            headers={"Authorization": f"Bearer {self.reader}"},
            timeout=20,
        )
        assert answer.status_code == 200, answer.text
        return answer.json()

    def token(self, window: str = "W12", days: int = 14) -> str:
        with self.database.writing() as connection:
            return make_token(connection, window, days, now_ms())

    def refusals(self) -> dict[str, int]:
        return {row["code"]: row["count"] for row in self.central.refusals.table()}

    def rows(self, table: Any, *conditions: Any) -> list[Any]:
        with self.database.reading() as connection:
            return list(connection.execute(table.select().where(*conditions)))


_idle_calls: list[Litestar] = []
"""Made for a central that has ended: making them takes longer than many a test."""


@contextmanager
def serving(central: Central) -> Any:
    """Serve ``central`` on a free port in a thread."""
    calls = _idle_calls.pop() if _idle_calls else make_calls()
    config = uvicorn.Config(
        Door(calls, central), port=0, log_config=None, access_log=False, lifespan="off"
    )
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    while not server.started:
        assert thread.is_alive()
        time.sleep(0.005)
    port = server.servers[0].sockets[0].getsockname()[1]
    try:
        yield f"http://127.0.0.1:{port}"
    finally:
        server.should_exit = True
        thread.join()
        _idle_calls.append(calls)


@contextmanager
def running(data: Path, url: URL, limits: Limits | None = None) -> Any:
    """A running central on a migrated database, with the hall above and a reader."""
    data.mkdir(exist_ok=True)
    settings = Settings(data=data, database=url, limits=limits or Limits())
    make_key(settings.key_file)
    hall_file = data / "hall.toml"
    hall_file.write_text(HALL, "utf-8")
    central = Central.open(settings)
    try:
        with central.database.writing() as connection:
            import_hall(connection, read_hall(hall_file), hall_file)
            reader = make_reader(connection, "tests", now_ms())
        with serving(central) as address:
            yield RunningCentral(central, address, reader)
    finally:
        central.close()


def problem_code(answer: requests.Response) -> str:
    """The code of a problem document, which ``answer`` must be."""
    assert answer.headers["content-type"] == messages.PROBLEM_TYPE, answer.text
    problem = answer.json()
    assert problem["status"] == answer.status_code
    assert problem["title"]
    return str(problem["code"])


def open_second_hall(place: RunningCentral, folder: Path) -> None:
    """Bring in a hall like the first one, with windows V12 and V13."""
    file = folder / "second-hall.toml"
    file.write_text(HALL.replace("210100-01", "210100-02").replace('"W1', '"V1'), "utf-8")
    with place.database.writing() as connection:
        import_hall(connection, read_hall(file), file)


def retirement_in(answer: requests.Response, place: RunningCentral) -> Retirement:
    """The retirement that ``answer`` carries, signed by the central at ``place``."""
    problem = msgspec.json.decode(answer.content, type=messages.Problem)
    return retirement.verify(problem.notice, place.central.key.public)


@dataclass
class Device:
    """A device as central sees it: writes a chain of records and signs its requests."""

    place: RunningCentral
    window: str = "W12"
    record_key: SigningKey = field(default_factory=SigningKey.generate)
    transport_key: SigningKey = field(default_factory=SigningKey.generate)
    board: str = field(default_factory=lambda: os.urandom(8).hex())
    name: str = ""
    reply: EnrolmentReply | None = None
    chain: list[bytes] = field(default_factory=list)
    boot_id: UUID = field(default_factory=uuid4)
    clock: ClockQuality = ClockQuality.SYNCED
    ticks: Any = field(default_factory=lambda: itertools.count(1000, 10))
    booted_ms: int = field(default_factory=lambda: now_ms() - 600_000)

    # --- enrolment

    def request_enrolment(self, token: str) -> requests.Response:
        body = messages.request_enrolment(
            token, self.board, "haochaping 0.1", self.record_key, self.transport_key
        )
        return requests.post(
            f"{self.place.url}/v1/enrolments",
            data=msgspec.json.encode(body),
            headers={"Content-Type": "application/json"},
            timeout=20,
        )

    def enrol(self, token: str = "") -> "Device":
        answer = self.request_enrolment(token or self.place.token(self.window))
        assert answer.status_code == 201, answer.text
        self.reply = msgspec.json.decode(answer.content, type=EnrolmentReply)
        self.name = self.reply.device
        return self

    # --- records

    @property
    def head(self) -> int:
        return len(self.chain)

    def next_fields(self) -> dict[str, Any]:
        """What the next record must carry, whatever its kind."""
        prev = (
            records.digest(self.chain[-1])
            if self.chain
            else records.genesis(self.name, self.record_key.public.raw)
        )
        monotonic_ms = next(self.ticks)
        wall_ms = self.booted_ms + monotonic_ms
        if self.clock is ClockQuality.UNSYNCED:
            wall_ms -= 40 * 365 * 86_400_000
        return {
            "device": self.name,
            "seq": self.head + 1,
            "prev": prev,
            "id": uuid4(),
            "wall_ms": max(0, wall_ms),
            "clock": self.clock,
            "boot_id": self.boot_id,
            "monotonic_ms": monotonic_ms,
        }

    def write(self, kind: type[AnyRecord], **fields: Any) -> bytes:
        """Append a record to the device's chain."""
        self.chain.append(records.sign(kind(**{**self.next_fields(), **fields}), self.record_key))
        return self.chain[-1]

    def write_boots(self, count: int) -> list[bytes]:
        return [self.write(Boot, software="haochaping 0.1") for _ in range(count)]

    def write_visit(
        self,
        level: Level | None = Level.VERY_SATISFIED,
        staff: str = "1001",
        visit: UUID | None = None,
        matter_level: Level | None = None,
        close: bool = True,
    ) -> UUID:
        """Write a visit: opened, rated (if there are levels), closed."""
        visit = visit or uuid4()
        self.write(
            VisitOpened,
            visit=visit,
            invited_by=InvitedBy.STAFF,
            window="12",
            staff=staff,
        )
        rated = 0
        for subject, code, given in (
            (Subject.STAFF, staff, level),
            (Subject.MATTER, MATTER, matter_level),
        ):
            if given is not None:
                self.write(
                    Rating,
                    visit=visit,
                    subject=subject,
                    code=code,
                    level=given,
                    tapped_ms=1,
                )
                rated += 1
        if close:
            self.write(
                VisitClosed,
                visit=visit,
                outcome=Outcome.RATED if rated else Outcome.TIMED_OUT,
                asked=1,
                rated=rated,
            )
        return visit

    def sign_raw(self, fields: dict[str, Any]) -> bytes:
        """Sign a record's payload that need not be a record at all, and append it."""
        import cbor2

        from protocol import cose

        self.chain.append(cose.sign(cbor2.dumps(fields), self.record_key, cose.RECORD))
        return self.chain[-1]

    def wire_fields(self, **changes: Any) -> dict[str, Any]:
        """The next record's fields as they go over the wire, for `sign_raw`."""
        import cbor2

        plain = Boot(**self.next_fields(), software="x")
        found: dict[str, Any] = cbor2.loads(records.encode(plain))
        return {**found, **changes}

    # --- requests

    def call(
        self,
        method: str,
        path: str,
        body: bytes | None = None,
        *,
        headers: dict[str, str] | None = None,
        components: Sequence[str] | None = None,
        **signing: Any,
    ) -> requests.Response:
        """Send a signed request."""
        prepared = self.prepare(method, path, body, headers or {}, components, **signing)
        with requests.Session() as session:
            session.trust_env = False
            return session.send(prepared, timeout=30)

    def prepare(
        self,
        method: str,
        path: str,
        body: bytes | None,
        headers: dict[str, str],
        components: Sequence[str] | None = None,
        **signing: Any,
    ) -> requests.PreparedRequest:
        prepared = requests.Request(
            method, self.place.url + path, data=body, headers=headers
        ).prepare()
        signer = HTTPMessageSigner(
            signature_algorithm=algorithms.ED25519, key_resolver=OneKey(self.transport_key)
        )
        covered = components or (
            messages.SIGNED_COMPONENTS_WITHOUT_BODY if body is None else messages.SIGNED_COMPONENTS
        )
        options: dict[str, Any] = {
            "key_id": self.name,
            "label": messages.SIGNATURE_LABEL,
            "tag": messages.SIGNATURE_TAG,
            "created": datetime(2012, 1, 1, tzinfo=UTC),  # the device's clock is years off
            **signing,
        }
        if "content-digest" in covered:
            options.setdefault("body", body)
            covered = [name for name in covered if name != "content-digest"]
        signer.sign(prepared, covered_component_ids=covered, **options)
        return prepared

    def post_batch(self, batch: Batch, compress: bool = True) -> requests.Response:
        body = messages.encode_batch(batch)
        headers = {"Content-Type": messages.BATCH_TYPE}
        if compress:
            body = gzip.compress(body, 1)
            headers["Content-Encoding"] = "gzip"
        return self.call("POST", "/v1/records", body, headers=headers)

    def send(
        self,
        first: int = 1,
        last: int | None = None,
        *,
        signed: Sequence[bytes] | None = None,
        gap_before: bool = False,
    ) -> BatchReply:
        """Send records ``first`` to ``last`` of the chain (or ``signed`` in their place)."""
        chosen = self.chain[first - 1 : last] if signed is None else signed
        batch = Batch(self.name, first, tuple(chosen), gap_before)
        answer = self.post_batch(batch)
        assert answer.status_code == 200, answer.text
        return msgspec.json.decode(answer.content, type=BatchReply)

    def receipt(self, reply: BatchReply | HeartbeatReply) -> receipts.Receipt:
        """The receipt in ``reply``, verified with central's key as given at enrolment."""
        return receipts.verify(reply.receipt, self.place.central.key.public)

    def beat(self, **changes: Any) -> HeartbeatReply:
        answer = self.call(
            "POST",
            "/v1/heartbeats",
            msgspec.json.encode(self.heartbeat(**changes)),
            headers={"Content-Type": "application/json"},
        )
        assert answer.status_code == 200, answer.text
        return msgspec.json.decode(answer.content, type=HeartbeatReply)

    def heartbeat(self, **changes: Any) -> Heartbeat:
        monotonic_ms = next(self.ticks)
        fields: dict[str, Any] = {
            "software": "haochaping 0.1",
            "boot_id": self.boot_id,
            "monotonic_ms": monotonic_ms,
            "wall_ms": self.booted_ms + monotonic_ms,
            "clock": self.clock,
            "head": self.head,
            "acknowledged": 0,
            "configuration": 1,
            "disk_free_bytes": 1_000_000,
        }
        return Heartbeat(**{**fields, **changes})


def verdicts(reply: BatchReply) -> list[str]:
    """The verdicts as words, with the reason where there is one."""
    return [
        f"{one.verdict.value}:{one.reason}" if one.reason else one.verdict.value
        for one in reply.verdicts
    ]
