"""Ratings by hotline, SMS, machine and platform: same rules, and one for each subject."""

import uuid
from typing import Any
from uuid import UUID, uuid4

import pytest
import requests
from central_rig import MATTER, Device, RunningCentral, problem_code
from channel_rig import Line, answer_of, chain_is_whole

from central import channels, schema, sealing
from central.errors import Mistakes, Unknown
from central.service import now_ms
from protocol.levels import Level
from protocol.phone import receipt_code
from protocol.sealing import OpeningKey, Place
from protocol.subjects import Channel, Subject

HALL = "210100-01"


@pytest.fixture
def line(central: RunningCentral) -> Line:
    return Line(central)


# --- keys ------------------------------------------------------------------------------------


def test_without_a_key_nothing_is_taken(central: RunningCentral, line: Line) -> None:
    line.key = "hcc_wrong"
    answer = line.rate()
    assert (answer.status_code, problem_code(answer)) == (401, "channel-unknown")
    assert answer.headers["www-authenticate"] == "Bearer"


def test_a_readers_key_is_none_of_a_channels(central: RunningCentral, line: Line) -> None:
    line.key = central.reader
    assert answer_of(line.rate()) == (401, "channel-unknown")


def test_a_new_key_ends_the_old_one(line: Line) -> None:
    old, line.key = line.key, line.make_key()
    assert line.rate().status_code == 201
    line.key = old
    assert line.rate().status_code == 401


def test_a_key_that_was_taken_away_takes_nothing(central: RunningCentral, line: Line) -> None:
    with central.database.writing() as connection:
        channels.end_channel(connection, HALL, line.name)
    assert line.rate().status_code == 401
    with pytest.raises(Unknown), central.database.writing() as connection:
        channels.end_channel(connection, HALL, line.name)


def test_no_key_stands_for_the_halls_own_device(central: RunningCentral) -> None:
    with pytest.raises(Mistakes, match="4 is the hall's own"):
        Line(central, Channel.HALL_TABLET)


def test_only_a_hash_of_the_key_is_kept(central: RunningCentral, line: Line) -> None:
    (row,) = central.rows(schema.channel_key, schema.channel_key.c.name == line.name)
    assert line.key.startswith("hcc_")
    assert line.key not in str(row)


# --- one rating ------------------------------------------------------------------------------


def test_a_rating_is_signed_counted_and_seen_by_readers(
    central: RunningCentral, line: Line
) -> None:
    answer = line.rate(4, reference="case-7", window="12", tags=[406], comment="<b>好</b>")
    assert answer.status_code == 201
    assert answer.json()["standing"] == "counted"
    (record,) = line.signed()
    assert (record.subject, record.code, record.level) == (Subject.STAFF, "1001", Level.SATISFIED)
    assert (record.channel, record.system) == (Channel.PHONE, line.name)
    assert (record.window, record.staff, record.device) == ("12", "1001", "")
    assert (record.tags, record.comment) == ((406,), "<b>好</b>")
    assert answer.json()["receipt"] == record.receipt
    (row,) = line.counted()
    assert (row.platform_level, row.channel, row.hall) == (4, 6, HALL)
    assert chain_is_whole(central)


@pytest.mark.parametrize("level", range(1, 6))
def test_both_numberings_of_the_levels_mean_what_they_say(line: Line, level: int) -> None:
    line.rate(reference="a", level={"platform": level})
    line.rate(reference="b", level={"gbt39046": 6 - level})
    assert [row.platform_level for row in line.counted()] == [level, level]


@pytest.mark.parametrize(
    "level", [5, "5", {}, {"platform": 5, "gbt39046": 1}, {"platform": 0}, {"gbt39046": 6}, None]
)
def test_a_bare_digit_is_no_level(line: Line, level: Any) -> None:
    answer = line.post({"subject": "staff", "reference": "x", "code": "1001", "level": level})
    assert (answer.status_code, problem_code(answer)) == (400, "malformed")
    assert not line.kept()


def test_a_negative_without_tag_or_text_is_taken(line: Line) -> None:
    assert answer_of(line.rate(1)) == (201, "counted")


def test_a_service_has_one_receipt_code_for_all_its_subjects(line: Line) -> None:
    codes = [
        line.rate(reference="s").json()["receipt"],
        line.rate(reference="s", subject="matter", code=MATTER, cases=["A-1"]).json()["receipt"],
        line.rate(reference="s", subject="hall").json()["receipt"],
    ]
    assert len(set(codes)) == 1
    assert {(row.subject, row.code) for row in line.counted()} == {
        ("staff", "1001"),
        ("matter", MATTER),
        ("hall", HALL),
    }


def test_what_the_hall_has_not_is_refused_with_what_it_has(line: Line) -> None:
    answer = line.rate(code="1003", window="99", staff="9")
    assert problem_code(answer) == "invalid"
    mistakes = " ".join(answer.json()["mistakes"])
    assert "no staff member 1003; known: 1001, 1002" in mistakes
    assert "no window 99; known: 12, 13" in mistakes
    assert "no staff member 9" in mistakes
    answer = line.rate(subject="matter", code=MATTER[:-1] + "2")
    assert MATTER in answer.json()["mistakes"][0]
    assert not line.kept()


def test_tags_belong_to_their_level(line: Line) -> None:
    answer = line.rate(5, tags=[406])
    assert problem_code(answer) == "invalid"
    assert "406 is none of this level; offered: 510" in answer.json()["detail"]
    assert line.rate(5, tags=[510, 510]).status_code == 400
    assert line.rate(5, tags=[510, 517]).status_code == 201


def test_tags_that_the_hall_has_switched_off_are_refused(own_central: RunningCentral) -> None:
    table = schema.hall
    with own_central.database.writing() as connection:
        connection.execute(table.update().values(rules='{"switched_off_tags":[517,510]}'))
    line = Line(own_central)
    assert line.rate(5, tags=[517]).status_code == 400
    assert line.rate(5, tags=[510]).status_code == 201  # of the base set


@pytest.mark.parametrize(
    "fields",
    [
        {"reference": "x", "receipt": "AAAA1111"},
        {"reference": "x", "device": "hcp-1"},
        {"visit": str(uuid4()), "device": "hcp-1", "window": "12"},
        {"reference": "x", "question": 1},
        {"receipt": "AAAA1111", "day": "31.5.2026"},
        {"reference": "x", "day": "2026-05-31"},
    ],
)
def test_what_cannot_stand_together_is_told(line: Line, fields: dict[str, Any]) -> None:
    answer = line.rate(code="1001", **fields)
    assert problem_code(answer) == "invalid"
    assert answer.json()["mistakes"]


def test_a_comment_of_500_characters_is_taken_and_no_longer_one(line: Line) -> None:
    assert line.rate(comment="好" * 500).status_code == 201
    assert problem_code(line.rate(comment="好" * 501)) == "malformed"


def test_a_body_that_is_too_large_is_refused(line: Line) -> None:
    assert problem_code(line.post(b" " * 70_000)) == "too-large"


def test_a_number_is_sealed_at_once(own_central: RunningCentral) -> None:
    line = Line(own_central)
    assert answer_of(line.rate(number="13804712600")) == (409, "no-callbacks")
    assert not line.kept()
    file = own_central.central.settings.sealing_key_file
    sealing.ensure_key(own_central.database, file, now_ms())
    assert line.rate(number="13804712600").status_code == 201
    assert problem_code(line.rate(number="12345")) == "malformed"
    (row,) = own_central.rows(schema.remote_callback)
    place = Place("", UUID(bytes=row.visit))
    assert OpeningKey.from_secret(file.read_bytes()).open(row.sealed, place) == "13804712600"
    assert b"13804712600" not in b"".join(one.signed for one in line.kept())


# --- the same again --------------------------------------------------------------------------


def test_the_same_again_is_the_same_rating(line: Line) -> None:
    first = line.rate(2, reference="c", comment="慢")
    again = line.rate(2, reference="c", comment="慢")
    assert (first.status_code, again.status_code) == (201, 200)
    assert again.json() == {**first.json(), "repeated": True}
    assert len(line.kept()) == len(line.counted()) == 1


@pytest.mark.parametrize(
    "other", [{"level": {"platform": 5}}, {"comment": "x"}, {"tags": [207]}, {"window": "13"}]
)
def test_another_word_on_the_same_service_is_refused_and_the_first_stays(
    line: Line, other: dict[str, Any]
) -> None:
    line.rate(2, reference="c", window="12")
    answer = line.rate(**{"level": {"platform": 2}, "reference": "c", "window": "12", **other})
    assert answer_of(answer) == (409, "already-rated")
    assert [row.platform_level for row in line.counted()] == [2]


def test_of_one_service_one_staff_member_is_rated(line: Line) -> None:
    line.rate(reference="c", code="1001")
    assert answer_of(line.rate(reference="c", code="1002")) == (409, "already-rated")


def test_two_channels_may_use_the_same_reference(central: RunningCentral, line: Line) -> None:
    other = Line(central, Channel.SMS)
    codes = {
        line.rate(reference="c").json()["receipt"],
        other.rate(reference="c").json()["receipt"],
    }
    assert len(codes) == 2


def test_a_new_key_knows_the_references_of_the_old_one(line: Line) -> None:
    line.rate(reference="c")
    line.key = line.make_key()
    assert line.rate(reference="c").status_code == 200


def test_nobody_can_work_out_a_receipt_code_from_a_reference(line: Line) -> None:
    """Nor from the visit's id, which readers and logs are told."""
    receipt = line.rate(reference="c").json()["receipt"]
    visit = line.signed()[0].visit
    assert receipt != receipt_code(visit)
    assert (visit.version, visit.variant) == (8, uuid.RFC_4122)
    assert line.rate(reference="c").json()["receipt"] == receipt
    more = line.rate(reference="c", subject="matter", code=MATTER)
    assert more.json()["receipt"] == receipt, "the whole visit has one"


def test_a_repeat_after_the_staff_member_has_gone_is_still_known(
    own_central: RunningCentral,
) -> None:
    line = Line(own_central)
    line.rate(reference="c", code="1002")
    table = schema.staff_member
    with own_central.database.writing() as connection:
        connection.execute(table.delete().where(table.c.number == "1002"))
    assert line.rate(reference="c", code="1002").status_code == 200
    assert line.rate(reference="d", code="1002").status_code == 400


def test_at_most_twenty_matters_of_one_service(own_central: RunningCentral) -> None:
    line = Line(own_central)
    codes = [f"{MATTER[:-2]}{number:02}" for number in range(40, 61)]
    rows = [{"hall": HALL, "code": code, "name": "事项"} for code in codes]
    with own_central.database.writing() as connection:
        connection.execute(schema.matter.insert(), rows)
    said = [line.rate(reference="c", subject="matter", code=code).status_code for code in codes]
    assert said == [201] * 20 + [400]


# --- follow-up -------------------------------------------------------------------------------


def test_a_follow_up_is_kept_once_beside_the_first(line: Line) -> None:
    line.rate(1, reference="c", window="12")
    follow = {"reference": "c", "follow_up": True}
    assert answer_of(line.rate(5, **follow)) == (201, "follow_up")
    assert answer_of(line.rate(5, **follow)) == (200, "follow_up")
    assert answer_of(line.rate(4, **follow)) == (409, "already-rated")
    assert [row.platform_level for row in line.counted()] == [1]
    first, second = line.signed()
    assert (second.follows_up, second.visit, second.window) == (True, first.visit, "12")


def test_there_is_no_follow_up_without_a_first(line: Line) -> None:
    assert answer_of(line.rate(follow_up=True)) == (409, "not-rated")


def test_a_follow_up_comes_within_its_period(central: RunningCentral, line: Line) -> None:
    line.rate(reference="c")
    table = schema.rating
    with central.database.writing() as connection:
        old = {"corrected_ms": now_ms() - 31 * 86_400_000}
        remote_id = line.kept()[0].id
        connection.execute(table.update().where(table.c.remote_id == remote_id).values(old))
    assert answer_of(line.rate(reference="c", follow_up=True)) == (410, "too-late")


# --- what is not told ------------------------------------------------------------------------


def test_the_answer_tells_no_level(device: Device, line: Line) -> None:
    visit = device.write_visit(Level.VERY_DISSATISFIED)
    device.send()
    answer = line.rate(5, visit=str(visit), device=device.name)
    assert answer.json().keys() == {"receipt", "standing", "repeated"}


def test_a_get_of_the_same_address_is_still_the_readers(
    central: RunningCentral, line: Line
) -> None:
    assert "ratings" in central.ask("/v1/ratings")
    answer = requests.get(
        f"{central.url}/v1/ratings", headers={"Authorization": f"Bearer {line.key}"}, timeout=20
    )
    assert answer.status_code == 401
