"""The floor that the kiosk is held against: a pygame-ce window with nothing in it.

Run as a program: imports pygame, opens a window of 1280x800, fills it, shows it. It has
the kiosk's own SDL settings and sleeps as the kiosk does, in poll(2) on the display's
descriptor, and paints a rectangle of a key's size while a button is held.
"""

import os

WHITE, SUNK = (255, 255, 255), (32, 96, 160)
KEY = (520, 300, 240, 280)
INSIDE = (640, 440)
"""A place on the key."""


def main() -> None:
    """Show the window until killed."""
    os.environ.setdefault("PYGAME_HIDE_SUPPORT_PROMPT", "1")
    os.environ.setdefault("SDL_FRAMEBUFFER_ACCELERATION", "0")
    os.environ.setdefault("SDL_NO_SIGNAL_HANDLERS", "1")
    import pygame

    pygame.display.init()
    display = pygame.display.set_mode((1280, 800))
    display.fill(WHITE)
    pygame.display.flip()
    _serve(pygame, display)


def _serve(pygame, display) -> None:  # type: ignore[no-untyped-def]
    import select

    poll = select.poll()
    for name in os.listdir("/proc/self/fd"):  # noqa: PTH208 - numbers wanted
        try:
            speaks = os.readlink(f"/proc/self/fd/{name}").startswith("socket:")  # noqa: PTH115
        except OSError:
            continue
        if speaks and int(name) > 2:
            poll.register(int(name), select.POLLIN)
    while True:
        poll.poll()
        for event in pygame.event.get():
            if event.type in (pygame.MOUSEBUTTONDOWN, pygame.MOUSEBUTTONUP):
                sunk = event.type == pygame.MOUSEBUTTONDOWN
                display.fill(SUNK if sunk else WHITE, KEY)
                pygame.display.update(KEY)


if __name__ == "__main__":
    main()
