"""The machine's edge: the programs of the system, its clock, and waiting.

Everything else that first boot does is work on files, below one root. Tests put another
edge in the place of this one.
"""

import shutil
import subprocess
import time
from collections.abc import Collection

from provisioning.first_boot.errors import CommandFailed

_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
_ENVIRONMENT = {"PATH": _PATH, "LC_ALL": "C.UTF-8", "DEBIAN_FRONTEND": "noninteractive"}
_TIMEOUT_S = 120.0


class Tools:
    """The real machine."""

    def run(
        self,
        *words: str,
        given: str = "",
        right: Collection[int] = (0,),
        timeout_s: float | None = _TIMEOUT_S,
    ) -> str:
        """Run a program of the system and return what it printed.

        ``given`` is its standard input; ``right`` are the exit codes that are no failure.
        No secret is ever among the words. Raises `CommandFailed`.
        """
        try:
            done = subprocess.run(
                words,
                input=given,
                capture_output=True,
                encoding="utf-8",
                errors="replace",
                env=_ENVIRONMENT,
                timeout=timeout_s,
                check=False,
            )
        except subprocess.TimeoutExpired as error:
            raise CommandFailed(f"{words[0]} was not done within {timeout_s:.0f} s") from error
        except OSError as error:
            raise CommandFailed(f"{words[0]} cannot be run: {error.strerror}") from error
        if done.returncode not in right:
            told = (done.stderr.strip() or done.stdout.strip() or "no word").splitlines()[-1]
            line = "".join(letter for letter in told if letter.isprintable())[:160]
            raise CommandFailed(f"{' '.join(words[:3])} failed ({done.returncode}): {line}")
        return done.stdout

    def has(self, program: str) -> bool:
        """True if the system has this program."""
        return shutil.which(program, path=_PATH) is not None

    def now(self) -> float:
        """Return the wall clock, in seconds since 1970."""
        return time.time()

    def set_clock(self, seconds: float) -> None:
        """Set the wall clock. Raises `OSError`."""
        time.clock_settime(time.CLOCK_REALTIME, seconds)

    def sleep(self, seconds: float) -> None:
        """Wait."""
        time.sleep(seconds)
