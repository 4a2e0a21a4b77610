"""`haochaping demo`: central, agent and kiosk on this machine, and a citizen: you."""

import argparse
import os
import re
import select
import signal
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import requests

from demo import account, staff_scene
from demo.rehearsal import RehearsalError
from demo.stage import SAMPLE, Stage, StageError, free_port
from demo.tour import HOUSE, MORTGAGE, Tour
from device.core.errors import BadConfiguration
from device.store.profile import APPEARANCES, LANGUAGES, parse_size

ARRIVAL_S = 60.0
"""How long the end waits for the last records: after an outage the agent comes back with
full jitter."""


def main(words: Sequence[str]) -> int:
    """Run the demo; exit code 0 only if central holds every rating exactly once."""
    parser = argparse.ArgumentParser(
        "haochaping demo",
        description="Starts central, sets up a sample hall, enrols a device, and opens the\n"
        "kiosk's window. Every rating is printed when it has arrived at central. Without a\n"
        "display it plays a tour of all screens instead and writes a picture of each.",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument(
        "--tour", action="store_true", help="play the tour even if there is a display"
    )
    parser.add_argument(
        "--out",
        type=Path,
        default=Path("demo-output"),
        metavar="DIR",
        help="where the tour's pictures go (default: ./%(default)s)",
    )
    parser.add_argument(
        "--size", default="1280x800", metavar="WxH", help="size of the window (%(default)s)"
    )
    parser.add_argument(
        "--rotate", type=int, choices=(0, 90, 180, 270), default=0,
        help="degrees clockwise that the picture is turned by (%(default)s)",
    )  # fmt: skip
    parser.add_argument(
        "--language", choices=LANGUAGES, default="zh-CN", help="first language (%(default)s)"
    )
    parser.add_argument(
        "--appearance", choices=APPEARANCES, default="standard",
        help="what citizens find at first (%(default)s)",
    )  # fmt: skip
    parser.add_argument(
        "--keep", type=Path, metavar="DIR", help="keep all files and logs in this new folder"
    )
    options = parser.parse_args(words)
    # Whoever ends us, we end our own processes: a plain kill counts like Ctrl-C.
    for way in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        signal.signal(way, signal.default_int_handler)
    tour = options.tour or not _has_display(os.environ)
    _check(options, parser)
    with tempfile.TemporaryDirectory(prefix="haochaping-demo-") as temporary:
        folder = options.keep or Path(temporary)
        folder.mkdir(parents=True, exist_ok=True)
        environment = {"SDL_VIDEODRIVER": "dummy"} if tour else {}
        stage = Stage(folder.absolute(), environment)
        try:
            if tour:
                return _tour(stage, options.out, _screen(options))
            return _by_hand(stage, _screen(options))
        except (StageError, RehearsalError, requests.RequestException) as error:
            print(f"demo: {error}", file=sys.stderr)
            for log in sorted(folder.glob("*.log")):
                tail = log.read_text(encoding="utf-8").splitlines()[-8:]
                print(f"--- {log.name}", *tail, sep="\n", file=sys.stderr)
            return 1
        except KeyboardInterrupt:
            print("\ndemo: ended before its time; all its processes have ended too")
            return 130
        finally:
            stage.close()


def _check(options: argparse.Namespace, parser: argparse.ArgumentParser) -> None:
    """End with one sentence and exit code 2 if an option cannot be used."""
    try:
        parse_size(options.size)
    except BadConfiguration as error:
        parser.error(f"--size: {error}")
    for name, folder in (("--out", options.out), ("--keep", options.keep)):
        if folder is not None and folder.exists() and not folder.is_dir():
            parser.error(f"{name} {folder}: is a file; name a folder")
    if options.keep is not None and options.keep.exists() and any(options.keep.iterdir()):
        parser.error(f"--keep {options.keep}: the folder must be new or empty")


def _screen(options: argparse.Namespace) -> tuple[str, ...]:
    """Return what the device's profile is to say of its screen."""
    return (
        *("--size", options.size, "--rotate", str(options.rotate)),
        *("--language", options.language, "--appearance", options.appearance),
    )


def _tour(stage: Stage, pictures: Path, screen: Sequence[str]) -> int:
    pictures.mkdir(parents=True, exist_ok=True)
    for old in pictures.glob("[0-9][0-9]-*.png"):
        old.unlink()
    tour = Tour(stage, pictures, screen, _say)
    tour.play()
    _say(f"pictures are in {pictures}/")
    settled = _settle(stage, expected_visits=len(tour.thanked))
    otherwise = tour.told_otherwise()
    print(*otherwise, sep="\n", end="\n" if otherwise else "")
    return 1 if otherwise else settled


def _by_hand(stage: Stage, screen: Sequence[str]) -> int:
    stage.make_central(_hall_on_this_machine(stage))
    staff_scene.give_pin(stage)
    stage.start_central()
    _say(f"central is at {stage.address}")
    console = f"127.0.0.1:{free_port()}"
    stage.make_device(*screen, "--console", console)
    _say(f"enrolled as {stage.enrol()}")
    stage.start_agent()
    kiosk = stage.start_kiosk("--windowed", "--mock-gpio")
    stage.rehearsal.wait_for("the window", lambda _: True)
    _say("the window is open: touch 我要评价, or press keys 1 to 5 (5 is the best)")
    _say(
        f"the staff console is at http://{console}/ : staff number {staff_scene.STAFF}, "
        f"PIN {staff_scene.PIN}; the same at the screen's key for staff"
    )
    _say(
        f"the code on the screen leads to this machine; so does the poster of window 12, "
        f"{stage.poster()}; was mine counted: {stage.address}/C"
    )
    _say("press Enter here to invite as the staff member would, with two matters; q ends")
    seen = 0
    stdin_open = sys.stdin.isatty()
    try:
        while kiosk.running:
            held = stage.ratings()
            for rating in held[seen:]:
                _say(f"arrived at central: {_in_words(rating)}")
            seen = len(held)
            if not stdin_open:
                time.sleep(0.3)
            elif select.select([sys.stdin], [], [], 0.3)[0]:
                line = sys.stdin.readline()
                stdin_open = bool(line)
                if line.strip() == "q":
                    break
                if line == "\n":
                    _invite(stage)
                elif line:
                    _say("press Enter alone to invite, q to end")
    except KeyboardInterrupt:
        print()
    if kiosk.stop() != 0:
        raise StageError("the kiosk ended by itself; the end of its log follows")
    return _settle(stage, expected_visits=None)


def _hall_on_this_machine(stage: Stage) -> Path:
    """Return the sample hall with codes that a browser beside it can open."""
    sample, hall = SAMPLE.read_text("utf-8"), stage.folder / "hall.toml"
    address = f'phone_url = "{stage.address}"'
    hall.write_text(re.sub('phone_url = ".*"', address, sample), "utf-8")
    return hall


def _invite(stage: Stage) -> None:
    try:
        stage.invite(f"{HOUSE}=15010000000068,15010000000069,15010000000070", MORTGAGE)
        _say("invited")
    except StageError as error:
        _say(str(error).strip().rpartition("haochaping invite: ")[2])


def _settle(stage: Stage, expected_visits: int | None) -> int:
    """Wait for the last records, show what central holds, and compare."""
    until = time.monotonic() + ARRIVAL_S
    _say("waiting for the last records to reach central")
    while True:
        held = stage.ratings()
        result = account.settle(stage.device_data, held)
        if result.exact or time.monotonic() > until:
            break
        time.sleep(0.2)
    print("\nWhat central holds:")
    print(account.table(held))
    print(f"\nThe device wrote {result.ratings} ratings in {result.visits} visits.")
    rated = len({rating["visit"] for rating in held})
    complete = expected_visits is None or rated == expected_visits
    if not complete:
        print(f"The screen thanked for {expected_visits} visits, central knows {rated}.")
    for name in ("missing", "surplus", "doubled", "altered"):
        for key in getattr(result, name):
            print(f"{name}: {key}")
    if result.exact and complete:
        print("Every one of them is at central exactly once, unaltered.")
        return 0
    print("That is not what was promised; see the lines above.")
    return 1


def _in_words(rating: dict[str, Any]) -> str:
    level = rating["level"]["platform"]
    counted = "" if rating["counted"] else ", not counted: another was given first"
    said = f"{rating['subject']} {rating['code']}: {level} {account.LEVELS[level]}"
    return f"{said} ({rating['origin']}{counted})"


def _has_display(environment: Mapping[str, str]) -> bool:
    return bool(environment.get("DISPLAY") or environment.get("WAYLAND_DISPLAY"))


def _say(text: str) -> None:
    print(f"{time.strftime('%H:%M:%S')}  {text}", flush=True)
