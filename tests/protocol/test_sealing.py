"""A sealed number: central opens it in its own place, and nobody else anywhere."""

from uuid import UUID

import pytest
import rfc9180
from cryptography.exceptions import InvalidTag
from hypothesis import given
from hypothesis import strategies as st

from protocol.errors import BadSeal, Malformed, ProtocolError
from protocol.limits import MAX_SEALED_BYTES
from protocol.sealing import SEALED_BYTES, TEXT_BYTES, OpeningKey, Place, seal

KEY = OpeningKey.from_secret(bytes(range(32)))
PLACE = Place("HP-BH-012", UUID("5e5e5e5e-0000-4000-8000-00000000000a"))
NUMBER = "13804712600"

numbers = st.from_regex(r"\A1[3-9][0-9]{9}\Z")
texts = st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]), max_size=8)


@given(numbers | texts)
def test_central_opens_what_the_device_sealed(text: str) -> None:
    assert KEY.open(seal(text, KEY.public, PLACE), PLACE) == text


@given(texts)
def test_the_size_tells_nothing(text: str) -> None:
    assert len(seal(text, KEY.public, PLACE)) == SEALED_BYTES <= MAX_SEALED_BYTES


def test_the_same_number_never_looks_the_same() -> None:
    assert len({seal(NUMBER, KEY.public, PLACE) for _ in range(20)}) == 20


def test_the_number_is_not_in_what_is_sealed() -> None:
    assert NUMBER.encode() not in seal(NUMBER, KEY.public, PLACE)


@pytest.mark.parametrize(
    "elsewhere",
    [
        PLACE._replace(visit=UUID(int=PLACE.visit.int + 1)),
        PLACE._replace(device="HP-BH-013"),
        PLACE._replace(device=""),
    ],
)
def test_a_number_moved_to_another_visit_or_device_cannot_be_opened(elsewhere: Place) -> None:
    with pytest.raises(BadSeal):
        KEY.open(seal(NUMBER, KEY.public, PLACE), elsewhere)


def test_another_key_opens_nothing() -> None:
    with pytest.raises(BadSeal):
        OpeningKey.generate().open(seal(NUMBER, KEY.public, PLACE), PLACE)


@given(st.integers(0, SEALED_BYTES * 8 - 1))
def test_one_altered_bit_is_noticed(bit: int) -> None:
    sealed = bytearray(seal(NUMBER, KEY.public, PLACE))
    sealed[bit // 8] ^= 1 << bit % 8
    with pytest.raises(ProtocolError):
        KEY.open(bytes(sealed), PLACE)


@given(st.binary(max_size=SEALED_BYTES + 2))
def test_what_is_no_sealed_text_is_refused(sealed: bytes) -> None:
    with pytest.raises(ProtocolError):
        KEY.open(sealed, PLACE)


@pytest.mark.parametrize("text", ["1" * (TEXT_BYTES + 1), "群" * 11, "138\0"])
def test_what_does_not_fit_is_refused_without_being_told(text: str) -> None:
    with pytest.raises(Malformed) as refused:
        seal(text, KEY.public, PLACE)
    assert text not in str(refused.value)


@pytest.mark.parametrize("public", [b"", bytes(31), bytes(32), bytes(33)])
def test_what_is_no_key_is_refused(public: bytes) -> None:
    with pytest.raises(Malformed, match="public key"):
        seal(NUMBER, public, PLACE)


def test_half_a_private_key_is_refused() -> None:
    with pytest.raises(Malformed):
        OpeningKey.from_secret(bytes(31))
    assert OpeningKey.from_secret(KEY.secret).public == KEY.public


# --- against RFC 9180, without our code -----------------------------------------------


def test_the_reference_gives_the_rfcs_own_vector() -> None:
    """RFC 9180, appendix A.2.1, the first encryption."""
    public = bytes.fromhex("4310ee97d88cc1f088a5576c77ab0cf5c3ac797f3d95139c6c84b5429c59662a")
    ephemeral = bytes.fromhex("f4ec9b33b792c372c1d2c2063507b684ef925b8c75a42dbcbf57d63ccd381600")
    info = bytes.fromhex("4f6465206f6e2061204772656369616e2055726e")
    sealed = rfc9180.seal(b"Beauty is truth, truth beauty", public, ephemeral, info, b"Count-0")
    assert sealed.hex() == (
        "1afa08d3dec047a643885163f1180476fa7ddb54c6a8029ea33f95796bf2ac4a"
        "1c5250d8034ec2b784ba2cfd69dbdb8af406cfe3ff938e131f0def8c8b60b4db21993c62ce81883d2dd1b51a28"
    )


def info_by_hand(place: Place) -> bytes:
    return b"haochaping/callback\0" + place.device.encode() + b"\0" + place.visit.bytes


@given(numbers)
def test_what_we_seal_opens_by_the_rfc(number: str) -> None:
    sealed = seal(number, KEY.public, PLACE)
    assert sealed[:1] == b"\1"
    filled = rfc9180.open_sealed(sealed[1:], KEY.secret, info_by_hand(PLACE), b"")
    assert filled == number.encode() + bytes(TEXT_BYTES - len(number))
    with pytest.raises(InvalidTag):
        rfc9180.open_sealed(sealed[1:], KEY.secret, info_by_hand(PLACE)[:-1], b"")


@given(numbers, st.binary(min_size=32, max_size=32))
def test_what_is_sealed_by_the_rfc_we_open(number: str, ephemeral: bytes) -> None:
    filled = number.encode().ljust(TEXT_BYTES, b"\0")
    sealed = rfc9180.seal(filled, KEY.public, ephemeral, info_by_hand(PLACE), b"")
    assert KEY.open(b"\1" + sealed, PLACE) == number
