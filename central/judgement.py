"""What central does with each record of a batch: the rules of ingest, without a database.

Two steps. `examine` needs the batch and the device's key alone: one signature, that of the
last record, vouches for all before it through the hash links. `judge` places what was
examined against what central holds. Neither looks at a clock or stores anything.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import Enum, auto

from protocol import cose, records
from protocol.errors import ProtocolError, UnknownVersion
from protocol.keys import VerifyKey
from protocol.messages import RecordVerdict, Verdict
from protocol.records import AnyRecord, Envelope


class Standing(Enum):
    """How a record of a batch stands to the device's record key."""

    GENUINE = auto()
    """Signed by the key, by its own signature or through a later record's."""
    FOREIGN = auto()
    """Signed by the key for this place, yet not what the record after it names: another
    branch of a chain that was copied."""
    DAMAGED = auto()
    """Not genuine, but a later record is: the place is real, its bytes are not."""
    UNVOUCHED = auto()
    """Not genuine, and nothing after it is."""


@dataclass(frozen=True, slots=True)
class Examined:
    """A record of a batch, as far as it can be judged without knowing what is held."""

    seq: int
    digest: bytes
    signed: bytes
    standing: Standing
    chain_digest: bytes | None = None
    """What the chain has in this place, if a genuine record says so."""
    prev: bytes | None = None
    """What the record names as the one before it, if that can be read."""
    contents: AnyRecord | None = None
    """Only for a genuine record that can be read throughout."""
    reason: str = ""
    """Why it is not to be stored, as a code; empty if it is."""


@dataclass(frozen=True, slots=True)
class Held:
    """What central already holds in one place of a chain."""

    chain_digest: bytes | None
    """The record that the chain has there; None if unknown (a gap, a damaged place)."""
    digests: frozenset[bytes]
    """Everything ever kept for this place: in the chain, in quarantine, in conflict."""
    missing: bool = False
    """The chain's own record is not held: its place is damaged."""


@dataclass(frozen=True, slots=True)
class Aside:
    """A record to be kept in quarantine."""

    examined: Examined
    reason: str
    vouched: bool
    """These very bytes are part of the chain, so they may be read again later."""


@dataclass(slots=True)
class Judgement:
    """Everything that is to be done with a batch, and where the head then stands."""

    head: int
    head_digest: bytes
    verdicts: list[RecordVerdict] = field(default_factory=list)
    stored: list[Examined] = field(default_factory=list)
    mended: list[Examined] = field(default_factory=list)
    """True records for places that were damaged so far; they are stored or set aside too."""
    aside: list[Aside] = field(default_factory=list)
    conflicts: list[Examined] = field(default_factory=list)
    gap: tuple[int, int] | None = None
    """First and last number that the device has lost."""


def examine(
    signed_records: Sequence[bytes], first: int, device: str, key: VerifyKey
) -> tuple[Examined, ...]:
    """Return each record's standing; the record at position i should be ``first + i``.

    Goes from the last to the first, since each genuine record vouches for the one before.
    """
    examined: list[Examined] = []
    named: bytes | None = None  # what the genuine record after this one names
    passed = False  # there is a genuine record after this one
    for position in range(len(signed_records) - 1, -1, -1):
        signed, seq = signed_records[position], first + position
        digest = records.digest(signed)
        linked = digest == named
        envelope, flaw = _open(signed, device, seq)
        if linked or (flaw in ("", "too-long") and _signed_by(signed, key)):
            prev = envelope.prev if envelope is not None else None
            if named is None or linked:
                contents, reason = _read(envelope, flaw)
                one = Examined(
                    seq, digest, signed, Standing.GENUINE, digest, prev, contents, reason
                )
                named, passed = prev, True
            else:
                one = Examined(seq, digest, signed, Standing.FOREIGN, named, prev)
                named = None
        elif passed:
            one = Examined(seq, digest, signed, Standing.DAMAGED, named, reason="damaged")
            named = None
        else:
            reason = flaw if flaw and _signed_by(signed, key) else "bad-signature"
            one = Examined(seq, digest, signed, Standing.UNVOUCHED, reason=reason)
        examined.append(one)
    examined.reverse()
    return tuple(examined)


def judge(
    head: int,
    head_digest: bytes,
    batch: Sequence[Examined],
    held: Mapping[int, Held],
    *,
    gap_before: bool = False,
) -> Judgement:
    """Return what is to be done with ``batch``, whose records follow one another.

    ``head_digest`` is what the next record must name (at head 0: `records.genesis`);
    ``held`` tells what is held in the places up to the head.
    """
    judgement = Judgement(head, head_digest)
    first = batch[0].seq
    if first > head + 1 and not gap_before:
        judgement.verdicts = [RecordVerdict(one.seq, Verdict.WAITING) for one in batch]
        return judgement
    fresh = max(0, head + 1 - first)
    for one in batch[:fresh]:
        _judge_held(judgement, one, held.get(one.seq))
    _judge_fresh(judgement, batch[fresh:], first > head + 1)
    return judgement


def reread(signed: bytes, device: str, seq: int) -> tuple[AnyRecord | None, str]:
    """Read a vouched record out of quarantine again: (contents, reason it cannot be)."""
    return _read(*_open(signed, device, seq))


def _judge_held(judgement: Judgement, one: Examined, held: Held | None) -> None:
    """A record whose number central has already gone past."""
    if held is not None and one.digest in held.digests:
        judgement.verdicts.append(RecordVerdict(one.seq, Verdict.ALREADY))
    elif held is not None and held.missing and one.digest == held.chain_digest:
        judgement.mended.append(one)
        if one.contents is None:
            _set_aside(judgement, one, one.reason or "malformed", vouched=True)
        else:
            _store(judgement, one)
    elif one.standing not in (Standing.GENUINE, Standing.FOREIGN):
        _set_aside(judgement, one, "bad-signature", vouched=False)
    elif held is None or held.chain_digest is None:
        _set_aside(judgement, one, "unplaced", vouched=False)
    else:
        _conflict(judgement, one)


def _judge_fresh(judgement: Judgement, batch: Sequence[Examined], after_gap: bool) -> None:
    """Records that come right after the head, or after an admitted gap."""
    last = max((i for i, one in enumerate(batch) if one.standing is Standing.GENUINE), default=-1)
    if last < 0:
        for one in batch:
            _set_aside(judgement, one, one.reason or "bad-signature", vouched=False)
        return
    start = batch[0]
    branches = not after_gap and start.prev not in (None, judgement.head_digest)
    if branches and start.standing is Standing.GENUINE:
        for one in batch:
            if one.standing in (Standing.GENUINE, Standing.FOREIGN):
                _conflict(judgement, one)
            else:
                _set_aside(judgement, one, one.reason, vouched=False)
        return
    if after_gap:
        judgement.gap = (judgement.head + 1, start.seq - 1)
    for position, one in enumerate(batch):
        if position > last:
            _set_aside(judgement, one, one.reason or "bad-signature", vouched=False)
        elif one.standing is Standing.FOREIGN:
            _conflict(judgement, one)
        elif one.contents is None:
            _set_aside(judgement, one, one.reason, vouched=one.standing is Standing.GENUINE)
        else:
            _store(judgement, one)
    judgement.head, judgement.head_digest = batch[last].seq, batch[last].digest


def _store(judgement: Judgement, one: Examined) -> None:
    judgement.stored.append(one)
    judgement.verdicts.append(RecordVerdict(one.seq, Verdict.STORED))


def _conflict(judgement: Judgement, one: Examined) -> None:
    judgement.conflicts.append(one)
    judgement.verdicts.append(RecordVerdict(one.seq, Verdict.CONFLICT))


def _set_aside(judgement: Judgement, one: Examined, reason: str, *, vouched: bool) -> None:
    judgement.aside.append(Aside(one, reason, vouched))
    judgement.verdicts.append(RecordVerdict(one.seq, Verdict.QUARANTINED, reason))


def _open(signed: bytes, device: str, seq: int) -> tuple[Envelope | None, str]:
    """Return a record's chain fields and what is wrong with them, as a code."""
    try:
        envelope = records.read_envelope(cose.open_unverified(signed)[1])
    except ProtocolError:
        return None, "malformed"
    if envelope.device != device or envelope.seq != seq:
        return envelope, "misplaced"
    if len(signed) > records.MAX_RECORD_BYTES:
        return envelope, "too-long"
    return envelope, ""


def _read(envelope: Envelope | None, flaw: str) -> tuple[AnyRecord | None, str]:
    if envelope is None or flaw:
        return None, flaw
    try:
        return records.parse(envelope), ""
    except UnknownVersion:
        return None, "unknown-version"
    except ProtocolError:
        return None, "malformed"


def _signed_by(signed: bytes, key: VerifyKey) -> bool:
    try:
        cose.verify(signed, key, cose.RECORD)
    except ProtocolError:
        return False
    return True
