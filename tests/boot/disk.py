"""A card as a disk file: partition table, boot partition, root, and free space behind them.

Made without a loop device and without mounting anything: `mke2fs -d` takes a folder, mtools
write FAT.
"""

import shutil
import subprocess
from pathlib import Path
from typing import NamedTuple

MIB = 1024 * 1024
BOOT_MIB, ROOT_MIB, FREE_MIB = 256, 1900, 1200
"""The free space is what first boot makes the data partition in."""
FSTAB = """\
LABEL=rootfs / ext4 defaults,noatime 0 1
LABEL=bootfs /boot/firmware vfat defaults,umask=0077 0 2
"""
# What makes a Debian root start from its boot partition as Raspberry Pi OS does.
CLOUD = """\
datasource_list: [ NoCloud, None ]
datasource:
  NoCloud:
    seedfrom: file:///boot/firmware/
"""


class Image(NamedTuple):
    """A disk file and what starts from it (the firmware's part is QEMU's)."""

    disk: Path
    kernel: Path
    initrd: Path


def make_image(root: Path, boot: Path, out: Path) -> Image:
    """Make ``out`` from the folder ``root`` and what shall lie on the boot partition."""
    (root / "boot/firmware").mkdir(parents=True, exist_ok=True)
    (root / "etc/fstab").write_text(FSTAB)
    settings = root / "etc/cloud/cloud.cfg.d/99_boot_partition.cfg"
    settings.parent.mkdir(parents=True, exist_ok=True)
    settings.write_text(CLOUD)
    kernel, initrd = out.with_suffix(".vmlinuz"), out.with_suffix(".initrd")
    shutil.copyfile(next((root / "boot").glob("vmlinuz-*")), kernel)
    shutil.copyfile(next((root / "boot").glob("initrd.img-*")), initrd)
    fat, ext = out.with_suffix(".fat"), out.with_suffix(".ext4")
    _blank(fat, BOOT_MIB)
    _run("mkfs.vfat", "-F", "32", "-n", "bootfs", fat)
    _run("mcopy", "-s", "-i", fat, *sorted(boot.iterdir()), "::")
    _blank(ext, ROOT_MIB)
    _run("mke2fs", "-q", "-t", "ext4", "-L", "rootfs", "-d", root, ext)
    _blank(out, 1 + BOOT_MIB + ROOT_MIB + FREE_MIB)
    sectors = MIB // 512
    table = (
        "label: dos\n"
        f"start={sectors},size={BOOT_MIB * sectors},type=c,bootable\n"
        f"start={(1 + BOOT_MIB) * sectors},size={ROOT_MIB * sectors},type=83\n"
    )
    _run("sfdisk", "-q", out, given=table)
    _put(fat, out, 1)
    _put(ext, out, 1 + BOOT_MIB)
    fat.unlink()
    ext.unlink()
    return Image(out, kernel, initrd)


def read_boot(disk: Path, name: str) -> str | None:
    """Return a text file of the boot partition of ``disk``; None if it is not there."""
    partition = f"{disk}@@{MIB}"
    read = subprocess.run(["mtype", "-i", partition, f"::{name}"], capture_output=True, check=False)
    return read.stdout.decode() if read.returncode == 0 else None


def write_boot(disk: Path, file: Path, name: str) -> None:
    """Put ``file`` onto the boot partition of ``disk``, over what is there by that name."""
    _run("mcopy", "-o", "-i", f"{disk}@@{MIB}", file, f"::{name}")


def write_boot_folder(disk: Path, folder: Path) -> None:
    """Put all of ``folder`` onto the boot partition of ``disk``, over what is there."""
    _run("mcopy", "-s", "-o", "-i", f"{disk}@@{MIB}", *sorted(folder.iterdir()), "::")


def make_stick(out: Path, *files: Path) -> Path:
    """Make ``out`` a USB stick as people have them: one FAT partition with ``files`` at its top."""
    fat = out.with_suffix(".fat")
    size = 32 + sum(file.stat().st_size for file in files) // MIB
    _blank(fat, size)
    _run("mkfs.vfat", "-n", "STICK", fat)
    _run("mcopy", "-i", fat, *files, "::")
    _blank(out, 1 + size)
    sectors = MIB // 512
    _run("sfdisk", "-q", out, given=f"label: dos\nstart={sectors},type=c\n")
    _put(fat, out, 1)
    fat.unlink()
    return out


def _blank(path: Path, mebibytes: int) -> None:
    path.unlink(missing_ok=True)
    with path.open("wb") as file:
        file.truncate(mebibytes * MIB)


def _put(part: Path, disk: Path, at_mib: int) -> None:
    _run("dd", f"if={part}", f"of={disk}", "bs=1M", f"seek={at_mib}", "conv=notrunc,sparse")


def _run(*command: object, given: str | None = None) -> None:
    done = subprocess.run(
        list(map(str, command)), input=given, capture_output=True, text=True, check=False
    )
    if done.returncode != 0:
        raise RuntimeError(f"{command[0]}: {done.stderr[-1000:]}")
