"""How a device of a fleet reaches central, and what cannot work about it."""

import os
import re
import stat
from collections.abc import Mapping, Sequence
from ipaddress import ip_address, ip_interface, ip_network
from pathlib import Path

from provisioning.findings import Findings, Given, Place
from provisioning.fleet import Network

KINDS = ("ethernet", "wifi")
DHCP = "dhcp"
"""An address that says: none of its own, in spite of what the defaults say."""
_WIRELESS = ("network.ssid", "network.password", "network.password_file")
_WIFI_ALONE = 'only with kind = "wifi"'
_ETHERNET = Given("ethernet", Place(Path(), 0), "")
_HEXADECIMAL_KEY = re.compile(r"[0-9A-Fa-f]{64}")
_PASSPHRASE = re.compile(r"[ -~]{8,63}")
"""WPA: 8 to 63 printable ASCII characters (IEEE 802.11, annex J)."""


def layered(layers: Sequence[Mapping[str, Given]], findings: Findings) -> dict[str, Given]:
    """Return what holds for a device: each layer says otherwise than those before it.

    A name of a wireless network says that the network is wireless, whatever was said before;
    with ``kind = "ethernet"`` beside it, it is a mistake.
    """
    merged: dict[str, Given] = {}
    for layer in layers:
        merged |= layer
        ssid = layer.get("network.ssid")
        if ssid is None:
            continue
        if "network.kind" not in layer:
            merged["network.kind"] = ssid._replace(value="wifi")
        elif layer["network.kind"].value == "ethernet":
            findings.mistake(ssid.place, f"{ssid.key}: {_WIFI_ALONE}")
    if merged.get("network.kind", _ETHERNET).value != "wifi" and layers:
        for key in _WIRELESS:
            if key in layers[-1]:
                findings.mistake(layers[-1][key].place, f"{layers[-1][key].key}: {_WIFI_ALONE}")
    return merged


def read_network(
    given: Mapping[str, Given], folder: Path, place: Place, findings: Findings
) -> Network:
    """Return the network of one device from its keys (``network.address`` ...).

    ``folder`` is where a relative ``password_file`` begins, ``place`` the device's own line.
    """
    reading = _Reading(given, findings, place)
    kind = reading.text("network.kind") or "ethernet"
    if kind not in KINDS:
        findings.mistake(given["network.kind"].place, f"network.kind: {kind}: ethernet or wifi")
    address = reading.address()
    gateway = reading.gateway(address)
    dns = reading.dns()
    if not address:
        reading.only_with_an_address()
    elif not gateway:
        findings.warn(
            given["network.address"].place,
            "network.address without network.gateway: central must be in the same net",
        )
    ssid = password = ""
    if kind == "wifi":
        ssid, password = reading.ssid(), reading.password(folder)
    return Network(kind, address, gateway, dns, ssid, password)


class _Reading:
    def __init__(self, given: Mapping[str, Given], findings: Findings, place: Place) -> None:
        self._given = given
        self._findings = findings
        self._place = place

    def text(self, key: str) -> str:
        return str(self._given[key].value).strip() if key in self._given else ""

    def _wrong(self, key: str, text: str) -> None:
        self._findings.mistake(self._given[key].place, f"{key}: {text}")

    def address(self) -> str:
        """Return ``10.1.2.3/24``; empty by DHCP, or if it cannot be one."""
        said, net = self.text("network.address"), self._net()
        if said in ("", DHCP):
            return ""
        if "/" not in said and net:
            said += f"/{ip_network(net).prefixlen}"
        if "/" not in said:
            self._wrong(
                "network.address", f"{said}: say the net too, as {said}/24, or give network.net"
            )
            return ""
        try:
            interface = ip_interface(said)
        except ValueError:
            self._wrong("network.address", f"{said}: an address as 10.1.2.3/24 expected")
            return ""
        inside, ip = interface.network, interface.ip
        if net and inside != ip_network(net):
            self._wrong("network.address", f"{said} is not in the net {net}")
        elif ip.is_multicast or ip.is_loopback or ip.is_unspecified:
            self._wrong("network.address", f"{ip}: no device can have it")
        elif inside.num_addresses > 2 and (
            ip == inside.network_address or (ip.version == 4 and ip == inside.broadcast_address)
        ):
            self._wrong("network.address", f"{said} is the net's own address, not a device's")
        else:
            return str(interface)
        return ""

    def _net(self) -> str:
        said = self.text("network.net")
        if not said:
            return ""
        try:
            return str(ip_network(said))
        except ValueError:
            self._wrong("network.net", f"{said}: a net as 10.1.2.0/24 expected")
            return ""

    def gateway(self, address: str) -> str:
        """Return the address of the net's gateway; empty by DHCP, or if it cannot be one."""
        said = self.text("network.gateway")
        if not said:
            return ""
        try:
            ip = ip_address(said)
        except ValueError:
            self._wrong("network.gateway", f"{said}: an address as 10.1.2.1 expected")
            return ""
        if not address:
            return ""
        own, line = ip_interface(address), self._given["network.gateway"].place.line
        if ip not in own.network:
            text = f"{address}: the gateway {said} (line {line}) is not in its net"
            self._wrong("network.address", text)
        elif ip == own.ip:
            self._wrong("network.address", f"{address} is the gateway's own (line {line})")
        return str(ip)

    def dns(self) -> tuple[str, ...]:
        if "network.dns" not in self._given:
            return ()
        found = []
        for one in self._given["network.dns"].value:
            try:
                found.append(str(ip_address(one)))
            except ValueError:
                self._wrong("network.dns", f"{one}: addresses as 10.1.0.1 expected")
        return tuple(found)

    def only_with_an_address(self) -> None:
        """A gateway for a device that asks for its address is a forgotten address."""
        gateway, net = self._given.get("network.gateway"), self._given.get("network.net")
        for one in (gateway, net):
            if one is not None and "network.address" not in self._given:
                self._findings.mistake(
                    self._place,
                    f"network.address: missing; {one.key} (line {one.place.line}) is of no use"
                    " to a device that gets its address by DHCP",
                )
                return

    def ssid(self) -> str:
        if "network.ssid" not in self._given:
            self._findings.mistake(self._place, "network.ssid: missing; wifi needs a name")
            return ""
        ssid = str(self._given["network.ssid"].value)
        if not 1 <= len(ssid.encode("utf-8", "replace")) <= 32 or not ssid.isprintable():
            self._wrong("network.ssid", "1 to 32 bytes without control characters expected")
        return ssid

    def password(self, folder: Path) -> str:
        """Return the password; it is in no message."""
        key = "network.password"
        if "network.password_file" in self._given:
            if key in self._given:
                self._wrong(key, "give either this or network.password_file")
            key = "network.password_file"
            file = folder / self.text(key)
            try:
                password = file.read_text(encoding="utf-8-sig").rstrip("\r\n")
            except (OSError, UnicodeDecodeError) as error:
                why = error.strerror if isinstance(error, OSError) else "not UTF-8"
                self._wrong(key, f"{file}: cannot be read: {why}")
                return ""
            if _others_read(file):
                self._findings.warn(
                    self._given[key].place,
                    f"{key}: others on this computer can read {file}; chmod 600",
                )
        elif key in self._given:
            password = str(self._given[key].value)
            file = self._given[key].place.file
            if _others_read(file):
                self._findings.warn(
                    Place(file, 1),
                    f"{key}: it is in this file, which others on this computer can read;"
                    " chmod 600, or keep it in a network.password_file",
                )
        else:
            self._findings.warn(
                self._place, "network.password: none; the wireless network is open to everybody"
            )
            return ""
        if not (_PASSPHRASE.fullmatch(password) or _HEXADECIMAL_KEY.fullmatch(password)):
            self._wrong(
                key,
                f"it has {len(password)} characters; 8 to 63 of an English keyboard expected,"
                " or 64 hexadecimal digits",
            )
        return password


def _others_read(file: Path) -> bool:
    """Return whether accounts other than the owner's may read ``file``."""
    if os.name != "posix":
        return False  # rights are told otherwise there
    try:
        return bool(stat.S_IMODE(file.stat().st_mode) & 0o077)
    except OSError:
        return False  # it has just been read; what is gone now is nobody's to read
