"""The units as systemd itself judges them, by the version that runs on devices (rung 0)."""

import re
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.boot import debian

ROOT = Path(__file__).parents[2]
UNITS = sorted((ROOT / "systemd/etc/systemd/system").glob("haochaping*"))
TARGETS = {"haochaping-agent.service": 1.3, "haochaping-kiosk.service": 1.3}
"""How exposed a service may be at most (systemd-analyze security, 0 to 10)."""


pytestmark = [pytest.mark.xdist_group("boot"), pytest.mark.timeout(300)]


@pytest.fixture(scope="module")
def system(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A root with our files in their places, and something that can be executed as our command."""
    root = debian.unpack(debian.SMALL, tmp_path_factory.mktemp("units") / "root")
    shutil.copytree(ROOT / "systemd", root, dirs_exist_ok=True)
    for release in ("current", "update/judge"):
        command = root / "var/lib/haochaping" / release / "bin/haochaping"
        command.parent.mkdir(parents=True)
        command.write_text("#!/bin/sh\n")
        command.chmod(0o755)
    return root


def inside(root: Path, *command: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        ["chroot", str(root), *command], capture_output=True, text=True, check=False
    )


def test_systemd_finds_nothing_wrong_with_any_unit(system: Path) -> None:
    units = [f"/etc/systemd/system/{unit.name}" for unit in UNITS]
    verified = inside(system, "systemd-analyze", "verify", "--man=no", *units)
    assert (verified.returncode, verified.stdout + verified.stderr) == (0, "")


@pytest.mark.parametrize("unit", [unit.name for unit in UNITS if unit.suffix == ".service"])
def test_no_service_is_more_exposed_than_it_has_to_be(
    system: Path, unit: str, record_property: Callable[[str, object], None]
) -> None:
    judged = inside(
        system,
        *("systemd-analyze", "security", "--offline=true", "--no-pager"),
        f"/etc/systemd/system/{unit}",
    )
    score = re.search(r"Overall exposure level for .*: ([0-9.]+)", judged.stdout)
    assert score, judged.stdout + judged.stderr
    record_property("shown", f"systemd-analyze security {unit}: {score[1]}")
    assert float(score[1]) <= TARGETS.get(unit, 7.5)


def test_users_folders_and_settings_are_made_as_they_are_written(system: Path) -> None:
    for command in ("systemd-sysusers", "systemd-tmpfiles --create --prefix=/var/lib"):
        container = ["systemd-nspawn", "--quiet", "--register=no", "--keep-unit", "--directory"]
        made = subprocess.run(
            [*container, str(system), *command.split()], capture_output=True, text=True, check=False
        )
        assert made.returncode == 0, made.stderr
    groups = (system / "etc/group").read_text()
    for group in ("video", "render", "input", "audio", "gpio", "haochaping"):
        assert re.search(rf"^{group}:.*haochaping-kiosk", groups, re.M), group
    assert not re.search(r"^(video|render|input|audio|gpio):.*haochaping-agent", groups, re.M)
    for user in ("kiosk", "agent"):
        folder = inside(system, "stat", "-c", "%a %U:%G", f"/var/lib/haochaping/device/{user}")
        assert folder.stdout.strip() == f"2750 haochaping-{user}:haochaping"
