"""Tells however many callers wait that something at the window has changed.

One thread looks, so that ten open consoles cost the board no more than one; while nobody
waits it sleeps. A caller reads `Changes.count` first, then looks, then waits for another
count: nothing that happens in between is missed.
"""

import asyncio
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

LOOK_S = 0.15
"""How often it looks for those who wait for whatever may come."""
SOON_S = 0.02
"""How often while somebody waits for the kiosk to take something up."""


class Changes:
    """A count that grows whenever ``happened`` says so."""

    def __init__(self, happened: Callable[[], bool]) -> None:
        self._happened = happened
        self._news = threading.Condition()
        self._count = 0
        self._closed = False
        self._hurried = 0
        self._waiting = 0
        self._called: set[Callable[[], None]] = set()
        self._thread = threading.Thread(target=self._run, name="changes", daemon=True)

    def start(self) -> None:
        """Look from now on, whenever somebody waits."""
        self._thread.start()

    def close(self) -> None:
        """Let everybody who waits go."""
        with self._news:
            self._closed = True
        self._tell()
        if self._thread.ident is not None:
            self._thread.join()

    @property
    def count(self) -> int:
        """How many changes there have been; to be read before looking."""
        return self._count

    @property
    def closed(self) -> bool:
        """True once there is nothing more to wait for."""
        return self._closed

    def wait(self, seen: int, seconds: float, *, hurried: bool = True) -> bool:
        """Wait in a thread for a count other than ``seen``; False if none came in time.

        ``hurried``: somebody waits for the kiosk's answer, and it looks more often.
        """
        with self._counted(hurried=hurried):
            until = time.monotonic() + seconds
            with self._news:
                while self._count == seen and not self._closed:
                    left = until - time.monotonic()
                    if left <= 0:
                        return False
                    self._news.wait(left)
                return self._count != seen

    async def come(self, seen: int, seconds: float) -> bool:
        """Wait in an event loop, without a thread, for a count other than ``seen``."""
        news = asyncio.Event()
        loop = asyncio.get_running_loop()

        def call() -> None:
            loop.call_soon_threadsafe(news.set)

        with self._counted(hurried=False):
            with self._news:
                self._called.add(call)
            try:
                if self._count == seen and not self._closed:
                    async with asyncio.timeout(seconds):
                        await news.wait()
            except TimeoutError:
                return False
            finally:
                with self._news:
                    self._called.discard(call)
        return self._count != seen

    @contextmanager
    def _counted(self, *, hurried: bool) -> Iterator[None]:
        with self._news:
            self._waiting += 1
            self._hurried += hurried
            self._news.notify_all()
        try:
            yield
        finally:
            with self._news:
                self._waiting -= 1
                self._hurried -= hurried

    def _run(self) -> None:
        while True:
            with self._news:
                self._news.wait_for(lambda: self._waiting or self._closed)
                if self._closed:
                    return
            if self._happened():
                with self._news:
                    self._count += 1
                self._tell()
            with self._news:
                if not self._closed:
                    self._news.wait(SOON_S if self._hurried else LOOK_S)

    def _tell(self) -> None:
        with self._news:
            self._news.notify_all()
            called = tuple(self._called)
        for call in called:
            try:
                call()
            except RuntimeError:
                continue  # its event loop has ended, and with it whoever waited
