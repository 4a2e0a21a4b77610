"""Asks other programs (systemctl, journalctl) and takes no answer for an answer."""

import subprocess
from collections.abc import Callable, Sequence

from device.core.errors import DeviceError

PATIENCE_S = 20.0

Ask = Callable[[Sequence[str]], str]
"""Runs a command and returns what it wrote; raises `NoAnswer`."""


class NoAnswer(DeviceError):
    """A program that is not there, hangs or fails; the message says which."""


def ask(words: Sequence[str]) -> str:
    """Return what the command ``words`` writes to standard output. Raises `NoAnswer`."""
    try:
        done = subprocess.run(
            words,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=PATIENCE_S,
            check=False,
            env={"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "LC_ALL": "C.UTF-8", "SYSTEMD_PAGER": ""},
        )
    except FileNotFoundError as error:
        raise NoAnswer(f"{words[0]} is not installed") from error
    except (OSError, subprocess.TimeoutExpired) as error:
        raise NoAnswer(f"{words[0]} does not answer: {type(error).__name__}") from error
    if done.returncode:
        said = done.stderr.decode("utf-8", "replace").strip().splitlines()
        raise NoAnswer(f"{words[0]}: {said[-1][:200] if said else f'exit code {done.returncode}'}")
    return done.stdout.decode("utf-8", "replace")
