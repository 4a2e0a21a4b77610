"""Finding a rating by its receipt code among a million visits, on both databases.

A real device's visits come in as they always do; a million more are made inside the database,
where only their number matters. Measured: finding the visit of a code, with the index that the
database says it uses; showing and checking the evidence; and a code that nobody has.
"""

import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import NamedTuple
from uuid import UUID, uuid4

from sqlalchemy import insert, text

from central import devices, evidence, ingest, receipts, schema
from central.database import Database, read_url, sqlite_url
from central.receipts import UnknownReceipt
from central.service import Central, now_ms
from central.settings import Settings
from protocol import records
from protocol.keys import SigningKey
from protocol.levels import Level
from protocol.messages import Batch
from protocol.phone import receipt_code
from protocol.records import ClockQuality, InvitedBy, Rating, VisitClosed, VisitOpened
from protocol.records import Outcome as Ended
from protocol.subjects import Subject
from tests.benchmarks import figures
from tests.benchmarks.bench import Bench
from tests.benchmarks.drain import database_url
from tests.benchmarks.figures import Figure

_DEVICE = "HP-BH-012"
_VISITS_OF_ITS_OWN = 100
_MANY = {
    "sqlite": (
        'INSERT INTO visit (device_id, visit, "window", receipt) '
        "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < :n) "
        "SELECT 1, randomblob(16), '12', hex(randomblob(4)) FROM n"
    ),
    "postgresql": (
        'INSERT INTO visit (device_id, visit, "window", receipt) '
        "SELECT 1, decode(md5(random()::text || i), 'hex'), '12', "
        "upper(substr(md5(random()::text), 1, 8)) FROM generate_series(1, :n) AS i"
    ),
}


class _Measured(NamedTuple):
    by_key_ms: list[float]
    """The floor: the same row by its primary key."""
    found_ms: list[float]
    shown_ms: list[float]
    unknown_ms: list[float]
    plan: str


def run(bench: Bench) -> figures.Outcome:
    """Measure on each database."""
    visits = bench.times(1_000_000, 20_000)
    lines: list[Figure] = []
    notes: list[str] = []
    for name in ("SQLite", "PostgreSQL"):
        folder = bench.folder / name
        folder.mkdir()
        with database_url(name, folder) as (url, _), _central(folder, url) as central:
            bench.say(f"{name}: {visits:,} visits")
            ours = _take_in(central)
            _fill(central.database, visits)
            bench.say(f"{name}: looking up")
            measured = _measure(central, ours, bench.times(2000, 200))
        lines += _figures(name, measured)
        notes.append(f"{name}, {visits:,} visits: {measured.plan}")
    return figures.Outcome(lines, notes)


def _figures(name: str, measured: _Measured) -> list[Figure]:
    floor = figures.median(measured.by_key_ms)
    beside = f"by primary key {figures.spread(measured.by_key_ms)}"
    return [
        Figure(
            f"receipts: {name}, {what}",
            figures.spread(took_ms),
            beside,
            figures.median(took_ms) / floor,
        )
        for what, took_ms in (
            ("visit found", measured.found_ms),
            ("evidence shown and checked", measured.shown_ms),
            ("no such code", measured.unknown_ms),
        )
    ]


@contextmanager
def _central(folder: Path, url: str) -> Iterator[Central]:
    where = read_url(url) if url else sqlite_url(folder / "central.db")
    database = Database(where)
    database.migrate()
    central = Central(Settings(data=folder, database=where), SigningKey.generate(), database)
    try:
        yield central
    finally:
        central.close()


def _take_in(central: Central) -> list[UUID]:
    """Have a device send visits as it always does; returns their ids."""
    key = SigningKey.generate()
    with central.database.writing() as connection:
        connection.execute(
            insert(schema.device).values(
                id=1,
                name=_DEVICE,
                board="bench",
                algorithm=key.algorithm,
                record_key=key.public.raw,
                transport_key=bytes(32),
                window="W12",
                software="bench",
                enrolled_ms=0,
                head=0,
                head_hash=b"",
                contact_ms=0,
            )
        )
    visits = [uuid4() for _ in range(_VISITS_OF_ITS_OWN)]
    chain = _chain(key, visits)
    for first in range(0, len(chain), 300):
        with central.database.reading() as connection:
            device = devices.named(connection, _DEVICE)
        batch = Batch(_DEVICE, first + 1, tuple(chain[first : first + 300]), False)
        ingest.take_in(central.database, batch, device, central.key, now_ms())
    return visits


def _chain(key: SigningKey, visits: list[UUID]) -> list[bytes]:
    chain: list[bytes] = []
    prev = records.genesis(_DEVICE, key.public.raw)
    boot = uuid4()
    for visit in visits:
        staff = {"subject": Subject.STAFF, "code": "1001", "level": Level.SATISFIED}
        for kind, fields in (
            (VisitOpened, {"invited_by": InvitedBy.STAFF, "window": "12", "staff": "1001"}),
            (Rating, {**staff, "tapped_ms": 0}),
            (VisitClosed, {"outcome": Ended.RATED, "asked": 1, "rated": 1}),
        ):
            seq = len(chain) + 1
            record = kind(
                device=_DEVICE,
                seq=seq,
                prev=prev,
                id=uuid4(),
                wall_ms=now_ms() - 60_000,
                clock=ClockQuality.SYNCED,
                boot_id=boot,
                monotonic_ms=seq,
                visit=visit,
                **fields,
            )
            chain.append(records.sign(record, key))
            prev = records.digest(chain[-1])
    return chain


def _fill(database: Database, visits: int) -> None:
    kind = "sqlite" if database.on_sqlite else "postgresql"
    with database.writing() as connection:
        connection.execute(text(_MANY[kind]), {"n": visits})
    with database.writing() as connection:
        connection.execute(text("ANALYZE"))


def _measure(central: Central, visits: list[UUID], times: int) -> _Measured:
    codes = [receipt_code(visit) for visit in visits]
    now = now_ms()
    table = schema.visit

    def by_key(turn: int) -> None:
        with central.database.reading() as connection:
            visit = visits[turn % len(visits)].bytes
            row = table.select().where(table.c.device_id == 1, table.c.visit == visit)
            connection.execute(row).one()

    def find(turn: int) -> receipts.Found:
        with central.database.reading() as connection:
            return receipts.find(connection, codes[turn % len(codes)])

    def show(turn: int) -> None:
        shown = evidence.show(central, find(turn), now)
        if shown.flaws:
            raise RuntimeError(f"genuine evidence did not hold: {shown.flaws}")

    def miss(_turn: int) -> None:
        with central.database.reading() as connection, suppress(UnknownReceipt):
            receipts.find(connection, receipt_code(UUID(bytes=os.urandom(16))))

    return _Measured(
        by_key_ms=_times(by_key, times),
        found_ms=_times(find, times),
        shown_ms=_times(show, times),
        unknown_ms=_times(miss, times),
        plan=_plan(central, codes[0]),
    )


def _times(once: Callable[[int], object], times: int) -> list[float]:
    took_ms = []
    for turn in range(times):
        begun = time.perf_counter()
        once(turn)
        took_ms.append((time.perf_counter() - begun) * 1000)
    return took_ms


def _plan(central: Central, code: str) -> str:
    """Return how the database says it finds the visits of a code."""
    explain = "EXPLAIN QUERY PLAN " if central.database.on_sqlite else "EXPLAIN "
    query = "SELECT device_id, visit FROM visit WHERE receipt = :code"
    with central.database.reading() as connection:
        rows = connection.execute(text(explain + query), {"code": code}).all()
    return " ".join(str(rows[0][-1]).split())
