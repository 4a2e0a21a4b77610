"""Who this device is, and the two keys that prove it.

The record key can assert but never talks; the transport key talks but can assert nothing.
Each lies in its own folder with mode 600, as 32 raw bytes.
"""

import base64
import json
import os
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from device.core.errors import NotEnrolled
from device.store.connect import sync_folder
from device.store.home import Home

if TYPE_CHECKING:
    from protocol.keys import SigningKey, VerifyKey


class Identity(NamedTuple):
    """What enrolment gave this device."""

    device: str
    central_key: bytes
    central_algorithm: int

    def central(self) -> "VerifyKey":
        """Return central's public key, which vouches for receipts and configuration.

        Raises `NotEnrolled` if it is no key.
        """
        from protocol.errors import ProtocolError
        from protocol.keys import verify_key

        try:
            return verify_key(self.central_algorithm, self.central_key)
        except ProtocolError as error:
            raise NotEnrolled(f"the identity names no key of central's: {error}") from error


def load_identity(home: Home) -> Identity:
    """Return this device's identity. Raises `NotEnrolled`."""
    try:
        fields = json.loads(home.identity.read_text(encoding="utf-8"))
        return Identity(
            device=str(fields["device"]),
            central_key=base64.b64decode(fields["central_key"], validate=True),
            central_algorithm=int(fields["central_algorithm"]),
        )
    except FileNotFoundError as error:
        raise NotEnrolled(f"no identity in {home.root}: run haochaping enrol first") from error
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise NotEnrolled(f"{home.identity} cannot be read ({error}): enrol again") from error


def save_identity(home: Home, identity: Identity) -> None:
    """Write ``identity`` in one step: a power cut leaves the old file or the new one."""
    fields = {
        "device": identity.device,
        "central_key": base64.b64encode(identity.central_key).decode(),
        "central_algorithm": identity.central_algorithm,
    }
    write_durably(home.identity, json.dumps(fields, indent=1).encode() + b"\n", 0o644)


def load_key(path: Path) -> "SigningKey":
    """Return the private key in ``path``. Raises `NotEnrolled` if there is none, or no key."""
    from protocol.errors import Malformed
    from protocol.keys import SigningKey

    try:
        return SigningKey.from_seed(path.read_bytes())
    except FileNotFoundError as error:
        raise NotEnrolled(f"there is no key {path}: run haochaping enrol first") from error
    except (OSError, Malformed) as error:
        raise NotEnrolled(
            f"{path} cannot be read as a key ({error}): put it back from a copy, or empty the "
            "data folder and enrol as a new device"
        ) from error


def make_key(path: Path) -> "SigningKey":
    """Return the key in ``path``, made now if there is none yet."""
    from protocol.keys import SigningKey

    if not path.exists():
        write_durably(path, SigningKey.generate().seed, 0o600)
    return load_key(path)


def write_durably(path: Path, content: bytes, mode: int) -> None:
    """Replace ``path`` by ``content`` atomically and force it to disk."""
    beside = path.with_name(path.name + ".new")
    descriptor = os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, mode)
    try:
        os.fchmod(descriptor, mode)
        os.write(descriptor, content)
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
    beside.replace(path)
    sync_folder(path.parent)
