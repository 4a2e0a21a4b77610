"""Ratings from elsewhere for the tests of what readers see: a clock in the test's hands."""

from dataclasses import dataclass, field
from typing import Any
from uuid import UUID, uuid4

from central_rig import MATTER, Device, RunningCentral

from central import devices, ingest, remote_ratings
from central.remote_ratings import Given, Place, Taken, Way
from protocol.levels import Level
from protocol.messages import Batch
from protocol.records import (
    InvitedBy,
    MatterHandled,
    Outcome,
    Rating,
    VisitClosed,
    VisitOpened,
)
from protocol.subjects import Channel, Subject

HALL = "210100-01"
BEGUN_MS = 1_790_000_000_000
QUESTIONS = ((Subject.STAFF, "1001"), (Subject.MATTER, MATTER))


def way(channel: Channel = Channel.QR, system: str = "") -> Way:
    return Way(channel, "zh-CN", system)


def without_device(
    central: RunningCentral, *given: Given, through: Way | None = None, **place: Any
) -> tuple[UUID, list[Taken]]:
    """Rate by a printed code, or through another system: a visit of its own."""
    where = Place(HALL, uuid4(), **{"window": "12", "staff": "1001", **place})
    with central.database.writing() as connection:
        taken = remote_ratings.take(
            connection, central.central.key, where, through or way(), given, BEGUN_MS
        )
    return where.visit, taken


@dataclass
class Visit:
    """A visit of staff and matter whose records come in when a test says so.

    Moments are milliseconds after the visit began.
    """

    device: Device
    visit: UUID = field(default_factory=uuid4)
    begun_ms: int = BEGUN_MS
    sent: int = field(init=False)

    def __post_init__(self) -> None:
        self.sent = self.device.head

    def write(self, kind: Any, at: int, **fields: Any) -> None:
        self.device.write(
            kind,
            visit=self.visit,
            monotonic_ms=1_000_000 + at,
            wall_ms=self.begun_ms + at,
            **fields,
        )

    def opens(self, at: int = 0) -> None:
        matters = (MatterHandled(MATTER, ("A-1",)),)
        invited = {"invited_by": InvitedBy.STAFF, "window": "12", "staff": "1001"}
        self.write(VisitOpened, at, matters=matters, **invited)

    def taps(self, question: int, level: Level, tapped: int, at: int) -> None:
        """The record of a level tapped at one moment and signed at another."""
        subject, code = QUESTIONS[question]
        tap = {"level": level, "tapped_ms": 1_000_000 + tapped}
        self.write(Rating, at, subject=subject, code=code, **tap)

    def closes(self, outcome: Outcome, at: int = 60_000, rated: int = 0, **fields: Any) -> None:
        self.write(VisitClosed, at, outcome=outcome, asked=2, rated=rated, **fields)

    def arrives(self, at: int) -> None:
        """What has been written so far comes in."""
        device, central = self.device, self.device.place.central
        fresh = tuple(device.chain[self.sent :])
        with central.database.reading() as connection:
            sender = devices.named(connection, device.name)
        batch = Batch(device.name, self.sent + 1, fresh)
        if fresh:
            ingest.take_in(central.database, batch, sender, central.key, self.begun_ms + at)
            self.sent = device.head

    def phones(
        self, question: int, level: Level, at: int, through: Way | None = None, **given: Any
    ) -> Taken:
        """Rate one subject by phone, as the page does: known or not."""
        central = self.device.place.central
        with central.database.writing() as connection:
            place = self.place(connection)
            assert place.device_id is not None
            known = remote_ratings.questions_known(connection, place.device_id, self.visit)
            asked = known[question] if known else None
            one = Given(
                QUESTIONS[question][0],
                level,
                code=asked.code if asked else "",
                question=None if asked else question,
                cases=asked.cases if asked else (),
                **given,
            )
            (taken,) = remote_ratings.take(
                connection,
                central.key,
                place,
                through or way(),
                [one],
                self.begun_ms + at,
            )
        return taken

    def follows_up(self, question: int, level: Level, at: int, **given: Any) -> None:
        central = self.device.place.central
        subject, code = QUESTIONS[question]
        with central.database.writing() as connection:
            remote_ratings.follow_up(
                connection,
                central.key,
                self.place(connection),
                way(),
                Given(subject, level, code=code, **given),
                self.begun_ms + at,
            )

    def place(self, connection: Any) -> Place:
        device = devices.find(connection, self.device.name, lock=True)
        assert device is not None
        return Place(HALL, self.visit, device.id, device.name)
