"""How a device becomes known: a one-time token, bound to its first board and keys.

A lost answer is no harm: the same request gives the same identity again. A device that
brings its own keys with a new token has been moved to that token's window.
"""

import hashlib
import secrets
from typing import Any

from sqlalchemy import Connection, insert, or_, select, update

from central import devices, issuing, schema
from central.errors import Refused, Unknown
from protocol.errors import ProtocolError
from protocol.keys import SigningKey, key_id
from protocol.messages import EnrolmentReply, EnrolmentRequest, check_enrolment

TOKEN_DAYS = 14
_DAY_MS = 24 * 60 * 60 * 1000


def make_token(connection: Connection, window: str, days: int, now_ms: int) -> str:
    """Return a new token for a device at ``window``; only its hash is kept.

    Raises `Unknown` if there is no such window.
    """
    windows = schema.service_window
    if connection.execute(select(windows).where(windows.c.code == window)).one_or_none() is None:
        known = connection.execute(select(windows.c.code).order_by(windows.c.code)).scalars()
        raise Unknown(
            f"there is no window {window!r}; known: {', '.join(known) or 'none yet'} "
            "(`haochaping central import HALL.toml` brings windows in)"
        )
    token = secrets.token_hex(16)
    connection.execute(
        insert(schema.enrolment_token).values(
            hash=_hash(token),
            window=window,
            created_ms=now_ms,
            expires_ms=now_ms + days * _DAY_MS,
        )
    )
    return token


def enrol(
    connection: Connection,
    request: EnrolmentRequest,
    key: SigningKey,
    phone_url: str,
    now_ms: int,
) -> EnrolmentReply:
    """Return the identity that ``request`` is given, the same one for the same request.

    Raises `Refused` with one of the token's codes, ``bad-proof`` or ``key-known``.
    """
    try:
        check_enrolment(request)
    except ProtocolError as error:
        raise Refused(403, "bad-proof", str(error)) from error
    tokens = schema.enrolment_token
    token = connection.execute(
        select(tokens).where(tokens.c.hash == _hash(request.token)).with_for_update()
    ).one_or_none()
    if token is None:
        raise Refused(403, "token-unknown", "Make a new one: haochaping central token")
    name = _name(connection, request, token, now_ms)
    device = devices.find(connection, name, lock=True)
    assert device is not None  # noqa: S101 - just found or made
    if device.revoked:
        raise Refused(403, "device-revoked", f"{name} was retired; it needs new keys")
    issued = issuing.issue(connection, device, key, phone_url, now_ms)
    return EnrolmentReply(
        device=name,
        central_key=key.public.raw,
        central_algorithm=key.algorithm,
        configuration=issued.signed,
    )


def _name(connection: Connection, request: EnrolmentRequest, token: Any, now_ms: int) -> str:
    """Return the name of the device that asks; makes or moves it if the token is unused."""
    table = schema.device
    known = connection.execute(
        select(table).where(
            or_(
                table.c.record_key == request.record_key,
                table.c.transport_key == request.transport_key,
            )
        )
    ).all()
    same = [
        row
        for row in known
        if (row.record_key, row.transport_key, row.board)
        == (request.record_key, request.transport_key, request.board)
    ]
    if token.device_id is not None:
        if same and same[0].id == token.device_id:
            return str(same[0].name)
        raise Refused(409, "token-spent", "Make a new token for this board")
    if token.expires_ms < now_ms:
        raise Refused(403, "token-expired", "Make a new one: haochaping central token")
    windows = schema.service_window
    if not connection.execute(select(windows).where(windows.c.code == token.window)).all():
        raise Refused(403, "token-unknown", "Its window is no longer in the hall file")
    if known and not same:
        raise Refused(409, "key-known", "Each device makes keys of its own; was a card copied?")
    if same:
        device_id, name = same[0].id, str(same[0].name)
        connection.execute(
            update(table)
            .where(table.c.id == device_id)
            .values(window=token.window, software=request.software)
        )
    else:
        name = f"hcp-{key_id(request.record_key)}"
        device_id = connection.execute(
            insert(table)
            .values(
                name=name,
                board=request.board,
                algorithm=request.algorithm,
                record_key=request.record_key,
                transport_key=request.transport_key,
                window=token.window,
                software=request.software,
                enrolled_ms=now_ms,
                head=0,
                head_hash=b"",
                contact_ms=now_ms,
            )
            .returning(table.c.id)
        ).scalar_one()
    tokens = schema.enrolment_token
    connection.execute(
        update(tokens).where(tokens.c.hash == token.hash).values(device_id=device_id)
    )
    return name


def _hash(token: str) -> bytes:
    return hashlib.sha256(token.encode()).digest()
