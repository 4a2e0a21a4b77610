"""Views as the loop would make them, for every kind of screen."""

from device.kiosk.qr import matrix
from device.kiosk.technician_views import CheckKey, CheckLine, CheckTouch, CheckView, SetupView
from device.kiosk.views import (
    CallbackView,
    Chrome,
    DarkView,
    IdleView,
    LoginView,
    MatterChoice,
    MatterLine,
    MenuView,
    NoticeView,
    PauseView,
    RatingView,
    ReasonsView,
    SearchView,
    StaffCard,
    ThanksView,
    View,
)
from device.store.setup import SetupState

STAFF = StaffCard("0317", "王晓燕", "综合窗口", "不动产登记")
MATTER = MatterLine("不动产转移登记（二手房）", "1501****0068", 3)
NOTICES = ("6月起，不动产登记窗口周六 9:00–12:00 照常办理，无需预约。", "身份证自助取证机已启用。")
TAGS = {
    5: (510, 511, 512, 513, 514, 515, 516, 517),
    4: (406, 407, 408, 409, 410, 411, 412, 413),
    3: (307, 308, 309, 310, 311, 312, 313, 314),
    2: (207, 208, 209, 210, 211, 212, 213, 214),
    1: (108, 109, 110, 111, 112, 113, 114, 115),
}
TOPICS = ("closed", "paused", "starting", "saving", "unsaved", "broken")
CODE = matrix("HTTPS://PJ.BINHE.EXAMPLE/R/" + "2KCEHIIBE6QFQINDAFTEESB7" * 8 + "QWPX2KCEHIIBE6QFQI")
"""As many modules as the code of a visit has: a signed token is 210 characters long."""


def chrome(
    language: str = "zh-CN",
    online: bool = True,
    mock: bool = False,
    remaining: float | None = None,
    staff: StaffCard | None = STAFF,
) -> Chrome:
    return Chrome("滨河区政务服务中心", "12", staff, language, online, mock, remaining)


def idle(language: str = "zh-CN", online: bool = True, mock: bool = False) -> IdleView:
    return IdleView(chrome(language, online, mock), "6月18日 星期三", "10:24", NOTICES)


def unattended_idle(mode: str) -> IdleView:
    """A window without staff: ``hall`` or ``self-service``."""
    return idle()._replace(chrome=chrome(staff=None)._replace(window=""), mode=mode)


def staff_question(language: str = "zh-CN", chosen: int | None = None) -> RatingView:
    return RatingView(chrome(language, remaining=0.82), "staff", 1, 2, None, chosen, CODE)


def matter_question(language: str = "zh-CN") -> RatingView:
    return RatingView(chrome(language, remaining=0.9), "matter", 2, 2, MATTER, None, CODE)


def hall_question() -> RatingView:
    return RatingView(
        chrome(remaining=0.9, staff=None)._replace(window=""), "hall", 1, 1, None, None, CODE
    )


def reasons(language: str = "zh-CN", level: int = 5, picked: tuple[int, ...] = ()) -> ReasonsView:
    return ReasonsView(
        chrome(language, remaining=0.74), level, TAGS[level], frozenset(picked), callback=False
    )


def callback(digits: str = "", problem: str = "", saved: bool = False) -> CallbackView:
    """The number pad; eleven digits with two spaces between are complete."""
    return CallbackView(chrome(remaining=0.8), digits, len(digits) == 13, problem, saved)


def thanks(language: str = "zh-CN", online: bool = True) -> ThanksView:
    return ThanksView(chrome(language, online, remaining=0.7), "7K4M2Q9D", CODE)


def notice(topic: str, language: str = "zh-CN") -> NoticeView:
    detail = "E-203 keypad" if topic == "broken" else ""
    return NoticeView(chrome(language, staff=None), topic, detail, "6月18日 星期三", "10:24")


MATTERS = (
    MatterChoice("1", "不动产转移登记（二手房）"),
    MatterChoice("2", "不动产首次登记"),
    MatterChoice("3", "不动产抵押权登记"),
    MatterChoice("4", "不动产变更登记"),
)
MANY_MATTERS = MATTERS + tuple(
    MatterChoice(str(number), name)
    for number, name in enumerate(
        (
            "不动产注销登记",
            "不动产更正登记",
            "不动产异议登记",
            "预购商品房预告登记",
            "不动产登记资料查询",
            "国有建设用地使用权及房屋所有权转移登记（因人民法院、仲裁委员会的生效法律文书取得）",
            "居住证申领",
            "机动车驾驶证核发（补、换领）",
            "企业设立登记",
            "新生儿户口登记",
            "灵活就业人员参加基本养老保险登记",
            "公积金提取",
            "建筑工程施工许可证核发",
            "食品经营许可",
            "失业保险金申领",
            "残疾人证办理",
        ),
        5,
    )
)
"""A long short list: twenty, some with long names."""
REASONS_TO_PAUSE = ("pause.lunch", "pause.away", "pause.system", "pause.other")


def login(staff: str = "0317", pin: int = 0, at_pin: bool = True) -> LoginView:
    return LoginView(chrome(remaining=0.8, staff=None), staff, pin, at_pin)


def menu(matters: tuple[MatterChoice, ...] = MATTERS, chosen: str = "", cases: int = 1) -> MenuView:
    return MenuView(chrome(remaining=0.9), "08:56", matters, chosen, cases, invited=12, rated=9)


def search(query: str = "", found: tuple[MatterChoice, ...] = MATTERS) -> SearchView:
    return SearchView(chrome(remaining=0.9), query, found)


def pause() -> PauseView:
    return PauseView(chrome(remaining=0.9), REASONS_TO_PAUSE)


NOBODY = Chrome("", "", None, "zh-CN", False, False)
FINGERPRINT = "BYJ2-A20K-MCHJ-3KJT"


def setting_up(name: str, detail: str = "", step: int = 0, steps: int = 17) -> SetupView:
    return SetupView(NOBODY, SetupState(name, detail, step, steps, "hc-binhe-12", FINGERPRINT))


FINDINGS = (
    CheckLine("undervoltage", "fault", "The supply has dropped below 4.63 V since the start."),
    CheckLine("backlog", "warning", "46 records wait; the oldest since 17 June 09:12."),
    CheckLine("disk-wear", "unknown", "This card does not tell how worn it is."),
    CheckLine("configuration", "ok", "/etc/haochaping/device.toml is right."),
    CheckLine("data-partition", "ok", "21.4 of 29.1 GB are free on ext4."),
    CheckLine("kiosk-db", "ok", "kiosk.db is sound, version 12 of its schema."),
    CheckLine("agent-db", "ok", "agent.db is sound, version 9 of its schema."),
    CheckLine("identity", "ok", "Enrolled as hc-binhe-12, on this board."),
    CheckLine("clock", "ok", "Synchronised with ntp.binhe.example, 20 ms off."),
    CheckLine("temperature", "ok", "52 °C."),
    CheckLine("release", "ok", "0.2.0-1a2b3c4d; the one before is 0.1.4-99ab12cd."),
)
KEYS = (
    CheckKey("5", 5, presses=3),
    CheckKey("4", 6, presses=1, bounces=2),
    CheckKey("3", 13, held=True),
    CheckKey("2", 19),
    CheckKey("1", 26, held=True, stuck_s=12),
    CheckKey("skip", 20, presses=1),
    CheckKey("next", None),
    CheckKey("check", 21),
)
GRID = CheckTouch(16, 10)


def checking(page: str = "findings", lines: tuple[CheckLine, ...] = FINDINGS) -> CheckView:
    return CheckView(
        NOBODY, page, "hc-binhe-12", ("10.20.12.31", "0.2.0-1a2b3c4d"), 9, lines, False, 0,
        KEYS, "", "", GRID,
    )  # fmt: skip


def touching(**told: object) -> CheckView:
    return checking("touch")._replace(touch=GRID._replace(**told))


def with_staff_key(view: View) -> View:
    """The same screen where staff can come to their pages from it."""
    return view._replace(chrome=view.chrome._replace(staff_key=True))


def waiting(view: View, count: int) -> View:
    """The same screen with ratings that wait for the centre."""
    return view._replace(chrome=view.chrome._replace(waiting=count))


def by_keys(view: View) -> View:
    """The same screen for somebody who uses the physical keys."""
    return view._replace(chrome=view.chrome._replace(by_keys=True))


def touch_out(view: View) -> View:
    """The same screen with a touch panel that is out of service."""
    return view._replace(chrome=view.chrome._replace(touch_out=True, by_keys=True))


def mocked(view: View) -> View:
    """The same screen with mock hardware."""
    return view._replace(chrome=view.chrome._replace(mock=True))


GOLDEN: dict[str, View] = {
    "idle": idle(),
    "idle-offline-mock": idle(online=False, mock=True),
    "idle-hall": unattended_idle("hall"),
    "idle-self-service": unattended_idle("self-service"),
    "idle-by-invitation": idle()._replace(can_begin=False),
    "idle-touch-out": touch_out(idle()),
    "idle-offline": waiting(idle(online=False), 46),
    "idle-sending": waiting(idle(), 3),
    "idle-without-notices": idle()._replace(notices=()),
    "idle-hall-not-open": unattended_idle("hall")._replace(can_begin=False),
    "rating-staff": staff_question(),
    "rating-staff-chosen": staff_question(chosen=4),
    "rating-matter": matter_question(),
    "rating-matter-back": matter_question()._replace(can_go_back=True),
    "rating-hall": hall_question(),
    "rating-without-code": staff_question()._replace(qr=None),
    "rating-code-to-come": staff_question()._replace(qr=()),
    "rating-by-keys": by_keys(matter_question()._replace(can_go_back=True)),
    "reasons-positive": reasons(picked=(510, 517)),
    "reasons-negative": reasons(level=2, picked=(209,)),
    "reasons-worst": reasons(level=1, picked=(109, 112)),
    "reasons-number-left": reasons(level=3)._replace(callback=True),
    "reasons-without-callback": reasons(level=4)._replace(callback=None),
    "reasons-by-keys": by_keys(reasons(picked=(510,))),
    "callback": callback("138 0471 26"),
    "callback-empty": callback(),
    "callback-complete": callback("138 0471 2650"),
    "callback-problem": callback("138 04", "cb.bad"),
    "callback-number-left": callback(saved=True),
    "callback-by-keys": by_keys(callback("138 0471 26")),
    "thanks": thanks(),
    "thanks-offline": thanks(online=False),
    "thanks-without-code": thanks()._replace(qr=()),
    "thanks-by-keys": by_keys(thanks()),
    **{f"notice-{topic}": notice(topic) for topic in TOPICS},
    "notice-broken-touch-out": touch_out(notice("broken")),
    "notice-unsaved-by-keys": by_keys(notice("unsaved")),
    "dark": DarkView(chrome(staff=None)),
    "idle-staff-key": with_staff_key(idle()),
    "notice-closed-staff-key": with_staff_key(notice("closed")),
    "notice-paused-staff-key": with_staff_key(notice("paused")),
    "login": login(pin=6),
    "login-wrong": login()._replace(tries_left=3),
    "login-locked": login()._replace(locked_until="10:39"),
    "login-checking": login(pin=6)._replace(checking=True),
    "menu": menu(chosen="1", cases=3),
    "menu-staff-alone": menu(()),
    "menu-many": menu(MANY_MATTERS, chosen="2"),
    "menu-paused": menu()._replace(paused=True),
    "search": search("23", MANY_MATTERS),
    "search-none": search("9999", ()),
    "pause": pause(),
    "setup": setting_up(
        "CLOCK_BEHIND", "ntp1.binhe.example does not answer; 10.20.12.31 on eth0", 17
    ),
    "setup-busy": setting_up("INSTALLING", "haochaping-0.2.0-cp313-linux-aarch64.release", 10),
    "setup-stopped": setting_up("TOKEN_SPENT", "the token was used by board 10000000f00dcafe", 17),
    "setup-ready": setting_up("READY", step=17),
    "check": checking(),
    "check-keys": checking("keys")._replace(typed="F1"),
    "check-touch": touching(
        corner=None, verdict="right", reached=frozenset(range(96)), points=((612, 480),)
    ),
    "check-touch-corners": touching(corner=2),
    "check-touch-turned": touching(corner=None, verdict="turned-90"),
}
"""Every screen that has a golden picture, in the order of a visit."""

LONG_STAFF = StaffCard("A-010317", "阿卜杜热西提·买买提明", "不动产登记综合受理窗口", "自然资源局")
LONG_MATTER = MatterLine(
    "国有建设用地使用权及房屋所有权转移登记（因人民法院、仲裁委员会的生效法律文书取得）",
    "1501****0068",
    12,
)
LONG_HALL = "新疆维吾尔自治区伊犁哈萨克自治州政务服务和数字化发展中心"


def with_long_names(view: View) -> View:
    """The same screen with the longest names that halls have."""
    staff = LONG_STAFF if view.chrome.staff else None
    view = view._replace(chrome=view.chrome._replace(hall=LONG_HALL, staff=staff, window="A108"))
    return view._replace(matter=LONG_MATTER) if isinstance(view, RatingView) else view


WITHOUT_PICTURE: dict[str, View] = {
    **{
        f"{name} with long names": with_long_names(GOLDEN[name])
        for name in (
            "idle",
            "idle-hall",
            "rating-staff",
            "rating-matter-back",
            "reasons-positive",
            "callback",
            "thanks",
            "notice-closed",
        )
    },
    **{
        f"{name} without touch": touch_out(GOLDEN[name])
        for name in ("rating-staff", "rating-hall", "reasons-positive", "callback", "thanks")
    },
    "rating-staff without code, without touch": touch_out(staff_question()._replace(qr=None)),
    "rating-matter without code": matter_question()._replace(qr=None),
    "rating-matter-back without code": matter_question()._replace(qr=None, can_go_back=True),
    "idle without staff": idle()._replace(chrome=chrome(staff=None)),
    "callback with a wrong number": callback("238 0471 2650", "cb.wrong"),
    **{
        f"{name} with the staff key": with_staff_key(view)
        for name, view in (
            ("idle with long names", with_long_names(idle())),
            ("idle without notices", GOLDEN["idle-without-notices"]),
            ("idle by invitation", GOLDEN["idle-by-invitation"]),
            ("idle without touch", GOLDEN["idle-touch-out"]),
            ("idle offline", GOLDEN["idle-offline"]),
            ("notice with long names", with_long_names(notice("closed"))),
        )
    },
    "login, nothing typed": login("", at_pin=False),
    "login, a long number": login("123456789012", 2),
    "login, too early": login(pin=3)._replace(problem="login.short"),
    "login, busy": login(pin=6)._replace(problem="login.busy"),
    "login, an unknown card": login("", at_pin=False)._replace(problem="login.card"),
    "login by keys": by_keys(login(pin=2)),
    "login without touch": touch_out(login()._replace(tries_left=12)),
    "login locked, by keys": by_keys(login()._replace(locked_until="23:59")),
    "menu, one matter": menu(MATTERS[:1]),
    "menu, several cases, unfinished": menu(chosen="2", cases=50)._replace(finished=False),
    "menu, the last of many chosen": menu(MANY_MATTERS, chosen="20", cases=2),
    "menu, busy": menu()._replace(problem="menu.busy"),
    "menu, high counts": menu()._replace(invited=1200, rated=1199),
    "menu with long names": with_long_names(menu(MANY_MATTERS[9:], chosen="10")),
    "menu by keys": by_keys(menu(chosen="1")),
    "menu without touch, paused": touch_out(menu()._replace(paused=True)),
    "menu offline": waiting(menu(), 46)._replace(chrome=chrome(online=False)),
    "search, nothing typed": search(),
    "search, the last page": search("2", MANY_MATTERS)._replace(page=2),
    "search, a whole code": search("1234567890123456789012345678901", MATTERS[:1]),
    "search by keys": by_keys(search("23", MANY_MATTERS)),
    **{
        f"setup, {name}": setting_up(name, "central.binhe.example: " + "no answer; " * 12, 17)
        for name in (
            "PREPARING",
            "NO_NETWORK",
            "CENTRAL_UNREACHABLE",
            "CENTRAL_UNTRUSTED",
            "CENTRAL_REFUSES",
            "ENROLLED_NO_CONFIG",
            "NO_PROFILE",
            "BAD_RELEASE",
            "NO_DATA",
            "STEP_FAILED",
            "WRONG_BOARD",
            "KEY_KNOWN",
            "NO_GRAPHICS",
            "OF_A_NEWER_VERSION",
        )
    },
    "setup, nothing known of the device": SetupView(NOBODY, SetupState("NO_NETWORK")),
    "setup with mock hardware": mocked(setting_up("ENROLLING", step=17)),
    "setup without touch": touch_out(setting_up("ENROLLING", step=17)),
    "check, the last part": checking()._replace(part=9),
    "check, first look": checking(lines=())._replace(looking=True),
    "check without an address": checking()._replace(facts=(), device="localhost"),
    "check with mock hardware": mocked(checking()),
    **{
        f"check-keys, sound {told}": checking("keys")._replace(sound=f"check.sound.{told}")
        for told in ("played", "off", "failed")
    },
    "check-keys without touch": touch_out(checking("keys")),
    "check-touch, the card below": touching(
        corner=None, verdict="right", reached=frozenset(range(100)), low=True
    ),
    "check-touch, every cell": touching(
        corner=None, verdict="right", reached=frozenset(range(160))
    ),
    **{
        f"check-touch, {verdict}": touching(corner=None, verdict=verdict)
        for verdict in (
            "turned-180",
            "turned-270",
            "mirrored-across",
            "mirrored-down",
            "swapped",
            "unclear",
        )
    },
    "check-touch with mock hardware": mocked(touching(corner=0)),
    "reasons, second page": reasons(picked=(517,))._replace(page=1),
}
"""Screens that nobody needs a picture of, but that must hold."""
