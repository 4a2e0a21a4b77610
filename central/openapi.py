"""The API's description, for people and generators: /schema/openapi.json.

The framework describes what it sees; bodies that we read ourselves (signed JSON, CBOR) and
the device's signature are added here.
"""

from typing import Any

import msgspec
from litestar import Request
from litestar.openapi.config import OpenAPIConfig
from litestar.openapi.datastructures import ResponseSpec
from litestar.openapi.plugins import JsonRenderPlugin

from central import channel_bodies, edit_bodies
from central.channel_bodies import ChannelRating
from central.errors import ListedProblem
from central.receipt_body import ReceiptBody
from protocol.configuration import Hours, Rules
from protocol.enrolment_tokens import TokenAsked, TokenWish
from protocol.messages import (
    BATCH_TYPE,
    PROBLEM_TYPE,
    SIGNATURE_TAG,
    SIGNED_COMPONENTS,
    Batch,
    EnrolmentRequest,
    Heartbeat,
    PhoneWait,
    Problem,
)

_WHAT = {
    400: "The request cannot be read, or a parameter is not as expected",
    401: "The caller is unknown or did not sign",
    403: "The caller is known and refused",
    404: "There is no such thing",
    409: "Somebody else has it already",
    410: "It was here once and has ended",
    412: "It has been changed since it was read",
    413: "Too large",
    415: "Another content type or encoding is expected",
    416: "What is asked for lies beyond the end",
    428: "A change of what is there needs If-Match",
    429: "Too many tries in this hour; Retry-After says when to come again",
    503: "Central has too much to do; Retry-After says when to come again",
}


class _Description(JsonRenderPlugin):
    """Serves the description with our additions."""

    def render(self, request: Request[Any, Any, Any], openapi_schema: dict[str, Any]) -> bytes:
        """Return the document as JSON."""
        return super().render(request, complete(openapi_schema))


CONFIG = OpenAPIConfig(
    title="Haochaping central",
    version="1",
    summary="What rating devices at service counters report to, and what reads them",
    description=(
        "Refusals are problem documents (RFC 9457) with a short stable `code`. Times are "
        "milliseconds since 1970, UTC. A level is never a bare digit: each carries its code "
        "on the platform (5 is best) and in GB/T 39046-2020 (1 is best)."
    ),
    render_plugins=[_Description(path="/openapi.json")],
    path="/schema",
    use_handler_docstrings=False,
)


def problems(*statuses: int) -> dict[int, ResponseSpec]:
    """Return the description of the problem documents that a call may answer with."""
    return {
        status: ResponseSpec(
            data_container=Problem,
            description=_WHAT[status],
            media_type=PROBLEM_TYPE,
            generate_examples=False,
        )
        for status in (*statuses, 503)
    }


def complete(document: dict[str, Any]) -> dict[str, Any]:
    """Return the framework's ``document`` with the bodies and securities it cannot know."""
    _, found = msgspec.json.schema_components(
        (
            *(EnrolmentRequest, Heartbeat, Batch, PhoneWait, ChannelRating),
            *(ReceiptBody, ListedProblem, Rules, Hours, TokenWish, TokenAsked),
        ),
        ref_template="#/components/schemas/{name}",
    )
    components = document.setdefault("components", {})
    components.setdefault("schemas", {}).update(found)
    components["securitySchemes"] = {
        "deviceSignature": {
            "type": "http",
            "scheme": "signature",
            "description": (
                f"HTTP Message Signatures (RFC 9421), Ed25519, tag `{SIGNATURE_TAG}`, over "
                f"{', '.join(SIGNED_COMPONENTS)} (no digest without a body); keyid is the "
                "device's name. `created` is not held against central's clock."
            ),
        },
        "reader": {
            "type": "http",
            "scheme": "bearer",
            "description": "A key made by `haochaping central reader`, of the role that the call "
            "names.",
        },
        "channel": {
            "type": "http",
            "scheme": "bearer",
            "description": "A key made by `haochaping central channel`.",
        },
    }
    paths: dict[str, Any] = document["paths"]
    for path, kind, media in (
        ("/v1/enrolments", "EnrolmentRequest", "application/json"),
        ("/v1/heartbeats", "Heartbeat", "application/json"),
        ("/v1/records", "Batch", BATCH_TYPE),
        ("/v1/receipts", "ReceiptBody", "application/json"),
        ("/v1/visits/phone", "PhoneWait", "application/json"),
        ("/v1/enrolment-tokens", "TokenWish", "application/json"),
        ("/v1/enrolment-tokens/status", "TokenAsked", "application/json"),
    ):
        schema = {"$ref": f"#/components/schemas/{kind}"}
        body = {"required": True, "content": {media: {"schema": schema}}}
        if media == BATCH_TYPE:
            body["description"] = "CBOR (RFC 8949), records as byte strings; gzip allowed"
        paths[path]["post"]["requestBody"] = body
    for path, calls in paths.items():
        for call in calls.values():
            tags = call.get("tags", [])
            if "readers" in tags or "technicians" in tags:
                call["security"] = [{"reader": []}]
            elif "channels" in tags:
                call["security"] = [{"channel": []}]
                channel_bodies.describe(call)
            elif "editors" in tags:
                call["security"] = [{"reader": []}]
                edit_bodies.describe(call)
            elif "devices" in tags and path != "/v1/enrolments":
                call["security"] = [{"deviceSignature": []}]
    return document
