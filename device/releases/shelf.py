"""The releases on a device: unpacked side by side, one of them in use.

A power cut at any point leaves a whole release in use: what is unpacked becomes a release
by one rename, after all of it is on disk, and a symlink's rename puts it into use. Used by
first boot, before anything of ours is installed, and by the updater: standard library only.
"""

import compileall
import os
import py_compile
import shutil
import stat
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import BinaryIO, Final

from device.core.errors import DeviceError
from device.releases.unpack import unpack
from device.store.deployed import Deployed
from device.store.disk import DiskTrouble, sync_disk, sync_folder
from protocol.errors import ProtocolError
from protocol.releases import (
    MANIFEST,
    Check,
    Manifest,
    decode,
    open_release,
    read_tree,
    this_platform,
)

PROGRAM: Final = "bin/haochaping"
"""What every release must hold; the units start it."""
SYSTEM_FILES: Final = "systemd"
"""Folder of a release with what belongs to the system (`device.releases.units`)."""

_UNFINISHED: Final = (".new-", ".old-", ".tree-", ".link-")


class ReleaseRefused(DeviceError, ValueError):
    """A release that is not taken; nothing has changed. The message says why."""


class NoRoomForRelease(DeviceError, OSError):
    """A release for which the disk has no room; nothing has changed."""


class NoSuchRelease(DeviceError, LookupError):
    """A release that is not on this device, or not whole."""


class Shelf:
    """The unpacked releases of one device."""

    def __init__(self, deployed: Deployed) -> None:
        self._places = deployed

    def install(
        self,
        file: Path,
        check: Check,
        *,
        platform: str = "",
        say: Callable[[str], object] = lambda _step: None,
    ) -> Manifest:
        """Unpack the release in ``file`` beside the others; it is not put into use.

        ``platform`` is the one it must be built for (default: this Python's). ``say`` is
        told each step. Doing it again changes nothing. Raises `ReleaseRefused`,
        `NoRoomForRelease` or `DiskTrouble`.
        """
        try:
            with open_plain(file) as opened:
                manifest, tree = self.examine(opened, check, platform=platform)
                if not self.holds(manifest.name):
                    self._unpack(manifest, tree, say)
                return manifest
        except ProtocolError as error:
            raise ReleaseRefused(f"{file.name}: {error}") from error
        except OSError as error:
            if isinstance(error, DeviceError):
                raise
            raise DiskTrouble(f"{file.name} could not be unpacked: {error}") from error

    def examine(
        self, opened: BinaryIO, check: Check, *, platform: str = ""
    ) -> tuple[Manifest, BinaryIO]:
        """Return the manifest and the tree of the release in ``opened``, if it is for here.

        Raises `ReleaseRefused`, or `ProtocolError` if it is not genuine.
        """
        manifest, tree = open_release(opened, check)
        wanted = platform or this_platform()
        if manifest.platform != wanted:
            raise ReleaseRefused(
                f"release {manifest.name} is built for {manifest.platform}; "
                f"this device needs {wanted}"
            )
        return manifest, tree

    def _unpack(self, manifest: Manifest, tree: BinaryIO, say: Callable[[str], object]) -> None:
        self.tidy()
        self._places.releases.mkdir(mode=0o755, parents=True, exist_ok=True)
        self._check_room(manifest)
        # Copied before it is read: the inbox is the agent's, which could change the file
        # between its check and its use.
        copy = self._places.releases / f".tree-{manifest.name}"
        fresh = self._places.releases / f".new-{manifest.name}"
        say("checking the release")
        with copy.open("xb") as held:
            read_tree(manifest, tree, held.write)
        say("unpacking the release")
        with copy.open("rb") as held:
            unpack(held, fresh, manifest.unpacked_bytes)
        copy.unlink()
        program = fresh / PROGRAM
        if not program.is_file() or not os.access(program, os.X_OK):
            raise ReleaseRefused(f"release {manifest.name} has no program {PROGRAM}")
        (fresh / MANIFEST).write_bytes(manifest.encoded())
        say("compiling the release")
        _compile(fresh / "lib", self.folder(manifest.name) / "lib")
        say("writing the release to disk")
        sync_disk(fresh)
        fresh.rename(self.folder(manifest.name))
        sync_folder(self._places.releases)

    def _check_room(self, manifest: Manifest) -> None:
        free = shutil.disk_usage(self._places.releases).free
        # The copy of the archive, the tree, and about as much again compiled.
        needed = 2 * manifest.unpacked_bytes + manifest.tree_bytes
        if free < needed:
            raise NoRoomForRelease(
                f"release {manifest.name} needs {_mb(needed)} MB of disk to be unpacked, "
                f"{_mb(free)} MB are free on {self._places.releases}"
            )

    # --- what there is ------------------------------------------------------------------------

    def folder(self, name: str) -> Path:
        """Return where the release of this name is, if it is on the device."""
        return self._places.releases / name

    def holds(self, name: str) -> bool:
        """True if the release is here and whole."""
        return _is_name(name) and (self.folder(name) / PROGRAM).is_file()

    def names(self) -> list[str]:
        """Return the names of the releases here."""
        if not self._places.releases.is_dir():
            return []
        return sorted(entry.name for entry in self._places.releases.iterdir() if _whole(entry))

    def manifest(self, name: str) -> Manifest:
        """Return what the maker said of a release here. Raises `NoSuchRelease`."""
        try:
            return decode((self.folder(name) / MANIFEST).read_bytes())
        except (OSError, ProtocolError) as error:
            raise NoSuchRelease(f"release {name} is not on this device: {error}") from error

    def current(self) -> str:
        """Return the name of the release in use; empty if there is none."""
        return self._named_by(self._places.current)

    def previous(self) -> str:
        """Return the name of the release that was in use before; empty if there is none."""
        return self._named_by(self._places.previous)

    def _named_by(self, link: Path) -> str:
        try:
            target = link.readlink()
        except OSError:
            return ""
        return target.name if self.holds(target.name) else ""

    # --- what is in use -----------------------------------------------------------------------

    def switch(self, name: str) -> None:
        """Put a release into use; the one in use becomes the previous one.

        Raises `NoSuchRelease` or `DiskTrouble`; the release in use stays then.
        """
        old = self.current()
        if old == name:
            return
        self.point(name, old or self.previous())

    def point(self, current: str, previous: str) -> None:
        """Have ``current`` in use, and ``previous`` (if not empty) as the one before.

        Raises `NoSuchRelease` or `DiskTrouble`.
        """
        for name in filter(None, (current, previous)):
            if not self.holds(name):
                raise NoSuchRelease(f"release {name} is not on this device")
        try:
            if previous:
                self._link(self._places.previous, previous)
            self._link(self._places.current, current)
            if not previous:
                self._places.previous.unlink(missing_ok=True)
            sync_folder(self._places.state)
        except OSError as error:
            raise DiskTrouble(f"release {current} could not be put into use: {error}") from error

    def _link(self, link: Path, name: str) -> None:
        fresh = self._places.state / f".link-{link.name}"
        fresh.unlink(missing_ok=True)
        fresh.symlink_to(Path(self._places.releases.name) / name)
        fresh.replace(link)
        sync_folder(self._places.state)

    # --- tidying ------------------------------------------------------------------------------

    def remove_others(self, keep: Iterable[str] = ()) -> list[str]:
        """Remove every release but the current, the previous and those in ``keep``.

        Returns the names of those removed. Raises `DiskTrouble`.
        """
        kept = {self.current(), self.previous(), *keep}
        gone = [name for name in self.names() if name not in kept]
        try:
            for name in gone:
                # Half of a release must never pass for a whole one.
                self.folder(name).rename(self._places.releases / f".old-{name}")
            self.tidy()
        except OSError as error:
            raise DiskTrouble(f"an old release could not be removed: {error}") from error
        return gone

    def tidy(self) -> None:
        """Remove what a power cut left half done. Raises `DiskTrouble`."""
        try:
            for folder in (self._places.releases, self._places.state):
                unfinished = [
                    left
                    for left in (folder.iterdir() if folder.is_dir() else ())
                    if left.name.startswith(_UNFINISHED)
                ]
                for left in unfinished:
                    _remove(left)
                if unfinished:
                    sync_folder(folder)
        except OSError as error:
            raise DiskTrouble(f"what an update left could not be removed: {error}") from error


def open_plain(file: Path) -> BinaryIO:
    """Open a file that others can write beside us: no link, no pipe that makes us wait.

    Raises `ReleaseRefused` or `OSError`.
    """
    flags = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
    try:
        descriptor = os.open(file, flags)
    except OSError as error:
        raise ReleaseRefused(f"{file}: {error.strerror}") from error
    if not stat.S_ISREG(os.fstat(descriptor).st_mode):
        os.close(descriptor)
        raise ReleaseRefused(f"{file.name} is not a plain file")
    return open(descriptor, "rb")  # noqa: PTH123 - a descriptor; the caller closes it


def _whole(entry: Path) -> bool:
    return _is_name(entry.name) and (entry / PROGRAM).is_file()


def _is_name(name: str) -> bool:
    return bool(name) and not name.startswith(".") and "/" not in name


def _remove(left: Path) -> None:
    if left.is_dir() and not left.is_symlink():
        shutil.rmtree(left)
    else:
        left.unlink()


def _compile(library: Path, later: Path) -> None:
    """Compile every module once: nobody may write beside the sources later.

    Without a look at the sources at each start, since only a release as a whole is replaced.
    A module that this Python cannot compile is of no use to it and left alone.
    """
    compileall.compile_dir(
        library,
        maxlevels=50,
        ddir=str(later),
        quiet=2,
        invalidation_mode=py_compile.PycInvalidationMode.UNCHECKED_HASH,
    )


def _mb(count: int) -> int:
    return -(-count // 1_000_000)
