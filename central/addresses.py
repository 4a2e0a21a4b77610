"""Who is calling: the caller's own address, also behind a proxy, and never one it made up.

`X-Forwarded-For` is a list to which each proxy adds whom it was called by; everything before
what our own proxies added can be forged. So it is read from the end, and only if the peer
itself is one of our proxies (`Settings.proxies`).
"""

import ipaddress
from collections.abc import Iterable
from functools import lru_cache
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from litestar import Request

    from central.settings import Settings

_Address = ipaddress.IPv4Address | ipaddress.IPv6Address
_Network = ipaddress.IPv4Network | ipaddress.IPv6Network
_MAX_HOPS = 20
UNKNOWN = "unknown"
"""A caller without an address, e.g. through a Unix socket: all of them count as one."""


def caller(request: "Request[Any, Any, Any]", settings: "Settings") -> str:
    """Return the address of whoever sent ``request``, as text in one form; never raises.

    A peer that is one of `Settings.proxies` is believed about whom it was called by: the last
    address it names that is none of our proxies. What cannot be read as an address ends the
    search: then it is the last proxy itself.
    """
    client = request.client
    peer = _read(client.host) if client is not None else None
    if peer is None:
        return UNKNOWN
    trusted = _networks(settings.proxies)
    found = peer
    lines = request.headers.getall("x-forwarded-for", [])
    hops = ",".join(lines).rsplit(",", _MAX_HOPS)[-_MAX_HOPS:]
    while hops and _is_one_of(found, trusted):
        hop = _read(_without_port(hops.pop().strip()))
        if hop is None:
            break
        found = hop
    return str(found)


def network(address: str) -> str:
    """Return what ``address`` is counted as: IPv6 by its /64, which one household can fill.

    What is no address is returned as it is.
    """
    read = _read(address)
    if isinstance(read, ipaddress.IPv6Address):
        return str(ipaddress.ip_network((read, 64), strict=False))
    return address if read is None else str(read)


def proxy_flaw(said: str) -> str:
    """Return what was expected instead of ``said`` among the proxies; empty if it will do."""
    try:
        ipaddress.ip_network(said, strict=False)
    except ValueError:
        return "expected addresses or networks, like 10.0.0.5 or 10.0.0.0/24"
    return ""


@lru_cache(maxsize=8)
def _networks(proxies: tuple[str, ...]) -> tuple[_Network, ...]:
    return tuple(ipaddress.ip_network(one, strict=False) for one in proxies)


def _is_one_of(address: _Address, networks: Iterable[_Network]) -> bool:
    return any(address in one for one in networks)


def _read(text: str) -> _Address | None:
    """Return the address in ``text``; one of IPv4 that is written as IPv6 is that of IPv4."""
    try:
        address = ipaddress.ip_address(text)
    except ValueError:
        return None
    if isinstance(address, ipaddress.IPv6Address):
        if address.ipv4_mapped is not None:
            return address.ipv4_mapped
        if address.scope_id is not None:  # of one machine's own interfaces
            return ipaddress.IPv6Address(int(address))
    return address


def _without_port(hop: str) -> str:
    """Return ``hop`` without the port that some proxies add: ``1.2.3.4:5``, ``[::1]:5``."""
    if hop.startswith("["):
        return hop[1:].partition("]")[0]
    return hop.partition(":")[0] if hop.count(":") == 1 else hop
