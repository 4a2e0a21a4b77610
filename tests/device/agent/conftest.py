"""What tests of the agent against a real central stand on."""

from collections.abc import Iterator

import pytest

from demo.stage import Stage


@pytest.fixture(scope="module")
def stage(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    """A hall with a running central; each test brings a device of its own."""
    stage = Stage(tmp_path_factory.mktemp("stage"))
    try:
        stage.make_central()
        stage.start_central()
        yield stage
    finally:
        stage.close()
