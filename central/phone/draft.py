"""What a half-filled form says, and how each key moves it on.

The whole draft travels in the form, so nothing is kept before it is sent. What comes in is
read as if nobody had ever seen the form: a field may say anything, and what cannot be is left
out. Pure; the pages are made elsewhere (`steps`).
"""

import re
import unicodedata
from collections.abc import Mapping, Sequence
from enum import StrEnum

import msgspec

from central.phone.questionnaire import Questionnaire
from protocol.levels import Level
from protocol.remote import MAX_COMMENT
from protocol.tags import tags_of

Form = Mapping[str, Sequence[str]]
SEAL, AT, STEP, DO, OVER = "f", "at", "step", "do", "over"
"""Fields: the form's seal, where the citizen is, which page of it, the key pressed, and that
every question has been passed once."""
COMMENT, NUMBER, LANGUAGE = "comment", "number", "lang"
_MOBILE = re.compile(r"1[3-9][0-9]{9}")
"""A mobile number of the mainland, as the device's own pad takes it."""
_MAX_TYPED = 4000
"""Characters of a field that are looked at; a comment that is too long is shown again."""


class Step(StrEnum):
    """Which page of a subject is shown."""

    RATE = "rate"
    REASONS = "reasons"


class Flaw(StrEnum):
    """Why answers cannot be taken yet."""

    EMPTY = "empty"
    """Nothing was rated."""
    LONG = "long"
    """The comment is too long."""
    NUMBER = "number"
    """What was typed is no mobile number."""
    QUICK = "quick"
    """Sent sooner than anybody reads."""
    STALE = "stale"
    """The form was opened too long ago, or not here."""


class Draft(msgspec.Struct, frozen=True):
    """All answers so far, and where the citizen is."""

    levels: tuple[Level | None, ...]
    """By place in the questionnaire; so are the tags."""
    tags: tuple[tuple[int, ...], ...]
    at: int = 0
    step: Step = Step.RATE
    over: bool = False
    """Every question has been passed once, so it can be sent from any page of reasons."""
    comment: str = ""
    number: str = ""

    @property
    def answered(self) -> tuple[int, ...]:
        """Places of the subjects that have a level."""
        return tuple(place for place, level in enumerate(self.levels) if level is not None)

    @property
    def final(self) -> bool:
        """Whether it can be sent from here."""
        return self.step is Step.REASONS and (self.over or self.at == len(self.levels) - 1)


def begin(asked: Questionnaire) -> Draft:
    """Return the draft of a form that is opened now."""
    offered = {answer.asked: answer for answer in asked.offered}
    chosen = [offered.get(one) for one in asked.asked]
    return _entered(
        Draft(
            levels=tuple(answer.level if answer else None for answer in chosen),
            tags=tuple(answer.tags if answer else () for answer in chosen),
        ),
        0,
    )


def read(form: Form, asked: Questionnaire) -> Draft:
    """Return the draft in ``form``; what cannot be an answer is left out."""
    levels: list[Level | None] = []
    tags: list[tuple[int, ...]] = []
    at = 0
    for place, key in enumerate(asked.keys):
        level = _level(first(form, f"l{key}"))
        offered = tags_of(level, asked.switched_off_tags) if level else ()
        picked = set(form.get(f"t{key}", ()))
        levels.append(level)
        tags.append(tuple(tag for tag in offered if str(tag) in picked))
        if first(form, AT) == key:
            at = place
    step = Step.REASONS if first(form, STEP) == Step.REASONS and levels[at] else Step.RATE
    return Draft(
        levels=tuple(levels),
        tags=tuple(tags),
        at=at,
        step=step,
        over=first(form, OVER) == "1",
        comment=_typed(first(form, COMMENT)),
        number=_dialled(first(form, NUMBER)) if asked.takes_number else "",
    )


def first(form: Form, name: str) -> str:
    """Return the first value of a field, empty if there is none."""
    values = form.get(name, ())
    return values[0] if values else ""


def moved(draft: Draft, wish: str) -> Draft | Flaw:
    """Return the draft after a key was pressed; one that makes no sense there changes nothing."""
    wish, _, value = wish.partition(":")
    last, place = len(draft.levels) - 1, draft.at
    match wish:
        case "level" if level := _level(value):
            if draft.levels[place] is not level:
                draft = _answered(draft, place, level)
            return msgspec.structs.replace(draft, step=Step.REASONS)
        case "skip":
            draft = _answered(draft, place, None)
            if place < last:
                return _entered(draft, place + 1)
            if not draft.answered:
                return Flaw.EMPTY
            draft = msgspec.structs.replace(draft, over=True)
            return _entered(draft, draft.answered[-1])
        case "next" if place < last:
            return _entered(draft, place + 1)
        case "change":
            return msgspec.structs.replace(draft, step=Step.RATE)
        case "back" if place > 0:
            return _entered(draft, place - 1)
    return draft


def flaw(draft: Draft) -> Flaw | None:
    """Return what is wrong with answers that were sent, None if nothing is."""
    if not draft.answered:
        return Flaw.EMPTY
    if len(draft.comment) > MAX_COMMENT:
        return Flaw.LONG
    if draft.number and not _MOBILE.fullmatch(draft.number):
        return Flaw.NUMBER
    return None


def shown_for(draft: Draft, flawed: Flaw) -> Draft:
    """Return the draft at the page where ``flawed`` can be put right."""
    if flawed in (Flaw.LONG, Flaw.NUMBER, Flaw.QUICK) and draft.answered and not draft.final:
        return msgspec.structs.replace(draft, at=draft.answered[-1], step=Step.REASONS, over=True)
    return draft


def _answered(draft: Draft, place: int, level: Level | None) -> Draft:
    """Give a subject another level, or none; the tags of the one before do not fit it."""
    levels, tags = list(draft.levels), list(draft.tags)
    levels[place], tags[place] = level, ()
    return msgspec.structs.replace(draft, levels=tuple(levels), tags=tuple(tags))


def _entered(draft: Draft, place: int) -> Draft:
    """Go to a subject: to its reasons if it has a level, which can be changed from there."""
    step = Step.RATE if draft.levels[place] is None else Step.REASONS
    return msgspec.structs.replace(draft, at=place, step=step)


def _level(text: str) -> Level | None:
    return Level(int(text)) if text in ("1", "2", "3", "4", "5") else None


def _typed(text: str) -> str:
    """Return a comment with plain line ends, without what no database could hold."""
    lines = text[:_MAX_TYPED].replace("\r\n", "\n").replace("\r", "\n").replace("\0", "")
    return lines.encode("utf-8", "ignore").decode().strip()


def _dialled(text: str) -> str:
    """Return a number as it is dialled: full-width digits, spaces and +86 are read."""
    plain = re.sub(r"[\s().-]", "", unicodedata.normalize("NFKC", text[:60]))
    plain = plain.encode("utf-8", "ignore").decode()
    return re.sub(r"\A(\+|00)86", "", plain)[:40]
