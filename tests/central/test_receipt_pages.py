"""Was mine counted? The pages behind ``/C``, from the code that was typed to the follow-up."""

import re
from html import unescape
from uuid import UUID, uuid4

import pytest
import requests
from central_rig import MATTER, Device, RunningCentral
from receipt_rig import (
    STAFF,
    by_phone,
    close,
    intruder,
    open_visit,
    rate,
    rated_visit,
    show,
)
from sqlalchemy import delete, update

from central import schema
from central.phone import form_seal
from central.remote_ratings import Given
from protocol.levels import Level
from protocol.phone import receipt_code
from protocol.subjects import Subject


def send(
    place: RunningCentral, visit: UUID | str, do: str = "show", **fields: str
) -> requests.Response:
    """Send the form in, as a phone without a script does."""
    code = visit if isinstance(visit, str) else receipt_code(visit)
    form = {"code": code, "lang": "en", "do": do, **fields}
    return requests.post(f"{place.url}/C", data=form, timeout=20)


def words(answer: requests.Response) -> str:
    """What stands on a page, without its marks."""
    return " ".join(unescape(re.sub(r"<[^>]*>", " ", answer.text)).split())


def hidden(answer: requests.Response) -> dict[str, str]:
    """The hidden fields of a page's form."""
    found = re.findall(r'<input type="hidden" name="([^"]*)" value="([^"]*)">', answer.text)
    return {unescape(name): unescape(value) for name, value in found}


@pytest.fixture
def visit(device: Device) -> UUID:
    """A visit that has come in."""
    visit = rated_visit(device)
    device.send()
    return visit


@pytest.fixture(autouse=True)
def a_new_hour(central: RunningCentral) -> None:
    """Forget the wrong codes of other tests: they all come from one address."""
    with central.database.writing() as connection:
        connection.execute(delete(schema.throttle))


# --- the code -------------------------------------------------------------------------------


@pytest.mark.parametrize("path", ["/C", "/c"])
def test_the_page_asks_for_the_code(central: RunningCentral, path: str) -> None:
    answer = requests.get(central.url + path, headers={"Accept-Language": "ko"}, timeout=20)
    assert answer.status_code == 200
    assert "접수 코드" in answer.text
    assert '<label for="code">' in answer.text


def test_a_true_code_leads_to_the_rating(central: RunningCentral, visit: UUID) -> None:
    code = receipt_code(visit)
    answer = send(central, f" {code[:4].lower()} {code[4:]}")
    assert answer.status_code == 200
    said = words(answer)
    for told in (
        "Stored, unchanged and counted.",
        "Staff member, number 1001",
        "社会保障卡申领",
        "Very satisfied",
        "Dissatisfied",
        "its signature was verified just now",
        "The device at the window",
        f"haochaping verify {code} --central",
    ):
        assert told in said
    assert answer.headers["Cache-Control"] == "no-store"
    assert "default-src 'none'" in answer.headers["Content-Security-Policy"]


@pytest.mark.parametrize(
    "typed", ["", "ABC", "ABCDEFGHI", "<script>", "UUUUUUUU", "评价评价评价评价"]
)
def test_what_is_no_code_is_shown_again_to_be_put_right(
    central: RunningCentral, typed: str
) -> None:
    answer = send(central, typed)
    assert answer.status_code == 400
    assert "A receipt code has 8 letters and digits" in words(answer)
    assert "<script>" not in answer.text


def test_a_code_of_nobody_is_not_found_and_says_why_that_may_be(central: RunningCentral) -> None:
    answer = send(central, receipt_code(uuid4()))
    assert answer.status_code == 404
    assert "the device may be offline" in words(answer)


def test_guessing_ends(own_central: RunningCentral) -> None:
    limit = own_central.central.settings.phone.wrong_codes_per_hour
    for _ in range(limit):
        assert send(own_central, receipt_code(uuid4())).status_code == 404
    answer = send(own_central, receipt_code(uuid4()))
    assert answer.status_code == 429
    assert int(answer.headers["Retry-After"]) > 0
    assert "Too many wrong codes" in words(answer)
    assert own_central.refusals()["receipt-unknown"] == limit


def test_two_visits_with_one_code_are_asked_apart(device: Device) -> None:
    first, second = rated_visit(device), rated_visit(device)
    device.send()
    with intruder(device.place) as connection:
        connection.execute(
            update(schema.visit)
            .where(schema.visit.c.visit == second.bytes)
            .values(receipt=receipt_code(first), window="13")
        )
    asked = send(device.place, first)
    assert asked.status_code == 409
    assert '<label for="day">' in asked.text
    never = send(device.place, first, day="2001-01-01")
    assert never.status_code == 404


@pytest.mark.parametrize("body", [b"code=%FF%00", b"=" * 10, b"", b"do=lang:xx", b"day=x&code=A"])
def test_a_form_without_a_code_asks_for_one(central: RunningCentral, body: bytes) -> None:
    headers = {"Content-Type": "application/x-www-form-urlencoded"}
    answer = requests.post(f"{central.url}/C", data=body, headers=headers, timeout=20)
    assert '<label for="code">' in answer.text


# --- what it says ---------------------------------------------------------------------------


def test_each_reason_why_a_rating_does_not_count_is_told(device: Device) -> None:
    visit = open_visit(device)
    rate(device, visit, Subject.MATTER, Level.DISSATISFIED)
    close(device, visit, 1)
    by_phone(
        device.place,
        device,
        visit,
        Given(Subject.STAFF, Level.SATISFIED, (), "<b>快</b>\n好", question=0),
        Given(Subject.MATTER, Level.SATISFIED, question=1),
    )
    waiting = words(send(device.place, visit))
    assert "Received and unchanged. It will count once the device has reported" in waiting
    assert "Not yet: waiting for the device's report" in waiting
    device.send()
    answer = send(device.place, visit)
    assert "another rating of the same subject was given first" in words(answer)
    assert "&lt;b&gt;快&lt;/b&gt;\n好" in answer.text


def test_a_frozen_devices_rating_is_under_review(device: Device) -> None:
    with device.place.database.writing() as connection:
        connection.execute(
            update(schema.device).where(schema.device.c.name == device.name).values(frozen_ms=1)
        )
    visit = rated_visit(device)
    device.send()
    assert "Under review" in words(send(device.place, visit))


@pytest.mark.parametrize(
    ("language", "told"),
    [("en", "This does not hold"), ("zh-CN", "核验不通过"), ("ko", "확인되지")],
)
def test_an_altered_rating_is_never_passed_off_as_true(
    central: RunningCentral, visit: UUID, language: str, told: str
) -> None:
    with intruder(central) as connection:
        connection.execute(
            update(schema.rating)
            .where(schema.rating.c.visit == visit.bytes, schema.rating.c.subject == "matter")
            .values(platform_level=5)
        )
    answer = send(central, visit, lang=language)
    assert told in words(answer)
    assert "12345" in words(answer)
    assert 'role="alert"' in answer.text
    assert "unchanged and counted" not in words(answer)
    assert "follow:" not in answer.text


# --- following up ---------------------------------------------------------------------------


def test_a_follow_up_is_given_once_and_the_first_rating_stays(
    central: RunningCentral, visit: UUID
) -> None:
    first = send(central, visit)
    assert first.text.count('name="do" value="follow:') == 2
    asked = send(central, visit, f"follow:matter:{MATTER}")
    assert asked.status_code == 200
    assert asked.text.count('class="level"') == 5
    rated = send(central, visit, "level:1", **without(hidden(asked)))
    fields = without(hidden(rated)) | {"t0": "108", "comment": "又跑了一趟"}
    fields["f"] = opened_long_ago(central, visit)
    done = send(central, visit, "send", **fields)
    assert "Your follow-up rating has been received" in words(done)
    assert "又跑了一趟" in words(done)
    assert done.text.count('name="do" value="follow:') == 1
    again = send(central, visit, "send", **fields)
    assert "Your follow-up rating has been received" in words(again)
    other = send(central, visit, "send", **{**fields, "l0": "5"})
    assert "nothing more was kept" in words(other)
    shown = show(central, visit)
    assert shown.wrong == set()
    assert shown.counted
    told = {(one.subject, one.standing.value): one.platform_level for one in shown.evidence.told}
    assert told["matter", "counted"] == 2
    assert told["matter", "follow-up"] == 1


def test_the_later_of_two_ratings_is_already_filled_in(
    central: RunningCentral, device: Device, visit: UUID
) -> None:
    given = Given(
        *(Subject.MATTER, Level.VERY_DISSATISFIED, (108,), "手机上写的", MATTER),
        cases=("BH-2026-0416",),
    )
    by_phone(central, device, visit, given)
    assert "Keep the later rating as the follow-up" in words(send(central, visit))
    asked = send(central, visit, f"follow:matter:{MATTER}")
    assert hidden(asked)["l0"] == "1"
    assert 'value="108" checked' in asked.text
    assert "手机上写的" in asked.text


def test_nobody_can_follow_up_what_was_not_rated(central: RunningCentral, visit: UUID) -> None:
    for about in ("hall:x", "staff:9", "x", ":", "staff:" + "1" * 500):
        answer = send(central, visit, f"follow:{about}")
        assert answer.status_code == 200
        assert "nothing more was kept" in words(answer)


def test_the_language_can_be_changed_on_the_way(central: RunningCentral, visit: UUID) -> None:
    assert 'lang="ko"' in send(central, visit, "lang:ko").text
    asked = send(central, visit, f"follow:staff:{STAFF}")
    korean = send(central, visit, "lang:ko", **without(hidden(asked)))
    assert '<html lang="ko">' in korean.text
    assert korean.text.count('class="level"') == 5


def without(fields: dict[str, str]) -> dict[str, str]:
    """The hidden fields, without those that `send` fills in."""
    return {name: value for name, value in fields.items() if name not in ("code", "lang", "do")}


def opened_long_ago(central: RunningCentral, visit: UUID) -> str:
    """A seal of a form that was read for a while before it is sent."""
    from central.service import now_ms

    purpose = f"follow-up {visit} matter:{MATTER}"
    return form_seal.seal(central.central.key, purpose, now_ms() - 60_000)
