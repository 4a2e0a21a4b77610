"""Writes beside the loop, so that no tap ever waits for a disk.

The scribe's thread owns the ledger. The loop hands it effects in order and goes on
painting; the scribe answers through a queue and rings the loop's bell. A thank-you is
shown only after its answer.
"""

import logging
import queue
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager, suppress
from typing import TypeVar
from uuid import UUID

from device import __version__
from device.core.errors import DamagedFile, DeviceError, StorageFull, StorageUnavailable
from device.core.session import Session, SessionEffect, StaffLeft
from device.core.visit import (
    CloseVisit,
    Draft,
    Effect,
    Invited,
    KeepCallback,
    KeepDraft,
    OpenVisit,
    questions_of,
)
from device.kiosk.answers import (
    Answer,
    CannotStart,
    NotStored,
    PhoneLink,
    Ready,
    VisitBegun,
    VisitStored,
)
from device.kiosk.qr import Modules, PayloadTooLong, load_maker, matrix
from device.store import moment, reserve, salvage
from device.store.backlog import Backlog
from device.store.briefing import BriefingReader
from device.store.chronicle import Chronicle
from device.store.home import Home
from device.store.identity import Identity
from device.store.ledger import Ledger
from protocol.keys import SigningKey
from protocol.phone import PhoneToken, sign_token, token_url
from protocol.questions import asks_of
from protocol.records import ClockQuality, Login
from protocol.subjects import Subject

log = logging.getLogger("haochaping.kiosk")

T = TypeVar("T")

DAY_S = 24 * 3600


RETRY_OPEN_S = 3.0
QUIET_S = 5.0
"""After this long without work, and with no visit open, the file is looked after."""


class Scribe:
    """The thread that writes `kiosk.db`."""

    def __init__(
        self,
        home: Home,
        identity: Identity,
        key: SigningKey,
        briefing: BriefingReader,
        ring: Callable[[], None],
    ) -> None:
        self._home = home
        self._identity = identity
        self._key = key
        self._briefing = briefing
        self._ring = ring
        self._work: queue.SimpleQueue[Callable[[Ledger], None] | None] = queue.SimpleQueue()
        self._answers: queue.SimpleQueue[Answer] = queue.SimpleQueue()
        self._stopping = threading.Event()
        self._fresh = True
        self._session = Session()
        self._pending: tuple[SessionEffect, ...] = ()
        """What happened to the session and is not on disk yet."""
        self._found = Ready()
        self._rating = False
        self._surplus: Counter[str] = Counter()
        self._head = 0
        self._next_upkeep = 0.0
        self._thread = threading.Thread(target=self._run, name="scribe", daemon=True)

    def start(self) -> None:
        """Open the ledger and begin to write."""
        self._thread.start()

    def stop(self, seconds: float) -> bool:
        """Finish what was handed over and stop; False if that took longer than ``seconds``."""
        self._stopping.set()
        self._work.put(None)
        if self._thread.ident is not None:
            self._thread.join(seconds)
        return not self._thread.is_alive()

    @property
    def device(self) -> str:
        """The name that central gave this device."""
        return self._identity.device

    @property
    def head(self) -> int:
        """Number of the last record that is on disk; 0 before the ledger is open."""
        return self._head

    @property
    def alive(self) -> bool:
        """True until the thread has ended, for whatever reason."""
        return self._thread.is_alive()

    def answers(self) -> list[Answer]:
        """Return the answers that have come since the last call."""
        answers: list[Answer] = []
        while not self._answers.empty():
            answers.append(self._answers.get())
        return answers

    def carry_out(
        self, effect: Effect, visit: UUID, language: str, now_ms: int, link: PhoneLink
    ) -> None:
        """Write what an effect of the visit asks for."""
        match effect:
            case OpenVisit(invitation):
                self._work.put(
                    lambda ledger: self._open(ledger, invitation, language, now_ms, link)
                )
            case KeepDraft(draft):
                self._work.put(lambda ledger: self._draft(ledger, visit, draft))
            case KeepCallback(sealed):
                self._work.put(lambda ledger: self._callback(ledger, visit, sealed))
            case CloseVisit():
                self._work.put(lambda ledger: self._close(ledger, effect, language))

    def note_session(self, effects: tuple[SessionEffect, ...], session: Session) -> None:
        """Write who came, left or paused, and where that leaves the window."""
        self._work.put(lambda ledger: self._keep_session(ledger, effects, session))

    def note_fault(self, code: str, detail: str) -> None:
        """Write that something broke."""
        self._work.put(lambda ledger: ledger.note_fault(code, detail))

    def note_lockout(self, staff: str, place: str, failures: int, seconds: int) -> None:
        """Write that log-in is locked for ``staff`` (empty: for everybody) at ``place``."""
        self._work.put(lambda ledger: ledger.note_lockout(staff, place, failures, seconds))

    def ask(self, question: Callable[[Ledger], T], patience_s: float = 5.0) -> T:
        """Have ``question`` answered by the ledger; waits for it, so never ask from the loop.

        Raises what the ledger raised, or `StorageUnavailable` if it does not come to it.
        """
        answers: queue.SimpleQueue[T | Exception] = queue.SimpleQueue()

        def job(ledger: Ledger) -> None:
            try:
                answers.put(question(ledger))
            except Exception as error:
                answers.put(error)
                raise

        self._work.put(job)
        try:
            answer = answers.get(timeout=patience_s)
        except queue.Empty:
            raise StorageUnavailable("the ledger does not answer") from None
        if isinstance(answer, Exception):
            raise answer
        return answer

    def expect_codes(self) -> None:
        """Load what draws QR codes, which takes longer than a code itself: no visit is to wait
        for it."""
        self._work.put(lambda _: load_maker())

    def count(self, reason: str) -> None:
        """Add one to a counter; kept in memory until the next quiet moment.

        A child mashing keys must not cost the card a commit a press.
        """
        self._work.put(lambda _: self._surplus.update([reason]))

    # --- the thread -----------------------------------------------------------------------

    def _run(self) -> None:
        ledger = self._open_ledger()
        unsettled = True
        while ledger is not None:
            try:
                job = self._work.get(timeout=QUIET_S if unsettled else None)
            except queue.Empty:
                unsettled = self._rating
                if not self._rating:
                    self._look_after(ledger)
                continue
            if job is None:
                self._look_after(ledger)
                ledger.close()
                return
            unsettled = True
            try:
                job(ledger)
                self._head = ledger.head
            except (StorageFull, StorageUnavailable) as error:
                log.error("%s", error)
            except Exception:
                # Whatever it was, the file is opened, and if need be replaced, anew.
                log.exception("writing failed")
                ledger.close()
                ledger = self._open_ledger()

    def _open_ledger(self) -> Ledger | None:
        """Open the ledger, however long it takes; None if told to stop meanwhile.

        What has been handed over in the meantime stays in the queue.
        """
        while True:
            try:
                ledger = self._open_or_rescue()
            except Exception as error:
                log.exception("the ledger cannot be opened")
                self._tell(CannotStart(str(error)))
                if self._stopping.wait(RETRY_OPEN_S):
                    return None
                continue
            self._head = ledger.head
            self._tell(self._found)
            self._found = Ready()
            return ledger

    def _ledger(self) -> Ledger:
        device = self._identity.device
        return Ledger(self._home, device, self._key, by_phone=self._rated_by_phone)

    def _open_or_rescue(self) -> Ledger:
        ledger: Ledger | None = None
        try:
            ledger = self._ledger()
            ledger.quick_check()
        except DamagedFile as error:
            log.error("%s; it is set aside and replaced", error)
            if ledger is not None:
                ledger.close()
            saved = salvage.rescue_ledger(self._home, self._key.public, self._acknowledged())
            ledger = self._ledger()
            ledger.note_fault(
                "ledger-replaced",
                f"{error}; {saved.records} records and {saved.drafts} drafts read back, "
                f"the rest kept in {saved.kept_as.name}",
            )
            if self._fresh:
                self._end_lost_session(ledger)
            else:
                self._keep_session(ledger, (), self._session)  # they go on serving
        if self._fresh:
            # Only a crash leaves a visit behind. When the file is opened again in mid-visit
            # the citizen is still there, and their visit ends through the loop.
            recovered = ledger.recover()
            if recovered is not None:
                log.warning("visit %s was interrupted; its drafts are records now", recovered)
            ledger.note_boot(__version__)
            self._session = ledger.resume_session()
            self._found = self._resumed()
            self._fresh = False
        return ledger

    def _end_lost_session(self, ledger: Ledger) -> None:
        """Write that whoever came last has left: the row that says how they serve is gone."""
        with closing(Chronicle(self._home)) as chronicle:
            comings = chronicle.comings()
        if comings and isinstance(comings[-1], Login):
            ledger.note_session((StaffLeft(comings[-1].staff, "restart"),), Session())

    def _resumed(self) -> Ready:
        """Return who goes on serving, how they logged in and since when; and who came before."""
        now_ms, session = moment.monotonic_ms(), self._session
        with suppress(DeviceError), closing(Backlog(self._home)) as backlog:
            with closing(Chronicle(self._home)) as chronicle:
                duty, boot = backlog.duty(), moment.boot_id()
                login = chronicle.login(duty.login_seq)
                comings = tuple(one for one in chronicle.comings() if one.boot_id == boot)
            here = session.staff and login is not None and login.boot_id == boot
            since_ms = login.monotonic_ms if login and here else now_ms
            means = duty.means if session.staff else ""
            return Ready(session, means, since_ms, comings, fresh=True)
        return Ready(session, since_ms=now_ms, fresh=True)

    def _acknowledged(self) -> int:
        try:
            return self._briefing.acknowledged()
        except DeviceError:
            return 0

    def _look_after(self, ledger: Ledger) -> None:
        """In a quiet moment: fold the WAL back, and once a day do what is due daily."""
        try:
            if self._pending:
                self._keep_session(ledger, (), self._session)
            for reason, times in self._surplus.items():
                ledger.count(reason, times)
            self._surplus.clear()
            ledger.checkpoint()
            if time.monotonic() >= self._next_upkeep:
                self._upkeep(ledger)
                self._next_upkeep = time.monotonic() + DAY_S
        except (DeviceError, OSError) as error:
            log.error("upkeep: %s", error)

    def _upkeep(self, ledger: Ledger) -> None:
        """Keep the reserve, and forget what central has held long enough."""
        if not reserve.hold(self._home.reserve):
            ledger.note_fault("disk-full", "there is no room for the reserve")
        now = moment.now()
        if now.clock is ClockQuality.SYNCED:
            ledger.prune(self._briefing.safe_to_forget(now.wall_ms))

    def _keep_session(
        self, ledger: Ledger, effects: tuple[SessionEffect, ...], session: Session
    ) -> None:
        """Write who came, left or paused; what cannot be written now goes before the next."""
        self._session = session
        pending, self._pending = (*self._pending, *effects), ()
        try:
            ledger.note_session(pending, session)
        except DeviceError:
            self._pending = pending
            raise

    def _open(
        self, ledger: Ledger, invitation: Invited, language: str, now_ms: int, link: PhoneLink
    ) -> None:
        self._rating = True
        with self._answering(invitation.visit):
            receipt = ledger.open_visit(invitation, language, now_ms)
        # Made once, for the question and the thank-you alike, and only now: a code must not
        # lead to a visit that is not on disk.
        code = self._code(invitation, receipt, link) if link.url else ()
        self._tell(VisitBegun(invitation.visit, receipt, code))

    def _draft(self, ledger: Ledger, visit: UUID, draft: Draft) -> None:
        with self._answering(visit):
            ledger.keep_draft(visit, draft)

    def _callback(self, ledger: Ledger, visit: UUID, sealed: bytes) -> None:
        with self._answering(visit):
            ledger.keep_callback(visit, sealed)

    def _close(self, ledger: Ledger, closing: CloseVisit, language: str) -> None:
        with self._answering(closing.visit):
            ledger.close_visit(closing, language)
        self._rating = False
        self._tell(VisitStored(closing.visit))
        if not self._home.reserve.exists():
            self._next_upkeep = 0.0

    def _code(self, invitation: Invited, receipt: str, link: PhoneLink) -> Modules:
        """Return the modules of the code that leads a phone to this visit; none if its
        address is too long for one."""
        now, asks = moment.now(), asks_of(questions_of(invitation))
        known = now.clock is ClockQuality.SYNCED
        expires_s = now.wall_ms // 1000 + link.valid_days * DAY_S if known else 0
        token = PhoneToken(self._identity.device, expires_s, invitation.visit, asks, receipt)
        try:
            return matrix(token_url(link.url, sign_token(token, self._key)))
        except PayloadTooLong as error:
            log.error("the phone address %s is too long for a QR code: %s", link.url, error)
            return ()

    def _rated_by_phone(self, visit: UUID) -> frozenset[tuple[Subject, str]]:
        """Return what of a visit that a crash left open the agent had said was rated."""
        try:
            return self._briefing.rated_by_phone(visit)
        except DeviceError as error:
            log.error("whether a phone rated visit %s is not known: %s", visit, error)
            return frozenset()

    @contextmanager
    def _answering(self, visit: UUID) -> Iterator[None]:
        """Tell the loop of any failure inside, and let it go on to the thread."""
        try:
            yield
        except Exception as error:
            self._tell(NotStored(visit, str(error)))
            raise

    def _tell(self, answer: Answer) -> None:
        self._answers.put(answer)
        self._ring()
