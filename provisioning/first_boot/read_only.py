"""A root that nothing writes to, so that no power cut can harm it.

What must be written goes to the data partition (logs, the time service's clock, the
network's leases) or into memory. It takes effect at the next boot. For maintenance:
``mount -o remount,rw /``, until the next boot. An update of the software, and a card written
anew, do that by themselves.
"""

import os
import shutil
from pathlib import Path
from typing import Final

from device.store.disk import sync_disk, sync_folder
from provisioning.first_boot import fstab
from provisioning.first_boot.data_partition import PLACE
from provisioning.first_boot.device import Device
from provisioning.first_boot.errors import SetupFailed
from provisioning.first_boot.files import leads_to, link, put, text

_KEPT: Final = ("var/log", "var/lib/systemd", "var/lib/NetworkManager")
"""Written to while it serves, and worth keeping: on the data partition, bound into place."""
_IN_MEMORY: Final = ("/tmp", "/var/tmp")  # noqa: S108 - mount points
_BOUND: Final = (
    f"bind,nofail,x-systemd.before=local-fs.target,x-systemd.requires-mounts-for={PLACE}"
)
_RESOLV: Final = "etc/resolv.conf"
_MANAGERS: Final = "/run/NetworkManager/resolv.conf"
_SYSTEM: Final = "system"
"""Folder of the data partition with what is kept."""


def is_done(device: Device) -> bool:
    """True if the next boot mounts the root read-only, and all else as it must be then."""
    if not device.own_partition:
        return True
    table = text(device.at("etc/fstab"))
    return (
        _wanted(device, table) == table
        and all(_kept_at(device, place).is_dir() for place in _there(device))
        and (not _needs_resolv(device) or leads_to(device.at(_RESOLV), _MANAGERS))
    )


def refuse_overlay(device: Device) -> None:
    """Raise `SetupFailed` if the root is an overlay: a reboot would undo everything."""
    root = device.mounted("/")
    if root and root[0] in ("overlay", "tmpfs", "aufs") and device.own_partition:
        raise SetupFailed(
            f"the root is an {root[0]}, which forgets everything: switch the overlay file system "
            "off in raspi-config; a device makes its root read-only by itself"
        )


def is_lasting(device: Device) -> bool:
    """True if what is written into the root outlives a reboot."""
    root = device.mounted("/")
    return not (device.own_partition and root and root[0] in ("overlay", "tmpfs", "aufs"))


def do(device: Device) -> None:
    """Prepare it, the table of file systems last."""
    for place in _there(device):
        _copy(device, place)
    if _needs_resolv(device):
        # NetworkManager keeps its own copy there, and leaves such a link alone.
        link(device.at(_RESOLV), _MANAGERS)
    device.ask_for_reboot("the read-only root")
    table = device.at("etc/fstab")
    put(table, _wanted(device, text(table)))
    device.say(
        "the root is read-only from the next boot; mount -o remount,rw / undoes it till then"
    )


def _wanted(device: Device, table: str) -> str:
    if fstab.options_of(table, "/") is None:
        kind = (device.mounted("/") or ("ext4", ()))[0]
        source = device.tools.run(
            "findmnt", "--noheadings", "--first-only", "--output", "SOURCE", "/"
        ).strip()
        table = fstab.with_entry(table, f"{source}\t/\t{kind}\tdefaults,noatime\t0\t1")
    table = fstab.with_option(table, "/", "ro", instead_of="rw")
    # A FAT that is mounted writable is marked as not clean at every power cut.
    table = fstab.with_option(table, "/boot/firmware", "ro", instead_of="rw")
    for place in _IN_MEMORY:
        entry = f"tmpfs\t{place}\ttmpfs\tnodev,nosuid,mode=1777,size=25%\t0\t0"
        table = fstab.with_entry(table, entry)
    for place in _there(device):
        entry = f"{PLACE}/{_SYSTEM}/{_name(place)}\t/{place}\tnone\t{_BOUND}\t0\t0"
        table = fstab.with_entry(table, entry)
    return table


def _there(device: Device) -> list[str]:
    return [place for place in _KEPT if device.at(place).is_dir()]


def _name(place: str) -> str:
    return place.rpartition("/")[2]


def _kept_at(device: Device, place: str) -> Path:
    return device.places.state / _SYSTEM / _name(place)


def _copy(device: Device, place: str) -> None:
    """Have what the image has at ``place`` on the data partition, whole or not at all."""
    there = _kept_at(device, place)
    if there.is_dir():
        return
    there.parent.mkdir(mode=0o755, parents=True, exist_ok=True)
    fresh = there.with_name(f".{there.name}.new")
    if os.path.lexists(fresh):
        shutil.rmtree(fresh)
    # Owners, modes and access lists as they are: the journal's are its readers'.
    device.tools.run("cp", "-a", str(device.at(place)), str(fresh))
    sync_disk(there.parent)
    fresh.rename(there)
    sync_folder(there.parent)


def _needs_resolv(device: Device) -> bool:
    """True if NetworkManager writes the names' servers into the root itself."""
    return device.has_unit("NetworkManager.service") and (
        not device.at(_RESOLV).is_symlink() or leads_to(device.at(_RESOLV), _MANAGERS)
    )
