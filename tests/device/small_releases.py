"""Small releases for tests: real files, really signed, made in a moment."""

import json
from hashlib import sha256
from pathlib import Path
from typing import Any

from protocol import release_key
from protocol.releases import Manifest, file_name, this_platform
from provisioning.release_build import pack, write_release

PRIVATE, PUBLIC = release_key.generate()
CHECK = release_key.check_with(PUBLIC)
ISSUED_S = 1_790_000_000


def make_release(
    folder: Path,
    version: str = "1.0.0",
    *,
    private: bytes = PRIVATE,
    issued_s: int = ISSUED_S,
    files: dict[str, str] | None = None,
    **manifest: Any,
) -> Path:
    """Write a release whose tree is ``files`` beside what each must have."""
    tree = folder / f"tree-{version}"
    content = {
        "bin/haochaping": f"#!/bin/sh\necho haochaping {version}\n",
        "lib/thing.py": f"VERSION = {version!r}\n",
        "systemd/etc/systemd/system/haochaping.target": f"# {version}\n",
        "VERSION": version + "\n",
    } | (files or {})
    for name, text in content.items():
        path = tree / name
        path.parent.mkdir(parents=True, exist_ok=True)
        if text.startswith("-> "):
            path.symlink_to(text[3:])
        else:
            path.write_text(text)
    (tree / "bin/haochaping").chmod(0o755)
    return sign_tree(folder, tree, version, private, issued_s, **manifest)


def sign_tree(
    folder: Path, tree: Path, version: str, private: bytes, issued_s: int, **manifest: Any
) -> Path:
    packed = folder / f"{version}.tar.gz"
    size = pack(tree, packed, issued_s)
    return sign_archive(folder, packed, version, private, issued_s, size, **manifest)


def sign_archive(
    folder: Path,
    packed: Path,
    version: str = "1.0.0",
    private: bytes = PRIVATE,
    issued_s: int = ISSUED_S,
    size: int = 100_000,
    **manifest: Any,
) -> Path:
    """Sign whatever is in ``packed`` as a release's tree."""
    stated = {
        "version": version,
        "platform": this_platform(),
        "tree_sha256": sha256(packed.read_bytes()).hexdigest(),
        "tree_bytes": packed.stat().st_size,
        "unpacked_bytes": size,
        "issued_ms": issued_s * 1000,
    } | manifest
    made = Manifest(**stated)
    file = folder / file_name(made)
    write_release(file, made, private, packed)
    return file


def everything_in(folder: Path) -> dict[str, str]:
    """Every file below ``folder``, with what it holds; for comparing before and after."""
    return {
        str(path.relative_to(folder)): json.dumps(path.read_bytes().hex())
        if path.is_file()
        else str(path.is_symlink() and path.readlink())
        for path in sorted(folder.rglob("*"))
    }
