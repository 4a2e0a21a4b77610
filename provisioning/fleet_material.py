"""The files that a fleet file names: what goes onto every card must be what it is taken for.

A release that no device would install, or a private key copied onto three hundred cards,
has to be noticed at the desk.
"""

from datetime import datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from protocol.errors import BadSignature, Malformed, ProtocolError
from protocol.release_key import check_with
from protocol.releases import Check, Manifest, open_release, read_tree

MACHINES = ("aarch64", "x86_64")
"""A Raspberry Pi in 64 bits, or a small PC in its place."""
_PRIVATE = b"PRIVATE KEY-----"
_MAX_BYTES = 1024 * 1024
SOON = timedelta(days=365)
"""A certificate that ends within this is worth a warning: a device stays for years."""


class Unfit(ValueError):
    """The file is not what it is taken for; the message says why."""


def read_certificates(path: Path, now: datetime) -> str:
    """Check a certificate authority's PEM file; return a warning, or nothing.

    Raises `Unfit`.
    """
    content = _content(path)
    try:
        certificates = x509.load_pem_x509_certificates(content)
    except ValueError as error:
        raise Unfit("no certificates in PEM are in it") from error
    begins = min(certificate.not_valid_before_utc for certificate in certificates)
    ends = min(certificate.not_valid_after_utc for certificate in certificates)
    if ends <= now:
        raise Unfit(f"a certificate in it ended on {ends:%Y-%m-%d}")
    if begins > now:
        return f"its certificate begins on {begins:%Y-%m-%d} only; is this clock right?"
    return f"a certificate in it ends on {ends:%Y-%m-%d}" if ends - now < SOON else ""


def read_release_key(path: Path) -> Check:
    """Return what checks signatures with the public key in a PEM file. Raises `Unfit`."""
    try:
        return check_with(_content(path))
    except (Malformed, UnsupportedAlgorithm) as error:
        raise Unfit(str(error)) from error


def read_release(path: Path, check: Check) -> Manifest:
    """Return the manifest of a release, all of whose bytes have been checked. Raises `Unfit`."""
    try:
        with path.open("rb") as file:
            manifest, tree = open_release(file, check)
            read_tree(manifest, tree, lambda _piece: None)
    except BadSignature as error:
        raise Unfit(f"{error}; no device would install it") from error
    except ProtocolError as error:
        raise Unfit(str(error)) from error
    except OSError as error:
        raise Unfit(f"cannot be read: {error.strerror}") from error
    if not manifest.platform.endswith(MACHINES):
        raise Unfit(
            f"it is built for {manifest.platform}; devices are "
            + " or ".join(f"cp313-linux-{machine}" for machine in MACHINES)
        )
    return manifest


def check_ssh_key(line: str) -> None:
    """Check one line of ``authorized_keys``, without options before it. Raises `Unfit`."""
    if "PRIVATE KEY" in line:
        raise Unfit("this is a private key; give the line of its .pub file")
    if "\n" in line or not line.isprintable():
        raise Unfit("one line expected")
    try:
        key = serialization.load_ssh_public_key(line.encode())
    except (ValueError, UnsupportedAlgorithm) as error:
        raise Unfit(
            "a line as 'ssh-ed25519 AAAA... name' expected, without options before it"
        ) from error
    if isinstance(key, rsa.RSAPublicKey) and key.key_size < 2048:
        raise Unfit(f"an RSA key of {key.key_size} bits is too weak; 2048 or more")


def read_ssh_keys(path: Path) -> list[str]:
    """Return the lines of a ``.pub`` or ``authorized_keys`` file, checked. Raises `Unfit`."""
    try:
        lines = _content(path).decode().splitlines()
    except UnicodeDecodeError as error:
        raise Unfit("this is no text") from error
    keys = [line.strip() for line in lines if line.strip() and not line.startswith("#")]
    if not keys:
        raise Unfit("no key is in it")
    for key in keys:
        check_ssh_key(key)
    return keys


def _content(path: Path) -> bytes:
    try:
        with path.open("rb") as file:
            content = file.read(_MAX_BYTES + 1)
    except OSError as error:
        raise Unfit(f"cannot be read: {error.strerror}") from error
    if len(content) > _MAX_BYTES:
        raise Unfit("larger than 1 MiB: this is something else")
    if _PRIVATE in content:
        raise Unfit("a private key is in it, and it would be on every card; take the public part")
    return content
