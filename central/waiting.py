"""Devices that wait to hear that their open visit has been rated by phone.

A thousand may wait at once, so none of them takes a thread or a connection to the database:
one task asks about all of them together, once a second, for what other processes took in. What
this process took in it is told at once (`WaitingRoom.ring`). It never learns a level.
"""

import asyncio
import logging
from collections.abc import Collection, Iterable, Iterator
from contextlib import suppress
from typing import TypeVar
from uuid import UUID

from sqlalchemy import Connection, select
from sqlalchemy.exc import SQLAlchemyError

from central import schema
from central.database import Database
from central.errors import CentralError
from protocol.by_phone import MAX_SUBJECTS, RatedSubject
from protocol.subjects import Subject

_LOG = logging.getLogger("haochaping.central")

LOOK_S = 1.0
"""How often the database is asked for what other processes took in."""
AT_ONCE = 500
"""Visits in one question; SQLite takes 32,766 parameters, older ones 999."""
PER_DEVICE = 2
"""A device has one open visit; the second is a call that it gave up and that still hangs."""

Rated = tuple[RatedSubject, ...]
_Key = tuple[int, bytes]
"""Id of the device, and the visit."""
_K = TypeVar("_K", int, _Key)


class Full(CentralError):
    """As many devices wait as may."""


class _Waiting:
    """One call that waits."""

    def __init__(self, key: _Key, seen: int) -> None:
        loop = asyncio.get_running_loop()
        self.key = key
        self.seen = seen
        self.looked: asyncio.Future[Rated] = loop.create_future()
        """What the first look found, or why there was none."""
        self.over: asyncio.Future[Rated] = loop.create_future()
        """What to answer with, before the time is up."""

    def tell(self, rated: Rated) -> None:
        """A look found ``rated``."""
        if not self.looked.done():
            self.looked.set_result(rated)
        if len(rated) > self.seen and not self.over.done():
            self.over.set_result(rated)

    def fail(self, error: Exception) -> None:
        """A look failed; whoever has been looked after before waits for the next one."""
        if not self.looked.done():
            self.looked.set_exception(error)

    def let_go(self) -> None:
        """Have it answered with what is known."""
        if not self.over.done():
            self.over.set_result(())


class WaitingRoom:
    """All who wait in this process. Belongs to the event loop, `ring` alone to any thread."""

    def __init__(self, database: Database, places: int) -> None:
        self._database = database
        self._places = places
        self._inside: dict[_Key, list[_Waiting]] = {}
        self._of_device: dict[int, list[_Waiting]] = {}
        """The same, each device's in the order in which they came."""
        self._count = 0
        self._due: set[_Key] = set()
        self._bell = asyncio.Event()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._looker: asyncio.Task[None] | None = None
        self._closed = False
        self._trouble = False

    def __len__(self) -> int:
        return self._count

    def ring(self, device_id: int | None, visit: UUID) -> None:
        """Say that ratings of a device's visit have been *committed*; from any thread.

        Whoever forgets it lets the device wait for a second. None: a visit without a device.
        """
        loop = self._loop
        if loop is None or device_id is None:
            return
        with suppress(RuntimeError):  # the loop has ended, and with it whoever waited
            loop.call_soon_threadsafe(self._rung, (device_id, visit.bytes))

    def close(self) -> None:
        """Let everybody go, and from now on nobody wait."""
        self._closed = True
        for some in self._inside.values():
            for one in some:
                one.let_go()

    async def news(self, device_id: int, visit: UUID, seen: int, wait_s: float) -> Rated:
        """Return the subjects of the visit that were rated elsewhere than on its screen.

        Waits for as long as ``wait_s`` while there are no more than ``seen``. Raises `Full`,
        or what the database raised if it cannot be asked.
        """
        if self._count >= self._places:
            raise Full("too many devices wait")
        one = _Waiting((device_id, visit.bytes), seen)
        self._enter(one)
        self._due.add(one.key)
        self._wake()
        try:
            found = await one.looked
            if len(found) > seen or self._closed:
                return found
            with suppress(TimeoutError):
                async with asyncio.timeout(wait_s):
                    return await one.over or found
            return found
        finally:
            self._leave(one)
            one.looked.cancel()
            one.over.cancel()

    def _enter(self, one: _Waiting) -> None:
        """Take ``one`` in; calls that its device gave up, or somebody repeats, are let go."""
        its = self._of_device.setdefault(one.key[0], [])
        for older in its[: max(0, len(its) - PER_DEVICE + 1)]:
            older.let_go()
        its.append(one)
        self._inside.setdefault(one.key, []).append(one)
        self._count += 1

    def _leave(self, one: _Waiting) -> None:
        _take_from(self._of_device, one.key[0], one)
        _take_from(self._inside, one.key, one)
        self._count -= 1

    # --- the one who looks ------------------------------------------------------------------

    def _rung(self, key: _Key) -> None:
        if self._inside:
            self._due.add(key)
            self._bell.set()

    def _wake(self) -> None:
        """Have somebody look, now."""
        if self._looker is None or self._looker.done():
            self._loop = asyncio.get_running_loop()
            self._bell = asyncio.Event()
            self._looker = self._loop.create_task(self._look_on())
        self._bell.set()

    async def _look_on(self) -> None:
        """Look after those who wait until there is nobody left."""
        loop, bell = asyncio.get_running_loop(), self._bell
        next_round = loop.time() + LOOK_S
        while self._inside:
            with suppress(TimeoutError):
                async with asyncio.timeout_at(next_round):
                    await bell.wait()
            bell.clear()
            if loop.time() >= next_round:
                next_round = loop.time() + LOOK_S
                present = set(self._inside)
            else:
                present = {key for key in self._due if key in self._inside}
            self._due.clear()
            if present:
                await self._look(present)

    async def _look(self, keys: Collection[_Key]) -> None:
        try:
            found = await asyncio.to_thread(self._ask, keys)
        except Exception as error:  # noqa: BLE001 - told to those who came, and logged
            expected = isinstance(error, SQLAlchemyError)
            if not self._trouble or not expected:
                _LOG.error("cannot look after those who wait", exc_info=not expected and error)
            self._trouble = True
            for one in self._those(keys):
                one.fail(error)
            return
        self._trouble = False
        for one in self._those(keys):
            one.tell(found.get(one.key, ()))

    def _those(self, keys: Collection[_Key]) -> Iterator[_Waiting]:
        return (one for key in keys for one in self._inside.get(key, ()))

    def _ask(self, keys: Collection[_Key]) -> dict[_Key, Rated]:
        with self._database.reading() as connection:
            return rated_elsewhere(connection, keys)


def rated_elsewhere(connection: Connection, keys: Iterable[_Key]) -> dict[_Key, Rated]:
    """Return what was rated of these visits elsewhere than on the screen, in the order given.

    Only first ratings: a follow-up rating changes nothing for the device.
    """
    table = schema.remote_rating
    wanted = set(keys)
    found: dict[_Key, list[RatedSubject]] = {}
    visits = sorted({visit for _, visit in wanted})
    for first in range(0, len(visits), AT_ONCE):
        some = visits[first : first + AT_ONCE]
        rows = connection.execute(
            select(
                table.c.device_id, table.c.visit, table.c.subject, table.c.code, table.c.question
            )
            .where(table.c.visit.in_(some), table.c.follows_up.is_(False))
            .order_by(table.c.id)
        )
        for row in rows:
            key = (row.device_id, row.visit)
            if key in wanted:
                subject = Subject(row.subject)
                question = row.question if row.code is None else None
                found.setdefault(key, []).append(RatedSubject(subject, row.code or "", question))
    return {key: tuple(subjects[:MAX_SUBJECTS]) for key, subjects in found.items()}


def _take_from(shelf: dict[_K, list[_Waiting]], key: _K, one: _Waiting) -> None:
    shelf[key].remove(one)
    if not shelf[key]:
        del shelf[key]
