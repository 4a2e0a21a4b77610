"""Everything that can go wrong at central, under one root.

`Refused` is the other side's fault and is answered with a problem document; the rest are
ours or the operator's and end a command with a sentence that says what to do.
"""

from collections.abc import Mapping, Sequence

from protocol.messages import DEVICE_REVOKED, Problem
from protocol.retirement import Retirement


class CentralError(Exception):
    """Something at central cannot go on."""


class Mistakes(CentralError, ValueError):
    """A file says what cannot be; every mistake in it is listed."""

    def __init__(self, mistakes: Sequence[str]) -> None:
        super().__init__("\n".join(mistakes))
        self.mistakes = tuple(mistakes)


class SchemaMismatch(CentralError, RuntimeError):
    """The database is not of the form that this software works with."""


class NotInitialised(CentralError, FileNotFoundError):
    """There is no central in the given data directory yet."""


class KeyMissing(CentralError, FileNotFoundError):
    """Devices trust a signing key that is not where it was."""


class Unknown(CentralError, LookupError):
    """The window, device or reader named in a command does not exist."""


_TITLES = {
    "malformed": "The request cannot be read",
    "invalid": "A parameter is not as expected",
    "too-large": "The request is too large",
    "too-slow": "The request's body stopped coming in",
    "cut-off": "The request ended before its body did",
    "unsupported-type": "This content type or encoding is not taken here",
    "foreign-page": "Another site's page has sent this",
    "not-found": "There is nothing at this address",
    "method-not-allowed": "This address does not take this method",
    "bad-signature": "The request's signature is missing, incomplete or wrong",
    "device-unknown": "No device of this name is enrolled here",
    DEVICE_REVOKED: "This device has been retired",
    "wrong-device": "The batch is another device's",
    "token-unknown": "This enrolment token was never given out here",
    "token-expired": "This enrolment token has expired",
    "token-spent": "This enrolment token belongs to another device",
    "key-known": "One of the keys belongs to another device",
    "wrong-board": "These keys were made on another board",
    "unknown-window": "There is no such window",
    "window-taken": "A device stands at this window",
    "release-unknown": "There is no such release",
    "release-missing": "The release's file is not where it should be",
    "bad-range": "The release is not as long as that",
    "bad-proof": "The request is not signed by the keys it brings",
    "reader-unknown": "No key that central knows came with this",
    "not-allowed": "This key may not do that",
    "exists": "There is one already",
    "changed": "It has been changed since it was read",
    "unconditional": "A change must say which state it changes",
    "in-use": "Something else needs it",
    "channel-unknown": "A channel's key is needed here",
    "visit-unknown": "This visit is not known here",
    "receipt-unknown": "There is no such receipt code",
    "receipt-shared": "More than one visit has this receipt code",
    "not-asked": "The visit does not ask this",
    "already-rated": "This has been rated already",
    "not-rated": "There is no first rating that could be followed up",
    "too-late": "The time for this rating has passed",
    "no-callbacks": "Numbers for a call-back cannot be taken",
    "too-many": "There were too many tries in this hour",
    "busy": "Central has too much to do at the moment",
    "internal": "Central made a mistake",
}


class ListedProblem(Problem, frozen=True, omit_defaults=True):
    """A refusal that lists every mistake, as `Mistakes` does."""

    mistakes: tuple[str, ...] = ()


class Refused(CentralError):
    """A request is answered with a problem document (RFC 9457) and has changed nothing."""

    def __init__(
        self,
        status: int,
        code: str,
        detail: str = "",
        headers: Mapping[str, str] | None = None,
        mistakes: Sequence[str] = (),
    ) -> None:
        super().__init__(f"{code}: {detail}")
        title = _TITLES.get(code, "The request was refused")
        self.problem = ListedProblem(title, status, code, detail, mistakes=tuple(mistakes))
        self.headers = dict(headers or {})


class Retired(Refused):
    """Refused for good: who asks is a device that central takes nothing of any more.

    The answer carries central's signature on that (`central.problems`): for a word that anybody
    on the way could have written no device stops asking citizens.
    """

    def __init__(self, device: str, retired_ms: int, advice: str = "") -> None:
        super().__init__(403, DEVICE_REVOKED, f"{device} was retired{advice}")
        self.retirement = Retirement(device, retired_ms)
