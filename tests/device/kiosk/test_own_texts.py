"""The hall's own wording, its staff's photographs, and what waits for the centre, on the screen."""

import json
from collections.abc import Iterator

import pytest
from staff_rig import WANG, StaffedCounter

from device.kiosk.look import Look
from device.kiosk.views import IdleView
from device.kiosk.wording import own
from device.kiosk.words import Words
from device.store.home import Home
from protocol.configuration import StaffMember

GREETING = {"zh-CN": {"greet": "滨河欢迎您"}}
PHOTO = "ab" * 32


@pytest.fixture
def counter(home: Home) -> Iterator[StaffedCounter]:
    counter = StaffedCounter(home)
    yield counter
    counter.close()


def test_a_hall_words_its_greeting_itself_and_takes_that_back() -> None:
    look = Look((1280, 800))
    shipped = look.words("zh-CN")("greet")
    large = look.dressed("large")
    assert look.reword(own(json.dumps(GREETING)))
    for dressed in (look, large):
        assert dressed.words("zh-CN")("greet") == "滨河欢迎您"
        assert dressed.words("en")("greet") != "滨河欢迎您"
    assert not look.reword(GREETING)
    assert look.reword({})
    assert look.words("zh-CN")("greet") == shipped


def test_what_is_not_the_halls_to_word_stays_as_it_is() -> None:
    texts = {"zh-CN": {"level.5": "好", "greet": "您好", "thx.sub": "  "}, "en": {}}
    assert own(json.dumps(texts)) == {"zh-CN": {"greet": "您好"}, "en": {}}


@pytest.mark.parametrize("laid_out", ["", "nonsense", "[]", '{"zh-CN": 5}', '{"zh-CN": {"a": 5}}'])
def test_a_wording_that_cannot_be_read_changes_nothing(laid_out: str) -> None:
    assert own(laid_out) == {}


@pytest.mark.parametrize("wording", ["{", "{missing}", "{0}", "{list.real.nothing}", "{list:%q}"])
def test_a_wording_into_which_the_values_do_not_go_is_left_out(wording: str) -> None:
    words = Words({"elsewhere": "正在服务 {list} 号窗口"}, {"elsewhere": wording})
    assert words("elsewhere", list="3") == "正在服务 3 号窗口"


def test_the_reception_hands_the_wording_on(counter: StaffedCounter) -> None:
    counter.texts = GREETING
    counter.reconfigure()
    counter.reception.refresh(counter.now_ms)
    assert own(counter.reception.own_texts) == GREETING


def test_a_photograph_is_shown_once_the_agent_has_fetched_it(counter: StaffedCounter) -> None:
    counter.staff = (StaffMember(WANG, "王晓燕", "综合窗口", "不动产登记", photo=PHOTO),)
    counter.reconfigure()
    counter.console_login(WANG)
    assert isinstance(counter.view(), IdleView)
    assert counter.view().chrome.photo == ""
    path = counter.home.photo(PHOTO)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(b"a picture")
    assert counter.view().chrome.photo == str(path)
    counter.console_logout(WANG)
    assert counter.view().chrome.photo == ""


def test_records_that_wait_are_counted_while_the_centre_is_away(counter: StaffedCounter) -> None:
    counter.console_login(WANG)
    counter.scribe.ask(lambda _: None)
    counter.scribe.ask(lambda _: None)  # the head is told after the job
    assert counter.view().chrome.waiting == len(counter.records())
    counter.briefing.set_online(True)
    counter.reception.refresh(counter.now_ms)
    assert counter.view().chrome.waiting == 0
