"""The one document that tells a device where it stands and whom it serves.

Signed by central, with a version that only grows, applied in one transaction or not at
all. The last good one stays. A field that this software does not know is left alone, since
central is upgraded before its devices.
"""

from typing import Annotated

import cbor2
import msgspec
from msgspec import Meta

from protocol import cose
from protocol.errors import Malformed
from protocol.keys import SigningKey, VerifyKey
from protocol.limits import Code, Count, Long, Sequence, Short

Seconds = Annotated[int, Meta(ge=3, le=3600)]
TimeOfDay = Annotated[str, Meta(pattern=r"\A(([01][0-9]|2[0-3]):[0-5][0-9])?\Z")]
"""``HH:MM`` by the hall's clock, or empty."""
Hash = Annotated[str, Meta(pattern=r"\A([0-9a-f]{64})?\Z")]
"""A SHA-256 in hexadecimal digits, or empty."""


class Hall(msgspec.Struct, frozen=True):
    """A government service hall."""

    code: Code
    name: Short


class Window(msgspec.Struct, frozen=True):
    """The window a device stands at."""

    code: Code
    number: Code
    """What the sign above it says, e.g. ``12``."""
    assigned_staff: Short = ""
    """Staff number of the one who always serves here; empty where staff log in."""
    matters: Annotated[tuple[Code, ...], Meta(max_length=200)] = ()
    """Codes of the matters handled here most, in the order staff are shown them."""


class StaffMember(msgspec.Struct, frozen=True):
    """Someone who may serve at this hall's windows."""

    number: Code
    name: Short
    post: Short
    department: Short
    pin_verifier: Short = ""
    """argon2id in its encoded form; empty if this person cannot log in with a PIN."""
    badge: Hash = ""
    """`protocol.credentials.card_hash` of what a reader types for this person's badge."""
    card: Hash = ""
    """The same of the QR card that central made for this person."""
    photo: Hash = ""
    """SHA-256 of the photo that citizens see; the device fetches it by this name."""


class Matter(msgspec.Struct, frozen=True):
    """A matter that can be handled at this hall."""

    code: Code
    """31 or 33 characters (docs/codes.md, "Provincial upload")."""
    name: Short
    initials: Short = ""
    """First letters of the name's pinyin, lower case: what staff search by."""


class Hours(msgspec.Struct, frozen=True):
    """When the hall is open, every day alike; empty where that is not said."""

    opens: TimeOfDay = ""
    closes: TimeOfDay = ""
    """Whoever is still logged in then is logged out."""


class BusinessSystem(msgspec.Struct, frozen=True):
    """A program of the hall that may invite citizens at its windows."""

    name: Code
    key_hash: Hash
    """SHA-256 of the key it shows; the key itself is nowhere."""
    origins: Annotated[tuple[Short, ...], Meta(max_length=20)] = ()
    """Web origins whose pages may call, as ``https://host``."""
    callbacks: Annotated[tuple[Short, ...], Meta(max_length=20)] = ()
    """What the address of a call-back must begin with; none: no call-backs."""


Texts = dict[str, dict[str, Long]]
"""Language, key of the text, the hall's own wording."""

OWN_TEXTS = frozenset({"greet", "greet.short", "elsewhere", "oos.sub", "oos.how", "thx.sub"})
"""Texts that a hall may word itself. Questions and levels are the nation's, not the hall's."""


class Rules(msgspec.Struct, frozen=True):
    """What a rule pack decides for the device; times in seconds. Defaults: Liaoning."""

    pack: Code = "liaoning"
    rating_seconds: Seconds = 60
    reasons_seconds: Seconds = 40
    callback_seconds: Seconds = 90
    thanks_seconds: Seconds = 15
    login_seconds: Seconds = 45
    menu_seconds: Seconds = 120
    login_tries: Annotated[int, Meta(ge=1, le=20)] = 5
    """Wrong PINs, one after the other, before the first lock-out."""
    login_locks: Annotated[tuple[Seconds, ...], Meta(min_length=1, max_length=10)] = (
        60,
        300,
        900,
        3600,
    )
    """How long each further lock-out lasts; the last one again and again."""
    rate_unfinished: bool = False
    """Matters are rated at every visit, not only when they are finished."""
    followup_days: Count = 30
    switched_off_tags: tuple[Count, ...] = ()


class Configuration(msgspec.Struct, frozen=True):
    """Everything a device needs from central to serve citizens, offline too."""

    device: Code
    version: Sequence
    """Grows by at least one with every change; a lower one is refused."""
    hall: Hall
    window: Window
    staff: tuple[StaffMember, ...]
    matters: tuple[Matter, ...]
    notices: tuple[Long, ...] = ()
    rules: Rules = Rules()
    phone_url: Short = ""
    """Where a phone opens a QR token: an ``https://host`` without a path."""
    sealing_key: bytes = b""
    """Central's X25519 key for telephone numbers (`protocol.sealing`). Where it is empty no
    call-back is offered, at any level alike."""
    hours: Hours = Hours()
    systems: tuple[BusinessSystem, ...] = ()
    texts: Texts = msgspec.field(default_factory=dict)
    """The hall's own wording of some of `OWN_TEXTS`."""

    def __post_init__(self) -> None:
        """Refuse half a key: every number sealed for it would be lost."""
        if len(self.sealing_key) not in (0, 32):
            raise ValueError("sealing_key: 32 bytes or none expected")


def sign(configuration: Configuration, key: SigningKey) -> bytes:
    """Return ``configuration`` as a COSE_Sign1 by central."""
    payload = cbor2.dumps(msgspec.to_builtins(configuration, builtin_types=(bytes,)))
    return cose.sign(payload, key, cose.CONFIGURATION)


def verify(signed: bytes, key: VerifyKey) -> Configuration:
    """Return the configuration in ``signed`` if central's ``key`` signed it.

    Raises `ProtocolError`.
    """
    fields = cose.decode_cbor(cose.verify(signed, key, cose.CONFIGURATION))
    try:
        return msgspec.convert(fields, Configuration, builtin_types=(bytes,))
    except msgspec.ValidationError as error:
        raise Malformed(f"configuration: {error}") from error
