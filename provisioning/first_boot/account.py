"""The technicians' account: by SSH key, never by password; without keys there is none.

It may do everything (sudo without a password, since it has none): whoever services a device
remounts its root, reads its journal, installs a release. The card's other users have no
shell.
"""

import os
from pathlib import Path
from typing import Final, NamedTuple

from device.store.disk import sync_folder
from provisioning.first_boot.device import Device
from provisioning.first_boot.errors import SetupFailed
from provisioning.first_boot.files import put, remove, same, text

_SUDOERS: Final = "etc/sudoers.d/haochaping-technician"
_SSHD: Final = "etc/ssh/sshd_config.d/10-haochaping.conf"
_SSHD_RULES: Final = (
    "# Technicians' keys only (haochaping).\n"
    "PasswordAuthentication no\nKbdInteractiveAuthentication no\nPermitRootLogin no\n"
    # Not the image's own users either, nor those of a card before.
    "AllowUsers {name}\n"
)


_FIRST_UID: Final = 1000
"""Of people's accounts (Debian's adduser.conf)."""


class _Login(NamedTuple):
    name: str
    uid: int
    gid: int
    home: Path


def is_done(device: Device) -> bool:
    """True if the card's keys, and no others, open the account."""
    card = device.card
    login = _login(device, card.technician)
    if not card.ssh_keys:
        return (
            not device.at(_SUDOERS).exists()
            and (login is None or not _keys(login).exists())
            and not _listens(device)
        )
    if login is None:
        return False
    return (
        same(_keys(login), _lines(card.ssh_keys), 0o600)
        and {place.stat().st_uid for place in (login.home, _keys(login).parent, _keys(login))}
        == {login.uid}
        and same(device.at(_SUDOERS), _rule(login.name), 0o440)
        and (not device.at("etc/ssh").is_dir() or same(device.at(_SSHD), _sshd_rules(login.name)))
        and (_listens(device) or not device.has_unit("ssh.service"))
    )


def do(device: Device) -> None:
    """Make the account, or shut it where the card names no keys."""
    if not device.card.ssh_keys:
        _shut(device)
        return
    name = device.card.technician
    login = _login(device, name)
    if login is None:
        device.tools.run("useradd", "--create-home", "--shell", "/bin/bash", name)
        login = _login(device, name)
    # Below are root and the accounts of services, ours too: none of them is to have sudo.
    if login is None or login.uid < _FIRST_UID:
        raise SetupFailed(f"there is no account {name} that technicians could use")
    # Right away, not when the files are next written out: a cut must not leave them empty.
    sync_folder(device.at("etc"))
    folder = _keys(login).parent
    # The home may be missing: it is made after the account, and the power may go in between.
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    put(_keys(login), _lines(device.card.ssh_keys), 0o600)
    for place, mode in ((login.home, 0o700), (folder, 0o700), (_keys(login), 0o600)):
        os.chown(place, login.uid, login.gid)
        place.chmod(mode)
    _allow(device, name)
    if device.at("etc/ssh").is_dir():
        put(device.at(_SSHD), _sshd_rules(name))
    if device.has_unit("ssh.service"):
        device.tools.run("systemctl", "enable", "ssh.service")
        device.tools.run("systemctl", "restart", "--no-block", "ssh.service")
        device.say(f"technicians log in as {name}, by key")
    else:
        device.say(f"the image has no SSH server: {name} can log in nowhere")


def _allow(device: Device, name: str) -> None:
    """Write the rule of sudo, checked: a broken one would lock everybody out."""
    rules = device.at(_SUDOERS)
    if device.tools.has("visudo"):
        # A name with a dot is not read by sudo.
        draft = rules.with_name("haochaping.draft")
        put(draft, _rule(name), 0o440)
        device.tools.run("visudo", "--check", "--file", str(draft))
        remove(draft)
    put(rules, _rule(name), 0o440)


def _shut(device: Device) -> None:
    login = _login(device, device.card.technician)
    if login is not None:
        remove(_keys(login))
    remove(device.at(_SUDOERS))
    if _listens(device):
        for unit in ("ssh.service", "ssh.socket"):
            if device.has_unit(unit):
                device.tools.run("systemctl", "disable", "--now", unit)
    device.say("the card names no technician's key: nobody logs in over the network")


def _listens(device: Device) -> bool:
    """True if an SSH server is started at boot."""
    wants = device.at("etc/systemd/system")
    return any(
        os.path.lexists(wants / folder / unit)
        for folder, unit in (
            ("multi-user.target.wants", "ssh.service"),
            ("sockets.target.wants", "ssh.socket"),
        )
    )


def _login(device: Device, name: str) -> _Login | None:
    for line in text(device.at("etc/passwd")).splitlines():
        fields = line.split(":")
        if len(fields) == 7 and fields[0] == name:
            return _Login(name, int(fields[2]), int(fields[3]), device.at(fields[5].lstrip("/")))
    return None


def _keys(login: _Login) -> Path:
    return login.home / ".ssh/authorized_keys"


def _lines(keys: tuple[str, ...]) -> str:
    return "# Written from the device's card; keys added here are lost.\n" + "".join(
        f"{key}\n" for key in keys
    )


def _sshd_rules(name: str) -> str:
    return _SSHD_RULES.format(name=name)


def _rule(name: str) -> str:
    return f"{name} ALL=(ALL:ALL) NOPASSWD: ALL\n"
