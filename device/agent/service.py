"""The agent from start to end: what it opens, how it survives, how it stops."""

import logging
import signal
import sqlite3
import threading
from collections.abc import Callable
from contextlib import closing
from types import FrameType
from typing import TYPE_CHECKING

from device.agent.central import CentralService
from device.agent.checkup import Checkup
from device.agent.control import ControlDoor
from device.agent.courier import Courier
from device.agent.desk import WindowDesk
from device.agent.herald import Herald
from device.agent.parts import Parts
from device.agent.phone_watch import PhoneWatch
from device.agent.release_fetch import ReleaseFetch
from device.core.errors import DamagedFile, DeviceError
from device.store import lock, salvage
from device.store.backlog import Backlog
from device.store.briefing import Briefing
from device.store.connect import put_in_place
from device.store.home import Home, refuse_volatile
from device.store.identity import Identity, load_identity, load_key, refuse_other_board
from device.store.profile import Profile, without_password
from device.store.supervisor import Supervisor
from protocol import configuration
from protocol.errors import ProtocolError

if TYPE_CHECKING:
    from device.agent.web.server import WebServer

log = logging.getLogger("haochaping.agent")

COURIER_SILENCE_S = 180.0
"""The longest turn of the courier: several calls that each end at their own time limit. What is
silent for longer hangs (a name server that never answers, say), and the agent starts anew."""
REOPEN_S = 2.0
"""Wait before a damaged or missing `kiosk.db` is looked at again; the kiosk repairs it."""


def run(profile: Profile) -> int:
    """Run until SIGTERM or SIGINT; returns the exit code. Raises `DeviceError` at start."""
    home = Home(profile.data_dir)
    if not profile.allow_volatile:
        refuse_volatile(home.root)
    identity = load_identity(home)
    refuse_other_board(identity)
    transport_key = load_key(home.transport_key)
    lock.hold(home.agent_lock)
    briefing = open_briefing(home, identity)
    central = CentralService(profile.central, identity, transport_key)
    desk = WindowDesk(home, briefing, profile.service.mode)
    herald = Herald(briefing, desk, profile.central.ca_file)
    watch = PhoneWatch(
        home,
        briefing,
        desk.roll,
        lambda: CentralService(profile.central, identity, transport_key),
    )
    releases = ReleaseFetch(
        home,
        lambda: CentralService(profile.central, identity, transport_key),
        lambda reason: briefing.count(reason),
    )
    checkup = Checkup(profile, home)
    door = ControlDoor(home, desk)
    web = _web(profile, Parts(identity.device, home, briefing, desk, herald))
    ended = threading.Event()

    def end(_signal: int, _frame: FrameType | None) -> None:
        ended.set()

    signal.signal(signal.SIGTERM, end)
    signal.signal(signal.SIGINT, end)
    desk.start()
    herald.start()
    watch.start()
    releases.start()
    door.start()
    if web is not None:
        web.start()
    log.info(
        "agent of %s is running, central is %s",
        identity.device,
        without_password(profile.central.url),
    )
    supervisor = Supervisor()
    pulse = supervisor.pulse("courier", COURIER_SILENCE_S)
    courier = threading.Thread(
        target=_carry,
        args=(home, identity, central, briefing, releases, checkup, ended, pulse.beat),
        daemon=True,
    )
    courier.start()
    supervisor.ready(f"{identity.device} at work")
    while courier.is_alive() and not ended.is_set():
        supervisor.alive()
        courier.join(0.5)
    supervisor.ending()
    stopped_by_request = ended.is_set()
    ended.set()
    desk.changes.close()  # whoever waits for the window is let go first
    if web is not None:
        web.close()
    herald.close()
    watch.close()
    releases.close()
    door.close()
    desk.close()
    central.close()
    courier.join(0.5)
    if not courier.is_alive():
        briefing.close()
    log.info("agent ends")
    return 0 if stopped_by_request else 1


def _web(profile: Profile, parts: Parts) -> "WebServer | None":
    """Return what serves the console; None where the profile names no address for it."""
    if not profile.console.listen:
        return None
    # Not every device has a console, and a web framework takes as much memory as the rest.
    from device.agent.web.server import WebServer

    return WebServer(profile.console, parts)


def _carry(
    home: Home,
    identity: Identity,
    central: CentralService,
    briefing: Briefing,
    releases: ReleaseFetch,
    checkup: Checkup,
    ended: threading.Event,
    beat: Callable[[], None],
) -> None:
    """Run the courier, and again after each time the kiosk's file could not be read."""
    while not ended.is_set():
        beat()
        try:
            backlog = Backlog(home)
        except DeviceError as error:
            log.warning("%s", error)
            ended.wait(REOPEN_S)
            continue
        try:
            courier = Courier(
                home, identity.device, central, backlog, briefing, releases, checkup.faults
            )
            courier.run(ended, beat)
        except (DeviceError, sqlite3.DatabaseError) as error:
            if salvage.is_damaged(home.agent_db):
                log.error("%s is damaged (%s); the next start replaces it", home.agent_db, error)
                return
            log.warning("kiosk.db cannot be read now: %s", error)
            _count(briefing, "kiosk-db.unreadable")
            ended.wait(REOPEN_S)
        finally:
            backlog.close()


def _count(briefing: Briefing, reason: str) -> None:
    """Count ``reason``; on a full disk the log alone has it."""
    try:
        briefing.count(reason)
    except DeviceError as error:
        log.warning("%s could not be counted: %s", reason, error)


def open_briefing(home: Home, identity: Identity) -> Briefing:
    """Open `agent.db`; if it is damaged, replace it and put the last configuration back.

    Only what central signed is taken over from a damaged file.
    """
    try:
        if not salvage.is_damaged(home.agent_db):
            briefing = Briefing(home)
            _lay_out_anew(briefing, identity)
            return briefing
        log.error("%s is damaged; it is set aside and replaced", home.agent_db)
    except DamagedFile as error:
        log.error("%s; it is set aside and replaced", error)
    from device.store.schema import agent

    with salvage.fresh_file(home.agent_db, agent) as fresh:
        with closing(Briefing(home, at=fresh)) as briefing:
            briefing.count("agent-db.replaced")
            signed = salvage.last_configuration(home.agent_db)
            if signed is not None:
                _put_back(briefing, signed, identity)
        put_in_place(fresh, home.agent_db)
    return Briefing(home)


def _lay_out_anew(briefing: Briefing, identity: Identity) -> None:
    """Take over what an older version of this software left out of the configuration."""
    signed = briefing.signed_configuration()
    if signed is not None:
        _put_back(briefing, signed, identity)


def _put_back(briefing: Briefing, signed: bytes, identity: Identity) -> None:
    try:
        document = configuration.verify(signed, identity.central())
    except ProtocolError:
        briefing.count("configuration.unreadable")
        return
    if document.device == identity.device:
        briefing.apply(document, signed, etag="")
