"""The console's calls: who may make them, what they do, and what they tell."""

import json
import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path
from uuid import UUID, uuid4

import pytest
import requests
from console_rig import Caller
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from device_rig import BAD, DEED, LOAN, WANG, chain, soon
from web_rig import LI, PINS, WindowWeb, hall, window_web

from device.agent.web.logins import IDLE_S, MAX_SESSIONS, Logins
from device.agent.web.problems import WebRefused
from device.core.session import SessionState
from device.core.visit import Invited
from device.store.briefing import Briefing
from device.store.duty import Duty
from device.store.home import Home
from device.store.profile import Console
from device.store.roll import Roll
from protocol.records import Fault, InvitedBy, Login, Logout, Pause, VisitClosed, VisitOpened


@pytest.fixture
def web(home: Home) -> Iterator[WindowWeb]:
    with window_web(home) as served:
        yield served


@pytest.fixture(scope="module")
def still(new_home: Callable[[], Home]) -> Iterator[WindowWeb]:
    """For calls that change nothing: one window for all of them."""
    with window_web(new_home()) as served:
        yield served


@pytest.fixture
def wang(web: WindowWeb) -> Caller:
    caller = Caller(web)
    assert caller.log_in().ok
    return caller


def invite(caller: Caller, *matters: dict, visit: object = None) -> requests.Response:
    return caller.post("visits", {"visit": str(visit or uuid4()), "matters": list(matters)})


def code_of(answer: requests.Response) -> tuple[int, str]:
    return answer.status_code, answer.json()["code"]


# --- log-in -------------------------------------------------------------------------------


def test_whoever_serves_already_only_opens_the_console(web: WindowWeb):
    before = len(chain(web.home))
    answer = Caller(web).log_in().json()
    assert (answer["me"]["number"], answer["me"]["name"]) == (WANG, "王晓燕")
    assert len(chain(web.home)) == before
    assert "login" not in web.counter.obeyed


def test_a_colleague_takes_the_window_and_whoever_had_it_is_told_so(web: WindowWeb, wang: Caller):
    assert Caller(web).log_in(LI).ok
    left, arrived = [one for one in chain(web.home) if isinstance(one, Login | Logout)]
    assert isinstance(left, Logout)
    assert isinstance(arrived, Login)
    assert (left.staff, arrived.staff, arrived.means) == (WANG, LI, "console")
    assert wang.get("console-api/session").json()["ended"] == "window-taken"
    assert code_of(invite(wang)) == (401, "not-logged-in")


def test_nobody_takes_the_window_while_a_citizen_is_being_asked(web: WindowWeb, wang: Caller):
    assert invite(wang).ok
    web.counter.tap(BAD)
    answer = Caller(web).log_in(LI)
    assert code_of(answer) == (409, "visit-under-way")
    assert answer.json()["under_way"]["state"] == "rating"
    assert "level" not in answer.text
    assert web.counter.session.staff == WANG
    web.counter.finish()
    assert Caller(web).log_in(LI).ok


def test_who_loses_the_window_while_their_call_waits_invites_nobody(
    web: WindowWeb, wang: Caller, monkeypatch: pytest.MonkeyPatch
):
    """Else a citizen would rate the colleague for what somebody else did."""
    wait = web.desk._one_order

    @contextmanager
    def wait_for_a_colleague() -> Iterator[None]:
        web.counter.log_in(LI)
        with wait():
            yield

    monkeypatch.setattr(web.desk, "_one_order", wait_for_a_colleague)
    assert code_of(invite(wang)) == (401, "window-taken")
    assert not any(isinstance(one, VisitOpened) for one in chain(web.home))


def test_a_wrong_pin_and_an_unknown_number_are_answered_alike(web: WindowWeb):
    wrong = Caller(web).log_in(WANG, "000000")
    unknown = Caller(web).log_in("9999", "000000")
    assert code_of(wrong) == code_of(unknown) == (401, "login-refused")
    assert wrong.json() == unknown.json() | {"tries_left": wrong.json()["tries_left"]}
    assert "set-cookie" not in wrong.headers


def test_five_wrong_pins_lock_and_the_right_one_no_longer_helps(web: WindowWeb):
    caller = Caller(web)
    answers = [caller.log_in(WANG, "000000") for _ in range(5)]
    assert [one.json().get("tries_left") for one in answers] == [4, 3, 2, 1, None]
    assert code_of(answers[-1]) == (429, "login-locked")
    assert answers[-1].headers["retry-after"] == "60"
    locked = caller.log_in(WANG)
    assert code_of(locked) == (429, "login-locked")
    assert 0 < locked.json()["wait_s"] <= 60
    assert caller.log_in(LI).ok, "nobody else is locked out"


def test_a_lock_out_becomes_a_record_and_is_counted(web: WindowWeb):
    caller = Caller(web)
    for _ in range(5):
        caller.log_in(WANG, "000000")
    assert soon(lambda: any(isinstance(one, Fault) for one in chain(web.home)))
    (fault,) = [one for one in chain(web.home) if isinstance(one, Fault)]
    assert fault.code == "login-locked"
    assert fault.detail == "staff=0317 place=console failures=5 seconds=60"
    assert web.briefing.counters()["console.locked"] == 1


def test_whoever_is_locked_out_at_the_screen_is_locked_out_here(web: WindowWeb):
    for _ in range(5):
        web.counter.do(lambda: web.counter.ledger.lockouts().count_try(WANG))
    assert code_of(Caller(web).log_in()) == (429, "login-locked")


def test_a_lock_out_outlives_the_agent(home: Home):
    with window_web(home) as web:
        for _ in range(5):
            Caller(web).log_in(WANG, "000000")
    with window_web(home) as web:
        assert code_of(Caller(web).log_in()) == (429, "login-locked")


def test_something_that_is_no_pin_costs_no_try(still: WindowWeb):
    for pin in ("", "12345", "1234567", "12345a", "１２３４５６"):
        answer = Caller(still).post("login", {"staff": WANG, "pin": pin})
        assert code_of(answer) == (422, "invalid")
        assert not pin or pin not in answer.text
    assert Caller(still).log_in(WANG, "000000").json()["tries_left"] == 4


def test_the_pin_is_in_no_log(web: WindowWeb, caplog: pytest.LogCaptureFixture):
    with caplog.at_level("DEBUG"):
        Caller(web).log_in(WANG, "135791")
        Caller(web).log_in()
        Caller(web).post("login", {"staff": WANG, "pin": "135791", "more": 1})
        # A call is noted after it was answered.
        assert soon(lambda: caplog.text.count("door.py") == 3), "the door says which calls came"
    assert "135791" not in caplog.text
    assert PINS[WANG] not in caplog.text


def test_logging_out_leaves_the_window_too(web: WindowWeb, wang: Caller):
    answer = wang.post("logout")
    assert answer.json() == {"later": False}
    assert web.counter.session.state is SessionState.CLOSED
    assert [one.reason for one in chain(web.home) if isinstance(one, Logout)] == ["left"]
    assert wang.get("console-api/window").status_code == 401
    assert not wang.session.cookies


def test_a_log_out_waits_for_the_citizen(web: WindowWeb, wang: Caller):
    assert invite(wang).ok
    web.counter.tap()
    assert wang.post("logout").json() == {"later": True}
    assert web.counter.session.staff == WANG
    web.counter.finish()
    assert soon(lambda: web.counter.session.state is SessionState.CLOSED)


def test_leaving_at_the_screen_leaves_the_console(web: WindowWeb, wang: Caller):
    web.counter.log_out("closing time")
    assert wang.get("console-api/session").json()["ended"] == "window-left"


def test_a_new_log_in_at_the_screen_does_not_revive_an_old_console(web: WindowWeb, wang: Caller):
    web.counter.log_out()
    web.counter.log_in(WANG)
    assert code_of(invite(wang)) == (401, "window-left")


def test_a_screen_that_hangs_takes_nobody_in(web: WindowWeb):
    web.counter.looks_away = True
    assert code_of(Caller(web).log_in(LI)) == (503, "device-silent")
    assert web.counter.session.staff == WANG


# --- sessions -----------------------------------------------------------------------------


class At:
    """A clock that stands."""

    def __init__(self) -> None:
        self.s = 0.0

    def __call__(self) -> float:
        return self.s


@pytest.fixture
def logins(home: Home) -> Iterator[tuple[Logins, At]]:
    briefing = Briefing(home)
    briefing.apply(hall(), b"signed", "")
    roll, clock = Roll(home), At()
    yield Logins(home, briefing, roll, clock), clock
    roll.close()
    briefing.close()


SERVES = Duty(SessionState.READY, WANG, "pin", "", 7)


def test_a_console_that_nobody_uses_ends_after_four_hours(logins: tuple[Logins, At]):
    door, clock = logins
    token = door.open(SERVES)
    clock.s = IDLE_S
    assert door.find(token, SERVES).staff == WANG
    clock.s = 2 * IDLE_S
    door.find(token, SERVES, used=False)
    clock.s += 1
    with pytest.raises(WebRefused, match="Log in") as refused:
        door.find(token, SERVES)
    assert refused.value.code == "idle"


def test_a_page_that_looks_by_itself_keeps_no_session_alive(logins: tuple[Logins, At]):
    door, clock = logins
    token = door.open(SERVES)
    for hour in range(1, 5):
        clock.s = hour * 3600.0
        door.find(token, SERVES, used=False)
    clock.s = IDLE_S + 1
    with pytest.raises(WebRefused):
        door.find(token, SERVES, used=False)


def test_there_are_never_more_consoles_than_places(logins: tuple[Logins, At]):
    door, clock = logins
    tokens = []
    for second in range(MAX_SESSIONS + 1):
        clock.s = float(second)
        tokens.append(door.open(SERVES))
    with pytest.raises(WebRefused):
        door.find(tokens[0], SERVES)
    for token in tokens[1:]:
        door.find(token, SERVES)


def test_a_secret_is_long_and_kept_as_a_hash_alone(logins: tuple[Logins, At]):
    door, _ = logins
    token = door.open(SERVES)
    assert len(token) >= 43
    assert token.encode() not in b"".join(door._sessions)


# --- who may call -------------------------------------------------------------------------

CHANGING = ["pause", "resume", "logout", "visits", f"visits/{UUID(int=1)}/cancel"]


@pytest.mark.parametrize("path", CHANGING)
def test_without_a_session_nothing_can_be_changed(still: WindowWeb, path: str):
    stranger = Caller(still)
    assert stranger.post(path, {"reason": "午休"}).status_code in (401, 403)
    assert still.counter.obeyed == []


FORGED = [
    {"origin": None},
    {"origin": "null"},
    {"origin": "https://evil.example"},
    {"sec_fetch_site": "cross-site"},
    {"sec_fetch_site": "same-site"},
    {"sec_fetch_site": "none"},
    {"x_haochaping_console": None},
    {"x_haochaping_console": "0" * 64},
    {"x_haochaping_console": "ü"},
]


@pytest.mark.parametrize("forged", FORGED, ids=str)
def test_another_pages_call_is_refused_cookie_or_not(still: WindowWeb, forged: dict):
    caller = Caller(still)
    assert caller.log_in().ok
    for path in (*CHANGING, "login"):
        if path == "login" and forged.get("x_haochaping_console"):
            continue  # before the log-in any word does
        answer = caller.post(path, {"reason": "午休"}, **forged)
        assert code_of(answer) == (403, "not-from-the-console"), path
    assert still.counter.obeyed == []


def test_another_port_of_the_same_host_is_another_page(web: WindowWeb, wang: Caller):
    assert wang.post("resume", origin="http://127.0.0.1:1").status_code == 403


@pytest.mark.parametrize("path", ["window", "events", "matters", "photo"])
def test_without_a_session_nothing_is_told(still: WindowWeb, path: str):
    answer = Caller(still).get(f"console-api/{path}")
    assert code_of(answer) == (401, "not-logged-in")


def test_before_the_log_in_the_page_learns_what_the_screen_shows_everybody(still: WindowWeb):
    assert Caller(still).get("console-api/session").json() == {
        "hall": "滨河区",
        "window": "12",
        "serves": {"number": WANG, "name": "王晓燕"},
        "rate_unfinished": False,
        "me": None,
        "ended": "",
    }


@pytest.mark.parametrize(
    "path",
    ["console", "console/console.js", "console-api/session", "console-api/window", "nowhere"],
)
def test_no_answer_can_be_framed_sniffed_or_leak_its_address(still: WindowWeb, path: str):
    headers = Caller(still).get(path).headers
    assert headers["x-frame-options"] == "DENY"
    assert "frame-ancestors 'none'" in headers["content-security-policy"]
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["referrer-policy"] == "no-referrer"
    assert "access-control-allow-origin" not in headers


def test_the_pages_policy_allows_nothing_but_its_own_files(still: WindowWeb):
    policy = Caller(still).get("console").headers["content-security-policy"]
    rules = dict(rule.split(" ", 1) for rule in policy.split("; "))
    assert rules.pop("default-src") == rules.pop("base-uri") == "'none'"
    assert rules.pop("frame-ancestors") == "'none'"
    assert rules.pop("require-trusted-types-for") == "'script'"
    assert set(rules.values()) == {"'self'"}


def test_answers_are_not_kept_and_files_are_asked_for_again(web: WindowWeb, wang: Caller):
    assert wang.get("console-api/window").headers["cache-control"] == "no-store"
    first = wang.get("console/console.css")
    assert first.headers["cache-control"] == "no-cache"
    again = wang.get("console/console.css", headers={"If-None-Match": first.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")


@pytest.mark.parametrize(
    "name",
    ["../texts/en.json", "..%2f..%2fpyproject.toml", "%2e%2e/faces.json", "texts", "nothing"],
)
def test_only_the_pages_own_files_are_given_out(still: WindowWeb, name: str):
    assert Caller(still).get(f"console/{name}").status_code == 404


def test_the_cookie_is_out_of_reach_of_scripts_and_other_sites(still: WindowWeb):
    cookie = Caller(still).log_in().headers["set-cookie"].lower()
    assert cookie.startswith("haochaping=")
    assert "httponly" in cookie
    assert "samesite=strict" in cookie
    assert "path=/" in cookie
    assert "secure" not in cookie, "a browser would drop it without TLS"


def test_over_tls_the_cookie_is_bound_to_this_host(home: Home, tmp_path: Path):
    certificate = make_certificate(tmp_path)
    console = Console((("127.0.0.1", 0),), str(certificate), str(certificate))
    with window_web(home, console=console) as web:
        caller = Caller(web)
        caller.session.verify = str(certificate)
        cookie = caller.log_in().headers["set-cookie"].lower()
        assert cookie.startswith("__host-haochaping=")
        assert "secure" in cookie
        assert invite(caller).ok
        plain_one = caller.post("resume", origin=caller.url.replace("https", "http"))
        assert plain_one.status_code == 403


def make_certificate(folder: Path) -> Path:
    """A certificate of 127.0.0.1 with its key, in one file."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "window 12")])
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(
            x509.SubjectAlternativeName([x509.IPAddress(ip_address("127.0.0.1"))]),
            critical=False,
        )
        .sign(key, hashes.SHA256())
    )
    path = folder / "console.pem"
    pem = serialization.Encoding.PEM
    path.write_bytes(
        key.private_bytes(pem, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
        + made.public_bytes(pem)
    )
    assert ssl.create_default_context(cafile=str(path))
    return path


# --- the window ---------------------------------------------------------------------------


def test_the_window_is_told_from_invitation_to_end(web: WindowWeb, wang: Caller):
    assert (wang.window()["state"], wang.window()["visit"]) == ("ready", None)
    visit = uuid4()
    seen = invite(wang, {"code": DEED, "cases": ["a", "b"]}, {"code": LOAN}, visit=visit).json()
    assert (seen["state"], seen["invited"], seen["rated"]) == ("invited", 1, 0)
    assert seen["visit"]["matters"] == [
        {"name": "不动产转移登记", "cases": 2, "finished": True},
        {"name": "不动产抵押权登记", "cases": 1, "finished": True},
    ]
    web.counter.tap(BAD)
    assert wang.window(visit)["state"] == "rating"
    web.counter.finish(BAD)
    over = wang.window(visit)
    assert (over["state"], over["last"]["state"], over["rated"]) == ("ready", "ended", 1)


def ended_by(web: WindowWeb, act: str) -> str:
    caller = Caller(web)
    caller.log_in()
    visit = uuid4()
    assert invite(caller, visit=visit).ok
    getattr(web.counter, act)()
    return json.dumps(caller.window(visit)["last"] | {"visit": ""})


def test_nobody_is_told_how_a_visit_ended(web: WindowWeb):
    told = {ended_by(web, act) for act in ("finish", "decline", "time_out")}
    assert told == {'{"visit": "", "state": "ended"}'}
    outcomes = [one.outcome for one in chain(web.home) if isinstance(one, VisitClosed)]
    assert len(set(outcomes)) == 3, "and they did end differently"


def test_a_fault_of_the_device_is_told(web: WindowWeb):
    assert json.loads(ended_by(web, "break_down"))["state"] == "device_fault"


def test_the_same_invitation_twice_is_one_visit(web: WindowWeb, wang: Caller):
    visit = uuid4()
    for _ in range(3):
        assert invite(wang, {"code": DEED, "count": 3}, visit=visit).ok
    opened = [one for one in chain(web.home) if isinstance(one, VisitOpened)]
    assert [one.visit for one in opened] == [visit]
    assert opened[0].invited_by is InvitedBy.STAFF
    assert (opened[0].matters[0].count, opened[0].system) == (3, "")


@pytest.mark.parametrize(
    ("matters", "refusal"),
    [
        ([{"code": "9" * 31}], (422, "unknown-matter")),
        ([{"code": DEED, "cases": ["x" * 51]}], (422, "invalid")),
        ([{"code": DEED, "cases": [""]}], (422, "invalid")),
        ([{"code": DEED, "count": 51}], (422, "invalid")),
        ([{"code": DEED, "level": 5}], (422, "invalid")),
        ([{"code": DEED, "count": 30}, {"code": LOAN, "count": 30}], (422, "too-many-cases")),
        ([{"code": DEED}] * 21, (422, "invalid")),
        ("everything", (422, "invalid")),
    ],
)
def test_a_wrong_invitation_is_refused(
    web: WindowWeb, wang: Caller, matters: object, refusal: tuple[int, str]
):
    answer = wang.post("visits", {"visit": str(uuid4()), "matters": matters})
    assert code_of(answer) == refusal
    assert web.counter.obeyed == []


def test_a_second_invitation_waits_for_the_first(wang: Caller):
    assert invite(wang).ok
    assert code_of(invite(wang)) == (409, "visit-under-way")


def test_an_invitation_is_taken_back_with_a_reason_until_the_first_tap(
    web: WindowWeb, wang: Caller
):
    visit = uuid4()
    assert invite(wang, visit=visit).ok
    assert code_of(wang.post(f"visits/{visit}/cancel", {"reason": "  "})) == (422, "reason-missing")
    seen = wang.post(f"visits/{visit}/cancel", {"reason": "群众已离开"}).json()
    assert (seen["state"], seen["last"]["state"]) == ("ready", "cancelled")
    closed = [one for one in chain(web.home) if isinstance(one, VisitClosed)]
    assert [one.reason for one in closed] == ["群众已离开"]


def test_after_the_first_tap_nothing_is_taken_back(web: WindowWeb, wang: Caller):
    visit = uuid4()
    assert invite(wang, visit=visit).ok
    web.counter.tap(BAD)
    assert code_of(wang.post(f"visits/{visit}/cancel", {"reason": "手滑"})) == (409, "too-late")


def test_what_a_citizen_began_is_not_the_staffs_to_take_back(web: WindowWeb, wang: Caller):
    visit = uuid4()
    web.counter.invite(Invited(visit, InvitedBy.CITIZEN, "12", WANG))
    answer = wang.post(f"visits/{visit}/cancel", {"reason": "手滑"})
    assert code_of(answer) == (409, "citizens-own")
    assert wang.window()["state"] == "invited"


def test_a_pause_is_recorded_with_its_reason_and_ends(web: WindowWeb, wang: Caller):
    assert code_of(wang.post("pause", {"reason": " "})) == (422, "reason-missing")
    seen = wang.post("pause", {"reason": "午休"}).json()
    assert (seen["state"], seen["paused"], seen["reason"]) == ("paused", True, "午休")
    assert code_of(invite(wang)) == (409, "window-paused")
    assert wang.post("resume").json()["state"] == "ready"
    pauses = [(one.paused, one.reason) for one in chain(web.home) if isinstance(one, Pause)]
    assert pauses == [(True, "午休"), (False, "")]


def test_a_citizen_finishes_while_the_window_pauses(web: WindowWeb, wang: Caller):
    assert invite(wang).ok
    seen = wang.post("pause", {"reason": "临时离开"}).json()
    assert (seen["state"], seen["paused"]) == ("invited", True)
    web.counter.finish()
    assert wang.window()["state"] == "paused"


def test_matters_are_found_by_initials_code_and_name(wang: Caller):
    def found(query: str) -> list[str]:
        return [one["code"] for one in wang.get("console-api/matters", params={"q": query}).json()]

    assert found("") == [LOAN], "the window's own"
    assert found("bdcz") == [DEED]
    assert found("抵押") == [LOAN]
    assert set(found("11210")) == {DEED, LOAN}
    assert found("%") == []


# --- told of changes ----------------------------------------------------------------------


def events(caller: Caller, visit: object = "") -> Iterator[tuple[str, dict]]:
    answer = caller.get(
        f"console-api/events?visit={visit}" if visit else "console-api/events", stream=True
    )
    assert answer.headers["content-type"].startswith("text/event-stream")
    kind = ""
    for line in answer.iter_lines(chunk_size=1):
        if line.startswith(b"event: "):
            kind = line[7:].decode()
        elif line.startswith(b"data: "):
            yield kind, json.loads(line[6:])


def test_a_stream_tells_each_change_by_itself(web: WindowWeb, wang: Caller):
    told = events(wang)
    assert next(told)[1]["state"] == "ready"
    visit = uuid4()
    invite(wang, visit=visit)
    assert next(told)[1]["state"] == "invited"
    web.counter.tap(BAD)
    assert next(told)[1]["state"] == "rating"
    web.counter.finish(BAD)
    kind, last = next(told)
    while last["state"] != "ready":
        kind, last = next(told)
    assert (kind, last["last"]) == ("window", {"visit": str(visit), "state": "ended"})
    assert "level" not in json.dumps(last)


def test_a_stream_ends_with_the_session(web: WindowWeb, wang: Caller):
    told = events(wang)
    next(told)
    web.counter.log_in(LI)
    assert list(told)[-1] == ("over", {"code": "window-taken"})


def test_pages_beyond_the_third_are_told_to_ask_instead(wang: Caller):
    open_ones = [events(wang) for _ in range(3)]
    for one in open_ones:
        next(one)
    assert list(events(wang)) == [("full", {})]


def test_a_page_that_is_closed_gives_its_place_back(web: WindowWeb, wang: Caller):
    for _ in range(4):
        answer = wang.get("console-api/events", stream=True)
        next(answer.iter_lines(chunk_size=1))
        answer.close()

    def place_again() -> bool:
        told = events(wang)
        return next(told)[0] == "window"

    assert soon(place_again)


def test_ten_wrong_pins_at_once_leave_the_window_answering(web: WindowWeb, wang: Caller):
    """A PIN is checked beside the event loop."""
    callers = [threading.Thread(target=Caller(web).log_in, args=(LI, "000000")) for _ in range(10)]
    for one in callers:
        one.start()
    assert wang.window()["state"] == "ready"
    for one in callers:
        one.join()
