"""The local door through which the window's programs reach the device.

A Unix socket that takes one JSON request a line and answers one JSON line. Only who may
open the socket's folder can use it: the device's own commands. They may read its files too,
so they are told how a visit ended; the console and business systems are not.
"""

import json
import os
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Any
from uuid import UUID, uuid4

import msgspec

from device.agent.desk import TAKE_UP_S, WindowDesk
from device.agent.refusals import NotTaken
from device.core.errors import DeviceError
from device.store.briefing import InviteOrder
from device.store.home import Home, door_mode
from protocol.errors import ProtocolError
from protocol.limits import Short
from protocol.records import InvitedBy, MatterHandled

MAX_CALLERS = 16
CALLER_S = 10.0
"""A caller who says nothing for this long is hung up on."""
MAX_LINE_BYTES = 64 * 1024


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

    def __init__(self, home: Home, desk: WindowDesk) -> None:
        self._home = home
        self._desk = desk
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
        match request:
            case Invite(matters, invited_by, visit):
                opened = visit or uuid4()
                self._desk.invite(InviteOrder(opened, invited_by, matters))
                return self._state(opened)
            case Cancel(visit, reason):
                self._desk.cancel(visit, reason)
                return self._state(visit)
            case State(visit):
                return self._state(visit)

    def _state(self, visit: UUID | None) -> dict[str, Any]:
        answer: dict[str, Any] = {}
        if visit is not None:
            self._desk.visit_state(visit)
            answer["visit"] = str(visit)
            outcome = self._desk.outcome(visit)
            if outcome is not None:
                answer["outcome"] = str(outcome)
        return answer | {"rating": self._desk.standing().serving is not None}


@contextmanager
def _folder(folder: Path) -> Iterator[int]:
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        yield descriptor
    finally:
        os.close(descriptor)


def listen(path: Path) -> socket.socket:
    """Return a Unix socket that listens at ``path``, for whoever may enter its folder."""
    path.unlink(missing_ok=True)
    door = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    # A socket's path holds 107 bytes; the folder's own descriptor makes any path short.
    with _folder(path.parent) as folder:
        door.bind(f"/proc/self/fd/{folder}/{path.name}")
    path.chmod(door_mode(path.parent))
    door.listen(8)
    return door


def ask(path: Path, request: Request) -> dict[str, Any]:
    """Put one request to the agent that listens at ``path``. Raises `NotTaken`."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as line:
        line.settimeout(4 * TAKE_UP_S)
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
