"""Telling a business system that its visit is over: once promised, told, across restarts."""

import hashlib
import hmac
import json
import re
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from uuid import UUID, uuid4

import pytest
from agent_rig import Call, Listener, http, listening
from described import Described
from device_rig import DEVICE, rows, soon
from web_rig import KEY, OTHER_KEY, WindowWeb, hall, window_web

from device.agent import herald
from device.agent.web.business import visit_of
from device.store.briefing import Ending
from device.store.home import Home

Answers = Callable[[Call], bytes]


@pytest.fixture
def system() -> Iterator[Listener]:
    """The business system's own server."""
    with listening(lambda _: http(status=204)) as listener:
        yield listener


@pytest.fixture
def hasty(monkeypatch: pytest.MonkeyPatch) -> None:
    """It tries again at once."""
    monkeypatch.setattr(herald, "retry_delay", lambda *_: 0.01)


def window(home: Home, system: Listener, **options: object):
    document = hall(callbacks=(f"{system.url}/rating",))
    return window_web(home, document, **options)  # type: ignore[arg-type]


def invite(web: WindowWeb, system: Listener, request: str = "R-1") -> str:
    callback = f"{system.url}/rating/ended"
    answer = Described(web.url, KEY).post(
        "/v1/visits", json={"request": request, "callback": callback}
    )
    assert answer.status_code == 201, answer.text
    visit: str = answer.json()["visit"]
    return visit


def promised(home: Home) -> int:
    return len(rows(home.agent_db, "SELECT visit FROM ending"))


@pytest.mark.parametrize(
    ("ends", "state"),
    [
        (lambda web: web.counter.finish(), "ended"),
        (lambda web: web.counter.decline(), "ended"),
        (lambda web: web.counter.time_out(), "ended"),
        (lambda web: web.counter.break_down(), "device_fault"),
        (
            lambda web: web.desk.cancel(visit_of(DEVICE, "counter", "R-1"), "办事人已离开"),
            "cancelled",
        ),
    ],
)
def test_the_end_is_told_and_no_more_than_that(
    home: Home, system: Listener, ends: Callable[[WindowWeb], object], state: str
):
    with window(home, system) as web:
        visit = invite(web, system)
        assert system.calls == []
        ends(web)
        assert soon(lambda: promised(home) == 0)
    (call,) = system.calls
    assert (call.method, call.path) == ("POST", "/rating/ended")
    assert json.loads(call.body) == {"visit": visit, "request": "R-1", "state": state}


def test_the_system_can_tell_that_it_is_genuine(home: Home, system: Listener):
    """By the very function that the documentation gives."""
    page = (Path(__file__).parents[3] / "docs" / "business-api.md").read_text("utf-8")
    example = re.search(r"```python\n(.*?)```", page, re.DOTALL)
    assert example is not None
    names: dict[str, object] = {}
    exec(example[1], names)  # noqa: S102 - our own document
    is_genuine: Callable[[str, str, str, bytes], bool] = names["is_genuine"]  # type: ignore[assignment]
    with window(home, system) as web:
        invite(web, system)
        web.counter.finish()
        assert soon(lambda: system.calls)
    (call,) = system.calls
    stamp, signature = (call.headers[f"haochaping-{name}"] for name in ("timestamp", "signature"))
    assert abs(time.time() - int(stamp)) < 60
    assert is_genuine(KEY, stamp, signature, call.body)
    assert not is_genuine(OTHER_KEY, stamp, signature, call.body)
    assert not is_genuine(KEY, str(int(stamp) + 1), signature, call.body)
    assert not is_genuine(KEY, stamp, signature, call.body.replace(b"ended", b"enced"))
    secret = hashlib.sha256(KEY.encode()).digest()
    expected = hmac.new(secret, stamp.encode() + b"." + call.body, hashlib.sha256).hexdigest()
    assert signature == f"sha256={expected}"


@pytest.mark.usefixtures("hasty")
def test_it_is_told_again_until_it_is_taken(home: Home, system: Listener):
    answers = [
        http(status=500),
        http(status=302, Location=f"{system.url}/elsewhere"),
        http(status=404),
        http(status=503, Retry_After="0"),
        b"no http at all\r\n\r\n",
        http(status=200),
    ]
    system.answer = lambda _: answers.pop(0)
    with window(home, system) as web:
        invite(web, system)
        web.counter.finish()
        assert soon(lambda: promised(home) == 0)
        counters = web.briefing.counters()
    assert len(system.calls) == 6
    assert len({call.body for call in system.calls}) == 1
    assert system.to("/elsewhere") == []
    assert (counters["callback.retry"], counters["callback.told"]) == (5, 1)


@pytest.mark.usefixtures("hasty")
def test_a_system_that_does_not_want_it_is_not_told_again(home: Home, system: Listener):
    system.answer = lambda _: http(status=410)
    with window(home, system) as web:
        invite(web, system)
        web.counter.finish()
        assert soon(lambda: promised(home) == 0)
        assert web.briefing.counters()["callback.gone"] == 1


@pytest.mark.usefixtures("hasty")
def test_it_gives_up_in_the_end_and_counts_that(
    home: Home, system: Listener, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(herald, "MAX_TRIES", 3)
    system.answer = lambda _: http(status=500)
    with window(home, system) as web:
        invite(web, system)
        web.counter.finish()
        assert soon(lambda: web.briefing.counters().get("callback.given-up") == 1)
    assert len(system.calls) == 3
    assert promised(home) == 0


def test_a_promise_outlives_a_restart(home: Home, system: Listener):
    system.answer = lambda _: http(status=500)
    with window(home, system) as web:
        invite(web, system)
        web.counter.finish()
        assert soon(lambda: system.calls)
    assert promised(home) == 1
    system.answer = lambda _: http(status=204)
    before = len(system.calls)
    with window(home, system):
        assert soon(lambda: promised(home) == 0)
    assert len(system.calls) == before + 1


def test_a_visit_that_ended_while_the_agent_was_away_is_told(home: Home, system: Listener):
    with window(home, system) as web:
        invite(web, system)
    assert promised(home) == 1
    with window(home, system) as web:
        web.counter.do(lambda: web.counter.ledger.recover())  # as the kiosk does after a crash
        assert soon(lambda: system.calls)
    assert json.loads(system.calls[0].body)["state"] == "device_fault"


def test_an_invitation_that_is_refused_promises_nothing(home: Home, system: Listener):
    with window(home, system, staff="") as web:
        body = {"request": "R-1", "callback": f"{system.url}/rating"}
        assert Described(web.url, KEY).post("/v1/visits", json=body).status_code == 409
    assert promised(home) == 0


def test_a_repeat_neither_promises_again_nor_elsewhere(home: Home, system: Listener):
    with window(home, system) as web:
        invite(web, system)
        web.counter.finish()
        assert soon(lambda: promised(home) == 0)
        body = {"request": "R-1", "callback": f"{system.url}/rating/other"}
        assert Described(web.url, KEY).post("/v1/visits", json=body).status_code == 200
    assert promised(home) == 0
    assert len(system.calls) == 1


def test_what_central_no_longer_allows_is_not_told(home: Home, system: Listener):
    with window(home, system) as web:
        invite(web, system)
        web.briefing.apply(hall(2), b"signed 2", "")
        web.counter.finish()
        assert soon(lambda: promised(home) == 0)
        assert web.briefing.counters()["callback.not-allowed"] == 1
    assert system.calls == []


def test_no_proxy_of_the_environment_is_used(
    home: Home, system: Listener, monkeypatch: pytest.MonkeyPatch
):
    for name in ("http_proxy", "HTTP_PROXY", "ALL_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:1")
    monkeypatch.setenv("NO_PROXY", "")
    with window(home, system) as web:
        invite(web, system)
        web.counter.finish()
        assert soon(lambda: promised(home) == 0)
    assert len(system.calls) == 1


def test_a_system_that_does_not_answer_holds_nobody_up(
    home: Home, system: Listener, monkeypatch: pytest.MonkeyPatch
):
    """Each try to reach it may take seconds: one at a time is enough, however many wait."""
    monkeypatch.setattr(herald, "retry_delay", lambda *_: 3600.0)
    system.answer = lambda _: b""
    with window(home, system) as web:
        for number in range(5):
            invite(web, system, f"R-{number}")
            web.counter.finish()
            assert soon(lambda: system.calls)
        web.herald.promise(Ending(uuid4(), "queue", "Q-1", "https://oa.example.gov.cn/"))
        web.herald._due.clear()
        web.herald.look()
        assert soon(lambda: web.briefing.counters().get("callback.no-visit") == 1)
        assert web.briefing.counters()["callback.retry"] == 1
    assert (len(system.calls), promised(home)) == (1, 5)


def test_a_record_that_cannot_be_read_keeps_no_other_end_from_being_told(
    home: Home, system: Listener
):
    with window(home, system) as web:
        spoilt = UUID(invite(web, system, "R-1"))
        web.counter.finish()
        assert soon(lambda: promised(home) == 0)
        query = "UPDATE record SET signed = x'00' WHERE kind = 'visit_closed'"
        web.counter.do(lambda: web.counter.ledger._db.execute(query))
        web.herald.promise(Ending(spoilt, "counter", "R-1", f"{system.url}/rating"))
        answer = Described(web.url, KEY).get(f"/v1/visits/{spoilt}")
        assert (answer.status_code, answer.json()["code"]) == (503, "device-trouble")
        invite(web, system, "R-2")
        web.counter.finish()
        assert soon(lambda: len(system.calls) == 2)
    assert json.loads(system.calls[1].body)["request"] == "R-2"
    assert promised(home) == 1, "it may be readable another time"
