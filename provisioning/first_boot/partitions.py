"""The partitions of the disk that the root lies on, and the room behind them."""

import json
from typing import Final, NamedTuple

from provisioning.first_boot.device import Device
from provisioning.first_boot.errors import SetupFailed, SetupStopped

_ALIGN_BYTES: Final = 4 << 20
"""Flash erases in blocks of this size; a partition that starts inside one wears it out."""
_MAX_DOS: Final = 4
_EXTENDED: Final = frozenset({"5", "f", "85"})


class Partition(NamedTuple):
    """One partition, in sectors."""

    node: str
    start: int
    size: int
    number: int


class Disk(NamedTuple):
    """The disk that the root lies on."""

    node: str
    sector: int
    """Bytes."""
    sectors: int
    label: str
    """``dos`` or ``gpt``."""
    partitions: tuple[Partition, ...]
    extended: bool = False


class FileSystem(NamedTuple):
    """What lies on a partition."""

    kind: str = ""
    """E.g. ``ext4``; empty: nothing that is known."""
    label: str = ""
    uuid: str = ""


def root_disk(device: Device) -> Disk:
    """Return the disk of the root. Raises `SetupStopped` (``NO_DATA``) or `CommandFailed`."""
    run = device.tools.run
    source = run("findmnt", "--noheadings", "--first-only", "--output", "SOURCE", "/").strip()
    if not source.startswith("/dev/"):
        raise SetupStopped("NO_DATA", f"the root lies on {source or 'nothing'}, which is no disk")
    parent = run("lsblk", "--noheadings", "--nodeps", "--output", "PKNAME", source).strip()
    if not parent:
        raise SetupStopped("NO_DATA", f"{source} is no partition of a disk")
    return read_disk(device, f"/dev/{parent}")


def read_disk(device: Device, node: str) -> Disk:
    """Return what ``node``'s partition table says. Raises `SetupFailed`."""
    try:
        table = json.loads(device.tools.run("sfdisk", "--json", node))["partitiontable"]
        sector = int(table.get("sectorsize", 512))
        found = sorted(
            (
                Partition(one["node"], int(one["start"]), int(one["size"]), _number(one["node"]))
                for one in table.get("partitions", [])
            ),
            key=lambda one: one.start,
        )
        extended = any(one.get("type") in _EXTENDED for one in table.get("partitions", []))
        label = str(table["label"])
    except (ValueError, KeyError, TypeError) as error:
        raise SetupFailed(f"the partition table of {node} cannot be read: {error}") from error
    size = int(device.tools.run("blockdev", "--getsize64", node))
    return Disk(node, sector, size // sector, label, tuple(found), extended)


def free_behind(disk: Disk) -> tuple[int, int]:
    """Return start and size, in sectors, of what is free behind the last partition."""
    step = max(1, _ALIGN_BYTES // disk.sector)
    end = max((one.start + one.size for one in disk.partitions), default=1)
    start = -(-end // step) * step
    # A GPT keeps its second copy in the last 33 sectors.
    last = disk.sectors - (34 if disk.label == "gpt" else 0)
    return start, max(0, (last - start) // step * step)


def refuse_full_table(disk: Disk) -> None:
    """Raise `SetupStopped` (``NO_DATA``) if the table has no place for one more."""
    if disk.label == "dos" and (len(disk.partitions) >= _MAX_DOS or disk.extended):
        raise SetupStopped("NO_DATA", f"{disk.node}: its partition table has no place left")


def append(device: Device, disk: Disk, start: int, size: int) -> None:
    """Add a partition; those there are not touched. Raises `CommandFailed`."""
    if disk.label == "gpt":
        # An image made for a smaller card has its second copy in the middle of this one.
        device.tools.run("sfdisk", "--relocate", "gpt-bak-std", "--no-reread", disk.node)
    device.tools.run(
        *("sfdisk", "--append", "--no-reread", "--no-tell-kernel", disk.node),
        given=f"start={start}, size={size}, type=L\n",
    )


def make_known(device: Device, disk: Disk, partition: Partition) -> None:
    """Have the kernel know a new partition. Raises `CommandFailed`."""
    device.tools.run("partx", "--update", "--nr", str(partition.number), disk.node)
    device.tools.run("udevadm", "settle", "--timeout=30")


def file_system(device: Device, node: str) -> FileSystem:
    """Return what lies on a partition, as its own bytes say. Raises `CommandFailed`."""
    told = device.tools.run(
        "blkid", "--probe", "--output", "export", node, right=(0, 2), timeout_s=60
    )
    facts = dict(line.split("=", 1) for line in told.splitlines() if "=" in line)
    return FileSystem(facts.get("TYPE", ""), facts.get("LABEL", ""), facts.get("UUID", ""))


def _number(node: str) -> int:
    digits = node[len(node.rstrip("0123456789")) :]
    return int(digits or "0")
