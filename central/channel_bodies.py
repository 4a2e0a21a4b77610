"""What a channel sends and is told: one rating, or up to a hundred with a verdict each.

A level is never a bare digit here, since the platform and GB/T 39046-2020 number it the other
way round (docs/codes.md, "Levels").
"""

from datetime import date
from enum import StrEnum
from typing import Annotated, Any
from uuid import UUID

import msgspec
from msgspec import Meta

from central.errors import ListedProblem, Mistakes
from protocol.levels import Level
from protocol.limits import MAX_CASES, MAX_MATTERS, CaseNumber, Short
from protocol.remote import Comment
from protocol.subjects import Subject

MAX_RATINGS = 100
"""Ratings in one call."""
MAX_BODY = 64 * 1024
MAX_BATCH_BODY = 512 * 1024

_Code = Annotated[int, Meta(ge=1, le=5)]
_Language = Annotated[str, Meta(max_length=35, pattern=r"\A[A-Za-z]{2,3}(-[A-Za-z0-9]{2,8})*\Z")]
_Number = Annotated[str, Meta(pattern=r"\A(1[3-9][0-9]{9})?\Z")]


class GivenLevel(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """A level by one of its two codes, which is named."""

    platform: Annotated[_Code | None, Meta(description="The platform's code: 5 is best")] = None
    gbt39046: Annotated[_Code | None, Meta(description="GB/T 39046-2020: 1 is best")] = None

    def __post_init__(self) -> None:
        """Raise ``ValueError`` unless exactly one code is given."""
        if (self.platform is None) is (self.gbt39046 is None):
            raise ValueError("expected either platform or gbt39046")

    @property
    def level(self) -> Level:
        """The level that is meant."""
        if self.platform is not None:
            return Level(self.platform)
        return Level.from_national_code(self.gbt39046 or 0)


class ChannelRating(
    msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True
):
    """One rating as a channel brings it."""

    reference: Annotated[
        Short, Meta(description="The channel's own name of the service: the same, the same visit")
    ] = ""
    visit: Annotated[UUID | None, Meta(description="A device's visit")] = None
    device: Annotated[
        Short, Meta(description="Its device; needed if that has not reported the visit yet")
    ] = ""
    receipt: Annotated[str, Meta(max_length=64, description="A receipt code, as typed")] = ""
    day: Annotated[
        str,
        Meta(max_length=10, description="Day of the visit, where a receipt code names two"),
    ] = ""
    subject: Subject
    code: Annotated[Short, Meta(description="Staff number or the matter's code")] = ""
    question: Annotated[
        Annotated[int, Meta(ge=0, le=MAX_MATTERS + 1)] | None,
        Meta(description="Its place among the visit's questions, from 0, if central knows none"),
    ] = None
    window: Annotated[
        Short, Meta(description="Number of the window, with `reference` or `receipt`")
    ] = ""
    staff: Annotated[Short, Meta(description="Who served, with `reference`")] = ""
    cases: Annotated[tuple[CaseNumber, ...], Meta(max_length=MAX_CASES)] = ()
    level: GivenLevel
    tags: Annotated[tuple[int, ...], Meta(max_length=8)] = ()
    comment: Comment = ""
    number: Annotated[_Number, Meta(description="A mobile number for a call-back")] = ""
    language: _Language = "zh-CN"
    follow_up: bool = False

    def __repr__(self) -> str:
        """Return what is rated; neither comment nor number may reach a log."""
        return f"ChannelRating({self.subject})"

    def check(self) -> None:
        """Raise `Mistakes` with everything that cannot stand together."""
        ways = [bool(self.reference), self.visit is not None, bool(self.receipt)]
        wrong = []
        if sum(ways) != 1:
            wrong.append("expected exactly one of reference, visit and receipt")
        if self.device and self.visit is None:
            wrong.append("device: expected with visit, and with nothing else")
        if self.day and not (self.receipt and _is_day(self.day)):
            wrong.append("day: expected as 2026-05-31, with receipt")
        if self.question is not None and self.visit is None:
            wrong.append("question: expected with visit alone")
        if self.visit is not None and self.window:
            wrong.append("window: expected with reference or receipt; a visit knows its own")
        if not self.reference:
            wrong += [
                f"{name}: expected with reference alone; a visit knows its own"
                for name in ("staff", "cases")
                if getattr(self, name)
            ]
        if len(set(self.tags)) != len(self.tags):
            wrong.append("tags: expected each once")
        if wrong:
            raise Mistakes(wrong)


class ChannelBatch(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Several ratings; each is read and judged by itself."""

    ratings: Annotated[tuple[msgspec.Raw, ...], Meta(min_length=1, max_length=MAX_RATINGS)]


class Standing(StrEnum):
    """What has become of a rating."""

    COUNTED = "counted"
    PENDING = "pending"
    """Kept; it counts once the device has reported the visit."""
    LATER = "later"
    """Kept, not counted: one given at the window came first."""
    FOLLOW_UP = "follow_up"
    """Kept beside the first rating, which stays as it was."""


class Answer(msgspec.Struct, frozen=True):
    """A rating is kept."""

    receipt: str
    """The citizen's receipt code, for them alone; empty where the visit was named by its id."""
    standing: Standing
    repeated: bool
    """It had been brought before; nothing was added."""


class Verdict(msgspec.Struct, frozen=True, omit_defaults=True):
    """What a rating of a batch would have been answered by itself."""

    status: int
    answer: Answer | None = None
    problem: ListedProblem | None = None


class BatchAnswer(msgspec.Struct, frozen=True):
    """A verdict for each rating of a batch, in its order."""

    verdicts: tuple[Verdict, ...]


def describe(call: dict[str, Any]) -> None:
    """Describe the body of a channel's ``call``, which we read ourselves."""
    one = {"$ref": "#/components/schemas/ChannelRating"}
    content: dict[str, Any] = one
    if call["operationId"] == "rate_many":
        ratings = {"type": "array", "minItems": 1, "maxItems": MAX_RATINGS, "items": one}
        content = {
            "type": "object",
            "properties": {"ratings": ratings},
            "required": ["ratings"],
            "additionalProperties": False,
        }
    call["requestBody"] = {"required": True, "content": {"application/json": {"schema": content}}}


def _is_day(text: str) -> bool:
    try:
        return date.fromisoformat(text).isoformat() == text
    except ValueError:
        return False
