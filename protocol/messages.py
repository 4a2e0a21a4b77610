"""The messages of the device's side of the API, one struct per body.

All travel as JSON (bytes as base64) except the batch of records, which is CBOR: records
are bytes already, and this is the one message whose size counts.
"""

from enum import StrEnum
from typing import Any
from uuid import UUID

import cbor2
import msgspec

from protocol import cose
from protocol.errors import Malformed
from protocol.keys import EDDSA, SigningKey, key_id, verify_key
from protocol.limits import Code, Count, Milliseconds, Sequence, Short
from protocol.records import ClockQuality

MAX_BATCH_RECORDS = 500
MAX_BATCH_BYTES = 4 * 1024 * 1024
"""Longest batch after decompression; a longer one is refused."""

SIGNED_COMPONENTS = ("@method", "@path", "content-digest")
"""What an RFC 9421 signature covers. Not the host: gateways rewrite it."""
SIGNED_COMPONENTS_WITHOUT_BODY = ("@method", "@path")
SIGNATURE_LABEL = "haochaping"
SIGNATURE_TAG = "haochaping-device"


class Batch(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Consecutive records of one device."""

    device: Code
    first: Sequence
    """Sequence number of the first; the rest follow without a gap."""
    records: tuple[bytes, ...]
    gap_before: bool = False
    """The device holds no record between central's head and ``first`` any more (a damaged
    file, say). Central then goes on after the gap, notes it and raises an alert."""


class Verdict(StrEnum):
    """What central did with one record."""

    STORED = "stored"
    ALREADY = "already"
    CONFLICT = "conflict"
    """Another record with this number is held: a cloned card. Both are kept."""
    QUARANTINED = "quarantined"
    """Kept aside, with the reason, and passed over."""
    WAITING = "waiting"
    """Records before this one are missing; send from central's head."""


class RecordVerdict(msgspec.Struct, frozen=True, omit_defaults=True):
    """Central's word on one record of a batch."""

    seq: int
    verdict: Verdict
    reason: str = ""


class BatchReply(msgspec.Struct, frozen=True):
    """The answer to a batch: a verdict per record, and where central now stands."""

    verdicts: tuple[RecordVerdict, ...]
    receipt: bytes
    """A signed `protocol.receipts.Receipt`."""


class EnrolmentRequest(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A new device asks to be known. Both keys were made on it and never leave it."""

    token: Code
    board: Code
    """Serial number of the board; binds the token to its first user."""
    software: Short
    record_key: bytes
    transport_key: bytes
    record_proof: bytes
    """COSE_Sign1 over `enrolment_statement`, by the record key."""
    transport_proof: bytes
    """The same, by the transport key."""
    algorithm: int = EDDSA


class EnrolmentReply(msgspec.Struct, frozen=True):
    """Identity, central's key, and the first configuration."""

    device: str
    central_key: bytes
    central_algorithm: int
    configuration: bytes


class Heartbeat(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """How a device is. What is as by default is left out, so that an older central reads it."""

    software: Short
    boot_id: UUID
    monotonic_ms: Milliseconds
    wall_ms: Milliseconds
    clock: ClockQuality
    head: Count
    """Last record written."""
    acknowledged: Count
    """Last record receipted."""
    configuration: Count
    """Version of the configuration in use; 0 if none."""
    disk_free_bytes: Count
    temperature_c: float | None = None
    undervoltage: bool | None = None
    kiosk_running: bool = False
    counters: dict[Code, Count] = msgspec.field(default_factory=dict)
    """Drops, retries, quarantines and refusals since enrolment, by reason."""
    platform: Short = ""
    """Which releases fit, e.g. ``cp313-linux-aarch64`` (`protocol.releases`)."""
    release: Short = ""
    """Folder name of the release in use; empty where none is (a developer's machine)."""
    update: Short = ""
    """How the last update ended or stands: ``fetching 0.2.0``, ``trial``, ``rolled-back: ...``."""
    faults: tuple[Short, ...] = ()
    """Codes of the checks that fail now (`haochaping doctor`), worst first."""


class OfferedRelease(msgspec.Struct, frozen=True):
    """Central wants the device to run another release; fetched from ``/v1/releases/{name}``."""

    name: Short
    """Its folder's name (`protocol.releases.Manifest.name`)."""
    version: Short
    size: Count
    """Bytes of the release file."""


class Elsewhere(msgspec.Struct, frozen=True):
    """The staff member of this device has since logged in at another one."""

    staff: Short
    window: Short
    """Number of the window they are at now."""
    login_seq: Count
    """This device's own `Login` record that the other one came after."""


class HeartbeatReply(msgspec.Struct, frozen=True):
    """Central's answer: its time, and what the device should fetch or send."""

    wall_ms: int
    configuration: int
    """Newest version that central has for this device."""
    receipt: bytes
    elsewhere: Elsewhere | None = None
    """Whoever is named must be logged out here."""
    release: OfferedRelease | None = None
    """None while the device runs what it should."""


class PhoneWait(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A device asks whether more of its open visit has been rated by phone, and can wait.

    In a signed body and not in the address: a visit's id may lead to its receipt code.
    """

    visit: UUID
    seen: Count = 0
    """How many subjects it has been told of."""
    wait_s: Count = 0
    """For so long nothing need be answered while there is no more; `MAX_WAIT_S` at most."""


class Problem(msgspec.Struct, frozen=True, omit_defaults=True):
    """A refusal, as RFC 9457 has it; sent as ``application/problem+json``."""

    title: str
    status: int
    code: str
    """Short and stable, for programs: ``bad-signature``, ``token-spent`` ..."""
    detail: str = ""
    """For people: what is wrong and what to do."""
    type: str = "about:blank"
    notice: bytes = b""
    """With ``device-revoked``: a signed `protocol.retirement.Retirement`."""


DEVICE_REVOKED = "device-revoked"
"""The code for a device that central takes nothing of any more."""
PROBLEM_TYPE = "application/problem+json"
BATCH_TYPE = "application/cbor"
MAX_WAIT_S = 25
"""The longest that central lets a `PhoneWait` wait: a device gives a silent call up after 30 s."""

MAX_PHOTO_BYTES = 200_000
"""The largest photo of a staff member that central gives out and a device takes."""


def encode_batch(batch: Batch) -> bytes:
    """Return ``batch`` as CBOR, not yet compressed."""
    return cbor2.dumps(msgspec.to_builtins(batch, builtin_types=(bytes,)))


def decode_batch(encoded: bytes) -> Batch:
    """Return the batch in ``encoded``. Raises `Malformed`."""
    try:
        batch = msgspec.convert(cose.decode_cbor(encoded), Batch, builtin_types=(bytes,))
    except msgspec.ValidationError as error:
        raise Malformed(f"batch: {error}") from error
    if not 1 <= len(batch.records) <= MAX_BATCH_RECORDS:
        raise Malformed(f"batch: 1 to {MAX_BATCH_RECORDS} records expected")
    return batch


def enrolment_statement(token: str, board: str, record_key: bytes, transport_key: bytes) -> bytes:
    """Return what both new keys sign: that they belong together, to this token and board."""
    statement: list[Any] = [token, board, record_key, transport_key]
    return cbor2.dumps(statement)


def device_name(record_key: bytes) -> str:
    """Return the name that central gives to the device with this record key."""
    return f"hcp-{key_id(record_key)}"


def request_enrolment(
    token: str, board: str, software: str, record_key: SigningKey, transport_key: SigningKey
) -> EnrolmentRequest:
    """Return the enrolment request with the proofs of both keys."""
    record, transport = record_key.public.raw, transport_key.public.raw
    statement = enrolment_statement(token, board, record, transport)
    return EnrolmentRequest(
        token=token,
        board=board,
        software=software,
        record_key=record,
        transport_key=transport,
        record_proof=cose.sign(statement, record_key, cose.ENROLMENT),
        transport_proof=cose.sign(statement, transport_key, cose.ENROLMENT),
    )


def check_enrolment(request: EnrolmentRequest) -> None:
    """Raise `ProtocolError` unless two different keys both signed this very request."""
    if request.record_key == request.transport_key:
        raise Malformed("record key and transport key must differ: one talks, one asserts")
    statement = enrolment_statement(
        request.token, request.board, request.record_key, request.transport_key
    )
    for raw, proof in (
        (request.record_key, request.record_proof),
        (request.transport_key, request.transport_proof),
    ):
        key = verify_key(request.algorithm, raw)
        if cose.verify(proof, key, cose.ENROLMENT) != statement:
            raise Malformed("an enrolment proof speaks of another request")
