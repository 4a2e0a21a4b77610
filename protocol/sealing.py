"""A telephone number under a seal that central alone can open.

The device seals a number as it is confirmed and holds no key to read it again: HPKE
(RFC 9180) in base mode, DHKEM(X25519, HKDF-SHA256) with HKDF-SHA256 and ChaCha20-Poly1305.
`Place` goes into HPKE's ``info``, so that a number moved to another visit or device cannot
be opened there. Every sealed text has one length, whatever it holds.
"""

from typing import Final, NamedTuple, Self
from uuid import UUID

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from cryptography.hazmat.primitives.hpke import AEAD, KDF, KEM, Suite

from protocol.errors import BadSeal, Malformed

TEXT_BYTES: Final = 32
"""Every text is filled up with NUL to this many bytes before it is sealed."""
SEALED_BYTES: Final = 1 + 32 + TEXT_BYTES + 16
"""The suite's number, the encapsulated key, the text and its tag."""

_INFO = b"haochaping/callback\0"
_SUITE_NUMBER = b"\1"
"""Stands before what `_SUITE` made; another suite will get another number."""
_SUITE = Suite(KEM.X25519, KDF.HKDF_SHA256, AEAD.CHACHA20_POLY1305)


class Place(NamedTuple):
    """Where a sealed text belongs: it opens nowhere else."""

    device: str
    visit: UUID

    @property
    def info(self) -> bytes:
        """What HPKE binds the text to: a fixed prefix, the device's name, NUL, the visit."""
        return _INFO + self.device.encode() + b"\0" + self.visit.bytes


class OpeningKey:
    """Central's X25519 private key: opens what was sealed for its public half."""

    def __init__(self, key: X25519PrivateKey) -> None:
        self._key = key
        self.public = key.public_key().public_bytes_raw()

    @classmethod
    def generate(cls) -> Self:
        """Make a new key from the system's randomness."""
        return cls(X25519PrivateKey.generate())

    @classmethod
    def from_secret(cls, secret: bytes) -> Self:
        """Return the key of 32 secret bytes; raises `Malformed` for any other length."""
        try:
            return cls(X25519PrivateKey.from_private_bytes(secret))
        except ValueError as error:
            raise Malformed("not an X25519 private key: 32 bytes expected") from error

    @property
    def secret(self) -> bytes:
        """The 32 secret bytes, for the key file and nothing else."""
        return self._key.private_bytes_raw()

    def open(self, sealed: bytes, place: Place) -> str:
        """Return the text in ``sealed``.

        Raises `Malformed` if it is no sealed text, `BadSeal` if it was sealed for another
        key or another place, or was altered.
        """
        if len(sealed) != SEALED_BYTES or sealed[:1] != _SUITE_NUMBER:
            raise Malformed(f"a sealed text has {SEALED_BYTES} bytes and begins with suite 1")
        try:
            filled = _SUITE.decrypt(sealed[1:], self._key, info=place.info)
        except (InvalidTag, ValueError) as error:
            raise BadSeal("sealed for another key or another visit, or altered") from error
        try:
            return filled.rstrip(b"\0").decode()
        except UnicodeDecodeError as error:
            raise Malformed("what was sealed is no text") from error


def seal(text: str, public: bytes, place: Place) -> bytes:
    """Return ``text`` sealed for the holder of the X25519 key ``public``, at ``place``.

    Raises `Malformed`, which never tells the text, if it is too long or the key is no key.
    """
    filled = text.encode().ljust(TEXT_BYTES, b"\0")
    if len(filled) != TEXT_BYTES or "\0" in text:
        raise Malformed(f"a text to be sealed has at most {TEXT_BYTES} bytes and no NUL")
    try:
        key = X25519PublicKey.from_public_bytes(public)
        return _SUITE_NUMBER + _SUITE.encrypt(filled, key, info=place.info)
    except ValueError as error:
        raise Malformed("not an X25519 public key that can be sealed for") from error
