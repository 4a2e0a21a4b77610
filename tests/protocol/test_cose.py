"""A signature proves one thing, by one key, for one purpose; rubbish is refused as rubbish."""

from functools import partial
from typing import Any

import cbor2
import pytest
from arbitrary_records import (
    KEY,
    ONE_OF_EACH,
    OTHER_KEY,
    damaged,
    items,
    naturals,
    refusal,
)
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from protocol import configuration, cose, messages, phone, receipts, records
from protocol.errors import BadSignature, Malformed, ProtocolError, UnknownAlgorithm
from protocol.keys import EDDSA, SigningKey, key_id, verify_key

CONTEXTS = (cose.RECORD, cose.RECEIPT, cose.CONFIGURATION, cose.ENROLMENT, cose.PHONE)
SIGNED = records.sign(ONE_OF_EACH["rating"], KEY)
PUBLIC = KEY.public


def sign1(protected: Any, unprotected: Any, payload: Any, signature: Any, tag: int = 18) -> bytes:
    return cbor2.dumps(cbor2.CBORTag(tag, [protected, unprotected, payload, signature]))


def genuine(header: dict[Any, Any], payload: bytes = b"x") -> bytes:
    """A COSE_Sign1 with any protected header, properly signed."""
    protected = cbor2.dumps(header)
    to_be_signed = cbor2.dumps(["Signature1", protected, cose.RECORD, payload])
    return sign1(protected, {}, payload, KEY.sign(to_be_signed))


# --- signatures ----------------------------------------------------------------------


@given(st.binary(max_size=300), st.sampled_from(CONTEXTS))
def test_what_was_signed_comes_back(payload: bytes, context: bytes) -> None:
    assert cose.verify(cose.sign(payload, KEY, context), PUBLIC, context) == payload


def test_each_purpose_has_a_context_of_its_own() -> None:
    assert len(set(CONTEXTS)) == len(CONTEXTS)


@pytest.mark.parametrize("given_for", CONTEXTS)
@pytest.mark.parametrize("used_for", CONTEXTS)
def test_a_signature_for_one_purpose_never_passes_for_another(
    given_for: bytes, used_for: bytes
) -> None:
    signed = cose.sign(b"payload", KEY, given_for)
    if given_for == used_for:
        assert cose.verify(signed, PUBLIC, used_for) == b"payload"
    else:
        with pytest.raises(BadSignature):
            cose.verify(signed, PUBLIC, used_for)


def test_another_key_does_not_pass() -> None:
    with pytest.raises(BadSignature):
        records.verify(SIGNED, OTHER_KEY.public)


def test_every_single_flipped_bit_is_refused() -> None:
    for at in range(len(SIGNED)):
        for bit in range(8):
            hurt = bytearray(SIGNED)
            hurt[at] ^= 1 << bit
            assert refusal(lambda hurt=bytes(hurt): cose.verify(hurt, PUBLIC, cose.RECORD)), (
                f"bit {bit} of byte {at}"
            )


@given(damaged(SIGNED))
def test_no_damage_of_any_kind_is_taken_for_the_original(hurt: bytes) -> None:
    assume(hurt != SIGNED)
    assert refusal(lambda: cose.verify(hurt, PUBLIC, cose.RECORD)) is not None


@given(st.binary(min_size=1, max_size=20))
def test_nothing_may_follow_the_signature(more: bytes) -> None:
    with pytest.raises(Malformed):
        cose.verify(SIGNED + more, PUBLIC, cose.RECORD)


def test_a_longer_encoding_of_the_same_parts_is_refused() -> None:
    """Else anyone could give a signed record a second digest, without the key."""
    assert SIGNED[:2] == b"\xd2\x84"
    for longer in (b"\xd8\x12\x84", b"\xd9\x00\x12\x84", b"\xd2\x98\x04"):
        with pytest.raises(Malformed):
            cose.verify(longer + SIGNED[2:], PUBLIC, cose.RECORD)


# --- the header ----------------------------------------------------------------------


@pytest.mark.parametrize("algorithm", [-7, -47, 0, 8, "EdDSA", None])
def test_another_algorithm_is_refused_by_name(algorithm: Any) -> None:
    with pytest.raises(UnknownAlgorithm):
        cose.verify(genuine({1: algorithm}), PUBLIC, cose.RECORD)


@pytest.mark.parametrize("header", [{}, {1: EDDSA, 4: b"kid"}, {4: b"kid"}, {2: [1], 1: EDDSA}])
def test_the_protected_header_names_the_algorithm_alone(header: dict[int, Any]) -> None:
    with pytest.raises(Malformed):
        cose.verify(genuine(header), PUBLIC, cose.RECORD)


@pytest.mark.parametrize("protected", [b"", b"\xff", b"\x01", b"\xa1\x01\x27\x00", b"\xf6"])
def test_a_protected_header_that_is_no_map_is_refused(protected: bytes) -> None:
    signature = KEY.sign(cbor2.dumps(["Signature1", protected, cose.RECORD, b"x"]))
    with pytest.raises(Malformed):
        cose.verify(sign1(protected, {}, b"x", signature), PUBLIC, cose.RECORD)


@pytest.mark.parametrize(
    "signed",
    [
        sign1(b"", {4: b"kid"}, b"x", b""),
        sign1(b"", {}, None, b""),
        sign1(b"", {}, "text", b""),
        sign1("", {}, b"x", b""),
        sign1(b"", [], b"x", b""),
        sign1(b"", {}, b"x", b"", tag=98),
        cbor2.dumps([b"", {}, b"x", b""]),
        cbor2.dumps(cbor2.CBORTag(18, [b"", {}, b"x"])),
        cbor2.dumps(cbor2.CBORTag(18, [b"", {}, b"x", b"", b""])),
        cbor2.dumps(cbor2.CBORTag(61, cbor2.CBORTag(18, [b"", {}, b"x", b""]))),
        b"\xd2\x9f\x40\xa0\x41x\x40\xff",
        b"\xd2\x84\x40\xbf\xff\x41x\x40",
        b"",
    ],
)
def test_what_is_no_cose_sign1_of_ours_is_malformed(signed: bytes) -> None:
    with pytest.raises(Malformed):
        cose.open_unverified(signed)


@pytest.mark.parametrize("length", [0, 1, 63, 65, 128])
def test_a_signature_of_the_wrong_length_is_a_bad_one(length: int) -> None:
    protected, payload, _ = cose.open_unverified(SIGNED)
    with pytest.raises(BadSignature):
        cose.verify(sign1(protected, {}, payload, bytes(length)), PUBLIC, cose.RECORD)


# --- CBOR as this protocol uses it ---------------------------------------------------


@pytest.mark.parametrize("tag", [*range(64), 100, 256, 258, 260, 261, 1004, 43000, 55799, 2**40])
def test_no_tag_may_stand_anywhere(tag: int) -> None:
    for content in (0, 1, "2026-01-01", b"\x01", [], [1, 2], {}):
        tagged = cbor2.CBORTag(tag, content)
        for item in (tagged, [tagged], {"key": [tagged]}):
            error = refusal(partial(cose.decode_cbor, cbor2.dumps(item)))
            assert isinstance(error, Malformed), item


@pytest.mark.parametrize(
    "encoded",
    ["9f01ff", "bf616101ff", "5f4101ff", "7f6161ff", "819fff"],
    ids=["array", "map", "bytes", "text", "nested"],
)
def test_nothing_of_indefinite_length_may_stand(encoded: str) -> None:
    with pytest.raises(Malformed):
        cose.decode_cbor(bytes.fromhex(encoded))


@pytest.mark.parametrize("encoded", ["a2616101616102", "81a2616101616101", "a241010141ff0241ff03"])
def test_a_key_may_not_stand_twice(encoded: str) -> None:
    with pytest.raises(Malformed):
        cose.decode_cbor(bytes.fromhex(encoded))


def test_a_doubled_integer_key_is_refused_too() -> None:
    with pytest.raises(Malformed):
        cose.decode_cbor(bytes.fromhex("a201010102"), integer_keys=True)


def test_integer_keys_stand_only_where_they_are_expected() -> None:
    encoded = cbor2.dumps({1: 2})
    assert cose.decode_cbor(encoded, integer_keys=True) == {1: 2}
    with pytest.raises(Malformed):
        cose.decode_cbor(encoded)


@pytest.mark.parametrize("opening", [b"\x81", b"\xa1\x61a", b"\xd8\x1c\x81"])
@pytest.mark.parametrize("depth", [20, 1_000, 100_000])
def test_deep_nesting_is_refused(opening: bytes, depth: int) -> None:
    with pytest.raises(Malformed):
        cose.decode_cbor(opening * depth + b"\x01")
    with pytest.raises(Malformed):
        cose.open_unverified(b"\xd2" + opening * depth + b"\x01")


@pytest.mark.parametrize("head", [b"\x5b", b"\x7b", b"\x9b", b"\xbb"])
@pytest.mark.parametrize("claimed", [2**31, 2**62, 2**64 - 1])
def test_a_claimed_length_is_not_believed(head: bytes, claimed: int) -> None:
    with pytest.raises(Malformed):
        cose.decode_cbor(head + claimed.to_bytes(8) + b"\x00\x00")


@given(items, st.binary(min_size=1, max_size=8))
def test_nothing_may_follow_an_item(item: Any, more: bytes) -> None:
    with pytest.raises(Malformed):
        cose.decode_cbor(cbor2.dumps(item) + more)


# --- nothing but ProtocolError comes out ---------------------------------------------

TOKEN = phone.sign_token(phone.PhoneToken("HP-BH-012", 1_767_225_600, ONE_OF_EACH["boot"].id), KEY)
BATCH = messages.encode_batch(messages.Batch("HP-BH-012", 1, (SIGNED, SIGNED)))
DOORS = {
    "open_unverified": cose.open_unverified,
    "decode_cbor": cose.decode_cbor,
    "decode_cbor with integer keys": lambda rubbish: cose.decode_cbor(rubbish, integer_keys=True),
    "verify": lambda rubbish: cose.verify(rubbish, PUBLIC, cose.RECORD),
    "read_envelope": records.read_envelope,
    "parse": lambda rubbish: records.parse(records.read_envelope(rubbish)),
    "records.read": records.read,
    "records.verify": lambda rubbish: records.verify(rubbish, PUBLIC),
    "decode_batch": messages.decode_batch,
    "receipts.verify": lambda rubbish: receipts.verify(rubbish, PUBLIC),
    "configuration.verify": lambda rubbish: configuration.verify(rubbish, PUBLIC),
    "read_token": lambda rubbish: phone.read_token(rubbish.decode("latin-1")),
    "verify_key": lambda rubbish: verify_key(EDDSA, rubbish),
    "from_seed": SigningKey.from_seed,
}


def every_door(rubbish: bytes) -> None:
    for door in DOORS.values():
        refusal(lambda door=door: door(rubbish))


@settings(max_examples=150)
@given(st.binary(max_size=80))
def test_arbitrary_bytes_are_refused_and_nothing_else(rubbish: bytes) -> None:
    every_door(rubbish)


@settings(max_examples=150)
@given(st.sampled_from([SIGNED, BATCH, TOKEN.encode(), cose.open_unverified(SIGNED)[1]]), st.data())
def test_damaged_bytes_are_refused_and_nothing_else(whole: bytes, data: st.DataObject) -> None:
    every_door(data.draw(damaged(whole)))


@settings(max_examples=150)
@given(items)
def test_arbitrary_items_are_refused_and_nothing_else(item: Any) -> None:
    every_door(cbor2.dumps(item))
    every_door(sign1(b"\xa1\x01\x27", {}, cbor2.dumps(item), bytes(64)))


@settings(max_examples=150)
@given(items, st.sampled_from(CONTEXTS))
def test_a_good_signature_does_not_make_rubbish_pass(item: Any, context: bytes) -> None:
    every_door(cose.sign(cbor2.dumps(item), KEY, context))


@settings(max_examples=100)
@given(st.text(max_size=600))
def test_arbitrary_text_is_no_token(text: str) -> None:
    with pytest.raises(Malformed):
        phone.read_token(text)


# --- keys ----------------------------------------------------------------------------


def test_a_key_comes_back_from_its_seed() -> None:
    key = SigningKey.generate()
    again = SigningKey.from_seed(key.seed)
    again.public.verify(key.sign(b"message"), b"message")
    assert again.public.raw == key.public.raw
    assert verify_key(EDDSA, key.public.raw).raw == key.public.raw


def test_a_key_signs_as_rfc_8032_says() -> None:
    """Section 7.1, test 2."""
    key = SigningKey.from_seed(
        bytes.fromhex("4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb")
    )
    assert key.public.raw.hex() == (
        "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c"
    )
    assert key.sign(b"\x72").hex() == (
        "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da"
        "085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00"
    )


@given(naturals().map(lambda number: -number))
def test_an_algorithm_out_of_the_registry_is_unknown(algorithm: int) -> None:
    assume(algorithm != EDDSA)
    with pytest.raises(UnknownAlgorithm):
        verify_key(algorithm, PUBLIC.raw)


def test_a_key_id_is_sixteen_hex_digits_of_the_public_half() -> None:
    assert len(key_id(PUBLIC.raw)) == 16
    assert int(key_id(PUBLIC.raw), 16) >= 0
    assert key_id(PUBLIC.raw) != key_id(OTHER_KEY.public.raw)


def test_every_refusal_has_one_root() -> None:
    assert issubclass(Malformed, ProtocolError)
    assert issubclass(BadSignature, ProtocolError)
    assert issubclass(UnknownAlgorithm, ProtocolError)
