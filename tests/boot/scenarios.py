"""What a device lives through, scenario by scenario, on an emulated machine.

Each takes a `Bench`, says what it does, and raises where a person would be disappointed.
"""

from collections.abc import Callable

from tests.boot import faults, first_boot, service, updates
from tests.boot.bench import Bench

SCENARIOS: dict[str, Callable[[Bench], None]] = {
    "first-boot": first_boot.first_boot,
    "power-cuts": first_boot.power_cuts,
    "clock": faults.clock,
    "update": updates.update,
    "rollback": updates.rollback,
    "stick": updates.stick,
    "retired": service.retired,
    "touch": faults.touch,
    "keyboard": faults.keyboard,
    "panic": faults.panic,
    "buttons": faults.buttons,
    "arm64": first_boot.arm64,
}
