"""Whether a call-back may go where a business system says.

The device stands inside the hall's network: an address that could be chosen freely would
let whoever has a key knock at any door in there. Central names what an address must begin
with, and what an address is, is compared part by part, never as text.
"""

import re
from typing import NamedTuple
from urllib.parse import urlsplit

_DEFAULT_PORTS = {"http": 80, "https": 443}
_PLAIN = re.compile(r"[!$&'()*+,;=:@\w.~/?%-]+\Z", re.ASCII)
_HIDDEN = re.compile(r"%(25|2e|2f|3b|5c|00)", re.IGNORECASE)
"""Dots, slashes, semicolons and NULs that only the other side would see."""


class Place(NamedTuple):
    """The parts of an address that decide who is asked."""

    scheme: str
    host: str
    port: int
    path: str


def place_of(address: str) -> Place | None:
    """Return the parts of ``address``; None if it is none that may be called."""
    # Python's parser drops spaces and line ends that others take for part of the address.
    if not address.isascii() or not address.isprintable() or set(" #\\") & set(address):
        return None
    try:
        parts = urlsplit(address)
        port = parts.port
    except ValueError:
        return None
    host = parts.hostname
    if parts.scheme not in _DEFAULT_PORTS or not host or "@" in parts.netloc:
        return None
    rest = parts.path or "/"
    if not _PLAIN.match(rest + (f"?{parts.query}" if parts.query else "")):
        return None
    if _HIDDEN.search(parts.path) or not host.isascii() or "%" in parts.netloc:
        return None
    # Some servers leave out what follows a semicolon before they look at the dots.
    if any(step.partition(";")[0] in (".", "..") for step in rest.split("/")) or "//" in rest:
        return None
    scheme = parts.scheme
    return Place(scheme, host.lower().rstrip("."), port or _DEFAULT_PORTS[scheme], rest)


def may_be_told(address: str, prefixes: tuple[str, ...]) -> bool:
    """True if ``address`` begins with one of ``prefixes``: same door, same path or below."""
    asked = place_of(address)
    if asked is None:
        return False
    for prefix in prefixes:
        allowed = place_of(prefix)
        if allowed is None or asked[:3] != allowed[:3]:
            continue
        if asked.path == allowed.path or asked.path.startswith(allowed.path.rstrip("/") + "/"):
            return True
    return False
