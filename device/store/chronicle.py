"""What a kiosk that starts anew looks up in its own chain.

The chain is its memory: who came and left, and when, and which lock-outs at the
console have been written down already. The agent leaves those as instructions that stay in
its file for a while; each is to be recorded once.
"""

from collections.abc import Sequence
from contextlib import suppress
from typing import NamedTuple

from device.store.connect import KIOSK_SCHEMA
from device.store.home import Home
from device.store.ledger import LOCKED
from device.store.reader import Reader
from protocol import records
from protocol.errors import ProtocolError
from protocol.records import AnyRecord, Fault, Login, Logout

_LATELY = 200
"""Lock-outs looked through; the agent keeps half as many instructions."""
_DAYS = 10_000
"""Records looked through for who came and left: some days of a busy window."""


class Given(NamedTuple):
    """A lock-out that was found, or written down."""

    detail: str
    """What its record says (`device.store.ledger.lockout_detail`)."""
    boot_id: bytes
    monotonic_ms: int


class Chronicle(Reader):
    """Read-only view of the chain; every question raises `DeviceError` if it cannot be read."""

    def __init__(self, home: Home) -> None:
        super().__init__(home.kiosk_db, KIOSK_SCHEMA)

    def login(self, seq: int) -> Login | None:
        """Return the record of a log-in by its number, None if that is not one."""
        for (signed,) in self._rows("SELECT signed FROM record WHERE seq = ?", seq):
            record = _read(signed)
            return record if isinstance(record, Login) else None
        return None

    def comings(self) -> tuple[Login | Logout, ...]:
        """Return who came and left lately, in order."""
        rows = self._rows(
            "SELECT signed FROM (SELECT * FROM record ORDER BY seq DESC LIMIT ?) "
            "WHERE kind IN ('login', 'logout') ORDER BY seq",
            _DAYS,
        )
        found = (_read(signed) for (signed,) in rows)
        return tuple(record for record in found if isinstance(record, Login | Logout))

    def lockouts(self, place: str) -> list[Given]:
        """Return the latest lock-outs at ``place``, in order."""
        rows = self._rows(
            "SELECT signed FROM record WHERE kind = 'fault' AND instr(signed, ?) > 0 "
            "ORDER BY seq DESC LIMIT ?",
            f"place={place}".encode(),
            _LATELY,
        )
        found = []
        for (signed,) in reversed(rows):
            record = _read(signed)
            if isinstance(record, Fault) and record.code == LOCKED:
                found.append(Given(record.detail, record.boot_id.bytes, record.monotonic_ms))
        return found


def _read(signed: bytes) -> AnyRecord | None:
    with suppress(ProtocolError):  # damage, which salvage reports
        return records.read(signed)
    return None


def unwritten(found: Sequence[Given], written: Sequence[Given], boot_id: bytes) -> list[Given]:
    """Return which of those ``found`` are still to be written down in the present boot.

    Each record answers for one, of its own boot and not before it happened; one of an earlier
    boot may have been written in a later one.
    """
    left = list(written)
    missing = []
    for one in found:
        answer = next((w for w in left if _answers(w, one)), None)
        if answer is None and one.boot_id != boot_id:
            later = (w for w in left if w.detail == one.detail and w.boot_id != one.boot_id)
            answer = next(later, None)
        if answer is None:
            missing.append(one)
        else:
            left.remove(answer)
    return missing


def _answers(written: Given, found: Given) -> bool:
    same = (written.detail, written.boot_id) == (found.detail, found.boot_id)
    return same and written.monotonic_ms >= found.monotonic_ms
