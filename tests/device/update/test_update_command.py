"""`haochaping update`, and the stick it reads."""

import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import pytest
from small_releases import CHECK, PUBLIC, make_release
from update_rig import Device

from device.core.errors import DeviceError
from device.releases.news import Outcome
from device.update import cli, trial
from device.update.stick import NoStick, mounted_sticks, newest_release
from device.update.system import Systemd, SystemRefused


@pytest.fixture
def device(tmp_path: Path) -> Device:
    return Device(tmp_path)


def run(device: Device, *words: str) -> int:
    parser, run = cli.update("update")
    return run(parser.parse_args([*words, "--root", str(device.deployed.root)]))


def test_status_says_what_is_in_use(device: Device, capsys: pytest.CaptureFixture[str]):
    device.updater().update(device.release(kiosk="fails"))
    assert run(device, "--status") == 0
    said = capsys.readouterr().out
    assert f"in use        {device.first}\n" in said
    assert "previous      none\n" in said
    assert "rolled-back: 1.1.0-" in said
    assert "haochaping-kiosk.service is failed" in said


def test_status_says_what_is_on_its_way(device: Device, capsys: pytest.CaptureFixture[str]):
    assert run(device, "--status") == 0
    assert "arriving" not in capsys.readouterr().out
    inbox = device.deployed.inbox
    inbox.mkdir(parents=True, exist_ok=True)
    (inbox / ".1.2.0-aaaaaaaa.part").write_bytes(bytes(1_500_000))
    (inbox / "1.1.0-bbbbbbbb.release").write_bytes(b"")
    assert run(device, "--status") == 0
    said = capsys.readouterr().out
    assert "arriving      1.2.0-aaaaaaaa.part: 1.5 MB fetched so far\n" in said
    assert "arriving      1.1.0-bbbbbbbb.release: fetched, about to be checked" in said


def test_a_device_without_the_makers_key_takes_nothing(device: Device):
    with pytest.raises(DeviceError, match=r"release\.pem: the key .* cannot be read"):
        run(device, str(device.release()))
    device.check_settled(device.first)


def test_a_file_of_somebody_else_is_refused_in_a_sentence(device: Device, tmp_path: Path):
    device.deployed.release_key.parent.mkdir(parents=True, exist_ok=True)
    device.deployed.release_key.write_bytes(PUBLIC)
    forged = tmp_path / "x.release"
    forged.write_bytes(device.release().read_bytes().replace(b'"version": "1', b'"version": "9'))
    with pytest.raises(DeviceError, match="not signed by the maker"):
        run(device, str(forged))
    with pytest.raises(DeviceError, match="No such file"):
        run(device, str(tmp_path / "none.release"))


def test_an_update_that_starts_the_services_is_not_waited_for_before_they_may_start(
    device: Device, monkeypatch: pytest.MonkeyPatch
):
    """Starting them starts `--settle` too, and they come after that."""
    device.deployed.release_key.parent.mkdir(parents=True, exist_ok=True)
    device.deployed.release_key.write_bytes(PUBLIC)

    def never(*_: object) -> None:
        raise AssertionError("it waits, and the update waits for it")

    monkeypatch.setattr(Systemd, "pause", never)
    settled: list[int] = []
    start = device.system.start

    def start_as_systemd_does(units: Sequence[str]) -> None:
        if trial.note(device.deployed).exists():
            settled.append(run(device, "--settle"))
        start(units)

    monkeypatch.setattr(device.system, "start", start_as_systemd_does)
    updater = device.updater()
    with updater.alone():
        news = updater.update(device.release())
    assert settled == [0]
    assert news.outcome is Outcome.CONFIRMED


def test_again_lets_a_release_come_again(device: Device, capsys: pytest.CaptureFixture[str]):
    device.updater().update(device.release())
    run(device, "--again")
    run(device, "--again")
    assert capsys.readouterr().out == "forgotten\nthere was nothing to forget\n"


# --- the stick ------------------------------------------------------------------------------


def test_the_newest_release_that_fits_is_found(device: Device, tmp_path: Path):
    stick = tmp_path / "stick"
    (stick / "haochaping").mkdir(parents=True)
    newest = make_release(tmp_path, "1.10.0")
    placed = newest.rename(stick / "haochaping" / newest.name)
    for version in ("1.2.0", "1.9.0"):
        make_release(stick, version)
    other = make_release(tmp_path, "2.0.0", platform="cp399-linux-armv7l")
    other.rename(stick / other.name)
    (stick / "junk.release").write_text("junk")
    said: list[str] = []
    assert newest_release([stick], device.updater().shelf, CHECK, said.append) == placed
    assert any("junk.release" in line for line in said)
    assert any("is built for cp399-linux-armv7l" in line for line in said)


def test_an_empty_stick_is_said_to_be_empty(device: Device, tmp_path: Path):
    with pytest.raises(NoStick, match="no USB stick is plugged in"):
        newest_release([], device.updater().shelf, CHECK, print)
    with pytest.raises(NoStick, match="no release for this device is on the stick"):
        newest_release([tmp_path / "root"], device.updater().shelf, CHECK, print)


def test_only_what_hangs_on_usb_is_mounted_and_let_go_again(tmp_path: Path):
    block, mounts, log = tmp_path / "block", tmp_path / "mounts", tmp_path / "log"
    block.mkdir()
    for name, bus in (("mmcblk0p1", "mmc"), ("sda1", "usb1"), ("sda", "usb1"), ("sdb1", "usb2")):
        (tmp_path / "devices" / bus / name).mkdir(parents=True)
        (block / name).symlink_to(tmp_path / "devices" / bus / name)
    mounts.write_text("/dev/sdb1 /media/my\\040stick vfat ro 0 0\n")
    mount = tmp_path / "mount"
    mount.write_text(f'#!/bin/sh\necho "$@" >> {log}\ntest "$3" != /dev/sda\n')
    mount.chmod(0o755)
    with mounted_sticks(block, mounts, str(mount), str(mount)) as places:
        assert [place.name for place in places] == ["sda1", "my stick"]
    lines = log.read_text().splitlines()
    assert [line.rpartition(" ")[0] for line in lines if line.startswith("-o")] == [
        "-o ro,nosuid,nodev,noexec /dev/sda",
        "-o ro,nosuid,nodev,noexec /dev/sda1",
    ]
    assert lines[-1] == str(places[0])  # and away again; what was mounted before stays


# --- systemd --------------------------------------------------------------------------------


def test_what_systemctl_says_is_understood(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    program = tmp_path / "systemctl"
    program.write_text(
        "#!/bin/sh\n"
        'case "$*" in *kiosk*) echo NRestarts=3; echo ActiveState=active; echo SubState=running;'
        " echo Result=success;;\n"
        "show*) echo ActiveState=inactive; echo SubState=dead; echo NRestarts=[not set];;\n"
        "*) echo 'Failed to stop x.service: no' >&2; exit 5;; esac\n"
    )
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:/usr/bin:/bin")
    state = Systemd().state("haochaping-kiosk.service")
    assert state == (True, 3, "active (running, success)")
    assert Systemd().state("x.service").active is False
    with pytest.raises(SystemRefused, match=r"systemctl stop x\.service: Failed to stop"):
        Systemd().stop(["x.service"])
    program.unlink()
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(SystemRefused, match="systemctl show"):
        Systemd().state("x.service")


@pytest.fixture
def recorded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Every program of the system, as one that writes down what it was asked."""
    log = tmp_path / "log"
    for name in ("systemctl", "systemd-run", "systemd-sysusers", "systemd-tmpfiles", "udevadm"):
        program = tmp_path / name
        program.write_text(f'#!/bin/sh\necho "{name} $*" >> {log}\n')
        program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:/usr/bin:/bin")
    return log


def test_files_are_migrated_before_the_services_start(recorded: Path):
    Systemd().start(["haochaping-kiosk.service"])
    asked = recorded.read_text().splitlines()
    assert asked[-2:] == [
        "systemctl restart haochaping-migrate.service",
        "systemctl start --no-block haochaping.target haochaping-kiosk.service",
    ]


def test_only_what_changed_is_read_again(recorded: Path):
    Systemd().reload([])
    assert not recorded.exists()
    Systemd().reload([Path("/etc/systemd/system/a.service")])
    assert recorded.read_text() == "systemctl daemon-reload\n"
    recorded.unlink()
    Systemd().reload(
        [Path("/etc") / name for name in ("sysusers.d/a", "tmpfiles.d/a", "udev/rules.d/a")]
    )
    programs = [line.split()[0] for line in recorded.read_text().splitlines()]
    # Users first: folders and rules name them.
    assert programs == ["systemd-sysusers", "systemd-tmpfiles", "udevadm", "systemctl"]


def test_the_judge_is_the_release_before_and_outlives_who_called_it(recorded: Path):
    Systemd().call_judge(Path("/var/lib/haochaping/update/judge/bin/haochaping"))
    (call,) = [line for line in recorded.read_text().splitlines() if "systemd-run" in line]
    assert "--no-block" in call
    assert call.endswith(" /var/lib/haochaping/update/judge/bin/haochaping update --judge")


def test_a_system_that_can_be_written_is_left_as_it_is(recorded: Path, tmp_path: Path):
    with Systemd().writable(tmp_path):
        pass
    assert not recorded.exists()


def test_help_says_what_a_technician_needs():
    said = subprocess.run(
        [sys.executable, "-m", "haochaping", "update", "--help"], capture_output=True, text=True
    )
    for word in ("--usb", "--status", "--back", "--force", "sudo"):
        assert word in said.stdout
    assert "--settle" not in said.stdout
