"""The two chains that evidence shows a part of: a device's, and a hall's own at central.

Each record is checked against the key that signed it, and its place against the records
beside it, of which only the fingerprints are known.
"""

from collections.abc import Iterable, Mapping

from protocol import records, remote
from protocol.errors import Malformed, ProtocolError
from protocol.evidence import DeviceChain, Evidence, HallLink, Link
from protocol.findings import Check, Finding, Outcome
from protocol.keys import VerifyKey, verify_key
from protocol.records import Rating, VisitClosed, VisitOpened
from protocol.remote import RemoteRating

VisitRecord = VisitOpened | Rating | VisitClosed


class Flaw(Exception):
    """A check failed; says where, for technicians."""


# --- the device's chain ---------------------------------------------------------------------


def passed(good: bool) -> Outcome:
    """Return how a check ended that is either passed or failed."""
    return Outcome.PASSED if good else Outcome.FAILED


def is_reported(chain: DeviceChain) -> bool:
    """Tell whether the visit has come in from the device, or should have."""
    return bool(chain.links or chain.opened_seq or chain.closed_seq)


def device_records(
    evidence: Evidence, chain: DeviceChain
) -> tuple[Mapping[bytes, VisitRecord], Finding]:
    """Return the visit's records that the device's key vouches for, by fingerprint."""
    good: dict[bytes, VisitRecord] = {}
    flaws: list[str] = []
    try:
        key = verify_key(chain.algorithm, chain.record_key)
    except ProtocolError as error:
        return good, Finding(Check.DEVICE_SIGNATURES, Outcome.FAILED, detail=str(error))
    for link in chain.links:
        if link.signed:
            try:
                good[link.digest] = _device_record(evidence, chain, link, key)
            except (ProtocolError, Flaw) as error:
                flaws.append(f"record {link.seq}: {error}")
    outcome = passed(not flaws) if is_reported(chain) else Outcome.OPEN
    return good, Finding(Check.DEVICE_SIGNATURES, outcome, detail="; ".join(flaws))


def _device_record(
    evidence: Evidence, chain: DeviceChain, link: Link, key: VerifyKey
) -> VisitRecord:
    record = records.verify(link.signed, key)
    if records.digest(link.signed) != link.digest:
        raise Flaw("its fingerprint is another")
    if not isinstance(record, VisitOpened | Rating | VisitClosed):
        raise Flaw("it is no record of a visit")
    if (record.device, record.seq, record.prev) != (chain.device, link.seq, link.prev):
        raise Flaw("it belongs to another place or device")
    if record.visit != evidence.visit:
        raise Flaw("it belongs to another visit")
    return record


def device_chain(chain: DeviceChain) -> Finding:
    """Find whether the records name each other without a gap."""
    try:
        proved = _check_links(chain)
    except Flaw as flaw:
        return Finding(Check.DEVICE_CHAIN, Outcome.FAILED, detail=str(flaw))
    return Finding(Check.DEVICE_CHAIN, Outcome.PASSED if proved else Outcome.OPEN)


def _check_links(chain: DeviceChain) -> bool:
    """Return whether every place is proved; False where central notes numbers as lost."""
    if not chain.links:
        raise Flaw("none of the visit's records is here")
    first, last = chain.links[0], chain.links[-1]
    proved = True
    before = chain.before
    if first.seq == 1:
        before = records.genesis(chain.device, chain.record_key)
    if not before and _is_lost(chain, first.seq - 1):
        proved = False
    elif first.prev != before:
        raise Flaw(f"record {first.seq} does not name the one before it")
    for one, next_one in zip(chain.links, chain.links[1:], strict=False):
        if next_one.seq <= one.seq:
            raise Flaw(f"record {next_one.seq} follows {one.seq}")
        if next_one.seq > one.seq + 1:
            if not _are_lost(chain, one.seq + 1, next_one.seq - 1):
                raise Flaw(f"records {one.seq + 1} to {next_one.seq - 1} are missing")
            proved = False
        elif next_one.prev != one.digest:
            raise Flaw(f"record {next_one.seq} does not name the one before it")
    if not chain.after and _is_lost(chain, last.seq + 1):
        proved = False
    elif chain.after != last.digest:
        raise Flaw(f"the record after {last.seq} does not name it, or is missing")
    return proved


def _is_lost(chain: DeviceChain, seq: int) -> bool:
    return _are_lost(chain, seq, seq)


def _are_lost(chain: DeviceChain, first: int, last: int) -> bool:
    """Tell whether central noted all of these numbers as lost."""
    at = first
    for start, end in sorted(chain.lost):
        if start <= at <= end:
            at = end + 1
    return at > last


def whole(evidence: Evidence, read: Mapping[bytes, VisitRecord]) -> Finding:
    """Find whether all of the visit is here, and every rating of it is told."""
    try:
        proved = _check_whole(evidence, read)
    except Flaw as flaw:
        return Finding(Check.VISIT_WHOLE, Outcome.FAILED, detail=str(flaw))
    return Finding(Check.VISIT_WHOLE, Outcome.PASSED if proved else Outcome.OPEN)


def _check_whole(evidence: Evidence, read: Mapping[bytes, VisitRecord]) -> bool:
    """Return whether beginning and end are there; raise `Flaw` if something is left out."""
    assert evidence.device is not None  # noqa: S101 - asked by the caller
    ordered = sorted(read.values(), key=lambda one: one.seq)
    opened = [one for one in ordered if isinstance(one, VisitOpened)]
    closed = [one for one in ordered if isinstance(one, VisitClosed)]
    if len(opened) > 1 or len(closed) > 1:
        raise Flaw("the visit begins or ends twice")
    lost = bool(evidence.device.lost)
    found = tuple(half[0].seq if half else 0 for half in (opened, closed))
    if found != (evidence.device.opened_seq, evidence.device.closed_seq) and not lost:
        raise Flaw("the visit's first or last record is missing or another")
    if not opened and not lost:
        raise Flaw("the visit's first record is missing")
    if opened and ordered[0] is not opened[0]:
        raise Flaw("the visit's first record is not the first")
    if closed and ordered[-1] is not closed[0]:
        raise Flaw("something follows the visit's end")
    told = {one.digest for one in evidence.told}
    ratings = {digest: one for digest, one in read.items() if isinstance(one, Rating)}
    rated = {(one.subject, one.code): one.seq for one in ratings.values()}
    if closed and closed[0].rated != len(rated):
        if not lost or closed[0].rated < len(rated):
            raise Flaw(f"{closed[0].rated} subjects were rated, {len(rated)} are here")
        return False
    for digest, one in sorted(ratings.items(), key=lambda item: item[1].seq, reverse=True):
        if digest not in told and not _is_second(one, ratings.values()):
            raise Flaw(f"record {one.seq} is a rating that central does not tell")
    return bool(opened and closed)


def _is_second(rating: Rating, others: Iterable[Rating]) -> bool:
    """Tell whether the same subject has an earlier record: the device's first one is kept."""
    return any(
        (one.subject, one.code) == (rating.subject, rating.code) and one.seq < rating.seq
        for one in others
    )


# --- the hall's own chain -------------------------------------------------------------------


def hall_records(evidence: Evidence) -> tuple[Mapping[bytes, RemoteRating], Finding]:
    """Return what central's key vouches for, by fingerprint."""
    good: dict[bytes, RemoteRating] = {}
    flaws: list[str] = []
    try:
        key = verify_key(evidence.algorithm, evidence.central_key)
    except ProtocolError as error:
        return good, Finding(Check.HALL_SIGNATURES, Outcome.FAILED, detail=str(error))
    for link in evidence.hall:
        try:
            good[link.digest] = _hall_record(evidence, link, key)
        except (ProtocolError, Flaw) as error:
            flaws.append(str(error))
    outcome = passed(not flaws)
    return good, Finding(Check.HALL_SIGNATURES, outcome, detail="; ".join(flaws))


def _hall_record(evidence: Evidence, link: HallLink, key: VerifyKey) -> RemoteRating:
    record = remote.verify(link.signed, key)
    if records.digest(link.signed) != link.digest:
        raise Flaw(f"number {record.seq}: its fingerprint is another")
    device = "" if evidence.device is None else evidence.device.device
    if record.visit != evidence.visit or record.device != device:
        raise Flaw(f"number {record.seq}: it belongs to another visit")
    return record


def hall_chain(evidence: Evidence) -> Finding:
    """Find whether each record of a hall stands between its neighbours."""
    for link in evidence.hall:
        try:
            record = remote.read(link.signed)
        except Malformed as error:
            return Finding(Check.HALL_CHAIN, Outcome.FAILED, detail=str(error))
        before = link.before
        if record.seq == 1:
            before = remote.genesis(record.hall, evidence.central_key)
        if record.prev != before or link.after != records.digest(link.signed):
            detail = f"{record.hall}, number {record.seq}: a neighbour is missing or another"
            return Finding(Check.HALL_CHAIN, Outcome.FAILED, detail=detail)
    return Finding(Check.HALL_CHAIN, Outcome.PASSED)
