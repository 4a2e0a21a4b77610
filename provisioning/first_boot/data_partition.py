"""The data partition: what a device must not lose, apart from the system.

It is found by its label on the disk of the root, never on a stick that somebody plugged in;
or it is made in what is free behind the last partition. What has a file system is never
formatted: a partition is only formatted that first boot itself has just made, and it notes
down which one before it does, so that a power cut in between is no riddle.
"""

import json
from typing import Final

from device.store.deployed import DATA_LABEL
from device.store.disk import sync_disk
from provisioning.first_boot import fstab
from provisioning.first_boot.device import Device
from provisioning.first_boot.errors import CommandFailed, SetupFailed, SetupStopped
from provisioning.first_boot.files import put, remove, text
from provisioning.first_boot.partitions import (
    Disk,
    Partition,
    append,
    file_system,
    free_behind,
    make_known,
    read_disk,
    refuse_full_table,
    root_disk,
)

PLACE: Final = "/var/lib/haochaping"
DONE: Final = "applied.json"
"""Copy of ``card.json``, once all of it is in effect: nothing is to be done until the card
says something else. ``start.sh`` compares the two."""
_LEAST_BYTES: Final = 1 << 30
_VOLATILE: Final = frozenset({"tmpfs", "ramfs", "overlay", "aufs"})
_NOTE: Final = "data-partition.json"
"""In the settings while a partition is made: where it starts."""
_OPTIONS: Final = (
    "nodev,nosuid,noatime,nofail,x-systemd.before=local-fs.target,x-systemd.device-timeout=20s"
)
"""``nofail``: without its data a device shows what is wrong, instead of an emergency shell."""
_MKFS_S: Final = 1800.0
_FSCK_S: Final = 3600.0


def is_done(device: Device) -> bool:
    """True if what is at the place is kept, there now and at every boot."""
    folder = device.places.state
    if not device.own_partition:
        return folder.is_dir()
    mounted = device.mounted(PLACE)
    listed = fstab.options_of(text(device.at("etc/fstab")), PLACE)
    return (
        mounted is not None
        and mounted[0] not in _VOLATILE
        and "rw" in mounted[1]
        and listed == tuple(_OPTIONS.split(","))
        and not (device.places.settings / _NOTE).exists()
    )


def do(device: Device) -> None:
    """Find or make the partition, check it, and mount it now and at every boot."""
    folder = device.places.state
    folder.mkdir(mode=0o755, parents=True, exist_ok=True)
    if not device.own_partition:
        device.say("data lie in the root file system, as the card wants it")
        return
    mounted = device.mounted(PLACE)
    if mounted and mounted[0] in _VOLATILE:
        raise SetupStopped("NO_DATA", f"{PLACE} lies on {mounted[0]}, which a reboot empties")
    disk = root_disk(device)
    partition = _found(device, disk) or _made(device, disk)
    if not mounted:
        _check(device, partition)
        device.tools.run("mount", "-o", "nodev,nosuid,noatime", partition.node, PLACE)
    elif "ro" in mounted[1]:
        device.tools.run("mount", "-o", "remount,rw", PLACE)
    # Data of an earlier set-up may say that all is done; before the next boot can believe it.
    remove(folder / DONE)
    entry = f"UUID={file_system(device, partition.node).uuid}\t{PLACE}\text4\t{_OPTIONS}\t0\t2"
    table = device.at("etc/fstab")
    put(table, fstab.with_entry(text(table), entry))
    device.say(f"data partition {partition.node} is mounted at {PLACE}")


def _found(device: Device, disk: Disk) -> Partition | None:
    """Return the partition that has our label, unless it is one still being made."""
    making = _noted(device)
    for partition in disk.partitions:
        if partition.start != making:
            lies = file_system(device, partition.node)
            if lies.label == DATA_LABEL and lies.kind == "ext4":
                return partition
    return None


def _made(device: Device, disk: Disk) -> Partition:
    start = _noted(device)
    if _starting(disk, start) is None:
        refuse_full_table(disk)
        start, size = free_behind(disk)
        if size * disk.sector < _LEAST_BYTES:
            raise SetupStopped(
                "NO_DATA",
                f"{disk.node}: {size * disk.sector >> 20} MiB are free behind the last "
                f"partition, {_LEAST_BYTES >> 20} MiB are needed",
            )
        put(device.places.settings / _NOTE, json.dumps({"start": start}) + "\n")
        device.say(f"making a data partition of {size * disk.sector >> 20} MiB on {disk.node}")
        append(device, disk, start, size)
        disk = read_disk(device, disk.node)
    partition = _starting(disk, start)
    if partition is None:
        raise SetupFailed(f"{disk.node}: the partition that was made is not in its table")
    make_known(device, disk, partition)
    _format(device, partition)
    remove(device.places.settings / _NOTE)
    return partition


def _format(device: Device, partition: Partition) -> None:
    """Give the new partition its file system, or keep the one of ours that lay there.

    A card whose system was written anew, and whose ratings were not all sent, has them
    still: the new table ends where the old one did.
    """
    lies = file_system(device, partition.node)
    if lies.kind == "ext4" and lies.label == DATA_LABEL:
        try:
            _check(device, partition)
            device.say(f"{partition.node} holds data of an earlier set-up: they are kept")
            return
        except CommandFailed as error:
            device.say(f"{partition.node} cannot be kept: {error}")
    device.tell("making the data partition")
    device.tools.run(
        *("mkfs.ext4", "-q", "-F", "-m", "1", "-L", DATA_LABEL, partition.node),
        timeout_s=_MKFS_S,
    )
    sync_disk(device.places.settings)


def _check(device: Device, partition: Partition) -> None:
    """Repair what a power cut left. Raises `CommandFailed` if it cannot be repaired."""
    device.tell(f"checking {partition.node}")
    careful = ("e2fsck", "-p", partition.node)
    try:
        device.tools.run(*careful, right=(0, 1, 2), timeout_s=_FSCK_S)
    except CommandFailed as error:
        device.say(f"{error}; repairing all that can be repaired")
        device.tools.run("e2fsck", "-f", "-y", partition.node, right=(0, 1, 2), timeout_s=_FSCK_S)


def _starting(disk: Disk, start: int) -> Partition | None:
    return next((one for one in disk.partitions if start and one.start == start), None)


def _noted(device: Device) -> int:
    """Return where the partition being made starts; 0 if none is."""
    try:
        return int(json.loads(text(device.places.settings / _NOTE) or '{"start": 0}')["start"])
    except (ValueError, KeyError, TypeError):
        return 0
