"""Finding a matter among thousands: by digits of its code, pinyin initials, or its name.

On the device there are twelve keys, so each digit also stands for letters as on a telephone
(2 is a, b or c): 2390 finds what begins with b-d-z as well as codes that hold 2390.
"""

from collections.abc import Sequence
from typing import NamedTuple

_KEYS = {"2": "abc", "3": "def", "4": "ghi", "5": "jkl", "6": "mno", "7": "pqrs", "8": "tuv"}
_DIGIT_OF = str.maketrans(
    {letter: digit for digit, letters in (_KEYS | {"9": "wxyz"}).items() for letter in letters}
)
LETTERS = _KEYS | {"9": "wxyz"}
"""What stands on each key of a telephone (ITU-T E.161)."""


class Entry(NamedTuple):
    """A matter, as it is looked for."""

    code: str
    name: str
    initials: str
    """First letters of the pinyin, lower case."""
    of_window: bool = False
    """On the window's own short list."""


def search(entries: Sequence[Entry], query: str, limit: int) -> list[Entry]:
    """Return up to ``limit`` entries for ``query``, the likeliest first.

    Initials that begin so come before those that hold it, then names, then codes; within
    each, the window's own matters come first. An empty query returns the window's own, or
    the first of all where it has none.
    """
    wanted = "".join(query.split()).casefold()
    if not wanted:
        own = [entry for entry in entries if entry.of_window]
        return (own or list(entries))[:limit]
    digits = wanted.isdecimal() and wanted.isascii()
    found: list[tuple[int, int, Entry]] = []
    for place, entry in enumerate(entries):
        rank = _rank(entry, wanted, digits)
        if rank is not None:
            found.append((rank + (0 if entry.of_window else 1), place, entry))
    found.sort(key=lambda one: one[:2])
    return [entry for _, _, entry in found[:limit]]


def _rank(entry: Entry, wanted: str, digits: bool) -> int | None:
    initials = entry.initials.translate(_DIGIT_OF) if digits else entry.initials
    if initials.startswith(wanted):
        return 0
    if wanted in initials:
        return 2
    if wanted in entry.name.casefold():
        return 4
    if wanted in entry.code.casefold():
        return 6
    return None
