"""A poster's code on a phone: scanned, rated, received once, and kept apart."""

import json
import logging
import threading
import time
from collections.abc import Iterator
from html.parser import HTMLParser
from itertools import count
from typing import Any

import msgspec
import pytest
import requests
from central_rig import HALL, MATTER, MakeDatabase, RunningCentral, running
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import update

from central import schema, sealing, window_codes
from central.directory import import_hall, read_hall
from central.phone import window_scan
from central.phone.window_scan import Scan
from central.phone.window_texts import TEXTS
from central.service import now_ms
from central.settings import Phone as PhoneSettings
from central.window_codes import DAY_MS
from protocol import remote
from protocol import sealing as seals
from protocol.levels import Level
from protocol.subjects import Channel

_halls = count(500)
SECOND = MATTER[:-1] + "2"


@pytest.fixture(scope="module")
def quick(make_database: MakeDatabase, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    """A central whose citizens may answer as fast as tests do."""
    with running(tmp_path_factory.mktemp("quick"), make_database()) as place:
        hurry = PhoneSettings(quickest_seconds=0, window_ratings_per_hour=1_000_000)
        place.central.settings = msgspec.structs.replace(place.central.settings, phone=hurry)
        sealing.ensure_key(place.database, place.central.settings.sealing_key_file, now_ms())
        yield place


class Poster:
    """A window of a hall of its own, with the code on its poster."""

    def __init__(
        self, place: RunningCentral, *, staff: str = "", matters: tuple[str, ...] = ()
    ) -> None:
        number = next(_halls)
        self.place, self.hall, self.window = place, f"H{number}", f"B{number}"
        text = HALL.replace('code = "210100-01"', f'code = "{self.hall}"')
        text = text.replace('"W12"', f'"A{number}"').replace('"W13"', f'"{self.window}"')
        chosen = json.dumps(list(matters))
        assigned = f'number = "13"\nassigned_staff = "{staff}"\nmatters = {chosen}'
        text = text.replace('number = "13"', assigned)
        if SECOND in matters:
            text += f'[[matters]]\ncode = "{SECOND}"\nname = "医保 <报销>"\n'
        file = place.central.settings.data / f"{self.hall}.toml"
        file.write_text(text, "utf-8")
        with place.database.writing() as connection:
            import_hall(connection, read_hall(file), file)
        self.code = self.issue()

    def issue(self, *, grace: int = 0, days: int = 9, ago_ms: int = 0) -> str:
        now = now_ms() - ago_ms
        with self.place.database.writing() as connection:
            plan = window_codes.plan(
                connection, self.hall, [self.window], now, days=days, reissue=True
            )
            window_codes.give_out(connection, plan, now, grace_days=grace)
        return plan.sheets[0].code.code

    def scan(self, **how: Any) -> "Phone":
        return Phone(self.place, f"/W/{self.code}", **how)

    def rows(self) -> list[Any]:
        table = schema.remote_rating
        return self.place.rows(table, table.c.hall == self.hall)

    def ratings(self) -> list[Any]:
        table = schema.rating
        return self.place.rows(table, table.c.hall == self.hall)


class _Page(HTMLParser):
    """What a browser knows of a page's one form: fields that are sent, keys that can be pressed."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.action, self.fields, self.keys = "", [], []  # type: ignore[var-annotated]
        self._area, self._forms = "", 0
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        said = {name: value or "" for name, value in attrs}
        checked = "checked" in said or said.get("type") not in ("checkbox", "radio")
        if tag == "form":
            self._forms += 1
            self.action = self.action or said["action"]
        elif tag == "input" and self._forms == 1 and checked:
            self.fields.append((said["name"], said.get("value", "")))
        elif tag == "textarea":
            self._area = said["name"]
            self.fields.append((self._area, ""))
        elif tag == "button" and self._forms == 1:
            self.keys.append((said.get("name", ""), said.get("value", "")))

    def handle_data(self, data: str) -> None:
        if self._area:
            self.fields[-1] = (self._area, self.fields[-1][1] + data)

    def handle_endtag(self, tag: str) -> None:
        if tag == "textarea":
            self._area = ""


class Phone:
    """A browser without scripts."""

    def __init__(self, place: RunningCentral, path: str, language: str = "zh-CN") -> None:
        self.place, self.language = place, language
        self._see(requests.get(place.url + path, headers=self._headers(), timeout=20))

    def _headers(self) -> dict[str, str]:
        return {"Accept-Language": self.language}

    def _see(self, answer: requests.Response) -> None:
        assert answer.headers["content-type"] == "text/html; charset=utf-8", answer.text
        self.answer, self.status, self.text = answer, answer.status_code, answer.text
        self.page = _Page(answer.text)

    def press(self, name: str, value: str = "", **typed: str) -> "Phone":
        assert (name, value) in self.page.keys, (name, value, self.page.keys)
        fields = [(one, typed.pop(one, said)) for one, said in self.page.fields]
        return self.post([*fields, *typed.items(), (name, value)])

    def post(self, fields: Any) -> "Phone":
        url = self.place.url + self.page.action
        self._see(requests.post(url, data=fields, headers=self._headers(), timeout=20))
        return self

    def rate(self, level: Level) -> "Phone":
        return self.press("do", f"level:{int(level)}")

    def send(self, **typed: str) -> "Phone":
        return self.press("do", "send", **typed)


def test_the_staff_member_who_serves_is_rated(quick: RunningCentral) -> None:
    poster = Poster(quick, staff="1002")
    phone = poster.scan()
    assert "沈阳市政务服务中心" in phone.text
    assert poster.rows() == []
    phone.rate(Level.DISSATISFIED).send(comment="等了 <b>很久</b>", number="13800138000")
    assert phone.status == 200
    [kept] = poster.rows()
    assert in_two_groups(kept.receipt) in phone.text
    record = remote.verify(kept.signed, quick.central.key.public)
    assert (record.device, record.window, record.staff) == ("", "13", "1002")
    assert (record.subject, record.code, record.level) == ("staff", "1002", Level.DISSATISFIED)
    assert (record.comment, record.channel) == ("等了 <b>很久</b>", Channel.QR)
    [rating] = poster.ratings()
    assert rating.device_id is None
    assert (rating.counted, rating.credited, rating.window, rating.staff) == (
        True,
        True,
        "13",
        "1002",
    )
    table = schema.remote_callback
    [call] = quick.rows(table, table.c.hall == poster.hall)
    key = sealing.read_key(quick.central.settings.sealing_key_file)
    place = seals.Place("", record.visit)
    assert (call.device, key.open(call.sealed, place)) == ("", "13800138000")


def test_where_nobody_is_known_to_serve_the_hall_is_rated(quick: RunningCentral) -> None:
    poster = Poster(quick)
    poster.scan().rate(Level.VERY_SATISFIED).send()
    [kept] = poster.rows()
    assert (kept.subject, kept.code, kept.staff) == ("hall", poster.hall, None)


def test_a_matter_of_the_short_list_can_be_chosen(quick: RunningCentral) -> None:
    poster = Poster(quick, staff="1001", matters=(SECOND, MATTER))
    phone = poster.scan()
    assert TEXTS["zh-CN"].choose in phone.text
    assert "工号 1001" in phone.text
    assert "医保 &lt;报销&gt;" in phone.text
    phone.press("matter", SECOND).rate(Level.SATISFIED).press("do", "next")
    phone.rate(Level.FAIRLY_SATISFIED).send()
    assert [(one.subject, one.code) for one in poster.rows()] == [
        ("staff", "1001"),
        ("matter", SECOND),
    ]
    assert "医保 &lt;报销&gt;" in phone.text


def test_the_matter_may_be_left_out(quick: RunningCentral) -> None:
    poster = Poster(quick, matters=(MATTER,))
    poster.scan().press("matter", "-").rate(Level.SATISFIED).send()
    assert [one.subject for one in poster.rows()] == ["hall"]


def test_a_long_short_list_is_a_list(quick: RunningCentral) -> None:
    poster = Poster(quick, matters=(MATTER, SECOND))
    many = [f"{MATTER[:-2]}{number:02}" for number in range(3, 20)]
    with quick.database.writing() as connection:
        connection.execute(
            schema.matter.insert(),
            [
                {"hall": poster.hall, "code": c, "name": f"事项{c[-2:]}", "initials": ""}
                for c in many
            ],
        )
        table = schema.service_window
        change = update(table).where(table.c.code == poster.window)
        connection.execute(change.values(matters=json.dumps([MATTER, *many])))
    phone = poster.scan()
    assert ("matter", MATTER) not in phone.page.keys
    phone.press("do", "lang:en")
    assert TEXTS["en"].choose in phone.text
    phone.press("do", "choose", matter=many[3]).rate(Level.SATISFIED).send()
    assert [(one.subject, one.code, one.language) for one in poster.rows()] == [
        ("matter", many[3], "en")
    ]


@pytest.mark.parametrize("language", TEXTS)
def test_it_speaks_the_phones_language_to_the_end(quick: RunningCentral, language: str) -> None:
    phone = Poster(quick, matters=(MATTER,)).scan(language=language)
    assert TEXTS[language].choose in phone.text
    assert f'<html lang="{language}">' in phone.text
    phone.press("matter", "-").rate(Level.SATISFIED).send()
    assert phone.answer.headers["Content-Language"] == language


def test_sending_twice_is_one_rating(quick: RunningCentral) -> None:
    poster = Poster(quick)
    phone = poster.scan().rate(Level.SATISFIED)
    fields, action = [*phone.page.fields, ("do", "send")], phone.page.action
    changed = [(name, "1" if said == "4" else said) for name, said in fields]
    assert changed != fields
    phone.send()
    code = in_two_groups(poster.rows()[0].receipt)
    assert code in phone.text
    back = [*fields[:-1], ("do", "change")]
    for again in (fields, changed, back):
        phone.page.action = action
        assert code in phone.post(again).text
    assert [one.platform_level for one in poster.rows()] == [int(Level.SATISFIED)]


def in_two_groups(code: str) -> str:
    return f"{code[:4]} {code[4:]}"


def test_sent_many_times_at_once_it_is_one_rating(quick: RunningCentral) -> None:
    poster = Poster(quick, staff="1001")
    phone = poster.scan().rate(Level.SATISFIED)
    fields, url = [*phone.page.fields, ("do", "send")], quick.url + phone.page.action
    answers: list[requests.Response] = []
    threads = [
        threading.Thread(target=lambda: answers.append(requests.post(url, data=fields, timeout=30)))
        for _ in range(6)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    [kept] = poster.rows()
    assert len(poster.ratings()) == 1
    assert [one.status_code for one in answers] == [200] * 6
    assert all(kept.receipt[:4] in one.text for one in answers)


def test_each_scan_is_a_visit_of_its_own(quick: RunningCentral) -> None:
    poster = Poster(quick)
    for _ in range(3):
        poster.scan().rate(Level.SATISFIED).send()
    assert len({one.visit for one in poster.rows()}) == 3


@pytest.mark.parametrize("typed", ["{}", "{low}", "{grouped}", "{spaced}"])
def test_the_code_may_be_typed(quick: RunningCentral, typed: str) -> None:
    poster = Poster(quick)
    code = typed.format(
        poster.code,
        low=poster.code.lower(),
        grouped=window_codes.grouped(poster.code).lower(),
        spaced=" ".join(poster.code),
    )
    assert Phone(quick, f"/w/{code}").rate(Level.SATISFIED).send().status == 200
    assert len(poster.rows()) == 1


# --- codes and forms that are good for nothing ----------------------------------------------


def refusals(place: RunningCentral, code: str) -> int:
    return place.refusals().get(f"window-code-{code}", 0)


def check_refused(place: RunningCentral, path: str, page: str, status: int) -> None:
    for language, text in TEXTS.items():
        before = refusals(place, page)
        phone = Phone(place, path, language)
        assert phone.status == status
        assert getattr(text, page) in phone.text
        assert "12345" in phone.text
        assert text.scan_device in phone.text
        assert refusals(place, page) == before + 1


def test_an_unknown_code_has_a_page_of_its_own(quick: RunningCentral) -> None:
    check_refused(quick, f"/W/{window_codes.make()}", "unknown", 404)


@pytest.mark.parametrize("typed", ["7K3M", "%00", "é", "A" * 600, "7K3M9QXT2B4CVWZU"])
def test_an_altered_code_has_a_page_of_its_own(quick: RunningCentral, typed: str) -> None:
    check_refused(quick, f"/w/{typed}", "incomplete", 404)


def test_a_code_that_was_replaced_says_so(quick: RunningCentral) -> None:
    poster = Poster(quick)
    opened = poster.scan().rate(Level.SATISFIED)
    poster.issue()
    check_refused(quick, f"/W/{poster.code}", "ended", 410)
    assert opened.send().status == 410
    assert poster.rows() == []


def test_a_code_with_grace_still_works(quick: RunningCentral) -> None:
    poster = Poster(quick)
    poster.issue(grace=3)
    assert poster.scan().rate(Level.SATISFIED).send().status == 200


def test_an_expired_code_says_so(quick: RunningCentral) -> None:
    poster = Poster(quick)
    poster.code = poster.issue(days=2, ago_ms=4 * DAY_MS)
    check_refused(quick, f"/W/{poster.code}", "expired", 410)


def test_the_code_of_a_window_with_another_number_says_so(quick: RunningCentral) -> None:
    poster = Poster(quick)
    table = schema.service_window
    with quick.database.writing() as connection:
        connection.execute(update(table).where(table.c.code == poster.window).values(number="77"))
    check_refused(quick, f"/W/{poster.code}", "moved", 410)


def test_a_visit_cannot_be_made_up(quick: RunningCentral) -> None:
    poster, other = Poster(quick, staff="1001"), Poster(quick, staff="1002")
    phone = poster.scan().rate(Level.VERY_SATISFIED)
    theirs = dict(other.scan().rate(Level.SATISFIED).page.fields)["scan"]
    fields = dict(phone.page.fields) | {"do": "send"}
    for scan in ("", "A" * 80, fields["scan"][:-6] + "AAAAAA", theirs):
        assert phone.post(fields | {"scan": scan}).status == 410
        assert TEXTS["zh-CN"].stale in phone.text
        phone.page.action = f"/W/{poster.code}"
    del fields["scan"]
    assert phone.post(fields).status == 410
    assert poster.rows() + other.rows() == []


def test_a_form_of_another_scan_cannot_be_sent(quick: RunningCentral) -> None:
    poster = Poster(quick)
    first, second = (dict(poster.scan().rate(Level.SATISFIED).page.fields) for _ in range(2))
    phone = poster.scan()
    phone.post(first | {"f": second["f"], "do": "send"})
    assert phone.status == 422
    assert poster.rows() == []


def test_a_form_that_was_open_too_long_has_to_be_scanned_again(quick: RunningCentral) -> None:
    poster = Poster(quick)
    long_ago = now_ms() - quick.central.settings.phone.form_hours * 3_600_000 - 1000
    old = window_scan.seal(Scan.begin(poster.code, "", long_ago), quick.central.key)
    phone = poster.scan().rate(Level.SATISFIED)
    assert phone.post(dict(phone.page.fields) | {"scan": old, "do": "send"}).status == 410
    assert poster.rows() == []


def test_a_matter_that_is_not_on_the_list_is_asked_for_again(quick: RunningCentral) -> None:
    poster = Poster(quick, matters=(MATTER,))
    phone = poster.scan()
    phone.post(dict(phone.page.fields) | {"matter": SECOND})
    assert TEXTS["zh-CN"].choose in phone.text
    no_list = Poster(quick)
    phone = no_list.scan().rate(Level.SATISFIED)
    phone.post(dict(phone.page.fields) | {"matter": SECOND, "do": "send"})
    assert [one.subject for one in no_list.rows()] == ["hall"]


_VALUES = st.one_of(
    st.text(max_size=40), st.sampled_from(["send", "level:5", "lang:en", "skip", "-", MATTER, "9"])
)
_NAMES = st.one_of(
    st.sampled_from(["scan", "f", "matter", "do", "at", "step", "l0", "t0", "comment", "lang"]),
    st.text(max_size=8),
)


@given(changes=st.dictionaries(_NAMES, _VALUES, max_size=8))
@settings(max_examples=25, deadline=None)
def test_whatever_a_form_says_a_page_answers(
    quick: RunningCentral, altered: Poster, changes: dict[str, str]
) -> None:
    phone = altered.scan()
    fields = dict(phone.page.fields) | changes
    body = {name: value.encode("utf-8", "replace") for name, value in fields.items()}
    assert phone.post(body).status in (200, 410, 422)


@pytest.fixture(scope="module")
def altered(quick: RunningCentral) -> Poster:
    return Poster(quick, staff="1001", matters=(MATTER,))


# --- limits and traces --------------------------------------------------------------------------


def test_one_address_can_rate_a_window_only_so_often(
    quick: RunningCentral, monkeypatch: pytest.MonkeyPatch
) -> None:
    few = PhoneSettings(quickest_seconds=0, window_ratings_per_hour=2)
    monkeypatch.setattr(
        quick.central, "settings", msgspec.structs.replace(quick.central.settings, phone=few)
    )
    poster, other = Poster(quick), Poster(quick)
    late, half = poster.scan().rate(Level.DISSATISFIED), poster.scan()
    for _ in range(2):
        poster.scan().rate(Level.SATISFIED).send()
    assert half.rate(Level.SATISFIED).status == 200
    assert late.send(comment="还在").status == 429
    assert 1 <= int(late.answer.headers["Retry-After"]) <= 3600
    minutes = -(-int(late.answer.headers["Retry-After"]) // 60)
    assert TEXTS["zh-CN"].busy_more.format(minutes) in late.text
    assert ("comment", "还在") in late.page.fields
    assert poster.scan().status == 429
    assert len(poster.rows()) == 2
    assert other.scan().rate(Level.SATISFIED).send().status == 200
    monkeypatch.undo()
    late.send()
    assert [one.comment for one in poster.rows()] == ["", "", "还在"]


def test_neither_code_nor_form_reaches_a_log(
    quick: RunningCentral, caplog: pytest.LogCaptureFixture
) -> None:
    poster = Poster(quick)
    with caplog.at_level(logging.DEBUG):
        phone = poster.scan().rate(Level.SATISFIED)
        fields = dict(phone.page.fields)
        phone.send(comment="secret words")
        requests.get(f"{quick.url}//w/{poster.code}/more", timeout=20)
        requests.get(f"{quick.url}/%57/{poster.code}", timeout=20)
        while len([one for one in caplog.records if one.name == "haochaping.central.access"]) < 5:
            time.sleep(0.01)  # a request is noted after it was answered
    ours = [one.getMessage() for one in caplog.records if one.name.startswith("haochaping")]
    said = "\n".join(ours)
    for secret in (poster.code, fields["scan"][:20], "secret words"):
        assert secret not in said


def test_it_needs_no_cookie_and_nothing_from_elsewhere(quick: RunningCentral) -> None:
    answer = Poster(quick, matters=(MATTER,)).scan().answer
    assert "default-src 'none'" in answer.headers["Content-Security-Policy"]
    assert answer.headers["Cache-Control"] == "no-store"
    assert "set-cookie" not in answer.headers
    assert "http:" not in answer.text
    assert "https:" not in answer.text


def test_the_window_codes_list_counts_what_they_brought(quick: RunningCentral) -> None:
    poster = Poster(quick, staff="1001", matters=(MATTER,))
    poster.scan().press("matter", "-").rate(Level.SATISFIED).send()
    with quick.database.reading() as connection:
        [listed] = window_codes.listed(connection, poster.hall, now_ms())
    assert listed.ratings == 1
