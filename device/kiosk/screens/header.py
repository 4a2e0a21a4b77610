"""The strip on top of every screen, and what else all screens share.

Who serves here stands on the left, controls on the right, and the line under the header
shortens by itself: no digits, so no time pressure.
"""

import pygame

from device.kiosk.actions import Action
from device.kiosk.assets import LANGUAGES
from device.kiosk.figure import figure
from device.kiosk.layout import Box, Point
from device.kiosk.screens.keys import language_toggle, sign_key, word_key
from device.kiosk.screens.names import hall_name, least, sizes_between
from device.kiosk.screens.sheet import Sheet
from device.kiosk.views import Chrome

NEXT_APPEARANCE = {"standard": "large", "large": "contrast", "contrast": "standard"}
"""The key says what it leads to, not what is."""


def controls(
    sheet: Sheet, side: str = "", *, bar: bool = True, keyed: bool = False, staff: bool = False
) -> float:
    """Place the keys for language and size, and ``side`` (a text's key, which is also its
    action's name) at the right end; return the left edge of what stands in the header.

    ``staff`` places the key for staff there instead.

    Without ``bar`` a tall canvas shows no keys at its bottom; they are lower where the screen
    is ``keyed``: the legend of the physical keys stands under them.
    """
    places, sizes = sheet.look.layout.header, sheet.sizes
    left = sheet.look.layout.size[0] - sizes.margin
    if side:
        left -= places.side_width
        box = (left, places.control_top, places.side_width, places.control_height)
        small_key(sheet, box, side, Action(_ACTIONS.get(side, side)))
        left -= sizes.gap
    elif staff:
        left -= places.staff_width
        staff_key(sheet, (left, places.control_top, places.staff_width, places.control_height))
        left -= sizes.gap
    if places.size_key[2]:
        if bar:
            high = sheet.look.layout.legend.bar_height if keyed else places.size_key[3]
            _language_keys(sheet, (*places.languages[:3], high))
            size_key(sheet, (*places.size_key[:3], high))
        return left
    left -= places.size_width
    top, height = places.control_top, places.control_height
    size_key(sheet, (left, top, places.size_width, height))
    width = places.language_width * len(LANGUAGES)
    left -= sizes.gap + width
    left -= left % 2  # whole pixels at one and a half to the unit: three keys without a seam
    _language_keys(sheet, (left, top, width, height))
    return left


_ACTIONS = {"notnow": "decline"}


def _reach(sheet: Sheet) -> tuple[float, float]:
    """Return how far the keys of the header answer beyond themselves: down to its line."""
    places = sheet.look.layout.header
    below = places.height - places.control_top - places.control_height
    return sheet.sizes.gap / 2, min(below + 4, 16)


def small_key(sheet: Sheet, box: Box, text: str, action: Action) -> None:
    """Place a flat key of the header."""
    size = sheet.sizes.control
    key = word_key(
        sheet.look, sheet.language, text, box[2:], size, raised=False, bold=False, rows=2
    )
    sheet.key(box, action, key, _reach(sheet))


def staff_key(sheet: Sheet, box: Box) -> None:
    """Place the key to the pages of staff: a sign alone, nothing that a citizen looks for."""
    size = round(min(box[3] * 0.56, sheet.sizes.control * 1.6))
    key = sign_key(sheet.look, sheet.language, box[2:], size, icon="person", raised=False)
    sheet.key(box, Action("staff"), key, _reach(sheet))


def size_key(sheet: Sheet, box: Box) -> None:
    """Place the key to the next appearance."""
    following = NEXT_APPEARANCE[sheet.look.appearance]
    small_key(sheet, box, f"appearance.{following}", Action("appearance", following))


def _language_keys(sheet: Sheet, box: Box) -> None:
    x, y, whole, height = box
    width = whole // len(LANGUAGES)
    keys = language_toggle(sheet.look, LANGUAGES, sheet.language, (width * len(LANGUAGES), height))
    for index, (language, key) in enumerate(zip(LANGUAGES, keys, strict=True)):
        place = (x + index * width, y, width, height)
        sheet.key(place, Action("language", language), key, (0, _reach(sheet)[1]))


def staff_header(sheet: Sheet, chrome: Chrome, side: str = "", *, keyed: bool = False) -> None:
    """Show window and staff member, and the timeout line under the header.

    ``keyed`` where the legend of the physical keys is shown.
    """
    places, sizes, colours = sheet.look.layout.header, sheet.sizes, sheet.colours
    right = controls(sheet, side, keyed=keyed)
    sign(sheet, chrome.window)
    if chrome.staff is None:
        _hall(sheet, chrome, right)
    else:
        room = right - sizes.gap - places.text_left
        portrait(sheet, places.portrait, 12, chrome.photo)
        staff, least = chrome.staff, sizes.smallest
        if sheet.look.layout.design.large:
            sheet.write_fitted(
                staff.name, (places.text_left, places.single), places.name, colours.ink, room,
                True, rows=2, least=least,
            )  # fmt: skip
        else:
            name = sheet.fit(staff.name, places.name, True, room, 1, least)
            sheet.write_lines(name, (places.text_left, places.first), colours.ink, True)
            _post_and_number(sheet, chrome, room)
    beneath(sheet, chrome, keyed)


def beneath(sheet: Sheet, chrome: Chrome, keyed: bool) -> None:
    """Draw the timeout line and the badge, where it stands on a screen that is ``keyed``."""
    timeout_line(sheet, chrome)
    if keyed:
        # That touch is out of service need not be said where the keys are explained.
        badges(sheet, chrome._replace(touch_out=False), sheet.look.layout.legend.badge)
    else:
        badges(sheet, chrome)


def _post_and_number(sheet: Sheet, chrome: Chrome, room: float) -> None:
    places, small = sheet.look.layout.header, sheet.sizes.smallest
    assert chrome.staff is not None  # noqa: S101 - asked for staff alone
    number = f"{sheet.words('staffno')} {chrome.staff.number}"
    # A post in another language than the screen's helps nobody.
    post = chrome.staff.post if sheet.language == "zh-CN" else ""
    tail = f" · {number}"
    left = room - sheet.width(tail, small)
    if post and left > 5 * small:
        # Where room is short the post gives way: the number is what identifies.
        number = sheet.fit(post, small, False, left, least=small).lines[0] + tail
    elif sheet.width(number, small) > room:
        number = chrome.staff.number
    sheet.write_fitted(number, (places.text_left, places.second), small, sheet.colours.ink2, room)


def hall_header(sheet: Sheet, chrome: Chrome, keyed: bool = False) -> None:
    """Show window and hall."""
    right = controls(sheet, keyed=keyed, staff=chrome.staff_key)
    sign(sheet, chrome.window)
    _hall(sheet, chrome, right)
    sheet.rule(sheet.look.layout.header.height, sheet.colours.hair)
    badges(sheet, chrome)


def _hall(sheet: Sheet, chrome: Chrome, right: float) -> None:
    places, sizes = sheet.look.layout.header, sheet.sizes
    left = places.hall_left if chrome.window else sizes.margin
    name = hall_name(sheet, chrome.hall, places.name, right - sizes.gap - left, 3)
    spacing = 1.2 if len(name.lines) < 3 else 1.12
    place = (left, places.single)
    sheet.write_lines(name, place, sheet.colours.ink, True, spacing=spacing)


def timeout_line(sheet: Sheet, chrome: Chrome) -> None:
    """Draw the line under the header, as long as there is time left."""
    places, colours = sheet.look.layout.header, sheet.colours
    sheet.rule(places.height, colours.hair, places.line if chrome.remaining is not None else 2)
    if chrome.remaining is not None:
        sheet.rule(places.height, colours.line, places.line, min(1, max(0, chrome.remaining)))


def sign(sheet: Sheet, window: str) -> None:
    """Show the window's number like the sign above it."""
    if not window:
        return
    places, colours = sheet.look.layout.header, sheet.colours
    x, y, w, h = places.sign
    middle, number = x + w / 2, places.sign_number
    sheet.panel((x, y, w, h), round(w * 0.13), colours.sign)
    above, below = sheet.words("window.above"), sheet.words("window.below")
    room, ink = w - 8, colours.on_sign
    small = places.sign_caption
    ink_at = (middle, y + h * (0.67 if above else 0.36))
    sheet.write_fitted(window, ink_at, number, ink, room, True, 0.5, 1, number / 2)
    caption_at = (middle, y + h * (0.25 if above else 0.78))
    sheet.write_fitted(above or below, caption_at, small, ink, room, False, 0.5)


def portrait(sheet: Sheet, box: Box, radius: int, photo: str = "") -> None:
    """Show the photograph at the path ``photo``; a neutral figure for whoever has none."""
    x, y, width, height = box
    look, size = sheet.look, (sheet.look.px(width), sheet.look.px(height))
    image = None
    if photo:
        from device.kiosk.photograph import photograph

        image = photograph(look, photo, size, look.px(radius))
    if image is None:
        sheet.panel(box, radius, sheet.colours.portrait_ground)
        image = look.bake(("figure", size), lambda: figure(size, sheet.colours))
    sheet.stamp(image, x, y)


def link_words(sheet: Sheet, chrome: Chrome) -> str:
    """Return what is said about the link to the centre: nothing while all goes well."""
    waiting = ".waiting" if chrome.waiting else ""
    if chrome.online:
        return sheet.words("net.waiting", n=chrome.waiting) if waiting else ""
    return sheet.words(f"net.off{waiting}", n=chrome.waiting)


def link_width(sheet: Sheet, chrome: Chrome, size: float) -> float:
    """Return how wide the state of the link is with words of ``size``."""
    words = link_words(sheet, chrome)
    return size * 1.8 + (sheet.width(words, size) + size / 2 if words else 0)


def link_state(
    sheet: Sheet, chrome: Chrome, place: tuple[float, float], size: float, align: float = 0
) -> None:
    """Show whether the centre can be reached: a sign, and words only when it cannot."""
    look, colour, words = sheet.look, sheet.colours.ink2, link_words(sheet, chrome)
    side, (x, y) = size * 1.8, place
    left = x - link_width(sheet, chrome, size) * align
    name = "unlinked" if not chrome.online else "sending" if chrome.waiting else "linked"

    def strip() -> pygame.Surface:
        """The sign is a strip in the middle of its square."""
        square = look.icons.icon(name, look.px(side), colour)
        ink = square.get_bounding_rect()
        return square.subsurface((0, ink.top, square.get_width(), ink.height))

    sheet.stamp(look.bake(("link", name, look.px(side), colour), strip), left, y, 0, 0.5)
    sheet.write(words, (left + side + size / 2, y), size, colour)


def date_beside_link(
    sheet: Sheet, date: str, chrome: Chrome, room: float, largest: float
) -> tuple[float, str, Chrome]:
    """Find how a date leaves room for the state of the link on its line.

    Return the size of both and what is to be written: first both become smaller, then the
    number of what waits is left out, then the weekday.
    """
    brief, day = chrome._replace(waiting=0), date.partition(", ")[2] or date
    for words, said in ((date, chrome), (date, brief), (day, chrome), (day, brief)):
        smallest = least(sheet, words + link_words(sheet, said))
        for size in sizes_between(largest, smallest):
            if sheet.width(words, size) + 6 + link_width(sheet, said, size) <= room:
                return size, words, said
    return smallest, day, brief


def badges(
    sheet: Sheet, chrome: Chrome, place: Point | None = None, *, brief: bool = False
) -> None:
    """Say that the touch panel is out of service, or that mock hardware is in use.

    ``place`` is the badge's middle, where a screen has a better one than all others; ``brief``
    for technicians, who know what to do about the panel.
    """
    text = "touch.out" if chrome.touch_out else "mock" if chrome.mock else ""
    if not text:
        return
    words, size = sheet.words(text), sheet.sizes.badge
    if chrome.touch_out and brief:
        words = sheet.words("touch.out.brief")
    elif chrome.touch_out:
        size = sheet.sizes.smallest
    x, y = place or sheet.look.layout.header.badge
    width, height = sheet.width(words, size, True) + size * 1.4, round(size * 1.4)
    box = (round(x - width / 2), y - height // 2, round(width), height)
    sheet.panel(box, height // 2, sheet.colours.warn)
    sheet.write(words, (x, y), size, sheet.colours.on_warn, True, 0.5)
