"""What the pages behind a window's printed code say beside the questions themselves."""

from typing import NamedTuple


class WindowTexts(NamedTuple):
    """One language's words; ``{}`` takes a number."""

    choose: str
    choose_more: str
    none: str
    """The key of those who do not want to name a matter."""
    go_on: str
    serving: str
    """Who is rated, by staff number."""
    incomplete: str
    unknown: str
    unknown_more: str
    expired: str
    ended: str
    moved: str
    old_more: str
    stale: str
    stale_more: str
    busy: str
    busy_more: str
    kept: str
    """That the answers are still there."""
    again: str
    scan_device: str
    call: str


TEXTS = {
    "zh-CN": WindowTexts(
        choose="您办理的是哪个事项？",
        choose_more="可以不选，只评价窗口的服务。",
        none="不选，只评价服务",
        go_on="下一步",
        serving="本窗口现由工号 {} 的工作人员服务。",
        incomplete="窗口码不完整",
        unknown="没有这个窗口码",
        unknown_more="请核对输入的字符，或重新扫描窗口上的二维码。",
        expired="这个窗口码已过期",
        ended="这个窗口码已停用",
        moved="这个窗口已变更",
        old_more="窗口上张贴的可能是旧海报，请告诉工作人员更换。",
        stale="页面已失效，请重新扫码",
        stale_more="页面打开太久，或内容不完整。您的评价没有提交。",
        busy="请稍后再评价",
        busy_more="从您的网络评价本窗口的次数太多，请在 {} 分钟后再试。",
        kept="您填写的内容还在本页，没有提交。",
        again="再次提交",
        scan_device="也可以扫描窗口评价器屏幕上的二维码评价，",
        call="或拨打 12345。",
    ),
    "en": WindowTexts(
        choose="What did you come for?",
        choose_more="You may leave this out and rate the service alone.",
        none="Leave out, rate the service",
        go_on="Next",
        serving="Staff member {} serves at this window now.",
        incomplete="This window code is not complete",
        unknown="There is no such window code",
        unknown_more="Please check what you typed, or scan the code at the window again.",
        expired="This window code has expired",
        ended="This window code is no longer in use",
        moved="This window has changed",
        old_more="The poster at the window may be an old one. Please tell the staff.",
        stale="This page is out of date, please scan again",
        stale_more="It was open for too long, or is incomplete. Your rating was not sent.",
        busy="Please rate later",
        busy_more="Your network has sent too many ratings for this window. Please try again in "
        "{} minutes.",
        kept="What you filled in is still on this page. It was not sent.",
        again="Send again",
        scan_device="You may also scan the code on the screen of the window’s rating device,",
        call="or call 12345.",
    ),
    "ko": WindowTexts(
        choose="어떤 업무를 보셨나요?",
        choose_more="선택하지 않고 창구 서비스만 평가할 수 있습니다.",
        none="선택하지 않고 서비스만 평가",
        go_on="다음",
        serving="현재 이 창구는 직원 번호 {} 직원이 담당합니다.",
        incomplete="창구 코드가 완전하지 않습니다",
        unknown="없는 창구 코드입니다",
        unknown_more="입력한 문자를 확인하거나 창구의 QR 코드를 다시 스캔해 주세요.",
        expired="창구 코드의 유효 기간이 지났습니다",
        ended="더 이상 사용하지 않는 창구 코드입니다",
        moved="창구가 변경되었습니다",
        old_more="창구에 붙은 안내문이 이전 것일 수 있습니다. 직원에게 알려 주세요.",
        stale="페이지가 만료되었습니다. 다시 스캔해 주세요",
        stale_more="페이지를 너무 오래 열어 두었거나 내용이 불완전합니다. "
        "평가는 제출되지 않았습니다.",
        busy="나중에 평가해 주세요",
        busy_more="이 네트워크에서 이 창구를 너무 많이 평가했습니다. {}분 후에 다시 시도해 주세요.",
        kept="작성하신 내용은 이 페이지에 남아 있으며 제출되지 않았습니다.",
        again="다시 제출",
        scan_device="창구 평가기 화면의 QR 코드를 스캔하거나",
        call="12345로 전화해 평가할 수도 있습니다.",
    ),
}
