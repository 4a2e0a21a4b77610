"""Machines for the tests of first boot."""

import os
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path

import machine_rig
import pytest
from machine_rig import Machine

from device.releases import shelf
from device.store import disk
from provisioning.first_boot import data_partition, identity, read_only

MakeMachine = Callable[..., Machine]


@pytest.fixture
def make_machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[MakeMachine]:
    """Make machines; what they write is noted as on disk when it is forced there."""
    machines: list[Machine] = []

    def noted(descriptor: int) -> None:
        stat = os.fstat(descriptor)
        for machine in machines:
            machine.on_disk.add((stat.st_dev, stat.st_ino))

    monkeypatch.setattr(os, "fsync", noted)
    for module in (disk, shelf, data_partition, read_only):
        monkeypatch.setattr(module, "sync_disk", lambda _folder: None)

    def make(name: str = "machine", **given: object) -> Machine:
        (tmp_path / name).mkdir()
        machines.append(Machine(tmp_path / name, **given))
        return machines[-1]

    yield make
    machine_rig.PLUG.machine = None


@pytest.fixture
def machine(make_machine: MakeMachine) -> Machine:
    """One machine with a card in it."""
    return make_machine()


@pytest.fixture
def same_ids(monkeypatch: pytest.MonkeyPatch) -> None:
    """Chance gives the same machine-id each time, so that two runs can be compared."""
    monkeypatch.setattr(identity.uuid, "uuid4", lambda: uuid.UUID(int=7, version=4))
