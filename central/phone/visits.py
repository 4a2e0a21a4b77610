"""What the code on a device's screen leads to: its visit, what that asks, what has been rated.

Central may know the visit or not yet; the token then says how many questions there are. Either
way a question is known by its place among the visit's questions, which never changes.
"""

from collections.abc import Collection, Sequence
from enum import StrEnum
from typing import Any, NamedTuple
from uuid import UUID

import msgspec
from sqlalchemy import Connection, select

from central import devices, schema
from central.devices import Device
from central.remote_ratings import questions_known
from central.settling import Origin
from protocol.configuration import Rules
from protocol.errors import ProtocolError
from protocol.phone import PhoneToken, read_token, receipt_code, verify_token
from protocol.questions import Question
from protocol.subjects import Subject

_DAY_MS = 86_400_000
_HOUR_MS = 3_600_000
_UNSAID = (Subject.STAFF,)
"""What is asked where neither central nor the token knows, as with those of older devices: at
a window that is the staff member. If the visit asks otherwise it is never bound, and shown so."""


class Standing(StrEnum):
    """What has become of a rating, as the receipt says it."""

    COUNTED = "counted"
    """Given by phone, and it counts."""
    SCREEN = "screen"
    """Given on the device's screen, and it counts."""
    LATER = "later"
    """Given by phone after the screen's, which counts."""
    PENDING = "pending"
    """Central does not know the visit yet."""
    UNBOUND = "unbound"
    """The same, for longer than anybody should have to wait."""


class Ended(NamedTuple):
    """Why a token leads nowhere."""

    reason: str
    """``altered``, ``expired`` or ``retired``."""
    status: int


class Stand(NamedTuple):
    """Where the device stands."""

    hall: str
    """The hall's code."""
    name: str
    window: str
    """The window's number."""
    rules: Rules


class Asking(NamedTuple):
    """One question of the visit and what has become of it."""

    place: int
    """Its place among the visit's questions, from 0."""
    question: Question
    """Its code is empty while the visit is not known."""
    name: str
    """The matter's; empty for others and while it is not known."""
    standing: Standing | None = None
    """None if nobody has rated it."""
    rated_ms: int | None = None
    """When, by central's corrected time."""
    credited: bool = True
    """False: its device is being looked into, and until then it is in no count."""

    @property
    def by_phone(self) -> bool:
        """Whether it has been rated elsewhere than on the screen."""
        return self.standing not in (None, Standing.SCREEN)


class Visit(NamedTuple):
    """A visit that a good token names."""

    token: PhoneToken
    device: Device
    stand: Stand
    asking: tuple[Asking, ...]

    @property
    def id(self) -> UUID:
        """The visit's id."""
        return self.token.visit

    @property
    def receipt(self) -> str:
        """The citizen's receipt code."""
        return self.token.receipt or receipt_code(self.id)


def look_up(
    connection: Connection, text: str, now_ms: int, unbound_hours: int, *, lock: bool = False
) -> Visit | Ended:
    """Return what the token ``text`` leads to at ``now_ms``.

    ``lock`` holds the device's row, so that its visit cannot come in meanwhile.
    """
    try:
        token, signed = read_token(text)
        device = devices.find(connection, token.device, lock=lock)
        if device is None:
            return Ended("altered", 400)
        verify_token(signed, device.record_key)
    except ProtocolError:
        return Ended("altered", 400)
    stand = None if device.revoked else _stand(connection, device, token.visit)
    if stand is None:
        return Ended("retired", 410)
    ends_ms = token.expires_s * 1000 or _reckoned_end(connection, device, token.visit, stand.rules)
    if ends_ms is not None and ends_ms < now_ms:
        return Ended("expired", 410)
    unbound_ms = now_ms - unbound_hours * _HOUR_MS
    return Visit(token, device, stand, _asking(connection, token, device, stand, unbound_ms))


def masked(case: str) -> str:
    """Return a case number as bystanders may see it: ``1501****0068``."""
    return f"{case[:4]}****{case[-4:]}" if len(case) > 8 else "****"


def _stand(connection: Connection, device: Device, visit: UUID) -> Stand | None:
    """Return where the device stands; None once its window is gone from its hall."""
    window, hall, held = schema.service_window, schema.hall, schema.visit
    row = connection.execute(
        select(hall.c.code, hall.c.name, hall.c.rules, window.c.number)
        .join(window, window.c.hall == hall.c.code)
        .where(window.c.code == device.window)
    ).one_or_none()
    if row is None:
        return None
    said = connection.execute(
        select(held.c.window).where(held.c.device_id == device.id, held.c.visit == visit.bytes)
    ).scalar_one_or_none()
    rules = msgspec.json.decode(row.rules, type=Rules)
    return Stand(row.code, row.name, said or row.number, rules)


def _reckoned_end(connection: Connection, device: Device, visit: UUID, rules: Rules) -> int | None:
    """Return when a token of a device without a date ends; None while its visit is not here."""
    table, record = schema.visit, schema.record
    opened = (table.c.device_id == record.c.device_id) & (table.c.opened_seq == record.c.seq)
    begun_ms = connection.execute(
        select(record.c.corrected_ms)
        .join(table, opened)
        .where(table.c.device_id == device.id, table.c.visit == visit.bytes)
    ).scalar_one_or_none()
    return None if begun_ms is None else int(begun_ms) + rules.followup_days * _DAY_MS


def _asking(
    connection: Connection, token: PhoneToken, device: Device, stand: Stand, unbound_ms: int
) -> tuple[Asking, ...]:
    questions = questions_known(connection, device.id, token.visit) or tuple(
        Question(subject, "") for subject in token.asks.subjects or _UNSAID
    )
    rated = _rated(connection, device.id, token.visit)
    waiting = _waiting(connection, device.id, token.visit)
    names = names_of(connection, stand.hall, [one.code for one in questions])
    found = []
    for place, question in enumerate(questions):
        standing, rated_ms, credited = rated.get(
            (question.subject, question.code), (None, None, True)
        )
        since_ms = waiting.get((question.subject, place))
        if standing is None and since_ms is not None:
            standing = Standing.UNBOUND if since_ms < unbound_ms else Standing.PENDING
            rated_ms = since_ms
        name = names.get(question.code, "") if question.subject is Subject.MATTER else ""
        found.append(Asking(place, question, name, standing, rated_ms, credited))
    return tuple(found)


def _rated(
    connection: Connection, device_id: int, visit: UUID
) -> dict[tuple[str, str], tuple[Standing, int, bool]]:
    """Return by subject and code what has been rated; a phone's rating tells for both."""
    table = schema.rating
    rows: Sequence[Any] = connection.execute(
        select(table).where(table.c.device_id == device_id, table.c.visit == visit.bytes)
    ).all()
    found: dict[tuple[str, str], tuple[Standing, int, bool]] = {}
    for row in sorted(rows, key=lambda row: row.origin == Origin.REMOTE.value):
        standing = Standing.COUNTED if row.counted else Standing.LATER
        if row.origin == Origin.SCREEN:
            standing = Standing.SCREEN
        found[row.subject, row.code] = standing, row.corrected_ms, row.credited
    return found


def _waiting(
    connection: Connection, device_id: int, visit: UUID
) -> dict[tuple[str, int | None], int]:
    """Return by subject and place what waits for the visit, and since when."""
    table = schema.remote_rating
    rows = connection.execute(
        select(table.c.subject, table.c.question, table.c.received_ms).where(
            table.c.device_id == device_id,
            table.c.visit == visit.bytes,
            table.c.bound_ms.is_(None),
        )
    )
    return {(row.subject, row.question): row.received_ms for row in rows}


def names_of(connection: Connection, hall: str, codes: Collection[str]) -> dict[str, str]:
    """Return the names of a hall's matters by code; what is no matter of it is left out."""
    table = schema.matter
    query = select(table.c.code, table.c.name)
    rows = connection.execute(query.where(table.c.hall == hall, table.c.code.in_(list(codes))))
    return {row.code: row.name for row in rows}
