"""A real hall for journeys: Xvfb, central, agent and kiosk, each in its own process."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from actors import Citizen, Mouse

from demo.stage import Stage


@pytest.fixture(scope="session")
def enrolled(tmp_path_factory: pytest.TempPathFactory) -> Stage:
    """The sample hall with one device, set up once; every journey gets a copy."""
    stage = Stage(tmp_path_factory.mktemp("hall"))
    try:
        stage.make_central()
        stage.start_central()
        stage.make_device("--size", "1280x800")
        stage.enrol()
    finally:
        stage.close()
    return stage


@pytest.fixture
def hall(tmp_path: Path, display: str, enrolled: Stage) -> Iterator[Stage]:
    """The sample hall, set up and enrolled; the journey starts what it needs."""
    stage = Stage(tmp_path, {"DISPLAY": display, "SDL_VIDEODRIVER": "x11"})
    try:
        stage.furnished_like(enrolled)
        stage.start_central()
        yield stage
    finally:
        stage.close()


@pytest.fixture
def citizen(hall: Stage, display: str) -> Citizen:
    """A citizen with a mouse at the hall's window."""
    return Citizen(hall, Mouse(hall, display))
