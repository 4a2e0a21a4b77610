"""Where a device keeps what it must not lose: one folder, laid out for two users.

The kiosk's folder and the agent's are apart so that each process can write only its own.
"""

import os
from pathlib import Path
from typing import NamedTuple

from device.core.errors import DeviceError


class VolatileStorage(DeviceError, OSError):
    """The data folder lies on storage that a reboot empties."""


class Home(NamedTuple):
    """The files below a device's data folder."""

    root: Path

    @property
    def identity(self) -> Path:
        """Who this device is and whom it trusts; not secret."""
        return self.root / "identity.json"

    @property
    def kiosk_db(self) -> Path:
        """The chain of records; written by the kiosk alone."""
        return self.root / "kiosk" / "kiosk.db"

    @property
    def record_key(self) -> Path:
        """Seed of the key that signs records; readable by the kiosk alone."""
        return self.root / "kiosk" / "record.key"

    @property
    def reserve(self) -> Path:
        """Disk space held back, so that a full disk still takes the ratings under way."""
        return self.root / "kiosk" / "reserve"

    @property
    def agent_db(self) -> Path:
        """What central told the device; written by the agent alone."""
        return self.root / "agent" / "agent.db"

    @property
    def transport_key(self) -> Path:
        """Seed of the key that signs requests; readable by the agent alone."""
        return self.root / "agent" / "transport.key"

    @property
    def photos(self) -> Path:
        """Folder of the staff's photos, each named by its hash; written by the agent alone."""
        return self.root / "agent" / "photos"

    def photo(self, digest: str) -> Path:
        """Return where the photo with this SHA-256 is, if it has been fetched."""
        return self.photos / f"{digest}.jpg"

    @property
    def control(self) -> Path:
        """Socket through which the window's programs reach the agent."""
        return self.root / "agent" / "control.sock"

    @property
    def kiosk_lock(self) -> Path:
        """Held by the running kiosk; tells the agent that it lives."""
        return self.root / "kiosk" / "lock"

    @property
    def support(self) -> Path:
        """Socket through which support gets a picture of the screen; for the kiosk's user."""
        return self.root / "kiosk" / "support.sock"

    @property
    def bell(self) -> Path:
        """Socket by which the agent wakes the kiosk when it has left an instruction."""
        return self.root / "kiosk" / "bell.sock"

    @property
    def agent_lock(self) -> Path:
        """Held by the running agent."""
        return self.root / "agent" / "lock"

    def prepare(self) -> None:
        """Make the folders, readable by this user alone where they are new."""
        for folder in (self.root, self.kiosk_db.parent, self.agent_db.parent):
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)


def door_mode(folder: Path) -> int:
    """Return the mode of a socket in ``folder``: whoever may enter the folder may knock.

    On a device that is the group of the two users; elsewhere its owner alone.
    """
    return 0o660 if folder.stat().st_mode & 0o010 else 0o600


_VOLATILE = frozenset({"tmpfs", "overlay", "ramfs", "aufs"})


def filesystem_of(folder: Path, mounts: str = "/proc/self/mounts") -> str:
    """Return the type of the file system that holds ``folder``, such as ``ext4``."""
    where = os.path.realpath(folder)
    best, kind = "", "unknown"
    for line in Path(mounts).read_text(encoding="utf-8", errors="replace").splitlines():
        _device, point, fstype, *_ = line.split(" ")
        point = point.replace("\\040", " ")
        inside = where == point or where.startswith(point.rstrip("/") + "/")
        if inside and len(point) >= len(best):
            best, kind = point, fstype
    return kind


def refuse_volatile(folder: Path, mounts: str = "/proc/self/mounts") -> None:
    """Raise `VolatileStorage` if ``folder`` would be empty after a reboot.

    An overlay root silently covers the data partition (bookworm-feedback#137).
    """
    kind = filesystem_of(folder, mounts)
    if kind in _VOLATILE:
        raise VolatileStorage(
            f"{folder} lies on {kind}, which a reboot empties: mount the data partition there, "
            "or set storage.allow_volatile = true for a trial"
        )
