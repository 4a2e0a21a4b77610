"""How a device becomes known: both keys are made on it, and never leave it.

One call hands central the one-time token and the proof of both keys; the answer is the
identity, central's key and the first configuration. Everything is written before it is
used, so that a power cut at any point leaves a device that can enrol again: the same
token with the same keys gives the same identity.

Here alone both keys are in one process: each proves itself over the same statement, in one
call. It runs as root, once, before kiosk and agent, and lays each key down in the folder of
the one user who may read it; from then on nobody holds both.
"""

import os
from collections.abc import Iterator
from contextlib import contextmanager

import msgspec

from device import __version__
from device.agent.central import (
    NotTrusted,
    Refused,
    Retired,
    decode,
    exchange,
    open_session,
    prepare,
    retires,
)
from device.core.errors import CentralError, NotEnrolled
from device.store import board as boards
from device.store import lock
from device.store.briefing import Briefing
from device.store.card import token_hash
from device.store.home import Home
from device.store.identity import Identity, load_identity, make_key, save_identity
from device.store.owners import acting_as_owner_of, give_to_owners
from device.store.profile import Profile
from protocol import configuration
from protocol.configuration import Configuration
from protocol.errors import ProtocolError
from protocol.keys import SigningKey, verify_key
from protocol.messages import EnrolmentReply, device_name, request_enrolment


def enrol(
    profile: Profile, token: str, board: str, pinned: tuple[int, bytes] | None = None
) -> Identity:
    """Enrol this device with a one-time ``token``; returns its identity.

    ``pinned`` is the algorithm and the public key that central must have. The data folder must
    have been migrated. Raises `CentralError` with what to do, `DeviceError` for what is wrong
    with the folder, or `AlreadyRunning` if the agent is at work.
    """
    home = Home(profile.data_dir)
    home.prepare()
    give_to_owners(home)
    # The agent's file has one writer: it must not run meanwhile.
    with acting_as_owner_of(home.agent_lock.parent):
        held = lock.hold(home.agent_lock)
    try:
        return _enrol(profile, home, token, board, pinned)
    finally:
        os.close(held)


def _enrol(
    profile: Profile, home: Home, token: str, board: str, pinned: tuple[int, bytes] | None
) -> Identity:
    with acting_as_owner_of(home.record_key.parent):
        record_key = make_key(home.record_key)
    with acting_as_owner_of(home.transport_key.parent):
        transport_key = make_key(home.transport_key)
    message = request_enrolment(token, board, __version__, record_key, transport_key)
    request = prepare(
        "POST",
        profile.central.url + "/v1/enrolments",
        msgspec.json.encode(message),
        {"Content-Type": "application/json"},
    )
    # Everything that can fail here is tried before the token is spent.
    with _briefing(home) as briefing:
        with open_session(profile.central) as session:
            try:
                reply = decode(exchange(session, request), EnrolmentReply)
            except Refused as refused:
                if _retires(refused, home, record_key, pinned):
                    raise Retired(refused.problem, refused.retry_after_s) from refused
                raise
        identity, first = _trusted(reply, pinned)
        if first is not None:
            with acting_as_owner_of(home.agent_db.parent):
                briefing.apply(first, reply.configuration, etag="")
    # A board that somebody named by hand cannot be recognised again.
    own = board if board == boards.board_serial() else ""
    identity = identity._replace(board=own, token_sha256=token_hash(token))
    save_identity(home, identity)
    return identity


@contextmanager
def _briefing(home: Home) -> Iterator[Briefing]:
    """Yield the agent's file, opened and closed as the agent."""
    with acting_as_owner_of(home.agent_db.parent):
        briefing = Briefing(home)
    try:
        yield briefing
    finally:
        with acting_as_owner_of(home.agent_db.parent):
            briefing.close()


def _retires(
    refused: Refused, home: Home, record_key: SigningKey, pinned: tuple[int, bytes] | None
) -> bool:
    """True if ``refused`` carries central's signature that the device of these keys is retired.

    The key it must have signed with is ``pinned``, or the one that this device enrolled with;
    where neither is known, nothing of the kind is believed.
    """
    try:
        known = load_identity(home).central() if pinned is None else verify_key(*pinned)
    except (NotEnrolled, ProtocolError):
        return False
    return retires(refused, device_name(record_key.public.raw), known)


def _trusted(
    reply: EnrolmentReply, pinned: tuple[int, bytes] | None
) -> tuple[Identity, Configuration | None]:
    """Return what central gave, if it fits together. Raises `CentralError`.

    A central that has no configuration for the window yet says nothing in its place.
    """
    identity = Identity(reply.device, reply.central_key, reply.central_algorithm)
    if pinned not in (None, (identity.central_algorithm, identity.central_key)):
        raise NotTrusted("central has another key than the card names", not_yet_valid=False)
    try:
        key = verify_key(identity.central_algorithm, identity.central_key)
        if not reply.configuration:
            return identity, None
        first = configuration.verify(reply.configuration, key)
    except ProtocolError as error:
        raise CentralError(f"central's first configuration cannot be trusted: {error}") from error
    if first.device != identity.device:
        raise CentralError("central's first configuration is for another device")
    return identity, first


def board_serial() -> str:
    """Return the board's serial number, or the machine's id where there is no device tree.

    Raises `CentralError` if there is neither: central could not tell this board from others.
    """
    serial = boards.board_serial()
    if not serial:
        raise CentralError("this board tells no serial number: give one with --board")
    return serial
