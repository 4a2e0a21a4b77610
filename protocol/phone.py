"""What a citizen takes away: the receipt code, and the QR token for the phone.

Both come from the visit alone and are made on the device, so they work while it is
offline. Neither holds personal data.
"""

import base64
import hashlib
from uuid import UUID

import cbor2
import msgspec

from protocol import cose
from protocol.errors import Malformed
from protocol.keys import SigningKey, VerifyKey
from protocol.limits import MAX_INTEGER

_CROCKFORD = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
TOKEN_PATH = "/R/"  # noqa: S105 - a path, not a secret


class PhoneToken(msgspec.Struct, frozen=True):
    """A CBOR Web Token (RFC 8392): who issued it, until when, for which visit."""

    device: str
    expires_s: int
    """Seconds since 1970."""
    visit: UUID


def receipt_code(visit: UUID) -> str:
    """Return the eight characters of Crockford's base32 that stand for ``visit``.

    Forty bits of a hash of the visit's random id: short enough to read out on the phone,
    and no use for finding another one.
    """
    bits = int.from_bytes(hashlib.sha256(b"haochaping/code\0" + visit.bytes).digest()[:5])
    return "".join(_CROCKFORD[(bits >> shift) & 31] for shift in range(35, -1, -5))


def sign_token(token: PhoneToken, key: SigningKey) -> str:
    """Return ``token`` as upper-case base32, the densest text a QR code can hold."""
    claims = {1: token.device, 4: token.expires_s, 7: token.visit.bytes}
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
        case {1: str() as device, 4: int() as expires_s, 7: bytes() as visit} if (
            1 <= len(device) <= 64
            and device.isprintable()
            and len(visit) == 16
            and 0 <= expires_s <= MAX_INTEGER
        ):
            return PhoneToken(device, expires_s, UUID(bytes=visit)), signed
    raise Malformed("a phone token names a device, an expiry and a visit")


def verify_token(signed: bytes, key: VerifyKey) -> None:
    """Return if ``key`` signed the token. Raises `ProtocolError`."""
    cose.verify(signed, key, cose.PHONE)
