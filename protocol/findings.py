"""What a check of evidence found, in words for people: Chinese, English, Korean.

`protocol.proof` decides; this says what each outcome means to somebody who knows nothing of
chains and signatures.
"""

from enum import StrEnum
from typing import NamedTuple


class Check(StrEnum):
    """What is checked, in the order in which it is told."""

    CODE = "code"
    STATEMENT = "statement"
    CENTRAL_KEY = "central-key"
    DEVICE_KEY = "device-key"
    DEVICE_SIGNATURES = "device-signatures"
    DEVICE_CHAIN = "device-chain"
    VISIT_WHOLE = "visit-whole"
    HALL_SIGNATURES = "hall-signatures"
    HALL_CHAIN = "hall-chain"
    TOLD = "told"
    FIRST_COUNTS = "first-counts"


class Outcome(StrEnum):
    """How a check ended."""

    PASSED = "passed"
    FAILED = "failed"
    OPEN = "open"
    """Nothing is wrong, and it is not proved either."""


class Finding(NamedTuple):
    """One check and how it ended."""

    check: Check
    outcome: Outcome
    told: int | None = None
    """Which rating it is about, as its place in `Evidence.told`; None for all of them."""
    detail: str = ""
    """For technicians, in English: which record, what was expected."""

    def sentence(self, language: str = "en") -> str:
        """Return what it means; in English for a language that is not offered."""
        texts = _TEXTS.get(language, _TEXTS["en"])
        sentence = texts.get((self.check, self.outcome)) or _TEXTS["en"][self.check, self.outcome]
        if self.told is not None:
            return _RATING.get(language, _RATING["en"]).format(self.told + 1) + sentence
        return sentence


_RATING = {"zh-CN": "评价{}：", "en": "Rating {}: ", "ko": "평가 {}: "}
_Texts = dict[tuple[Check, Outcome], str]
_P, _F, _O = Outcome.PASSED, Outcome.FAILED, Outcome.OPEN

_ENGLISH: _Texts = {
    (Check.CODE, _P): "The receipt code belongs to this visit.",
    (Check.CODE, _F): "The receipt code does not belong to this visit.",
    (Check.STATEMENT, _P): "Central has signed everything it says here; it cannot deny it later.",
    (Check.STATEMENT, _F): "Central's signature does not fit what is said here.",
    (Check.CENTRAL_KEY, _P): "Central's key is the one you named.",
    (Check.CENTRAL_KEY, _F): "Central's key is another one than you named.",
    (Check.CENTRAL_KEY, _O): (
        "Central itself named the key that this was checked with; compare it with the one that "
        "is published."
    ),
    (Check.DEVICE_KEY, _P): "The device's key is the one you named.",
    (Check.DEVICE_KEY, _F): "The device's key is another one than you named.",
    (Check.DEVICE_KEY, _O): (
        "Central named the device's key; compare it with the one noted when the device was set up."
    ),
    (Check.DEVICE_SIGNATURES, _P): "The device signed every record of the visit.",
    (Check.DEVICE_SIGNATURES, _F): "A record of the visit is not as the device signed it.",
    (Check.DEVICE_SIGNATURES, _O): "The device has not reported the visit yet.",
    (Check.DEVICE_CHAIN, _P): (
        "The records stand in the device's chain without a gap, between their neighbours."
    ),
    (Check.DEVICE_CHAIN, _F): "The device's chain is broken here: a record is missing or another.",
    (Check.DEVICE_CHAIN, _O): (
        "Records beside these were lost on the device, so their place cannot be proved in full."
    ),
    (Check.VISIT_WHOLE, _P): "The visit is here from beginning to end, no rating is left out.",
    (Check.VISIT_WHOLE, _F): "A part of the visit is missing, or a rating is left out.",
    (Check.VISIT_WHOLE, _O): "The visit's beginning or end is not here, so it cannot be told "
    "whether all of it is.",
    (Check.HALL_SIGNATURES, _P): (
        "Central signed what was given by phone or through another channel when it came in."
    ),
    (Check.HALL_SIGNATURES, _F): (
        "What was given by phone or through another channel is not as central signed it."
    ),
    (
        Check.HALL_CHAIN,
        _P,
    ): "These records stand in the hall's own chain, between their neighbours.",
    (Check.HALL_CHAIN, _F): "The hall's own chain is broken here: a record is missing or another.",
    (Check.TOLD, _P): "Level, reasons, comment and time are as they were given and signed.",
    (Check.TOLD, _F): (
        "What the results say is not what was signed when the rating was given, or nothing was."
    ),
    (Check.FIRST_COUNTS, _P): "Of each subject one rating counts: the one that was given first.",
    (Check.FIRST_COUNTS, _F): "It is not the first rating, and that one alone, that counts.",
    (Check.FIRST_COUNTS, _O): "It is not decided yet what counts.",
}
_CHINESE: _Texts = {
    (Check.CODE, _P): "回执码属于这次服务。",
    (Check.CODE, _F): "回执码不属于这次服务。",
    (Check.STATEMENT, _P): "中心平台已对以上内容签名，今后无法否认。",
    (Check.STATEMENT, _F): "中心平台的签名与所示内容不符。",
    (Check.CENTRAL_KEY, _P): "中心平台的公钥与您指定的一致。",
    (Check.CENTRAL_KEY, _F): "中心平台的公钥与您指定的不一致。",
    (Check.CENTRAL_KEY, _O): "核验所用公钥由中心平台自己给出，请与公布的公钥比对。",
    (Check.DEVICE_KEY, _P): "评价器的公钥与您指定的一致。",
    (Check.DEVICE_KEY, _F): "评价器的公钥与您指定的不一致。",
    (Check.DEVICE_KEY, _O): "评价器的公钥由中心平台给出，请与安装时登记的公钥比对。",
    (Check.DEVICE_SIGNATURES, _P): "这次服务的每条记录都有评价器的有效签名。",
    (Check.DEVICE_SIGNATURES, _F): "有记录与评价器签名时的内容不符。",
    (Check.DEVICE_SIGNATURES, _O): "评价器尚未上报这次服务。",
    (Check.DEVICE_CHAIN, _P): "记录在评价器的记录链中前后相接，没有缺口。",
    (Check.DEVICE_CHAIN, _F): "评价器的记录链在此处断开：记录缺失或被替换。",
    (Check.DEVICE_CHAIN, _O): "相邻记录在评价器上丢失，无法完整证明其位置。",
    (Check.VISIT_WHOLE, _P): "这次服务的记录首尾完整，没有漏掉评价。",
    (Check.VISIT_WHOLE, _F): "这次服务的记录有缺失，或漏掉了评价。",
    (Check.VISIT_WHOLE, _O): "缺少这次服务的开头或结尾，无法判断是否完整。",
    (Check.HALL_SIGNATURES, _P): "手机等渠道的评价在收到时已由中心平台签名，签名有效。",
    (Check.HALL_SIGNATURES, _F): "手机等渠道的评价与中心平台签名时的内容不符。",
    (Check.HALL_CHAIN, _P): "这些记录在大厅的记录链中前后相接。",
    (Check.HALL_CHAIN, _F): "大厅的记录链在此处断开：记录缺失或被替换。",
    (Check.TOLD, _P): "等级、原因、留言和时间与评价时签名的内容一致。",
    (Check.TOLD, _F): "统计中的内容与评价时签名的内容不一致，或没有签名记录。",
    (Check.FIRST_COUNTS, _P): "每个评价对象只计入一次，计入的是最先作出的评价。",
    (Check.FIRST_COUNTS, _F): "计入统计的不是最先作出的那一次评价。",
    (Check.FIRST_COUNTS, _O): "是否计入尚未确定。",
}
_KOREAN: _Texts = {
    (Check.CODE, _P): "접수 코드가 이 방문의 것입니다.",
    (Check.CODE, _F): "접수 코드가 이 방문의 것이 아닙니다.",
    (Check.STATEMENT, _P): "중앙 서버가 위 내용에 서명했으므로 나중에 부인할 수 없습니다.",
    (Check.STATEMENT, _F): "중앙 서버의 서명이 표시된 내용과 맞지 않습니다.",
    (Check.CENTRAL_KEY, _P): "중앙 서버의 공개 키가 지정하신 키와 같습니다.",
    (Check.CENTRAL_KEY, _F): "중앙 서버의 공개 키가 지정하신 키와 다릅니다.",
    (Check.CENTRAL_KEY, _O): (
        "확인에 쓴 공개 키는 중앙 서버가 알려 준 것입니다. 공개된 키와 비교해 주세요."
    ),
    (Check.DEVICE_KEY, _P): "평가기의 공개 키가 지정하신 키와 같습니다.",
    (Check.DEVICE_KEY, _F): "평가기의 공개 키가 지정하신 키와 다릅니다.",
    (Check.DEVICE_KEY, _O): (
        "평가기의 공개 키는 중앙 서버가 알려 준 것입니다. 설치 때 적어 둔 키와 비교해 주세요."
    ),
    (Check.DEVICE_SIGNATURES, _P): "이 방문의 모든 기록에 평가기의 유효한 서명이 있습니다.",
    (Check.DEVICE_SIGNATURES, _F): "평가기가 서명한 내용과 다른 기록이 있습니다.",
    (Check.DEVICE_SIGNATURES, _O): "평가기가 아직 이 방문을 보고하지 않았습니다.",
    (Check.DEVICE_CHAIN, _P): "기록이 평가기의 기록 사슬에서 빠짐없이 앞뒤로 이어집니다.",
    (Check.DEVICE_CHAIN, _F): (
        "평가기의 기록 사슬이 여기서 끊겼습니다. 기록이 빠졌거나 바뀌었습니다."
    ),
    (Check.DEVICE_CHAIN, _O): "옆의 기록이 평가기에서 사라져 위치를 완전히 증명할 수 없습니다.",
    (Check.VISIT_WHOLE, _P): "이 방문의 기록이 처음부터 끝까지 있고 빠진 평가가 없습니다.",
    (Check.VISIT_WHOLE, _F): "이 방문의 기록 일부나 평가가 빠져 있습니다.",
    (Check.VISIT_WHOLE, _O): "이 방문의 시작이나 끝이 없어 모두 있는지 알 수 없습니다.",
    (Check.HALL_SIGNATURES, _P): (
        "휴대폰 등으로 주신 평가는 접수될 때 중앙 서버가 서명했고 서명이 유효합니다."
    ),
    (Check.HALL_SIGNATURES, _F): "휴대폰 등으로 주신 평가가 중앙 서버가 서명한 내용과 다릅니다.",
    (Check.HALL_CHAIN, _P): "이 기록이 홀의 기록 사슬에서 앞뒤로 이어집니다.",
    (Check.HALL_CHAIN, _F): "홀의 기록 사슬이 여기서 끊겼습니다. 기록이 빠졌거나 바뀌었습니다.",
    (Check.TOLD, _P): "등급, 이유, 의견, 시각이 서명된 내용과 같습니다.",
    (Check.TOLD, _F): "결과에 있는 내용이 서명된 내용과 다르거나 서명된 기록이 없습니다.",
    (Check.FIRST_COUNTS, _P): "평가 대상마다 처음 주신 평가 하나만 집계됩니다.",
    (Check.FIRST_COUNTS, _F): "집계된 것이 처음 주신 평가가 아닙니다.",
    (Check.FIRST_COUNTS, _O): "집계 여부가 아직 정해지지 않았습니다.",
}
_TEXTS = {"en": _ENGLISH, "zh-CN": _CHINESE, "ko": _KOREAN}
