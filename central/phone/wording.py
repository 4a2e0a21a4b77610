"""The words of the phone page in the three languages that are offered.

Levels and tags are worded as on the device's screen: one rating must read the same on both.
"""

import json
from collections.abc import Mapping
from functools import cache
from html import escape
from pathlib import Path

from protocol.levels import Level
from protocol.subjects import Subject

LANGUAGES = ("zh-CN", "en", "ko")
DEFAULT = "zh-CN"
"""For a phone that does not say."""
FOREIGN = "en"
"""For a phone that asks only for languages that are not ours."""
_ASSETS = Path(__file__).parents[2] / "ui_assets"


class Words:
    """One language's words, by key."""

    def __init__(self, language: str, texts: Mapping[str, str], screen: Mapping[str, str]) -> None:
        self.language = language
        self._texts = texts
        self._screen = screen

    def __call__(self, key: str, **values: object) -> str:
        """Return the text ``key`` with ``values`` put in; a key that is missing is our mistake."""
        return self._texts[key].replace("|", "").format(**values)

    def broken(self, key: str) -> str:
        """Return the text ``key`` as HTML whose lines break where a bar stands."""
        return _broken(self._texts[key])

    def level(self, level: Level) -> str:
        """Return the level's name."""
        return self._screen[f"level.{int(level)}"].replace("|", "")

    def tag(self, code: int) -> str:
        """Return what a tag says, as HTML whose lines break where the device's do."""
        return _broken(self._screen[f"tag.{code}"])

    def tag_name(self, code: int) -> str:
        """Return what a tag says, as text."""
        return self._screen[f"tag.{code}"].replace("|", "")

    def question(self, subject: Subject) -> str:
        """Return what is asked about a subject."""
        return self._screen[f"q.{subject}"].replace("|", "")


def _broken(text: str) -> str:
    return escape(text).replace("|", "<wbr>")


@cache
def words(language: str) -> Words:
    """Return the words of one of `LANGUAGES`."""
    return Words(language, _read("phone/texts", language), _read("texts", language))


def _read(folder: str, language: str) -> dict[str, str]:
    file = _ASSETS / folder / f"{language}.json"
    found: dict[str, str] = json.loads(file.read_text("utf-8"))
    return found


def chosen(asked: str, accept_language: str) -> str:
    """Return the language to answer in: the one asked for, else what the phone prefers.

    ``accept_language`` as RFC 9110, section 12.5.4, has it. None of ours means `FOREIGN`; a
    field that names no language at all means `DEFAULT`.
    """
    if asked in LANGUAGES:
        return asked
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
        for language in LANGUAGES:
            if name.partition("-")[0] == language.partition("-")[0]:
                return language
    return FOREIGN if named else DEFAULT
