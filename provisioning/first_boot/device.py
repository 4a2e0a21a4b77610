"""One device while it is set up: its places, its card, and the edge to its machine."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from device.releases.shelf import Shelf
from device.store.deployed import Deployed
from provisioning.first_boot import fstab
from provisioning.first_boot.card import PARTITION, Card
from provisioning.first_boot.files import put, text
from provisioning.first_boot.tools import Tools

TARGET: Final = "haochaping.target"
SERVICES: Final = (
    "haochaping-update.path",
    "haochaping-enrol.service",
    "haochaping-kiosk.service",
    "haochaping-agent.service",
    "haochaping-migrate.service",
)
"""What must not run while settings or software change under it."""


def _silent(_line: str) -> None:
    pass


@dataclass
class Device:
    """What the steps work on."""

    places: Deployed
    tools: Tools
    card: Card
    say: Callable[[str], object] = _silent
    """Takes a line for the log."""
    tell: Callable[[str], object] = _silent
    """Takes what a long step is at, for the screen."""

    def at(self, place: str) -> Path:
        """Return ``place``, written without its leading slash, on this device."""
        return self.places.root / place

    @property
    def shelf(self) -> Shelf:
        """The releases on it."""
        return Shelf(self.places)

    @property
    def own_partition(self) -> bool:
        """A data partition of its own is wanted, and with it a read-only root."""
        return self.card.data == PARTITION

    def has_unit(self, name: str) -> bool:
        """True if the image brings this systemd unit."""
        return any(
            (self.at(folder) / name).exists()
            for folder in ("usr/lib/systemd/system", "lib/systemd/system", "etc/systemd/system")
        )

    # --- once in this boot --------------------------------------------------------------------

    @property
    def wants_reboot(self) -> Path:
        """There while something takes effect only when the machine is started anew."""
        return self.places.run / "reboot-wanted"

    @property
    def started(self) -> Path:
        """There once systemd has been told, in this boot, to start what is ours."""
        return self.places.run / "started"

    @property
    def enrolled(self) -> Path:
        """There once enrolment has come to its end in this boot."""
        return self.places.run / "enrolment-over"

    def stop_services(self) -> None:
        """Stop what is ours, so that it starts again with what is changed now."""
        there = [name for name in SERVICES if (self.places.units / name).exists()]
        if there:
            self.tools.run("systemctl", "stop", *there)
        self.started.unlink(missing_ok=True)
        self.enrolled.unlink(missing_ok=True)

    def ask_for_reboot(self, why: str) -> None:
        """Have the machine started anew before it goes into service."""
        self.say(f"this takes effect after a reboot: {why}")
        put(self.wants_reboot, f"{why}\n")

    # --- mounts -------------------------------------------------------------------------------

    def mount_options(self, place: str) -> tuple[str, ...] | None:
        """Return the options ``place`` is mounted with now; None if nothing is mounted there."""
        found = self.mounted(place)
        return found[1] if found else None

    def mounted(self, place: str) -> tuple[str, tuple[str, ...]] | None:
        """Return type and options of the file system mounted at ``place``, if there is one."""
        found = None
        for line in text(self.at("proc/self/mounts")).splitlines():
            fields = line.split()
            if len(fields) >= 4 and fields[1] == place:
                found = fields[2], tuple(fields[3].split(","))
        return found

    def make_writable(self, place: str) -> None:
        """Have ``place`` writable until `as_at_boot`. Raises `CommandFailed`."""
        options = self.mount_options(place)
        if options and "ro" in options:
            self.say(f"{place} is made writable for now")
            self.tools.run("mount", "-o", "remount,rw", place)

    def as_at_boot(self, place: str) -> None:
        """Have ``place`` read-only again if it is to be so. Raises `CommandFailed`."""
        listed = fstab.options_of(text(self.at("etc/fstab")), place)
        options = self.mount_options(place)
        if listed and "ro" in listed and options and "rw" in options:
            self.tools.run("mount", "-o", "remount,ro", place)
