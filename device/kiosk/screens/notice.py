"""One statement across the whole screen: closed, paused, starting, saving, out of order.

Readable from the queue, so that nobody waits at a window that does not serve.
"""

from device.kiosk.actions import Action
from device.kiosk.look import Look
from device.kiosk.screens.header import (
    badges,
    date_beside_link,
    hall_header,
    link_state,
    link_width,
)
from device.kiosk.screens.keys import word_key
from device.kiosk.screens.legend import is_keyed, legend
from device.kiosk.screens.names import least
from device.kiosk.screens.scene import Scene
from device.kiosk.screens.sheet import Fitted, Sheet
from device.kiosk.views import NoticeView

_SIGNS = {
    "closed": "person",
    "paused": "pause",
    "starting": "dots",
    "saving": "dots",
    "unsaved": "exclamation",
    "broken": "wrench",
}


def compose(view: NoticeView, look: Look) -> Scene:
    """Lay the statement out."""
    sheet = Sheet(look, view.chrome.language)
    places, gap = look.layout.notice, sheet.sizes.gap
    leaves = view.topic == "unsaved"
    keyed = leaves and is_keyed(view.chrome)
    quiet = view.chrome._replace(touch_out=False, mock=False)  # badges stand in the footer
    hall_header(sheet, quiet, keyed)
    end = places.done[1] if leaves else places.detail[1] if view.detail else places.footer
    _statement(sheet, view.topic, look.layout.header.height + gap, end - gap * 1.4)
    if leaves:
        key = word_key(look, sheet.language, "done", places.done[2:], sheet.sizes.key)
        sheet.key(places.done, Action("done"), key)
    elif view.detail:
        _detail(sheet, view.detail)
    if keyed:
        legend(sheet, view.chrome, "", "keys.done")
        badges(sheet, quiet._replace(mock=view.chrome.mock), look.layout.legend.badge)
    else:
        _footer(sheet, view)
    return sheet.scene("notice")


def _statement(sheet: Sheet, topic: str, top: float, bottom: float) -> None:
    """Draw sign, title and text as one group in the middle of the room."""
    places, colours = sheet.look.layout.notice, sheet.colours
    room, radius = bottom - top, places.radius
    if places.upright:
        radius = round(min(radius, room * 0.22))
        apart = radius * 0.36
        title, below = _words(sheet, topic, room - 2 * radius - apart)
        high = 2 * radius + apart + _height(title, below)
        y = top + (room - high) / 2 + radius
        words, x, align = y + radius + apart, (places.left + places.right) / 2, 0.5
    else:
        radius = min(radius, int(room / 2))
        title, below = _words(sheet, topic, room)
        y = (top + bottom) / 2
        words, x, align = y - _height(title, below) / 2, float(places.left), 0.0
    at = round(y)
    disc = (places.disc - radius, at - radius, 2 * radius, 2 * radius)
    sheet.panel(disc, radius, colours.sign)
    sheet.icon(_SIGNS[topic], (places.disc, at), radius * 1.2, colours.on_sign)
    y = words + title.size * 0.5
    for line in title.lines:
        sheet.write(line, (x, y), title.size, colours.ink, True, align)
        y += title.size * _TITLE
    y += title.size * (0.5 + _BETWEEN - _TITLE) + below.size * 0.5
    for line in below.lines:
        sheet.write(line, (x, y), below.size, colours.ink, False, align)
        y += below.size * _TEXT


_TITLE, _BETWEEN, _TEXT = 1.2, 0.3, 1.35
"""Spacing of the title's lines, what lies between title and text, spacing of the text's."""


def _height(title: Fitted, below: Fitted) -> float:
    """Return how high title and text are together."""
    lines = 1 + _TITLE * (len(title.lines) - 1) + _BETWEEN
    return title.size * lines + below.size * (1 + _TEXT * (len(below.lines) - 1))


def _words(sheet: Sheet, topic: str, high: float) -> tuple[Fitted, Fitted]:
    """Set title and text as large as ``high`` allows."""
    places = sheet.look.layout.notice
    room = places.right - places.left
    share = 1.0
    while True:
        size = places.title * share
        words = sheet.words(f"notice.{topic}.title")
        title = sheet.fit(words, size, True, room, least=size * 2 / 3)
        if "…" in title.lines[0]:
            title = sheet.balance(words, size * 3 / 4, True, room, 2)
        small = max(least(sheet), min(places.text * (share**0.5), title.size * 0.62))
        words = sheet.words(f"notice.{topic}.text")
        below = sheet.balance(words, small, False, room, 3 if places.upright else 2)
        if _height(title, below) <= high or share < 0.4:
            return title, below
        share -= 0.04


def _detail(sheet: Sheet, detail: str) -> None:
    """Show technicians what is wrong, small."""
    places, sizes, colours = sheet.look.layout.notice, sheet.sizes, sheet.colours
    x, y, w, h = places.detail
    sheet.panel(places.detail, sizes.radius_chip, colours.surface, colours.line, sizes.border)
    side = least(sheet) * 1.6
    sheet.icon("wrench", (x + sizes.gap + side / 2, y + h / 2), side, colours.ink2)
    left = x + 2 * sizes.gap + side
    room, largest = x + w - sizes.gap - left, least(sheet) * 1.1
    smallest = least(sheet, detail)
    fitted = sheet.fit(detail, largest, False, room, 1, smallest)
    if fitted.lines[0] != detail:
        fitted = sheet.fit(detail, smallest, False, room, 2, smallest)
    sheet.write_lines(fitted, (left, y + h / 2), colours.ink2, spacing=1.2)


def _footer(sheet: Sheet, view: NoticeView) -> None:
    """Write date and hour on the left, the state of the link on the right."""
    places, sizes, colours = sheet.look.layout.notice, sheet.sizes, sheet.colours
    sheet.rule(places.footer, colours.hair)
    left, right = sizes.margin, sheet.look.layout.size[0] - sizes.margin
    middle, hour = places.footer_middle, f"  {view.clock}" if view.clock else ""
    badge = _badge_width(sheet, view, 0)
    room = right - left - (badge + 2 * sizes.gap if badge else 0)
    taken = sheet.width(hour, sizes.small)
    size, date, chrome = date_beside_link(sheet, view.date, view.chrome, room - taken, sizes.small)
    end = left + sheet.write(f"{date}{hour}".strip(), (left, middle), size, colours.ink2)
    link_state(sheet, chrome, (right, middle), size, align=1)
    begin = right - link_width(sheet, chrome, size)
    if badge:
        _badge(sheet, view, end + sizes.gap, begin - sizes.gap)


def _badge_words(sheet: Sheet, view: NoticeView, room: float) -> tuple[str, float]:
    """Return what the badge says, and its size; the shorter words where there is less room."""
    if not view.chrome.touch_out:
        return (sheet.words("mock") if view.chrome.mock else ""), sheet.sizes.badge
    size = least(sheet)
    words = sheet.words("touch.out")
    if sheet.width(words, size, True) + size * 1.4 > room:
        words = sheet.words("touch.out.title")
    return words, size


def _badge_width(sheet: Sheet, view: NoticeView, room: float) -> float:
    words, size = _badge_words(sheet, view, room)
    return sheet.width(words, size, True) + size * 1.4 if words else 0


def _badge(sheet: Sheet, view: NoticeView, left: float, right: float) -> None:
    """Say between date and link that touch is out of service, or that hardware is mock."""
    words, size = _badge_words(sheet, view, right - left)
    width, height = _badge_width(sheet, view, right - left), round(size * 1.5)
    x, middle = (left + right) / 2, sheet.look.layout.notice.footer_middle
    box = (round(x - width / 2), middle - height // 2, round(width), height)
    sheet.panel(box, height // 2, sheet.colours.warn)
    sheet.write(words, (x, middle), size, sheet.colours.on_warn, True, 0.5)
