"""The texts of one language, filled in and joined to dates."""

from collections.abc import Mapping


class Words:
    """Looks texts up by key. A missing key is a `KeyError`: tests cover every one."""

    def __init__(self, texts: Mapping[str, str]) -> None:
        self._texts = texts

    def __call__(self, key: str, **values: object) -> str:
        """Return the text of ``key`` with ``values`` filled in."""
        text = self._texts[key]
        return text.format(**values) if values else text

    def date(self, month: int, day: int, weekday: int) -> str:
        """Return a date without its year; ``weekday`` counts from Monday = 1."""
        return self(
            "date", month=self(f"month.{month}"), day=day, weekday=self(f"weekday.{weekday}")
        )
