"""Reads a card back: from a folder, a zip file or a boot partition, and believes none of it.

Two uses: `provision cards --check` says whether a card is whole and whose it is, and
``--from`` writes a prepared one onto a boot partition, where there is no central to ask.
"""

import tomllib
import zipfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final, NamedTuple

from device.core.errors import BadConfiguration
from device.store.profile import check
from protocol.errors import ProtocolError
from protocol.release_key import check_with
from protocol.releases import MAX_TREE_BYTES, open_release, read_tree
from provisioning import boot_files, cloud_init
from provisioning.card import (
    CARD,
    FOLDER,
    NEXT,
    PROFILE,
    RELEASE_KEY,
    TOKEN,
    Card,
    CardNote,
    fingerprint_of,
    read_note,
    token_hash,
)
from provisioning.card_folder import CardFolder
from provisioning.card_zip import opened, small
from provisioning.content import Content
from provisioning.errors import BadCard

_MAX_BYTES: Final = MAX_TREE_BYTES + (1 << 20)


class Read(NamedTuple):
    """A card as it lies somewhere."""

    note: CardNote
    card: Card | None
    """The whole card; None if something of it is missing or not what it should be."""
    faults: tuple[str, ...]
    token: str
    """A secret; empty if there is none."""

    def __repr__(self) -> str:
        """Return it without the token."""
        return f"Read({self.note.name}, {len(self.faults)} faults)"


@contextmanager
def reading(path: Path) -> Iterator[Read]:
    """Read the card at ``path``; its contents can be opened until the end of the block.

    Raises `BadCard` if there is none, or none that says whose it is.
    """
    if path.is_dir():
        folder = CardFolder(path)
        yield _read(path, folder.read, lambda name: _content_in(path, name))
        return
    if not path.exists():
        raise BadCard(f"{path}: there is no such folder or zip file")
    with opened(path) as archive:
        yield _read(
            path,
            lambda name: small(archive, name),
            lambda name: _member(archive, name),
        )


def _read(
    path: Path,
    read: Callable[[str], bytes | None],
    content_of: Callable[[str], Content | None],
) -> Read:
    encoded = read(CARD)
    if encoded is None:
        raise BadCard(
            f"{path}: the writing of this card was cut off; write it again"
            if read(NEXT) is not None
            else f"{path} holds no card ({CARD} is missing)"
        )
    note = read_note(encoded)
    faults = ["the writing of a newer card was cut off"] if read(NEXT) is not None else []
    files: dict[str, Content] = {}
    for name, expected in note.files.items():
        content = content_of(f"{FOLDER}/{name}")
        if content is None:
            faults.append(f"{name} is missing")
        elif content.sha256 != expected:
            faults.append(f"{name} is not what was written")
        else:
            files[f"{FOLDER}/{name}"] = content
    if fingerprint_of(note) != note.fingerprint:
        faults.append("the fingerprint is another card's")
    seeds = {name: content_of(name) for name in cloud_init.SEED}
    script = content_of(boot_files.FIRST_RUN)
    if None in seeds.values() and script is None:
        faults.append("nothing would start first boot (user-data or firstrun.sh)")
    for name, content in {**seeds, boot_files.FIRST_RUN: script}.items():
        if content is not None:
            files[name] = content
    secret = (read(TOKEN) or b"").decode("ascii", "replace").strip()
    if secret and token_hash(secret) != note.token_sha256:
        faults.append("the token belongs to another card")
    faults += _faults_inside(note, read(f"{FOLDER}/{PROFILE}"), files)
    card = None if faults else Card(note, files, secret)
    return Read(note, card, tuple(faults), secret)


def _faults_inside(
    note: CardNote, profile: bytes | None, files: dict[str, Content]
) -> Iterator[str]:
    try:
        check(tomllib.loads((profile or b"").decode()), PROFILE)
    except (BadConfiguration, ValueError) as error:
        yield f"{PROFILE}: {error}"
    release, key = (files.get(f"{FOLDER}/{name}") for name in (note.release, RELEASE_KEY))
    if not note.release or release is None:
        return
    if key is None:
        yield f"{note.release} comes without the key that it must be signed with"
        return
    try:
        with key.open() as pem, release.open() as file:
            manifest, tree = open_release(file, check_with(pem.read()))
            read_tree(manifest, tree, lambda _piece: None)
    except (ProtocolError, OSError) as error:
        yield f"{note.release}: {error}"


def _content_in(folder: Path, name: str) -> Content | None:
    file = folder / name
    if file.is_symlink() or not file.is_file() or file.stat().st_size > _MAX_BYTES:
        return None
    return Content.of_file(file)


def _member(archive: zipfile.ZipFile, name: str) -> Content | None:
    try:
        entry = archive.getinfo(name)
    except KeyError:
        return None
    return None if entry.file_size > _MAX_BYTES else Content.of_member(archive, name)
