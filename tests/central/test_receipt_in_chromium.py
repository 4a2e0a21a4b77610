"""The receipt pages in real Chromium: from the code to the follow-up, with a script and without."""

import shutil
from collections.abc import Iterator
from pathlib import Path
from uuid import UUID

import pytest
from axe_playwright_python.sync_playwright import Axe
from central_rig import MATTER, Device, RunningCentral, running
from playwright.sync_api import Browser, Page, expect, sync_playwright
from receipt_rig import by_phone, intruder, rated_visit, show
from sqlalchemy import update

from central import schema
from central.database import sqlite_url
from central.remote_ratings import Given
from protocol.levels import Level
from protocol.phone import receipt_code
from protocol.subjects import Subject

ARGUMENTS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking"]
LANGUAGES = {"zh-CN": "查询", "en": "Look up", "ko": "조회"}


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    expect.set_options(timeout=20_000)  # the machine may have much else to do
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path="/usr/bin/chromium", args=ARGUMENTS)
        yield browser
        browser.close()


@pytest.fixture(scope="module")
def place(
    sqlite_template: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[RunningCentral]:
    """A central on SQLite: what a browser shows does not depend on the database."""
    folder = tmp_path_factory.mktemp("receipts")
    shutil.copy(sqlite_template, folder / "central.db")
    with running(folder / "central", sqlite_url(folder / "central.db")) as place:
        yield place


@pytest.fixture(scope="module")
def device(place: RunningCentral) -> Device:
    return Device(place).enrol()


@pytest.fixture
def visit(place: RunningCentral, device: Device) -> UUID:
    """A visit rated on the screen, and its matter later by phone too."""
    visit = rated_visit(device)
    device.send()
    given = Given(
        *(Subject.MATTER, Level.VERY_DISSATISFIED, (108, 110), "跑了三趟。\n<i>", MATTER),
        cases=("BH-2026-0416",),
    )
    by_phone(place, device, visit, given)
    return visit


def accessible(page: Page) -> None:
    """Nothing for axe to complain of, and nothing to scroll to sideways."""
    found = Axe().run(page)
    assert found.violations_count == 0, found.generate_report()
    width = page.viewport_size["width"] if page.viewport_size else 0
    assert page.evaluate("document.documentElement.scrollWidth") <= width


def look_up(page: Page, place: RunningCentral, typed: str) -> None:
    page.goto(f"{place.url}/C")
    page.fill("#code", typed)
    page.click("button.primary")


@pytest.mark.parametrize(("language", "dark"), [("zh-CN", False), ("en", True), ("ko", False)])
def test_every_page_is_accessible_on_the_narrowest_phone(
    browser: Browser, place: RunningCentral, visit: UUID, language: str, dark: bool
) -> None:
    context = browser.new_context(
        viewport={"width": 320, "height": 640},
        locale=language,
        color_scheme="dark" if dark else "light",
    )
    page = context.new_page()
    page.goto(f"{place.url}/C")
    assert page.locator("button.primary").inner_text() == LANGUAGES[language]
    accessible(page)
    look_up(page, place, "ABC")
    page.wait_for_selector(".problem")
    accessible(page)
    look_up(page, place, receipt_code(visit))
    page.wait_for_selector(".told")
    page.click(".checks summary")
    accessible(page)
    page.locator('button[value^="follow:matter"]').click()
    page.wait_for_selector("textarea")
    accessible(page)
    context.close()


@pytest.mark.parametrize("script", [True, False])
def test_the_enter_key_looks_the_code_up_and_a_mistake_takes_the_focus(
    browser: Browser, place: RunningCentral, visit: UUID, script: bool
) -> None:
    context = browser.new_context(locale="zh-CN", java_script_enabled=script)
    page = context.new_page()
    page.goto(f"{place.url}/C")
    page.fill("#code", "ABC")
    page.keyboard.press("Enter")
    expect(page.locator(".problem")).to_be_focused()
    page.fill("#code", receipt_code(visit))
    page.keyboard.press("Enter")
    page.wait_for_selector(".told")
    assert page.locator("html").get_attribute("lang") == "zh-CN"
    context.close()


@pytest.mark.parametrize("script", [True, False])
def test_from_the_code_to_the_follow_up(
    browser: Browser, place: RunningCentral, visit: UUID, script: bool
) -> None:
    context = browser.new_context(
        viewport={"width": 390, "height": 844}, locale="zh-CN", java_script_enabled=script
    )
    page = context.new_page()
    code = receipt_code(visit)
    look_up(page, place, f"{code[:4].lower()} {code[4:]}")
    page.wait_for_selector(".told")
    assert page.locator(".told").count() == 3
    assert "已计入统计" in page.locator(".verdict").inner_text()
    assert "跑了三趟。\n<i>" in page.locator(".comment").inner_text()
    assert code not in page.url
    page.locator('button[value^="follow:matter"]').click()
    page.wait_for_selector("textarea")
    assert page.locator("textarea").input_value() == "跑了三趟。\n<i>"
    page.fill("textarea", "现在办好了")
    page.wait_for_timeout(2100)  # nobody reads and answers sooner (`phone.quickest_seconds`)
    page.click("button.primary")
    page.wait_for_selector("[role=status] b")
    assert "追加评价已收到" in page.inner_text("main")
    assert "现在办好了" in page.inner_text("main")
    assert page.locator('button[value^="follow:matter"]').count() == 0
    shown = show(place, visit)
    assert shown.wrong == set()
    assert "matter follow-up" in shown.standings
    context.close()


def test_an_altered_rating_is_told_before_anything_else(
    browser: Browser, place: RunningCentral, visit: UUID
) -> None:
    with intruder(place) as connection:
        connection.execute(
            update(schema.rating)
            .where(schema.rating.c.visit == visit.bytes, schema.rating.c.subject == "staff")
            .values(platform_level=1)
        )
    context = browser.new_context(viewport={"width": 390, "height": 844}, locale="zh-CN")
    page = context.new_page()
    look_up(page, place, receipt_code(visit))
    page.wait_for_selector(".told")
    said = page.inner_text("main")
    assert "核验不通过" in said
    assert said.index("核验不通过") < said.index("非常不满意")
    assert page.locator('button[value^="follow:"]').count() == 0
    accessible(page)
    context.close()
