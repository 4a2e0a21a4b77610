"""Matters that are looked for: what was typed, and what it finds, page by page."""

from device.kiosk.actions import Action
from device.kiosk.look import Look
from device.kiosk.screens.choices import choice_key
from device.kiosk.screens.keys import word_key
from device.kiosk.screens.legend import is_keyed, legend
from device.kiosk.screens.menu import grid
from device.kiosk.screens.names import least
from device.kiosk.screens.number_pad import number_pad
from device.kiosk.screens.scene import Scene
from device.kiosk.screens.sheet import Sheet
from device.kiosk.screens.staff_page import header, way_back
from device.kiosk.views import SearchView


def compose(view: SearchView, look: Look) -> Scene:
    """Lay the search out."""
    sheet, places = Sheet(look, view.chrome.language), look.layout.search
    more = places.more[0] if places.more and _pages(sheet, view)[1] > 1 else 0
    header(sheet, view.chrome, "search", more)
    _field(sheet, view.query)
    _found(sheet, view)
    number_pad(
        sheet, places.pad, places.pad_size, places.clear_size, places.reach, letters=places.letters
    )
    way_back(sheet)
    if is_keyed(view.chrome):
        legend(sheet, view.chrome, "keys.leave", "keys.first" if view.found else "")
    return sheet.scene("search")


def _field(sheet: Sheet, query: str) -> None:
    """Show what was typed; an empty field says what can be."""
    places, sizes, colours = sheet.look.layout.search, sheet.sizes, sheet.colours
    x, y, width, height = places.field
    sheet.panel(places.field, sizes.radius_chip, colours.surface, colours.accent, sizes.border_chip)
    left, middle = x + 0.3 * height, y + height / 2
    side = places.hint * 1.2
    sheet.icon("search", (left + side / 2, middle), side, colours.ink2)
    left += side + 0.5 * places.hint
    room = x + width - 0.2 * height - left
    end = left
    if query:
        # The end of what was typed is what somebody who types looks at.
        while len(query) > 1 and sheet.width(query, places.digits, True) > room - 8:
            query = query[1:]
        end += 4 + sheet.write(query, (left, middle), places.digits, colours.ink, True)
    high = round(places.digits * 0.92)
    sheet.block((round(end), round(middle - high / 2), 4, high), colours.accent)
    if not query:
        words = sheet.words("search.hint")
        left += 16
        fitted = sheet.fill(
            words, places.hint, False, (room - 16, height - 8), 1.2, least(sheet, words)
        )
        sheet.write_lines(fitted, (left, middle), colours.ink2, spacing=1.2)


def _pages(sheet: Sheet, view: SearchView) -> tuple[int, int]:
    """Return how many matters a page holds, and how many pages there are."""
    places = sheet.look.layout.search
    page = places.rows * places.columns
    if len(view.found) > page and places.more is None:
        page -= 1  # the last place is the key to the next page
    return page, max(1, -(-len(view.found) // page))


def _found(sheet: Sheet, view: SearchView) -> None:
    """Place the matters of this page, and the key to the next one."""
    places, look = sheet.look.layout.search, sheet.look
    if not view.found:
        _nothing(sheet)
        return
    size, pages = _pages(sheet, view)
    page = view.page if 0 <= view.page < pages else 0  # fewer are found than before
    shown = view.found[page * size :][:size]
    boxes = grid(places.found, places.columns, places.rows, places.gap)
    reach = (places.gap / 2, places.gap / 2)
    for matter, box in zip(shown, boxes, strict=False):
        key = choice_key(look, sheet.language, matter.name, box[2:], places.matter)
        sheet.key(box, Action("pick", matter.code), key, reach)
    if pages == 1:
        return
    following = (page + 1) % pages
    others = len(view.found[following * size :][:size])
    box = places.more or boxes[-1]
    key = word_key(
        look, sheet.language, "more.rows", box[2:], places.more_size, raised=False, bold=False,
        rows=2, words_given=sheet.words("more.rows", n=others, i=page + 1, m=pages),
    )  # fmt: skip
    sheet.key(box, Action("page", following), key, reach if not places.more else (6, 16))


def _nothing(sheet: Sheet) -> None:
    """Say that nothing was found."""
    places, colours = sheet.look.layout.search, sheet.colours
    x, y, width, height = places.found
    size = places.matter
    fitted = sheet.fill(sheet.words("search.none"), size, False, (width, height), 1.3, least(sheet))
    sheet.write_lines(fitted, (x + width / 2, y + height * 0.4), colours.ink2, align=0.5)
