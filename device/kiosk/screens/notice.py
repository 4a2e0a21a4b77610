"""One statement across the whole screen: closed, paused, starting, saving, out of order.

Readable from the queue, so that nobody waits at a window that does not serve.
"""

from device.kiosk.look import Look
from device.kiosk.screens.header import hall_header, link_state
from device.kiosk.screens.scene import Scene
from device.kiosk.screens.sheet import Sheet
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
    places, colours, sizes = look.layout.notice, sheet.colours, sheet.sizes
    hall_header(sheet, view.chrome)
    x, y = places.disc
    radius = places.disc_radius
    sheet.panel((x - radius, y - radius, 2 * radius, 2 * radius), radius, colours.ink)
    sheet.icon(_SIGNS[view.topic], (x, y), places.icon, colours.surface)
    _statement(sheet, view.topic)
    width = look.layout.size[0]
    sheet.block((0, places.footer, width, 2), colours.hair)
    if view.detail:
        sheet.write_fitted(
            view.detail, (sizes.margin, places.footer_middle), sizes.smallest, colours.ink2, 840
        )
    link_state(sheet, view.chrome, (width - sizes.margin, places.footer_middle), align=1)
    return sheet.scene("notice")


def _statement(sheet: Sheet, topic: str) -> None:
    """Write title and text as one block around the middle of the disc."""
    places, colours, text = sheet.look.layout.notice, sheet.colours, sheet.look.text
    room = places.right - places.left
    words = sheet.words(f"notice.{topic}.title")
    title = text.fit(words, places.title_size, True, room, least=places.title_size * 2 // 3)
    if title.lines[0] != words:
        title = text.balance(words, places.title_size * 3 // 4, True, room, 2)
    words = sheet.words(f"notice.{topic}.text")
    below = text.balance(words, places.text_size, False, room, 2)
    title_step, below_step = round(title.size * 1.2), round(below.size * 1.35)
    between = round(title.size * 0.5 + below.size * 0.5 + 36)
    whole = title_step * (len(title.lines) - 1) + between + below_step * (len(below.lines) - 1)
    # The ink's middle, not the lines' middles, belongs on the disc's middle.
    y = places.middle - (whole + (below.size - title.size) // 2) // 2
    for line in title.lines:
        sheet.write(line, (places.left, y), title.size, colours.ink, True)
        y += title_step
    y += between - title_step
    for line in below.lines:
        sheet.write(line, (places.left, y), below.size, colours.ink)
        y += below_step
