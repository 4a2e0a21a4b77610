"""Lets a page of a business system, in the staff's browser, call this device.

Only origins that central's configuration names for a system, only for ``/v1/``, and never
with cookies: the key in the request is what counts. Everybody else's pages are left to the
browser, which keeps the answer from them.
"""

import asyncio

from litestar.enums import ScopeType
from litestar.types import ASGIApp, Message, Receive, Scope, Send

from device.core.errors import DeviceError
from device.store.roll import Roll

AGE_S = 600
"""How long a browser may remember what it was allowed."""
_COMMON = {
    "Access-Control-Expose-Headers": "Location, Retry-After",
    # Pages of a system come from another address; without this a browser drops the answer.
    "Cross-Origin-Resource-Policy": "cross-origin",
}
_ALLOWED = {
    "Access-Control-Allow-Methods": "GET, POST, DELETE",
    "Access-Control-Allow-Headers": "Authorization, Content-Type",
    "Access-Control-Max-Age": str(AGE_S),
}


class CrossOrigin:
    """Answers the browser's question before a call (preflight), and marks the answers."""

    def __init__(self, app: ASGIApp, roll: Roll) -> None:
        self._app = app
        self._roll = roll

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        if scope["type"] != ScopeType.HTTP or not scope["path"].startswith("/v1/"):
            await self._app(scope, receive, send)
            return
        asked = {bytes(name): bytes(value).decode("latin-1") for name, value in scope["headers"]}
        origin = asked.get(b"origin", "")
        known = bool(origin) and await asyncio.to_thread(self._knows, origin)
        headers = {"Vary": "Origin"}
        if known:
            headers |= {"Access-Control-Allow-Origin": origin} | _COMMON
        if scope["method"] == "OPTIONS":
            if known:
                headers |= _ALLOWED
                if asked.get(b"access-control-request-private-network") == "true":
                    headers["Access-Control-Allow-Private-Network"] = "true"
            await _empty(send, headers)
            return

        async def marking(message: Message) -> None:
            if message["type"] == "http.response.start":
                message["headers"] = [*message["headers"], *_lines(headers)]
            await send(message)

        await self._app(scope, receive, marking)

    def _knows(self, origin: str) -> bool:
        try:
            return any(origin in system.origins for system in self._roll.systems())
        except DeviceError:
            return False  # the call itself says what is wrong


async def _empty(send: Send, headers: dict[str, str]) -> None:
    start: Message = {
        "type": "http.response.start",
        "status": 204,
        "headers": _lines(headers | {"Allow": "GET, POST, DELETE, OPTIONS"}),
    }
    await send(start)
    await send({"type": "http.response.body", "body": b"", "more_body": False})


def _lines(headers: dict[str, str]) -> list[tuple[bytes, bytes]]:
    return [(name.lower().encode(), value.encode("latin-1")) for name, value in headers.items()]
