"""The libraries of a release: fetched for the device's Python, without what it never uses.

They come as wheels of the versions and hashes in ``requirements/device.txt``; pip finds
those for another machine, so no ARM computer is needed.
"""

import importlib.metadata
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path, PurePosixPath
from typing import Final

from protocol.releases import this_platform
from provisioning.errors import ProvisioningError

_GLIBC: Final = (17, 28, 31, 34, 35, 36)
"""Minor versions of glibc 2 that wheels name; Debian 12 has 2.36, Debian 13 a later one."""

UNUSED: Final = frozenset(
    {
        # What libraries name as needed and a device's commands never import.
        "pip",
        "setuptools",
        "_distutils_hack",
        "distutils-precedence.pth",
        "pkg_resources",
        "faker",
        "pygments",
        "polyfactory",
        "rich",
        "rich_click",
        "markdown_it",
        "mdurl",
        "pycparser",
        "bin",
        "share",
        # Parts of libraries.
        "pygame/docs",
        "pygame/examples",
        "pygame/tests",
        "pygame/__briefcase",
        "pygame/__pyinstaller",
        "gpiozerocli",
    }
)
_UNUSED_ENDINGS: Final = (".pyi", ".pyc", ".c", ".h", ".pyx", ".pxd", "py.typed")
_UNUSED_FOLDERS: Final = frozenset({"__pycache__", "tests"})
_OF_DIST_INFO: Final = frozenset({"METADATA", "entry_points.txt"})
"""Versions and plug-ins are looked up in these at run time; licences are kept as well."""


class WheelsMissing(ProvisioningError, RuntimeError):
    """The libraries for the device could not be fetched."""


def fetch(lock: Path, platform: str, into: Path) -> None:
    """Install the libraries in ``lock`` for ``platform`` into the new folder ``into``.

    Raises `WheelsMissing`.
    """
    python, _, machine = platform.split("-")
    digits = python.removeprefix("cp")
    tags = [f"manylinux_2_{minor}_{machine}" for minor in _GLIBC]
    with tempfile.TemporaryDirectory(prefix="haochaping-wheels-") as folder:
        fetched = Path(folder) / "lib"
        command = [
            *(sys.executable, "-m", "pip", "install", "--quiet", "--disable-pip-version-check"),
            *("--target", str(fetched), "--no-deps", "--require-hashes", "--no-compile"),
            *("--only-binary", ":all:", "--implementation", "cp"),
            *("--python-version", f"{digits[0]}.{digits[1:]}"),
            *(word for tag in tags for word in ("--platform", tag)),
            *("--abi", python, "--abi", "abi3", "--abi", "none", "-r", str(lock)),
        ]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        if done.returncode:
            errors = [line for line in done.stderr.splitlines() if line.startswith("ERROR")]
            raise WheelsMissing(
                f"no wheels for {platform}: {errors[0] if errors else done.stderr.strip()[-300:]}"
            )
        copy_used(fetched, into)


def from_environment(lock: Path, platform: str, into: Path) -> None:
    """Copy the libraries in ``lock`` from this very Python's environment into ``into``.

    For a device of the same kind as this machine, without a network. Raises `WheelsMissing`
    if one is not installed in the locked version.
    """
    if platform != this_platform():
        raise WheelsMissing(
            f"this environment is {this_platform()}; a release for {platform} needs wheels"
        )
    for name, version in locked(lock):
        try:
            distribution = importlib.metadata.distribution(name)
        except importlib.metadata.PackageNotFoundError:
            if name == "colorama":  # for Windows alone
                continue
            raise WheelsMissing(f"{name} {version} is not installed here") from None
        if distribution.version != version:
            raise WheelsMissing(f"{name} {distribution.version} is installed, not {version}")
        for file in distribution.files or ():
            path = PurePosixPath(str(file))
            if ".." not in path.parts and is_used(path):
                target = into / path
                target.parent.mkdir(parents=True, exist_ok=True)
                shutil.copyfile(Path(str(distribution.locate_file(file))), target)
                target.chmod(0o644)


def locked(lock: Path) -> list[tuple[str, str]]:
    """Return (name, version) of every library in a lock file."""
    found = re.findall(r"^([A-Za-z0-9_.-]+)==([^ ;\\\n]+)", lock.read_text("utf-8"), re.MULTILINE)
    return [(name, version) for name, version in found]


def copy_used(source: Path, into: Path) -> None:
    """Copy what a device may need of an installed set of libraries."""
    for file in sorted(source.rglob("*")):
        path = PurePosixPath(file.relative_to(source))
        if file.is_file() and not file.is_symlink() and is_used(path):
            target = into / path
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(file, target)
            target.chmod(0o644)


def is_used(path: PurePosixPath) -> bool:
    """True unless a file of the libraries is of no use on a device."""
    places = {str(PurePosixPath(*path.parts[: depth + 1])) for depth in range(len(path.parts))}
    if places & UNUSED or path.name.endswith(_UNUSED_ENDINGS):
        return False
    info = path.parts[0].endswith(".dist-info")
    if info:
        owner = path.parts[0].split("-")[0].lower()
        return owner not in UNUSED and (path.name in _OF_DIST_INFO or "licen" in str(path).lower())
    return not _UNUSED_FOLDERS.intersection(path.parts[:-1])
