"""Central's signed word on which subjects of a visit were rated elsewhere than on the screen.

The device ends a visit by it, so it is signed: whoever sits between the two could otherwise
thank a citizen who was never asked. It never says how anything was rated.
"""

from typing import Annotated, Any
from uuid import UUID

import cbor2
import msgspec
from msgspec import Meta

from protocol import cose
from protocol.errors import Malformed
from protocol.keys import SigningKey, VerifyKey
from protocol.limits import Code, Count, Short
from protocol.subjects import Subject

MAX_SUBJECTS = 100
"""The most that are told of one visit; none asks about so many."""
MAX_BYTES = 32 * 1024
"""The longest such word that a device reads."""


class RatedSubject(msgspec.Struct, frozen=True, omit_defaults=True):
    """One subject that has been rated."""

    subject: Subject
    code: Short = ""
    """Empty while central does not know the visit; then ``question`` tells."""
    question: Count | None = None
    """Its place among the visit's questions (`protocol.questions`), from 0."""


class VisitByPhone(msgspec.Struct, frozen=True):
    """All that central knows of one visit of ``device``; it only ever grows."""

    device: Code
    visit: UUID
    subjects: Annotated[tuple[RatedSubject, ...], Meta(max_length=MAX_SUBJECTS)] = ()


def sign(told: VisitByPhone, key: SigningKey) -> bytes:
    """Return ``told`` as a COSE_Sign1 by central."""
    fields: dict[str, Any] = msgspec.to_builtins(told, builtin_types=(bytes, UUID))
    plain = {k: v.bytes if isinstance(v, UUID) else v for k, v in fields.items()}
    return cose.sign(cbor2.dumps(plain), key, cose.BY_PHONE)


def verify(signed: bytes, key: VerifyKey) -> VisitByPhone:
    """Return what is in ``signed`` if central's ``key`` signed it. Raises `ProtocolError`."""
    fields = cose.decode_cbor(cose.verify(signed, key, cose.BY_PHONE))
    try:
        return msgspec.convert(fields, VisitByPhone, builtin_types=(bytes,))
    except msgspec.ValidationError as error:
        raise Malformed(f"rated by phone: {error}") from error
