"""Central's two signed words to a device: what it holds, and where the device stands."""

from typing import Any

import cbor2
import msgspec
import pytest
from arbitrary_records import KEY, OTHER_KEY, codes, lines, naturals, text
from hypothesis import given, settings
from hypothesis import strategies as st

from protocol import configuration, cose, messages, receipts
from protocol.configuration import (
    Configuration,
    Hall,
    Matter,
    Rules,
    StaffMember,
    Window,
)
from protocol.errors import BadSignature, Malformed
from protocol.limits import MAX_INTEGER
from protocol.receipts import Receipt

arbitrary_receipts = st.builds(
    Receipt,
    device=codes,
    through=naturals(),
    head=st.just(b"") | st.binary(min_size=32, max_size=32),
    issued_ms=naturals(),
)
seconds = st.integers(3, 3600)
arbitrary_configurations = st.builds(
    Configuration,
    device=codes,
    version=naturals(1),
    hall=st.builds(Hall, code=codes, name=lines),
    window=st.builds(Window, code=codes, number=codes, assigned_staff=lines),
    staff=st.lists(
        st.builds(
            StaffMember, number=codes, name=lines, post=lines, department=lines, pin_verifier=lines
        ),
        max_size=3,
    ).map(tuple),
    matters=st.lists(st.builds(Matter, code=codes, name=lines), max_size=3).map(tuple),
    notices=st.lists(text(200), max_size=2).map(tuple),
    rules=st.builds(
        Rules,
        pack=codes,
        rating_seconds=seconds,
        reasons_seconds=seconds,
        callback_seconds=seconds,
        thanks_seconds=seconds,
        followup_days=naturals(),
        switched_off_tags=st.lists(naturals(), max_size=5).map(tuple),
    ),
    phone_url=lines,
    sealing_key=st.just(b"") | st.binary(min_size=32, max_size=32),
)
RECEIPT = Receipt("HP-BH-012", 5, bytes(32), 1_767_225_600_000)
CONFIGURATION = Configuration(
    device="HP-BH-012",
    version=1,
    hall=Hall("211200-BH", "滨海市政务服务中心"),
    window=Window("W12", "12"),
    staff=(StaffMember("1024", "王芳", "窗口受理员", "市场监督管理局"),),
    matters=(Matter("11210000463", "食品经营许可"),),
)


def signed(fields: dict[str, Any], context: bytes) -> bytes:
    return cose.sign(cbor2.dumps(fields), KEY, context)


# --- receipts ------------------------------------------------------------------------


@given(arbitrary_receipts)
def test_a_receipt_comes_back_as_central_gave_it(receipt: Receipt) -> None:
    assert receipts.verify(receipts.sign(receipt, KEY), KEY.public) == receipt


def test_a_receipt_by_anyone_else_is_worth_nothing() -> None:
    with pytest.raises(BadSignature):
        receipts.verify(receipts.sign(RECEIPT, OTHER_KEY), KEY.public)


@pytest.mark.parametrize(
    "answer", [b"", b"OK", b"<html><body>login</body></html>", b'{"through": 500}']
)
def test_a_captive_portals_answer_is_no_receipt(answer: bytes) -> None:
    with pytest.raises(Malformed):
        receipts.verify(answer, KEY.public)


@pytest.mark.parametrize(
    "change",
    [
        {"through": -1},
        {"through": MAX_INTEGER + 1},
        {"through": None},
        {"device": ""},
        {"device": "a\0b"},
        {"head": "text"},
        {"issued_ms": -1},
        {"issued_ms": 1.5},
        {"more": 1},
    ],
    ids=str,
)
def test_a_receipt_out_of_bounds_is_refused_however_well_signed(change: dict[str, Any]) -> None:
    fields = msgspec.to_builtins(RECEIPT, builtin_types=(bytes,))
    assert receipts.verify(signed(fields, cose.RECEIPT), KEY.public) == RECEIPT
    with pytest.raises(Malformed, match="receipt"):
        receipts.verify(signed(fields | change, cose.RECEIPT), KEY.public)


def test_a_configuration_is_no_receipt_and_a_receipt_no_configuration() -> None:
    with pytest.raises(BadSignature):
        receipts.verify(configuration.sign(CONFIGURATION, KEY), KEY.public)
    with pytest.raises(BadSignature):
        configuration.verify(receipts.sign(RECEIPT, KEY), KEY.public)


# --- configuration -------------------------------------------------------------------


@settings(max_examples=60)
@given(arbitrary_configurations)
def test_a_configuration_comes_back_as_central_gave_it(document: Configuration) -> None:
    assert configuration.verify(configuration.sign(document, KEY), KEY.public) == document


def test_a_configuration_by_anyone_else_is_refused() -> None:
    with pytest.raises(BadSignature):
        configuration.verify(configuration.sign(CONFIGURATION, OTHER_KEY), KEY.public)


def test_the_default_rules_are_liaonings() -> None:
    rules = CONFIGURATION.rules
    assert (rules.pack, rules.followup_days, rules.switched_off_tags) == ("liaoning", 30, ())


@pytest.mark.parametrize(
    "change",
    [
        {"version": 0},
        {"version": MAX_INTEGER + 1},
        {"window": {"code": "W12"}},
        {"staff": [{"number": "", "name": "x", "post": "x", "department": "x"}]},
        {"staff": [{"number": "1\n2", "name": "x", "post": "x", "department": "x"}]},
        {"matters": {"code": "name"}},
        {"notices": ["x" * 1001]},
        {"notices": ["a\0b"]},
        {"rules": {"rating_seconds": 2}},
        {"rules": {"thanks_seconds": 3601}},
        {"rules": {"callback_seconds": 2}},
        {"sealing_key": bytes(31)},
        {"sealing_key": "text"},
    ],
    ids=str,
)
def test_a_configuration_out_of_bounds_is_refused_whole(change: dict[str, Any]) -> None:
    fields = msgspec.to_builtins(CONFIGURATION, builtin_types=(bytes,))
    assert configuration.verify(signed(fields, cose.CONFIGURATION), KEY.public) == CONFIGURATION
    with pytest.raises(Malformed, match="configuration"):
        configuration.verify(signed(fields | change, cose.CONFIGURATION), KEY.public)


@pytest.mark.parametrize(
    "news",
    [
        {"window": {"code": "W12", "number": "12", "colour": "red"}},
        {"rules": {"own_tags": [999]}},
        {"more": 1},
    ],
    ids=str,
)
def test_what_a_newer_central_adds_is_left_alone(news: dict[str, Any]) -> None:
    fields = msgspec.to_builtins(CONFIGURATION, builtin_types=(bytes,))
    newer = signed(fields | news, cose.CONFIGURATION)
    assert configuration.verify(newer, KEY.public) == CONFIGURATION


# --- batches -------------------------------------------------------------------------


@given(
    st.builds(
        messages.Batch,
        device=codes,
        first=naturals(1),
        records=st.lists(st.binary(max_size=40), min_size=1, max_size=5).map(tuple),
        gap_before=st.booleans(),
    )
)
def test_a_batch_comes_back_as_it_was_sent(batch: messages.Batch) -> None:
    assert messages.decode_batch(messages.encode_batch(batch)) == batch


@pytest.mark.parametrize("count", [0, messages.MAX_BATCH_RECORDS + 1])
def test_an_empty_or_overlong_batch_is_refused(count: int) -> None:
    batch = messages.Batch("HP-BH-012", 1, (b"x",) * count)
    with pytest.raises(Malformed, match="1 to 500"):
        messages.decode_batch(messages.encode_batch(batch))


def test_the_longest_batch_is_taken() -> None:
    batch = messages.Batch("HP-BH-012", 1, (b"x",) * messages.MAX_BATCH_RECORDS)
    assert messages.decode_batch(messages.encode_batch(batch)) == batch


@pytest.mark.parametrize(
    "change", [{"first": 0}, {"records": ["text"]}, {"device": "a\0b"}, {"more": 1}], ids=str
)
def test_a_batch_out_of_bounds_is_refused(change: dict[str, Any]) -> None:
    fields: dict[str, Any] = {"device": "HP-BH-012", "first": 1, "records": [b"x"]}
    messages.decode_batch(cbor2.dumps(fields))
    with pytest.raises(Malformed):
        messages.decode_batch(cbor2.dumps(fields | change))
