"""Tells business systems that the visits they asked for are over.

A promise is kept in `agent.db` before the citizen is invited, so that neither a power cut nor
a restart breaks it. What is told is what a system may know: that it ended, was cancelled, or
that the device failed; never a level.
"""

import hashlib
import hmac
import logging
import random
import threading
import time
from uuid import UUID

import msgspec
import requests

from device.agent.addresses import may_be_told
from device.agent.central import retry_after_s
from device.agent.desk import WindowDesk
from device.agent.refusals import UnknownVisit
from device.agent.standing import UnreadableRecord, VisitState
from device.core.errors import DeviceError
from device.core.pace import retry_delay
from device.store.briefing import Briefing, Ending
from protocol.configuration import BusinessSystem

log = logging.getLogger("haochaping.agent")

MAX_TRIES = 600
"""About a day of trying, at 2.5 minutes on average between two tries."""
TIMEOUT_S = (5.0, 10.0)
OPENING_S = 8.0
"""After so long a visit that was asked for has been opened, or never will be."""
LOOK_S = 30.0
"""How often it looks even if nothing seems to have happened."""


class EndingTold(msgspec.Struct, frozen=True):
    """The body of a call-back."""

    visit: UUID
    request: str
    """The system's own name for its request."""
    state: VisitState


class _NotNow(Exception):
    def __init__(
        self, reason: str, retry_after: float | None = None, *, answered: bool = True
    ) -> None:
        super().__init__(reason)
        self.retry_after = retry_after
        self.answered = answered


class Herald:
    """The thread that keeps the promises."""

    def __init__(self, briefing: Briefing, desk: WindowDesk, ca_file: str = "") -> None:
        """``ca_file`` is the hall's own certificate authority, if it has one."""
        self._briefing = briefing
        self._desk = desk
        self._session = requests.Session()
        self._session.trust_env = False
        if ca_file:
            self._session.verify = ca_file
        self._seen = 0
        self._news = threading.Event()
        self._ended = threading.Event()
        self._due: dict[UUID, float] = {}
        """When to look after a promise next; at once where nothing is said."""
        self._silent: dict[str, float] = {}
        """Systems that did not answer, and until when none of their promises is looked after:
        each try takes seconds, and those of other systems wait meanwhile."""
        self._thread = threading.Thread(target=self._run, name="herald", daemon=True)

    def start(self) -> None:
        """Keep promises from now on, those of earlier runs too."""
        self._thread.start()

    def close(self) -> None:
        """Stop; what is left is told after the next start."""
        self._ended.set()
        self._news.set()
        if self._thread.ident is not None:
            self._thread.join(0.3)
        self._session.close()

    def promise(self, ending: Ending) -> None:
        """Promise to tell of a visit's end; to be called before it is asked for."""
        self._due[ending.visit] = time.monotonic() + OPENING_S
        self._briefing.promise_ending(ending)

    def withdraw(self, visit: UUID) -> None:
        """The visit was not opened and will not be; there is nothing to tell."""
        self._briefing.drop_ending(visit)
        self._due.pop(visit, None)

    def look(self) -> None:
        """A visit that is to be told of has begun."""
        self._news.set()

    # --- the thread -----------------------------------------------------------------------

    def _run(self) -> None:
        while not self._ended.is_set():
            self._news.clear()
            wait_s: float | None = LOOK_S
            visits_open = False
            try:
                wait_s, visits_open = self._round()
            except DeviceError as error:
                log.warning("call-backs wait: %s", error)
            if self._ended.is_set():
                return
            if visits_open:
                self._desk.changes.wait(self._seen, min(wait_s or LOOK_S, LOOK_S), hurried=False)
            else:
                self._news.wait(wait_s)

    def _round(self) -> tuple[float | None, bool]:
        """Tell what is due; returns seconds until the next (None: until there is one), and
        whether a visit is still open."""
        self._seen = self._desk.changes.count
        visits_open = False
        for ending in self._briefing.endings():
            if self._ended.is_set():
                break
            try:
                state = self._desk.visit_state(ending.visit)
            except UnknownVisit:
                if self._is_due(ending):
                    self._drop(ending, "no-visit")
                continue
            except UnreadableRecord as error:
                log.warning("%s cannot be told of visit %s: %s", ending.system, ending.visit, error)
                continue
            if not state.final:
                visits_open = True
                self._due.pop(ending.visit, None)
            elif (until := self._silent.get(ending.system, 0.0)) > time.monotonic():
                self._due[ending.visit] = until
            elif self._is_due(ending) or not ending.tries:
                self._tell(ending, state)
        next_due = min(self._due.values(), default=None)
        wait_s = None if next_due is None else max(0.0, next_due - time.monotonic())
        return (LOOK_S if visits_open and wait_s is None else wait_s), visits_open

    def _is_due(self, ending: Ending) -> bool:
        return self._due.get(ending.visit, 0.0) <= time.monotonic()

    def _tell(self, ending: Ending, state: VisitState) -> None:
        system = next((one for one in self._desk.roll.systems() if one.name == ending.system), None)
        if system is None or not may_be_told(ending.address, system.callbacks):
            self._drop(ending, "not-allowed")
            return
        try:
            status = self._post(ending, state, system)
        except _NotNow as error:
            self._again(ending, error)
            return
        self._drop(ending, "told" if status != requests.codes.gone else "gone")

    def _post(self, ending: Ending, state: VisitState, system: BusinessSystem) -> int:
        body = msgspec.json.encode(EndingTold(ending.visit, ending.request, state))
        stamp = str(int(time.time()))
        headers = {
            "Content-Type": "application/json",
            "Haochaping-Timestamp": stamp,
            "Haochaping-Signature": signature(bytes.fromhex(system.key_hash), stamp, body),
        }
        try:
            with self._session.post(
                ending.address,
                data=body,
                headers=headers,
                timeout=TIMEOUT_S,
                allow_redirects=False,
                stream=True,
            ) as answer:
                status, asked = answer.status_code, answer.headers.get("Retry-After")
        except (requests.RequestException, OSError, ValueError) as error:
            raise _NotNow(type(error).__name__, answered=False) from error
        if 200 <= status < 300 or status == requests.codes.gone:
            return status
        raise _NotNow(f"status {status}", retry_after_s(asked))

    def _again(self, ending: Ending, error: _NotNow) -> None:
        tries = ending.tries + 1
        if tries == 1 or tries % 20 == 0:
            log.warning("%s was not told of visit %s: %s", ending.system, ending.visit, error)
        self._briefing.count("callback.retry")
        if tries >= MAX_TRIES:
            self._drop(ending, "given-up")
            return
        self._briefing.promise_ending(ending._replace(tries=tries))
        delay = retry_delay(tries, random.random(), error.retry_after)  # noqa: S311 - jitter
        self._due[ending.visit] = time.monotonic() + delay
        if not error.answered:
            self._silent[ending.system] = self._due[ending.visit]

    def _drop(self, ending: Ending, reason: str) -> None:
        self._briefing.drop_ending(ending.visit)
        self._due.pop(ending.visit, None)
        self._briefing.count(f"callback.{reason}")


def signature(key: bytes, timestamp: str, body: bytes) -> str:
    """Return what proves a call-back: HMAC-SHA256 of timestamp, a dot, and the body.

    ``key`` is the SHA-256 of the system's key, which both sides have.
    """
    signed = timestamp.encode() + b"." + body
    return "sha256=" + hmac.new(key, signed, hashlib.sha256).hexdigest()
