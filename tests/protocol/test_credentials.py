"""PINs, badges and cards: what central makes a device can check, and nothing gives them away."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from protocol import credentials
from protocol.credentials import card_hash, is_pin, is_pin_verifier, pin_matches, pin_verifier

VERIFIER = (
    "$argon2id$v=19$m=8192,t=2,p=1$iCQ3IVjWRKAynmfZCQ2g8w$"
    "9oU3mOoy0NA8jKMy0fxSop0FQDzCkYelf3UXraRikCg"
)
"""Of 314159, made by `pin_verifier`."""


def test_the_right_pin_opens_and_a_wrong_one_does_not():
    assert pin_matches("314159", VERIFIER)
    assert not pin_matches("314158", VERIFIER)
    assert not pin_matches("", VERIFIER)


def test_two_people_with_one_pin_have_different_verifiers():
    assert pin_verifier("314159") != VERIFIER
    assert "314159" not in VERIFIER


def test_nobody_gets_in_without_a_verifier_whatever_they_type():
    assert not pin_matches("314159", "")


@pytest.mark.parametrize(
    "pin", ["", "12345", "1234567", "12345a", "１２３４５６", " 123456", "123456\n"]
)
def test_a_pin_is_six_digits(pin: str):
    assert not is_pin(pin)
    with pytest.raises(ValueError, match="six digits"):
        pin_verifier(pin)


@pytest.mark.parametrize("pin", ["000000", "777777", "123456", "012345", "987654", "543210"])
def test_what_anybody_would_try_first_is_known_as_such(pin: str):
    assert credentials.is_guessable(pin)


@pytest.mark.parametrize("pin", ["271828", "121212", "123457", "112233", "900000"])
def test_other_pins_are_taken(pin: str):
    assert not credentials.is_guessable(pin)


@pytest.mark.parametrize(
    "damaged",
    [
        "plain",
        VERIFIER.replace("argon2id", "argon2d"),
        VERIFIER.replace("m=8192", "m=999999"),
        VERIFIER.replace("t=2", "t=99"),
        VERIFIER + "\n",
    ],
    ids=["no verifier", "another kind", "too much memory", "too many passes", "a line's end"],
)
def test_a_verifier_that_no_device_could_check_is_known_as_such(damaged: str):
    assert is_pin_verifier(VERIFIER)
    assert not is_pin_verifier(damaged)
    assert not pin_matches("314159", damaged)


def test_the_verifier_of_nobody_is_checked_like_any_other():
    """Otherwise an unknown number would be answered sooner than a wrong PIN."""
    assert is_pin_verifier(credentials._NOBODYS)
    assert not pin_matches("000000", credentials._NOBODYS)


def test_a_card_is_found_again_however_the_reader_types_it():
    assert card_hash("hcp 7k4m-2q9d", "BH") == card_hash(" HCP7K4M-2Q9D\t", "BH")


def test_one_badge_has_another_hash_in_another_hall():
    assert card_hash("0012345678", "BH") != card_hash("0012345678", "SY")


@settings(max_examples=15, deadline=None)
@given(st.text(max_size=5).map(str.strip) | st.text(min_size=129, max_size=200, alphabet="A1"))
def test_what_is_too_short_or_too_long_is_no_card(typed: str):
    if credentials.MIN_CARD <= len(credentials.card_content(typed)) <= credentials.MAX_CARD:
        return
    with pytest.raises(ValueError, match="characters"):
        card_hash(typed, "BH")
