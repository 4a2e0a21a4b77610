"""The way to central: a NetworkManager profile that nobody but root can read.

An image without NetworkManager gets plain Ethernet by systemd-networkd. Nothing here waits
for the network; whether there is one is enrolment's business.
"""

import configparser
from typing import Final

from provisioning.first_boot.device import Device
from provisioning.first_boot.errors import SetupFailed, SetupStopped
from provisioning.first_boot.files import put, same

_ON_CARD: Final = "network.nmconnection"
_KEYFILE: Final = "etc/NetworkManager/system-connections/haochaping.nmconnection"
_NETWORKD: Final = "etc/systemd/network/10-haochaping.network"
_OLD_KIND: Final = ("wpa_supplicant.conf", "wpa_supplicant.txt")


def is_done(device: Device) -> bool:
    """True if the card's connection is in place, where this image looks for it."""
    given = _given(device)
    if not given:
        return True  # the image has its own way
    if not _has_manager(device):
        return same(device.at(_NETWORKD), _for_networkd(_parsed(given)))
    return same(device.at(_KEYFILE), given, 0o600)


def do(device: Device) -> None:
    """Put the connection in place and have it used."""
    for name in _OLD_KIND:
        if (device.places.boot / name).exists():
            device.say(f"{name} on the boot partition is of the old kind and is not used")
    given = _given(device)
    connection = _parsed(given)
    if not _has_manager(device):
        _without_manager(device, connection)
        return
    if _is_wireless(connection):
        _free_the_air(device)
    put(device.at(_KEYFILE), given, 0o600)
    device.tools.run("nmcli", "connection", "reload")
    name = connection.get("connection", "id", fallback="")
    try:
        # It takes over from whatever profile the image began with; without a cable, later.
        device.tools.run("nmcli", "--wait", "0", "connection", "up", "id", name)
    except SetupFailed as error:
        device.say(f"the connection is not up yet: {error}")


def _given(device: Device) -> str:
    """Return the card's profile; empty if it names none."""
    return (device.card.content(_ON_CARD) or b"").decode("utf-8", "replace")


def _free_the_air(device: Device) -> None:
    """Switch the radio on; the card's ``cmdline.txt`` has named the country it is in."""
    for words in (("rfkill", "unblock", "wifi"), ("nmcli", "radio", "wifi", "on")):
        if device.tools.has(words[0]):
            device.tools.run(*words)


def _without_manager(device: Device, connection: configparser.ConfigParser) -> None:
    if not device.has_unit("systemd-networkd.service"):
        raise SetupFailed("the image has neither NetworkManager nor systemd-networkd")
    put(device.at(_NETWORKD), _for_networkd(connection))
    device.say("no NetworkManager on this image: systemd-networkd gets the connection")
    device.tools.run("systemctl", "enable", "systemd-networkd.service")
    device.tools.run("systemctl", "restart", "--no-block", "systemd-networkd.service")


def _for_networkd(connection: configparser.ConfigParser) -> str:
    """Return a plain Ethernet connection in systemd-networkd's words."""
    if _is_wireless(connection):
        raise SetupFailed("Wi-Fi needs an image with NetworkManager")
    lines = ["[Match]", "Type=ether", "", "[Network]"]
    if connection.get("ipv4", "method", fallback="auto") != "manual":
        lines.append("DHCP=yes")
    else:
        first = connection.get("ipv4", "address1", fallback="")
        address, _, gateway = first.partition(",")
        gateway = gateway or connection.get("ipv4", "gateway", fallback="")
        lines.append(f"Address={address}")
        lines += [f"Gateway={gateway}"] if gateway else []
    servers = connection.get("ipv4", "dns", fallback="").replace(";", " ").replace(",", " ")
    lines += [f"DNS={server}" for server in servers.split()]
    return "\n".join([*lines, ""])


def _parsed(given: str) -> configparser.ConfigParser:
    parser = configparser.ConfigParser(interpolation=None, delimiters=("=",), strict=False)
    try:
        parser.read_string(given)
    except configparser.Error:
        # Its message would quote the line, which may be the one with the password.
        raise SetupStopped("BAD_PROFILE", f"{_ON_CARD} is no connection profile") from None
    return parser


def _is_wireless(connection: configparser.ConfigParser) -> bool:
    return connection.get("connection", "type", fallback="") in ("wifi", "802-11-wireless")


def _has_manager(device: Device) -> bool:
    return device.has_unit("NetworkManager.service")
