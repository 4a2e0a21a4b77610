"""The device under examination: where everything is, and how it is read without harm.

All paths start at ``deployed.root``, so that a test examines a folder that looks like a
device. Database files are never opened as plain files: closing one would drop SQLite's
locks on it in a process that has it open.
"""

import json
import os
import pwd
import re
import stat
from functools import cached_property
from pathlib import Path
from typing import Any, NamedTuple

from device.store.deployed import Deployed
from device.store.home import Home
from device.store.profile import Profile

OVERFLOW_UID = 65534
"""Whose every file seems to be that is not ours, inside a service with users of its own."""
_MOST = 1024 * 1024
"""No file that is read here is longer; what is, is cut."""


class Mount(NamedTuple):
    """One line of ``/proc/self/mountinfo``."""

    point: str
    kind: str
    source: str
    writable: bool
    """Of the file system itself: a service may see a writable one read-only."""
    options: frozenset[str]


class Patient:
    """One device; ``profile`` is None where its file has mistakes."""

    def __init__(
        self,
        deployed: Deployed,
        profile: Profile | None,
        home: Home,
        profile_file: Path | None = None,
    ) -> None:
        self.deployed = deployed
        self.profile = profile
        self.home = home
        read = profile.file if profile is not None else None
        self.profile_file = profile_file or read or deployed.profile

    @property
    def in_the_field(self) -> bool:
        """True if this machine was set up from a card, not by hand for a trial."""
        try:
            return (self.deployed.settings / "card.json").exists()
        except PermissionError:
            return True  # somebody set it up, and closed it to us

    def at(self, path: str) -> Path:
        """Return where ``path``, written without its first slash, is on this device."""
        return self.deployed.root / path

    def text(self, path: str | Path) -> str:
        """Return what is in a text file. Raises `OSError`."""
        file = self.at(path) if isinstance(path, str) else path
        with file.open("rb") as opened:
            return opened.read(_MOST).decode("utf-8", "replace").strip("\0\n ")

    def text_or(self, path: str | Path, otherwise: str = "") -> str:
        """Return what is in a text file, ``otherwise`` if it is not there.

        Raises `PermissionError`: what may not be read is not the same as nothing.
        """
        try:
            return self.text(path)
        except PermissionError:
            raise
        except OSError:
            return otherwise

    def number(self, path: str | Path) -> int | None:
        """Return the whole number in a file of the kernel's; None if there is none."""
        text = self.text_or(path)
        return int(text) if re.fullmatch(r"-?\d{1,18}", text) else None

    def entries(self, folder: Path) -> list[Path]:
        """Return what is in ``folder``, nothing if it is not there.

        Raises `PermissionError`, where a glob would find nothing and look like all is well.
        """
        try:
            return sorted(folder.iterdir())
        except (FileNotFoundError, NotADirectoryError):
            return []

    @cached_property
    def card(self) -> dict[str, Any]:
        """``card.json`` as first boot took it over; empty if there is none or it is broken."""
        try:
            found = json.loads(self.text_or(self.deployed.settings / "card.json", "{}"))
        except ValueError:
            return {}
        return found if isinstance(found, dict) else {}

    # --- file systems ----------------------------------------------------------------------

    @cached_property
    def mounts(self) -> tuple[Mount, ...]:
        """Everything that is mounted, as this process sees it."""
        found = []
        for line in self.text_or("proc/self/mountinfo").splitlines():
            front, dash, back = line.partition(" - ")
            fields, rest = front.split(" "), back.split(" ")
            if not dash or len(fields) < 6 or len(rest) < 3:
                continue
            found.append(
                Mount(
                    _plain(fields[4]),
                    rest[0],
                    _plain(rest[1]),
                    "ro" not in rest[2].split(","),
                    frozenset((*fields[5].split(","), *rest[2].split(","))),
                )
            )
        return tuple(found)

    def mount_of(self, path: Path) -> Mount | None:
        """Return what ``path`` lies on; None if that cannot be told."""
        where = self.seen_from_root(path)
        best: Mount | None = None
        for mount in self.mounts:
            inside = where == mount.point or where.startswith(mount.point.rstrip("/") + "/")
            if inside and (best is None or len(mount.point) >= len(best.point)):
                best = mount
        return best

    def seen_from_root(self, path: Path) -> str:
        """Return ``path`` as the device itself calls it."""
        real = os.path.realpath(path)
        root = os.path.realpath(self.deployed.root)
        if root != "/" and (real == root or real.startswith(root + "/")):
            return real[len(root) :] or "/"
        return real

    @property
    def sees_devices(self) -> bool:
        """False inside a service that has a ``/dev`` of its own (the agent)."""
        mount = self.mount_of(self.at("dev"))
        return mount is None or mount.point != "/dev" or mount.kind != "tmpfs"

    # --- accounts --------------------------------------------------------------------------

    def uid_of(self, name: str) -> int | None:
        """Return the number of an account of this device; None if there is no such one."""
        for fields in self._lines("etc/passwd"):
            if fields[0] == name and len(fields) > 3 and fields[2].isdigit():
                return int(fields[2])
        return None

    def groups_of(self, name: str, unit: str) -> frozenset[int]:
        """Return the groups of an account, with those that its service ``unit`` gives it."""
        numbers = {fields[3] for fields in self._lines("etc/passwd") if fields[0] == name}
        extra = re.findall(
            r"^SupplementaryGroups=(.*)$", self.text_or(self.deployed.units / unit), re.MULTILINE
        )
        named = {word for line in extra for word in line.split()}
        for fields in self._lines("etc/group"):
            if len(fields) > 3 and (fields[0] in named or name in fields[3].split(",")):
                numbers.add(fields[2])
        return frozenset(int(number) for number in numbers if number.isdigit())

    def _lines(self, path: str) -> list[list[str]]:
        return [
            fields for line in self.text_or(path).splitlines() if len(fields := line.split(":")) > 2
        ]

    def may_use(self, node: Path, account: str, unit: str) -> bool:
        """True if ``account`` may read and write ``node``; if it does not exist, whether we may."""
        uid = self.uid_of(account)
        if uid is None or uid == os.geteuid():
            return os.access(node, os.R_OK | os.W_OK)
        status = node.stat()
        if status.st_uid == uid:
            needed = stat.S_IRUSR | stat.S_IWUSR
        elif status.st_gid in self.groups_of(account, unit):
            needed = stat.S_IRGRP | stat.S_IWGRP
        else:
            needed = stat.S_IROTH | stat.S_IWOTH
        return status.st_mode & needed == needed


def owner_of(path: Path) -> str:
    """Return the name of a file's owner, its number where there is no name. Raises `OSError`."""
    uid = path.stat().st_uid
    try:
        return pwd.getpwuid(uid).pw_name
    except KeyError:
        return str(uid)


def _plain(point: str) -> str:
    return re.sub(r"\\([0-7]{3})", lambda found: chr(int(found[1], 8)), point)
