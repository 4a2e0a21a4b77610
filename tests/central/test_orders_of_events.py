"""One rating for each subject of a visit, in whatever order screen and phone come in.

A citizen may rate on the screen and on a phone, while the device is online or offline, before
or after central knows the visit. The one given first counts; nothing counts twice, nothing is
lost, and the order of arrival never matters.
"""

import os
from typing import Any, NamedTuple
from uuid import UUID, uuid4

import msgspec
import pytest
from central_rig import MATTER, Device, RunningCentral
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from central import devices, ingest, remote_ratings, schema
from central.remote_ratings import AlreadyGiven, Given, Place, Way
from protocol import records, remote
from protocol.levels import Level
from protocol.messages import Batch
from protocol.phone import drawn_receipt, receipt_code
from protocol.records import (
    Boot,
    ClockQuality,
    InvitedBy,
    MatterHandled,
    Outcome,
    Rating,
    VisitClosed,
    VisitOpened,
)
from protocol.subjects import Channel, Subject

HALL = "210100-01"
QUESTIONS = ((Subject.STAFF, "1001"), (Subject.MATTER, MATTER))
SCREEN, PHONE = Level.VERY_SATISFIED, Level.DISSATISFIED
WAY = Way(Channel.QR, "zh-CN")
QUIET = settings(
    max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)

moments = st.integers(1, 60).map(lambda second: second * 1000)


class Story(NamedTuple):
    """When what happened, in milliseconds after the visit began; None: it did not."""

    screen: tuple[int | None, int | None]
    """Taps for staff and matter."""
    phone: tuple[int | None, int | None]
    opened_sent: int
    """When the visit's first record came in."""
    all_sent_later: int
    """How much later than its end the rest did."""

    @property
    def closed(self) -> int:
        return max(tap or 0 for tap in self.screen) + 500

    @property
    def all_sent(self) -> int:
        return max(self.closed, self.opened_sent) + self.all_sent_later

    def first(self, question: int) -> str | None:
        """Which of the two counts."""
        tap, sent = self.screen[question], self.phone[question]
        if tap is None and sent is None:
            return None
        if sent is None or (tap is not None and tap <= sent):
            return "screen"
        return "remote"


stories = st.builds(
    Story,
    screen=st.tuples(st.none() | moments, st.none() | moments),
    phone=st.tuples(st.none() | moments, st.none() | moments),
    opened_sent=st.integers(0, 90_000),
    all_sent_later=st.sampled_from([0, 1_000, 30_000, 3 * 86_400_000]),
)


class Played:
    """A visit that is played on a central, with the clock in the story's hands."""

    def __init__(self, device: Device, clock: ClockQuality = ClockQuality.SYNCED) -> None:
        self.device = device
        self.visit = uuid4()
        self.receipt = drawn_receipt(os.urandom(5))
        self.clock = clock
        self.boot_id = uuid4()
        self.begun_ms = 1_790_000_000_000
        self.sent = device.head

    def write(self, kind: type[records.AnyRecord], at: int, **fields: object) -> None:
        synced = self.clock is ClockQuality.SYNCED
        self.device.write(
            kind,
            boot_id=self.boot_id,
            clock=self.clock,
            monotonic_ms=1_000_000 + at,
            wall_ms=self.begun_ms + at if synced else 1000 + at,
            **fields,
        )

    def opens(self) -> None:
        self.write(
            VisitOpened,
            0,
            visit=self.visit,
            invited_by=InvitedBy.STAFF,
            window="12",
            staff="1001",
            matters=(MatterHandled(MATTER, ("A-1",)),),
            receipt=self.receipt,
        )

    def closes(self, story: Story) -> None:
        for (subject, code), tap in zip(QUESTIONS, story.screen, strict=True):
            if tap is not None:
                self.write(
                    Rating,
                    story.closed,
                    visit=self.visit,
                    subject=subject,
                    code=code,
                    level=SCREEN,
                    tapped_ms=1_000_000 + tap,
                )
        rated = sum(tap is not None for tap in story.screen)
        outcome = (Outcome.TIMED_OUT, Outcome.PARTLY, Outcome.RATED)[rated]
        self.write(
            VisitClosed, story.closed, visit=self.visit, outcome=outcome, asked=2, rated=rated
        )

    def arrives(self, at: int) -> None:
        """Everything written so far comes in."""
        device, central = self.device, self.device.place.central
        fresh = tuple(device.chain[self.sent :])
        if fresh:
            with central.database.reading() as connection:
                sender = devices.named(connection, device.name)
            batch = Batch(device.name, self.sent + 1, fresh)
            ingest.take_in(central.database, batch, sender, central.key, self.begun_ms + at)
            self.sent = device.head

    def phones(self, question: int, at: int) -> None:
        """Rate one subject by phone, as the page does."""
        central = self.device.place.central
        subject, _ = QUESTIONS[question]
        with central.database.writing() as connection:
            device = devices.find(connection, self.device.name, lock=True)
            assert device is not None
            known = remote_ratings.questions_known(connection, device.id, self.visit)
            asked = known[question] if known else None
            given = Given(
                subject,
                PHONE,
                code=asked.code if asked else "",
                question=None if asked else question,
                cases=asked.cases if asked else (),
            )
            place = Place(HALL, self.visit, device.id, device.name, receipt=self.receipt)
            now_ms = self.begun_ms + at
            remote_ratings.take(connection, central.key, place, WAY, [given], now_ms)

    def plays(self, story: Story) -> None:
        """Let everything happen at its time."""
        self.opens()
        events = [
            *((at, number, "phone") for number, at in enumerate(story.phone) if at is not None),
            (story.opened_sent, 0, "opened"),
            (story.all_sent, 1, "all"),
        ]
        for at, number, what in sorted(events):
            if what == "phone":
                self.phones(number, at)
                continue
            if what == "all":
                self.closes(story)
            self.arrives(at)

    def rows(self) -> list[tuple[str, str, str, bool]]:
        found = self.device.place.rows(schema.rating, schema.rating.c.visit == self.visit.bytes)
        return [(row.subject, row.code, row.origin, row.counted) for row in found]

    def counted(self) -> dict[str, str]:
        """What counts for each subject; never two."""
        rows = [row for row in self.rows() if row[3]]
        assert len({row[:2] for row in rows}) == len(rows)
        return {subject: origin for subject, _, origin, _ in rows}


def expected(story: Story) -> dict[str, str]:
    found = {QUESTIONS[number][0].value: story.first(number) for number in range(2)}
    return {subject: origin for subject, origin in found.items() if origin is not None}


@QUIET
@given(stories)
def test_the_one_given_first_counts_in_every_order_of_arrival(device: Device, story: Story) -> None:
    played = Played(device)
    played.plays(story)
    assert played.counted() == expected(story)
    given_at_all = sum(at is not None for at in (*story.screen, *story.phone))
    assert len(played.rows()) == given_at_all, "nothing is lost and nothing doubled"


@QUIET
@given(stories)
def test_a_device_that_did_not_know_the_date_is_believed_once_it_does(
    device: Device, story: Story
) -> None:
    played = Played(device, ClockQuality.UNSYNCED)
    played.plays(story)
    assert set(played.counted()) == set(expected(story))
    played.clock = ClockQuality.SYNCED
    played.write(Boot, story.all_sent, software="haochaping 0.1")
    played.arrives(story.all_sent + 1)
    assert played.counted() == expected(story)


def test_a_phone_before_the_visit_is_known_waits_and_is_then_bound(device: Device) -> None:
    played = Played(device)
    played.opens()
    played.phones(1, 2_000)
    assert played.rows() == []
    waiting = remote_row(played)
    assert (waiting.code, waiting.question, waiting.bound_ms) == (None, 1, None)
    assert waiting.receipt == played.receipt
    played.arrives(9_000)
    assert played.rows() == [("matter", MATTER, "remote", True)]
    bound = remote_row(played)
    assert (bound.code, bound.bound_ms) == (MATTER, played.begun_ms + 9_000)
    (row,) = device.place.rows(schema.rating, schema.rating.c.visit == played.visit.bytes)
    assert (row.corrected_ms, row.corrected_by) == (played.begun_ms + 2_000, "central")
    assert msgspec.json.decode(row.cases) == ["A-1"]


def remote_row(played: Played) -> Any:
    table = schema.remote_rating
    (row,) = played.device.place.rows(table, table.c.visit == played.visit.bytes)
    return row


def test_who_knows_a_visit_by_its_id_alone_cannot_tell_its_receipt_code(device: Device) -> None:
    """Business systems and the staff console know ids; the code shows the level."""
    played = Played(device)
    played.opens()
    played.receipt = ""
    played.phones(0, 1_000)
    assert remote_row(played).receipt != receipt_code(played.visit)
    played.arrives(2_000)
    table = schema.visit
    (row,) = device.place.rows(table, table.c.visit == played.visit.bytes)
    assert row.receipt != receipt_code(played.visit)
    assert remote_row(played).receipt == row.receipt, "found by the citizen's own code from then on"


def test_the_phone_rates_each_subject_once(device: Device) -> None:
    played = Played(device)
    played.opens()
    played.phones(0, 1_000)
    with pytest.raises(AlreadyGiven):
        played.phones(0, 2_000)
    played.arrives(3_000)
    with pytest.raises(AlreadyGiven):
        played.phones(0, 4_000)
    played.phones(1, 5_000)
    assert played.counted() == {"staff": "remote", "matter": "remote"}


def test_a_question_that_the_visit_has_not_stays_unbound(device: Device) -> None:
    played = Played(device)
    place = Place(HALL, played.visit, device_id(device), device.name)
    central = device.place.central
    strange = [
        Given(Subject.HALL, PHONE, question=0),
        Given(Subject.MATTER, PHONE, question=2),
    ]
    with central.database.writing() as connection:
        remote_ratings.take(connection, central.key, place, WAY, strange, played.begun_ms)
    played.opens()
    played.arrives(1_000)
    assert played.rows() == []


def test_the_visits_of_two_devices_are_never_mixed_up(
    device: Device, central: RunningCentral
) -> None:
    played, other = Played(device), Played(Device(central).enrol())
    other.visit = played.visit
    for one in (played, other):
        one.opens()
        one.arrives(1_000)
    played.phones(0, 2_000)
    rows = central.rows(schema.rating, schema.rating.c.visit == played.visit.bytes)
    assert [row.device_id for row in rows] == [device_id(device)]


def test_without_a_device_a_visit_counts_at_once_and_each_subject_once(
    central: RunningCentral,
) -> None:
    place = Place(HALL, uuid4(), window="12", staff="1001")
    given = [Given(Subject.STAFF, PHONE, code="1001", comment="<b>慢</b>")]
    with central.database.writing() as connection:
        (taken,) = remote_ratings.take(connection, central.central.key, place, WAY, given, 1)
    assert taken.counted
    with pytest.raises(AlreadyGiven), central.database.writing() as connection:
        remote_ratings.take(connection, central.central.key, place, WAY, given, 2)


def test_what_central_signed_is_a_chain_that_misses_nothing(device: Device) -> None:
    for _ in range(3):
        played = Played(device)
        played.opens()
        played.phones(0, 1_000)
        played.arrives(2_000)
    key = device.place.central.key.public
    table = schema.remote_rating
    prev, rows = remote.genesis(HALL, key.raw), device.place.rows(table, table.c.hall == HALL)
    for seq, row in enumerate(sorted(rows, key=lambda row: row.seq), 1):
        record = remote.verify(row.signed, key)
        assert (record.seq, record.prev) == (seq, prev)
        prev = records.digest(row.signed)
        assert prev == row.hash
    (head,) = device.place.rows(schema.remote_chain, schema.remote_chain.c.hall == HALL)
    assert (head.head, head.head_hash) == (len(rows), prev)


def device_id(device: Device) -> int:
    (row,) = device.place.rows(schema.device, schema.device.c.name == device.name)
    return int(row.id)


def test_a_visit_of_the_hall_as_a_whole_is_bound_too(device: Device) -> None:
    played = Played(device)
    place = Place(HALL, played.visit, device_id(device), device.name)
    central = device.place.central
    given = [Given(Subject.HALL, PHONE, question=0)]
    with central.database.writing() as connection:
        remote_ratings.take(connection, central.key, place, WAY, given, played.begun_ms)
    played.write(
        VisitOpened,
        0,
        visit=played.visit,
        invited_by=InvitedBy.CITIZEN,
        window="12",
        staff="",
        hall=HALL,
    )
    played.arrives(1_000)
    assert played.rows() == [("hall", HALL, "remote", True)]
    assert isinstance(played.visit, UUID)


def test_the_code_of_a_visit_without_a_device_follows_from_nothing(central: RunningCentral) -> None:
    """Readers are told its id, and could otherwise speak for the citizen (follow-up rating)."""
    place, key = Place(HALL, uuid4(), window="12", staff="1001"), central.central.key
    with central.database.writing() as connection:
        for subject, code in QUESTIONS:
            remote_ratings.take(connection, key, place, WAY, [Given(subject, PHONE, code=code)], 1)
        again = Given(Subject.STAFF, SCREEN, code="1001")
        remote_ratings.follow_up(connection, key, place, WAY, again, 2)
    table = schema.remote_rating
    rows = central.rows(table, table.c.visit == place.visit.bytes)
    (code,) = {row.receipt for row in rows}
    assert len(rows) == 3
    assert code != receipt_code(place.visit)
    assert {remote.read(row.signed).receipt for row in rows} == {code}, "it is signed"
