"""The number pad of a call-back: which digits stand there, and whether they are a number.

The digits are held by whoever holds this value and by nobody else: it tells them to the
screen (`grouped`) and to the seal (`digits`), and its ``repr`` to no log.
"""

from typing import NamedTuple

LENGTH = 11
"""Digits of a mobile number in China; the second tells the kind of network, 3 to 9."""

_GROUPS = (3, 7)
"""Where a gap is shown: 138 0471 2600."""


class NumberPad(NamedTuple):
    """What has been typed so far."""

    digits: str = ""
    refused: bool = False
    """确定 was pressed on what cannot be a mobile number, and nothing was typed since."""

    def __repr__(self) -> str:
        """Return how many digits there are, never which."""
        return f"NumberPad({len(self.digits)} digits, refused={self.refused})"

    @property
    def grouped(self) -> str:
        """The digits as people read them: three, four and four."""
        first, second = _GROUPS
        parts = (self.digits[:first], self.digits[first:second], self.digits[second:])
        return " ".join(part for part in parts if part)

    @property
    def complete(self) -> bool:
        """True if this can be a mobile number."""
        return not self._flaw

    @property
    def problem(self) -> str:
        """Key of the text that says why 确定 did not take it; empty if it was not refused."""
        return self._flaw if self.refused else ""

    @property
    def _flaw(self) -> str:
        if len(self.digits) < LENGTH:
            return "cb.bad"
        return "" if self.digits[0] == "1" and self.digits[1] in "3456789" else "cb.wrong"

    def typed(self, digit: int) -> "NumberPad":
        """Return the pad after ``digit``, 0 to 9; what goes beyond the last place is left out."""
        if not 0 <= digit <= 9:
            raise ValueError("a digit is 0 to 9")
        return NumberPad((self.digits + str(digit))[:LENGTH])

    def erased(self) -> "NumberPad":
        """Return the pad without its last digit."""
        return NumberPad(self.digits[:-1])

    def confirmed(self) -> "NumberPad":
        """Return the pad after 确定 on a number that is not `complete`."""
        return NumberPad(self.digits, refused=True)
