"""A device that is updated: real folders, a supervisor and a power switch that are not."""

import json
import os
import shutil
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from pathlib import Path
from typing import Any

import pytest
from small_releases import CHECK, make_release

from device.releases.news import read_news
from device.releases.shelf import Shelf
from device.releases.units import install_system_files
from device.store import lock
from device.store.deployed import Deployed
from device.store.home import Home
from device.update import trial, verdict
from device.update.inbox import empty_inbox
from device.update.system import AGENT, KIOSK, SystemRefused, UnitState
from device.update.updater import Updater
from protocol.releases import open_release

UNIT = Path("etc/systemd/system/haochaping.target")


class PowerCut(BaseException):
    """Nothing is done any more."""


class Supervisor:
    """Starts and stops what the release in use says of itself in ``behaviour.json``."""

    def __init__(self, deployed: Deployed) -> None:
        self.deployed = deployed
        self.units: dict[str, UnitState] = {}
        self.running = ""
        """Release that was started last."""
        self.loaded = ""
        """What systemd has read of the target."""
        self.now = 0.0
        self.judges: list[Path] = []
        self.each_pause: Callable[[], object] = lambda: None
        self._held: int | None = None

    # --- what the updater asks --------------------------------------------------------------

    def state(self, unit: str) -> UnitState:
        return self.units.get(unit, UnitState(False, 0, "inactive"))

    def stop(self, units: Sequence[str]) -> None:
        for unit in units:
            self.units.pop(unit, None)
        if self._held is not None:
            os.close(self._held)
            self._held = None
        self.mark.unlink(missing_ok=True)

    def start(self, units: Sequence[str]) -> None:
        does = self.behaviour()
        self.running = Shelf(self.deployed).current()
        if does.get("migrate") == "fails":
            raise SystemRefused("systemctl restart haochaping-migrate.service: it failed")
        for unit, name in ((KIOSK, "kiosk"), (AGENT, "agent")):
            if unit in units:
                fails = does.get(name) == "fails"
                self.units[unit] = UnitState(not fails, 0, "failed" if fails else "active")
        if self.units[KIOSK].active and self._held is None:
            self._held = lock.hold(Home(self.deployed.data).kiosk_lock)
        if does.get("central") != "silent" and self.units[AGENT].active:
            self.mark.parent.mkdir(parents=True, exist_ok=True)
            self.mark.touch()

    def reload(self, changed: Sequence[Path]) -> None:
        self.loaded = (self.deployed.root / UNIT).read_text()

    def writable(self, root: Path) -> AbstractContextManager[object]:
        return nullcontext()

    def lay_out_anew(self, program: Path) -> None:
        assert program.is_file()
        if self.behaviour().get("starts") == "not at all":
            raise SystemRefused(f"{program}: exit code 1")

    def call_judge(self, program: Path) -> None:
        assert program.is_file()
        self.judges.append(program.resolve())

    def pause(self, seconds: float) -> None:
        self.now += seconds
        if self.behaviour().get("kiosk") == "loops" and KIOSK in self.units:
            self.units[KIOSK] = UnitState(True, self.units[KIOSK].restarts + int(self.now) // 20)
        self.each_pause()

    def monotonic(self) -> float:
        return self.now

    # --- what happens to it -----------------------------------------------------------------

    @property
    def mark(self) -> Path:
        return verdict.heartbeat_mark(self.deployed)

    def behaviour(self) -> dict[str, Any]:
        file = self.deployed.current / "behaviour.json"
        return json.loads(file.read_text()) if file.exists() else {}

    def power_off(self) -> None:
        self.units = {}
        self.running = ""
        if self._held is not None:
            os.close(self._held)
            self._held = None
        shutil.rmtree(self.deployed.root / "run", ignore_errors=True)


class Device:
    """One device with its first release at work."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.deployed = Deployed(folder / "root")
        self.system = Supervisor(self.deployed)
        self.said: list[str] = []
        Home(self.deployed.data).prepare()
        self.deployed.inbox.mkdir(parents=True)
        shelf = Shelf(self.deployed)
        self.first = shelf.install(make_release(folder, "1.0.0"), CHECK).name
        shelf.switch(self.first)
        install_system_files(shelf.folder(self.first) / "systemd", self.deployed.root)
        self.system.reload([])
        self.system.start((KIOSK, AGENT))

    def release(self, version: str = "1.1.0", **behaviour: str) -> Path:
        return make_release(self.folder, version, files={"behaviour.json": json.dumps(behaviour)})

    def updater(self) -> Updater:
        return Updater(self.deployed, self.system, CHECK, say=self.said.append)

    def lay_down(self, file: Path) -> Path:
        with file.open("rb") as opened:
            name = open_release(opened, CHECK)[0].name
        laid = self.deployed.inbox / f"{name}.release"
        shutil.copyfile(file, laid)
        return laid

    def from_inbox(self) -> None:
        updater = self.updater()
        updater.leave_to_judge()
        with updater.alone():
            updater.judge()
            empty_inbox(self.deployed, updater, self.said.append)

    def boot(self) -> None:
        """What systemd does at boot, in its order."""
        self.system.power_off()
        if trial.note(self.deployed).exists():
            assert trial.judge(self.deployed).resolve().is_dir()
            updater = self.updater()
            with updater.alone():
                updater.settle()
        self.system.reload([])
        try:
            self.system.start((KIOSK, AGENT))
        except SystemRefused as error:
            self.said.append(str(error))
        if self.system.judges:
            self.system.judges.clear()
            updater = self.updater()
            with updater.alone():
                updater.judge()
        if list(self.deployed.inbox.glob("*.release")):
            self.from_inbox()

    @property
    def current(self) -> str:
        return Shelf(self.deployed).current()

    @property
    def news(self) -> str:
        news = read_news(self.deployed)
        return news.line if news else ""

    def check_settled(self, name: str) -> None:
        """One release in use, its own system files, its services at work, nothing under way."""
        assert self.current == name
        assert self.system.running == name
        assert self.system.state(KIOSK).active
        assert self.system.state(AGENT).active
        version = name.partition("-")[0]
        assert (self.deployed.root / UNIT).read_text() == f"# {version}\n" == self.system.loaded
        assert not trial.note(self.deployed).exists()
        assert not [path for path in self.deployed.releases.iterdir() if path.name[0] == "."]
        assert len(Shelf(self.deployed).names()) <= 2


EVERYTHING = -1
"""In place of a descriptor: the whole disk is synced (`device.store.disk.sync_disk`)."""
_CHANGES = ("fsync", "replace", "rename", "unlink", "symlink", "mkdir", "rmdir")


@contextmanager
def power_cut_after(steps: int) -> Iterator[list[int]]:
    """Let the power go before the change to the disk with this number.

    Yields how many changes are left; below 0 the power is gone, and nothing can be changed.
    What was removed is there again if its folder was not synced since.
    """
    left = [steps]
    removed: dict[Path, bytes] = {}

    def unlink(path: Any, *, dir_fd: int | None = None) -> None:
        file = Path(path)
        if dir_fd is None and file.is_file() and not file.is_symlink():
            removed[file.absolute()] = file.read_bytes()
        os_unlink(path, dir_fd=dir_fd)

    def fsync(descriptor: int) -> None:
        if descriptor == EVERYTHING:
            removed.clear()
            return
        folder = Path(f"/proc/self/fd/{descriptor}").readlink()
        for file in [file for file in removed if file.parent == folder]:
            del removed[file]
        os_fsync(descriptor)

    os_unlink, os_fsync = os.unlink, os.fsync

    def cut_off(change: Callable[..., Any]) -> Callable[..., Any]:
        def changed(*words: Any, **named: Any) -> Any:
            left[0] -= 1
            if left[0] < 0:
                raise PowerCut
            return change(*words, **named)

        return changed

    with pytest.MonkeyPatch.context() as patch:
        for name in _CHANGES:
            change = {"unlink": unlink, "fsync": fsync}.get(name, getattr(os, name))
            patch.setattr(os, name, cut_off(change))
        yield left
    if left[0] < 0:
        for file, content in removed.items():
            if file.parent.is_dir() and not file.exists():
                file.write_bytes(content)
