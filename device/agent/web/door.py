"""The door every request comes in by: who may knock, how many at once, how slowly.

The console's PC and the business system are on the hall's network, and so is whatever else
somebody plugged in there. The agent's first duty is to carry records to central; nothing at
this door may keep it from that.
"""

import asyncio
import logging
import re
import time
from collections.abc import Iterator
from contextlib import contextmanager
from ipaddress import ip_address

import msgspec
from litestar.enums import ScopeType
from litestar.types import (
    ASGIApp,
    HTTPReceiveMessage,
    HTTPScope,
    Message,
    Receive,
    Scope,
    Send,
    WebSocketReceiveMessage,
)

from device.agent.web.problems import WebRefused, describe
from device.agent.web.tally import Tally
from protocol.messages import PROBLEM_TYPE

log = logging.getLogger("haochaping.agent")

MAX_INSIDE = 32
"""Requests that are answered at once."""
MAX_WAITING = 16
"""Long polls and event streams among them; the rest is left for calls that do something."""
BODY_S = 10.0
"""A body that has not come by then is given up."""
SEND_S = 20.0
"""A caller who does not take a piece of the answer for so long is hung up on."""

SECURITY_HEADERS = {
    "cache-control": "no-store",
    "content-security-policy": "default-src 'none'; frame-ancestors 'none'",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "referrer-policy": "no-referrer",
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
}
"""What every answer carries unless it says otherwise itself."""
_HOST = re.compile(r"(\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9._-]+)(:\d{1,5})?")


class Hosts:
    """The names this device answers to: a page elsewhere cannot reach it under its own."""

    def __init__(self, listen: tuple[tuple[str, int], ...], names: tuple[str, ...] = ()) -> None:
        """``names`` are those in its certificate."""
        addresses = {ip_address(host) for host, _ in listen}
        self._anywhere = any(address.is_unspecified for address in addresses)
        self._addresses = addresses
        self._names = {name.lower() for name in names}
        if any(address.is_loopback or address.is_unspecified for address in addresses):
            self._names.add("localhost")

    def accepts(self, header: str) -> bool:
        """True if ``header``, the value of ``Host``, names this device."""
        found = _HOST.fullmatch(header)
        if found is None:
            return False
        name = found[1].strip("[]").lower().rstrip(".")
        try:
            address = ip_address(name)
        except ValueError:
            return name in self._names or self._matches_a_pattern(name)
        # No name server can make an address lead elsewhere.
        return self._anywhere or address in self._addresses

    def _matches_a_pattern(self, name: str) -> bool:
        _, dot, rest = name.partition(".")
        return bool(dot) and f"*.{rest}" in self._names


class Waits:
    """Places for those who wait long: polls and event streams."""

    def __init__(self, places: int = MAX_WAITING) -> None:
        self._left = places

    @contextmanager
    def place(self) -> Iterator[None]:
        """Hold a place, in the event loop. Raises `WebRefused` if all are taken."""
        if not self._left:
            raise WebRefused(
                503, "too-many-wait", "Ask without waiting, or wait less.", {"Retry-After": "5"}
            )
        self._left -= 1
        try:
            yield
        finally:
            self._left += 1


class Door:
    """Lets in as many requests at once as the device can serve, and dresses each answer."""

    def __init__(self, app: ASGIApp, hosts: Hosts, tally: Tally, inside: int = MAX_INSIDE) -> None:
        self._app = app
        self._hosts = hosts
        self._tally = tally
        self._places = inside
        self._inside = 0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request, or refuse it."""
        if scope["type"] != ScopeType.HTTP:
            return
        dressed = _Dressed(send)
        begun = time.monotonic()
        try:
            self._check(scope)
        except WebRefused as refused:
            self._tally.count(refused.code)
            await _refuse(refused, dressed)
        else:
            self._inside += 1
            try:
                await self._app(scope, _Impatient(receive), dressed)
            finally:
                self._inside -= 1
        # The path alone: what stands behind its question mark is nobody's business.
        taken = (time.monotonic() - begun) * 1000
        shown = ascii(scope["path"])[1:-1]
        log.debug("%s %s %s %.0f ms", scope["method"], shown, dressed.status, taken)

    def _check(self, scope: HTTPScope) -> None:
        hosts = [value for name, value in scope["headers"] if name == b"host"]
        if len(hosts) != 1 or not self._hosts.accepts(hosts[0].decode("latin-1")):
            raise WebRefused(
                421, "wrong-host", "Ask by an address of console.listen, or the certificate's name."
            )
        if self._inside >= self._places:
            raise WebRefused(503, "busy", headers={"Retry-After": "2", "Connection": "close"})


async def _refuse(refused: WebRefused, send: Send) -> None:
    """Answer without asking the application."""
    problem, headers = describe(refused)
    named = {"content-type": PROBLEM_TYPE, "connection": "close"} | headers
    lines = [(name.lower().encode(), value.encode()) for name, value in named.items()]
    start: Message = {
        "type": "http.response.start",
        "status": problem.status,
        "headers": lines,
    }
    await send(start)
    body = msgspec.json.encode(problem)
    await send({"type": "http.response.body", "body": body, "more_body": False})


class _Dressed:
    """Sends an answer with the headers that every one carries."""

    def __init__(self, send: Send) -> None:
        self._send = send
        self.status = 0

    async def __call__(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self.status = message["status"]
            given = list(message["headers"])
            named = {bytes(name).lower() for name, _ in given}
            given += [
                (name.encode(), value.encode())
                for name, value in SECURITY_HEADERS.items()
                if name.encode() not in named
            ]
            message["headers"] = given
        async with asyncio.timeout(SEND_S):
            await self._send(message)


class _Impatient:
    """Gives up on callers who begin a body and stop: they would fill the room."""

    def __init__(self, receive: Receive) -> None:
        self._receive = receive
        self._whole = False
        self._until = time.monotonic() + BODY_S

    async def __call__(self) -> HTTPReceiveMessage | WebSocketReceiveMessage:
        if self._whole:
            return await self._receive()
        try:
            async with asyncio.timeout(max(0.0, self._until - time.monotonic())):
                message = await self._receive()
        except TimeoutError as error:
            raise WebRefused(408, "too-slow", headers={"Connection": "close"}) from error
        if message["type"] == "http.disconnect":
            raise WebRefused(400, "cut-off")
        self._whole = not message.get("more_body", False)
        return message
