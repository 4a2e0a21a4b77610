"""Disk and memory card: where the data lies, whether it lasts, how much room there is.

Field pains: an overlay root that silently covers the data partition (bookworm-feedback#137),
a full disk, a card that has become read-only, a database that is malformed after a power cut.
"""

import os
from pathlib import Path

from device.checks.finding import Figure, Finding, fault, ok, unknown, warning
from device.checks.patient import Mount, Patient
from device.store.deployed import DATA_LABEL

VOLATILE = frozenset({"tmpfs", "overlay", "ramfs", "aufs"})
LOW_FREE_BYTES = 500 * 1024 * 1024
"""An update needs about twice a release's 150 MB beside what is there."""
NO_FREE_BYTES = 64 * 1024 * 1024
WORN_TENTHS = 8
"""Of JEDEC's EXT_CSD life time estimate, in tenths of the card's life (JESD84-B51, 7.4.39)."""


def data_partition(patient: Patient) -> Finding:
    """Is the data on a disk of its own that outlives a reboot?"""
    code = "data-partition"
    mount = patient.mount_of(patient.home.root)
    if mount is None:
        return unknown(code, f"What {patient.home.root} lies on cannot be told.")
    if mount.kind in VOLATILE:
        allowed = patient.profile is not None and patient.profile.allow_volatile
        report = warning if allowed else fault
        return report(
            code,
            f"The data lies on {mount.kind}, which a reboot empties.",
            "Mount the data partition there; switch raspi-config's overlay file system off.",
            kind=mount.kind,
        )
    if patient.card.get("data") == "partition":
        expected = patient.seen_from_root(patient.deployed.state)
        if mount.point != expected:
            return fault(
                code,
                f"The data lies on the root file system; {expected} is not mounted.",
                f"See why: systemctl status local-fs.target; then mount {expected} and restart "
                "haochaping.target.",
                kind=mount.kind,
                mounted=mount.point,
            )
        labelled = patient.at(f"dev/disk/by-label/{DATA_LABEL}")
        if labelled.exists() and _device(labelled) != _device(Path(mount.source)):
            return fault(
                code,
                f"{expected} is {mount.source}, not the partition labelled {DATA_LABEL}.",
                "Look for a second card or USB disk; correct /etc/fstab.",
                source=mount.source,
            )
    return ok(code, f"The data lies on {mount.source} ({mount.kind}).", kind=mount.kind)


def _device(path: Path) -> str:
    return Path(os.path.realpath(path)).name


def disk_read_only(patient: Patient) -> Finding:
    """Can the data folder's file system be written to?"""
    code = "disk-read-only"
    mount = patient.mount_of(patient.home.root)
    if mount is None:
        return unknown(code, f"What {patient.home.root} lies on cannot be told.")
    if not mount.writable:
        return fault(
            code,
            "The data's file system is read-only: no rating can be stored.",
            "A card that fails turns read-only. Keep the power on until the backlog is sent, then "
            "change the card and enrol again.",
            source=mount.source,
        )
    return ok(code, "The data's file system can be written to.")


def disk_space(patient: Patient) -> Finding:
    """Is there room for ratings, and for an update?"""
    code = "disk-space"
    try:
        status = os.statvfs(patient.home.root)
    except FileNotFoundError:
        return fault(
            code, f"There is no data folder {patient.home.root}.", "Run haochaping migrate."
        )
    free, whole = status.f_bavail * status.f_frsize, status.f_blocks * status.f_frsize
    inodes = status.f_favail if status.f_files else None
    figures = {"free_bytes": free, "size_bytes": whole, "free_inodes": inodes}
    said = f"{free // 2**20} MB of {whole // 2**20} MB are free."
    if free < NO_FREE_BYTES or (inodes is not None and inodes < 100):
        return fault(
            code,
            f"The disk is full: {said}",
            "Remove what does not belong there; see what is large: du -xsh /var/lib/haochaping/*",
            **figures,
        )
    if free < LOW_FREE_BYTES:
        return warning(
            code,
            f"There is little room: {said}",
            "Ratings are safe for now; an update may have no room. A larger card helps.",
            **figures,
        )
    return ok(code, said, **figures)


def disk_errors(patient: Patient) -> Finding:
    """Has the kernel found errors in a file system of ours? (ext4 counts them.)"""
    code = "disk-errors"
    counts: dict[str, int] = {}
    for mount in _ours(patient):
        counted = patient.number(f"sys/fs/ext4/{_device(Path(mount.source))}/errors_count")
        if counted is not None:
            counts[mount.source] = counted
    if not counts:
        return unknown(code, "The file system keeps no count of errors.")
    errors = sum(counts.values())
    if errors:
        return fault(
            code,
            f"The kernel has found {errors} errors in the file system.",
            "The card is failing, or the power was cut often. Let the backlog be sent; then "
            "change the card. Until then: shut down and start, which checks it.",
            errors=errors,
        )
    return ok(code, "The kernel has found no error in the file system.", errors=0)


def _ours(patient: Patient) -> list[Mount]:
    mounts = [patient.mount_of(patient.home.root), patient.mount_of(patient.deployed.root)]
    return list({mount.source: mount for mount in mounts if mount is not None}.values())


def disk_wear(patient: Patient) -> Finding:
    """How worn is the flash? Only eMMC and a few industrial cards tell."""
    code = "disk-wear"
    tenths: list[int] = []
    for file in sorted(patient.at("sys/block").glob("mmcblk*/device/life_time")):
        words = patient.text_or(file).split()
        tenths += [int(word, 16) for word in words if word.startswith("0x") and len(word) == 4]
    written = [
        kb
        for mount in _ours(patient)
        if (
            kb := patient.number(f"sys/fs/ext4/{_device(Path(mount.source))}/lifetime_write_kbytes")
        )
    ]
    written_mb = sum(written) // 1024 if written else None
    worst = max((t for t in tenths if t), default=0)
    if not worst:
        said = f"; {written_mb} MB were written so far" if written else ""
        return unknown(
            code, f"This kind of card does not tell how worn it is{said}.", written_mb=written_mb
        )
    figures: dict[str, Figure] = {"written_mb": written_mb, "life_used_percent": worst * 10}
    if worst >= WORN_TENTHS:
        return warning(
            code,
            f"{min(worst, 10) * 10} percent of the card's life are used.",
            "Plan a new card.",
            **figures,
        )
    return ok(code, f"At most {worst * 10} percent of the card's life are used.", **figures)


def damaged_files(patient: Patient) -> Finding:
    """Has a database been set aside because it was damaged?"""
    code = "damaged-files"
    folders = (patient.home.kiosk_db.parent, patient.home.agent_db.parent)
    found = [
        entry.name
        for folder in folders
        for entry in patient.entries(folder)
        if ".damaged-" in entry.name and entry.suffix == ".db"
    ]
    if found:
        return warning(
            code,
            f"{len(found)} damaged database files were set aside: {', '.join(sorted(found)[:4])}.",
            "What could be read was taken over. Find out whether the power is cut at night; keep "
            "the files for support, remove them when they are no longer wanted.",
            files=len(found),
        )
    return ok(code, "No database was found damaged.", files=0)


def reserve(patient: Patient) -> Finding:
    """Is the space there that a full disk's last ratings need?"""
    code = "reserve"
    try:
        held = patient.home.reserve.stat().st_blocks * 512
    except FileNotFoundError:
        held = 0
    if held < 1024 * 1024:
        return warning(
            code,
            "The reserve for a full disk is not there.",
            "The kiosk makes it in its first quiet seconds. If it stays away, make room on disk.",
            bytes=held,
        )
    return ok(code, f"{held // 2**20} MB are held back for a full disk.", bytes=held)


def read_only_root(patient: Patient) -> Finding:
    """Is the system itself protected from a power cut?"""
    code = "read-only-root"
    mount = patient.mount_of(patient.deployed.root)
    if mount is None:
        return unknown(code, "What the system lies on cannot be told.")
    if mount.kind in VOLATILE:
        return warning(
            code,
            f"The system lies under an {mount.kind}: every change to it is lost at a reboot.",
            "Switch raspi-config's overlay file system off; the root is read-only without it.",
        )
    if patient.card.get("data") != "partition":
        return ok(code, "This card has no data partition: the system has to be writable.")
    if mount.writable:
        return warning(
            code,
            "The system's partition is writable: a power cut can harm it.",
            "After maintenance: reboot. If it stays writable, see journalctl -u "
            "haochaping-first-boot.",
        )
    return ok(code, "The system's partition is read-only.")
