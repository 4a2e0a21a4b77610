"""Checks beside the loop who wants to log in, and brings what their menu needs.

A PIN costs a tenth of a second on a small board and several commits, and a hall may have
5,000 matters: no tap waits for either. Tries are counted through the scribe, which alone
writes `kiosk.db`.
"""

import logging
import queue
import threading
from collections.abc import Callable, Mapping
from contextlib import closing
from typing import NamedTuple

from device.core.errors import DeviceError
from device.core.matter_search import Entry
from device.kiosk.scribe import Scribe
from device.store.backlog import Backlog
from device.store.duty import Duty
from device.store.gate import Admitted, Gate, Locked, LockedOut, Refused, Verdict
from device.store.home import Home
from device.store.roll import Roll

log = logging.getLogger("haochaping.kiosk")

PLACE = "screen"
"""What the record of a lock-out calls this door."""


class Matters(NamedTuple):
    """What the menu offers, and what it tells of the session before this log-in."""

    entries: tuple[Entry, ...]
    duty: Duty


class Unsure(NamedTuple):
    """It could not be checked; nobody is let in."""

    detail: str


class Answer(NamedTuple):
    """The usher's word on one question."""

    ticket: int
    """Of the question; whoever asks counts them, to know a late answer."""
    verdict: Verdict | Unsure | None
    """None where only the matters were asked for."""
    matters: Matters | None = None
    """For those who are let in."""


class Usher:
    """The thread that checks; it begins with the first question and waits for nothing else."""

    def __init__(self, home: Home, scribe: Scribe, ring: Callable[[], None]) -> None:
        self._home = home
        self._scribe = scribe
        self._ring = ring
        self._questions: queue.SimpleQueue[Callable[[], Answer]] = queue.SimpleQueue()
        self._answers: queue.SimpleQueue[Answer] = queue.SimpleQueue()
        self._thread: threading.Thread | None = None

    def check_pin(self, ticket: int, staff: str, pin: str) -> None:
        """Have a staff number and its PIN checked."""
        self._ask(lambda: self._check(ticket, lambda gate: gate.check_pin(staff, pin)))

    def check_card(self, ticket: int, typed: str) -> None:
        """Have a badge or a card checked."""
        self._ask(lambda: self._check(ticket, lambda gate: gate.check_card(typed)))

    def bring_matters(self, ticket: int) -> None:
        """Have the matters read again: the roster has changed."""
        self._ask(lambda: Answer(ticket, None, self._matters()))

    def answers(self) -> list[Answer]:
        """Return the answers that have come since the last call."""
        answers: list[Answer] = []
        while not self._answers.empty():
            answers.append(self._answers.get())
        return answers

    # --- the thread -----------------------------------------------------------------------

    def _ask(self, question: Callable[[], Answer]) -> None:
        self._questions.put(question)
        if self._thread is None:
            self._thread = threading.Thread(target=self._run, name="usher", daemon=True)
            self._thread.start()

    def _run(self) -> None:
        while True:
            self._answers.put(self._questions.get()())
            self._ring()

    def _check(self, ticket: int, check: Callable[[Gate], Verdict]) -> Answer:
        try:
            with closing(Roll(self._home)) as roll, closing(Backlog(self._home)) as screen:
                if roll.place() is None:  # a right PIN must not count as a wrong one
                    return Answer(ticket, Unsure("there is no roster"))
                gate = Gate(roll, _Book(self._scribe), (roll, screen), self._report)
                verdict = check(gate)
        except DeviceError as error:
            log.error("a log-in cannot be checked: %s", error)
            return Answer(ticket, Unsure(str(error)))
        except Exception:
            # Whatever it was: nobody is let in, and the next question is answered again.
            log.exception("a log-in cannot be checked")
            return Answer(ticket, Unsure("see the log"))
        return Answer(ticket, verdict, self._matters() if isinstance(verdict, Admitted) else None)

    def _matters(self) -> Matters | None:
        """Return what the menu needs; None, and a menu without matters, if it cannot be read."""
        try:
            with closing(Roll(self._home)) as roll, closing(Backlog(self._home)) as backlog:
                return Matters(roll.matters(), backlog.duty())
        except DeviceError as error:
            log.warning("the matters cannot be read: %s", error)
        except Exception:
            # The thread goes on: without it nobody could log in any more.
            log.exception("the matters cannot be read")
        return None

    def _report(self, locked: Locked) -> None:
        staff, failures, seconds = locked
        log.warning("log-in is locked for %s for %d s", staff or "everybody", seconds)
        self._scribe.note_lockout(staff, PLACE, failures, seconds)


class _Book:
    """The wrong PINs at this door, written by the scribe's connection."""

    def __init__(self, scribe: Scribe) -> None:
        self._scribe = scribe

    def count_try(self, staff: str) -> Mapping[str, int]:
        return self._scribe.ask(lambda ledger: ledger.lockouts().count_try(staff))

    def forgive(self, staff: str) -> None:
        self._scribe.ask(lambda ledger: ledger.lockouts().forgive(staff))


__all__ = ["Admitted", "Answer", "LockedOut", "Matters", "Refused", "Unsure", "Usher"]
