"""The heartbeat tells central which checks fail."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from patient_rig import lay_out

from device.agent import health
from device.agent.checkup import EVERY_S, Checkup
from device.agent.courier import HEARTBEAT_S
from device.checks.patient import Patient
from device.store import lock
from device.store.backlog import Backlog
from device.store.briefing import Briefing
from device.store.home import Home


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def patient(tmp_path: Path, home: Home) -> Patient:
    return lay_out(tmp_path / "root", home)


def checkup_of(patient: Patient, clock: Clock) -> Checkup:
    assert patient.profile is not None
    return Checkup(patient.profile, patient.home, clock)


@pytest.fixture
def kiosk(patient: Patient) -> Iterator[None]:
    """A kiosk that runs."""
    held = lock.hold(patient.home.kiosk_lock)
    yield
    os.close(held)


@pytest.fixture
def agent(patient: Patient) -> Iterator[None]:
    """The agent itself, which looks after the device."""
    held = lock.hold(patient.home.agent_lock)
    yield
    os.close(held)


@pytest.mark.usefixtures("kiosk", "agent")
def test_a_fault_is_told_within_minutes_and_looked_for_no_more_often(patient: Patient):
    clock = Clock()
    checkup = checkup_of(patient, clock)
    assert checkup.faults() == ()
    patient.at("sys/class/hwmon/hwmon0/in0_lcrit_alarm").write_text("1")
    clock.now = EVERY_S - 1
    assert "undervoltage" not in checkup.faults()
    clock.now = EVERY_S
    assert "undervoltage" in checkup.faults()


def test_a_kiosk_that_was_only_starting_is_no_fault_in_the_next_heartbeat(
    patient: Patient, agent: None, request: pytest.FixtureRequest
):
    clock = Clock()
    checkup = checkup_of(patient, clock)
    assert checkup.faults() == ("kiosk",)
    request.getfixturevalue("kiosk")
    clock.now = HEARTBEAT_S
    assert checkup.faults() == ()


def test_a_kiosk_that_does_not_run_is_a_fault(patient: Patient):
    assert "kiosk" in checkup_of(patient, Clock()).faults()


def test_a_machine_set_up_by_hand_tells_no_faults(home: Home, patient: Patient):
    assert patient.profile is not None
    assert Checkup(patient.profile, home, Clock()).faults() == ()


def test_the_faults_are_in_the_heartbeat_of_an_installed_release(patient: Patient):
    found = checkup_of(patient, Clock()).faults()
    backlog, briefing = Backlog(patient.home), Briefing(patient.home)
    beat = health.take_pulse(patient.home, backlog, briefing, faults=found)
    assert beat.faults == found != ()
    patient.deployed.current.unlink()
    # An older central would refuse what it does not know.
    assert health.take_pulse(patient.home, backlog, briefing, faults=found).faults == ()
    backlog.close()
    briefing.close()
