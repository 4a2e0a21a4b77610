"""Views as the loop would make them, for every kind of screen."""

from device.kiosk.views import (
    Chrome,
    IdleView,
    MatterLine,
    NoticeView,
    RatingView,
    ReasonsView,
    StaffCard,
    ThanksView,
    View,
)

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
CODE = tuple(tuple((x * 7 + y * 3 + x * y) % 5 < 2 for x in range(29)) for y in range(29))
"""Looks like a QR code and needs no library."""


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


def staff_question(language: str = "zh-CN", chosen: int | None = None) -> RatingView:
    return RatingView(chrome(language, remaining=0.82), "staff", 1, 2, None, chosen)


def matter_question(language: str = "zh-CN") -> RatingView:
    return RatingView(chrome(language, remaining=0.9), "matter", 2, 2, MATTER, None, CODE)


def reasons(language: str = "zh-CN", level: int = 5, picked: tuple[int, ...] = ()) -> ReasonsView:
    return ReasonsView(chrome(language, remaining=0.74), level, TAGS[level], frozenset(picked))


def thanks(language: str = "zh-CN", online: bool = True) -> ThanksView:
    return ThanksView(chrome(language, online, remaining=0.7), "7K4M2Q9D", CODE)


def notice(topic: str, language: str = "zh-CN") -> NoticeView:
    detail = "E-203 keypad" if topic == "broken" else ""
    return NoticeView(chrome(language, staff=None), topic, detail)


GOLDEN: dict[str, View] = {
    "idle": idle(),
    "idle-offline-mock": idle(online=False, mock=True),
    "rating-staff": staff_question(),
    "rating-staff-chosen": staff_question(chosen=4),
    "rating-staff-en": staff_question("en"),
    "rating-matter": matter_question(),
    "rating-matter-en": matter_question("en"),
    "reasons-positive": reasons(picked=(510, 517)),
    "reasons-negative": reasons(level=2, picked=(209,)),
    "reasons-negative-en": reasons("en", 1, (109,)),
    "thanks": thanks(),
    "thanks-offline": thanks(online=False),
    **{f"notice-{topic}": notice(topic) for topic in TOPICS},
}

EVERY_VIEW: tuple[View, ...] = tuple(GOLDEN.values()) + tuple(
    view
    for language in ("en", "ko")
    for view in (
        idle(language),
        staff_question(language),
        matter_question(language),
        *(reasons(language, level) for level in TAGS),
        thanks(language),
        *(notice(topic, language) for topic in TOPICS),
    )
)
