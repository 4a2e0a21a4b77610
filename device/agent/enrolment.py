"""How a device becomes known: both keys are made on it, and never leave it.

One call hands central the one-time token and the proof of both keys; the answer is the
identity, central's key and the first configuration. Everything is written before it is
used, so that a power cut at any point leaves a device that can enrol again: the same
token with the same keys gives the same identity.
"""

import msgspec
import requests

from device import __version__
from device.agent.central import decode, exchange, open_session
from device.core.errors import CentralError
from device.store.briefing import Briefing
from device.store.home import Home
from device.store.identity import Identity, make_key, save_identity
from device.store.profile import Profile
from protocol import configuration
from protocol.errors import ProtocolError
from protocol.keys import verify_key
from protocol.messages import EnrolmentReply, request_enrolment


def enrol(profile: Profile, token: str, board: str) -> Identity:
    """Enrol this device with a one-time ``token``; returns its identity.

    The data folder must have been migrated. Raises `CentralError` with what to do.
    """
    home = Home(profile.data_dir)
    home.prepare()
    record_key = make_key(home.record_key)
    transport_key = make_key(home.transport_key)
    message = request_enrolment(token, board, __version__, record_key, transport_key)
    request = requests.Request(
        "POST",
        profile.central.url + "/v1/enrolments",
        data=msgspec.json.encode(message),
        headers={"Content-Type": "application/json"},
    ).prepare()
    with open_session(profile.central) as session:
        reply = decode(exchange(session, request), EnrolmentReply)
    identity = Identity(reply.device, reply.central_key, reply.central_algorithm)
    try:
        key = verify_key(identity.central_algorithm, identity.central_key)
        first = configuration.verify(reply.configuration, key)
    except ProtocolError as error:
        raise CentralError(f"central's first configuration cannot be trusted: {error}") from error
    if first.device != identity.device:
        raise CentralError("central's first configuration is for another device")
    briefing = Briefing(home)
    try:
        briefing.apply(first, reply.configuration, etag="")
    finally:
        briefing.close()
    save_identity(home, identity)
    return identity
