"""A device's folder, made once and copied for every test."""

import shutil
from collections.abc import Callable, Iterator
from itertools import count
from pathlib import Path

import pytest
from device_rig import enrol_by_hand, open_ledger
from device_rig import identity as who

from device.store.home import Home
from device.store.identity import Identity
from device.store.ledger import Ledger
from device.store.schema import migrate

NewHome = Callable[[], Home]


@pytest.fixture(scope="session")
def new_home(tmp_path_factory: pytest.TempPathFactory) -> NewHome:
    """Makes folders of enrolled devices, with both files up to date and empty."""
    folder = tmp_path_factory.mktemp("homes")
    template = Home(folder / "template")
    migrate(template)
    enrol_by_hand(template)
    numbers = count(1)

    def make() -> Home:
        root = folder / str(next(numbers))
        shutil.copytree(template.root, root)
        return Home(root)

    return make


@pytest.fixture
def home(new_home: NewHome) -> Iterator[Home]:
    """The folder of an enrolled device."""
    made = new_home()
    yield made
    shutil.rmtree(made.root, ignore_errors=True)


@pytest.fixture
def identity() -> Identity:
    """Who the device of `home` is."""
    return who()


@pytest.fixture
def ledger(home: Home) -> Iterator[Ledger]:
    """The ledger of `home`, as the kiosk has it open."""
    opened = open_ledger(home)
    yield opened
    opened.close()


@pytest.fixture
def elsewhere(tmp_path: Path) -> Path:
    """A folder that has nothing to do with `home`."""
    return tmp_path
