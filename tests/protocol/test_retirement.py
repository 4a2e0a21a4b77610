"""Central's signed word that a device has been retired, and a refusal that carries it."""

from typing import Any

import cbor2
import msgspec
import pytest
from arbitrary_records import KEY, OTHER_KEY, codes, naturals
from hypothesis import given
from hypothesis import strategies as st

from protocol import cose, receipts, retirement
from protocol.errors import BadSignature, Malformed
from protocol.messages import Problem
from protocol.receipts import Receipt
from protocol.retirement import Retirement

RETIREMENT = Retirement("hcp-0123456789abcdef", 1_767_225_600_000)


@given(st.builds(Retirement, device=codes, retired_ms=naturals()))
def test_a_notice_comes_back_as_central_gave_it(given_out: Retirement) -> None:
    assert retirement.verify(retirement.sign(given_out, KEY), KEY.public) == given_out


def test_a_notice_by_anyone_else_is_worth_nothing() -> None:
    with pytest.raises(BadSignature):
        retirement.verify(retirement.sign(RETIREMENT, OTHER_KEY), KEY.public)


def test_nothing_else_that_central_has_signed_is_a_notice() -> None:
    receipt = receipts.sign(Receipt(RETIREMENT.device, 0, b"", 1), KEY)
    with pytest.raises(BadSignature):
        retirement.verify(receipt, KEY.public)
    with pytest.raises(BadSignature):
        receipts.verify(retirement.sign(RETIREMENT, KEY), KEY.public)


@pytest.mark.parametrize("said", [b"", b"retired", b"\xd2\x84"])
def test_what_is_no_notice_at_all_is_malformed(said: bytes) -> None:
    with pytest.raises(Malformed):
        retirement.verify(said, KEY.public)


@pytest.mark.parametrize(
    "change", [{"device": ""}, {"device": None}, {"retired_ms": -1}, {"more": 1}], ids=str
)
def test_a_notice_out_of_bounds_is_refused_however_well_signed(change: dict[str, Any]) -> None:
    fields: dict[str, Any] = msgspec.to_builtins(RETIREMENT)
    signed = cose.sign(cbor2.dumps(fields | change), KEY, cose.RETIREMENT)
    with pytest.raises(Malformed, match="retirement"):
        retirement.verify(signed, KEY.public)


def test_a_refusal_without_a_notice_is_as_it_always_was() -> None:
    plain = Problem("No", 403, "not-allowed")
    assert msgspec.json.encode(plain) == b'{"title":"No","status":403,"code":"not-allowed"}'
    carrying = Problem("No", 403, "device-revoked", notice=retirement.sign(RETIREMENT, KEY))
    assert msgspec.json.decode(msgspec.json.encode(carrying), type=Problem) == carrying
