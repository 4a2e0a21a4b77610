"""Unpacks the tree of a release, and nothing but files and folders inside one folder.

Own rules and not those of `tarfile.data_filter`, which the oldest Python in the field
(3.11.2) does not have: plain files and folders only, each name once, no more bytes than
the manifest states, owner and rights ours. The one exception is links below ``systemd/``,
by which units are enabled (``x.wants/y -> ../y``) and masked (``-> /dev/null``).
"""

import os
import tarfile
from pathlib import Path, PurePosixPath
from typing import BinaryIO, Final

from protocol.errors import Malformed

MAX_MEMBERS: Final = 50_000
_LINKS_BELOW: Final = "systemd"
_MASK: Final = "/dev/null"
_PIECE: Final = 1 << 20


def unpack(archive: BinaryIO, into: Path, max_bytes: int) -> int:
    """Unpack a gzip'd tar into the new folder ``into``; returns the bytes of its files.

    Raises `Malformed` if anything in it is not as it must be, or `OSError`.
    """
    into.mkdir(mode=0o755)
    into.chmod(0o755)
    seen: set[PurePosixPath] = set()
    links: set[PurePosixPath] = set()
    total = 0
    try:
        with tarfile.open(fileobj=archive, mode="r|gz") as members:
            for member in members:
                name = safe_name(member.name)
                if name in seen or len(seen) >= MAX_MEMBERS:
                    raise Malformed(f"{member.name!r}: there twice, or too many files")
                if links.intersection(name.parents):
                    raise Malformed(f"{member.name!r} lies behind a link")
                seen.add(name)
                target = into / name
                _make_folders(into, name)
                if member.isdir():
                    target.mkdir(mode=0o755, exist_ok=True)
                elif member.issym():
                    check_link(name, member.linkname)
                    target.symlink_to(member.linkname)
                    links.add(name)
                elif member.isreg():
                    total += member.size
                    if total > max_bytes:
                        raise Malformed(f"more than the {max_bytes} bytes that the manifest states")
                    _write(members, member, target)
                else:
                    raise Malformed(f"{member.name!r} is neither a file nor a folder")
    except (tarfile.TarError, EOFError, ValueError, FileExistsError, NotADirectoryError) as error:
        if isinstance(error, Malformed):
            raise
        raise Malformed(f"the tree is damaged: {error}") from error
    except OSError as error:
        # The gzip module says so of a damaged stream, without an error number.
        if error.errno is None:
            raise Malformed(f"the tree is damaged: {error}") from error
        raise
    return total


def safe_name(name: str) -> PurePosixPath:
    """Return a member's name if it stays inside. Raises `Malformed`."""
    path = PurePosixPath(name)
    if (
        not path.parts
        or path.is_absolute()
        or ".." in path.parts
        or not name.isprintable()
        or len(name.encode("utf-8", "surrogateescape")) > 1024
        or any(len(part.encode("utf-8", "surrogateescape")) > 255 for part in path.parts)
    ):
        raise Malformed(f"{name!r} is no name for a file of a release")
    return path


def check_link(name: PurePosixPath, target: str) -> None:
    """Raise `Malformed` unless the link masks a unit or points at another one beside it."""
    if name.parts[0] != _LINKS_BELOW or len(name.parts) < 2:
        raise Malformed(f"{str(name)!r} is a link; only {_LINKS_BELOW}/ may hold some")
    if target == _MASK:
        return
    inside = PurePosixPath(os.path.normpath(name.parent / target))
    if PurePosixPath(target).is_absolute() or inside.parts[:1] != (_LINKS_BELOW,):
        raise Malformed(f"{str(name)!r} is a link that leads out: {target!r}")


def _make_folders(into: Path, name: PurePosixPath) -> None:
    """Make what a name lies in, for archives that do not list their folders."""
    (into / name.parent).mkdir(mode=0o755, parents=True, exist_ok=True)


def _write(archive: tarfile.TarFile, member: tarfile.TarInfo, target: Path) -> None:
    source = archive.extractfile(member)
    if source is None:
        raise Malformed(f"{member.name!r} cannot be read")
    mode = 0o755 if member.mode & 0o100 else 0o644
    descriptor = os.open(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, mode)
    with open(descriptor, "wb") as file:  # noqa: PTH123 - a descriptor, not a path
        os.fchmod(descriptor, mode)
        left = member.size
        while left and (piece := source.read(min(left, _PIECE))):
            file.write(piece)
            left -= len(piece)
    if left:
        raise Malformed(f"{member.name!r} is cut off")
