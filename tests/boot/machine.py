"""A device with a kernel and a display: a QEMU guest, driven from outside as people do.

Fingers come in through a virtio multitouch panel, the picture is what the display shows,
the mains plug is `cut_power`. The guest reaches one port of this machine and nothing else.
A root shell on a second serial line lets tests look inside; it changes nothing by itself.
"""

import json
import re
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from PIL import Image as Picture

from demo.stage import end_with_parent
from tests.boot import debian
from tests.boot.disk import Image

SIZE = (1024, 600)
LOUD = "systemd.journald.forward_to_console=1 systemd.journald.max_level_console=info"
"""Kernel's words with which everything that is logged is said on the serial console too."""
CENTRAL_IN_GUEST = "10.0.2.100"
"""The only address that the guest can reach."""
FORWARD = Path(__file__).parent / "forward.py"
QUIET = "quiet loglevel=3 logo.nologo vt.global_cursor_default=0 consoleblank=0"
"""As the card's own cmdline.txt says it to a device's kernel."""
_ESCAPES = re.compile(r"\x1b\[[0-9;?]*[a-zA-Z]|\r")
_RANGE = 0x7FFF
"""QEMU's absolute axes go from 0 to this."""


class Machine:
    """One guest; leaving the ``with`` switches it off."""

    def __init__(
        self,
        image: Image,
        folder: Path,
        port: int,
        *,
        arch: str = "x86_64",
        rtc: str = "",
        kernel_words: str = "",
        devices: Sequence[str] = ("virtio-multitouch-pci", "virtio-keyboard-pci"),
        more: Sequence[str] = (),
    ) -> None:
        self.folder = folder
        folder.mkdir(parents=True, exist_ok=True)
        self._qmp_path, self._shell_path = folder / "qmp.sock", folder / "shell.sock"
        for path in (self._qmp_path, self._shell_path):
            path.unlink(missing_ok=True)
        arm = arch == "aarch64"
        console = "ttyAMA0" if arm else "ttyS0"
        forward = f"{sys.executable} {FORWARD} {port}"
        width, height = SIZE
        # ARM's console is no 8250, so the one on PCI is the first of that kind there.
        shell, line = ("ttyS0", "pci-serial") if arm else ("ttyS1", "isa-serial")
        self._command = [
            *debian.qemu(arch),
            *("-M", "virt" if arm else "q35", "-cpu", "cortex-a72" if arm else "Nehalem"),
            *("-accel", "tcg,thread=multi", "-smp", "2", "-m", "1024"),
            *("-nodefaults", "-no-user-config", "-display", "none"),
            *("-serial", "stdio"),
            *("-chardev", f"socket,id=shell,path={self._shell_path},server=on,wait=off"),
            *("-device", f"{line},chardev=shell"),
            *("-qmp", f"unix:{self._qmp_path},server=on,wait=off"),
            *("-kernel", str(image.kernel), "-initrd", str(image.initrd)),
            "-append",
            f"root=LABEL=rootfs rw console={console} net.ifnames=0 {QUIET} systemd.show_status=1 "
            f"systemd.firstboot=off systemd.debug_shell={shell} {kernel_words}",
            *("-drive", f"file={image.disk},format=raw,if=none,id=card,cache=writeback"),
            *("-device", "virtio-blk-pci,drive=card"),
            "-netdev",
            f"user,id=lan,restrict=on,guestfwd=tcp:{CENTRAL_IN_GUEST}:{port}-cmd:{forward}",
            *("-device", "virtio-net-pci,netdev=lan,romfile=", "-device", "virtio-rng-pci"),
            *("-device", f"virtio-gpu-pci,xres={width},yres={height}"),
            *(word for device in devices for word in ("-device", device)),
            *(("-rtc", f"base={rtc}") if rtc else ()),
            *more,
        ]
        self._lines: list[str] = []
        self._forgotten = 0
        self._heard = threading.Condition()
        self._qmp: Any = None
        self._shell: socket.socket | None = None

    # --- power --------------------------------------------------------------------------------

    def __enter__(self) -> Self:
        self._started = time.monotonic()
        self._errors = (self.folder / "qemu.err").open("ab")
        self._process = subprocess.Popen(
            self._command,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=self._errors,
            preexec_fn=end_with_parent,
        )
        threading.Thread(target=self._listen, daemon=True).start()
        return self

    def __exit__(
        self,
        _kind: type[BaseException] | None,
        _error: BaseException | None,
        _trace: TracebackType | None,
    ) -> None:
        self.cut_power()
        self._errors.close()

    def cut_power(self) -> None:
        """Pull the plug: what the guest had not flushed is gone."""
        if self._process.poll() is None:
            self._process.kill()
        self._process.wait()
        self._hang_up()

    def switch_off(self, patience_s: float = 120) -> None:
        """Have the system end in order."""
        self.run_and_leave("systemctl poweroff")
        self._process.wait(patience_s)

    @property
    def running(self) -> bool:
        """The machine has power."""
        return self._process.poll() is None

    @property
    def up_s(self) -> float:
        """Seconds since power-on."""
        return time.monotonic() - self._started

    # --- what it says -------------------------------------------------------------------------

    def _listen(self) -> None:
        stream = self._process.stdout
        assert stream is not None
        with (self.folder / "serial.log").open("a", encoding="utf-8") as log:
            log.write(f"--- power on: {' '.join(self._command[-6:])}\n")
            for raw in stream:
                line = _ESCAPES.sub("", raw.decode("utf-8", "replace")).rstrip()
                log.write(f"[{self.up_s:7.2f}] {line}\n")
                log.flush()
                with self._heard:
                    self._lines.append(line)
                    self._heard.notify_all()

    def wait_for_line(self, fits: Callable[[str], bool], patience_s: float = 240) -> str:
        """Wait until the serial console says a line that fits; returns it."""
        end = time.monotonic() + patience_s
        with self._heard:
            while True:
                for line in self._lines[self._forgotten :]:
                    if fits(line):
                        return line
                left = end - time.monotonic()
                if left <= 0 or not self.running:
                    raise TimeoutError(f"{patience_s:.0f} s in vain for a line: {self.tail()}")
                self._heard.wait(min(left, 1.0))

    def forget(self) -> None:
        """Wait from now on for lines that have not been said yet."""
        self._forgotten = len(self._lines)

    def wait_for(
        self, what: str, there: Callable[[], Any], patience_s: float = 240, every_s: float = 0.5
    ) -> Any:
        """Wait until ``there`` gives something; returns it."""
        end = time.monotonic() + patience_s
        while not (found := there()):
            if time.monotonic() > end or not self.running:
                self.photograph("in-vain")
                raise TimeoutError(f"{patience_s:.0f} s in vain for {what}: {self.tail()}")
            time.sleep(every_s)
        return found

    def tail(self) -> str:
        """Return the last lines of the serial console."""
        return "\n".join(self._lines[-25:])

    # --- looking inside -----------------------------------------------------------------------

    def run(self, command: str, patience_s: float = 60) -> str:
        """Run a shell line as root in the guest; returns what it printed.

        Waits for the shell first: the guest may just be starting anew.
        """
        end = time.monotonic() + patience_s
        while not self._says("true", 4.0):
            self._hang_up()
            if time.monotonic() > end or not self.running:
                raise TimeoutError(f"no shell in the guest: {self.tail()}")
        said = self._says(command, max(1.0, end - time.monotonic()))
        if said is None:
            raise TimeoutError(f"{command!r} did not end within {patience_s:.0f} s")
        return said[1:]

    def run_and_leave(self, command: str) -> None:
        """Give the guest's shell a line that it may not live to answer."""
        self.run("true")
        assert self._shell is not None
        self._shell.sendall(f"{command}\n".encode())
        time.sleep(2)  # what a line that is closed had not been read of is lost
        self._hang_up()

    def _says(self, command: str, patience_s: float) -> str | None:
        """Return what the shell answers, with a mark before it; None if it does not in time."""
        if self._shell is None:
            shell = socket.socket(socket.AF_UNIX)
            try:
                shell.connect(str(self._shell_path))
            except OSError:
                shell.close()  # the machine has only just been switched on
                return None
            self._shell = shell
            self._shell.sendall(
                b"\nstty -echo; PS1=; PS2=; bind 'set enable-bracketed-paste off'\n"
            )
        mark = f"done-{time.monotonic_ns()}"
        begun, ended = f"{mark}-begun", f"{mark}-ended"
        spelled = [f"{word[:5]}''{word[5:]}" for word in (begun, ended)]
        line = f"echo {spelled[0]}; {command}; echo {spelled[1]}\n"
        self._shell.sendall(line.encode())
        heard, end = b"", time.monotonic() + patience_s
        while ended.encode() not in heard:
            self._shell.settimeout(max(0.05, end - time.monotonic()))
            try:
                piece = self._shell.recv(65536)
            except TimeoutError:
                return None
            if not piece:
                return None
            heard += piece
        text = _ESCAPES.sub("", heard.decode("utf-8", "replace"))
        if begun not in text:
            return None  # cut off at its beginning: the guest was only just starting
        return "+" + text[text.index(begun) + len(begun) : text.index(ended)].strip()

    def _hang_up(self) -> None:
        if self._shell is not None:
            self._shell.close()
            self._shell = None
        time.sleep(0.5)

    # --- hands and eyes -----------------------------------------------------------------------

    def order(self, what: str, **arguments: Any) -> Any:
        """Give QEMU an order (QMP); returns its answer."""
        if self._qmp is None:
            line = self._connected(self._qmp_path)
            self._qmp = line.makefile("rw")
            self._qmp.readline()
            self.order("qmp_capabilities")
        self._qmp.write(json.dumps({"execute": what, "arguments": arguments}) + "\n")
        self._qmp.flush()
        while True:
            answer = json.loads(self._qmp.readline())
            if "error" in answer:
                raise RuntimeError(f"{what}: {answer['error']}")
            if "return" in answer:
                return answer["return"]

    def _connected(self, path: Path) -> socket.socket:
        """Return a line to QEMU, which may only just have been started."""
        end = time.monotonic() + 20
        while True:
            line = socket.socket(socket.AF_UNIX)
            try:
                line.connect(str(path))
            except OSError:
                line.close()
                if time.monotonic() > end or not self.running:
                    raise
                time.sleep(0.1)
            else:
                return line

    def photograph(self, name: str) -> Picture.Image:
        """Take a picture of what the display shows, kept as ``name.png``."""
        file = self.folder / f"{name}.png"
        file.unlink(missing_ok=True)
        self.order("screendump", filename=str(file), format="png")
        for _ in range(50):  # written by QEMU after it has answered
            with suppress(OSError):
                return Picture.open(file).convert("RGB")
            time.sleep(0.1)
        return Picture.open(file).convert("RGB")

    def tap(self, x: float, y: float, hold_s: float = 0.2) -> None:
        """Touch the panel with a finger at a point of the picture."""

        def touch(kind: str, axis: str, value: int) -> dict[str, Any]:
            ended = kind == "end"
            data = {"type": kind, "slot": 0, "tracking-id": -1 if ended else 1}
            return {"type": "mtt", "data": data | {"axis": axis, "value": value}}

        across, down = (int(at / size * _RANGE) for at, size in zip((x, y), SIZE, strict=True))
        contact = [touch("begin", "x", 0), touch("data", "x", across), touch("data", "y", down)]
        self.order("input-send-event", events=contact)
        time.sleep(hold_s)
        self.order("input-send-event", events=[touch("end", "x", 0)])

    def press(self, *keys: str) -> None:
        """Press keys of a USB keyboard together (QEMU's names: ``ctrl``, ``alt``, ``f2``)."""
        codes = [{"type": "qcode", "data": key} for key in keys]
        self.order("send-key", keys=codes)
