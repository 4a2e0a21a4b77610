"""Rating by phone: a code read off the real kiosk's screen, opened in a real browser.

Every process is real: central behind TLS, agent, kiosk on a virtual screen, Chromium at a
phone's size. The codes are photographed and read by zbar, as a camera would.
"""

import os
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from actors import Citizen, Mouse, eventually
from phone import HOST, codes_in, codes_off_the_screen, phone_browser, phones
from playwright.sync_api import Browser, Page, expect

from demo.stage import SAMPLE, Stage
from demo.tour import HOUSE
from device.store.home import Home
from protocol.records import AnyRecord, Outcome, VisitClosed, read
from tests.gateway import Authority, gateway

pytestmark = pytest.mark.timeout(300)

GOOD, BAD = "满意", "不满意"
READING_MS = 2200


@pytest.fixture(scope="module")
def furnished(tmp_path_factory: pytest.TempPathFactory) -> Stage:
    """The sample hall with one device, set up once; every journey gets a copy."""
    stage = Stage(tmp_path_factory.mktemp("phones"))
    try:
        stage.make_central(SAMPLE)
        stage.start_central()
        stage.make_device("--size", "1280x800")
        stage.enrol()
    finally:
        stage.close()
    return stage


@pytest.fixture
def hall(tmp_path: Path, display: str, furnished: Stage) -> Iterator[Stage]:
    """The hall with everything running."""
    stage = Stage(tmp_path, {"DISPLAY": display, "SDL_VIDEODRIVER": "x11"})
    try:
        stage.furnished_like(furnished)
        stage.start_central()
        stage.start_agent()
        stage.start_kiosk()
        yield stage
    finally:
        stage.close()


@pytest.fixture(scope="module")
def browser(furnished: Stage, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    """Chromium, for which the hall's address leads to the hall's central."""
    certificate = Authority(tmp_path_factory.mktemp("gateway")).issue(HOST)
    with (
        gateway(furnished.port, certificate) as port,
        phone_browser(port) as browser,
    ):
        yield browser


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    """The citizen's phone."""
    with phones(browser) as page:
        yield page


@pytest.fixture
def citizen(hall: Stage, display: str) -> Citizen:
    return Citizen(hall, Mouse(hall, display))


def code_seen(hall: Stage, display: str) -> str:
    """The one code on the kiosk's screen, photographed until it can be read."""
    found: list[str] = []

    def read_one() -> bool:
        found[:] = codes_off_the_screen(display, hall.folder)
        return len(found) == 1

    eventually("a code on the screen", read_one)
    return found[0]


def presses(page: Page, name: str) -> None:
    page.get_by_role("button", name=name, exact=True).click()


def rates(page: Page, *levels: str, comment: str = "") -> None:
    """Rate one question after the other and send it."""
    for number, level in enumerate(levels, 1):
        presses(page, level)
        if number < len(levels):
            presses(page, "下一题")
    if comment:
        page.locator("textarea").fill(comment)
    send(page, "提交评价")


def send(page: Page, key: str) -> None:
    """Read it over, as people do, and send it; what comes too quickly is asked again."""
    page.wait_for_timeout(READING_MS)
    presses(page, key)


def is_thanked(page: Page) -> str:
    """Wait for the thank-you; returns the receipt code."""
    expect(page.get_by_role("heading", name="评价已收到，谢谢您")).to_be_visible()
    return page.locator(".code").inner_text().replace(" ", "")


def counted(hall: Stage) -> list[tuple[str, int, str]]:
    """What counts at central: subject, level and where it was given."""
    return sorted(
        (one["subject"], one["level"]["platform"], one["origin"])
        for one in hall.ratings()
        if one["counted"]
    )


def records(hall: Stage, kind: type[AnyRecord]) -> list[Any]:
    with closing(sqlite3.connect(Home(hall.device_data).kiosk_db)) as db:
        signed = db.execute("SELECT signed FROM record ORDER BY seq").fetchall()
    return [record for (one,) in signed if isinstance(record := read(one), kind)]


def lines_with(hall: Stage, word: str) -> list[str]:
    """Lines of any log that hold ``word``."""
    logs = "".join(file.read_text("utf-8", "replace") for file in hall.folder.glob("*.log"))
    return [line for line in logs.splitlines() if word in line]


# --- one visit, two ways -------------------------------------------------------------------


def test_a_code_read_off_the_screen_is_rated_on_a_phone_and_the_device_says_thanks(
    hall: Stage, citizen: Citizen, page: Page, display: str
):
    citizen.screen.wait_for_screen("IdleView")
    hall.invite(HOUSE)
    citizen.screen.wait_for_screen("RatingView", subject="staff")
    code = code_seen(hall, display)
    page.goto(code)
    expect(page.get_by_role("heading", level=1)).to_contain_text("请您对工作人员的服务作出评价")
    rates(page, BAD, GOOD, comment="等了两个小时\n<b>还没办完</b>")
    receipt = is_thanked(page)

    thanks = citizen.screen.wait_for_screen("ThanksView")
    assert thanks["view"]["code"] == receipt
    eventually("both ratings", lambda: len(counted(hall)) == 2)
    assert [one[:2] for one in counted(hall)] == [("matter", 4), ("staff", 2)]
    eventually("the visit's end", lambda: bool(records(hall, VisitClosed)))
    (closed,) = records(hall, VisitClosed)
    assert (closed.outcome, closed.asked, closed.rated, closed.by_phone) == (
        *(Outcome.RATED, 2, 0, 2),
    )
    token = code.rpartition("/")[2]
    assert not lines_with(hall, token[:40]), "no log has the token"
    assert not lines_with(hall, "还没办完")
    assert "2" not in str(closed.reason)


def test_what_was_rated_on_the_screen_cannot_be_rated_again_only_followed_up(
    hall: Stage, citizen: Citizen, page: Page, display: str
):
    citizen.screen.wait_for_screen("IdleView")
    citizen.mouse.tap("rate")
    citizen.rates("staff", 2, 209)
    citizen.screen.wait_for_screen("ThanksView")
    code = code_seen(hall, display)
    eventually("the rating at central", lambda: len(counted(hall)) == 1)
    page.goto(code)
    expect(page.get_by_role("heading", name="您已经评价过了")).to_be_visible()
    presses(page, "查询是否计入 · 追加评价")
    presses(page, "对此追加评价")
    presses(page, GOOD)
    send(page, "提交追加评价")
    expect(page.locator("main")).to_contain_text("追加评价已收到，谢谢您")
    assert [one[:2] for one in counted(hall)] == [("staff", 2)], "the first stays as it was"
    (rating,) = hall.ratings()
    assert rating["follow_up"]["level"]["platform"] == 4


def test_a_phone_rates_while_the_device_is_offline_and_it_counts_once(
    hall: Stage, citizen: Citizen, page: Page, display: str
):
    citizen.screen.wait_for_screen("IdleView")
    hall.program("agent").kill()
    citizen.mouse.tap("rate")
    citizen.screen.wait_for_screen("RatingView", subject="staff")
    page.goto(code_seen(hall, display))
    rates(page, GOOD)
    is_thanked(page)
    expect(page.locator("main")).to_contain_text("上报后计入")
    assert counted(hall) == []

    citizen.rates("staff", 1)
    citizen.screen.wait_for_screen("ThanksView")
    hall.start_agent()
    eventually("both at central", lambda: len(hall.ratings()) == 2, patience_s=60)
    assert [one[:2] for one in counted(hall)] == [("staff", 4)], "the one given first counts"


def test_without_scripts_it_is_the_same(
    hall: Stage, citizen: Citizen, browser: Browser, display: str
):
    citizen.screen.wait_for_screen("IdleView")
    citizen.mouse.tap("rate")
    citizen.screen.wait_for_screen("RatingView", subject="staff")
    with phones(browser, scripts=False) as page:
        page.goto(code_seen(hall, display))
        rates(page, GOOD)
        receipt = is_thanked(page)
        page.reload()
        assert is_thanked_again(page) == receipt
    assert citizen.screen.wait_for_screen("ThanksView")["view"]["code"] == receipt
    eventually("the rating", lambda: [one[:2] for one in counted(hall)] == [("staff", 4)])


def is_thanked_again(page: Page) -> str:
    expect(page.get_by_role("heading", name="您已经评价过了")).to_be_visible()
    return page.locator(".code").inner_text().replace(" ", "")


# --- the window's printed code ---------------------------------------------------------------


def test_a_printed_code_rates_a_window_whose_device_is_down(
    hall: Stage, page: Page, tmp_path: Path
):
    hall.program("kiosk").kill()
    sheets = str(tmp_path / "sheet")
    subprocess.run(["pdftoppm", "-r", "110", "-png", str(hall.poster()), sheets], check=True)
    (sheet,) = sorted(tmp_path.glob("sheet*.png"))
    (code,) = codes_in(sheet)
    page.goto(code)
    presses(page, "不动产转移登记（二手房）")
    rates(page, GOOD, BAD)
    assert len(is_thanked(page)) == 8
    assert [one[:2] for one in counted(hall)] == [("matter", 2), ("staff", 4)]
    for rating in hall.ratings():
        assert (rating["device"], rating["window"], rating["channel_pf"]) == (None, "12", 3)


# --- was mine counted? -----------------------------------------------------------------------


def test_a_receipt_proves_its_rating_and_an_altered_database_is_found_out(
    hall: Stage, citizen: Citizen, page: Page
):
    receipt = citizen.rates_the_staff(1)
    eventually("the rating at central", lambda: len(counted(hall)) == 1)
    page.goto("https://pj.binhe.example/C")
    page.get_by_role("textbox").first.fill(f"{receipt[:4]}-{receipt[4:]}".lower())
    page.get_by_role("button", name="查询").click()
    expect(page.locator("main")).to_contain_text("非常不满意")
    expect(page.locator("main")).to_contain_text("已计入")

    genuine = verify(hall, receipt)
    assert genuine.returncode == 0, genuine.stdout + genuine.stderr
    with closing(sqlite3.connect(hall.central_data / "central.db")) as db:
        db.execute("UPDATE rating SET platform_level = 5")
        db.commit()
    altered = verify(hall, receipt)
    assert altered.returncode == 1, altered.stdout
    page.reload()
    unknown = verify(hall, "0000" + receipt[4:])
    assert unknown.returncode == 1


def verify(hall: Stage, receipt: str) -> "subprocess.CompletedProcess[str]":
    """Check a receipt from outside, as anybody can."""
    return subprocess.run(
        [sys.executable, "-m", "haochaping", "verify", receipt, "--central", hall.address],
        env={**os.environ},
        capture_output=True,
        text=True,
        check=False,
    )
