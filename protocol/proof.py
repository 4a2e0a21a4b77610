"""Whether evidence holds, without taking central's word for anything it can be held to.

Every record is checked against the key that signed it, its place against the records beside
it, and what central tells against what was signed. What nothing here can show: that a key
belongs to whom it is said to (it can be named from elsewhere), and that central was not given
a whole false chain from the beginning (docs/verify.md).
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple
from uuid import UUID

from protocol import chains
from protocol.chains import Flaw, VisitRecord, passed
from protocol.errors import ProtocolError
from protocol.evidence import Evidence, Origin, Standing, Told, verify_statement
from protocol.findings import Check, Finding, Outcome
from protocol.keys import verify_key
from protocol.phone import receipt_code
from protocol.questions import Question, questions_opened
from protocol.records import Rating, VisitOpened
from protocol.remote import RemoteRating

_UNDECIDED = frozenset({Standing.WAITING, Standing.UNBOUND})
_GIVEN = frozenset({Standing.COUNTED, Standing.UNDER_REVIEW})
"""The first of its subject has one of these."""


class _Read(NamedTuple):
    """What the signatures vouch for, by fingerprint."""

    screen: Mapping[bytes, VisitRecord]
    remote: Mapping[bytes, RemoteRating]

    @property
    def opened(self) -> VisitOpened | None:
        return next((one for one in self.screen.values() if isinstance(one, VisitOpened)), None)

    def codes(self, visit: UUID) -> frozenset[str]:
        """The receipt codes that lead to ``visit`` by what was signed."""
        if self.opened is not None:
            return frozenset({self.opened.receipt or receipt_code(visit)})
        return frozenset(one.receipt or receipt_code(visit) for one in self.remote.values())


def check(
    evidence: Evidence,
    code: str,
    *,
    central_key: bytes | None = None,
    device_key: bytes | None = None,
) -> tuple[Finding, ...]:
    """Return everything that was checked of ``evidence`` for the receipt ``code``.

    ``central_key`` and ``device_key`` are public keys known from elsewhere. Never raises for
    what the evidence says, however wrong.
    """
    return tuple(_findings(evidence, code, central_key, device_key))


def is_genuine(findings: Sequence[Finding]) -> bool:
    """Tell whether nothing failed."""
    return all(one.outcome is not Outcome.FAILED for one in findings)


def is_open(evidence: Evidence) -> bool:
    """Tell whether a rating still waits for the device's report."""
    return any(one.standing in _UNDECIDED for one in evidence.told)


def is_counted(evidence: Evidence) -> bool:
    """Tell whether there is a rating, and one counts of each subject that was rated."""
    first = [one for one in evidence.told if one.standing is not Standing.FOLLOW_UP]
    counted = {_subject(one) for one in first if one.standing is Standing.COUNTED}
    return bool(first) and all(
        _subject(one) in counted and one.standing not in _UNDECIDED for one in first
    )


def _findings(
    evidence: Evidence, code: str, central_key: bytes | None, device_key: bytes | None
) -> Iterator[Finding]:
    yield _statement(evidence)
    yield _named(Check.CENTRAL_KEY, central_key, evidence.central_key)
    screen: Mapping[bytes, VisitRecord] = {}
    if evidence.device is not None:
        yield _named(Check.DEVICE_KEY, device_key, evidence.device.record_key)
        screen, finding = chains.device_records(evidence, evidence.device)
        yield finding
        if chains.is_reported(evidence.device):
            yield chains.device_chain(evidence.device)
            yield chains.whole(evidence, screen)
    hall: Mapping[bytes, RemoteRating] = {}
    if evidence.hall:
        hall, finding = chains.hall_records(evidence)
        yield finding
        yield chains.hall_chain(evidence)
    read = _Read(screen, hall)
    yield Finding(Check.CODE, passed(evidence.code == code and code in read.codes(evidence.visit)))
    for place, told in enumerate(evidence.told):
        yield _told(place, told, evidence, read)
    if evidence.told:
        yield _first_counts(evidence)


def _named(check: Check, named: bytes | None, found: bytes) -> Finding:
    if named is None:
        return Finding(check, Outcome.OPEN, detail=found.hex())
    return Finding(check, passed(named == found), detail=found.hex())


def _statement(evidence: Evidence) -> Finding:
    try:
        verify_statement(evidence, verify_key(evidence.algorithm, evidence.central_key))
    except ProtocolError as error:
        return Finding(Check.STATEMENT, Outcome.FAILED, detail=str(error))
    return Finding(Check.STATEMENT, Outcome.PASSED)


# --- what central tells -----------------------------------------------------------------------


def _told(place: int, told: Told, evidence: Evidence, read: _Read) -> Finding:
    """Find whether one rating is told as it was signed."""
    try:
        if told.standing is Standing.MISSING:
            raise Flaw("it was taken in and is no longer among the ratings")
        if sum(one.digest == told.digest for one in evidence.told) > 1:
            raise Flaw("two ratings are told of one record")
        if told.origin is Origin.SCREEN:
            _check_screen(told, read)
        else:
            _check_remote(told, evidence, read)
    except Flaw as flaw:
        return Finding(Check.TOLD, Outcome.FAILED, place, str(flaw))
    return Finding(Check.TOLD, Outcome.PASSED, place)


def _check_screen(told: Told, read: _Read) -> None:
    record = read.screen.get(told.digest)
    if not isinstance(record, Rating):
        raise Flaw(f"there is no genuine record {told.seq} of a rating")
    _compare(
        seq=(told.seq, record.seq),
        subject=(told.subject, record.subject),
        code=(told.code, record.code),
        cases=(told.cases, record.cases),
        level=(told.platform_level, record.level),
        tags=(told.tags, record.tags),
        channel=(told.channel_pf, record.channel),
        comment=(told.comment, ""),
    )
    if told.standing in _UNDECIDED or told.standing is Standing.FOLLOW_UP:
        raise Flaw(f"a rating at the device cannot be {told.standing}")
    if told.given_by == "device":
        before_ms = 0 if record.recovered else max(0, record.monotonic_ms - record.tapped_ms)
        _compare(given_ms=(told.given_ms, record.wall_ms - before_ms))
    elif told.given_ms > told.received_ms:
        raise Flaw("it was given after it came in")
    elif record.clock.is_believed(record.wall_ms, told.received_ms):
        raise Flaw("its own time was put aside without a reason")


def _check_remote(told: Told, evidence: Evidence, read: _Read) -> None:
    record = read.remote.get(told.digest)
    if record is None:
        raise Flaw(f"there is no genuine record {told.seq} of a rating")
    question = _question(record, read.opened)
    code, cases = record.code, record.cases
    if not code and told.standing not in _UNDECIDED:
        if question is None:
            raise Flaw("it is not known which subject was rated")
        code, cases = question.code, question.cases
    _compare(
        seq=(told.seq, record.seq),
        subject=(told.subject, record.subject),
        code=(told.code, code),
        cases=(told.cases, cases),
        level=(told.platform_level, record.level),
        tags=(told.tags, record.tags),
        channel=(told.channel_pf, record.channel),
        comment=(told.comment, record.comment),
        given_ms=(told.given_ms, record.at_ms),
        follows_up=(told.standing is Standing.FOLLOW_UP, record.follows_up),
    )
    if told.standing in _UNDECIDED and (record.code or evidence.device is None):
        raise Flaw("its subject is known, so there is nothing to wait for")


def _question(record: RemoteRating, opened: VisitOpened | None) -> Question | None:
    """Return the question that was answered by its place, if the visit has it."""
    if record.question is None or opened is None:
        return None
    questions = questions_opened(opened)
    if record.question >= len(questions):
        return None
    question = questions[record.question]
    return question if question.subject is record.subject else None


def _compare(**pairs: tuple[object, object]) -> None:
    """Raise `Flaw` naming what differs, never what it is: this may be logged."""
    wrong = [name for name, (told, signed) in pairs.items() if told != signed]
    if wrong:
        raise Flaw(f"told otherwise than signed: {', '.join(wrong)}")


# --- what counts ------------------------------------------------------------------------------


def _subject(told: Told) -> tuple[str, str]:
    return told.subject, told.code


def _order(told: Told) -> tuple[int, bool]:
    """The first one counts; at the very same moment that is the screen's."""
    return told.given_ms, told.origin is not Origin.SCREEN


def _first_counts(evidence: Evidence) -> Finding:
    """Find whether of each subject the first rating counts, and that one alone."""
    subjects: dict[tuple[str, str], list[Told]] = {}
    undecided = False
    for one in evidence.told:
        if one.standing in _UNDECIDED or one.standing is Standing.MISSING:
            undecided = True
        elif one.standing is not Standing.FOLLOW_UP:
            subjects.setdefault(_subject(one), []).append(one)
    for (subject, code), ratings in subjects.items():
        first = min(ratings, key=_order)
        counting = [one for one in ratings if one.standing in _GIVEN]
        if counting != [first]:
            detail = f"{subject} {code}: {len(counting)} of {len(ratings)} count"
            return Finding(Check.FIRST_COUNTS, Outcome.FAILED, detail=detail)
    outcome = Outcome.OPEN if undecided else Outcome.PASSED
    return Finding(Check.FIRST_COUNTS, outcome)
