"""Which target a key would press: the way through a screen for whoever does not touch it.

Nothing is in focus until a key asks for it, so that citizens who touch see no ring, and a
question never looks as if one of its levels were preset. The focus belongs to what a target
does, not to where it lies: a screen that is composed anew keeps it.
"""

from collections.abc import Hashable, Sequence
from typing import Generic, TypeVar

import msgspec

T = TypeVar("T", bound=Hashable)


class Focus(msgspec.Struct, Generic[T], frozen=True):
    """An ordered list of what can be pressed, and the one that is in focus."""

    order: tuple[T, ...] = ()
    at: T | None = None


def composed(focus: Focus[T], order: Sequence[T]) -> Focus[T]:
    """Return the focus on the same page after it was composed anew.

    What is gone passes its focus on to the first.
    """
    there = tuple(order)
    if focus.at is None or focus.at in there:
        return Focus(there, focus.at)
    return Focus(there, there[0] if there else None)


def page_changed(order: Sequence[T]) -> Focus[T]:
    """Return the focus on another page: none."""
    return Focus(tuple(order))


def cleared(focus: Focus[T]) -> Focus[T]:
    """Return the focus after somebody touched the screen: none."""
    return Focus(focus.order)


def moved(focus: Focus[T], steps: int) -> Focus[T]:
    """Return the focus so many targets on (1) or back (-1), round and round.

    From none it goes to the first, or back to the last.
    """
    if not focus.order:
        return focus
    if focus.at is None:
        return Focus(focus.order, focus.order[0 if steps > 0 else -1])
    return Focus(focus.order, focus.order[(focus.order.index(focus.at) + steps) % len(focus.order)])
