"""Hears from central that the open visit has been rated by phone, and leaves word for the kiosk.

A citizen who rated on their phone stands before a screen that still asks. So while a visit is
open one call to central is kept waiting, by a thread and on a connection of its own: whatever
becomes of it, the records go on. Without an open visit there is no call at all.
"""

import logging
import random
import threading
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import NamedTuple
from uuid import UUID

import msgspec

from device.agent.central import CentralService, Refused, WrongAnswer
from device.core.errors import CentralError, DeviceError
from device.core.pace import retry_delay
from device.core.visit import questions_of
from device.store.backlog import Backlog
from device.store.briefing import Briefing, RatedOrder
from device.store.home import Home
from device.store.roll import Roll
from protocol.by_phone import RatedSubject
from protocol.questions import Question
from protocol.subjects import Subject

log = logging.getLogger("haochaping.agent")

LOOK_S = 1.0
"""How often it looks whether a visit has begun or ended: nobody has a code scanned sooner."""
WAIT_S = 20
"""How long central may keep a call waiting."""
HASTY_S = 10.0
"""No news before this is an answer that has not waited; the next call then takes its time."""
SLOWEST = 5
"""Failures after which the waits grow no more (up to half a minute): a visit takes minutes."""
MOST_EARS = 4
"""Calls that may hang at once: that of the open visit, and some of visits just over."""

Deliver = Callable[[Callable[[], object]], bool]
"""Does something with `agent.db`; False, with nothing done, once the agent ends."""


class Heard(NamedTuple):
    """What central's word means for a visit."""

    subjects: tuple[tuple[Subject, str], ...]
    strangers: int
    """How many subjects it named that the visit does not ask about."""


def understood(questions: Sequence[Question], told: Sequence[RatedSubject]) -> Heard:
    """Return which ``questions`` of the visit have been answered by phone, each once.

    Before central knows the visit it names them by their place.
    """
    answered: dict[tuple[Subject, str], None] = {}
    strangers = 0
    asked = {(question.subject, question.code) for question in questions}
    for one in told:
        key = (one.subject, one.code)
        if not one.code and one.question is not None and one.question < len(questions):
            question = questions[one.question]
            key = (question.subject, question.code)
        if key in asked and key[0] is one.subject:
            answered[key] = None
        else:
            strangers += 1
    return Heard(tuple(answered), strangers)


class PhoneWatch:
    """The thread that sees visits begin and end, and has an ear open for the present one."""

    def __init__(
        self,
        home: Home,
        briefing: Briefing,
        roll: Roll,
        connect: Callable[[], CentralService],
    ) -> None:
        """``connect`` gives a connection to central that nothing else uses."""
        self._home = home
        self._briefing = briefing
        self._roll = roll
        self._connect = connect
        self._backlog: Backlog | None = None
        self._ears: list[_Ear] = []
        self._visit: UUID | None = None
        self._ended = threading.Event()
        self._writing = threading.Lock()
        self._thread = threading.Thread(target=self._run, name="phone-watch", daemon=True)

    def start(self) -> None:
        """Watch from now on."""
        self._thread.start()

    def close(self) -> None:
        """Stop. A call that hangs is left; what it may still hear is passed over."""
        with self._writing:
            self._ended.set()
        if self._thread.ident is not None:
            self._thread.join(0.3)
        for ear in self._ears:
            ear.leave()

    # --- the thread -----------------------------------------------------------------------

    def _run(self) -> None:
        silent = False
        while not self._ended.wait(LOOK_S):
            try:
                self._look()
                silent = False
            except DeviceError as error:
                # The courier counts it, and says so when it goes on.
                if not silent:
                    log.warning("ratings by phone are not looked after: %s", error)
                silent = True
                self._visit = None
                self._let_go()
        self._let_go()

    def _look(self) -> None:
        if self._backlog is None:
            self._backlog = Backlog(self._home)
        if not self._backlog.changed():
            return
        now = self._backlog.open_visit()
        visit = now.visit if now else None
        if visit == self._visit:
            return
        for ear in self._ears:
            ear.leave()
        self._ears = [ear for ear in self._ears if ear.is_alive()]
        self._visit = visit
        if now is None or not self._roll.phone_url():
            return  # nobody has been shown a code
        questions = questions_of(now.invitation) if now.invitation else ()
        if not questions:
            log.warning("the open visit cannot be read; its ratings by phone are not heard")
        elif len(self._ears) >= MOST_EARS:
            self._deliver(lambda: self._briefing.count("phone.too-many-calls"))
        else:
            ear = _Ear(now.visit, questions, self._connect(), self._briefing, self._deliver)
            self._ears.append(ear)
            ear.start()

    def _deliver(self, work: Callable[[], object]) -> bool:
        with self._writing:
            if self._ended.is_set():
                return False
            work()
            return True

    def _let_go(self) -> None:
        if self._backlog is not None:
            self._backlog.close()
            self._backlog = None


class _Ear(threading.Thread):
    """Listens for one visit until all of it has been rated, or it is over."""

    def __init__(
        self,
        visit: UUID,
        questions: Sequence[Question],
        central: CentralService,
        briefing: Briefing,
        deliver: Deliver,
    ) -> None:
        super().__init__(name="phone-ear", daemon=True)
        self._visit = visit
        self._questions = questions
        self._central = central
        self._briefing = briefing
        self._deliver = deliver
        self._left = threading.Event()
        self._seen = 0
        self._failures = 0

    def leave(self) -> None:
        """The visit is over. The present call is left to end by itself: central lets it go."""
        self._left.set()

    def run(self) -> None:
        """Listen."""
        try:
            while not self._left.is_set():
                wait_s = self._once()
                if wait_s is None:
                    return
                self._left.wait(wait_s)
        finally:
            self._central.close()

    def _once(self) -> float | None:
        """Make one call; returns seconds until the next, None if there is nothing left to hear."""
        try:
            if self._briefing.online() is False:
                return LOOK_S  # the courier says when central answers again
            begun = time.monotonic()
            told = self._central.by_phone(self._visit, self._seen, WAIT_S).subjects
            if len(told) > self._seen:
                everything = self._pass_on(told)
                self._seen, self._failures = len(told), 0
                return None if everything else 0.0
            if time.monotonic() - begun < HASTY_S:
                return self._later("hasty")
        except DeviceError as error:
            if self._left.is_set():
                return None
            asked = error.retry_after_s if isinstance(error, Refused) else None
            return self._later(_reason(error), error, asked)
        self._failures = 0
        return 0.0

    def _pass_on(self, told: Sequence[RatedSubject]) -> bool:
        """Leave the kiosk word of all that has been rated; True if that is everything."""
        heard = understood(self._questions, told)

        def work() -> None:
            if heard.strangers:
                self._briefing.count("phone.not-asked", heard.strangers)
            if heard.subjects:
                order = RatedOrder(self._visit, heard.subjects)
                self._briefing.instruct("rated", msgspec.json.encode(order))

        if not self._left.is_set():
            self._deliver(work)
        return len(heard.subjects) == len(self._questions)

    def _later(
        self, reason: str, error: DeviceError | None = None, asked: float | None = None
    ) -> float:
        """Count a failure; returns seconds until the next try, as the courier's (full jitter)."""
        self._failures += 1
        if self._failures == 1:
            log.warning("ratings by phone are not heard now: %s", error or reason)
        with suppress(DeviceError):  # a full disk: the log has it
            self._deliver(lambda: self._briefing.count(f"phone.{reason}"))
        return retry_delay(min(self._failures, SLOWEST), random.random(), asked)  # noqa: S311


def _reason(error: DeviceError) -> str:
    match error:
        case Refused():
            code = "".join(one for one in error.problem.code if "!" <= one <= "~")
            return f"refused.{code}"[:48]
        case WrongAnswer():
            return "wrong-answer"
        case CentralError():
            return "unreachable"
    return "storage"
