"""A real kiosk process whose lamps are watched: writes down what each pin did.

    python witnessed_kiosk.py PROFILE REHEARSAL_SOCKET HISTORY

Ended with SIGTERM, it leaves in HISTORY, for each lamp by its level and for the buzzer, every
change: seconds of the monotonic clock, and whether it was on.
"""

import json
import sys
from pathlib import Path
from time import monotonic
from typing import Any

from device.kiosk import pins, service
from device.store.profile import load

Changes = list[tuple[float, bool]]


def main(profile: Path, door: Path, history: Path) -> int:
    changes: dict[str, Changes] = {}

    def watch(name: str, pin: Any) -> None:
        changes[name] = []
        set_state = pin._set_state

        def told(value: bool) -> None:
            changes[name].append((monotonic(), bool(value)))
            set_state(value)

        pin._set_state = told

    opening = pins.open_pins

    def open_and_watch(*words: Any, **more: Any) -> pins.Pins:
        opened = opening(*words, **more)
        for level, lamp in opened.lamps._lamps.items():
            watch(str(int(level)), lamp.pin)
        watch("buzzer", opened.lamps._buzzer.pin)
        return opened

    pins.open_pins = open_and_watch
    code = service.run(
        load(profile), start_log=lambda: None, mock_gpio=True, rehearse=door, windowed=True
    )
    history.write_text(json.dumps(changes))
    return code


if __name__ == "__main__":
    sys.exit(main(*map(Path, sys.argv[1:4])))
