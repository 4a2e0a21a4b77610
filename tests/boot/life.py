"""What scenarios have in common: a device becomes ready, a citizen rates, central knows."""

import json
from typing import Any

from device.kiosk.actions import Action
from device.store.setup import SetupState
from tests.boot.bench import Bench
from tests.boot.disk import Image
from tests.boot.machine import Machine
from tests.boot.onlooker import IDLE, REASONS, STAFF_QUESTION, Onlooker, colours

HAOCHAPING = "/var/lib/haochaping/current/bin/haochaping"
READY_S = 600.0
LEVELS = tuple(Action("level", level) for level in (5, 4, 3, 2, 1))


def enrolled_device(bench: Bench) -> tuple[Image, int]:
    """Return a device that has been set up, in a hall of its own, and where it looks for central.

    Made once in a run; every scenario gets a copy.
    """
    if bench.supplies.enrolled is None:
        bench.say("a device is set up for what follows")
        first = Bench(bench.folder.parent / "enrolled", bench.supplies, bench.say)
        door = first.open_central()
        image = first.make_disk(first.write_card(door))
        with first.power_on(image, door) as machine:
            watch_until(first, machine, "READY")
            Onlooker(machine).sees(IDLE, Action("rate"), patience_s=240)
            machine.switch_off()
        bench.supplies.enrolled = first.set_aside(image, door)
    return bench.take_over(bench.supplies.enrolled)


def setup_state(machine: Machine) -> SetupState | None:
    """Return what the device says of its setting up; None while it says nothing.

    As while it starts anew in the middle of the question.
    """
    try:
        said = machine.run("cat /run/haochaping/setup.json 2>/dev/null", 20)
    except TimeoutError:
        return None
    return SetupState(**json.loads(said)) if said.startswith("{") else None


def watch_until(bench: Bench, machine: Machine, wanted: str, patience_s: float = READY_S) -> None:
    """Wait until the device is in a state, and photograph each that it shows on the way."""
    seen: list[str] = []

    def there() -> bool:
        state = setup_state(machine)
        name = state.name if state else ""
        if state and name not in seen:
            seen.append(name)
            bench.say(f"{machine.up_s:4.0f} s  {name}  {state.detail}")
            machine.photograph(f"{len(seen):02d}-{name.lower()}")
        return name == wanted

    machine.wait_for(f"the state {wanted}", there, patience_s)


def rate_by_finger(bench: Bench, machine: Machine) -> None:
    """Touch the kiosk as a citizen does, and find the rating at central."""
    before = len(bench.workshop.stage.ratings())
    onlooker = Onlooker(machine)
    machine.wait_for(
        "the kiosk to serve",
        lambda: machine.run("systemctl is-active haochaping-kiosk", 180) == "active",
    )
    idle = onlooker.sees(IDLE, Action("rate"), patience_s=240)
    assert colours(idle) > 100, "the display shows next to nothing"
    bench.say(f"{machine.up_s:4.0f} s  the idle screen is on the display")
    machine.photograph("idle")
    onlooker.taps(IDLE, "rate")
    onlooker.sees(STAFF_QUESTION, *LEVELS)
    machine.photograph("question")
    onlooker.taps(STAFF_QUESTION, "level", 5)
    onlooker.sees(REASONS, Action("skip"))
    machine.photograph("reasons")
    onlooker.taps(REASONS, "skip")
    bench.eventually(
        "the rating at central", lambda: len(bench.workshop.stage.ratings()) == before + 1
    )
    machine.photograph("thanks")
    assert bench.workshop.stage.ratings()[-1]["level"]["platform"] == 5
    bench.say(f"{machine.up_s:4.0f} s  the rating is at central")


def devices(bench: Bench) -> list[dict[str, Any]]:
    """Return what central knows of every device."""
    known: list[dict[str, Any]] = json.loads(bench.workshop.central("devices", "--json"))["devices"]
    return known


def the_only_device(bench: Bench) -> dict[str, Any]:
    """Return the one device that central knows; another one would be a second identity."""
    (known,) = devices(bench)
    return known
