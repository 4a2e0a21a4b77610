"""The calls of a technician's tool: a token for each card, and what became of the one on a card.

A key of role ``technician`` may ask for tokens and look at devices; it reads no rating and
changes no hall. A token is in a body both ways, never in an address.
"""

from litestar import Response, post
from litestar.params import RawBody

from central import throttle, tokens
from central.authentication import TECHNICIAN, check_reader
from central.bodies import Asked, read_json, refuse_unknown_parameters
from central.errors import Refused, Unknown
from central.openapi import problems
from central.service import Central, now_ms
from central.tokens import WindowTaken
from protocol.enrolment_tokens import (
    CentralKey,
    TokenAsked,
    TokenGiven,
    TokenStatus,
    TokenWish,
)
from protocol.keys import SigningKey

MAX_BODY = 4096


@post(
    "/v1/enrolment-tokens",
    status_code=201,
    sync_to_thread=True,
    request_max_body_size=MAX_BODY,
    tags=["technicians"],
    operation_id="give_token",
    summary="Make a one-time token for a new device",
    description="For the card of a device at `window`; central keeps its hash alone. A device "
    "that stands there already is not silently replaced: 409 `window-taken` names it, unless "
    "`replace` is true. An unused token for a device of the same `name` there expires: of two "
    "cards the one written last counts. With a key of role technician.",
    responses=problems(400, 401, 403, 404, 409, 413, 415, 429),
)
def give_token(request: Asked, body: RawBody) -> Response[TokenGiven]:
    """Answer with a new token."""
    central, technician = _opened(request)
    wish = read_json(request, body, TokenWish)
    try:
        with central.database.writing() as connection:
            given = tokens.give(
                connection,
                wish.window,
                now_ms(),
                days=wish.days,
                name=wish.name,
                replace=wish.replace,
                made_by=technician,
            )
    except Unknown as error:
        detail = f"no hall has a window {wish.window}; import the hall, or correct the fleet file"
        raise Refused(404, "unknown-window", detail) from error
    except WindowTaken as error:
        detail = str(error) if wish.replace else f"{error}; ask with replace to put a new one there"
        raise Refused(409, "window-taken", detail) from error
    reply = TokenGiven(**given._asdict(), central_key=_key(central.key))
    return Response(reply, status_code=201, headers={"Cache-Control": "no-store"})


@post(
    "/v1/enrolment-tokens/status",
    status_code=200,
    sync_to_thread=True,
    request_max_body_size=MAX_BODY,
    tags=["technicians"],
    operation_id="token_status",
    summary="Tell what became of an enrolment token",
    description="So that a card that was begun is finished with the token it has. A token that "
    "was never given out here is `unknown`. With a key of role technician.",
    responses=problems(400, 401, 403, 413, 415, 429),
)
def token_status(request: Asked, body: RawBody) -> Response[TokenStatus]:
    """Answer with the token's state."""
    central, _ = _opened(request)
    asked = read_json(request, body, TokenAsked)
    with central.database.reading() as connection:
        found = tokens.status(connection, asked.token, now_ms())
    return Response(found, headers={"Cache-Control": "no-store"})


HANDLERS = (give_token, token_status)


def _opened(request: Asked) -> tuple[Central, str]:
    """Return central and whose key this is, if the caller is a technician with tries left."""
    central: Central = request.app.state.central
    technician = check_reader(request, central.database, (TECHNICIAN,))
    refuse_unknown_parameters(request)
    limit = central.settings.limits.technician_calls_per_hour
    with central.database.writing() as connection:
        what = "this key's calls for enrolment tokens"
        throttle.check(connection, central.key, what, technician, limit, now_ms())
    return central, technician


def _key(key: SigningKey) -> CentralKey:
    return CentralKey(key.algorithm, key.public.raw)
