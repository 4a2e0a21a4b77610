"""An enrolment is believed only if both new keys signed this very request."""

from typing import Any

import msgspec
import pytest
from arbitrary_records import KEY, OTHER_KEY, codes, lines
from hypothesis import given
from hypothesis import strategies as st

from protocol import cose, messages
from protocol.errors import BadSignature, Malformed, ProtocolError, UnknownAlgorithm
from protocol.keys import SigningKey
from protocol.messages import EnrolmentRequest

RECORD_KEY, TRANSPORT_KEY = KEY, OTHER_KEY
STRANGER = SigningKey.from_seed(bytes(32))
REQUEST = messages.request_enrolment(
    "K7QF-2M9D", "10000000a1b2c3d4", "0.1.0", RECORD_KEY, TRANSPORT_KEY
)


def with_(**change: Any) -> EnrolmentRequest:
    return msgspec.structs.replace(REQUEST, **change)


@given(codes, codes, lines)
def test_a_request_of_both_keys_passes_and_survives_json(
    token: str, board: str, software: str
) -> None:
    request = messages.request_enrolment(token, board, software, RECORD_KEY, TRANSPORT_KEY)
    sent = msgspec.json.encode(request)
    received = msgspec.json.decode(sent, type=EnrolmentRequest)
    messages.check_enrolment(received)
    assert received == request


@pytest.mark.parametrize("field", ["token", "board"])
def test_the_proof_binds_token_and_board(field: str) -> None:
    with pytest.raises(Malformed, match="another request"):
        messages.check_enrolment(with_(**{field: "another"}))


def test_token_and_board_cannot_trade_characters() -> None:
    one = messages.enrolment_statement("ab", "c", b"r", b"t")
    assert one != messages.enrolment_statement("a", "bc", b"r", b"t")


@pytest.mark.parametrize("half", ["record", "transport"])
def test_a_key_without_its_own_proof_is_refused(half: str) -> None:
    with pytest.raises(ProtocolError):
        messages.check_enrolment(with_(**{f"{half}_key": STRANGER.public.raw}))
    statement = messages.enrolment_statement(
        REQUEST.token, REQUEST.board, REQUEST.record_key, REQUEST.transport_key
    )
    by_a_stranger = cose.sign(statement, STRANGER, cose.ENROLMENT)
    with pytest.raises(BadSignature):
        messages.check_enrolment(with_(**{f"{half}_proof": by_a_stranger}))


def test_the_keys_cannot_change_places() -> None:
    with pytest.raises(ProtocolError):
        messages.check_enrolment(
            with_(record_key=REQUEST.transport_key, transport_key=REQUEST.record_key)
        )
    with pytest.raises(ProtocolError):
        messages.check_enrolment(
            with_(
                record_key=REQUEST.transport_key,
                transport_key=REQUEST.record_key,
                record_proof=REQUEST.transport_proof,
                transport_proof=REQUEST.record_proof,
            )
        )


def test_a_proof_given_for_another_purpose_is_refused() -> None:
    statement = messages.enrolment_statement(
        REQUEST.token, REQUEST.board, REQUEST.record_key, REQUEST.transport_key
    )
    as_a_record = cose.sign(statement, RECORD_KEY, cose.RECORD)
    with pytest.raises(BadSignature):
        messages.check_enrolment(with_(record_proof=as_a_record))


@pytest.mark.parametrize("raw", [b"", bytes(31), bytes(33)])
def test_a_key_of_the_wrong_length_is_malformed(raw: bytes) -> None:
    with pytest.raises(Malformed):
        messages.check_enrolment(with_(record_key=raw))


@pytest.mark.parametrize("algorithm", [0, -7, -9, 2**53])
def test_an_unknown_algorithm_is_refused_by_name(algorithm: int) -> None:
    with pytest.raises(UnknownAlgorithm):
        messages.check_enrolment(with_(algorithm=algorithm))


@given(st.binary(max_size=100), st.binary(max_size=100))
def test_rubbish_for_a_proof_is_refused_and_nothing_else(one: bytes, other: bytes) -> None:
    with pytest.raises(ProtocolError):
        messages.check_enrolment(with_(record_proof=one, transport_proof=other))
