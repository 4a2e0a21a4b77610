"""`haochaping central` typed into this very process: quicker than starting one each time."""

import argparse
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

import pytest
from central_rig import RunningCentral

from central.cli import add_arguments, run


class Said(NamedTuple):
    """What a command wrote."""

    out: str
    err: str


@dataclass
class Command:
    """Types commands for one central."""

    data: Path
    capture: pytest.CaptureFixture[str]

    def __call__(self, *words: str | Path, code: int = 0) -> Said:
        parser = argparse.ArgumentParser(prog="haochaping central")
        add_arguments(parser)
        first, *rest = map(str, words)
        self.capture.readouterr()
        got = run(parser.parse_args([first, "--data", str(self.data), *rest]))
        said = Said(*self.capture.readouterr())
        assert got == code, said
        return said


def command_for(place: RunningCentral, capture: pytest.CaptureFixture[str]) -> Command:
    """Commands for a central that runs: they find its database by its settings."""
    data = place.central.settings.data
    url = place.database.url.render_as_string(hide_password=False)
    (data / "central.toml").write_text(f'database = "{url}"\n', "utf-8")
    return Command(data, capture)
