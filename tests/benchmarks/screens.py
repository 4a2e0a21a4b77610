"""What painting costs by itself: each screen laid out and painted in this process.

SDL's dummy display, no X server, no waiting: what a page change asks of the processor
between the tap and `canvas.show`. The first time includes typefaces and icons that are kept
afterwards; the kiosk draws them ahead (`warm`) while nobody waits. The floor beside it is
filling the whole picture with one colour.
"""

import os
import time
from collections.abc import Callable

from tests.benchmarks import figures
from tests.benchmarks.bench import Bench
from tests.benchmarks.figures import Figure, median, spread

_FRAME_MS = 1000 / 60


def run(bench: Bench) -> figures.Outcome:
    """Lay out and paint each screen."""
    os.environ["SDL_VIDEODRIVER"] = "dummy"
    import pygame

    from device.kiosk.screens import Look, compose

    pygame.display.init()
    surface = pygame.display.set_mode((1280, 800))
    look = Look()
    rounds = bench.times(60, 10)
    filled = [_ms(lambda: surface.fill((1, 2, 3))) for _ in range(rounds)]
    lines: list[Figure] = []
    for name, view in _views().items():
        bench.say(name)
        composing: list[float] = []
        painting: list[float] = []
        for _ in range(rounds):
            start = time.perf_counter_ns()
            scene = compose(view, look)
            composed = time.perf_counter_ns()
            scene.paint(surface)
            composing.append((composed - start) / 1e6)
            painting.append((time.perf_counter_ns() - composed) / 1e6)
        both = [a + b for a, b in zip(composing[1:], painting[1:], strict=True)]
        lines.append(
            Figure(
                f"screens: {name}",
                spread(both),
                f"first time {composing[0] + painting[0]:.1f} ms",
                None,
                "a frame, 16.7 ms",
                median(both) <= _FRAME_MS,
            )
        )
    pygame.quit()
    return figures.Outcome(lines, [f"filling the picture with one colour: {spread(filled)}"])


def _ms(call: Callable[[], object]) -> float:
    before = time.perf_counter_ns()
    call()
    return (time.perf_counter_ns() - before) / 1e6


def _views():  # type: ignore[no-untyped-def]
    from device.kiosk import qr, views

    staff = views.StaffCard("0317", "王晓燕", "综合窗口", "不动产登记")
    chrome = views.Chrome("滨河区政务服务中心", "12", staff, "zh-CN", True, False, 0.7)
    code = qr.matrix("HTTPS://PJ.BINHE.EXAMPLE/P/" + "A1B2C3D4" * 18)
    matter = views.MatterLine("不动产转移登记（二手房）", "1501****0068", 3)
    return {
        "idle": views.IdleView(
            chrome._replace(remaining=None), "6月3日 星期二", "09:41", ("周六照常办理。",)
        ),
        "rating, staff": views.RatingView(chrome, "staff", 1, 2),
        "rating, matter": views.RatingView(chrome, "matter", 2, 2, matter),
        "reasons": views.ReasonsView(chrome, 5, tuple(range(510, 518)), frozenset({510})),
        "thanks, with QR code": views.ThanksView(chrome, "7K4M2Q9D", code),
        "notice": views.NoticeView(chrome, "paused"),
    }
