"""What the tests of releases on a device stand on."""

from pathlib import Path

import pytest

from device.releases.shelf import Shelf
from device.store.deployed import Deployed


@pytest.fixture
def deployed(tmp_path: Path) -> Deployed:
    return Deployed(tmp_path / "root")


@pytest.fixture
def shelf(deployed: Deployed) -> Shelf:
    return Shelf(deployed)
