"""What `haochaping verify` prints: the ratings, each finding, and what all of it means."""

import json
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from protocol import proof
from protocol.evidence import Evidence, Standing, Told
from protocol.findings import Finding, Outcome
from protocol.levels import Level
from protocol.tags import TAGS

_WORDS: dict[str, dict[str, str]] = {
    "en": {
        "passed": "ok    ",
        "failed": "WRONG ",
        "open": "open  ",
        "receipt": "Receipt code {code}, as central tells it on {when}",
        "none": "Nothing was rated in this visit.",
        "good": "Genuine and counted: the rating is stored as it was given, and it counts.",
        "waits": "Genuine, and not counted yet: the device has not reported the visit.",
        "later": "Genuine, and not everything counts; see above why.",
        "bad": "NOT GENUINE: what is marked WRONG above does not hold. Keep the evidence (--save) "
        "and tell whoever supervises the service hall, or call 12345.",
        "5": "very satisfied",
        "4": "satisfied",
        "3": "fairly satisfied",
        "2": "dissatisfied",
        "1": "very dissatisfied",
        "staff": "staff member",
        "matter": "matter",
        "hall": "service hall",
        "counted": "counted",
        "later-one": "not counted: another rating was given first",
        "waiting": "waiting for the device's report",
        "unbound": "not counted: the device never reported the visit",
        "under-review": "under review",
        "follow-up": "follow-up rating, shown and not counted",
        "missing": "taken in, and missing now",
    },
    "zh-CN": {
        "passed": "通过  ",
        "failed": "不符  ",
        "open": "待定  ",
        "receipt": "回执码 {code}，中心平台于 {when} 出具",
        "none": "这次服务没有评价。",
        "good": "真实有效，已计入统计：评价保存完好，与当时作出的一致。",
        "waits": "真实，但尚未计入：评价器还没有上报这次服务。",
        "later": "真实，但并非全部计入，原因见上。",
        "bad": "核验不通过：以上标为“不符”的各项不成立。请保存证据（--save），"
        "并告知大厅监督部门或拨打 12345。",
        "5": "非常满意",
        "4": "满意",
        "3": "基本满意",
        "2": "不满意",
        "1": "非常不满意",
        "staff": "工作人员",
        "matter": "事项",
        "hall": "政务大厅",
        "counted": "已计入",
        "later-one": "未计入：同一对象已有更早的评价",
        "waiting": "等待评价器上报",
        "unbound": "未计入：评价器一直没有上报这次服务",
        "under-review": "核查中",
        "follow-up": "追加评价，展示但不计入",
        "missing": "曾经收到，现已缺失",
    },
}


def as_text(
    found: Evidence, findings: Sequence[Finding], *, genuine: bool, counted: bool, language: str
) -> str:
    """Return all of it for people; for a language that has no words here, in English."""
    words = _WORDS.get(language, _WORDS["en"])
    lines = [words["receipt"].format(code=found.code, when=_time(found.told_ms)), ""]
    lines += [f"{place}. {_rating(one, words)}" for place, one in enumerate(found.told, 1)]
    lines += [words["none"]] if not found.told else []
    lines.append("")
    for one in findings:
        lines.append(f"{words[one.outcome.value]}{one.sentence(language)}")
        if one.detail and one.outcome is not Outcome.PASSED:
            lines.append(f"      {_printable(one.detail)}")
    verdict = "bad"
    if genuine:
        verdict = "good" if counted else "waits" if proof.is_open(found) else "later"
    lines += ["", words[verdict], ""]
    return "\n".join(lines)


def _rating(told: Told, words: dict[str, str]) -> str:
    subject = words.get(told.subject, "?") + (f" {told.code}" if told.code else "")
    level = words.get(str(told.platform_level), "?")
    standing = words["later-one" if told.standing is Standing.LATER else told.standing.value]
    lines = [_printable(f"{subject}: {level}; {standing}; {_time(told.given_ms)}")]
    if told.tags:
        official = {code: text for offered in TAGS.values() for code, text in offered.items()}
        lines.append("   " + ", ".join(official.get(tag, str(tag)) for tag in told.tags))
    if told.comment:
        lines += [f"   {_printable(line)}" for line in told.comment.splitlines()]
    return "\n".join(lines)


def _printable(text: str) -> str:
    """Return ``text`` without what a terminal might obey: evidence may be anybody's."""
    return "".join(one if one.isprintable() else "?" for one in text)


def _time(ms: int) -> str:
    try:
        return datetime.fromtimestamp(ms / 1000).astimezone().strftime("%Y-%m-%d %H:%M:%S %z")
    except (OverflowError, OSError, ValueError):
        return "?"


def as_json(
    found: Evidence, findings: Sequence[Finding], *, genuine: bool, counted: bool, language: str
) -> str:
    """Return all of it for a program."""
    said = {
        "code": found.code,
        "visit": str(found.visit),
        "told_ms": found.told_ms,
        "genuine": genuine,
        "counted": counted,
        "ratings": [_rating_json(one) for one in found.told],
        "findings": [
            {
                "check": one.check,
                "outcome": one.outcome,
                "rating": None if one.told is None else one.told + 1,
                "sentence": one.sentence(language),
                "detail": one.detail,
            }
            for one in findings
        ],
    }
    return json.dumps(said, ensure_ascii=False, indent=2) + "\n"


def _rating_json(told: Told) -> dict[str, Any]:
    platform = told.platform_level
    known = platform in tuple(Level)
    return {
        "subject": told.subject,
        "code": told.code,
        "level": {
            "platform": platform,
            "gbt39046": Level(platform).national_code if known else None,
        },
        "tags": told.tags,
        "comment": told.comment,
        "origin": told.origin,
        "standing": told.standing,
        "given_ms": told.given_ms,
        "record": {"seq": told.seq, "sha256": told.digest.hex()},
    }
