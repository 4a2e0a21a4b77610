"""Every text is there in every language, and every character of it can be printed."""

from itertools import product
from string import Formatter

import pytest
from fontTools.ttLib import TTFont
from goldens import DESIGNS
from panels import dressed
from sample_views import GOLDEN, WITHOUT_PICTURE, reasons

from device.kiosk import assets
from device.kiosk.screens import Look, compose
from device.kiosk.text import plain
from device.kiosk.words import Words
from device.store.profile import APPEARANCES
from protocol.tags import TAGS

TAG_CODES = [code for tags in TAGS.values() for code in tags]


def texts(language: str) -> dict[str, str]:
    everything = assets.load_texts(language)
    return {key: text for key, text in everything.items() if not key.startswith("_")}


def keys_shown() -> set[str]:
    """Return every key that a screen asks for, in any design and appearance."""
    asked: set[str] = set()

    class Noting(dict[str, str]):
        def __getitem__(self, key: str) -> str:
            asked.add(key)
            return super().__getitem__(key)

    noting = Words(Noting(assets.load_texts("zh-CN")))
    for size, appearance in product(DESIGNS, APPEARANCES):
        look = Look(size, appearance=appearance)
        look._words["zh-CN"] = noting
        for view in (
            *GOLDEN.values(),
            *WITHOUT_PICTURE.values(),
            *(reasons(level=level) for level in TAGS),
        ):
            compose(dressed(view, "zh-CN", appearance), look)
    for month, weekday in product(range(1, 13), range(1, 8)):
        noting.date(month, 1, weekday)
    return asked


@pytest.mark.parametrize("language", assets.LANGUAGES)
def test_every_language_has_the_same_keys(language: str) -> None:
    assert texts(language).keys() == texts("zh-CN").keys()


@pytest.mark.parametrize("language", assets.LANGUAGES)
def test_every_language_fills_in_the_same_values(language: str) -> None:
    def fields(text: str) -> set[str]:
        return {name for _, name, _, _ in Formatter().parse(text) if name}

    chinese = texts("zh-CN")
    for key, text in texts(language).items():
        assert fields(text) == fields(chinese[key]), key


def test_every_text_is_shown_on_some_screen_and_no_other_is_asked_for() -> None:
    assert keys_shown() == texts("zh-CN").keys()


@pytest.mark.parametrize("language", assets.LANGUAGES)
@pytest.mark.parametrize("topic", ["closed", "paused", "starting", "saving", "unsaved", "broken"])
def test_every_notice_has_a_title_and_a_text(language: str, topic: str) -> None:
    assert texts(language)[f"notice.{topic}.title"]
    assert texts(language)[f"notice.{topic}.text"]


@pytest.mark.parametrize("language", assets.LANGUAGES)
def test_every_tag_has_a_text_and_no_other_tag_has(language: str) -> None:
    found = {int(key[4:]) for key in texts(language) if key.startswith("tag.")}
    assert found == set(TAG_CODES)
    assert all(texts(language)[f"tag.{code}"] for code in TAG_CODES)


def test_chinese_tags_say_exactly_the_official_words() -> None:
    shown = texts("zh-CN")
    for tags in TAGS.values():
        for code, wording in tags.items():
            assert plain(shown[f"tag.{code}"]) == wording


@pytest.mark.parametrize("bold", [False, True])
@pytest.mark.parametrize("language", assets.LANGUAGES)
def test_the_shipped_fonts_have_every_character(language: str, bold: bool) -> None:
    covered = TTFont(assets.font_path(bold), lazy=True).getBestCmap()
    missing = {
        character
        for text in texts(language).values()
        for character in plain(text)
        if ord(character) not in covered
    }
    assert not missing


@pytest.mark.parametrize("bold", [False, True])
def test_the_shipped_fonts_cover_gb_2312(bold: bool) -> None:
    covered = TTFont(assets.font_path(bold), lazy=True).getBestCmap()
    ideographs = {
        bytes((lead, trail)).decode("gb2312", "ignore")
        for lead in range(0xB0, 0xF8)
        for trail in range(0xA1, 0xFF)
    } - {""}
    assert len(ideographs) == 6763
    assert not {character for character in ideographs if ord(character) not in covered}


@pytest.mark.parametrize("bold", [False, True])
def test_the_shipped_fonts_are_the_simplified_chinese_face(bold: bool) -> None:
    name = TTFont(assets.font_path(bold), lazy=True)["name"].getDebugName(4)
    assert "SC" in name


@pytest.mark.parametrize("language", assets.LANGUAGES)
def test_soft_breaks_stand_between_words_and_none_is_left_over(language: str) -> None:
    for key, text in texts(language).items():
        assert all(piece.strip() for piece in text.split("|")) or not text, key


@pytest.mark.parametrize("language", assets.LANGUAGES)
def test_no_text_of_ours_has_an_ellipsis(language: str) -> None:
    """On a screen it means that something was cut short (test_screens_everywhere.py)."""
    assert not [key for key, text in texts(language).items() if "…" in text or "..." in text]


def test_a_date_is_written_as_the_language_has_it() -> None:
    def on(language: str) -> str:
        return Words(assets.load_texts(language)).date(6, 18, 3)

    assert on("zh-CN") == "6月18日 星期三"
    assert on("en") == "Wednesday, 18 June"
    assert on("ko") == "6월 18일 수요일"


def test_a_language_that_is_not_shipped_is_refused(look: Look) -> None:
    with pytest.raises(OSError, match="mn"):
        look.words("mn")
