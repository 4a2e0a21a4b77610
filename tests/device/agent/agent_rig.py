"""Something that listens where central should, and an agent's parts that call it."""

import gzip
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import NamedTuple

import msgspec
from device_rig import CENTRAL_KEY, DEVICE

from device.agent.central import CentralService
from device.agent.courier import Courier
from device.store.backlog import Backlog
from device.store.briefing import Briefing
from device.store.home import Home
from device.store.identity import Identity, load_identity, load_key
from device.store.profile import Central as Settings
from protocol import receipts, records, retirement
from protocol.keys import SigningKey
from protocol.messages import (
    Batch,
    BatchReply,
    Elsewhere,
    Heartbeat,
    HeartbeatReply,
    RecordVerdict,
    Verdict,
    decode_batch,
)
from protocol.receipts import Receipt
from protocol.retirement import Retirement


class Call(NamedTuple):
    """A request as it came in."""

    method: str
    path: str
    headers: dict[str, str]
    body: bytes

    @property
    def batch(self) -> Batch:
        return decode_batch(gzip.decompress(self.body))

    @property
    def heartbeat(self) -> Heartbeat:
        return msgspec.json.decode(self.body, type=Heartbeat)


Answer = Callable[[Call], bytes | Iterator[bytes] | None]
"""The raw bytes to answer with; None never answers."""


class Listener:
    """An HTTP server that sends whatever bytes it is told to."""

    def __init__(self, answer: Answer) -> None:
        self.answer = answer
        self.calls: list[Call] = []
        self._ended = threading.Event()
        self._socket = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self._socket.getsockname()[1]}"
        threading.Thread(target=self._accept, daemon=True).start()

    def to(self, path: str) -> list[Call]:
        """The calls to ``path`` so far."""
        return [call for call in self.calls if call.path == path]

    def close(self) -> None:
        self._ended.set()
        self._socket.shutdown(socket.SHUT_RDWR)
        self._socket.close()

    def _accept(self) -> None:
        while True:
            try:
                caller, _ = self._socket.accept()
            except OSError:
                return
            threading.Thread(target=self._serve, args=(caller,), daemon=True).start()

    def _serve(self, caller: socket.socket) -> None:
        with caller:
            try:
                call = _read(caller)
                self.calls.append(call)
                said = self.answer(call)
                if said is None:
                    self._ended.wait(60)
                elif isinstance(said, bytes):
                    caller.sendall(said)
                else:
                    for piece in said:
                        caller.sendall(piece)
            except OSError:
                return


def _read(caller: socket.socket) -> Call:
    received = b""
    while b"\r\n\r\n" not in received:
        piece = caller.recv(65536)
        if not piece:
            raise OSError("the caller went away")
        received += piece
    head, _, body = received.partition(b"\r\n\r\n")
    first, *lines = head.decode("latin-1").split("\r\n")
    method, path, _ = first.split(" ")
    headers = {k.lower(): v.strip() for k, _, v in (line.partition(":") for line in lines)}
    while len(body) < int(headers.get("content-length", "0")):
        body += caller.recv(65536)
    return Call(method, path, headers, body)


def http(body: bytes = b"", status: int = 200, **headers: str) -> bytes:
    """An answer with its true length."""
    named = {"Content-Type": "application/json"} | {
        name.replace("_", "-"): value for name, value in headers.items()
    }
    lines = [f"{name}: {value}" for name, value in named.items()]
    head = [f"HTTP/1.1 {status} Whatever", *lines, f"Content-Length: {len(body)}"]
    return "\r\n".join([*head, "Connection: close", "", ""]).encode("latin-1") + body


def receipt(
    through: int,
    head: bytes = b"",
    issued_ms: int = 1_000,
    device: str = DEVICE,
    key: SigningKey = CENTRAL_KEY,
) -> bytes:
    return receipts.sign(Receipt(device, through, head, issued_ms), key)


def notice(device: str = DEVICE, key: SigningKey = CENTRAL_KEY) -> bytes:
    """Central's signed word that ``device`` was retired."""
    return retirement.sign(Retirement(device, 1_000), key)


def batch_reply(signed: bytes, *verdicts: RecordVerdict) -> bytes:
    return msgspec.json.encode(BatchReply(verdicts, signed))


def heartbeat_reply(signed: bytes, version: int = 0, elsewhere: Elsewhere | None = None) -> bytes:
    return msgspec.json.encode(HeartbeatReply(0, version, signed, elsewhere))


class Memory:
    """A central of one device that remembers what it was sent and forgets when told to."""

    def __init__(self) -> None:
        self.held: dict[int, bytes] = {}
        self.clock_ms = 1_000
        self.gaps: list[int] = []
        self.elsewhere: Elsewhere | None = None

    def __call__(self, call: Call) -> bytes:
        self.clock_ms += 1
        if call.path == "/v1/records":
            batch = call.batch
            verdicts = [self._take(batch.first + i, one) for i, one in enumerate(batch.records)]
            if batch.gap_before:
                self.gaps.append(batch.first)
            return http(batch_reply(self._receipt(), *verdicts))
        if call.path == "/v1/configuration":
            return http(status=304)
        return http(heartbeat_reply(self._receipt(), elsewhere=self.elsewhere))

    def _take(self, seq: int, signed: bytes) -> RecordVerdict:
        known = self.held.get(seq)
        self.held.setdefault(seq, signed)
        return RecordVerdict(seq, Verdict.STORED if known is None else Verdict.ALREADY)

    def _receipt(self) -> bytes:
        last = max(self.held, default=0)
        head = records.digest(self.held[last]) if last else b""
        return receipt(last, head, self.clock_ms)


class Agent(NamedTuple):
    """The parts of an agent, without its process."""

    courier: Courier
    briefing: Briefing
    backlog: Backlog
    central: CentralService

    @property
    def head(self) -> int:
        known = self.briefing.receipt()
        return known.through if known else 0

    def work(self, times: int = 50) -> None:
        """Let the courier do what is due until nothing is."""
        for _ in range(times):
            if self.courier.once() > 0 and not self.courier._pending:
                return
        raise AssertionError("the courier never came to rest")


@contextmanager
def agent_of(home: Home, url: str, proxy: str = "") -> Iterator[Agent]:
    identity: Identity = load_identity(home)
    key = load_key(home.transport_key)
    central = CentralService(Settings(url, "", proxy), identity, key)
    briefing, backlog = Briefing(home), Backlog(home)
    try:
        courier = Courier(home, identity.device, central, backlog, briefing)
        yield Agent(courier, briefing, backlog, central)
    finally:
        for part in (central, backlog, briefing):
            part.close()


@contextmanager
def listening(answer: Answer) -> Iterator[Listener]:
    listener = Listener(answer)
    try:
        yield listener
    finally:
        listener.close()
