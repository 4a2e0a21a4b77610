"""The key of whoever makes releases: Ed25519, kept in PEM files as OpenSSL has them.

The private key signs manifests on the maker's computer. The public one lies on every
device, where `cryptography` (here) or the system's `openssl` (on a blank card) checks with it.
"""

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from protocol.errors import BadSignature, Malformed
from protocol.releases import Check


def generate() -> tuple[bytes, bytes]:
    """Return a new key: the private half (PKCS #8, unencrypted) and the public one, as PEM."""
    private = Ed25519PrivateKey.generate()
    encoded = private.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
    return encoded, _public_pem(private.public_key())


def public_of(private_pem: bytes) -> bytes:
    """Return the public half of a private key, as PEM. Raises `Malformed`."""
    return _public_pem(_private(private_pem).public_key())


def sign(private_pem: bytes, message: bytes) -> bytes:
    """Return the detached signature (64 bytes). Raises `Malformed` if this is no such key."""
    return _private(private_pem).sign(message)


def check_with(public_pem: bytes) -> Check:
    """Return what checks a signature with this public key. Raises `Malformed`."""
    try:
        key = serialization.load_pem_public_key(public_pem)
    except ValueError as error:
        raise Malformed(f"no public key in PEM: {error}") from error
    if not isinstance(key, Ed25519PublicKey):
        raise Malformed("a public key of another kind; Ed25519 is needed")

    def check(signature: bytes, message: bytes) -> None:
        try:
            key.verify(signature, message)
        except InvalidSignature as error:
            raise BadSignature("not signed by the maker whose key this is") from error

    return check


def _private(pem: bytes) -> Ed25519PrivateKey:
    try:
        key = serialization.load_pem_private_key(pem, password=None)
    except (ValueError, TypeError) as error:
        # The library's own words could tell of the key.
        raise Malformed("no private key in PEM, or one with a password") from error
    if not isinstance(key, Ed25519PrivateKey):
        raise Malformed("a private key of another kind; Ed25519 is needed")
    return key


def _public_pem(key: Ed25519PublicKey) -> bytes:
    return key.public_bytes(
        serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
    )
