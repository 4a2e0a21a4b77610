"""Ratings from elsewhere than a device's screen: taken in, signed, bound to their visit.

A phone may be quicker than the device: then central knows neither the staff member nor the
matters yet. What it was given is signed and kept as *pending*, by its place among the visit's
questions, and bound as soon as the visit's first record has come in. Nothing counts before.
"""

import secrets
from collections.abc import Collection, Sequence
from typing import Any, NamedTuple
from uuid import UUID, uuid4

import msgspec
from sqlalchemy import Connection, Row, Table, insert, select, update

from central import devices, paging, schema, settling
from central.clocks import TimeSource
from central.database import insert_new
from central.errors import CentralError
from central.settling import Origin
from protocol import records, remote
from protocol.keys import SigningKey
from protocol.levels import Level
from protocol.phone import RECEIPT_BYTES, drawn_receipt
from protocol.questions import Question, questions_of
from protocol.records import ClockQuality, MatterHandled
from protocol.remote import RemoteRating
from protocol.subjects import Channel, Subject


class AlreadyGiven(CentralError):
    """This subject of this visit has been rated from elsewhere before."""


class Place(NamedTuple):
    """Whose visit is rated."""

    hall: str
    """Code of the hall: its chain takes the record."""
    visit: UUID
    device_id: int | None = None
    device: str = ""
    """The device's name; empty for a visit without a device."""
    window: str = ""
    """Number of the window, for a visit without a device."""
    staff: str = ""
    """Who served, the same."""
    receipt: str = ""
    """The receipt code that the citizen has, as their token says; empty: as the visit's, or new."""


class Way(NamedTuple):
    """How it came."""

    channel: Channel
    language: str
    system: str = ""
    """Name of the channel; empty for a phone that scanned a code."""


class Given(NamedTuple):
    """What was given for one subject."""

    subject: Subject
    level: Level
    tags: tuple[int, ...] = ()
    comment: str = ""
    code: str = ""
    """Empty while the visit is not known; then ``question`` tells."""
    question: int | None = None
    """Its place among the visit's questions, from 0."""
    cases: tuple[str, ...] = ()


class Taken(NamedTuple):
    """One rating that has been kept."""

    id: int
    """Of `remote_rating`."""
    rating_id: int | None
    """Of `rating`; None while pending."""
    counted: bool
    """It is the first for its subject; else it waits (pending) or came later."""


def questions_known(connection: Connection, device_id: int, visit: UUID) -> tuple[Question, ...]:
    """Return what a device's visit asks about; nothing while its first record is not here."""
    table = schema.visit
    row = connection.execute(
        select(table).where(table.c.device_id == device_id, table.c.visit == visit.bytes)
    ).one_or_none()
    return () if row is None or row.opened_seq is None else _questions(row)


def take(
    connection: Connection,
    key: SigningKey,
    place: Place,
    way: Way,
    given: Sequence[Given],
    now_ms: int,
    *,
    credited: bool = True,
) -> list[Taken]:
    """Keep first ratings of one visit, all or none, and count those that are the first.

    Raises `AlreadyGiven` if one of the subjects was rated from elsewhere before. Within the
    caller's transaction; takes turns with others of the same hall.
    """
    head = _lock(connection, place.hall, key)
    place = place._replace(receipt=_receipt(connection, place))
    known = {_subject_key(row) for row in _of_visit(connection, place)}
    taken: list[Taken] = []
    for one in given:
        subject = (one.subject.value, one.code or None, None if one.code else one.question)
        if subject in known:
            raise AlreadyGiven(f"{one.subject} of this visit has been rated from elsewhere")
        known.add(subject)
        record = _record(head, place, way, one, now_ms, follows_up=False)
        number = _keep(connection, key, head, record, place, bound=bool(one.code))
        rating_id, counted = None, False
        if one.code:
            rating_id = _insert(connection, place, record, number, now_ms, credited=credited)
            counted = _decide(connection, place, rating_id)
        taken.append(Taken(number, rating_id, counted))
    return taken


def follow_up(
    connection: Connection,
    key: SigningKey,
    place: Place,
    way: Way,
    given: Given,
    now_ms: int,
) -> int:
    """Keep a follow-up rating of one subject; returns its id in `remote_rating`.

    Once for each: raises `AlreadyGiven` the second time. Whether there is a first rating, and
    whether its period has passed, is the caller's to know.
    """
    head = _lock(connection, place.hall, key)
    place = place._replace(receipt=_receipt(connection, place))
    for row in _of_visit(connection, place, follows_up=True):
        if (row.subject, row.code) == (given.subject.value, given.code):
            raise AlreadyGiven(f"{given.subject} of this visit has had its follow-up rating")
    record = _record(head, place, way, given, now_ms, follows_up=True)
    return _keep(connection, key, head, record, place, bound=True)


def bind(
    connection: Connection,
    device_id: int,
    visits: Collection[bytes],
    now_ms: int,
    *,
    credited: bool,
) -> int:
    """Bind what waits for ``visits``, whose first records are here now; returns how many.

    What asks for a question that the visit has not stays pending.
    """
    if not visits:
        return 0
    waiting, visit = schema.remote_rating, schema.visit
    rows = connection.execute(
        select(waiting)
        .where(
            waiting.c.device_id == device_id,
            waiting.c.visit.in_(visits),
            waiting.c.bound_ms.is_(None),
        )
        .order_by(waiting.c.id)
    ).all()
    bound = 0
    for row in rows:
        known = connection.execute(
            select(visit).where(visit.c.device_id == device_id, visit.c.visit == row.visit)
        ).one_or_none()
        if known is None or known.opened_seq is None:
            continue
        question = _question(_questions(known), row)
        if question is None or _is_taken(connection, device_id, row, question.code):
            continue
        connection.execute(
            update(waiting)
            .where(waiting.c.id == row.id)
            .values(code=question.code, bound_ms=now_ms, receipt=known.receipt)
        )
        record = msgspec.structs.replace(
            remote.read(row.signed), code=question.code, cases=question.cases
        )
        place = Place(row.hall, UUID(bytes=row.visit), device_id, record.device)
        rating_id = _insert(connection, place, record, row.id, now_ms, credited=credited)
        _decide(connection, place, rating_id)
        bound += 1
    return bound


# --- the hall's own chain -------------------------------------------------------------------


class _Head:
    """Where a hall's chain stands while its lock is held."""

    def __init__(self, hall: str, seq: int, digest: bytes) -> None:
        self.hall = hall
        self.seq = seq
        self.digest = digest


def _lock(connection: Connection, hall: str, key: SigningKey) -> _Head:
    """Return the head of the hall's chain, held until the transaction ends."""
    table = schema.remote_chain
    first = {"hall": hall, "head": 0, "head_hash": remote.genesis(hall, key.public.raw)}
    insert_new(connection, table, [first])
    row = connection.execute(select(table).where(table.c.hall == hall).with_for_update()).one()
    return _Head(hall, row.head, row.head_hash)


def _record(
    head: _Head, place: Place, way: Way, given: Given, now_ms: int, *, follows_up: bool
) -> RemoteRating:
    return RemoteRating(
        hall=head.hall,
        seq=head.seq + 1,
        prev=head.digest,
        id=uuid4(),
        at_ms=now_ms,
        device=place.device,
        visit=place.visit,
        question=None if given.code else given.question,
        subject=given.subject,
        code=given.code,
        window=place.window,
        staff=place.staff,
        receipt=place.receipt,
        cases=given.cases,
        level=given.level,
        tags=given.tags,
        comment=given.comment,
        channel=way.channel,
        system=way.system,
        language=way.language,
        follows_up=follows_up,
    )


def _keep(
    connection: Connection,
    key: SigningKey,
    head: _Head,
    record: RemoteRating,
    place: Place,
    *,
    bound: bool,
) -> int:
    """Sign ``record`` and append it; returns its id."""
    signed = remote.sign(record, key)
    head.seq, head.digest = record.seq, records.digest(signed)
    row = {
        "hall": head.hall,
        "seq": record.seq,
        "hash": head.digest,
        "signed": signed,
        "device_id": place.device_id,
        "visit": record.visit.bytes,
        "question": record.question,
        "subject": record.subject.value,
        "code": record.code or None,
        "follows_up": record.follows_up,
        "platform_level": int(record.level),
        "tags": _tags(record.tags),
        "comment": record.comment,
        "channel": int(record.channel),
        "system": record.system,
        "language": record.language,
        "window": record.window or None,
        "staff": record.staff or None,
        "receipt": record.receipt,
        "received_ms": record.at_ms,
        "bound_ms": record.at_ms if bound else None,
    }
    table, chain = schema.remote_rating, schema.remote_chain
    number = connection.execute(insert(table).values(**row).returning(table.c.id)).scalar_one()
    connection.execute(
        update(chain).where(chain.c.hall == head.hall).values(head=head.seq, head_hash=head.digest)
    )
    return int(number)


# --- what counts ----------------------------------------------------------------------------


def _insert(
    connection: Connection,
    place: Place,
    record: RemoteRating,
    number: int,
    now_ms: int,
    *,
    credited: bool,
) -> int:
    """Insert the row of `rating`, not counted yet; returns its id."""
    table = schema.rating
    paging.announce(connection, paging.RATINGS)
    row = {
        "device_id": place.device_id,
        "seq": record.seq,
        "visit": record.visit.bytes,
        "subject": record.subject.value,
        "code": record.code,
        "platform_level": int(record.level),
        "tags": _tags(record.tags),
        "cases": msgspec.json.encode(record.cases).decode(),
        "channel": int(record.channel),
        "language": record.language,
        "changes": 0,
        "recovered": False,
        "credited": credited,
        "origin": Origin.REMOTE.value,
        "counted": place.device_id is None,
        "tap_age_ms": 0,
        "remote_id": number,
        "hall": None if place.device_id else place.hall,
        "window": record.window or None,
        "staff": record.staff or None,
        "wall_ms": record.at_ms,
        "clock": ClockQuality.SYNCED.value,
        "boot_id": b"",
        "monotonic_ms": 0,
        "received_ms": now_ms,
        "corrected_ms": record.at_ms,
        "corrected_by": TimeSource.CENTRAL.value,
    }
    return int(connection.execute(insert(table).values(**row).returning(table.c.id)).scalar_one())


def _decide(connection: Connection, place: Place, rating_id: int) -> bool:
    """Let the first of the subject's ratings count; True if that is this one."""
    if place.device_id is not None:
        settling.settle(connection, place.device_id, {place.visit.bytes})
    table = schema.rating
    return bool(
        connection.execute(select(table.c.counted).where(table.c.id == rating_id)).scalar_one()
    )


# --- within ---------------------------------------------------------------------------------


def _receipt(connection: Connection, place: Place) -> str:
    """Return the code by which the visit is found.

    It follows from nothing: whoever knows a visit by its id alone, as business systems, readers
    and logs do, must not learn its code. One that is drawn for a device's visit which is not
    known yet is told to nobody; the visit's own takes its place when that comes in.
    """
    if place.receipt:
        return place.receipt
    table: Table = schema.remote_rating if place.device_id is None else schema.visit
    known = connection.execute(
        select(table.c.receipt)
        .where(table.c.visit == place.visit.bytes, devices.same(table, place.device_id))
        .limit(1)
    ).scalar_one_or_none()
    return str(known) if known else drawn_receipt(secrets.token_bytes(RECEIPT_BYTES))


def _of_visit(
    connection: Connection, place: Place, *, follows_up: bool = False
) -> Sequence[Row[Any]]:
    table = schema.remote_rating
    return connection.execute(
        select(table).where(
            table.c.visit == place.visit.bytes,
            devices.same(table, place.device_id),
            table.c.follows_up.is_(follows_up),
        )
    ).all()


def _subject_key(row: Row[Any]) -> tuple[str, str | None, int | None]:
    return row.subject, row.code, None if row.code else row.question


def _questions(visit: Row[Any]) -> tuple[Question, ...]:
    """Return what a row of `visit` asks about; older versions wrote no hall down."""
    matters = msgspec.json.decode(visit.matters or "[]", type=tuple[MatterHandled, ...])
    staff = visit.staff or ""
    return questions_of(
        "" if staff == "-" else staff,
        matters,
        visit.hall or "",
        rate_unfinished=bool(visit.rate_unfinished),
    )


def _question(questions: Sequence[Question], row: Row[Any]) -> Question | None:
    """Return the question that a pending rating answers, None if the visit has none such."""
    if row.question is None or row.question >= len(questions):
        return None
    question = questions[row.question]
    return question if question.subject.value == row.subject else None


def _is_taken(connection: Connection, device_id: int, row: Row[Any], code: str) -> bool:
    """Tell whether another remote rating of the same subject was bound before."""
    table = schema.rating
    found = connection.execute(
        select(table.c.id).where(
            table.c.device_id == device_id,
            table.c.visit == row.visit,
            table.c.subject == row.subject,
            table.c.code == code,
            table.c.origin == Origin.REMOTE.value,
        )
    ).first()
    return found is not None


def _tags(tags: Sequence[int]) -> str:
    return ",".join(map(str, tags))
