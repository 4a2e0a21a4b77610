"""Fetches the release that central offers and lays it down for root to check and install.

Tens of megabytes over a hall's line that ratings need too: piece by piece, resting as long
as each piece took, going on where it stopped, on a thread and a connection of its own. The
agent believes nothing of what it fetched and can install nothing: it only sees that the
file is whole, so that root is not woken for half of one.
"""

import logging
import os
import random
import re
import shutil
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Final

from device.agent.central import CentralService, Refused, WrongAnswer
from device.core.errors import CentralError, DeviceError, StorageFull, StorageUnavailable
from device.core.pace import retry_delay
from device.releases.news import Outcome, deployed_with, read_news, release_in_use
from device.store.deployed import PARTIAL
from device.store.disk import sync_folder
from device.store.home import Home
from protocol.errors import ProtocolError
from protocol.messages import OfferedRelease
from protocol.releases import ENDING, MAX_TREE_BYTES, open_release, read_tree

log = logging.getLogger("haochaping.agent")

PIECE_BYTES: Final = 512 * 1024
REST_S: Final = 1.0
"""At least so long between two pieces; as long as the last one took if that was more."""
SPREAD_S: Final = 300.0
"""A hall's devices hear of a release within a minute; they begin within this time."""
SPARE_BYTES: Final = 200 * 1024 * 1024
"""Disk that stays free for ratings."""
MAX_BYTES: Final = MAX_TREE_BYTES + (1 << 20)
_NAME: Final = re.compile(r"[0-9][0-9A-Za-z.+-]{0,99}\Z")


class DamagedRelease(DeviceError, ValueError):
    """What was fetched is not whole; it is thrown away."""


class ReleaseFetch:
    """The thread that fetches; at most one release at a time."""

    def __init__(
        self,
        home: Home,
        connect: Callable[[], CentralService],
        count: Callable[[str], object],
        *,
        spread_s: float = SPREAD_S,
        rest_s: float = REST_S,
    ) -> None:
        """``connect`` gives a connection that nothing else uses; ``count`` counts by reason."""
        self._deployed = deployed_with(home.root)
        self._connect = connect
        self._count = count
        self._spread_s = spread_s
        self._rest_s = rest_s
        self._wanted: OfferedRelease | None = None
        self._heard = False
        self._status = ""
        self._failures = 0
        self._changed = threading.Event()
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._run, name="release-fetch", daemon=True)

    def start(self) -> None:
        """Fetch what is offered from now on. Without an installed release, nothing ever is."""
        if self._deployed is not None:
            self._thread.start()

    def close(self) -> None:
        """Stop; a call that hangs is left."""
        self._ended.set()
        self._changed.set()
        if self._thread.ident is not None:
            self._thread.join(0.3)

    @property
    def status(self) -> str:
        """What the heartbeat says of it, such as ``fetching: 0.2.0-1a2b3c4d: 40%``."""
        return self._status

    def offer(self, offered: OfferedRelease | None) -> None:
        """Take note of what central offers in its answer to a heartbeat; None: nothing."""
        if offered != self._wanted or not self._heard:
            self._wanted, self._heard = offered, True
            self._failures = 0
            self._changed.set()

    # --- the thread -----------------------------------------------------------------------

    def _run(self) -> None:
        while not self._ended.is_set():
            self._changed.wait()
            self._changed.clear()
            offered = self._wanted
            if offered is None or not self._is_needed(offered):
                self._status = ""
                self._drop_all_but(None)
                continue
            self._status = f"fetching: {offered.name}"
            wait_s = random.random() * self._spread_s  # noqa: S311 - so that not all come at once
            while not self._changed.wait(wait_s):
                wait_s = self._try(offered)
                if wait_s < 0:
                    self._status = ""
                    break

    def _try(self, offered: OfferedRelease) -> float:
        """Fetch what is missing; returns seconds until the next try, less than 0 if done."""
        try:
            central = self._connect()
            try:
                whole = self.fetch(offered, central)
            finally:
                central.close()
        except (DeviceError, OSError) as error:
            self._failures += 1
            log.warning("release %s: %s (try %d)", offered.name, error, self._failures)
            with suppress(DeviceError):
                self._count(f"release.{_reason(error)}")
            asked = error.retry_after_s if isinstance(error, Refused) else None
            # A release is not urgent: what went wrong is given more time than a rating gets.
            return 30.0 + retry_delay(min(8, self._failures + 4), random.random(), asked)  # noqa: S311
        self._failures = 0
        return -1.0 if whole else 0.0

    def _is_needed(self, offered: OfferedRelease) -> bool:
        if self._deployed is None or not _NAME.match(offered.name):
            return False
        if not 0 < offered.size <= MAX_BYTES:
            return False
        news = read_news(self._deployed)
        if news and (news.outcome, news.release) == (Outcome.WENT_BACK, offered.name):
            return False
        if release_in_use(self._deployed) == offered.name:
            return False
        return not (self._deployed.inbox / f"{offered.name}{ENDING}").exists()

    # --- fetching -------------------------------------------------------------------------

    def fetch(self, offered: OfferedRelease, central: CentralService) -> bool:
        """Fetch a release into the inbox; False if something else is wanted meanwhile.

        Goes on where an earlier try stopped. Raises `CentralError`, `DamagedRelease`,
        `StorageFull` or `StorageUnavailable`.
        """
        if self._deployed is None:
            return False
        inbox = self._deployed.inbox
        part = inbox / f".{offered.name}{PARTIAL}"
        try:
            inbox.mkdir(mode=0o750, parents=True, exist_ok=True)
            self._drop_all_but(part)
            have = part.stat().st_size if part.exists() else 0
            if have > offered.size:
                part.unlink()
                have = 0
            if shutil.disk_usage(inbox).free < offered.size - have + SPARE_BYTES:
                raise StorageFull(f"no room for the {offered.size / 1e6:.0f} MB of the release")
            with part.open("ab") as file:
                while have < offered.size:
                    begun = time.monotonic()
                    last = min(have + PIECE_BYTES, offered.size) - 1
                    file.write(central.release_piece(offered.name, have, last, offered.size))
                    file.flush()
                    have = last + 1
                    self._status = f"fetching: {offered.name}: {100 * have // offered.size}%"
                    rest_s = max(self._rest_s, time.monotonic() - begun) if self._rest_s else 0
                    if have < offered.size and self._changed.wait(rest_s):
                        return False
                os.fsync(file.fileno())
            _check_whole(part, offered)
            part.replace(inbox / f"{offered.name}{ENDING}")
            sync_folder(inbox)
        except DeviceError:
            raise
        except OSError as error:
            raise StorageUnavailable(f"{inbox}: {error}") from error
        self._status = ""  # from here on the updater's word counts
        log.info("release %s is fetched", offered.name)
        return True

    def _drop_all_but(self, part: Path | None) -> None:
        """Remove what was fetched of releases that nobody wants any more."""
        if self._deployed is not None:
            for other in self._deployed.inbox.glob(f".*{PARTIAL}"):
                if other != part:
                    with suppress(OSError):  # the next time will do
                        other.unlink()


def _check_whole(part: Path, offered: OfferedRelease) -> None:
    """Throw the file away unless it is what its manifest says; whose it is, root checks."""
    try:
        with part.open("rb") as file:
            manifest, tree = open_release(file, lambda _signature, _message: None)
            read_tree(manifest, tree, len)
        if manifest.name != offered.name:
            raise DamagedRelease(f"it is {manifest.name}, not {offered.name}")
    except (ProtocolError, DamagedRelease) as error:
        part.unlink()
        raise DamagedRelease(f"what was fetched is thrown away: {error}") from error


def _reason(error: Exception) -> str:
    match error:
        case Refused():
            return f"refused.{''.join(c for c in error.problem.code if '!' <= c <= '~')}"[:48]
        case WrongAnswer():
            return "wrong-answer"
        case CentralError():
            return "unreachable"
        case DamagedRelease():
            return "damaged"
        case StorageFull():
            return "no-room"
    return "storage"
