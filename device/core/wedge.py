"""Tells a badge reader that types from a person who does.

A reader is a keyboard to the computer: what stands on a badge comes as keys, with Enter at
the end. Its digits must never become levels, so keys are held back until it is clear whose
they are. Pure; times are milliseconds of a clock that never jumps.
"""

from typing import Generic, NamedTuple, TypeVar

import msgspec

T = TypeVar("T")

GAP_MS = 60
"""Longest pause between two keys of a reader. Readers send a key every 1 to 20 ms, slow
wireless ones every 40; people who type fast need 100 ms and more, and nobody keeps up 60 for
six keys and Enter. A citizen does not feel a key that counts 60 ms later."""
MIN_KEYS = 6
"""So many make a card: `protocol.credentials.MIN_CARD`."""
MAX_KEYS = 128
"""What goes beyond is no card: `protocol.credentials.MAX_CARD`."""
ENTER = "\r"


class Wedge(msgspec.Struct, Generic[T], frozen=True):
    """The keys that may yet become a card; ``T`` is what a key is to the caller."""

    held: tuple[T, ...] = ()
    typed: str = ""
    keys: int = 0
    """How many have come in this burst; no more than `MAX_KEYS` are held."""
    last_ms: int = 0
    """When the last key came at the latest."""
    ended_ms: int | None = None
    """When the last card was complete."""

    def __repr__(self) -> str:
        """Return how many keys are held, never which: they may be a badge."""
        return f"Wedge({self.keys} keys)"


class Sorted(NamedTuple, Generic[T]):
    """What has become of the keys."""

    wedge: Wedge[T]
    keys: tuple[T, ...] = ()
    """A person's, in order: they count now."""
    card: str = ""
    """What a reader typed, complete."""
    dropped: str = ""
    """Why keys that no person typed are no card either: the name of a counter."""


def struck(wedge: Wedge[T], key: T, character: str, earliest_ms: int, now_ms: int) -> Sorted[T]:
    """A key with a character came, or `ENTER`, between ``earliest_ms`` and ``now_ms``.

    After a stall it is known only that a key came some time since the queue was last empty;
    it belongs to the keys before it if it can.
    """
    follows = wedge.keys > 0 and earliest_ms - wedge.last_ms <= GAP_MS
    before: Sorted[T] = Sorted(wedge) if follows else release(wedge)
    wedge = before.wedge
    if character == ENTER:
        return _entered(before, key, earliest_ms, now_ms)
    full = wedge.keys >= MAX_KEYS
    held = Wedge(
        wedge.held if full else (*wedge.held, key),
        wedge.typed if full else wedge.typed + character,
        wedge.keys + 1,
        now_ms,
        wedge.ended_ms,
    )
    return before._replace(wedge=held)


def _entered(before: Sorted[T], key: T, earliest_ms: int, now_ms: int) -> Sorted[T]:
    wedge = before.wedge
    if wedge.keys > MAX_KEYS:
        return before._replace(wedge=_done(now_ms), dropped="card.too-long")
    if wedge.keys >= MIN_KEYS:
        return before._replace(wedge=_done(now_ms), card=wedge.typed)
    ended = wedge.ended_ms
    if not wedge.keys and ended is not None and earliest_ms - ended <= GAP_MS:
        return before._replace(wedge=_done(now_ms))  # some readers end with two
    return before._replace(wedge=Wedge(), keys=(*before.keys, *wedge.held, key))


def _done(now_ms: int) -> Wedge[T]:
    return Wedge(ended_ms=now_ms)


def release(wedge: Wedge[T]) -> Sorted[T]:
    """No more keys belong to those held: a person's count, a burst that never ended does not."""
    rest: Wedge[T] = Wedge(ended_ms=wedge.ended_ms)
    if wedge.keys >= MIN_KEYS:
        return Sorted(rest, dropped="card.unfinished")
    return Sorted(rest, wedge.held)


def due_ms(wedge: Wedge[T]) -> int | None:
    """Return from when on `release` is to be called if no key has come before."""
    return wedge.last_ms + GAP_MS + 1 if wedge.keys else None
