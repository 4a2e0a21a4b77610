"""What a citizen can ask for by touching the screen, as plain values."""

from typing import NamedTuple


class Action(NamedTuple):
    """One thing a touch target does.

    ``name`` is one of ``rate``, ``level``, ``tag``, ``submit``, ``skip``, ``change``,
    ``back``, ``decline``, ``done``, ``language``, ``appearance``, ``page`` (of the reasons),
    and of the call-back ``callback`` (opens the pad), ``digit``, ``erase``, ``clear``,
    ``confirm``, ``nocall``; ``value`` is the level (1-5), the tag code, the digit (0-9), the
    page (from 0), the language or the appearance, and None for the rest.

    Staff have their own: ``staff`` (opens their pages) · at the log-in ``field`` (``staff`` or
    ``pin``), ``digit``, ``erase``, ``clear``, ``login``, ``back`` · in the menu ``matter`` (its
    code; the chosen one again: none), ``other`` (opens the search), ``fewer``, ``more``,
    ``finished`` (changes sides), ``invite``, ``pause``, ``resume``, ``logout``, ``leave-menu``
    · in the search ``digit`` (2 to 9 stand for their letters), ``erase``, ``clear``, ``pick``
    (the matter's code), ``page`` (from 0), ``back`` · in the pause ``reason`` (key of its
    text), ``back``.

    And technicians, on the check screen: ``check-page`` (``findings``, ``keys`` or ``touch``),
    ``check-part`` (of the findings, from 0), ``check-again``, ``check-sound``, ``end-check``.
    """

    name: str
    value: int | str | None = None
