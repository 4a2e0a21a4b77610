"""Looks at a device's display as a person does: by what is to be seen, never by a log.

What should be there is drawn here by the product's own screens; what is there comes from
QEMU's picture of the display. Green lights everywhere and a black screen is a known trap.
"""

import os
import time
from collections.abc import Callable
from typing import NamedTuple

os.environ.setdefault("SDL_VIDEODRIVER", "dummy")
os.environ.setdefault("PYGAME_HIDE_SUPPORT_PROMPT", "1")

import pygame
from PIL import Image, ImageChops, ImageStat

from device.kiosk.actions import Action
from device.kiosk.screens import Look, compose
from device.kiosk.views import Chrome, IdleView, RatingView, ReasonsView, StaffCard, View
from tests.boot.machine import SIZE, Machine

INCHES = 7.0
GLANCE_S = 1.5
"""A person looks before they touch; the kiosk takes no touch for a page that has only just come."""
CLOSE = 4.0
"""Mean difference of two pictures' channels, 0 to 255, up to which they show the same."""
STAFF = StaffCard("0317", "王晓燕", "综合窗口", "不动产登记")
CHROME = Chrome("滨河区政务服务中心", "12", STAFF, "zh-CN", True, False, staff_key=True)
NOTICES = (
    "6月起，不动产登记窗口周六 9:00–12:00 照常办理，无需预约。",
    "二手房转移登记请携带身份证。",
)
IDLE = IdleView(CHROME, "11月23日 星期一", "13:49", NOTICES)
"""The sample hall's window; what changes by itself (notice, hour) is not compared."""
STAFF_QUESTION = RatingView(CHROME, "staff", 1, 1, None, None, ())
REASONS = ReasonsView(CHROME, 5, (510, 511, 512, 513, 514, 515, 516, 517), frozenset())


class Seen(NamedTuple):
    """A place of the picture and how far it is from what should be there."""

    action: Action
    difference: float


class Onlooker:
    """Somebody before one machine's display."""

    def __init__(self, machine: Machine) -> None:
        self._machine = machine
        self._look = Look(SIZE, INCHES)
        self._surface = pygame.Surface(SIZE, 0, 32)

    def expected(self, view: View) -> tuple[Image.Image, dict[Action, pygame.Rect]]:
        """Return how ``view`` looks, and where its keys are."""
        scene = compose(view, self._look)
        scene.paint(self._surface)
        picture = Image.frombytes("RGB", SIZE, pygame.image.tobytes(self._surface, "RGB"))
        return picture, {target.action: target.rect.copy() for target in scene.targets}

    def sees(self, view: View, *actions: Action, patience_s: float = 60) -> Image.Image:
        """Wait until these keys of ``view`` are on the display; returns the picture.

        Raises `TimeoutError` with how much each differs.
        """
        drawn, places = self.expected(view)

        def there() -> tuple[bool, str, Image.Image]:
            shown = self._machine.photograph("now")
            seen = [
                Seen(action, difference(shown, drawn, places[action]))
                for action in actions or tuple(places)
            ]
            return all(one.difference < CLOSE for one in seen), str(seen), shown

        return self._wait(there, type(view).__name__, patience_s)

    def sees_all_of(self, view: View, patience_s: float = 60) -> Image.Image:
        """Wait until the whole display is as ``view``."""
        drawn, _ = self.expected(view)
        whole = pygame.Rect(0, 0, *SIZE)

        def there() -> tuple[bool, str, Image.Image]:
            shown = self._machine.photograph("now")
            off = difference(shown, drawn, whole)
            return off < CLOSE / 3, f"differs by {off:.1f}", shown

        return self._wait(there, type(view).__name__, patience_s)

    def taps(self, view: View, name: str, value: int | str | None = None) -> None:
        """Wait until ``view`` offers that, and touch it."""
        action = Action(name, value)
        self.sees(view, action)
        time.sleep(GLANCE_S)
        place = self.expected(view)[1][action]
        self._machine.tap(*place.center)

    def _wait(
        self, there: Callable[[], tuple[bool, str, Image.Image]], what: str, patience_s: float
    ) -> Image.Image:
        end = time.monotonic() + patience_s
        while True:
            right, said, shown = there()
            if right:
                return shown
            if time.monotonic() > end:
                raise TimeoutError(f"{patience_s:.0f} s in vain for {what}: {said}")
            time.sleep(0.5)


def difference(one: Image.Image, other: Image.Image, place: pygame.Rect) -> float:
    """Return the mean difference of two pictures' channels within ``place``, 0 to 255."""
    box = (place.left, place.top, place.right, place.bottom)
    apart = ImageChops.difference(one.crop(box), other.crop(box))
    return sum(ImageStat.Stat(apart).mean) / 3


def colours(picture: Image.Image) -> int:
    """Return how many colours a picture has; a black screen has one."""
    return len(picture.getcolors(1 << 24) or ())
