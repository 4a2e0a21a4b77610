"""HPKE by the letter of RFC 9180, base mode alone, to hold `protocol.sealing` against.

Made of X25519, HMAC-SHA-256 and ChaCha20-Poly1305; slow, and with an ephemeral key that
the caller chooses, which nobody but a test may do.
"""

import hashlib
import hmac

from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from cryptography.hazmat.primitives.ciphers.aead import ChaCha20Poly1305

_KEM_ID, _KDF_ID, _AEAD_ID = 0x0020, 0x0001, 0x0003
_KEM = b"KEM" + _KEM_ID.to_bytes(2)
_SUITE = b"HPKE" + b"".join(number.to_bytes(2) for number in (_KEM_ID, _KDF_ID, _AEAD_ID))
_BASE_MODE = b"\0"


def seal(text: bytes, public: bytes, ephemeral: bytes, info: bytes, aad: bytes) -> bytes:
    """Return ``enc`` and the ciphertext of `SealBase` (section 6.1)."""
    key = X25519PrivateKey.from_private_bytes(ephemeral)
    enc = key.public_key().public_bytes_raw()
    shared = key.exchange(X25519PublicKey.from_public_bytes(public))
    aead, nonce = _schedule(_secret(shared, enc + public), info)
    return enc + aead.encrypt(nonce, text, aad)


def open_sealed(sealed: bytes, private: bytes, info: bytes, aad: bytes) -> bytes:
    """Return the text of ``sealed`` by `OpenBase`; raises ``InvalidTag``."""
    key = X25519PrivateKey.from_private_bytes(private)
    enc, ciphertext = sealed[:32], sealed[32:]
    shared = key.exchange(X25519PublicKey.from_public_bytes(enc))
    aead, nonce = _schedule(_secret(shared, enc + key.public_key().public_bytes_raw()), info)
    return aead.decrypt(nonce, ciphertext, aad)


def _secret(shared: bytes, context: bytes) -> bytes:
    """`ExtractAndExpand` (section 4.1)."""
    return _expand(_extract(b"", b"eae_prk", shared, _KEM), b"shared_secret", context, 32, _KEM)


def _schedule(secret: bytes, info: bytes) -> tuple[ChaCha20Poly1305, bytes]:
    """`KeySchedule` (section 5.1); the first nonce is the base nonce."""
    context = (
        _BASE_MODE
        + _extract(b"", b"psk_id_hash", b"", _SUITE)
        + _extract(b"", b"info_hash", info, _SUITE)
    )
    drawn = _extract(secret, b"secret", b"", _SUITE)
    key = _expand(drawn, b"key", context, 32, _SUITE)
    return ChaCha20Poly1305(key), _expand(drawn, b"base_nonce", context, 12, _SUITE)


def _extract(salt: bytes, label: bytes, material: bytes, suite: bytes) -> bytes:
    return hmac.digest(salt or bytes(32), b"HPKE-v1" + suite + label + material, hashlib.sha256)


def _expand(key: bytes, label: bytes, info: bytes, length: int, suite: bytes) -> bytes:
    labelled = length.to_bytes(2) + b"HPKE-v1" + suite + label + info
    return hmac.digest(key, labelled + b"\1", hashlib.sha256)[:length]
