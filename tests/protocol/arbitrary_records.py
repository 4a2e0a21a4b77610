"""Arbitrary records and arbitrary rubbish, for the tests of this folder."""

from collections.abc import Callable
from typing import Any
from uuid import UUID

import cbor2
from hypothesis import strategies as st

from protocol.errors import ProtocolError
from protocol.keys import SigningKey
from protocol.levels import Level
from protocol.limits import MAX_INTEGER, MAX_SEALED_BYTES
from protocol.records import (
    AnyRecord,
    Boot,
    ClockQuality,
    Fault,
    InvitedBy,
    Login,
    Logout,
    MatterHandled,
    Outcome,
    Pause,
    Rating,
    VisitClosed,
    VisitOpened,
)
from protocol.sealing import SEALED_BYTES
from protocol.subjects import Channel, Subject

KEY = SigningKey.from_seed(bytes(range(32)))
OTHER_KEY = SigningKey.from_seed(bytes(range(1, 33)))


def text(most: int, least: int = 0) -> st.SearchStrategy[str]:
    """One line of anything a person may write, the rarest Chinese characters included."""
    return st.text(
        st.characters(exclude_categories=("Cs",), exclude_characters="\x7f", min_codepoint=32),
        min_size=least,
        max_size=most,
    )


def naturals(least: int = 0) -> st.SearchStrategy[int]:
    return st.integers(least, MAX_INTEGER)


codes = text(64, least=1)
lines = text(128)
cases = st.lists(text(50, least=1), max_size=4).map(tuple)
matters = st.lists(st.builds(MatterHandled, code=codes, cases=cases), max_size=3).map(tuple)
uuids = st.uuids()

_COMMON: dict[str, st.SearchStrategy[Any]] = {
    "device": codes,
    "seq": naturals(1),
    "prev": st.binary(min_size=32, max_size=32),
    "id": uuids,
    "wall_ms": naturals(),
    "clock": st.sampled_from(ClockQuality),
    "boot_id": uuids,
    "monotonic_ms": naturals(),
}

BY_KIND: dict[str, st.SearchStrategy[Any]] = {
    "boot": st.builds(Boot, **_COMMON, software=lines),
    "login": st.builds(Login, **_COMMON, staff=codes, means=codes),
    "logout": st.builds(Logout, **_COMMON, staff=codes, reason=lines),
    "pause": st.builds(Pause, **_COMMON, staff=codes, paused=st.booleans(), reason=lines),
    "visit_opened": st.builds(
        VisitOpened,
        **_COMMON,
        visit=uuids,
        invited_by=st.sampled_from(InvitedBy),
        window=lines,
        staff=lines,
        matters=matters,
        hall=lines,
        rate_unfinished=st.booleans(),
    ),
    "rating": st.builds(
        Rating,
        **_COMMON,
        visit=uuids,
        subject=st.sampled_from(Subject),
        code=codes,
        cases=cases,
        level=st.sampled_from(Level),
        tags=st.lists(naturals(), max_size=8).map(tuple),
        channel=st.sampled_from(Channel),
        language=codes,
        tapped_ms=naturals(),
        changes=naturals(),
        recovered=st.booleans(),
    ),
    "visit_closed": st.builds(
        VisitClosed,
        **_COMMON,
        visit=uuids,
        outcome=st.sampled_from(Outcome),
        reason=lines,
        asked=naturals(),
        rated=naturals(),
        first_tap_ms=st.none() | naturals(),
        surplus=naturals(),
        recovered=st.booleans(),
        callback=st.binary(max_size=MAX_SEALED_BYTES),
        by_phone=naturals(),
    ),
    "fault": st.builds(
        Fault,
        **_COMMON,
        code=codes,
        detail=st.text(
            st.characters(exclude_categories=("Cs",), exclude_characters="\0"), max_size=200
        ),
    ),
}
records: st.SearchStrategy[AnyRecord] = st.one_of(*BY_KIND.values())

_VISIT = UUID(int=7)
_START = {
    "device": "HP-BH-012",
    "seq": 3,
    "prev": bytes(32),
    "id": UUID(int=1),
    "wall_ms": 1_767_225_600_000,
    "clock": ClockQuality.SYNCED,
    "boot_id": UUID(int=2),
    "monotonic_ms": 61_000,
}
ONE_OF_EACH: dict[str, AnyRecord] = {
    "boot": Boot(**_START, software="0.1.0"),
    "login": Login(**_START, staff="1024", means="pin"),
    "logout": Logout(**_START, staff="1024", reason="下班"),
    "pause": Pause(**_START, staff="1024", paused=True, reason="午休"),
    "visit_opened": VisitOpened(
        **_START,
        visit=_VISIT,
        invited_by=InvitedBy.STAFF,
        window="12",
        staff="1024",
        matters=(MatterHandled("11210000463", ("2026-0001",)),),
    ),
    "rating": Rating(
        **_START,
        visit=_VISIT,
        subject=Subject.STAFF,
        code="1024",
        level=Level.SATISFIED,
        tags=(406, 413),
        tapped_ms=60_000,
    ),
    "visit_closed": VisitClosed(
        **_START,
        visit=_VISIT,
        outcome=Outcome.RATED,
        asked=1,
        rated=1,
        first_tap_ms=2_500,
        callback=bytes(SEALED_BYTES),
    ),
    "fault": Fault(**_START, code="touch-lost", detail="第一行\n第二行"),
}
"""A plausible record of each kind."""

_NAMES = ("v", "kind", "dev", "seq", "prev", "id", "visit", "matters", "cases", "platform_level")
items: st.SearchStrategy[Any] = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**64), 2**64 - 1)
    | st.floats()
    | st.text(max_size=8)
    | st.binary(max_size=40)
    | st.sampled_from([1, "rating", "boot", bytes(32), bytes(16), 2**53, cbor2.undefined])
    | st.integers(32, 255).map(cbor2.CBORSimpleValue),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(st.sampled_from(_NAMES) | st.text(max_size=4), inner, max_size=8)
        | st.dictionaries(st.integers(0, 8), inner, max_size=4)
        | st.builds(cbor2.CBORTag, st.integers(0, 2**32), inner)
    ),
    max_leaves=12,
)
"""Any CBOR item at all, with a liking for what looks like one of ours."""


@st.composite
def damaged(draw: st.DrawFn, whole: bytes) -> bytes:
    """``whole`` after one to three accidents: bits flipped, bytes cut out, put in, doubled."""
    hurt = bytearray(whole)
    for _ in range(draw(st.integers(1, 3))):
        at, until = sorted((draw(st.integers(0, len(hurt))), draw(st.integers(0, len(hurt)))))
        accident = draw(st.sampled_from(["flip", "cut", "insert", "double"]))
        if accident == "flip" and at < len(hurt):
            hurt[at] ^= 1 << draw(st.integers(0, 7))
        elif accident == "cut":
            del hurt[at:until]
        elif accident == "insert":
            hurt[at:at] = draw(st.binary(min_size=1, max_size=4))
        elif accident == "double":
            hurt[at:at] = hurt[at:until][:64]
    return bytes(hurt)


def refusal(attempt: Callable[[], object]) -> ProtocolError | None:
    """Return how ``attempt`` was refused, None if it was not; any other error escapes."""
    try:
        attempt()
    except ProtocolError as error:
        return error
    return None
