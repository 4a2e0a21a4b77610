"""Processor time and wake-ups of kiosk and agent when nobody is there.

Enrolled, central running, the idle screen shown. Counted by the kernel for all threads:
run time from schedstat (nanoseconds), wake-ups as voluntary context switches, each of which
is one sleep that ended. Beside it the same window with `pygame.event.wait()` would wake
about 890 times a second; not repeated here. Chromium shows a page on which nothing moves.
"""

import time
from collections.abc import Mapping

from tests.benchmarks import figures, web_kiosk
from tests.benchmarks.bench import Bench
from tests.benchmarks.counter import counter
from tests.benchmarks.figures import Figure
from tests.benchmarks.processes import Usage, usage, usage_of_all
from tests.benchmarks.virtual_screen import VirtualScreen

TARGET_CPU = 0.1
TARGET_WAKEUPS = 5.0
_SETTLED_S = 5.0


def run(bench: Bench) -> figures.Outcome:
    """Let both run for a while without anything to do."""
    seconds = bench.times(40, 10)
    with counter(bench.folder) as (stage, screen):
        agent = stage.start_agent()
        kiosk = stage.start_kiosk(rehearse=False)
        until = time.monotonic() + 15
        while screen.bare(640, 440) and time.monotonic() < until:
            time.sleep(0.05)
        time.sleep(_SETTLED_S)
        pids = {"kiosk": kiosk.process.pid, "agent": agent.process.pid}
        before = {name: usage(pid) for name, pid in pids.items()}
        for passed in range(seconds):
            bench.say(f"{passed} of {seconds} s")
            time.sleep(1.0)
        spent = {name: usage(pid).since(before[name]) for name, pid in pids.items()}
        kiosk.stop()
        web = web_kiosk.compared(lambda: _beside_chromium(bench, screen, spent["kiosk"]))
    lines = [line for name, used in spent.items() for line in _figures(name, used)]
    return figures.Outcome(lines + web.figures, web.notes)


def _beside_chromium(bench: Bench, screen: VirtualScreen, kiosk: Usage) -> Figure:
    seconds = bench.times(20, 6)
    browser = web_kiosk.Browser(screen, bench.folder / "web")
    with browser.showing() as shown:
        time.sleep(_SETTLED_S)
        before = usage_of_all(shown.processes)
        for passed in range(seconds):
            bench.say(f"Chromium: {passed} of {seconds} s")
            time.sleep(1.0)
        used = _sum(before, usage_of_all(list(before)))
    return Figure(
        "idle: kiosk beside Chromium",
        _said(kiosk),
        f"Chromium, {len(before)} processes: {_said(used)}",
        kiosk.cpu_s / kiosk.at_s / (used.cpu_s / used.at_s) if used.cpu_s else None,
    )


def _sum(before: Mapping[int, Usage], after: Mapping[int, Usage]) -> Usage:
    """Return what all that lived from one look to the other have used."""
    spent = [after[pid].since(before[pid]) for pid in after]
    return Usage(
        max(used.at_s for used in spent),
        sum(used.cpu_s for used in spent),
        sum(used.sleeps for used in spent),
    )


def _said(used: Usage) -> str:
    share = used.cpu_s / used.at_s * 100
    return f"{share:.3f} % of a core, {used.sleeps / used.at_s:.1f} wake-ups a second"


def _figures(name: str, used: Usage) -> list[Figure]:
    cpu, wakeups = used.cpu_s / used.at_s * 100, used.sleeps / used.at_s
    kiosk = name == "kiosk"
    return [
        Figure(
            f"idle: {name}, processor",
            f"{cpu:.3f} % of a core",
            f"over {used.at_s:.0f} s",
            None,
            f"< {TARGET_CPU} %" if kiosk else "",
            cpu < TARGET_CPU if kiosk else None,
        ),
        Figure(
            f"idle: {name}, wake-ups",
            f"{wakeups:.1f} a second",
            "",
            None,
            f"<= {TARGET_WAKEUPS:.0f} a second" if kiosk else "",
            wakeups <= TARGET_WAKEUPS if kiosk else None,
        ),
    ]
