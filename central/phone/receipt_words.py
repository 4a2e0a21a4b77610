"""The words of the receipt pages; levels and tags are worded as everywhere."""

import json
from functools import cache
from html import escape
from pathlib import Path

from central.phone.wording import words

_FOLDER = Path(__file__).parents[2] / "ui_assets" / "phone" / "receipts"


class ReceiptWords:
    """One language's words, by key."""

    def __init__(self, language: str, texts: dict[str, str]) -> None:
        self.language = language
        self.common = words(language)
        self._texts = texts

    def __call__(self, key: str, **values: object) -> str:
        """Return the text ``key`` with ``values`` put in; a key that is missing is our mistake."""
        return self._texts[key].format(**values)

    def escaped(self, key: str, **values: object) -> str:
        """Return it for HTML, the values too."""
        return escape(self(key, **values))


@cache
def receipt_words(language: str) -> ReceiptWords:
    """Return the words of one of `wording.LANGUAGES`."""
    texts: dict[str, str] = json.loads((_FOLDER / f"{language}.json").read_text("utf-8"))
    return ReceiptWords(language, texts)
