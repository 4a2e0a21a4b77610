"""What a scan of a printed code began, as it travels in the form: visit, who served, when.

Each scan is a visit of its own and central keeps nothing of it until it is rated. So the form
brings the visit back, under a seal: sending it twice is one rating, and nobody can make one up
for a staff member of their choice.
"""

import base64
import binascii
import hmac
from typing import Self
from uuid import UUID, uuid4

import msgspec

from central.keyed_hash import keyed_hash
from protocol.keys import SigningKey
from protocol.limits import Code, Milliseconds, Short

_MAC_BYTES = 16
_LONGEST = 1000


class Scan(msgspec.Struct, frozen=True, array_like=True, forbid_unknown_fields=True):
    """One scan."""

    code: Code
    """The window's printed code."""
    visit: UUID
    staff: Short
    """Who served at the window then; empty if that was not certain."""
    opened_ms: Milliseconds

    @classmethod
    def begin(cls, code: str, staff: str, now_ms: int) -> Self:
        """Begin a visit."""
        return cls(code, uuid4(), staff, now_ms)


def seal(scan: Scan, key: SigningKey) -> str:
    """Return ``scan`` for a hidden field."""
    said = msgspec.json.encode(scan)
    return base64.urlsafe_b64encode(_mac(said, key) + said).decode().rstrip("=")


def opened(sealed: str, key: SigningKey) -> Scan | None:
    """Return what `seal` sealed; None for anything else."""
    if len(sealed) > _LONGEST or not sealed.isascii():
        return None
    try:
        raw = base64.b64decode(sealed + "=" * (-len(sealed) % 4), b"-_", validate=True)
    except (binascii.Error, ValueError):
        return None
    mac, said = raw[:_MAC_BYTES], raw[_MAC_BYTES:]
    if not hmac.compare_digest(mac, _mac(said, key)):
        return None
    return msgspec.json.decode(said, type=Scan)


def _mac(said: bytes, key: SigningKey) -> bytes:
    return keyed_hash(key, "window-scan", said)[:_MAC_BYTES]
