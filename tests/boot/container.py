"""A device without a kernel of its own: its whole user space under a real systemd.

`systemd-nspawn` boots the root with systemd as process 1, so units, users, sandboxes and
watchdogs are the real ones; there is no display and no GPIO.
"""

import os
import signal
import subprocess
import time
from collections.abc import Callable
from pathlib import Path
from types import TracebackType
from typing import Self

PATIENCE_S = 60.0
REBOOTS = 133
"""Exit code of systemd-nspawn whose container asked to be started anew."""


class Container:
    """A root folder, booted; leaving the ``with`` ends it."""

    def __init__(self, root: Path, log: Path, *arguments: str) -> None:
        self.root = root
        self._log = log
        self._arguments = arguments
        self.init = 0

    def __enter__(self) -> Self:
        self._power_on()
        self.wait_for(
            "its first target",
            lambda: self.run("systemctl", "is-active", "multi-user.target").stdout == "active\n",
        )
        return self

    def _power_on(self) -> None:
        command = [
            *("systemd-nspawn", "--quiet", "--directory", str(self.root), "--boot"),
            *("--register=no", "--keep-unit", "--console=pipe", "--link-journal=no"),
            *self._arguments,
            "systemd.firstboot=off",
        ]
        with self._log.open("ab") as log:
            self._process = subprocess.Popen(
                command, stdin=subprocess.DEVNULL, stdout=log, stderr=subprocess.STDOUT
            )
        self.wait_for("systemd", lambda: bool(self._find_init()))

    def __exit__(
        self,
        _kind: type[BaseException] | None,
        _error: BaseException | None,
        _trace: TracebackType | None,
    ) -> None:
        if self._process.poll() is None and self.init:
            os.kill(self.init, signal.SIGRTMIN + 14)  # systemd(1): power off at once
        try:
            self._process.wait(20)
        except subprocess.TimeoutExpired:
            self._process.terminate()
            try:
                self._process.wait(20)
            except subprocess.TimeoutExpired:
                self._process.kill()
                self._process.wait()

    def _find_init(self) -> int:
        children = Path(f"/proc/{self._process.pid}/task/{self._process.pid}/children")
        try:
            found = children.read_text().split()
        except OSError:
            found = []
        if self._process.poll() is not None:
            raise RuntimeError(f"the container ended: {self._log.read_text(errors='replace')}")
        self.init = int(found[0]) if found else 0
        return self.init

    def run(self, *command: str, given: str | None = None) -> subprocess.CompletedProcess[str]:
        """Run ``command`` inside, as root; returns what became of it."""
        if self._process.poll() == REBOOTS:
            self._power_on()
        enter = ["nsenter", "--target", str(self.init), "--all", *command]
        return subprocess.run(enter, capture_output=True, text=True, check=False, input=given)

    def show(self, unit: str, what: str) -> str:
        """Return a property of a unit, as ``systemctl show`` has it."""
        return self.run("systemctl", "show", unit, "--value", f"--property={what}").stdout.strip()

    def journal(self, unit: str) -> str:
        """Return what a unit has logged."""
        return self.run("journalctl", "--no-pager", "--output=cat", f"--unit={unit}").stdout

    def wait_for(
        self,
        what: str | Callable[[], str],
        there: Callable[[], bool],
        patience_s: float = PATIENCE_S,
    ) -> None:
        """Wait until ``there`` is true; raises `TimeoutError` with the log."""
        end = time.monotonic() + patience_s
        while not there():
            if time.monotonic() > end:
                missed = what if isinstance(what, str) else what()
                raise TimeoutError(
                    f"waited {patience_s:.0f} s in vain for {missed}\n"
                    f"{self._log.read_text(errors='replace')[-3000:]}"
                )
            time.sleep(0.1)
