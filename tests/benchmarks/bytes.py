"""How many bytes a rating costs: on the wire, on the device's disk, at central.

On the wire: the real agent's own call to the real central, through a relay that counts
what passes either way. A batch of 500 is a backlog; a batch of 3 is one visit with one
rating, sent as soon as it is written. Headers are what is not body.
On the device: `kiosk.db` of a long chain by record and by rating; and what one visit
writes, from WAL and from the kernel's count for this process, with the checkpoint after
each commit that the kiosk makes when it is idle.
At central: its SQLite file after the same chain has been drained into it.
"""

import gzip
import shutil
import socket
import threading
from pathlib import Path
from typing import NamedTuple
from uuid import uuid4

from demo.stage import Stage
from device.agent.central import CentralService
from device.core.visit import CloseVisit, Draft
from device.store import moment
from device.store.backlog import Backlog
from device.store.home import Home
from device.store.identity import load_identity, load_key
from device.store.ledger import Ledger
from device.store.profile import Central as Settings
from device.store.schema import migrate
from protocol.keys import SigningKey
from protocol.levels import Level
from protocol.messages import Batch, encode_batch
from protocol.records import Outcome
from protocol.subjects import Subject
from tests.benchmarks import figures
from tests.benchmarks.bench import Bench
from tests.benchmarks.chains import Chain, make_chain
from tests.benchmarks.commit import invitation
from tests.benchmarks.figures import Figure, median

_VISIT = 3
"""Records of a visit with one rating: opened, rating, closed."""


def run(bench: Bench) -> figures.Outcome:
    """Count on the wire, on the device and at central."""
    made = Home(bench.folder / "made")
    chain = make_chain(made, bench.times(20_000, 5_000), bench.say)
    stage = Stage(bench.folder)
    try:
        lines, notes = _wire_and_central(bench, stage, made, chain)
    finally:
        stage.close()
    device = made.kiosk_db.stat().st_size
    lines.append(
        Figure(
            "bytes: device, kiosk.db for a record",
            f"{device / chain.records:.0f} bytes",
            f"signed record: {_mean_record(made):.0f} bytes",
            device / chain.records / _mean_record(made),
        )
    )
    written, _ = _written_by_visits(bench, checkpoint=True)
    later, wal = _written_by_visits(bench, checkpoint=False)
    lines.append(
        Figure(
            "bytes: device, written for a visit",
            f"{written / 1024:.0f} KiB",
            f"folded back once at the end: {later / 1024:.0f} KiB",
            written / later,
        )
    )
    notes.append(f"a visit with one rating adds {wal / 1024:.0f} KiB to the WAL in three commits")
    return figures.Outcome(lines, notes)


def _wire_and_central(
    bench: Bench, stage: Stage, made: Home, chain: Chain
) -> tuple[list[Figure], list[str]]:
    stage.make_central()
    stage.start_central()
    stage.make_device()
    home = Home(stage.device_data)
    shutil.copytree(made.kiosk_db.parent, home.kiosk_db.parent, dirs_exist_ok=True)
    stage.enrol()
    relay = Relay(int(stage.address.rsplit(":", 1)[1]))
    central = CentralService(
        Settings(f"http://127.0.0.1:{relay.port}", ca_file="", proxy=""),
        load_identity(home),
        load_key(home.transport_key),
    )
    backlog = Backlog(home)
    sent: list[tuple[int, _Passed]] = []
    head, empty = 0, _central_size(stage)
    for count in (500, _VISIT):
        stretch = backlog.after(head, count, 10**7)
        assert stretch is not None
        batch = Batch(chain.device, stretch.first, stretch.records)
        body = len(gzip.compress(encode_batch(batch), compresslevel=6, mtime=0))
        before = relay.passed()
        central.send(batch)
        sent.append((count, relay.passed().since(before, body)))
        head += count
    while (stretch := backlog.after(head, 500, 10**7)) is not None:
        bench.say(f"central holds {head:,} of {chain.records:,}")
        head = central.send(Batch(chain.device, stretch.first, stretch.records)).receipt.through
    central.close()
    backlog.close()
    relay.close()
    grown = _central_size(stage) - empty
    (_, long), (_, short) = sent
    lines = [
        Figure(
            "bytes: wire, a record in a batch of 500",
            f"{long.body / 500:.0f} up",
            f"headers {long.headers / 500:.1f} up; answer {long.down / 500:.0f} down",
        ),
        Figure(
            f"bytes: wire, a visit alone ({_VISIT} records)",
            f"{short.body} up",
            f"headers {short.headers} up; answer {short.down} down",
        ),
        Figure(
            "bytes: central, SQLite for a record",
            f"{grown / chain.records:.0f} bytes",
            f"signed record: {_mean_record(made):.0f} bytes",
            grown / chain.records / _mean_record(made),
        ),
        Figure(
            "bytes: central, SQLite for a rating, its visit included",
            f"{grown / chain.ratings:.0f} bytes",
            f"{chain.records / chain.ratings:.2f} records for a rating",
        ),
    ]
    return lines, [_raw(made, chain)]


def _raw(made: Home, chain: Chain) -> str:
    backlog = Backlog(made)
    stretch = backlog.after(0, 500, 10**7)
    backlog.close()
    assert stretch is not None
    raw = len(encode_batch(Batch(chain.device, stretch.first, stretch.records)))
    return (
        f"a batch of 500 is {raw / 500:.0f} bytes a record before gzip; of each record 64 bytes "
        "of signature, 32 of hash and up to 48 of random ids do not compress"
    )


def _central_size(stage: Stage) -> int:
    """Return the size of central's file with its WAL folded in, as pages in use."""
    import sqlite3

    db = sqlite3.connect(next(stage.central_data.glob("*.db")))
    pages = db.execute("PRAGMA page_count").fetchone()[0]
    size: int = pages * db.execute("PRAGMA page_size").fetchone()[0]
    db.close()
    return size


def _mean_record(made: Home) -> float:
    backlog = Backlog(made)
    stretch = backlog.after(0, 5000, 10**8)
    backlog.close()
    assert stretch is not None
    return sum(map(len, stretch.records)) / len(stretch.records)


def _written_by_visits(bench: Bench, *, checkpoint: bool) -> tuple[float, float]:
    """Return the bytes this process had written for one visit, and those added to the WAL."""
    home = Home(bench.folder / f"visits-{checkpoint}")
    migrate(home)
    ledger = Ledger(home, "hcp-bench", SigningKey.generate())
    wal = home.kiosk_db.with_name("kiosk.db-wal")
    grown: list[float] = []
    visits = 100
    before = _written()
    for _ in range(visits):
        size, visit = wal.stat().st_size, uuid4()
        draft = Draft(Subject.STAFF, "0317", (), Level(5), moment.monotonic_ms(), (510, 517))
        closing = CloseVisit(visit, (draft,), Outcome.RATED, "", 1, 4200, 0)
        ledger.open_visit(invitation(visit), "zh-CN", 0)
        if checkpoint:
            ledger.checkpoint()
        ledger.keep_draft(visit, draft)
        if checkpoint:
            ledger.checkpoint()
        ledger.close_visit(closing, "zh-CN")
        if checkpoint:
            ledger.checkpoint()
        grown.append(wal.stat().st_size - size)
    ledger.checkpoint()
    written = _written() - before
    ledger.close()
    if checkpoint:
        return written / visits, 0.0
    return written / visits, median(grown)


def _written() -> int:
    """Return the bytes this process has caused to be sent to a disk."""
    for line in Path("/proc/self/io").read_text().splitlines():
        if line.startswith("write_bytes"):
            return int(line.split()[1])
    return 0


class _Passed(NamedTuple):
    """Bytes that went up and came down."""

    up: int
    down: int
    body: int = 0

    @property
    def headers(self) -> int:
        """What went up beside the body."""
        return self.up - self.body

    def since(self, earlier: "_Passed", body: int) -> "_Passed":
        """Return what passed after ``earlier``, with ``body`` bytes of body going up."""
        return _Passed(self.up - earlier.up, self.down - earlier.down, body)


class Relay:
    """Stands between agent and central and counts the bytes of TCP's payload."""

    def __init__(self, port: int) -> None:
        self._up = self._down = 0
        self._target = port
        self._door = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._door.getsockname()[1]
        threading.Thread(target=self._accept, daemon=True).start()

    def passed(self) -> _Passed:
        """Return the counts so far."""
        return _Passed(self._up, self._down)

    def close(self) -> None:
        """Take no more connections."""
        self._door.close()

    def _accept(self) -> None:
        while True:
            try:
                agent, _ = self._door.accept()
            except OSError:
                return
            central = socket.create_connection(("127.0.0.1", self._target))
            threading.Thread(target=self._pass, args=(agent, central, True), daemon=True).start()
            threading.Thread(target=self._pass, args=(central, agent, False), daemon=True).start()

    def _pass(self, source: socket.socket, sink: socket.socket, upward: bool) -> None:
        try:
            while piece := source.recv(65536):
                if upward:
                    self._up += len(piece)
                else:
                    self._down += len(piece)
                sink.sendall(piece)
        except OSError:
            pass
        finally:
            sink.close()
