"""The network of a device as NetworkManager's keyfile.

The form is GLib's key file (https://docs.gtk.org/glib/struct.KeyFile.html) with the
properties of nm-settings-keyfile(5). Names and passwords of wireless networks may hold any
character; what is written here reads back as what was meant, or is refused.
"""

import ipaddress
import re
import uuid
from typing import Final

from provisioning.errors import ProvisioningError
from provisioning.fleet import Network

_PLAIN_SSID: Final = re.compile(r"(?=.*[A-Za-z])[A-Za-z0-9_.-]([A-Za-z0-9_. -]*[A-Za-z0-9_.-])?\Z")
"""Names that cannot be taken for the other form, a list of numbers."""
_HEX_KEY: Final = re.compile(r"[0-9A-Fa-f]{64}\Z")
_OURS: Final = uuid.UUID("4a1c9d52-7c9f-5a0e-9a4e-2f7f0c1e8b11")


def render(network: Network, device: str) -> str:
    """Return the keyfile of ``network``; it is the same for the same device and network.

    Raises `ProvisioningError` for what no such file can say.
    """
    wifi = network.kind == "wifi"
    lines = [
        "[connection]",
        f"id={'haochaping-wifi' if wifi else 'haochaping-ethernet'}",
        f"uuid={uuid.uuid5(_OURS, f'{device}/{network.kind}')}",
        f"type={'wifi' if wifi else 'ethernet'}",
        "autoconnect=true",
        "autoconnect-priority=100",
        # Without this four failures in a row, say at a switch that starts late, are the end.
        "autoconnect-retries=0",
    ]
    if wifi:
        lines += _wifi(network)
    lines += _addresses(network)
    return "\n".join(lines) + "\n"


def escaped(text: str) -> str:
    """Return ``text`` as a value of a key file.

    GLib drops blanks before a value, other readers also those behind it; both are written
    as ``\\s``.

    Raises `ProvisioningError` for control characters that have no way of being written.
    """
    if any((c < " " and c not in "\t\n\r") or c == "\x7f" for c in text):
        raise ProvisioningError("a name or password of the network holds a control character")
    body = text.strip(" ")
    before = len(text) - len(text.lstrip(" "))
    after = len(text) - len(body) - before
    body = body.replace("\\", "\\\\")
    for plain, written in (("\t", "\\t"), ("\n", "\\n"), ("\r", "\\r")):
        body = body.replace(plain, written)
    return "\\s" * before + body + "\\s" * after


def ssid(name: str) -> str:
    """Return a wireless network's name as its bytes, or as text where both read the same.

    Raises `ProvisioningError` unless it has 1 to 32 bytes (IEEE 802.11).
    """
    encoded = name.encode("utf-8")
    if not 1 <= len(encoded) <= 32:
        raise ProvisioningError(f"the Wi-Fi name {name!r} has {len(encoded)} bytes: 1 to 32 may be")
    return name if _PLAIN_SSID.match(name) else "".join(f"{byte};" for byte in encoded)


def _wifi(network: Network) -> list[str]:
    # Power saving makes a Pi's radio miss what wakes it: a heartbeat in ten.
    lines = ["", "[wifi]", "mode=infrastructure", f"ssid={ssid(network.ssid)}", "powersave=2"]
    if not network.password:
        return lines
    secret = network.password
    printable = 8 <= len(secret) <= 63 and all(" " <= c <= "~" for c in secret)
    if not (printable or _HEX_KEY.match(secret)):
        raise ProvisioningError(
            f"the password of the Wi-Fi {network.ssid!r} cannot be right: 8 to 63 ASCII "
            "characters, or 64 hexadecimal digits"
        )
    return [*lines, "", "[wifi-security]", "key-mgmt=wpa-psk", f"psk={escaped(secret)}"]


def _addresses(network: Network) -> list[str]:
    try:
        own = ipaddress.ip_interface(network.address) if network.address else None
        gateway = ipaddress.ip_address(network.gateway) if network.gateway else None
        servers = [ipaddress.ip_address(server) for server in network.dns]
    except ValueError as error:
        raise ProvisioningError(f"the network's addresses: {error}") from error
    lines = []
    for version in (4, 6):
        fixed = own is not None and own.version == version
        # Beside a fixed IPv4 address, IPv6 stays as the network offers it; not the other way.
        offered = "auto" if own is None or version == 6 else "disabled"
        method = "manual" if fixed else offered
        lines += ["", f"[ipv{version}]", f"method={method}"]
        if fixed and own is not None:
            lines.append(f"address1={own}" + (f",{gateway}" if gateway is not None else ""))
        asked = [str(server) for server in servers if server.version == version]
        if asked and method != "disabled":
            lines.append(f"dns={';'.join(asked)};")
            if own is None:
                lines.append("ignore-auto-dns=true")
    return lines
