"""A seal on each form: for what it was opened and when, so that none can be made up or kept.

An HMAC under a key that comes from central's own, so that every worker knows it and no cookie
and no table is needed.
"""

import base64
import binascii
import hmac

from central.keyed_hash import keyed_hash
from protocol.keys import SigningKey

_MAC_BYTES, _TIME_BYTES = 16, 8


def seal(key: SigningKey, purpose: str, opened_ms: int) -> str:
    """Return the field that says when a form for ``purpose`` was opened."""
    time = opened_ms.to_bytes(_TIME_BYTES)
    return base64.urlsafe_b64encode(time + _mac(key, purpose, time)).decode().rstrip("=")


def opened_ms(key: SigningKey, purpose: str, sealed: str) -> int | None:
    """Return when the form was opened; None if it was not opened for ``purpose`` here."""
    if len(sealed) != 32 or not sealed.isascii():
        return None
    try:
        raw = base64.b64decode(sealed, b"-_", validate=True)
    except (binascii.Error, ValueError):
        return None
    time, mac = raw[:_TIME_BYTES], raw[_TIME_BYTES:]
    return int.from_bytes(time) if hmac.compare_digest(mac, _mac(key, purpose, time)) else None


def _mac(key: SigningKey, purpose: str, time: bytes) -> bytes:
    return keyed_hash(key, "phone-form", time + purpose.encode())[:_MAC_BYTES]
