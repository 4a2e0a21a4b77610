"""Central's signed word that it holds a device's records up to a number.

Only this moves the device's acknowledged head; no HTTP status ever does, since a captive
portal answers 200 to everything.
"""

import cbor2
import msgspec

from protocol import cose
from protocol.errors import Malformed
from protocol.keys import SigningKey, VerifyKey
from protocol.limits import Code, Count, Milliseconds


class Receipt(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Every record of ``device`` up to ``through`` is durable at central."""

    device: Code
    through: Count
    """Highest sequence number held; 0 if there is none yet."""
    head: bytes
    """SHA-256 of record ``through``; empty for 0."""
    issued_ms: Milliseconds
    """Milliseconds since 1970 by central's clock. The newest receipt rules, even if its
    head is lower: that is how a restored central asks to be refilled."""


def sign(receipt: Receipt, key: SigningKey) -> bytes:
    """Return ``receipt`` as a COSE_Sign1 by central."""
    payload = cbor2.dumps(msgspec.to_builtins(receipt, builtin_types=(bytes,)))
    return cose.sign(payload, key, cose.RECEIPT)


def verify(signed: bytes, key: VerifyKey) -> Receipt:
    """Return the receipt in ``signed`` if central's ``key`` signed it.

    Raises `ProtocolError`.
    """
    fields = cose.decode_cbor(cose.verify(signed, key, cose.RECEIPT))
    try:
        return msgspec.convert(fields, Receipt, builtin_types=(bytes,))
    except msgspec.ValidationError as error:
        raise Malformed(f"receipt: {error}") from error
