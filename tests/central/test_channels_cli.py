"""The commands for other ways to rate, as an operator types them."""

import argparse
import stat
from collections.abc import Callable
from pathlib import Path

import pytest
from central_rig import HALL

from central import cli

CODE = "210100-01"
Run = Callable[..., tuple[str, str]]


@pytest.fixture
def run(tmp_path: Path, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Run:
    """Runs a command of an initialised central with a hall."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HAOCHAPING_CENTRAL_DATA", str(tmp_path / "data"))
    (tmp_path / "hall.toml").write_text(HALL, "utf-8")

    def run(*words: str, code: int = 0) -> tuple[str, str]:
        parser = argparse.ArgumentParser()
        cli.add_arguments(parser)
        capfd.readouterr()
        done = cli.run(parser.parse_args([*words]))
        said, complained = capfd.readouterr()
        assert done == code, said + complained
        return said, complained

    run("init")
    run("import", "hall.toml")
    return run


def test_a_channel_gets_a_key_once_and_is_listed_without_it(run: Run, tmp_path: Path) -> None:
    assert "no channel has a key" in run("channels")[0]
    run("channel", "12345-hotline", "--hall", CODE, "--pf", "6", "--out", "hotline.key")
    file = tmp_path / "hotline.key"
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    first = file.read_text().strip()
    listed = run("channels")[0]
    assert f"12345-hotline  hall {CODE}  pf 6 phone" in listed
    assert first not in listed
    second = run("channel", "12345-hotline", "--hall", CODE, "--pf", "6")[0].strip()
    assert second.startswith("hcc_")
    assert second != first
    assert run("channels")[0].count("12345-hotline") == 1


def test_a_channel_can_be_ended(run: Run) -> None:
    run("channel", "sms", "--hall", CODE, "--pf", "7")
    run("channel", "sms", "--hall", CODE, "--remove")
    assert "no channel has a key" in run("channels")[0]
    assert "has no channel sms" in run("channel", "sms", "--hall", CODE, "--remove", code=1)[1]


@pytest.mark.parametrize("pf", ["4", "0", "8"])
def test_no_channel_stands_for_the_halls_own_device(run: Run, pf: str) -> None:
    complained = run("channel", "x", "--hall", CODE, "--pf", pf, code=2)[1]
    assert "5 other terminal" in complained
    assert "4 is the hall's own device" in complained


def test_what_number_its_ratings_carry_must_be_said(run: Run) -> None:
    assert "--pf: expected one of" in run("channel", "x", "--hall", CODE, code=2)[1]


def test_names_are_given_once_in_all_halls(run: Run, tmp_path: Path) -> None:
    other = HALL.replace(CODE, "210100-02").replace('"W1', '"X1')
    (tmp_path / "other.toml").write_text(other, "utf-8")
    run("import", "other.toml")
    run("channel", "sms", "--hall", CODE, "--pf", "7")
    complained = run("channel", "sms", "--hall", "210100-02", "--pf", "7", code=2)[1]
    assert f"sms is a channel of hall {CODE}" in complained


def test_a_hall_that_is_not_there_is_told(run: Run) -> None:
    assert "there is no hall" in run("channel", "x", "--hall", "nowhere", "--pf", "6", code=1)[1]


def test_who_made_a_key_is_kept_and_the_key_is_not(run: Run) -> None:
    key = run("channel", "sms", "--hall", CODE, "--pf", "7")[0].strip()
    edits = run("edits")[0]
    assert "channel sms: key made, pf 7" in edits
    assert key not in edits
