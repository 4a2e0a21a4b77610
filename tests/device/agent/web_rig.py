"""A window with its web server: real files, a real port, and counter staff behind it."""

import hashlib
from collections.abc import Iterator
from contextlib import contextmanager
from typing import NamedTuple

import msgspec
from counter_staff import CounterStaff, counter_staff
from device_rig import DEED, DEVICE, LOAN, WANG, configuration, soon

from device.agent.desk import WindowDesk
from device.agent.herald import Herald
from device.agent.parts import Parts
from device.agent.web.server import WebServer
from device.store.briefing import Briefing
from device.store.home import Home
from device.store.profile import Console
from protocol import credentials
from protocol.configuration import BusinessSystem, Configuration, Matter, StaffMember, Window

LI = "0318"
PINS = {WANG: "246813", LI: "975310"}
KEY, OTHER_KEY = "a-key-of-the-counter-system-1234", "a-key-of-the-queue-system-56789"
ORIGIN = "https://oa.example.gov.cn"
LOOPBACK = Console((("127.0.0.1", 0),))
_VERIFIERS = {number: credentials.pin_verifier(pin) for number, pin in PINS.items()}


def key_hash(key: str) -> str:
    return hashlib.sha256(key.encode()).hexdigest()


def hall(version: int = 1, callbacks: tuple[str, ...] = (), **changes: object) -> Configuration:
    """A hall with two staff who can log in, a short list, and two business systems."""
    base = configuration(version)
    window = Window("BH-012", "12", WANG, (LOAN,))
    staff = (
        StaffMember(WANG, "王晓燕", "综合窗口", "不动产登记", _VERIFIERS[WANG]),
        StaffMember(LI, "李建国", "综合窗口", "不动产登记", _VERIFIERS[LI]),
    )
    matters = (
        Matter(DEED, "不动产转移登记", "bdczydj"),
        Matter(LOAN, "不动产抵押权登记", "bdcdyqdj"),
    )
    systems = (
        BusinessSystem("counter", key_hash(KEY), (ORIGIN,), callbacks),
        BusinessSystem("queue", key_hash(OTHER_KEY)),
    )
    parts = {"window": window, "staff": staff, "matters": matters, "systems": systems}
    return msgspec.structs.replace(base, **(parts | changes))


class WindowWeb(NamedTuple):
    """A window whose programs are served."""

    url: str
    home: Home
    counter: CounterStaff
    desk: WindowDesk
    briefing: Briefing
    herald: Herald
    server: WebServer


@contextmanager
def window_web(
    home: Home,
    document: Configuration | None = None,
    staff: str = WANG,
    console: Console = LOOPBACK,
    runs: bool = True,
) -> Iterator[WindowWeb]:
    """Serve the window of ``home``; ``staff`` is logged in at first, nobody if empty."""
    with counter_staff(home, staff, runs) as counter, served(home, document, console) as web:
        yield web._replace(counter=counter)


@contextmanager
def served(
    home: Home,
    document: Configuration | None = None,
    console: Console = LOOPBACK,
    at_once: int | None = None,
) -> Iterator[WindowWeb]:
    """The agent's part of it alone, as it starts and ends.

    ``at_once`` says how many of the addresses can be had at first; all, where it is left out.
    """
    expected = len(console.listen) if at_once is None else at_once
    briefing = Briefing(home)
    briefing.apply(document or hall(), b"signed", "")
    desk = WindowDesk(home, briefing)
    herald = Herald(briefing, desk)
    server = WebServer(console, Parts(DEVICE, home, briefing, desk, herald))
    desk.start()
    herald.start()
    server.start()
    try:
        assert soon(lambda: len(server.urls) == expected), server.urls
        nobody: CounterStaff = None  # type: ignore[assignment]
        yield WindowWeb(server.urls[0], home, nobody, desk, briefing, herald, server)
    finally:
        desk.changes.close()
        server.close()
        herald.close()
        desk.close()
        briefing.close()
