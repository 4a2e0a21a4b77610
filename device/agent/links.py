"""Whether this device has a network at all: what the kernel says, without asking anybody."""

import ipaddress
import socket
from contextlib import suppress
from pathlib import Path

_UP = 0x1
"""RTF_UP (route.h)."""
_SOMEWHERE = "192.0.2.1"
"""TEST-NET-1 (RFC 5737): never answers, and nothing is sent to it."""


def missing_network(host: str, proc: Path = Path("/proc/net"), net: Path | None = None) -> str:
    """Return why nobody can be reached, for a technician; empty if there is a way somewhere.

    ``host`` is central's, or the proxy's: one on this very machine needs no network. Halls
    without a way out have no default route, so any route but the loopback's will do.
    """
    if _is_here(host) or _ipv4(proc / "route") or _ipv6(proc / "ipv6_route"):
        return ""
    states = _states(net or Path("/sys/class/net"))
    return f"no address yet ({', '.join(states)})" if states else "there is no network interface"


def own_address() -> str:
    """Return the address that this device would call from; empty if there is none."""
    with suppress(OSError), socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as line:
        line.connect((_SOMEWHERE, 9))  # a datagram socket: nothing is sent
        return str(line.getsockname()[0])
    return ""


def _is_here(host: str) -> bool:
    if host == "localhost":
        return True
    with suppress(ValueError):
        return ipaddress.ip_address(host).is_loopback
    return False


def _ipv4(table: Path) -> bool:
    return any(
        len(row) > 3 and row[0] != "lo" and int(row[3], 16) & _UP for row in _rows(table)[1:]
    )


def _ipv6(table: Path) -> bool:
    """True for a route to where others are; every interface has one to its own link."""
    return any(
        len(row) > 9
        and row[9] != "lo"
        and int(row[8], 16) & _UP
        and not row[0].startswith(("fe8", "ff"))
        for row in _rows(table)
    )


def _rows(table: Path) -> list[list[str]]:
    try:
        return [line.split() for line in table.read_text(encoding="ascii").splitlines()]
    except OSError:
        return []


def _states(net: Path) -> list[str]:
    found = []
    with suppress(OSError):
        for interface in sorted(net.iterdir()):
            with suppress(OSError):
                if interface.name != "lo":
                    state = (interface / "operstate").read_text(encoding="ascii").strip()
                    found.append(f"{interface.name} {state}")
    return found
