"""What readers may ask: ratings, counts, service, sessions, what is unbound, devices, refusals.

A bearer key for each reader; staff have none, and so are shown no single rating.
"""

from enum import StrEnum
from typing import Any, TypeVar

from litestar import Request, get
from litestar.datastructures import State

from central import counts, overview, ratings, service_counts, sessions, unbound
from central.authentication import READER, TECHNICIAN, check_reader
from central.bodies import refuse_unknown_parameters
from central.counts import By
from central.errors import Refused
from central.filters import Filters, read_time
from central.openapi import problems
from central.reader_parameters import (
    After,
    ChannelCode,
    CountedBy,
    KindName,
    LevelCode,
    Limit,
    Name,
    OriginName,
    ServiceBy,
    System,
    Time,
    Window,
)
from central.service import Central, now_ms
from central.sessions import Kind
from central.sources import Source
from central.unbound import Deadline

_Asked = Request[Any, Any, State]
_Choice = TypeVar("_Choice", bound=StrEnum)


@get(
    "/v1/ratings",
    sync_to_thread=True,
    tags=["readers"],
    summary="List ratings in the order they came in",
    description="Page by page: ask again with `after` set to the last answer's `next`, for "
    "ever; no rating is passed over. Each holds the device's own time and central's "
    "correction with its source. One rating of each subject of a visit is `counted`; one that "
    "names another in `displaces` tells that `counted` of that one is now the opposite.",
    responses=problems(400, 401),
)
def list_ratings(
    request: _Asked,
    after: After = 0,
    limit: Limit = 100,
    hall: Name = None,
    window: Window = None,
    device: Name = None,
    staff: Name = None,
    matter: Name = None,
    level: LevelCode = None,
    channel: ChannelCode = None,
    origin: OriginName = None,
    system: System = None,
    since: Time = None,
    until: Time = None,
) -> dict[str, Any]:
    """Answer with a page of ratings."""
    central = _opened(request)
    filters = _filters(
        central,
        since,
        until,
        hall=hall,
        window=window,
        device=device,
        staff=staff,
        matter=matter,
        level=level,
        channel=channel,
        origin=_origin(origin),
        system=system,
    )
    with central.database.reading() as connection:
        found, last = ratings.page(
            connection, filters, after, min(limit, central.settings.limits.page)
        )
    return {"ratings": found, "next": last}


@get(
    "/v1/counts",
    sync_to_thread=True,
    tags=["readers"],
    summary="Count levels and visits",
    description="Levels, average points (0 to 10), good and negative rate; by staff, window, "
    "day and device also how visits ended. Staff and windows are told apart by hall. "
    "Told beside: ratings of a frozen device (`uncredited`), and those that came after the one "
    "that counts for their subject (`later`).",
    responses=problems(400, 401),
)
def count_ratings(
    request: _Asked,
    by: CountedBy = None,
    hall: Name = None,
    window: Window = None,
    device: Name = None,
    staff: Name = None,
    matter: Name = None,
    level: LevelCode = None,
    channel: ChannelCode = None,
    origin: OriginName = None,
    system: System = None,
    since: Time = None,
    until: Time = None,
) -> dict[str, Any]:
    """Answer with a row of counts for each key."""
    central = _opened(request)
    chosen = _choice("by", By, by)
    filters = _filters(
        central,
        since,
        until,
        hall=hall,
        window=window,
        device=device,
        staff=staff,
        matter=matter,
        level=level,
        channel=channel,
        origin=_origin(origin),
        system=system,
    )
    with central.database.reading() as connection:
        rows = counts.count(connection, chosen, filters, central.settings.utc_offset_minutes)
    return {"by": chosen.value, "counts": rows}


@get(
    "/v1/service",
    sync_to_thread=True,
    tags=["readers"],
    summary="Tell how service went",
    description="Invitations and by whom, how the visits ended, seconds to the first tap, "
    "cancel reasons, log-ins, pauses and lock-outs; by staff, window, day, device, hall or "
    "business system. Never a level.",
    responses=problems(400, 401),
)
def count_service(
    request: _Asked,
    by: ServiceBy = None,
    hall: Name = None,
    window: Window = None,
    device: Name = None,
    staff: Name = None,
    since: Time = None,
    until: Time = None,
) -> dict[str, Any]:
    """Answer with a row for each key."""
    central = _opened(request)
    chosen = _choice("by", service_counts.By, by)
    filters = _filters(central, since, until, hall=hall, window=window, device=device, staff=staff)
    with central.database.reading() as connection:
        rows = service_counts.count(
            connection, chosen, filters, central.settings.utc_offset_minutes
        )
    return {"by": chosen.value, "service": rows}


@get(
    "/v1/sessions",
    sync_to_thread=True,
    tags=["readers"],
    summary="List who came, left, paused, cancelled or was locked out",
    description="In the order it came in, page by page: ask again with `after` set to the last "
    "answer's `next`, for ever; nothing is passed over. Never a level.",
    responses=problems(400, 401),
)
def list_sessions(
    request: _Asked,
    after: After = 0,
    limit: Limit = 100,
    kind: KindName = None,
    hall: Name = None,
    window: Window = None,
    device: Name = None,
    staff: Name = None,
    since: Time = None,
    until: Time = None,
) -> dict[str, Any]:
    """Answer with a page of what happened at the windows."""
    central = _opened(request)
    chosen = None if kind is None else _choice("kind", Kind, kind)
    filters = _filters(central, since, until, hall=hall, window=window, device=device, staff=staff)
    with central.database.reading() as connection:
        found, last = sessions.page(
            connection, filters, chosen, after, min(limit, central.settings.limits.page)
        )
    return {"sessions": found, "next": last}


@get(
    "/v1/unbound",
    sync_to_thread=True,
    tags=["readers"],
    summary="List ratings by phone whose visit is not known",
    description="Oldest first, page by page. `pending` ones wait for their visit's first record, "
    "`unbound` ones have waited for longer than the settings say. None is counted, no level is "
    "told. Once bound, a rating is in `/v1/ratings` and here no more.",
    responses=problems(400, 401),
)
def list_unbound(
    request: _Asked,
    after: After = 0,
    limit: Limit = 100,
    hall: Name = None,
    device: Name = None,
) -> dict[str, Any]:
    """Answer with a page of ratings that are about no visit yet."""
    central = _opened(request)
    deadline = Deadline.of(central.settings.phone, now_ms())
    with central.database.reading() as connection:
        found, last = unbound.page(
            connection,
            deadline,
            after,
            min(limit, central.settings.limits.page),
            hall=hall,
            device=device,
        )
    return {"unbound": found, "next": last}


@get(
    "/v1/devices",
    sync_to_thread=True,
    tags=["readers"],
    summary="List devices and how they are",
    description="Last contact, head, backlog, software, release, faults, who serves there, last "
    "heartbeat, frozen or revoked, alerts, how many ratings by phone wait for a visit of it, and "
    "in `needs` why somebody should look at it. Technicians may ask, too.",
    responses=problems(400, 401),
)
def list_devices(request: _Asked) -> dict[str, Any]:
    """Answer with every device."""
    central = _opened(request, READER, TECHNICIAN)
    deadline = Deadline.of(central.settings.phone, now_ms())
    with central.database.reading() as connection:
        return {"devices": overview.devices(connection, deadline)}


@get(
    "/v1/refusals",
    sync_to_thread=True,
    tags=["readers"],
    summary="Tell what was refused, by reason",
    description="Requests, records and ratings that were not taken as they came, since ever.",
    responses=problems(400, 401),
)
def list_refusals(request: _Asked) -> dict[str, Any]:
    """Answer with the counter of each reason."""
    return {"refusals": _opened(request).refusals.table()}


HANDLERS = (
    list_ratings,
    count_ratings,
    count_service,
    list_sessions,
    list_unbound,
    list_devices,
    list_refusals,
)


def _opened(request: _Asked, *roles: str) -> Central:
    """Return central if the request brings a key of ``roles`` and only parameters that we know.

    A reader's, if none is named.
    """
    central: Central = request.app.state.central
    check_reader(request, central.database, roles or (READER,))
    refuse_unknown_parameters(request)
    return central


def _choice(name: str, kind: type[_Choice], text: str | None) -> _Choice:
    try:
        return kind(text or "")
    except ValueError as error:
        raise Refused(400, "invalid", f"{name}: expected one of {', '.join(kind)}") from error


def _origin(text: str | None) -> Source | None:
    return None if text is None else _choice("origin", Source, text)


def _filters(central: Central, since: str | None, until: str | None, **asked: Any) -> Filters:
    offset = central.settings.utc_offset_minutes
    return Filters(
        **asked,
        since_ms=read_time("since", since, offset),
        until_ms=read_time("until", until, offset),
    )
