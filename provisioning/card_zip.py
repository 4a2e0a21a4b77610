"""A device's card in one zip file, for whoever writes it elsewhere."""

import os
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from device.store.disk import sync_folder
from provisioning.boot_partition import check_room
from provisioning.card import CARD, TOKEN, Card
from provisioning.card_folder import PART, Written
from provisioning.content import Content, hashed
from provisioning.errors import BadCard, WriteNotKept
from provisioning.previous import Previous, read_previous
from provisioning.progress import Progress

_MAX_READ: Final = 4 << 20
_MAX_MEMBERS: Final = 1000


class CardZip:
    """A zip file that holds one device's card, without compression and without times."""

    def __init__(self, file: Path) -> None:
        self.root = file

    def previous(self) -> Previous | None:
        """Return the card that is in the file; None if there is no file. Raises `BadCard`."""
        if not self.root.exists():
            return None
        with opened(self.root) as archive:
            return read_previous(small(archive, CARD), None, small(archive, TOKEN))

    def write(self, card: Card, progress: Progress) -> Written:
        """Write the file anew if it holds anything else, and read it back.

        Raises `NoRoom`, `BadCard`, `WriteNotKept` or `OSError`; the old file stays until the
        new one is whole.
        """
        members = dict(card.files)
        if card.token:
            members[TOKEN] = Content.of(f"{card.token}\n".encode())
        members[CARD] = Content.of(card.encoded_note)
        if self.root.exists() and _holds(self.root, members):
            return Written(0, len(members))
        self.root.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        size = sum(content.size for content in members.values())
        check_room(self.root.parent, size)
        part = self.root.with_name(self.root.name + PART)
        part.unlink(missing_ok=True)
        progress.begin(card.note.name, 2 * size)
        try:
            handle = os.open(part, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
            with os.fdopen(handle, "w+b") as stream:
                with zipfile.ZipFile(stream, "w") as archive:
                    for name, content in sorted(members.items()):
                        _add(archive, name, content, progress)
                stream.flush()
                os.fsync(stream.fileno())
                if hasattr(os, "posix_fadvise"):
                    os.posix_fadvise(stream.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)
            if not _holds(part, members, progress):
                raise WriteNotKept(f"{part} reads back as something else than was written")
            part.replace(self.root)
            sync_folder(self.root.parent)
        finally:
            progress.end()
            part.unlink(missing_ok=True)
        return Written(len(members), 0)


@contextmanager
def opened(file: Path) -> Iterator[zipfile.ZipFile]:
    """Open a zip file for reading. Raises `BadCard` for whatever is wrong with it."""
    try:
        with zipfile.ZipFile(file) as archive:
            if len(archive.namelist()) > _MAX_MEMBERS:
                raise BadCard(f"{file} holds more files than a card does")
            yield archive
    except (zipfile.BadZipFile, EOFError, NotImplementedError) as error:
        raise BadCard(f"{file} is no zip file, or a damaged one: {error}") from error


def small(archive: zipfile.ZipFile, name: str) -> bytes | None:
    """Return a small member's bytes; None if there is none. Raises `BadCard`."""
    try:
        entry = archive.getinfo(name)
    except KeyError:
        return None
    if entry.file_size > _MAX_READ:
        raise BadCard(f"{archive.filename}: {name} is larger than it can be")
    return archive.read(entry)


def _holds(file: Path, members: dict[str, Content], progress: Progress | None = None) -> bool:
    try:
        with opened(file) as archive:
            if sorted(archive.namelist()) != sorted(members):
                return False
            for name, content in members.items():
                with archive.open(name) as stream:
                    found = hashed(stream, progress.advance if progress else None)
                if found != (content.size, content.sha256):
                    return False
    except BadCard:
        return False
    return True


def _add(archive: zipfile.ZipFile, name: str, content: Content, progress: Progress) -> None:
    entry = zipfile.ZipInfo(name, (1980, 1, 1, 0, 0, 0))
    entry.create_system = 3
    entry.external_attr = 0o600 << 16
    entry.file_size = content.size
    with content.open() as source, archive.open(entry, "w") as member:
        while piece := source.read(1 << 20):
            member.write(piece)
            progress.advance(len(piece))
