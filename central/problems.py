"""Every refusal as a problem document (RFC 9457), whoever noticed it: us or the framework."""

import logging
import random
import sqlite3
from typing import Any

import msgspec
from litestar import Request, Response
from litestar.exceptions import HTTPException
from msgspec.structs import replace
from sqlalchemy.exc import InterfaceError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolExhausted

from central import throttle
from central.errors import Refused, Retired
from central.service import Central
from central.throttle import TooMany
from protocol import retirement
from protocol.messages import PROBLEM_TYPE

_LOG = logging.getLogger("haochaping.central")
_BY_STATUS = {
    400: "invalid",
    404: "not-found",
    405: "method-not-allowed",
    413: "too-large",
    415: "unsupported-type",
}


def answer(request: Request[Any, Any, Any], error: Exception) -> Response[bytes]:
    """Return the problem document for ``error``, counted by its code."""
    refused = _refusal(error)
    central: Central = request.app.state.central
    problem = refused.problem
    central.refusals.count(problem.code)
    if isinstance(refused, Retired):
        problem = replace(problem, notice=retirement.sign(refused.retirement, central.key))
    if _is_outage(error):
        _LOG.error("%s failed: %s", request.method, _in_one_line(error))
    elif problem.status >= 500:
        _LOG.error("%s failed", request.method, exc_info=error)
    return Response(
        content=msgspec.json.encode(problem),
        status_code=problem.status,
        media_type=PROBLEM_TYPE,
        headers={"Cache-Control": "no-store", **refused.headers},
    )


def busy(detail: str = "") -> Refused:
    """Return a 503; its seconds are drawn, so that those turned away do not return together."""
    seconds = random.randint(5, 30)  # noqa: S311 - spreads load, hides nothing
    return Refused(503, "busy", detail, {"Retry-After": str(seconds)})


def _is_outage(error: Exception) -> bool:
    """Whether the database cannot be reached or is overburdened: no mistake, and it passes.

    SQLite reports a wrong statement as an operational error too; that one is a mistake.
    """
    if isinstance(error, OperationalError):
        return getattr(error.orig, "sqlite_errorcode", None) != sqlite3.SQLITE_ERROR
    return isinstance(error, (InterfaceError, PoolExhausted))


def _in_one_line(error: Exception) -> str:
    return " ".join(str(getattr(error, "orig", None) or error).split())


def _refusal(error: Exception) -> Refused:
    if isinstance(error, Refused):
        return error
    if isinstance(error, TooMany):
        return throttle.refusal(error)
    if isinstance(error, HTTPException) and error.status_code < 500:
        status = error.status_code
        allow = {k: v for k, v in (error.headers or {}).items() if k.lower() == "allow"}
        return Refused(status, _BY_STATUS.get(status, "invalid"), _detail(error), allow)
    if _is_outage(error):
        return busy("The database does not answer; nothing is known to be stored.")
    return Refused(500, "internal", "Nothing was changed; it is in central's log.")


def _detail(error: HTTPException) -> str:
    """Name the parameters that are wrong; say nothing about addresses that do not exist."""
    if not isinstance(error.extra, list):
        return ""
    parts = []
    for one in error.extra:
        if isinstance(one, dict):
            parts.append(f"{one.get('key', 'request')}: {one.get('message', 'wrong')}")
    return "; ".join(parts)[:500]
