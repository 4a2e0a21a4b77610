"""Release files as a maker would sign them, small ones."""

import hashlib
import io
import os
import tarfile
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from protocol.releases import MANIFEST, SIGNATURE, TREE, Manifest

PLATFORM = "cp313-linux-aarch64"
MAKER = Ed25519PrivateKey.generate()


def write_public(file: Path, key: Ed25519PrivateKey = MAKER) -> Path:
    """The key that those who check releases have."""
    file.write_bytes(key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo))
    return file


def write_release(
    folder: Path,
    version: str = "0.2.0",
    platform: str = PLATFORM,
    size: int = 200_000,
    key: Ed25519PrivateKey = MAKER,
) -> tuple[Path, Manifest]:
    """A release whose tree is noise; whoever gives it out never looks into it."""
    tree = os.urandom(size)
    manifest = Manifest(
        version, platform, hashlib.sha256(tree).hexdigest(), len(tree), 3 * len(tree), 1_790_000_000
    )
    encoded = manifest.encoded()
    file = folder / f"haochaping-{manifest.name}.release"
    members = {MANIFEST: encoded, SIGNATURE: key.sign(encoded), TREE: tree}
    with tarfile.open(file, "w") as archive:
        for name, content in members.items():
            member = tarfile.TarInfo(name)
            member.size = len(content)
            archive.addfile(member, io.BytesIO(content))
    return file, manifest
