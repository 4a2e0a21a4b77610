"""What all commands of a device have in common: help as it is written, and ``--config``."""

import argparse
import os
from collections.abc import Callable
from pathlib import Path

from device.store.deployed import Deployed

Command = tuple[argparse.ArgumentParser, Callable[[argparse.Namespace], int]]
"""What a command takes, and what runs it and returns the exit code."""


def new_parser(command: str, description: str) -> argparse.ArgumentParser:
    """Return the parser of ``haochaping COMMAND``, which takes ``--config`` so far."""
    parser = argparse.ArgumentParser(
        f"haochaping {command}",
        description=description,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        # `--token SECRET` must not pass for `--token-file` and show the secret to everybody.
        allow_abbrev=False,
    )
    parser.add_argument(
        "--config",
        type=Path,
        default=Path(os.environ.get("HAOCHAPING_CONFIG") or Deployed().profile),
        metavar="FILE",
        help="the device's configuration file (default: $HAOCHAPING_CONFIG or %(default)s)",
    )
    return parser
