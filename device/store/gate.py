"""Checks who wants to log in: a PIN, a badge or a card, against the signed roster.

Works offline, in both processes, each with the book of its own door; whoever is locked out
at one is locked out at the other. A console that guessing over many numbers has closed for
everybody closes the screen for nobody. Not for a loop that must answer: a check takes a tenth of
a second on a small board, and several commits.
"""

import threading
from collections.abc import Callable, Mapping
from typing import NamedTuple, Protocol

from device.core.lockout import ANYBODY, Terms, lock_s, tries_left
from device.store.roll import Roll
from protocol import credentials
from protocol.configuration import StaffMember


class Admitted(NamedTuple):
    """It is they."""

    member: StaffMember
    means: str
    """``pin``, ``badge`` or ``card``."""


class Refused(NamedTuple):
    """Not known, or not the right PIN; nobody is told which."""

    tries_left: int
    """Before the next lock-out."""


class LockedOut(NamedTuple):
    """Nothing is checked before the wait is over."""

    remaining_ms: int


Verdict = Admitted | Refused | LockedOut


class Locked(NamedTuple):
    """A failure that locked somebody out."""

    staff: str
    """Staff number; empty: everybody (`lockout.ANYBODY`)."""
    failures: int
    seconds: int


class Book(Protocol):
    """Where one door counts wrong PINs (`device.store.lockouts.Book`)."""

    def count_try(self, staff: str) -> Mapping[str, int]:
        """Count a try as a failure, durably; return the failures by key."""
        ...

    def forgive(self, staff: str) -> None:
        """Take the last try back, and the failures of ``staff``."""
        ...


class LockClock(Protocol):
    """A door's word on how long it keeps somebody out."""

    def locked_ms(self, staff: str, terms: Terms) -> int:
        """Return milliseconds, 0 if not locked."""
        ...


class Gate:
    """One door's check. ``doors`` are all doors' clocks, this one's among them."""

    def __init__(
        self,
        roll: Roll,
        book: Book,
        doors: tuple[LockClock, ...],
        report: Callable[[Locked], None],
    ) -> None:
        self._roll = roll
        self._book = book
        self._doors = doors
        self._report = report
        self._one_at_a_time = threading.Lock()

    def check_pin(self, staff: str, pin: str) -> Verdict:
        """Check a staff number with its PIN. Raises `DeviceError`; nobody is admitted then."""

        def prove() -> Admitted | None:
            member = self._roll.member(staff)
            verifier = member.pin_verifier if member else ""
            if not credentials.pin_matches(pin, verifier) or member is None:
                return None
            return Admitted(member, "pin")

        return self._check(staff, prove)

    def check_card(self, typed: str) -> Verdict:
        """Check what a reader typed. Raises `DeviceError`; nobody is admitted then."""

        def prove() -> Admitted | None:
            place = self._roll.place()
            try:
                hashed = credentials.card_hash(typed, place.hall_code if place else "")
            except ValueError:
                return None
            for means, member in (
                ("badge", self._roll.member_by_badge(hashed)),
                ("card", self._roll.member_by_card(hashed)),
            ):
                if member is not None:
                    return Admitted(member, means)
            return None

        return self._check(ANYBODY, prove)

    def _check(self, key: str, prove: Callable[[], Admitted | None]) -> Verdict:
        with self._one_at_a_time:
            terms = self._roll.terms()
            remaining = max(door.locked_ms(key, terms) for door in self._doors)
            if remaining:
                return LockedOut(remaining)
            failures = self._book.count_try(key)
            admitted = prove()
            if admitted is not None:
                self._book.forgive(key)
                return admitted
            return self._refuse(key, failures, terms)

    def _refuse(self, key: str, failures: Mapping[str, int], terms: Terms) -> Verdict:
        wait_s = 0
        for staff, number in failures.items():
            seconds = lock_s(number, terms.for_key(staff))
            if seconds:
                self._report(Locked(staff, number, seconds))
                wait_s = max(wait_s, seconds)
        if wait_s:
            return LockedOut(wait_s * 1000)
        return Refused(tries_left(failures[key], terms.for_key(key)))
