"""Sets a hall up from nothing: central, one device, and the processes that run them.

Every step is one of the product's own commands in a process of its own, so whoever uses
this (the demo, the journeys, the benchmarks) sees what a technician would see.
"""

import ctypes
import os
import random
import shutil
import signal
import socket
import sqlite3
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from contextlib import closing, suppress
from pathlib import Path
from typing import Any
from uuid import UUID

import requests

from demo.rehearsal import Rehearsal

SAMPLE = Path(__file__).parent / "sample" / "hall.toml"
HALL, WINDOW, SPARE_WINDOW = "BH", "BH-012", "BH-013"
FIXED_PORTS = 20_000, 32_768
START_S = 30.0
STOP_S = 5.0
_PR_SET_PDEATHSIG = 1


class StageError(Exception):
    """A step of the set-up failed; the message holds what it printed."""


class Program:
    """One of the product's processes."""

    def __init__(self, process: subprocess.Popen[str], log: Path) -> None:
        self.process = process
        self.log = log

    def stop(self) -> int:
        """Ask it to end, and wait; returns its exit code."""
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
        try:
            return self.process.wait(STOP_S)
        except subprocess.TimeoutExpired:
            self.kill()
            raise StageError(f"{self.log.stem} did not end within {STOP_S:.0f} s") from None

    def kill(self) -> None:
        """End it as a power cut would."""
        self.process.kill()
        self.process.wait()

    @property
    def running(self) -> bool:
        """True until the process has ended."""
        return self.process.poll() is None


def free_port() -> int:
    """Return a port of this machine that nobody listens at, and that stays free for us.

    A port that the system hands out may be handed to somebody else while its owner is down for
    a moment. This one is below those it hands out (32768 and up on Linux, ip(7)).
    """
    while True:
        port = random.randrange(*FIXED_PORTS)  # noqa: S311
        with suppress(OSError), socket.create_server(("127.0.0.1", port)):
            return port


def end_with_parent() -> None:
    """Have the kernel end this process when the one that started it ends (prctl(2))."""
    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)


class Stage:
    """A folder that holds one central and one device."""

    def __init__(self, folder: Path, environment: Mapping[str, str] | None = None) -> None:
        self.folder = folder
        self.central_data = folder / "central"
        self.profile = folder / "device.toml"
        self.device_data = folder / "device"
        self.rehearsal = Rehearsal(folder / "rehearsal.sock")
        self.port = free_port()
        """Where central listens."""
        self.address = f"http://127.0.0.1:{self.port}"
        self._environment = {**os.environ, **(environment or {})}
        self._programs: list[Program] = []
        self._besides: list[Stage] = []
        self._reader_key = ""

    # --- single commands ------------------------------------------------------------------

    def command(self, *words: str, said: str = "", check: bool = True) -> str:
        """Run ``haochaping`` to its end, ``said`` on its input; return what it printed."""
        done = subprocess.run(
            [sys.executable, "-m", "haochaping", *words],
            env=self._environment,
            input=said,
            capture_output=True,
            text=True,
            check=False,
        )
        if check and done.returncode != 0:
            raise StageError(f"haochaping {' '.join(words)}: {done.stdout}{done.stderr}")
        return done.stdout

    def start(self, name: str, *words: str) -> Program:
        """Start ``haochaping`` beside us, with its output in a log of this name."""
        log = self.folder / f"{name}.log"
        with log.open("a", encoding="utf-8") as output:
            process = subprocess.Popen(
                [sys.executable, "-u", "-m", "haochaping", *words],
                env=self._environment,
                stdout=output,
                stderr=subprocess.STDOUT,
                text=True,
                # Ctrl-C reaches us alone; we end our own in order, and if we are killed
                # outright the kernel ends them.
                start_new_session=True,
                preexec_fn=end_with_parent,
            )
        program = Program(process, log)
        self._programs.append(program)
        return program

    def furnished_like(self, model: "Stage") -> None:
        """Begin where ``model`` stands, whose programs have ended: its central and device."""
        self._reader_key = model.reader_key()
        for name in ("central", "device"):
            shutil.copytree(model.folder / name, self.folder / name)
        written = model.profile.read_text(encoding="utf-8")
        self.profile.write_text(
            written.replace(str(model.folder), str(self.folder)), encoding="utf-8"
        )
        self.port, self.address = model.port, model.address

    def beside(self, name: str) -> "Stage":
        """Return a stage for a second device of the same central; it is closed with this one."""
        folder = self.folder / name
        folder.mkdir()
        stage = Stage(folder, self._environment)
        stage.central_data = self.central_data
        stage.port, stage.address = self.port, self.address
        self._besides.append(stage)
        return stage

    def close(self) -> None:
        """End whatever still runs, the last one started first."""
        for stage in self._besides:
            stage.close()
        for program in reversed(self._programs):
            if program.running:
                try:
                    program.stop()
                except StageError:
                    continue
        self._programs.clear()

    def program(self, name: str) -> Program:
        """Return the process of this name that was started last. Raises `StageError`."""
        for program in reversed(self._programs):
            if program.log.stem == name:
                return program
        raise StageError(f"no {name} has been started")

    # --- central --------------------------------------------------------------------------

    def make_central(self, hall: Path = SAMPLE) -> None:
        """Set central up with a hall."""
        self._central("init")
        self.import_hall(hall)

    def import_hall(self, hall: Path) -> None:
        """Bring a hall file in, for the first time or again."""
        self._central("import", str(hall))

    def start_central(self) -> Program:
        """Start central and wait until it listens; always at the same address."""
        log = self.folder / "central.log"
        before = log.stat().st_size if log.exists() else 0
        data, port = str(self.central_data), str(self.port)
        program = self.start("central", "central", "serve", "--port", port, "--data", data)
        until = time.monotonic() + START_S
        while time.monotonic() < until and program.running:
            said = log.read_bytes()[before:].decode(errors="replace")
            if f"central is ready at {self.address}" in said:
                return program
            time.sleep(0.05)
        raise StageError(f"central did not start: {log.read_bytes()[before:].decode()}")

    def give_pin(self, staff: str, pin: str, hall: str = HALL) -> None:
        """Let a staff member log in with this PIN; devices learn it with their next heartbeat."""
        self._central("pin", "--hall", hall, "--staff", staff, said=f"{pin}\n")

    def make_system(self, name: str, *options: str, hall: str = HALL) -> str:
        """Let a business system invite at the hall's windows; returns its key."""
        out = self.folder / "system.key"
        out.unlink(missing_ok=True)
        self._central("system", name, "--hall", hall, "--out", str(out), *options)
        return out.read_text(encoding="utf-8").strip()

    def poster(self, window: str = WINDOW, hall: str = HALL) -> Path:
        """Print the code of a window; returns the PDF."""
        out = self.folder / f"poster-{window}.pdf"
        self._central("posters", "--hall", hall, "--window", window, "--out", str(out))
        return out

    def reader_key(self) -> str:
        """Return the key with which this stage reads at its central; made when first needed."""
        if not self._reader_key:
            out = self.folder / "reader.key"
            self._central("reader", "demo", "--out", str(out))
            self._reader_key = out.read_text(encoding="utf-8").strip()
        return self._reader_key

    def ask_central(self, path: str, **query: Any) -> Any:
        """Put a question to central's JSON query, with a reader's key."""
        key = self.reader_key()
        with requests.Session() as session:
            session.trust_env = False
            answer = session.get(
                self.address + path,
                params=query,
                headers={"Authorization": f"Bearer {key}"},
                timeout=10,
            )
        answer.raise_for_status()
        return answer.json()

    def ratings(self) -> list[dict[str, Any]]:
        """Return every rating that central holds, in the order it got them."""
        found: list[dict[str, Any]] = []
        query: dict[str, Any] = {"limit": 200}
        while (page := self.ask_central("/v1/ratings", **query))["ratings"]:
            found += page["ratings"]
            query["after"] = page["next"]
        return found

    def receipts(self) -> dict[str, str]:
        """Return the receipt code of every visit in central's own file, by the visit's id.

        Its API tells readers no codes: they are the citizens'.
        """
        with closing(sqlite3.connect(self.central_data / "central.db")) as db:
            rows = db.execute("SELECT visit, receipt FROM visit").fetchall()
        return {str(UUID(bytes=visit)): receipt for visit, receipt in rows}

    # --- the device -----------------------------------------------------------------------

    def make_device(self, *profile_options: str) -> None:
        """Write the device's profile and its empty files."""
        self.command(
            *("profile", str(self.profile), "--central", self.address),
            *("--data-dir", str(self.device_data), "--allow-volatile", "--replace"),
            *profile_options,
        )
        self.command("migrate", "--config", str(self.profile))

    def enrol(self, board: str = "DEMO-BOARD", window: str = WINDOW) -> str:
        """Enrol the device with a fresh one-time token; returns its name."""
        token = self.folder / "enrolment.token"
        token.unlink(missing_ok=True)
        self._central("token", "--window", window, "--out", str(token))
        said = self.command(
            *("enrol", "--config", str(self.profile)),
            *("--token-file", str(token), "--board", board),
        )
        return said.split()[-1]

    def start_agent(self) -> Program:
        """Start the agent."""
        return self.start("agent", "agent", "--config", str(self.profile))

    def start_kiosk(self, *options: str, rehearse: bool = True) -> Program:
        """Start the kiosk; with ``rehearse`` its screen can be walked through from here."""
        door = ("--rehearse", str(self.folder / "rehearsal.sock")) if rehearse else ()
        return self.start("kiosk", "kiosk", "--config", str(self.profile), *door, *options)

    def invite(self, *matters: str, by: str = "staff") -> str:
        """Ask the citizen to rate; returns the visit's id."""
        words = [word for matter in matters for word in ("--matter", matter)]
        return self.command("invite", "--config", str(self.profile), "--by", by, *words).strip()

    def cancel(self, visit: str, reason: str) -> str:
        """Take an invitation back; returns the visit's outcome."""
        words: Sequence[str] = ("cancel", "--config", str(self.profile), visit, "--reason", reason)
        return self.command(*words).strip()

    def screenshot(self, picture: Path) -> None:
        """Have the kiosk write a picture for support. Raises `StageError` if it refuses."""
        self.command("screenshot", "--config", str(self.profile), str(picture))

    def callbacks(self) -> str:
        """Return what central prints of those who want a call, with their numbers."""
        return self._central("callbacks", "--show-numbers")

    def _central(self, verb: str, *words: str, said: str = "") -> str:
        return self.command("central", verb, *words, "--data", str(self.central_data), said=said)
