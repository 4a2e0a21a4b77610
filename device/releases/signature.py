"""Checks a maker's signature with the system's own `openssl`.

On a blank card there is no `cryptography` yet: it comes in the release that is being
checked. Ed25519 over whole messages needs OpenSSL 3 (Debian 12 and later).
"""

import subprocess
import tempfile
from pathlib import Path

from device.core.errors import DeviceError
from protocol.errors import BadSignature
from protocol.releases import Check

_TIMEOUT_S = 60


class NoOpenssl(DeviceError, RuntimeError):
    """The `openssl` program cannot be run, or not with this key."""


def openssl_check(public_key: Path, openssl: str = "openssl") -> Check:
    """Return a check against the public key in a PEM file.

    The check raises `BadSignature`, or `NoOpenssl` if nothing could be checked.
    """

    def check(signature: bytes, message: bytes) -> None:
        if not public_key.is_file():
            raise NoOpenssl(f"{public_key}: the key of whoever makes releases is missing")
        with tempfile.TemporaryDirectory(prefix="haochaping-") as folder:
            signed, given = Path(folder) / "message", Path(folder) / "signature"
            signed.write_bytes(message)
            given.write_bytes(signature)
            command = [
                *(openssl, "pkeyutl", "-verify", "-rawin", "-pubin", "-inkey", str(public_key)),
                *("-in", str(signed), "-sigfile", str(given)),
            ]
            try:
                done = subprocess.run(
                    command, capture_output=True, text=True, timeout=_TIMEOUT_S, check=False
                )
            except (OSError, subprocess.TimeoutExpired) as error:
                raise NoOpenssl(f"the signature could not be checked: {error}") from error
        if done.returncode == 0 and "Verified Successfully" in done.stdout:
            return
        if "Verification Failure" in done.stdout + done.stderr:
            raise BadSignature("not signed by the maker whose key this device holds")
        why = (done.stderr or done.stdout).strip().splitlines()
        raise NoOpenssl(f"openssl could not check the signature: {why[0] if why else 'no word'}")

    return check
