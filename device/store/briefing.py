"""The agent's own file: what central and the window's programs told the device.

`Briefing` is the agent's side, the one writer; `BriefingReader` is what the kiosk sees of
it. Nothing here is trusted more than its signature: the agent verifies before it writes.
"""

import sqlite3
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, NamedTuple, TypeVar
from uuid import UUID

import msgspec

from device.core.errors import DeviceError
from device.store import bell, lockouts, moment
from device.store.connect import (
    AGENT_SCHEMA,
    open_writer,
    trouble,
)
from device.store.home import Home
from device.store.ledger import add_to_counter
from device.store.reader import Reader
from protocol.configuration import Configuration, Rules
from protocol.receipts import Receipt
from protocol.records import InvitedBy, MatterHandled
from protocol.subjects import Subject

INSTRUCTION_MS = 2500
"""The kiosk takes an instruction up within this time or not at all; whoever gave it is told
a little later, so that nothing happens after "it was not taken"."""
KEEP_AFTER_RECEIPT_MS = 30 * 24 * 3600 * 1000
"""The device keeps records this long past their receipt, to refill a restored central."""

T = TypeVar("T")


class UnreadableBriefing(DeviceError, ValueError):
    """Something in `agent.db` that this software does not understand."""


class Instruction(NamedTuple):
    """What a program at the window asks the kiosk to do."""

    id: int
    kind: str
    """``invite``, ``cancel``, ``rated``, ``login``, ``logout``, ``pause``, ``resume`` or
    ``locked``."""
    age_ms: int | None
    """Since it was given; None if that was in another boot."""
    body: bytes
    boot_id: bytes = b""
    given_ms: int = 0
    """When it was given: milliseconds since that boot."""


class InviteOrder(msgspec.Struct, frozen=True):
    """The body of an ``invite``: ask the citizen to rate."""

    visit: UUID
    invited_by: InvitedBy
    matters: tuple[MatterHandled, ...]
    system: str = ""
    """Name of the business system that asks; empty if none does."""
    staff: str = ""
    """Who served when this was asked for: nobody else is to be rated. Empty: whoever serves."""


class CancelOrder(msgspec.Struct, frozen=True):
    """The body of a ``cancel``: take an invitation back."""

    visit: UUID
    reason: str


class RatedOrder(msgspec.Struct, frozen=True):
    """The body of a ``rated``: central holds ratings of this visit that a phone gave.

    Only what was rated, never how: nobody at the window is to learn a level.
    """

    visit: UUID
    subjects: tuple[tuple[Subject, str], ...]
    """All that the phone has rated so far, not only what came last."""


class LoginOrder(msgspec.Struct, frozen=True):
    """The body of a ``login``: a staff member proved who they are at the console."""

    staff: str
    means: str = "console"


class LogoutOrder(msgspec.Struct, frozen=True):
    """The body of a ``logout``: end the session of ``staff``, and nobody else's."""

    staff: str
    reason: str


class PauseOrder(msgspec.Struct, frozen=True):
    """The body of a ``pause``; a ``resume`` has the same."""

    reason: str = ""


class LockedOrder(msgspec.Struct, frozen=True):
    """The body of a ``locked``: record a lock-out at the console."""

    staff: str
    """Empty: everybody."""
    failures: int
    seconds: int


LAYOUT = 1
"""How `Briefing.apply` lays a configuration out; grows when it takes more of it over."""


class Ending(NamedTuple):
    """The end of a visit, to be told to the business system that invited."""

    visit: UUID
    system: str
    request: str
    """The system's own name for its request."""
    address: str
    tries: int = 0


class Briefing:
    """The one writer of `agent.db`; its methods may be called from several threads.

    They raise `DamagedFile`, `StorageFull` or `StorageUnavailable`; nothing has happened then.
    """

    def __init__(self, home: Home, at: Path | None = None) -> None:
        """Open the file, or the one ``at`` another path that is to become it."""
        self._path = at or home.agent_db
        self._db = open_writer(self._path, AGENT_SCHEMA)
        self._bell = home.bell
        self._one_at_a_time = threading.Lock()

    def close(self) -> None:
        """Close the file."""
        self._db.close()

    # --- configuration --------------------------------------------------------------------

    def apply(self, configuration: Configuration, signed: bytes, etag: str) -> bool:
        """Put a verified configuration in place, all of it or nothing.

        Returns False, with nothing changed, if it is not newer than the one in use; if it is
        that one, its ETag is noted, so that it need not be fetched again.
        """

        def work() -> bool:
            version, layout = self._in_use()
            if configuration.version < version or (
                configuration.version == version and layout == LAYOUT
            ):
                self._db.execute(
                    "UPDATE configuration SET etag = ? WHERE signed = ?", (etag, signed)
                )
                return False
            self._lay_out(configuration, signed, etag)
            return True

        return self._write(work)

    def _lay_out(self, configuration: Configuration, signed: bytes, etag: str) -> None:
        """Replace every table of the configuration; part of the caller's transaction."""
        for table in ("configuration", "staff", "matter", "notice", "window_matter"):
            self._db.execute(f"DELETE FROM {table}")  # noqa: S608 - our own names
        self._db.execute("DELETE FROM business_system")
        row: dict[str, Any] = {
            "only": 1,
            "version": configuration.version,
            "etag": etag,
            "hall": configuration.hall.name,
            "window_number": configuration.window.number,
            "assigned_staff": configuration.window.assigned_staff,
            "phone_url": configuration.phone_url,
            "rules": msgspec.json.encode(configuration.rules).decode(),
            "signed": signed,
            "hall_code": configuration.hall.code,
            "sealing_key": configuration.sealing_key,
            "opens": configuration.hours.opens,
            "closes": configuration.hours.closes,
            "texts": msgspec.json.encode(configuration.texts).decode(),
            "layout": LAYOUT,
        }
        names = ", ".join(row)
        places = ", ".join(f":{name}" for name in row)
        self._db.execute(
            f"INSERT INTO configuration ({names}) VALUES ({places})",  # noqa: S608 - our own names
            row,
        )
        self._db.executemany(
            "INSERT OR REPLACE INTO staff (number, name, post, department, pin_verifier, badge, "
            "card, photo) VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
            [msgspec.structs.astuple(member) for member in configuration.staff],
        )
        self._db.executemany(
            "INSERT OR REPLACE INTO matter (code, name, initials) VALUES (?, ?, ?)",
            [msgspec.structs.astuple(matter) for matter in configuration.matters],
        )
        self._db.executemany(
            "INSERT INTO notice (place, text) VALUES (?, ?)",
            list(enumerate(configuration.notices)),
        )
        self._db.executemany(
            "INSERT INTO window_matter (place, code) VALUES (?, ?)",
            list(enumerate(configuration.window.matters)),
        )
        self._db.executemany(
            "INSERT OR REPLACE INTO business_system (key_hash, name, origins, callbacks) "
            "VALUES (?, ?, ?, ?)",
            [
                (
                    system.key_hash,
                    system.name,
                    msgspec.json.encode(system.origins).decode(),
                    msgspec.json.encode(system.callbacks).decode(),
                )
                for system in configuration.systems
            ],
        )

    def configuration(self) -> tuple[int, str]:
        """Return (version, ETag) of the configuration in use; (0, "") if there is none."""
        row = self._read("SELECT version, etag FROM configuration")
        return (row[0], row[1]) if row else (0, "")

    def signed_configuration(self) -> bytes | None:
        """Return the document in use as central signed it, if it is laid out as of old."""
        row = self._read("SELECT signed FROM configuration WHERE layout <> ?", LAYOUT)
        return row[0] if row else None

    def _in_use(self) -> tuple[int, int]:
        """Return (version, layout) of the configuration in use; zeros if there is none."""
        row = self._db.execute("SELECT version, layout FROM configuration").fetchone()
        return (row[0], row[1]) if row else (0, 0)

    def matter_name(self, code: str) -> str | None:
        """Return the name of a matter of this hall, or None."""
        row = self._read("SELECT name FROM matter WHERE code = ?", code)
        return row[0] if row else None

    # --- receipts ---------------------------------------------------------------------------

    def receipt(self) -> Receipt | None:
        """Return the newest receipt: how far central holds the chain."""
        with self._reading():
            return _newest_receipt(self._db)

    def keep_receipt(self, receipt: Receipt, signed: bytes) -> bool:
        """Note a verified receipt; an older one than the newest changes nothing: False.

        Only where central stands is of interest, so a receipt that merely repeats it
        replaces the last; those older than the pruning time are dropped.
        """
        # A device whose clock is behind must not think a new receipt an old one.
        received_ms = max(moment.now().wall_ms, receipt.issued_ms)

        def work() -> bool:
            last = _newest_receipt(self._db)
            if last is not None and receipt.issued_ms < last.issued_ms:
                return False
            if last is not None and last.through == receipt.through:
                return True
            self._db.execute(
                "INSERT OR REPLACE INTO receipt (issued_ms, through, head, received_ms, signed) "
                "VALUES (?, ?, ?, ?, ?)",
                (receipt.issued_ms, receipt.through, receipt.head, received_ms, signed),
            )
            self._db.execute(
                "DELETE FROM receipt WHERE received_ms < ? AND issued_ms < ?",
                (received_ms - 2 * KEEP_AFTER_RECEIPT_MS, receipt.issued_ms),
            )
            return True

        return self._write(work)

    # --- instructions, link, counters ---------------------------------------------------------

    def instruct(self, kind: str, body: bytes) -> int:
        """Leave an instruction for the kiosk; returns its number."""
        now = moment.now()

        def work() -> int:
            self._db.execute(
                "DELETE FROM instruction WHERE id <= (SELECT max(id) - 100 FROM instruction)"
            )
            row = self._db.execute(
                "INSERT INTO instruction (kind, boot_id, monotonic_ms, body) VALUES (?, ?, ?, ?)",
                (kind, now.boot_id.bytes, now.monotonic_ms, body),
            )
            return row.lastrowid or 0

        number = self._write(work)
        bell.ring(self._bell)
        return number

    # --- wrong PINs, and endings to be told -----------------------------------------------------

    def lockouts(self) -> lockouts.Book:
        """Return the wrong PINs counted at the console; for whoever checks one."""
        return lockouts.Book(self._db, self._write)

    def promise_ending(self, ending: Ending) -> None:
        """Keep that a business system is to be told of a visit's end."""
        self._write(
            lambda: self._db.execute(
                "INSERT OR REPLACE INTO ending (visit, system, request, address, tries) "
                "VALUES (?, ?, ?, ?, ?)",
                (ending.visit.bytes, *ending[1:]),
            )
        )

    def endings(self) -> list[Ending]:
        """Return the visits whose end is still to be told, in no order."""
        with self._reading():
            rows = self._db.execute(
                "SELECT visit, system, request, address, tries FROM ending"
            ).fetchall()
        return [Ending(UUID(bytes=row[0]), *row[1:]) for row in rows]

    def drop_ending(self, visit: UUID) -> None:
        """The system has been told, or will never be."""
        self._write(lambda: self._db.execute("DELETE FROM ending WHERE visit = ?", (visit.bytes,)))

    def online(self) -> bool | None:
        """Return whether central answered last time, None before the first try."""
        with self._reading():
            return _link(self._db)[0]

    def retired(self) -> bool:
        """Return whether central has said that this device is retired, and not taken it back."""
        with self._reading():
            return bool(_link(self._db)[1])

    def set_online(self, online: bool, *, retired: bool = False) -> None:
        """Note whether central answered last time; written only when it changes.

        A device that is ``retired``, for which there is central's signature, stays so while
        central cannot be reached, until it serves this device again.
        """
        with self._reading():
            before = _link(self._db)
        link = online, not online and (retired or before[1])
        if link == before:
            return
        self._write(
            lambda: self._db.execute(
                "INSERT OR REPLACE INTO link (only, online, retired) VALUES (1, ?, ?)", link
            )
        )

    def count(self, reason: str, by: int = 1) -> None:
        """Add to the counter of a retry, refusal or quarantine."""
        self._write(lambda: add_to_counter(self._db, reason, by))

    def counters(self) -> dict[str, int]:
        """Return every counter by reason."""
        with self._reading():
            return dict(self._db.execute("SELECT reason, count FROM counter"))

    def checkpoint(self) -> None:
        """Fold the WAL back into the file; it grows until this is asked for."""
        self._read("PRAGMA wal_checkpoint(PASSIVE)")

    def _read(self, query: str, *values: Any) -> Any:
        """Return the first row."""
        with self._reading():
            return self._db.execute(query, values).fetchone()

    @contextmanager
    def _reading(self) -> Iterator[None]:
        with self._one_at_a_time:
            try:
                yield
            except sqlite3.DatabaseError as error:
                raise trouble(error, self._path) from error

    def _write(self, work: Callable[[], T]) -> T:
        with self._one_at_a_time:
            try:
                self._db.execute("BEGIN IMMEDIATE")
                result = work()
                self._db.execute("COMMIT")
            except BaseException as error:
                if self._db.in_transaction:
                    with suppress(sqlite3.Error):  # what went wrong first is what counts
                        self._db.execute("ROLLBACK")
                if isinstance(error, sqlite3.Error):
                    raise trouble(error, self._path) from error
                raise
            return result


class BriefingReader(Reader):
    """What the kiosk reads of `agent.db`; never writes."""

    def __init__(self, home: Home) -> None:
        super().__init__(home.agent_db, AGENT_SCHEMA)

    def instructions(self, after: int) -> list[Instruction]:
        """Return the instructions numbered above ``after``, in order."""
        now = moment.now()
        rows = self._rows(
            "SELECT id, kind, boot_id, monotonic_ms, body FROM instruction "
            "WHERE id > ? ORDER BY id",
            after,
        )
        return [
            Instruction(
                number,
                kind,
                now.monotonic_ms - given_ms if boot == now.boot_id.bytes else None,
                body,
                boot,
                given_ms,
            )
            for number, kind, boot, given_ms, body in rows
        ]

    def rated_by_phone(self, visit: UUID) -> frozenset[tuple[Subject, str]]:
        """Return the subjects of ``visit`` that a phone has rated, as far as the agent said."""
        found: set[tuple[Subject, str]] = set()
        for (body,) in self._rows("SELECT body FROM instruction WHERE kind = 'rated'"):
            with suppress(UnreadableBriefing):  # counted when it was taken up
                order = read_order(body, RatedOrder)
                if order.visit == visit:
                    found.update(order.subjects)
        return frozenset(found)

    def acknowledged(self) -> int:
        """Return the last record number that central has receipted; 0 if none."""
        rows = self._rows("SELECT through FROM receipt ORDER BY issued_ms DESC LIMIT 1")
        return rows[0][0] if rows else 0

    def safe_to_forget(self, wall_ms: int) -> int:
        """Return the number up to which records are past their keeping time, 0 if none.

        Only what central still holds by its newest word counts: after central was restored
        from a backup that word is lower, and the records are needed to refill it.
        """
        ((old,),) = self._rows(
            "SELECT max(through) FROM receipt WHERE received_ms <= ?",
            wall_ms - KEEP_AFTER_RECEIPT_MS,
        )
        return min(old or 0, self.acknowledged())

    def version(self) -> int:
        """Return the version of the configuration in use, 0 before the first one."""
        rows = self._rows("SELECT version FROM configuration")
        return rows[0][0] if rows else 0

    def matter_name(self, code: str) -> str:
        """Return a matter's name, or its code if the roster does not know it."""
        try:
            rows = self._rows("SELECT name FROM matter WHERE code = ?", code)
        except DeviceError:
            return code
        return rows[0][0] if rows else code

    def rules(self) -> Rules:
        """Return the rule pack's values; the default ones without a configuration.

        Raises `UnreadableBriefing` for values that this software cannot read.
        """
        rows = self._rows("SELECT rules FROM configuration")
        return read_order(rows[0][0], Rules) if rows else Rules()


def read_order(body: bytes | str, kind: type[T]) -> T:
    """Return what the agent left, as ``kind``. Raises `UnreadableBriefing`."""
    try:
        return msgspec.json.decode(body, type=kind)
    except msgspec.MsgspecError as error:
        raise UnreadableBriefing(
            f"agent.db holds an unreadable {kind.__name__}: {error}"
        ) from error


def _newest_receipt(db: sqlite3.Connection) -> Receipt | None:
    row = db.execute(
        "SELECT through, head, issued_ms FROM receipt ORDER BY issued_ms DESC LIMIT 1"
    ).fetchone()
    return None if row is None else Receipt("", row[0], row[1], row[2])


def _link(db: sqlite3.Connection) -> tuple[bool | None, bool]:
    """Return whether central answered last time, and whether this device is retired."""
    row = db.execute("SELECT online, retired FROM link").fetchone()
    return (None, False) if row is None else (bool(row[0]), bool(row[1]))
