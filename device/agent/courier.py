"""Carries records to central and central's word back, for as long as the device lives.

No in-flight state: what is unacknowledged is what lies after the head of the newest
receipt. Only a receipt signed by central moves that head. Whatever goes wrong is counted
by reason, waited out with full jitter, and tried again.
"""

import logging
import random
import threading
import time
from collections import Counter
from collections.abc import Callable

import msgspec

from device.agent import health
from device.agent.album import Album
from device.agent.central import CentralService, Refused, Retired, WrongAnswer
from device.agent.release_fetch import ReleaseFetch
from device.core.errors import CentralError, DeviceError, StorageFull, StorageUnavailable
from device.core.pace import retry_delay
from device.store.backlog import Backlog
from device.store.briefing import Briefing, LogoutOrder
from device.store.home import Home
from protocol.messages import (
    MAX_BATCH_BYTES,
    MAX_BATCH_RECORDS,
    Batch,
    Elsewhere,
    RecordVerdict,
    Verdict,
)
from protocol.receipts import Receipt
from protocol.records import MAX_RECORD_BYTES, digest

log = logging.getLogger("haochaping.agent")

LOOK_S = 0.5
"""How often the courier looks whether the kiosk has written something."""
HEARTBEAT_S = 60.0
FOLD_S = 60.0
"""How often the WAL of `agent.db` is folded back; it grows until then."""


class ClonedCard(CentralError):
    """Central holds another record under a number of ours: a second device is us."""


class Courier:
    """The agent's one conversation with central."""

    def __init__(
        self,
        home: Home,
        device: str,
        central: CentralService,
        backlog: Backlog,
        briefing: Briefing,
        releases: ReleaseFetch | None = None,
        faults: Callable[[], tuple[str, ...]] = tuple,
    ) -> None:
        self._home = home
        self._device = device
        self._central = central
        self._backlog = backlog
        self._briefing = briefing
        self._releases = releases
        self._faults = faults
        self._album = Album(home, central)
        self._photos_due = False
        self._failures = 0
        self._next_try = 0.0
        self._next_beat = 0.0
        self._next_fold = 0.0
        self._pending = True

    def run(self, ended: threading.Event, beat: Callable[[], None] = lambda: None) -> None:
        """Work until ``ended`` is set. Raises `DeviceError` if one of the files is of no use.

        ``beat`` is called at every turn: a call that hangs for ever is noticed by its silence.
        """
        while not ended.is_set():
            beat()
            try:
                wait = self.once()
            except (CentralError, StorageFull, StorageUnavailable) as error:
                wait = self._failed(error)
            ended.wait(wait)

    def once(self) -> float:
        """Do what is due now; returns seconds until something may be due again."""
        now = time.monotonic()
        if now >= self._next_fold:
            self._briefing.checkpoint()
            self._next_fold = now + FOLD_S
        if now < self._next_try:
            return min(LOOK_S, self._next_try - now)
        if self._backlog.changed():
            self._pending = True
        if self._pending:
            self._pending = self._send_next()
            if self._pending:
                return 0.0
        if now >= self._next_beat:
            self._beat()
            self._next_beat = now + HEARTBEAT_S
        if self._photos_due:
            caught = self._album.catch_up()
            for reason in caught.trouble:
                self._count(reason)
            self._photos_due = caught.more
            return 0.0 if caught.more else LOOK_S
        return LOOK_S

    # --- records --------------------------------------------------------------------------

    def _send_next(self) -> bool:
        """Send what follows the acknowledged head; True if there may be more to send."""
        receipt = self._briefing.receipt()
        head = receipt.through if receipt else 0
        stretch = self._backlog.after(head, MAX_BATCH_RECORDS, MAX_BATCH_BYTES // 2)
        if stretch is None:
            return False
        batch = Batch(self._device, stretch.first, stretch.records, stretch.gap_before)
        sent = self._central.send(batch)
        self._answered()
        self._count_verdicts(sent.reply.verdicts)
        self._check_head(sent.receipt)
        if not self._briefing.keep_receipt(sent.receipt, sent.signed_receipt):
            # Central's clock went back. Its next receipt that is newer moves the head.
            self._count("older-receipt")
            return False
        if sent.receipt.through == head:
            # Nothing moved: central waits for a later record to vouch for these. The next
            # one written here, or the next heartbeat's receipt, starts another try.
            self._count("no-progress")
            return False
        return True

    def _check_head(self, receipt: Receipt) -> None:
        """Make sure that what central holds is what this device wrote."""
        held = self._backlog.after(receipt.through - 1, 1, MAX_RECORD_BYTES)
        if receipt.through > self._backlog.head() or (
            held is not None
            and held.first == receipt.through
            and receipt.head != digest(held.records[0])
        ):
            raise ClonedCard(
                f"central holds another record {receipt.through} than this device wrote: "
                "another device runs on a copy of this card; enrol one of them anew"
            )

    def _count_verdicts(self, verdicts: tuple[RecordVerdict, ...]) -> None:
        reasons = Counter(
            f"{v.verdict}.{v.reason}" if v.reason else str(v.verdict)
            for v in verdicts
            if v.verdict not in (Verdict.STORED, Verdict.ALREADY)
        )
        for reason, times in reasons.items():
            log.warning("central's verdict %s for %d records", reason, times)
            self._count(f"verdict.{reason}", times)

    # --- heartbeat and configuration --------------------------------------------------------

    def _beat(self) -> None:
        update = self._releases.status if self._releases else ""
        reply, receipt = self._central.beat(
            health.take_pulse(self._home, self._backlog, self._briefing, update, self._faults())
        )
        self._answered()
        health.mark_heartbeat()
        if self._releases is not None:
            self._releases.offer(reply.release)
        self._check_head(receipt)
        known = self._briefing.receipt()
        if known is None or receipt.through != known.through:
            self._pending = self._briefing.keep_receipt(receipt, reply.receipt)
        version, etag = self._briefing.configuration()
        if reply.configuration > version or not etag:
            self._fetch_configuration(etag)
        if reply.elsewhere is not None:
            self._log_out(reply.elsewhere)
        self._photos_due = True

    def _log_out(self, elsewhere: Elsewhere) -> None:
        """Have the staff member logged out here who is at another window now.

        Asked for again with each heartbeat, until the kiosk has written the log-out down.
        """
        duty = self._backlog.duty()
        if (duty.staff, duty.login_seq) == (elsewhere.staff, elsewhere.login_seq):
            order = LogoutOrder(elsewhere.staff, f"logged in at window {elsewhere.window}")
            self._briefing.instruct("logout", msgspec.json.encode(order))

    def _fetch_configuration(self, etag: str) -> None:
        fetched = self._central.configuration(etag)
        if fetched is None:
            return
        document, signed, new_etag = fetched
        if self._briefing.apply(document, signed, new_etag):
            log.info("configuration %d is in use", document.version)
        elif document.version < self._briefing.configuration()[0]:
            self._count("configuration.older")

    # --- failures -----------------------------------------------------------------------------

    def _answered(self) -> None:
        if self._failures:
            log.info("central answers again after %d failures", self._failures)
        self._failures = 0
        self._briefing.set_online(True)

    def _failed(self, error: DeviceError) -> float:
        self._failures += 1
        asked = error.retry_after_s if isinstance(error, Refused) else None
        delay = retry_delay(self._failures, random.random(), asked)  # noqa: S311 - jitter
        self._next_try = time.monotonic() + delay
        reason = f"refused.{error.problem.code}" if isinstance(error, Refused) else _kind(error)
        if self._failures == 1 or self._failures % 10 == 0:
            log.warning("central: %s (try %d, next in %.1f s)", error, self._failures, delay)
        try:
            self._count(f"retry.{reason}")
            self._briefing.set_online(False, retired=isinstance(error, Retired))
        except (StorageFull, StorageUnavailable) as full:
            log.warning("could not be counted: %s", full)
        return min(delay, LOOK_S)

    def _count(self, reason: str, by: int = 1) -> None:
        """Count; the reason may be central's, and the heartbeat must be able to carry it."""
        self._briefing.count("".join(c for c in reason if "!" <= c <= "~")[:64], by)


def _kind(error: DeviceError) -> str:
    match error:
        case WrongAnswer():
            return "wrong-answer"
        case ClonedCard():
            return "cloned-card"
        case StorageFull() | StorageUnavailable():
            return "storage"
    return "unreachable"
