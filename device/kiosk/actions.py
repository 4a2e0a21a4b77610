"""What a citizen can ask for by touching the screen, as plain values."""

from typing import NamedTuple


class Action(NamedTuple):
    """One thing a touch target does.

    ``name`` is one of ``rate``, ``level``, ``tag``, ``submit``, ``skip``, ``change``,
    ``decline``, ``done``, ``language``; ``value`` is the level (1-5), the tag code or the
    language, and None for the rest.
    """

    name: str
    value: int | str | None = None
