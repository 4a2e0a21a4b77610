"""Staff at their window: every process real, the console in a real browser.

Central, agent and kiosk run on their own; staff press keys of the real window or use the
page in Chromium; the business system speaks HTTP. What is promised is looked up at central.
"""

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any, NamedTuple

import pytest
import requests
from actors import Citizen, Colleague, Mouse, eventually
from playwright.sync_api import Browser, Page, expect, sync_playwright

from demo import account
from demo.stage import SAMPLE, SPARE_WINDOW, Stage, free_port
from demo.tour import HOUSE, MORTGAGE
from device.store.home import Home
from protocol.records import AnyRecord, Fault, Login, Logout, Pause, VisitOpened, read

pytestmark = pytest.mark.timeout(300)

PIN, LIS_PIN = "271828", "314159"
LEVELS = ("非常满意", "满意", "基本满意", "不满意", "非常不满意", "satisfied", "已拒绝", "declined")


class Window(NamedTuple):
    """One window of the hall with everything at it."""

    stage: Stage
    citizen: Citizen
    wang: Colleague
    li: Colleague
    address: str
    """Of the console and the business interface."""

    @property
    def screen(self) -> Any:
        return self.stage.rehearsal

    def records(self, kind: type[AnyRecord]) -> list[Any]:
        """The device's own records of this kind, in order."""
        with closing(sqlite3.connect(Home(self.stage.device_data).kiosk_db)) as db:
            signed = db.execute("SELECT signed FROM record ORDER BY seq").fetchall()
        return [record for (one,) in signed if isinstance(record := read(one), kind)]

    def is_told_by_central(self) -> None:
        """Have the agent ask central at once instead of within a minute."""
        self.stage.program("agent").stop()
        self.stage.start_agent()


def hall_without_assignment(folder: Path) -> Path:
    """The sample hall where staff have to log in."""
    file = folder / "hall.toml"
    file.write_text(SAMPLE.read_text("utf-8").replace('assigned_staff = "0317"\n', ""), "utf-8")
    return file


class Furnished(NamedTuple):
    """Window 12 as it stands before a day begins."""

    stage: Stage
    console: str


@pytest.fixture(scope="module")
def furnished(tmp_path_factory: pytest.TempPathFactory) -> Furnished:
    """A hall where staff have to log in, with PINs; set up once, every journey gets a copy."""
    folder = tmp_path_factory.mktemp("staffed")
    stage, console = Stage(folder), f"127.0.0.1:{free_port()}"
    try:
        stage.make_central(hall_without_assignment(folder))
        stage.give_pin("0317", PIN)
        stage.give_pin("0322", LIS_PIN)
        stage.start_central()
        stage.make_device("--size", "1280x800", "--badge-reader", "--console", console)
        stage.enrol()
    finally:
        stage.close()
    return Furnished(stage, console)


@pytest.fixture
def window(tmp_path: Path, display: str, furnished: Furnished) -> Iterator[Window]:
    """Window 12, where nobody is logged in yet."""
    stage = Stage(tmp_path, {"DISPLAY": display, "SDL_VIDEODRIVER": "x11"})
    try:
        stage.furnished_like(furnished.stage)
        stage.start_central()
        stage.start_agent()
        stage.start_kiosk()
        mouse = Mouse(stage, display)
        yield Window(
            stage,
            Citizen(stage, mouse),
            Colleague(stage, mouse, "0317", PIN),
            Colleague(stage, mouse, "0322", LIS_PIN),
            f"http://{furnished.console}",
        )
    finally:
        stage.close()


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path="/usr/bin/chromium",
            args=[
                *("--no-sandbox", "--disable-gpu", "--disable-background-networking"),
                *("--disable-component-update", "--disable-sync"),
            ],
        )
        yield browser
        browser.close()


@pytest.fixture
def pc(window: Window, chromium: Browser) -> Iterator[Page]:
    """The page on the window's PC, before log-in."""
    page = chromium.new_page(viewport={"width": 1366, "height": 768}, locale="zh-CN")
    eventually("the console", lambda: answers(window.address))
    page.goto(window.address)
    yield page
    page.close()


def answers(address: str) -> bool:
    try:
        return requests.get(address, timeout=5).ok
    except requests.ConnectionError:
        return False


def log_in_at_the_pc(page: Page, number: str, pin: str) -> None:
    page.locator("#staff").fill(number)
    page.locator("#pin").fill(pin)
    page.locator("#login-go").click()


def everything_is_at_central_exactly_once(stage: Stage) -> bool:
    return account.settle(stage.device_data, stage.ratings()).exact


def test_a_day_at_the_window_by_the_screen_alone(window: Window):
    """Log-in on the pad, a batch invited from the menu, a pause, a colleague who takes over."""
    screen, wang, li, citizen = window.screen, window.wang, window.li, window.citizen
    screen.wait_for_screen("NoticeView", topic="closed")
    wang.logs_in()
    menu = screen.wait_for_screen("MenuView")["view"]
    assert (menu["invited"], menu["rated"]) == (0, 0)

    wang.chooses(HOUSE)
    wang.presses("more")
    wang.presses("more")
    wang.presses("invite")
    citizen.rates("staff", 4)
    citizen.rates("matter", 2, 209)
    citizen.reads_the_thanks()

    wang.logs_in()
    menu = screen.wait_for_screen("MenuView")["view"]
    assert (menu["invited"], menu["rated"]) == (1, 1)
    wang.presses("pause")
    screen.wait_for_screen("PauseView")
    wang.presses("reason", "pause.lunch")
    screen.wait_for_screen("NoticeView", topic="paused")
    wang.logs_in()
    screen.wait_for_screen("MenuView", paused=True)
    wang.presses("resume")
    screen.wait_for_screen("MenuView", paused=False)
    wang.presses("leave-menu")
    screen.wait_for_screen("IdleView")

    li.logs_in()
    menu = screen.wait_for_screen("MenuView")["view"]
    assert (menu["invited"], menu["rated"]) == (0, 0), "another one's counts are their own"
    li.presses("invite")
    citizen.rates("staff", 5)
    citizen.reads_the_thanks()
    li.logs_in()
    li.presses("logout")
    screen.wait_for_screen("NoticeView", topic="closed")

    eventually("three ratings at central", lambda: len(window.stage.ratings()) == 3)
    assert [(r["subject"], r["code"]) for r in window.stage.ratings()] == [
        *(("staff", "0317"), ("matter", HOUSE)),
        ("staff", "0322"),
    ]
    assert [(one.staff, one.means) for one in window.records(Login)] == [
        *(("0317", "pin"), ("0322", "pin")),
    ]
    assert [one.staff for one in window.records(Logout)] == ["0317", "0322"]
    assert [(one.paused, one.reason != "") for one in window.records(Pause)] == [
        *((True, True), (False, False)),
    ]
    assert window.records(VisitOpened)[0].matters[0].count == 3
    assert everything_is_at_central_exactly_once(window.stage)
    eventually("the log-out at central", lambda: served(window)["0322"]["logouts"] == 1)
    assert served(window)["0317"]["invited"] == 1


def knows_a_badge(window: Window) -> bool:
    with closing(sqlite3.connect(Home(window.stage.device_data).agent_db)) as db:
        return bool(db.execute("SELECT 1 FROM staff WHERE badge <> ''").fetchone())


def served(window: Window) -> dict[str, dict[str, Any]]:
    """What central tells supervisors, by staff number."""
    rows = window.stage.ask_central("/v1/service", by="staff")["service"]
    return {row["key"]: row for row in rows}


def test_wrong_pins_lock_and_a_restart_does_not_help(window: Window):
    screen, wang = window.screen, window.wang
    screen.wait_for_screen("NoticeView", topic="closed")
    wang.presses("staff")
    for left in (4, 3, 2, 1):
        wang.types_number_and_pin("000000")
        screen.wait_for_screen("LoginView", tries_left=left, checking=False)
    wang.types_number_and_pin("000000")
    screen.wait_for("the lock", lambda shown: bool(shown["view"].get("locked_until")))

    window.stage.program("kiosk").kill()
    window.stage.start_kiosk()
    screen.wait_for_screen("NoticeView", topic="closed")
    wang.presses("staff")
    wang.types_number_and_pin(PIN)
    screen.wait_for("the lock", lambda shown: bool(shown["view"].get("locked_until")))
    assert window.records(Login) == []
    locked = [one for one in window.records(Fault) if one.code == "login-locked"]
    assert [one.detail for one in locked] == ["staff=0317 place=screen failures=5 seconds=60"]
    eventually("the lock-out at central", lambda: served(window)["0317"]["lockouts"] == 1)


def test_a_badge_logs_in_and_casts_nothing(window: Window, tmp_path: Path):
    """The reader is a keyboard: what it types must be nobody's rating."""
    stage, screen = window.stage, window.screen
    stage.command(
        *("central", "badge", "--hall", "BH", "--staff", "0317"),
        *("--data", str(stage.central_data)),
        said="1234512345\n",
    )
    window.is_told_by_central()
    screen.wait_for_screen("NoticeView", topic="closed")
    eventually("the badge on the roll", lambda: knows_a_badge(window))
    window.wang.logs_in_by_badge("1234512345")
    window.wang.presses("invite")
    screen.wait_for_screen("RatingView", chosen=None)
    window.wang.shows_badge("1234512345")
    window.citizen.rates("staff", 5)
    window.citizen.reads_the_thanks()
    eventually("one rating", lambda: len(stage.ratings()) == 1)
    assert stage.ratings()[0]["level"]["platform"] == 5
    assert [one.means for one in window.records(Login)] == ["badge"]


def test_the_console_follows_the_citizen_and_never_tells_what_they_tapped(window: Window, pc: Page):
    screen, citizen = window.screen, window.citizen
    screen.wait_for_screen("NoticeView", topic="closed")
    log_in_at_the_pc(pc, "0317", PIN)
    title = pc.locator("#state-title")
    expect(title).to_have_text("空闲")
    screen.wait_for_screen("IdleView")

    pc.keyboard.press("F2")
    pc.keyboard.type("bdczy")
    pc.keyboard.press("Enter")
    pc.locator("#chosen textarea").fill("15010000000068\n15010000000069")
    pc.keyboard.press("Control+Enter")
    expect(title).to_have_text("等待群众评价")
    expect(pc.locator("#cancel")).to_be_visible()

    screen.wait_for_screen("RatingView", subject="staff")
    citizen.mouse.tap("level", 1)
    expect(title).to_have_text("群众正在评价")
    expect(pc.locator("#cancel")).to_be_hidden()
    screen.wait_for_screen("ReasonsView", level=1)
    citizen.mouse.tap("skip")
    citizen.rates("matter", 5)
    citizen.reads_the_thanks()
    expect(title).to_have_text("评价结束")
    expect(pc.locator("#count-rated")).to_have_text("1")
    told = pc.content()
    assert not [word for word in LEVELS if word in told]

    pc.locator("#pause").click()
    pc.locator("#asking-reasons label").first.click()
    pc.locator("#asking-go").click()
    screen.wait_for_screen("NoticeView", topic="paused")
    expect(title).to_have_text("暂停服务")
    pc.locator("#resume").click()
    screen.wait_for_screen("IdleView")

    eventually("two ratings at central", lambda: len(window.stage.ratings()) == 2)
    matter = window.stage.ratings()[1]
    assert matter["cases"] == ["15010000000068", "15010000000069"]
    assert [(one.staff, one.means) for one in window.records(Login)] == [("0317", "console")]
    assert everything_is_at_central_exactly_once(window.stage)


def test_an_invitation_is_taken_back_with_a_reason_and_counted(window: Window, pc: Page):
    screen = window.screen
    screen.wait_for_screen("NoticeView", topic="closed")
    log_in_at_the_pc(pc, "0317", PIN)
    screen.wait_for_screen("IdleView")
    pc.locator("#invite").click()
    screen.wait_for_screen("RatingView")
    pc.locator("#cancel").click()
    pc.locator("#asking-reasons label").first.click()
    pc.locator("#asking-go").click()
    screen.wait_for_screen("IdleView")
    expect(pc.locator("#state-title")).to_have_text("邀请已取消")
    eventually("the cancel at central", lambda: served(window)["0317"]["cancelled"] == 1)
    assert served(window)["0317"]["rated"] == 0


def test_two_staff_one_after_the_other_each_get_their_own(window: Window, pc: Page):
    screen, citizen = window.screen, window.citizen
    screen.wait_for_screen("NoticeView", topic="closed")
    log_in_at_the_pc(pc, "0317", PIN)
    screen.wait_for_screen("IdleView")
    citizen.rates_the_staff(5)
    window.li.logs_in()
    screen.wait_for_screen("MenuView")
    expect(pc.locator("#login")).to_be_visible()
    window.li.presses("leave-menu")
    citizen.rates_the_staff(2)
    eventually("two ratings", lambda: len(window.stage.ratings()) == 2)
    found = [(r["code"], r["level"]["platform"]) for r in window.stage.ratings()]
    assert found == [("0317", 5), ("0322", 2)]


def test_the_business_system_waits_its_turn_and_is_told_of_the_end(window: Window):
    stage, screen, citizen = window.stage, window.screen, window.citizen
    key = stage.make_system("不动产登记系统")
    window.is_told_by_central()
    eventually("the console", lambda: answers(window.address))
    screen.wait_for_screen("NoticeView", topic="closed")

    session = requests.Session()
    session.headers["Authorization"] = f"Bearer {key}"

    def invite(request: str) -> requests.Response:
        body = {"request": request, "matters": [{"code": MORTGAGE, "cases": ["DY-77"]}]}
        return session.post(f"{window.address}/v1/visits", json=body, timeout=20)

    eventually("the key", lambda: invite("0").status_code == 409)
    assert invite("1").json()["code"] == "window-closed"
    window.wang.logs_in()
    screen.wait_for_screen("MenuView")

    first = invite("1")
    assert (first.status_code, first.json()["state"]) == (201, "invited")
    screen.wait_for_screen("RatingView", subject="staff")
    again = invite("1")
    assert (again.status_code, again.json()["visit"]) == (200, first.json()["visit"])

    citizen.mouse.tap("level", 2)
    screen.wait_for_screen("ReasonsView", level=2)
    refused = invite("2")
    assert (refused.status_code, refused.json()["code"]) == (409, "visit-under-way")
    assert "rating" in refused.text
    assert "level" not in refused.text

    citizen.mouse.tap("skip")
    citizen.rates("matter", 4)
    visit = session.get(
        f"{window.address}/v1/visits/{first.json()['visit']}?wait=20&state=rating", timeout=30
    )
    assert visit.json()["state"] == "ended"
    citizen.reads_the_thanks()
    assert invite("1").json()["visit"] == first.json()["visit"]
    assert len(window.records(VisitOpened)) == 1
    assert window.records(VisitOpened)[0].system == "不动产登记系统"


def test_a_roster_that_changes_in_mid_visit_changes_nothing_for_the_citizen(
    window: Window, tmp_path: Path
):
    stage, screen, citizen = window.stage, window.screen, window.citizen
    screen.wait_for_screen("NoticeView", topic="closed")
    window.wang.logs_in()
    window.wang.presses("invite")
    screen.wait_for_screen("RatingView", subject="staff")

    left, _, rest = hall_without_assignment(tmp_path).read_text("utf-8").partition("[[staff]]")
    (tmp_path / "hall.toml").write_text(left + "[[staff]]" + rest.partition("[[staff]]")[2])
    stage.import_hall(tmp_path / "hall.toml")
    window.is_told_by_central()
    screen.wait_for_screen("RatingView", subject="staff")

    citizen.rates("staff", 3)
    screen.wait_for_screen("ThanksView")
    citizen.mouse.tap("done")
    screen.wait_for_screen("NoticeView", topic="closed")
    eventually("the rating", lambda: len(stage.ratings()) == 1)
    assert stage.ratings()[0]["code"] == "0317"
    assert [one.reason for one in window.records(Logout)] == ["no longer on the roster"]


def test_who_logs_in_at_another_window_is_logged_out_at_the_first(window: Window, display: str):
    screen = window.screen
    screen.wait_for_screen("NoticeView", topic="closed")
    window.wang.logs_in()
    screen.wait_for_screen("MenuView")
    eventually("the log-in at central", lambda: "0317" in served(window))

    other = window.stage.beside("window-13")
    other.make_device("--size", "1280x800")
    other.enrol("BOARD-13", SPARE_WINDOW)
    other.start_agent()
    window.stage.program("kiosk").stop()  # one window at a time has the screen
    other.start_kiosk()
    Colleague(other, Mouse(other, display), "0317", PIN).logs_in()
    other.rehearsal.wait_for_screen("MenuView")
    eventually("both log-ins", lambda: served(window)["0317"]["logins"] == 2)
    other.program("kiosk").stop()

    window.stage.start_kiosk()
    screen.wait_for_screen("IdleView")
    window.is_told_by_central()
    screen.wait_for_screen("NoticeView", topic="closed")
    assert [one.reason for one in window.records(Logout)] == ["logged in at window 13"]
