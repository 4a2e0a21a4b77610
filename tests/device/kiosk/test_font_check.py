"""A technician learns which characters of the roster cannot be printed, where, and what helps."""

import subprocess
import sys
from pathlib import Path

import msgspec
import pytest
from device_rig import DEED, WANG, configuration

from device.core.errors import WrongSchema
from device.kiosk import font_check
from device.kiosk.assets import font_path
from device.kiosk.coverage import Coverage
from device.kiosk.typefaces import CHAIN, Typefaces
from device.store.briefing import Briefing
from device.store.home import Home
from device.store.wordings import Wording, read
from haochaping.cli import main
from protocol.configuration import Configuration, StaffMember

SHIPPED = Coverage(font_path(False))


def brief(home: Home, roster: Configuration) -> None:
    briefing = Briefing(home)
    briefing.apply(roster, b"signed", "etag")
    briefing.close()


def with_names(*names: str) -> Configuration:
    staff = tuple(
        StaffMember(f"10{number:02}", name, "综合窗口", "不动产登记")
        for number, name in enumerate(names)
    )
    return msgspec.structs.replace(configuration(), staff=staff)


@pytest.fixture
def profile(home: Home) -> Path:
    """The configuration file of the device whose folder `home` is."""
    file = home.root.with_name(f"{home.root.name}.toml")
    file.write_text(
        f'data_dir = "{home.root}"\nstorage.allow_volatile = true\n'
        'central.url = "http://127.0.0.1:1"\n',
        encoding="utf-8",
    )
    return file


# --- what there is to print ---------------------------------------------------------------------


def test_every_text_of_the_roster_is_read_with_its_place(home: Home) -> None:
    brief(home, configuration())
    found = read(home.agent_db)
    assert found[:2] == (Wording("hall, name", "滨河区"), Wording("window, number", "12"))
    assert Wording(f"staff {WANG}, name", "王晓燕") in found
    assert Wording(f"staff {WANG}, post", "综合窗口") in found
    assert Wording(f"staff {WANG}, department", "不动产登记") in found
    assert Wording(f"matter {DEED}, name", "不动产转移登记") in found
    assert found[-1] == Wording("notice 1", "周六照常办理")


def test_before_the_first_configuration_there_is_no_text(home: Home) -> None:
    assert read(home.agent_db) == ()


def test_a_folder_without_files_says_what_to_run(tmp_path: Path) -> None:
    with pytest.raises(WrongSchema, match="haochaping migrate"):
        read(tmp_path / "agent.db")


# --- the report ---------------------------------------------------------------------------------


def report(typefaces: Typefaces, *texts: str) -> font_check.Report:
    return font_check.check(
        [Wording(f"notice {n}", text) for n, text in enumerate(texts)], typefaces
    )


def test_all_is_well_where_every_character_is_printed() -> None:
    found = report(Typefaces(SHIPPED, ()), "王晓燕", "周六照常办理")
    assert found.complete
    assert found.lines[-1] == "2 texts: every character is printed"


def test_a_character_that_is_not_printed_is_told_with_its_places() -> None:
    found = report(Typefaces(SHIPPED, ()), "王𰻞", "王建", "𰻞")
    assert not found.complete
    text = "\n".join(found.lines)
    assert "3 texts: 1 character not printed, shown as 〓" in text
    assert "  𰻞 U+30EDE: no typeface has it\n      notice 0: 王𰻞\n      notice 2: 𰻞" in text


def test_a_package_that_may_help_is_named(tmp_path: Path) -> None:
    absent = [face._replace(regular=tmp_path / "none.ttf", bold=None) for face in CHAIN]
    text = "\n".join(report(Typefaces(SHIPPED, absent), "王𠮷", "𰻞").lines)
    assert f"{tmp_path}/none.ttf (regular and bold): not found; apt install fonts-noto-cjk" in text
    both = "fonts-noto-cjk or fonts-babelstone-han"
    assert f"𰻞 U+30EDE: no typeface here has it; apt install {both} may help" in text
    assert f"𠮷 U+20BB7: no typeface here has it; apt install {both} or fonts-hanazono" in text


def test_many_places_are_counted_not_listed() -> None:
    lines = report(Typefaces(SHIPPED, ()), *["𰻞"] * 12).lines
    assert lines[-1] == "      and 7 more"
    assert len([line for line in lines if "notice" in line]) == 5


def test_what_is_no_character_is_told_as_such() -> None:
    text = "\n".join(report(Typefaces(SHIPPED, ()), "王\ue000", "⿰王几", "\ud800").lines)
    assert "U+E000: no character of Unicode" in text
    assert "⿰ U+2FF0: only describes a character" in text
    assert "U+D800: no character of Unicode" in text


def test_a_terminal_is_sent_no_control_characters() -> None:
    assert "\x1b" not in "".join(report(Typefaces(SHIPPED, ()), "\x1b[2J𰻞").lines)


# --- the command --------------------------------------------------------------------------------


def test_the_command_ends_with_0_if_every_character_is_printed(
    home: Home, profile: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    brief(home, with_names("王㛃", "张䶮", "刘𬭊", "陈𫘜"))  # all in the shipped fonts
    assert main(["fonts", "--config", str(profile)]) == 0
    out, err = capsys.readouterr()
    assert err == ""
    assert "every character is printed" in out
    assert all(str(face.regular) in out for face in CHAIN)


def test_the_command_ends_with_1_and_names_whose_name_it_is(
    home: Home, profile: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    brief(home, with_names("王㛃", "张\U0003ffff"))
    assert main(["fonts", "--config", str(profile)]) == 1
    out, _ = capsys.readouterr()
    assert "U+3FFFF: no typeface has it" in out
    assert "staff 1001, name: 张" in out


def test_a_text_can_be_checked_without_a_device(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["fonts", "--text", "王晓燕", "--config", "/nowhere"]) == 0
    assert main(["fonts", "--text", "王\ue000", "--config", "/nowhere"]) == 1
    assert "U+E000" in capsys.readouterr().out


def test_a_terminal_that_lacks_the_character_is_told_the_code_point() -> None:
    done = subprocess.run(
        [sys.executable, "-X", "utf8=0", "-m", "haochaping", "fonts", "--text", "王\U0003ffff"],
        env={"PYTHONIOENCODING": "gbk"},
        capture_output=True,
        check=False,
    )
    assert done.returncode == 1
    assert "U+3FFFF" in done.stdout.decode("gbk")
    assert done.stderr == b""
