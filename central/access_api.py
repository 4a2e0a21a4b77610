"""The calls that give a staff member a PIN, a badge or a photo, or take it away.

None is ever given out again. A QR card is made by a command alone, where it is printed.
"""

from collections.abc import Callable
from typing import Any

import msgspec
from litestar import delete, put
from litestar.handlers import BaseRouteHandler
from litestar.params import FromPath, RawBody
from sqlalchemy import Connection

from central import access, photos
from central.authentication import EDITOR
from central.bodies import Asked, content_type, read_json, refuse_encoded
from central.editing_api import allowed, refusal
from central.errors import Mistakes, Refused, Unknown
from central.openapi import problems
from central.photos import MAX_FILE_BYTES, NoPhoto
from central.service import Central, now_ms
from protocol import credentials

_ADDRESS = "/v1/halls/{hall:str}/staff/{number:str}"
_PICTURES = ("image/jpeg", "image/png", "image/webp", "image/bmp")
_CHANGES = (400, 401, 403, 404, 413, 415)


class PinBody(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A PIN to be given."""

    pin: str
    """Six digits."""


class BadgeBody(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A badge to be given."""

    badge: str
    """What the reader types, 6 to 128 characters."""


@put(
    f"{_ADDRESS}/pin",
    status_code=204,
    sync_to_thread=True,
    request_max_body_size=4096,
    tags=["editors"],
    operation_id="put_pin",
    summary="Give a staff member a PIN",
    description="Six digits; an older one ends. It is kept as an argon2id verifier alone.",
    responses=problems(*_CHANGES),
)
def put_pin(request: Asked, hall: FromPath[str], number: FromPath[str], body: RawBody) -> None:
    """Give a PIN."""
    central, editor = allowed(request, EDITOR)
    pin = read_json(request, body, PinBody).pin
    try:
        verifier = credentials.pin_verifier(pin)
    except ValueError as error:
        raise refusal(Mistakes(["pin: expected six digits"])) from error
    if credentials.is_guessable(pin):
        raise refusal(Mistakes(["pin: expected one that is not among the first anybody tries"]))
    _change(central, _giving(hall, number, "pin_verifier", verifier, editor))


@put(
    f"{_ADDRESS}/badge",
    status_code=204,
    sync_to_thread=True,
    request_max_body_size=4096,
    tags=["editors"],
    operation_id="put_badge",
    summary="Give a staff member a badge",
    description="What the reader types for it; an older one ends. It is kept as a hash alone.",
    responses=problems(*_CHANGES),
)
def put_badge(request: Asked, hall: FromPath[str], number: FromPath[str], body: RawBody) -> None:
    """Give a badge."""
    central, editor = allowed(request, EDITOR)
    try:
        hashed = credentials.card_hash(read_json(request, body, BadgeBody).badge, hall)
    except ValueError as error:
        expected = f"expected {credentials.MIN_CARD} to {credentials.MAX_CARD} characters"
        raise refusal(Mistakes([f"badge: {expected}"])) from error
    _change(central, _giving(hall, number, "badge", hashed, editor))


@put(
    f"{_ADDRESS}/photo",
    status_code=204,
    sync_to_thread=True,
    request_max_body_size=MAX_FILE_BYTES,
    tags=["editors"],
    operation_id="put_photo",
    summary="Give a staff member a photo",
    description="A picture file; it is turned upright, cut to 5:6, made small and drawn anew, "
    "without what the camera wrote into it.",
    responses=problems(*_CHANGES),
)
def put_photo(request: Asked, hall: FromPath[str], number: FromPath[str], body: RawBody) -> None:
    """Give a photo."""
    central, editor = allowed(request, EDITOR)
    if content_type(request) not in _PICTURES:
        expected = f"expected Content-Type: {', '.join(_PICTURES)}"
        raise Refused(415, "unsupported-type", expected)
    refuse_encoded(request)
    try:
        photo = photos.make_photo(body)
    except NoPhoto as error:
        raise refusal(Mistakes([f"photo: {error}"])) from error

    def give(connection: Connection) -> None:
        access.give_photo(connection, hall, number, photo, editor=editor, now_ms=now_ms())

    _change(central, give)


def _taking(name: str, field: str) -> BaseRouteHandler:
    """Return the call that takes ``name`` away."""

    @delete(
        f"{_ADDRESS}/{name}",
        status_code=204,
        sync_to_thread=True,
        tags=["editors"],
        operation_id=f"take_{name}",
        summary=f"Take a staff member's {name} away",
        description="Where there is none, nothing changes.",
        responses=problems(400, 401, 403, 404),
    )
    def take(request: Asked, hall: FromPath[str], number: FromPath[str]) -> None:
        central, editor = allowed(request, EDITOR)
        _change(central, _giving(hall, number, field, "", editor))

    return take


HANDLERS = (
    *(put_pin, put_badge, put_photo),
    *(
        _taking(name, field)
        for name, field in (
            ("pin", "pin_verifier"),
            ("badge", "badge"),
            ("card", "card"),
            ("photo", "photo"),
        )
    ),
)


def _giving(
    hall: str, number: str, what: str, value: str, editor: str
) -> Callable[[Connection], Any]:
    def give(connection: Connection) -> None:
        access.give(connection, hall, number, what, value, editor=editor, now_ms=now_ms())

    return give


def _change(central: Central, give: Callable[[Connection], Any]) -> None:
    try:
        with central.database.writing() as connection:
            give(connection)
    except (Mistakes, Unknown) as error:
        raise refusal(error) from error
