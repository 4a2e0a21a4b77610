"""What happens to a device in service: it is retired, and its board serves again with new keys."""

from device.kiosk.technician_views import SetupView
from device.store.setup import SetupState
from tests.boot.bench import Bench
from tests.boot.disk import write_boot_folder
from tests.boot.life import enrolled_device, rate_by_finger, the_only_device, watch_until
from tests.boot.onlooker import CHROME, Onlooker
from tests.boot.workshop import NAME


def retired(bench: Bench) -> None:
    """A retired device says so and asks nobody; with a card for new keys its board serves again."""
    image, door = enrolled_device(bench)
    old = the_only_device(bench)["device"]
    with bench.power_on(image, door) as machine:
        watch_until(bench, machine, "READY")
        rate_by_finger(bench, machine)
        bench.say(bench.workshop.central("devices", "revoke", old).strip())
        chrome = CHROME._replace(staff_key=False, online=False)
        shown = SetupView(chrome, SetupState("REVOKED", device=NAME))
        Onlooker(machine).sees_all_of(shown, patience_s=180)
        machine.photograph("retired")
        bench.say(f"{machine.up_s:4.0f} s  its screen says that it is retired")
        machine.tap(512, 300)
        Onlooker(machine).sees_all_of(shown)
        machine.switch_off()
    write_boot_folder(image.disk, bench.write_card(door, "--replace"))
    with bench.power_on(image, door) as machine:
        watch_until(bench, machine, "READY")
        rate_by_finger(bench, machine)
    assert the_only_device(bench)["device"] != old
