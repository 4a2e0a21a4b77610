"""Who a business system is: the key it shows, and what a wrong one costs.

Keys are long and random, so nobody guesses one; the limit keeps a program that was set up
wrongly, or somebody who tries all the same, from keeping the device busy.
"""

import hashlib
import hmac
import threading
import time
from collections import OrderedDict
from ipaddress import IPv6Address, ip_address
from typing import Any, NamedTuple

from litestar import Request

from device.agent.web.problems import WebRefused
from device.store.roll import Roll
from protocol.configuration import BusinessSystem

MAX_WRONG = 10
"""Wrong keys from one address within `FORGET_S`."""
FORGET_S = 60.0
_REMEMBERED = 256
"""Addresses; the one longest silent is forgotten for a new one."""
_CHALLENGE = {"WWW-Authenticate": 'Bearer realm="haochaping"'}


class _Wrong(NamedTuple):
    times: int
    since: float


class Keys:
    """Looks keys up; for several threads at once."""

    def __init__(self, roll: Roll) -> None:
        self._roll = roll
        self._wrong: OrderedDict[str, _Wrong] = OrderedDict()
        self._one_at_a_time = threading.Lock()

    def system_of(self, request: Request[Any, Any, Any]) -> BusinessSystem:
        """Return who asks. Raises `WebRefused`, or `DeviceError`."""
        asker = _network(request.client.host if request.client else "")
        self._refuse_if_tired(asker)
        scheme, _, key = request.headers.get("authorization", "").partition(" ")
        if scheme.lower() != "bearer" or not key.strip():
            raise WebRefused(
                401, "key-missing", "Send the key as Authorization: Bearer KEY.", _CHALLENGE
            )
        hashed = hashlib.sha256(key.strip().encode()).hexdigest()
        system = self._find(hashed)
        if system is None:
            self._note(asker)
            raise WebRefused(401, "key-unknown", "This key opens nothing here.", _CHALLENGE)
        origin = request.headers.get("origin")
        if origin is not None and origin not in system.origins:
            raise WebRefused(
                403, "origin-unknown", f"{origin[:100]} is not one of this system's origins."
            )
        request.state.system = system.name
        return system

    def _find(self, hashed: str) -> BusinessSystem | None:
        """Compare with every key, so that the time tells nothing about any."""
        found = None
        for system in self._roll.systems():
            if hmac.compare_digest(hashed, system.key_hash):
                found = system
        return found

    def _refuse_if_tired(self, asker: str) -> None:
        with self._one_at_a_time:
            wrong = self._wrong.get(asker)
            left = FORGET_S - (time.monotonic() - wrong.since) if wrong else 0.0
            if wrong and left <= 0:
                del self._wrong[asker]
            elif wrong and wrong.times >= MAX_WRONG:
                wait = {"Retry-After": str(int(left) + 1)}
                raise WebRefused(429, "too-many-wrong-keys", headers=wait)

    def _note(self, asker: str) -> None:
        with self._one_at_a_time:
            before = self._wrong.pop(asker, None) or _Wrong(0, time.monotonic())
            self._wrong[asker] = before._replace(times=before.times + 1)
            while len(self._wrong) > _REMEMBERED:
                self._wrong.popitem(last=False)


def _network(host: str) -> str:
    """Return what one caller is known by: an address, or an IPv6 network of them."""
    try:
        address = ip_address(host)
    except ValueError:
        return host
    if isinstance(address, IPv6Address):
        return str(address.ipv4_mapped or address.exploded[:19])
    return str(address)
