"""Writes a card's files so that a pulled plug leaves the old file or the new one, and reads
every one back.

Reading back straight after writing would ask the page cache, which always agrees. The file
is flushed first and its pages are dropped (``POSIX_FADV_DONTNEED``), so what is compared
came from the card's own electronics: that shows a card that lies about its size, a worn
one, a bad reader. It cannot show a card that forgets later.
"""

import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO, Final, NamedTuple

from device.store.disk import sync_folder
from provisioning import boot_files, cloud_init, debs
from provisioning.boot_partition import CMDLINE, CONFIG, BootPartition, check_room
from provisioning.card import CARD, FOLDER, NEXT, TOKEN, Card, plan
from provisioning.content import Content, hashed
from provisioning.errors import BadCard, NotABootPartition, WriteNotKept
from provisioning.previous import Previous, read_previous
from provisioning.progress import Progress

STATE: Final = f"{FOLDER}/STATE.txt"
PART: Final = ".part"
_MAX_READ: Final = 4 << 20


class Written(NamedTuple):
    """What was done at a place."""

    written: int
    """Files."""
    unchanged: int


class CardFolder:
    """A folder that holds one device's card: a boot partition, or one that is prepared."""

    def __init__(
        self, root: Path, boot: BootPartition | None = None, *, cloud_init: bool | None = None
    ) -> None:
        """Stand for ``root``; ``cloud_init`` overrides what the boot partition looks like."""
        self.root = root
        self._boot = boot
        self._seeded = bool(boot and boot.has_cloud_init) if cloud_init is None else cloud_init

    def read(self, path: str) -> bytes | None:
        """Return a small file's bytes; None if there is none."""
        try:
            with self._open(path) as stream:
                content = stream.read(_MAX_READ + 1)
        except FileNotFoundError:
            return None
        if len(content) > _MAX_READ:
            raise BadCard(f"{self.root / path} is larger than it can be")
        return content

    def previous(self) -> Previous | None:
        """Return the card that is here; None if there is none. Raises `BadCard`."""
        return read_previous(self.read(CARD), self.read(NEXT), self.read(TOKEN))

    def write(self, card: Card, progress: Progress) -> Written:
        """Write what is not there already; ``card.json`` last.

        Raises `NoRoom`, `BadCard`, `WriteNotKept` or `OSError`; writing again goes on.
        """
        self._make_folders(card)
        changes = {**self._files(card), **self._boot_changes(card)}
        todo = {path: content for path, content in changes.items() if not self._has(path, content)}
        note = Content.of(card.encoded_note)
        whole = self._has(CARD, note) and not (self.root / NEXT).exists()
        if not todo and whole and not self._stale(card):
            return Written(0, len(changes) + 1)
        unchanged = len(changes) - len(todo)
        progress.begin(card.note.name, 2 * sum(content.size for content in todo.values()))
        try:
            self._put(NEXT, note, progress)
            if TOKEN in todo:  # before anything can go wrong: it is what cannot be worked out anew
                self._put(TOKEN, todo.pop(TOKEN), progress)
            for path in self._stale(card):
                (self.root / path).unlink(missing_ok=True)
            check_room(self.root, sum(content.size for content in todo.values()))
            for path, content in todo.items():
                self._put(path, content, progress)
            (self.root / STATE).unlink(missing_ok=True)  # it tells of the card before
            (self.root / NEXT).replace(self.root / CARD)
            sync_folder(self.root / FOLDER)
            if not self._has(CARD, note):
                raise WriteNotKept(f"{self.root / CARD} reads back as something else")
        finally:
            progress.end()
        return Written(len(changes) - unchanged + 1, unchanged)

    def _files(self, card: Card) -> dict[str, Content]:
        """Return what is to be here, as this place needs it."""
        files = {TOKEN: Content.of(f"{card.token}\n".encode())} if card.token else {}
        for path, content in card.files.items():
            unused = boot_files.FIRST_RUN if self._seeded else cloud_init.SEED
            if self._boot is None or path not in unused:
                files[path] = content
        return files

    def _boot_changes(self, card: Card) -> dict[str, Content]:
        if self._boot is None:
            return {}
        instance = ""
        if self._seeded:
            with card.files["user-data"].open() as stream:
                instance = cloud_init.instance_id(
                    card.note.name, card.note.fingerprint, stream.read().decode()
                )
        config = boot_files.config_txt(self._text(CONFIG), card.note.boot_lines)
        cmdline = boot_files.cmdline_txt(self._text(CMDLINE), plan(card.note, instance))
        return {
            CONFIG: Content.of(config.encode(errors="surrogateescape")),
            CMDLINE: Content.of(cmdline.encode(errors="surrogateescape")),
        }

    def _text(self, path: str) -> str:
        # Whatever bytes are there stay as they are.
        return (self.read(path) or b"").decode(errors="surrogateescape")

    def _stale(self, card: Card) -> list[str]:
        """Return files of a card before that this one has not: a release of 40 MB, or a token."""
        known = {*card.files, CARD, NEXT, STATE}
        if card.token:
            known.add(TOKEN)
        left = []
        folder = self.root / FOLDER
        entries = [*folder.iterdir(), *(folder / debs.FOLDER).glob("*")]
        for entry in sorted(entries):
            path = entry.relative_to(self.root).as_posix()
            ours = entry.name.endswith((".release", PART, ".pem", ".nmconnection", ".deb"))
            if path not in known and (ours or path == TOKEN) and entry.is_file():
                left.append(path)
        return left

    def _make_folders(self, card: Card) -> None:
        if self._boot is None:
            self.root.mkdir(mode=0o700, parents=True, exist_ok=True)
        folders = [self.root, self.root / FOLDER]
        if any(name.startswith(f"{debs.FOLDER}/") for name in card.note.files):
            folders.append(self.root / FOLDER / debs.FOLDER)
        for folder in folders[1:]:
            folder.mkdir(mode=0o700, exist_ok=True)
        for folder in folders:
            if not stat.S_ISDIR(folder.lstat().st_mode):
                raise BadCard(f"{folder} is no folder")

    def _has(self, path: str, content: Content) -> bool:
        with suppress(FileNotFoundError):
            if (self.root / path).lstat().st_size == content.size:
                with self._open(path) as stream:
                    return hashed(stream) == (content.size, content.sha256)
        return False

    @contextmanager
    def _open(self, path: str) -> Iterator[IO[bytes]]:
        handle = os.open(self.root / path, os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC)
        with os.fdopen(handle, "rb") as stream:
            yield stream

    def _put(self, path: str, content: Content, progress: Progress) -> None:
        """Give ``path`` this content in one step, if the place keeps it."""
        final = self.root / path
        part = final.with_name(final.name + PART)
        part.unlink(missing_ok=True)
        handle = os.open(part, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
        try:
            with os.fdopen(handle, "w+b") as stream, content.open() as source:
                while piece := source.read(1 << 20):
                    stream.write(piece)
                    progress.advance(len(piece))
                stream.flush()
                os.fsync(stream.fileno())
                if hasattr(os, "posix_fadvise"):
                    os.posix_fadvise(stream.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)
                stream.seek(0)
                if hashed(stream, progress.advance) != (content.size, content.sha256):
                    raise WriteNotKept(
                        f"{final} reads back as something else than was written: the card or its "
                        "reader is bad, or the file changed meanwhile. Take another card"
                    )
            part.replace(final)
        except BaseException:
            part.unlink(missing_ok=True)
            raise
        sync_folder(final.parent)


def refuse_other_folder(folder: Path, *, of_a_card: bool) -> None:
    """Raise `NotABootPartition` for a folder that is none to prepare cards in.

    ``of_a_card``: it is to be one device's, and so must be empty or hold a card.
    """
    if not folder.exists():
        return
    if not folder.is_dir() or folder.is_symlink():
        raise NotABootPartition(f"{folder} is there already, and is no folder")
    names = {entry.name for entry in folder.iterdir()}
    if {CONFIG, CMDLINE} <= names:
        raise NotABootPartition(f"{folder} looks like a boot partition: give it with --boot")
    if of_a_card and names and FOLDER not in names:
        raise NotABootPartition(f"{folder} holds other files; choose an empty folder")
