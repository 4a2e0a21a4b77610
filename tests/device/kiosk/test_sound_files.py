"""The recordings: all there, fit to be played, and saying what the screens say."""

import importlib.util
import json
import re
import subprocess
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from device.kiosk.assets import LANGUAGES, UI_ASSETS, load_texts, sound_path
from device.kiosk.sound import Prompt
from protocol.subjects import Subject
from protocol.tags import TAGS

ROOT = Path(__file__).parents[3]
SOUNDS = UI_ASSETS / "sounds"
MANIFEST: dict[str, Any] = json.loads((SOUNDS / "prompts.json").read_bytes())
PROMPTS: dict[str, dict[str, str]] = MANIFEST["prompts"]
CHINESE = re.compile(r"[\u4e00-\u9fff0-9]")
SYLLABLE = re.compile(r"[a-zü]+[1-5]")
CHANGING = {
    "不": {"bu4", "bu2", "bu5"},
    "一": {"yi1", "yi2"},
    "谢": {"xie4", "xie5"},
    "1": {"yao1"},
}
"""What is pronounced differently in different company; every other character is not."""


def levels_of(language: str) -> list[str]:
    """The names of the five levels on the screen, best first."""
    texts = load_texts(language)
    return [texts[f"level.{level}"].replace("|", "").lower() for level in (5, 4, 3, 2, 1)]


@pytest.fixture(scope="module")
def maker() -> ModuleType:
    """`tools/make_sounds.py`, which nobody imports but this test."""
    spec = importlib.util.spec_from_file_location("make_sounds", ROOT / "tools" / "make_sounds.py")
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_every_recording_is_fit_to_be_played():
    done = subprocess.run(
        [sys.executable, "tools/make_sounds.py", "--check"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, "")


def test_every_prompt_that_can_be_asked_for_is_recorded_and_no_other():
    assert set(PROMPTS) == set(Prompt)
    for prompt in Prompt:
        for language in LANGUAGES:
            assert sound_path(prompt, language).is_file()


def test_every_subject_has_its_question():
    assert {f"question-{subject}" for subject in Subject} <= set(Prompt)


def test_every_chinese_character_has_one_syllable_with_its_tone():
    for name, texts in PROMPTS.items():
        spoken = texts["pinyin"]
        assert len(CHINESE.findall(texts["zh-CN"])) == len(SYLLABLE.findall(spoken)), name
        assert re.fullmatch(r"[\s.,:]*", SYLLABLE.sub("", spoken)), name


def test_a_character_sounds_the_same_wherever_it_stands():
    heard: dict[str, set[str]] = {}
    for texts in PROMPTS.values():
        characters = CHINESE.findall(texts["zh-CN"])
        for character, syllable in zip(characters, SYLLABLE.findall(texts["pinyin"]), strict=True):
            heard.setdefault(character, set()).add(syllable)
    for character, syllables in heard.items():
        assert syllables <= CHANGING.get(character, syllables)
        assert len(syllables) == 1 or character in CHANGING, (character, syllables)


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_question_names_the_five_levels_from_the_best_on(language: str):
    levels = levels_of(language)
    for subject in Subject:
        said = PROMPTS[f"question-{subject}"][language].lower()
        keys = said.split({"zh-CN": "依次是", "en": "right, are", "ko": "왼쪽부터"}[language])[1]
        told = re.findall("|".join(sorted(levels, key=len, reverse=True)), keys)
        assert told == levels


@pytest.mark.parametrize("language", LANGUAGES)
def test_what_is_said_after_a_tap_names_no_level_and_no_reason(language: str):
    texts = load_texts(language)
    reasons = (texts[f"tag.{tag}"] for tags in TAGS.values() for tag in tags)
    telling = [*levels_of(language), *(reason.replace("|", "").lower() for reason in reasons)]
    for name in set(Prompt) - {f"question-{subject}" for subject in Subject}:
        said = PROMPTS[name][language].lower()
        assert not [words for words in telling if words in said], name


@pytest.mark.parametrize(
    ("name", "key"),
    [
        ("question-staff", "q.staff"),
        ("question-matter", "q.matter"),
        ("question-hall", "q.hall"),
        ("thanks", "thx"),
    ],
)
def test_the_voice_says_what_the_screen_says(name: str, key: str):
    assert load_texts("zh-CN")[key].replace("|", "") in PROMPTS[name]["zh-CN"]


def test_the_check_finds_what_is_wrong(maker: ModuleType, tmp_path: Path):
    good = sound_path(Prompt.THANKS, "en").read_bytes()
    stereo = bytearray(good)
    stereo[good.index(b"OpusHead") + 9] = 2
    long_click = tmp_path / "click.ogg"
    long_click.write_bytes(good)
    for content, problem in [(b"RIFF", "neither Opus nor Vorbis"), (bytes(stereo), "2 channels")]:
        bad = tmp_path / "thanks.ogg"
        bad.write_bytes(content)
        with pytest.raises(maker.Unfit, match=problem):
            maker.check(bad)
    with pytest.raises(maker.Unfit, match="lasts 2"):
        maker.check(long_click)
    with pytest.raises(maker.Unfit, match="is missing"):
        maker.check(tmp_path / "nothing.ogg")


def test_the_manual_lists_every_prompt_as_it_is_spoken():
    manual = (ROOT / "docs" / "sounds.md").read_text(encoding="utf-8")
    for name, texts in PROMPTS.items():
        row = f"| `{name}` | {texts['zh-CN']} | {texts['en']} | {texts['ko']} |"
        assert row in manual
