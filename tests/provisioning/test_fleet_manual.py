"""docs/fleet.md names every key, panel and file there is, and `provision check` says the rest."""

import re
import shutil
from pathlib import Path

import pytest
from fleet_rig import furnish

from provisioning import inventory, provision_cli
from provisioning.fleet_keys import DEVICE, FLEET, HEADINGS, PROFILE, SHORT
from provisioning.panels import panels

DOCS = Path(__file__).parents[2] / "docs"
MANUAL = (DOCS / "fleet.md").read_text(encoding="utf-8")


def test_every_key_has_a_row_in_the_manual():
    rows = set(re.findall(r"^\| `([^`\[]+)` \|", MANUAL, re.MULTILINE))
    keys = {key.removeprefix("technician.") for key in FLEET} | (set(DEVICE) - set(PROFILE))
    assert rows >= keys
    assert rows - keys - set(panels()) - set(SHORT) == set()


def test_every_panel_has_a_row_with_its_pixels():
    for name, panel in panels().items():
        width, height = panel.pixels
        assert f"| `{name}` | {width} x {height} |" in MANUAL


def test_every_panel_is_one_that_a_device_takes():
    for panel in panels().values():
        assert 3 <= panel.diagonal <= 65
        assert all(re.fullmatch(r"[ -~]{1,98}", line) for line in panel.boot_lines)


def test_every_chinese_heading_is_in_the_manual_and_stands_for_a_key():
    assert set(HEADINGS.values()) <= set(DEVICE)
    assert [word for word in HEADINGS if word not in MANUAL] == ["设备名"]


def test_every_playbook_is_in_the_manual():
    for file in Path(inventory.__file__).with_name("playbooks").glob("*.yml"):
        assert f"`{file.name}`" in MANUAL


def test_the_command_sums_a_fleet_up_and_lists_it(tmp_path: Path, capsys):
    desk = furnish(tmp_path)
    for file in (DOCS / "examples").glob("fleet.*"):
        shutil.copy(file, tmp_path)
    assert provision_cli.main(["check", str(desk.folder / "fleet.toml"), "--list"]) == 0
    told = capsys.readouterr()
    assert told.err == ""
    assert "8 devices, central https://rating.example.gov.cn" in told.out
    assert re.search(r"210100-01 沈阳市政务服务中心 +5 +hdmi-10-1280x800 \(3\)", told.out)
    assert re.search(r"210102-03 和平区政务服务中心 +3 +touch-display \(2\) +wifi, DHCP", told.out)
    assert re.search(r"^hall-entrance +210100-01 +ENTRANCE +10.21.1.33/24", told.out, re.MULTILINE)
    assert "correct horse" not in told.out


def test_the_command_tells_mistakes_and_warnings_apart(tmp_path: Path, capsys):
    file = tmp_path / "fleet.toml"
    file.write_text('[fleet]\ncentral = "http://x"\n[[device]]\nhall = "H"\nrotat = 1\n')
    assert provision_cli.main(["check", str(file)]) == 2
    lines = capsys.readouterr().err.splitlines()
    warnings = [line for line in lines if line.startswith("warning: ")]
    assert any(f"{file}:2: central: http:// is not encrypted" in line for line in warnings)
    assert f"{file}:5: rotat: unknown key; did you mean rotate?" in lines
    assert lines[-1] == "2 mistakes"


@pytest.mark.parametrize("command", ["check", "cards", "labels", "ansible"])
def test_every_command_explains_itself(command: str, capsys):
    with pytest.raises(SystemExit) as ended:
        provision_cli.main([command, "--help"])
    assert ended.value.code == 0
    assert f"haochaping provision {command}" in capsys.readouterr().out


def test_a_command_that_is_none_is_refused_with_those_that_are(capsys):
    with pytest.raises(SystemExit) as ended:
        provision_cli.main(["chekc"])
    assert ended.value.code == 2
    assert "invalid choice: 'chekc'" in capsys.readouterr().err
