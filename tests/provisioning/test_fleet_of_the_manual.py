"""The fleet file that docs/technicians.md begins with is one that can be used as it stands."""

import re
import shutil
from pathlib import Path

from fleet_rig import furnish

MANUAL = (Path(__file__).parents[2] / "docs/technicians.md").read_text(encoding="utf-8")
RELEASE = "releases/haochaping-0.1.0-cp313-linux-aarch64.release"


def test_the_manuals_fleet_file_has_no_mistake_and_names_the_device_of_its_commands(
    tmp_path: Path,
):
    desk = furnish(tmp_path)
    (tmp_path / "releases").mkdir()
    shutil.copy(tmp_path / "haochaping.release", tmp_path / RELEASE)
    shutil.copy(tmp_path / "release.pem", tmp_path / "maker.pub.pem")
    block = re.search(r"^```toml\n(.*?)^```$", MANUAL, re.MULTILINE | re.DOTALL)
    assert block is not None
    checked = desk.check(block[1])
    assert (checked.mistakes, checked.warnings) == ((), ())
    assert checked.fleet is not None
    (seat,) = checked.fleet.seats
    asked_for = set(re.findall(r"--device (\S+)", MANUAL)) | set(
        re.findall(r"cards/(\S+?)[ /]", MANUAL)
    )
    moved = set(re.findall(r"--device (\S+) --move", MANUAL))
    assert asked_for == {seat.name, *moved}
    elsewhere = desk.check(block[1].replace('window = "W12"', 'window = "W14"')).fleet
    assert elsewhere is not None
    assert moved == {one.name for one in elsewhere.seats}
    assert f"--out releases/\nhaochaping release show {RELEASE}" in MANUAL
