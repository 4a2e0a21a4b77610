"""Ratings through other channels: a real central, loopback, both databases.

One caller after the other first, then eight at once, then batches of a hundred; beside them, in
the same run and by the same client, the call that does nothing but ask the database whether it
answers: what HTTP alone costs. Every rating is a service of its own, so each is signed, linked
into the hall's chain and counted; at the end central must hold every one exactly once.
"""

import threading
import time
from collections.abc import Callable
from typing import Any

import requests

from demo.stage import HALL, Stage
from tests.benchmarks import figures
from tests.benchmarks.bench import Bench
from tests.benchmarks.drain import database_url
from tests.benchmarks.figures import Figure
from tests.benchmarks.processes import cpu_seconds, family

_CALLERS = 8
_BATCH = 100


def run(bench: Bench) -> figures.Outcome:
    """Bring ratings to each database."""
    lines: list[Figure] = []
    for database in ("SQLite", "PostgreSQL"):
        with database_url(database, bench.folder) as (url, server):
            lines += _measure(bench, database, url, server)
    return figures.Outcome(lines, [])


def _measure(bench: Bench, database: str, url: str, server: int) -> list[Figure]:
    folder = bench.folder / database
    folder.mkdir()
    stage = Stage(folder, {"HAOCHAPING_DATABASE_URL": url} if url else {})
    try:
        stage.make_central()
        # More than any channel brings: here the limit would be what is measured.
        settings = stage.central_data / "central.toml"
        settings.write_text("[phone]\nchannel_ratings_per_hour = 1000000\n", encoding="utf-8")
        central = stage.start_central().process.pid
        out = folder / "channel.key"
        data = str(stage.central_data)
        words = ("channel", "bench", "--hall", HALL, "--pf", "6", "--out", str(out))
        stage.command("central", *words, "--data", data)
        line = _Line(stage.address, out.read_text(encoding="utf-8").strip())
        singles = bench.times(2000, 200)
        batches = bench.times(100, 10)
        bench.say(f"{database}: what HTTP alone costs")
        floor = _timed(line.ask, singles)
        bench.say(f"{database}: one after the other")
        one = _timed(line.rate, singles)
        bench.say(f"{database}: {_CALLERS} at once")
        many_s = _at_once(line, singles // _CALLERS)
        bench.say(f"{database}: batches")
        before = cpu_seconds(central), _server_seconds(server)
        batched = _timed(line.rate_many, batches)
        spent_s = cpu_seconds(central) - before[0]
        server_s = _server_seconds(server) - before[1]
        sent = singles + singles // _CALLERS * _CALLERS + batches * _BATCH
        held = _held(stage, data)
    finally:
        stage.close()
    in_batches = batches * _BATCH
    beside = f"central {spent_s / sum(batched):.0%}"
    if server:
        beside += f", server {server_s / sum(batched):.0%}"
    return [
        Figure(
            f"channels: {database}, one rating",
            figures.spread([1000 * s for s in one]),
            f"GET /v1/health: {figures.spread([1000 * s for s in floor])}",
            figures.median(one) / figures.median(floor),
        ),
        Figure(
            f"channels: {database}, {_CALLERS} callers at once",
            f"{singles // _CALLERS * _CALLERS / many_s:,.0f} ratings/s",
            f"one caller {len(one) / sum(one):,.0f}/s",
        ),
        Figure(
            f"channels: {database}, batches of {_BATCH}",
            f"{in_batches / sum(batched):,.0f} ratings/s",
            f"{beside} of a core",
        ),
        Figure(
            f"channels: {database}, held at the end",
            f"{held:,} ratings",
            f"sent {sent:,}",
            None,
            "all",
            held == sent,
        ),
    ]


class _Line:
    """A channel that brings a rating of the hall for each of its services."""

    def __init__(self, address: str, key: str) -> None:
        self._address = address
        self._key = key
        self._session = self._opened()
        self._made = 0

    def beside(self) -> "_Line":
        """Return the same channel on a connection of its own, with services of its own."""
        other = _Line(self._address, self._key)
        other._made = id(other) << 32
        return other

    def ask(self) -> None:
        self._session.get(f"{self._address}/v1/health", timeout=30).raise_for_status()

    def rate(self) -> None:
        self._post("/v1/ratings", self._one())

    def rate_many(self) -> None:
        said = self._post("/v1/ratings/batch", {"ratings": [self._one() for _ in range(_BATCH)]})
        if any(one["status"] != 201 for one in said["verdicts"]):
            raise RuntimeError("a rating of a batch was refused")

    def _one(self) -> dict[str, Any]:
        self._made += 1
        reference = f"service-{self._made}"
        return {"reference": reference, "subject": "hall", "level": {"gbt39046": 1}}

    def _post(self, path: str, body: Any) -> Any:
        answer = self._session.post(self._address + path, json=body, timeout=60)
        answer.raise_for_status()
        return answer.json()

    def _opened(self) -> requests.Session:
        session = requests.Session()
        session.trust_env = False
        session.headers["Authorization"] = f"Bearer {self._key}"
        return session


def _timed(call: Callable[[], None], times: int) -> list[float]:
    """Return how long each of ``times`` calls took, in seconds."""
    spent = []
    for _ in range(times):
        start = time.perf_counter()
        call()
        spent.append(time.perf_counter() - start)
    return spent


def _at_once(line: _Line, each: int) -> float:
    """Have several callers bring ``each`` ratings at once; returns the seconds until the last."""
    failed: list[Exception] = []

    def caller(mine: _Line) -> None:
        try:
            for _ in range(each):
                mine.rate()
        except Exception as error:  # noqa: BLE001 - told below, in the caller's thread
            failed.append(error)

    threads = [threading.Thread(target=caller, args=(line.beside(),)) for _ in range(_CALLERS)]
    start = time.perf_counter()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if failed:
        raise failed[0]
    return time.perf_counter() - start


def _server_seconds(server: int) -> float:
    return sum(map(cpu_seconds, family(server))) if server else 0.0


def _held(stage: Stage, data: str) -> int:
    """Return how many ratings central counts."""
    (row,) = stage.ask_central("/v1/counts", by="hall")["counts"]
    return int(row["total"])
