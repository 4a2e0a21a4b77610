"""The card as a device reads it: nothing on it can be trusted to be as it should."""

import json
import time
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from device.core.errors import BadConfiguration
from device.store.board import board_serial
from device.store.card import NoToken, checked_token, read_card, remove_token, token_hash
from device.store.home import Home
from device.store.past import set_aside

WHOLE = {"name": "bh-012", "issued_ms": 5}


def test_what_a_card_does_not_say_is_left_open(tmp_path: Path):
    (tmp_path / "card.json").write_text(json.dumps(WHOLE))
    card = read_card(tmp_path)
    assert (card.name, card.issued_ms, card.central_key, card.replace) == ("bh-012", 5, None, False)


@given(
    st.binary(max_size=99)
    | st.dictionaries(
        st.sampled_from(["name", "issued_ms", "central_key", "replace", "token_sha256"]),
        st.none() | st.integers() | st.text(max_size=5) | st.lists(st.integers(), max_size=2),
    ).map(lambda said: json.dumps(said).encode())
)
def test_any_other_file_in_its_place_is_refused_and_never_more(tmp_path_factory, content: bytes):
    folder = tmp_path_factory.mktemp("card")
    (folder / "card.json").write_bytes(content)
    try:
        card = read_card(folder)
    except BadConfiguration:
        return
    assert isinstance(card.replace, bool)
    assert card.central_key is None


@pytest.mark.parametrize("given_as", ["", "short", "two words here", "x" * 65, "\n\n"])
def test_what_is_no_token_is_refused_without_being_repeated(tmp_path: Path, given_as: str):
    with pytest.raises(NoToken) as refused:
        checked_token(given_as)
    assert not given_as.strip() or given_as not in str(refused.value)


def test_the_token_is_one_word_whatever_stands_around_it(tmp_path: Path):
    (tmp_path / "card.json").write_text(json.dumps(WHOLE))
    (tmp_path / "token").write_bytes(b"0123456789abcdef\r\n")
    assert read_card(tmp_path).token() == "0123456789abcdef"
    remove_token(tmp_path)
    remove_token(tmp_path)
    with pytest.raises(NoToken, match="no token"):
        read_card(tmp_path).token()
    (tmp_path / "token").write_bytes(b"\xff" * 20)
    with pytest.raises(NoToken, match="cannot be read"):
        read_card(tmp_path).token()
    assert "0123" not in token_hash("0123456789abcdef")[:4]


def test_a_board_is_known_by_the_first_of_what_it_says(tmp_path: Path):
    serial, machine = tmp_path / "serial", tmp_path / "machine-id"
    assert board_serial((serial, machine)) == ""
    machine.write_text("abc\n")
    assert board_serial((serial, machine)) == "abc"
    serial.write_bytes(b"10000000deadbeef\0")
    assert board_serial((serial, machine)) == "10000000deadbeef"
    serial.write_bytes(b"\xff")
    assert board_serial((serial, machine)) == "abc"


def test_a_past_that_is_set_aside_twice_in_a_second_keeps_both(home: Home, monkeypatch):
    monkeypatch.setattr(time, "strftime", lambda _: "20260101-000000")
    (home.agent_db.parent / "inbox").mkdir()
    first, unsent = set_aside(home)
    assert unsent == 0
    assert Home(first).identity.exists()
    assert (home.agent_db.parent / "inbox").is_dir()
    assert not home.identity.exists()
    second, _ = set_aside(home)
    assert second.name == f"{first.name}-2"
    assert Home(first).identity.exists()
