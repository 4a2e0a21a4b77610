"""The keyboard, which may be a person's, a badge reader's, or both at once.

Where a reader is plugged in, keys with a character wait for the moment that it takes to know
whose they are (`device.core.wedge`); without one every key counts at once.
"""

from collections.abc import Callable
from typing import NamedTuple

from device.core import wedge
from device.core.wedge import Sorted, Wedge
from device.kiosk.contacts import CommandKey, DigitKey, LetterKey, Typing


class Card(NamedTuple):
    """What a reader typed, complete."""

    typed: str

    def __repr__(self) -> str:
        """Return nothing of it: whoever knows it can log in."""
        return "Card()"


class Keyboard:
    """Sorts keys; ``count`` takes the name of a counter."""

    def __init__(self, reader: bool, count: Callable[[str], None]) -> None:
        self._reader = reader
        self._count = count
        self._wedge: Wedge[Typing] = Wedge()

    def take(self, key: Typing, earliest_ms: int, now_ms: int) -> list[Typing | Card]:
        """Return what counts now that ``key`` came, in order."""
        if not self._reader:
            return [key]
        character = _character(key)
        if not character:  # no reader has such a key: a person is there
            return [*self._sort(wedge.release(self._wedge)), key]
        return self._sort(wedge.struck(self._wedge, key, character, earliest_ms, now_ms))

    def pass_time(self, now_ms: int) -> list[Typing | Card]:
        """Return the keys that have waited long enough."""
        due_ms = self.due_ms()
        if due_ms is None or now_ms < due_ms:
            return []
        return self._sort(wedge.release(self._wedge))

    def due_ms(self) -> int | None:
        """Return when `pass_time` must be called although no key comes."""
        return wedge.due_ms(self._wedge)

    def _sort(self, found: Sorted[Typing]) -> list[Typing | Card]:
        self._wedge = found.wedge
        if found.dropped:
            self._count(found.dropped)
        return [*found.keys, *([Card(found.card)] if found.card else [])]


def _character(key: Typing) -> str:
    match key:
        case DigitKey(digit):
            return str(digit)
        case LetterKey(character):
            return character
        case CommandKey("submit"):
            return wedge.ENTER
        case CommandKey("press"):
            return " "
    return ""
