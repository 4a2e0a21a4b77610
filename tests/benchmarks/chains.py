"""A long real chain of records, made in seconds: signed and linked by the ledger's own hand.

The ledger commits each visit durably, which is what the commit benchmark measures; here
thousands share a transaction, and a clock of our own spreads them over weeks.
"""

import random
import sqlite3
import time
from collections.abc import Callable
from typing import NamedTuple
from uuid import UUID, uuid4

from device.store import moment
from device.store.home import Home
from device.store.ledger import Append
from device.store.moment import Moment
from device.store.schema import migrate
from protocol import records
from protocol.keys import SigningKey, key_id
from protocol.levels import Level
from protocol.records import ClockQuality, InvitedBy, MatterHandled, Outcome
from protocol.subjects import Subject

MATTERS = ("1121010000000000014210115001000", "1121010000000000014210115002000")
_STEP_MS = 45_000
_PER_TRANSACTION = 2_000


class Chain(NamedTuple):
    """What lies in a `kiosk.db` that was made here."""

    device: str
    records: int
    ratings: int
    visits: int


class _Clock:
    """A synchronised clock that advances by the same step with every look."""

    def __init__(self, length: int) -> None:
        now = moment.now()
        self._boot_id = now.boot_id
        self._wall = time.time_ns() // 1_000_000 - length * _STEP_MS
        self._monotonic = 60_000

    def __call__(self) -> Moment:
        self._wall += _STEP_MS
        self._monotonic += _STEP_MS
        return Moment(self._wall, ClockQuality.SYNCED, self._boot_id, self._monotonic)


def make_chain(home: Home, length: int, say: Callable[[str], None]) -> Chain:
    """Fill a new `kiosk.db` with ``length`` records by a new record key.

    Of ten visits seven rate the staff member and a matter, two begin on their own and rate
    the staff member, and one times out.
    """
    migrate(home)
    key = SigningKey.generate()
    home.record_key.touch(0o600)
    home.record_key.write_bytes(key.seed)
    device = f"hcp-{key_id(key.public.raw)}"
    db = sqlite3.connect(home.kiosk_db, isolation_level=None)
    genesis = records.genesis(device, key.public.raw)
    append = Append(db, device, key, _Clock(length), 0, genesis)
    dice = random.Random(7)
    db.execute("BEGIN")
    append(records.Boot, software="0.1.0")
    ratings = visits = 0
    while append.seq < length:
        ratings += _visit(append, length - append.seq, dice)
        visits += 1
        if visits % (_PER_TRANSACTION // 4) == 0:
            db.execute("COMMIT")
            db.execute("BEGIN")
            say(f"signing records, {append.seq:,} of {length:,}")
    db.execute("COMMIT")
    db.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    db.close()
    return Chain(device, append.seq, ratings, visits)


def _visit(append: Append, room: int, dice: random.Random) -> int:
    """Append one visit, or as much of it as there is room for; returns its ratings."""
    visit, kind = uuid4(), dice.random()
    case = f"150100{dice.randrange(10**8):08d}"
    handled = (MatterHandled(dice.choice(MATTERS), (case,)),) if kind < 0.7 else ()
    rated = [] if kind >= 0.9 else [Subject.STAFF, *([Subject.MATTER] if handled else [])]
    rated = rated[: max(0, room - 2)]
    append(
        records.VisitOpened,
        visit=visit,
        invited_by=InvitedBy.STAFF if handled else InvitedBy.CITIZEN,
        window="12",
        staff="0317",
        matters=handled,
    )
    for subject in rated:
        _rating(append, visit, subject, handled, dice)
    if room > 1:
        append(
            records.VisitClosed,
            visit=visit,
            outcome=Outcome.RATED if rated else Outcome.TIMED_OUT,
            asked=1 + len(handled),
            rated=len(rated),
            first_tap_ms=dice.randrange(1500, 20_000) if rated else None,
        )
    return len(rated)


def _rating(
    append: Append,
    visit: UUID,
    subject: Subject,
    handled: tuple[MatterHandled, ...],
    dice: random.Random,
) -> None:
    of_staff = subject is Subject.STAFF
    level = Level(dice.choices((5, 4, 3, 2, 1), (70, 20, 6, 2, 2))[0])
    append(
        records.Rating,
        visit=visit,
        subject=subject,
        code="0317" if of_staff else handled[0].code,
        cases=() if of_staff else handled[0].cases,
        level=level,
        tags=(int(level) * 100 + 10, int(level) * 100 + 7)[: dice.randrange(3)],
        tapped_ms=60_000 + append.seq * _STEP_MS,
    )
