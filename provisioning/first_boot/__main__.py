"""What the system runs as root at each boot until the device is set up (``start.sh``)."""

import sys
import time
import traceback
from pathlib import Path
from typing import Final

from device.store.deployed import Deployed
from device.store.setup import SetupState
from provisioning.first_boot.runner import Runner
from provisioning.first_boot.shown import Shown
from provisioning.first_boot.tools import Tools

LOG: Final = "var/log/haochaping-first-boot.log"
_MOST_BYTES: Final = 256 * 1024


class Log:
    """The journal, by standard output, and a file that outlives it. No secret is in either."""

    def __init__(self, file: Path) -> None:
        self._file = file

    def say(self, line: str) -> None:
        """Write one line."""
        print(line, flush=True)
        stamp = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
        try:
            if self._file.exists() and self._file.stat().st_size > _MOST_BYTES:
                self._file.replace(self._file.with_suffix(".log.1"))
            with self._file.open("a", encoding="utf-8") as out:
                out.write(f"{stamp} {line}\n")
        except OSError as error:
            print(f"(not in {self._file}: {error.strerror})", flush=True)


def main() -> int:
    """Set this device up; returns the exit code."""
    places, tools = Deployed(), Tools()
    say = Log(places.root / LOG).say
    try:
        Runner(places, tools, say).run()
    except BaseException as error:
        # A mistake of ours: systemd starts it again, and people see that something is wrong.
        if isinstance(error, Exception):
            say("".join(traceback.format_exception(error)))
            Shown(places, tools, say).show(
                SetupState("STEP_FAILED", f"first boot itself failed: {type(error).__name__}")
            )
        raise
    return 0


if __name__ == "__main__":
    sys.exit(main())
