"""`haochaping`: finds the room that answers a command, and imports no other.

The kiosk's way to its first frame leads through here, so nothing but argparse is imported
before it is known what is to be done.
"""

import argparse
import os
import sys
from collections.abc import Sequence

DEVICE = {
    "kiosk": "the screen for citizens (run by systemd, or in a window for a trial)",
    "agent": "carries ratings to central and central's word back",
    "migrate": "bring the device's files up to date; before kiosk and agent start",
    "enrol": "make this device known to central with a one-time token",
    "invite": "ask the citizen at the window to rate",
    "cancel": "take an invitation back, with a reason, before the first tap",
    "screenshot": "write a picture of the screen for support; refused during a visit",
    "config": "check a device's configuration file",
    "fonts": "check that every character of the roster can be printed",
    "doctor": "check everything that breaks in the field; says what to do",
    "check-screen": "show the check screen: touch, buttons, sound, network ...",
    "update": "install a signed release beside the one in use, and switch to it",
}
CENTRAL = {"central": "the central API: set up, serve, import halls, tokens, devices"}
PROVISIONING = {
    "provision": "from a fleet file to cards, labels and an Ansible inventory",
    "release": "build, sign and look at releases of the device's software",
    "profile": "write one device's configuration file",
}
VERIFY = {"verify": "check, with a receipt code, that a rating is stored, unchanged and counted"}
DEMO = {"demo": "the whole way of one rating on this machine"}

DESCRIPTION = """\
Haochaping: a rating device for government service counters, and the service it reports to.

To see it work:          haochaping demo
For hundreds of devices: haochaping provision check, cards, labels
On a device:             haochaping doctor (docs/technicians.md)
On the central server:   haochaping central init, import, token, serve
With a receipt code:     haochaping verify CODE --central https://...
"""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; returns the exit code: 0 done, 1 failed, 2 wrong input."""
    words = list(sys.argv[1:] if arguments is None else arguments)
    try:
        try:
            return _run(words)
        finally:
            sys.stdout.flush()
    except BrokenPipeError:
        # The reader of our output went away (`haochaping ... | head`): not our failure.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except KeyboardInterrupt:
        return 130


def _run(words: list[str]) -> int:
    command = words[0] if words else ""
    if command in DEVICE:
        from device import cli as device

        return device.main(command, words[1:])
    if command in CENTRAL:
        from central import cli as central

        parser = argparse.ArgumentParser("haochaping central", description=CENTRAL[command])
        central.add_arguments(parser)
        return central.run(parser.parse_args(words[1:]))
    if command in PROVISIONING:
        from provisioning import cli as provisioning

        return provisioning.main(command, words[1:])
    if command in VERIFY:
        from haochaping import verify

        return verify.main(words[1:])
    if command in DEMO:
        from demo import cli as demo

        return demo.main(words[1:])
    return _overview(words)


def _overview(words: list[str]) -> int:
    """Say what there is: for no command, ``--help``, ``--version`` and a wrong command."""
    from device import __version__

    parser = argparse.ArgumentParser(
        "haochaping",
        description=DESCRIPTION,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        epilog="haochaping COMMAND --help says more about each. Manual: docs/ in the source.",
    )
    parser.add_argument("--version", action="version", version=f"haochaping {__version__}")
    commands = parser.add_subparsers(title="commands", metavar="COMMAND")
    for name, purpose in (DEVICE | CENTRAL | PROVISIONING | VERIFY | DEMO).items():
        commands.add_parser(name, help=purpose, add_help=False)
    parser.parse_args(words)
    parser.print_help()
    return 0 if not words else 2
