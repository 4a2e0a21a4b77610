"""Debian packages that a card brings, for an image that lacks what draws the screen.

The devices have no internet, so whatever the image lacks must be on the card. First boot
installs them as root on three hundred devices: a folder that is empty, or holds packages of
another machine, has to be noticed at the desk.
"""

import re
import shutil
import subprocess
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Final

FOLDER: Final = "debs"
"""Beside ``card.json``."""
MOST: Final = 200
MACHINES: Final = {"aarch64": "arm64", "x86_64": "amd64"}
"""What Debian calls the machines that releases are built for."""
_ANY: Final = "all"
_NAME: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9.+~%_-]{0,199}\.deb\Z")
"""What apt calls its files; every such name can be on a FAT file system."""
_BEGIN: Final = b"!<arch>\ndebian-binary"
_TIMEOUT_S: Final = 60


class NoPackages(ValueError):
    """The folder is none that packages can be taken from; the message says why."""


def is_package_name(name: str) -> bool:
    """Return whether a card may hold a package of this name."""
    return _NAME.match(name) is not None


def packages_in(folder: Path) -> tuple[Path, ...]:
    """Return the packages in ``folder`` by name; other files there do not count.

    Raises `NoPackages`.
    """
    try:
        found = tuple(sorted(path for path in folder.iterdir() if path.name.endswith(".deb")))
    except OSError as error:
        raise NoPackages(f"{folder}: {error.strerror}; a folder of *.deb files expected") from error
    if not found:
        raise NoPackages(f"{folder}: no *.deb file is in it")
    if len(found) > MOST:
        raise NoPackages(f"{folder}: {len(found)} packages; {MOST} at most, those that are missing")
    return found


def faults(packages: Sequence[Path], machine: str) -> Iterator[str]:
    """Tell which packages no device of the fleet could install, and why.

    ``machine`` is what the release is built for, ``aarch64`` or ``x86_64``; empty if there is
    none: then the packages must fit each other.
    """
    wanted = MACHINES.get(machine, "")
    because = "the release is" if wanted else "others here are"
    for package in packages:
        if not is_package_name(package.name):
            yield f"{package}: a name as apt gives, e.g. libegl1_1.7.0-1_arm64.deb, expected"
            continue
        try:
            built_for = _architecture(package)
        except NoPackages as error:
            yield str(error)
            continue
        if built_for == _ANY:
            continue
        if built_for not in MACHINES.values():
            known = " or ".join(MACHINES.values())
            yield f"{package}: it is for {built_for}; devices are {known}"
        elif wanted and built_for != wanted:
            yield f"{package}: it is for {built_for}, {because} for {wanted}"
        wanted = wanted or built_for


def _architecture(package: Path) -> str:
    """Return what a package is built for, ``arm64`` or ``all``. Raises `NoPackages`."""
    try:
        with package.open("rb") as file:
            begin = file.read(len(_BEGIN))
    except OSError as error:
        raise NoPackages(f"{package}: cannot be read: {error.strerror}") from error
    if begin != _BEGIN:
        raise NoPackages(f"{package}: this is no Debian package")
    reader = shutil.which("dpkg-deb")
    if reader is None:  # the desk is no Debian; apt's names say it too
        return package.name.removesuffix(".deb").rpartition("_")[2]
    try:
        done = subprocess.run(
            [reader, "--field", str(package.absolute()), "Architecture"],
            capture_output=True,
            encoding="utf-8",
            errors="replace",
            timeout=_TIMEOUT_S,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise NoPackages(f"{package}: dpkg-deb cannot read it: {error}") from error
    if done.returncode != 0 or not done.stdout.strip():
        raise NoPackages(f"{package}: damaged, or cut off; fetch it again")
    return done.stdout.strip()
