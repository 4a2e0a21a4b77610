"""The wizard's rules: whatever a form says, there is a page for it or answers that hold."""

import re
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest
from hypothesis import given
from hypothesis import strategies as st
from litestar import Response
from phone_rig import Page

from central.database import sqlite_url
from central.phone import draft as drafts
from central.phone import form_seal, steps, wizard
from central.phone.draft import Draft, Flaw, Step
from central.phone.faces import symbols
from central.phone.questionnaire import Answer, Answers, Asked, Questionnaire
from central.phone.wording import LANGUAGES, words
from central.service import Central
from central.settings import Phone, Settings
from protocol.keys import SigningKey
from protocol.levels import Level
from protocol.remote import MAX_COMMENT
from protocol.subjects import Subject
from protocol.tags import TAGS, tags_of

NOW = 1_800_000_000_000
KEY = SigningKey.generate()
STAFF, MATTER, HALL = (
    Asked(Subject.STAFF, "1001", 0),
    Asked(Subject.MATTER, "m", 1, "社会保障卡申领", "1501****0068", 3),
    Asked(Subject.HALL, "h", 2),
)


class Counted:
    """Takes the place of the counter of refusals."""

    def __init__(self) -> None:
        self.codes: list[str] = []

    def count(self, code: str) -> None:
        self.codes.append(code)


def a_central(**phone: Any) -> Central:
    settings = Settings(
        data=Path("/nowhere"), database=sqlite_url(Path("/nowhere")), phone=Phone(**phone)
    )
    return cast("Central", SimpleNamespace(settings=settings, key=KEY, refusals=Counted()))


def asking(*asked: Asked, **more: Any) -> Questionnaire:
    return Questionnaire("大厅", "12", asked, "/R/ABC", "visit", **{"takes_number": True, **more})


def sealed(opened_ms: int = NOW - 60_000, purpose: str = "visit") -> str:
    return form_seal.seal(KEY, purpose, opened_ms)


def turned(form: dict[str, list[str]], asked: Questionnaire, **phone: Any) -> Any:
    return wizard.turn(a_central(**phone), form, asked, "en", NOW)


# --- whatever a form says -----------------------------------------------------------------------

NAMES = st.sampled_from(
    ["f", "at", "step", "do", "over", "lang", "comment", "number"]
    + [f"{kind}{place}" for kind in "lt" for place in range(4)]
)
WORDS = st.one_of(
    st.sampled_from(["send", "skip", "next", "back", "change", "level:5", "lang:ko", "reasons"]),
    st.sampled_from(["rate", "0", "1", "2", "5", "²", "١", "-1", "99999", "517", "214", "1"]),
    st.text(max_size=30),
    st.text("字\r\n\0 <&\"'>\ud800", max_size=700),
)
FORMS = st.dictionaries(NAMES, st.lists(WORDS, max_size=3), max_size=12)
ASKED = st.sampled_from(
    [asking(STAFF), asking(STAFF, MATTER), asking(HALL), asking(MATTER, HALL, rated=1)]
)


@given(form=FORMS, asked=ASKED, honest=st.booleans(), language=st.sampled_from(LANGUAGES))
def test_any_form_gets_a_page_or_answers_that_hold(
    form: dict[str, list[str]], asked: Questionnaire, honest: bool, language: str
) -> None:
    if honest:
        form = {**form, "f": [sealed()]}
    outcome = wizard.turn(a_central(), form, asked, language, NOW)
    if isinstance(outcome, Response):
        page = Page(outcome.status_code or 0, outcome.content, {})
        assert page.status in (200, 422)
        assert page.title
        assert page.field("f")
        assert page.text.encode()  # nothing that cannot be sent
        return
    assert honest
    assert outcome.answers
    assert len(outcome.comment) <= MAX_COMMENT
    assert "\0" not in outcome.comment
    assert "\r" not in outcome.comment
    assert outcome.number == "" or (outcome.number.isdecimal() and len(outcome.number) == 11)
    for answer in outcome.answers:
        assert answer.asked in asked.asked
        assert set(answer.tags) <= set(tags_of(answer.level, asked.switched_off_tags))
    assert len({answer.asked for answer in outcome.answers}) == len(outcome.answers)


@given(
    keys=st.lists(
        st.sampled_from(["level:5", "level:1", "skip", "next", "back", "change"]), max_size=25
    ),
    asked=ASKED,
)
def test_every_key_leads_to_a_page_on_which_the_draft_comes_back_as_it_was(
    keys: list[str], asked: Questionnaire
) -> None:
    """What a page carries is the draft, whole: nothing is lost on the way and nothing appears."""
    draft = drafts.begin(asked)
    for key in keys:
        after = drafts.moved(draft, key)
        if isinstance(after, Flaw):
            assert not draft.answered or draft.answered == (draft.at,)
            continue
        draft = after
        page = Page(200, steps.page(asked, draft, "zh-CN", sealed()).content, {})
        form: dict[str, list[str]] = {}
        for name, value in page.fields:
            form.setdefault(name, []).append(value)
        assert drafts.read(form, asked) == draft


@given(picked=st.sets(st.sampled_from(sorted(TAGS[Level.DISSATISFIED]))))
def test_only_tags_of_the_level_that_are_offered_are_taken(picked: set[int]) -> None:
    off = frozenset({211, 212, 214})
    form = {
        "f": [sealed()],
        "l0": ["2"],
        "t0": [*map(str, picked), "517", "x"],
        "do": ["send"],
    }
    answers = turned(form, asking(STAFF, switched_off_tags=off))
    assert isinstance(answers, Answers)
    assert set(answers.answers[0].tags) == picked - off


# --- one after the other ------------------------------------------------------------------------


def test_fields_go_by_the_place_in_the_visit_not_on_the_page() -> None:
    """The first question was rated on the screen while the page was open."""
    form = {"f": [sealed()], "l0": ["5"], "l1": ["1"], "t1": ["115"], "do": ["send"]}
    answers = turned(form, asking(MATTER))
    assert answers.answers == (Answer(MATTER, Level.VERY_DISSATISFIED, (115,)),)


def test_what_is_offered_is_filled_in_and_can_be_changed() -> None:
    offered = (Answer(STAFF, Level.DISSATISFIED, (214,)),)
    page = turned({}, asking(STAFF, offered=offered, follows_up=True))
    read = Page(page.status_code, page.content, {})
    assert ("t0", "214") in read.fields
    assert "send" in read.keys
    assert "change" in read.keys


def test_the_return_key_sends_and_does_not_change_the_language() -> None:
    page = turned({"f": [sealed()], "l0": ["3"], "step": ["reasons"]}, asking(STAFF))
    assert Page(200, page.content, {}).keys[0] == "send"


def test_the_comment_waits_for_the_last_question() -> None:
    both = asking(STAFF, MATTER)
    first = drafts.moved(drafts.begin(both), "level:1")
    assert isinstance(first, Draft)
    assert not first.final
    last = drafts.moved(first, "next")
    assert isinstance(last, Draft)
    assert (last.at, last.step) == (1, Step.RATE)
    done = drafts.moved(last, "level:1")
    assert isinstance(done, Draft)
    assert done.final


@pytest.mark.parametrize(
    ("opened_ms", "words_said"),
    [
        (NOW - 13 * 3_600_000, "open for too long"),
        (NOW + 600_000, "open for too long"),
        (NOW + 1_000, "once more"),
        (NOW - 500, "once more"),
    ],
)
def test_a_form_too_old_or_too_quick_is_shown_again(opened_ms: int, words_said: str) -> None:
    form = {"f": [sealed(opened_ms)], "l0": ["1"], "comment": ["kept"], "do": ["send"]}
    page = turned(form, asking(STAFF))
    assert page.status_code == 422
    assert words_said in page.content
    assert Page(422, page.content, {}).field("comment") == "kept"


def test_asked_again_it_can_be_sent_at_once() -> None:
    central = a_central()
    form = {"f": [sealed(NOW - 500)], "l0": ["1"], "do": ["send"]}
    page = wizard.turn(central, form, asking(STAFF), "en", NOW)
    assert isinstance(page, Response)
    seal = Page(422, page.content, {}).field("f")
    again = wizard.turn(central, {**form, "f": [seal]}, asking(STAFF), "en", NOW + 2000)
    assert isinstance(again, Answers)
    assert central.refusals.codes == ["phone-too-quick"]


@given(text=st.text(max_size=60))
def test_only_what_was_sealed_here_for_this_is_a_seal(text: str) -> None:
    assert form_seal.opened_ms(KEY, "visit", text) is None
    assert form_seal.opened_ms(KEY, "other", sealed()) is None
    assert form_seal.opened_ms(SigningKey.generate(), "visit", sealed()) is None
    assert form_seal.opened_ms(KEY, "visit", sealed(NOW)) == NOW


@pytest.mark.parametrize(
    ("typed", "read"),
    [
        ("138 0013 8000", "13800138000"),
        ("+86 138-0013-8000", "13800138000"),
        ("008613800138000", "13800138000"),
        ("１３８００１３８０００", "13800138000"),
        ("", ""),
    ],
)
def test_a_number_is_read_however_it_is_written(typed: str, read: str) -> None:
    answers = turned(
        {"f": [sealed()], "l0": ["1"], "number": [typed], "do": ["send"]}, asking(STAFF)
    )
    assert answers.number == read


def test_where_no_number_can_be_sealed_none_is_asked_and_none_is_taken() -> None:
    asked = asking(STAFF, takes_number=False)
    form = {"f": [sealed()], "l0": ["1"], "step": ["reasons"], "number": ["13800138000"]}
    assert 'name="number"' not in turned(form, asked).content
    assert turned({**form, "do": ["send"]}, asked).number == ""


def test_answers_tell_a_log_neither_comment_nor_number() -> None:
    answers = Answers((Answer(STAFF, Level.SATISFIED),), "secret", "13800138000")
    assert repr(answers) == "Answers(1)"


# --- words and faces ----------------------------------------------------------------------------


def test_every_language_has_every_text_with_the_same_gaps() -> None:
    texts = {language: words(language)._texts for language in LANGUAGES}
    keys = {language: set(found) for language, found in texts.items()}
    assert keys["zh-CN"] == keys["en"] == keys["ko"]
    for key in keys["en"]:
        gaps = {frozenset(re.findall(r"\{\w+\}", texts[language][key])) for language in LANGUAGES}
        assert len(gaps) == 1, key


def test_the_five_faces_are_drawn_from_the_devices_geometry() -> None:
    drawn = symbols()
    assert drawn.count("<symbol") == 5
    assert drawn.count('class="skin"') == 5
    assert "style" not in drawn
