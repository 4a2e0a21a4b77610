"""The web application: the calls put together, and the door they come in by."""

import asyncio
import logging
import re
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, cast

import msgspec
from litestar import Litestar, Router, get, head
from litestar.datastructures import State
from litestar.enums import ScopeType
from litestar.types import (
    ASGIApp,
    HTTPReceiveMessage,
    Message,
    Receive,
    Scope,
    Send,
    WebSocketReceiveMessage,
)

from central import (
    access_api,
    channels_api,
    device_api,
    editing_api,
    openapi,
    photo_api,
    problems,
    reader_api,
    receipts_api,
    releases_api,
    tokens_api,
    waiting_api,
)
from central.errors import Refused
from central.phone import notices, paper, visit_codes, windows
from central.phone import receipts as receipt_pages
from central.service import Central
from protocol.messages import PROBLEM_TYPE

_LOG = logging.getLogger("haochaping.central.access")
_CODED = re.compile("/([RWC])/.", re.IGNORECASE)
"""What comes after it in an address is a token or a code."""
_LONG = re.compile("[^/]{16,}")
"""As long as a window's code: in an address that we do not have, it might be one all the same."""


@get(
    "/v1/health",
    sync_to_thread=True,
    tags=["operation"],
    summary="Tell whether central and its database are up",
    description="For load balancers. Asks nobody who they are and tells nothing.",
    responses=openapi.problems(),
)
def health(state: State) -> dict[str, str]:
    """Answer that central is up, and its database answers."""
    _look_at_database(state)
    return {"status": "ok"}


@head("/v1/health", sync_to_thread=True, include_in_schema=False)
def health_head(state: State) -> None:
    """Answer the same to those who only want the status."""
    _look_at_database(state)


def _look_at_database(state: State) -> None:
    central: Central = state.central
    central.database.check_answers()


def make_app(central: Central) -> ASGIApp:
    """Return the application that serves ``central``."""
    return Door(make_calls(), central)


def make_calls() -> Litestar:
    """Return all that can be called, for a `Door` to say of which central."""
    return Litestar(
        route_handlers=[
            health,
            health_head,
            *(device_api.enrol, device_api.send_records),
            *(device_api.fetch_configuration, device_api.send_heartbeat),
            photo_api.fetch_photo,
            releases_api.fetch_release,
            waiting_api.wait_for_phone,
            *reader_api.HANDLERS,
            *tokens_api.HANDLERS,
            *channels_api.HANDLERS,
            receipts_api.show,
            # As a whole: a call added to an address later has the earlier ones there prepared
            # twice, and those are never answered.
            Router(path="/", route_handlers=[*editing_api.HANDLERS, *access_api.HANDLERS]),
            Router(
                path="/",
                route_handlers=[
                    *(*visit_codes.HANDLERS, *windows.HANDLERS, *receipt_pages.HANDLERS),
                    *(paper.give_file, notices.done, notices.cut_short, notices.bare),
                ],
                exception_handlers={Exception: notices.answer},
            ),
        ],
        exception_handlers={Exception: problems.answer},
        openapi_config=openapi.CONFIG,
        logging_config=None,
        debug=False,
    )


class Door:
    """Leads into one central, lets in as many requests at once as it can serve, and notes each.

    The note has no query and nothing of a phone token: those never reach a log.
    """

    def __init__(self, calls: Litestar, central: Central) -> None:
        calls.state.central = central
        self._app: ASGIApp = calls
        self._central = central
        self._inside = 0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request, or tell it to come again."""
        if scope["type"] != ScopeType.HTTP:
            await self._app(scope, receive, send)
            return
        begun = time.monotonic()
        status = 0

        async def noting(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
            await send(message)

        if self._inside >= self._central.settings.limits.concurrent_requests:
            await _turn_away(self._central, noting)
        else:
            self._inside += 1
            cast("dict[str, Any]", scope)[waiting_api.STEP_OUT] = self._step_out
            try:
                await self._app(scope, self._impatient(receive), noting)
            finally:
                self._inside -= 1
        path: str = scope["path"]
        taken = (time.monotonic() - begun) * 1000
        _LOG.info("%s %s %d %.0f ms", scope["method"], ascii(_shown(path))[1:-1], status, taken)

    @contextmanager
    def _step_out(self) -> Iterator[None]:
        """Let a request wait for something without keeping others out meanwhile."""
        self._inside -= 1
        try:
            yield
        finally:
            self._inside += 1

    def _impatient(self, receive: Receive) -> Receive:
        """Give up on callers who begin a body and stop: they would fill the room."""
        seconds = self._central.settings.limits.body_seconds
        whole = False

        async def receiving() -> HTTPReceiveMessage | WebSocketReceiveMessage:
            nonlocal whole
            if whole:
                return await receive()
            try:
                async with asyncio.timeout(seconds):
                    message = await receive()
            except TimeoutError as error:
                raise Refused(408, "too-slow", headers={"Connection": "close"}) from error
            if message["type"] == "http.disconnect":
                raise Refused(400, "cut-off")
            whole = not message.get("more_body", False)
            return message

        return receiving


def _shown(path: str) -> str:
    """Return ``path`` as it may stand in the log: without anything that might be a code."""
    if coded := _CODED.search(path):
        return f"/{coded[1].upper()}/-"
    return path if path.startswith("/v1/") else _LONG.sub("-", path)


async def _turn_away(central: Central, send: Send) -> None:
    """Answer 503 without asking the application."""
    refused = problems.busy()
    central.refusals.count("busy")
    headers = [
        (b"content-type", PROBLEM_TYPE.encode()),
        (b"retry-after", refused.headers["Retry-After"].encode()),
        (b"connection", b"close"),
    ]
    await send({"type": "http.response.start", "status": 503, "headers": headers})
    await send(
        {
            "type": "http.response.body",
            "body": msgspec.json.encode(refused.problem),
            "more_body": False,
        }
    )
