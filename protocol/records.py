"""What a device asserts: eight kinds of record, signed, each naming the one before it.

A record is stored and sent as the exact bytes that were signed; nobody re-encodes one.
Fields have short names on the wire and plain ones here. A new field gets a default; a
change of meaning gets a new schema version, and central takes the two before.
"""

import hashlib
from enum import StrEnum
from typing import Annotated, Any
from uuid import UUID

import cbor2
import msgspec
from msgspec import Meta

from protocol import cose
from protocol.errors import BrokenChain, Malformed, UnknownVersion
from protocol.keys import SigningKey, VerifyKey
from protocol.levels import Level
from protocol.limits import (
    MAX_CASES,
    MAX_INTEGER,
    MAX_MATTERS,
    CaseNumber,
    Code,
    Count,
    Digest,
    Long,
    Milliseconds,
    Receipt,
    Sealed,
    Sequence,
    Short,
)
from protocol.subjects import Channel, Subject

SCHEMA_VERSION = 4
"""2 brought `VisitClosed.callback`, ratings of a hall, and a pause without staff; 3 brought
`MatterHandled.count` and `VisitOpened.system`; 4 brought `VisitOpened.hall`,
`rate_unfinished` and `receipt`, and `VisitClosed.by_phone`."""
CLOCK_SLACK_MS = 5 * 60 * 1000
"""How far ahead of central's a synchronised clock may run and still be believed."""
KNOWN_VERSIONS = frozenset({1, 2, 3, 4})
MAX_RECORD_BYTES = 16384
"""A record longer than this is refused unread; a rating takes about 300 bytes."""


class ClockQuality(StrEnum):
    """How far a device trusts its own wall clock when it writes a time down."""

    SYNCED = "synced"
    """The system clock was synchronised with a time server in this boot."""
    UNSYNCED = "unsynced"
    """No synchronisation yet: the date may be years off."""

    def is_believed(self, wall_ms: int, received_ms: int) -> bool:
        """Tell whether ``wall_ms`` is synchronised and not ahead of central's ``received_ms``."""
        return self is ClockQuality.SYNCED and wall_ms <= received_ms + CLOCK_SLACK_MS


class InvitedBy(StrEnum):
    """Who opened a visit."""

    STAFF = "staff"
    SYSTEM = "system"
    CITIZEN = "citizen"


class Outcome(StrEnum):
    """How a visit ended: the honest denominator of every rate."""

    RATED = "rated"
    PARTLY = "partly"
    DECLINED = "declined"
    TIMED_OUT = "timed_out"
    CANCELLED = "cancelled"
    DEVICE_FAULT = "device_fault"


class MatterHandled(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A matter in a visit; several cases of one matter are a batch with one rating."""

    code: Code
    cases: Annotated[tuple[CaseNumber, ...], Meta(max_length=MAX_CASES)] = ()
    finished: bool = True
    """Only a finished matter is rated (docs/codes.md, "Liaoning's rules")."""
    count: Annotated[int, Meta(ge=0, le=MAX_CASES)] = 0
    """How many cases there are where their numbers are not known; 0 where they are."""


_SHORT = {
    "version": "v",
    "device": "dev",
    "wall_ms": "at",
    "clock": "clk",
    "boot_id": "boot",
    "monotonic_ms": "mono",
    "level": "platform_level",
}


class Record(
    msgspec.Struct,
    frozen=True,
    kw_only=True,
    forbid_unknown_fields=True,
    tag_field="kind",
    rename=_SHORT,
):
    """What every record carries, whatever its kind."""

    version: int = SCHEMA_VERSION
    device: Code
    seq: Sequence
    """1 for a device's first record, then without a gap."""
    prev: Digest
    """SHA-256 of the record before; for the first, `genesis`."""
    id: UUID
    wall_ms: Milliseconds
    """Milliseconds since 1970 by the device's own clock, as good as `clock` says."""
    clock: ClockQuality
    boot_id: UUID
    monotonic_ms: Milliseconds
    """Milliseconds since this boot (CLOCK_BOOTTIME)."""


class Boot(Record, frozen=True, kw_only=True, tag="boot"):
    """The kiosk came up."""

    software: Short


class Login(Record, frozen=True, kw_only=True, tag="login"):
    """A staff member took the window."""

    staff: Code
    means: Code
    """``assigned`` (fixed to the window by configuration), ``pin``, ``badge``, ``card``, or
    ``console`` (a PIN at the window's PC)."""


class Logout(Record, frozen=True, kw_only=True, tag="logout"):
    """A staff member left the window."""

    staff: Code
    reason: Short = ""


class Pause(Record, frozen=True, kw_only=True, tag="pause"):
    """Service at the window was paused or taken up again."""

    staff: Short
    """Empty where the device serves by itself."""
    paused: bool
    reason: Short = ""


class VisitOpened(Record, frozen=True, kw_only=True, tag="visit_opened"):
    """A citizen was invited, or began on their own."""

    visit: UUID
    invited_by: InvitedBy
    window: Short
    staff: Short
    """Staff number; empty where no staff member is rated (``-`` in version 1)."""
    matters: Annotated[tuple[MatterHandled, ...], Meta(max_length=MAX_MATTERS)] = ()
    system: Short = ""
    """Name of the business system that invited; empty if none did."""
    hall: Short = ""
    """The hall's code where the hall as a whole is rated."""
    rate_unfinished: bool = False
    """Matters that are not finished are rated too (`protocol.questions`)."""
    receipt: Receipt = ""
    """The code that the citizen takes away, drawn for this visit; empty in older versions."""


class Rating(Record, frozen=True, kw_only=True, tag="rating"):
    """One level for one subject of one visit."""

    visit: UUID
    subject: Subject
    code: Code
    """Staff number, the matter's code, or the hall's."""
    cases: Annotated[tuple[CaseNumber, ...], Meta(max_length=MAX_CASES)] = ()
    level: Level
    tags: Annotated[tuple[Count, ...], Meta(max_length=8)] = ()
    channel: Channel = Channel.HALL_TABLET
    language: Code = "zh-CN"
    tapped_ms: Milliseconds
    """When the level was last tapped, on the record's monotonic scale."""
    changes: Count = 0
    """How often the citizen changed the level before the end."""
    recovered: bool = False
    """Turned from a draft into a record after a crash."""


class VisitClosed(Record, frozen=True, kw_only=True, tag="visit_closed"):
    """A visit ended; every opened visit has exactly one."""

    visit: UUID
    outcome: Outcome
    reason: Short = ""
    asked: Count
    """Subjects the citizen was to be asked about."""
    rated: Count
    first_tap_ms: Milliseconds | None = None
    """Milliseconds from invitation to first tapped level."""
    surplus: Count = 0
    """Presses that counted for nothing."""
    recovered: bool = False
    callback: Sealed = b""
    """A telephone number for central alone (`protocol.sealing`); empty: no call is wanted."""
    by_phone: Count = 0
    """Subjects not rated here of which central said that they were rated by phone."""


class Fault(Record, frozen=True, kw_only=True, tag="fault"):
    """Something broke on the device."""

    code: Code
    detail: Long = ""


AnyRecord = Boot | Login | Logout | Pause | VisitOpened | Rating | VisitClosed | Fault


def encode(record: Record) -> bytes:
    """Return the CBOR payload of ``record``; UUIDs travel as their 16 bytes."""
    fields = msgspec.to_builtins(record, builtin_types=(bytes, UUID))
    return cbor2.dumps({k: v.bytes if isinstance(v, UUID) else v for k, v in fields.items()})


def sign(record: Record, key: SigningKey) -> bytes:
    """Return the bytes that are stored and sent: ``record`` as a COSE_Sign1."""
    return cose.sign(encode(record), key, cose.RECORD)


def digest(signed: bytes) -> bytes:
    """Return a record's place in the chain: the SHA-256 of its signed bytes."""
    return hashlib.sha256(signed).digest()


def genesis(device: str, record_key: bytes) -> bytes:
    """Return what a device's first record names as the one before it.

    Binds the chain to the identity given at enrolment: SHA-256 over a fixed prefix, the
    device's name and its public record key.
    """
    return hashlib.sha256(b"haochaping/genesis\0" + device.encode() + b"\0" + record_key).digest()


class Envelope(msgspec.Struct, frozen=True):
    """The fields needed to place a record in its chain, whatever else it says."""

    version: int
    kind: str
    device: str
    seq: int
    prev: bytes
    fields: dict[str, Any]


def read_envelope(payload: bytes) -> Envelope:
    """Read the chain fields of a record's payload. Raises `Malformed`.

    Kept apart from `parse` so that a record with unknown contents can still be passed in
    the chain: a poison record never blocks those behind it.
    """
    fields = cose.decode_cbor(payload)
    match fields:
        case {
            "v": int() as version,
            "kind": str() as kind,
            "dev": str() as device,
            "seq": int() as seq,
            "prev": bytes() as prev,
        } if len(prev) == 32 and 1 <= seq <= MAX_INTEGER:
            return Envelope(version, kind, device, seq, prev, fields)
    raise Malformed("a record must carry v, kind, dev, seq (from 1) and prev (32 bytes)")


def parse(envelope: Envelope) -> AnyRecord:
    """Return the record inside ``envelope``. Raises `UnknownVersion` or `Malformed`."""
    if envelope.version not in KNOWN_VERSIONS:
        raise UnknownVersion(f"schema version {envelope.version} is not known here")
    try:
        record: AnyRecord = msgspec.convert(envelope.fields, AnyRecord, builtin_types=(bytes,))
    except msgspec.ValidationError as error:
        raise Malformed(f"{envelope.kind}: {error}") from error
    return record


def read(signed: bytes) -> AnyRecord:
    """Return the record in ``signed`` without checking its signature."""
    _, payload, _ = cose.open_unverified(signed)
    return parse(read_envelope(payload))


def verify(signed: bytes, key: VerifyKey) -> AnyRecord:
    """Return the record in ``signed`` if ``key`` signed it. Raises `ProtocolError`."""
    return parse(read_envelope(cose.verify(signed, key, cose.RECORD)))


def check_link(envelope: Envelope, seq: int, prev: bytes) -> None:
    """Raise `BrokenChain` unless ``envelope`` is number ``seq`` and names ``prev``."""
    if envelope.seq != seq:
        raise BrokenChain(f"record {envelope.seq} where {seq} was expected")
    if envelope.prev != prev:
        raise BrokenChain(f"record {seq} does not name the record before it")
