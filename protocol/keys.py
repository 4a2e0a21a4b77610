"""Signing keys, and the registry through which an algorithm is found by its COSE number.

Today the registry holds Ed25519 under EdDSA (-8, RFC 9053). SM2 with SM3 joins by one
more entry, once COSE has given it a number; nothing else names an algorithm.
"""

import hashlib
from typing import Protocol, Self

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from protocol.errors import BadSignature, Malformed, UnknownAlgorithm

EDDSA = -8
"""COSE algorithm number of EdDSA (RFC 9053, section 2.2)."""


class VerifyKey(Protocol):
    """The public half of a key: tells whether a signature is genuine."""

    @property
    def algorithm(self) -> int:
        """The COSE algorithm number."""

    @property
    def raw(self) -> bytes:
        """The public key's own bytes."""

    def verify(self, signature: bytes, message: bytes) -> None:
        """Return if genuine, else raise `BadSignature`."""


class Ed25519Verify:
    """An Ed25519 public key (RFC 8032)."""

    algorithm = EDDSA

    def __init__(self, raw: bytes) -> None:
        try:
            self._key = Ed25519PublicKey.from_public_bytes(raw)
        except ValueError as error:
            raise Malformed("not an Ed25519 public key: 32 bytes expected") from error
        self.raw = raw

    def verify(self, signature: bytes, message: bytes) -> None:
        """Return if ``signature`` is genuine, else raise `BadSignature`."""
        try:
            self._key.verify(signature, message)
        except InvalidSignature as error:
            raise BadSignature("the signature does not fit the bytes and the key") from error


class SigningKey:
    """An Ed25519 private key: one side's power to assert something."""

    algorithm = EDDSA

    def __init__(self, key: Ed25519PrivateKey) -> None:
        self._key = key
        self.public = Ed25519Verify(key.public_key().public_bytes_raw())

    @classmethod
    def generate(cls) -> Self:
        """Make a new key from the system's randomness."""
        return cls(Ed25519PrivateKey.generate())

    @classmethod
    def from_seed(cls, seed: bytes) -> Self:
        """Return the key of a 32-byte ``seed``; raises `Malformed` for any other length."""
        try:
            return cls(Ed25519PrivateKey.from_private_bytes(seed))
        except ValueError as error:
            raise Malformed("not an Ed25519 seed: 32 bytes expected") from error

    @property
    def seed(self) -> bytes:
        """The 32 secret bytes, for the key file and for keys derived from it."""
        return self._key.private_bytes_raw()

    @property
    def private(self) -> Ed25519PrivateKey:
        """The key as `cryptography` knows it, for libraries that sign by themselves."""
        return self._key

    def sign(self, message: bytes) -> bytes:
        """Return the 64-byte signature over ``message``."""
        return self._key.sign(message)


_REGISTRY: dict[int, type[Ed25519Verify]] = {EDDSA: Ed25519Verify}


def verify_key(algorithm: int, raw: bytes) -> VerifyKey:
    """Return the public key ``raw`` of the given COSE algorithm.

    Raises `UnknownAlgorithm` or `Malformed`.
    """
    known = _REGISTRY.get(algorithm)
    if known is None:
        raise UnknownAlgorithm(f"signature algorithm {algorithm} is not known here")
    return known(raw)


def key_id(raw: bytes) -> str:
    """Return a key's short name: the first 16 hex digits of the SHA-256 of its public half."""
    return hashlib.sha256(raw).hexdigest()[:16]
