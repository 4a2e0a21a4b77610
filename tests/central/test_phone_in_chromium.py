"""The phone page in a real browser at a phone's size: with a script and without, for everybody."""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import msgspec
import pytest
from axe_playwright_python.sync_playwright import Axe
from central_rig import MATTER, Device, RunningCentral, running
from phone_rig import token_of
from playwright.sync_api import Browser, Page, Route, expect, sync_playwright

from central import devices, schema, sealing
from central.database import sqlite_url
from central.phone.wording import LANGUAGES, words
from central.settings import Phone as PhoneSettings
from protocol.levels import Level
from protocol.questions import Asks
from protocol.records import InvitedBy, MatterHandled, Rating, VisitOpened
from protocol.subjects import Subject

pytestmark = pytest.mark.timeout(180)
ARGUMENTS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking"]
ARGUMENTS += ["--disable-component-update", "--disable-sync"]
SIZES = ((320, 640), (390, 844), (768, 1024), (195, 422))
"""The last is a phone of 390 pixels at 200 % zoom."""
BOTH = Asks(staff=1, matters=1)


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    expect.set_options(timeout=20_000)  # the machine may have much else to do
    with sync_playwright() as playwright:
        found = playwright.chromium.launch(executable_path="/usr/bin/chromium", args=ARGUMENTS)
        yield found
        found.close()


@pytest.fixture(scope="module")
def place(sqlite_template: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    folder = tmp_path_factory.mktemp("place")
    shutil.copy(sqlite_template, folder / "central.db")
    with running(folder / "central", sqlite_url(folder / "central.db")) as place:
        hurry = PhoneSettings(quickest_seconds=0, ratings_per_hour=100_000)
        place.central.settings = msgspec.structs.replace(place.central.settings, phone=hurry)
        sealing.ensure_key(place.database, place.central.settings.sealing_key_file, 1)
        yield place


@pytest.fixture
def device(place: RunningCentral) -> Device:
    return Device(place).enrol()


@contextmanager
def a_phone(browser: Browser, language: str = "en", **more: Any) -> Iterator[Page]:
    """A page in a phone of its own, which must load nothing but ours and keep nothing."""
    options = {"viewport": {"width": 390, "height": 844}, "locale": language, **more}
    context = browser.new_context(**options)
    page = context.new_page()
    said: list[str] = []
    page.on("console", lambda message: said.append(message.text))
    page.on("pageerror", lambda error: said.append(str(error)))
    yield page
    assert not [one for one in said if "Security" in one or "Error" in one], said
    assert not context.cookies()
    context.close()


def visit_of(device: Device, *, matter: bool = True) -> UUID:
    visit = uuid4()
    handled = (MatterHandled(MATTER, finished=True, cases=("150102200001010068",)),)
    device.write(
        VisitOpened,
        visit=visit,
        invited_by=InvitedBy.STAFF,
        window="12",
        staff="1001",
        matters=handled if matter else (),
    )
    device.send()
    return visit


def address(device: Device, visit: UUID, asks: Asks = BOTH, seconds: int = 3600) -> str:
    return f"{device.place.url}/R/{token_of(device, visit, seconds, asks)}"


def kept(device: Device, visit: UUID) -> list[Any]:
    table = schema.remote_rating
    return device.place.rows(table, table.c.visit == visit.bytes)


def press(page: Page, value: str) -> None:
    page.locator(f"button[value='{value}']:not(.unseen)").click()


def heading(page: Page, words_of_it: str) -> None:
    expect(page.get_by_role("heading", level=1)).to_contain_text(words_of_it)


def flawless(page: Page) -> None:
    """Check the page with axe, and that everything that can be pressed is large enough."""
    found = Axe().run(page)
    assert not found.response["violations"], found.generate_report()
    assert page.locator("h1").count() == 1
    small = page.evaluate(
        """() => [...document.querySelectorAll("button, a, summary, textarea, .tag, input")]
          .filter((one) => !one.matches(".unseen, [type=hidden], .tag input, .problem a"))
          .map((one) => [one.textContent || one.name, one.getBoundingClientRect()])
          .filter(([_, box]) => box.width && (box.height < 44 || box.width < 44))
          .map(([name, box]) => `${name}: ${box.width} x ${box.height}`)"""
    )
    assert not small


def within_the_width(page: Page) -> None:
    """Nothing may need scrolling to the side, nor be cut off, at any width."""
    before = page.viewport_size
    for width, height in SIZES:
        page.set_viewport_size({"width": width, "height": height})
        wide = page.evaluate(
            """() => [document.documentElement.scrollWidth - innerWidth,
              ...[...document.querySelectorAll("main *")].filter((one) =>
                !one.closest(".unseen, svg") && one.getBoundingClientRect().width
                && (one.getBoundingClientRect().right > innerWidth + 1
                    || one.scrollWidth > one.clientWidth + 1 && one.clientWidth))
                .map((one) => one.outerHTML.slice(0, 90))]"""
        )
        assert wide == [0], (width, wide)
    assert before is not None
    page.set_viewport_size(before)


# --- rating -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("language", "script"), [*((one, True) for one in LANGUAGES), ("zh-CN", False)]
)
def test_a_visit_is_rated_on_pages_that_everybody_can_use(
    browser: Browser, device: Device, language: str, *, script: bool
) -> None:
    text, visit = words(language), visit_of(device)
    with a_phone(browser, language, java_script_enabled=script) as page:

        def looked_at() -> None:
            if script:  # axe is a script itself
                flawless(page)
                within_the_width(page)

        page.goto(address(device, visit))
        heading(page, text.question(Subject.STAFF))
        looked_at()
        press(page, "level:4")
        heading(page, text("why"))
        looked_at()
        page.locator("input[value='411']").check()
        press(page, "next")
        heading(page, text.question(Subject.MATTER))
        press(page, "level:1")
        heading(page, text("why"))
        page.locator("input[value='115']").check()
        page.locator("#comment").fill("等了两个小时 <b>")
        page.locator("#number").fill("138")
        looked_at()
        press(page, "send")
        expect(page.locator(".problem")).to_contain_text("11")
        looked_at()
        page.locator("#number").fill("13800138000")
        press(page, "send")
        heading(page, text("thanks"))
        looked_at()
        page.goto(address(device, visit))
        heading(page, text("already"))
        page.locator("a.primary").click()
        heading(page, text("done.title"))
        looked_at()
    staff, matter = kept(device, visit)
    assert (staff.platform_level, staff.tags, staff.comment) == (4, "411", "")
    assert (matter.platform_level, matter.tags) == (1, "115")
    assert matter.comment == "等了两个小时 <b>"
    assert matter.language == language


@pytest.mark.parametrize("language", LANGUAGES)
def test_pages_that_lead_nowhere_can_be_used_by_everybody(
    browser: Browser, device: Device, language: str
) -> None:
    text, visit = words(language), visit_of(device)
    retired = Device(device.place).enrol()
    ended = {
        "altered": address(device, visit)[:-4],
        "expired": address(device, visit, seconds=-5),
        "retired": address(retired, visit),
    }
    with device.place.database.writing() as connection:
        devices.revoke(connection, retired.name, 1)
    with a_phone(browser, language) as page:
        for reason, where in ended.items():
            page.goto(where)
            heading(page, text(reason))
            flawless(page)
            within_the_width(page)


@pytest.mark.parametrize(
    "seen",
    [{"color_scheme": "dark"}, {"forced_colors": "active"}, {"contrast": "more"}],
    ids=["dark", "forced colours", "high contrast"],
)
def test_it_can_be_read_in_every_appearance(
    browser: Browser, device: Device, seen: dict[str, Any]
) -> None:
    visit = visit_of(device, matter=False)
    with a_phone(browser, **seen) as page:
        page.goto(address(device, visit))
        flawless(page)
        press(page, "level:2")
        heading(page, "Choose what applies")
        page.locator("input[value='214']").check()
        flawless(page)
        press(page, "send")
        heading(page, "Received")
        flawless(page)


def test_five_keys_are_equal_and_none_is_chosen(browser: Browser, device: Device) -> None:
    with a_phone(browser, "zh-CN") as page:
        page.goto(address(device, visit_of(device)))
        for width, height in SIZES:
            page.set_viewport_size({"width": width, "height": height})
            keys = page.locator("button.level")
            boxes = [keys.nth(number).bounding_box() for number in range(5)]
            assert len({(box["width"], box["height"]) for box in boxes if box}) == 1
            looks = keys.evaluate_all(
                """all => all.map((one) => { const look = getComputedStyle(one);
                  return [look.backgroundColor, look.borderColor, look.color, look.boxShadow,
                    look.fontSize].join() })"""
            )
            assert len(set(looks)) == 1


def test_it_is_rated_with_the_keyboard_alone(browser: Browser, device: Device) -> None:
    visit = visit_of(device, matter=False)
    with a_phone(browser) as page:
        page.goto(address(device, visit))

        def go_to(selector: str) -> None:
            for _ in range(40):
                if page.evaluate("one => document.activeElement.matches(one)", selector):
                    return
                page.keyboard.press("Tab")
            raise AssertionError(f"{selector} is never reached")

        go_to("button[value='level:2']")
        page.keyboard.press("Enter")
        heading(page, "Choose what applies")
        expect(page.get_by_role("heading", level=1)).to_be_focused()
        go_to("input[value='214']")
        page.keyboard.press("Space")
        go_to("#comment")
        page.keyboard.type("Curt")
        go_to("#number")
        page.keyboard.type("13800138000")
        page.keyboard.press("Enter")
        heading(page, "Received. Thank you.")
        expect(page.get_by_role("heading", level=1)).to_be_focused()
    (row,) = kept(device, visit)
    assert (row.platform_level, row.tags, row.comment) == (2, "214", "Curt")


def test_what_is_wrong_takes_the_focus_and_leads_to_its_field(
    browser: Browser, device: Device
) -> None:
    for script in (True, False):
        with a_phone(browser, java_script_enabled=script) as page:
            page.goto(address(device, visit_of(device, matter=False)))
            press(page, "level:5")
            page.locator("#number").fill("1")
            press(page, "send")
            problem = page.locator(".problem")
            expect(problem).to_be_focused()
            problem.get_by_role("link").click()
            expect(page.locator("#number")).to_be_focused()
            edge = "one => getComputedStyle(one).borderColor"
            assert page.locator("#number").evaluate(edge) != page.locator("#comment").evaluate(edge)


def test_another_language_keeps_what_was_filled_in(browser: Browser, device: Device) -> None:
    with a_phone(browser) as page:
        page.goto(address(device, visit_of(device, matter=False)))
        press(page, "level:5")
        page.locator("#comment").fill("kind")
        page.locator("summary").click()
        press(page, "lang:ko")
        heading(page, words("ko")("why"))
        assert page.locator("html").get_attribute("lang") == "ko"
        expect(page.locator("#comment")).to_have_value("kind")


# --- what the script adds -----------------------------------------------------------------------


def test_characters_are_counted_as_central_counts_them(browser: Browser, device: Device) -> None:
    visit = visit_of(device, matter=False)
    with a_phone(browser) as page:
        page.goto(address(device, visit))
        press(page, "level:5")
        page.locator("#comment").fill("字𰻝\na ")
        expect(page.locator("#count")).to_have_text("4 / 500")
        expect(page.locator("#left")).to_have_text("4 of 500 characters")
        page.locator("#comment").fill("𰻝" * 501)
        expect(page.locator("#count")).to_have_class("over")
        press(page, "send")
        expect(page.locator(".problem")).to_contain_text("500")
        page.locator("#comment").fill("𰻝" * 500)
        expect(page.locator("#count")).not_to_have_class("over")
        press(page, "send")
        heading(page, "Received")
    assert kept(device, visit)[0].comment == "𰻝" * 500


def test_what_was_written_stays_when_the_network_fails(browser: Browser, device: Device) -> None:
    visit = visit_of(device, matter=False)
    with a_phone(browser) as page:
        page.goto(address(device, visit))
        press(page, "level:1")
        heading(page, "Choose what applies")
        page.locator("#comment").fill("not lost")
        for failing in (
            lambda route: route.abort(),
            lambda route: route.fulfill(status=503, body="{}", content_type="application/json"),
            lambda route: route.fulfill(status=200, body="<p>Log in", content_type="text/html"),
        ):
            page.route("**/R/*", failing)
            press(page, "send")
            expect(page.locator("#news")).to_contain_text("could not be sent")
            expect(page.locator("button.primary")).to_be_enabled()
            expect(page.locator("button.primary")).to_have_text("Submit rating")
            expect(page.locator("#comment")).to_have_value("not lost")
            page.unroute("**/R/*")
        assert not kept(device, visit)
        press(page, "send")
        heading(page, "Received")
    assert kept(device, visit)[0].comment == "not lost"


def test_the_key_rests_while_it_is_sent_and_a_double_tap_is_one_rating(
    browser: Browser, device: Device
) -> None:
    visit = visit_of(device, matter=False)
    sent: list[Route] = []
    with a_phone(browser) as page:
        page.goto(address(device, visit))
        press(page, "level:3")
        heading(page, "Choose what applies")
        page.route("**/R/*", lambda route: sent.append(route))
        page.locator("button.primary").dblclick()
        expect(page.locator("button.primary")).to_be_disabled()
        expect(page.locator("button.primary")).to_have_text("Sending…")
        assert len(sent) == 1
        sent[0].continue_()
        heading(page, "Received")
    assert len(kept(device, visit)) == 1


def test_the_browsers_own_key_leads_back_through_the_pages(
    browser: Browser, device: Device
) -> None:
    visit = visit_of(device)
    for script in (True, False):
        with a_phone(browser, java_script_enabled=script) as page:
            page.goto(address(device, visit))
            press(page, "level:2")
            heading(page, "Choose what applies")
            page.go_back()
            heading(page, "How was the service")
            press(page, "level:5")
            expect(page.locator(".yours")).to_contain_text("Very satisfied")


def test_after_the_receipt_there_is_no_way_back_to_the_form(
    browser: Browser, device: Device
) -> None:
    with a_phone(browser) as page:
        page.goto(address(device, visit_of(device, matter=False)))
        press(page, "level:2")
        press(page, "send")
        heading(page, "Received")
        page.go_back()
        heading(page, "You have rated already")


def test_an_older_browser_that_tells_no_script_which_key_was_pressed_rates_too(
    browser: Browser, device: Device
) -> None:
    """`SubmitEvent.submitter` came to Safari with 15.4; many phones have an older one."""
    visit = visit_of(device, matter=False)
    with a_phone(browser) as page:
        page.add_init_script("delete SubmitEvent.prototype.submitter")
        page.goto(address(device, visit))
        press(page, "level:2")
        heading(page, "Choose what applies")
        press(page, "send")
        heading(page, "Received. Thank you.")
    (row,) = kept(device, visit)
    assert row.platform_level == 2


# --- what it costs and keeps --------------------------------------------------------------------


def test_the_first_load_is_under_60_kilobytes_on_the_wire(browser: Browser, device: Device) -> None:
    sizes: dict[str, int] = {}

    def weigh(request: Any) -> None:
        size = request.sizes()
        sizes[request.url.rpartition("/")[2][:9]] = (
            size["responseHeadersSize"] + size["responseBodySize"]
        )

    with a_phone(browser, "zh-CN") as page:
        page.on("requestfinished", weigh)
        page.goto(address(device, visit_of(device)), wait_until="networkidle")
        outside = [url for url in sizes if "//" in url]
    assert not outside
    assert len(sizes) >= 3
    assert sum(sizes.values()) < 60_000, sizes


def test_the_page_keeps_nothing_on_the_phone(browser: Browser, device: Device) -> None:
    with a_phone(browser) as page:
        page.goto(address(device, visit_of(device, matter=False)))
        press(page, "level:5")
        page.locator("#comment").fill("secret")
        press(page, "send")
        heading(page, "Received")
        assert page.evaluate("[localStorage.length, sessionStorage.length]") == [0, 0]
        assert page.evaluate("indexedDB.databases().then((all) => all.length)") == 0


def test_hostile_words_are_words(browser: Browser, device: Device) -> None:
    hostile = "<img src=x onerror=alert(1)></textarea><script>alert(2)</script>\"'&amp;"
    table = schema.matter
    with device.place.database.writing() as connection:
        name = hostile[:100]
        connection.execute(table.update().where(table.c.code == MATTER).values(name=name))
    try:
        for script in (True, False):
            visit = visit_of(device)
            with a_phone(browser, java_script_enabled=script) as page:
                page.on("dialog", lambda dialog: pytest.fail(dialog.message))
                page.goto(address(device, visit))
                press(page, "skip")
                expect(page.locator(".card")).to_contain_text(name)
                press(page, "level:1")
                page.locator("#comment").fill(hostile)
                page.locator("#number").fill('"><b>')
                press(page, "send")
                expect(page.locator(".problem")).to_be_visible()
                expect(page.locator("#comment")).to_have_value(hostile)
                page.locator("#number").fill("")
                press(page, "send")
                heading(page, "Received")
                expect(page.locator("dl")).to_contain_text(name)
            assert kept(device, visit)[0].comment == hostile
    finally:
        with device.place.database.writing() as connection:
            connection.execute(
                table.update().where(table.c.code == MATTER).values(name="社会保障卡申领")
            )


def test_a_visit_rated_on_the_screen_meanwhile_is_told_on_the_receipt(
    browser: Browser, device: Device
) -> None:
    visit = visit_of(device, matter=False)
    with a_phone(browser) as page:
        page.goto(address(device, visit))
        press(page, "level:1")
        heading(page, "Choose what applies")
        device.write(
            Rating,
            visit=visit,
            subject=Subject.STAFF,
            code="1001",
            level=Level.VERY_SATISFIED,
            tapped_ms=1,
        )
        device.send()
        press(page, "send")
        expect(page.locator("dl")).to_contain_text("Your rating on the screen came first")
        flawless(page)
