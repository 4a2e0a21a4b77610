"""Screen, phones, another channel and two workers of central at the same moment."""

import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import msgspec
import pytest
from central_rig import MATTER, Device, MakeDatabase, RunningCentral, running, serving
from channel_rig import Line, chain_is_whole
from phone_rig import Phone, token_of

from central import schema, settling
from central.service import Central
from central.settings import Phone as PhoneSettings
from protocol.levels import Level
from protocol.questions import Asks
from protocol.records import (
    ClockQuality,
    InvitedBy,
    MatterHandled,
    Outcome,
    Rating,
    VisitClosed,
    VisitOpened,
)
from protocol.subjects import Subject

BOTH = Asks(staff=1, matters=1)
SUBJECTS = {("staff", "1001"), ("matter", MATTER)}
ROUNDS = 6


@pytest.fixture
def workers(
    make_database: MakeDatabase, tmp_path: Path
) -> Iterator[tuple[RunningCentral, RunningCentral]]:
    """Two workers on one database, who take answers from whoever is quick."""
    with running(tmp_path / "central", make_database()) as one:
        quick = PhoneSettings(quickest_seconds=0, ratings_per_hour=100_000)
        one.central.settings = msgspec.structs.replace(one.central.settings, phone=quick)
        second = Central.open(one.central.settings)
        try:
            with serving(second) as address:
                yield one, RunningCentral(second, address, one.reader)
        finally:
            second.close()


def opens(device: Device, visit: UUID) -> None:
    device.write(
        VisitOpened,
        visit=visit,
        invited_by=InvitedBy.STAFF,
        window="12",
        staff="1001",
        matters=(MatterHandled(MATTER, ("A-1",)),),
    )


def rates_and_closes(device: Device, visit: UUID) -> None:
    for subject, code in ((Subject.STAFF, "1001"), (Subject.MATTER, MATTER)):
        device.write(
            Rating,
            visit=visit,
            subject=subject,
            code=code,
            level=Level.VERY_SATISFIED,
            tapped_ms=1000,
        )
    device.write(VisitClosed, visit=visit, outcome=Outcome.RATED, asked=2, rated=2)


def at_once(*deeds: Callable[[], Any]) -> None:
    """Do all of it at the same moment; what one of them raises is raised here."""
    barrier = threading.Barrier(len(deeds))
    raised: list[BaseException] = []

    def does(deed: Callable[[], Any]) -> None:
        barrier.wait()
        try:
            deed()
        except BaseException as error:  # noqa: BLE001 - raised again below
            raised.append(error)

    threads = [threading.Thread(target=does, args=(deed,)) for deed in deeds]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if raised:
        raise raised[0]


def test_whoever_comes_at_the_same_moment_one_rating_counts_and_none_is_lost(
    workers: tuple[RunningCentral, RunningCentral],
) -> None:
    one, two = workers
    device = Device(one, clock=ClockQuality.UNSYNCED).enrol()
    line = Line(two)
    visits = [uuid4() for _ in range(ROUNDS)]

    for visit in visits:
        first, rest = device.head + 1, device.head + 2
        opens(device, visit)
        rates_and_closes(device, visit)

        def device_sends(first: int = first, rest: int = rest) -> None:
            device.send(first, first)
            device.beat()
            device.send(rest)

        def phone_rates(place: RunningCentral, visit: UUID = visit) -> None:
            phone = Phone(place)
            page = phone.open("/R/" + token_of(device, visit, asks=BOTH))
            assert page.status == 200
            if "f" in dict(page.fields):  # else the screen was quicker
                fields = {"f": page.field("f"), "l0": "2", "l1": "1", "do": "send"}
                assert phone.post(page.action, fields).status in (200, 422)

        def hotline_rates(visit: UUID = visit) -> None:
            answer = line.rate(4, visit=str(visit), device=device.name)
            assert answer.status_code in (200, 201, 409), answer.text

        at_once(
            device_sends,
            lambda: phone_rates(one),
            lambda: phone_rates(two),
            hotline_rates,
            hotline_rates,
        )

    device.clock = ClockQuality.SYNCED
    device.beat()  # and now it turns out when the screen was really touched
    table, remote = schema.rating, schema.remote_rating
    for visit in visits:
        rows = one.rows(table, table.c.visit == visit.bytes)
        kept = one.rows(remote, remote.c.visit == visit.bytes)
        assert len({(row.subject, row.code) for row in kept}) == len(kept)
        assert all(row.bound_ms is not None for row in kept)
        assert len(rows) == len(kept) + 2, "what was thanked for is there"
        for subject in SUBJECTS:
            given = [row for row in rows if (row.subject, row.code) == subject]
            first = min(
                given,
                key=lambda row: (
                    row.corrected_ms - row.tap_age_ms,
                    row.origin != settling.Origin.SCREEN,
                ),
            )
            assert [row.id for row in given if row.counted] == [first.id]
    assert chain_is_whole(one)
