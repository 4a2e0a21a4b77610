"""The network as the kernel's files show it; nothing is sent, and no connection is opened.

Field pains: a Wi-Fi file of the old kind that is ignored (bookworm-feedback#72), proxy
variables and .netrc that change requests (requests#3929).
"""

import os
import re
import stat
from ipaddress import IPv4Address, IPv6Address
from pathlib import Path

from device.checks.finding import Figure, Finding, fault, ok, unknown, warning
from device.checks.patient import OVERFLOW_UID, Patient

KEYFILES = "etc/NetworkManager/system-connections"
PROXY_VARIABLES = re.compile(
    r"^\s*(?:export\s+)?((?:https?|all|no)_proxy)=", re.IGNORECASE | re.MULTILINE
)


def network(patient: Patient) -> Finding:
    """Is there a link, an address, and a way out?"""
    code = "network"
    interfaces = _interfaces(patient)
    up = [name for name, carrier in interfaces.items() if carrier]
    held, gateway = addresses(patient), _has_default_route(patient)
    figures: dict[str, Figure] = {
        "interfaces": ", ".join(interfaces),
        "up": ", ".join(up),
        "addresses": ", ".join(held),
        "default_route": gateway,
    }
    if not interfaces:
        return fault(
            code,
            "This machine has no network interface.",
            "Check the adapter; on a Raspberry Pi without one, the board.",
            **figures,
        )
    if not up:
        return fault(
            code,
            f"No interface has a link ({', '.join(interfaces)}).",
            "Check the cable and the switch port, or the Wi-Fi's name and password.",
            **figures,
        )
    if not held:
        return fault(
            code,
            f"{', '.join(up)} has a link and no address.",
            "Does the hall's DHCP give addresses to this device? Else set a fixed one in the "
            "fleet file.",
            **figures,
        )
    if not gateway:
        return warning(
            code,
            f"The device has the address {', '.join(held)} and no default route.",
            "Right if central is in the same network; otherwise the gateway is missing.",
            **figures,
        )
    return ok(code, f"{', '.join(up)} is up with {', '.join(held)}.", **figures)


def _interfaces(patient: Patient) -> dict[str, bool]:
    """Return for each interface but loopback and bridges of others whether it has a link."""
    found = {}
    for folder in sorted(patient.at("sys/class/net").glob("*")):
        hardware = (folder / "device").exists() or folder.name.startswith(("eth", "en", "wl"))
        if folder.name != "lo" and hardware:
            found[folder.name] = patient.text_or(folder / "operstate") == "up" or (
                patient.text_or(folder / "carrier") == "1"
            )
    return found


def addresses(patient: Patient) -> list[str]:
    """Return this machine's own addresses, without loopback and link-local ones."""
    found: list[str] = []
    leaf = ""
    for line in patient.text_or("proc/net/fib_trie").splitlines():
        if named := re.search(r"\|-- (\d+\.\d+\.\d+\.\d+)$", line):
            leaf = named[1]
        elif leaf and "/32 host LOCAL" in line:
            address = IPv4Address(leaf)
            if not (address.is_loopback or address.is_link_local) and leaf not in found:
                found.append(leaf)
    for line in patient.text_or("proc/net/if_inet6").splitlines():
        words = line.split()
        if words and re.fullmatch(r"[0-9a-f]{32}", words[0]):
            six = IPv6Address(int(words[0], 16))
            if not (six.is_loopback or six.is_link_local):
                found.append(str(six))
    return found


def _has_default_route(patient: Patient) -> bool:
    four = [line.split() for line in patient.text_or("proc/net/route").splitlines()[1:]]
    six = [line.split() for line in patient.text_or("proc/net/ipv6_route").splitlines()]
    return any(
        words[1:3] and words[1] == "00000000" and words[7] == "00000000" for words in four
    ) or any(
        words[0] == "0" * 32 and words[1] == "00" and words[-1] != "lo" for words in six if words
    )


def name_servers(patient: Patient) -> Finding:
    """Is a name server configured, if one is needed?"""
    code = "name-servers"
    if patient.profile is None:
        return unknown(code, "Without a readable configuration central's address is not known.")
    found = re.findall(r"^nameserver\s+(\S+)", patient.text_or("etc/resolv.conf"), re.MULTILINE)
    if found:
        return ok(code, f"{len(found)} name servers are configured.", servers=len(found))
    return warning(
        code,
        "No name server is configured.",
        "Right if central is given by its address; otherwise DHCP or the fleet file must name one.",
        servers=0,
    )


def wifi_file(patient: Patient) -> Finding:
    """Are the network's files of the kind that is read, and closed to others?"""
    code = "wifi-file"
    trouble = []
    for old in ("wpa_supplicant.conf",):
        try:
            if (patient.deployed.boot / old).exists():
                trouble.append(f"{old} on the boot partition is of the old kind and is not read")
        except PermissionError:
            pass  # a service does not see the boot partition: the doctor does
    for file in patient.entries(patient.at(KEYFILES)):
        if file.suffix != ".nmconnection":
            continue
        status = file.stat()
        if stat.S_IMODE(status.st_mode) & 0o077 or status.st_uid not in (0, OVERFLOW_UID):
            trouble.append(f"{file.name} must belong to root with mode 600, or it is ignored")
    if trouble:
        return warning(
            code,
            f"{'; '.join(trouble)}.",
            "sudo chmod 600 and chown root the file, then nmcli connection reload; put networks "
            "into the fleet file.",
        )
    return ok(code, "The network's files are of the right kind and closed to others.")


def proxy_variables(patient: Patient) -> Finding:
    """Does somebody expect a proxy from the environment? We use the profile's alone."""
    code = "proxy-variables"
    files = ("etc/environment", "etc/profile.d/proxy.sh", "etc/apt/apt.conf.d/proxy.conf")
    named = sorted({name for file in files for name in _proxies(patient, file)})
    configured = patient.profile is not None and bool(patient.profile.central.proxy)
    if configured:
        return ok(code, "The profile's proxy is used, whatever the environment says.", proxy=True)
    if named:
        return warning(
            code,
            f"The environment names a proxy ({', '.join(named)}), which is not used.",
            "If central is behind the hall's proxy, set central.proxy in the fleet file.",
            proxy=False,
        )
    return ok(code, "No proxy is configured.", proxy=False)


def _proxies(patient: Patient, file: str) -> list[str]:
    """Return the names alone: a proxy's address may hold a password."""
    found: list[str] = PROXY_VARIABLES.findall(patient.text_or(file))
    return found


def folder_bytes(folder: Path) -> int:
    """Return what the files in a folder take on disk. Raises `PermissionError`."""

    def refuse(error: OSError) -> None:
        if isinstance(error, PermissionError):
            raise error

    return sum(
        Path(where, name).lstat().st_blocks * 512
        for where, _folders, names in os.walk(folder, onerror=refuse)
        for name in names
    )
