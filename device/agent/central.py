"""Calls to central: every request signed (RFC 9421), every answer checked before use.

Nothing here trusts a status code alone. A captive portal answers 200 with a page of its
own; such an answer is `CentralUnreachable`, like none at all.
"""

import email.utils
import gzip
import hashlib
import ssl
import time
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, NamedTuple, TypeVar
from uuid import UUID

import msgspec
import requests
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from http_message_signatures import (
    HTTPMessageSigner,
    HTTPSignatureKeyResolver,
    algorithms,
)

from device.core.errors import CentralError, CentralUnreachable
from device.store.identity import Identity
from device.store.profile import Central as Settings
from protocol import by_phone, configuration, receipts, retirement
from protocol.by_phone import VisitByPhone
from protocol.configuration import Configuration
from protocol.errors import ProtocolError
from protocol.keys import SigningKey, VerifyKey
from protocol.messages import (
    BATCH_TYPE,
    DEVICE_REVOKED,
    MAX_PHOTO_BYTES,
    PROBLEM_TYPE,
    SIGNATURE_LABEL,
    SIGNATURE_TAG,
    SIGNED_COMPONENTS_WITHOUT_BODY,
    Batch,
    BatchReply,
    Heartbeat,
    HeartbeatReply,
    PhoneWait,
    Problem,
    encode_batch,
)
from protocol.receipts import Receipt

TIMEOUT_S = (5.0, 30.0)
"""To connect, and between two bytes of the answer."""
MAX_ANSWER_BYTES = 16 * 1024 * 1024
"""A configuration with 10,000 staff is about 2 MB; anything beyond this is not ours."""


_NOT_YET_VALID = 9
"""X509_V_ERR_CERT_NOT_YET_VALID (x509_vfy.h)."""
_HAS_EXPIRED = 10
"""X509_V_ERR_CERT_HAS_EXPIRED."""

T = TypeVar("T")


class Refused(CentralError):
    """Central refused, in its own words (RFC 9457)."""

    def __init__(self, problem: Problem, retry_after_s: float | None) -> None:
        super().__init__(f"{problem.status} {problem.code}: {problem.detail or problem.title}")
        self.problem = problem
        self.retry_after_s = retry_after_s


class Retired(Refused):
    """Central takes nothing of this device any more, and has signed that."""


class WrongAnswer(CentralUnreachable):
    """Something answered that is not central: a portal, a proxy, a page."""

    def __init__(self, message: str, status: int = 0) -> None:
        super().__init__(message)
        self.status = status
        """Of the answer, where that is all that can be said of it; else 0."""


class NotTrusted(CentralUnreachable):
    """Whoever answered could not prove to be central (TLS)."""

    def __init__(self, message: str, not_yet_valid: bool) -> None:
        super().__init__(message)
        self.not_yet_valid = not_yet_valid
        """A certificate lies in the future: the device's clock is behind, in all likelihood."""


class Answer(NamedTuple):
    """What came back over HTTP, read to its end."""

    status: int
    headers: Mapping[str, str]
    content: bytes


class Sent(NamedTuple):
    """Central's checked answer to a batch."""

    reply: BatchReply
    receipt: Receipt
    signed_receipt: bytes


class _OneKey(HTTPSignatureKeyResolver):
    def __init__(self, key: SigningKey) -> None:
        self._key = key

    def resolve_private_key(self, key_id: str) -> Ed25519PrivateKey:
        return self._key.private

    def resolve_public_key(self, key_id: str) -> Any:
        raise LookupError(key_id)


class CentralService:
    """Central as one device sees it. Methods raise `CentralUnreachable` or `Refused`."""

    def __init__(self, settings: Settings, identity: Identity, transport_key: SigningKey) -> None:
        self._settings = settings
        self._identity = identity
        self._central_key = identity.central()
        self._signer = HTTPMessageSigner(
            signature_algorithm=algorithms.ED25519, key_resolver=_OneKey(transport_key)
        )
        self._session = open_session(settings)

    def close(self) -> None:
        """Drop the connections that are not in use."""
        self._session.close()

    def send(self, batch: Batch) -> Sent:
        """Send records; returns central's verdicts and its verified receipt."""
        answer = self._call(
            "POST",
            "/v1/records",
            gzip.compress(encode_batch(batch), compresslevel=6, mtime=0),
            {"Content-Type": BATCH_TYPE, "Content-Encoding": "gzip"},
        )
        reply = decode(answer, BatchReply)
        return Sent(reply, self._receipt(reply.receipt), reply.receipt)

    def beat(self, heartbeat: Heartbeat) -> tuple[HeartbeatReply, Receipt]:
        """Tell central how the device is; returns its answer and the verified receipt in it."""
        body = msgspec.json.encode(heartbeat)
        answer = self._call("POST", "/v1/heartbeats", body, {"Content-Type": "application/json"})
        reply = decode(answer, HeartbeatReply)
        return reply, self._receipt(reply.receipt)

    def configuration(self, etag: str) -> tuple[Configuration, bytes, str] | None:
        """Fetch the configuration unless ``etag`` is still current (None).

        Returns the verified document, its signed bytes and its ETag.
        """
        headers = {"If-None-Match": etag} if etag else {}
        answer = self._call("GET", "/v1/configuration", None, headers)
        if answer.status == requests.codes.not_modified:
            return None
        try:
            document = configuration.verify(answer.content, self._central_key)
        except ProtocolError as error:
            raise WrongAnswer(f"the configuration is not central's: {error}") from error
        if document.device != self._identity.device:
            raise WrongAnswer(f"a configuration for {document.device}, not for this device")
        return document, answer.content, answer.headers.get("ETag", "")

    def photo(self, digest: str) -> bytes:
        """Fetch the photo with this SHA-256 (hexadecimal digits), checked against it."""
        answer = self._call("GET", f"/v1/photos/{digest}", None, {}, MAX_PHOTO_BYTES)
        if hashlib.sha256(answer.content).hexdigest() != digest:
            raise WrongAnswer(f"photo {digest[:12]} is not what its name says")
        return answer.content

    def release_piece(self, name: str, first: int, last: int, size: int) -> bytes:
        """Fetch bytes ``first`` to ``last`` of a release file of ``size`` bytes.

        What they are worth is checked when all are there (`device.agent.release_fetch`).
        """
        wanted = last - first + 1
        headers = {"Range": f"bytes={first}-{last}", "Accept-Encoding": "identity"}
        answer = self._call("GET", f"/v1/releases/{name}", None, headers, wanted)
        told = answer.headers.get("Content-Range", "")
        part = answer.status == requests.codes.partial_content
        whole = answer.status == requests.codes.ok and wanted == size
        if (part and told != f"bytes {first}-{last}/{size}") or not (part or whole):
            raise WrongAnswer(f"another part of release {name} than was asked for")
        if len(answer.content) != wanted:
            raise WrongAnswer(f"release {name}: the answer is cut off")
        return answer.content

    def by_phone(self, visit: UUID, seen: int, wait_s: int) -> VisitByPhone:
        """Ask what of ``visit`` was rated by phone; central may think about it for ``wait_s``.

        It answers sooner if that is more than ``seen`` subjects.
        """
        body = msgspec.json.encode(PhoneWait(visit, seen, wait_s))
        headers = {"Content-Type": "application/json"}
        answer = self._call("POST", "/v1/visits/phone", body, headers, by_phone.MAX_BYTES)
        try:
            told = by_phone.verify(answer.content, self._central_key)
        except ProtocolError as error:
            raise WrongAnswer(f"word of a phone's rating is not central's: {error}") from error
        if (told.device, told.visit) != (self._identity.device, visit):
            raise WrongAnswer("word of a rating in another visit than was asked about")
        return told

    def _receipt(self, signed: bytes) -> Receipt:
        try:
            receipt = receipts.verify(signed, self._central_key)
        except ProtocolError as error:
            raise WrongAnswer(f"the receipt is not central's: {error}") from error
        if receipt.device != self._identity.device:
            raise WrongAnswer(f"a receipt for {receipt.device}, not for this device")
        return receipt

    def _call(
        self,
        method: str,
        path: str,
        body: bytes | None,
        headers: dict[str, str],
        max_bytes: int = MAX_ANSWER_BYTES,
    ) -> Answer:
        request = prepare(method, self._settings.url + path, body, headers)
        self._signer.sign(
            request,
            key_id=self._identity.device,
            label=SIGNATURE_LABEL,
            tag=SIGNATURE_TAG,
            covered_component_ids=SIGNED_COMPONENTS_WITHOUT_BODY,
            body=body,
        )
        try:
            return exchange(self._session, request, max_bytes)
        except Refused as refused:
            if retires(refused, self._identity.device, self._central_key):
                raise Retired(refused.problem, refused.retry_after_s) from refused
            raise


def retires(refused: Refused, device: str, central: VerifyKey) -> bool:
    """True if ``refused`` carries the word of ``central``, signed, that ``device`` is retired.

    A refusal itself is signed by nobody: over http, or behind a proxy that opens TLS, anybody on
    the way can write one. So without a notice that is genuine and names this device it is one
    like any other. A notice from another day may be played back: what it says is still true,
    since the name of a retired device never comes back.
    """
    if refused.problem.code != DEVICE_REVOKED:
        return False
    try:
        return retirement.verify(refused.problem.notice, central).device == device
    except ProtocolError:
        return False


def open_session(settings: Settings) -> requests.Session:
    """Return a session that obeys the profile alone: no proxy variables, no .netrc."""
    session = requests.Session()
    session.trust_env = False
    if settings.proxy:
        session.proxies = {"http": settings.proxy, "https": settings.proxy}
    if settings.ca_file:
        session.verify = settings.ca_file
    return session


def prepare(
    method: str, url: str, body: bytes | None, headers: dict[str, str]
) -> requests.PreparedRequest:
    """Return a request that can be signed and sent.

    Raises `CentralUnreachable` if no request can be made of ``url``.
    """
    try:
        return requests.Request(method, url, data=body, headers=headers).prepare()
    except (requests.RequestException, ValueError) as error:
        raise CentralUnreachable(f"no request can be sent to {url}: {error}") from error


def exchange(
    session: requests.Session,
    request: requests.PreparedRequest,
    max_bytes: int = MAX_ANSWER_BYTES,
) -> Answer:
    """Send ``request`` and return an answer of at most ``max_bytes`` that may be central's.

    Raises `Refused` with central's problem document, or `CentralUnreachable`.
    """
    try:
        with session.send(
            request,
            timeout=TIMEOUT_S,
            allow_redirects=False,
            stream=True,
            proxies=dict(session.proxies),
            verify=session.verify,
        ) as response:
            content = bytearray()
            for piece in response.iter_content(65536):
                content += piece
                if len(content) > max_bytes:
                    raise WrongAnswer("an answer longer than any of central's")
            answer = Answer(response.status_code, response.headers, bytes(content))
    except CentralError:
        raise
    except requests.exceptions.SSLError as error:
        raise _not_trusted(error) from error
    except (requests.RequestException, OSError, ValueError) as error:
        raise CentralUnreachable(f"central does not answer: {_cause_of(error)}") from error
    if answer.status < 300 or answer.status == requests.codes.not_modified:
        return answer
    raise _refusal(answer)


def decode(answer: Answer, kind: type[T]) -> T:
    """Return the JSON body of ``answer`` as ``kind``. Raises `WrongAnswer`."""
    try:
        return msgspec.json.decode(answer.content, type=kind)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        raise WrongAnswer(f"status {answer.status} with something else than JSON") from error


def _refusal(answer: Answer) -> CentralError:
    if answer.headers.get("Content-Type", "").split(";")[0] != PROBLEM_TYPE:
        return WrongAnswer(
            f"status {answer.status} from something that is not central", answer.status
        )
    problem = decode(answer, Problem)
    return Refused(problem, retry_after_s(answer.headers.get("Retry-After")))


def retry_after_s(header: str | None) -> float | None:
    """Return the seconds a ``Retry-After`` asks for (RFC 9110, section 10.2.3).

    None if it says nothing that can be understood.
    """
    if header is None:
        return None
    if header.isascii() and header.strip().isdigit():
        return float(header.strip())
    try:
        when = email.utils.parsedate_to_datetime(header)
        return max(0.0, when.timestamp() - time.time())
    except (ValueError, OverflowError, OSError, TypeError, IndexError):
        return None


def _not_trusted(error: BaseException) -> NotTrusted:
    """Return what a failed TLS handshake means, in words for whoever reads them over the phone."""
    found = _refused_certificate(error)
    if found is None:
        return NotTrusted(f"no TLS with whoever answers ({_cause_of(error)})", not_yet_valid=False)
    said = f"the certificate is not accepted: {found.verify_message.rstrip('.')}"
    if found.verify_code in (_NOT_YET_VALID, _HAS_EXPIRED):
        said += f"; this device's clock says {datetime.now(UTC):%Y-%m-%d}"
    return NotTrusted(said, found.verify_code == _NOT_YET_VALID)


def _refused_certificate(error: BaseException) -> ssl.SSLCertVerificationError | None:
    """Return what OpenSSL said of a certificate, from among the causes of ``error``."""
    seen: list[BaseException] = []
    waiting: list[object] = [error]
    while waiting:
        one = waiting.pop()
        if not isinstance(one, BaseException) or any(one is other for other in seen):
            continue
        if isinstance(one, ssl.SSLCertVerificationError):
            return one
        seen.append(one)
        # urllib3 hands causes on in its arguments and in ``reason``.
        waiting += [*one.args, getattr(one, "reason", None), one.__cause__, one.__context__]
    return None


def _cause_of(error: BaseException) -> str:
    """Return the first cause that the system gave, in its own words; else the error's."""
    match error:
        # Their own words name an object by its place in memory: another one at each try.
        case requests.exceptions.ConnectTimeout():
            return f"no connection within {TIMEOUT_S[0]:.0f} seconds"
        case requests.exceptions.ReadTimeout():
            return f"silent for {TIMEOUT_S[1]:.0f} seconds"
    seen: BaseException | None = error
    while seen is not None:
        if isinstance(seen, OSError) and seen.strerror:
            return seen.strerror
        seen = seen.__cause__ or seen.__context__
    return f"{type(error).__name__}: {error}"
