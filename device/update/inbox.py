"""Takes what the agent laid down; the agent is the exposed process, so nothing of it is believed.

Whatever lies there is gone afterwards, good or bad: systemd starts this for as long as
something does. It is removed with the agent's own rights: the agent may put a link in the
place of the folder meanwhile, and root would remove what lies behind that.
"""

import shutil
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Final

from device.core.errors import DeviceError
from device.core.plain import plain
from device.store.deployed import PARTIAL, Deployed
from device.store.disk import sync_folder
from device.store.owners import acting_as_owner_of
from protocol.releases import ENDING

if TYPE_CHECKING:
    from device.update.updater import Updater

MAX_FILES: Final = 16


def empty_inbox(deployed: Deployed, updater: "Updater", say: Callable[[str], object]) -> None:
    """Bring the releases in the inbox into use, one after the other."""
    inbox = deployed.inbox
    if inbox.is_symlink() or not inbox.is_dir():
        return
    for number, file in enumerate(sorted(inbox.glob(f"*{ENDING}"))):
        try:
            if number < MAX_FILES:
                updater.update(file, by_hand=False, taken=partial(_remove, file, say))
        except DeviceError as error:
            say(str(error))
        finally:
            _remove(file, say)


def forget(deployed: Deployed, name: str, say: Callable[[str], object]) -> None:
    """Remove a release that has been judged, should a power cut have brought its file back."""
    file = deployed.inbox / f"{name}{ENDING}"
    if not deployed.inbox.is_symlink() and file.exists():
        _remove(file, say)


def arriving(deployed: Deployed) -> list[str]:
    """Return what central has given and is not in use yet, for people."""
    said = []
    try:
        for file in sorted(deployed.inbox.iterdir()):
            name = plain(file.name).replace("\n", "?")
            if file.suffix == PARTIAL:
                megabytes = file.lstat().st_size / 1e6
                said.append(f"{name.removeprefix('.')}: {megabytes:.1f} MB fetched so far")
            elif file.suffix == ENDING:
                said.append(f"{name}: fetched, about to be checked and brought into use")
    except PermissionError:
        return ["only root sees that: sudo haochaping update --status"]
    except FileNotFoundError:
        pass  # no inbox yet, or what was in it has just been taken
    return said


def _remove(file: Path, say: Callable[[str], object]) -> None:
    # The folder above the inbox is the agent's, and lies in one of root's: no link is there.
    with acting_as_owner_of(file.parent.parent):
        try:
            if file.is_dir() and not file.is_symlink():
                shutil.rmtree(file)
            else:
                file.unlink(missing_ok=True)
            sync_folder(file.parent)  # or a power cut brings it back, to be installed again
        except OSError as error:
            say(f"{file.name} stays in the inbox: {error.strerror}")
