"""The ratings of one visit as central's tables have them, for `evidence`.

Results are made from these tables, so they are told as they are; nothing is taken from what
was signed, or an altered table would look right.
"""

from typing import Any

import msgspec
from sqlalchemy import Connection, Row, select

from central import devices, schema
from central.clocks import TimeSource
from central.receipts import Found
from central.settling import Origin
from protocol import remote
from protocol.errors import ProtocolError
from protocol.evidence import DeviceChain, Standing, Told
from protocol.evidence import Origin as ToldOrigin
from protocol.remote import RemoteRating


def told(
    connection: Connection,
    found: Found,
    chain: DeviceChain | None,
    remotes: list[Row[Any]],
    unbound_before_ms: int,
) -> tuple[Told, ...]:
    """Return every rating of a visit; ``remotes`` are its rows of `remote_rating`.

    What came before ``unbound_before_ms`` and still waits for its visit is unbound.
    """
    table = schema.rating
    ours = devices.same(table, found.device_id)
    rows = connection.execute(
        select(table).where(table.c.visit == found.visit.bytes, ours).order_by(table.c.id)
    ).all()
    digests = {link.seq: link.digest for link in chain.links if link.signed} if chain else {}
    by_id = {row.id: row for row in remotes}
    found_ratings = []
    for row in rows:
        if row.origin == Origin.SCREEN:
            found_ratings.append(_rated(row, digests.get(row.seq, b"")))
        else:
            found_ratings.append(_rated_elsewhere(row, by_id.pop(row.remote_id, None)))
    found_ratings += [_without_rating(row, unbound_before_ms) for row in by_id.values()]
    return tuple(sorted(found_ratings, key=lambda one: (one.given_ms, one.origin, one.seq)))


def _standing(row: Row[Any]) -> Standing:
    if not row.counted:
        return Standing.LATER
    return Standing.COUNTED if row.credited else Standing.UNDER_REVIEW


def _rated(row: Row[Any], digest: bytes) -> Told:
    """Return a row of `rating` as it is."""
    return Told(
        subject=str(row.subject),
        code=str(row.code),
        cases=_cases(row.cases),
        platform_level=_number(row.platform_level),
        tags=_tags(row.tags),
        comment="",
        channel_pf=_number(row.channel),
        origin=ToldOrigin.REMOTE if row.origin == Origin.REMOTE else ToldOrigin.SCREEN,
        standing=_standing(row),
        given_ms=_number(row.corrected_ms) - _number(row.tap_age_ms),
        given_by=str(row.corrected_by),
        received_ms=_number(row.received_ms),
        seq=_number(row.seq),
        digest=digest,
    )


def _rated_elsewhere(row: Row[Any], kept: Row[Any] | None) -> Told:
    """Return a row of `rating` and what `remote_rating` has besides.

    Both tables hold level and reasons, and different results are made from them: where one
    of them is not as it was signed, that one is told.
    """
    told = _rated(row, b"" if kept is None else kept.hash)
    if kept is None:
        return told
    if (kept.subject, kept.code, bool(kept.follows_up)) != (row.subject, row.code, False):
        return msgspec.structs.replace(told, standing=Standing.MISSING)
    signed = _signed(kept)
    if signed is not None and (told.platform_level, told.tags) == (signed.level, signed.tags):
        told = msgspec.structs.replace(
            told, platform_level=_number(kept.platform_level), tags=_tags(kept.tags)
        )
    return msgspec.structs.replace(told, comment=str(kept.comment))


def _without_rating(kept: Row[Any], unbound_before_ms: int) -> Told:
    """Return what is in `remote_rating` alone: follow-up ratings, and what waits."""
    signed = _signed(kept)
    if kept.follows_up:
        standing = Standing.FOLLOW_UP
    elif kept.bound_ms is not None:
        standing = Standing.MISSING
    else:
        late = kept.received_ms < unbound_before_ms
        standing = Standing.UNBOUND if late else Standing.WAITING
    return Told(
        subject=str(kept.subject),
        code=str(kept.code or ""),
        cases=signed.cases if signed is not None else (),
        platform_level=_number(kept.platform_level),
        tags=_tags(kept.tags),
        comment=str(kept.comment),
        channel_pf=_number(kept.channel),
        origin=ToldOrigin.REMOTE,
        standing=standing,
        given_ms=_number(kept.received_ms),
        given_by=TimeSource.CENTRAL.value,
        received_ms=_number(kept.received_ms),
        seq=_number(kept.seq),
        digest=kept.hash,
    )


def _signed(kept: Row[Any]) -> RemoteRating | None:
    """Return what was signed; None if it cannot be read, which the check will say."""
    try:
        return remote.read(kept.signed)
    except ProtocolError:
        return None


_NONSENSE = -1
"""For what cannot stand in a table and does: it is told, and is never what was signed."""


def _number(held: object) -> int:
    return held if isinstance(held, int) else _NONSENSE


def _tags(held: str) -> tuple[int, ...]:
    try:
        return tuple(int(tag) for tag in str(held).split(",") if tag)
    except ValueError:
        return (_NONSENSE,)


def _cases(held: str) -> tuple[str, ...]:
    try:
        return msgspec.json.decode(held, type=tuple[str, ...])
    except msgspec.MsgspecError:
        return ("?",)
