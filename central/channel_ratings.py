"""A channel's rating taken in: new, brought again, or against what was rated before.

What was brought before is answered as it was the first time, so a gateway may repeat what it
is unsure of. All that decides is read under a lock: of the device's row for its visits, of the
channel's and the hall's chain for visits without a device.
"""

from typing import Any, NamedTuple

import msgspec
from sqlalchemy import Connection, Row, select

from central import callbacks, channel_rules, devices, remote_ratings, schema
from central.channel_bodies import Answer, ChannelRating, Standing
from central.channel_visits import Target
from central.channels import ChannelKey
from central.devices import Device
from central.errors import Mistakes, Refused
from central.remote_ratings import AlreadyGiven, Given, Place, Way
from protocol import remote
from protocol.configuration import Rules
from protocol.keys import SigningKey
from protocol.limits import MAX_MATTERS
from protocol.subjects import Subject


class Moment(NamedTuple):
    """With what and when a rating is taken in."""

    key: SigningKey
    """Central's: it signs what did not come from a device."""
    now_ms: int


class Kept(NamedTuple):
    """A rating that was taken in."""

    answer: Answer
    place: Place
    """Whose visit it is; if it has a device, that one waits to hear of it (`waiting`)."""


def take_in(
    connection: Connection,
    moment: Moment,
    channel: ChannelKey,
    target: Target,
    given: ChannelRating,
) -> Kept:
    """Keep ``given``, or recognise it; within the caller's writing transaction.

    Raises `Mistakes`, or `Refused`: ``visit-unknown``, ``not-asked``, ``not-rated``,
    ``already-rated``, ``too-late``, ``no-callbacks``; then nothing of it is kept, and the
    caller must undo the transaction or its savepoint.
    """
    rules = channel_rules.rules_of(connection, channel.hall)
    channel_rules.check_tags(given, rules)
    if target.device:
        visit = _of_device(connection, channel, target, given)
    else:
        visit = _without_device(connection, channel, target, given)
    if given.follow_up:
        answer = _follow_up(connection, moment, channel, visit, given, rules)
    else:
        answer = _first(connection, moment, channel, visit, given, rules)
    if given.number and not callbacks.leave(connection, visit.place, given.number, moment.now_ms):
        raise Refused(409, "no-callbacks", "this central has no key that numbers are sealed for")
    if given.visit is not None:  # whoever knows a visit by its id alone is not told its code
        answer = msgspec.structs.replace(answer, receipt="")
    return Kept(answer, visit.place)


class _Visit(NamedTuple):
    """The visit and what of it is rated; its lock is held."""

    place: Place
    code: str
    """Empty while the visit is not known; then `question` tells."""
    question: int | None = None
    cases: tuple[str, ...] = ()
    since_ms: int | None = None
    """When it began; None if that is not known or there is no device."""
    credited: bool = True


# --- which visit ----------------------------------------------------------------------------


def _of_device(
    connection: Connection, channel: ChannelKey, target: Target, given: ChannelRating
) -> _Visit:
    device = devices.find(connection, target.device, lock=True)
    if device is None or _hall_of(connection, device) != channel.hall:
        raise Refused(404, "visit-unknown", "this hall has no such device")
    place = Place(channel.hall, target.visit, device.id, device.name)
    began_ms = _began_ms(connection, device, target)
    if began_ms is None:
        if device.revoked:
            raise Refused(404, "visit-unknown", "its device was retired and will not report it")
        return _Visit(place, "", channel_rules.place_of(given), credited=not device.frozen)
    questions = remote_ratings.questions_known(connection, device.id, target.visit)
    asked = channel_rules.question_of(questions, given)
    return _Visit(
        place,
        asked.code,
        cases=asked.cases,
        since_ms=began_ms,
        credited=not device.frozen,
    )


def _without_device(
    connection: Connection, channel: ChannelKey, target: Target, given: ChannelRating
) -> _Visit:
    names, chain = schema.channel_key, schema.remote_chain
    connection.execute(select(names.c.name).where(names.c.name == channel.name).with_for_update())
    connection.execute(select(chain.c.hall).where(chain.c.hall == channel.hall).with_for_update())
    code = channel.hall if given.subject is Subject.HALL and not given.code else given.code
    place = Place(channel.hall, target.visit)
    if given.reference:
        place = place._replace(window=given.window, staff=channel_rules.server_of(given))
    elif first := _any_of(connection, place):  # by receipt: where and by whom it was before
        place = place._replace(window=first.window or "", staff=first.staff or "")
    return _Visit(place, code, cases=given.cases)


def _hall_of(connection: Connection, device: Device) -> str | None:
    table = schema.service_window
    return connection.execute(
        select(table.c.hall).where(table.c.code == device.window)
    ).scalar_one_or_none()


def _began_ms(connection: Connection, device: Device, target: Target) -> int | None:
    """Return when a device's visit began, None while its first record is not here."""
    visit, record = schema.visit, schema.record
    return connection.execute(
        select(record.c.corrected_ms)
        .join(
            visit, (visit.c.device_id == record.c.device_id) & (visit.c.opened_seq == record.c.seq)
        )
        .where(visit.c.device_id == device.id, visit.c.visit == target.visit.bytes)
    ).scalar_one_or_none()


# --- what becomes of it ---------------------------------------------------------------------


def _first(
    connection: Connection,
    moment: Moment,
    channel: ChannelKey,
    visit: _Visit,
    given: ChannelRating,
    rules: Rules,
) -> Answer:
    held = _held(connection, visit.place, given.subject, follows_up=False)
    for row in held:
        if (row.code, None if row.code else row.question) == (visit.code or None, visit.question):
            if channel_rules.is_same(remote.read(row.signed), given, channel.name):
                return Answer(row.receipt, _standing(connection, visit.place, row), repeated=True)
            raise _already("with follow_up it is kept beside the first, which stays")
    if visit.since_ms is not None:
        channel_rules.check_time(visit.since_ms, rules, moment.now_ms)
    if visit.place.device_id is None:
        channel_rules.check_subject(connection, channel.hall, given)
        if held and given.subject is Subject.STAFF:
            raise _already("another staff member of this service; one is rated")
        if len(held) >= MAX_MATTERS:
            raise Mistakes([f"code: expected at most {MAX_MATTERS} matters of one service"])
    try:
        (taken,) = remote_ratings.take(
            connection,
            moment.key,
            visit.place,
            _way(channel, given),
            [_given(visit, given)],
            moment.now_ms,
            credited=visit.credited,
        )
    except AlreadyGiven as error:
        raise _already(str(error)) from error
    standing = Standing.COUNTED if taken.counted else Standing.LATER
    if taken.rating_id is None:
        standing = Standing.PENDING
    return Answer(_receipt_of(connection, taken.id), standing, repeated=False)


def _follow_up(
    connection: Connection,
    moment: Moment,
    channel: ChannelKey,
    visit: _Visit,
    given: ChannelRating,
    rules: Rules,
) -> Answer:
    for row in _held(connection, visit.place, given.subject, follows_up=True):
        if row.code == visit.code:
            if channel_rules.is_same(remote.read(row.signed), given, channel.name):
                return Answer(row.receipt, Standing.FOLLOW_UP, repeated=True)
            raise _already("its one follow-up rating has been given")
    table = schema.rating
    first = connection.execute(
        select(table).where(
            devices.same(table, visit.place.device_id),
            table.c.visit == visit.place.visit.bytes,
            table.c.subject == given.subject.value,
            table.c.code == visit.code,
            table.c.counted,
        )
    ).one_or_none()
    if first is None:
        raise Refused(409, "not-rated", "the first rating comes without follow_up")
    channel_rules.check_time(first.corrected_ms, rules, moment.now_ms)
    place = visit.place
    if place.device_id is None:
        place = place._replace(window=first.window or "", staff=first.staff or "")
    try:
        number = remote_ratings.follow_up(
            connection,
            moment.key,
            place,
            _way(channel, given),
            _given(visit, given),
            moment.now_ms,
        )
    except AlreadyGiven as error:
        raise _already(str(error)) from error
    return Answer(_receipt_of(connection, number), Standing.FOLLOW_UP, repeated=False)


def _receipt_of(connection: Connection, number: int) -> str:
    """Return the receipt code under which a rating was kept."""
    table = schema.remote_rating
    code = connection.execute(select(table.c.receipt).where(table.c.id == number)).scalar_one()
    return str(code)


# --- within ---------------------------------------------------------------------------------


def _way(channel: ChannelKey, given: ChannelRating) -> Way:
    return Way(channel.channel, given.language, channel.name)


def _given(visit: _Visit, given: ChannelRating) -> Given:
    return Given(
        given.subject,
        given.level.level,
        given.tags,
        given.comment,
        visit.code,
        visit.question,
        visit.cases,
    )


def _held(
    connection: Connection, place: Place, subject: Subject, *, follows_up: bool
) -> list[Row[Any]]:
    """Return what was brought from elsewhere for this kind of subject of the visit."""
    table = schema.remote_rating
    rows = connection.execute(
        select(table).where(
            table.c.visit == place.visit.bytes,
            devices.same(table, place.device_id),
            table.c.subject == subject.value,
            table.c.follows_up.is_(follows_up),
        )
    )
    return list(rows)


def _any_of(connection: Connection, place: Place) -> Row[Any] | None:
    """Return the first that was brought for a visit without a device."""
    table = schema.remote_rating
    return connection.execute(
        select(table)
        .where(table.c.visit == place.visit.bytes, table.c.device_id.is_(None))
        .order_by(table.c.id)
        .limit(1)
    ).one_or_none()


def _standing(connection: Connection, place: Place, row: Row[Any]) -> Standing:
    """Return what has become of a rating of the visit that was kept before."""
    table = schema.rating
    counted = connection.execute(
        select(table.c.counted).where(
            devices.same(table, place.device_id),  # there is no index of `remote_id`
            table.c.visit == row.visit,
            table.c.remote_id == row.id,
        )
    ).scalar_one_or_none()
    if counted is None:
        return Standing.PENDING
    return Standing.COUNTED if counted else Standing.LATER


def _already(detail: str) -> Refused:
    return Refused(409, "already-rated", detail)
