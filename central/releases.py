"""Releases of the devices' software that central holds: checked before they are kept.

Central gives out what somebody else signed and cannot make a release itself; every device
checks the signature again. The files lie in the data directory, one each: they are streamed
from there, and a database is no place for tens of megabytes. Workers that share a database
therefore share the folder too (docs/central.md).
"""

import hashlib
import os
from collections.abc import Callable
from pathlib import Path
from typing import BinaryIO, NamedTuple

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import load_pem_public_key
from sqlalchemy import Connection, Row, delete, insert, select

from central import schema
from central.errors import CentralError, Unknown
from protocol.errors import BadSignature, ProtocolError
from protocol.releases import ENDING, MAX_TREE_BYTES, Check, Manifest, open_release, read_tree

_PIECE = 1 << 20
_MOST_BYTES = MAX_TREE_BYTES + (1 << 20)

Progress = Callable[[int, int], None]
"""Told how many bytes of how many are done."""


class NoRelease(CentralError, ValueError):
    """The file is no release that may be trusted; it says why."""


class Release(NamedTuple):
    """A release that central holds."""

    name: str
    version: str
    platform: str
    size: int
    sha256: str
    issued_ms: int
    added_ms: int
    added_by: str


class Kept(NamedTuple):
    """A release file that was checked and lies in the folder."""

    manifest: Manifest
    size: int
    sha256: str


def checking(key_file: Path) -> Check:
    """Return the check of signatures with the public key in ``key_file`` (PEM, Ed25519).

    Raises `CentralError`.
    """
    try:
        key = load_pem_public_key(key_file.read_bytes())
    except OSError as error:
        raise CentralError(f"{key_file}: cannot be read: {error.strerror or error}") from error
    except ValueError as error:
        raise CentralError(f"{key_file}: expected a public key in PEM") from error
    if not isinstance(key, Ed25519PublicKey):
        raise CentralError(f"{key_file}: expected an Ed25519 key; releases are signed with one")

    def check(signature: bytes, signed: bytes) -> None:
        try:
            key.verify(signature, signed)
        except InvalidSignature as error:
            raise BadSignature(f"it is not signed by the key of {key_file}") from error

    return check


def file_of(folder: Path, name: str) -> Path:
    """Return where the file of the release called ``name`` lies."""
    return folder / f"{name}{ENDING}"


def keep(source: Path, folder: Path, check: Check, progress: Progress | None = None) -> Kept:
    """Copy the release file ``source`` into ``folder``, durably, and return what it is.

    The copy is checked, its tree to the last byte, before it gets its name; a file that was
    left half-way has another and is overwritten. Raises `NoRelease` or ``OSError``.
    """
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    part = folder / f".{os.getpid()}.part"
    try:
        with source.open("rb") as read, part.open("w+b") as copy:
            size, sha256 = _copied(read, copy, progress)
            copy.seek(0)
            manifest, tree = open_release(copy, check)
            read_tree(manifest, tree, lambda _piece: None)
        part.replace(file_of(folder, manifest.name))
        _sync_folder(folder)
    except ProtocolError as error:
        raise NoRelease(f"{source}: {error}") from error
    finally:
        part.unlink(missing_ok=True)
    return Kept(manifest, size, sha256)


def note(connection: Connection, kept: Kept, added_by: str, now_ms: int) -> bool:
    """Keep in the database that the release is here; False if it was already.

    The same tree packed anew takes the place of the file that was there.
    """
    table, manifest = schema.release, kept.manifest
    known = connection.execute(
        delete(table).where(table.c.name == manifest.name).returning(table.c.sha256)
    ).scalar_one_or_none()
    connection.execute(
        insert(table).values(
            name=manifest.name,
            version=manifest.version,
            platform=manifest.platform,
            size=kept.size,
            sha256=kept.sha256,
            issued_ms=manifest.issued_ms,
            added_ms=now_ms,
            added_by=added_by,
        )
    )
    return known != kept.sha256


def every(connection: Connection) -> list[Release]:
    """Return the releases, the one that was added last first."""
    table = schema.release
    query = select(table).order_by(table.c.added_ms.desc(), table.c.name)
    return [_release(row) for row in connection.execute(query)]


def find(connection: Connection, name: str) -> Release | None:
    """Return the release called ``name``."""
    table = schema.release
    row = connection.execute(select(table).where(table.c.name == name)).one_or_none()
    return None if row is None else _release(row)


def named(connection: Connection, name: str) -> Release:
    """Return the release called ``name``. Raises `Unknown`."""
    found = find(connection, name)
    if found is None:
        known = ", ".join(one.name for one in every(connection)[:10])
        raise Unknown(
            f"there is no release {name!r}; known: {known or 'none yet'} "
            "(`haochaping central releases add FILE` brings one in)"
        )
    return found


def remove(connection: Connection, name: str) -> None:
    """Forget the release; its file is the caller's to remove afterwards.

    Raises `Unknown`, and `CentralError` while somebody should run it.
    """
    named(connection, name)
    orders = schema.release_order
    query = select(orders.c.id).where(orders.c.release == name, orders.c.ended_ms.is_(None))
    if connection.execute(query.limit(1)).one_or_none() is not None:
        raise CentralError(
            f"release {name} is given to devices; first: haochaping central releases withdraw "
            f"{name}"
        )
    connection.execute(delete(schema.release).where(schema.release.c.name == name))


def _copied(read: BinaryIO, copy: BinaryIO, progress: Progress | None) -> tuple[int, str]:
    total = os.fstat(read.fileno()).st_size
    if total > _MOST_BYTES:
        raise NoRelease(f"a release has at most {_MOST_BYTES >> 20} MiB, this file {total >> 20}")
    hashed, done = hashlib.sha256(), 0
    while piece := read.read(_PIECE):
        copy.write(piece)
        hashed.update(piece)
        done += len(piece)
        if progress is not None:
            progress(done, total)
    copy.flush()
    os.fsync(copy.fileno())
    return done, hashed.hexdigest()


def _sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _release(row: Row[tuple[object, ...]]) -> Release:
    return Release(**{name: getattr(row, name) for name in Release._fields})
