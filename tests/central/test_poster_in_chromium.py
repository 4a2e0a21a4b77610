"""A printed poster, scanned and rated in a real browser at a phone's size."""

import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest
from axe_playwright_python.sync_playwright import Axe
from central_rig import MATTER, RunningCentral, running
from playwright.sync_api import Browser, Page, sync_playwright
from sqlalchemy import update

from central import posters, schema, window_codes
from central.database import sqlite_url
from central.phone.window_texts import TEXTS
from central.posters import Poster
from central.service import now_ms
from central.settings import Phone as PhoneSettings

pytestmark = pytest.mark.timeout(180)
HALL = "210100-01"
ARGUMENTS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking"]
ARGUMENTS += ["--disable-component-update", "--disable-sync"]


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        found = playwright.chromium.launch(executable_path="/usr/bin/chromium", args=ARGUMENTS)
        yield found
        found.close()


@pytest.fixture(scope="module")
def place(sqlite_template: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    folder = tmp_path_factory.mktemp("place")
    shutil.copy(sqlite_template, folder / "central.db")
    with running(folder / "central", sqlite_url(folder / "central.db")) as place:
        hurry = PhoneSettings(quickest_seconds=0)
        place.central.settings = msgspec.structs.replace(place.central.settings, phone=hurry)
        table = schema.service_window
        with place.database.writing() as connection:
            many = [f"{MATTER[:-2]}{number:02}" for number in range(10, 22)]
            rows = [
                {"hall": HALL, "code": c, "name": f"事项{c[-2:]}", "initials": ""} for c in many
            ]
            connection.execute(schema.matter.insert(), rows)
            for code, short in (("W12", [MATTER, many[0]]), ("W13", many)):
                listed = msgspec.json.encode(short).decode()
                connection.execute(update(table).where(table.c.code == code).values(matters=listed))
        yield place


def given_out(place: RunningCentral, window: str) -> window_codes.WindowCode:
    now = now_ms()
    with place.database.writing() as connection:
        plan = window_codes.plan(connection, HALL, [window], now, days=30)
        window_codes.give_out(connection, plan, now)
    return plan.sheets[0].code


def scanned(place: RunningCentral, window: str, folder: Path) -> str:
    """The address on the window's printed poster, at the central of this test."""
    poster = Poster(given_out(place, window), "沈阳市政务服务中心", "https://pj.example.cn")
    file = folder / "poster.pdf"
    file.write_bytes(posters.draw([poster], ["zh-CN", "en"], now_ms()).content)
    subprocess.run(["pdftoppm", "-r", "100", "-singlefile", "-png", file, folder / "p"], check=True)
    done = subprocess.run(
        ["zbarimg", "--quiet", "--raw", "-Sdisable", "-Sqrcode.enable", folder / "p.png"],
        capture_output=True,
        text=True,
        check=True,
    )
    host, _, path = done.stdout.strip().partition("/W/")
    assert host == "HTTPS://PJ.EXAMPLE.CN"
    return f"{place.url}/W/{path}"


@pytest.mark.parametrize("scripts", [True, False])
def test_a_printed_code_is_scanned_and_the_service_rated(
    place: RunningCentral, browser: Browser, tmp_path: Path, scripts: bool
) -> None:
    address = scanned(place, "W12", tmp_path)
    page = open_page(browser, address, java_script_enabled=scripts)
    page.get_by_role("button", name="社会保障卡申领").click()
    page.get_by_role("button", name="非常满意", exact=True).click()
    page.get_by_role("button", name="下一").click()
    page.get_by_role("button", name="不满意", exact=True).click()
    page.locator("#comment").fill("等候时间长 <script>")
    page.get_by_role("button", name="提交").click()
    page.get_by_text("评价已收到").first.wait_for()
    code = page.locator(".code").first.inner_text().replace(" ", "")
    table = schema.remote_rating
    rows = place.rows(table, table.c.receipt == code)
    assert [(row.subject, row.code, row.platform_level) for row in rows] == [
        ("staff", "1001", 5),
        ("matter", MATTER, 2),
    ]
    assert [row.comment for row in rows] == ["", "等候时间长 <script>"]
    page.context.close()


def open_page(browser: Browser, address: str, **how: Any) -> Page:
    how = {"viewport": {"width": 390, "height": 844}, "locale": "zh-CN", **how}
    page = browser.new_context(**how).new_page()
    page.goto(address)
    return page


@pytest.mark.parametrize("language", TEXTS)
@pytest.mark.parametrize("what", ["keys", "list", "unknown", "ended", "busy"])
def test_every_page_can_be_used_by_everybody(
    place: RunningCentral,
    browser: Browser,
    language: str,
    what: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    code = given_out(place, "W13" if what == "list" else "W12").code
    if what == "unknown":
        code = "0" * 16
    if what == "ended":
        with place.database.writing() as connection:
            window_codes.withdraw(connection, HALL, ["W12"], now_ms())
    if what == "busy":
        none = PhoneSettings(window_ratings_per_hour=0)
        settings = msgspec.structs.replace(place.central.settings, phone=none)
        monkeypatch.setattr(place.central, "settings", settings)
    page = open_page(browser, f"{place.url}/W/{code}", locale=language)
    titles = {"keys": "choose", "list": "choose"}
    title = getattr(TEXTS[language], titles.get(what, what))
    assert page.get_by_role("heading", level=1).inner_text() == title
    found = Axe().run(page)
    assert found.response["passes"]
    assert found.violations_count == 0, found.generate_report()
    for width in (320, 768):
        page.set_viewport_size({"width": width, "height": 844})
        assert page.evaluate("document.documentElement.scrollWidth") <= width
        for target in page.locator("button:visible:not(.unseen), summary, label").all():
            box = target.bounding_box()
            assert box is not None
            assert box["height"] >= 44
    page.context.close()


def test_a_list_can_be_used_by_keyboard_alone(place: RunningCentral, browser: Browser) -> None:
    page = open_page(browser, f"{place.url}/W/{given_out(place, 'W13').code}", locale="en")
    page.locator("input[type=radio]").first.focus()
    page.keyboard.press("ArrowDown")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    page.get_by_role("button", name="Very satisfied").wait_for()
    assert "事项11" in page.inner_text("main")
    page.context.close()
