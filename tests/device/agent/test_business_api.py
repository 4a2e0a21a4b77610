"""A business system at the window: what it may do, what it is told, and what it never is."""

import socket
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from itertools import product
from uuid import UUID, uuid4

import pytest
import requests
from described import CALLS, DOCUMENT, Described
from device_rig import DEED, DEVICE, LOAN, WANG, chain, configuration, signed_records, soon
from openapi_spec_validator import validate
from web_rig import KEY, LI, ORIGIN, OTHER_KEY, WindowWeb, hall, served, window_web

from device.agent import desk
from device.agent.web import business, door, keys
from device.agent.web.business import visit_of
from device.core.visit import Invited
from device.store.home import Home
from protocol.levels import Level
from protocol.records import InvitedBy, MatterHandled, Pause, VisitClosed, VisitOpened

DEEDS = {"code": DEED, "cases": ["B2026-1", "B2026-2"]}


@pytest.fixture
def web(home: Home) -> Iterator[WindowWeb]:
    with window_web(home) as web:
        yield web


@pytest.fixture
def api(web: WindowWeb) -> Described:
    return Described(web.url, KEY)


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(desk, "TAKE_UP_S", 0.2)


def invite(api: Described, request: str = "R-1", **more: object) -> requests.Response:
    return api.post("/v1/visits", json={"request": request, "matters": [DEEDS]} | more)


def opened(home: Home) -> list[VisitOpened]:
    return [record for record in chain(home) if isinstance(record, VisitOpened)]


# --- inviting -----------------------------------------------------------------------------


def test_an_invitation_is_on_the_screen_when_the_call_returns(web: WindowWeb, api: Described):
    answer = invite(api)
    assert answer.status_code == 201
    (record,) = opened(web.home)
    assert answer.headers["Location"] == f"/v1/visits/{record.visit}"
    assert answer.json() == {
        "visit": str(record.visit),
        "state": "invited",
        "final": False,
        "request": "R-1",
    }
    assert (record.invited_by, record.system, record.staff) == (InvitedBy.SYSTEM, "counter", WANG)
    assert record.matters == (MatterHandled(DEED, ("B2026-1", "B2026-2")),)


def test_without_matters_the_staff_member_alone_is_asked_about(web: WindowWeb, api: Described):
    assert api.post("/v1/visits", json={"request": "R-1"}).status_code == 201
    assert opened(web.home)[0].matters == ()


def test_cases_whose_numbers_are_not_known_are_counted(web: WindowWeb, api: Described):
    batch = {"code": DEED, "count": 7}
    unfinished = {"code": LOAN, "cases": ["DY-1"], "count": 1, "finished": False}
    assert invite(api, matters=[batch, unfinished]).status_code == 201
    assert opened(web.home)[0].matters == (
        MatterHandled(DEED, (), True, 7),
        MatterHandled(LOAN, ("DY-1",), False),
    )


def test_the_same_request_is_the_same_visit_however_often(web: WindowWeb, api: Described):
    first = invite(api)
    again = invite(api)
    assert (again.status_code, again.json()) == (200, first.json())
    web.counter.finish()
    ended = invite(api)
    assert (ended.status_code, ended.json()["state"]) == (200, "ended")
    assert ended.headers["Location"] == first.headers["Location"]
    assert len(opened(web.home)) == 1


def test_a_repeat_after_a_restart_is_the_same_visit(home: Home):
    with window_web(home) as before:
        first = invite(Described(before.url, KEY)).json()
    with window_web(home) as after:
        after.counter.do(lambda: after.counter.ledger.recover())
        again = invite(Described(after.url, KEY))
        assert (again.status_code, again.json()["visit"]) == (200, first["visit"])
    assert len(opened(home)) == 1


def test_twenty_repeats_at_the_same_moment_are_one_visit(web: WindowWeb):
    ready = threading.Barrier(20)

    def one(_: int) -> requests.Response:
        api = Described(web.url, KEY)
        ready.wait(20)
        return invite(api)

    with ThreadPoolExecutor(20) as crowd:
        answers = list(crowd.map(one, range(20)))
    assert {answer.status_code for answer in answers} <= {200, 201}
    assert len({answer.json()["visit"] for answer in answers}) == 1
    assert len(opened(web.home)) == 1


def test_the_same_request_for_something_else_is_refused(web: WindowWeb, api: Described):
    invite(api)
    web.counter.finish()
    answer = invite(api, matters=[{"code": LOAN}])
    assert (answer.status_code, answer.json()["code"]) == (409, "request-id-used")
    assert len(opened(web.home)) == 1


def test_two_systems_may_use_the_same_request_id(web: WindowWeb, api: Described):
    ours = invite(api).json()["visit"]
    web.counter.finish()
    theirs = invite(Described(web.url, OTHER_KEY))
    assert theirs.status_code == 201
    assert theirs.json()["visit"] != ours == str(visit_of(DEVICE, "counter", "R-1"))


def test_two_devices_never_give_two_visits_one_id():
    """Central knows a visit by its id, wherever it was."""
    assert visit_of("hcp-1", "counter", "R-1") != visit_of("hcp-2", "counter", "R-1")


# --- while something else goes on ----------------------------------------------------------


@pytest.mark.parametrize("tapped", [False, True])
def test_while_a_citizen_is_there_it_is_told_what_goes_on(
    web: WindowWeb, api: Described, tapped: bool
):
    mine = invite(api).json()["visit"]
    if tapped:
        web.counter.tap(Level.DISSATISFIED)
    answer = invite(api, "R-2")
    assert (answer.status_code, answer.json()["code"]) == (409, "visit-under-way")
    going_on = answer.json()["under_way"]
    assert going_on.pop("seconds") >= 0
    assert going_on == {
        "state": "rating" if tapped else "invited",
        "invited_by": "system",
        "yours": True,
        "visit": mine,
    }
    assert len(opened(web.home)) == 1


def test_anothers_visit_is_told_without_its_id(web: WindowWeb, api: Described):
    web.counter.invite(Invited(uuid4(), InvitedBy.STAFF, "12", WANG))
    going_on = invite(api).json()["under_way"]
    assert going_on["invited_by"] == "staff"
    assert going_on["yours"] is False
    assert "visit" not in going_on


def test_a_window_where_nobody_serves_says_so(home: Home):
    with window_web(home, staff="") as web:
        answer = invite(Described(web.url, KEY))
        assert (answer.status_code, answer.json()["code"]) == (409, "window-closed")
    assert signed_records(home) == {}


def test_a_paused_window_says_why(web: WindowWeb, api: Described):
    api.post("/v1/window/pause", json={"reason": "午休"})
    answer = invite(api)
    assert (answer.status_code, answer.json()["code"]) == (409, "window-paused")
    assert answer.json()["reason"] == "午休"


@pytest.mark.usefixtures("impatient")
def test_a_screen_that_does_not_answer_is_told_as_such(web: WindowWeb, api: Described):
    web.counter.looks_away = True
    answer = invite(api)
    assert (answer.status_code, answer.json()["code"]) == (503, "device-silent")
    assert int(answer.headers["Retry-After"]) > 0
    web.counter.looks_away = False
    assert invite(api).status_code == 201


def test_without_a_kiosk_nobody_waits(home: Home):
    with window_web(home, runs=False) as web:
        answer = invite(Described(web.url, KEY))
        assert (answer.status_code, answer.json()["code"]) == (503, "device-silent")
        assert Described(web.url, KEY).get("/v1/window").json()["state"] == "silent"


def test_a_device_whose_records_cannot_be_read_says_so(home: Home):
    with served(home) as web:
        home.kiosk_db.unlink()
        answer = invite(Described(web.url, KEY))
        assert (answer.status_code, answer.json()["code"]) == (503, "device-trouble")
        assert str(home.root) not in answer.text, "where its files are is nobody's business"


# --- mistakes -----------------------------------------------------------------------------


def test_every_mistake_is_told_at_once_and_where(web: WindowWeb, api: Described):
    wrong = {
        "request": "x" * 65,
        "matter": [],
        "matters": [
            {"code": "123", "cases": ["", "n" * 51, 7]},
            {"code": "9" * 31},
            "deed",
            {"cases": ["A", "A"], "count": 51, "finished": "yes"},
        ],
        "callback": "http://169.254.169.254/",
    }
    answer = api.post("/v1/visits", json=wrong)
    assert answer.status_code == 422
    told = {(error["path"], error["code"]) for error in answer.json()["errors"]}
    assert told == {
        ("$.request", "invalid"),
        ("$.matter", "invalid"),
        ("$.matters[0].code", "invalid"),
        ("$.matters[0].cases[0]", "invalid"),
        ("$.matters[0].cases[1]", "invalid"),
        ("$.matters[0].cases[2]", "invalid"),
        ("$.matters[1].code", "unknown-matter"),
        ("$.matters[2]", "invalid"),
        ("$.matters[3].code", "invalid"),
        ("$.matters[3].cases", "invalid"),
        ("$.matters[3].count", "invalid"),
        ("$.matters[3].finished", "invalid"),
        ("$.callback", "callback-not-allowed"),
    }
    assert signed_records(web.home) == {}


@pytest.mark.parametrize("length", [1, 30, 32, 34])
def test_a_matters_code_has_31_or_33_characters(api: Described, length: int):
    answer = invite(api, matters=[{"code": "1" * length}])
    (error,) = answer.json()["errors"]
    assert "31 or 33" in error["expected"]


def test_more_cases_than_a_record_holds_are_refused(api: Described):
    cases = [f"B{number}" for number in range(30)]
    answer = invite(api, matters=[{"code": DEED, "cases": cases}, {"code": LOAN, "count": 21}])
    assert [error["code"] for error in answer.json()["errors"]] == ["too-many-cases"]


@pytest.mark.parametrize(
    ("body", "kind", "status"),
    [
        (b"{", "application/json", 400),
        (b"\xff\xfe", "application/json", 400),
        (b"[" * 60_000, "application/json", 400),
        (b"[]", "application/json", 422),
        (b'{"request": "R-1"}', "text/plain", 415),
        (b'{"request": "R-1"}', "application/x-www-form-urlencoded", 415),
        (b'{"request": "' + b"x" * 70_000 + b'"}', "application/json", 413),
    ],
)
def test_what_is_no_request_is_refused(
    web: WindowWeb, api: Described, body: bytes, kind: str, status: int
):
    answer = api.post("/v1/visits", data=body, headers={"Content-Type": kind})
    assert answer.status_code == status
    assert signed_records(web.home) == {}


# --- how it stands ------------------------------------------------------------------------


@pytest.mark.parametrize("level", [Level.VERY_SATISFIED, Level.VERY_DISSATISFIED])
def test_the_state_follows_the_citizen_and_never_tells_a_level(
    web: WindowWeb, api: Described, level: Level
):
    where = invite(api).headers["Location"]
    states = []
    for step in (lambda: None, lambda: web.counter.tap(level), lambda: web.counter.finish(level)):
        step()
        states.append(api.get(where).json())
    visit = where.rpartition("/")[2]
    assert states == [
        {"visit": visit, "state": "invited", "final": False},
        {"visit": visit, "state": "rating", "final": False},
        {"visit": visit, "state": "ended", "final": True},
    ]


def test_declined_timed_out_and_rated_cannot_be_told_apart(web: WindowWeb, api: Described):
    answers = []
    for number, end in enumerate((web.counter.finish, web.counter.decline, web.counter.time_out)):
        where = invite(api, f"R-{number}").headers["Location"]
        end()
        answers.append(api.get(where))
    told = [{**answer.json(), "visit": ""} for answer in answers]
    assert told == [told[0]] * 3
    assert len({answer.headers["Content-Length"] for answer in answers}) == 1


def test_a_device_that_breaks_down_is_told(web: WindowWeb, api: Described):
    where = invite(api).headers["Location"]
    web.counter.break_down()
    assert api.get(where).json()["state"] == "device_fault"


def test_a_long_poll_ends_with_the_change(web: WindowWeb, api: Described):
    where = invite(api).headers["Location"]
    other = Described(web.url, KEY)
    with ThreadPoolExecutor(1) as waiter:
        waiting = waiter.submit(other.get, f"{where}?wait=60&state=invited")
        web.counter.tap()
        assert waiting.result(20).json()["state"] == "rating"
        waiting = waiter.submit(other.get, f"{where}?wait=60")
        web.counter.finish()
        assert waiting.result(20).json()["state"] == "ended"


def test_a_long_poll_of_what_is_over_or_already_known_differs_not(web: WindowWeb, api: Described):
    where = invite(api).headers["Location"]
    assert api.get(f"{where}?wait=60&state=rating").json()["state"] == "invited"
    assert api.get(f"{where}?wait=1&state=invited").json()["state"] == "invited"
    web.counter.finish()
    assert api.get(f"{where}?wait=60&state=ended").json()["state"] == "ended"


@pytest.mark.parametrize("query", ["wait=61", "wait=-1", "wait=x", "wait=1&state=rated"])
def test_a_wait_that_cannot_be_is_refused(web: WindowWeb, api: Described, query: str):
    where = invite(api).headers["Location"]
    assert api.get(f"{where}?{query}").status_code == 400


def test_waiting_callers_leave_room_for_those_who_do_something(web: WindowWeb, api: Described):
    where = invite(api).headers["Location"]
    waits = door.MAX_WAITING
    with ThreadPoolExecutor(waits) as crowd:
        polls = [
            crowd.submit(Described(web.url, KEY).get, f"{where}?wait=60") for _ in range(waits)
        ]
        assert soon(lambda: web.desk.changes._waiting == waits)
        answer = api.get(f"{where}?wait=1")
        assert (answer.status_code, answer.json()["code"]) == (503, "too-many-wait")
        assert api.post(f"{where}/cancel", json={"reason": "left"}).status_code == 200
        assert {poll.result(20).json()["state"] for poll in polls} == {"cancelled"}


def test_whoever_hangs_up_gives_the_place_back(web: WindowWeb, api: Described):
    where = invite(api).headers["Location"]
    host, _, port = web.url.rpartition("/")[2].rpartition(":")
    head = f"GET {where}?wait=60 HTTP/1.1\r\nHost: {host}\r\nAuthorization: Bearer {KEY}\r\n\r\n"
    for _ in range(2):
        crowd = [socket.create_connection((host, int(port))) for _ in range(door.MAX_WAITING)]
        for caller in crowd:
            caller.sendall(head.encode())
        assert soon(lambda: web.desk.changes._waiting == door.MAX_WAITING)
        for caller in crowd:
            caller.close()
        assert soon(lambda: web.desk.changes._waiting == 0)


def test_long_polls_end_with_the_agent(home: Home):
    with ThreadPoolExecutor(1) as waiter, window_web(home) as web:
        where = invite(Described(web.url, KEY)).headers["Location"]
        waiting = waiter.submit(Described(web.url, KEY).get, f"{where}?wait=60")
        web.desk.changes.close()
        assert waiting.result(5).json()["state"] == "invited"


# --- taking back --------------------------------------------------------------------------


@pytest.mark.parametrize("way", ["delete", "post"])
def test_an_invitation_is_taken_back_with_a_reason_that_is_recorded(
    web: WindowWeb, api: Described, way: str
):
    where = invite(api).headers["Location"]

    def take_back() -> requests.Response:
        if way == "delete":
            return api.delete(f"{where}?reason=办事人已离开")
        return api.post(f"{where}/cancel", json={"reason": "办事人已离开"})

    assert take_back().json()["state"] == "cancelled"
    assert take_back().status_code == 200
    (closed,) = [record for record in chain(web.home) if isinstance(record, VisitClosed)]
    assert closed.reason == "办事人已离开"


@pytest.mark.parametrize("over", [False, True])
def test_after_the_first_tap_it_is_too_late(web: WindowWeb, api: Described, over: bool):
    where = invite(api).headers["Location"]
    web.counter.tap(Level.DISSATISFIED)
    if over:
        web.counter.finish()
    answer = api.delete(f"{where}?reason=x")
    assert (answer.status_code, answer.json()["code"]) == (409, "too-late")


@pytest.mark.parametrize("reason", ["", "  ", "a\nb", "x" * 129])
def test_taking_back_and_pausing_need_a_reason_on_one_line(
    web: WindowWeb, api: Described, reason: str
):
    where = invite(api).headers["Location"]
    assert api.delete(where, params={"reason": reason}).status_code == 422
    for path in (f"{where}/cancel", "/v1/window/pause"):
        answer = api.post(path, json={"reason": reason})
        assert [error["path"] for error in answer.json()["errors"]] == ["$.reason"]
    assert api.get(where).json()["state"] == "invited"


# --- the window ---------------------------------------------------------------------------


def test_the_window_tells_who_serves_and_its_own_matters(web: WindowWeb, api: Described):
    assert api.get("/v1/window").json() == {
        "state": "ready",
        "hall": "滨河区",
        "window": "12",
        "staff": {"number": WANG, "name": "王晓燕"},
        "reason": "",
        "matters": [{"code": LOAN, "name": "不动产抵押权登记", "of_window": True}],
    }
    web.counter.log_in(LI)
    assert api.get("/v1/window").json()["staff"] == {"number": LI, "name": "李建国"}
    web.counter.log_out()
    assert api.get("/v1/window").json()["staff"] is None


def test_the_window_tells_no_counts(web: WindowWeb, api: Described):
    """Counts before and after one visit would tell whether it was rated."""
    before = api.get("/v1/window")
    invite(api)
    web.counter.finish()
    assert api.get("/v1/window").content == before.content


def test_pause_and_resume_are_recorded_once_each(web: WindowWeb, api: Described):
    assert api.post("/v1/window/pause", json={"reason": "午休"}).json()["state"] == "paused"
    assert api.post("/v1/window/pause", json={"reason": "again"}).json()["reason"] == "午休"
    assert api.post("/v1/window/resume").json()["state"] == "ready"
    assert api.post("/v1/window/resume").json()["state"] == "ready"
    pauses = [record for record in chain(web.home) if isinstance(record, Pause)]
    assert [(one.paused, one.reason) for one in pauses] == [(True, "午休"), (False, "")]


def test_nobody_there_nothing_to_pause(home: Home):
    with window_web(home, staff="") as web:
        answer = Described(web.url, KEY).post("/v1/window/pause", json={"reason": "午休"})
        assert (answer.status_code, answer.json()["code"]) == (409, "window-closed")


@pytest.mark.parametrize(
    ("query", "found"),
    [("抵押", [LOAN]), ("bdcz", [DEED]), ("", [LOAN]), ("421011500", [LOAN, DEED]), ("x", [])],
)
def test_matters_are_found_by_name_initials_and_code(api: Described, query: str, found: list[str]):
    answer = api.get("/v1/matters", params={"q": query})
    assert [one["code"] for one in answer.json()] == found


def test_matters_follow_the_configuration(web: WindowWeb, api: Described):
    api.get("/v1/matters")
    web.briefing.apply(hall(2, matters=configuration().matters[:1]), b"signed", "")
    assert [one["code"] for one in api.get("/v1/matters?q=登记").json()] == [DEED]


# --- keys and pages -----------------------------------------------------------------------


def test_a_system_sees_its_own_visits_alone(web: WindowWeb, api: Described):
    where = invite(api).headers["Location"]
    other = Described(web.url, OTHER_KEY)
    for answer in (
        other.get(where),
        other.delete(f"{where}?reason=x"),
        other.post(f"{where}/cancel", json={"reason": "x"}),
        other.get(f"/v1/visits/{uuid4()}"),
    ):
        assert (answer.status_code, answer.json()["code"]) == (404, "unknown-visit")
    assert api.get(where).json()["state"] == "invited"


def test_visits_of_the_staff_are_nobodys(web: WindowWeb, api: Described):
    visit = uuid4()
    web.counter.invite(Invited(visit, InvitedBy.STAFF, "12", WANG))
    assert api.get(f"/v1/visits/{visit}").status_code == 404


def test_every_call_but_the_description_needs_a_key(
    web: WindowWeb, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(keys, "MAX_WRONG", 1000)
    private = [call for call in CALLS if call[1] != "/v1/openapi.json"]
    for (method, path), header in product(
        private, (None, "Bearer wrong", "Bearer ", f"Basic {KEY}", KEY)
    ):
        headers = {"Authorization": header} if header else {}
        path = path.format(visit=UUID(int=1))
        answer = Described(web.url).request(method, path, json={}, headers=headers)
        assert answer.status_code == 401, (method, path, header)
        assert answer.headers["WWW-Authenticate"].startswith("Bearer")


def test_a_key_that_central_withdrew_opens_nothing(web: WindowWeb, api: Described):
    web.briefing.apply(hall(2, systems=hall().systems[1:]), b"signed", "")
    assert api.get("/v1/window").json()["code"] == "key-unknown"


def test_whoever_tries_keys_is_made_to_wait(web: WindowWeb, api: Described):
    wrong = Described(web.url, "guess")
    codes = [wrong.get("/v1/window").json()["code"] for _ in range(keys.MAX_WRONG + 2)]
    assert codes == ["key-unknown"] * keys.MAX_WRONG + ["too-many-wrong-keys"] * 2
    assert 0 < int(wrong.get("/v1/window").headers["Retry-After"]) <= 61


def test_what_is_refused_is_counted(web: WindowWeb):
    Described(web.url, "guess").get("/v1/window")
    web.server._tally.flush()
    assert web.briefing.counters()["web.key-unknown"] == 1


def test_pages_of_the_system_may_call_and_no_others(web: WindowWeb, api: Described):
    answer = api.get("/v1/window", headers={"Origin": ORIGIN})
    assert answer.status_code == 200
    assert answer.headers["Access-Control-Allow-Origin"] == ORIGIN
    assert "Access-Control-Allow-Credentials" not in answer.headers
    for origin in ("https://evil.example", "null", "http://oa.example.gov.cn", f"{ORIGIN}.evil"):
        refused = api.get("/v1/window", headers={"Origin": origin})
        assert (refused.status_code, refused.json()["code"]) == (403, "origin-unknown")
        assert "Access-Control-Allow-Origin" not in refused.headers
    other = Described(web.url, OTHER_KEY)
    assert other.get("/v1/window", headers={"Origin": ORIGIN}).status_code == 403


def test_a_page_can_read_why_it_was_refused(web: WindowWeb):
    answer = Described(web.url, "wrong").get("/v1/window", headers={"Origin": ORIGIN})
    assert answer.status_code == 401
    assert answer.headers["Access-Control-Allow-Origin"] == ORIGIN


def test_the_browsers_question_beforehand_is_answered_for_known_origins(web: WindowWeb):
    def ask(origin: str) -> requests.Response:
        headers = {
            "Origin": origin,
            "Access-Control-Request-Method": "POST",
            "Access-Control-Request-Headers": "authorization,content-type",
            "Access-Control-Request-Private-Network": "true",
        }
        return requests.options(f"{web.url}/v1/visits", headers=headers, timeout=10)

    allowed = ask(ORIGIN)
    assert allowed.status_code == 204
    assert allowed.headers["Access-Control-Allow-Origin"] == ORIGIN
    assert "Authorization" in allowed.headers["Access-Control-Allow-Headers"]
    assert allowed.headers["Access-Control-Allow-Private-Network"] == "true"
    refused = ask("https://evil.example")
    assert not [name for name in refused.headers if name.lower().startswith("access-control")]


# --- the description ------------------------------------------------------------------------


def test_the_description_is_valid_and_given_to_anybody(web: WindowWeb):
    answer = Described(web.url).get("/v1/openapi.json")
    assert answer.json() == DOCUMENT
    validate(DOCUMENT)


def test_every_call_is_described_and_every_described_call_exists():
    served = {
        (method, path.replace(":uuid", ""))
        for handler in business.HANDLERS
        for path in handler.paths
        for method in handler.http_methods
    }
    assert served == CALLS


def test_no_answer_has_a_place_for_a_level():
    said = str(DOCUMENT["components"]["schemas"])
    for word in ("level", "satisf", "declin", "timed", "满意"):
        assert word not in said
