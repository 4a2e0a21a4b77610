"""What the tests of receipts share: visits with ratings of both kinds, and a check of them."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any, NamedTuple
from uuid import UUID, uuid4

import requests
from central_rig import MATTER, Device, RunningCentral
from sqlalchemy import Connection, create_engine

from central import devices, remote_ratings
from central.remote_ratings import Given, Place, Taken, Way
from central.service import now_ms
from protocol import evidence, proof
from protocol.evidence import Evidence
from protocol.findings import Finding, Outcome
from protocol.levels import Level
from protocol.phone import receipt_code
from protocol.records import (
    InvitedBy,
    MatterHandled,
    Rating,
    VisitClosed,
    VisitOpened,
)
from protocol.records import (
    Outcome as Ended,
)
from protocol.subjects import Channel, Subject

HALL = "210100-01"
PHONE = Way(Channel.QR, "zh-CN")
STAFF = "1001"


class Checked(NamedTuple):
    """Evidence that central showed, and what an independent check of it found."""

    evidence: Evidence
    findings: Sequence[Finding]

    @property
    def wrong(self) -> set[str]:
        return {one.check.value for one in self.findings if one.outcome is Outcome.FAILED}

    @property
    def genuine(self) -> bool:
        return proof.is_genuine(self.findings)

    @property
    def counted(self) -> bool:
        return proof.is_counted(self.evidence)

    @property
    def standings(self) -> list[str]:
        return [f"{one.subject} {one.standing.value}" for one in self.evidence.told]


def open_visit(device: Device, *, staff: str = STAFF, hall: str = "") -> UUID:
    """Begin a visit that asks about staff, a matter with a case, and the hall if named."""
    visit = uuid4()
    device.write(
        VisitOpened,
        visit=visit,
        invited_by=InvitedBy.STAFF,
        window="12",
        staff=staff,
        matters=(MatterHandled(MATTER, ("BH-2026-0416",)),),
        hall=hall,
    )
    return visit


def rate(device: Device, visit: UUID, subject: Subject, level: Level, **fields: Any) -> None:
    """Rate a subject of a visit on the screen."""
    code = {Subject.STAFF: STAFF, Subject.MATTER: MATTER, Subject.HALL: HALL}[subject]
    given: dict[str, Any] = {"code": code, "level": level, "tapped_ms": 1, **fields}
    if subject is Subject.MATTER:
        given.setdefault("cases", ("BH-2026-0416",))
    device.write(Rating, visit=visit, subject=subject, **given)


def close(device: Device, visit: UUID, rated: int, asked: int = 2) -> None:
    """End a visit."""
    ended = Ended.RATED if rated == asked else Ended.PARTLY if rated else Ended.TIMED_OUT
    device.write(VisitClosed, visit=visit, outcome=ended, asked=asked, rated=rated)


def rated_visit(device: Device) -> UUID:
    """A whole visit: staff very satisfied, matter dissatisfied with a reason."""
    visit = open_visit(device)
    rate(device, visit, Subject.STAFF, Level.VERY_SATISFIED)
    rate(device, visit, Subject.MATTER, Level.DISSATISFIED, tags=(209, 213))
    close(device, visit, 2)
    return visit


def by_phone(
    place: RunningCentral, device: Device | None, visit: UUID, *given: Given, hall: str = HALL
) -> list[Taken]:
    """Rate from elsewhere, as the phone page does."""
    with place.database.writing() as connection:
        where = Place(hall, visit, window="12", staff=STAFF, receipt=receipt_code(visit))
        if device is not None:
            found = devices.find(connection, device.name, lock=True)
            assert found is not None
            where = Place(hall, visit, found.id, found.name, receipt=receipt_code(visit))
        return remote_ratings.take(
            connection, place.central.key, where, PHONE, list(given), now_ms()
        )


def ask(place: RunningCentral, code: str, **more: str) -> requests.Response:
    return requests.post(f"{place.url}/v1/receipts", json={"code": code, **more}, timeout=20)


def show(place: RunningCentral, visit: UUID) -> Checked:
    """What central shows for a visit's receipt code, checked with its true key."""
    answer = ask(place, receipt_code(visit))
    assert answer.status_code == 200, answer.text
    found = evidence.read(answer.content)
    key = place.central.key.public.raw
    return Checked(found, proof.check(found, receipt_code(visit), central_key=key))


@contextmanager
def intruder(place: RunningCentral) -> Iterator[Connection]:
    """Somebody who writes into the database past central."""
    engine = create_engine(place.database.url)
    try:
        with engine.begin() as connection:
            yield connection
    finally:
        engine.dispose()
