"""How a device becomes known: both keys are made on it, and never leave it.

One call hands central the one-time token and the proof of both keys; the answer is the
identity, central's key and the first configuration. Everything is written before it is
used, so that a power cut at any point leaves a device that can enrol again: the same
token with the same keys gives the same identity.
"""

import os
from contextlib import closing
from pathlib import Path

import msgspec

from device import __version__
from device.agent.central import decode, exchange, open_session, prepare
from device.core.errors import CentralError
from device.store import lock
from device.store.briefing import Briefing
from device.store.home import Home
from device.store.identity import Identity, make_key, save_identity
from device.store.profile import Profile
from protocol import configuration
from protocol.configuration import Configuration
from protocol.errors import ProtocolError
from protocol.keys import verify_key
from protocol.messages import EnrolmentReply, request_enrolment


def enrol(profile: Profile, token: str, board: str) -> Identity:
    """Enrol this device with a one-time ``token``; returns its identity.

    The data folder must have been migrated. Raises `CentralError` with what to do, or
    `AlreadyRunning` if the agent is at work.
    """
    home = Home(profile.data_dir)
    home.prepare()
    # The agent's file has one writer: it must not run meanwhile.
    held = lock.hold(home.agent_lock)
    try:
        return _enrol(profile, home, token, board)
    finally:
        os.close(held)


def _enrol(profile: Profile, home: Home, token: str, board: str) -> Identity:
    record_key = make_key(home.record_key)
    transport_key = make_key(home.transport_key)
    message = request_enrolment(token, board, __version__, record_key, transport_key)
    request = prepare(
        "POST",
        profile.central.url + "/v1/enrolments",
        msgspec.json.encode(message),
        {"Content-Type": "application/json"},
    )
    # Everything that can fail here is tried before the token is spent.
    with closing(Briefing(home)) as briefing:
        with open_session(profile.central) as session:
            reply = decode(exchange(session, request), EnrolmentReply)
        identity, first = _trusted(reply)
        briefing.apply(first, reply.configuration, etag="")
    save_identity(home, identity)
    return identity


def _trusted(reply: EnrolmentReply) -> tuple[Identity, Configuration]:
    """Return what central gave, if it fits together. Raises `CentralError`."""
    identity = Identity(reply.device, reply.central_key, reply.central_algorithm)
    try:
        key = verify_key(identity.central_algorithm, identity.central_key)
        first = configuration.verify(reply.configuration, key)
    except ProtocolError as error:
        raise CentralError(f"central's first configuration cannot be trusted: {error}") from error
    if first.device != identity.device:
        raise CentralError("central's first configuration is for another device")
    return identity, first


def board_serial() -> str:
    """Return the board's serial number, or the machine's id where there is no device tree."""
    for source in (Path("/sys/firmware/devicetree/base/serial-number"), Path("/etc/machine-id")):
        try:
            serial = source.read_text(encoding="ascii").strip("\0\n ")
        except (OSError, UnicodeDecodeError):
            continue
        if serial:
            return serial
    raise CentralError("this board tells no serial number: give one with --board")
