"""Who this device is, and the two keys that prove it.

The record key can assert but never talks; the transport key talks but can assert nothing.
Each lies in its own folder with mode 600, as 32 raw bytes.
"""

import base64
import json
import os
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from device.core.errors import NotEnrolled, WrongBoard
from device.store.board import board_serial
from device.store.disk import sync_folder
from device.store.home import Home

if TYPE_CHECKING:
    from protocol.keys import SigningKey, VerifyKey

_MOST_OF_A_KEY = 1024
"""Bytes; a seed has 32."""


class Identity(NamedTuple):
    """What enrolment gave this device."""

    device: str
    central_key: bytes
    central_algorithm: int
    board: str = ""
    """What this board said of itself; empty where it says nothing, or in an older file."""
    token_sha256: str = ""
    """Of the token that was used, in hexadecimal digits: tells a spent one on the card."""

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
            board=str(fields.get("board", "")),
            token_sha256=str(fields.get("token_sha256", "")),
        )
    except FileNotFoundError as error:
        raise NotEnrolled(f"no identity in {home.root}: run haochaping enrol first") from error
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise NotEnrolled(f"{home.identity} cannot be read ({error}): enrol again") from error


def refuse_other_board(identity: Identity, board: str | None = None) -> None:
    """Raise `WrongBoard` if ``identity`` was given to another board than this one.

    ``board`` is what this one says of itself (`board_serial`). Where one of them is not known
    nothing can be said, and nothing is refused.
    """
    here = board_serial() if board is None else board
    if identity.board and here and identity.board != here:
        raise WrongBoard(
            f"this card belongs to {identity.device} in board {identity.board}, and this is "
            f"board {here}: put it back, or write a card for this board"
        )


def save_identity(home: Home, identity: Identity) -> None:
    """Write ``identity`` in one step: a power cut leaves the old file or the new one."""
    fields = {
        "device": identity.device,
        "central_key": base64.b64encode(identity.central_key).decode(),
        "central_algorithm": identity.central_algorithm,
        "board": identity.board,
        "token_sha256": identity.token_sha256,
    }
    write_durably(home.identity, json.dumps(fields, indent=1).encode() + b"\n", 0o644)


def read_seed(path: Path) -> bytes:
    """Return what a key's file holds, if it is as short as one. Raises `OSError`.

    Root reads it in another user's folder: no link is followed there (it may lead to what
    never ends), and no pipe is waited at.
    """
    descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    with os.fdopen(descriptor, "rb") as file:
        return file.read(_MOST_OF_A_KEY)


def load_key(path: Path) -> "SigningKey":
    """Return the private key in ``path``. Raises `NotEnrolled` if there is none, or no key."""
    from protocol.errors import Malformed
    from protocol.keys import SigningKey

    try:
        return SigningKey.from_seed(read_seed(path))
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
    flags = os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW
    descriptor = os.open(beside, flags, mode)
    try:
        os.fchmod(descriptor, mode)
        os.write(descriptor, content)
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
    beside.replace(path)
    sync_folder(path.parent)
