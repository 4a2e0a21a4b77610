"""The screen of an open window: which window, who serves, what is new, and how to rate."""

from device.kiosk.actions import Action
from device.kiosk.look import Look
from device.kiosk.screens.header import controls, link_state, mock_badge, portrait
from device.kiosk.screens.keys import word_key
from device.kiosk.screens.scene import Scene
from device.kiosk.screens.sheet import Sheet
from device.kiosk.text import above_baseline
from device.kiosk.views import IdleView, StaffCard


def compose(view: IdleView, look: Look) -> Scene:
    """Lay the idle screen out."""
    sheet = Sheet(look, view.chrome.language)
    places, colours, sizes = look.layout.idle, sheet.colours, sheet.sizes
    room = controls(sheet) - sizes.gap - places.hall[0]
    sheet.write_fitted(view.chrome.hall, places.hall, 36, colours.ink, room, True, least=26)
    width = sheet.write(view.date, places.date, sizes.smallest, colours.ink2)
    link_state(sheet, view.chrome, (places.date[0] + width + 24, places.link[1]))
    _window(sheet, view.chrome.window)
    if view.chrome.staff is not None:
        _staff(sheet, view.chrome.staff)
    _clock(sheet, view.clock)
    box = places.rate if view.notices else places.rate_alone
    if view.notices:
        _notices(sheet, view)
    key = word_key(
        look, sheet.language, "rate.me", box[2:], 58, subtitle="rate.me.sub", primary=True
    )
    sheet.key(box, Action("rate"), key)
    mock_badge(sheet, view.chrome)
    return sheet.scene("idle")


def _window(sheet: Sheet, window: str) -> None:
    places, colours, sizes = sheet.look.layout.idle, sheet.colours, sheet.sizes
    x, y, _, h = places.card
    sheet.panel(places.card, sizes.radius_card, colours.surface, colours.hair)
    # The sign: rounded on the left, cut straight where the card begins.
    sheet.panel((x, y, places.sign_width, h), sizes.radius_card, colours.ink)
    cut = sizes.radius_card
    sheet.block((x + places.sign_width - cut, y, cut, h), colours.ink)
    middle, room = x + places.sign_width // 2, places.sign_width - 40
    above, below = sheet.words("window.above"), sheet.words("window.below")
    caption = above or below
    # The caption stands above the number or below it, as the language has it.
    number_y = places.number_middle + (72 if above else 0)
    caption_y = places.number_middle - 61 if above else places.caption_middle
    sheet.write_fitted(
        window, (middle, number_y), places.number, colours.surface, room, True, 0.5, least=40
    )
    sheet.write_fitted(
        caption, (middle, caption_y), places.caption, colours.surface, room, False, 0.5
    )


def _staff(sheet: Sheet, staff: StaffCard) -> None:
    places, colours, sizes = sheet.look.layout.idle, sheet.colours, sheet.sizes
    left, _, width, _ = places.inner
    portrait(sheet, places.portrait, 16)
    room = left + width - places.name_left
    # Long names are common; one set as small as body text is better than one cut off.
    name = sheet.look.text.fit(staff.name, places.name, True, room, 2, least=sizes.body)
    taller = 0 if len(name.lines) == 1 else name.size // 2
    middle = places.name_middle - taller // 2
    sheet.write_set(name, (places.name_left, middle), colours.ink, True)
    sheet.write_fitted(
        sheet.words("greet"),
        (places.name_left, places.greet_middle + taller),
        28, colours.ink2, room, rows=2,
    )  # fmt: skip
    rows = (("post", staff.post), ("dept", staff.department), ("staffno", staff.number))
    captions = [sheet.words(key) for key, _ in rows]
    widest = max(sheet.look.text.width(each, 28, False) for each in captions)
    value_left = max(places.value_left, left + widest + 32)
    for top, caption, (_, value) in zip(places.rows, captions, rows, strict=True):
        sheet.block((left, top - 1, width, 2), colours.hair)
        middle = top + places.row_height // 2
        # Both stand on one baseline, whatever their sizes.
        lower = above_baseline(sizes.label) - above_baseline(28)
        sheet.write(caption, (left, middle + lower), 28, colours.ink2)
        room = left + width - value_left
        setting = sheet.look.text.fit(value, sizes.label, True, room)
        if setting.lines[0] == value:
            middle += above_baseline(sizes.label) - above_baseline(setting.size)
        else:
            setting = sheet.look.text.balance(value, sizes.body, True, room, 2)
        sheet.write_set(setting, (value_left, middle), colours.ink, True)


def _clock(sheet: Sheet, clock: str) -> None:
    places, colours = sheet.look.layout.idle, sheet.colours
    left, _, width, _ = places.column
    sheet.write(clock, (left, places.clock_middle), places.clock, colours.ink, True)
    text = sheet.words("open")
    _, top, _, height = places.open_badge
    wide = sheet.look.text.width(text, 28, True) + 38
    box = (left + width - wide, top, wide, height)
    sheet.panel(box, height // 2, colours.paper, colours.ink)
    sheet.write(text, (box[0] + wide // 2, top + height // 2), 28, colours.ink, True, 0.5)


def _notices(sheet: Sheet, view: IdleView) -> None:
    places, colours, sizes = sheet.look.layout.idle, sheet.colours, sheet.sizes
    x, y, w, h = places.notice
    inner, room = x + 28, w - 56
    sheet.panel(places.notice, sizes.radius_card, colours.surface, colours.hair)
    sheet.icon("bell", (inner + 16, y + 44), 32, colours.ink)
    sheet.write(sheet.words("notice"), (inner + 44, y + 44), sizes.body, colours.ink, True)
    shown = view.notice % len(view.notices)
    setting = sheet.look.text.fit(view.notices[shown], sizes.body, False, room, 3)
    step = round(setting.size * 1.4)
    for row, line in enumerate(setting.lines):
        sheet.write(line, (inner, y + 101 + row * step), setting.size, colours.ink)
    if len(view.notices) > 1:
        for index in range(len(view.notices)):
            dot = (inner + index * 36, y + h - 40, 24, 8)
            sheet.panel(dot, 4, colours.ink if index == shown else colours.edge)
