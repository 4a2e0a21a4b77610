"""The staff console: the calls of the page on the window's PC.

Everything is asked of the desk, which asks the kiosk; what the page is told of a visit is
what `window_view` knows of it.
"""

import asyncio
from collections.abc import AsyncIterator
from typing import Annotated
from uuid import UUID

import msgspec
from litestar import Response, get, post
from litestar.params import FromPath, QueryParameter, RawBody
from litestar.response import Stream
from litestar.types import ControllerRouterHandler

from device.agent.desk import WindowDesk
from device.agent.refusals import NotTaken
from device.agent.web import console_files, console_login
from device.agent.web.console_caller import Asked, changing, read, session_of, token_of
from device.agent.web.logins import ConsoleSession, Logins
from device.agent.web.problems import WebRefused
from device.agent.web.window_view import WindowSeen, window_seen
from device.core.errors import DeviceError
from device.core.matter_search import Entry, search
from device.store.briefing import Briefing, InviteOrder
from protocol.limits import Short
from protocol.records import InvitedBy, MatterHandled

MAX_FOUND = 60
MAX_OWN = 200
"""The window's own short list is shown whole (`protocol.configuration.Window.matters`)."""
BEAT_S = 15.0
"""A stream says something at least this often, so that both sides notice when it is cut."""

_Visit = Annotated[UUID | None, QueryParameter()]


class Invitation(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Whom and what a citizen is to be asked about."""

    visit: UUID
    """Made by the page, so that a repeat of the call makes no second visit."""
    matters: Annotated[tuple[MatterHandled, ...], msgspec.Meta(max_length=20)] = ()


class Reason(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Why; recorded."""

    reason: Short


class CitizensOwn(NotTaken):
    """Nobody at the window invited to this visit, so nobody there can take it back."""

    code = "citizens-own"


class MatterFound(msgspec.Struct, frozen=True):
    """A matter that can be chosen."""

    code: str
    name: str
    own: bool
    """On this window's own short list."""


# --- the window ---------------------------------------------------------------------------


@get("/console-api/window", sync_to_thread=True)
def show_window(request: Asked, visit: _Visit = None) -> WindowSeen:
    """Tell how the window is, and what became of ``visit``."""
    return _window(request, visit)


@get("/console-api/events")
async def tell_changes(request: Asked, visit: _Visit = None) -> Stream:
    """Tell how the window is, now and whenever that changes (server-sent events)."""
    session = await asyncio.to_thread(session_of, request, used=False)
    return Stream(_events(request, session, visit), media_type="text/event-stream")


async def _events(
    request: Asked, session: ConsoleSession, last: UUID | None
) -> AsyncIterator[bytes]:
    """Yield events; whoever finds no place left asks from time to time instead."""
    logins: Logins = request.app.state.logins
    if not logins.enter_stream(session):
        yield _event("full", b"{}")
        return
    try:
        with request.app.state.waits.place():
            session.visit = last or session.visit
            async for event in _changes(request, session):
                yield event
    except WebRefused as refused:
        kind = "over" if refused.status == 401 else "full"
        yield _event(kind, msgspec.json.encode({"code": refused.code}))
    finally:
        logins.leave_stream(session)


async def _changes(request: Asked, session: ConsoleSession) -> AsyncIterator[bytes]:
    desk: WindowDesk = request.app.state.desk
    told: WindowSeen | None = None
    while not desk.changes.closed:
        seen = desk.changes.count
        try:
            window = await asyncio.to_thread(_window, request, session.visit)
        except DeviceError as error:
            if isinstance(error, WebRefused):
                raise
            told = None
            yield _event("trouble", b"{}")
        else:
            if told is None or window.without_time() != told.without_time():
                yield _event("window", msgspec.json.encode(window))
            told = window
            session.visit = window.visit.visit if window.visit else session.visit
        if not await desk.changes.come(seen, BEAT_S):
            yield _event("beat", b"{}")


@post("/console-api/pause", status_code=200, sync_to_thread=True)
def pause(request: Asked, body: RawBody) -> WindowSeen:
    """Ask no further citizens for a while."""
    changing(request)
    request.app.state.desk.pause(read(request, body, Reason).reason.strip())
    return _window(request, None)


@post("/console-api/resume", status_code=200, sync_to_thread=True)
def resume(request: Asked) -> WindowSeen:
    """Go on."""
    changing(request)
    request.app.state.desk.resume()
    return _window(request, None)


@get("/console-api/matters", sync_to_thread=True)
def find_matters(
    request: Asked, q: Annotated[str, QueryParameter(max_length=64)] = ""
) -> tuple[MatterFound, ...]:
    """Find matters by initials, digits of the code, or name; the window's own without."""
    session_of(request)
    matters: tuple[Entry, ...] = request.app.state.desk.matters()
    found = search(matters, q, MAX_FOUND if q.strip() else MAX_OWN)
    return tuple(MatterFound(one.code, one.name, one.of_window) for one in found)


@get("/console-api/photo", sync_to_thread=True)
def show_photo(request: Asked) -> Response[bytes]:
    """Give out the picture of whoever is logged in, as the citizens see it."""
    session = session_of(request, used=False)
    member = request.app.state.roll.member(session.staff)
    try:
        picture = request.app.state.home.photo(member.photo).read_bytes() if member else b""
    except OSError:
        picture = b""
    if not picture:
        raise WebRefused(404, "not-found")
    return Response(picture, media_type="image/jpeg")


# --- visits -------------------------------------------------------------------------------


@post("/console-api/visits", status_code=200, sync_to_thread=True)
def invite(request: Asked, body: RawBody) -> WindowSeen:
    """Ask the citizen at the window to rate."""
    changing(request)
    wanted = read(request, body, Invitation)
    order = InviteOrder(wanted.visit, InvitedBy.STAFF, wanted.matters)
    # Others' orders may have come first, and a colleague with them: the citizen would rate them.
    request.app.state.desk.invite(order, before=lambda: session_of(request))
    # A stream that never saw the visit, so soon was it over, yet tells how it ended.
    session_of(request).visit = wanted.visit
    return _window(request, wanted.visit)


@post("/console-api/visits/{visit:uuid}/cancel", status_code=200, sync_to_thread=True)
def cancel(request: Asked, visit: FromPath[UUID], body: RawBody) -> WindowSeen:
    """Take an invitation back, until the citizen's first tap."""
    changing(request)
    reason = read(request, body, Reason).reason.strip()
    desk: WindowDesk = request.app.state.desk
    opened = desk.opening(visit)
    if opened is not None and opened.invited_by is InvitedBy.CITIZEN:
        raise CitizensOwn("the citizen began this visit; there is no invitation to take back")
    desk.cancel(visit, reason)
    return _window(request, visit)


HANDLERS: tuple[ControllerRouterHandler, ...] = (
    *console_login.HANDLERS,
    show_window,
    tell_changes,
    pause,
    resume,
    find_matters,
    show_photo,
    invite,
    cancel,
    *console_files.HANDLERS,
)


# --- within -------------------------------------------------------------------------------


def _window(request: Asked, last: UUID | None) -> WindowSeen:
    desk: WindowDesk = request.app.state.desk
    briefing: Briefing = request.app.state.briefing
    logins: Logins = request.app.state.logins
    standing = desk.standing()
    logins.find(token_of(request), standing.duty, used=False)
    return window_seen(desk, standing, briefing.configuration()[0], last)


def _event(kind: str, content: bytes) -> bytes:
    return b"event: " + kind.encode() + b"\ndata: " + content + b"\n\n"
