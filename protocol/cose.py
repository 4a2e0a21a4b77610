"""COSE_Sign1 (RFC 9052, section 4.2) as this product uses it: one signer, one context.

Kept to the letter of the RFC so that any COSE library can check our records. Two choices
are ours: the protected header holds the algorithm alone, and the *external authenticated
bytes* name what is being signed (a record, a receipt ...), so that a signature given for
one purpose can never pass for another; they are not sent and cost no space.
"""

from io import BytesIO
from typing import Any, Final, NoReturn

import cbor2

from protocol.errors import Malformed, UnknownAlgorithm
from protocol.keys import EDDSA, SigningKey, VerifyKey

RECORD: Final = b"haochaping/record"
RECEIPT: Final = b"haochaping/receipt"
CONFIGURATION: Final = b"haochaping/configuration"
ENROLMENT: Final = b"haochaping/enrolment"
PHONE: Final = b"haochaping/phone"
REMOTE: Final = b"haochaping/remote"
BY_PHONE: Final = b"haochaping/by-phone"
EVIDENCE: Final = b"haochaping/evidence"
RETIREMENT: Final = b"haochaping/retirement"

_SIGN1_TAG = 18
_PROTECTED = cbor2.dumps({1: EDDSA})


def _refuse_tag(_decoder: object, *_rest: object) -> NoReturn:
    raise Malformed("a CBOR tag where none may stand")


# cbor2 decodes some twenty tags by itself (regular expressions, dates, shared references);
# none of them belongs in anything of ours, so hostile input never reaches them.
_BUILT_IN_TAGS = (0, 1, 2, 3, 4, 5, 25, 28, 29, 30, 35, 36, 37, 52, 54, 100, 256, 258)
_NO_TAGS = dict.fromkeys((*_BUILT_IN_TAGS, 260, 261, 1004, 43000, 55799), _refuse_tag)


def decode_cbor(encoded: bytes, *, integer_keys: bool = False) -> Any:
    """Decode one strict CBOR item: no tags, nothing indefinite, doubled or left over.

    ``integer_keys`` lets maps have them, for short items only: a long hostile map could be
    made of colliding ones. Raises `Malformed`.
    """
    stream = BytesIO(encoded)
    try:
        item = cbor2.CBORDecoder(
            stream,
            tag_hook=_refuse_tag,
            max_depth=16,
            allow_indefinite=False,
            allow_duplicate_keys=False,
            strict_hashable_types=not integer_keys,
            semantic_decoders=_NO_TAGS,
        ).decode()
    except Malformed:
        raise
    except (cbor2.CBORError, ValueError, TypeError, RecursionError, MemoryError) as error:
        raise Malformed(f"not CBOR as this protocol uses it: {error}") from error
    if stream.read(1):
        raise Malformed("something follows the CBOR item")
    return item


def sign(payload: bytes, key: SigningKey, context: bytes) -> bytes:
    """Return ``payload`` as a tagged COSE_Sign1 signed by ``key`` for ``context``."""
    signature = key.sign(_to_be_signed(_PROTECTED, payload, context))
    return _sign1(_PROTECTED, payload, signature)


def open_unverified(signed: bytes) -> tuple[bytes, bytes, bytes]:
    """Take a COSE_Sign1 apart: (protected header, payload, signature).

    The signature is *not* checked. Only the shortest encoding is accepted, so that nobody
    without the key can give a signed record a second digest. Raises `Malformed`.
    """
    try:
        item = cbor2.loads(signed, max_depth=6, allow_indefinite=False, semantic_decoders=_NO_TAGS)
    except Malformed:
        raise
    except (cbor2.CBORError, ValueError, TypeError, RecursionError, MemoryError) as error:
        raise Malformed(f"not a COSE_Sign1: {error}") from error
    if not isinstance(item, cbor2.CBORTag) or item.tag != _SIGN1_TAG:
        raise Malformed("not a COSE_Sign1: tag 18 is missing")
    match item.value:
        case [bytes() as protected, {} as unprotected, bytes() as payload, bytes() as signature]:
            if unprotected:
                raise Malformed("a COSE_Sign1 of this protocol has no unprotected header")
            if _sign1(protected, payload, signature) != signed:
                raise Malformed("a COSE_Sign1 in its shortest encoding and nothing else expected")
            return protected, payload, signature
    raise Malformed("not a COSE_Sign1: four parts expected")


def verify(signed: bytes, key: VerifyKey, context: bytes) -> bytes:
    """Return the payload of ``signed`` if ``key`` signed it for ``context``.

    Raises `Malformed`, `UnknownAlgorithm` or `BadSignature`.
    """
    protected, payload, signature = open_unverified(signed)
    header = decode_cbor(protected, integer_keys=True)
    if not isinstance(header, dict) or set(header) != {1}:
        raise Malformed("the protected header must name the algorithm and nothing else")
    if header[1] != key.algorithm:
        raise UnknownAlgorithm(f"signed with algorithm {header[1]}, the key is {key.algorithm}")
    key.verify(signature, _to_be_signed(protected, payload, context))
    return payload


def _sign1(protected: bytes, payload: bytes, signature: bytes) -> bytes:
    return cbor2.dumps(cbor2.CBORTag(_SIGN1_TAG, [protected, {}, payload, signature]))


def _to_be_signed(protected: bytes, payload: bytes, context: bytes) -> bytes:
    """The Sig_structure of RFC 9052, section 4.4."""
    return cbor2.dumps(["Signature1", protected, context, payload])
