"""What breaks in the field: panel, keyboard, clock, kernel."""

import time
from datetime import UTC, datetime, timedelta

from device.kiosk.actions import Action
from tests.boot import debian, gpio_sim
from tests.boot.bench import Bench
from tests.boot.disk import write_boot
from tests.boot.life import (
    LEVELS,
    READY_S,
    enrolled_device,
    rate_by_finger,
    the_only_device,
    watch_until,
)
from tests.boot.machine import Machine
from tests.boot.onlooker import IDLE, STAFF_QUESTION, Onlooker

_PORTS = ("pcie-root-port,id=left,chassis=1,slot=1", "pcie-root-port,id=right,chassis=2,slot=2")
_KEYBOARD = "virtio-keyboard-pci"


def clock(bench: Bench) -> None:
    """A clock that starts in 2015 and is behind central's certificate is said, and waited for."""
    later = datetime.now(UTC) + timedelta(days=30)
    door = bench.open_central()
    image = bench.make_disk(bench.write_card(door))
    bench.renew_certificate(later, door)
    with bench.power_on(image, door, rtc="2015-01-01T00:00:00") as machine:
        watch_until(bench, machine, "CLOCK_BEHIND")
        shown = machine.run("date -u +%Y")
        assert int(shown) >= datetime.now(UTC).year, "the card's own date is the floor"
        time.sleep(5)
        machine.photograph("clock-behind")
        machine.run(f"date -u -s '{later + timedelta(hours=2):%Y-%m-%d %H:%M:%S}'")
        bench.say(f"{machine.up_s:4.0f} s  the hall's time server has answered")
        watch_until(bench, machine, "READY")
        the_only_device(bench)


def touch(bench: Bench) -> None:
    """A touch panel pulled out and plugged in again goes on working."""
    image, door = enrolled_device(bench)
    panel = "virtio-multitouch-pci,id=panel,bus=left"
    with bench.power_on(image, door, devices=(_KEYBOARD, *_PORTS, panel)) as machine:
        watch_until(bench, machine, "READY")
        rate_by_finger(bench, machine)
        machine.order("device_del", id="panel")
        machine.wait_for(
            "the panel to be gone",
            lambda: "ultitouch" not in machine.run("cat /proc/bus/input/devices").lower(),
        )
        bench.say(f"{machine.up_s:4.0f} s  the panel is out")
        time.sleep(3)
        machine.order("device_add", driver="virtio-multitouch-pci", id="again", bus="right")
        time.sleep(5)
        rate_by_finger(bench, machine)


def keyboard(bench: Bench) -> None:
    """No key of a USB keyboard leads out of the kiosk, to a shell or to a restart."""
    image, door = enrolled_device(bench)
    with bench.power_on(image, door) as machine:
        watch_until(bench, machine, "READY")
        onlooker = Onlooker(machine)
        onlooker.sees(IDLE, Action("rate"), patience_s=240)
        boot = machine.run("cat /proc/sys/kernel/random/boot_id")
        for keys in (
            ("ctrl", "alt", "f2"),
            ("alt", "f3"),
            ("ctrl", "alt", "delete"),
            ("ctrl", "alt", "sysrq", "b"),
            ("alt", "sysrq", "b"),
            ("ctrl", "c"),
            ("ctrl", "alt", "backspace"),
        ):
            for _ in range(8):  # systemd restarts at once after seven in two seconds
                machine.press(*keys)
            time.sleep(2)
            onlooker.sees(IDLE, Action("rate"))
            bench.say(f"{'-'.join(keys)}: the kiosk stays")
        for letter in "root":
            machine.press(letter)
        machine.press("ret")
        time.sleep(2)
        onlooker.sees(IDLE, Action("rate"))
        active = machine.run("cat /sys/class/tty/tty0/active")
        assert active == "tty1", f"the console was switched to {active}"
        assert machine.run("cat /proc/sys/kernel/random/boot_id") == boot
        rate_by_finger(bench, machine)


def panic(bench: Bench) -> None:
    """A kernel that hangs is started anew by the hardware watchdog; the device serves again."""
    image, door = enrolled_device(bench)
    watchdog = ("-device", "i6300esb", "-action", "watchdog=reset")
    with bench.power_on(
        image, door, kernel_words="modules-load=i6300esb", more=watchdog
    ) as machine:
        watch_until(bench, machine, "READY")
        rate_by_finger(bench, machine)
        before = machine.run("cat /proc/sys/kernel/random/boot_id")
        machine.forget()
        machine.run_and_leave(
            "echo 0 > /proc/sys/kernel/panic; echo 1 > /proc/sys/kernel/sysrq; "
            "echo c > /proc/sysrq-trigger"
        )
        began = machine.up_s
        machine.wait_for_line(lambda line: "Welcome to" in line, 180)
        bench.say(f"{machine.up_s - began:4.0f} s  after the panic the machine starts anew")
        watch_until(bench, machine, "READY", READY_S)
        assert machine.run("cat /proc/sys/kernel/random/boot_id") != before
        rate_by_finger(bench, machine)
    the_only_device(bench)


PINS = {5: 17, 4: 27, 3: 22, 2: 23, 1: 24}
NEXT = 5


def buttons(bench: Bench) -> None:
    """Presses of the five buttons, on a simulated GPIO chip, rate as fingers do."""
    image, door = enrolled_device(bench)
    modules = gpio_sim.modules(debian.kernel(debian.WHOLE))
    for module in modules:
        write_boot(image.disk, module, module.name)
    with bench.power_on(image, door) as machine:
        watch_until(bench, machine, "READY")
        for module in modules:
            machine.run(f"insmod /boot/firmware/{module.name}")
        wired = f'[buttons]\\npins = {list(PINS.values())}\\nnext = {NEXT}\\nfactory = "gpiod"\\n'
        machine.run(f"mount -o remount,rw /; printf '{wired}' >> /etc/haochaping/device.toml")
        made = machine.run(
            "mount -t configfs none /sys/kernel/config 2>/dev/null; cd /sys/kernel/config/gpio-sim"
            " && mkdir -p hall/header && echo 58 > hall/header/num_lines"
            f" && echo {gpio_sim.CHIP_LABEL} > hall/header/label && echo 1 > hall/live; cd /"
            "; ls -l /dev/gpiochip*; systemctl restart haochaping-kiosk"
        )
        bench.say(f"{machine.up_s:4.0f} s  {made}")
        before = len(bench.workshop.stage.ratings())
        onlooker = Onlooker(machine)
        onlooker.taps(IDLE, "rate")
        onlooker.sees(STAFF_QUESTION, *LEVELS)
        for pin in (PINS[4], NEXT):
            _press(machine, pin)
            time.sleep(3)
            machine.photograph(f"after-pin-{pin}")
        bench.eventually(
            "the rating at central", lambda: len(bench.workshop.stage.ratings()) == before + 1
        )
        assert bench.workshop.stage.ratings()[-1]["level"]["platform"] == 4


def _press(machine: Machine, pin: int) -> None:
    """Close a button's contact to ground for a moment."""
    line = f"/sys/devices/platform/gpio-sim.*/gpiochip*/sim_gpio{pin}/pull"
    machine.run(f"echo pull-down > {line}; sleep 0.2; echo pull-up > {line}")
