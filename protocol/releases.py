"""What a release of the device's software is, and when it may be trusted.

A release file is an uncompressed tar of exactly three members: ``manifest.json``, its
detached Ed25519 signature ``manifest.sig`` (64 bytes, RFC 8032) and ``tree.tar.gz``, whose
size and SHA-256 the manifest states. Kept to the standard library, because a blank card
reads one before anything else of ours is on it: whoever reads it brings the means of
checking a signature.
"""

import hashlib
import io
import json
import re
import sys
import tarfile
from collections.abc import Callable
from dataclasses import asdict, dataclass, fields
from typing import Any, BinaryIO, Final

from protocol.errors import BadSignature, Malformed

FORMAT: Final = 1
MANIFEST: Final = "manifest.json"
SIGNATURE: Final = "manifest.sig"
TREE: Final = "tree.tar.gz"
ENDING: Final = ".release"
MAX_MANIFEST_BYTES: Final = 64 * 1024
MAX_TREE_BYTES: Final = 512 * 1024 * 1024
"""The largest archive that is taken; ours has some tens of MB."""

_SIGNATURE_BYTES: Final = 64
_LAYOUT: Final = f"a release holds {MANIFEST}, {SIGNATURE} and {TREE}, in this order"

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
        encoded, at = _member(file, 0, MANIFEST, MAX_MANIFEST_BYTES)
        signature, at = _member(file, at, SIGNATURE, _SIGNATURE_BYTES)
        tree, at = _member(file, at, TREE, MAX_TREE_BYTES)
        file.seek(at)
        if file.read(tarfile.BLOCKSIZE) != bytes(tarfile.BLOCKSIZE):
            raise Malformed(_LAYOUT)
        given, stated = signature.read(), encoded.read()
    except (tarfile.TarError, OSError, EOFError) as error:
        raise Malformed(f"this is no release file, or it is cut off: {error}") from error
    if len(given) != _SIGNATURE_BYTES:
        raise Malformed("the signature has a size that none can have")
    check(given, stated)
    manifest = decode(stated)
    if tree.size != manifest.tree_bytes:
        raise Malformed("the tree has not the size that the manifest states: cut off?")
    return manifest, io.BufferedReader(tree)


class _Member(io.RawIOBase):
    """One member's bytes, where they lie in the file."""

    def __init__(self, file: BinaryIO, start: int, size: int) -> None:
        self._file = file
        self._start = start
        self._at = 0
        self.size = size

    def readable(self) -> bool:
        """It can be read, forwards."""
        return True

    def readinto(self, room: Any, /) -> int:
        """Read on, to the member's end at most."""
        place = memoryview(room).cast("B")
        self._file.seek(self._start + self._at)
        piece = self._file.read(min(len(place), self.size - self._at))
        place[: len(piece)] = piece
        self._at += len(piece)
        return len(piece)


def _member(file: BinaryIO, at: int, name: str, most: int) -> tuple[_Member, int]:
    """Return the member that must begin at ``at``, and where the next one does.

    By its one header alone and not through `tarfile.TarFile`, which follows extended headers
    of any length and number: this is read before anybody has vouched for it.
    """
    file.seek(at)
    head = tarfile.TarInfo.frombuf(file.read(tarfile.BLOCKSIZE), "utf-8", "surrogateescape")
    if head.name != name or head.type != tarfile.REGTYPE:
        raise Malformed(_LAYOUT)
    if not 0 < head.size <= most:
        raise Malformed(f"{name} has a size that it cannot have")
    start = at + tarfile.BLOCKSIZE
    return _Member(file, start, head.size), start + -(
        -head.size // tarfile.BLOCKSIZE
    ) * tarfile.BLOCKSIZE


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
