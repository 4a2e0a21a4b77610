"""The device hears that its open visit has been rated by phone, and the kiosk is left word."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from uuid import UUID, uuid4

import msgspec
import pytest
from agent_rig import Call, Listener, Memory, http, listening
from counter_staff import CounterStaff, counter_staff
from device_rig import (
    CENTRAL_KEY,
    DEED,
    DEVICE,
    LOAN,
    RECORD_KEY,
    TRANSPORT_KEY,
    WANG,
    chain,
    configuration,
    identity,
    invitation,
    rows,
    soon,
)
from hypothesis import given, settings
from hypothesis import strategies as st
from test_hostile_answers import PORTAL, chunked_rubbish, endless

from device.agent import phone_watch
from device.agent.central import CentralService
from device.agent.phone_watch import MOST_EARS, PhoneWatch, understood
from device.core.visit import questions_of
from device.store.briefing import Briefing, RatedOrder
from device.store.home import Home
from device.store.profile import Central as Settings
from device.store.roll import Roll
from protocol import by_phone
from protocol import configuration as configurations
from protocol.by_phone import RatedSubject, VisitByPhone
from protocol.keys import SigningKey
from protocol.messages import PROBLEM_TYPE, PhoneWait
from protocol.questions import Question
from protocol.records import Outcome, VisitClosed
from protocol.subjects import Subject

PATH = "/v1/visits/phone"
STAFF, MATTER = RatedSubject(Subject.STAFF, WANG), RatedSubject(Subject.MATTER, DEED)
BOTH = ((Subject.STAFF, WANG), (Subject.MATTER, DEED))


class Phones:
    """Central, as far as a device that waits knows it."""

    def __init__(self) -> None:
        self.asked: list[PhoneWait] = []
        self._rated: dict[UUID, tuple[RatedSubject, ...]] = {}
        self._news = threading.Condition()
        self._ended = False
        self._other = Memory()

    def rate(self, visit: UUID, *subjects: RatedSubject) -> None:
        """A citizen rates by phone."""
        with self._news:
            self._rated[visit] = self._rated.get(visit, ()) + subjects
            self._news.notify_all()

    def end(self) -> None:
        """Let everybody go, as a central that ends."""
        with self._news:
            self._ended = True
            self._news.notify_all()

    def __call__(self, call: Call) -> bytes:
        if call.path != PATH:
            return self._other(call)
        asked = msgspec.json.decode(call.body, type=PhoneWait)
        with self._news:
            self.asked.append(asked)
            self._news.wait_for(
                lambda: self._ended or len(self._rated.get(asked.visit, ())) > asked.seen,
                asked.wait_s,
            )
            return http(signed(asked.visit, *self._rated.get(asked.visit, ())))


def signed(
    visit: UUID, *subjects: RatedSubject, device: str = DEVICE, key: SigningKey = CENTRAL_KEY
) -> bytes:
    return by_phone.sign(VisitByPhone(device, visit, subjects), key)


@pytest.fixture
def phones() -> Iterator[Phones]:
    made = Phones()
    yield made
    made.end()


@pytest.fixture
def central(phones: Phones) -> Iterator[Listener]:
    with listening(phones) as listener:
        yield listener


@pytest.fixture(autouse=True)
def delays(monkeypatch: pytest.MonkeyPatch) -> list[tuple[int, float | None]]:
    """Nobody waits long here; what the delays were asked for is kept."""
    asked: list[tuple[int, float | None]] = []

    def soon_again(failures: int, _chance: float, retry_after_s: float | None = None) -> float:
        asked.append((failures, retry_after_s))
        return 0.02

    monkeypatch.setattr(phone_watch, "retry_delay", soon_again)
    monkeypatch.setattr(phone_watch, "LOOK_S", 0.02)
    return asked


@pytest.fixture
def people(home: Home) -> Iterator[CounterStaff]:
    with counter_staff(home) as there:
        yield there


@contextmanager
def watching(
    home: Home, url: str, phone_url: str = "https://pj.example.cn"
) -> Iterator[tuple[PhoneWatch, Briefing]]:
    briefing, roll = Briefing(home), Roll(home)
    document = msgspec.structs.replace(configuration(), phone_url=phone_url)
    briefing.apply(document, configurations.sign(document, CENTRAL_KEY), "")
    watch = PhoneWatch(
        home,
        briefing,
        roll,
        lambda: CentralService(Settings(url, "", ""), identity(), TRANSPORT_KEY),
    )
    watch.start()
    try:
        yield watch, briefing
    finally:
        watch.close()
        roll.close()
        briefing.close()


def invite(people: CounterStaff, *matters: str) -> UUID:
    invited = invitation(*matters)
    people.invite(invited)
    return invited.visit


def counters(briefing: Briefing) -> dict[str, int]:
    return {k: v for k, v in briefing.counters().items() if k.startswith("phone.")}


def calls(central: Listener) -> int:
    return len(central.to(PATH))


# --- what the kiosk is told -------------------------------------------------------------------


def test_a_visit_rated_by_phone_is_over_at_the_device(
    home: Home, central: Listener, phones: Phones, people: CounterStaff
):
    with watching(home, central.url):
        visit = invite(people)
        assert soon(lambda: phones.asked)
        phones.rate(visit, STAFF)
        assert soon(lambda: people.told)
        assert soon(lambda: any(isinstance(one, VisitClosed) for one in chain(home)))
    assert people.told == [RatedOrder(visit, BOTH[:1])]
    closed = [one for one in chain(home) if isinstance(one, VisitClosed)]
    assert [(one.visit, one.outcome, one.by_phone) for one in closed] == [(visit, Outcome.RATED, 1)]


def test_what_was_rated_before_the_device_asked_is_told_too(
    home: Home, central: Listener, phones: Phones, people: CounterStaff
):
    visit = invite(people)
    phones.rate(visit, STAFF)
    with watching(home, central.url):
        assert soon(lambda: people.told)
    assert people.told == [RatedOrder(visit, BOTH[:1])]


def test_two_subjects_come_one_after_the_other_and_then_nothing_is_asked_any_more(
    home: Home, central: Listener, phones: Phones, people: CounterStaff
):
    people.do(lambda: None)
    with watching(home, central.url):
        visit = invite(people, DEED)
        assert soon(lambda: phones.asked)
        phones.rate(visit, STAFF)
        assert soon(lambda: len(people.told) == 1 and len(phones.asked) == 2)
        phones.rate(visit, MATTER)
        assert soon(lambda: len(people.told) == 2)
        assert people.told == [RatedOrder(visit, BOTH[:1]), RatedOrder(visit, BOTH)]
        assert [(one.visit, one.seen) for one in phones.asked] == [(visit, 0), (visit, 1)]
        people.do(lambda: None)
        assert soon(lambda: "phone-ear" not in [one.name for one in threading.enumerate()])
    assert len(phones.asked) == 2


def test_a_question_told_by_its_place_is_the_devices_own(
    home: Home, central: Listener, phones: Phones, people: CounterStaff
):
    with watching(home, central.url):
        visit = invite(people, DEED)
        phones.rate(visit, RatedSubject(Subject.MATTER, question=1))
        assert soon(lambda: people.told)
    assert people.told == [RatedOrder(visit, BOTH[1:])]


def test_what_the_visit_does_not_ask_about_is_counted_and_not_passed_on(
    home: Home, central: Listener, phones: Phones, people: CounterStaff
):
    with watching(home, central.url) as (_, briefing):
        visit = invite(people, DEED)
        phones.rate(visit, RatedSubject(Subject.MATTER, LOAN), RatedSubject(Subject.HALL, "BH"))
        assert soon(lambda: counters(briefing) == {"phone.not-asked": 2})
        assert people.told == []
        phones.rate(visit, STAFF)
        assert soon(lambda: people.told)
    assert people.told == [RatedOrder(visit, BOTH[:1])]


QUESTIONS = (
    Question(Subject.STAFF, WANG),
    Question(Subject.MATTER, DEED),
    Question(Subject.MATTER, LOAN),
    Question(Subject.HALL, "BH"),
)
told_subjects = st.builds(
    RatedSubject,
    st.sampled_from(Subject),
    st.sampled_from(["", WANG, DEED, LOAN, "BH", "x"]),
    st.none() | st.integers(0, 6),
)


@given(st.lists(told_subjects, max_size=12), st.integers(0, 4))
def test_only_questions_of_the_visit_are_understood_and_each_once(
    told: list[RatedSubject], asked: int
):
    questions = QUESTIONS[:asked]
    heard = understood(questions, told)
    assert len(set(heard.subjects)) == len(heard.subjects)
    assert set(heard.subjects) <= {(one.subject, one.code) for one in questions}
    meant = [
        (one.subject, one.code)
        if one.code
        else (one.subject, questions[one.question].code)
        if one.question is not None and one.question < asked
        else None
        for one in told
    ]
    known = {(one.subject, one.code) for one in questions}
    assert set(heard.subjects) == {one for one in meant if one in known}
    assert heard.strangers == sum(one not in known for one in meant)


# --- when central is asked, and when not --------------------------------------------------------


def test_without_an_open_visit_there_is_no_call(
    home: Home, central: Listener, phones: Phones, people: CounterStaff
):
    with watching(home, central.url):
        visit = invite(people)
        assert soon(lambda: phones.asked)
        people.finish()
        second = invite(people)
        assert soon(lambda: len(phones.asked) == 2)
        people.decline()
        third = invite(people)
        assert soon(lambda: len(phones.asked) == 3)
    assert [one.visit for one in phones.asked] == [visit, second, third]


def test_a_device_that_shows_no_code_does_not_ask(
    home: Home, central: Listener, people: CounterStaff
):
    with watching(home, central.url, phone_url="") as (watch, _):
        visit = invite(people)
        assert soon(lambda: watch._visit == visit)
        people.finish()
        assert soon(lambda: watch._visit is None)
    assert central.calls == []


def test_while_central_does_not_answer_the_courier_it_is_left_alone(
    home: Home, central: Listener, phones: Phones, people: CounterStaff
):
    with watching(home, central.url) as (watch, briefing):
        briefing.set_online(False)
        visit = invite(people)
        phones.rate(visit, STAFF)
        assert soon(lambda: watch._ears)
        assert not threading.Event().wait(0.2)
        assert central.calls == []
        briefing.set_online(True)
        assert soon(lambda: people.told)
        assert counters(briefing) == {}


def test_a_call_that_hangs_holds_up_neither_the_next_visit_nor_the_end(
    home: Home, central: Listener, phones: Phones, people: CounterStaff
):
    with watching(home, central.url) as (watch, briefing):
        for number in range(1, MOST_EARS + 1):
            visit = invite(people)
            assert soon(lambda number=number: len(phones.asked) == number)
            if number < MOST_EARS:
                people.finish()
        phones.rate(visit, STAFF)
        assert soon(lambda: people.told)
        assert counters(briefing) == {}
        watch.close()
    assert people.told == [RatedOrder(visit, BOTH[:1])]


def test_calls_that_hang_do_not_pile_up(home: Home, people: CounterStaff):
    with (
        listening(lambda _: None) as central,
        watching(home, central.url) as (watch, briefing),
    ):
        for number in range(1, MOST_EARS + 3):
            visit = invite(people)
            assert soon(lambda visit=visit: watch._visit == visit)
            if number <= MOST_EARS:
                assert soon(lambda number=number: calls(central) == number)
            people.finish()
        assert soon(lambda: counters(briefing) == {"phone.too-many-calls": 2})
        assert calls(central) == MOST_EARS


def test_what_comes_after_the_visit_or_after_the_end_is_passed_over(
    home: Home, central: Listener, phones: Phones, people: CounterStaff
):
    with watching(home, central.url) as (watch, _):
        visit = invite(people)
        assert soon(lambda: phones.asked)
        people.finish()
        assert soon(lambda: watch._visit is None)
        phones.rate(visit, STAFF)
        late = invite(people)
        assert soon(lambda: len(phones.asked) == 2)
        watch.close()
        phones.rate(late, STAFF)
        phones.end()
        assert soon(lambda: "phone-ear" not in [one.name for one in threading.enumerate()])
        written: list[str] = []
        assert not watch._deliver(lambda: written.append("late"))
        assert written == []
    assert rows(home.agent_db, "SELECT kind FROM instruction") == []


# --- whatever answers in central's place --------------------------------------------------------


def wrong_visit(_call: Call) -> bytes:
    return http(signed(uuid4(), STAFF))


def asked_visit(call: Call) -> UUID:
    return msgspec.json.decode(call.body, type=PhoneWait).visit


def turned(call: Call) -> bytes:
    right = signed(asked_visit(call), STAFF)
    return http(right[:-1] + bytes([right[-1] ^ 1]))


HOSTILE = {
    "a captive portal": (lambda _: http(PORTAL, Content_Type="text/html"), "wrong-answer"),
    "a portal that redirects": (lambda _: http(status=302, Location="http://x/"), "wrong-answer"),
    "an empty 200": (lambda _: http(), "wrong-answer"),
    "JSON": (lambda _: http(b'{"subjects": [{"subject": "staff"}]}'), "wrong-answer"),
    "nothing": (lambda _: b"", "unreachable"),
    "rubbish in chunks": (chunked_rubbish, "unreachable"),
    "an endless answer": (endless, "wrong-answer"),
    "word of another visit": (wrong_visit, "wrong-answer"),
    "word for another device": (
        lambda call: http(signed(asked_visit(call), STAFF, device="another")),
        "wrong-answer",
    ),
    "word by another key": (
        lambda call: http(signed(asked_visit(call), STAFF, key=RECORD_KEY)),
        "wrong-answer",
    ),
    "a bit turned": (turned, "wrong-answer"),
    "something else that central signed": (
        lambda _: http(configurations.sign(configuration(), CENTRAL_KEY)),
        "wrong-answer",
    ),
    "a refusal": (
        lambda _: http(
            b'{"title":"t","status":404,"code":"not-found"}', 404, Content_Type=PROBLEM_TYPE
        ),
        "refused.not-found",
    ),
}


@pytest.mark.parametrize("name", HOSTILE)
def test_only_centrals_own_word_ends_a_visit(
    home: Home, phones: Phones, people: CounterStaff, delays: list[object], name: str
):
    answer, reason = HOSTILE[name]
    with listening(answer) as listener, watching(home, listener.url) as (_, briefing):
        visit = invite(people)
        assert soon(lambda: calls(listener) >= 3)
        assert people.told == []
        phones.rate(visit, STAFF)
        listener.answer = phones
        assert soon(lambda: people.told)
        counted = counters(briefing)
    assert set(counted) == {f"phone.{reason}"}
    assert counted[f"phone.{reason}"] == len(delays) >= 3
    assert people.told == [RatedOrder(visit, BOTH[:1])]


def test_each_failure_in_a_row_is_waited_out_longer_and_retry_after_is_obeyed(
    home: Home, people: CounterStaff, delays: list[tuple[int, float | None]]
):
    busy = http(
        b'{"title":"t","status":503,"code":"busy"}',
        503,
        Content_Type=PROBLEM_TYPE,
        Retry_After="7",
    )
    with listening(lambda _: busy) as listener, watching(home, listener.url):
        invite(people)
        assert soon(lambda: len(delays) >= 7)
    assert delays[:7] == [(number, 7.0) for number in (1, 2, 3, 4, 5, 5, 5)]


def test_no_news_at_once_is_no_reason_to_ask_at_once_again(
    home: Home, central: Listener, phones: Phones, people: CounterStaff, delays: list[object]
):
    phones.end()
    with watching(home, central.url) as (_, briefing):
        invite(people)
        assert soon(lambda: len(delays) >= 3)
        people.finish()
        assert soon(lambda: "phone-ear" not in [one.name for one in threading.enumerate()])
        assert calls(central) == len(delays) == counters(briefing)["phone.hasty"]
    assert delays[:3] == [(1, None), (2, None), (3, None)]


@settings(max_examples=60, deadline=None)
@given(body=st.binary(max_size=200))
def test_no_answer_at_all_breaks_the_one_who_asks(body: bytes):
    from device.core.errors import CentralError

    with listening(lambda _: http(body)) as listener:
        central = CentralService(Settings(listener.url, "", ""), identity(), TRANSPORT_KEY)
        with pytest.raises(CentralError):
            central.by_phone(uuid4(), 0, 0)
        central.close()


def test_a_device_asks_about_all_that_its_visit_asks_about():
    invited = invitation(DEED, LOAN)
    told = [RatedSubject(one.subject, "", place) for place, one in enumerate(questions_of(invited))]
    heard = understood(questions_of(invited), told)
    assert heard == (
        ((Subject.STAFF, WANG), (Subject.MATTER, DEED), (Subject.MATTER, LOAN)),
        0,
    )
