"""A device's own identity to other machines: machine-id and SSH host keys.

An image, or a card copied from another, brings somebody else's. The board they were made
on is written down, and another board makes its own.
"""

import uuid
from collections.abc import Iterator
from pathlib import Path

from device.store.board import SERIAL
from device.store.disk import sync_folder
from provisioning.first_boot.device import Device
from provisioning.first_boot.errors import SetupFailed
from provisioning.first_boot.files import leads_to, link, put, remove, text

_NO_SERIAL = frozenset({"", "0", "none", "not specified", "default string", "system serial number"})
"""What PCs say that were never given a serial number."""
_DBUS = "var/lib/dbus/machine-id"
_MACHINE_ID = "/etc/machine-id"


def board_of(root: Path) -> str:
    """Return the serial number of the board, or else the machine-id.

    The device tree has it on a Raspberry Pi, the firmware's tables on a PC. Enrolment asks
    `device.store.board`, which needs not be root and so cannot read those tables.
    """
    for place in (SERIAL, "sys/class/dmi/id/product_serial"):
        serial = text(root / place).strip("\0\n ")
        if serial.lower() not in _NO_SERIAL and not serial.lower().startswith("to be filled"):
            return serial
    return text(root / "etc/machine-id").strip()


def is_done(device: Device) -> bool:
    """True if machine-id and host keys were made on this board."""
    board = text(device.places.settings / "board").strip()
    return (
        board != ""
        and board == board_of(device.places.root)
        and _is_machine_id(text(device.at("etc/machine-id")))
        and (not device.at("var/lib/dbus").is_dir() or leads_to(device.at(_DBUS), _MACHINE_ID))
        and (not _has_ssh(device) or any(_host_keys(device)))
    )


def do(device: Device) -> None:
    """Make a new machine-id and new host keys, and write down for which board."""
    settings = device.places.settings
    before = text(settings / "board").strip()
    if before:
        device.say(f"this card was set up on board {before}, this is another one: new identity")
    # Until all is made anew nothing says that it is this board's.
    remove(settings / "board")
    fresh = device.at("run/systemd/first-boot").exists() and not before
    if not (fresh and _is_machine_id(text(device.at("etc/machine-id")))):
        # Running programs keep the old one until the machine is started anew.
        device.ask_for_reboot("the new machine-id")
        put(device.at("etc/machine-id"), f"{uuid.uuid4().hex}\n", 0o444)
    if device.at("var/lib/dbus").is_dir():
        # Systemd prefers what D-Bus keeps there, which images bring along.
        link(device.at(_DBUS), _MACHINE_ID)
    if _has_ssh(device):
        for key in tuple(_host_keys(device)):
            key.unlink()
        device.tools.run("ssh-keygen", "-A")
        sync_folder(device.at("etc/ssh"))
        if device.has_unit("ssh.service"):
            device.tools.run("systemctl", "try-restart", "ssh.service")
    board = board_of(device.places.root)
    if not board:
        raise SetupFailed("this board tells no serial number and has no machine-id")
    put(settings / "board", f"{board}\n")
    device.say(f"machine-id and host keys are this board's own: {board}")


def _is_machine_id(content: str) -> bool:
    word = content.strip()
    return len(word) == 32 and all(letter in "0123456789abcdef" for letter in word)


def _has_ssh(device: Device) -> bool:
    return device.at("etc/ssh").is_dir() and device.tools.has("ssh-keygen")


def _host_keys(device: Device) -> Iterator[Path]:
    return device.at("etc/ssh").glob("ssh_host_*")
