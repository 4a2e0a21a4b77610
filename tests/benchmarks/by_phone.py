"""A rating by phone on its way to the device, and what a thousand waiting devices cost central.

The devices are put into central's database and call it as real ones do: signed, each on a
connection of its own, again after every answer. Ratings come in by the call of other channels,
which needs no page to be filled in, and once as another process of the same central would
take them in. At the end one real agent: from the phone's rating to its order in `agent.db`.
"""

import asyncio
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from functools import partial
from typing import NamedTuple
from urllib.parse import urlsplit
from uuid import UUID, uuid4

import msgspec
import requests
from http_message_signatures import HTTPMessageSigner, HTTPSignatureKeyResolver, algorithms
from sqlalchemy import insert, select

from central import devices, remote_ratings, schema
from central.database import read_url
from central.remote_ratings import Given, Place, Way
from central.service import Central, now_ms
from central.settings import read_settings
from demo.stage import HALL, WINDOW, Stage
from device.core.visit import CloseVisit, Invited
from device.store.briefing import BriefingReader
from device.store.home import Home
from device.store.identity import load_key
from device.store.ledger import Ledger
from protocol.keys import SigningKey
from protocol.levels import Level
from protocol.messages import (
    SIGNATURE_LABEL,
    SIGNATURE_TAG,
    SIGNED_COMPONENTS_WITHOUT_BODY,
    PhoneWait,
)
from protocol.records import InvitedBy, Outcome
from protocol.subjects import Channel, Subject
from tests.benchmarks import figures
from tests.benchmarks.bench import Bench
from tests.benchmarks.drain import database_url
from tests.benchmarks.figures import Figure, spread
from tests.benchmarks.processes import cpu_seconds, memory

PATH = "/v1/visits/phone"
WAIT_S = 20
STAFF = "0317"
COMING_S = 10
"""In which all come: no two citizens are invited at the same moment."""
NOTHING = b"subjects\x80"
"""In an answer without news: an empty CBOR array."""


class _OneKey(HTTPSignatureKeyResolver):
    def __init__(self, key: SigningKey) -> None:
        self._key = key

    def resolve_private_key(self, key_id: str) -> object:
        return self._key.private

    def resolve_public_key(self, key_id: str) -> object:
        raise NotImplementedError


class Waiting(NamedTuple):
    """A device with an open visit."""

    name: str
    key: SigningKey
    visit: UUID

    def call(self, address: str) -> bytes:
        """Return its call as bytes."""
        body = msgspec.json.encode(PhoneWait(self.visit, 0, WAIT_S))
        headers = {"Content-Type": "application/json"}
        request = requests.Request("POST", address + PATH, data=body, headers=headers).prepare()
        HTTPMessageSigner(
            signature_algorithm=algorithms.ED25519, key_resolver=_OneKey(self.key)
        ).sign(
            request,
            key_id=self.name,
            label=SIGNATURE_LABEL,
            tag=SIGNATURE_TAG,
            covered_component_ids=SIGNED_COMPONENTS_WITHOUT_BODY,
            body=body,
        )
        lines = [f"POST {PATH} HTTP/1.1", "Host: central"]
        lines += [f"{name}: {value}" for name, value in request.headers.items()]
        return "\r\n".join([*lines, "", ""]).encode("latin-1") + body


def run(bench: Bench) -> figures.Outcome:
    """Let a thousand wait on each database; then one agent."""
    lines: list[Figure] = []
    for database in ("SQLite", "PostgreSQL"):
        folder = bench.folder / database
        folder.mkdir()
        with database_url(database, folder) as (url, _):
            stage = Stage(folder, {"HAOCHAPING_DATABASE_URL": url} if url else {})
            try:
                stage.make_central()
                central = stage.start_central().process.pid
                key = _channel(stage)
                lines += _thousand(bench, database, url, stage, key, central)
                if database == "SQLite":
                    lines += _agent(bench, stage, key)
            finally:
                stage.close()
    return figures.Outcome(lines, [])


# --- many devices -----------------------------------------------------------------------------


def _thousand(
    bench: Bench, database: str, url: str, stage: Stage, key: str, pid: int
) -> list[Figure]:
    count = bench.times(1000, 200)
    with _central(stage, url) as central, _loop() as loop, ExitStack() as ending:
        some = _enrol(central, count)
        bare = memory(pid).private
        crowd = _Crowd(stage.address, some)
        ending.callback(lambda: asyncio.run_coroutine_threadsafe(crowd.go(), loop).result())
        arriving = cpu_seconds(pid)
        asyncio.run_coroutine_threadsafe(crowd.come(), loop).result()
        time.sleep(3)
        arrived = cpu_seconds(pid) - arriving
        seconds = bench.times(60, 25)
        before, begun = cpu_seconds(pid), time.monotonic()
        for passed in range(seconds):
            bench.say(f"{database}: {count} wait, {passed} of {seconds} s")
            time.sleep(1)
        share = (cpu_seconds(pid) - before) / (time.monotonic() - begun)
        held = memory(pid).private - bare
        rated = some[:: count // bench.times(50, 10)]
        same = [
            _told(crowd, one, partial(_by_channel, stage, key, one.name, one.visit, question=0))
            for one in rated
        ]
        again = [one._replace(visit=uuid4()) for one in rated]
        asyncio.run_coroutine_threadsafe(crowd.come(again), loop).result()
        time.sleep(1)
        other = [_told(crowd, one, partial(_by_database, central, one)) for one in again]
    return [
        Figure(
            f"by phone: {database}, central with {count:,} waiting",
            f"{share:.1%} of a core",
            f"each comes in {arrived * 1000 / count:.2f} ms, again every {WAIT_S} s; all take "
            f"{held:.0f} MB",
        ),
        Figure(
            f"by phone: {database}, rating sent to device told",
            spread([one * 1000 for one in same], digits=0),
            f"taken in by another process: {spread([one * 1000 for one in other], digits=0)}",
        ),
    ]


class _Crowd:
    """All who wait, in an event loop of their own."""

    def __init__(self, address: str, some: list[Waiting]) -> None:
        self._address = address
        self._some = some
        self._tasks: list[asyncio.Task[None]] = []
        self.told: dict[UUID, threading.Event] = {}

    async def come(self, some: list[Waiting] | None = None) -> None:
        """Have all call, and go on calling until they are told something."""
        loop = asyncio.get_running_loop()
        for one in some or self._some:
            self.told[one.visit] = threading.Event()
            self._tasks.append(loop.create_task(self._wait(one)))
            await asyncio.sleep(COMING_S / len(self._some))

    def trouble(self) -> str:
        """Say what became of those that no longer wait."""
        failed = [task.exception() for task in self._tasks if task.done()]
        return f"{len(self._tasks)} came, failed: {[one for one in failed if one][:3]}"

    async def go(self) -> None:
        """Have those go who still wait."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _wait(self, one: Waiting) -> None:
        reader, writer = await asyncio.open_connection(
            *((parts := urlsplit(self._address)).hostname, parts.port)
        )
        try:
            while True:
                writer.write(one.call(self._address))
                head = await reader.readuntil(b"\r\n\r\n")
                length = int(head.lower().partition(b"content-length: ")[2].partition(b"\r\n")[0])
                content = await reader.readexactly(length)
                if b" 200 " not in head:
                    raise RuntimeError(head.decode("latin-1"))
                if NOTHING not in content:
                    self.told[one.visit].set()
                    return
        finally:
            writer.close()


def _told(crowd: _Crowd, one: Waiting, rate: Callable[[], None]) -> float:
    """Return the seconds from a rating's being sent to its device's having been told."""
    begun = time.monotonic()
    rate()
    if not crowd.told[one.visit].wait(30):
        raise RuntimeError(f"a device was told nothing; {crowd.trouble()}")
    return time.monotonic() - begun


def _channel(stage: Stage) -> str:
    out = stage.folder / "channel.key"
    data = ("--data", str(stage.central_data))
    stage.command(
        *("central", "channel", "bench", "--hall", HALL, "--pf", "6", "--out", str(out), *data)
    )
    return out.read_text("utf-8").strip()


def _by_channel(stage: Stage, key: str, device: str, visit: UUID, **subject: object) -> None:
    body = {
        "visit": str(visit),
        "device": device,
        "subject": "staff",
        "level": {"platform": 5},
        **subject,
    }
    with requests.Session() as session:
        session.trust_env = False
        session.post(
            stage.address + "/v1/ratings",
            json=body,
            headers={"Authorization": f"Bearer {key}"},
            timeout=20,
        ).raise_for_status()


def _by_database(central: Central, one: Waiting) -> None:
    with central.database.writing() as connection:
        device = devices.find(connection, one.name, lock=True)
        assert device is not None
        place, way = Place(HALL, one.visit, device.id, one.name), Way(Channel.QR, "zh-CN")
        given = [Given(Subject.STAFF, Level.SATISFIED, question=0)]
        remote_ratings.take(connection, central.key, place, way, given, now_ms())


def _enrol(central: Central, count: int) -> list[Waiting]:
    rows, some = [], []
    for number in range(count):
        key = SigningKey.generate()
        some.append(Waiting(f"bench-{number}", key, uuid4()))
        rows.append(
            {
                "name": some[-1].name,
                "board": f"bench-{number}",
                "algorithm": key.public.algorithm,
                "record_key": SigningKey.generate().public.raw,
                "transport_key": key.public.raw,
                "window": WINDOW,
                "software": "bench",
                "enrolled_ms": now_ms(),
                "head": 0,
                "head_hash": b"",
                "contact_ms": now_ms(),
            }
        )
    with central.database.writing() as connection:
        connection.execute(insert(schema.device), rows)
        assert connection.execute(select(schema.device)).first() is not None
    return some


@contextmanager
def _central(stage: Stage, url: str) -> Iterator[Central]:
    """Another process of the same central: this one."""
    settings = read_settings(stage.central_data)
    if url:
        settings = msgspec.structs.replace(settings, database=read_url(url))
    opened = Central.open(settings)
    try:
        yield opened
    finally:
        opened.close()


@contextmanager
def _loop() -> Iterator[asyncio.AbstractEventLoop]:
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever, daemon=True)
    thread.start()
    try:
        yield loop
    finally:
        loop.call_soon_threadsafe(loop.stop)
        thread.join()


# --- one real agent ---------------------------------------------------------------------------


def _agent(bench: Bench, stage: Stage, key: str) -> list[Figure]:
    stage.make_device()
    name, home = stage.enrol(), Home(stage.device_data)
    stage.start_agent()
    ledger = Ledger(home, name, load_key(home.record_key))
    briefing = BriefingReader(home)
    _until(lambda: briefing.version() > 0)
    known: list[float] = []
    ordered: list[float] = []
    seen = 0
    for number in range(bench.times(20, 5)):
        bench.say(f"agent: visit {number}")
        visit, begun = uuid4(), time.monotonic()
        ledger.open_visit(Invited(visit, InvitedBy.STAFF, "12", STAFF, ()), "zh-CN", 0)
        _until(lambda: briefing.acknowledged() == ledger.head)
        known.append((time.monotonic() - begun) * 1000)
        time.sleep(1.5)  # nobody scans a code sooner; the agent listens by now
        begun = time.monotonic()
        phone = threading.Thread(
            target=_by_channel, args=(stage, key, name, visit), kwargs={"code": STAFF}
        )
        phone.start()
        _until(lambda seen=seen: briefing.instructions(seen))
        ordered.append((time.monotonic() - begun) * 1000)
        seen = briefing.instructions(seen)[-1].id
        phone.join()
        ledger.close_visit(CloseVisit(visit, (), Outcome.RATED, "", 1, None, 0), "zh-CN")
        time.sleep(1.2)
    ledger.close()
    briefing.close()
    return [
        Figure(
            "by phone: real agent, rating sent to order for the kiosk",
            spread(ordered, digits=0),
            f"visit opened to known at central: {spread(known, digits=0)}",
        )
    ]


def _until(happened: Callable[[], object]) -> None:
    until = time.monotonic() + 30
    while not happened():
        if time.monotonic() > until:
            raise RuntimeError("it did not come")
        time.sleep(0.001)
