"""Whose the device's files are: two users that can read, but not write, each other's folder.

Kiosk and agent run as users of their own, so that a fault in the one that talks to the network
cannot reach the record key. What runs as root (`migrate`, `enrol`) works in a folder as the
user whose it is: that user could have put a link there that leads root astray.

On a machine without these users (a developer's) everything stays as it is.
"""

import grp
import os
import pwd
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

from device.store.deployed import AGENT_USER, GROUP, KIOSK_USER
from device.store.home import Home

FOLDER_MODE = 0o2750
"""The group comes along to whatever is made in a folder, and may read it."""
FILE_MODE = 0o640
KEY_MODE = 0o600


class Owners(NamedTuple):
    """Numbers of the users and the group."""

    kiosk: int
    agent: int
    group: int


def owners() -> Owners | None:
    """Return whose the files are to be; None where that is not for us to say.

    We are not root, or the users have not been made.
    """
    if os.geteuid() != 0:
        return None
    try:
        return Owners(
            pwd.getpwnam(KIOSK_USER).pw_uid,
            pwd.getpwnam(AGENT_USER).pw_uid,
            grp.getgrnam(GROUP).gr_gid,
        )
    except KeyError:
        return None


def give_to_owners(home: Home, given: Owners | None = None) -> tuple[Path, ...]:
    """Give each file below ``home`` to its user, with the mode it needs; again changes nothing.

    ``given`` are `owners` unless said otherwise. Returns what was left alone because it is
    neither a folder nor a file of one name: somebody put it there. Raises `OSError`.
    """
    given = given or owners()
    if given is None:
        return ()
    left: list[Path] = []
    _settle(home.root, 0, 0, 0o755)
    if home.identity.exists():
        _settle(home.identity, 0, 0, 0o644)
    for folder, user in (
        (home.kiosk_db.parent, given.kiosk),
        (home.agent_db.parent, given.agent),
    ):
        if folder.exists():
            _give_folder(folder, user, given.group, left)
    return tuple(left)


@contextmanager
def acting_as_owner_of(folder: Path) -> Iterator[None]:
    """Have this process's rights be those of the user whose ``folder`` is, for a while.

    Nothing changes unless we are root and the folder is somebody else's. For programs of one
    thread: the whole process changes.
    """
    found = folder.stat()
    if os.geteuid() != 0 or found.st_uid == 0:
        yield
        return
    group, groups = os.getegid(), os.getgroups()
    os.setgroups([found.st_gid])
    try:
        os.setegid(found.st_gid)
        os.seteuid(found.st_uid)
        yield
    finally:
        os.seteuid(0)
        os.setegid(group)
        os.setgroups(groups)


def _give_folder(
    folder: Path, user: int, group: int, left: list[Path], above: int | None = None
) -> None:
    """Give ``folder`` and what is in it; ``above`` is the open folder that it lies in.

    Each is reached through the open folder it was found in and not by its path: the user it
    belongs to may put a link in the place of a folder while we are at it.
    """
    _settle(folder, user, group, FOLDER_MODE, above)
    name = folder if above is None else folder.name
    opened = os.open(name, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW, dir_fd=above)
    try:
        for entry in sorted(os.listdir(opened)):  # noqa: PTH208 - an open folder, no path
            path = folder / entry
            kind = os.stat(entry, dir_fd=opened, follow_symlinks=False)
            if stat.S_ISDIR(kind.st_mode):
                _give_folder(path, user, group, left, opened)
            elif stat.S_ISSOCK(kind.st_mode):
                continue  # whoever listens there makes it anew
            elif stat.S_ISREG(kind.st_mode) and kind.st_nlink == 1:
                secret = path.name.partition(".new")[0].endswith(".key")
                _settle(path, user, group, KEY_MODE if secret else FILE_MODE, opened)
            else:
                left.append(path)
    finally:
        os.close(opened)


def _settle(path: Path, user: int, group: int, mode: int, above: int | None = None) -> None:
    """Change owner and mode of this very file, never of what a link leads to.

    ``above`` is the open folder that it is looked up in; without it, by its path.
    """
    flags = os.O_PATH | os.O_NOFOLLOW | os.O_CLOEXEC
    descriptor = os.open(path if above is None else path.name, flags, dir_fd=above)
    try:
        found = os.fstat(descriptor)
        if stat.S_ISLNK(found.st_mode) or (stat.S_ISREG(found.st_mode) and found.st_nlink != 1):
            raise OSError(f"{path}: changed while it was given to its owner")
        this = Path(f"/proc/self/fd/{descriptor}")
        if (found.st_uid, found.st_gid) != (user, group):
            os.chown(this, user, group)
        if stat.S_IMODE(found.st_mode) != mode:
            this.chmod(mode)
    finally:
        os.close(descriptor)
