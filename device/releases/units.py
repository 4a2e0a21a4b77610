"""Puts a release's system files (units, users, rules) into the system, and takes them out.

What a release brings lies below its ``systemd/`` folder as it lies below ``/``. A record of
what was put there lets another release, newer or older, remove what it does not have.
Nothing outside ``etc/`` and ``usr/local/lib/`` is touched. Standard library only.
"""

import json
import os
from pathlib import Path, PurePosixPath
from typing import Final

from device.core.errors import DeviceError
from device.store.disk import DiskTrouble, sync_folder, write_durably

RECORD: Final = PurePosixPath("usr/local/lib/haochaping/system-files.json")
"""Beside what it speaks of: a root file system written anew has neither."""
ALLOWED: Final = (PurePosixPath("etc"), PurePosixPath("usr/local/lib"))
_FORBIDDEN: Final = (
    RECORD,
    PurePosixPath("etc/passwd"),
    PurePosixPath("etc/shadow"),
    PurePosixPath("etc/haochaping"),  # the device's own settings
)


class NotASystemFile(DeviceError, ValueError):
    """A release that would write where none may; nothing has been written."""


def install_system_files(tree: Path, root: Path) -> list[Path]:
    """Make the system files below ``root`` those in ``tree``; returns the paths that changed.

    ``tree`` is a release's ``systemd`` folder. What is as it should be is not written, so a
    read-only system is only an error if something has to change. A power cut in between
    leaves each file old or new; doing it again completes it. Raises `NotASystemFile` or
    `DiskTrouble`.
    """
    wanted = system_files(tree)
    try:
        before = _recorded(root)
        stale = sorted(before - set(wanted))
        changing = [name for name in wanted if not _same(tree / name, root / name)]
        leaving = [name for name in stale if os.path.lexists(root / name)]
        if not changing and not leaving and before == set(wanted):
            return []
        # Nothing is written that the record does not name, whenever the power goes.
        _record(root, before | set(wanted))
        for name in changing:
            _put(tree / name, root / name)
        for name in leaving:
            (root / name).unlink()
            sync_folder((root / name).parent)
        _record(root, set(wanted))
    except OSError as error:
        raise DiskTrouble(f"system files could not be written: {error}") from error
    return [root / name for name in sorted([*changing, *leaving])]


def changes_pending(tree: Path, root: Path) -> bool:
    """True if `install_system_files` would write something."""
    wanted = system_files(tree)
    return _recorded(root) != set(wanted) or any(
        not _same(tree / name, root / name) for name in wanted
    )


def system_files(tree: Path) -> list[PurePosixPath]:
    """Return what a release's ``systemd`` folder brings, sorted, relative to ``/``.

    Raises `NotASystemFile` if something in it belongs elsewhere.
    """
    found = []
    for folder, folders, files in os.walk(tree):
        here = Path(folder)
        # A link to a folder is listed among the folders.
        for name in [*files, *(name for name in folders if (here / name).is_symlink())]:
            path = PurePosixPath((here / name).relative_to(tree))
            if not _allowed(path):
                raise NotASystemFile(f"a release may not bring {path}")
            found.append(path)
    return sorted(found)


def _allowed(path: PurePosixPath) -> bool:
    return (
        any(place in path.parents for place in ALLOWED)
        and not any(path == place or place in path.parents for place in _FORBIDDEN)
        and ".." not in path.parts
    )


def _same(source: Path, target: Path) -> bool:
    if source.is_symlink() or target.is_symlink():
        return (
            source.is_symlink() and target.is_symlink() and source.readlink() == target.readlink()
        )
    try:
        return (
            target.read_bytes() == source.read_bytes()
            and (target.stat().st_mode ^ source.stat().st_mode) & 0o777 == 0
        )
    except FileNotFoundError:
        return False


def _put(source: Path, target: Path) -> None:
    if not source.is_symlink():
        write_durably(target, source.read_bytes(), source.stat().st_mode & 0o755)
        return
    target.parent.mkdir(mode=0o755, parents=True, exist_ok=True)
    fresh = target.with_name(f".{target.name}.new")
    fresh.unlink(missing_ok=True)
    fresh.symlink_to(source.readlink())
    fresh.replace(target)
    sync_folder(target.parent)


def _recorded(root: Path) -> set[PurePosixPath]:
    """Return what was put there; nothing if no record can be read."""
    try:
        names = json.loads((root / RECORD).read_text(encoding="utf-8"))
    except (FileNotFoundError, ValueError):
        return set()
    if not isinstance(names, list):
        return set()
    return {path for path in map(PurePosixPath, map(str, names)) if _allowed(path)}


def _record(root: Path, names: set[PurePosixPath]) -> None:
    text = json.dumps(sorted(map(str, names)), indent=0) + "\n"
    write_durably(root / RECORD, text.encode())
