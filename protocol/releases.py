"""What a release of the device's software is, and when it may be trusted.

A release file is an uncompressed tar of exactly three members: ``manifest.json``, its
detached Ed25519 signature ``manifest.sig`` (64 bytes, RFC 8032) and ``tree.tar.gz``, whose
size and SHA-256 the manifest states. Kept to the standard library, because a blank card
reads one before anything else of ours is on it: whoever reads it brings the means of
checking a signature.
"""

import hashlib
import json
import re
import sys
import tarfile
from collections.abc import Callable
from dataclasses import asdict, dataclass, fields
from typing import BinaryIO, Final

from protocol.errors import BadSignature, Malformed

FORMAT: Final = 1
MANIFEST: Final = "manifest.json"
SIGNATURE: Final = "manifest.sig"
TREE: Final = "tree.tar.gz"
ENDING: Final = ".release"
MAX_MANIFEST_BYTES: Final = 64 * 1024
MAX_TREE_BYTES: Final = 512 * 1024 * 1024
"""The largest archive that is taken; ours has some tens of MB."""

_VERSION = re.compile(r"[0-9]+(\.[0-9]+){1,3}([a-z0-9.+-]{0,20})?\Z")
_PLATFORM = re.compile(r"cp3[0-9]{1,2}-linux-(aarch64|x86_64|armv7l)\Z")
_SHA256 = re.compile(r"[0-9a-f]{64}\Z")

Check = Callable[[bytes, bytes], None]
"""Takes a signature and what was signed; returns if genuine, else raises `BadSignature`."""


@dataclass(frozen=True)
class Manifest:
    """What the maker says of a release."""

    version: str
    """As in ``pyproject.toml``, e.g. ``0.2.0``."""
    platform: str
    """Python and machine it is built for, e.g. ``cp313-linux-aarch64``."""
    tree_sha256: str
    """Of ``tree.tar.gz``, in hex."""
    tree_bytes: int
    unpacked_bytes: int
    """What the tree takes on disk; more than twice that must be free before it is unpacked."""
    issued_ms: int
    """When it was made; a clock that says less is behind."""
    format: int = FORMAT

    @property
    def name(self) -> str:
        """What its folder on a device is called; two builds of one version differ."""
        return f"{self.version}-{self.tree_sha256[:8]}"

    def encoded(self) -> bytes:
        """Return the JSON that is signed."""
        return (json.dumps(asdict(self), indent=1, sort_keys=True) + "\n").encode()


def decode(encoded: bytes) -> Manifest:
    """Return the manifest in ``encoded``. Raises `Malformed`."""
    try:
        content = json.loads(encoded.decode("utf-8"))
        if not isinstance(content, dict):
            raise Malformed(f"{MANIFEST}: an object expected")
        if content.get("format") != FORMAT:
            raise Malformed(
                f"{MANIFEST}: format {content.get('format')!r} is not known here: only {FORMAT}"
            )
        manifest = Manifest(**content)
    except (UnicodeDecodeError, ValueError, TypeError, RecursionError) as error:
        if isinstance(error, Malformed):
            raise
        raise Malformed(f"{MANIFEST}: {error}") from error
    wrong = [
        field.name
        for field in fields(Manifest)
        if type(getattr(manifest, field.name)) is not field.type
    ]
    right = (
        not wrong
        and _VERSION.match(manifest.version)
        and _PLATFORM.match(manifest.platform)
        and _SHA256.match(manifest.tree_sha256)
        and 0 < manifest.tree_bytes <= MAX_TREE_BYTES
        and 0 < manifest.unpacked_bytes <= 4 * MAX_TREE_BYTES
        and manifest.issued_ms > 0
    )
    if not right:
        raise Malformed(f"{MANIFEST}: {', '.join(wrong) or 'a value'} is not as it should be")
    return manifest


def open_release(file: BinaryIO, check: Check) -> tuple[Manifest, BinaryIO]:
    """Return the manifest of the release in ``file``, and its tree to be read.

    The signature has been checked and the tree's size; its hash has not, see `read_tree`.
    Raises `Malformed` or `BadSignature`.
    """
    try:
        archive = tarfile.open(fileobj=file, mode="r:")  # noqa: SIM115 - its file is the caller's
        members = archive.getmembers()
        if [member.name for member in members] != [MANIFEST, SIGNATURE, TREE]:
            raise Malformed(f"a release holds {MANIFEST}, {SIGNATURE} and {TREE}, in this order")
        if not all(member.isreg() for member in members):
            raise Malformed("a release holds plain files only")
        if members[0].size > MAX_MANIFEST_BYTES or members[1].size != 64:
            raise Malformed("manifest or signature has a size that neither can have")
        manifest_file, signature_file, tree = (archive.extractfile(m) for m in members)
        if manifest_file is None or signature_file is None or tree is None:
            raise Malformed("a release holds plain files only")
        encoded, signature = manifest_file.read(), signature_file.read()
    except (tarfile.TarError, OSError, EOFError) as error:
        raise Malformed(f"this is no release file, or it is cut off: {error}") from error
    check(signature, encoded)
    manifest = decode(encoded)
    if members[2].size != manifest.tree_bytes:
        raise Malformed("the tree has not the size that the manifest states: cut off?")
    return manifest, tree  # type: ignore[return-value]  # typeshed says IO[bytes]


def read_tree(manifest: Manifest, tree: BinaryIO, take: Callable[[bytes], object]) -> None:
    """Hand the tree's bytes to ``take`` piece by piece, and check them against the manifest.

    Raises `BadSignature` after the last piece if they are not what was signed: whatever was
    made of them must be thrown away then.
    """
    hashed = hashlib.sha256()
    left = manifest.tree_bytes
    while left and (piece := tree.read(min(left, 1 << 20))):
        hashed.update(piece)
        take(piece)
        left -= len(piece)
    if left or hashed.hexdigest() != manifest.tree_sha256:
        raise BadSignature("the tree is not the one that the manifest was signed for")


def file_name(manifest: Manifest) -> str:
    """Return what the release file is called."""
    return f"haochaping-{manifest.version}-{manifest.platform}{ENDING}"


def this_platform() -> str:
    """Return the platform of this very Python, as a manifest has it."""
    import platform

    return f"cp{sys.version_info[0]}{sys.version_info[1]}-linux-{platform.machine()}"
