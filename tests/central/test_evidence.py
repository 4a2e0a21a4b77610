"""Evidence for a receipt code: what is true is accepted, whatever somebody altered is found."""

from collections.abc import Callable, Iterator
from typing import Any
from uuid import UUID, uuid4

import pytest
from central_rig import MATTER, Device, MakeDatabase, RunningCentral, running
from receipt_rig import (
    HALL,
    STAFF,
    ask,
    by_phone,
    close,
    intruder,
    open_visit,
    rate,
    rated_visit,
    show,
)
from sqlalchemy import Connection, delete, insert, select, update

from central import schema
from central.remote_ratings import Given
from protocol import cose, evidence, proof, records, remote
from protocol.keys import SigningKey
from protocol.levels import Level
from protocol.phone import receipt_code
from protocol.records import ClockQuality
from protocol.subjects import Subject

RECORD, RATING, VISIT, REMOTE = (
    schema.record,
    schema.rating,
    schema.visit,
    schema.remote_rating,
)


@pytest.fixture(scope="module")
def central(
    make_database: MakeDatabase, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[RunningCentral]:
    """A central of these tests alone: what is altered here would be in the others' lists."""
    with running(tmp_path_factory.mktemp("central"), make_database()) as place:
        yield place


@pytest.fixture(autouse=True)
def a_new_hour(central: RunningCentral) -> None:
    """Forget the wrong codes of other tests: they all come from one address."""
    with central.database.writing() as connection:
        connection.execute(delete(schema.throttle))


# --- what is true ---------------------------------------------------------------------------


def test_a_true_receipt_code_is_genuine_and_counted(device: Device) -> None:
    device.write_boots(2)
    visit = rated_visit(device)
    device.write_boots(1)
    device.send()
    shown = show(device.place, visit)
    assert shown.wrong == set()
    assert shown.counted
    assert shown.standings == ["matter counted", "staff counted"] or shown.standings == [
        "staff counted",
        "matter counted",
    ]
    assert {one.platform_level for one in shown.evidence.told} == {5, 2}


def test_the_first_and_the_newest_record_of_a_device_are_no_exception(device: Device) -> None:
    first = rated_visit(device)
    last = rated_visit(device)
    device.send()
    for visit in (first, last):
        assert show(device.place, visit).wrong == set()


def test_the_beginning_of_a_visit_can_be_shown_before_its_end(device: Device) -> None:
    visit = open_visit(device)
    device.send()
    shown = show(device.place, visit)
    assert shown.wrong == set()
    assert not shown.counted
    rate(device, visit, Subject.STAFF, Level.SATISFIED)
    device.send(2)
    assert show(device.place, visit).wrong == set()


def test_other_visits_are_shown_by_their_fingerprints_alone(device: Device) -> None:
    visit = open_visit(device)
    other = rated_visit(device)
    rate(device, visit, Subject.STAFF, Level.SATISFIED)
    close(device, visit, 1)
    device.send()
    shown = show(device.place, visit)
    assert shown.wrong == set()
    assert shown.evidence.device is not None
    hidden = [link for link in shown.evidence.device.links if not link.signed]
    assert len(hidden) == 4
    assert other.bytes not in evidence.encode(shown.evidence)


def test_a_loss_on_the_device_leaves_open_what_it_cannot_prove(device: Device) -> None:
    device.write_boots(2)
    before_the_gap = rated_visit(device)
    device.send()
    device.write_boots(3)
    after_the_gap = rated_visit(device)
    device.send(10, gap_before=True)
    for visit in (before_the_gap, after_the_gap):
        shown = show(device.place, visit)
        assert shown.wrong == set(), shown.findings
        assert shown.counted


def test_a_clock_that_is_years_off_breaks_nothing(new_device: Callable[..., Device]) -> None:
    device = new_device(clock=ClockQuality.UNSYNCED)
    visit = rated_visit(device)
    device.send()
    device.beat()
    assert show(device.place, visit).wrong == set()


def test_a_rating_saved_from_a_crash_is_genuine(device: Device) -> None:
    visit = open_visit(device)
    device.write_boots(1)
    rate(device, visit, Subject.STAFF, Level.SATISFIED, recovered=True)
    close(device, visit, 1)
    device.send()
    shown = show(device.place, visit)
    assert shown.wrong == set()
    assert shown.counted


def test_a_phone_that_is_quicker_than_the_device_waits_and_then_counts(device: Device) -> None:
    visit = open_visit(device, hall=HALL)
    close(device, visit, 0, asked=3)
    by_phone(
        device.place,
        device,
        visit,
        Given(Subject.STAFF, Level.SATISFIED, question=0),
        Given(Subject.HALL, Level.DISSATISFIED, (209,), "排队太久", question=2),
    )
    waiting = show(device.place, visit)
    assert waiting.wrong == set()
    assert not waiting.counted
    assert proof.is_open(waiting.evidence)
    device.send()
    bound = show(device.place, visit)
    assert bound.wrong == set(), bound.findings
    assert bound.counted
    assert {(one.code, one.comment) for one in bound.evidence.told} == {
        (STAFF, ""),
        (HALL, "排队太久"),
    }


def test_the_phones_rating_stands_beside_the_screens_that_came_first(device: Device) -> None:
    visit = rated_visit(device)
    device.send()
    by_phone(
        device.place,
        device,
        visit,
        Given(Subject.MATTER, Level.VERY_SATISFIED, code=MATTER, cases=("BH-2026-0416",)),
    )
    shown = show(device.place, visit)
    assert shown.wrong == set()
    assert shown.counted
    assert "matter later" in shown.standings


def test_a_visit_without_a_device_stands_in_the_halls_own_chain(central: RunningCentral) -> None:
    visits = [uuid4() for _ in range(3)]
    for visit in visits:
        given = Given(Subject.STAFF, Level.SATISFIED, (406,), "很好", code=STAFF)
        by_phone(central, None, visit, given)
    for visit in visits:
        shown = show(central, visit)
        assert shown.wrong == set()
        assert shown.counted
        assert shown.evidence.device is None


def test_what_waits_too_long_is_told_as_unbound(device: Device) -> None:
    visit = uuid4()
    by_phone(device.place, device, visit, Given(Subject.STAFF, Level.SATISFIED, question=0))
    three_days_and_more = 73 * 3_600_000
    from central.evidence import build
    from central.receipts import find
    from central.service import now_ms

    with device.place.database.reading() as connection:
        found = find(connection, receipt_code(visit))
        key = device.place.central.key
        later = build(connection, key, found, now_ms() + three_days_and_more, 72 * 3_600_000)
    assert [one.standing.value for one in later.told] == ["unbound"]


def test_a_frozen_devices_ratings_are_under_review(device: Device) -> None:
    device.write_boots(1)
    device.send()
    with device.place.database.writing() as connection:
        connection.execute(
            update(schema.device).where(schema.device.c.name == device.name).values(frozen_ms=1)
        )
    visit = rated_visit(device)
    device.send(2)
    shown = show(device.place, visit)
    assert shown.wrong == set()
    assert not shown.counted
    assert set(shown.standings) == {"staff under-review", "matter under-review"}


# --- what somebody altered ------------------------------------------------------------------


class Crime:
    """A visit of a device, its neighbours, and an intruder's connection."""

    def __init__(self, device: Device, connection: Connection, visit: UUID, other: UUID) -> None:
        self.device = device
        self.connection = connection
        self.visit = visit.bytes
        self.other = other.bytes
        table = schema.device
        self.device_id = connection.execute(
            select(table.c.id).where(table.c.name == device.name)
        ).scalar_one()

    def alter(self, table: Any, where: Any, **values: Any) -> None:
        done = self.connection.execute(
            update(table).where(table.c.device_id == self.device_id, where).values(**values)
        )
        assert done.rowcount > 0

    def remove(self, table: Any, where: Any) -> None:
        done = self.connection.execute(
            delete(table).where(table.c.device_id == self.device_id, where)
        )
        assert done.rowcount > 0

    def record(self, seq: int) -> Any:
        return self.connection.execute(
            select(RECORD).where(RECORD.c.device_id == self.device_id, RECORD.c.seq == seq)
        ).one()

    def put(self, seq: int, signed: bytes) -> None:
        self.alter(RECORD, RECORD.c.seq == seq, signed=signed, hash=records.digest(signed))

    def rating(self, subject: str = "matter") -> Any:
        return (RATING.c.visit == self.visit) & (RATING.c.subject == subject)


def _sign_by_another_key(crime: Crime) -> None:
    """Sign the visit's records anew, by a key of one's own that is put into the table."""
    key = SigningKey.generate()
    prev = records.digest(crime.device.chain[1])
    for seq in range(3, 7):
        record = records.read(crime.device.chain[seq - 1])
        fields = {name: getattr(record, name) for name in record.__struct_fields__}
        fields |= {"prev": prev} | ({"level": Level.VERY_SATISFIED} if seq == 5 else {})
        signed = records.sign(type(record)(**fields), key)
        crime.put(seq, signed)
        prev = records.digest(signed)
    crime.alter(RATING, crime.rating(), platform_level=5)
    crime.connection.execute(
        update(schema.device)
        .where(schema.device.c.id == crime.device_id)
        .values(record_key=key.public.raw)
    )


def _forge_a_rating(crime: Crime) -> None:
    row = crime.connection.execute(select(RATING).where(crime.rating())).one()._mapping
    crime.connection.execute(
        insert(RATING).values(**{**row, "id": row["id"] + 1_000_000, "code": "forged"})
    )


def _flip_a_level_in_the_signed_bytes(crime: Crime) -> None:
    signed = crime.record(5).signed
    altered = signed.replace(b"platform_level\x02", b"platform_level\x05")
    assert altered != signed
    crime.put(5, altered)
    crime.alter(RATING, crime.rating(), platform_level=5)


def _leave_the_rating_out(crime: Crime) -> None:
    crime.remove(RATING, crime.rating())
    crime.remove(RECORD, RECORD.c.seq == 5)


def _close_the_gap(crime: Crime) -> None:
    """Leave a rating out and move what follows into its place."""
    _leave_the_rating_out(crime)
    crime.alter(RECORD, RECORD.c.seq == 6, seq=5)
    crime.alter(VISIT, VISIT.c.visit == crime.visit, closed_seq=5)


CRIMES: dict[str, Callable[[Crime], None]] = {
    "another level": lambda c: c.alter(RATING, c.rating(), platform_level=5),
    "a level that there is not": lambda c: c.alter(RATING, c.rating(), platform_level=9),
    "other reasons": lambda c: c.alter(RATING, c.rating(), tags="209"),
    "reasons that are none": lambda c: c.alter(RATING, c.rating(), tags="x"),
    "other cases": lambda c: c.alter(RATING, c.rating(), cases='["BH-1"]'),
    "cases that are none": lambda c: c.alter(RATING, c.rating(), cases="["),
    "another staff member": lambda c: c.alter(RATING, c.rating("staff"), code="1002"),
    "another time": lambda c: c.alter(RATING, c.rating(), corrected_ms=RATING.c.corrected_ms - 1),
    "another moment of the tap": lambda c: c.alter(RATING, c.rating(), tap_age_ms=7),
    "another channel": lambda c: c.alter(RATING, c.rating(), channel=3),
    "not counted any more": lambda c: c.alter(RATING, c.rating(), counted=False),
    "said to be a phone's": lambda c: c.alter(RATING, c.rating(), origin="remote"),
    "a rating moved to another visit": lambda c: c.alter(
        RATING, c.rating(), visit=c.other, code="moved"
    ),
    "a rating taken out of the results": lambda c: c.remove(RATING, c.rating()),
    "a forged rating": _forge_a_rating,
    "a rating left out altogether": _leave_the_rating_out,
    "a gap closed": _close_the_gap,
    "altered signed bytes": _flip_a_level_in_the_signed_bytes,
    "an altered fingerprint": lambda c: c.alter(RECORD, RECORD.c.seq == 5, hash=bytes(32)),
    "a record of another visit in its place": lambda c: c.put(5, c.record(9).signed),
    "signed bytes that are none": lambda c: c.put(5, b"nothing"),
    "a rating's record deleted": lambda c: c.remove(RECORD, RECORD.c.seq == 5),
    "the visit's first record deleted": lambda c: c.remove(RECORD, RECORD.c.seq == 3),
    "the visit's last record deleted": lambda c: c.remove(RECORD, RECORD.c.seq == 6),
    "all records of the visit deleted": lambda c: c.remove(RECORD, RECORD.c.visit == c.visit),
    "the record before it deleted": lambda c: c.remove(RECORD, RECORD.c.seq == 2),
    "the record after it deleted": lambda c: c.remove(RECORD, RECORD.c.seq == 7),
    "the record before it exchanged": lambda c: c.put(2, c.device.chain[0]),
    "another key of the device": lambda c: c.connection.execute(
        update(schema.device)
        .where(schema.device.c.id == c.device_id)
        .values(record_key=SigningKey.generate().public.raw)
    ),
    "all of it signed by another key": _sign_by_another_key,
    "the visit said to have ended earlier": lambda c: c.alter(
        VISIT, VISIT.c.visit == c.visit, closed_seq=5
    ),
    "another visit's receipt code": lambda c: (
        c.alter(VISIT, VISIT.c.visit == c.visit, receipt=None),
        c.alter(VISIT, VISIT.c.visit == c.other, receipt=receipt_code(UUID(bytes=c.visit))),
    ),
}


@pytest.mark.parametrize("crime", CRIMES)
def test_an_altered_database_is_found_out(device: Device, crime: str) -> None:
    device.write_boots(2)
    visit = rated_visit(device)
    other = rated_visit(device)
    device.write_boots(1)
    device.send()
    assert show(device.place, visit).wrong == set()
    with intruder(device.place) as connection:
        CRIMES[crime](Crime(device, connection, visit, other))
    shown = show(device.place, visit)
    assert not shown.genuine
    with device.place.database.reading() as connection:
        alerts = connection.execute(
            select(schema.alert.c.detail)
            .join(schema.device, schema.device.c.id == schema.alert.c.device_id)
            .where(schema.device.c.name == device.name, schema.alert.c.kind == "evidence")
        ).scalars()
        (alert,) = alerts
    assert "not what was signed" in alert
    assert str(visit) not in alert
    assert receipt_code(visit) not in alert


def test_a_rating_moved_to_another_visit_is_found_from_there_too(device: Device) -> None:
    visit, other = rated_visit(device), rated_visit(device)
    device.send()
    with intruder(device.place) as connection:
        CRIMES["a rating moved to another visit"](Crime(device, connection, visit, other))
    assert "told" in show(device.place, other).wrong
    assert "visit-whole" in show(device.place, visit).wrong


REMOTE_CRIMES: dict[str, Callable[[Connection, bytes], Any]] = {
    "another level in the results": lambda c, v: c.execute(
        update(RATING).where(RATING.c.visit == v).values(platform_level=5)
    ),
    "another level beside the results": lambda c, v: c.execute(
        update(REMOTE).where(REMOTE.c.visit == v).values(platform_level=5)
    ),
    "another comment": lambda c, v: c.execute(
        update(REMOTE).where(REMOTE.c.visit == v).values(comment="很好")
    ),
    "other reasons": lambda c, v: c.execute(
        update(REMOTE).where(REMOTE.c.visit == v).values(tags="")
    ),
    "a follow-up made of it": lambda c, v: c.execute(
        update(REMOTE).where(REMOTE.c.visit == v).values(follows_up=True)
    ),
    "altered signed bytes": lambda c, v: [
        c.execute(
            update(REMOTE)
            .where(REMOTE.c.id == row.id)
            .values(signed=row.signed.replace(b"platform_level\x02", b"platform_level\x05"))
        )
        for row in c.execute(select(REMOTE).where(REMOTE.c.visit == v)).all()
    ],
    "signed by another key": lambda c, v: [
        c.execute(
            update(REMOTE)
            .where(REMOTE.c.id == row.id)
            .values(
                signed=cose.sign(
                    cose.open_unverified(row.signed)[1], SigningKey.generate(), cose.REMOTE
                )
            )
        )
        for row in c.execute(select(REMOTE).where(REMOTE.c.visit == v)).all()
    ],
    "taken out of the results": lambda c, v: c.execute(delete(RATING).where(RATING.c.visit == v)),
    "not counted any more": lambda c, v: c.execute(
        update(RATING).where(RATING.c.visit == v).values(counted=False)
    ),
}


@pytest.mark.parametrize("crime", REMOTE_CRIMES)
def test_an_altered_rating_by_phone_is_found_out(central: RunningCentral, crime: str) -> None:
    hall = f"hall-{uuid4()}"
    visit = uuid4()
    for one in (uuid4(), visit, uuid4()):
        given = Given(Subject.STAFF, Level.DISSATISFIED, (209,), "太慢", code=STAFF)
        by_phone(central, None, one, given, hall=hall)
    assert show(central, visit).wrong == set()
    with intruder(central) as connection:
        REMOTE_CRIMES[crime](connection, visit.bytes)
    assert not show(central, visit).genuine


@pytest.mark.parametrize("beside", [-1, 1])
def test_a_rating_by_phone_cannot_vanish_from_between_its_neighbours(
    central: RunningCentral, beside: int
) -> None:
    hall = f"hall-{uuid4()}"
    visits = [uuid4() for _ in range(3)]
    for one in visits:
        by_phone(central, None, one, Given(Subject.STAFF, Level.SATISFIED, code=STAFF), hall=hall)
    with intruder(central) as connection:
        gone = visits[1 + beside].bytes
        connection.execute(delete(RATING).where(RATING.c.visit == gone))
        connection.execute(delete(REMOTE).where(REMOTE.c.visit == gone))
    assert show(central, visits[1]).wrong == {"hall-chain"}


def test_a_pending_rating_cannot_be_bound_to_another_subject(device: Device) -> None:
    visit = open_visit(device)
    close(device, visit, 0)
    given = Given(Subject.STAFF, Level.SATISFIED, question=0)
    by_phone(device.place, device, visit, given)
    device.send()
    with intruder(device.place) as connection:
        connection.execute(update(RATING).where(RATING.c.visit == visit.bytes).values(code="1002"))
        connection.execute(update(REMOTE).where(REMOTE.c.visit == visit.bytes).values(code="1002"))
    assert show(device.place, visit).wrong == {"told"}


def test_another_central_cannot_pass_for_the_one_whose_key_is_known(
    make_database: MakeDatabase, tmp_path: Any
) -> None:
    url = make_database()
    visit = uuid4()
    with running(tmp_path / "first", url) as place:
        by_phone(place, None, visit, Given(Subject.STAFF, Level.SATISFIED, code=STAFF))
        known = place.central.key.public.raw
        assert show(place, visit).wrong == set()
    with running(tmp_path / "second", url) as place:
        found = evidence.read(ask(place, receipt_code(visit)).content)
        findings = proof.check(found, receipt_code(visit), central_key=known)
        wrong = {one.check.value for one in findings if one.outcome.value == "failed"}
        assert {"central-key", "hall-signatures"} <= wrong


# --- codes ----------------------------------------------------------------------------------


def test_a_code_is_read_however_it_was_typed(device: Device) -> None:
    visit = rated_visit(device)
    device.send()
    code = receipt_code(visit)
    misread = code.lower().replace("1", "l").replace("0", "o")
    for typed in (
        f"{code[:4]} {code[4:]}",
        f" {misread}\n",
        "-".join(code),
        f"{code[:4]}－{code[4:]}",
    ):
        answer = ask(device.place, typed)
        assert answer.status_code == 200, typed
        assert answer.json()["code"] == code


@pytest.mark.parametrize(
    "typed", ["", "ABCD", "ABCDEFGHJ", "ABCD\0EFG", "UUUUUUUU", "评价评价评价评价"]
)
def test_what_is_no_code_is_told_so(central: RunningCentral, typed: str) -> None:
    answer = ask(central, typed)
    assert (answer.status_code, answer.json()["code"]) == (400, "invalid")


def test_two_visits_with_one_code_are_told_apart_by_day_and_window(device: Device) -> None:
    """A real collision of 40 bits is rare, so one is made in the table."""
    visit, other = rated_visit(device), rated_visit(device)
    device.send()
    code = receipt_code(visit)
    rows = {}
    with intruder(device.place) as connection:
        crime = Crime(device, connection, visit, other)
        crime.alter(VISIT, VISIT.c.visit == other.bytes, receipt=code, window="13")
        for one in (visit, other):
            rows[one] = connection.execute(
                select(VISIT.c.opened_seq).where(VISIT.c.visit == one.bytes)
            ).scalar_one()
    assert ask(device.place, code).json()["detail"].startswith("day")
    from datetime import UTC, datetime, timedelta, timezone

    today = datetime.now(UTC).astimezone(timezone(timedelta(hours=8))).date()
    answer = ask(device.place, code, day=today.isoformat())
    if answer.status_code == 409:
        assert answer.json()["detail"].startswith("window")
        answer = ask(device.place, code, day=today.isoformat(), window="12")
    assert answer.json()["visit"] == str(visit)
    assert ask(device.place, code, day="2001-01-01").status_code == 404


def test_wrong_codes_are_counted_and_then_right_ones_wait_too(
    own_central: RunningCentral,
) -> None:
    device = Device(own_central).enrol()
    visit = rated_visit(device)
    device.send()
    limit = own_central.central.settings.phone.wrong_codes_per_hour
    codes = [receipt_code(uuid4()) for _ in range(limit)]
    assert {ask(own_central, code).status_code for code in codes} == {404}
    answer = ask(own_central, receipt_code(visit))
    assert (answer.status_code, answer.json()["code"]) == (429, "too-many")
    assert 0 < int(answer.headers["Retry-After"]) <= 3600
    assert own_central.refusals()["receipt-unknown"] == limit


def test_no_code_reaches_a_log(device: Device, caplog: pytest.LogCaptureFixture) -> None:
    visit = rated_visit(device)
    device.send()
    with intruder(device.place) as connection:
        crime = Crime(device, connection, visit, visit)
        crime.alter(RATING, crime.rating(), platform_level=5)
    with caplog.at_level("DEBUG"):
        show(device.place, visit)
        ask(device.place, receipt_code(uuid4()))
    ours = "\n".join(one.getMessage() for one in caplog.records if "haochaping" in one.name)
    assert "not what was signed" in ours
    for secret in (receipt_code(visit), str(visit), visit.hex):
        assert secret not in ours


def test_the_records_of_a_remote_rating_name_their_hall(central: RunningCentral) -> None:
    visit = uuid4()
    by_phone(central, None, visit, Given(Subject.STAFF, Level.SATISFIED, code=STAFF))
    (link,) = show(central, visit).evidence.hall
    assert remote.read(link.signed).hall == HALL
