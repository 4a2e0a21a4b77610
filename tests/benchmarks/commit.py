"""A durable commit through the real ledger, against writing as many bytes durably at all.

Each visit is opened, its level kept as a draft, and closed with one signed rating and its
outcome; one more signed record follows. All through `Ledger` on a migrated `kiosk.db`.
Between the ledger's commits the floor is measured on the same disk: pwrite(2) of as many
bytes as the commit added to the WAL, at the end of a file, then fdatasync(2). Both grow
their file, so both pay for its new length.
Last, the same visits are written as the kiosk does it: with a checkpoint after each commit,
when nobody waits.
"""

import os
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from uuid import UUID, uuid4

from device.core.visit import CloseVisit, Draft, Invited
from device.store import moment
from device.store.home import Home
from device.store.ledger import Ledger
from device.store.schema import migrate
from protocol import records
from protocol.keys import SigningKey
from protocol.levels import Level
from protocol.records import ClockQuality, InvitedBy, Outcome
from protocol.subjects import Subject
from tests.benchmarks import figures
from tests.benchmarks.bench import Bench
from tests.benchmarks.figures import Figure, median, spread

TARGET = 1.7
_FRAME = 4096 + 24


def run(bench: Bench) -> figures.Outcome:
    """Measure a single record, ``keep_draft`` and ``close_visit``."""
    home = Home(bench.folder / "device")
    migrate(home)
    ledger = Ledger(home, "hcp-bench", SigningKey.generate())
    floor = Floor(bench.folder / "floor")
    visits = bench.times(1000, 200)
    growing = _visits(bench, ledger, floor, home, visits, checkpoint=False)
    ledger.checkpoint()
    as_kiosk = _visits(bench, ledger, floor, home, visits, checkpoint=True)
    ledger.close()
    lines: list[Figure] = []
    for name, call in (
        ("one signed record", "record"),
        ("keep a draft", "draft"),
        ("close a visit (2 records)", "close"),
    ):
        mine, bare = growing[call], growing[f"{call} floor"]
        ratio = median(mine) / median(bare)
        lines.append(
            Figure(
                f"commit: {name}",
                spread(mine),
                f"pwrite + fdatasync: {spread(bare)}",
                ratio,
                f"<= {TARGET}x",
                ratio <= TARGET,
            )
        )
    both = spread(as_kiosk["close"])
    lines.append(Figure("commit: close, WAL folded back before", both))
    spent = {name: median(values) for name, values in growing.items()}
    signing = 2 * _sign_ms()
    sync = spent["close floor"]
    notes = [
        f"closing a visit: {spent['close']:.2f} ms = bytes and sync {sync:.2f} + two signatures "
        f"{signing:.2f} + SQL, transaction and Python {spent['close'] - sync - signing:.2f}",
        f"a draft adds {spent['draft bytes'] / _FRAME:.0f} page(s) to the WAL, "
        f"closing {spent['close bytes'] / _FRAME:.0f}",
        f"checkpoint after a commit, nobody waits for it: {spread(as_kiosk['checkpoint'])}",
    ]
    return figures.Outcome(lines, notes)


class Floor:
    """A file to which bytes are added durably, with nothing around it."""

    def __init__(self, path: Path) -> None:
        self._file = os.open(path, os.O_WRONLY | os.O_CREAT, 0o600)
        self._end = 0

    def write(self, size: int) -> float:
        """Write ``size`` bytes durably; returns milliseconds."""
        block = bytes(size)
        before = time.perf_counter_ns()
        os.pwrite(self._file, block, self._end)
        os.fdatasync(self._file)
        taken = time.perf_counter_ns() - before
        self._end += size
        return taken / 1e6


def _visits(
    bench: Bench, ledger: Ledger, floor: Floor, home: Home, visits: int, *, checkpoint: bool
) -> dict[str, list[float]]:
    """Write visits; returns milliseconds and bytes by what was called."""
    wal = home.kiosk_db.with_name("kiosk.db-wal")
    found: dict[str, list[float]] = {}

    def timed(name: str, call: Callable[[], object]) -> None:
        size = wal.stat().st_size
        found.setdefault(name, []).append(_ms(call))
        if checkpoint:
            found.setdefault("checkpoint", []).append(_ms(ledger.checkpoint))
            return
        grown = wal.stat().st_size - size
        found.setdefault(f"{name} bytes", []).append(grown)
        found.setdefault(f"{name} floor", []).append(floor.write(grown))

    for number in range(visits):
        bench.say(f"visit {number} of {visits}")
        visit = uuid4()
        timed("open", partial(ledger.open_visit, invitation(visit), "zh-CN", 0))
        draft = Draft(Subject.STAFF, "0317", (), Level(5), moment.monotonic_ms(), (510, 517))
        timed("draft", partial(ledger.keep_draft, visit, draft))
        closing = CloseVisit(visit, (draft,), Outcome.RATED, "", 1, 4200, 0)
        timed("close", partial(ledger.close_visit, closing, "zh-CN"))
        timed("record", partial(ledger.note_boot, "0.1.0"))
    return found


def invitation(visit: UUID) -> Invited:
    """Return a citizen's own beginning of a visit."""
    return Invited(visit, InvitedBy.CITIZEN, "12", "0317")


def _ms(call: Callable[[], object]) -> float:
    before = time.perf_counter_ns()
    call()
    return (time.perf_counter_ns() - before) / 1e6


def _sign_ms() -> float:
    """Return what building, encoding and signing one rating takes."""
    key = SigningKey.generate()

    def one() -> None:
        now = moment.now()
        record = records.Rating(
            device="hcp-bench",
            seq=5,
            prev=bytes(32),
            id=uuid4(),
            wall_ms=now.wall_ms,
            clock=ClockQuality.SYNCED,
            boot_id=now.boot_id,
            monotonic_ms=now.monotonic_ms,
            visit=uuid4(),
            subject=Subject.STAFF,
            code="0317",
            level=Level(5),
            tapped_ms=1,
        )
        records.digest(records.sign(record, key))

    return median([_ms(one) for _ in range(500)])
