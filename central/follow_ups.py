"""Follow-up ratings (追加评价): once for each subject, beside the first, which stays as it was.

What somebody thinks of a matter some weeks later is worth knowing and must not touch what they
said at the counter, so a follow-up rating is shown and never counted.
"""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import msgspec
from sqlalchemy import Connection, Row, or_, select

from central import devices, remote_ratings, schema
from central.phone.questionnaire import Answers, Asked, Questionnaire
from central.phone.visits import masked
from central.receipts import Found
from central.remote_ratings import AlreadyGiven, Given, Place, Way
from central.settling import Origin
from protocol.configuration import Rules
from protocol.keys import SigningKey
from protocol.levels import Level
from protocol.subjects import Channel, Subject

_DAY_MS = 86_400_000


class Open(NamedTuple):
    """A subject that may still have its follow-up rating."""

    subject: Subject
    code: str
    cases: tuple[str, ...]
    until_ms: int
    """The period ends then: so many days after the first rating, by its corrected time."""
    offered: Level | None
    """Given elsewhere too, and later than the first: offered as the follow-up rating."""
    offered_tags: tuple[int, ...] = ()
    offered_comment: str = ""

    @property
    def about(self) -> str:
        """The subject as a form's field names it."""
        return f"{self.subject.value}:{self.code}"


class Visited(NamedTuple):
    """Where the visit was, for the page's head and for the record."""

    place: Place
    hall_name: str
    rules: Rules
    phone_url: str
    """Of the hall; empty if its file names none."""
    window: str
    """Number of the window; empty if it is not known."""


def visited(connection: Connection, found: Found) -> Visited | None:
    """Return where a visit was; None if its hall is not known (its window is gone)."""
    place = _place(connection, found)
    if place is None:
        return None
    table = schema.hall
    hall = connection.execute(select(table).where(table.c.code == place.hall)).one_or_none()
    if hall is None:
        return None
    rules = msgspec.json.decode(hall.rules, type=Rules)
    window: str | None = place.window
    if found.device_id is not None:
        visit = schema.visit
        window = connection.execute(
            select(visit.c.window).where(
                visit.c.device_id == found.device_id, visit.c.visit == found.visit.bytes
            )
        ).scalar_one_or_none()
    return Visited(place, hall.name, rules, hall.phone_url, window or "")


def names(connection: Connection, visited: Visited) -> dict[str, str]:
    """Return the names of the visit's matters by code."""
    table, place = schema.matter, visited.place
    rated = [
        select(one.c.code).where(
            one.c.visit == place.visit.bytes,
            devices.same(one, place.device_id),
            one.c.subject == Subject.MATTER.value,
        )
        for one in (schema.rating, schema.remote_rating)
    ]
    rows = connection.execute(
        select(table.c.code, table.c.name).where(
            table.c.hall == place.hall, or_(*(table.c.code.in_(one) for one in rated))
        )
    )
    return {row.code: row.name for row in rows}


def open_for(connection: Connection, found: Found, rules: Rules, now_ms: int) -> tuple[Open, ...]:
    """Return the subjects of a visit that may have a follow-up rating at ``now_ms``."""
    first: dict[tuple[str, str], Row[Any]] = {}
    later: dict[tuple[str, str], Row[Any]] = {}
    table, remote = schema.rating, schema.remote_rating
    for row in connection.execute(
        select(table)
        .where(table.c.visit == found.visit.bytes, devices.same(table, found.device_id))
        .order_by(table.c.id)
    ):
        (first if row.counted else later)[row.subject, row.code] = row
    followed = {
        (row.subject, row.code)
        for row in connection.execute(
            select(remote.c.subject, remote.c.code).where(
                remote.c.visit == found.visit.bytes,
                devices.same(remote, found.device_id),
                remote.c.follows_up,
            )
        )
    }
    return tuple(
        _open(connection, key, row, later, rules)
        for key, row in first.items()
        if key not in followed and now_ms <= row.corrected_ms + rules.followup_days * _DAY_MS
    )


def is_kept(connection: Connection, found: Found, about: str, level: str, comment: str) -> bool:
    """Tell whether the subject's follow-up rating is already this one: a form sent twice."""
    table = schema.remote_rating
    rows = connection.execute(
        select(table.c.subject, table.c.code, table.c.platform_level, table.c.comment).where(
            table.c.visit == found.visit.bytes,
            devices.same(table, found.device_id),
            table.c.follows_up,
        )
    )
    return any(
        f"{row.subject}:{row.code}" == about
        and (str(row.platform_level), row.comment) == (level, comment)
        for row in rows
    )


def questionnaire(
    visited: Visited,
    found: Found,
    subjects: Sequence[Open],
    names: Mapping[str, str],
    action: str,
    hidden: Sequence[tuple[str, str]],
) -> Questionnaire:
    """Return what is asked for ``subjects``; ``names`` are those of the matters by code."""
    return Questionnaire(
        hall=visited.hall_name,
        window=visited.window,
        asked=tuple(
            Asked(
                one.subject,
                one.code,
                name=names.get(one.code, "") if one.subject is Subject.MATTER else "",
                case=masked(one.cases[0]) if one.cases else "",
                cases=len(one.cases),
            )
            for one in subjects
        ),
        action=action,
        seal=f"follow-up {found.visit} {' '.join(one.about for one in subjects)}",
        switched_off_tags=frozenset(visited.rules.switched_off_tags),
        follows_up=True,
        hidden=tuple(hidden),
    )


def take(
    connection: Connection,
    key: SigningKey,
    found: Found,
    answers: Answers,
    now_ms: int,
) -> int:
    """Keep follow-up ratings; returns how many are kept now.

    What was answered before, or whose period has passed meanwhile, is left out: sent twice is
    sent once. Within the caller's writing transaction.
    """
    if found.device_id is not None:  # take turns with what comes in from the device
        table = schema.device
        connection.execute(
            select(table.c.id).where(table.c.id == found.device_id).with_for_update()
        )
    where = visited(connection, found)
    if where is None:
        return 0
    allowed = {
        (one.subject, one.code): one for one in open_for(connection, found, where.rules, now_ms)
    }
    kept = 0
    last = answers.answers[-1] if answers.answers else None
    for answer in answers.answers:
        subject = allowed.get((answer.asked.subject, answer.asked.code))
        if subject is None:
            continue
        given = Given(
            subject.subject,
            answer.level,
            answer.tags,
            answers.comment if answer is last else "",
            subject.code,
            cases=subject.cases,
        )
        way = Way(Channel.QR, answers.language)
        try:
            remote_ratings.follow_up(connection, key, where.place, way, given, now_ms)
        except AlreadyGiven:  # the same subject twice in one form
            continue
        kept += 1
    return kept


def _open(
    connection: Connection,
    key: tuple[str, str],
    row: Row[Any],
    later: Mapping[tuple[str, str], Row[Any]],
    rules: Rules,
) -> Open:
    second = later.get(key)
    comment = ""
    if second is not None and second.remote_id is not None:
        table = schema.remote_rating
        said = select(table.c.comment).where(table.c.id == second.remote_id)
        comment = connection.execute(said).scalar_one_or_none() or ""
    return Open(
        Subject(row.subject),
        row.code,
        msgspec.json.decode(row.cases, type=tuple[str, ...]),
        row.corrected_ms + rules.followup_days * _DAY_MS,
        None if second is None else Level(second.platform_level),
        () if second is None else tuple(int(tag) for tag in second.tags.split(",") if tag),
        comment,
    )


def _place(connection: Connection, found: Found) -> Place | None:
    """Return the place that the record of a follow-up rating names."""
    window = schema.service_window
    if found.device_id is None:
        table = schema.rating
        row = connection.execute(
            select(table.c.hall, table.c.window, table.c.staff)
            .where(
                table.c.visit == found.visit.bytes,
                table.c.device_id.is_(None),
                table.c.origin == Origin.REMOTE.value,
            )
            .order_by(table.c.id)
            .limit(1)
        ).one_or_none()
        if row is None or row.hall is None:
            return None
        return Place(row.hall, found.visit, window=row.window or "", staff=row.staff or "")
    table = schema.device
    name = connection.execute(select(table.c.name).where(table.c.id == found.device_id))
    device = devices.named(connection, name.scalar_one())
    hall = connection.execute(
        select(window.c.hall).where(window.c.code == device.window)
    ).scalar_one_or_none()
    return None if hall is None else Place(hall, found.visit, device.id, device.name)
