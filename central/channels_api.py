"""The calls of other channels: one rating, or many at once. Each call is safe to repeat."""

from collections.abc import Iterable

import msgspec
from litestar import Response, post
from litestar.params import RawBody
from sqlalchemy import Connection

from central import throttle
from central.bodies import Asked, read_json, refuse_unknown_parameters
from central.channel_bodies import (
    MAX_BATCH_BODY,
    MAX_BODY,
    Answer,
    BatchAnswer,
    ChannelBatch,
    ChannelRating,
    Verdict,
)
from central.channel_ratings import Moment, take_in
from central.channel_visits import Target, target_of
from central.channels import ChannelKey, channel_of
from central.errors import Mistakes, Refused
from central.openapi import problems
from central.service import Central, now_ms
from central.throttle import TooMany

_REFUSED = (Refused, Mistakes, TooMany)


@post(
    "/v1/ratings",
    sync_to_thread=True,
    request_max_body_size=MAX_BODY,
    tags=["channels"],
    operation_id="rate",
    summary="Bring a rating from another channel",
    description="For a hotline, an SMS gateway, a self-service machine or a platform, with a key "
    "made by `haochaping central channel`. The same again is answered 200 and adds nothing.",
    responses=problems(400, 401, 404, 409, 410, 413, 415, 429),
)
def rate(request: Asked, body: RawBody) -> Response[Answer]:
    """Take in one rating."""
    central, channel = _opened(request)
    given = read_json(request, body, ChannelRating)
    _count(central, channel, 1)
    try:
        target = _target(central, channel, given)
        answer = _take(central, channel, target, given)
    except Mistakes as error:
        raise _invalid(error) from error
    return Response(answer, status_code=_status(answer))


@post(
    "/v1/ratings/batch",
    status_code=200,
    sync_to_thread=True,
    request_max_body_size=MAX_BATCH_BODY,
    tags=["channels"],
    operation_id="rate_many",
    summary="Bring up to a hundred ratings at once",
    description="Each is judged by itself: `verdicts` has, in the same order, the status, and "
    "the answer or the problem, that it would have got alone.",
    responses=problems(400, 401, 413, 415, 429),
)
def rate_many(request: Asked, body: RawBody) -> BatchAnswer:
    """Take in many ratings."""
    central, channel = _opened(request)
    batch = read_json(request, body, ChannelBatch)
    _count(central, channel, len(batch.ratings))
    verdicts: list[Verdict | None] = [None] * len(batch.ratings)
    alone: list[tuple[int, Target, ChannelRating]] = []
    """Visits without a device; they hold no lock but the hall's own, so they go together."""
    for place, raw in enumerate(batch.ratings):
        try:
            given = _read(raw)
            target = _target(central, channel, given)
            if not target.device:
                alone.append((place, target, given))
                continue
            answer = _take(central, channel, target, given)
            verdicts[place] = Verdict(_status(answer), answer)
        except _REFUSED as error:
            verdicts[place] = _refused(central, error)
    if alone:
        with central.database.writing() as connection:
            for place, target, given in alone:
                verdicts[place] = _take_alone(connection, central, channel, target, given)
    return BatchAnswer(tuple(_whole(verdicts)))


HANDLERS = (rate, rate_many)


def _opened(request: Asked) -> tuple[Central, ChannelKey]:
    central: Central = request.app.state.central
    channel = channel_of(request, central.database)
    refuse_unknown_parameters(request)
    return central, channel


def _moment(central: Central) -> Moment:
    return Moment(central.key, now_ms())


def _count(central: Central, channel: ChannelKey, ratings: int) -> None:
    limit = central.settings.phone.channel_ratings_per_hour
    with central.database.writing() as connection:
        throttle.check(
            connection,
            central.key,
            "ratings of this channel",
            channel.name,
            limit,
            now_ms(),
            by=ratings,
        )


def _read(raw: msgspec.Raw) -> ChannelRating:
    try:
        return msgspec.json.decode(raw, type=ChannelRating)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        raise Refused(400, "malformed", str(error)[:300]) from error


def _target(central: Central, channel: ChannelKey, given: ChannelRating) -> Target:
    """Return the visit; receipt codes that do not exist are counted and soon refused."""
    given.check()
    if not given.receipt:
        with central.database.reading() as connection:
            return target_of(connection, central.key, channel, given, 0)
    what, limit = (
        "receipt codes of this channel",
        central.settings.phone.channel_wrong_codes_per_hour,
    )
    tried = (central.key, what, channel.name, limit, now_ms())
    with central.database.reading() as connection:
        throttle.check(connection, *tried, count=False)
        try:
            offset = central.settings.utc_offset_minutes
            return target_of(connection, central.key, channel, given, offset)
        except Refused as error:
            if error.problem.code != "receipt-unknown":
                raise
            unknown = error
    with central.database.writing() as connection:
        throttle.check(connection, *tried)
    raise unknown


def _take(central: Central, channel: ChannelKey, target: Target, given: ChannelRating) -> Answer:
    """Take in one in a transaction of its own; its device hears of it."""
    with central.database.writing() as connection:
        kept = take_in(connection, _moment(central), channel, target, given)
    central.waiting.ring(kept.place.device_id, kept.place.visit)
    return kept.answer


def _take_alone(
    connection: Connection,
    central: Central,
    channel: ChannelKey,
    target: Target,
    given: ChannelRating,
) -> Verdict:
    """Take in one of several within a transaction; what is refused leaves nothing behind."""
    try:
        with connection.begin_nested():
            answer = take_in(connection, _moment(central), channel, target, given).answer
    except _REFUSED as error:
        return _refused(central, error)
    return Verdict(_status(answer), answer)


def _refused(central: Central, error: Exception) -> Verdict:
    """Return the verdict on a rating that was not taken, counted as any refusal."""
    if isinstance(error, Mistakes):
        error = _invalid(error)
    elif isinstance(error, TooMany):
        error = throttle.refusal(error)
    assert isinstance(error, Refused)  # noqa: S101 - one of _REFUSED
    central.refusals.count(error.problem.code)
    return Verdict(error.problem.status, problem=error.problem)


def _invalid(error: Mistakes) -> Refused:
    return Refused(400, "invalid", "; ".join(error.mistakes)[:500], mistakes=error.mistakes)


def _status(answer: Answer) -> int:
    return 200 if answer.repeated else 201


def _whole(verdicts: Iterable[Verdict | None]) -> Iterable[Verdict]:
    for verdict in verdicts:
        assert verdict is not None  # noqa: S101 - each place was filled above
        yield verdict
