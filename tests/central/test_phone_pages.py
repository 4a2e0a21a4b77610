"""The page behind the device's code: rate now, rated before, and every reason why not."""

import logging
import re
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any
from uuid import UUID, uuid4

import msgspec
import pytest
import requests
from central_rig import MATTER, Device, MakeDatabase, RunningCentral, running
from phone_rig import Page, Phone, token_of

from central import devices, schema, sealing
from central.phone import paper, visit_codes, visits
from central.phone.questionnaire import Answer, Answers, Asked
from central.phone.wording import words
from central.remote_ratings import Origin
from central.settings import Phone as PhoneSettings
from protocol.keys import SigningKey
from protocol.levels import Level
from protocol.phone import receipt_code
from protocol.questions import Asks, Question
from protocol.records import (
    ClockQuality,
    InvitedBy,
    MatterHandled,
    Outcome,
    Rating,
    VisitClosed,
    VisitOpened,
)
from protocol.remote import verify
from protocol.sealing import OpeningKey, Place
from protocol.subjects import Channel, Subject

BOTH = Asks(staff=1, matters=1)


@pytest.fixture(scope="module")
def hall(
    make_database: MakeDatabase, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[RunningCentral]:
    """A central that takes answers from whoever is quick."""
    with running(tmp_path_factory.mktemp("central"), make_database()) as place:
        settings = PhoneSettings(quickest_seconds=0, ratings_per_hour=100_000)
        place.central.settings = msgspec.structs.replace(place.central.settings, phone=settings)
        sealing.ensure_key(place.database, place.central.settings.sealing_key_file, 1)
        yield place


@pytest.fixture
def device(hall: RunningCentral) -> Device:
    return Device(hall).enrol()


@pytest.fixture
def phone(hall: RunningCentral) -> Phone:
    return Phone(hall)


def open_visit(device: Device, *, matter: bool = True, visit: UUID | None = None) -> UUID:
    """A visit that has begun and that central knows of once the device has sent it."""
    visit = visit or uuid4()
    cases = ("150102200001010068", "150102200001010069")
    handled = (MatterHandled(MATTER, finished=True, cases=cases),) if matter else ()
    device.write(
        VisitOpened,
        visit=visit,
        invited_by=InvitedBy.STAFF,
        window="12",
        staff="1001",
        matters=handled,
    )
    return visit


def rate_on_screen(device: Device, visit: UUID, subject: Subject, level: Level) -> None:
    code = "1001" if subject is Subject.STAFF else MATTER
    device.write(Rating, visit=visit, subject=subject, code=code, level=level, tapped_ms=1)


def ratings(device: Device, visit: UUID) -> dict[tuple[str, str], tuple[int, bool]]:
    """Level and whether it counts, by subject and where it was given."""
    table = schema.rating
    return {
        (row.subject, row.origin): (row.platform_level, row.counted)
        for row in device.place.rows(table, table.c.visit == visit.bytes)
    }


def remotes(device: Device, visit: UUID) -> list[object]:
    table = schema.remote_rating
    return device.place.rows(table, table.c.visit == visit.bytes)


def in_two_groups(code: str) -> str:
    return f"{code[:4]} {code[4:]}"


# --- rating -----------------------------------------------------------------------------------


def test_a_visit_is_rated_by_phone_question_by_question(device: Device, phone: Phone) -> None:
    visit = open_visit(device)
    device.send()
    page = phone.open("/R/" + token_of(device, visit, asks=BOTH))
    assert page.status == 200
    assert page.title == "How was the service from our staff?"
    assert "Question 1 of 2" in page.text
    assert "Staff No. 1001" in page.text
    page = phone.press(page, "level:4")
    assert "Satisfied" in page.text
    page = phone.press(page, "next", tags=(411,))
    assert page.title == "How was the matter handled?"
    assert "社会保障卡申领" in page.text
    assert "1501****0068" in page.text
    assert "2 cases" in page.text
    assert "150102200001010068" not in page.text
    page = phone.press(page, "level:2")
    page = phone.press(
        page, "send", tags=(209, 214), comment="Two hours\r\n<b>&amp;", number="138 0013 8000"
    )
    assert page.title == "Received. Thank you."
    assert in_two_groups(receipt_code(visit)) in page.text
    assert page.text.count("Counted") == 2
    assert ratings(device, visit) == {
        ("staff", "remote"): (4, True),
        ("matter", "remote"): (2, True),
    }
    staff, matter = remotes(device, visit)
    signed = verify(matter.signed, device.place.central.key.public)
    assert (signed.code, signed.level, signed.tags) == (MATTER, 2, (209, 214))
    assert signed.comment == "Two hours\n<b>&amp;"
    assert signed.channel is Channel.QR
    assert signed.language == "en"
    assert verify(staff.signed, device.place.central.key.public).comment == ""


def test_a_number_is_sealed_and_stands_nowhere_in_the_open(device: Device, phone: Phone) -> None:
    visit = open_visit(device, matter=False)
    device.send()
    page = phone.open("/R/" + token_of(device, visit))
    phone.rate(page, 1, number="+86 138-0013-8000")
    table = schema.remote_callback
    (row,) = device.place.rows(table, table.c.visit == visit.bytes)
    key = sealing.read_key(device.place.central.settings.sealing_key_file)
    assert isinstance(key, OpeningKey)
    assert key.open(row.sealed, Place(device.name, visit)) == "13800138000"


def test_nothing_is_kept_before_it_is_sent(device: Device, phone: Phone) -> None:
    visit = open_visit(device)
    device.send()
    page = phone.open("/R/" + token_of(device, visit, asks=BOTH))
    for key in ("level:1", "next", "level:5", "change", "level:4", "lang:ko", "back"):
        page = phone.press(page, key)
        assert not remotes(device, visit)


def test_a_level_can_be_changed_and_its_tags_go_with_it(device: Device, phone: Phone) -> None:
    visit = open_visit(device, matter=False)
    device.send()
    page = phone.press(phone.open("/R/" + token_of(device, visit)), "level:1")
    page = phone.press(page, "change", tags=(115,))
    assert [key for key in page.keys if key.startswith("level:")] == [
        f"level:{level}" for level in (5, 4, 3, 2, 1)
    ]
    page = phone.press(phone.press(page, "level:5"), "send", tags=(517,))
    assert page.status == 200
    (row,) = remotes(device, visit)
    assert (row.platform_level, row.tags) == (5, "517")


def test_a_subject_may_be_left_out_and_rated_later(device: Device, phone: Phone) -> None:
    visit = open_visit(device)
    device.send()
    path = "/R/" + token_of(device, visit, asks=BOTH)
    page = phone.press(phone.open(path), "skip")
    page = phone.rate(page, 3)
    assert page.title == "Received. Thank you."
    assert ratings(device, visit) == {("matter", "remote"): (3, True)}
    page = phone.open(path)
    assert "Already rated in this visit: 1." in page.text
    assert page.title == "How was the service from our staff?"
    assert "Question" not in page.text
    phone.rate(page, 5)
    assert ratings(device, visit)["staff", "remote"] == (5, True)


def test_leaving_out_the_last_one_leads_back_to_what_was_rated(
    device: Device, phone: Phone
) -> None:
    visit = open_visit(device)
    device.send()
    page = phone.press(phone.open("/R/" + token_of(device, visit, asks=BOTH)), "level:2")
    page = phone.press(phone.press(page, "next", tags=(214,)), "skip")
    assert "Dissatisfied" in page.text
    assert ("t0", "214") in page.fields
    page = phone.press(page, "send", comment="Curt")
    assert ratings(device, visit) == {("staff", "remote"): (2, True)}


def test_leaving_out_everything_is_said_to_be_nothing(device: Device, phone: Phone) -> None:
    visit = open_visit(device)
    device.send()
    page = phone.press(phone.open("/R/" + token_of(device, visit, asks=BOTH)), "skip")
    page = phone.press(page, "skip")
    assert page.status == 422
    assert "Nothing has been rated yet" in page.text
    assert not remotes(device, visit)


@pytest.mark.parametrize("outcome", [Outcome.CANCELLED, Outcome.DECLINED, Outcome.TIMED_OUT])
def test_a_visit_that_was_cancelled_or_declined_on_the_device_can_be_rated(
    device: Device, phone: Phone, outcome: Outcome
) -> None:
    visit = open_visit(device, matter=False)
    reason = "mistake" if outcome is Outcome.CANCELLED else ""
    device.write(VisitClosed, visit=visit, outcome=outcome, reason=reason, asked=1, rated=0)
    device.send()
    assert phone.rate(phone.open("/R/" + token_of(device, visit)), 1).status == 200
    assert ratings(device, visit) == {("staff", "remote"): (1, True)}


# --- once -------------------------------------------------------------------------------------


def test_sending_twice_is_one_rating_and_shows_the_receipt_again(
    device: Device, phone: Phone
) -> None:
    visit = open_visit(device, matter=False)
    device.send()
    path = "/R/" + token_of(device, visit)
    reasons = phone.press(phone.open(path), "level:4")
    first = phone.press(reasons, "send", comment="one")
    again = phone.press(reasons, "send", comment="two")
    assert first.title == "Received. Thank you."
    assert again.title == phone.open(path).title == "You have rated already"
    assert in_two_groups(receipt_code(visit)) in again.text
    (row,) = remotes(device, visit)
    assert row.comment == "one"


def test_what_was_rated_on_the_screen_is_not_asked_again(device: Device, phone: Phone) -> None:
    visit = open_visit(device)
    rate_on_screen(device, visit, Subject.STAFF, Level.SATISFIED)
    device.send()
    path = "/R/" + token_of(device, visit, asks=BOTH)
    page = phone.open(path)
    assert page.title == "How was the matter handled?"
    assert "Already rated in this visit: 1." in page.text
    rate_on_screen(device, visit, Subject.MATTER, Level.DISSATISFIED)
    device.send()
    page = phone.open(path)
    assert page.title == "You have rated already"
    assert page.text.count("Rated on the screen; counted") == 2
    assert "Dissatisfied" not in page.text
    assert 'action="/C"' in page.text


def test_what_the_screen_rated_while_the_page_was_open_is_kept_beside_it(
    device: Device, phone: Phone
) -> None:
    visit = open_visit(device)
    device.send()
    page = phone.open("/R/" + token_of(device, visit, asks=BOTH))
    page = phone.press(phone.press(page, "level:1"), "next")
    rate_on_screen(device, visit, Subject.STAFF, Level.VERY_SATISFIED)
    device.send()
    page = phone.press(phone.press(page, "level:3"), "send")
    assert page.title == "Received. Thank you."
    assert ratings(device, visit) == {
        ("staff", "screen"): (5, True),
        ("staff", "remote"): (1, False),
        ("matter", "remote"): (3, True),
    }
    assert "Your rating on the screen came first and counts" in page.text


def test_central_asks_by_the_token_what_it_does_not_know_and_binds_it_later(
    device: Device, phone: Phone
) -> None:
    visit = open_visit(device)
    path = "/R/" + token_of(device, visit, asks=BOTH)
    page = phone.open(path)
    assert "Question 1 of 2" in page.text
    page = phone.press(phone.press(page, "level:2"), "next")
    assert "Your matter" in page.text
    page = phone.press(phone.press(page, "level:5"), "send", comment="late")
    assert page.text.count("counted once the window&#x27;s device reports the visit") == 2
    assert not ratings(device, visit)
    device.send()
    assert ratings(device, visit) == {
        ("staff", "remote"): (2, True),
        ("matter", "remote"): (5, True),
    }
    assert phone.open(path).text.count("Counted") == 2


def test_the_visit_may_come_in_while_the_page_is_open(device: Device, phone: Phone) -> None:
    visit = open_visit(device)
    page = phone.press(phone.open("/R/" + token_of(device, visit, asks=BOTH)), "level:2")
    page = phone.press(page, "next", tags=(214,))
    device.send()
    page = phone.press(phone.press(page, "level:4"), "send")
    assert page.text.count("Counted") == 2
    assert ratings(device, visit)["staff", "remote"] == (2, True)
    assert {row.tags for row in remotes(device, visit)} == {"214", ""}


def test_what_waits_too_long_for_its_visit_is_shown_as_unbound(
    device: Device, phone: Phone
) -> None:
    visit = uuid4()
    path = "/R/" + token_of(device, visit)
    phone.rate(phone.open(path), 4)
    table = schema.remote_rating
    with device.place.database.writing() as connection:
        connection.execute(
            table.update().where(table.c.visit == visit.bytes).values(received_ms=1_000)
        )
    assert "has never reported this visit; not counted" in phone.open(path).text


def test_a_token_of_an_older_device_asks_for_the_staff_member(device: Device, phone: Phone) -> None:
    visit = open_visit(device, matter=False)
    page = phone.open("/R/" + token_of(device, visit, asks=Asks()))
    assert page.title == "How was the service from our staff?"
    phone.rate(page, 5)
    device.send()
    assert ratings(device, visit) == {("staff", "remote"): (5, True)}


def test_a_frozen_devices_citizens_are_thanked_and_told_that_it_is_looked_into(
    device: Device, phone: Phone
) -> None:
    visit = open_visit(device, matter=False)
    device.send()
    table = schema.device
    with device.place.database.writing() as connection:
        connection.execute(table.update().where(table.c.name == device.name).values(frozen_ms=1))
    page = phone.rate(phone.open("/R/" + token_of(device, visit)), 5)
    assert page.title == "Received. Thank you."
    assert "is being looked into" in page.text
    assert ">Counted<" not in page.text
    rows = device.place.rows(schema.rating, schema.rating.c.visit == visit.bytes)
    assert [(row.counted, row.credited, row.origin) for row in rows] == [
        (True, False, Origin.REMOTE.value)
    ]


# --- forms ------------------------------------------------------------------------------------


def test_whoever_is_too_quick_is_asked_once_more(device: Device, phone: Phone) -> None:
    visit = open_visit(device, matter=False)
    device.send()
    place = device.place
    settings = place.central.settings
    patient = msgspec.structs.replace(settings.phone, quickest_seconds=60)
    place.central.settings = msgspec.structs.replace(settings, phone=patient)
    try:
        page = phone.rate(phone.open("/R/" + token_of(device, visit)), 2, comment="hm")
        assert page.status == 422
        assert "look your rating over once more" in page.text
        assert page.field("comment") == "hm"
        assert not remotes(device, visit)
        assert place.refusals()["phone-too-quick"] >= 1
    finally:
        place.central.settings = settings
    assert phone.press(page, "send").title == "Received. Thank you."


def test_a_form_of_yesterday_is_shown_again_with_all_that_it_says(
    device: Device, phone: Phone, monkeypatch: pytest.MonkeyPatch
) -> None:
    visit = open_visit(device, matter=False)
    device.send()
    page = phone.press(phone.open("/R/" + token_of(device, visit, 90_000)), "level:1")
    late = time.time_ns() // 1_000_000 + 13 * 3_600_000
    with monkeypatch.context() as patched:
        patched.setattr("central.phone.visit_codes.now_ms", lambda: late)
        page = phone.press(page, "send", tags=(115,), comment="<script>")
        assert page.status == 422
        assert "open for too long" in page.text
        assert page.field("comment") == "<script>"
        assert ("t0", "115") in page.fields
        assert phone.press(page, "send").title == "Received. Thank you."
    (row,) = remotes(device, visit)
    assert (row.tags, row.comment) == ("115", "<script>")


def test_a_seal_of_another_visit_seals_nothing_here(device: Device, phone: Phone) -> None:
    visits = [open_visit(device, matter=False) for _ in range(2)]
    device.send()
    one, other = (phone.open("/R/" + token_of(device, visit)) for visit in visits)
    page = phone.post(
        other.action, {"f": one.field("f"), "l0": "1", "step": "reasons", "do": "send"}
    )
    assert page.status == 422
    assert not remotes(device, visits[1])


@pytest.mark.parametrize(
    ("typed", "words"),
    [
        ({"comment": "字" * 501}, "at most 500 characters"),
        ({"number": "12345"}, "11-digit mobile number"),
        ({"number": "1380013800x"}, "11-digit mobile number"),
    ],
)
def test_what_is_wrong_is_said_beside_what_was_typed(
    device: Device, phone: Phone, typed: dict[str, str], words: str
) -> None:
    visit = open_visit(device, matter=False)
    device.send()
    page = phone.rate(phone.open("/R/" + token_of(device, visit)), 3, **typed)
    assert page.status == 422
    assert words in page.text
    assert 'aria-invalid="true"' in page.text
    (name,) = typed
    assert f'href="#{name}"' in page.text
    assert page.field(name) == typed[name]
    assert not remotes(device, visit)


def test_five_hundred_characters_of_any_kind_are_taken(device: Device, phone: Phone) -> None:
    visit = open_visit(device, matter=False)
    device.send()
    comment = "𰻝\n" * 249 + "好's"[:2]
    page = phone.rate(phone.open("/R/" + token_of(device, visit)), 3, comment=comment)
    assert page.status == 200
    assert remotes(device, visit)[0].comment == comment


def test_who_sends_too_much_may_send_it_again_later(device: Device, hall: RunningCentral) -> None:
    settings = hall.central.settings
    strict = msgspec.structs.replace(settings.phone, ratings_per_hour=1)
    visits = [open_visit(device, matter=False) for _ in range(2)]
    device.send()
    phone = Phone(hall, address="203.0.113.99")
    hall.central.settings = msgspec.structs.replace(settings, phone=strict)
    try:
        pages = [
            phone.rate(phone.open("/R/" + token_of(device, visit)), 1, comment="mine")
            for visit in visits
        ]
    finally:
        hall.central.settings = settings
    assert [page.status for page in pages] == [200, 429]
    assert int(pages[1].headers["Retry-After"]) > 0
    assert pages[1].field("comment") == "mine"
    assert not remotes(device, visits[1])
    assert phone.press(pages[1], "send").title == "Received. Thank you."


@pytest.mark.parametrize(
    ("body", "kind", "status"),
    [
        (b"x" * 70_000, "application/x-www-form-urlencoded", 413),
        (b"&".join(b"a=%d" % n for n in range(500)), "application/x-www-form-urlencoded", 400),
        (b"{}", "application/json", 415),
        (b"--x--", "multipart/form-data; boundary=x", 415),
    ],
)
def test_what_is_no_form_gets_a_page_that_says_so(
    device: Device, phone: Phone, body: bytes, kind: str, status: int
) -> None:
    path = "/R/" + token_of(device, uuid4())
    page = phone.post(path, body, **{"Content-Type": kind})
    assert page.status == status
    assert page.title == "What was sent cannot be read"
    assert page.headers["Cache-Control"] == "no-store"


# --- where it ends ----------------------------------------------------------------------------


def test_an_altered_token_gets_a_page_of_its_own(hall: RunningCentral, device: Device) -> None:
    token = token_of(device, uuid4())
    middle = len(token) // 2
    altered = token[:middle] + ("A" if token[middle] != "A" else "B") + token[middle + 1 :]
    stranger, nobody, strange = Device(hall), Device(hall), Device(hall)
    stranger.name, nobody.name, strange.name = device.name, "nobody", "x\0y"
    wrong = (altered, token[:-4], "A", "0189", "%00", "é", "A" * 600)
    others = tuple(token_of(one, uuid4()) for one in (stranger, nobody, strange))
    phone = Phone(hall)
    for text in wrong + others:
        for page in (phone.open("/R/" + text), phone.post("/R/" + text, {"do": "send"})):
            assert page.status == 400, text
            assert page.title == "This code cannot be read"


@pytest.mark.parametrize("where", ["/R", "/R/", "/w/", "/W"])
def test_an_address_without_its_code_gets_a_page_too(hall: RunningCentral, where: str) -> None:
    answer = requests.get(hall.url + where, headers={"Accept-Language": "en"}, timeout=20)
    assert answer.status_code == 400
    assert words("en")("altered") in answer.text


def test_the_bare_host_leads_to_where_a_receipt_is_looked_up(hall: RunningCentral) -> None:
    answer = requests.get(f"{hall.url}/", timeout=20)
    assert (answer.status_code, answer.url) == (200, f"{hall.url}/C")


def test_an_expired_token_says_so(device: Device, phone: Phone) -> None:
    visit = open_visit(device)
    device.send()
    page = phone.open("/R/" + token_of(device, visit, seconds=-5))
    assert page.status == 410
    assert page.title == "This code has expired"


def test_the_period_of_a_device_without_a_date_runs_from_its_visit(
    device: Device, phone: Phone
) -> None:
    device.clock = ClockQuality.UNSYNCED
    visit = open_visit(device, matter=False)
    path = "/R/" + token_of(device, visit, seconds=0)
    assert phone.open(path).status == 200
    device.send()
    assert phone.open(path).status == 200
    table = schema.record
    month_ago = time.time_ns() // 1_000_000 - 31 * 86_400_000
    with device.place.database.writing() as connection:
        connection.execute(
            table.update().where(table.c.visit == visit.bytes).values(corrected_ms=month_ago)
        )
    assert phone.open(path).title == "This code has expired"


def test_a_retired_devices_token_says_so(device: Device, phone: Phone) -> None:
    path = "/R/" + token_of(device, uuid4())
    page = phone.press(phone.open(path), "level:3")
    with device.place.database.writing() as connection:
        devices.revoke(connection, device.name, 1)
    for ended in (phone.open(path), phone.press(page, "send")):
        assert ended.status == 410
        assert ended.title == "This rating device is no longer in use"


# --- the sheet --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("asked", "language", "words"),
    [
        ("zh-CN,zh;q=0.9", "zh-CN", "请您对工作人员的服务作出评价"),
        ("ko-KR,en;q=0.5", "ko", "직원의 서비스를 평가해 주세요"),
        ("de, en-GB;q=0.8, zh;q=0.9;x", "en", "How was the service"),
        ("ug-CN,ru;q=0.5", "en", "How was the service"),
        ("*", "zh-CN", "请您对工作人员"),
        ("", "zh-CN", "请您对工作人员"),
        ("en;q=0, ko;q=0.1", "ko", "평가해"),
        (";;;q=,,=", "zh-CN", "请您对工作人员"),
    ],
)
def test_it_speaks_the_phones_language(
    device: Device, hall: RunningCentral, asked: str, language: str, words: str
) -> None:
    page = Phone(hall, asked).open("/R/" + token_of(device, uuid4()))
    assert page.headers["Content-Language"] == language
    assert f'<html lang="{language}">' in page.text
    assert words in page.title


def test_another_language_is_a_key_and_loses_nothing(device: Device, phone: Phone) -> None:
    visit = uuid4()
    page = phone.press(phone.open("/R/" + token_of(device, visit)), "level:2")
    page = phone.press(page, "lang:ko", tags=(214,), comment="느려요")
    assert '<html lang="ko">' in page.text
    assert ("t0", "214") in page.fields
    assert page.field("comment") == "느려요"
    page = phone.press(page, "send")
    assert page.title == "평가가 접수되었습니다. 감사합니다."
    assert remotes(device, visit)[0].language == "ko"


def test_the_address_may_be_in_small_letters(device: Device, phone: Phone) -> None:
    visit = open_visit(device, matter=False)
    device.send()
    page = phone.rate(phone.open("/r/" + token_of(device, visit).lower()), 5)
    assert page.status == 200
    assert ratings(device, visit) == {("staff", "remote"): (5, True)}


def test_it_loads_nothing_but_two_files_of_its_own_and_sets_no_cookie(
    device: Device, phone: Phone
) -> None:
    page = phone.open("/R/" + token_of(device, uuid4()))
    policy = page.headers["Content-Security-Policy"]
    assert policy.startswith("default-src 'none'; ")
    assert "unsafe" not in policy
    assert page.headers["Cache-Control"] == "no-store"
    assert page.headers["Referrer-Policy"] == "no-referrer"
    assert page.headers["X-Content-Type-Options"] == "nosniff"
    assert page.headers["X-Robots-Tag"] == "noindex"
    assert page.headers["Cross-Origin-Opener-Policy"] == "same-origin"
    assert "set-cookie" not in page.headers
    assert not re.findall(r"style=|\son\w+=|<style|https?:", page.text)
    loaded = re.findall(r'(?:src|href)="(/[^"]+)"', page.text)
    assert [path.split("-")[0] for path in loaded] == ["/phone/page", "/phone/icon", "/phone/page"]
    for path in loaded:
        answer = requests.get(device.place.url + path, timeout=20)
        assert "immutable" in answer.headers["Cache-Control"]
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert requests.get(f"{device.place.url}/phone/page.css", timeout=20).status_code == 404


def test_everything_together_is_under_60_kilobytes_uncompressed(
    device: Device, hall: RunningCentral
) -> None:
    for language in ("zh-CN", "en", "ko"):
        page = Phone(hall, language).open("/R/" + token_of(device, uuid4(), asks=Asks(1, 20, 1)))
        files = sum(
            len(paper.shipped(name).content) for name in ("page.css", "page.js", "icon.svg")
        )
        heads = sum(len(name) + len(value) + 4 for name, value in page.headers.items()) * 4
        assert len(page.text.encode()) + files + heads < 60_000


def test_the_receipt_can_be_put_away(phone: Phone) -> None:
    page = phone.open("/phone/done?lang=ko")
    assert page.title == "감사합니다"
    assert page.status == 200


def test_the_receipt_tells_when_and_where_but_never_the_level(device: Device, phone: Phone) -> None:
    visit = open_visit(device, matter=False)
    device.send()
    page = phone.rate(phone.open("/R/" + token_of(device, visit)), 1)
    hour = datetime.now(UTC).strftime(":%M")
    assert "Window 12" in page.text
    assert hour in page.text or datetime.now(UTC).strftime(":%M") in page.text
    for level in ("Very satisfied", "Satisfied", "issatisfied", '#face-1"/'):
        assert level not in page.text


def test_no_token_reaches_a_log(
    device: Device, caplog: pytest.LogCaptureFixture, hall: RunningCentral
) -> None:
    token = token_of(device, uuid4())
    paths = [
        *(f"/R/{token}", f"/r/{token.lower()}", f"//r/{token}", f"/R/{token}/more"),
        *(f"/%52/{token}", f"/%2552/{token}", f"/R%2F{token}", f"/R/{token[:-3]}", f"/x/{token}"),
        *(f"/v1/records/R/{token}", f"/{token}", f"/R/{token}?t={token}", "/W/7K4M2Q9D7K4M2Q9D"),
        "/C/7K4M2Q9D",
    ]
    with caplog.at_level(logging.DEBUG):
        for path in paths:
            requests.get(hall.url + path, timeout=20)
            requests.post(
                hall.url + path, data={"code": "7K4M2Q9D", "number": "13800138000"}, timeout=20
            )
        while ours(caplog).count("\nGET ") + ours(caplog).count("\nPOST ") < 2 * len(paths):
            time.sleep(0.01)  # a request is noted after it was answered
    said = ours(caplog)
    assert "/R/-" in said
    for secret in (token[:20], token[:20].lower(), "7K4M2Q9D", "13800138000"):
        assert secret not in said


def ours(caplog: pytest.LogCaptureFixture) -> str:
    """What central has logged."""
    return "\n" + "\n".join(
        record.getMessage() for record in caplog.records if record.name.startswith("haochaping")
    )


def test_a_form_of_another_key_is_no_form(device: Device, phone: Phone) -> None:
    """Whoever makes up a seal without central's key is shown the page again."""
    from central.phone import form_seal

    visit = uuid4()
    path = "/R/" + token_of(device, visit)
    forged = form_seal.seal(SigningKey.generate(), f"visit {device.name} {visit}", 1)
    page: Page = phone.post(path, {"f": forged, "l0": "5", "step": "reasons", "do": "send"})
    assert page.status == 422
    assert not remotes(device, visit)


def test_a_comment_stays_although_its_subject_was_rated_elsewhere_at_that_moment() -> None:
    asking = (
        visits.Asking(0, Question(Subject.STAFF, "1001"), ""),
        visits.Asking(1, Question(Subject.MATTER, MATTER), "", visits.Standing.COUNTED),
    )
    nobody: Any = None
    answers = Answers(
        tuple(Answer(Asked(one.question.subject, question=one.place), Level(3)) for one in asking),
        comment="waited for long",
    )
    (given,) = visit_codes._given(visits.Visit(nobody, nobody, nobody, asking), answers)
    assert (given.subject, given.comment) == (Subject.STAFF, "waited for long")


def test_what_was_said_of_the_staff_is_never_taken_for_the_matter(
    device: Device, phone: Phone
) -> None:
    """An older device's token does not say what is asked; then its visit comes in."""
    visit = uuid4()
    device.write(
        VisitOpened,
        visit=visit,
        invited_by=InvitedBy.SYSTEM,
        window="12",
        staff="",
        matters=(MatterHandled(MATTER),),
    )
    page = phone.open("/R/" + token_of(device, visit, asks=Asks()))
    page = phone.press(page, "level:5")
    device.send()
    again = phone.press(page, "send")
    assert again.status == 422
    assert "Please look it over and submit it again" in again.text
    assert remotes(device, visit) == []
    assert phone.press(again, "send").title == "Received. Thank you."
    assert ratings(device, visit) == {("matter", "remote"): (5, True)}


def test_a_form_that_another_site_sends_is_not_taken(device: Device, phone: Phone) -> None:
    """Else whoever opens that site would rate, each with a limit of their own."""
    visit = open_visit(device, matter=False)
    device.send()
    page = phone.open("/R/" + token_of(device, visit))
    fields = {"f": page.field("f"), "l0": "1", "step": "reasons", "do": "send"}
    foreign = phone.post(page.action, fields, **{"Sec-Fetch-Site": "cross-site"})
    assert foreign.status == 403
    assert remotes(device, visit) == []
    ours = phone.post(page.action, fields, **{"Sec-Fetch-Site": "same-origin"})
    assert ours.status == 200
    assert len(remotes(device, visit)) == 1
