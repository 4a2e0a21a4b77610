"""The kiosk from start to end. Paint first, import the rest after.

A citizen who stands before a device that has just got its power back sees the window's
card at once; cryptography, the rules and the ledger come while it is being read.
"""

import gc
import os
import signal
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING

from device.core.errors import DeviceError
from device.kiosk import lean, window
from device.kiosk.views import Chrome, IdleView, NoticeView, StaffCard, View
from device.kiosk.wakeups import Wakeups, opened_meanwhile
from device.store import lock, roster
from device.store.home import Home, refuse_volatile
from device.store.profile import Profile
from device.store.supervisor import Supervisor

if TYPE_CHECKING:
    from pygame import Surface


def run(
    profile: Profile,
    *,
    start_log: Callable[[], None],
    mock_gpio: bool,
    rehearse: Path | None,
    windowed: bool,
) -> int:
    """Run until SIGTERM, SIGINT or the window is closed; returns the exit code.

    ``start_log`` is called once the first frame is up: even logging can wait for that.
    """
    home = Home(profile.data_dir)
    if not profile.allow_volatile:
        refuse_volatile(home.root)
    window.prepare(os.environ)
    if lock.is_held(home.kiosk_lock):
        raise lock.AlreadyRunning(
            f"another kiosk is running on {home.root}; a second one would cover its screen"
        )
    wakeups = Wakeups()
    ending = _Ending()
    with opened_meanwhile() as descriptors:
        lean.import_pygame(picture_files=rehearse is not None)
        display = open_display(profile, windowed)
    wakeups.watch_more(descriptors)
    signal.signal(signal.SIGTERM, ending.ask)
    signal.signal(signal.SIGINT, ending.ask)

    from device.kiosk.canvas import Canvas
    from device.kiosk.screens import Look, compose

    mock = mock_gpio or rehearse is not None
    canvas = Canvas(display, profile.screen.rotate)
    look = Look(canvas.size, profile.screen.diagonal, profile.screen.appearance)
    wall = time.localtime()
    date = look.words(profile.screen.language).date(wall.tm_mon, wall.tm_mday, wall.tm_wday + 1)
    view = first_view(home, profile, mock, wall, date)
    first = compose(view, look)
    first.paint(canvas.surface)
    canvas.show()

    # The first frame is on the screen; what comes now may take its time.
    supervisor = Supervisor()
    gc.freeze()
    gc.enable()
    give_memory_back()
    start_log()
    lean.import_protocol()
    import pygame

    from device.kiosk.loop import Loop
    from device.kiosk.pins import used_pins

    loop = Loop(profile, home, canvas, look, wakeups, first, view, mock=mock, supervisor=supervisor)
    ending.to_be_ended(loop.end)
    try:
        if mock_gpio or used_pins(profile.buttons):
            loop.open_pins(mock_gpio)
        if rehearse is not None:
            loop.doors.open_rehearsal(rehearse)
        return loop.run()
    finally:
        loop.close()
        pygame.quit()


def open_display(profile: Profile, windowed: bool) -> "Surface":
    """Open the window, of the profile's size or over the whole display."""
    import pygame

    try:
        pygame.display.init()
    except pygame.error as error:
        raise window.NoDisplay(f"the display cannot be opened: {error}") from error
    pygame.display.set_caption("Haochaping")
    pygame.display.set_icon(pygame.Surface((1, 1)))  # else pygame looks for its own
    size = profile.screen.size
    whole = size is None and not windowed
    display = pygame.display.set_mode(
        size or (0, 0) if whole or size else (1280, 800), pygame.FULLSCREEN if whole else 0
    )
    pygame.mouse.set_visible(windowed)
    return display


def give_memory_back() -> None:
    """Have the C library return large blocks at once, and keep one heap for all threads.

    Shapes are drawn four times too large and scaled down, and pictures of keys come and go;
    by default glibc would keep that room for ever (mallopt(3)). Elsewhere this does nothing.
    """
    import ctypes

    mmap_threshold, arena_max = -3, -8
    with suppress(AttributeError, OSError):
        libc = ctypes.CDLL(None)
        libc.mallopt(mmap_threshold, 64 * 1024)
        libc.mallopt(arena_max, 1)
        libc.malloc_trim(0)


def first_view(home: Home, profile: Profile, mock: bool, wall: time.struct_time, date: str) -> View:
    """Return what can be shown before anything but the roster has been read."""
    serves, paused = roster.serving(home.kiosk_db)
    try:
        page = roster.read(home.agent_db, serves)
    except DeviceError:
        page = roster.Roster()  # the full start will say what is wrong with it
    attended = profile.service.mode == "window"
    member = StaffCard(*page.member) if page.member and attended else None
    screen = profile.screen
    chrome = Chrome(
        page.hall, page.window, member, screen.language, page.online, mock,
        appearance=screen.appearance,
    )  # fmt: skip
    if (attended and member is None) or not page.hall or page.retired:
        return NoticeView(chrome, "starting")
    clock = time.strftime("%H:%M", wall)
    if paused:
        return NoticeView(chrome, "paused", "", date, clock)
    mode, matter = profile.service
    return IdleView(
        chrome,
        date,
        clock,
        page.notices,
        mode=mode,
        can_begin=mode != "self-service" or bool(matter),
    )


class _Ending:
    """Passes the wish to end on to the loop, even if it came before there was one."""

    def __init__(self) -> None:
        self._asked = False
        self._end: Callable[[], None] | None = None

    def ask(self, _signal: int, _frame: FrameType | None) -> None:
        self._asked = True
        if self._end is not None:
            self._end()

    def to_be_ended(self, end: Callable[[], None]) -> None:
        self._end = end
        if self._asked:
            end()
