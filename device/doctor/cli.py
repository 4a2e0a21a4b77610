"""`haochaping doctor` and `haochaping check-screen`."""

import argparse
import os
import sys
from pathlib import Path

from device.checks.finding import Level
from device.checks.patient import Patient
from device.checks.table import Check, wordings
from device.command import Command, new_parser
from device.core.errors import BadConfiguration
from device.store.deployed import Deployed
from device.store.home import Home
from device.store.profile import LANGUAGES, Profile, load


def doctor(command: str) -> Command:
    """Return the parser of `doctor`, and what runs it."""
    parser = new_parser(
        command,
        "Checks everything that breaks such devices in the field, and says what to do.\n\n"
        "Marks: ok, warn (it works, and is not as it should be), FAULT (something does not work\n"
        "or soon will not), ? (it could not be looked at, and why). Run it as root: others see\n"
        "less. It changes nothing, and may run while kiosk and agent do.\n\n"
        "Exit code 0: no fault (there may be warnings); 1: at least one fault; 2: wrong\n"
        "arguments. Every check is explained in docs/doctor.md.",
    )
    parser.add_argument("--json", action="store_true", help="one JSON document instead of lines")
    parser.add_argument(
        "--only",
        action="append",
        default=[],
        metavar="CODE",
        help="only this check; may be given several times (--list names them)",
    )
    parser.add_argument("--list", action="store_true", help="name every check, and look at nothing")
    parser.add_argument(
        "--lang",
        choices=LANGUAGES,
        default="en",
        help="language of titles and advice; what was found is always told in English",
    )
    parser.add_argument(
        "--bundle",
        type=Path,
        metavar="FILE.zip",
        help="also write a support bundle: findings, versions, logs and counters, without records, "
        "keys, names or numbers of people, and network addresses",
    )

    def run(options: argparse.Namespace) -> int:
        from device.doctor.examination import all_checks, examine, left_out
        from device.doctor.report import Printer, as_json

        texts = wordings()
        every = all_checks()
        if options.list:
            for check in every:
                print(f"{check.code:<16} {texts[check.code].title[options.lang]}")
            return 0
        chosen = _chosen(every, options.only)
        patient = _patient(options.config)
        printer = Printer(sys.stdout, texts, options.lang)
        found = []
        for one in examine(patient, chosen):
            found.append(one)
            if not options.json:
                printer.show(one)
                sys.stdout.flush()
        if options.json:
            print(as_json(found))
        else:
            printer.sum_up(found, left_out(patient, chosen))
        if options.bundle is not None:
            from device.doctor.bundle import write_bundle

            for line in write_bundle(options.bundle, patient, found):
                print(line, file=sys.stderr)
        return 1 if any(one.finding.level is Level.FAULT for one in found) else 0

    return parser, run


def _chosen(every: tuple[Check, ...], only: list[str]) -> tuple[Check, ...]:
    """Return the checks that were asked for. Raises `BadConfiguration`."""
    known = {check.code for check in every}
    wrong = [code for code in only if code not in known]
    if wrong:
        import difflib

        lines = []
        for code in wrong:
            near = difflib.get_close_matches(code, known, n=1)
            hint = f"did you mean {near[0]}?" if near else "haochaping doctor --list names them"
            lines.append(f"--only {code}: there is no such check; {hint}")
        raise BadConfiguration("\n".join(lines))
    return tuple(check for check in every if not only or check.code in only)


def _patient(config: Path) -> Patient:
    """Return this device; one whose configuration has mistakes is examined all the same."""
    deployed = Deployed()
    profile: Profile | None
    try:
        profile = load(config)
    except BadConfiguration:
        profile = None  # the check `configuration` says what is wrong with it
    return Patient(deployed, profile, Home(profile.data_dir if profile else deployed.data), config)


def check_screen(command: str) -> Command:
    """Return the parser of `check-screen`, and what runs it."""
    parser = new_parser(
        command,
        "Has the running kiosk show its check screen, for technicians: touch, buttons, sound,\n"
        "and what the doctor's quick checks find. Refused while somebody rates. Must be called\n"
        "by the kiosk's own user or by root.",
    )
    parser.add_argument("what", choices=("on", "off"), help="show it, or go back to service")
    parser.add_argument(
        "--minutes",
        type=int,
        default=10,
        metavar="N",
        help="after so many it ends by itself (%(default)s; 60 at most)",
    )

    def run(options: argparse.Namespace) -> int:
        os.environ.setdefault("PYGAME_HIDE_SUPPORT_PROMPT", "1")
        from device.kiosk.support import ask_for_check

        door = Home(load(options.config).data_dir).support
        ask_for_check(door, options.what == "on", options.minutes)
        shown = f"for {options.minutes} minutes" if options.what == "on" else "no longer"
        print(f"the check screen is shown {shown}")
        return 0

    return parser, run
