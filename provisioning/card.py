"""What a device's card holds: every file of it, worked out before one is written.

A card is a function of the fleet file and of the enrolment that central granted. Worked out
again from the same two it is the same, byte by byte, so a second run can tell what is there
already. ``card.json`` names every other file with its SHA-256: first boot believes none
that it does not name.
"""

import hashlib
import json
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Final, NamedTuple

import msgspec

from device.core.plain import plain
from device.store.deployed import Deployed
from protocol.releases import Manifest, file_name
from provisioning import boot_files, cloud_init, debs, keyfile, pack, profile_file
from provisioning.content import Content
from provisioning.errors import BadCard
from provisioning.fleet import Fleet, Seat

FORMAT: Final = 1
FOLDER: Final = "haochaping"
CARD: Final = f"{FOLDER}/card.json"
NEXT: Final = f"{FOLDER}/card.next"
"""The note of a card that is being written; found after a power cut."""
TOKEN: Final = f"{FOLDER}/token"
PROFILE: Final = "device.toml"
KEYFILE: Final = "network.nmconnection"
CA: Final = "ca.pem"
RELEASE_KEY: Final = "release.pem"
STATES: Final = "setup_states.toml"
_CROCKFORD: Final = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
_MAX_CARD_BYTES: Final = 256 * 1024


class CentralKey(msgspec.Struct, frozen=True):
    """Central's public key, which a device pins before it has ever asked."""

    algorithm: int
    key: str
    """Base64."""


class Account(msgspec.Struct, frozen=True):
    """The technicians' account on the device."""

    name: str
    ssh_keys: tuple[str, ...] = ()


class CardNote(msgspec.Struct, frozen=True, kw_only=True):
    """``card.json``: whose card this is, and what belongs to it. No secret is in it."""

    format: int
    name: str
    hall: str
    window: str
    central: str
    issued_ms: int
    """When central granted the enrolment, by central's clock; no device's clock is right
    that says less."""
    expires_ms: int
    """Until when the token can be used."""
    timezone: str
    ntp: tuple[str, ...]
    country: str
    wifi: bool
    technician: Account
    data: str
    boot_lines: tuple[str, ...]
    """What the panel needs in ``config.txt``."""
    release: str
    """File name of the bundled release; empty if the image has the software."""
    central_key: CentralKey | None
    fingerprint: str
    token_sha256: str
    """Tells one token from another; says nothing of what it is."""
    replace: bool
    """The token retires the device that was at this window before."""
    files: dict[str, str]
    """SHA-256 by name, of the files beside this one."""


class Enrolment(NamedTuple):
    """What central granted for one device."""

    token: str
    """A secret; empty where the device has used it and the card needs none."""
    token_sha256: str
    issued_ms: int
    expires_ms: int
    central_key: CentralKey | None
    replace: bool = False

    def __repr__(self) -> str:
        """Return the enrolment without its token."""
        return f"Enrolment({self.token_sha256[:8]}...)"


class Release(NamedTuple):
    """A release file that has been checked."""

    content: Content
    manifest: Manifest


class Card(NamedTuple):
    """Everything that is written for one device."""

    note: CardNote
    files: Mapping[str, Content]
    """By path on the boot partition, without ``card.json`` and the token."""
    token: str

    def __repr__(self) -> str:
        """Return the card without its token."""
        return f"Card({self.note.name}, {self.note.fingerprint})"

    @property
    def encoded_note(self) -> bytes:
        """The bytes of ``card.json``."""
        content = msgspec.to_builtins(self.note)
        return (json.dumps(content, ensure_ascii=False, indent=1) + "\n").encode()

    @property
    def size(self) -> int:
        """Bytes of all files together."""
        return sum(content.size for content in self.files.values()) + len(self.encoded_note) + 64


def token_hash(token: str) -> str:
    """Return what ``card.json`` says of a token."""
    return hashlib.sha256(token.encode()).hexdigest()


def fingerprint(name: str, central: str, hall: str, window: str, token_sha256: str) -> str:
    """Return the 80 bits that tell this card from all others, as people read them aloud.

    Four groups of four characters of Crockford's base32 (no I, L, O, U), taken from SHA-256
    over the JSON list of the arguments. Settings may change without it; another token,
    window or central makes another card.
    """
    told = json.dumps([FORMAT, name, central, hall, window, token_sha256]).encode()
    number = int.from_bytes(hashlib.sha256(told).digest()[:10], "big")
    letters = "".join(_CROCKFORD[number >> shift & 31] for shift in range(75, -1, -5))
    return "-".join(letters[start : start + 4] for start in range(0, 16, 4))


def fingerprint_of(note: CardNote) -> str:
    """Return the fingerprint that a card with this note has to have."""
    return fingerprint(note.name, note.central, note.hall, note.window, note.token_sha256)


def make_card(
    fleet: Fleet,
    seat: Seat,
    enrolment: Enrolment,
    release: Release | None,
    packages: Mapping[str, Content] = MappingProxyType({}),
) -> Card:
    """Return the card of ``seat``; ``packages`` are Debian's, by file name.

    Raises `ProvisioningError` or `BadConfiguration` for what no card can say, and `OSError`
    if a file that the fleet names cannot be read.
    """
    ours = _own_files(fleet, seat, release)
    ours |= {f"{debs.FOLDER}/{name}": content for name, content in packages.items()}
    printed = fingerprint(seat.name, fleet.central, seat.hall, seat.window, enrolment.token_sha256)
    user_data = cloud_init.user_data(seat.name, own_partition=fleet.data == "partition")
    seed = {
        "user-data": user_data,
        "meta-data": cloud_init.meta_data(seat.name, printed, user_data),
        "network-config": cloud_init.network_config(),
    }
    note = CardNote(
        format=FORMAT,
        name=seat.name,
        hall=seat.hall,
        window=seat.window,
        central=fleet.central,
        issued_ms=enrolment.issued_ms,
        expires_ms=enrolment.expires_ms,
        timezone=fleet.timezone,
        ntp=fleet.ntp,
        country=fleet.country,
        wifi=seat.network.kind == "wifi",
        technician=Account(fleet.technician.name, fleet.technician.ssh_keys),
        data=fleet.data,
        boot_lines=seat.boot_lines,
        release=file_name(release.manifest) if release else "",
        central_key=enrolment.central_key,
        fingerprint=printed,
        token_sha256=enrolment.token_sha256,
        replace=enrolment.replace,
        files={name: content.sha256 for name, content in sorted(ours.items())},
    )
    return Card(
        note,
        {
            **{f"{FOLDER}/{name}": content for name, content in ours.items()},
            **{name: Content.of(text.encode()) for name, text in seed.items()},
            boot_files.FIRST_RUN: Content.of(boot_files.FIRST_RUN_SCRIPT.encode()),
        },
        enrolment.token,
    )


def read_note(encoded: bytes) -> CardNote:
    """Return what a ``card.json`` says. Raises `BadCard`."""
    if len(encoded) > _MAX_CARD_BYTES:
        raise BadCard("card.json is larger than one can be")
    try:
        note = msgspec.json.decode(encoded, type=CardNote)
    except (msgspec.DecodeError, ValueError, RecursionError) as error:
        raise BadCard(f"card.json cannot be read: {error}") from error
    if not _is_plain(msgspec.to_builtins(note)):
        # Told on the terminal of whoever looks at a card that somebody found.
        raise BadCard("card.json holds characters that no card of ours has")
    names = [*note.files, note.release]
    if note.format != FORMAT or not all(map(_is_name, names)):
        raise BadCard(f"card.json is not of the form {FORMAT} that is known here")
    return note


def _is_plain(value: object) -> bool:
    match value:
        case str():
            return "\n" not in value and plain(value) == value
        case dict():
            return all(_is_plain(key) and _is_plain(inner) for key, inner in value.items())
        case list() | tuple():
            return all(map(_is_plain, value))
    return True


def plan(note: CardNote, instance: str) -> boot_files.Plan:
    """Return what ``config.txt`` and ``cmdline.txt`` are to say on this card."""
    return boot_files.Plan(note.data == "partition", instance, note.country if note.wifi else "")


def _is_name(name: str) -> bool:
    """Return whether a card can have a file of this name; none leads out of its folder."""
    folder, slash, package = name.rpartition("/")
    if slash:
        return folder == debs.FOLDER and debs.is_package_name(package)
    return "\\" not in name and name not in (".", "..")


def _own_files(fleet: Fleet, seat: Seat, release: Release | None) -> dict[str, Content]:
    settings: dict[str, object] = {
        **seat.settings,
        "data_dir": str(Deployed().data),
        "central.url": fleet.central,
    }
    if fleet.ca_file:
        settings["central.ca_file"] = str(Deployed().settings / CA)
    if fleet.proxy:
        settings["central.proxy"] = fleet.proxy
    profile = profile_file.render(settings, f"{seat.name}/{PROFILE}")
    files = {
        PROFILE: Content.of(profile.encode()),
        KEYFILE: Content.of(keyfile.render(seat.network, seat.name).encode()),
        STATES: Content.of((pack.ROOT / "ui_assets" / STATES).read_bytes()),
        pack.NAME: Content.of(pack.first_boot()),
        pack.START: Content.of(pack.start_script()),
    }
    if fleet.ca_file:
        files[CA] = Content.of(_small(fleet.ca_file))
    if fleet.release_key:
        files[RELEASE_KEY] = Content.of(_small(fleet.release_key))
    if release:
        files[file_name(release.manifest)] = release.content
    return files


def _small(file: Path) -> bytes:
    with file.open("rb") as stream:
        content = stream.read((1 << 20) + 1)
    if len(content) > 1 << 20:
        raise BadCard(f"{file}: more than 1 MiB; no certificate or key is that large")
    return content
