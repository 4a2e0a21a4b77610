"""A device in good order, for the doctor to look at."""

from pathlib import Path

import pytest
from patient_rig import lay_out

from device.checks.patient import Patient
from device.store.home import Home


@pytest.fixture
def patient(tmp_path: Path, home: Home) -> Patient:
    """A device in good order, nothing of which runs."""
    return lay_out(tmp_path / "root", home)
