"""Makes a release: the tree that a device runs, packed, signed, and the same every time.

The same sources, lock and key give the same bytes (names sorted, times of the commit,
owner root), so that anybody can make a release anew and compare.
"""

import gzip
import io
import os
import re
import shutil
import subprocess
import tarfile
import tempfile
import tomllib
from collections.abc import Callable, Iterator
from hashlib import sha256
from pathlib import Path
from typing import BinaryIO, Final, NamedTuple

from protocol import release_key
from protocol.errors import ProtocolError
from protocol.releases import (
    ENDING,
    MANIFEST,
    SIGNATURE,
    TREE,
    Manifest,
    decode,
    file_name,
    open_release,
    read_tree,
)
from provisioning import release_wheels
from provisioning.errors import ProvisioningError

SOURCE: Final = Path(__file__).parents[1]
PACKAGES: Final = ("protocol", "device", "haochaping", "ui_assets")
"""What of the source a device runs."""
NOT_ON_A_DEVICE: Final = ("ui_assets/phone",)
"""Served by central alone."""
PLATFORMS: Final = (
    "cp313-linux-aarch64",
    "cp313-linux-x86_64",
    "cp311-linux-aarch64",
    "cp311-linux-x86_64",
)
"""Raspberry Pi OS and Debian 13, and 12 before it."""

PROGRAM: Final = b"""\
#!/usr/bin/python3 -I
\"\"\"Starts a command of this release, with the libraries of this release and no others.\"\"\"

import sys
from pathlib import Path

# Resolved: an update points `current` at another release while this one still runs.
sys.path.insert(1, str(Path(__file__).resolve().parents[1] / "lib"))

from haochaping.cli import main

try:
    sys.exit(main())
except ModuleNotFoundError as error:
    if error.name not in ("central", "provisioning", "demo"):
        raise
    sys.exit(f"haochaping {sys.argv[1]}: not part of what a device runs; do this elsewhere")
"""


class CannotBuild(ProvisioningError, RuntimeError):
    """A release cannot be made of this; the message says why."""


class Built(NamedTuple):
    """A release that was made."""

    file: Path
    manifest: Manifest
    size: int
    """Bytes of the release file."""


def build(
    out: Path,
    private_key: bytes,
    platform: str,
    *,
    version: str = "",
    from_environment: bool = False,
    source: Path = SOURCE,
    level: int = 9,
    say: Callable[[str], object] = lambda _step: None,
) -> Built:
    """Make a release of ``source`` and write it to ``out``, a file or a folder.

    ``version`` stands in for the one in ``pyproject.toml``; ``level`` is gzip's, 1 (quick) to
    9 (small). Raises `ProvisioningError`.
    """
    try:
        release_key.public_of(private_key)
    except ProtocolError as error:
        raise CannotBuild(f"the key cannot sign: {error}") from error
    lock = source / "requirements/device.txt"
    if not lock.is_file():
        raise CannotBuild("releases are made in a checkout of the source; this is none")
    version = version or _version(source)
    seconds = commit_time(source)
    with tempfile.TemporaryDirectory(prefix="haochaping-release-") as folder:
        tree = Path(folder) / "tree"
        say(f"libraries for {platform}")
        take = release_wheels.from_environment if from_environment else release_wheels.fetch
        take(lock, platform, tree / "lib")
        say("the program itself")
        lay_out(source, tree, version)
        say("packing")
        packed = Path(folder) / TREE
        unpacked_bytes = pack(tree, packed, seconds, level)
        manifest = Manifest(
            version=version,
            platform=platform,
            tree_sha256=_digest(packed),
            tree_bytes=packed.stat().st_size,
            unpacked_bytes=unpacked_bytes,
            issued_ms=seconds * 1000,
        )
        try:
            decode(manifest.encoded())
        except ProtocolError as error:
            raise CannotBuild(f"{version!r} for {platform!r}: {error}") from error
        file = out / file_name(manifest) if out.is_dir() or out.suffix != ENDING else out
        say("signing")
        write_release(file, manifest, private_key, packed)
    return Built(file, manifest, file.stat().st_size)


def write_release(file: Path, manifest: Manifest, private_key: bytes, packed: Path) -> None:
    """Sign ``manifest`` and write the release whose tree is ``packed``, all or nothing."""
    encoded = manifest.encoded()
    signature = release_key.sign(private_key, encoded)
    file.parent.mkdir(parents=True, exist_ok=True)
    fresh = file.with_name(f".{file.name}.new")
    with tarfile.open(fresh, "w", format=tarfile.USTAR_FORMAT) as release:
        for name, content in ((MANIFEST, encoded), (SIGNATURE, signature)):
            release.addfile(
                _member(name, len(content), manifest.issued_ms // 1000), io.BytesIO(content)
            )
        with packed.open("rb") as tree:
            release.addfile(_member(TREE, manifest.tree_bytes, manifest.issued_ms // 1000), tree)
    fresh.replace(file)


def lay_out(source: Path, tree: Path, version: str) -> None:
    """Put the program, its system files and its start script into ``tree``."""
    for package in PACKAGES:
        for file in sorted((source / package).rglob("*")):
            path = file.relative_to(source)
            if file.is_file() and "__pycache__" not in path.parts and not _elsewhere(path):
                _copy(file, tree / "lib" / path)
    own = tree / "lib/device/__init__.py"
    text, changed = re.subn(
        r'^__version__ = "[^"]*"', f'__version__ = "{version}"', own.read_text(), flags=re.M
    )
    if changed != 1:
        raise CannotBuild("device/__init__.py states no version")
    own.write_text(text)
    for file in sorted((source / "systemd").rglob("*")):
        target = tree / file.relative_to(source)
        if file.is_symlink():
            target.parent.mkdir(parents=True, exist_ok=True)
            target.symlink_to(file.readlink())
        elif file.is_file() and file.suffix != ".md":
            _copy(file, target)
    start = tree / "bin/haochaping"
    start.parent.mkdir(parents=True, exist_ok=True)
    start.write_bytes(PROGRAM)
    start.chmod(0o755)
    (tree / "VERSION").write_text(version + "\n", encoding="ascii")
    for name in ("LICENSE", "NOTICE"):
        if (source / name).is_file():
            _copy(source / name, tree / name)


def _elsewhere(path: Path) -> bool:
    return any(path.is_relative_to(place) for place in NOT_ON_A_DEVICE)


def _copy(file: Path, target: Path) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(file, target)
    target.chmod(0o755 if file.suffix == ".sh" else 0o644)


def pack(tree: Path, packed: Path, seconds: int, level: int = 9) -> int:
    """Pack ``tree`` into a gzip'd tar; returns the bytes it takes on a disk of 4 kB blocks."""
    total = 0
    with (
        packed.open("wb") as file,
        gzip.GzipFile("", "wb", level, file, mtime=0) as squeezed,
        tarfile.open(fileobj=squeezed, mode="w", format=tarfile.PAX_FORMAT) as archive,
    ):
        for path in _sorted(tree):
            name = path.relative_to(tree).as_posix()
            member = _member(name, 0, seconds)
            if path.is_symlink():
                member.type, member.linkname = tarfile.SYMTYPE, str(path.readlink())
                archive.addfile(member)
            elif path.is_dir():
                member.type, member.mode = tarfile.DIRTYPE, 0o755
                archive.addfile(member)
            else:
                member.size = path.stat().st_size
                member.mode = 0o755 if os.access(path, os.X_OK) else 0o644
                with path.open("rb") as content:
                    archive.addfile(member, content)
            total += -(-max(member.size, 1) // 4096) * 4096
    return total


def _sorted(tree: Path) -> Iterator[Path]:
    return iter(sorted(tree.rglob("*"), key=lambda path: path.relative_to(tree).as_posix()))


def _member(name: str, size: int, seconds: int) -> tarfile.TarInfo:
    member = tarfile.TarInfo(name)
    member.size, member.mtime, member.mode = size, seconds, 0o644
    member.uname = member.gname = "root"
    return member


def _version(source: Path) -> str:
    project = tomllib.loads((source / "pyproject.toml").read_text(encoding="utf-8"))
    return str(project["project"]["version"])


def commit_time(source: Path) -> int:
    """Return the time that a release is made as of, in seconds since 1970.

    ``SOURCE_DATE_EPOCH`` (reproducible-builds.org), else that of the source's last commit.
    """
    given = os.environ.get("SOURCE_DATE_EPOCH", "")
    if not given:
        command = ["git", "-C", str(source), "log", "-1", "--format=%ct"]
        try:
            done = subprocess.run(command, capture_output=True, text=True, check=False)
            given = done.stdout.strip()
        except OSError:
            given = ""
    if not given.isdigit() or int(given) == 0:
        raise CannotBuild(
            "the time of the last commit cannot be read; set SOURCE_DATE_EPOCH (seconds since 1970)"
        )
    return int(given)


def examine(file: Path, public_key: bytes | None) -> tuple[Manifest, list[tuple[str, int]]]:
    """Return the manifest of a release file and what its tree holds: (folder, bytes).

    The tree's hash is checked; the signature too where a public key is given. Raises
    `CannotBuild` if anything is not as it should be.
    """
    try:
        check = release_key.check_with(public_key) if public_key else _unchecked
        with file.open("rb") as opened, tempfile.TemporaryFile() as held:
            manifest, tree = open_release(opened, check)
            read_tree(manifest, tree, held.write)
            held.seek(0)
            return manifest, _sizes(held)
    except (ProtocolError, tarfile.TarError, EOFError) as error:
        raise CannotBuild(f"{file}: {error}") from error


def _unchecked(_signature: bytes, _message: bytes) -> None:
    """Take every signature: nobody's key was given."""


def _sizes(tree: BinaryIO) -> list[tuple[str, int]]:
    sizes: dict[str, int] = {}
    with tarfile.open(fileobj=tree, mode="r|gz") as archive:
        for member in archive:
            parts = member.name.split("/")
            place = "/".join(parts[: 2 if parts[0] == "lib" else 1])
            sizes[place] = sizes.get(place, 0) + member.size
    return sorted(sizes.items(), key=lambda item: -item[1])


def _digest(file: Path) -> str:
    hashed = sha256()
    with file.open("rb") as opened:
        while piece := opened.read(1 << 20):
            hashed.update(piece)
    return hashed.hexdigest()
