"""Follow-up ratings: once for each subject, in time, beside the first, counted nowhere."""

from concurrent.futures import ThreadPoolExecutor
from uuid import UUID, uuid4

from central_rig import MATTER, Device, RunningCentral
from receipt_rig import HALL, STAFF, by_phone, close, open_visit, rate, rated_visit, show
from sqlalchemy import select

from central import follow_ups, schema
from central.phone.questionnaire import Answer, Answers, Asked
from central.receipts import Found, find
from central.remote_ratings import Given
from central.service import now_ms
from protocol.configuration import Rules
from protocol.levels import Level
from protocol.phone import receipt_code
from protocol.subjects import Subject

DAY_MS = 86_400_000


def found_of(place: RunningCentral, visit: UUID) -> Found:
    with place.database.reading() as connection:
        return find(connection, receipt_code(visit))


def open_of(
    place: RunningCentral, visit: UUID, *, later_ms: int = 0, days: int = 30
) -> dict[str, follow_ups.Open]:
    """What may have a follow-up rating, by kind of subject."""
    with place.database.reading() as connection:
        rules = Rules(followup_days=days)
        found = found_of(place, visit)
        subjects = follow_ups.open_for(connection, found, rules, now_ms() + later_ms)
        return {one.subject.value: one for one in subjects}


def follow(
    place: RunningCentral, visit: UUID, *answers: Answer, comment: str = "", later_ms: int = 0
) -> int:
    found = found_of(place, visit)
    with place.database.writing() as connection:
        return follow_ups.take(
            connection,
            place.central.key,
            found,
            Answers(answers, comment),
            now_ms() + later_ms,
        )


def answer(subject: Subject, code: str, level: Level = Level.VERY_DISSATISFIED) -> Answer:
    return Answer(Asked(subject, code), level, ())


ON_STAFF = answer(Subject.STAFF, STAFF)
ON_MATTER = answer(Subject.MATTER, MATTER)


def test_each_subject_has_one_and_the_first_rating_stays(device: Device) -> None:
    visit = rated_visit(device)
    device.send()
    place = device.place
    assert set(open_of(place, visit)) == {"staff", "matter"}
    assert follow(place, visit, ON_MATTER, comment="一周后又要补材料") == 1
    assert set(open_of(place, visit)) == {"staff"}
    assert follow(place, visit, ON_MATTER, ON_STAFF) == 1
    assert open_of(place, visit) == {}
    assert follow(place, visit, ON_MATTER, ON_STAFF) == 0
    shown = show(place, visit)
    assert shown.wrong == set()
    assert shown.counted
    standings = sorted(shown.standings)
    assert standings == ["matter counted", "matter follow-up", "staff counted", "staff follow-up"]
    told = {(one.subject, one.standing.value): one for one in shown.evidence.told}
    assert told["matter", "counted"].platform_level == Level.DISSATISFIED
    assert told["matter", "follow-up"].platform_level == Level.VERY_DISSATISFIED
    assert told["matter", "follow-up"].comment == "一周后又要补材料"
    rows = place.rows(schema.rating, schema.rating.c.visit == visit.bytes)
    assert len(rows) == 2


def test_the_period_begins_with_the_first_rating(device: Device) -> None:
    visit = rated_visit(device)
    device.send()
    assert set(open_of(device.place, visit, later_ms=29 * DAY_MS)) == {"staff", "matter"}
    assert open_of(device.place, visit, later_ms=31 * DAY_MS) == {}
    assert follow(device.place, visit, ON_STAFF, later_ms=31 * DAY_MS) == 0
    assert open_of(device.place, visit, later_ms=DAY_MS, days=0) == {}


def test_what_was_not_rated_has_nothing_to_follow(device: Device) -> None:
    visit = open_visit(device)
    rate(device, visit, Subject.STAFF, Level.SATISFIED)
    close(device, visit, 1)
    device.send()
    assert follow(device.place, visit, ON_MATTER) == 0
    assert set(open_of(device.place, visit)) == {"staff"}


def test_a_rating_that_waits_for_its_device_has_nothing_to_follow_yet(device: Device) -> None:
    visit = open_visit(device)
    close(device, visit, 0)
    by_phone(device.place, device, visit, Given(Subject.STAFF, Level.SATISFIED, question=0))
    assert open_of(device.place, visit) == {}
    assert follow(device.place, visit, ON_STAFF) == 0
    device.send()
    assert follow(device.place, visit, ON_STAFF) == 1


def test_the_later_of_two_first_ratings_is_offered_as_the_follow_up(device: Device) -> None:
    visit = rated_visit(device)
    device.send()
    given = Given(
        Subject.MATTER, Level.VERY_DISSATISFIED, (108,), code=MATTER, cases=("BH-2026-0416",)
    )
    by_phone(device.place, device, visit, given)
    offered = open_of(device.place, visit)
    assert (offered["matter"].offered, offered["matter"].offered_tags) == (
        Level.VERY_DISSATISFIED,
        (108,),
    )
    assert offered["staff"].offered is None


def test_a_visit_without_a_device_has_them_too(central: RunningCentral) -> None:
    visit = uuid4()
    by_phone(central, None, visit, Given(Subject.STAFF, Level.SATISFIED, code=STAFF))
    assert follow(central, visit, ON_STAFF) == 1
    shown = show(central, visit)
    assert shown.wrong == set()
    assert shown.standings == ["staff counted", "staff follow-up"]
    with central.database.reading() as connection:
        table = schema.remote_rating
        kept = connection.execute(
            select(table.c.hall, table.c.window, table.c.staff).where(
                table.c.visit == visit.bytes, table.c.follows_up
            )
        ).one()
    assert tuple(kept) == (HALL, "12", STAFF)


def test_sent_twice_at_the_same_moment_it_is_kept_once(device: Device) -> None:
    visit = rated_visit(device)
    device.send()
    with ThreadPoolExecutor(8) as pool:
        kept = list(pool.map(lambda _: follow(device.place, visit, ON_STAFF), range(8)))
    assert sum(kept) == 1
    assert show(device.place, visit).wrong == set()
