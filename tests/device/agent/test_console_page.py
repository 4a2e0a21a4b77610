"""The console's page in a real browser, as staff use it."""

import hashlib
import io
from collections.abc import Iterator
from typing import NamedTuple
from uuid import uuid4

import msgspec
import pytest
from console_rig import chromium
from device_rig import BAD, DEED, LOAN, WANG, chain, soon
from PIL import Image
from playwright.sync_api import Browser, Page, Route, expect
from web_rig import LI, PINS, WindowWeb, hall, window_web

from device.core.session import SessionState
from device.core.visit import Invited
from device.store.home import Home
from protocol.configuration import Matter, Window
from protocol.records import InvitedBy, Login, Pause, VisitClosed, VisitOpened

WATCH = """
window.broken = [];
document.addEventListener("securitypolicyviolation", (event) =>
  window.broken.push(event.violatedDirective + " " + event.blockedURI));
"""
"""Collects what the page's policy forbade."""


def jpeg() -> bytes:
    made = io.BytesIO()
    Image.new("RGB", (24, 28), "#d2dfdf").save(made, "JPEG")
    return made.getvalue()


PHOTO = jpeg()


class Pc(NamedTuple):
    """The window's PC: a browser at the console of a window."""

    page: Page
    web: WindowWeb
    said: list[str]
    """What the browser complained of."""

    def log_in(self, staff: str = WANG) -> None:
        self.page.fill("#staff", staff)
        self.page.fill("#pin", PINS[staff])
        self.page.press("#pin", "Enter")
        expect(self.page.locator("#work")).to_be_visible()
        self.state("ready")

    def state(self, kind: str) -> None:
        expect(self.page.locator("#state")).to_have_attribute("data-kind", kind)

    def says(self, where: str, text: str) -> None:
        expect(self.page.locator(where)).to_contain_text(text)

    def focus(self, where: str) -> None:
        expect(self.page.locator(where)).to_be_focused()


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium() as one:
        yield one


@pytest.fixture
def web(home: Home) -> Iterator[WindowWeb]:
    with window_web(home) as served:
        yield served


@pytest.fixture
def pc(browser: Browser, web: WindowWeb) -> Iterator[Pc]:
    with open_pc(browser, web) as one:
        yield one


class open_pc:  # noqa: N801 - used as a block
    """A browser window of its own; at its end it must have nothing to complain of."""

    def __init__(self, browser: Browser, web: WindowWeb, width: int = 1366, height: int = 768):
        self._context = browser.new_context(viewport={"width": width, "height": height})
        self._context.set_default_timeout(15_000)
        page = self._context.new_page()
        said: list[str] = []
        page.on("console", lambda message: said.append(f"{message.type}: {message.text}"))
        page.on("pageerror", lambda error: said.append(f"error: {error}"))
        page.on("dialog", lambda dialog: (said.append("dialog"), dialog.dismiss()))
        page.add_init_script(WATCH)
        page.goto(web.url)
        self.pc = Pc(page, web, said)

    def __enter__(self) -> Pc:
        return self.pc

    def __exit__(self, kind: type | None, *_: object) -> None:
        try:
            if kind is None:
                assert self.pc.page.evaluate("window.broken") == []
                # That a call was refused is the browser's to say and the page's to explain.
                rest = [one for one in self.pc.said if "Failed to load resource" not in one]
                assert rest == []
        finally:
            self._context.close()


# --- the way of one visit -----------------------------------------------------------------


def test_a_visit_from_log_in_to_end_by_keyboard_alone_and_without_a_reload(pc: Pc):
    page, keys = pc.page, pc.page.keyboard
    page.evaluate("window.sameDocument = true")
    pc.focus("#pin")  # whoever serves is filled in already
    keys.type(PINS[WANG])
    keys.press("Enter")
    pc.focus("#search")
    pc.state("ready")

    keys.type("bdcz")
    keys.press("Enter")  # at once, before the list has followed
    expect(page.locator("#chosen h3")).to_have_text(["不动产转移登记"])
    keys.type("bdc")
    expect(page.locator("#found [role=option]")).to_have_count(2)
    keys.press("ArrowUp")
    keys.press("ArrowDown")
    names = page.locator("#found b").all_text_contents()
    keys.press("ArrowUp")
    for _ in range(names.index("不动产抵押权登记")):
        keys.press("ArrowDown")
    keys.press("Enter")
    expect(page.locator("#chosen h3")).to_have_text(["不动产转移登记", "不动产抵押权登记"])

    page.locator(f"#cases-{DEED}").focus()
    keys.type("2026-001，2026-002\n2026-001")
    expect(page.locator(f"#count-{DEED}")).to_have_value("2")
    page.locator(f"#finished-{LOAN}").focus()
    keys.press("Space")
    keys.press("Control+Enter")

    pc.state("invited")
    pc.focus("#search")
    expect(page.locator("#chosen li")).to_have_count(0)
    expect(page).to_have_title("等待群众评价 · 12 号窗口")
    opened = next(one for one in chain(pc.web.home) if isinstance(one, VisitOpened))
    handled = {one.code: one for one in opened.matters}
    assert handled[DEED].cases == ("2026-001", "2026-002")
    assert (handled[DEED].finished, handled[LOAN].finished) == (True, False)
    assert (handled[DEED].count, handled[LOAN].count) == (0, 1)

    pc.web.counter.tap(BAD)
    pc.state("rating")
    expect(page.locator("#cancel")).to_be_hidden()
    pc.says("#state-more", "不能再取消")
    pc.focus("#search")
    pc.web.counter.finish(BAD)
    pc.state("ended")
    pc.says("#state-spoken", "评价结束")
    pc.says("#count-invited", "1")
    pc.says("#count-rated", "1")
    assert "不满意" not in page.content()
    assert page.evaluate("window.sameDocument") is True


def test_without_a_matter_the_staff_member_alone_is_rated(pc: Pc):
    pc.log_in()
    pc.says("#visit-none", "只评价工作人员")
    pc.page.click("#invite")
    pc.state("invited")
    opened = next(one for one in chain(pc.web.home) if isinstance(one, VisitOpened))
    assert (opened.staff, opened.matters) == (WANG, ())


def test_a_citizen_who_declines_and_one_who_rates_look_alike(pc: Pc):
    pc.log_in()
    seen = set()
    for act in (pc.web.counter.decline, pc.web.counter.finish, pc.web.counter.time_out):
        pc.page.click("#invite")
        pc.state("invited")
        act()
        pc.state("ended")
        words = [pc.page.locator(one).inner_text() for one in ("#state-title", "#state-more")]
        seen.add(tuple(words))
    assert len(seen) == 1


# --- log-in -------------------------------------------------------------------------------


def test_wrong_pins_are_explained_until_the_log_in_is_locked(pc: Pc):
    page = pc.page
    for left in (4, 3, 2, 1):
        page.fill("#pin", "000000")
        page.press("#pin", "Enter")
        pc.says("#login-problem", f"还可再试 {left} 次")
        expect(page.locator("#pin")).to_have_value("")
        pc.focus("#pin")
    page.fill("#pin", "000000")
    page.press("#pin", "Enter")
    pc.says("#login-problem", "登录已锁定。1:00 后可再试")
    page.fill("#pin", PINS[WANG])
    page.press("#pin", "Enter")
    pc.says("#login-problem", "登录已锁定")
    expect(page.locator("#work")).to_be_hidden()


def test_half_a_pin_is_never_sent(pc: Pc):
    asked = []
    pc.page.on("request", lambda request: asked.append(request.url))
    pc.page.fill("#pin", "12a34")
    expect(pc.page.locator("#pin")).to_have_value("1234")
    pc.page.press("#pin", "Enter")
    pc.says("#login-problem", "6 位密码")
    assert not [url for url in asked if "login" in url]


def test_a_pin_is_in_no_address_and_nothing_the_browser_keeps(pc: Pc):
    urls = []
    pc.page.on("request", lambda request: urls.append(request.url))
    pc.log_in()
    kept = pc.page.evaluate("JSON.stringify([localStorage, sessionStorage, location.href])")
    assert PINS[WANG] not in "".join(urls) + kept + pc.page.content()
    assert pc.page.evaluate("document.cookie") == ""


def test_a_colleague_takes_over_and_the_first_page_says_so(browser: Browser, pc: Pc):
    pc.log_in()
    with open_pc(browser, pc.web) as other:
        pc_note = other.page.locator("#serving-now")
        expect(pc_note).to_contain_text("王晓燕（0317）")
        expect(pc_note).to_contain_text("接替")
        other.log_in(LI)
        pc.says("#login-note", "其他工作人员已登录本窗口")
        expect(pc.page.locator("#work")).to_be_hidden()
        expect(pc.page.locator("#staff")).to_have_value("")
        other.says("#my-name", "李建国")
        logins = [one.staff for one in chain(pc.web.home) if isinstance(one, Login)]
        assert logins == [LI]


def test_taking_over_from_a_citizen_who_rates_is_refused_with_the_reason(browser: Browser, pc: Pc):
    pc.log_in()
    pc.page.click("#invite")
    pc.state("invited")
    pc.web.counter.tap()
    with open_pc(browser, pc.web) as other:
        other.page.fill("#staff", LI)
        other.page.fill("#pin", PINS[LI])
        other.page.press("#pin", "Enter")
        other.says("#login-problem", "群众正在评价，不能登录")
    pc.state("rating")


def test_a_reload_goes_on_where_it_was_and_logging_out_closes_the_window(pc: Pc):
    pc.log_in()
    pc.page.reload()
    pc.says("#my-name", "王晓燕")
    pc.page.click("#leave")
    pc.says("#login-note", "您已退出")
    assert pc.web.counter.session.state is SessionState.CLOSED
    pc.page.reload()
    pc.says("#serving-now", "窗口目前无人登录")


def test_logging_out_while_a_citizen_rates_says_that_it_is_on_its_way(pc: Pc):
    pc.log_in()
    pc.page.click("#invite")
    pc.state("invited")
    pc.web.counter.tap()
    pc.state("rating")
    pc.page.click("#leave")
    pc.says("#leave", "正在退出")
    pc.says("#login-note", "群众评价结束后，窗口随即关闭")
    assert pc.web.counter.session.state is not SessionState.CLOSED


def test_only_an_invitation_says_that_it_is_inviting(pc: Pc):
    pc.log_in()
    with pc.page.expect_request("**/console-api/pause"):
        pc.page.route("**/console-api/pause", lambda route: None)  # no answer yet
        pc.page.keyboard.press("F8")
        pc.page.locator("#asking-reasons label").first.click()
        pc.page.click("#asking-go")
    expect(pc.page.locator("#invite")).to_have_attribute("aria-disabled", "true")
    pc.says("#invite-more", "评价器转为群众评价")


# --- cancelling and pausing ---------------------------------------------------------------


def test_an_invitation_is_taken_back_with_words_of_ones_own(pc: Pc):
    page = pc.page
    pc.log_in()
    page.keyboard.press("Control+Enter")
    pc.state("invited")
    page.keyboard.press("F9")
    expect(page.locator("#asking")).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.locator("#asking")).to_be_hidden()
    pc.focus("#search")
    pc.state("invited")
    page.keyboard.press("F9")
    page.keyboard.press("ArrowUp")  # round to the last: words of one's own
    pc.focus("#asking-own")
    page.keyboard.press("Enter")
    pc.says("#asking-problem", "请选择或写明原因")
    page.keyboard.type("群众去交费，稍后回来")
    page.keyboard.press("Enter")
    pc.state("cancelled")
    pc.focus("#search")
    closed = [one for one in chain(pc.web.home) if isinstance(one, VisitClosed)]
    assert [one.reason for one in closed] == ["群众去交费，稍后回来"]


LATE_ANSWERS = """() => {
  const real = window.fetch;
  window.fetch = async (address, ...more) => {
    const answer = await real(address, ...more);
    if (String(address).endsWith("/visits")) {
      await new Promise((done) => window.setTimeout(done, 700));
    }
    return answer;
  };
}"""


def test_an_answer_that_comes_late_takes_no_focus_from_the_question_why(pc: Pc):
    """The state is told at once, the invitation's own answer after it."""
    pc.log_in()
    pc.page.evaluate(LATE_ANSWERS)
    pc.page.keyboard.press("Control+Enter")
    pc.state("invited")
    pc.page.keyboard.press("F9")
    expect(pc.page.locator("#asking")).to_be_visible()
    pc.page.wait_for_timeout(1000)
    pc.focus("#asking-reasons input:checked")
    pc.page.keyboard.press("Escape")
    expect(pc.page.locator("#asking")).to_be_hidden()


def test_a_tap_while_the_reason_is_being_chosen_wins(pc: Pc):
    pc.log_in()
    pc.page.click("#invite")
    pc.state("invited")
    pc.page.click("#cancel")
    expect(pc.page.locator("#asking")).to_be_visible()
    pc.web.counter.tap()
    expect(pc.page.locator("#asking")).to_be_hidden()
    pc.says("#state-more", "不能再取消")


def test_what_a_citizen_began_offers_no_cancelling(pc: Pc):
    pc.log_in()
    pc.web.counter.invite(Invited(uuid4(), InvitedBy.CITIZEN, "12", WANG))
    pc.says("#state-more", "群众自己")
    expect(pc.page.locator("#cancel")).to_be_hidden()
    pc.page.keyboard.press("F9")
    expect(pc.page.locator("#asking")).to_be_hidden()


def test_a_pause_keeps_anybody_from_being_invited_and_says_why(pc: Pc):
    page = pc.page
    pc.log_in()
    page.keyboard.press("F8")
    page.click("text=临时离开")
    page.click("#asking-go")
    pc.state("paused")
    pc.says("#state-more", "临时离开")
    expect(page.locator("#invite")).to_have_attribute("aria-disabled", "true")
    page.keyboard.press("Control+Enter")
    pc.says("#visit-problem", "服务已暂停")
    page.keyboard.press("F8")
    pc.state("ready")
    expect(page.locator("#visit-problem")).to_be_empty()
    page.keyboard.press("Control+Enter")
    pc.state("invited")
    pauses = [(one.paused, one.reason) for one in chain(pc.web.home) if isinstance(one, Pause)]
    assert pauses == [(True, "临时离开"), (False, "")]


def test_in_english_the_record_still_says_it_in_chinese(pc: Pc):
    page = pc.page
    page.click("#language")
    pc.says("#login h1", "Staff login")
    page.reload()
    pc.says("#login h1", "Staff login")
    pc.log_in()
    pc.says("#state-title", "Ready")
    page.keyboard.press("F8")
    page.keyboard.press("Enter")
    pc.says("#state-more", "Lunch break")
    assert [one.reason for one in chain(pc.web.home) if isinstance(one, Pause)] == ["午休"]
    assert page.evaluate("document.documentElement.lang") == "en"
    page.click("#language")
    pc.says("#state-more", "午休")


# --- what goes wrong ----------------------------------------------------------------------


def test_a_screen_that_does_not_answer_is_told_and_the_choice_stays(pc: Pc):
    pc.log_in()
    pc.page.keyboard.type("bdcz")
    pc.page.keyboard.press("Enter")
    expect(pc.page.locator("#chosen li")).to_have_count(1)
    pc.web.counter.looks_away = True
    pc.page.keyboard.press("Control+Enter")
    pc.says("#visit-problem", "没有应答")
    expect(pc.page.locator("#chosen li")).to_have_count(1)
    pc.web.counter.looks_away = False
    pc.page.keyboard.press("Control+Enter")
    pc.state("invited")


def test_too_many_and_too_long_cases_are_told_before_anything_is_sent(pc: Pc):
    pc.log_in()
    pc.page.keyboard.type("bdcz")
    pc.page.keyboard.press("Enter")
    cases = pc.page.locator(f"#cases-{DEED}")
    cases.fill("x" * 51)
    pc.page.keyboard.press("Control+Enter")
    pc.says("#visit-problem", "最长 50 个字符")
    cases.fill(",".join(str(number) for number in range(51)))
    pc.page.keyboard.press("Control+Enter")
    pc.says("#visit-problem", "一次最多 50 件")
    assert pc.web.counter.obeyed == []


def test_where_events_cannot_pass_the_page_asks_instead(pc: Pc):
    pc.page.route("**/console-api/events*", lambda route: route.abort())
    pc.log_in()
    pc.page.click("#invite")
    pc.state("invited")
    pc.web.counter.tap()
    pc.state("rating")
    pc.web.counter.finish()
    pc.state("ended")


def test_a_lost_connection_is_told_and_found_again(pc: Pc):
    def cut(route: Route) -> None:
        route.abort()

    pc.log_in()
    pc.page.route("**/console-api/events*", cut)
    pc.page.route("**/console-api/window*", cut)
    pc.page.reload()
    pc.state("lost")
    pc.says("#link-word", "未连接")
    pc.page.keyboard.press("Control+Enter")
    pc.says("#visit-problem", "连接恢复后")
    pc.page.unroute("**/console-api/events*")
    pc.page.unroute("**/console-api/window*")
    pc.state("ready")
    assert pc.web.counter.obeyed == []


def test_a_kiosk_that_is_gone_is_told(home: Home, browser: Browser):
    with window_web(home, runs=False) as web, open_pc(browser, web) as pc:
        pc.page.fill("#pin", PINS[WANG])
        pc.page.press("#pin", "Enter")
        pc.state("silent")
        pc.says("#state-title", "评价器没有运行")


# --- hostile ------------------------------------------------------------------------------

NASTY = "<img src=x onerror=alert(1)><script>alert(2)</script>"


def test_names_and_reasons_are_text_whatever_they_hold(home: Home, browser: Browser):
    staff = hall().staff[0]
    document = hall(
        staff=(msgspec.structs.replace(staff, name=NASTY), *hall().staff[1:]),
        matters=(Matter(DEED, NASTY, "nasty"), Matter(LOAN, "{name} &amp; {n}", "amp")),
        window=Window("BH-012", "<b>", WANG, (DEED, LOAN)),
    )
    with window_web(home, document) as web, open_pc(browser, web) as pc:
        pc.says("#sign-number", "<b>")
        pc.says("#serving-now", NASTY)
        pc.log_in()
        pc.says("#my-name", NASTY)
        expect(pc.page.locator("#found b")).to_have_text([NASTY, "{name} &amp; {n}"])
        pc.page.locator("#found li").first.click()
        pc.says("#chosen h3", NASTY)
        pc.page.click("#invite")
        pc.says("#state-matters", NASTY)
        web.counter.finish()
        pc.state("ended")
        pc.page.keyboard.press("F8")
        pc.page.click("label:last-child >> text=其他")
        pc.page.fill("#asking-own", NASTY)
        pc.page.click("#asking-go")
        pc.says("#state-more", NASTY)
        assert pc.page.locator("img[src=x]").count() == 0


def test_no_other_page_can_frame_the_console(pc: Pc, browser: Browser):
    page = browser.new_page()
    page.set_content(f'<iframe src="{pc.web.url}/console"></iframe>')
    frame = page.frames[1]
    assert soon(lambda: frame.url.startswith("chrome-error:")), frame.url
    page.close()


# --- everybody can use it -----------------------------------------------------------------

CONTRAST = """
() => {
  const parts = (text) => text.match(/[\\d.]+/g).map(Number);
  const light = (rgb) => {
    const [r, g, b] = rgb.slice(0, 3).map((one) => {
      const part = one / 255;
      return part <= 0.03928 ? part / 12.92 : Math.pow((part + 0.055) / 1.055, 2.4);
    });
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const ground = (element) => {
    for (let one = element; one; one = one.parentElement) {
      const style = getComputedStyle(one);
      if (style.backgroundImage.includes("gradient")) {
        return parts(style.getPropertyValue("--ground").trim().replace("#", "")
          .replace(/../g, (two) => parseInt(two, 16) + " "));
      }
      const colour = parts(style.backgroundColor);
      if (colour.length < 4 || colour[3] === 1) return colour;
    }
    return [255, 255, 255];
  };
  const poor = [];
  let seen = 0;
  const walk = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (walk.nextNode()) {
    const element = walk.currentNode.parentElement;
    const box = element.getBoundingClientRect();
    if (!walk.currentNode.data.trim() || box.width < 2 || element.closest("[hidden], noscript")) {
      continue;
    }
    seen += 1;
    const two = [light(parts(getComputedStyle(element).color)), light(ground(element))].sort();
    const ratio = (Math.max(...two) + 0.05) / (Math.min(...two) + 0.05);
    if (ratio < 7) poor.push(walk.currentNode.data.trim() + " " + ratio.toFixed(2));
  }
  return [seen, poor];
}
"""


def assert_readable(page: Page) -> None:
    seen, poor = page.evaluate(CONTRAST)
    assert seen > 5
    assert poor == []


def test_every_text_has_a_contrast_of_seven_to_one(pc: Pc):
    pc.page.press("#pin", "Enter")
    pc.says("#login-problem", "6 位密码")
    assert_readable(pc.page)
    pc.log_in()
    pc.page.locator("#found li").first.click()
    assert_readable(pc.page)
    pc.page.click("#invite")
    pc.state("invited")
    pc.page.locator("#found li").first.click()
    assert_readable(pc.page)
    pc.page.keyboard.press("F9")
    expect(pc.page.locator("#asking")).to_be_visible()
    assert pc.page.locator("#veil").evaluate("one => getComputedStyle(one).position") == "fixed"


def test_tab_reaches_everything_and_shows_where_it_is(pc: Pc):
    pc.log_in()
    pc.page.locator("#found li").first.click()
    reached: dict[str, bool] = {}
    for _ in range(20):
        pc.page.keyboard.press("Tab")
        name, ring = pc.page.evaluate(
            """() => { const one = document.activeElement, style = getComputedStyle(one);
            return [one.id || one.getAttribute("aria-label") || one.tagName,
                    style.outlineStyle !== "none" && parseFloat(style.outlineWidth) >= 2]; }"""
        )
        reached[name] = ring
    wanted = {"language", "pause", "leave", "search", "invite", f"cases-{LOAN}", f"count-{LOAN}"}
    assert wanted | {f"finished-{LOAN}", "增加一件", "移除 不动产抵押权登记"} <= set(reached)
    reached.pop("BODY", None)
    assert [name for name, ring in reached.items() if not ring] == []


def test_the_question_for_a_reason_keeps_the_focus_inside(pc: Pc):
    pc.log_in()
    pc.page.keyboard.press("F8")
    expect(pc.page.locator("#asking")).to_be_visible()
    for step in ("Tab", "Tab", "Tab", "Tab", "Shift+Tab", "Shift+Tab", "Shift+Tab", "Shift+Tab"):
        pc.page.keyboard.press(step)
        assert pc.page.evaluate("document.activeElement.closest('#asking') !== null")


@pytest.mark.parametrize(("width", "height"), [(360, 740), (683, 384)])
def test_it_fits_a_narrow_window_and_a_large_zoom(
    browser: Browser, web: WindowWeb, width: int, height: int
):
    with open_pc(browser, web, width, height) as pc:
        pc.log_in()
        pc.page.keyboard.type("bdcz")
        pc.page.keyboard.press("Enter")
        expect(pc.page.locator("#chosen li")).to_have_count(1)
        for language in ("zh-CN", "en"):
            expect(pc.page.locator("html")).to_have_attribute("lang", language)
            assert pc.page.evaluate("document.documentElement.scrollWidth") <= width
            for control in ("#invite", "#leave", "#pause", "#search", f"#cases-{DEED}"):
                pc.page.locator(control).scroll_into_view_if_needed()
                expect(pc.page.locator(control)).to_be_in_viewport(ratio=0.9)
            pc.page.click("#language")
        pc.page.click("#invite")
        pc.state("invited")
        pc.page.locator("#cancel").scroll_into_view_if_needed()
        pc.page.click("#cancel")
        expect(pc.page.locator("#asking-go")).to_be_visible()
        pc.page.click("#asking-go")
        pc.state("cancelled")


def test_controls_have_names_and_the_state_is_read_aloud(pc: Pc):
    pc.log_in()
    pc.page.locator("#found li").first.click()
    nameless = pc.page.evaluate(
        """() => Array.from(document.querySelectorAll("button, input, textarea"))
        .filter((one) => one.offsetParent !== null)
        .filter((one) => !(one.getAttribute("aria-label") || one.textContent.trim()
                           || (one.labels && one.labels.length)))
        .map((one) => one.outerHTML)"""
    )
    assert nameless == []
    expect(pc.page.get_by_role("combobox", name="本次办理的事项")).to_be_visible()
    expect(pc.page.get_by_role("option", selected=True)).to_have_count(1)
    expect(pc.page.locator("#state-spoken")).to_have_attribute("aria-live", "polite")


def test_a_new_short_list_appears_by_itself(pc: Pc):
    pc.log_in()
    expect(pc.page.locator("#found b")).to_have_text(["不动产抵押权登记"])
    other = Window("BH-012", "12", WANG, (DEED,))
    assert pc.web.briefing.apply(hall(2, window=other), b"signed 2", "")
    expect(pc.page.locator("#found b")).to_have_text(["不动产转移登记"])


def test_the_photo_is_shown_where_there_is_one(home: Home, browser: Browser):
    digest = hashlib.sha256(PHOTO).hexdigest()
    home.photo(digest).parent.mkdir(exist_ok=True)
    home.photo(digest).write_bytes(PHOTO)
    wang, li = hall().staff
    document = hall(staff=(msgspec.structs.replace(wang, photo=digest), li))
    with window_web(home, document) as web, open_pc(browser, web) as pc:
        pc.log_in()
        expect(pc.page.locator("#photo")).to_be_visible()
        assert pc.page.locator("#photo").evaluate("one => one.naturalWidth") == 24
        with open_pc(browser, web) as other:
            other.log_in(LI)
            expect(other.page.locator("#photo")).to_be_hidden()
