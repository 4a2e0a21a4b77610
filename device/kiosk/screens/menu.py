"""What staff do at their device: name a matter, invite, pause, log out.

Staff see how many they invited and how many of these rated, whatever the level, and nothing
finer.
"""

from device.kiosk.actions import Action
from device.kiosk.layout import Box
from device.kiosk.look import Look
from device.kiosk.screens.choices import choice_key, either_key
from device.kiosk.screens.header import link_state, link_width, portrait
from device.kiosk.screens.keys import sign_key, word_key
from device.kiosk.screens.legend import is_keyed, legend
from device.kiosk.screens.names import least
from device.kiosk.screens.scene import Scene
from device.kiosk.screens.sheet import Sheet
from device.kiosk.screens.staff_page import header, header_key, problem, way_back
from device.kiosk.views import MatterChoice, MenuView
from protocol.limits import MAX_CASES


def compose(view: MenuView, look: Look) -> Scene:
    """Lay the menu out."""
    sheet, places = Sheet(look, view.chrome.language), look.layout.menu
    right = header(sheet, view.chrome)
    trouble = view.problem or ("menu.paused" if view.paused else "")
    in_header = places.note[1] < look.layout.header.height
    _who(sheet, view, (right if places.key else places.pause[0]) - sheet.sizes.gap,
         bool(trouble) and in_header)  # fmt: skip
    if trouble:
        problem(sheet, _note_box(sheet), sheet.words(trouble), places.note_size)
    elif not in_header:
        _tally(sheet, view)
    _matters(sheet, view)
    _cases(sheet, view)
    _invite(sheet, view.paused)
    _ways_out(sheet, view.paused)
    way_back(sheet, "leave-menu")
    if is_keyed(view.chrome):
        legend(sheet, view.chrome, "keys.leave", "" if view.paused else "keys.invite")
    return sheet.scene("menu")


def _who(sheet: Sheet, view: MenuView, right: float, noted: bool) -> None:
    """Say who is logged in, and since when; ``noted`` leaves the room to a note."""
    places, colours, chrome = sheet.look.layout.header, sheet.colours, view.chrome
    portrait(sheet, places.portrait, 12, chrome.photo)
    if noted or chrome.staff is None:
        return
    size, left = least(sheet), places.text_left
    room = right - left
    if sheet.look.layout.menu.count_inside:
        # Short of room: the time stands beside the name, the counts below it.
        beside = sheet.width(view.since, size) + size
        name = sheet.fit(chrome.staff.name, places.name, True, room - beside, 1, size)
        end = left + sheet.write_lines(name, (left, places.first), colours.ink, True)
        lower = places.first + sheet.lower(size, name.size)
        sheet.write(view.since, (end + size, lower), size, colours.ink2)
        words = _counts(sheet, view)
        place = (left, places.second)
        sheet.write_fitted(words, place, size, colours.ink2, room, least=least(sheet, words))
        return
    name = sheet.fit(chrome.staff.name, places.name, True, room, 1, size)
    sheet.write_lines(name, (left, places.first), colours.ink, True)
    words = sheet.words("in.since", time=view.since)
    place = (left, places.second)
    end = left + sheet.write_fitted(
        words, place, size, colours.ink2, room, least=least(sheet, words)
    )
    if link_width(sheet, chrome, size) + size < right - end:
        link_state(sheet, chrome, (end + size, places.second), size)


def _counts(sheet: Sheet, view: MenuView) -> str:
    return sheet.words("menu.counts", invited=view.invited, rated=view.rated)


def _note_box(sheet: Sheet) -> Box:
    """Return where a note stands: with air above and below, where it is not in the header."""
    x, y, w, h = sheet.look.layout.menu.note
    air = 0 if y < sheet.look.layout.header.height else 4
    return x, y + air, w, h - 2 * air


def _tally(sheet: Sheet, view: MenuView) -> None:
    places = sheet.look.layout.menu
    x, y, width, height = places.note
    words = _counts(sheet, view)
    sheet.write_fitted(
        words, (x, y + height / 2), places.note_size, sheet.colours.ink2, width,
        least=least(sheet, words),
    )  # fmt: skip


def _matters(sheet: Sheet, view: MenuView) -> None:
    """Place the matters that there is room for, and the key to all others."""
    places, look = sheet.look.layout.menu, sheet.look
    if places.heading is not None:
        sheet.write_fitted(
            sheet.words("matter"), places.heading, places.heading_size, sheet.colours.ink,
            places.matters[2], True, least=least(sheet),
        )  # fmt: skip
    columns = 1 if len(view.matters) < places.rows else places.columns
    shown = _shown(view, columns * places.rows - 1)
    boxes = grid(places.matters, columns, places.rows, places.gap)
    reach = (places.gap / 2, places.gap / 2)
    for matter, box in zip(shown, boxes, strict=False):
        key = choice_key(
            look, sheet.language, matter.name, box[2:], places.matter,
            chosen=matter.code == view.chosen,
        )  # fmt: skip
        sheet.key(box, Action("matter", matter.code), key, reach)
    last = boxes[len(shown)]
    key = choice_key(
        look, sheet.language, sheet.words("matter.other"), last[2:], places.matter, icon="search"
    )
    sheet.key(last, Action("other"), key, reach)


def _shown(view: MenuView, most: int) -> tuple[MatterChoice, ...]:
    """Return the matters on the page; the chosen one is among them whatever its place."""
    chosen = [matter for matter in view.matters[most:] if matter.code == view.chosen]
    return (*chosen, *view.matters)[:most]


def grid(box: Box, columns: int, rows: int, gap: int) -> list[Box]:
    """Return equal places that fill ``box``, row by row."""
    x, y, width, height = box
    wide, high = (width - gap * (columns - 1)) // columns, (height - gap * (rows - 1)) // rows
    return [
        (x + index % columns * (wide + gap), y + index // columns * (high + gap), wide, high)
        for index in range(columns * rows)
    ]


def _cases(sheet: Sheet, view: MenuView) -> None:
    """Place the number of cases, and whether they are finished: of a chosen matter alone."""
    places, look, named = sheet.look.layout.menu, sheet.look, bool(view.chosen)
    _count_words(sheet, named)
    number, ink = str(view.cases) if named else "–", sheet.colours.ink
    if not named:
        ink = sheet.colours.ink2
    sheet.write(number, places.number, places.number_size, ink, True, 0.5)
    for name, icon, box, possible in (
        ("fewer", "minus", places.fewer, named and view.cases > 1),
        ("more", "plus", places.more, named and view.cases < MAX_CASES),
    ):
        size = round(min(box[2:]) * 0.56)
        key = sign_key(look, sheet.language, box[2:], size, icon=icon, still=not possible)
        if possible:
            sheet.key(box, Action(name), key, (places.count_reach, places.reach))
        else:
            sheet.still(box, key)
    key = either_key(
        look, sheet.language, ("finished", "unfinished"), view.finished, places.finished[2:],
        places.finished_size, still=not named,
    )  # fmt: skip
    if named:
        sheet.key(places.finished, Action("finished"), key, (places.reach, places.reach))
    else:
        sheet.still(places.finished, key)


def _count_words(sheet: Sheet, named: bool) -> None:
    """Write what the number counts, and what one rating stands for."""
    places, colours = sheet.look.layout.menu, sheet.colours
    (x, y), size = places.count_heading, places.count_heading_size
    if places.count_inside:
        room = places.more[0] - places.fewer[0] - places.fewer[2] - 8
        words = sheet.words("count")
        sheet.write_fitted(
            words, (x, y), size, colours.ink2, room, align=0.5, least=least(sheet, words)
        )
    else:
        width = sheet.write(sheet.words("count"), (x, y), size, colours.ink, True)
    if places.count_sub is None:
        return
    left, middle = places.count_sub
    right = left + places.count_sub_width
    if abs(middle - y) < size:  # on the heading's own line
        left = round(max(left, x + width + size / 2))
    words = sheet.words("count.sub" if named else "menu.staff.only")
    sheet.write_fitted(
        words, (left, middle), places.count_sub_size, colours.ink2, right - left,
        least=least(sheet, words),
    )  # fmt: skip


def _invite(sheet: Sheet, paused: bool) -> None:
    places, look = sheet.look.layout.menu, sheet.look
    key = word_key(
        look, sheet.language, "invite", places.invite[2:], places.invite_size,
        subtitle="invite.sub" if places.invite_sub else "", primary=True, still=paused,
    )  # fmt: skip
    if paused:
        sheet.still(places.invite, key)
    else:
        sheet.key(places.invite, Action("invite"), key, (places.reach, places.reach))


def _ways_out(sheet: Sheet, paused: bool) -> None:
    """Place the keys to pause (or to go on) and to log out."""
    places = sheet.look.layout.menu
    name, icon = ("resume", "resume") if paused else ("pause", "pause")
    for text, sign, box in ((name, icon, places.pause), ("logout", "leave", places.logout)):
        if not places.key:
            header_key(sheet, box, text, Action(text), sign)
            continue
        key = word_key(
            sheet.look, sheet.language, text, box[2:], places.key,
            raised=False, bold=False, icon=sign,
        )  # fmt: skip
        sheet.key(box, Action(text), key, (places.reach, places.reach))
