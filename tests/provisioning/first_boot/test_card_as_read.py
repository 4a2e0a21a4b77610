"""A card sets a device up as a whole or not at all."""

import json
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from machine_rig import ISSUED_S, KEY, NAME, unname, write_card

from provisioning.first_boot.card import leaves_out, read_card
from provisioning.first_boot.errors import SetupStopped


def refused(folder: Path) -> tuple[str, str]:
    with pytest.raises(SetupStopped) as caught:
        read_card(folder)
    return caught.value.state, str(caught.value)


def test_a_card_says_what_the_device_is_to_become(tmp_path):
    write_card(tmp_path)
    card = read_card(tmp_path)
    assert (card.name, card.issued_ms, card.ssh_keys) == (NAME, ISSUED_S * 1000, (KEY,))
    assert card.release == "haochaping-0.2.0.release"


def test_a_partition_without_a_card_has_no_profile(tmp_path):
    assert refused(tmp_path)[0] == "NO_PROFILE"


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=25)
@given(data=st.data())
def test_a_changed_byte_anywhere_is_noticed(tmp_path, data):
    write_card(tmp_path)
    names = sorted(json.loads((tmp_path / "card.json").read_text())["files"])
    file = tmp_path / data.draw(st.sampled_from(names))
    content = bytearray(file.read_bytes())
    place = data.draw(st.integers(0, len(content) - 1))
    content[place] ^= data.draw(st.integers(1, 255))
    file.write_bytes(content)
    assert refused(tmp_path) == (
        "BAD_PROFILE",
        f"{file.name} is not what was written onto the card",
    )


def test_a_missing_file_is_named(tmp_path):
    write_card(tmp_path)
    (tmp_path / "release.pem").unlink()
    assert refused(tmp_path) == ("BAD_PROFILE", "release.pem is missing on the card")


@pytest.mark.parametrize(
    "changed",
    [
        {"format": 2},
        {"name": "../etc"},
        {"name": "Rating W12"},
        {"issued_ms": "soon"},
        {"issued_ms": -1},
        {"timezone": "../../etc/passwd"},
        {"ntp": ["a b"]},
        {"ntp": "10.1.0.1"},
        {"technician": {"name": "root:x"}},
        {"technician": {"name": "wang", "ssh_keys": ["one\ntwo"]}},
        {"technician": None},
        {"data": "elsewhere"},
        {"release": "../x.release"},
        {"release": "other.release"},
        {"files": {}},
        {"files": {"device.toml": "0" * 64, "../x": "0" * 64}},
        {"files": []},
    ],
    ids=str,
)
def test_what_no_card_says_is_refused(tmp_path, changed):
    write_card(tmp_path, **changed)
    assert refused(tmp_path)[0] == "BAD_PROFILE"


@given(st.binary(max_size=200) | st.text(max_size=50).map(lambda text: json.dumps(text).encode()))
def test_no_bytes_at_all_make_reading_fail_otherwise(tmp_path_factory, content):
    folder = tmp_path_factory.mktemp("card")
    (folder / "card.json").write_bytes(content)
    assert refused(folder)[0] == "BAD_PROFILE"


def test_a_spent_token_that_is_gone_is_no_damage(tmp_path):
    write_card(tmp_path, token="")
    assert not read_card(tmp_path).token.exists()


def test_only_what_the_card_names_is_among_its_files(tmp_path):
    write_card(tmp_path)
    unname(tmp_path, "release.pem")
    (tmp_path / "ca.pem").write_bytes(b"of an earlier card")
    card = read_card(tmp_path)
    assert card.content("device.toml") == (tmp_path / "device.toml").read_bytes()
    assert card.content("ca.pem") is None and card.content("release.pem") is None


def test_what_is_left_over_is_named_in_words_that_steer_no_terminal(tmp_path):
    write_card(tmp_path)
    (tmp_path / "debs").mkdir()
    for name in ("ca.pem", "STATE.txt", "firstrun.sh", "a\x1b[2J.txt", "debs/old_1_all.deb"):
        (tmp_path / name).write_bytes(b"x")
    assert read_card(tmp_path).left_over() == ["a?[2J.txt", "ca.pem", "debs/old_1_all.deb"]


def test_a_card_that_cannot_be_read_leaves_nothing_out(tmp_path):
    write_card(tmp_path)
    assert leaves_out(tmp_path, "ca.pem") and not leaves_out(tmp_path, "release.pem")
    (tmp_path / "card.json").write_text("{")
    assert not leaves_out(tmp_path, "ca.pem")
