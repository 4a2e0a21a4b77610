"""Ratings by the printed code of a window: kept once, and apart from those of a device's visit."""

from typing import Any
from uuid import UUID

from sqlalchemy import Connection, Row, select

from central import callbacks, remote_ratings, schema, throttle
from central.at_window import AtWindow
from central.phone.questionnaire import Answers
from central.phone.window_scan import Scan
from central.remote_ratings import Given, Place, Way
from central.service import Central
from protocol.subjects import Channel


def check_pace(
    connection: Connection,
    central: Central,
    window: str,
    address: str,
    now_ms: int,
    *,
    count: bool,
) -> None:
    """Count a rating of ``address`` at ``window`` (its code). Raises `throttle.TooMany`."""
    limit = central.settings.phone.window_ratings_per_hour
    what = f"ratings by the printed code of window {window}"
    throttle.check(connection, central.key, what, address, limit, now_ms, count=count)


def given(connection: Connection, visit: UUID) -> list[Row[Any]]:
    """Return the rows of `remote_rating` that a scan has become, the first ratings alone."""
    table = schema.remote_rating
    query = select(table).where(
        table.c.visit == visit.bytes, table.c.device_id.is_(None), table.c.follows_up.is_(False)
    )
    return list(connection.execute(query.order_by(table.c.id)).all())


def keep(
    connection: Connection,
    central: Central,
    at: AtWindow,
    scan: Scan,
    answers: Answers,
    now_ms: int,
) -> None:
    """Keep what was answered; within the caller's transaction, all or nothing.

    Raises `remote_ratings.AlreadyGiven` if this scan has been rated before.
    """
    place = Place(hall=at.hall, visit=scan.visit, window=at.number, staff=scan.staff)
    last = len(answers.answers) - 1
    ratings = [
        Given(
            subject=answer.asked.subject,
            level=answer.level,
            tags=answer.tags,
            comment=answers.comment if number == last else "",
            code=answer.asked.code,
        )
        for number, answer in enumerate(answers.answers)
    ]
    way = Way(Channel.QR, answers.language)
    if given(connection, scan.visit):
        raise remote_ratings.AlreadyGiven("this scan has been rated before")
    remote_ratings.take(connection, central.key, place, way, ratings, now_ms)
    if answers.number:
        callbacks.leave(connection, place, answers.number, now_ms)
