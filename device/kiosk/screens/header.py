"""The strip on top of every screen, and what else all screens share.

Who serves here stands on the left, controls on the right, and the line under the header
shortens by itself: no digits, so no time pressure.
"""

import pygame

from device.kiosk.actions import Action
from device.kiosk.assets import LANGUAGES
from device.kiosk.layout import Box
from device.kiosk.screens.keys import language_toggle, word_key
from device.kiosk.screens.sheet import Sheet
from device.kiosk.views import Chrome


def controls(sheet: Sheet, decline: bool = False) -> int:
    """Place the language toggle (and the key to decline); return their left edge."""
    places, sizes = sheet.look.layout.header, sheet.sizes
    right = sheet.look.layout.size[0] - sizes.margin
    top, height = places.control_top, places.control_height
    below = places.height - top - height - 8
    if decline:
        left = right - places.decline_width
        box = (left, top, places.decline_width, height)
        key = word_key(
            sheet.look, sheet.language, "notnow", box[2:], sizes.body - 2, raised=False, bold=False
        )
        sheet.key(box, Action("decline"), key, (sizes.gap // 2, below))
        right = left - sizes.gap
    width = places.language_width
    left = right - width * len(LANGUAGES)
    keys = language_toggle(sheet.look, LANGUAGES, sheet.language, (width * len(LANGUAGES), height))
    for index, (language, key) in enumerate(zip(LANGUAGES, keys, strict=True)):
        box = (left + index * width, top, width, height)
        sheet.key(box, Action("language", language), key, (0, below))
    return left


def staff_header(sheet: Sheet, chrome: Chrome, decline: bool = False) -> None:
    """Show window and staff member, and the timeout line under the header."""
    places, sizes, colours = sheet.look.layout.header, sheet.sizes, sheet.colours
    room = controls(sheet, decline) - sizes.gap - places.text_left
    sign(sheet, chrome.window)
    if chrome.staff is None:
        _hall(sheet, chrome, room)
    else:
        portrait(sheet, places.portrait, 12)
        staff = chrome.staff
        sheet.write_fitted(
            staff.name, (places.text_left, places.first), places.name, colours.ink, room, True
        )
        number = f"{sheet.words('staffno')} {staff.number}"
        # A post in another language than the screen's helps nobody.
        post = staff.post if sheet.language == "zh-CN" else ""
        if post:
            # Where room is short the post gives way: the number is what identifies.
            number = f" · {number}"
            left = room - sheet.look.text.width(number, sizes.smallest, False)
            fitted = sheet.look.text.fit(post, sizes.smallest, False, left, least=sizes.smallest)
            number = fitted.lines[0] + number
        sheet.write_fitted(
            number, (places.text_left, places.second), sizes.smallest, colours.ink2, room
        )
    _timeout(sheet, chrome)
    mock_badge(sheet, chrome)


def hall_header(sheet: Sheet, chrome: Chrome) -> None:
    """Show window and hall."""
    places, sizes = sheet.look.layout.header, sheet.sizes
    left = places.hall_left if chrome.window else sizes.margin
    room = controls(sheet) - sizes.gap - left
    sign(sheet, chrome.window)
    _hall(sheet, chrome, room)
    sheet.block((0, places.height, sheet.look.layout.size[0], 2), sheet.colours.hair)
    mock_badge(sheet, chrome)


def _hall(sheet: Sheet, chrome: Chrome, room: int) -> None:
    places = sheet.look.layout.header
    left = places.hall_left if chrome.window else sheet.sizes.margin
    sheet.write_fitted(
        chrome.hall, (left, places.single), places.name, sheet.colours.ink, room, True, rows=2
    )


def _timeout(sheet: Sheet, chrome: Chrome) -> None:
    places, colours = sheet.look.layout.header, sheet.colours
    width = sheet.look.layout.size[0]
    if chrome.remaining is None:
        sheet.block((0, places.height, width, 2), colours.hair)
        return
    left = round(width * min(1.0, max(0.0, chrome.remaining)))
    sheet.block((0, places.height, left, places.line), colours.line)
    sheet.block((left, places.height, width - left, places.line), colours.hair)


def sign(sheet: Sheet, window: str) -> None:
    """Show the window's number like the sign above it."""
    if not window:
        return
    colours, sizes = sheet.colours, sheet.sizes
    x, y, w, h = sheet.look.layout.header.sign
    middle = x + w // 2
    sheet.panel((x, y, w, h), 13, colours.ink)
    above, below = sheet.words("window.above"), sheet.words("window.below")
    small, room = sizes.smallest, w - 12
    if above:
        sheet.write_fitted(above, (middle, y + 25), small, colours.surface, room, False, 0.5)
        sheet.write_fitted(window, (middle, y + 64), 48, colours.surface, room, True, 0.5, 1, 24)
    elif below:
        sheet.write_fitted(window, (middle, y + 34), 48, colours.surface, room, True, 0.5, 1, 24)
        sheet.write_fitted(below, (middle, y + 75), small, colours.surface, room, False, 0.5)


def portrait(sheet: Sheet, box: Box, radius: int) -> None:
    """Show a neutral figure, which stands for a staff member without a photograph."""
    x, y, width, height = box
    colours = sheet.colours
    head, body = round(width * 0.235), round(width * 0.4)
    shoulders = round(width * 0.36)

    def draw() -> pygame.Surface:
        image = pygame.Surface((2 * body, shoulders), pygame.SRCALPHA, 32)
        sheet.look.shapes.rounded(image, (0, 0, 2 * body, 2 * body), body, colours.portrait)
        return image

    middle, bottom = x + width // 2, y + height
    sheet.panel(box, radius, colours.portrait_ground)
    sheet.stamp(sheet.look.bake(("shoulders", body), draw), middle - body, bottom - shoulders)
    top = bottom - shoulders - round(width * 0.05) - 2 * head
    sheet.panel((middle - head, top, 2 * head, 2 * head), head, colours.portrait)


def link_state(sheet: Sheet, chrome: Chrome, place: tuple[int, int], align: float = 0) -> None:
    """Show whether the centre can be reached: a sign, and words only when it cannot."""
    colours, sizes = sheet.colours, sheet.sizes
    side, x, y = 44, *place
    words = "" if chrome.online else sheet.words("net.off")
    wide = sheet.look.text.width(words, sizes.smallest, False) + 12 if words else 0
    left = x - round((side + wide) * align)
    name = "linked" if chrome.online else "unlinked"
    sheet.icon(name, (left + side // 2, y), side, colours.ink2)
    sheet.write(words, (left + side + 12, y), sizes.smallest, colours.ink2)


def mock_badge(sheet: Sheet, chrome: Chrome) -> None:
    """Say that mock hardware is in use."""
    if not chrome.mock:
        return
    text, size = sheet.words("mock"), sheet.sizes.badge
    x, y = sheet.look.layout.header.badge
    width = sheet.look.text.width(text, size, True) + 28
    sheet.panel((x - width // 2, y - 14, width, 28), 14, sheet.colours.warn)
    sheet.write(text, (x, y), size, sheet.colours.surface, True, 0.5)
