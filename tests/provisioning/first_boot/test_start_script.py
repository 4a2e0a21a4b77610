"""What each boot begins with: the shell script that installs first boot and starts it."""

import hashlib
import json
import os
import shutil
import subprocess
from pathlib import Path

import pytest
from machine_rig import TOKEN, write_card

from provisioning import pack

LIB = "usr/local/lib/haochaping"
UNIT = "etc/systemd/system/haochaping-first-boot.service"
WANTS = "etc/systemd/system/multi-user.target.wants/haochaping-first-boot.service"
DONE = "var/lib/haochaping/applied.json"
SERIAL = "sys/firmware/devicetree/base/serial-number"


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A root with a card, and programs of the system that only say that they were called."""
    root = tmp_path / "root"
    for folder in ("boot/firmware", "dev", "var/lib/haochaping", "etc/haochaping"):
        (root / folder).mkdir(parents=True)
    (root / SERIAL).parent.mkdir(parents=True)
    (root / SERIAL).write_text("1000\0")
    (root / "dev/tty1").touch()
    card = root / "boot/firmware/haochaping"
    write_card(card)
    put_on_card(card, pack.NAME, pack.first_boot())
    put_on_card(card, pack.START, pack.start_script())
    programs = tmp_path / "programs"
    programs.mkdir()
    for name in ("systemctl", "python3"):
        program = programs / name
        program.write_text(f'#!/bin/sh\necho "{name} $*" >>"{tmp_path}/called"\n')
        program.chmod(0o755)
    return root


def put_on_card(card: Path, name: str, content: bytes) -> None:
    (card / name).write_bytes(content)
    said = json.loads((card / "card.json").read_text())
    said["files"][name] = hashlib.sha256(content).hexdigest()
    (card / "card.json").write_text(json.dumps(said, indent=1))


def start(root: Path, *words: str) -> subprocess.CompletedProcess[str]:
    script = root / LIB / "start.sh"
    if not script.exists():
        script = root / "boot/firmware/haochaping/start.sh"
    return subprocess.run(
        ["sh", str(script), *words],
        env={"PATH": f"{root.parent}/programs:/usr/bin:/bin", "HAOCHAPING_ROOT": str(root)},
        capture_output=True,
        text=True,
        timeout=30,
    )


def called(root: Path) -> list[str]:
    file = root.parent / "called"
    return file.read_text().splitlines() if file.exists() else []


def finish(root: Path) -> None:
    shutil.copy(root / "boot/firmware/haochaping/card.json", root / DONE)
    (root / "etc/haochaping/board").write_text("1000\n")


def test_it_installs_first_boot_and_starts_it(root):
    assert start(root).returncode == 0
    assert (root / LIB / pack.NAME).read_bytes() == pack.first_boot()
    assert (root / WANTS).readlink() == Path(f"/{UNIT}")
    assert "systemctl --no-block start haochaping-first-boot.service" in called(root)


def test_called_again_it_changes_nothing(root):
    start(root)
    before = {file: file.lstat().st_mtime_ns for file in root.rglob("*")}
    assert start(root).returncode == 0
    assert {file: file.lstat().st_mtime_ns for file in root.rglob("*") if file.is_file()} == {
        file: when for file, when in before.items() if file.is_file()
    }


def test_the_fallback_installs_it_for_the_next_boot_only(root):
    assert start(root, "later").returncode == 0
    assert (root / WANTS).is_symlink()
    assert called(root) == []


def test_it_runs_the_installed_copy_with_pythons_isolated_mode(root):
    start(root, "later")
    assert start(root, "run").returncode == 0
    assert called(root) == [f"python3 -I {root / LIB / pack.NAME}"]


def test_a_device_that_is_set_up_needs_nothing(root):
    start(root, "later")
    assert start(root, "needed").returncode == 0
    finish(root)
    assert start(root, "needed").returncode == 1
    assert start(root).returncode == 0
    assert called(root) == []


def test_another_card_needs_it_again(root):
    start(root, "later")
    finish(root)
    write_card(root / "boot/firmware/haochaping", version="0.3.0")
    assert start(root, "needed").returncode == 0


def test_another_board_needs_it_again(root):
    start(root, "later")
    finish(root)
    (root / SERIAL).write_text("2000\0")
    assert start(root, "needed").returncode == 0


def test_a_device_whose_card_has_lost_its_files_goes_on_as_it_is(root):
    start(root, "later")
    finish(root)
    shutil.rmtree(root / "boot/firmware/haochaping")
    assert start(root, "needed").returncode == 1


def enrolled_with(root: Path, token: str) -> None:
    home = root / "var/lib/haochaping/device"
    home.mkdir()
    spent = hashlib.sha256(token.encode()).hexdigest()
    (home / "identity.json").write_text(json.dumps({"device": "d-1", "token_sha256": spent}))


@pytest.mark.parametrize("ending", ["", "\n", "\r\n"])
def test_a_spent_token_on_the_card_needs_it_again(root, ending):
    start(root, "later")
    finish(root)
    enrolled_with(root, TOKEN)
    token = root / "boot/firmware/haochaping/token"
    token.write_bytes(f"{TOKEN}{ending}".encode())
    needed = start(root, "needed")
    assert (needed.returncode, needed.stdout, needed.stderr) == (0, "", "")
    token.unlink()
    assert start(root, "needed").returncode == 1


@pytest.mark.parametrize("on_card", ["ANOTHER-TOKEN", ""])
def test_a_token_that_central_has_not_taken_is_enrolments_alone(root, on_card):
    start(root, "later")
    finish(root)
    enrolled_with(root, TOKEN)
    (root / "boot/firmware/haochaping/token").write_text(on_card)
    assert start(root, "needed").returncode == 1


def test_a_device_that_is_not_enrolled_keeps_its_token(root):
    start(root, "later")
    finish(root)
    assert start(root, "needed").returncode == 1


def test_nothing_that_serves_waits_for_first_boot(root):
    unit = start(root, "unit").stdout
    assert "Before=" not in unit
    for file in (Path(__file__).parents[3] / "systemd").rglob("*.*"):
        assert file.is_dir() or "haochaping-first-boot" not in file.read_text(encoding="utf-8")


def test_newer_first_boot_on_a_card_takes_the_olders_place(root):
    start(root, "later")
    put_on_card(root / "boot/firmware/haochaping", pack.NAME, b"newer")
    start(root, "run")
    assert (root / LIB / pack.NAME).read_bytes() == b"newer"


def test_what_is_damaged_on_the_card_is_left_there(root):
    start(root, "later")
    (root / "boot/firmware/haochaping" / pack.NAME).write_bytes(b"damaged")
    start(root, "run")
    assert (root / LIB / pack.NAME).read_bytes() == pack.first_boot()


def test_a_damaged_card_on_a_blank_device_is_said_where_a_technician_looks(root):
    (root / "boot/firmware/haochaping" / pack.NAME).write_bytes(b"damaged")
    assert start(root).returncode == 1
    assert not (root / LIB).exists()
    for file in ("boot/firmware/haochaping/STATE.txt", "dev/tty1"):
        assert "41  BAD_PROFILE" in (root / file).read_text()


def test_an_unknown_word_is_refused(root):
    assert start(root, "nonsense").returncode == 2


def test_systemd_finds_nothing_wrong_with_the_unit(root, tmp_path):
    start(root, "later")
    unit = tmp_path / "haochaping-first-boot.service"
    shutil.copy(root / UNIT, unit)
    if shutil.which("systemd-analyze") is None:
        pytest.skip("systemd-analyze is needed (see system-packages.txt)")
    checked = subprocess.run(
        ["systemd-analyze", "verify", str(unit)],
        capture_output=True,
        text=True,
        timeout=60,
        env={**os.environ, "SYSTEMD_LOG_LEVEL": "warning"},
    )
    assert (checked.returncode, checked.stderr) == (0, "")
