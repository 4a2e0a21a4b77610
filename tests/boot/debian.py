"""A Debian root like the device's own (trixie), made by mmdebstrap and kept between runs.

Nothing of ours is in it: what is under test installs itself. Kept outside the checkout, in
the user's cache; a root is made anew when its list of packages changes.
"""

import hashlib
import os
import shutil
import subprocess
import tarfile
from pathlib import Path
from typing import NamedTuple

SUITE = "trixie"
"""What Raspberry Pi OS is made from."""


_RUNS_ARM = Path("/proc/sys/fs/binfmt_misc/qemu-aarch64")


class NotHere(Exception):
    """This machine cannot do what a scenario needs."""


class Kind(NamedTuple):
    """What a root is for."""

    name: str
    packages: tuple[str, ...]
    arch: str = "amd64"


_SYSTEM = ("systemd", "systemd-sysv", "systemd-timesyncd", "udev", "dbus", "python3", "openssl")
_ROOM = ("iproute2", "fdisk", "e2fsprogs", "procps", "libasound2t64")
SMALL = Kind("small", (*_SYSTEM, *_ROOM))
"""For units in a container: no kernel, no graphics."""
_WHOLE = (
    *_SYSTEM,
    *_ROOM,
    *("kmod", "iputils-ping", "ca-certificates", "dosfstools", "sudo", "openssh-server", "kbd"),
    *("cloud-init", "netplan.io", "network-manager"),
    *("libgl1-mesa-dri", "libegl1", "libgles2", "libgbm1", "libgpiod3"),
)
WHOLE = Kind("whole", (*_WHOLE, "linux-image-amd64"))
"""For a machine of its own: kernel, cloud-init, NetworkManager, Mesa."""
WHOLE_ARM = Kind("whole", (*_WHOLE, "linux-image-arm64"), "arm64")


def cache() -> Path:
    """Return where roots are kept: $HAOCHAPING_BOOT_CACHE, or the user's cache."""
    given = os.environ.get("HAOCHAPING_BOOT_CACHE")
    home = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(given) if given else Path(home) / "haochaping-boot"


def kept_as(kind: Kind) -> Path:
    """Return the tar file that a root of that kind is kept as."""
    wanted = hashlib.sha256(repr((SUITE, kind)).encode()).hexdigest()[:12]
    return cache() / f"{SUITE}-{kind.name}-{kind.arch}-{wanted}.tar"


def root_archive(kind: Kind) -> Path:
    """Return the root of that kind; made if there is none (0.3 to 2 minutes, ARM 30).

    Raises `NotHere` where none of another architecture can be made.
    """
    archive = kept_as(kind)
    if archive.exists():
        return archive
    if kind.arch == "arm64" and not _RUNS_ARM.exists():
        raise NotHere(
            "no Debian for ARM has been made here, and this kernel runs no ARM program: install "
            "qemu-user-static, mount binfmt_misc, update-binfmts --enable qemu-aarch64"
        )
    archive.parent.mkdir(parents=True, exist_ok=True)
    fresh = archive.with_suffix(f".{os.getpid()}.tar")
    command = [
        *("mmdebstrap", "--quiet", "--variant=minbase", f"--arch={kind.arch}"),
        f"--include={','.join(kind.packages)}",
        '--aptopt=Acquire::Languages "none"',
        "--dpkgopt=path-exclude=/usr/share/man/*",
        "--dpkgopt=path-exclude=/usr/share/locale/*",
        "--dpkgopt=path-exclude=/usr/share/doc/*",
        # As an image has it: no identity of its own yet.
        '--customize-hook=rm -f "$1"/etc/machine-id "$1"/etc/ssh/ssh_host_*',
        '--customize-hook=echo uninitialized > "$1"/etc/machine-id',
        *(SUITE, str(fresh)),
    ]
    try:
        subprocess.run(command, check=True, capture_output=True, text=True)
    except subprocess.CalledProcessError as error:
        fresh.unlink(missing_ok=True)
        raise RuntimeError(f"no Debian root could be made: {error.stderr[-2000:]}") from error
    fresh.replace(archive)
    return archive


def kernel(kind: Kind) -> str:
    """Return the version of the kernel in a root of that kind, as ``uname -r`` has it."""
    with tarfile.open(root_archive(kind)) as archive:
        for name in archive.getnames():
            if name.startswith("./boot/vmlinuz-"):
                return name.removeprefix("./boot/vmlinuz-")
    raise RuntimeError(f"the root {kind.name} has no kernel")


def unpack(kind: Kind, into: Path) -> Path:
    """Unpack a root of that kind into the new folder ``into``; returns it."""
    archive = root_archive(kind)
    shutil.rmtree(into, ignore_errors=True)
    into.mkdir(parents=True)
    subprocess.run(["tar", "-C", str(into), "--numeric-owner", "-xf", str(archive)], check=True)
    return into


def qemu(arch: str = "x86_64") -> list[str]:
    """Return the command that starts QEMU 10 of trixie, unpacked beside the roots, run in place.

    Debian 12's QEMU has no virtio-multitouch, and Mesa's llvmpipe crashes in it.
    """
    packages = ("qemu-system-x86", "qemu-system-arm", "qemu-system-data", "seabios", "ipxe-qemu")
    tree = cache() / f"{SUITE}-qemu"
    if not tree.exists():
        fresh = tree.with_name(f"{tree.name}.{os.getpid()}")
        tree.parent.mkdir(parents=True, exist_ok=True)
        subprocess.run(
            [
                *("mmdebstrap", "--quiet", "--variant=extract"),
                f"--include={','.join(packages)}",
                '--aptopt=Acquire::Languages "none"',
                *(SUITE, str(fresh)),
            ],
            check=True,
            capture_output=True,
        )
        fresh.replace(tree)
    library = tree / "usr/lib/x86_64-linux-gnu"
    return [
        *(
            "env",
            f"QEMU_MODULE_DIR={library / 'qemu'}",
            str(tree / "usr/lib64/ld-linux-x86-64.so.2"),
        ),
        *("--library-path", f"{library}"),
        *("--argv0", f"qemu-system-{arch}", str(tree / f"usr/bin/qemu-system-{arch}")),
        *("-L", str(tree / "usr/share/qemu"), "-L", str(tree / "usr/share/seabios")),
        *("-L", str(tree / "usr/lib/ipxe/qemu")),
    ]
