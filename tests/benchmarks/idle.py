"""Processor time and wake-ups of kiosk and agent when nobody is there.

Enrolled, central running, the idle screen shown. Counted by the kernel for all threads:
run time from schedstat (nanoseconds), wake-ups as voluntary context switches, each of which
is one sleep that ended. Beside it the same window with `pygame.event.wait()` would wake
about 890 times a second; not repeated here.
"""

import time

from tests.benchmarks import figures
from tests.benchmarks.bench import Bench
from tests.benchmarks.counter import counter
from tests.benchmarks.figures import Figure
from tests.benchmarks.processes import Usage, usage

TARGET_CPU = 0.1
TARGET_WAKEUPS = 5.0
_SETTLED_S = 5.0


def run(bench: Bench) -> figures.Outcome:
    """Let both run for a while without anything to do."""
    seconds = bench.times(60, 10)
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
    return figures.Outcome(
        [line for name, used in spent.items() for line in _figures(name, used)], []
    )


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
