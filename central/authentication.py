"""Who is asking: devices by HTTP Message Signatures (RFC 9421), readers by a bearer key.

A device's signature covers method, path and body digest (RFC 9530, over the body as sent).
Its times are *not* held against central's clock: devices have no clock battery and may be
years off. That is safe because every signed call is idempotent or monotone: records and
configurations are numbered, and a heartbeat that is not newer changes nothing.
"""

import hashlib
import hmac
from collections.abc import Iterable, Mapping, Sequence
from datetime import timedelta
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from http_message_signatures import (
    HTTPMessageSignaturesException,
    HTTPMessageVerifier,
    HTTPSignatureKeyResolver,
    algorithms,
)
from litestar import Request
from sqlalchemy import select
from sqlalchemy.exc import SQLAlchemyError

from central import devices, schema
from central.database import Database
from central.devices import Device
from central.errors import Refused
from protocol.messages import (
    SIGNATURE_LABEL,
    SIGNATURE_TAG,
    SIGNED_COMPONENTS,
    SIGNED_COMPONENTS_WITHOUT_BODY,
)

READER, EDITOR, TECHNICIAN = "reader", "editor", "technician"
"""The roles of a key: the first reads ratings and counts, the second edits the roll of a hall,
the third gets enrolment tokens and looks at devices."""


class _Fields:
    """A request's header fields, line by line, as the signature library asks for them."""

    def __init__(self, raw: Iterable[tuple[bytes, bytes]]) -> None:
        self._lines = [(name.decode("latin-1"), value.decode("latin-1")) for name, value in raw]

    def items(self) -> Iterable[tuple[str, str]]:
        return self._lines


class _Message:
    """What the signature library wants to know of a request."""

    def __init__(self, scope: Mapping[str, Any]) -> None:
        raw_path: bytes = scope.get("raw_path") or scope["path"].encode()
        self.method = str(scope["method"])
        self.url = "http://central" + raw_path.decode("latin-1")
        self.headers = _Fields(scope["headers"])


class _Keys(HTTPSignatureKeyResolver):
    """Finds the transport key of the device that a signature names; one per request."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self.asked = False
        self.device: Device | None = None
        self.failure: SQLAlchemyError | None = None
        """Why nobody could be looked up; the library would make a wrong key of it."""

    def resolve_public_key(self, key_id: str) -> Ed25519PublicKey | None:
        self.asked = True
        try:
            with self._database.reading() as connection:
                self.device = devices.find(connection, key_id)
        except SQLAlchemyError as error:
            self.failure = error
            raise
        if self.device is None:
            return None
        return Ed25519PublicKey.from_public_bytes(self.device.transport_key)

    def resolve_private_key(self, key_id: str) -> bytes:
        raise NotImplementedError("central signs no requests")


class _Verifier(HTTPMessageVerifier):
    """Without the library's checks of `created` and `expires`, see the module's docstring."""

    require_created = False

    def validate_created_and_expires(
        self, sig_input: object, max_age: timedelta | None = None
    ) -> None:
        """Accept any time."""


def device_of(request: Request[Any, Any, Any], body: bytes | None, database: Database) -> Device:
    """Return the device that signed ``request``; ``body`` is None for a GET.

    Raises `Refused`: ``bad-signature``, ``device-unknown`` or ``device-revoked``; and what
    the database raised if it could not be asked.
    """
    keys = _Keys(database)
    verifier = _Verifier(signature_algorithm=algorithms.ED25519, key_resolver=keys)
    required = SIGNED_COMPONENTS_WITHOUT_BODY if body is None else SIGNED_COMPONENTS
    try:
        results = verifier.verify(
            _Message(request.scope),
            max_age=None,
            expect_tag=SIGNATURE_TAG,
            expect_label=SIGNATURE_LABEL,
            require_components=required,
            body=body,
        )
    except HTTPMessageSignaturesException as error:
        if keys.failure is not None:
            raise keys.failure from error
        if keys.asked and keys.device is None:
            raise Refused(401, "device-unknown", "Enrol it: haochaping central token") from error
        raise Refused(401, "bad-signature", _reason(error)) from error
    device = keys.device
    if device is None or len(results) != 1:
        raise Refused(401, "bad-signature", "exactly one signature is expected")
    device.refuse_if_retired()
    return device


def check_reader(
    request: Request[Any, Any, Any], database: Database, roles: Sequence[str] = (READER,)
) -> str:
    """Return whose key ``request`` brings (RFC 6750): one of ``roles``, else raise `Refused`."""
    scheme, _, key = request.headers.get("authorization", "").partition(" ")
    digest = hash_reader_key(key.strip())
    table = schema.reader
    with database.reading() as connection:
        row = connection.execute(select(table).where(table.c.hash == digest)).one_or_none()
    held = row.hash if row is not None else bytes(len(digest))
    same = hmac.compare_digest(held, digest)
    if row is None or not same or scheme.lower() != "bearer":
        detail = "Authorization: Bearer <key>; a key is made by haochaping central reader NAME"
        raise Refused(401, "reader-unknown", detail, {"WWW-Authenticate": "Bearer"})
    if row.role not in roles:
        detail = f"this is a key of role {row.role}; needed is {' or '.join(roles)}"
        raise Refused(403, "not-allowed", detail)
    return str(row.name)


def hash_reader_key(key: str) -> bytes:
    """Return what is kept of a reader's key: it has 256 random bits, so a hash is enough."""
    return hashlib.sha256(key.encode("utf-8", "surrogatepass")).digest()


def _reason(error: HTTPMessageSignaturesException) -> str:
    """Say what is wrong with a signature in a few words, never with what was sent."""
    text = str(error)
    return text if text and text.isascii() and len(text) <= 200 else "the signature does not fit"
