"""What a citizen takes away: the receipt code, and the QR token for the phone.

Both come from the visit alone and are made on the device, so they work while it is
offline. Neither holds personal data.
"""

import base64
import hashlib
import unicodedata
from uuid import UUID

import cbor2
import msgspec

from protocol import cose
from protocol.errors import Malformed
from protocol.keys import SigningKey, VerifyKey
from protocol.limits import MAX_INTEGER, MAX_MATTERS
from protocol.questions import Asks

_CROCKFORD = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
_MISREAD = str.maketrans("ILO", "110")
_PARTING = "-_.·\u2010\u2011\u2012\u2013\u2014\u2212"
RECEIPT_CODE_LENGTH = 8
TOKEN_PATH = "/R/"  # noqa: S105 - a path, not a secret


_ASKS, _RECEIPT = -70001, -70002
"""Claim keys of `PhoneToken.asks` and `receipt`; below -65536 is for private use (RFC 8392,
section 9.1)."""
RECEIPT_BYTES = 5
"""Random bytes behind a receipt code."""


class PhoneToken(msgspec.Struct, frozen=True):
    """A CBOR Web Token (RFC 8392): who issued it, until when, for which visit."""

    device: str
    expires_s: int
    """Seconds since 1970; 0 from a device that does not know the date: central reckons then."""
    visit: UUID
    asks: Asks = Asks()
    """How many questions the visit has, so that a phone can be asked them before central
    knows the visit. Neither staff number nor matter: the code may be photographed."""
    receipt: str = ""
    """The visit's receipt code, as its record has it; empty from older devices."""


def drawn_receipt(random: bytes) -> str:
    """Return `RECEIPT_BYTES` random bytes as the eight characters of a receipt code.

    Whoever has the code may see the level, so it must not follow from anything that staff or
    business systems are told, as the visit's id is. Crockford's base32: short enough to read
    out on the phone.
    """
    bits = int.from_bytes(random[:RECEIPT_BYTES])
    return "".join(_CROCKFORD[(bits >> shift) & 31] for shift in range(35, -1, -5))


def receipt_code(visit: UUID) -> str:
    """Return the receipt code of a visit whose record names none: one of versions 1 to 3.

    Forty bits of a hash of the visit's random id.
    """
    return drawn_receipt(hashlib.sha256(b"haochaping/code\0" + visit.bytes).digest())


def _receipt_bytes(code: str) -> bytes:
    bits = 0
    for character in code:
        bits = bits << 5 | _CROCKFORD.index(character)
    return bits.to_bytes(RECEIPT_BYTES)


def read_receipt_code(typed: str) -> str:
    """Return the receipt code that ``typed`` means, as `receipt_code` gives it.

    Crockford's reading: small letters are capitals, I and L are one, O is nought; spaces and
    hyphens part groups; so do their full-width forms on a Chinese keyboard. Raises `Malformed`.
    """
    if len(typed) <= 64:
        folded = unicodedata.normalize("NFKC", typed).upper().translate(_MISREAD)
        code = "".join(one for one in folded if not one.isspace() and one not in _PARTING)
        if len(code) == RECEIPT_CODE_LENGTH and set(code) <= set(_CROCKFORD):
            return code
    raise Malformed("a receipt code is eight digits and letters without I, L, O and U")


def sign_token(token: PhoneToken, key: SigningKey) -> str:
    """Return ``token`` as upper-case base32, the densest text a QR code can hold."""
    claims: dict[int, object] = {1: token.device, 7: token.visit.bytes}
    if token.expires_s:
        claims[4] = token.expires_s
    if any(token.asks):
        claims[_ASKS] = list(token.asks)
    if token.receipt:
        claims[_RECEIPT] = _receipt_bytes(token.receipt)
    signed = cose.sign(cbor2.dumps(claims), key, cose.PHONE)
    return base64.b32encode(signed).decode().rstrip("=")


def token_url(phone_url: str, text: str) -> str:
    """Return what the QR code says, in capitals throughout (QR's alphanumeric mode)."""
    return phone_url.upper() + TOKEN_PATH + text


def read_token(text: str) -> tuple[PhoneToken, bytes]:
    """Return the claims of a token and its signed bytes, *not* yet verified.

    The device named in it tells which key must verify it. Raises `Malformed`.
    """
    if len(text) > 512:
        raise Malformed("a phone token has at most 512 characters")
    try:
        signed = base64.b32decode(text.upper() + "=" * (-len(text) % 8))
    except ValueError as error:
        raise Malformed("a phone token is base32") from error
    _, payload, _ = cose.open_unverified(signed)
    match cose.decode_cbor(payload, integer_keys=True):
        case {1: str() as device, 7: bytes() as visit, **rest} if (
            1 <= len(device) <= 64 and device.isprintable() and len(visit) == 16
        ):
            expires_s, asks = rest.get(4, 0), _asks(rest.get(_ASKS, [0, 0, 0]))
            drawn = rest.get(_RECEIPT, b"")
            if (
                asks is not None
                and isinstance(expires_s, int)
                and 0 <= expires_s <= MAX_INTEGER
                and isinstance(drawn, bytes)
                and len(drawn) in (0, RECEIPT_BYTES)
            ):
                receipt = drawn_receipt(drawn) if drawn else ""
                return PhoneToken(device, expires_s, UUID(bytes=visit), asks, receipt), signed
    raise Malformed("a phone token names a device and a visit")


def _asks(claim: object) -> Asks | None:
    """Return the claim's counts, None if there cannot be such a visit."""
    match claim:
        case [int() as staff, int() as matters, int() as hall] if (
            0 <= staff <= 1 and 0 <= matters <= MAX_MATTERS and 0 <= hall <= 1
        ):
            return Asks(int(staff), int(matters), int(hall))
    return None


def verify_token(signed: bytes, key: VerifyKey) -> None:
    """Return if ``key`` signed the token. Raises `ProtocolError`."""
    cose.verify(signed, key, cose.PHONE)
