"""What central asserts itself: ratings that did not come from a device's screen.

By phone, by hotline, by SMS ...: nobody's device signs them, so central does, as it takes them
in. Each hall has one such chain, built as a device's: every record names the one before, so
that none can be altered, left out or put in later without central's key and without it showing.
"""

import hashlib
from typing import Annotated, Any
from uuid import UUID

import cbor2
import msgspec
from msgspec import Meta

from protocol import cose
from protocol.errors import Malformed
from protocol.keys import SigningKey, VerifyKey
from protocol.levels import Level
from protocol.limits import (
    CaseNumber,
    Code,
    Count,
    Digest,
    Milliseconds,
    Receipt,
    Sequence,
    Short,
)
from protocol.subjects import Channel, Subject

MAX_COMMENT = 500
"""Characters of a comment."""
Comment = Annotated[str, Meta(max_length=MAX_COMMENT, pattern=r"\A[^\x00]*\Z")]

_SHORT = {"version": "v", "at_ms": "at", "level": "platform_level"}


class RemoteRating(
    msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, rename=_SHORT
):
    """One level for one subject of one visit, given elsewhere than on a device's screen."""

    version: int = 1
    hall: Code
    """Whose chain this is."""
    seq: Sequence
    """1 for the first of a hall, then without a gap."""
    prev: Digest
    """SHA-256 of the record before; for the first, `genesis`."""
    id: UUID
    at_ms: Milliseconds
    """When central took it in, by its own clock; milliseconds since 1970."""
    device: Short = ""
    """The device whose visit it is; empty for a visit without a device."""
    visit: UUID
    question: Count | None = None
    """Its place among the visit's questions, from 0, where central did not know them yet."""
    subject: Subject
    code: Short = ""
    """Staff number, the matter's code, or the hall's; empty where that was not known yet."""
    window: Short = ""
    """Number of the window, for a visit without a device."""
    staff: Short = ""
    """Who served, for a visit without a device."""
    receipt: Receipt = ""
    """The receipt code by which its visit is found; empty where it follows from the visit's id."""
    cases: Annotated[tuple[CaseNumber, ...], Meta(max_length=50)] = ()
    level: Level
    tags: Annotated[tuple[Count, ...], Meta(max_length=8)] = ()
    comment: Comment = ""
    channel: Channel
    system: Short = ""
    """Name of the channel that brought it; empty for a phone that scanned a code."""
    language: Code = "zh-CN"
    follows_up: bool = False
    """A follow-up rating (追加评价): the first one stays as it was."""


def genesis(hall: str, central_key: bytes) -> bytes:
    """Return what the first record of ``hall`` names as the one before it."""
    begin = b"haochaping/remote-genesis\0" + hall.encode() + b"\0" + central_key
    return hashlib.sha256(begin).digest()


def sign(record: RemoteRating, key: SigningKey) -> bytes:
    """Return the bytes that are kept: ``record`` as a COSE_Sign1 by central."""
    fields: dict[str, Any] = msgspec.to_builtins(record, builtin_types=(bytes, UUID))
    plain = {k: v.bytes if isinstance(v, UUID) else v for k, v in fields.items()}
    return cose.sign(cbor2.dumps(plain), key, cose.REMOTE)


def read(signed: bytes) -> RemoteRating:
    """Return the record in ``signed`` *without* checking its signature. Raises `Malformed`."""
    return _parse(cose.open_unverified(signed)[1])


def verify(signed: bytes, key: VerifyKey) -> RemoteRating:
    """Return the record in ``signed`` if central's ``key`` signed it. Raises `ProtocolError`."""
    return _parse(cose.verify(signed, key, cose.REMOTE))


def _parse(payload: bytes) -> RemoteRating:
    try:
        return msgspec.convert(cose.decode_cbor(payload), RemoteRating, builtin_types=(bytes,))
    except msgspec.ValidationError as error:
        raise Malformed(f"remote rating: {error}") from error
