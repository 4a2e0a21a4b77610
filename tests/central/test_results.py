"""What readers see of ratings from elsewhere: one counts, the other is told beside it."""

import json
import re
from collections import Counter
from collections.abc import Callable
from typing import Any, NamedTuple

import pytest
import requests
from central_rig import MATTER, Device, RunningCentral, problem_code
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from results_rig import HALL, Visit, way, without_device
from sqlalchemy import update

from central import remote_ratings, schema
from central.remote_ratings import Given, Place
from protocol.levels import Level
from protocol.phone import receipt_code
from protocol.records import Outcome
from protocol.subjects import Channel, Subject

NewDevice = Callable[..., Device]
SCREEN, PHONE = Level.VERY_SATISFIED, Level.DISSATISFIED


def listed(device: Device, **asked: Any) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = device.place.ask(
        "/v1/ratings", **{"device": device.name, **asked}
    )["ratings"]
    return found


def counts(device: Device, by: str, **asked: Any) -> dict[Any, dict[str, Any]]:
    found = device.place.ask("/v1/counts", by=by, **{"device": device.name, **asked})
    return {row["key"]: row for row in found["counts"]}


def levels(row: dict[str, Any]) -> dict[int, int]:
    return {one["platform"]: one["count"] for one in row["levels"] if one["count"]}


def played(device: Device, *, tapped: int | None, phoned: int | None, last: str) -> Visit:
    """A visit rated on the screen and by phone; ``last`` of the two comes in after the other."""
    visit = Visit(device)
    visit.opens()
    visit.arrives(1)
    if phoned is not None and last == "screen":
        visit.phones(0, PHONE, phoned)
    if tapped is not None:
        visit.taps(0, SCREEN, tapped, at=60_000)
    visit.closes(Outcome.RATED if tapped else Outcome.TIMED_OUT)
    visit.arrives(60_001)
    if phoned is not None and last == "phone":
        visit.phones(0, PHONE, phoned)
    return visit


# --- the one that counts -----------------------------------------------------------------------


@pytest.mark.parametrize("last", ["screen", "phone"])
@pytest.mark.parametrize(("tapped", "phoned"), [(5_000, 90_000), (9_000, 5_000), (5_000, 9_000)])
def test_the_one_given_first_is_counted_and_the_other_told_beside(
    device: Device, tapped: int, phoned: int, last: str
) -> None:
    played(device, tapped=tapped, phoned=phoned, last=last)
    (row,) = counts(device, "staff").values()
    first = SCREEN if tapped <= phoned else PHONE
    assert levels(row) == {int(first): 1}
    assert (row["total"], row["later"], row["uncredited"]) == (1, 1, 0)
    assert row["average_points"] == first.points


@pytest.mark.parametrize("last", ["screen", "phone"])
@pytest.mark.parametrize(("tapped", "phoned"), [(5_000, 9_000), (9_000, 5_000)])
def test_a_reader_who_pages_along_ends_with_what_counts(
    device: Device, tapped: int, phoned: int, last: str
) -> None:
    copy = Copy(device)
    visit = Visit(device)
    visit.opens()
    if last == "screen":
        visit.arrives(1)
        visit.phones(0, PHONE, phoned)
        copy.reads_on()
        assert copy.counted() == [int(PHONE)]
    visit.taps(0, SCREEN, tapped, at=60_000)
    visit.arrives(60_000)
    copy.reads_on()
    if last == "phone":
        visit.phones(0, PHONE, phoned)
        copy.reads_on()
    assert copy.counted() == [int(SCREEN if tapped < phoned else PHONE)]
    here = {one["origin"]: one for one in listed(device)}
    assert here["screen"]["displaces"] == here["device_code"]["id"]
    assert here["device_code"]["displaces"] == here["screen"]["id"]
    assert [one["counted"] for one in here.values()].count(True) == 1


class Copy:
    """A reader's own copy of the list, corrected by nothing but the pages that follow."""

    def __init__(self, device: Device) -> None:
        self.device, self.next = device, 0
        self.held: dict[int, dict[str, Any]] = {}

    def reads_on(self) -> None:
        asked = {"device": self.device.name, "after": self.next}
        page = self.device.place.ask("/v1/ratings", **asked)
        for one in page["ratings"]:
            self.held[one["id"]] = one
            if one["displaces"] in self.held:
                self.held[one["displaces"]]["counted"] = not one["counted"]
        self.next = page["next"]

    def counted(self) -> list[int]:
        return [one["level"]["platform"] for one in self.held.values() if one["counted"]]


def test_what_is_bound_to_a_frozen_devices_visit_is_told_without_credit(device: Device) -> None:
    played(device, tapped=5_000, phoned=9_000, last="phone")
    visit = Visit(device)
    visit.phones(0, PHONE, 1_000)
    table = schema.device
    with device.place.database.writing() as connection:
        frozen = update(table).where(table.c.name == device.name).values(frozen_ms=1)
        connection.execute(frozen)
    visit.opens()
    visit.taps(0, SCREEN, 2_000, at=3_000)
    visit.arrives(4_000)
    (row,) = counts(device, "staff").values()
    assert (row["total"], row["uncredited"], row["later"]) == (1, 1, 2)
    assert [one["credited"] for one in listed(device)] == [True, True, False, False]


# --- where there is no device --------------------------------------------------------------------


def test_a_printed_code_counts_for_its_hall_window_and_staff(own_central: RunningCentral) -> None:
    visit, _ = without_device(own_central, Given(Subject.STAFF, PHONE, code="1001", comment="慢"))
    (one,) = own_central.ask("/v1/ratings")["ratings"]
    assert (one["device"], one["device_ms"], one["visit_outcome"]) == (None, None, None)
    assert (one["hall"], one["window"], one["window_code"]) == (HALL, "12", "W12")
    assert (one["serving_staff"], one["visit"]) == ("1001", str(visit))
    assert (one["origin"], one["system"], one["comment"]) == ("window_code", None, "慢")
    assert (one["counted"], one["displaces"], one["follow_up"]) == (True, None, None)
    assert (one["corrected_by"], one["given_ms"]) == ("central", one["corrected_ms"])
    device = Device(own_central).enrol()
    device.write_visit(Level.VERY_SATISFIED)
    device.send()
    ask = own_central.ask
    for by in ("staff", "window"):
        (row,) = ask("/v1/counts", by=by)["counts"]
        assert (row["hall"], row["total"], row["visits"]) == (HALL, 2, {"rated": 1})
    assert [row["key"] for row in ask("/v1/counts", by="device")["counts"]] == [device.name]
    for asked in ({"hall": HALL}, {"window": "12"}, {"window": "W12"}, {"staff": "1001"}):
        assert len(ask("/v1/ratings", **asked)["ratings"]) == 2
        assert sum(row["total"] for row in ask("/v1/counts", by="day", **asked)["counts"]) == 2
    for asked in ({"hall": "x"}, {"window": "13"}, {"window": "W13"}):
        assert ask("/v1/ratings", **asked)["ratings"] == []


def test_a_rating_without_a_window_is_told_as_such(own_central: RunningCentral) -> None:
    without_device(own_central, Given(Subject.HALL, PHONE, code=HALL), window="", staff="")
    (row,) = own_central.ask("/v1/counts", by="window")["counts"]
    assert (row["hall"], row["window_code"], row["key"], row["total"]) == (HALL, None, None, 1)
    (row,) = own_central.ask("/v1/counts", by="hall")["counts"]
    assert (row["key"], row["total"]) == (HALL, 1)


def test_counts_by_origin_and_channel_tell_every_way_apart(own_central: RunningCentral) -> None:
    device = Device(own_central).enrol()
    played(device, tapped=5_000, phoned=None, last="phone")
    played(device, tapped=None, phoned=9_000, last="phone")
    hotline = way(Channel.OTHER_TERMINAL, "12345")
    visit = Visit(device)
    visit.opens()
    visit.arrives(1)
    visit.phones(1, PHONE, 5_000, through=hotline)
    staff = Given(Subject.STAFF, SCREEN, code="1001")
    without_device(own_central, staff)
    without_device(own_central, staff, through=hotline)
    without_device(own_central, staff, through=way(Channel.SMS, "screen"))  # so it is called
    ask = own_central.ask
    rows = ask("/v1/counts", by="origin")["counts"]
    assert [(row["origin"], row["key"], row["total"]) for row in rows] == [
        ("device_code", "device_code", 1),
        ("screen", "screen", 1),
        ("system", "12345", 2),
        ("system", "screen", 1),
        ("window_code", "window_code", 1),
    ]
    rows = ask("/v1/counts", by="channel")["counts"]
    assert [(row["key"], row["total"]) for row in rows] == [("3", 2), ("4", 1), ("5", 2), ("7", 1)]

    def totals(**asked: Any) -> tuple[int, int]:
        counted = sum(row["total"] for row in ask("/v1/counts", by="level", **asked)["counts"])
        return counted, len(ask("/v1/ratings", **asked)["ratings"])

    assert totals(origin="screen") == (1, 1)
    assert totals(origin="device_code") == (1, 1)
    assert totals(origin="window_code") == (1, 1)
    assert totals(origin="system") == (3, 3)
    assert totals(system="12345") == (2, 2)
    assert totals(system="12345", staff="1001") == (1, 1)
    assert totals(channel=7) == (1, 1)
    assert totals(channel=1) == (0, 0)
    (row,) = ask("/v1/counts", by="window", origin="screen")["counts"]
    assert "visits" not in row


@pytest.mark.parametrize("asked", ["origin=remote", "origin=", "channel=0", "channel=8"])
@pytest.mark.parametrize("path", ["ratings?", "counts?by=staff&"])
def test_what_is_no_origin_or_channel_is_refused(
    central: RunningCentral, path: str, asked: str
) -> None:
    headers = {"Authorization": f"Bearer {central.reader}"}
    answer = requests.get(f"{central.url}/v1/{path}{asked}", headers=headers, timeout=20)
    assert (answer.status_code, problem_code(answer)) == (400, "invalid")


# --- the list ------------------------------------------------------------------------------------


def test_the_list_shows_comment_tags_and_follow_up_and_no_receipt_code(device: Device) -> None:
    visit = Visit(device)
    visit.opens()
    visit.arrives(1)
    visit.phones(0, PHONE, 5_000, tags=(301,), comment='<b>等了很久</b>"')
    visit.phones(1, Level.SATISFIED, 5_000)
    visit.follows_up(0, Level.SATISFIED, 90_000, comment="后来好了")
    staff, matter = listed(device)
    assert (staff["comment"], staff["tags"]) == ('<b>等了很久</b>"', [301])
    assert staff["follow_up"] == {
        "level": {"platform": 4, "gbt39046": 2, "points": 8, "name": "satisfied"},
        "tags": [],
        "comment": "后来好了",
        "received_ms": visit.begun_ms + 90_000,
    }
    assert (matter["cases"], matter["follow_up"]) == (["A-1"], None)
    assert staff["level"]["platform"] == int(PHONE), "the first one stays as it was"
    assert (
        counts(device, "staff")["1001"]["total"],
        counts(device, "matter")[MATTER]["total"],
    ) == (
        1,
        1,
    )
    told = json.dumps(listed(device)) + json.dumps(device.place.ask("/v1/devices"))
    assert receipt_code(visit.visit) not in told


def test_a_follow_up_of_a_printed_code_stands_with_its_rating(own_central: RunningCentral) -> None:
    one = Given(Subject.STAFF, PHONE, code="1001")
    visit, _ = without_device(own_central, one)
    without_device(own_central, one)
    with own_central.database.writing() as connection:
        later = Given(Subject.STAFF, SCREEN, code="1001")
        key, place = own_central.central.key, Place(HALL, visit)
        remote_ratings.follow_up(connection, key, place, way(), later, 5)
    found = own_central.ask("/v1/ratings")["ratings"]
    assert [one["follow_up"] and one["follow_up"]["received_ms"] for one in found] == [5, None]


def test_a_rating_that_is_bound_late_comes_to_whoever_pages_along(device: Device) -> None:
    copy = Copy(device)
    visit = Visit(device)
    visit.phones(0, PHONE, 5_000)
    device.write_visit()
    device.send()
    visit.sent = device.head
    copy.reads_on()
    assert copy.counted() == [5]
    visit.opens()
    visit.arrives(90_000)
    copy.reads_on()
    assert copy.counted() == [5, int(PHONE)]


# --- any mix, in any order -----------------------------------------------------------------------


class Deed(NamedTuple):
    """One subject of a visit rated in one way."""

    visit: int
    question: int
    way: str
    level: Level
    given: int
    """Moments after the visit began, never the same for two."""


LEVELS = st.sampled_from(list(Level))
WAYS = st.sampled_from(["screen", "phone"])


@st.composite
def stories(draw: st.DrawFn) -> tuple[list[Deed], list[str]]:
    """Deeds, and in which order records and phones come in: for each visit one letter a time."""
    keys = st.tuples(st.integers(0, 2), st.integers(0, 1), WAYS)
    chosen = draw(st.lists(keys, unique=True, max_size=10))
    moments = draw(st.permutations(range(1, len(chosen) + 1)))
    deeds = [
        Deed(*key, draw(LEVELS), 1_000 * moment)
        for key, moment in zip(chosen, moments, strict=True)
    ]
    order = draw(st.permutations([*range(len(deeds)), "opened 0", "opened 1", "opened 2"]))
    return deeds, [str(one) for one in order]


@settings(
    max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(stories())
def test_each_subject_that_was_rated_is_counted_once_and_as_the_model_says(
    new_device: NewDevice, story: tuple[list[Deed], list[str]]
) -> None:
    deeds, order = story
    device = new_device()
    copy = Copy(device)
    visits = [Visit(device) for _ in range(3)]
    at = 100_000
    for step in order:
        at += 1
        if step.startswith("opened"):
            one = visits[int(step[-1])]
            one.opens()
        else:
            deed = deeds[int(step)]
            one = visits[deed.visit]
            if deed.way == "phone":
                # Central receives it when it is given: the rest of the world is late.
                one.phones(deed.question, deed.level, deed.given)
                continue
            one.taps(deed.question, deed.level, deed.given, at)
        one.sent = device.head - 1
        one.arrives(at)
        copy.reads_on()
    copy.reads_on()

    first: dict[tuple[int, int], Deed] = {}
    for deed in deeds:
        key = (deed.visit, deed.question)
        first[key] = min(first.get(key, deed), deed, key=lambda one: one.given)
    for by, question in (("staff", 0), ("matter", 1)):
        model = Counter(int(one.level) for one in first.values() if one.question == question)
        rows = counts(device, by)
        found = sum((Counter(levels(row)) for row in rows.values()), Counter())
        assert found == model
        assert sum(row["total"] for row in rows.values()) == model.total()
        later = sum(1 for one in deeds if one.question == question) - model.total()
        assert sum(row["later"] for row in rows.values()) == later
    for by in ("window", "device", "day", "origin", "channel", "level"):
        assert sum(row["total"] for row in counts(device, by).values()) == len(first)
    by_origin = counts(device, "origin")
    for name, origin in (("screen", "screen"), ("phone", "device_code")):
        told = by_origin[origin]["total"] if origin in by_origin else 0
        assert told == sum(one.way == name for one in first.values())
    assert sorted(copy.counted()) == sorted(int(one.level) for one in first.values())


# --- visits rated by phone alone -----------------------------------------------------------------


def service(device: Device, by: str = "staff") -> dict[str, Any]:
    (row,) = device.place.ask("/v1/service", by=by, device=device.name)["service"]
    return dict(row)


def test_a_visit_that_ran_out_on_the_device_is_rated_if_the_phone_did(device: Device) -> None:
    played(device, tapped=5_000, phoned=None, last="phone")
    played(device, tapped=5_000, phoned=9_000, last="phone")
    played(device, tapped=None, phoned=9_000, last="phone")
    played(device, tapped=None, phoned=None, last="phone")
    row = service(device)
    assert (row["rated"], row["timed_out"], row["by_phone"], row["ended"]) == (2, 2, 1, 4)
    assert row["rated_share"] == 0.75
    for by in ("window", "day", "device", "hall"):
        assert service(device, by)["by_phone"] == 1
    for by in ("staff", "window", "day", "device"):
        (row,) = counts(device, by).values()
        assert row["visits"] == {"rated": 2, "timed_out": 2}
        assert row["visits_by_phone"] == 1


@pytest.mark.parametrize(("phoned", "by_phone"), [(9_000, 0), (3_000, 1)])
def test_a_phone_that_came_later_makes_no_visit_rated_by_phone(
    device: Device, phoned: int, by_phone: int
) -> None:
    visit = Visit(device)
    visit.opens()
    visit.taps(0, SCREEN, 5_000, at=6_000)
    visit.closes(Outcome.DEVICE_FAULT)
    visit.arrives(7_000)
    visit.phones(0, PHONE, phoned)
    visit.follows_up(0, SCREEN, 90_000)
    row = service(device)
    assert (row["device_fault"], row["by_phone"]) == (1, by_phone)


def test_two_subjects_by_phone_are_one_visit(device: Device) -> None:
    visit = played(device, tapped=None, phoned=9_000, last="phone")
    visit.phones(1, PHONE, 10_000)
    visit.follows_up(0, SCREEN, 90_000)
    assert service(device)["by_phone"] == 1


def test_a_cancelled_visit_stays_cancelled_although_it_was_rated_by_phone(device: Device) -> None:
    visit = Visit(device)
    visit.opens()
    visit.closes(Outcome.CANCELLED, reason="叫错号")
    visit.arrives(1)
    visit.phones(0, PHONE, 5_000)
    row = service(device)
    assert (row["cancelled"], row["by_phone"]) == (1, 1)
    assert (row["cancelled_share"], row["rated_share"]) == (1.0, 1.0)


def test_a_visit_whose_end_is_not_in_yet_is_in_no_share(device: Device) -> None:
    visit = Visit(device)
    visit.opens()
    visit.arrives(1)
    visit.phones(0, PHONE, 5_000)
    row = service(device)
    assert (row["open"], row["by_phone"], row["rated_share"]) == (1, 0, None)
    visit.closes(Outcome.TIMED_OUT)
    visit.arrives(60_001)
    row = service(device)
    assert (row["open"], row["by_phone"], row["rated_share"]) == (0, 1, 1.0)


def test_no_level_is_told_with_service(device: Device) -> None:
    played(device, tapped=None, phoned=9_000, last="phone")
    assert not re.search("level|satisf|point|tag", json.dumps(service(device)))
