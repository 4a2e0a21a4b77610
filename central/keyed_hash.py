"""Hashes that nobody outside can make: of what forms bring back, of addresses, of references.

Their keys come from central's own by HKDF (RFC 5869), one for each purpose, so every worker
knows them, none is kept anywhere, and a hash made for one purpose is worth nothing for another.
"""

import hmac
from hashlib import sha256

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from protocol.keys import SigningKey


def keyed_hash(key: SigningKey, purpose: str, said: bytes) -> bytes:
    """Return the 32 bytes of HMAC-SHA256 over ``said`` for ``purpose`` (a short fixed name)."""
    info = f"haochaping/{purpose}".encode()
    derived = HKDF(hashes.SHA256(), 32, salt=None, info=info).derive(key.seed)
    return hmac.digest(derived, said, sha256)
