"""What the doctor, the check screen and heartbeats rely on."""

import os
import re
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from patient_rig import ROOT, finding, lay_out, put

from device.checks import Level, codes, local
from device.checks.patient import Patient
from device.checks.table import CHECKS, Check, Group, examine, faults, run, wordings
from device.doctor.examination import all_checks
from device.store.deployed import Deployed
from device.store.home import Home

DOCS = Path(__file__).parents[3] / "docs/doctor.md"


def told_by(patient: Patient) -> dict[str, Level]:
    return {one.code: one.level for one in examine(patient)}


def test_on_a_device_in_good_order_nothing_fails(running: Patient):
    said = told_by(running)
    not_ok = {code: level for code, level in said.items() if level is not Level.OK}
    # Nobody has asked central yet, and there are no faults, warnings or guesses beside that.
    assert not_ok == {"central-contact": Level.UNKNOWN}
    assert len(said) == len(CHECKS)


def test_each_check_reports_under_its_own_code(running: Patient):
    for check in CHECKS:
        assert run(check, running).code == check.code


def test_an_empty_machine_makes_no_check_stumble(tmp_path: Path):
    deployed = Deployed(tmp_path)
    put(deployed.settings, "card.json", "{}")
    blank = Patient(deployed, None, Home(deployed.data))
    for one in examine(blank):
        assert "could not be looked at" not in one.sentence, one


def test_an_empty_machine_is_not_told_that_all_is_well(tmp_path: Path):
    deployed = Deployed(tmp_path)
    put(deployed.settings, "card.json", "{}")
    said = told_by(Patient(deployed, None, Home(deployed.data)))
    needed = {"configuration", "identity", "keys", "kiosk", "agent", "kiosk-db", "display"}
    assert needed <= {code for code, level in said.items() if level is Level.FAULT}


@pytest.mark.parametrize("rubbish", ["\0\xff", "{", "[1]", "null", "9" * 30, "a: b: c\n\n\n- - -"])
def test_rubbish_in_every_file_makes_no_check_stumble(running: Patient, rubbish: str):
    for folder in ("proc", "sys", "etc"):
        for file in running.at(folder).rglob("*"):
            if file.is_file() and file.name not in ("device.toml", "getty@tty1.service"):
                file.write_text(rubbish, encoding="latin-1")
    for one in examine(Patient(running.deployed, running.profile, running.home)):
        assert "could not be looked at" not in one.sentence, one


def test_what_breaks_one_check_hides_no_other(running: Patient):
    def ill(_: Patient):
        raise ZeroDivisionError("the kernel said something new")

    checks = (Check("ill", Group.BOARD, ill), *CHECKS)
    said = {one.code: one for one in examine(running, checks=checks)}
    assert said["ill"].level is Level.UNKNOWN
    assert "the kernel said something new" in said["ill"].sentence
    assert len(said) == len(checks)


@pytest.mark.parametrize(("user", "advice"), [(1000, "Run it as root."), (0, "Not even root")])
def test_what_may_not_be_read_is_unknown_and_never_well(
    running: Patient, monkeypatch: pytest.MonkeyPatch, user: int, advice: str
):
    monkeypatch.setattr("os.geteuid", lambda: user)

    def closed(_: Patient):
        raise PermissionError(13, "Permission denied", "/var/lib/secret")

    said = run(Check("closed", Group.BOARD, closed), running)
    assert said.level is Level.UNKNOWN
    assert said.what_to_do.startswith(advice)


@pytest.mark.skipif(not ROOT, reason="needs to become somebody else")
def test_somebody_who_may_see_nothing_is_told_so_and_nothing_false(home: Home):
    # pytest's own folders are closed to others.
    with TemporaryDirectory() as folder:
        Path(folder).chmod(0o755)
        device = lay_out(Path(folder) / "root", home)
        for closed in (device.home.kiosk_db.parent, device.home.agent_db.parent):
            closed.chmod(0o750)
        device.at("etc/NetworkManager/system-connections").chmod(0o700)
        said = told_to_anybody(device)
    unseen = ("keys", "kiosk", "agent", "kiosk-db", "backlog", "damaged-files", "wifi-file")
    assert {said[code] for code in unseen} == {"unknown Run it as root."}
    # What only the kiosk may use is no fault either: its rights are judged, not ours.
    assert not [code for code, told in said.items() if told.startswith("fault")]


def told_to_anybody(device: Patient) -> dict[str, str]:
    """What a user without any rights finds, in a process of their own."""
    reading, writing = os.pipe()
    if not os.fork():
        try:
            os.setgroups([])
            os.setgid(65533)
            os.setuid(65533)
            found = examine(Patient(device.deployed, device.profile, device.home))
            told = "\n".join(f"{one.code} {one.level} {one.what_to_do}" for one in found)
            os.write(writing, told.encode())
        finally:
            os._exit(0)
    os.close(writing)
    os.wait()
    with os.fdopen(reading) as told_by_child:
        return dict(line.split(" ", 1) for line in told_by_child.read().splitlines())


def test_checks_for_devices_are_left_out_elsewhere(running: Patient):
    (running.deployed.settings / "card.json").unlink()
    assert not {"watchdog", "own-identity", "card"} & set(told_by(running))


def test_the_quick_checks_are_those_that_are_promised(running: Patient):
    found = local(running.deployed, running.profile, running.home)
    assert tuple(one.code for one in found) == codes()
    assert "kiosk-db-pages" not in codes()


def test_only_what_fails_is_told_to_central(running: Patient):
    put(running.deployed.root, "sys/class/hwmon/hwmon0/in0_lcrit_alarm", "1")
    put(running.deployed.root, "proc/sys/kernel/sysrq", "1")
    assert finding(running, "console").level is Level.WARNING
    assert faults(examine(running)) == ("undervoltage",)


def test_every_finding_that_is_not_well_says_what_to_do(tmp_path: Path):
    deployed = Deployed(tmp_path)
    put(deployed.settings, "card.json", "{}")
    for one in examine(Patient(deployed, None, Home(deployed.data))):
        assert one.sentence.endswith((".", "?")), one
        if one.level in (Level.FAULT, Level.WARNING):
            assert one.what_to_do, one


def test_every_check_has_a_title_and_advice_in_three_languages():
    assert set(wordings()) == {check.code for check in all_checks()}
    for wording in wordings().values():
        assert all(wording.title.values())
        assert all(wording.hint.values())


def test_every_check_has_its_place_in_the_manual():
    headings = re.findall(r"^### (\S+)$", DOCS.read_text(encoding="utf-8"), re.MULTILINE)
    assert headings == [check.code for check in all_checks()]


def test_no_check_can_open_a_connection_or_the_display():
    import subprocess

    program = (
        "import sys, device.checks.table as t; "
        "print([m for m in ('pygame', 'requests', 'socket', 'ssl', 'subprocess', 'gpiod') "
        "if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    assert done.stdout.strip() == "[]", done.stderr
