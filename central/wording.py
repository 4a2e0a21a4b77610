"""The hall's own wording of what its screens say: which texts, in which languages, how long.

Questions, levels and reasons are the nation's; a hall that could word them could lead its
citizens. What it may word is in `protocol.configuration.OWN_TEXTS`.
"""

import difflib
from collections.abc import Iterator, Mapping
from typing import Any

from protocol.configuration import OWN_TEXTS, Texts

LANGUAGES = ("zh-CN", "en", "ko")
MAX_TEXT = 80
"""Characters that fit where these texts stand."""


def read_texts(said: Mapping[str, Any]) -> tuple[Texts, list[tuple[str, str]]]:
    """Return the texts in ``said``, and where something else was expected, with what."""
    mistakes: list[tuple[str, str]] = []
    texts: Texts = {}
    for language, own in said.items():
        if language not in LANGUAGES:
            mistakes.append((language, _unknown("language", language, LANGUAGES)))
        elif not isinstance(own, Mapping):
            mistakes.append((language, "expected a table of texts"))
        else:
            texts[language] = dict(own)
            mistakes += [(f"{language}.{key}", flaw) for key, flaw in _flaws(own)]
    return {language: own for language, own in texts.items() if own}, mistakes


def _flaws(own: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    for key, text in own.items():
        if key not in OWN_TEXTS:
            yield key, _unknown("text", key, sorted(OWN_TEXTS))
        elif not isinstance(text, str) or not text.strip() or len(text) > MAX_TEXT:
            yield key, f"expected a text of 1 to {MAX_TEXT} characters"
        elif not text.isprintable():
            yield key, "expected one line without control characters"
        elif "{" in text or "}" in text:
            yield key, "expected no { or }: nothing is filled in"


def _unknown(what: str, key: str, known: tuple[str, ...] | list[str]) -> str:
    close = difflib.get_close_matches(key, known, n=1)
    hint = f"did you mean {close[0]!r}?" if close else f"known: {', '.join(known)}"
    return f"unknown {what}; {hint}"
