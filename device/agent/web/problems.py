"""Every refusal as a problem document (RFC 9457), whoever noticed it: us or the framework."""

import logging
from collections.abc import Mapping
from typing import Any

import msgspec
from litestar import Request, Response
from litestar.exceptions import HTTPException

from device.agent.refusals import (
    KioskSilent,
    NoReason,
    NothingToRate,
    NotTaken,
    TooManyCases,
    UnknownMatter,
    UnknownVisit,
    VisitUnderWay,
)
from device.core.errors import DeviceError
from protocol.messages import PROBLEM_TYPE, Problem
from protocol.records import InvitedBy

log = logging.getLogger("haochaping.agent")

RETRY_S = 5
"""What a caller is told to wait where the device itself is in trouble."""
_TITLES = {
    400: "The request cannot be read",
    401: "Who asks is not known",
    403: "Who asks may not do this",
    404: "There is no such thing here",
    405: "This cannot be done to that",
    408: "The request came too slowly",
    409: "The window is in another state",
    413: "The request is too large",
    415: "Another content type is expected",
    421: "This device does not go by that name",
    422: "Something in the request is not as it must be",
    429: "Too many requests",
    503: "The device cannot do this now",
}
_CODES = {
    400: "invalid",
    404: "not-found",
    405: "method-not-allowed",
    413: "too-large",
    415: "unsupported-type",
    422: "invalid",
}


class Mistake(msgspec.Struct, frozen=True):
    """One thing that is wrong in a request."""

    path: str
    """Where, as a JSON path: ``$.matters[0].code``."""
    expected: str
    code: str = "invalid"


class UnderWay(msgspec.Struct, frozen=True, omit_defaults=True):
    """What goes on where somebody is being asked; never a level."""

    state: str
    """``invited`` or ``rating``."""
    invited_by: InvitedBy
    yours: bool
    """The caller itself invited."""
    seconds: float | None = None
    """For how long; missing if the device was restarted since."""
    visit: str = ""
    """Told to whoever invited."""


class FullProblem(Problem, frozen=True, omit_defaults=True):
    """A refusal with what a program needs to go on."""

    errors: tuple[Mistake, ...] = ()
    under_way: UnderWay | None = None
    reason: str = ""
    """Of the pause."""


class WebRefused(DeviceError):
    """A request that is refused at the door, before the desk is asked."""

    def __init__(
        self,
        status: int,
        code: str,
        detail: str = "",
        headers: Mapping[str, str] | None = None,
        errors: tuple[Mistake, ...] = (),
    ) -> None:
        super().__init__(detail or code)
        self.status = status
        self.code = code
        self.detail = detail
        self.headers = dict(headers or {})
        self.errors = errors


def answer(request: Request[Any, Any, Any], error: Exception) -> Response[bytes]:
    """Return the problem document for ``error``, counted by its code."""
    problem, headers = describe(error, getattr(request.state, "system", None))
    request.app.state.tally.count(problem.code)
    if problem.code == "device-trouble":
        log.warning("%s %s: %s", request.method, ascii(request.url.path)[1:-1], error)
    elif problem.status == 500:
        log.error("%s %s failed", request.method, request.url.path, exc_info=error)
    return Response(
        content=msgspec.json.encode(problem),
        status_code=problem.status,
        media_type=PROBLEM_TYPE,
        headers=headers,
    )


def describe(error: Exception, system: str | None = None) -> tuple[FullProblem, dict[str, str]]:
    """Return what is said of ``error`` to business system ``system`` (None: to staff)."""
    match error:
        case WebRefused():
            problem = _problem(error.status, error.code, error.detail, errors=error.errors)
            return problem, error.headers
        case VisitUnderWay():
            return _problem(
                409, error.code, "A citizen is being asked.", under_way=_going_on(error, system)
            ), {}
        case KioskSilent():
            return _problem(503, error.code, str(error)), {"Retry-After": str(RETRY_S)}
        case NotTaken():
            reason = getattr(error, "reason", "")
            return _problem(_status_of(error), error.code, str(error), reason=reason), {}
        case DeviceError():
            detail = "The device cannot read or write its files now; the agent's log says more."
            return _problem(503, "device-trouble", detail), {"Retry-After": str(RETRY_S)}
        case HTTPException() if error.status_code < 500:
            status = error.status_code
            allow = {k: v for k, v in (error.headers or {}).items() if k.lower() == "allow"}
            return _problem(status, _CODES.get(status, "invalid"), _detail(error)), allow
    return _problem(500, "internal", "Nothing is known to be done; it is in the agent's log."), {}


def _problem(status: int, code: str, detail: str, **more: Any) -> FullProblem:
    title = _TITLES.get(status, "Something went wrong")
    return FullProblem(title, status, code, detail, **more)


def _status_of(error: NotTaken) -> int:
    match error:
        case UnknownVisit():
            return 404
        case UnknownMatter() | NothingToRate() | TooManyCases() | NoReason():
            return 422
    return 409


def _going_on(error: VisitUnderWay, system: str | None) -> UnderWay:
    serving = error.serving
    yours = system == serving.system if system else False
    return UnderWay(
        state=str(serving.state),
        invited_by=serving.invited_by,
        yours=yours,
        seconds=None if serving.seconds is None else round(serving.seconds, 1),
        visit=str(serving.visit) if yours or system is None else "",
    )


def _detail(error: HTTPException) -> str:
    """Name the parameters that are wrong; say nothing about addresses that do not exist."""
    if not isinstance(error.extra, list):
        return ""
    parts = [
        f"{one.get('key', 'request')}: {one.get('message', 'wrong')}"
        for one in error.extra
        if isinstance(one, dict)
    ]
    return "; ".join(parts)[:500]
