"""The local door through which the window's programs reach the device.

A Unix socket that takes one JSON request a line and answers one JSON line. Only who may
open the socket's folder can use it. The staff console and the business-system interface
stand on the same three requests.
"""

import json
import os
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Any
from uuid import UUID, uuid4

import msgspec

from device.core.errors import DeviceError
from device.core.visit import Invited, questions_of
from device.store.backlog import Backlog
from device.store.briefing import INSTRUCTION_MS, Briefing, CancelOrder, InviteOrder
from device.store.home import Home
from protocol.errors import ProtocolError
from protocol.limits import MAX_CASES, Short
from protocol.records import InvitedBy, MatterHandled, VisitClosed, read

TAKE_UP_S = INSTRUCTION_MS / 1000 + 1.0
"""When the caller is told that the kiosk did not act; it will not do so later either."""
MAX_CALLERS = 16
CALLER_S = 10.0
"""A caller who says nothing for this long is hung up on."""
MAX_LINE_BYTES = 64 * 1024


class NotTaken(DeviceError):
    """The kiosk did not do what was asked."""


class Invite(msgspec.Struct, tag_field="do", tag="invite", forbid_unknown_fields=True):
    """Open a visit: ask the citizen to rate."""

    matters: Annotated[tuple[MatterHandled, ...], msgspec.Meta(max_length=20)] = ()
    invited_by: InvitedBy = InvitedBy.STAFF
    visit: UUID | None = None
    """Give one to make a repeat of this request harmless."""


class Cancel(msgspec.Struct, tag_field="do", tag="cancel", forbid_unknown_fields=True):
    """Take an invitation back; possible only until the citizen's first tap."""

    visit: UUID
    reason: Short


class State(msgspec.Struct, tag_field="do", tag="state", forbid_unknown_fields=True):
    """Tell whether anybody is rating and, for a visit, how it ended (never the level)."""

    visit: UUID | None = None


Request = Invite | Cancel | State


class ControlDoor:
    """Listens on the socket and answers, one thread per caller."""

    def __init__(self, home: Home, briefing: Briefing) -> None:
        self._home = home
        self._briefing = briefing
        self._door = listen(home.control)
        self._places = threading.BoundedSemaphore(MAX_CALLERS)
        self._closed = False

    def start(self) -> None:
        """Answer callers from now on, beside the courier."""
        threading.Thread(target=self._accept, name="control", daemon=True).start()

    def close(self) -> None:
        """Take no more callers."""
        self._closed = True
        # Closing alone would leave the thread that waits for callers waiting for ever.
        self._door.shutdown(socket.SHUT_RDWR)
        self._door.close()
        self._home.control.unlink(missing_ok=True)

    def _accept(self) -> None:
        while not self._closed:
            try:
                caller, _ = self._door.accept()
            except OSError:
                # No descriptor free just now, or the door is closing; never give up on it.
                time.sleep(0.1)
                continue
            if not self._places.acquire(blocking=False):
                caller.close()
                continue
            threading.Thread(target=self._serve, args=(caller,), daemon=True).start()

    def _serve(self, caller: socket.socket) -> None:
        try:
            self._converse(caller)
        finally:
            self._places.release()

    def _converse(self, caller: socket.socket) -> None:
        with caller, caller.makefile("rb") as lines:
            caller.settimeout(CALLER_S)
            try:
                while line := lines.readline(MAX_LINE_BYTES):
                    caller.sendall(json.dumps(self._answer(line)).encode() + b"\n")
            except OSError:
                return

    def _answer(self, line: bytes) -> dict[str, Any]:
        try:
            request = msgspec.json.decode(line, type=Request)
        except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
            return {"ok": False, "problem": f"not a request of this door: {error}"}
        try:
            return {"ok": True} | self._do(request)
        except (DeviceError, ProtocolError) as error:
            return {"ok": False, "problem": str(error)}

    def _do(self, request: Request) -> dict[str, Any]:
        backlog = Backlog(self._home)
        try:
            match request:
                case Invite():
                    return self._invite(request, backlog)
                case Cancel(visit, reason):
                    return self._cancel(visit, reason, backlog)
                case State(visit):
                    return _state(visit, backlog)
        finally:
            backlog.close()

    def _invite(self, request: Invite, backlog: Backlog) -> dict[str, Any]:
        visit = request.visit or uuid4()
        if backlog.was_opened(visit.bytes):
            return _state(visit, backlog)
        if (under_way := backlog.visit_under_way()) is not None:
            raise NotTaken(f"visit {UUID(bytes=under_way)} is under way; wait for its end")
        for matter in request.matters:
            if self._briefing.matter_name(matter.code) is None:
                raise NotTaken(f"matter {matter.code} is not in this hall's list")
        draft = Invited(visit, request.invited_by, "", "-", request.matters)
        if not questions_of(draft):
            raise NotTaken("there is nothing to rate in this invitation")
        if sum(len(matter.cases) for matter in request.matters) > MAX_CASES:
            raise NotTaken(f"an invitation names at most {MAX_CASES} cases")
        body = InviteOrder(visit, request.invited_by, request.matters)
        self._briefing.instruct("invite", msgspec.json.encode(body))
        if not _soon(lambda: backlog.was_opened(visit.bytes)):
            raise NotTaken(
                "the screen did not take the invitation: is the kiosk running and the window open?"
            )
        return _state(visit, backlog)

    def _cancel(self, visit: UUID, reason: str, backlog: Backlog) -> dict[str, Any]:
        if not reason.strip():
            raise NotTaken("cancelling an invitation needs a reason")
        if not backlog.was_opened(visit.bytes):
            raise NotTaken(f"there is no visit {visit}")
        if backlog.outcome(visit.bytes) is None:
            body = msgspec.json.encode(CancelOrder(visit, reason))
            self._briefing.instruct("cancel", body)
            if not _soon(
                lambda: backlog.outcome(visit.bytes) is not None or backlog.was_tapped(visit.bytes)
            ):
                raise NotTaken("the screen did not take it back: is the kiosk running?")
            if backlog.outcome(visit.bytes) is None:
                raise NotTaken("too late to cancel: the citizen has already tapped")
        return _state(visit, backlog)


def _state(visit: UUID | None, backlog: Backlog) -> dict[str, Any]:
    under_way = backlog.visit_under_way()
    answer: dict[str, Any] = {"rating": under_way is not None}
    if visit is not None:
        answer["visit"] = str(visit)
        closed = backlog.outcome(visit.bytes)
        if closed is not None:
            record = read(closed)
            if isinstance(record, VisitClosed):
                answer["outcome"] = str(record.outcome)
        elif not backlog.was_opened(visit.bytes):
            raise NotTaken(f"there is no visit {visit}")
    return answer


def _soon(happened: Callable[[], bool]) -> bool:
    """Wait up to `TAKE_UP_S` for the other process; True as soon as ``happened()``."""
    until = time.monotonic() + TAKE_UP_S
    while time.monotonic() < until:
        if happened():
            return True
        time.sleep(0.05)
    return False


@contextmanager
def _folder(folder: Path) -> Iterator[int]:
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        yield descriptor
    finally:
        os.close(descriptor)


def listen(path: Path) -> socket.socket:
    """Return a Unix socket that listens at ``path``, for this user alone."""
    path.unlink(missing_ok=True)
    door = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    # A socket's path holds 107 bytes; the folder's own descriptor makes any path short.
    with _folder(path.parent) as folder:
        door.bind(f"/proc/self/fd/{folder}/{path.name}")
    path.chmod(0o600)
    door.listen(8)
    return door


def ask(path: Path, request: Request) -> dict[str, Any]:
    """Put one request to the agent that listens at ``path``. Raises `NotTaken`."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as line:
        line.settimeout(TAKE_UP_S + 5)
        try:
            with _folder(path.parent) as folder:
                line.connect(f"/proc/self/fd/{folder}/{path.name}")
            line.sendall(msgspec.json.encode(request) + b"\n")
            answer = line.makefile("rb").readline()
        except OSError as error:
            raise NotTaken(f"no agent answers at {path}: is it running? ({error})") from error
    if not answer.endswith(b"\n"):
        raise NotTaken(f"the agent at {path} ended before it answered")
    reply: dict[str, Any] = json.loads(answer)
    if not reply.pop("ok"):
        raise NotTaken(reply["problem"])
    return reply
