"""The words of the phone page, in the three languages that are offered."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class PhoneTexts:
    """One language's words."""

    title: str
    code: str
    arrived: str
    waiting: str
    waiting_more: str
    altered: str
    altered_more: str
    expired: str
    expired_more: str
    retired: str
    retired_more: str


TEXTS = {
    "zh-CN": PhoneTexts(
        title="评价回执",
        code="回执码",
        arrived="您的评价已送达。",
        waiting="您的评价尚未送达。",
        waiting_more="评价保存在评价器上，联网后会自动送达。请稍后再看。",
        altered="无法识别这个二维码。",
        altered_more="链接不完整或已被改动。请在窗口的评价器上重新扫码。",
        expired="这个二维码已过期。",
        expired_more="您的评价不受影响，回执码仍可用于查询。",
        retired="这台评价器已停用。",
        retired_more="如有疑问，请咨询服务大厅工作人员。",
    ),
    "en": PhoneTexts(
        title="Rating receipt",
        code="Receipt code",
        arrived="Your rating has arrived.",
        waiting="Your rating has not arrived yet.",
        waiting_more="It is saved on the device and will be sent by itself. Please look later.",
        altered="This QR code cannot be read.",
        altered_more="The link is incomplete or was changed. Please scan the device again.",
        expired="This QR code has expired.",
        expired_more="Your rating is not affected; the receipt code stays valid.",
        retired="This rating device is no longer in use.",
        retired_more="Please ask the staff of the service hall.",
    ),
    "ko": PhoneTexts(
        title="평가 접수증",
        code="접수 코드",
        arrived="평가가 접수되었습니다.",
        waiting="평가가 아직 도착하지 않았습니다.",
        waiting_more="평가는 기기에 저장되어 있으며 자동으로 전송됩니다. "
        "나중에 다시 확인해 주세요.",
        altered="QR 코드를 읽을 수 없습니다.",
        altered_more="링크가 불완전하거나 변경되었습니다. 기기에서 다시 스캔해 주세요.",
        expired="QR 코드의 유효 기간이 지났습니다.",
        expired_more="평가에는 영향이 없으며 접수 코드는 계속 유효합니다.",
        retired="이 평가기는 더 이상 사용되지 않습니다.",
        retired_more="서비스 홀 직원에게 문의해 주세요.",
    ),
}
DEFAULT = "zh-CN"
"""For a phone that does not say."""
FOREIGN = "en"
"""For a phone that asks only for languages that are not ours."""


def chosen(accept_language: str) -> str:
    """Return the language that an Accept-Language field prefers among ours.

    RFC 9110, section 12.5.4. None of ours means `FOREIGN`; a field that names no language
    at all means `DEFAULT`.
    """
    wishes: list[tuple[float, int, str]] = []
    for place, part in enumerate(accept_language[:1000].split(",")):
        name, _, parameter = part.strip().partition(";")
        quality = 1.0
        if parameter.strip().startswith("q="):
            try:
                quality = float(parameter.strip()[2:])
            except ValueError:
                quality = 0.0
        wishes.append((-quality, place, name.strip().lower()))
    named = [name for quality, _, name in sorted(wishes) if quality < 0 and name[:1].isalpha()]
    for name in named:
        for language in TEXTS:
            if name.partition("-")[0] == language.partition("-")[0]:
                return language
    return FOREIGN if named else DEFAULT
