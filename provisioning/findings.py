"""What is wrong or doubtful in a fleet file, by line, in the order in which people read it."""

import difflib
from collections.abc import Iterable
from pathlib import Path
from typing import Any, NamedTuple

from device.core.errors import BadConfiguration
from device.core.plain import plain


class Place(NamedTuple):
    """A line of a file."""

    file: Path
    line: int

    def __str__(self) -> str:
        return f"{self.file}:{self.line}"


class Given(NamedTuple):
    """A value, and where it is given."""

    value: Any
    place: Place
    key: str
    """As it is written there."""


class Finding(NamedTuple):
    """One mistake or warning."""

    place: Place
    text: str

    def __str__(self) -> str:
        # What is quoted in it may come from whoever filled in the table.
        return plain(f"{self.place}: {self.text}")


class Findings:
    """Collects them; what is said of one line twice, for two devices, is kept once."""

    def __init__(self) -> None:
        self._mistakes: dict[Finding, None] = {}
        self._warnings: dict[Finding, None] = {}

    def mistake(self, place: Place, text: str) -> None:
        """Note what must be put right."""
        self._mistakes[Finding(place, text)] = None

    def warn(self, place: Place, text: str) -> None:
        """Note what somebody should look at."""
        self._warnings[Finding(place, text)] = None

    @property
    def mistakes(self) -> tuple[Finding, ...]:
        """Every mistake, by file and line."""
        return tuple(sorted(self._mistakes))

    @property
    def warnings(self) -> tuple[Finding, ...]:
        """Every warning, by file and line."""
        return tuple(sorted(self._warnings))


class BadFleet(BadConfiguration):
    """A fleet file with mistakes; the message has one a line, each with file and line."""

    def __init__(self, mistakes: tuple[Finding, ...]) -> None:
        super().__init__("\n".join(map(str, mistakes)))
        self.mistakes = mistakes


def did_you_mean(word: str, known: Iterable[str]) -> str:
    """Return the nearest of what is known as the end of a sentence, or all that is."""
    names = sorted(known)
    longer = [name for name in names if name.startswith(f"{word}-")]
    if word and longer:
        return f"; did you mean {' or '.join(longer)}?"
    near = difflib.get_close_matches(word, names, n=1)
    return f"; did you mean {near[0]}?" if near else "; known are " + ", ".join(names)
