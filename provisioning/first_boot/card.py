"""The card's own folder on the boot partition: what this device is to become.

Everything that first boot does follows from these files, so they are looked at as a whole
before anything is done: a card that was written by halves, or whose bytes have changed,
sets up nothing. What lies beside them without being named in ``card.json``, left over from an
earlier card, is as good as not there.
"""

import hashlib
import json
import re
from contextlib import suppress
from pathlib import Path, PurePosixPath
from typing import Final, NamedTuple

from device.core.plain import plain
from provisioning.first_boot.errors import SetupStopped

CARD: Final = "card.json"
TOKEN: Final = "token"  # noqa: S105 - the name of a file
FORMAT: Final = 1
PARTITION: Final = "partition"
"""``Card.data``: a data partition of its own, and a read-only root; ``root``: neither."""

_UNNAMED: Final = frozenset({CARD, TOKEN, "firstrun.sh", "STATE.txt"})
"""Of a card all the same, and nothing that a step takes: the list itself, the token, what has
called us, our own text."""
_NAME = re.compile(r"[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\Z")
_USER = re.compile(r"[a-z_][a-z0-9_-]{0,30}\Z")
_ZONE = re.compile(r"[A-Za-z0-9_+-]+(/[A-Za-z0-9_+-]+){0,2}\Z")
_SERVER = re.compile(r"[A-Za-z0-9.:-]{1,253}\Z")
_SHA256 = re.compile(r"[0-9a-f]{64}\Z")
_RELEASE = re.compile(r"[A-Za-z0-9][A-Za-z0-9._+-]{0,120}\.release\Z")
_PACKAGE = re.compile(r"debs/[A-Za-z0-9][A-Za-z0-9.+~%_-]*\.deb\Z")
_KEY = re.compile(r"[\x20-\x7e\u00a0-\uffff]{1,4096}\Z")


class Card(NamedTuple):
    """What `haochaping provision cards` wrote, checked."""

    folder: Path
    encoded: bytes
    """The bytes of ``card.json``: another card, or the same one written anew, has others."""
    name: str
    """Host name."""
    issued_ms: int
    """When it was written; a clock that says less is behind."""
    fingerprint: str = ""
    timezone: str = "Asia/Shanghai"
    ntp: tuple[str, ...] = ()
    technician: str = "technician"
    ssh_keys: tuple[str, ...] = ()
    data: str = PARTITION
    release: str = ""
    """Name of the release's file; empty: the image has the software already."""
    packages: tuple[str, ...] = ()
    """Names of Debian packages on it, for an image that lacks what draws the screen."""
    files: frozenset[str] = frozenset()
    """Names of all that ``card.json`` lists, each checked; no other file is taken."""

    @property
    def token(self) -> Path:
        """Where the one-time token is until the device is enrolled."""
        return self.folder / TOKEN

    def content(self, name: str) -> bytes | None:
        """Return what is in one of the card's files; None if the card names no such file.

        Raises `OSError`.
        """
        return (self.folder / name).read_bytes() if name in self.files else None

    def left_over(self) -> list[str]:
        """Return the names of what lies among its files and is not of this card, for the log."""
        found: list[Path] = []
        for folder in (self.folder, self.folder / "debs"):
            with suppress(OSError):  # nothing of it is needed
                found += [path for path in folder.iterdir() if path.is_file()]
        names = {path.relative_to(self.folder).as_posix() for path in found}
        return sorted(plain(name) for name in names - self.files - _UNNAMED)


def read_card(folder: Path) -> Card:
    """Return the card in ``folder``, every file of it checked.

    Raises `SetupStopped`: ``NO_PROFILE`` or ``BAD_PROFILE``.
    """
    try:
        encoded = (folder / CARD).read_bytes()
    except FileNotFoundError as error:
        raise SetupStopped("NO_PROFILE", f"there is no {CARD} on the boot partition") from error
    except OSError as error:
        raise SetupStopped("BAD_PROFILE", f"{CARD} cannot be read: {error.strerror}") from error
    try:
        said = json.loads(encoded.decode("utf-8"))
        if said.get("format") != FORMAT:
            raise ValueError(f"format {said.get('format')!r} is not known here, only {FORMAT}")
        card = _card(folder, encoded, said)
        files = _files(said)
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        what = f"{error} is missing" if isinstance(error, KeyError) else str(error)
        raise SetupStopped("BAD_PROFILE", f"{CARD}: {what}"[:200]) from error
    if card.release and card.release not in files:
        raise SetupStopped("BAD_PROFILE", f"{CARD} names {card.release}, but not its SHA-256")
    for name, digest in files.items():
        _check_file(folder, str(name), str(digest))
    return card


def leaves_out(folder: Path, name: str) -> bool:
    """True if the card in ``folder`` can be read, and this is none of its files."""
    try:
        return name not in _files(json.loads((folder / CARD).read_text(encoding="utf-8")))
    except (OSError, ValueError, KeyError, TypeError, AttributeError, RecursionError):
        return False


def _card(folder: Path, encoded: bytes, said: dict[str, object]) -> Card:
    person = said["technician"]
    if not isinstance(person, dict):
        raise ValueError("technician: a table expected")
    return Card(
        folder=folder,
        encoded=encoded,
        name=_text(said, "name", _NAME),
        issued_ms=_whole(said["issued_ms"]),
        fingerprint=str(said.get("fingerprint", ""))[:64],
        timezone=_text(said, "timezone", _ZONE),
        ntp=_texts(said.get("ntp", []), "ntp", _SERVER),
        technician=_text(person, "name", _USER),
        ssh_keys=_texts(person.get("ssh_keys", []), "technician.ssh_keys", _KEY),
        data=_text(said, "data", re.compile(r"(partition|root)\Z")),
        release=_text(said, "release", _RELEASE) if said.get("release") else "",
        packages=tuple(sorted(name for name in _files(said) if _PACKAGE.match(name))),
        files=frozenset(_files(said)),
    )


def _files(said: dict[str, object]) -> dict[str, object]:
    files = said["files"]
    if not isinstance(files, dict) or "device.toml" not in files:
        raise ValueError("files: device.toml is not among them")
    return files


def _text(table: dict[str, object], key: str, rule: re.Pattern[str]) -> str:
    value = table[key]
    if not isinstance(value, str) or not rule.match(value):
        raise ValueError(f"{key}: {value!r} is not as it should be")
    return value


def _texts(values: object, key: str, rule: re.Pattern[str]) -> tuple[str, ...]:
    if not isinstance(values, list) or not all(
        isinstance(value, str) and rule.match(value) for value in values
    ):
        raise ValueError(f"{key}: a list of texts expected, each on one line")
    return tuple(values)


def _whole(value: object) -> int:
    if type(value) is not int or value <= 0:
        raise ValueError("issued_ms: milliseconds since 1970 expected")
    return value


def _check_file(folder: Path, name: str, digest: str) -> None:
    path = PurePosixPath(name)
    if path.is_absolute() or ".." in path.parts or not path.parts or not _SHA256.match(digest):
        raise SetupStopped("BAD_PROFILE", f"{CARD}: {name!r} is no file of a card")
    try:
        with (folder / path).open("rb") as file:
            found = hashlib.file_digest(file, "sha256").hexdigest()
    except FileNotFoundError as error:
        raise SetupStopped("BAD_PROFILE", f"{name} is missing on the card") from error
    except OSError as error:
        raise SetupStopped("BAD_PROFILE", f"{name} cannot be read: {error.strerror}") from error
    if found != digest:
        raise SetupStopped("BAD_PROFILE", f"{name} is not what was written onto the card")
