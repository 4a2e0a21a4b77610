"""The kiosk's own file: the chain of records, and the visit under way.

Everything a caller asks for here is one transaction and, once the call has returned, on
disk: WAL, `synchronous=FULL`. A tapped level is a draft; closing the visit turns drafts
into signed records and removes them in the same transaction, so that a crash leaves
either the draft or the record, never both and never neither.
"""

import secrets
import sqlite3
from collections.abc import Callable, Iterable
from contextlib import suppress
from typing import Any, TypeVar
from uuid import UUID, uuid4

import msgspec

from device.core.errors import DamagedFile, StorageFull, VisitNotOpen
from device.core.session import (
    ServicePaused,
    Session,
    SessionEffect,
    SessionState,
    StaffArrived,
    StaffLeft,
)
from device.core.visit import CloseVisit, Draft, Invited, outcome_of, questions_of
from device.store import duty, lockouts, moment, reserve
from device.store.connect import KIOSK_SCHEMA, open_writer, trouble
from device.store.home import Home
from protocol import records
from protocol.errors import ProtocolError
from protocol.keys import SigningKey
from protocol.limits import MAX_SEALED_BYTES
from protocol.phone import RECEIPT_BYTES, drawn_receipt
from protocol.records import InvitedBy, Outcome, Record
from protocol.subjects import Subject

T = TypeVar("T")
Subjects = Iterable[tuple[Subject, str]]

_LATELY = 40
"""Records looked through for the end of a visit; one visit writes a fraction of that."""

_VISIT_BYTES = 16
LOCKED = "login-locked"
"""Code of the fault that records a lock-out."""


class Ledger:
    """The one writer of `kiosk.db`. Not for two threads at once."""

    def __init__(
        self,
        home: Home,
        device: str,
        key: SigningKey,
        now: Callable[[], moment.Moment] = moment.now,
        by_phone: Callable[[UUID], Subjects] = lambda _: (),
    ) -> None:
        """Open the file. ``by_phone`` says what of a visit was rated by phone, as far as this
        device has heard: asked about a visit that a crash left open."""
        self._home = home
        self._device = device
        self._key = key
        self._now = now
        self._by_phone = by_phone
        self._db = open_writer(home.kiosk_db, KIOSK_SCHEMA)
        try:
            self._seq, self._head = self._last_record()
        except sqlite3.DatabaseError as error:
            self._db.close()
            raise trouble(error, home.kiosk_db) from error

    def close(self) -> None:
        """Close the file."""
        self._db.close()

    @property
    def head(self) -> int:
        """Number of the last record; 0 for a new chain."""
        return self._seq

    # --- single records ---------------------------------------------------------------

    def note_boot(self, software: str) -> None:
        """Record that the kiosk came up."""
        self._append_one(records.Boot, software=software)

    def note_fault(self, code: str, detail: str = "") -> None:
        """Record that something broke."""
        self._append_one(records.Fault, code=code, detail=detail.replace("\0", "")[:1000])

    def note_lockout(self, staff: str, place: str, failures: int, seconds: int) -> None:
        """Record that log-in is locked for ``staff`` (empty: for everybody) at ``place``."""
        self.note_fault(LOCKED, lockout_detail(staff, place, failures, seconds))

    # --- the staff session --------------------------------------------------------------

    def note_session(self, effects: tuple[SessionEffect, ...], session: Session) -> None:
        """Record who came, left or paused, and keep where that leaves the window."""

        def work(append: Append) -> None:
            means, reason, login_seq = "", "", 0
            for effect in effects:
                match effect:
                    case StaffArrived(staff, means):
                        append(records.Login, staff=staff, means=means)
                        login_seq = append.seq
                    case StaffLeft(staff, reason):
                        append(records.Logout, staff=staff, reason=one_line(reason))
                    case ServicePaused(staff, paused, reason):
                        reason = one_line(reason)
                        append(records.Pause, staff=staff, paused=paused, reason=reason)
            same = session.state is not SessionState.CLOSED and not login_seq
            if same and duty.keep(self._db, session, reason):
                return
            if same and session.staff:  # the row went with a damaged file, the chain did not
                means, login_seq = self._last_login(session.staff)
            duty.begin(self._db, session, means, login_seq, self._now())

        self._write(work)

    def _last_login(self, staff: str) -> tuple[str, int]:
        """Return how ``staff`` logged in last, and the record's number; ("", 0) if unknown."""
        query = "SELECT signed FROM record WHERE kind = 'login' ORDER BY seq DESC LIMIT 1"
        for (signed,) in self._db.execute(query):
            with suppress(ProtocolError):
                login = records.read(signed)
                if isinstance(login, records.Login) and login.staff == staff:
                    return login.means, login.seq
        return "", 0

    def resume_session(self) -> Session:
        """Return the session that a restart of this process interrupted; closed if none.

        A device that was without power cannot tell three seconds from a night, so a session
        of an earlier boot is ended and written down as such.
        """
        last = duty.read(self._db)
        if last.state is SessionState.CLOSED:
            return Session()
        if last.boot_id == self._now().boot_id.bytes:
            return Session(last.state, last.staff)
        left = (StaffLeft(last.staff, "restart"),) if last.staff else ()
        self.note_session(left, Session())
        return Session()

    # --- lock-outs ----------------------------------------------------------------------

    def lockouts(self) -> lockouts.Book:
        """Return the wrong PINs counted here; for whoever checks one."""
        return lockouts.Book(self._db, lambda work: self._write(lambda _: work()))

    # --- the visit --------------------------------------------------------------------

    def was_opened(self, visit: UUID) -> bool:
        """True if a visit of this id has been opened before, ever."""
        query = "SELECT 1 FROM record WHERE kind = 'visit_opened' AND visit = ?"
        return self._db.execute(query, (visit.bytes,)).fetchone() is not None

    def open_visit(self, invitation: Invited, language: str, opened_ms: int) -> str:
        """Record that a visit began, and remember it until it is closed.

        Returns the receipt code drawn for it. It follows from nothing else: the visit's id is
        known to the staff's console and to business systems, and who has the code sees the level.
        """
        receipt = drawn_receipt(secrets.token_bytes(RECEIPT_BYTES))

        def work(append: Append) -> None:
            self._recover(append)
            append(
                records.VisitOpened,
                visit=invitation.visit,
                invited_by=invitation.invited_by,
                window=invitation.window,
                staff=invitation.staff,
                matters=invitation.matters,
                system=invitation.system,
                hall=invitation.hall,
                rate_unfinished=invitation.rate_unfinished,
                receipt=receipt,
            )
            if invitation.invited_by is not InvitedBy.CITIZEN:
                duty.count_invited(self._db, invitation.staff)
            self._db.execute(
                "INSERT INTO open_visit (visit, language, opened_ms, invitation) "
                "VALUES (?, ?, ?, ?)",
                (invitation.visit.bytes, language, opened_ms, msgspec.json.encode(invitation)),
            )

        self._write(work)
        return receipt

    def keep_draft(self, visit: UUID, draft: Draft) -> None:
        """Put a tapped level on disk, in place of what was tapped for the same subject."""
        row = (draft.subject, draft.code, visit.bytes, msgspec.json.encode(draft))

        def work(_: Append) -> None:
            self._refuse_unless_open(visit)
            self._db.execute(
                "INSERT OR REPLACE INTO draft (subject, code, visit, draft) VALUES (?, ?, ?, ?)",
                row,
            )

        self._write(work)

    def keep_callback(self, visit: UUID, sealed: bytes) -> None:
        """Put the sealed number of a call-back on disk; empty bytes take it back."""

        def work(_: Append) -> None:
            self._refuse_unless_open(visit)
            self._db.execute("DELETE FROM callback")
            if sealed:
                self._db.execute(
                    "INSERT INTO callback (visit, sealed) VALUES (?, ?)", (visit.bytes, sealed)
                )

        self._write(work)

    def _refuse_unless_open(self, visit: UUID) -> None:
        """A visit that has ended takes nothing more, whoever still sends it."""
        query = "SELECT 1 FROM open_visit WHERE visit = ?"
        if self._db.execute(query, (visit.bytes,)).fetchone() is None:
            raise VisitNotOpen(f"visit {visit} is not open")

    def close_visit(self, closing: CloseVisit, language: str) -> None:
        """Turn the drafts into ratings, record the outcome, and forget the visit.

        Returns only when all of it is on disk: what is thanked for afterwards is durable.
        A visit ends once: closing it again changes nothing.
        """

        def work(append: Append) -> None:
            if not self._has_ended(closing.visit):
                self._write_end(append, closing, language, recovered=False)

        self._write(work)

    def _has_ended(self, visit: UUID) -> bool:
        query = "SELECT 1 FROM record WHERE seq > ? AND kind = 'visit_closed' AND visit = ?"
        values = (self._seq - _LATELY, visit.bytes)
        return self._db.execute(query, values).fetchone() is not None

    def recover(self) -> UUID | None:
        """Close a visit that a crash left open; its drafts become ratings marked recovered.

        Returns its id, or None if there was none.
        """
        return self._write(self._recover)

    def _recover(self, append: "Append") -> UUID | None:
        row = self._db.execute("SELECT visit, language, invitation FROM open_visit").fetchone()
        if row is None:
            # After damage, what belongs to a visit may have outlived it.
            row = self._db.execute(
                "SELECT visit, 'zh-CN', NULL FROM draft UNION ALL "
                "SELECT visit, 'zh-CN', NULL FROM callback LIMIT 1"
            ).fetchone()
        if row is None:
            return None
        if len(row[0]) != _VISIT_BYTES:
            add_to_counter(self._db, "visit.unreadable", 1)
            self._forget_visit()
            return None
        visit, language = UUID(bytes=row[0]), row[1]
        drafts = self._drafts(row[0])
        invitation = _decoded(row[2], Invited)
        questions = questions_of(invitation) if invitation else ()
        drafted = {(draft.subject, draft.code) for draft in drafts}
        asked_here = {(question.subject, question.code) for question in questions} - drafted
        by_phone = len(asked_here.intersection(self._by_phone(visit)))
        rated = len(drafts) + by_phone
        asked = len(questions) or len(drafts)
        closing = CloseVisit(
            visit=visit,
            drafts=drafts,
            outcome=outcome_of(rated, asked, Outcome.TIMED_OUT) if rated else Outcome.DEVICE_FAULT,
            reason="interrupted",
            asked=asked,
            first_tap_ms=None,
            surplus=0,
            callback=self._callback(row[0]),
            by_phone=by_phone,
        )
        self._write_end(append, closing, language, recovered=True)
        return visit

    def _drafts(self, visit: bytes) -> tuple[Draft, ...]:
        found = self._db.execute("SELECT draft FROM draft WHERE visit = ?", (visit,)).fetchall()
        drafts = [_decoded(draft, Draft) for (draft,) in found]
        unreadable = drafts.count(None)
        if unreadable:
            add_to_counter(self._db, "draft.unreadable", unreadable)
        return tuple(draft for draft in drafts if draft is not None)

    def _callback(self, visit: bytes) -> bytes:
        row = self._db.execute("SELECT sealed FROM callback WHERE visit = ?", (visit,)).fetchone()
        sealed: bytes = row[0] if row else b""
        if len(sealed) > MAX_SEALED_BYTES:
            add_to_counter(self._db, "callback.unreadable", 1)
            return b""
        return sealed

    def _write_end(
        self, append: "Append", closing: CloseVisit, language: str, *, recovered: bool
    ) -> None:
        for draft in closing.drafts:
            append(
                records.Rating,
                visit=closing.visit,
                subject=draft.subject,
                code=draft.code,
                cases=draft.cases,
                level=draft.level,
                tags=draft.tags,
                language=language,
                tapped_ms=draft.tapped_ms,
                changes=draft.changes,
                recovered=recovered,
            )
        append(
            records.VisitClosed,
            visit=closing.visit,
            outcome=closing.outcome,
            reason=one_line(closing.reason),
            asked=closing.asked,
            rated=len(closing.drafts),
            first_tap_ms=closing.first_tap_ms,
            surplus=closing.surplus,
            recovered=recovered,
            callback=closing.callback,
            by_phone=closing.by_phone,
        )
        if closing.drafts or closing.by_phone:
            duty.count_rated(self._db, self._staff_of(closing.visit))
        self._forget_visit()

    def _staff_of(self, visit: UUID) -> str:
        """Return whose visit the open one is; empty if nobody's or if that is unreadable."""
        query = "SELECT invitation FROM open_visit WHERE visit = ?"
        row = self._db.execute(query, (visit.bytes,)).fetchone()
        invitation = _decoded(row[0], Invited) if row else None
        return invitation.staff if invitation else ""

    def _forget_visit(self) -> None:
        self._db.execute("DELETE FROM draft")
        self._db.execute("DELETE FROM callback")
        self._db.execute("DELETE FROM open_visit")

    # --- upkeep, in quiet moments -------------------------------------------------------

    def count(self, reason: str, by: int = 1) -> None:
        """Add to the counter of a drop or mishap."""
        self._write(lambda _: add_to_counter(self._db, reason, by))

    def prune(self, through: int) -> int:
        """Forget records up to number ``through``; returns how many.

        The last record always stays: the next one names it.
        """
        query = "DELETE FROM record WHERE seq <= ? AND seq < (SELECT max(seq) FROM record)"
        return self._write(lambda _: self._db.execute(query, (through,)).rowcount)

    def checkpoint(self) -> None:
        """Fold the WAL back into the file; for moments when nobody is waiting.

        Raises `StorageFull` if there is no room for that; the WAL goes on then.
        """
        try:
            self._db.execute("PRAGMA wal_checkpoint(PASSIVE)")
        except sqlite3.DatabaseError as error:
            raise trouble(error, self._home.kiosk_db) from error

    def quick_check(self) -> None:
        """Raise `DamagedFile` if the file's structure is broken."""
        try:
            (verdict,) = self._db.execute("PRAGMA quick_check(1)").fetchone()
        except sqlite3.DatabaseError as error:
            raise trouble(error, self._home.kiosk_db) from error
        if verdict != "ok":
            raise DamagedFile(f"{self._home.kiosk_db}: {verdict}")

    # --- within -------------------------------------------------------------------------

    def _last_record(self) -> tuple[int, bytes]:
        row = self._db.execute("SELECT seq, signed FROM record ORDER BY seq DESC LIMIT 1")
        last = row.fetchone()
        floor = self._db.execute("SELECT max(seq) FROM floor").fetchone()[0] or 0
        if last is None:
            return floor, records.genesis(self._device, self._key.public.raw)
        return max(last[0], floor), records.digest(last[1])

    def _append_one(self, kind: type[Record], **fields: Any) -> None:
        self._write(lambda append: append(kind, **fields))

    def _write(self, work: Callable[["Append"], T]) -> T:
        """Do ``work`` in one transaction, durable on return; on a full disk, use the reserve.

        Raises `StorageFull`, `StorageUnavailable` or `DamagedFile`; nothing has happened then.
        """
        try:
            return self._attempt(work)
        except StorageFull:
            if not reserve.release(self._home.reserve):
                raise
            return self._attempt(work)

    def _attempt(self, work: Callable[["Append"], T]) -> T:
        append = Append(self._db, self._device, self._key, self._now, self._seq, self._head)
        try:
            self._db.execute("BEGIN IMMEDIATE")
            result = work(append)
            self._db.execute("COMMIT")
        except BaseException as error:
            if self._db.in_transaction:
                with suppress(sqlite3.Error):  # what went wrong first is what counts
                    self._db.execute("ROLLBACK")
            if isinstance(error, sqlite3.Error):
                raise trouble(error, self._home.kiosk_db) from error
            raise
        # The chain moves on only now: what was rolled back was never part of it.
        self._seq, self._head = append.seq, append.head
        return result


class Append:
    """Adds records within one transaction, each naming the one before it."""

    def __init__(
        self,
        db: sqlite3.Connection,
        device: str,
        key: SigningKey,
        now: Callable[[], moment.Moment],
        seq: int,
        head: bytes,
    ) -> None:
        self._db = db
        self._device = device
        self._key = key
        self._now = now
        self.seq = seq
        self.head = head

    def __call__(self, kind: type[Record], **fields: Any) -> None:
        """Sign the next record and insert it."""
        now = self._now()
        record = kind(
            device=self._device,
            seq=self.seq + 1,
            prev=self.head,
            id=uuid4(),
            wall_ms=now.wall_ms,
            clock=now.clock,
            boot_id=now.boot_id,
            monotonic_ms=now.monotonic_ms,
            **fields,
        )
        signed = records.sign(record, self._key)
        visit: UUID | None = fields.get("visit")
        self._db.execute(
            "INSERT INTO record (seq, kind, wall_ms, visit, signed) VALUES (?, ?, ?, ?, ?)",
            (
                record.seq,
                kind.__struct_config__.tag,
                record.wall_ms,
                None if visit is None else visit.bytes,
                signed,
            ),
        )
        self.seq, self.head = record.seq, records.digest(signed)


def add_to_counter(db: sqlite3.Connection, reason: str, by: int) -> None:
    """Add to one row of a `counter` table; part of the caller's transaction."""
    db.execute(
        "INSERT INTO counter (reason, count) VALUES (?, ?) "
        "ON CONFLICT (reason) DO UPDATE SET count = count + excluded.count",
        (reason, by),
    )


def lockout_detail(staff: str, place: str, failures: int, seconds: int) -> str:
    """Return what the record of a lock-out says, in a shape that central can read."""
    return f"staff={staff or '*'} place={place} failures={failures} seconds={seconds}"


def one_line(text: str) -> str:
    """Return ``text`` as a record's reason may hold it: no control characters, 128 at most."""
    return "".join(c if c.isprintable() else " " for c in text)[:128]


def _decoded(written: bytes | None, kind: type[T]) -> T | None:
    """Return what a visit's row says, None if damage has made it unreadable."""
    try:
        return None if written is None else msgspec.json.decode(written, type=kind)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        return None
