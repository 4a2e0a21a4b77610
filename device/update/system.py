"""What an update asks of systemd; the one edge that tests stand in for."""

import os
import subprocess
import time
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import Final, NamedTuple, Protocol

from device.core.errors import DeviceError

KIOSK: Final = "haochaping-kiosk.service"
AGENT: Final = "haochaping-agent.service"
MIGRATE: Final = "haochaping-migrate.service"
TARGET: Final = "haochaping.target"
_JUDGE: Final = "haochaping-judge"

_STOP_S: Final = 120
_START_S: Final = 600
"""Migrating a large file on an old card takes minutes."""


class SystemRefused(DeviceError, RuntimeError):
    """systemd, or a program of the system, did not do what was asked."""


class UnitState(NamedTuple):
    """How a unit is."""

    active: bool
    """Started, and ready if it says so itself (Type=notify)."""
    restarts: int
    """How often systemd had to start it again."""
    words: str = ""
    """For people: ``failed (exit-code)``."""


class System(Protocol):
    """What the updater needs of the system below it. Methods raise `SystemRefused`."""

    def state(self, unit: str) -> UnitState:
        """Return how a unit is."""

    def stop(self, units: Sequence[str]) -> None:
        """Stop units and wait until they have stopped."""

    def start(self, units: Sequence[str]) -> None:
        """Migrate the files, then start units without waiting until they are ready."""

    def reload(self, changed: Sequence[Path]) -> None:
        """Take note of system files that changed."""

    def writable(self, root: Path) -> AbstractContextManager[object]:
        """Return a context in which a read-only system can be written."""

    def lay_out_anew(self, program: Path) -> None:
        """Have a release take over files that a newer one has migrated."""

    def call_judge(self, program: Path) -> None:
        """Have the trial judged in the background."""

    def pause(self, seconds: float) -> None:
        """Wait."""

    def monotonic(self) -> float:
        """Return seconds on a clock that never jumps."""


class Systemd:
    """The real thing."""

    def state(self, unit: str) -> UnitState:
        """Return how a unit is."""
        names = ("ActiveState", "SubState", "Result", "NRestarts")
        words = [f"--property={','.join(names)}", unit]
        shown = dict(
            line.partition("=")[::2] for line in self._systemctl("show", *words).splitlines()
        )
        active, restarts = shown.get("ActiveState", ""), shown.get("NRestarts", "")
        return UnitState(
            active == "active",
            int(restarts) if restarts.isdigit() else 0,
            f"{active} ({shown.get('SubState', '')}, {shown.get('Result', '')})",
        )

    def stop(self, units: Sequence[str]) -> None:
        """Stop units and wait until they have stopped."""
        self._systemctl("stop", *units, timeout_s=_STOP_S)

    def start(self, units: Sequence[str]) -> None:
        """Migrate the files, then start units without waiting until they are ready."""
        self._systemctl("reset-failed", *units, MIGRATE, may_fail=True)
        self._systemctl("restart", MIGRATE, timeout_s=_START_S)
        self._systemctl("start", "--no-block", TARGET, *units)

    def reload(self, changed: Sequence[Path]) -> None:
        """Take note of system files that changed."""
        parts = {part for path in changed for part in path.parts}
        if "sysusers.d" in parts:
            self._run("systemd-sysusers")
        if "tmpfiles.d" in parts:
            self._run("systemd-tmpfiles", "--create", "--prefix=/run", "--prefix=/var/lib")
        if "rules.d" in parts:
            self._run("udevadm", "control", "--reload", may_fail=True)
        if "sysctl.d" in parts:
            self._run("sysctl", "--system", "--quiet", may_fail=True)
        if changed:
            self._systemctl("daemon-reload", timeout_s=_STOP_S)

    @contextmanager
    def writable(self, root: Path) -> Iterator[None]:
        """Mount a read-only system writable for a moment; one that is writable stays so."""
        if not os.statvfs(root).f_flag & os.ST_RDONLY:
            yield
            return
        self._run("mount", "-o", "remount,rw", str(root))
        try:
            yield
        finally:
            os.sync()
            # Busy for a moment perhaps; the next boot mounts it read-only again.
            self._run("mount", "-o", "remount,ro", str(root), may_fail=True)

    def lay_out_anew(self, program: Path) -> None:
        """Have a release take over files that a newer one has migrated."""
        self._run(str(program), "update", "--lay-out-anew", timeout_s=_START_S)

    def call_judge(self, program: Path) -> None:
        """Have the trial judged in the background, by the release before."""
        self._systemctl("reset-failed", f"{_JUDGE}.service", may_fail=True)
        self._run(
            *("systemd-run", f"--unit={_JUDGE}", "--collect", "--no-block", "--quiet"),
            *("--description=Haochaping: judge an update", "--property=Restart=on-failure"),
            *(str(program), "update", "--judge"),
        )

    def pause(self, seconds: float) -> None:
        """Wait."""
        time.sleep(seconds)

    def monotonic(self) -> float:
        """Return seconds on a clock that never jumps."""
        return time.monotonic()

    def _systemctl(self, *words: str, timeout_s: float = 60, may_fail: bool = False) -> str:
        return self._run("systemctl", *words, timeout_s=timeout_s, may_fail=may_fail)

    def _run(self, *words: str, timeout_s: float = 60, may_fail: bool = False) -> str:
        try:
            done = subprocess.run(
                words,
                capture_output=True,
                encoding="utf-8",
                errors="replace",
                timeout=timeout_s,
                check=False,
                stdin=subprocess.DEVNULL,
            )
        except (OSError, subprocess.TimeoutExpired) as error:
            raise SystemRefused(f"{Path(words[0]).name} {words[1]}: {error}") from error
        if done.returncode and not may_fail:
            said = (done.stderr or done.stdout).strip().splitlines()
            what = " ".join((Path(words[0]).name, *words[1:]))
            raise SystemRefused(f"{what}: {said[-1] if said else f'exit code {done.returncode}'}")
        return done.stdout
