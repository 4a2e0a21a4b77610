"""What a channel may rate: the same rules as on the phone page, told in full when broken.

Pure but for reading the hall's tables; what is stored is `channel_ratings`' matter.
"""

from collections.abc import Sequence
from difflib import get_close_matches

import msgspec
from sqlalchemy import Connection, select

from central import roll, schema
from central.channel_bodies import ChannelRating
from central.errors import Mistakes, Refused
from central.roll import MATTERS, STAFF, Kind
from protocol.configuration import Rules
from protocol.questions import Question
from protocol.remote import RemoteRating
from protocol.subjects import Subject
from protocol.tags import tags_of

_DAY_MS = 86_400_000
_NAMED = 10
"""So many of what is known are named in a refusal."""


def rules_of(connection: Connection, hall: str) -> Rules:
    """Return the rules of ``hall``."""
    return msgspec.json.decode(roll.hall_row(connection, hall).rules, type=Rules)


def check_tags(given: ChannelRating, rules: Rules) -> None:
    """Raise `Mistakes` if a tag is not offered for the level.

    A negative level without a tag or a text is taken: the citizen's word is enough here, even
    if a province's gateway will want more when it is forwarded.
    """
    offered = tags_of(given.level.level, frozenset(rules.switched_off_tags))
    if wrong := [tag for tag in given.tags if tag not in offered]:
        known = ", ".join(map(str, offered))
        raise Mistakes([f"tags: {tag} is none of this level; offered: {known}" for tag in wrong])


def check_time(since_ms: int, rules: Rules, now_ms: int) -> None:
    """Raise `Refused` ``too-late`` if the period of the hall's rules has passed."""
    if now_ms > since_ms + rules.followup_days * _DAY_MS:
        raise Refused(410, "too-late", f"{rules.followup_days} days are allowed")


def check_subject(connection: Connection, hall: str, given: ChannelRating) -> None:
    """Raise `Mistakes` for a subject, a window or a server that the hall has not."""
    wrong = []
    if given.subject is Subject.STAFF:
        wrong += _unknown(connection, hall, STAFF, "code", given.code)
    elif given.subject is Subject.MATTER:
        wrong += _unknown(connection, hall, MATTERS, "code", given.code)
    elif given.code not in ("", hall):
        wrong.append(f"code: expected {hall} or nothing; a key is of one hall")
    if given.staff:
        wrong += _unknown(connection, hall, STAFF, "staff", given.staff)
    if given.window and given.reference:
        wrong += _unknown_window(connection, hall, given.window)
    if wrong:
        raise Mistakes(wrong)


def question_of(questions: Sequence[Question], given: ChannelRating) -> Question:
    """Return which of a device's ``questions`` is answered; its code may be left out if clear.

    Raises `Refused` ``not-asked``, with what was asked.
    """
    of_subject = [one for one in questions if one.subject is given.subject]
    fitting = [one for one in of_subject if given.code in ("", one.code)]
    if len(fitting) == 1:
        return fitting[0]
    asked = ", ".join(f"{one.subject} {one.code}" for one in questions) or "nothing"
    raise Refused(409, "not-asked", f"this visit asks about: {asked}"[:500])


def place_of(given: ChannelRating) -> int:
    """Return the question's place in a visit that central does not know yet.

    Raises `Mistakes` where it had to be said. (Staff are asked about first.)
    """
    if given.question is not None:
        return given.question
    if given.subject is Subject.STAFF:
        return 0
    raise Mistakes(["question: central does not know this visit yet; say which question it is"])


def is_same(held: RemoteRating, given: ChannelRating, channel: str) -> bool:
    """Tell whether ``given`` is what ``channel`` brought before, as ``held`` says."""
    same = (held.system, held.level, held.tags, held.comment) == (
        channel,
        given.level.level,
        given.tags,
        given.comment,
    )
    if not given.reference or given.follow_up:
        return same
    where = given.window, server_of(given), given.cases
    return same and (held.window, held.staff, held.cases) == where


def server_of(given: ChannelRating) -> str:
    """Return who served in a service that a channel names; empty if that was not said."""
    return given.staff or (given.code if given.subject is Subject.STAFF else "")


def _unknown(connection: Connection, hall: str, kind: Kind, field: str, said: str) -> list[str]:
    """Return what is wrong with naming ``said``, with those that were probably meant."""
    if said and roll.entry(connection, kind, hall, said) is not None:
        return []
    column = kind.table.c[kind.key]
    keys = connection.execute(select(column).where(kind.table.c.hall == hall).order_by(column))
    return [_told(f"{field}: the hall has no {kind.noun} {said or '(none said)'}", said, keys)]


def _unknown_window(connection: Connection, hall: str, said: str) -> list[str]:
    table = schema.service_window
    keys = connection.execute(
        select(table.c.number).where(table.c.hall == hall).order_by(table.c.number)
    )
    known = [(row.number,) for row in keys]
    return (
        [] if (said,) in known else [_told(f"window: the hall has no window {said}", said, known)]
    )


def _told(flaw: str, said: str, keys: object) -> str:
    known: list[str] = [key for (key,) in keys]  # type: ignore[attr-defined]
    close = get_close_matches(said, known, n=_NAMED, cutoff=0.8) or known[:_NAMED]
    more = len(known) - len(close)
    told = ", ".join(close) or "none"
    return f"{flaw}; known: {told}{f' and {more} more' if more else ''}"
