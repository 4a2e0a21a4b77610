"""A device in good order, for each test to break."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from patient_rig import again, lay_out

from device.checks.patient import Patient
from device.store import lock, moment
from device.store.home import Home
from protocol.records import ClockQuality


@pytest.fixture
def patient(tmp_path: Path, home: Home) -> Patient:
    """A device in good order, nothing of which runs."""
    return lay_out(tmp_path / "root", home)


@pytest.fixture
def running(patient: Patient) -> Iterator[Patient]:
    """The same, with both processes at work."""
    held = [lock.hold(patient.home.kiosk_lock), lock.hold(patient.home.agent_lock)]
    yield patient
    for descriptor in held:
        os.close(descriptor)


@pytest.fixture
def unsynchronised(patient: Patient, monkeypatch: pytest.MonkeyPatch) -> Patient:
    """The same, on a machine whose clock nobody has set."""
    patient.at("run/systemd/timesync/synchronized").unlink()
    monkeypatch.setattr(moment, "clock_quality", lambda: ClockQuality.UNSYNCED)
    return again(patient.deployed)
