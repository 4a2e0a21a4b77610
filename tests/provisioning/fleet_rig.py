"""A technician's folder: what a fleet file names, made for real."""

import hashlib
import io
import tarfile
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import NamedTuple

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519
from cryptography.x509.oid import NameOID

from protocol.release_key import generate, sign
from protocol.releases import MANIFEST, SIGNATURE, TREE, Manifest
from provisioning.fleet_file import Checked, check_fleet


class Desk(NamedTuple):
    """A folder with a key of the maker, an authority, a technician's key and a release."""

    folder: Path
    release_key: bytes
    """Private, PEM."""

    def write(self, text: str, name: str = "fleet.toml") -> Path:
        path = self.folder / name
        path.write_text(text, encoding="utf-8")
        return path

    def check(self, text: str) -> Checked:
        return check_fleet(self.write(text))

    def told(self, text: str) -> list[str]:
        """Return the mistakes in ``text`` as ``LINE: what``, or ``FILE:LINE: what`` elsewhere."""
        return short(self.check(text).mistakes)

    def warned(self, text: str) -> list[str]:
        return short(self.check(text).warnings)


def short(findings: object) -> list[str]:
    assert isinstance(findings, tuple)
    return [
        f"{'' if one.place.file.name == 'fleet.toml' else one.place.file.name + ':'}"
        f"{one.place.line}: {one.text}"
        for one in findings
    ]


def furnish(folder: Path) -> Desk:
    """Fill ``folder`` with what `docs/examples/fleet.toml` names."""
    private, public = generate()
    (folder / "release.pem").write_bytes(public)
    write_release(folder / "haochaping.release", private)
    write_authority(folder / "ca.pem")
    (folder / "zhang.pub").write_text(ssh_key() + "\n")
    (folder / "wifi-210102.txt").write_text("correct horse\n")
    (folder / "wifi-210102.txt").chmod(0o600)
    return Desk(folder, private)


def ssh_key() -> str:
    public = ed25519.Ed25519PrivateKey.generate().public_key()
    line = public.public_bytes(serialization.Encoding.OpenSSH, serialization.PublicFormat.OpenSSH)
    return f"{line.decode()} zhang@desk"


def write_release(path: Path, private: bytes, platform: str = "cp313-linux-aarch64") -> None:
    tree = b"a tree"
    manifest = Manifest(
        "0.2.0", platform, hashlib.sha256(tree).hexdigest(), len(tree), 100, 1_790_000_000_000
    ).encoded()
    with tarfile.open(path, "w") as archive:
        for name, content in (
            (MANIFEST, manifest),
            (SIGNATURE, sign(private, manifest)),
            (TREE, tree),
        ):
            member = tarfile.TarInfo(name)
            member.size = len(content)
            archive.addfile(member, io.BytesIO(content))


def write_authority(path: Path, begins_in: int = -1, days: int = 3650) -> None:
    """Write a certificate authority that is good from ``begins_in`` days on, for ``days``."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "hall authority")])
    begins = datetime.now(UTC) + timedelta(days=begins_in)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(begins)
        .not_valid_after(begins + timedelta(days=days))
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    path.write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
