"""The business systems' interface: the window's actions as calls (``/v1/openapi.json``).

A system sees its own visits alone, and of those never a level, nor whether one was given
(docs/business-api.md).
"""

import asyncio
from pathlib import Path
from typing import Annotated, Any
from uuid import UUID, uuid5

import msgspec
from litestar import Request, Response, delete, get, post
from litestar.datastructures import State
from litestar.params import FromPath, QueryParameter, RawBody

from device.agent.addresses import may_be_told
from device.agent.desk import WindowDesk
from device.agent.herald import Herald
from device.agent.refusals import NotTaken, TooLate, UnknownMatter, UnknownVisit
from device.agent.standing import Standing, VisitState
from device.agent.web import asked
from device.agent.web.asked import Reading, VisitAsked
from device.core.matter_search import search
from device.store.briefing import Ending, InviteOrder
from protocol.configuration import BusinessSystem
from protocol.records import InvitedBy

DESCRIPTION = Path(__file__).parents[3] / "ui_assets" / "business" / "openapi.json"
NAMES = UUID("6f1d5a5e-6c2c-5a0e-9d0e-6c1f0a6b7c11")
"""Under which a visit's id is made of who asks for what, where."""
MAX_WAIT_S = 60
MAX_FOUND = 100

_Asked = Request[Any, Any, State]
_JSON = "application/json"


class VisitShown(msgspec.Struct, frozen=True, omit_defaults=True):
    """A visit as the system that asked for it sees it."""

    visit: UUID
    state: VisitState
    final: bool
    """Nothing more will happen."""
    request: str = ""
    """Told where the visit was asked for just now."""


class MatterShown(msgspec.Struct, frozen=True):
    """A matter of the hall."""

    code: str
    name: str
    of_window: bool
    """On this window's own short list."""


class StaffShown(msgspec.Struct, frozen=True):
    """Who serves."""

    number: str
    name: str


class WindowShown(msgspec.Struct, frozen=True):
    """The window as a system sees it."""

    state: str
    """``closed``, ``ready``, ``paused``, ``invited``, ``rating``, or ``silent``."""
    hall: str
    window: str
    staff: StaffShown | None
    reason: str
    """Of the pause."""
    matters: tuple[MatterShown, ...]
    """The window's short list."""


def visit_of(device: str, system: str, request: str) -> UUID:
    """Return the one id that a visit can have, however often it is asked for."""
    return uuid5(NAMES, "\0".join((device, system, request)))


# --- visits -------------------------------------------------------------------------------


@post("/v1/visits", sync_to_thread=True)
def invite(request: _Asked, body: RawBody) -> Response[VisitShown]:
    """Ask the citizen at the window to rate."""
    system = _system(request)
    reading = Reading()
    wanted = asked.visit(asked.document(request, body), reading)
    desk: WindowDesk = request.app.state.desk
    visit = visit_of(request.app.state.device, system.name, wanted.request)
    known = desk.opening(visit) is not None
    if not known:
        _check_against_the_hall(request, system, wanted, reading)
    reading.finish()
    order = InviteOrder(visit, InvitedBy.SYSTEM, wanted.matters, system.name)
    if known or not wanted.callback:
        state = desk.invite(order)
    else:
        state = _invite_and_tell(request, order, wanted)
    headers = {"Location": f"/v1/visits/{visit}"}
    shown = VisitShown(visit, state, state.final, wanted.request)
    return Response(shown, status_code=200 if known else 201, headers=headers, media_type=_JSON)


def _invite_and_tell(request: _Asked, order: InviteOrder, wanted: VisitAsked) -> VisitState:
    """Promise to tell the end before it can come, then invite."""
    desk: WindowDesk = request.app.state.desk
    herald: Herald = request.app.state.herald
    ending = Ending(order.visit, order.system, wanted.request, wanted.callback)
    promised = False

    def promise() -> None:
        nonlocal promised
        promised = True
        herald.promise(ending)

    try:
        state = desk.invite(order, promise)
    except NotTaken:
        if promised:
            herald.withdraw(order.visit)
        raise
    herald.look()
    return state


def _check_against_the_hall(
    request: _Asked, system: BusinessSystem, wanted: VisitAsked, reading: Reading
) -> None:
    """Note what cannot be here: every unknown matter, and a call-back that is not allowed."""
    briefing = request.app.state.briefing
    for place, matter in enumerate(wanted.matters):
        if matter.code and briefing.matter_name(matter.code) is None:
            unknown = UnknownMatter(matter.code)
            reading.wrong(f"$.matters[{place}].code", str(unknown), unknown.code)
    if wanted.callback and not may_be_told(wanted.callback, system.callbacks):
        reading.wrong(
            "$.callback",
            "an address that begins with one of those configured for this system",
            "callback-not-allowed",
        )


@get("/v1/visits/{visit:uuid}")
async def show_visit(
    request: _Asked,
    visit: FromPath[UUID],
    wait: Annotated[int, QueryParameter(ge=0, le=MAX_WAIT_S)] = 0,
    away_from: Annotated[VisitState | None, QueryParameter(name="state")] = None,
) -> VisitShown:
    """Tell where a visit stands; with ``wait``, as soon as it is no longer ``state``."""
    await asyncio.to_thread(_own, request, visit)
    state = await _state_away_from(request, visit, wait, away_from)
    return VisitShown(visit, state, state.final)


async def _state_away_from(
    request: _Asked, visit: UUID, wait: int, away_from: VisitState | None
) -> VisitState:
    desk: WindowDesk = request.app.state.desk
    loop = asyncio.get_running_loop()
    until = loop.time() + wait
    seen = desk.changes.count
    state = await asyncio.to_thread(desk.visit_state, visit)
    unwanted = away_from or state
    if not wait or state is not unwanted or state.final:
        return state
    with request.app.state.waits.place():
        left = asyncio.ensure_future(_left(request))
        try:
            while state is unwanted and not desk.changes.closed and loop.time() < until:
                news = asyncio.ensure_future(desk.changes.come(seen, until - loop.time()))
                await asyncio.wait({news, left}, return_when=asyncio.FIRST_COMPLETED)
                if left.done():
                    news.cancel()
                    break
                seen = desk.changes.count
                state = await asyncio.to_thread(desk.visit_state, visit)
        finally:
            left.cancel()
    return state


async def _left(request: _Asked) -> None:
    """Return when the caller has hung up: nobody waits any more, and the place is free."""
    while (await request.receive())["type"] != "http.disconnect":
        continue


@delete("/v1/visits/{visit:uuid}", status_code=200, sync_to_thread=True)
def take_back(
    request: _Asked, visit: FromPath[UUID], reason: Annotated[str, QueryParameter()] = ""
) -> VisitShown:
    """Take an invitation back, with the reason in the query."""
    _own(request, visit)
    reading = Reading()
    text = asked.reason(reason, reading, "reason")
    reading.finish()
    return _cancel(request, visit, text)


@post("/v1/visits/{visit:uuid}/cancel", status_code=200, sync_to_thread=True)
def cancel(request: _Asked, visit: FromPath[UUID], body: RawBody) -> VisitShown:
    """Take an invitation back, with the reason in the body."""
    _own(request, visit)
    return _cancel(request, visit, _reason_in(request, body))


def _cancel(request: _Asked, visit: UUID, reason: str) -> VisitShown:
    desk: WindowDesk = request.app.state.desk
    state = desk.cancel(visit, reason)
    if state is not VisitState.CANCELLED:
        raise TooLate("too late to cancel: the visit is over")
    return VisitShown(visit, state, state.final)


# --- the window ---------------------------------------------------------------------------


@get("/v1/window", sync_to_thread=True)
def show_window(request: _Asked) -> WindowShown:
    """Tell what the window is about, and who serves."""
    _system(request)
    desk: WindowDesk = request.app.state.desk
    return _window(request, desk.standing())


@post("/v1/window/pause", status_code=200, sync_to_thread=True)
def pause(request: _Asked, body: RawBody) -> WindowShown:
    """Pause service, with a reason."""
    _system(request)
    desk: WindowDesk = request.app.state.desk
    return _window(request, desk.pause(_reason_in(request, body)))


@post("/v1/window/resume", status_code=200, sync_to_thread=True)
def resume(request: _Asked) -> WindowShown:
    """Go on after a pause."""
    _system(request)
    desk: WindowDesk = request.app.state.desk
    return _window(request, desk.resume())


@get("/v1/matters", sync_to_thread=True)
def find_matters(
    request: _Asked,
    q: Annotated[str, QueryParameter(max_length=64)] = "",
    limit: Annotated[int, QueryParameter(ge=1, le=MAX_FOUND)] = 20,
) -> tuple[MatterShown, ...]:
    """Find matters by name, initials or digits of the code."""
    _system(request)
    found = search(request.app.state.desk.matters(), q, limit)
    return tuple(MatterShown(one.code, one.name, one.of_window) for one in found)


@get("/v1/openapi.json", sync_to_thread=True)
def describe() -> Response[bytes]:
    """Give out the description of these calls, to anybody."""
    return Response(DESCRIPTION.read_bytes(), media_type=_JSON)


HANDLERS = (
    invite,
    show_visit,
    take_back,
    cancel,
    show_window,
    pause,
    resume,
    find_matters,
    describe,
)


# --- within -------------------------------------------------------------------------------


def _system(request: _Asked) -> BusinessSystem:
    found: BusinessSystem = request.app.state.key_ring.system_of(request)
    return found


def _own(request: _Asked, visit: UUID) -> None:
    """Raise `UnknownVisit` unless the one who asks invited to ``visit``."""
    system = _system(request)
    opened = request.app.state.desk.opening(visit)
    if opened is None or opened.system != system.name:
        raise UnknownVisit(visit)


def _reason_in(request: _Asked, body: bytes) -> str:
    reading = Reading()
    fields = reading.fields(asked.document(request, body), "$", {"reason": True})
    text = asked.reason(fields.get("reason", "-"), reading)
    reading.finish()
    return text


def _window(request: _Asked, standing: Standing) -> WindowShown:
    roll = request.app.state.roll
    place = roll.place()
    duty = standing.duty
    member = roll.member(duty.staff)
    name = member.name if member else ""
    return WindowShown(
        state=standing.state if standing.kiosk_running else "silent",
        hall=place.hall if place else "",
        window=place.window if place else "",
        staff=StaffShown(duty.staff, name) if duty.staff else None,
        reason=duty.reason,
        matters=tuple(
            MatterShown(one.code, one.name, True)
            for one in request.app.state.desk.matters()
            if one.of_window
        ),
    )
