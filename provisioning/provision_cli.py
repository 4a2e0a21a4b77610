"""`haochaping provision`: from a fleet file to cards, labels and an Ansible inventory."""

import argparse
from collections.abc import Sequence
from importlib import import_module

_COMMANDS = {
    "check": ("fleet_cli", "check a fleet file as a whole; tells every mistake by line"),
    "cards": ("cards_cli", "ask central for enrolment tokens and write the devices' cards"),
    "labels": ("labels_cli", "print a label per card: name, window, QR code, fingerprint"),
    "ansible": ("ansible_cli", "make an inventory and playbooks for halls that use Ansible"),
}
_DESCRIPTION = """\
From a fleet file to devices that are ready to be screwed on:

  haochaping provision check fleet.toml      is everything right? every mistake by line
  haochaping provision cards fleet.toml ...  write the cards
  haochaping provision labels fleet.toml ... print what is stuck onto the devices

A fleet file says which devices there are: docs/fleet.md has every key and an example.
"""


def main(words: Sequence[str]) -> int:
    """Run ``haochaping provision``; returns the exit code: 0 done, 1 failed, 2 wrong input."""
    parser = argparse.ArgumentParser(
        "haochaping provision",
        description=_DESCRIPTION,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    commands = parser.add_subparsers(title="commands", metavar="COMMAND", required=True)
    asked = words[0] if words else ""
    for name, (module, purpose) in _COMMANDS.items():
        if name == asked:
            room = import_module(f"provisioning.{module}")
            inner = commands.add_parser(
                name,
                help=purpose,
                description=getattr(room, "DESCRIPTION", room.__doc__),
                formatter_class=argparse.RawDescriptionHelpFormatter,
                allow_abbrev=False,
            )
            room.add_arguments(inner)
            inner.set_defaults(run=room.run)
        else:
            commands.add_parser(name, help=purpose, add_help=False)
    options = parser.parse_args(words)
    code: int = options.run(options)
    return code
