"""Every refusal as a problem document (RFC 9457), whoever noticed it: us or the framework."""

import logging
from typing import Any

import msgspec
from litestar import Request, Response
from litestar.exceptions import HTTPException

from central.errors import Refused
from central.service import Central
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
    central.refusals.count(refused.problem.code)
    if refused.problem.status >= 500:
        _LOG.error("%s failed", request.method, exc_info=error)
    return Response(
        content=msgspec.json.encode(refused.problem),
        status_code=refused.problem.status,
        media_type=PROBLEM_TYPE,
        headers={"Cache-Control": "no-store", **refused.headers},
    )


def _refusal(error: Exception) -> Refused:
    if isinstance(error, Refused):
        return error
    if isinstance(error, HTTPException) and error.status_code < 500:
        status = error.status_code
        allow = {k: v for k, v in (error.headers or {}).items() if k.lower() == "allow"}
        return Refused(status, _BY_STATUS.get(status, "invalid"), _detail(error), allow)
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
