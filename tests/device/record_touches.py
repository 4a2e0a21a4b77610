"""Writes down what a panel or a mouse says, as a recording for tests/device/core/recordings.

    python tests/device/record_touches.py touches.jsonl --size 1280x800 --seconds 20

Run it with the kiosk stopped, on the display that the kiosk uses: a window comes up with five
keys, and every contact goes through the kiosk's own translation, with the times the kiosk
would have given it. Add ``what``, ``source`` and ``expect`` to the first line before you keep
the file (test_recordings.py says what they mean).
"""

import argparse
import json
import os
import sys
from pathlib import Path

from device.kiosk import window
from device.store.moment import monotonic_ms
from device.store.profile import parse_size

KINDS = {"ContactDown": "down", "ContactMove": "move", "ContactUp": "up"}


def keys_on(size: tuple[int, int]) -> dict[str, list[int]]:
    """Return five keys like those of a question, by level."""
    width, height = size
    left, gap, top = width // 32, width // 80, height * 49 // 100
    wide = (width - 2 * left - 4 * gap) // 5
    return {
        str(level): [left + at * (wide + gap), top, wide, height * 46 // 100]
        for at, level in enumerate((5, 4, 3, 2, 1))
    }


def record(out: Path, size: tuple[int, int], rotate: int, seconds: float) -> int:
    """Record for so long; return how many lines were written after the first."""
    window.prepare(os.environ)
    import pygame

    from device.kiosk import contacts
    from device.kiosk.canvas import Canvas
    from device.kiosk.wakeups import Wakeups, opened_meanwhile

    wakeups = Wakeups()
    with opened_meanwhile() as descriptors:
        pygame.display.init()
        canvas = Canvas(pygame.display.set_mode(size), rotate)
    wakeups.watch_more(descriptors)
    targets = keys_on(canvas.size)
    for box in targets.values():
        canvas.surface.fill((255, 255, 255), box)
    canvas.show()
    head = {
        "what": "",
        "source": "",
        "made": "recorded",
        "canvas": list(canvas.size),
        "buttons": True,
        "targets": targets,
        "expect": {"accepted": [], "findings": []},
    }
    lines = [head]
    began_ms = quiet_ms = monotonic_ms()
    print("recording", flush=True)
    while (left_s := seconds - (monotonic_ms() - began_ms) / 1000) > 0:
        for event in pygame.event.get():
            happened = contacts.translate(event, canvas)
            kind = KINDS.get(type(happened).__name__)
            if kind is None or isinstance(happened, contacts.Exposed):
                continue
            now_ms = quiet_ms if kind == "down" else monotonic_ms()
            lines.append({"t": now_ms - began_ms, "kind": kind, **happened._asdict()})
        if not pygame.event.peek():
            wakeups.wait(left_s)
            quiet_ms = monotonic_ms()
    pygame.quit()
    out.write_text("".join(json.dumps(line) + "\n" for line in lines))
    return len(lines) - 1


def main(words: list[str]) -> None:
    """Read the command line and record."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n", maxsplit=1)[0])
    parser.add_argument("out", type=Path)
    parser.add_argument("--size", type=parse_size, default=(1280, 800))
    parser.add_argument("--rotate", type=int, choices=(0, 90, 180, 270), default=0)
    parser.add_argument("--seconds", type=float, default=20)
    given = parser.parse_args(words)
    print(record(given.out, given.size, given.rotate, given.seconds), "lines")


if __name__ == "__main__":
    main(sys.argv[1:])
