"""From a blank card to the first rating, undisturbed and robbed of the mains in every step."""

import re
import time
from functools import partial

from tests.boot import debian
from tests.boot.bench import ARM_PLATFORM, Bench
from tests.boot.disk import read_boot
from tests.boot.life import HAOCHAPING, READY_S, rate_by_finger, the_only_device, watch_until
from tests.boot.machine import LOUD

_STEP = re.compile(r"\bsh\[\d+\]: (\d+)/(\d+) (.+)")
"""As first boot says it; what fsck counts looks alike."""
_MOST_CUTS = 25


def first_boot(bench: Bench) -> None:
    """A blank card becomes a device; a citizen rates by a finger; central has it."""
    door = bench.open_central()
    image = bench.make_disk(bench.write_card(door))
    with bench.power_on(image, door) as machine:
        watch_until(bench, machine, "READY")
        rate_by_finger(bench, machine)
        said = machine.run(f"{HAOCHAPING} doctor; systemctl --failed --no-legend", 180)
        (bench.folder / "doctor.txt").write_text(said + "\n", encoding="utf-8")
        bench.say(f"doctor:\n{said}")
        written = machine.run("findmnt -no OPTIONS /; touch /etc/probe 2>&1")
        assert "Read-only" in written, f"the root can be written to: {written}"
    (bench.folder / "STATE.txt").write_text(bench.state_on_the_card(image), encoding="utf-8")
    assert "READY" in bench.state_on_the_card(image)
    assert read_boot(image.disk, "haochaping/token") is None, "a spent token stays on no card"


def power_cuts(bench: Bench) -> None:
    """The mains go in every step of first boot; in the end there is one device, and it serves."""
    door = bench.open_central()
    image = bench.make_disk(bench.write_card(door))
    reached = 0
    for _ in range(_MOST_CUTS):
        with bench.power_on(image, door, kernel_words=LOUD) as machine:
            line = machine.wait_for_line(partial(_is_further, reached), READY_S)
            step = _STEP.search(line)
            if step is None:
                bench.say(f"{machine.up_s:4.0f} s  not cut: {line.strip()}")
                break
            reached = int(step[1])
            time.sleep(0.4)  # into the step, not before it
            bench.say(f"{machine.up_s:4.0f} s  power cut in step {step[1]}/{step[2]} {step[3]}")
    else:
        raise AssertionError(f"first boot did not end after {_MOST_CUTS} cuts")
    with bench.power_on(image, door) as machine:
        watch_until(bench, machine, "READY")
        rate_by_finger(bench, machine)
    the_only_device(bench)


def _is_further(reached: int, line: str) -> bool:
    """True for a line that tells of a later step than ``reached``, or of the end."""
    step = _STEP.search(line)
    return bool(step and int(step[1]) > reached) or "all of the card is in effect" in line


def arm64(bench: Bench) -> None:
    """The same first boot on a 64-bit ARM machine, with the release as it is packed for it."""
    door = bench.open_central()
    boot = bench.write_card(door, platform=ARM_PLATFORM)
    image = bench.make_disk(boot, debian.WHOLE_ARM)
    with bench.power_on(image, door, arch="aarch64", kernel_words=LOUD) as machine:
        machine.wait_for_line(lambda line: "all of the card is in effect" in line, 3 * READY_S)
        bench.say(f"{machine.up_s:4.0f} s  set up and enrolled")
        rate_by_finger(bench, machine)
    the_only_device(bench)
