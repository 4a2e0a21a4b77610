"""A form as a browser sends it: names and values, whatever they say."""

from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import parse_qs

from litestar import Request

from central.bodies import content_type
from central.errors import Refused

MOST_BYTES = 64 * 1024
_TYPE = "application/x-www-form-urlencoded"
_MOST_FIELDS = 400


def read(request: Request[Any, Any, Any], body: bytes) -> Mapping[str, Sequence[str]]:
    """Return the fields in ``body``. Raises `Refused` if it is no form, or another site's.

    That one would be sent by whoever opens that site, each from an address with a limit of
    its own. (Browsers say so by themselves, and pages cannot: W3C Fetch Metadata.)
    """
    if request.headers.get("sec-fetch-site") == "cross-site":
        raise Refused(403, "foreign-page", "forms are taken from our own pages")
    if content_type(request) != _TYPE:
        raise Refused(415, "unsupported-type", f"expected Content-Type: {_TYPE}")
    try:
        return parse_qs(
            body.decode("utf-8", "replace"), keep_blank_values=True, max_num_fields=_MOST_FIELDS
        )
    except ValueError as error:
        raise Refused(400, "malformed", "the form has too many fields") from error


def one(form: Mapping[str, Sequence[str]], name: str) -> str:
    """Return the first value of a field; empty if there is none."""
    values = form.get(name, ())
    return values[0] if values else ""
