"""From a fleet file to an enrolled device on this machine, without an emulator.

The card's files are put where a device has its boot partition, and the device's whole user
space, with systemd as process 1, does the rest by itself. What needs a kernel and a display
of its own is in `./run boot-test`.
"""

import json
import os
import re
import signal
from collections.abc import Iterator
from pathlib import Path
from uuid import UUID

import pytest

from demo.stage import WINDOW
from tests.boot import debian
from tests.boot.container import Container
from tests.boot.workshop import NAME, Workshop

pytestmark = [pytest.mark.xdist_group("boot"), pytest.mark.timeout(600)]

HAOCHAPING = "/var/lib/haochaping/current/bin/haochaping"
MATTER = "1121010000000000014210115001000"
# What a container has not got: a display, and a console of its own.
NO_DISPLAY = """\
[Service]
Environment=SDL_VIDEODRIVER=dummy
StandardInput=null
TTYPath=
TTYReset=no
TTYVHangup=no
"""
LIBRARIES = ("libEGL.so.1", "libGLESv2.so.2", "libgbm.so.1", "dri/kms_swrast_dri.so")


def furnish(root: Path, boot: Path) -> None:
    """Put a card's boot partition into a root, and what stands for the graphics."""
    firmware = root / "boot/firmware"
    firmware.mkdir(parents=True)
    for file in sorted(boot.rglob("*")):
        if file.is_file():
            target = firmware / file.relative_to(boot)
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(file.read_bytes())
    for name in LIBRARIES:
        library = root / "usr/lib/x86_64-linux-gnu" / name
        library.parent.mkdir(parents=True, exist_ok=True)
        library.touch()
    dropped = root / "etc/systemd/system/haochaping-kiosk.service.d/container.conf"
    dropped.parent.mkdir(parents=True)
    dropped.write_text(NO_DISPLAY)


@pytest.fixture(scope="module")
def workshop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Workshop]:
    workshop = Workshop(tmp_path_factory.mktemp("workshop"))
    try:
        workshop.open()
        yield workshop
    finally:
        workshop.close()


@pytest.fixture(scope="module")
def device(workshop: Workshop, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Container]:
    """A device that has found its card and started."""
    release = workshop.release("cp313-linux-x86_64")
    fleet = workshop.fleet(release, workshop.stage.address, data="root")
    folder = tmp_path_factory.mktemp("device")
    root = debian.unpack(debian.SMALL, folder / "root")
    furnish(root, workshop.boot_partition(workshop.card(fleet)))
    with Container(root, folder / "console.log") as device:
        started = device.run("sh", "/boot/firmware/haochaping/start.sh")
        assert started.returncode == 0, started.stdout + started.stderr
        yield device


def state(device: Container) -> str:
    """Return the name of the state the device is in."""
    said = device.run("cat", "/run/haochaping/setup.json").stdout
    return str(json.loads(said)["name"]) if said else ""


def ready(device: Container) -> None:
    """Wait until the device can serve."""
    device.wait_for("the device to be ready", lambda: state(device) == "READY", 180)
    for unit in ("kiosk", "agent"):
        device.wait_for(
            f"the {unit}",
            lambda unit=unit: device.show(f"haochaping-{unit}", "ActiveState") == "active",
        )


def devices_at_central(workshop: Workshop) -> list[dict[str, object]]:
    found: list[dict[str, object]] = json.loads(workshop.central("devices", "--json"))["devices"]
    return found


def test_a_card_becomes_an_enrolled_device_by_itself(workshop: Workshop, device: Container) -> None:
    ready(device)
    (known,) = devices_at_central(workshop)
    assert known["window"] == WINDOW
    identity = json.loads(device.run("cat", "/var/lib/haochaping/device/identity.json").stdout)
    assert identity["device"] == known["device"]
    assert device.run("hostname").stdout.strip() == NAME


def test_the_token_is_gone_from_the_card_and_the_keys_belong_to_one_user_each(
    device: Container,
) -> None:
    ready(device)
    card = device.root / "boot/firmware/haochaping"
    assert not (card / "token").exists()
    assert "READY" in (card / "STATE.txt").read_text(encoding="utf-8")
    for process, key in (("kiosk", "record.key"), ("agent", "transport.key")):
        path = f"/var/lib/haochaping/device/{process}/{key}"
        assert device.run("stat", "-c", "%a %U", path).stdout.split() == [
            "600",
            f"haochaping-{process}",
        ]


def test_a_device_that_was_not_enrolled_when_it_started_waits_for_updates_all_the_same(
    device: Container,
) -> None:
    ready(device)
    assert device.show("haochaping-update.path", "ActiveState") == "active"


def test_what_happens_at_the_window_reaches_central(workshop: Workshop, device: Container) -> None:
    ready(device)
    said: list[str] = []

    def invited() -> bool:
        asked = device.run(HAOCHAPING, "invite", "--matter", MATTER)
        said.append(asked.stdout.strip() or asked.stderr)
        return asked.returncode == 0

    # Enrolled is not yet at work: the kiosk has to have taken its first configuration up.
    device.wait_for(lambda: f"the window to serve: {said[-1:]}", invited)
    visit = UUID(said[-1])
    cancelled = device.run(HAOCHAPING, "cancel", str(visit), "--reason", "called too early")
    assert cancelled.returncode == 0, cancelled.stderr

    def known() -> bool:
        return str(visit) in workshop.stage.receipts()

    device.wait_for("the visit at central", known)


def test_neither_process_can_do_what_the_other_one_may(device: Container) -> None:
    ready(device)
    for process, other in (("kiosk", "agent"), ("agent", "kiosk")):
        pid = device.show(f"haochaping-{process}", "MainPID")
        status = Path(f"/proc/{_outside(device, pid)}/status").read_text()
        assert re.search(r"^CapEff:\s0+$", status, re.M)
        assert re.search(r"^NoNewPrivs:\s1$", status, re.M)
        assert re.search(r"^Seccomp:\s2$", status, re.M)
        secret = f"/var/lib/haochaping/device/{other}"
        key = "record.key" if other == "kiosk" else "transport.key"
        read = device.run(
            *("setpriv", f"--reuid=haochaping-{process}", "--regid=haochaping", "--init-groups"),
            *("cat", f"{secret}/{key}"),
        )
        assert read.returncode != 0
        assert "Permission denied" in read.stderr


@pytest.mark.parametrize("process", ["kiosk", "agent"])
def test_a_process_that_hangs_is_started_anew_by_its_watchdog(
    device: Container, process: str
) -> None:
    ready(device)
    unit = f"haochaping-{process}"
    before = int(device.show(unit, "NRestarts"))
    # As a technician would not: a watchdog term that a test can wait for.
    term = device.root / f"run/systemd/system/{unit}.service.d"
    device.run("mkdir", "-p", f"/{term.relative_to(device.root)}")
    device.run(
        "tee", f"/run/systemd/system/{unit}.service.d/t.conf", given="[Service]\nWatchdogSec=3\n"
    )
    device.run("systemctl", "daemon-reload")
    device.run("systemctl", "restart", unit)
    os.kill(_outside(device, device.show(unit, "MainPID")), signal.SIGSTOP)
    device.wait_for(
        "the watchdog",
        lambda: (
            int(device.show(unit, "NRestarts")) > before
            and device.show(unit, "ActiveState") == "active"
        ),
    )
    assert "Watchdog timeout" in device.journal(unit)


def _outside(device: Container, pid: str) -> int:
    """Return what a process of the container is called out here."""
    for status in Path("/proc").glob("[0-9]*/status"):
        try:
            text = status.read_text()
        except OSError:
            continue
        inner = re.search(r"^NSpid:\s(\d+)\s(\d+)$", text, re.M)
        if inner and inner[2] == pid and _is_below(int(inner[1]), device):
            return int(inner[1])
    raise AssertionError(f"no process {pid} in the container")


def _is_below(pid: int, device: Container) -> bool:
    spaces = [Path(f"/proc/{one}/ns/pid").readlink() for one in (pid, device.init)]
    return spaces[0] == spaces[1]
