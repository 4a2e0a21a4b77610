"""Makes an Ansible inventory and playbooks from a fleet file, for halls that use Ansible.

ping, doctor, bundle, update and reboot, over SSH as the technician of the fleet file. No
secret is in the files. Running it again brings them up to date.
"""

import argparse
import sys
from pathlib import Path

from provisioning import fleet_cli, inventory
from provisioning.findings import BadFleet


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of ``haochaping provision ansible``."""
    parser.add_argument("fleet", type=Path, metavar="FLEET", help="the fleet file (TOML)")
    parser.add_argument(
        "--out", type=Path, required=True, metavar="DIR", help="folder for the files"
    )


def run(options: argparse.Namespace) -> int:
    """Write the files; returns the exit code."""
    try:
        fleet = fleet_cli.load(options.fleet)
        if not fleet.technician.ssh_keys:
            print(
                f"{options.fleet}: fleet.technician has no SSH key, so Ansible can reach no device;"
                " add ssh_keys or ssh_key_files",
                file=sys.stderr,
            )
            return 2
        files = inventory.make(fleet)
        changed = inventory.write(files, options.out)
    except (BadFleet, inventory.NotOurs) as error:
        print(error, file=sys.stderr)
        return 2
    except OSError as error:
        print(f"haochaping provision ansible: {error}", file=sys.stderr)
        return 1
    for name in files:
        print(f"{'wrote' if name in changed else 'unchanged'} {options.out / name}")
    return 0
