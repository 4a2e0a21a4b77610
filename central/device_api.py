"""The four calls a device makes: enrol, send records, fetch configuration, heartbeat."""

import zlib
from typing import Annotated

from litestar import Response, get, post
from litestar.openapi.spec import Example
from litestar.params import HeaderParameter, RawBody
from sqlalchemy.exc import IntegrityError

from central import devices, elsewhere, enrolment, heartbeats, ingest, issuing, release_offers
from central.authentication import device_of
from central.bodies import Asked, content_type, read_json
from central.errors import Refused
from central.openapi import problems
from central.service import Central, now_ms
from protocol.errors import Malformed
from protocol.messages import (
    BATCH_TYPE,
    MAX_BATCH_BYTES,
    BatchReply,
    EnrolmentReply,
    EnrolmentRequest,
    Heartbeat,
    HeartbeatReply,
    decode_batch,
)

CONFIGURATION_TYPE = 'application/cose; cose-type="cose-sign1"'
"""RFC 9052, section 10.1.1."""
SMALL_BODY = 64 * 1024


@post(
    "/v1/enrolments",
    sync_to_thread=True,
    request_max_body_size=SMALL_BODY,
    tags=["devices"],
    summary="Make a new device known",
    description="The one-time token binds to the first board and keys that use it; the same "
    "request again gets the same identity. A token made to replace a device revokes that one; a "
    "board with new keys revokes what it was before in its hall. "
    "Both keys prove themselves in the body, so this call is not signed otherwise.",
    responses=problems(400, 403, 409, 413, 415),
    media_type="application/json",
)
def enrol(request: Asked, body: RawBody) -> Response[EnrolmentReply]:
    """Answer with the device's name, central's key and the first configuration."""
    central: Central = request.app.state.central
    asked = read_json(request, body, EnrolmentRequest)
    try:
        with central.database.writing() as connection:
            reply = enrolment.enrol(
                connection, asked, central.key, central.settings.phone_url, now_ms()
            )
    except enrolment.CopiedCard as refused:
        with central.database.writing() as connection:
            enrolment.warn(connection, refused, now_ms())
        raise
    except IntegrityError as error:  # the same keys with another token, at this very moment
        raise Refused(409, "key-known", "Another enrolment came first; ask again") from error
    return Response(reply, status_code=201)


@post(
    "/v1/records",
    status_code=200,
    sync_to_thread=True,
    request_max_body_size=MAX_BATCH_BYTES,
    tags=["devices"],
    summary="Send the next records of a device",
    description="A CBOR batch of up to 500 consecutive signed records, best gzip'd. The answer "
    "holds a verdict for each and a receipt signed by central; only the receipt moves the "
    "device's head. Signed by the device (RFC 9421).",
    responses=problems(400, 401, 403, 413, 415),
)
def send_records(request: Asked, body: RawBody) -> BatchReply:
    """Take in a batch."""
    central: Central = request.app.state.central
    device = device_of(request, body, central.database)
    if content_type(request) != BATCH_TYPE:
        raise Refused(415, "unsupported-type", f"expected Content-Type: {BATCH_TYPE}")
    try:
        batch = decode_batch(_decompressed(request, body))
    except Malformed as error:
        raise Refused(400, "malformed", str(error)[:300]) from error
    reply, refused = ingest.take_in(central.database, batch, device, central.key, now_ms())
    for code, times in refused.items():
        central.refusals.count(code, times)
    return reply


@get(
    "/v1/configuration",
    sync_to_thread=True,
    media_type=CONFIGURATION_TYPE,
    tags=["devices"],
    summary="Fetch the device's configuration",
    description="Hall, window, staff, matters, notices and rules in one COSE_Sign1 by central. "
    "Ask with If-None-Match; signed by the device (RFC 9421).",
    responses=problems(400, 401, 403),
)
def fetch_configuration(
    request: Asked,
    if_none_match: Annotated[
        str | None,
        HeaderParameter(name="If-None-Match", examples=[Example(value='"0f3a..."')]),
    ] = None,
) -> Response[bytes]:
    """Answer with the newest configuration, or 304 if the device has it."""
    central: Central = request.app.state.central
    device = device_of(request, None, central.database)
    issued = _issued(central, device.name)
    headers = {"ETag": issued.etag, "Cache-Control": "no-cache"}
    known = [tag.strip().removeprefix("W/") for tag in (if_none_match or "").split(",")]
    if issued.etag in known or "*" in known:
        return Response(b"", status_code=304, headers=headers, media_type=CONFIGURATION_TYPE)
    return Response(issued.signed, headers=headers, media_type=CONFIGURATION_TYPE)


@post(
    "/v1/heartbeats",
    status_code=200,
    sync_to_thread=True,
    request_max_body_size=SMALL_BODY,
    tags=["devices"],
    summary="Say how a device is",
    description="Answered with central's time, the newest configuration's version, a receipt, "
    "where the one who serves has since logged in, if they have, and the release that the device "
    "should run, if it runs another. A heartbeat that is not "
    "newer than the last one changes nothing. Signed by the device (RFC 9421).",
    responses=problems(400, 401, 403, 413, 415),
)
def send_heartbeat(request: Asked, body: RawBody) -> HeartbeatReply:
    """Keep a heartbeat."""
    central: Central = request.app.state.central
    device = device_of(request, body, central.database)
    beat = read_json(request, body, Heartbeat)
    now = now_ms()
    with central.database.writing() as connection:
        locked = devices.find(connection, device.name, lock=True) or device
        newer = heartbeats.keep(connection, locked, beat, now)
        issued = issuing.issue(
            connection,
            locked,
            central.key,
            central.settings.phone_url,
            now,
            above=beat.configuration if newer else 0,
        )
        displaced = elsewhere.find(connection, locked.id) if newer else None
        offered = release_offers.offer(connection, locked, beat) if newer else None
    if not newer:
        central.refusals.count("stale-heartbeat")
    receipt = locked.receipt(central.key, locked.next_issue(now))
    return HeartbeatReply(now, issued.version, receipt, displaced, offered)


def _issued(central: Central, name: str) -> issuing.Issued:
    """Return the newest configuration; writes only if it has changed."""
    url = central.settings.phone_url
    with central.database.reading() as connection:
        device = devices.named(connection, name)
        current = issuing.is_current(connection, device, url)
    if current is not None:
        return current
    with central.database.writing() as connection:
        locked = devices.find(connection, name, lock=True) or device
        return issuing.issue(connection, locked, central.key, url, now_ms())


def _decompressed(request: Asked, body: bytes) -> bytes:
    """Undo the content encoding, never to more than `MAX_BATCH_BYTES`."""
    encoding = request.headers.get("content-encoding", "identity").strip().lower()
    if encoding == "identity":
        return body
    if encoding != "gzip":
        raise Refused(415, "unsupported-type", "expected Content-Encoding: gzip or none")
    inflate = zlib.decompressobj(wbits=31)
    try:
        plain = inflate.decompress(body, MAX_BATCH_BYTES + 1)
    except zlib.error as error:
        raise Refused(400, "malformed", "the body is not gzip") from error
    if len(plain) > MAX_BATCH_BYTES:
        raise Refused(413, "too-large", f"a batch has at most {MAX_BATCH_BYTES} bytes")
    if not inflate.eof or inflate.unused_data:
        raise Refused(400, "malformed", "the gzip'd body is cut off or has something after it")
    return plain
