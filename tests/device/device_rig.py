"""What the tests of store and agent share: a migrated folder, an identity, whole visits."""

import shutil
import sqlite3
import time
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from uuid import UUID, uuid4

from device.core.visit import CloseVisit, Draft, Invited
from device.store.home import Home
from device.store.identity import Identity, save_identity, write_durably
from device.store.ledger import Ledger
from protocol import records
from protocol.configuration import Configuration, Hall, Matter, StaffMember, Window
from protocol.keys import SigningKey
from protocol.levels import Level
from protocol.records import AnyRecord, InvitedBy, MatterHandled, Outcome, Rating
from protocol.subjects import Subject

DEVICE = "hcp-0011223344556677"
WANG = "0317"
DEED, LOAN = "1121010000000000014210115001000", "1121010000000000014210115002000"
RECORD_KEY = SigningKey.from_seed(b"r" * 32)
TRANSPORT_KEY = SigningKey.from_seed(b"t" * 32)
CENTRAL_KEY = SigningKey.from_seed(b"c" * 32)
GOOD, BAD = Level.VERY_SATISFIED, Level.DISSATISFIED


def identity() -> Identity:
    return Identity(DEVICE, CENTRAL_KEY.public.raw, CENTRAL_KEY.algorithm)


def enrol_by_hand(home: Home) -> None:
    """Leave in ``home`` what enrolment leaves there."""
    write_durably(home.record_key, RECORD_KEY.seed, 0o600)
    write_durably(home.transport_key, TRANSPORT_KEY.seed, 0o600)
    save_identity(home, identity())


def copy_of(home: Home, folder: Path) -> Home:
    shutil.copytree(home.root, folder)
    return Home(folder)


def open_ledger(home: Home, **options: object) -> Ledger:
    return Ledger(home, DEVICE, RECORD_KEY, **options)  # type: ignore[arg-type]


# --- visits ---------------------------------------------------------------------------------


def invitation(*matters: str, visit: UUID | None = None, staff: str = WANG) -> Invited:
    handled = tuple(MatterHandled(code, (f"case of {code[-4:]}",)) for code in matters)
    return Invited(visit or uuid4(), InvitedBy.STAFF, "12", staff, handled)


def draft(
    code: str = WANG, level: Level = GOOD, tags: tuple[int, ...] = (), changes: int = 0
) -> Draft:
    subject = Subject.STAFF if code == WANG else Subject.MATTER
    return Draft(subject, code, (), level, 1000, tags, changes)


def closing_of(visit: UUID, *drafts: Draft, asked: int = 1, reason: str = "") -> CloseVisit:
    outcome = Outcome.RATED if drafts else Outcome.TIMED_OUT
    return CloseVisit(visit, drafts, outcome, reason, asked, 800 if drafts else None, 0)


def rate(ledger: Ledger, *drafts: Draft, visit: UUID | None = None) -> UUID:
    """A whole visit: opened, tapped, closed."""
    drafts = drafts or (draft(),)
    invited = invitation(*(d.code for d in drafts if d.code != WANG), visit=visit)
    ledger.open_visit(invited, "zh-CN", 0)
    for one in drafts:
        ledger.keep_draft(invited.visit, one)
    ledger.close_visit(closing_of(invited.visit, *drafts, asked=len(drafts)), "zh-CN")
    return invited.visit


def fill(ledger: Ledger, count: int) -> None:
    """Write ``count`` more records."""
    for _ in range(count):
        ledger.note_boot("0.1.0")


# --- what is on disk ------------------------------------------------------------------------


def rows(path: Path, query: str, *values: object) -> list[tuple]:
    with closing(sqlite3.connect(f"{path.as_uri()}?mode=ro", uri=True)) as db:
        return db.execute(query, values).fetchall()


def signed_records(home: Home) -> dict[int, bytes]:
    return dict(rows(home.kiosk_db, "SELECT seq, signed FROM record ORDER BY seq"))


def chain(home: Home) -> list[AnyRecord]:
    """The whole chain, every signature and every link checked."""
    found: list[AnyRecord] = []
    seq, prev = 1, records.genesis(DEVICE, RECORD_KEY.public.raw)
    for number, signed in signed_records(home).items():
        assert number == seq
        record = records.verify(signed, RECORD_KEY.public)
        assert (record.seq, record.prev, record.device) == (seq, prev, DEVICE)
        found.append(record)
        seq, prev = seq + 1, records.digest(signed)
    return found


def ratings(home: Home) -> list[Rating]:
    return [record for record in chain(home) if isinstance(record, Rating)]


def configuration(version: int = 1, device: str = DEVICE, hall: str = "滨河区") -> Configuration:
    return Configuration(
        device=device,
        version=version,
        hall=Hall("BH", hall),
        window=Window("BH-012", "12", WANG),
        staff=(StaffMember(WANG, "王晓燕", "综合窗口", "不动产登记"),),
        matters=(Matter(DEED, "不动产转移登记"), Matter(LOAN, "不动产抵押权登记")),
        notices=("周六照常办理",),
    )


def soon(happened: Callable[[], object], seconds: float = 15.0) -> bool:
    """Wait for other threads and processes; True as soon as ``happened()``."""
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        if happened():
            return True
        time.sleep(0.01)
    return bool(happened())
