"""Badges and people at one keyboard: no badge becomes keys, and no key of a person's is lost."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from device.core import wedge
from device.core.wedge import ENTER, GAP_MS, MAX_KEYS, MIN_KEYS, Sorted, Wedge
from protocol.credentials import MAX_CARD, MIN_CARD

Stroke = tuple[int, str]
"""Milliseconds since the key before, and the character."""


def strike(strokes: list[Stroke]) -> tuple[list[str], list[str], list[str]]:
    """Return what counted as keys, the cards, and what was dropped for which reason."""
    state: Wedge[str] = Wedge()
    keys: list[str] = []
    cards: list[str] = []
    dropped: list[str] = []
    now_ms = 1_000

    def take(found: Sorted[str]) -> Wedge[str]:
        keys.extend(found.keys)
        cards.extend([found.card] if found.card else [])
        dropped.extend([found.dropped] if found.dropped else [])
        return found.wedge

    for gap_ms, character in strokes:
        due_ms = wedge.due_ms(state)
        if due_ms is not None and due_ms <= now_ms + gap_ms:
            state = take(wedge.release(state))
        now_ms += gap_ms
        state = take(wedge.struck(state, character, character, now_ms, now_ms))
    take(wedge.release(state))
    return keys, cards, dropped


def card(content: str, gap_ms: int = 5) -> list[Stroke]:
    return [(500, content[0]), *((gap_ms, c) for c in content[1:]), (gap_ms, ENTER)]


def person(text: str) -> list[Stroke]:
    return [(GAP_MS + 1, character) for character in text]


characters = st.sampled_from("0123456789abcXYZ-")
contents = st.text(characters, min_size=MIN_KEYS, max_size=40)


def test_the_lengths_are_those_of_a_card() -> None:
    assert (MIN_KEYS, MAX_KEYS) == (MIN_CARD, MAX_CARD)


@given(contents, st.integers(0, GAP_MS))
def test_a_reader_types_a_card_and_no_keys(content: str, gap_ms: int) -> None:
    assert strike(card(content, gap_ms)) == ([], [content], [])


@given(st.text(st.sampled_from("0123456789a" + ENTER), max_size=30))
def test_every_key_of_a_person_counts_once_and_in_order(text: str) -> None:
    assert strike(person(text)) == (list(text), [], [])


@given(
    st.lists(st.one_of(contents.map(card), st.text("12345", max_size=4).map(person)), max_size=6)
)
def test_cards_between_the_keys_of_a_person_are_told_apart(parts: list[list[Stroke]]) -> None:
    keys, cards, dropped = strike([stroke for part in parts for stroke in part])
    typed = ["".join(character for _, character in part) for part in parts]
    assert cards == [text.rstrip(ENTER) for text in typed if text.endswith(ENTER)]
    assert "".join(keys) == "".join(text for text in typed if not text.endswith(ENTER))
    assert not dropped


@given(st.lists(st.tuples(st.integers(0, 300), st.sampled_from("0123456789" + ENTER)), max_size=60))
def test_nothing_is_both_a_key_and_a_card_and_nothing_appears(strokes: list[Stroke]) -> None:
    keys, cards, _ = strike(strokes)
    typed = [character for _, character in strokes]
    rest = iter(typed)
    assert all(key in rest for key in keys), "keys keep their order"
    assert len(keys) + sum(map(len, cards)) <= len(typed)
    assert all(len(content) >= MIN_KEYS for content in cards)


def test_a_short_burst_is_a_persons() -> None:
    assert strike([(500, "1"), (5, "2"), (5, ENTER)]) == (["1", "2", ENTER], [], [])


@pytest.mark.parametrize(
    ("strokes", "reason"),
    [
        (card("12345678")[:-1], "card.unfinished"),
        (card("7" * (MAX_KEYS + 1)), "card.too-long"),
    ],
)
def test_what_nobody_can_type_so_fast_is_dropped_by_its_reason(
    strokes: list[Stroke], reason: str
) -> None:
    assert strike(strokes) == ([], [], [reason])


def test_the_second_enter_of_a_reader_is_no_command() -> None:
    assert strike([*card("123456"), (5, ENTER), (5, ENTER)]) == ([], ["123456"], [])
    keys, _, _ = strike([*card("123456"), (GAP_MS + 1, ENTER)])
    assert keys == [ENTER]


def test_a_stall_in_the_middle_of_a_card_does_not_break_it() -> None:
    state: Wedge[str] = Wedge()
    for character in "123":
        state = wedge.struck(state, character, character, 1_000, 1_000).wedge
    # The rest is found half a second later; it may have come since the queue was last empty.
    for character in "456":
        found = wedge.struck(state, character, character, 1_001, 1_500)
        assert not found.keys
        state = found.wedge
    assert wedge.struck(state, ENTER, ENTER, 1_001, 1_500).card == "123456"


def test_a_log_never_tells_what_is_held() -> None:
    held = wedge.struck(Wedge(), "7", "7", 0, 0).wedge
    assert "7" not in repr(held)
