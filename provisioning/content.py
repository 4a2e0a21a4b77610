"""A file to be written: how large it is, what its hash is, and where its bytes come from."""

import hashlib
import io
from collections.abc import Callable
from pathlib import Path
from typing import IO, BinaryIO, NamedTuple, cast
from zipfile import ZipFile


class Content(NamedTuple):
    """A file's bytes, in memory or elsewhere: a release has tens of megabytes."""

    size: int
    sha256: str
    """In hex."""
    open: Callable[[], BinaryIO]

    @classmethod
    def of(cls, encoded: bytes) -> "Content":
        """Return these very bytes as content."""
        return cls(len(encoded), hashlib.sha256(encoded).hexdigest(), lambda: io.BytesIO(encoded))

    @classmethod
    def of_file(cls, file: Path) -> "Content":
        """Return a file as content; it is read once now. Raises `OSError`."""
        with file.open("rb") as stream:
            size, digest = hashed(stream)
        return cls(size, digest, lambda: file.open("rb"))

    @classmethod
    def of_member(cls, archive: ZipFile, name: str) -> "Content":
        """Return a member of an open archive as content. Raises `zipfile.BadZipFile`."""
        with archive.open(name) as stream:
            size, digest = hashed(stream)
        return cls(size, digest, lambda: cast("BinaryIO", archive.open(name)))


def hashed(stream: IO[bytes], advance: Callable[[int], object] | None = None) -> tuple[int, str]:
    """Return size and SHA-256 of what is left in ``stream``."""
    digest, size = hashlib.sha256(), 0
    while piece := stream.read(1 << 20):
        digest.update(piece)
        size += len(piece)
        if advance is not None:
            advance(len(piece))
    return size, digest.hexdigest()
