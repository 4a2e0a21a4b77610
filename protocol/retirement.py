"""Central's signed word that a device has been retired.

It stands in the refusal of whatever a retired device asks for (`protocol.messages.Problem`). A
device stops asking citizens for nothing less: the refusal itself is not signed, and on the way
anybody could write one. A notice that is played back does no harm, since it names one device,
and the name of a retired device never comes back.
"""

import cbor2
import msgspec

from protocol import cose
from protocol.errors import Malformed
from protocol.keys import SigningKey, VerifyKey
from protocol.limits import Code, Milliseconds


class Retirement(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Central takes nothing of ``device`` any more, and never will again."""

    device: Code
    retired_ms: Milliseconds
    """Milliseconds since 1970 by central's clock."""


def sign(retirement: Retirement, key: SigningKey) -> bytes:
    """Return ``retirement`` as a COSE_Sign1 by central."""
    return cose.sign(cbor2.dumps(msgspec.to_builtins(retirement)), key, cose.RETIREMENT)


def verify(signed: bytes, key: VerifyKey) -> Retirement:
    """Return the retirement in ``signed`` if central's ``key`` signed it.

    Raises `ProtocolError`.
    """
    fields = cose.decode_cbor(cose.verify(signed, key, cose.RETIREMENT))
    try:
        return msgspec.convert(fields, Retirement)
    except msgspec.ValidationError as error:
        raise Malformed(f"retirement: {error}") from error
