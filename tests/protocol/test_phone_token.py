"""The QR code fits the symbol, says who and what, and gives nothing else away."""

import base64
from uuid import UUID

import cbor2
import pytest
from arbitrary_records import KEY, OTHER_KEY, damaged, naturals, refusal
from hypothesis import assume, given
from hypothesis import strategies as st

from protocol import cose, phone
from protocol.errors import BadSignature, Malformed
from protocol.limits import MAX_INTEGER, MAX_MATTERS
from protocol.phone import PhoneToken
from protocol.questions import Asks

ALPHANUMERIC = set("0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ $%*+-./:")
"""What QR's alphanumeric mode can hold (ISO/IEC 18004, table 5)."""
VERSION_10_M = 311
"""Alphanumeric characters in a version 10 symbol at level M (ISO/IEC 18004, table 7)."""
CROCKFORD = set("0123456789ABCDEFGHJKMNPQRSTVWXYZ")
URL = "https://pingjia.binhai.gov.cn"

devices = st.from_regex(r"[A-Z0-9-]{1,24}", fullmatch=True)
asks = st.builds(
    Asks, staff=st.integers(0, 1), matters=st.integers(0, MAX_MATTERS), hall=st.integers(0, 1)
)
receipts = st.just("") | st.binary(min_size=5, max_size=5).map(phone.drawn_receipt)
tokens = st.builds(
    PhoneToken,
    device=devices,
    expires_s=naturals(),
    visit=st.uuids(),
    asks=asks,
    receipt=receipts,
)
TOKEN = PhoneToken("HP-BH-012", 1_776_299_400, UUID(int=0xABC))
TEXT = phone.sign_token(TOKEN, KEY)


def spelled(claims: object) -> str:
    """A properly signed token that says ``claims``."""
    signed = cose.sign(cbor2.dumps(claims), KEY, cose.PHONE)
    return base64.b32encode(signed).decode().rstrip("=")


@given(tokens)
def test_a_token_says_what_the_device_signed(token: PhoneToken) -> None:
    read, signed = phone.read_token(phone.sign_token(token, KEY))
    phone.verify_token(signed, KEY.public)
    assert read == token


@given(tokens)
def test_the_qr_code_stays_alphanumeric_and_within_version_10(token: PhoneToken) -> None:
    url = phone.token_url(URL, phone.sign_token(token, KEY))
    assert set(url) <= ALPHANUMERIC
    assert len(url) <= VERSION_10_M
    assert url.startswith("HTTPS://PINGJIA.BINHAI.GOV.CN/R/")


def test_a_phone_that_writes_small_letters_is_understood() -> None:
    assert phone.read_token(TEXT.lower()) == phone.read_token(TEXT)


def test_a_token_of_another_device_does_not_verify() -> None:
    _, signed = phone.read_token(TEXT)
    with pytest.raises(BadSignature):
        phone.verify_token(signed, OTHER_KEY.public)


def test_a_signature_for_a_record_opens_no_phone_page() -> None:
    payload = cose.open_unverified(phone.read_token(TEXT)[1])[1]
    with pytest.raises(BadSignature):
        phone.verify_token(cose.sign(payload, KEY, cose.RECORD), KEY.public)


@given(damaged(TEXT.encode()))
def test_a_damaged_token_never_speaks_for_another_visit(hurt: bytes) -> None:
    text = hurt.decode("latin-1")

    def use() -> None:
        read, signed = phone.read_token(text)
        phone.verify_token(signed, KEY.public)
        assert read == TOKEN

    refusal(use)


@pytest.mark.parametrize("text", ["", "A", "1", "0OIL", "A" * 513, "一二三", TEXT[:-8], "=" * 8])
def test_what_is_no_token_is_refused(text: str) -> None:
    with pytest.raises(Malformed):
        phone.read_token(text)


@pytest.mark.parametrize(
    "claims",
    [
        {},
        [],
        {1: "HP-BH-012", 4: 5},
        {1: "HP-BH-012", 4: 5, 7: bytes(15)},
        {1: "HP-BH-012", 4: 5, 7: bytes(17)},
        {1: "HP-BH-012", 4: -1, 7: bytes(16)},
        {1: "HP-BH-012", 4: MAX_INTEGER + 1, 7: bytes(16)},
        {1: "HP-BH-012", 4: 5.0, 7: bytes(16)},
        {1: 12, 4: 5, 7: bytes(16)},
        {1: "", 4: 5, 7: bytes(16)},
        {1: "x" * 65, 4: 5, 7: bytes(16)},
        {1: "HP\0BH", 4: 5, 7: bytes(16)},
        {1: "HP\nBH", 4: 5, 7: bytes(16)},
        {1: "HP-BH-012", 4: 5, 7: "0" * 16},
    ],
    ids=str,
)
def test_claims_that_no_store_could_look_up_are_refused(claims: object) -> None:
    with pytest.raises(Malformed):
        phone.read_token(spelled(claims))


@given(st.uuids())
def test_a_receipt_code_is_eight_characters_nobody_mixes_up(visit: UUID) -> None:
    code = phone.receipt_code(visit)
    assert len(code) == 8
    assert set(code) <= CROCKFORD
    assert not set(code) & set("ILOU")
    assert code == phone.receipt_code(visit)


@given(st.uuids(), st.uuids())
def test_two_visits_have_two_receipt_codes(one: UUID, other: UUID) -> None:
    assume(one != other)
    assert phone.receipt_code(one) != phone.receipt_code(other)
