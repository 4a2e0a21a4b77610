"""What the technician's tool writes, the device can read; what it cannot read is not written."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from device.core.errors import BadConfiguration
from device.store.profile import FACTORIES, LANGUAGES, load
from provisioning import profile_cli as cli
from provisioning.profile_file import render, write

letters = st.sampled_from("\\\"'\n\t\x7f#=[]{}/~%空") | st.characters(
    exclude_characters="\0", exclude_categories=["Cs"]
)
names = st.text(letters, min_size=1)
pixels = st.integers(200, 8000)
profiles = st.fixed_dictionaries(
    {"data_dir": names, "central.url": st.just("https://central.example:8443/hcp")},
    optional={
        "storage.allow_volatile": st.booleans(),
        "screen.size": st.just("full") | st.builds("{}x{}".format, pixels, pixels),
        "screen.rotate": st.sampled_from([0, 90, 180, 270]),
        "screen.language": st.sampled_from(LANGUAGES),
        "buttons.pins": st.just([])
        | st.lists(st.integers(0, 27), min_size=5, max_size=5, unique=True),
        "buttons.factory": st.sampled_from(FACTORIES),
        "central.ca_file": names,
        "central.proxy": st.just("http://proxy:3128"),
    },
)


@given(profiles)
def test_every_profile_that_is_written_loads_back_as_it_was_meant(
    tmp_path_factory: pytest.TempPathFactory, values: dict[str, object]
):
    file = tmp_path_factory.mktemp("profile") / "device.toml"
    write(file, values)
    profile = load(file)
    assert profile.data_dir == (file.parent / str(values["data_dir"])).resolve()
    assert profile.central.url == values["central.url"]
    assert profile.allow_volatile is values.get("storage.allow_volatile", False)
    size = values.get("screen.size", "full")
    assert size == ("full" if profile.screen.size is None else "{}x{}".format(*profile.screen.size))
    assert profile.screen.rotate == values.get("screen.rotate", 0)
    assert profile.screen.language == values.get("screen.language", "zh-CN")
    assert list(profile.buttons.pins) == values.get("buttons.pins", [])
    assert profile.buttons.factory == values.get("buttons.factory", "auto")
    ca_file = values.get("central.ca_file")
    assert profile.central.ca_file == (
        str((file.parent / str(ca_file)).resolve()) if ca_file else ""
    )
    assert profile.central.proxy == values.get("central.proxy", "")


@given(st.text(), st.text(), st.lists(st.text(max_size=3), max_size=6))
def test_any_text_is_either_written_so_that_it_loads_or_refused(
    tmp_path_factory: pytest.TempPathFactory, folder: str, url: str, pins: list[str]
):
    file = tmp_path_factory.mktemp("profile") / "device.toml"
    try:
        write(file, {"data_dir": folder, "central.url": url, "buttons.pins": pins})
    except BadConfiguration:
        assert not file.exists()
    else:
        load(file)


def test_a_mistake_is_told_before_anything_is_written(tmp_path: Path):
    file = tmp_path / "device.toml"
    with pytest.raises(BadConfiguration) as told:
        write(file, {"screen.rotate": 45, "central.url": "central"})
    assert len(str(told.value).splitlines()) == 3
    assert not file.exists()


@pytest.mark.parametrize("value", [None, {"a": 1}, b"bytes"])
def test_a_value_that_no_profile_holds_is_refused(value: object):
    with pytest.raises(BadConfiguration, match="a profile holds text, numbers"):
        render({"data_dir": value}, "x")


def test_a_text_that_is_no_unicode_leaves_the_old_file_as_it_was(tmp_path: Path):
    file = tmp_path / "device.toml"
    good: dict[str, object] = {"data_dir": "/data", "central.url": "http://central"}
    write(file, good)
    before = file.read_bytes()
    with pytest.raises(BadConfiguration, match="UTF-8"):
        write(file, good | {"data_dir": "caf\udce9"}, replace=True)
    assert file.read_bytes() == before


# --- the command ----------------------------------------------------------------------------


def test_the_command_writes_a_file_that_the_device_takes(tmp_path: Path, capsys):
    file = tmp_path / "cards" / "12" / "device.toml"
    words = [str(file), "--central", "https://central", "--data-dir", "/data"]
    more = ["--pins", "17,27, 22,23,24", "--rotate", "180", "--allow-volatile", "--size", "800x480"]
    assert cli.main([*words, *more]) == 0
    assert f"wrote {file}" in capsys.readouterr().out
    profile = load(file)
    assert profile.buttons.pins == (17, 27, 22, 23, 24)
    assert profile.screen[:3] == ((800, 480), 180, "zh-CN")
    assert profile.allow_volatile


def test_the_command_refuses_to_write_over_a_file_unless_told_to(tmp_path: Path, capsys):
    file = tmp_path / "device.toml"
    words = [str(file), "--central", "https://central", "--data-dir", "/data"]
    assert cli.main(words) == 0
    assert cli.main([*words, "--rotate", "90"]) == 2
    assert "--replace" in capsys.readouterr().err
    assert load(file).screen.rotate == 0
    assert cli.main([*words, "--rotate", "90", "--replace"]) == 0
    assert load(file).screen.rotate == 90


def test_the_command_lists_every_mistake_and_writes_nothing(tmp_path: Path, capsys):
    file = tmp_path / "device.toml"
    words = ["--central", "central", "--data-dir", "/data", "--pins", "a,b", "--rotate", "45"]
    assert cli.main([str(file), *words]) == 2
    told = capsys.readouterr().err.splitlines()
    keys = ["buttons.pins", "central.url", "screen.rotate"]
    assert [line.split(": ")[1].split(" ")[0] for line in told] == keys
    assert not file.exists()


def test_a_place_that_cannot_be_written_is_told_without_a_traceback(tmp_path: Path, capsys):
    (tmp_path / "file").touch()
    target = tmp_path / "file" / "device.toml"
    assert cli.main([str(target), "--central", "https://central", "--data-dir", "/data"]) == 1
    assert "haochaping profile: " in capsys.readouterr().err
