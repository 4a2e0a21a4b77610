"""Runs a piece of a test as another user, in a process of its own."""

import codecs
import multiprocessing
import os
import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from multiprocessing.connection import Connection
from typing import Any

from device.store.owners import Owners

KIOSK, AGENT, GROUP = 61301, 61302, 61303
"""Nobody's numbers on any machine that runs the tests."""
OWNERS = Owners(KIOSK, AGENT, GROUP)

_forks = multiprocessing.get_context("fork")


class Elsewhere:
    """A process that runs as another user and answers one question after the other."""

    def __init__(self, user: int, work: Callable[[Callable[[object], object]], object]) -> None:
        for encoding in ("ascii", "utf-8", "latin-1"):
            codecs.lookup(encoding)  # the other user may not be able to read our Python
        self._line, far = _forks.Pipe()
        self._process = _forks.Process(target=_become, args=(user, work, far), daemon=True)
        self._process.start()
        far.close()

    def says(self) -> Any:
        """What it hands out next; whatever went wrong there is raised here."""
        kind, said = self._line.recv()
        if kind == "wrong":
            raise AssertionError(said)
        return said

    def go_on(self) -> None:
        """Let it go on after what it handed out."""
        self._line.send(None)

    def kill(self) -> None:
        """End it as a power cut would."""
        self._process.kill()
        self._process.join()

    def join(self) -> None:
        self._process.join(30)
        assert self._process.exitcode is not None


def _become(user: int, work: Callable[[Any], object], line: Connection) -> None:
    os.setgroups([GROUP])
    os.setresgid(GROUP, GROUP, GROUP)
    os.setresuid(user, user, user)
    os.umask(0o027)

    def hand_out(answer: object) -> object:
        line.send(("said", answer))
        return line.recv()

    try:
        result = work(hand_out)
    except BaseException:  # noqa: BLE001 - all of it is told to whoever waits
        line.send(("wrong", traceback.format_exc()))
    else:
        line.send(("said", result))
    finally:
        os._exit(0)


def as_user(user: int, work: Callable[[], Any]) -> Any:
    """Return what ``work`` returns when ``user`` does it."""
    elsewhere = Elsewhere(user, lambda _: work())
    try:
        return elsewhere.says()
    finally:
        elsewhere.join()


@contextmanager
def running_as(
    user: int, work: Callable[[Callable[[object], object]], object]
) -> Iterator[Elsewhere]:
    """Yield a process of ``user`` that is still there; it is killed at the end."""
    elsewhere = Elsewhere(user, work)
    try:
        yield elsewhere
    finally:
        elsewhere.kill()
