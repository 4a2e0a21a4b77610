"""Memory of the kiosk and the agent after many visits, beside a bare window's.

PSS from smaps_rollup: shared pages are divided among those who share them. Kiosk and agent
share Python and its libraries on a real device too; central and this process, which here
share them as well, are not there, so the private part is given beside it. Visits go through
all levels and languages, so that what the kiosk keeps of drawn text is in it. Chromium is
led from page to page as often; all of its processes are counted.
"""

import time

from demo.rehearsal import Rehearsal
from tests.benchmarks import figures, web_kiosk
from tests.benchmarks.bench import Bench
from tests.benchmarks.counter import bare_window, counter
from tests.benchmarks.figures import Figure
from tests.benchmarks.processes import Memory, memory
from tests.benchmarks.virtual_screen import VirtualScreen

TARGET_MB = 35.0
_LANGUAGES = ("zh-CN", "en", "ko")
_SETTLED_S = 2.0


def run(bench: Bench) -> figures.Outcome:
    """Play visits, then look."""
    visits = bench.times(30, 5)
    with counter(bench.folder) as (stage, screen):
        agent = stage.start_agent()
        kiosk = stage.start_kiosk()
        stage.rehearsal.wait_for_screen("IdleView")
        time.sleep(_SETTLED_S)
        fresh = memory(kiosk.process.pid)
        for number in range(visits):
            bench.say(f"visit {number + 1} of {visits}")
            _visit(stage.rehearsal, number)
        time.sleep(_SETTLED_S)
        after, agents = memory(kiosk.process.pid), memory(agent.process.pid)
        with bare_window(screen) as bare:
            time.sleep(_SETTLED_S)
            floor = memory(bare.pid)
        kiosk.stop()
        web = web_kiosk.compared(lambda: _beside_chromium(bench, screen, visits, after))
    return figures.Outcome(
        [
            Figure(
                f"memory: kiosk after {visits} visits, PSS",
                f"{after.pss:.1f} MB",
                f"bare window: {floor.pss:.1f} MB",
                after.pss / floor.pss,
                f"<= {TARGET_MB:.0f} MB",
                after.pss <= TARGET_MB,
            ),
            *web.figures,
            Figure("memory: agent, PSS", f"{agents.pss:.1f} MB"),
        ],
        [
            *web.notes,
            f"private: kiosk {after.private:.1f} MB, bare window {floor.private:.1f} MB, "
            f"agent {agents.private:.1f} MB; kiosk before the first visit: PSS {fresh.pss:.1f} MB",
        ],
    )


def _beside_chromium(bench: Bench, screen: VirtualScreen, visits: int, kiosk: Memory) -> Figure:
    browser = web_kiosk.Browser(screen, bench.folder / "web")
    with browser.showing() as shown:
        for number in range(visits):
            bench.say(f"Chromium: round {number + 1} of {visits}")
            shown.press(shown.rate)
            shown.press(shown.decline)
        time.sleep(_SETTLED_S)
        found = [memory(pid) for pid in shown.processes]
    pss = sum(each.pss for each in found)
    return Figure(
        "memory: kiosk beside Chromium, PSS",
        f"{kiosk.pss:.1f} MB",
        f"Chromium, {len(found)} processes: {pss:.1f} MB",
        kiosk.pss / pss,
    )


def _visit(screen: Rehearsal, number: int) -> None:
    """Play one visit from the idle screen to the idle screen."""
    language = _LANGUAGES[number % 3]
    screen.wait_for_screen("IdleView")
    screen.touch("rate")
    shown = screen.wait_for_screen("RatingView", subject="staff")
    if shown["language"] != language:
        screen.touch("language", language)
        screen.wait_for_screen("RatingView", language=language)
    screen.touch("level", number % 5 + 1)
    shown = screen.wait_for_screen("ReasonsView")
    tags = [value for name, value, _, _ in shown["targets"] if name == "tag"]
    screen.touch("tag", tags[number % len(tags)])
    screen.wait_for("a picked reason", lambda now: now["screen"] == "ReasonsView")
    screen.touch("submit")
    screen.wait_for_screen("ThanksView")
    screen.touch("done")
