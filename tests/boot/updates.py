"""From one release to the next, with the mains going in every phase; and back from a bad one."""

import json
import time

from tests.boot.bench import BROKEN, FIRST, SECOND, Bench
from tests.boot.disk import make_stick, write_boot
from tests.boot.life import (
    HAOCHAPING,
    enrolled_device,
    rate_by_finger,
    the_only_device,
    watch_until,
)
from tests.boot.machine import LOUD, Machine

_PHASES = (
    "unpacking the release",
    "waiting for a moment without a visit",
    "putting release",
    "watching release",
)
"""What the updater says as it begins each; the plug is pulled in every one."""
_INBOX = "/var/lib/haochaping/device/agent/inbox"
_FETCH_S = 900.0
_SETTLED_S = 600.0


def update(bench: Bench) -> None:
    """A newer release comes from central; the mains go in each phase; it ends up in use."""
    image, door = enrolled_device(bench)
    release = bench.supplies.release(SECOND)
    added = bench.workshop.central("releases", "add", str(release), "--key", str(bench.public_key))
    bench.say(added.strip())
    name = bench.release_name(SECOND)
    bench.workshop.central("releases", "give", name, "--all")
    with bench.power_on(image, door) as machine:
        begun = f"ls {_INBOX}/.*.part"
        machine.wait_for(
            "a piece of it", lambda: "No such" not in machine.run(f"{begun} 2>&1"), _FETCH_S, 3
        )
        bench.say(f"{machine.up_s:4.0f} s  power cut while fetching ...")
    for phase in _PHASES:
        with bench.power_on(image, door, kernel_words=LOUD) as machine:
            machine.wait_for_line(lambda line, phase=phase: phase in line, _FETCH_S)
            time.sleep(0.5)
            bench.say(f"{machine.up_s:4.0f} s  power cut while {phase} ...")
    with bench.power_on(image, door) as machine:
        machine.wait_for(
            "the release at central",
            lambda: (
                the_only_device(bench)["release"] == name
                and not the_only_device(bench)["update"].startswith("trial")
            ),
            _SETTLED_S,
            5.0,
        )
        bench.say(f"{machine.up_s:4.0f} s  {machine.run(f'{HAOCHAPING} update --status')}")
        assert machine.run("readlink /var/lib/haochaping/current").endswith(name)
        rate_by_finger(bench, machine)
    the_only_device(bench)
    (given,) = json.loads(bench.workshop.central("releases", "list", "--json"))["releases"]
    assert not given["gave_up"], "no cut is the release's fault"


def rollback(bench: Bench) -> None:
    """A rightly signed release whose kiosk cannot start is taken back by itself."""
    image, door = enrolled_device(bench)
    write_boot(image.disk, bench.supplies.release(BROKEN), "broken.release")
    with bench.power_on(image, door) as machine:
        watch_until(bench, machine, "READY")
        said = machine.run(f"{HAOCHAPING} update /boot/firmware/broken.release; echo code $?", 900)
        bench.say(said)
        assert "code 1" in said, "a bad update has to be told as one"
        assert "haochaping-kiosk.service is" in said, "and why"
        assert FIRST in machine.run("readlink /var/lib/haochaping/current")
        rate_by_finger(bench, machine)
        machine.wait_for(
            "the news at central",
            lambda: the_only_device(bench)["update"].startswith("rolled-back"),
            180,
            5.0,
        )
    with bench.power_on(image, door, kernel_words=LOUD) as machine:
        watch_until(bench, machine, "READY")
        machine.forget()
        machine.run(f"systemd-run {HAOCHAPING} update /boot/firmware/broken.release")
        machine.wait_for_line(lambda line: "going back to release" in line, 900)
        bench.say(f"{machine.up_s:4.0f} s  power cut while going back ...")
    with bench.power_on(image, door) as machine:
        # The cut may have come before it was written down that it goes back: then it is watched
        # once more.
        machine.wait_for(
            "the release before",
            lambda: _is_in_use(machine, bench.release_name(FIRST), "rolled-back"),
            _SETTLED_S,
            5.0,
        )
        bench.say(f"{machine.up_s:4.0f} s  {machine.run(f'{HAOCHAPING} update --status')}")
        rate_by_finger(bench, machine)


def stick(bench: Bench) -> None:
    """A newer release comes on a USB stick, undisturbed; then somebody goes back to the old one."""
    image, door = enrolled_device(bench)
    release = bench.supplies.release(SECOND)
    drive = make_stick(bench.folder / "stick.img", release)
    usb = ("-device", "qemu-xhci,id=usb", "-drive", f"file={drive},format=raw,if=none,id=stick")
    with bench.power_on(image, door, more=usb) as machine:
        watch_until(bench, machine, "READY")
        rate_by_finger(bench, machine)
        said = machine.run(f"{HAOCHAPING} update --usb; echo code $?")
        assert "no USB stick is plugged in" in said
        machine.order("device_add", driver="usb-storage", id="plugged", bus="usb.0", drive="stick")
        time.sleep(5)
        said = machine.run(f"{HAOCHAPING} update --usb; echo code $?", _FETCH_S)
        bench.say(f"{machine.up_s:4.0f} s  {said}")
        assert "code 0" in said
        machine.order("device_del", id="plugged")
        assert _is_in_use(machine, bench.release_name(SECOND), "confirmed")
        rate_by_finger(bench, machine)
        said = machine.run(f"{HAOCHAPING} update --back; echo code $?", _FETCH_S)
        bench.say(f"{machine.up_s:4.0f} s  {said}")
        assert "code 0" in said
        assert _is_in_use(machine, bench.release_name(FIRST), "went-back")
        rate_by_finger(bench, machine)


def _is_in_use(machine: Machine, name: str, outcome: str) -> bool:
    said = machine.run(f"{HAOCHAPING} update --status")
    return f"in use        {name}" in said and f"last update   {outcome}" in said
