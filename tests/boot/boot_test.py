"""`./run boot-test`: a device's whole life on an emulated machine, looked at from outside.

A blank card is written by `provision cards`, a Debian of the device's own kind starts from
it, enrols with a real central on this machine's loopback, and is touched, robbed of its
mains, updated and broken. Takes long; nothing of it runs in `./run test`.
"""

import argparse
import os
import shutil
import subprocess
import sys
import time
import traceback
from pathlib import Path

from tests.boot import debian, gpio_sim
from tests.boot.bench import Bench, Supplies
from tests.boot.scenarios import SCENARIOS

SKIPPED = 77
"""Exit code where the machine cannot emulate (as automake has it)."""
NEEDED = ("mmdebstrap", "mke2fs", "mkfs.vfat", "mcopy", "sfdisk", "unshare", "ip")
ROOT = Path(__file__).parents[2]
OUT = ROOT / "boot-test-output"
LOG = OUT / "log.txt"
"""What is printed, for whoever comes later."""
ADDRESS = "10.0.2.100"
"""Central's, inside the guest; given to this machine's loopback in a namespace of its own."""


def main(words: list[str]) -> int:
    """Run the scenarios named, or all; returns 0, 1 if one failed, 77 where none can run."""
    parser = argparse.ArgumentParser(
        "./run boot-test",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        epilog="scenarios:\n"
        + "\n".join(f"  {name:14} {one.__doc__.splitlines()[0]}" for name, one in SCENARIOS.items())
        + "\n\nExit codes: 0 all passed, 1 one failed, 77 this machine cannot emulate them all.",
    )
    parser.add_argument("scenario", nargs="*", choices=[*SCENARIOS, []], metavar="SCENARIO")
    parser.add_argument("--inside", action="store_true", help=argparse.SUPPRESS)
    options = parser.parse_args(words)
    names = options.scenario or list(SCENARIOS)
    if why := cannot():
        print(f"boot-test: skipped: {why}", file=sys.stderr)
        return SKIPPED
    if not options.inside:
        return _prepare(names)
    return _run(names)


def cannot() -> str:
    """Return why this machine cannot run it; empty if it can."""
    if os.geteuid() != 0:
        return "it needs root (a Debian root is made, and a network namespace)"
    missing = [name for name in NEEDED if shutil.which(name) is None]
    if missing:
        return f"not installed: {', '.join(missing)} (see system-packages.txt)"
    if sys.platform != "linux" or os.uname().machine != "x86_64":
        return "it emulates from x86-64 Linux"
    return ""


def _prepare(names: list[str]) -> int:
    """Fetch and build what needs a network, then go on where there is none."""
    OUT.mkdir(exist_ok=True)
    LOG.unlink(missing_ok=True)
    say("Debian root ...")
    debian.root_archive(debian.WHOLE)
    say("QEMU ...")
    debian.qemu()
    needed = {
        "buttons": lambda: gpio_sim.modules(debian.kernel(debian.WHOLE)),
        "arm64": lambda: debian.root_archive(debian.WHOLE_ARM),
    }
    skipped = {}
    for name in [name for name in needed if name in names]:
        say(f"what {name} needs ...")
        try:
            needed[name]()
        except debian.NotHere as error:
            skipped[name] = str(error)
    names = [name for name in names if name not in skipped]
    code = _apart(names) if names else 0
    for name, why in skipped.items():
        say(f"{name:14} skipped: {why}")
    return SKIPPED if skipped and not code else code


def _apart(names: list[str]) -> int:
    """Run the scenarios where there is no network but a loopback; returns the exit code."""
    say("releases ...")
    Supplies(OUT / "supplies").make(arm="arm64" in names)
    loopback = f'ip link set lo up && ip address add {ADDRESS}/32 dev lo && exec "$@"'
    again = [sys.executable, "-m", "tests.boot.boot_test", "--inside", *names]
    command = ["unshare", "--net", "sh", "-c", loopback, "sh", *again]
    return subprocess.run(command, cwd=ROOT, check=False).returncode


def _run(names: list[str]) -> int:
    results: list[tuple[str, str, float]] = []
    supplies = Supplies(OUT / "supplies")
    for name in names:
        began = time.monotonic()
        say(f"{name}: {SCENARIOS[name].__doc__.splitlines()[0]}")
        bench = Bench(OUT / name, supplies, say)
        try:
            SCENARIOS[name](bench)
            result = "passed"
        except Exception:  # noqa: BLE001 - one scenario that fails must not keep the others from running
            result = "FAILED"
            say(traceback.format_exc())
        finally:
            bench.close()
        took = time.monotonic() - began
        results.append((name, result, took))
        say(f"{name}: {result} after {took:.0f} s; its log and pictures: {OUT / name}")
    say("")
    for name, result, took in results:
        say(f"{name:14} {result:10} {took:5.0f} s")
    return 1 if any(result == "FAILED" for _, result, _ in results) else 0


def say(text: str) -> None:
    """Print a line of progress, and keep it."""
    print(f"boot-test: {text}", file=sys.stderr, flush=True)
    with LOG.open("a", encoding="utf-8") as log:
        log.write(f"{text}\n")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
