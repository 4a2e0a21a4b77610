"""The five levels, and the trap between the two numberings of them.

The platform's code runs 5 (best) to 1; the national data standard GB/T 39046-2020 runs
1 (best) to 5. A bare digit is therefore never stored or sent: fields that hold a level
say ``platform`` in their name on the wire.
"""

from enum import IntEnum


class Level(IntEnum):
    """A level of satisfaction by its platform code (docs/codes.md, "Levels")."""

    VERY_SATISFIED = 5
    SATISFIED = 4
    FAIRLY_SATISFIED = 3
    DISSATISFIED = 2
    VERY_DISSATISFIED = 1

    @property
    def points(self) -> int:
        """Points this level counts in an average, 0 to 10."""
        return _POINTS[self]

    @property
    def national_code(self) -> int:
        """The same level in GB/T 39046-2020, where 1 is the best."""
        return 6 - self

    @property
    def negative(self) -> bool:
        """True for the two levels that oblige the authority to call back."""
        return self <= Level.DISSATISFIED

    @classmethod
    def from_national_code(cls, code: int) -> "Level":
        """Return the level that GB/T 39046-2020 numbers ``code``.

        Raises ``ValueError`` if there is no such level.
        """
        return cls(6 - code)


_POINTS = {
    Level.VERY_SATISFIED: 10,
    Level.SATISFIED: 8,
    Level.FAIRLY_SATISFIED: 6,
    Level.DISSATISFIED: 3,
    Level.VERY_DISSATISFIED: 0,
}
