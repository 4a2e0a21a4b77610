"""The bodies of requests as JSON: read by us, so that what is wrong is told in our words."""

from typing import Any, TypeVar

import msgspec
from litestar import Request
from litestar.datastructures import State

from central.errors import Refused

_Kind = TypeVar("_Kind")
Asked = Request[Any, Any, State]


def content_type(request: Asked) -> str:
    """Return the media type of the body, lower case, without its parameters."""
    return request.headers.get("content-type", "").partition(";")[0].strip().lower()


def read_json(request: Asked, body: bytes, kind: type[_Kind]) -> _Kind:
    """Return the body as ``kind``. Raises `Refused`."""
    if content_type(request) != "application/json":
        raise Refused(415, "unsupported-type", "expected Content-Type: application/json")
    refuse_encoded(request)
    try:
        return msgspec.json.decode(body, type=kind)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        raise Refused(400, "malformed", str(error)[:300]) from error


def refuse_encoded(request: Asked) -> None:
    """Raise `Refused` if the body is compressed."""
    if request.headers.get("content-encoding", "identity") != "identity":
        raise Refused(415, "unsupported-type", "expected no Content-Encoding")


def refuse_control_characters(request: Asked) -> None:
    """Raise `Refused` if the address names something that no database could hold."""
    said = (*request.path_params.values(), *request.query_params.values())
    if any(ord(one) < 32 or one == "\x7f" for text in said for one in str(text)):
        raise Refused(400, "invalid", "expected no control characters in an address")


def refuse_unknown_parameters(request: Asked) -> None:
    """Raise `Refused` if the query has a parameter that the call does not know."""
    signature = request.route_handler.parsed_fn_signature.parameters
    aside = {"request", "body", "if_match", "if_none_match", *request.path_params}
    known = [name for name in signature if name not in aside]
    told = f"known: {', '.join(known)}" if known else "this call takes none"
    unknown = [name for name in dict.fromkeys(request.query_params) if name not in known]
    if unknown:
        detail = "; ".join(f"{name[:64]}: unknown parameter" for name in unknown[:5])
        raise Refused(400, "invalid", f"{detail}; {told}")
