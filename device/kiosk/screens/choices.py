"""Keys that choose: reasons, a matter, or one side of two."""

import pygame

from device.kiosk.look import Look
from device.kiosk.screens.keys import CHOSEN, PRESSED, REST, flat
from device.kiosk.screens.marks import Picture
from device.kiosk.screens.names import evened, least
from device.kiosk.screens.sheet import Key, Sheet


def chip(
    look: Look, language: str, tag: int, size: tuple[int, int], words: int, picked: bool
) -> Key:
    """Return the chip of one reason tag, its words at most ``words`` high."""

    def draw(state: str) -> Picture:
        def make() -> Picture:
            return _chip_image(look, language, tag, size, words, state, picked)

        return look.keep(("chip", language, tag, size, words, state, picked), make)

    return Key(draw(CHOSEN if picked else REST), lambda: draw(PRESSED))


def _chip_image(
    look: Look,
    language: str,
    tag: int,
    size: tuple[int, int],
    words: int,
    state: str,
    picked: bool,
) -> Picture:
    sheet = Sheet(look, language)
    colours, sizes = sheet.colours, sheet.sizes
    side = round(words * 4 / 3)
    left = round(side * 0.55)

    def draw() -> pygame.Surface:
        """What all chips in this state share: the frame and the box to tick."""
        blank, box = Sheet(look, language), (0, 0, *size)
        top, corner = (size[1] - side) // 2, side * 9 // 40
        if picked:
            border = colours.ink if state == PRESSED else colours.accent
            blank.panel(box, sizes.radius_chip, colours.tint, border, sizes.border_chip)
            blank.panel((left, top, side, side), corner, colours.accent)
            middle = (left + side / 2, size[1] / 2)
            blank.icon("check", middle, side * 0.7, colours.on_accent, 3)
        else:
            flat(blank, box, state, sizes.radius_chip)
            blank.panel((left, top, side, side), corner, colours.surface, colours.line, 3)
        return blank.image(*size, colours.paper)

    text_left = left + side + round(words * 0.53)
    if size[0] > size[1]:
        sheet.sliced(("chip", size, words, state, picked), size, text_left, draw)
    else:
        sheet.stamp(look.bake(("chip", size, words, state, picked), draw), 0, 0)
    # Broken as the bold text needs it, so that lines do not jump when a chip is picked.
    room = (size[0] - text_left - sizes.border_chip - 4, size[1] - 2 * sizes.border_chip - 2)
    text = sheet.words(f"tag.{tag}")
    fitted = sheet.fill(text, words, True, room, 1.2, min(words, sizes.smallest))
    sheet.write_lines(fitted, (text_left, size[1] / 2), colours.ink, picked, spacing=1.2)
    return sheet.picture(*size, None)


def choice_key(
    look: Look,
    language: str,
    name: str,
    size: tuple[int, int],
    words: int,
    *,
    chosen: bool | None = None,
    icon: str = "",
) -> Key:
    """Return a flat key with a ``name`` of any length, its words at most ``words`` high.

    A ring before it says whether it is ``chosen`` (None: there is nothing to choose); an
    ``icon`` stands in the ring's place.
    """

    def draw(state: str) -> Picture:
        def make() -> Picture:
            return _choice_picture(look, language, name, size, words, state, chosen, icon)

        key = ("choice", language, name, size, words, state, chosen, icon)
        return look.keep(key, make)

    return Key(draw(CHOSEN if chosen else REST), lambda: draw(PRESSED))


def _choice_picture(
    look: Look,
    language: str,
    name: str,
    size: tuple[int, int],
    words: int,
    state: str,
    chosen: bool | None,
    icon: str,
) -> Picture:
    sheet = Sheet(look, language)
    colours, sizes = sheet.colours, sheet.sizes
    side = round(words * 1.2)
    left = round(words * 0.66)
    rung = chosen is not None or bool(icon)
    text_left = left + (side + round(words * 0.6) if rung else 0)

    def draw() -> pygame.Surface:
        """What all choices in this state share: the frame and the ring."""
        blank = Sheet(look, language)
        if state == REST:
            blank.panel((0, 0, *size), sizes.radius_chip, colours.surface, colours.line)
        else:
            border = colours.ink if state == PRESSED else colours.accent
            blank.panel((0, 0, *size), sizes.radius_chip, colours.tint, border, sizes.border_chip)
        ring = (left, (size[1] - side) // 2, side, side)
        if icon:
            middle = (left + side / 2, size[1] / 2)
            blank.icon(icon, middle, side, colours.ink)
        elif chosen:
            blank.panel(ring, side // 2, colours.accent)
            small = round(side * 0.42)
            inner = (left + (side - small) // 2, ring[1] + (side - small) // 2, small, small)
            blank.panel(inner, small // 2, colours.on_accent)
        elif rung:
            blank.panel(ring, side // 2, colours.surface, colours.line, 3)
        return blank.image(*size, colours.paper)

    key = ("choice", size, words, state, chosen, icon)
    sheet.sliced(key, size, max(text_left, sizes.radius_chip), draw)
    # Broken as the bold words need it, so that lines do not jump when it is chosen.
    room = (size[0] - text_left - left * 0.6, (size[1] - 2 * sizes.border_chip) * 0.9)
    fitted = sheet.fill(name, words, True, room, 1.22, least(sheet, name))
    fitted = evened(sheet, name, fitted, room[0])
    sheet.write_lines(fitted, (text_left, size[1] / 2), colours.ink, bool(chosen), spacing=1.22)
    return sheet.picture(*size, colours.paper)


def either_key(
    look: Look,
    language: str,
    sides: tuple[str, str],
    first: bool,
    size: tuple[int, int],
    words: int,
    *,
    still: bool = False,
) -> Key:
    """Return one key with two sides (keys of texts), of which one is chosen; a touch changes
    sides. One that is ``still`` shows neither as chosen."""

    def draw(state: str) -> Picture:
        def make() -> Picture:
            return _either_picture(look, language, sides, first, size, words, state, still)

        return look.keep(("either", language, sides, first, size, words, state, still), make)

    return Key(draw(REST), lambda: draw(PRESSED))


def _either_picture(
    look: Look,
    language: str,
    sides: tuple[str, str],
    first: bool,
    size: tuple[int, int],
    words: int,
    state: str,
    still: bool,
) -> Picture:
    sheet = Sheet(look, language)
    colours, sizes, whole = sheet.colours, sheet.sizes, (0, 0, *size)
    if still:
        sheet.panel(whole, sizes.radius, colours.mute, colours.hair)
    else:
        border = colours.ink if state == PRESSED else colours.line
        sheet.panel(whole, sizes.radius, colours.surface, border, sizes.border)
    half, inset = size[0] // 2, max(round(size[1] / 14), sizes.border + 3)
    room = half - 1.5 * inset - 12
    fitted = [sheet.fill(sheet.words(text), words, True, (room, size[1] - 2 * inset), 1.2,
                         least(sheet, sheet.words(text))) for text in sides]  # fmt: skip
    for index, side in enumerate(fitted):
        left = inset if index == 0 else half + inset // 2
        width = half - inset - inset // 2
        chosen = not still and first == (index == 0)
        ink = colours.on_accent if chosen else colours.ink2 if still else colours.ink
        if chosen:
            fill = colours.accent_edge if state == PRESSED else colours.accent
            pill = (left, inset, width, size[1] - 2 * inset)
            sheet.panel(pill, max(0, sizes.radius - inset), fill)
        small = side._replace(size=min(each.size for each in fitted))
        middle = (left + width / 2, size[1] / 2)
        sheet.write_lines(small, middle, ink, chosen, 0.5, spacing=1.2)
    return sheet.picture(*size, colours.paper)
