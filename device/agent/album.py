"""The photos of the staff, fetched once each and kept by their hash.

The signed roster names a photo by its SHA-256, so whoever delivers it can change nothing.
Photos come after everything else: a citizen can rate without one.
"""

import logging
import os
from http import HTTPStatus
from pathlib import Path
from typing import NamedTuple

from device.agent.central import CentralService, Refused, WrongAnswer
from device.core.errors import DeviceError, StorageUnavailable
from device.store.disk import sync_folder
from device.store.home import Home
from device.store.roll import Roll

log = logging.getLogger("haochaping.agent")

AT_ONCE = 5
"""Photos fetched in one go; then records come first again."""
MAX_PHOTOS = 2000
"""Photos kept; at most 400 MB, and a hall has fewer staff."""
_LATER = "photo.later"
"""Central cannot give it just now; it is asked for again after the next heartbeat."""
_JPEG = b"\xff\xd8\xff"


class Caught(NamedTuple):
    """What came of one go."""

    more: bool
    """Others are to be fetched at once."""
    trouble: tuple[str, ...] = ()
    """Why some could not be had, for the counters."""


class Album:
    """The folder of photos, kept in step with the roster."""

    def __init__(self, home: Home, central: CentralService) -> None:
        self._home = home
        self._central = central
        self._refused: set[str] = set()
        """Photos that central does not give, until it names others."""

    def catch_up(self) -> Caught:
        """Fetch some of what is missing and drop what is no longer named.

        Raises `CentralUnreachable` if central does not answer, `StorageUnavailable` if the
        folder cannot be written.
        """
        roll = Roll(self._home)
        try:
            named = set(sorted(roll.photos())[:MAX_PHOTOS])
        finally:
            roll.close()
        try:
            kept = {path.stem for path in self._pictures()}
            for digest in kept - named:
                self._home.photo(digest).unlink(missing_ok=True)
            self._refused &= named
            wanted = sorted(named - kept - self._refused)
            tried = [self._fetch(digest) for digest in wanted[:AT_ONCE]]
            more = len(wanted) > AT_ONCE and _LATER not in tried
            return Caught(more, tuple(filter(None, tried)))
        except OSError as error:
            if isinstance(error, DeviceError):
                raise
            raise StorageUnavailable(f"{self._home.photos}: {error}") from error

    def _pictures(self) -> list[Path]:
        self._home.photos.mkdir(mode=0o750, exist_ok=True)
        for left in self._home.photos.glob("*.part"):
            left.unlink()
        return list(self._home.photos.glob("*.jpg"))

    def _fetch(self, digest: str) -> str:
        """Fetch one photo; return why it could not be had, empty if it was."""
        try:
            picture = self._central.photo(digest)
        except (Refused, WrongAnswer) as error:
            if isinstance(error, Refused) and _passes(error.problem.status):
                return _LATER
            log.warning("photo %s: %s", digest[:12], error)
            self._refused.add(digest)
            return "photo.refused" if isinstance(error, Refused) else "photo.wrong"
        if not picture.startswith(_JPEG):
            self._refused.add(digest)
            return "photo.no-jpeg"
        part = self._home.photo(digest).with_suffix(".part")
        with part.open("wb") as file:
            file.write(picture)
            file.flush()
            os.fsync(file.fileno())
        part.replace(self._home.photo(digest))
        sync_folder(self._home.photos)
        return ""


def _passes(status: int) -> bool:
    """True if central says of itself that it cannot, rather than of the photo."""
    return status >= HTTPStatus.INTERNAL_SERVER_ERROR or status == HTTPStatus.TOO_MANY_REQUESTS
