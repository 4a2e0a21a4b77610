"""How a device becomes known: a one-time token, bound to its first board and keys.

A lost answer is no harm: the same request gives the same identity again. A device that
brings its own keys with a new token has been moved to that token's window. A token that was
made to replace a device revokes that one in the same transaction: never do both stand there,
never neither. So does a board that comes with new keys: it can be one device only, and what it
was in its hall before ends with that.
"""

import hashlib
import secrets
from typing import Any

from sqlalchemy import ColumnElement, Connection, func, insert, or_, select, update

from central import devices, issuing, places, schema
from central.errors import Refused, Unknown
from protocol.errors import ProtocolError
from protocol.keys import SigningKey
from protocol.messages import EnrolmentReply, EnrolmentRequest, check_enrolment, device_name

_DAY_MS = 24 * 60 * 60 * 1000
_BOARDS_NAMED = 20
"""So many strange boards are named in alerts of one device; whoever has a card can make up more."""


class CopiedCard(Refused):
    """Refused, and people should know: a card or its token is in use on another board."""

    def __init__(self, code: str, advice: str, device: str, told: str) -> None:
        super().__init__(409, code, advice)
        self.device = device
        """Name of the device whose card it is."""
        self.told = told
        """What its alert says."""


def make_token(
    connection: Connection,
    window: str,
    days: int,
    now_ms: int,
    *,
    name: str = "",
    replaces: int | None = None,
    made_by: str = "",
) -> str:
    """Return a new token for a device at ``window``; only its hash is kept.

    ``name`` is the host name of the device to come, ``replaces`` the id of the one that is
    revoked when the token is used. Whether there is one at the window already is not looked
    at: `tokens.give` does. Raises `Unknown` if there is no such window.
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
            hash=hash_token(token),
            window=window,
            created_ms=now_ms,
            expires_ms=now_ms + days * _DAY_MS,
            name=name,
            replaces=replaces,
            made_by=made_by,
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

    Raises `Refused` with one of the token's codes, ``bad-proof``, ``key-known`` or
    ``wrong-board``; a `CopiedCard` is to be told with `warn` once this transaction is undone.
    """
    try:
        check_enrolment(request)
    except ProtocolError as error:
        raise Refused(403, "bad-proof", str(error)) from error
    tokens = schema.enrolment_token
    token = connection.execute(
        select(tokens).where(tokens.c.hash == hash_token(request.token)).with_for_update()
    ).one_or_none()
    if token is None:
        raise Refused(403, "token-unknown", "Make a new one: haochaping central token")
    name = _name(connection, request, token, now_ms)
    device = devices.find(connection, name, lock=True)
    assert device is not None  # noqa: S101 - just found or made
    device.refuse_if_retired("; it needs new keys")
    issued = issuing.issue(connection, device, key, phone_url, now_ms)
    return EnrolmentReply(
        device=name,
        central_key=key.public.raw,
        central_algorithm=key.algorithm,
        configuration=issued.signed,
    )


def warn(connection: Connection, refused: CopiedCard, now_ms: int) -> None:
    """Raise the alert of ``refused``, in a transaction of its own: the other is undone."""
    device = devices.find(connection, refused.device)
    if device is None:
        return
    alert, kind = schema.alert, refused.problem.code
    held = select(func.count()).where(alert.c.device_id == device.id, alert.c.kind == kind)
    many = connection.execute(held).scalar_one() >= _BOARDS_NAMED
    told = "further boards have tried" if many else refused.told
    devices.raise_alert(connection, device, kind, told, now_ms, again=True)


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
    keys = (request.record_key, request.transport_key)
    same = next((row for row in known if (row.record_key, row.transport_key) == keys), None)
    if same is not None and same.board != request.board:
        raise CopiedCard(
            "wrong-board",
            f"This card was made on another board, where it is {same.name}; write a card of its "
            "own for this board",
            same.name,
            f"its keys asked from board {request.board}: was its card copied or put elsewhere?",
        )
    if token.device_id is not None:
        if same is not None and same.id == token.device_id:
            return str(same.name)
        raise _spent(connection, request, token)
    if token.expires_ms < now_ms:
        raise Refused(403, "token-expired", "Make a new one: haochaping central token")
    windows = schema.service_window
    if not connection.execute(select(windows).where(windows.c.code == token.window)).all():
        raise Refused(403, "token-unknown", "Its window is no longer in the hall file")
    if known and same is None:
        raise Refused(409, "key-known", "Each device makes keys of its own; was a card copied?")
    if same is not None:
        device_id, name = same.id, str(same.name)
        moved = {"window": token.window, "software": request.software}
        moved |= {"host": token.name} if token.name else {}
        connection.execute(update(table).where(table.c.id == device_id).values(moved))
    else:
        name = device_name(request.record_key)
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
                host=token.name,
            )
            .returning(table.c.id)
        ).scalar_one()
    tokens = schema.enrolment_token
    connection.execute(
        update(tokens).where(tokens.c.hash == token.hash).values(device_id=device_id)
    )
    if token.replaces not in (None, device_id):
        # unless it has been moved to another window meanwhile
        there = (table.c.id == token.replaces) & (table.c.window == token.window)
        _retire(connection, there, name, now_ms)
    if same is None:
        _retire(connection, _same_board(request.board, token.window, device_id), name, now_ms)
    return name


def _same_board(board: str, window: str, device_id: int) -> ColumnElement[bool]:
    """Return the condition that a device is what this board was before, in the same hall.

    In the same hall alone: the board is what the caller says it is, and whoever has a card of
    one hall has no say in another.
    """
    table = schema.device
    was_it = (table.c.board == board) & (table.c.board != "") & (table.c.id != device_id)
    return was_it & table.c.window.in_(places.in_hall_of(window))


def _retire(
    connection: Connection, which: ColumnElement[bool], successor: str, now_ms: int
) -> None:
    """Revoke the devices that ``which`` is true of: ``successor`` is there in their place."""
    table = schema.device
    connection.execute(
        update(table)
        .where(which, table.c.revoked_ms.is_(None))
        .values(revoked_ms=now_ms, replaced_by=successor)
    )


def _spent(connection: Connection, request: EnrolmentRequest, token: Any) -> Refused:
    table = schema.device
    holder = connection.execute(select(table).where(table.c.id == token.device_id)).one()
    advice = f"It was used by {holder.name}; make a new token for this board"
    if holder.board == request.board:
        return Refused(409, "token-spent", advice)
    told = f"its token was brought by board {request.board}: is there a copy of its card?"
    return CopiedCard("token-spent", advice, holder.name, told)


def hash_token(token: str) -> bytes:
    """Return what is kept of a token: it has 128 random bits, so a hash is enough."""
    return hashlib.sha256(token.encode("utf-8", "surrogatepass")).digest()
