"""The digits of a call-back: shown in groups, taken only as a mobile number, never told."""

from hypothesis import given
from hypothesis import strategies as st

from device.core.number_pad import LENGTH, NumberPad

digits = st.integers(0, 9)


def typed(text: str) -> NumberPad:
    pad = NumberPad()
    for digit in text:
        pad = pad.typed(int(digit))
    return pad


def test_the_number_is_shown_in_groups_as_it_grows() -> None:
    shown = [typed("13804712600"[:count]).grouped for count in (0, 1, 3, 4, 7, 9, 11)]
    assert shown == ["", "1", "138", "138 0", "138 0471", "138 0471 26", "138 0471 2600"]


@given(st.from_regex(r"\A1[3-9][0-9]{9}\Z"))
def test_eleven_digits_from_13_to_19_are_a_mobile_number(number: str) -> None:
    pad = typed(number)
    assert pad.complete
    assert pad.confirmed().problem == ""


@given(st.text("0123456789", max_size=LENGTH - 1))
def test_fewer_digits_are_not_enough(number: str) -> None:
    assert not typed(number).complete
    assert typed(number).confirmed().problem == "cb.bad"


@given(st.from_regex(r"\A(0[0-9]|1[0-2]|[2-9][0-9])[0-9]{9}\Z"))
def test_eleven_digits_that_begin_otherwise_are_no_mobile_number(number: str) -> None:
    assert not typed(number).complete
    assert typed(number).confirmed().problem == "cb.wrong"


def test_nothing_is_called_wrong_while_somebody_is_typing() -> None:
    assert typed("0").problem == ""
    assert typed("0").confirmed().problem
    assert typed("0").confirmed().typed(1).problem == ""
    assert typed("0").confirmed().erased().problem == ""


@given(st.lists(digits | st.none(), max_size=30))
def test_digits_are_added_at_the_end_and_erased_from_there(keys: list[int | None]) -> None:
    pad, expected = NumberPad(), ""
    for key in keys:
        if key is None:
            pad, expected = pad.erased(), expected[:-1]
        else:
            pad, expected = pad.typed(key), (expected + str(key))[:LENGTH]
        assert pad.digits == expected
        assert pad.grouped.replace(" ", "") == expected


@given(st.text("0123456789", min_size=2, max_size=LENGTH), st.booleans())
def test_its_name_in_a_log_tells_how_many_digits_and_not_which(number: str, refused: bool) -> None:
    pad = NumberPad(number, refused)
    assert repr(pad) == str(pad) == f"NumberPad({len(number)} digits, refused={refused})"
