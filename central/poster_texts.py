"""The words on a window's poster, in the languages that are offered."""

from typing import NamedTuple


class PosterTexts(NamedTuple):
    """One language's words; ``{}`` takes the window's number, a date or a count."""

    window: str
    title: str
    steps: tuple[str, str, str]
    plain: str
    """That it asks for nothing."""
    unseen: str
    repair: str
    typed: str
    """Before the address, for those who cannot scan."""
    call: str
    until: str
    issue: str


TEXTS = {
    "zh-CN": PosterTexts(
        window="{} 号窗口",
        title="请您扫码评价本窗口的服务",
        steps=("扫描左边的二维码", "选一个表情，可写意见", "提交，记下回执码"),
        plain="不用下载和登录，匿名评价",
        unseen="窗口工作人员看不到您选了哪一项",
        repair="评价器正在维修，或窗口没有评价器，都可以这样评价。",
        typed="扫不了码？请在手机浏览器里输入：",
        call="也可以拨打 12345",
        until="有效期至 {}",
        issue="第 {} 版",
    ),
    "en": PosterTexts(
        window="Window {}",
        title="Scan to rate the service at this window",
        steps=(
            "Scan the code on the left",
            "Choose a face; add a few words",
            "Submit, keep the receipt code",
        ),
        plain="No app, no account, anonymous",
        unseen="Window staff cannot see your choice",
        repair="Also for windows whose device is being repaired, or that have none.",
        typed="Cannot scan? Type this address into the browser of a phone:",
        call="You may also call 12345",
        until="Valid until {}",
        issue="Issue {}",
    ),
    "ko": PosterTexts(
        window="{}번 창구",
        title="QR 코드로 이 창구의 서비스를 평가해 주세요",
        steps=(
            "왼쪽 QR 코드를 스캔하세요",
            "표정을 고르고 의견을 남기세요",
            "제출하고 접수 코드를 보관하세요",
        ),
        plain="앱도 로그인도 필요 없는 익명 평가",
        unseen="창구 직원은 선택 내용을 볼 수 없습니다",
        repair="평가기가 수리 중이거나 없는 창구에서도 이용할 수 있습니다.",
        typed="스캔할 수 없나요? 휴대전화 브라우저에 입력하세요:",
        call="또는 12345로 전화하세요",
        until="유효 기간 {}",
        issue="제{}판",
    ),
}
