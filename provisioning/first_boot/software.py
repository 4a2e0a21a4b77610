"""The release that the card brings, and the files by which the system knows of it."""

import os
from pathlib import Path
from typing import Final

from device.core.errors import DeviceError
from device.releases.shelf import SYSTEM_FILES, NoRoomForRelease, ReleaseRefused
from device.releases.signature import openssl_check
from device.releases.units import changes_pending, install_system_files
from device.store.deployed import AGENT_USER, GROUP, KIOSK_USER
from protocol.errors import ProtocolError
from protocol.releases import Manifest, open_release
from provisioning.first_boot.card import CARD
from provisioning.first_boot.device import TARGET, Device
from provisioning.first_boot.errors import SetupFailed, SetupStopped
from provisioning.first_boot.files import leads_to, link, put, remove, same, text

_RELEASE_KEY: Final = "release.pem"
_TAKEN_OVER: Final = ("device.toml", "ca.pem", _RELEASE_KEY, "setup_states.toml")
_CONFIGURATION: Final = "haochaping.conf"


# --- the release ------------------------------------------------------------------------------


def is_installed(device: Device) -> bool:
    """True if the card's release is in use, or a newer one that came by an update."""
    shelf = device.shelf
    current = shelf.current()
    if not current or not device.card.release:
        return current != ""
    offered = _offered(device)
    return current == offered.name or shelf.manifest(current).issued_ms > offered.issued_ms


def install(device: Device) -> None:
    """Check the card's release, unpack it and put it into use.

    Raises `SetupStopped` (``BAD_RELEASE``, ``DISK_FULL``) or another `DeviceError`.
    """
    if not device.card.release:
        raise SetupStopped("BAD_RELEASE", "the card brings no release, and the image has none")
    if _RELEASE_KEY not in device.card.files:
        raise SetupStopped("BAD_RELEASE", f"the card names no {_RELEASE_KEY} to check it with")
    shelf = device.shelf
    if shelf.current():
        shelf.remove_others()
    try:
        manifest = shelf.install(
            device.places.card / device.card.release,
            openssl_check(device.places.card / _RELEASE_KEY),
            say=device.tell,
        )
    except ReleaseRefused as error:
        raise SetupStopped("BAD_RELEASE", str(error)) from error
    except NoRoomForRelease as error:
        raise SetupStopped("DISK_FULL", str(error)) from error
    device.stop_services()
    shelf.switch(manifest.name)
    device.say(f"release {manifest.name} is installed")


def _offered(device: Device) -> Manifest:
    """Return what the card's release says of itself; it is believed when it is installed."""
    try:
        with (device.places.card / device.card.release).open("rb") as file:
            return open_release(file, lambda _signature, _signed: None)[0]
    except ProtocolError as error:
        raise SetupStopped("BAD_RELEASE", f"{device.card.release}: {error}") from error


# --- what it brings for the system ------------------------------------------------------------


def is_known(device: Device) -> bool:
    """True if units, users and rules are those of the release in use."""
    return (
        not changes_pending(_system_files(device), device.places.root)
        and _has_users(device)
        and device.places.data.is_dir()
        and leads_to(_enabled(device), f"/etc/systemd/system/{TARGET}")
    )


def make_known(device: Device) -> None:
    """Put the release's system files in place, and have the system take notice."""
    device.stop_services()
    install_system_files(_system_files(device), device.places.root)
    run = device.tools.run
    run("systemd-sysusers", _CONFIGURATION)
    if not _has_users(device):
        raise SetupFailed("the release names no users for its two processes")
    run("systemd-tmpfiles", "--create", _CONFIGURATION)
    device.places.data.mkdir(mode=0o755, parents=True, exist_ok=True)
    if (device.places.root / "run/udev/control").exists():  # not in a container
        run("udevadm", "control", "--reload")
        run("udevadm", "trigger", "--subsystem-match=gpio", "--subsystem-match=usb")
    run("systemctl", "daemon-reload")
    # By hand and not by `systemctl enable`: durable, and the same on every boot.
    link(_enabled(device), f"/etc/systemd/system/{TARGET}")
    device.say("units, users and rules are the release's")


def _system_files(device: Device) -> Path:
    return device.places.current / SYSTEM_FILES


def _enabled(device: Device) -> Path:
    return device.places.units / "multi-user.target.wants" / TARGET


def _has_users(device: Device) -> bool:
    names = {line.split(":")[0] for line in text(device.at("etc/passwd")).splitlines()}
    return {KIOSK_USER, AGENT_USER} <= names and _group(device) is not None


def _group(device: Device) -> int | None:
    for line in text(device.at("etc/group")).splitlines():
        fields = line.split(":")
        if fields[0] == GROUP and len(fields) == 4:
            return int(fields[2])
    return None


# --- settings ---------------------------------------------------------------------------------


def is_set(device: Device) -> bool:
    """True if the device's settings are the card's."""
    settings = device.places.settings
    return same(settings / CARD, device.card.encoded) and all(
        same(settings / name, content, _mode(name)) and _belongs(device, settings / name)
        if content is not None
        else not (settings / name).exists()
        for name, content in _given(device)
    )


def set_up(device: Device) -> None:
    """Take the settings over from the card, ``card.json`` last."""
    device.stop_services()
    settings = device.places.settings
    for name, content in _given(device):
        if content is None:
            remove(settings / name)
            continue
        put(settings / name, content, _mode(name))
        if not _belongs(device, settings / name):
            os.chown(settings / name, -1, _group(device) or 0)
    put(settings / CARD, device.card.encoded)
    device.say("the settings are the card's")


def _given(device: Device) -> list[tuple[str, bytes | None]]:
    """Return each setting as the card has it; None where it names none."""
    try:
        return [(name, device.card.content(name)) for name in _TAKEN_OVER]
    except OSError as error:
        raise DeviceError(f"the card cannot be read: {error}") from error


def _mode(name: str) -> int:
    # The profile may hold a proxy's password: for the two processes, not for everybody.
    return 0o640 if name == "device.toml" else 0o644


def _belongs(device: Device, path: Path) -> bool:
    return path.stat().st_gid == (_group(device) or 0) if path.name == "device.toml" else True
