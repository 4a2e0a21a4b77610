"""Rule packs are data: each can be read, and a hall chooses one and may differ from it."""

from pathlib import Path

import pytest
from central_rig import HALL

from central import rule_packs
from central.directory import read_hall
from central.errors import Mistakes
from central.rule_packs import Period
from protocol.configuration import Rules


def rules(file: Path, text: str) -> Rules:
    file.write_text(HALL.replace("rating_seconds = 45", text), "utf-8")
    return read_hall(file).rules


def test_the_default_pack_is_what_a_device_assumes_without_one() -> None:
    assert rule_packs.pack("liaoning").device == Rules()


@pytest.mark.parametrize("name", rule_packs.names())
def test_every_pack_can_be_read(name: str) -> None:
    pack = rule_packs.pack(name)
    assert (pack.device.pack, bool(pack.name)) == (name, True)


def test_packs_say_what_their_provinces_prescribe() -> None:
    assert rule_packs.names() == ("bozhou", "guangdong", "liaoning", "zhejiang")
    central = {name: rule_packs.pack(name).central for name in rule_packs.names()}
    assert central["liaoning"].default_after == Period(5, working=True)
    assert (central["liaoning"].default_level, central["guangdong"].default_level) == (4, 3)
    assert central["guangdong"].default_after == Period(7, working=False)
    assert central["zhejiang"].channels.sms == 6
    assert central["bozhou"].invite_after == Period(3, working=False)
    assert [rule_packs.pack(name).device.rate_unfinished for name in rule_packs.names()] == [
        True,
        False,
        False,
        False,
    ]


def test_a_hall_chooses_a_pack_and_sets_single_values(tmp_path: Path) -> None:
    chosen = rules(tmp_path / "hall.toml", 'pack = "bozhou"\nlogin_tries = 3\nlogin_locks = [30]')
    assert (chosen.pack, chosen.rate_unfinished) == ("bozhou", True)
    assert (chosen.login_tries, chosen.login_locks) == (3, (30,))
    assert chosen.rating_seconds == Rules().rating_seconds


@pytest.mark.parametrize("name", ["", "../liaoning", "Liaoning", "/etc/passwd"])
def test_no_other_file_is_ever_read_as_a_pack(tmp_path: Path, name: str) -> None:
    with pytest.raises(Mistakes, match=r"rules\.pack"):
        rules(tmp_path / "hall.toml", f'pack = "{name}"')


def test_a_pack_with_a_mistake_says_which(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "north.toml").write_text(
        "[device]\nrating_second = 60\nswitched_off_tags = [510]\n[central]\ndefault_level = 6\n"
    )
    monkeypatch.setattr(rule_packs, "FOLDER", tmp_path)
    with pytest.raises(Mistakes) as caught:
        rule_packs.pack("north")
    found = [one.partition("north.toml: ")[2] for one in caught.value.mistakes]
    assert found == [
        "device.rating_second: unknown key; did you mean 'rating_seconds'?",
        "central.default_level: expected int <= 5",
        "device.switched_off_tags: 510 is of the base set and stays on",
    ]
