"""Whatever order true events come in, the evidence holds at every moment: no false alarm."""

from collections.abc import Callable
from contextlib import suppress
from uuid import UUID

from central_rig import MATTER, Device
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from receipt_rig import HALL, STAFF, by_phone, close, open_visit, rate, show
from sqlalchemy import select

from central import follow_ups, schema
from central.phone.questionnaire import Answer, Answers, Asked
from central.receipts import Found
from central.remote_ratings import AlreadyGiven, Given, questions_known
from central.service import now_ms
from protocol.levels import Level
from protocol.phone import receipt_code
from protocol.records import ClockQuality
from protocol.subjects import Subject

LEVELS = st.sampled_from(Level)
PLACES = (Subject.STAFF, Subject.MATTER, Subject.HALL)
CODES = {Subject.STAFF: STAFF, Subject.MATTER: MATTER, Subject.HALL: HALL}
STEPS = ("boot", "rate", "send", "send a part", "phone", "follow up", "beat")


@settings(
    max_examples=12,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(data=st.data())
def test_true_evidence_holds_in_every_order_of_events(
    new_device: Callable[..., Device], data: st.DataObject
) -> None:
    clock = data.draw(st.sampled_from(ClockQuality))
    device = new_device(clock=clock)
    device.write_boots(data.draw(st.integers(0, 2)))
    visit = open_visit(device, hall=HALL)
    rated: set[Subject] = set()
    sent = 0
    known = False
    for _ in range(data.draw(st.integers(1, 8))):
        step = data.draw(st.sampled_from(STEPS))
        subject, level = data.draw(st.sampled_from(PLACES)), data.draw(LEVELS)
        if step == "boot":
            device.write_boots(1)
        elif step == "rate" and subject not in rated:
            rated.add(subject)
            rate(device, visit, subject, level, tapped_ms=data.draw(st.integers(0, 2000)))
        elif step == "send" and sent < device.head:
            device.send(sent + 1)
            sent, known = device.head, True
        elif step == "send a part" and sent < device.head:
            last = data.draw(st.integers(sent + 1, device.head))
            device.send(sent + 1, last)
            sent = last
            known = known or is_known(device, visit)
        elif step == "phone":
            place = PLACES.index(subject)
            cases = ("BH-2026-0416",) if subject is Subject.MATTER else ()
            told = (
                Given(subject, level, (), "留言", CODES[subject], cases=cases)
                if is_known(device, visit)
                else Given(subject, level, comment="留言", question=place)
            )
            with suppress(AlreadyGiven):
                by_phone(device.place, device, visit, told)
            known = True
        elif step == "follow up":
            with device.place.database.writing() as connection:
                follow_ups.take(
                    connection,
                    device.place.central.key,
                    found_of(device, visit),
                    Answers((Answer(Asked(subject, CODES[subject]), level),), "后来"),
                    now_ms(),
                )
        elif step == "beat":
            device.beat()
        if known:
            shown = show(device.place, visit)
            assert shown.wrong == set(), shown.findings
    close(device, visit, len(rated), asked=3)
    device.send(sent + 1)
    shown = show(device.place, visit)
    assert shown.wrong == set(), shown.findings
    assert len({(one.subject, one.code) for one in shown.evidence.told}) >= len(rated)
    assert shown.counted is bool(shown.evidence.told)


def is_known(device: Device, visit: UUID) -> bool:
    """Tell whether the visit's first record has come in."""
    found = found_of(device, visit)
    with device.place.database.reading() as connection:
        assert found.device_id is not None
        return bool(questions_known(connection, found.device_id, found.visit))


def found_of(device: Device, visit: UUID) -> Found:
    with device.place.database.reading() as connection:
        number = connection.execute(
            select(schema.device.c.id).where(schema.device.c.name == device.name)
        ).scalar_one()
    return Found(receipt_code(visit), visit, number)
