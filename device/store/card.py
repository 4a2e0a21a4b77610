"""The card's folder on the boot partition, as the enrolled-to-be device reads it.

`haochaping provision cards` writes it, first boot has checked every file of it. Here only what
enrolment needs is read; the token is a secret and is in no message.
"""

import base64
import hashlib
import json
import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from errno import EROFS
from pathlib import Path
from typing import NamedTuple

from device.core.errors import BadConfiguration, DeviceError
from device.store.disk import sync_folder

CARD = "card.json"
TOKEN = "token"  # noqa: S105 - the name of a file
STATES = "setup_states.toml"
TOKEN_LENGTH = range(8, 65)
_YEAR_9999_MS = 253_402_300_800_000


class NoToken(DeviceError):
    """The card has no token: it has been used, or was never written."""


class Card(NamedTuple):
    """What a card says of the device it was written for."""

    folder: Path
    name: str
    """Host name."""
    fingerprint: str
    issued_ms: int
    """When it was written, by central's clock; no clock is right that says less."""
    token_sha256: str
    """Of its token, in hexadecimal digits: also known when the token has been removed."""
    replace: bool
    """The device that was at this window before is retired, this board's own past included."""
    central_key: tuple[int, bytes] | None
    """Algorithm and public key that central must have; None: whatever it answers first."""

    def token(self) -> str:
        """Return the token. Raises `NoToken`."""
        try:
            return checked_token((self.folder / TOKEN).read_text("ascii"))
        except FileNotFoundError as error:
            raise NoToken("the card has no token (any more): write it again") from error
        except (OSError, UnicodeDecodeError) as error:
            raise NoToken("the card's token cannot be read: write it again") from error


def checked_token(given: str) -> str:
    """Return the one word that ``given`` is. Raises `NoToken`, which does not repeat it."""
    token = given.strip()
    if len(token) not in TOKEN_LENGTH or len(given.split()) != 1:
        raise NoToken(
            "that is no enrolment token: one word is expected, as haochaping central token wrote it"
        )
    return token


def token_hash(token: str) -> str:
    """Return what tells one token from another and says nothing of what it is."""
    return hashlib.sha256(token.encode()).hexdigest()


def read_card(folder: Path) -> Card:
    """Return the card in ``folder``. Raises `BadConfiguration`."""
    try:
        said = json.loads((folder / CARD).read_text(encoding="utf-8"))
        pinned = said.get("central_key")
        if not 0 < said["issued_ms"] < _YEAR_9999_MS:
            raise ValueError("issued_ms: milliseconds since 1970 expected")
        return Card(
            folder=folder,
            name=str(said["name"]),
            fingerprint=str(said.get("fingerprint", "")),
            issued_ms=int(said["issued_ms"]),
            token_sha256=str(said.get("token_sha256", "")),
            replace=said.get("replace", False) is True,
            central_key=(
                (int(pinned["algorithm"]), base64.b64decode(pinned["key"], validate=True))
                if pinned
                else None
            ),
        )
    except FileNotFoundError as error:
        raise BadConfiguration(f"there is no {CARD} in {folder}") from error
    except (OSError, ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise BadConfiguration(f"{folder / CARD} is not as it should be: {error!r}") from error


def remove_token(folder: Path) -> None:
    """Take the token off the card, durably. Raises `OSError`."""
    if not (folder / TOKEN).exists():
        return
    with writable(folder):
        (folder / TOKEN).unlink()
        sync_folder(folder)


@contextmanager
def writable(folder: Path) -> Iterator[None]:
    """Have ``folder`` be writable for a moment, if root can bring that about.

    The boot partition of a device in service is mounted read-only. Whether it can be written
    then shows when it is.
    """
    if os.geteuid() != 0 or not os.statvfs(folder).f_flag & os.ST_RDONLY:
        yield
        return
    begin, point, end = _remounts(folder)
    _mount(begin, point)
    try:
        yield
    finally:
        _mount(end, point)


def _remounts(folder: Path) -> tuple[str, str, str]:
    """Return how to make the mount that holds ``folder`` writable, where, and how to end that.

    A unit's own view of the file system may be read-only where the file system is not; then
    only the view is changed, as others may be writing.
    """
    where = os.path.realpath(folder)
    best, options = "", "remount"
    for line in Path("/proc/self/mountinfo").read_text("utf-8", errors="replace").splitlines():
        mine, _, of_all = line.partition(" - ")
        point = mine.split(" ")[4].replace("\\040", " ")
        inside = where == point or where.startswith(point.rstrip("/") + "/")
        if inside and len(point) >= len(best):
            best = point
            read_only = "ro" in of_all.split(" ")[2].split(",")
            options = "remount" if read_only else "remount,bind"
    return f"{options},rw", best, f"{options},ro"


def _mount(options: str, point: str) -> None:
    done = subprocess.run(
        ["mount", "-o", options, point],
        capture_output=True,
        text=True,
        check=False,
        timeout=30,
    )
    if done.returncode != 0:
        raise OSError(EROFS, f"{point} cannot be remounted ({options}): {done.stderr.strip()}")
