"""Texts give way in a fixed order: smaller, then more lines, then an ellipsis."""

import itertools

from hypothesis import given
from hypothesis import strategies as st

from device.kiosk.screens import Look
from device.kiosk.text import Typesetter, plain

CHARACTERS = "不动产登记窗口A b9，。（）《》·한국"


def test_a_short_text_stays_as_it_is(look: Look) -> None:
    assert look.text.fit("王晓燕", 72, True, 400) == (72, ("王晓燕",))


def test_a_longer_text_is_set_smaller_but_not_below_80_percent(look: Look) -> None:
    setting = look.text.fit("不动产登记综合窗口", 40, True, 320)
    assert setting.lines == ("不动产登记综合窗口",)
    assert 32 <= setting.size < 40


def test_then_it_breaks_into_two_lines(look: Look) -> None:
    setting = look.text.fit("阿卜杜热西提·买买提明", 40, True, 240, rows=2)
    assert len(setting.lines) == 2
    assert "".join(setting.lines) == "阿卜杜热西提·买买提明"


def test_then_it_ends_in_an_ellipsis(look: Look) -> None:
    setting = look.text.fit("登记" * 30, 40, True, 240, rows=2)
    assert setting.size == 32
    assert setting.lines[-1].endswith("…")


def test_tags_break_at_their_soft_breaks_alone(look: Look) -> None:
    lines = look.text.wrap("同样内容的|证明材料|被要求多次提交", 30, False, 340)
    assert lines == ("同样内容的证明材料", "被要求多次提交")


def test_latin_words_are_not_broken(look: Look) -> None:
    assert look.text.wrap("Papers asked for", 30, False, 150) == ("Papers", "asked for")


@given(st.text(CHARACTERS, min_size=1, max_size=40), st.integers(120, 600))
def test_no_line_begins_with_closing_or_ends_with_opening_punctuation(
    text: str, width: int
) -> None:
    lines = Typesetter().wrap(text, 30, False, width)
    for before, after in itertools.pairwise(lines):
        assert after[:1] not in tuple("，。）》·")
        assert before[-1:] not in tuple("（《")


@given(st.text(CHARACTERS, min_size=1, max_size=40), st.integers(120, 600))
def test_breaking_loses_no_character_but_spaces(text: str, width: int) -> None:
    lines = Typesetter().wrap(text, 30, False, width)
    assert "".join(lines).replace(" ", "") == plain(text).replace(" ", "")


@given(st.text(CHARACTERS, min_size=1, max_size=40), st.integers(200, 600), st.integers(1, 3))
def test_what_was_made_to_fit_fits(text: str, width: int, rows: int) -> None:
    typesetter = Typesetter()
    setting = typesetter.fit(text, 40, True, width, rows)
    assert len(setting.lines) <= rows
    assert all(typesetter.width(line, setting.size, True) <= width for line in setting.lines)


def test_the_cache_of_lines_is_bounded(look: Look) -> None:
    typesetter = Typesetter()
    for number in range(400):
        typesetter.line(f"第 {number} 号", 62, True, (0, 0, 0))
    assert typesetter.cached_bytes <= 4 << 20
