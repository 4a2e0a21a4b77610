"""What a blank device does until central knows it: try, say how it stands, and try again.

Started by systemd on every boot, as root; over at once on a device that is enrolled. Nobody
stands before it who could press a key: whatever is wrong is said on the device's screen and on
its card, in a state that the technician can look up, and mended from outside.
"""

import errno
import logging
import random
import time
from collections.abc import Callable
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from typing import NamedTuple
from urllib.parse import urlsplit

from device.agent.central import NotTrusted, Refused, Retired, WrongAnswer
from device.agent.enrolment import enrol
from device.agent.links import missing_network, own_address
from device.core.errors import (
    BadConfiguration,
    CentralError,
    CentralUnreachable,
    DeviceError,
    NotEnrolled,
    StorageFull,
    WrongBoard,
)
from device.core.pace import CAP_S, retry_delay
from device.store import past
from device.store.briefing import BriefingReader
from device.store.card import Card, NoToken, read_card, remove_token
from device.store.home import Home
from device.store.identity import Identity, load_identity, refuse_other_board
from device.store.profile import Profile, without_password
from device.store.setup import SetupState

log = logging.getLogger("haochaping.enrol")

LOOK_S = 2.0
"""Between two looks at whether network or clock have changed."""
CLOCK_JUMP_S = 60.0
CLOCKS_DIFFER_MS = 5 * 60 * 1000
"""So much central's clock, which dated the card, may be ahead of the hall's."""
ATTENDED_CAP_S = 30.0
"""Longest wait between two tries: whoever has just mended the network stands before the device."""
TRIES_WHEN_ENROLLED = 5
"""A device that can serve does not wait for ever to be told its new window."""

_REFUSALS = {
    "token-spent": "TOKEN_SPENT",
    "token-expired": "TOKEN_EXPIRED",
    "token-unknown": "TOKEN_UNKNOWN",
    "wrong-board": "WRONG_BOARD",
    "key-known": "KEY_KNOWN",
}
_NO_WAY = frozenset({errno.ENETUNREACH, errno.ENETDOWN, errno.EADDRNOTAVAIL, errno.ENODEV})


class Standing(NamedTuple):
    """How far enrolment has come."""

    name: str
    """Of the state, as in ``ui_assets/setup_states.toml``."""
    detail: str = ""
    done: bool = False
    stopped: bool = False
    """Nothing changes by itself: asked again only every few minutes."""
    retry_after_s: float | None = None
    """What central asked for."""


class Surroundings(NamedTuple):
    """What may change while we wait, so that waiting has no sense any more."""

    network: bool
    clock_s: float
    """Of the wall clock at the time when this machine started."""

    def other_than(self, before: "Surroundings") -> bool:
        """True if a try that failed before may succeed now."""
        came = self.network and not before.network
        return came or abs(self.clock_s - before.clock_s) > CLOCK_JUMP_S


class CardEnrolment:
    """Enrols this device with what is on its card."""

    def __init__(
        self,
        profile: Profile,
        folder: Path,
        board: str,
        show: Callable[[SetupState], None],
        without_network: Callable[[str], str] = missing_network,
    ) -> None:
        self._profile = profile
        self._home = Home(profile.data_dir)
        self._folder = folder
        self._board = board
        self._show = show
        self._without_network = without_network
        self._failures = 0
        self._said = ("", "")

    def run(
        self,
        sleep: Callable[[float], None] = time.sleep,
        chance: Callable[[], float] = random.random,
    ) -> None:
        """Try until this device is enrolled; returns then. Waits with full jitter."""
        while True:
            standing = self.once()
            self.say(standing)
            if standing.done:
                return
            wait_s = self.wait_s(standing, chance())
            before = self.surroundings()
            while wait_s > 0:
                sleep(min(wait_s, LOOK_S))
                wait_s -= LOOK_S
                if self.surroundings().other_than(before):
                    self._failures = 0
                    sleep(chance() * LOOK_S)  # a whole hall gets its network back at once
                    break

    def once(self) -> Standing:
        """Try once; returns how things stand."""
        try:
            card = read_card(self._folder)
        except BadConfiguration as error:
            return self._without_card(error)
        try:
            standing = self._with(card)
        except WrongBoard as error:
            standing = Standing("WRONG_BOARD", str(error), stopped=True)
        except (DeviceError, OSError) as error:
            standing = standing_of(error)
        self._failures = 0 if standing.done else self._failures + 1
        return standing

    def say(self, standing: Standing) -> None:
        """Let everybody see how things stand."""
        if (standing.name, standing.detail) != self._said:
            self._said = (standing.name, standing.detail)
            log.info("%s %s", standing.name, standing.detail)
        name, fingerprint = "", ""
        try:
            card = read_card(self._folder)
            name, fingerprint = card.name, card.fingerprint
        except BadConfiguration:
            pass  # said as the state itself
        self._show(SetupState(standing.name, standing.detail, 0, 0, name, fingerprint))

    def wait_s(self, standing: Standing, chance: float) -> float:
        """Return for how long nothing is tried after ``standing``, in seconds."""
        if standing.stopped:
            return CAP_S * (0.5 + chance / 2)
        return retry_delay(self._failures, chance, standing.retry_after_s, ATTENDED_CAP_S)

    def surroundings(self) -> Surroundings:
        """Return what a failure may have come from."""
        network = not self._without_network(_host(self._profile))
        return Surroundings(network, time.time() - time.clock_gettime(time.CLOCK_BOOTTIME))

    # --- one try --------------------------------------------------------------------------

    def _without_card(self, error: BadConfiguration) -> Standing:
        """An enrolled device serves without its card's files; a blank one cannot."""
        try:
            identity = load_identity(self._home)
            refuse_other_board(identity, self._board)
        except WrongBoard as wrong:
            return Standing("WRONG_BOARD", str(wrong), stopped=True)
        except NotEnrolled:
            return Standing("NO_PROFILE", str(error), stopped=True)
        return self._ready(identity)

    def _with(self, card: Card) -> Standing:
        identity = self._identity()
        if identity is not None:
            if past.replaces(self._home, card, self._board) and _has_token(card):
                return Standing(
                    "STEP_FAILED",
                    "the old data folder is still in place: switch the device off and on",
                    stopped=True,
                )
            refuse_other_board(identity, self._board)
            if not _has_token(card) or identity.token_sha256 == card.token_sha256:
                self._remove_token()
                return self._ready(identity)
        try:
            token = card.token()
        except NoToken as error:
            return Standing("NO_PROFILE", str(error), stopped=True)
        standing = self._enrol(card, token)
        if identity is None or standing.done or standing.name in ("REVOKED", "WRONG_BOARD"):
            return standing
        if standing.stopped or self._failures + 1 >= TRIES_WHEN_ENROLLED:
            ready = self._ready(identity)
            log.warning("the card's new token was not taken: %s", standing)
            return ready._replace(detail=f"the card's new token: {standing.name}")
        return standing

    def _enrol(self, card: Card, token: str) -> Standing:
        if time.time() * 1000 < card.issued_ms - CLOCKS_DIFFER_MS:
            return Standing("CLOCK_BEHIND", _both_times(card))
        missing = self._without_network(_host(self._profile))
        if missing:
            return Standing("NO_NETWORK", missing)
        if self._failures == 0:
            self.say(Standing("ENROLLING", without_password(self._profile.central.url)))
        try:
            identity = enrol(self._profile, token, self._board, card.central_key)
        except (DeviceError, OSError) as error:
            standing = standing_of(error)
            if standing.name == "REVOKED":
                past.note_revoked(self._home, card.token_sha256)
                again = "switch the device off and on: it makes new keys for the card's token"
                return standing._replace(detail=f"{standing.detail} · {again}")
            if standing.name == "CLOCK_BEHIND":
                return standing._replace(detail=f"{standing.detail}: {_both_times(card)}")
            if standing.name in ("CENTRAL_UNREACHABLE", "CENTRAL_UNTRUSTED"):
                return standing._replace(detail=self._with_addresses(standing.detail))
            return standing
        log.info("this device is %s", identity.device)
        self._remove_token()
        return self._ready(identity)

    def _with_addresses(self, detail: str) -> str:
        """Say whom this device asked, and as whom: what is read over the phone first."""
        central = without_password(self._profile.central.url)
        own = own_address()
        return f"{central}: {detail}" + (f" (own: {own})" if own else "")

    def _identity(self) -> Identity | None:
        if not self._home.identity.exists():
            return None
        try:
            return load_identity(self._home)
        except NotEnrolled as error:  # with the keys and a token it is given again
            log.warning("%s", error)
            return None

    def _ready(self, identity: Identity) -> Standing:
        with closing(BriefingReader(self._home)) as briefing:
            configured = briefing.version() > 0
        name = "READY" if configured else "ENROLLED_NO_CONFIG"
        return Standing(name, identity.device, done=True)

    def _remove_token(self) -> None:
        try:
            remove_token(self._folder)
        except (OSError, DeviceError) as error:
            log.warning("the spent token stays on the card (%s); it is of no use to anybody", error)


def standing_of(error: DeviceError | OSError) -> Standing:
    """Return what ``error`` means for somebody who stands before the device."""
    said = without_password(" ".join(str(error).split()))[:300]
    match error:
        case Retired():  # the mere code is no more than a refusal: `central.retires`
            return Standing("REVOKED", said, stopped=True)
        case Refused():
            name = _REFUSALS.get(error.problem.code)
            if name is None:
                return Standing("CENTRAL_REFUSES", said, retry_after_s=error.retry_after_s)
            return Standing(name, said, stopped=True)
        case NotTrusted():
            if error.not_yet_valid:
                return Standing("CLOCK_BEHIND", "central's certificate is not valid yet")
            return Standing("CENTRAL_UNTRUSTED", said)
        case WrongAnswer():
            # A gateway whose central is down says so itself; a portal or a page is another matter.
            down = error.status >= 500
            return Standing("CENTRAL_UNREACHABLE" if down else "CENTRAL_UNTRUSTED", said)
        case CentralUnreachable():
            no_way = bool(_numbers(error) & _NO_WAY)
            return Standing("NO_NETWORK" if no_way else "CENTRAL_UNREACHABLE", said)
        case CentralError():
            return Standing("CENTRAL_UNTRUSTED", said)
        case StorageFull():
            return Standing("DISK_FULL", said, stopped=True)
        case OSError() if error.errno == errno.ENOSPC:
            return Standing("DISK_FULL", said, stopped=True)
    return Standing("STEP_FAILED", said)


def _numbers(error: BaseException) -> set[int]:
    """Return the numbers of every system error behind ``error``."""
    found: set[int] = set()
    seen: set[int] = set()
    waiting: list[object] = [error]
    while waiting:
        one = waiting.pop()
        if not isinstance(one, BaseException) or id(one) in seen:
            continue
        seen.add(id(one))
        if isinstance(one, OSError) and one.errno is not None:
            found.add(one.errno)
        waiting += [*one.args, getattr(one, "reason", None), one.__cause__, one.__context__]
    return found


def _host(profile: Profile) -> str:
    """Return whom this device has to reach: central, or the hall's proxy."""
    return urlsplit(profile.central.proxy or profile.central.url).hostname or ""


def _has_token(card: Card) -> bool:
    try:
        card.token()
    except NoToken:
        return False
    return True


def _both_times(card: Card) -> str:
    written = datetime.fromtimestamp(card.issued_ms / 1000, UTC)
    here = datetime.now(UTC)
    # The minute only where the day does not tell: the text goes onto the card when it changes.
    form = "%Y-%m-%d" if here.date() != written.date() else "%Y-%m-%d %H:%M"
    return f"the device's clock says {here:{form}}, the card is from {written:{form}} (UTC)"
