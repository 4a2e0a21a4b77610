"""The texts of one language, filled in and joined to dates."""

from collections.abc import Mapping
from contextlib import suppress


class Words:
    """Looks texts up by key. A missing key is a `KeyError`: tests cover every one."""

    def __init__(self, texts: Mapping[str, str], own: Mapping[str, str] | None = None) -> None:
        """Take the texts as shipped, and the hall's ``own`` wording of some."""
        self._texts = texts
        self._own = own or {}

    def __call__(self, key: str, **values: object) -> str:
        """Return the text of ``key`` with ``values`` filled in.

        The hall's own wording comes first, unless the values do not go into it.
        """
        with suppress(LookupError, ValueError, AttributeError):
            own = self._own[key]
            return own.format(**values) if values else own
        text = self._texts[key]
        return text.format(**values) if values else text

    def date(self, month: int, day: int, weekday: int) -> str:
        """Return a date without its year; ``weekday`` counts from Monday = 1."""
        return self(
            "date", month=self(f"month.{month}"), day=day, weekday=self(f"weekday.{weekday}")
        )
