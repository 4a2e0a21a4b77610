"""What a technician's tool sends and is told: of tokens, and of nothing else."""

from typing import Annotated

import msgspec
from msgspec import Meta

from central.tokens import MAX_DAYS, State
from protocol.limits import Code

_HOST = r"\A([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?)?\Z"


class TokenWish(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A technician wants to make a card."""

    window: Code
    """Code of the window where the device will stand."""
    days: Annotated[int, Meta(ge=1, le=MAX_DAYS)] = 14
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


class TokenAsked(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A technician asks what became of a token."""

    token: Code


class TokenStatus(msgspec.Struct, frozen=True):
    """What became of it."""

    state: State
    device: str | None
    """Who used it."""
    window: str | None
    expires_ms: int | None
