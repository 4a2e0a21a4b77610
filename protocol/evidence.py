"""What central shows to whoever has a receipt code, so that they need not take its word.

The ratings as central tells them, beside the records that were signed when they were given:
by the device for its screen, by central for a phone. `protocol.proof` compares the two. Other
visits' records stand between and around those of the visit; of them only the fingerprints are
shown, which prove the place and tell nothing.
"""

import hashlib
from enum import StrEnum
from typing import Annotated
from uuid import UUID

import cbor2
import msgspec
from msgspec import Meta

from protocol import cose
from protocol.errors import Malformed
from protocol.keys import SigningKey, VerifyKey
from protocol.limits import (
    MAX_CASES,
    Code,
    Count,
    Digest,
    Milliseconds,
    Sequence,
)

VERSION = 1
MAX_EVIDENCE_BYTES = 2_000_000
"""Longer is refused unread; that of a visit with twenty matters takes some 30 kB."""

_Fingerprint = Annotated[bytes, Meta(max_length=32)]
"""A SHA-256, or empty where there is none."""
_Signed = Annotated[bytes, Meta(max_length=20_000)]


class Origin(StrEnum):
    """Where a rating was given."""

    SCREEN = "screen"
    REMOTE = "remote"
    """By phone or another channel."""


class Standing(StrEnum):
    """Whether a rating counts, and if not, why."""

    COUNTED = "counted"
    LATER = "later"
    """Another one of the same subject was given first, and counts."""
    WAITING = "waiting"
    """The device has not reported the visit yet."""
    UNBOUND = "unbound"
    """It has not for so long that nobody expects it any more."""
    UNDER_REVIEW = "under-review"
    """The device is being looked into; what it says is kept without credit until then."""
    FOLLOW_UP = "follow-up"
    """A follow-up rating stands beside the first one and is not counted."""
    MISSING = "missing"
    """It was taken in, and is no longer among the ratings: that must not be."""


class Told(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One rating, as central's results have it.

    Whatever stands there is told, also what cannot be: so the types are wide.
    """

    subject: str
    """One of `protocol.subjects.Subject`."""
    code: str
    """Staff number, the matter's code, or the hall's; empty while that is not known."""
    cases: Annotated[tuple[str, ...], Meta(max_length=MAX_CASES * 20)]
    platform_level: int
    """One of `protocol.levels.Level`."""
    tags: Annotated[tuple[int, ...], Meta(max_length=100)]
    comment: str
    channel_pf: int
    """One of `protocol.subjects.Channel`."""
    origin: Origin
    standing: Standing
    given_ms: int
    """When the level was tapped (corrected), or when central took it in from elsewhere."""
    given_by: str
    """Where that time comes from: ``device``, ``boot``, ``heard``, ``received``, ``central``."""
    received_ms: int
    seq: int
    """Number of its record, in the device's chain or the hall's own."""
    digest: _Fingerprint
    """Fingerprint of its record; empty if there is none."""


class Link(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One place of a device's chain."""

    seq: Sequence
    digest: Digest
    prev: Digest
    """Fingerprint of the record before, as this one names it."""
    signed: _Signed = b""
    """The record; empty for one that is not of this visit."""


class DeviceChain(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The part of a device's chain in which the visit lies."""

    device: Code
    algorithm: int
    """COSE number of the algorithm of `record_key`."""
    record_key: bytes
    """The device's public key."""
    links: Annotated[tuple[Link, ...], Meta(max_length=1000)]
    """From the visit's first record to its last; none while they have not come in."""
    opened_seq: Count
    """Number of the visit's first record, as the table of visits has it; 0 before it came in."""
    closed_seq: Count
    """Of its last one, the same."""
    before: _Fingerprint
    """Fingerprint of the record before the first; empty if it is not held."""
    after: _Fingerprint
    """What the record after the last names as the one before it; the chain's head if there is
    none yet."""
    lost: Annotated[tuple[tuple[Sequence, Sequence], ...], Meta(max_length=1000)] = ()
    """Numbers, from and to, that central noted as lost or unreadable when it missed them."""


class HallLink(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One record of a hall's own chain (`protocol.remote`), and its neighbours."""

    signed: _Signed
    digest: Digest
    """As central keeps it."""
    before: _Fingerprint
    after: _Fingerprint
    """What the next one names; the chain's head if there is none yet."""


class Evidence(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Everything about the ratings of one visit."""

    version: int = VERSION
    code: Code
    visit: UUID
    told_ms: Milliseconds
    """When central said so."""
    told: Annotated[tuple[Told, ...], Meta(max_length=200)]
    device: DeviceChain | None
    """None for a visit without a device."""
    hall: Annotated[tuple[HallLink, ...], Meta(max_length=200)]
    algorithm: int
    central_key: bytes
    statement: _Signed = b""
    """Central's signature over all of it (`Statement`)."""


class Statement(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What central signs: it cannot say tomorrow that it said something else today."""

    code: Code
    told_ms: Milliseconds
    ratings: tuple[tuple[bytes, Standing], ...]
    """The fingerprint of each rating's record, and how it stood."""
    evidence: Digest
    """SHA-256 of the whole (`fingerprint`)."""


def fingerprint(evidence: Evidence) -> bytes:
    """Return the SHA-256 of ``evidence`` without its statement, as CBOR in canonical order."""
    bare = msgspec.structs.replace(evidence, statement=b"")
    plain = msgspec.to_builtins(bare, builtin_types=(bytes,))
    encoded = cbor2.dumps(plain, canonical=True)
    return hashlib.sha256(b"haochaping/evidence\0" + encoded).digest()


def state(evidence: Evidence, key: SigningKey) -> Evidence:
    """Return ``evidence`` with central's signed statement on it."""
    payload = cbor2.dumps(msgspec.to_builtins(_statement(evidence), builtin_types=(bytes,)))
    return msgspec.structs.replace(evidence, statement=cose.sign(payload, key, cose.EVIDENCE))


def verify_statement(evidence: Evidence, key: VerifyKey) -> None:
    """Return if ``key`` signed just this ``evidence``. Raises `ProtocolError`."""
    fields = cose.decode_cbor(cose.verify(evidence.statement, key, cose.EVIDENCE))
    try:
        statement = msgspec.convert(fields, Statement, builtin_types=(bytes,))
    except msgspec.ValidationError as error:
        raise Malformed(f"statement: {error}") from error
    if statement != _statement(evidence):
        raise Malformed("the statement is about other evidence")


def encode(evidence: Evidence) -> bytes:
    """Return ``evidence`` as JSON; bytes are base64."""
    return msgspec.json.encode(evidence)


def read(encoded: bytes) -> Evidence:
    """Return the evidence in ``encoded``, nothing of it checked yet. Raises `Malformed`."""
    if len(encoded) > MAX_EVIDENCE_BYTES:
        raise Malformed("too long for evidence")
    try:
        evidence = msgspec.json.decode(encoded, type=Evidence)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        raise Malformed(f"not evidence as this version knows it: {error}") from error
    if evidence.version != VERSION:
        raise Malformed(f"evidence of version {evidence.version} is not known here")
    return evidence


def _statement(evidence: Evidence) -> Statement:
    return Statement(
        code=evidence.code,
        told_ms=evidence.told_ms,
        ratings=tuple((one.digest, one.standing) for one in evidence.told),
        evidence=fingerprint(evidence),
    )
