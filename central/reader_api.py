"""What readers may ask: ratings, counts, service, sessions, devices, refusals.

A bearer key for each reader; staff have none, and so are shown no single rating.
"""

from enum import StrEnum
from typing import Annotated, Any, TypeVar

from litestar import Request, get
from litestar.datastructures import State
from litestar.params import QueryParameter

from central import counts, overview, ratings, service_counts, sessions
from central.authentication import check_reader
from central.bodies import refuse_unknown_parameters
from central.counts import By
from central.errors import Refused
from central.filters import Filters, read_time
from central.openapi import problems
from central.service import Central
from central.sessions import Kind
from protocol.limits import MAX_INTEGER

_Asked = Request[Any, Any, State]
_Choice = TypeVar("_Choice", bound=StrEnum)
_NAME = r"^[^\x00-\x1f\x7f]*$"
_Name = Annotated[str | None, QueryParameter(max_length=64, pattern=_NAME)]
_Time = Annotated[
    str | None,
    QueryParameter(max_length=40, pattern=_NAME, description="A day or a time, ISO 8601"),
]
_Window = Annotated[
    str | None,
    QueryParameter(max_length=64, pattern=_NAME, description="A window's number or code"),
]
_By = Annotated[
    str | None,
    QueryParameter(
        description="What to count by; needed",
        max_length=64,
        schema_extra={"enum": [by.value for by in By]},
    ),
]
_ServiceBy = Annotated[
    str | None,
    QueryParameter(
        description="What to count by; needed",
        max_length=64,
        schema_extra={"enum": [by.value for by in service_counts.By]},
    ),
]
_Kind = Annotated[
    str | None,
    QueryParameter(
        description="Only what happened of this kind",
        max_length=64,
        schema_extra={"enum": [kind.value for kind in Kind]},
    ),
]
_Level = Annotated[
    int | None, QueryParameter(ge=1, le=5, description="The platform's code: 5 is best")
]


@get(
    "/v1/ratings",
    sync_to_thread=True,
    tags=["readers"],
    summary="List ratings in the order they came in",
    description="Page by page: ask again with `after` set to the last answer's `next`, for "
    "ever; no rating is passed over. Each holds the device's own time and central's "
    "correction with its source.",
    responses=problems(400, 401),
)
def list_ratings(
    request: _Asked,
    after: Annotated[int, QueryParameter(ge=0, le=MAX_INTEGER)] = 0,
    limit: Annotated[int, QueryParameter(ge=1, le=10_000)] = 100,
    hall: _Name = None,
    window: _Window = None,
    device: _Name = None,
    staff: _Name = None,
    matter: _Name = None,
    level: _Level = None,
    since: _Time = None,
    until: _Time = None,
) -> dict[str, Any]:
    """Answer with a page of ratings."""
    central = _opened(request)
    filters = _filters(central, hall, window, device, staff, matter, level, since, until)
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
    "Ratings of a frozen device are told beside.",
    responses=problems(400, 401),
)
def count_ratings(
    request: _Asked,
    by: _By = None,
    hall: _Name = None,
    window: _Window = None,
    device: _Name = None,
    staff: _Name = None,
    matter: _Name = None,
    level: _Level = None,
    since: _Time = None,
    until: _Time = None,
) -> dict[str, Any]:
    """Answer with a row of counts for each key."""
    central = _opened(request)
    chosen = _choice("by", By, by)
    filters = _filters(central, hall, window, device, staff, matter, level, since, until)
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
    by: _ServiceBy = None,
    hall: _Name = None,
    window: _Window = None,
    device: _Name = None,
    staff: _Name = None,
    since: _Time = None,
    until: _Time = None,
) -> dict[str, Any]:
    """Answer with a row for each key."""
    central = _opened(request)
    chosen = _choice("by", service_counts.By, by)
    filters = _filters(central, hall, window, device, staff, None, None, since, until)
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
    after: Annotated[int, QueryParameter(ge=0, le=MAX_INTEGER)] = 0,
    limit: Annotated[int, QueryParameter(ge=1, le=10_000)] = 100,
    kind: _Kind = None,
    hall: _Name = None,
    window: _Window = None,
    device: _Name = None,
    staff: _Name = None,
    since: _Time = None,
    until: _Time = None,
) -> dict[str, Any]:
    """Answer with a page of what happened at the windows."""
    central = _opened(request)
    chosen = None if kind is None else _choice("kind", Kind, kind)
    filters = _filters(central, hall, window, device, staff, None, None, since, until)
    with central.database.reading() as connection:
        found, last = sessions.page(
            connection, filters, chosen, after, min(limit, central.settings.limits.page)
        )
    return {"sessions": found, "next": last}


@get(
    "/v1/devices",
    sync_to_thread=True,
    tags=["readers"],
    summary="List devices and how they are",
    description="Last contact, head, backlog, software, who serves there, last heartbeat, frozen "
    "or revoked, alerts.",
    responses=problems(400, 401),
)
def list_devices(request: _Asked) -> dict[str, Any]:
    """Answer with every device."""
    central = _opened(request)
    with central.database.reading() as connection:
        return {"devices": overview.devices(connection)}


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
    list_devices,
    list_refusals,
)


def _opened(request: _Asked) -> Central:
    """Return central if the request brings a reader's key and only parameters that we know."""
    central: Central = request.app.state.central
    check_reader(request, central.database)
    refuse_unknown_parameters(request)
    return central


def _choice(name: str, kind: type[_Choice], text: str | None) -> _Choice:
    try:
        return kind(text or "")
    except ValueError as error:
        raise Refused(400, "invalid", f"{name}: expected one of {', '.join(kind)}") from error


def _filters(
    central: Central,
    hall: str | None,
    window: str | None,
    device: str | None,
    staff: str | None,
    matter: str | None,
    level: int | None,
    since: str | None,
    until: str | None,
) -> Filters:
    offset = central.settings.utc_offset_minutes
    return Filters(
        hall=hall,
        window=window,
        device=device,
        staff=staff,
        matter=matter,
        level=level,
        since_ms=read_time("since", since, offset),
        until_ms=read_time("until", until, offset),
    )
