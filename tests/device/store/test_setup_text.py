"""The state of a device as text: for whoever has the card in another computer."""

from pathlib import Path

import pytest

from device.store.setup import LANGUAGES, SetupState, leave_text, meanings, state_text

STATES = meanings(Path(__file__).parents[3] / "ui_assets/setup_states.toml")
FULL = SetupState("NO_NETWORK", "eth0\ndown", 3, 9, "bh-012", "ABCD-EFGH")


@pytest.mark.parametrize("name", STATES)
def test_every_state_is_told_with_its_code_in_every_language(name: str):
    text = state_text(SetupState(name), STATES)
    assert text.startswith(f"{STATES[name].code}  {name}\n")
    for language in LANGUAGES:
        assert STATES[name].title[language] in text
        assert STATES[name].hint[language] in text
    assert text.endswith("\n")
    assert "detail" not in text


def test_what_is_known_of_the_device_stands_below_each_fact_on_one_line():
    assert state_text(FULL, STATES).splitlines()[-4:] == [
        "step:    3 of 9",
        "detail:  eth0 down",
        "device:  bh-012",
        "card:    ABCD-EFGH",
    ]


def test_what_others_said_steers_no_terminal_that_shows_the_card():
    told = state_text(SetupState("CENTRAL_REFUSES", "no\x1b[2J\u202e way"), STATES)
    assert "detail:  no?[2J? way" in told.splitlines()


def test_a_state_that_this_software_does_not_know_is_still_told():
    assert state_text(SetupState("LATER", "more"), STATES) == "--  LATER\n\ndetail:  more\n"


def test_old_editors_show_it_and_the_same_is_not_written_twice(tmp_path: Path):
    file = tmp_path / "STATE.txt"
    leave_text(file, "一\n二\n")
    assert file.read_bytes() == "\ufeff一\r\n二\r\n".encode()
    before = file.stat()
    leave_text(file, "一\n二\n")
    assert file.stat().st_ino == before.st_ino
    leave_text(file, "三\n")
    assert file.read_text(encoding="utf-8-sig") == "三\n"
    assert list(tmp_path.iterdir()) == [file]
