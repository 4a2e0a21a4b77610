"""`./run bench`: measure, and print the table of docs/benchmarks.md."""

import argparse
import compileall
import importlib
import os
import sys
import tempfile
from pathlib import Path

from tests.benchmarks import web_kiosk
from tests.benchmarks.bench import Bench, Progress, machine
from tests.benchmarks.figures import Figure, table

BENCHMARKS = {
    "commit": "a rating on disk, against the bare write",
    "drain": "a long backlog to a real central, on SQLite and PostgreSQL",
    "channels": "ratings from hotline, SMS and platforms, on SQLite and PostgreSQL",
    "staff": "log-ins and searches in a hall of 10,000 staff and 5,000 matters",
    "by-phone": "a rating by phone to the device, with a thousand devices waiting",
    "receipts": "a receipt code among a million visits",
    "bytes": "on the wire, on the device's disk, at central",
    "first-frame": "start to first frame, against a bare window",
    "tap": "tap to changed pixel, against a bare window",
    "switch": "release to the next page's picture",
    "memory": "kiosk and agent after many visits, against a bare window",
    "idle": "processor time and wake-ups with nothing to do",
    "screens": "laying out and painting each screen",
}

BESIDE_CHROMIUM = frozenset({"first-frame", "tap", "switch", "memory", "idle"})

ROOT = Path(__file__).parents[2]
PACKAGES = ("protocol", "device", "paper", "central", "provisioning", "haochaping", "demo")


def main(words: list[str]) -> int:
    """Run the benchmarks named, or all; returns 0 unless one could not run."""
    parser = argparse.ArgumentParser(
        "./run bench",
        description="Measures and prints one table. Figures are printed, never asserted.\n"
        "Disk figures are of the disk that holds $TMPDIR.",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("names", nargs="*", metavar="NAME", help="see --list; default: all")
    parser.add_argument("--list", action="store_true", help="say which benchmarks there are")
    parser.add_argument("--quick", action="store_true", help="a short run, for trying things out")
    options = parser.parse_args(words)
    if options.list:
        for name, purpose in BENCHMARKS.items():
            print(f"{name:12} {purpose}")
        return 0
    unknown = [name for name in options.names if name not in BENCHMARKS]
    if unknown:
        parser.error(f"no benchmark {', '.join(unknown)}; there are {', '.join(BENCHMARKS)}")
    os.environ.setdefault("PYGAME_HIDE_SUPPORT_PROMPT", "1")
    return _run(options.names or list(BENCHMARKS), quick=options.quick)


def _run(names: list[str], *, quick: bool) -> int:
    progress = Progress()
    for package in PACKAGES:
        # As an installed product is: without this, each start would compile our own modules
        # where Python may not keep them (PYTHONDONTWRITEBYTECODE).
        compileall.compile_dir(ROOT / package, quiet=2)
    figures: list[Figure] = []
    notes: list[str] = []
    failed = False
    load = os.getloadavg()[0]
    with tempfile.TemporaryDirectory(prefix="haochaping-bench-") as temporary:
        for name in names:
            folder = Path(temporary) / name
            folder.mkdir()
            progress.begin(name)
            module = importlib.import_module(f"tests.benchmarks.{name.replace('-', '_')}")
            try:
                found = module.run(Bench(folder, quick, progress))
            except Exception as error:  # noqa: BLE001 - the others are still measured
                print(f"bench {name}: {type(error).__name__}: {error}", file=sys.stderr)
                failed = True
                continue
            finally:
                progress.end()
            figures += found.figures
            notes += [f"{name}: {note}" for note in found.notes]
        where = machine(Path(temporary))
    if web_kiosk.chromium() is None and not BESIDE_CHROMIUM.isdisjoint(names):
        notes.append(web_kiosk.MISSING)
    print(table(figures))
    print()
    for note in notes:
        print(f"- {note}")
    print(f"\n{where}; load before the run {load:.2f}{'; a quick run' if quick else ''}")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
