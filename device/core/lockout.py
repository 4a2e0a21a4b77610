"""Wrong PINs and what they cost: a lock-out that grows, and that no restart shortens.

Pure: counts and times come in, the wait comes out. Times are milliseconds since boot; a
device cannot know how long it was off, so after a restart the wait begins anew.
"""

from typing import NamedTuple

ANYBODY = ""
"""The key under which the failures of all numbers together are counted, at one door."""
_ANYBODYS_TRIES = 4
"""How many times a staff member's own tries a door has for all: guessing over many numbers."""


class Terms(NamedTuple):
    """What the rule pack says (`protocol.configuration.Rules`)."""

    tries: int = 5
    locks_s: tuple[int, ...] = (60, 300, 900, 3600)

    def for_key(self, key: str) -> "Terms":
        """Return the terms for one staff number, or for `ANYBODY`."""
        return self if key else self._replace(tries=self.tries * _ANYBODYS_TRIES)


class Tally(NamedTuple):
    """The failures of one staff number since the last right PIN."""

    failures: int = 0
    boot: bytes = b""
    """Id of the boot in which the last one happened."""
    at_ms: int = 0


def failed(tally: Tally, boot: bytes, now_ms: int) -> Tally:
    """Return the tally after one more failure."""
    return Tally(tally.failures + 1, boot, now_ms)


def lock_s(failures: int, terms: Terms) -> int:
    """Return for how many seconds so many failures lock; 0 if they do not."""
    beyond = failures - terms.tries
    return 0 if beyond < 0 else terms.locks_s[min(beyond, len(terms.locks_s) - 1)]


def remaining_ms(tally: Tally, terms: Terms, boot: bytes, now_ms: int) -> int:
    """Return how long the lock-out still lasts; 0 if there is none."""
    passed = now_ms - tally.at_ms if tally.boot == boot else now_ms
    return max(0, lock_s(tally.failures, terms) * 1000 - max(0, passed))


def tries_left(failures: int, terms: Terms) -> int:
    """Return how many wrong PINs there may still be before the next lock-out; at least 1."""
    return max(1, terms.tries - failures)
