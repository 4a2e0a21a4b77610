"""Enrolment tokens as they are given out: a device that stands somewhere is not silently replaced.

Whoever wants a token for a window with an active device says what is meant: the new one takes
its place, or stands beside it. What was given out can be asked again, so that a technician who
begins anew uses the token that is on a card already.
"""

from typing import Any, NamedTuple

from sqlalchemy import Connection, Row, select, update

from central import places, schema
from central.ages import ago
from central.enrolment import hash_token, make_token
from central.errors import CentralError, Unknown
from protocol.enrolment_tokens import DEFAULT_DAYS, TokenState, TokenStatus

_NAMED = 5


class WindowTaken(CentralError):
    """An active device stands at the window, or several of which one has to be chosen."""


class Token(NamedTuple):
    """A token that was just made, the one time it can be seen."""

    token: str
    window: str
    hall: str
    expires_ms: int
    replaces: str | None
    """Name of the device that is revoked when the token is used."""
    voided: int
    """Unused tokens for a device of that name in the hall, given out before: no longer good."""


def give(
    connection: Connection,
    window: str,
    now_ms: int,
    *,
    days: int = DEFAULT_DAYS,
    name: str = "",
    replace: bool | str = False,
    beside: bool = False,
    made_by: str = "",
) -> Token:
    """Return a new token for a device at ``window``, whose host name will be ``name``.

    With ``replace`` the device that stands there is revoked as the new one enrols; where there
    are several, it names which. With ``beside`` the new one joins them. A token that has a name
    voids those given out in its hall for the same device before: of two cards for it, the one
    written last counts. Raises `Unknown` for a window or a device that is not there, and
    `WindowTaken`.
    """
    here = standing(connection, window)
    replaced = None
    if replace:
        replaced = _chosen(here, window, replace, now_ms)
    elif here and not beside:
        raise WindowTaken(f"{told(here, now_ms)} at window {window}")
    token = make_token(
        connection,
        window,
        days,
        now_ms,
        name=name,
        replaces=None if replaced is None else replaced.id,
        made_by=made_by,
    )
    windows, tokens = schema.service_window, schema.enrolment_token
    hashed = hash_token(token)
    voided = _void_earlier(connection, window, name, hashed, now_ms) if name else 0
    row = connection.execute(
        select(windows.c.hall, tokens.c.expires_ms)
        .join(tokens, tokens.c.window == windows.c.code)
        .where(tokens.c.hash == hashed)
    ).one()
    name_of_replaced = None if replaced is None else str(replaced.name)
    return Token(token, window, row.hall, row.expires_ms, name_of_replaced, voided)


def _void_earlier(
    connection: Connection, window: str, name: str, newest: bytes, now_ms: int
) -> int:
    """Let the unused tokens of a device to come expire, but ``newest``; returns how many.

    At every window of the hall: a name is one device, and the card on which its window was wrong
    must not make another.
    """
    tokens = schema.enrolment_token
    return connection.execute(
        update(tokens)
        .where(tokens.c.window.in_(places.in_hall_of(window)))
        .where(tokens.c.name == name, tokens.c.hash != newest)
        .where(tokens.c.device_id.is_(None), tokens.c.expires_ms >= now_ms)
        .values(expires_ms=now_ms - 1)
    ).rowcount


def status(connection: Connection, token: str, now_ms: int) -> TokenStatus:
    """Return what has become of ``token``."""
    tokens, device = schema.enrolment_token, schema.device
    row = connection.execute(
        select(tokens, device.c.name.label("holder"))
        .outerjoin(device, device.c.id == tokens.c.device_id)
        .where(tokens.c.hash == hash_token(token))
    ).one_or_none()
    if row is None:
        return TokenStatus(TokenState.UNKNOWN)
    if row.holder is not None:
        return TokenStatus(TokenState.SPENT, row.holder, row.window, row.expires_ms)
    state = TokenState.EXPIRED if row.expires_ms < now_ms else TokenState.UNUSED
    return TokenStatus(state, None, row.window, row.expires_ms)


def standing(connection: Connection, window: str) -> list[Row[Any]]:
    """Return the devices at ``window`` that are not revoked, by name."""
    device = schema.device
    query = select(device).where(device.c.window == window, device.c.revoked_ms.is_(None))
    return list(connection.execute(query.order_by(device.c.name)))


def told(here: list[Row[Any]], now_ms: int) -> str:
    """Return who of ``here`` stands there, in words."""
    names = [_told(row, now_ms) for row in here[:_NAMED]]
    names += [f"{len(here) - _NAMED} more"] if len(here) > _NAMED else []
    return f"{', '.join(names)} {'stands' if len(here) == 1 else 'stand'}"


def _told(row: Row[Any], now_ms: int) -> str:
    host = f"{row.host}, " if row.host else ""
    return f"{row.name} ({host}last heard {ago(row.contact_ms, now_ms)})"


def _chosen(here: list[Row[Any]], window: str, replace: bool | str, now_ms: int) -> Row[Any] | None:
    """Return the device to be replaced; None if nobody stands there any more."""
    if isinstance(replace, str):
        for row in here:
            if row.name == replace:
                return row
        raise Unknown(f"no active device {replace!r} stands at window {window}")
    if len(here) > 1:
        raise WindowTaken(
            f"{told(here, now_ms)} at window {window}; say which of them is to be replaced: "
            "haochaping central devices replace DEVICE"
        )
    return here[0] if here else None
