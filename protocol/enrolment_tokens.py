"""One-time tokens for new devices: what a technician's tool asks of central and is told."""

from enum import StrEnum
from typing import Annotated, Final

import msgspec
from msgspec import Meta

from protocol.limits import Code

MAX_DAYS: Final = 366
DEFAULT_DAYS: Final = 14
_HOST: Final = r"\A([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?)?\Z"


class TokenState(StrEnum):
    """What has become of a token."""

    UNUSED = "unused"
    SPENT = "spent"
    EXPIRED = "expired"
    UNKNOWN = "unknown"


class TokenWish(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A technician wants to make a card."""

    window: Code
    """Code of the window where the device will stand."""
    days: Annotated[int, Meta(ge=1, le=MAX_DAYS)] = DEFAULT_DAYS
    """Until the token expires."""
    replace: bool = False
    """The device that stands there is to be revoked as the new one enrols."""
    name: Annotated[str, Meta(max_length=63, pattern=_HOST)] = ""
    """Host name of the device to come (RFC 1123, lower case)."""


class CentralKey(msgspec.Struct, frozen=True):
    """The key that the device may expect central to have."""

    algorithm: int
    """Of COSE: -8 is EdDSA."""
    key: bytes


class TokenGiven(msgspec.Struct, frozen=True):
    """The token, the one time it can be seen."""

    token: str
    window: str
    hall: str
    expires_ms: int
    replaces: str | None
    """Name of the device that is revoked when the token is used."""
    central_key: CentralKey
    voided: int = 0
    """Unused tokens given out before for a device of that name there: none is good any more."""


class TokenAsked(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A technician asks what became of a token."""

    token: Code


class TokenStatus(msgspec.Struct, frozen=True):
    """What became of it."""

    state: TokenState
    device: str | None = None
    """Who used it."""
    window: str | None = None
    expires_ms: int | None = None
