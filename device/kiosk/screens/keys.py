"""How keys look at rest, pressed and chosen: each state composed once, then a few blits.

A tap must be answered in the next frame on a slow board, so a key in any state is one
picture of the same size whose parts are ready. The other four level keys never change
with the tapped one, and all five change alike.
"""

import pygame

from device.kiosk.layout import Box
from device.kiosk.look import Look
from device.kiosk.screens.marks import Picture
from device.kiosk.screens.sheet import Key, Sheet
from device.kiosk.theme import Colour

REST, PRESSED, CHOSEN = "rest", "pressed", "chosen"


def cap(
    sheet: Sheet,
    size: tuple[int, int],
    state: str,
    fill: Colour,
    border: Colour,
    edge: Colour,
) -> int:
    """Draw a keycap filling ``size``; return how far its content sinks."""
    width, height = size
    sizes, colours = sheet.sizes, sheet.colours
    top_height = height - sizes.edge
    if state == PRESSED:
        box = (0, sizes.sink, width, top_height)
        sheet.panel(box, sizes.radius, fill, colours.ink, sizes.border)
        return sizes.sink
    sheet.panel((0, sizes.edge, width, top_height), sizes.radius, edge)
    if state == CHOSEN:
        border, thick = colours.accent, sizes.border_chosen
    else:
        thick = sizes.border
    sheet.panel((0, 0, width, top_height), sizes.radius, fill, border, thick)
    return 0


def level_key(look: Look, language: str, level: int, size: tuple[int, int], state: str) -> Key:
    """Return the key of one level, as wide and high as ``size``."""

    def draw(drawn: str) -> Picture:
        def make() -> Picture:
            return _level_image(look, language, level, size, drawn)

        return look.keep(("level", language, level, size, drawn), make)

    return Key(draw(state), lambda: draw(PRESSED))


def _level_image(
    look: Look, language: str, level: int, size: tuple[int, int], state: str
) -> Picture:
    sheet = Sheet(look, language)
    colours, sizes, places = sheet.colours, sheet.sizes, look.layout.rating
    sunk = _shared_cap(sheet, size, state)
    room = size[0] - 2 * sizes.gap
    settings = [
        look.text.balance(sheet.words(f"level.{each}"), sizes.label, True, room, 2)
        for each in range(1, 6)
    ]
    rows = max(len(setting.lines) for setting in settings)
    middle = (places.face_one_line if rows == 1 else places.face_two_lines) + sunk
    face = look.faces.face(level, sizes.face)
    sheet.stamp(face, (size[0] - sizes.face) // 2, middle - sizes.face // 2)
    label = (places.label_one_line if rows == 1 else places.label_two_lines) + sunk
    # One size for all five labels: none may shout.
    smallest = min(setting.size for setting in settings)
    setting = look.text.balance(sheet.words(f"level.{level}"), smallest, True, room, 2)
    sheet.write_set(setting, (size[0] // 2, label), colours.ink, bold=True, align=0.5)
    if state == CHOSEN:
        radius = 22
        x, y = size[0] - 18 - radius, 18 + radius
        disc = (x - radius, y - radius, 2 * radius, 2 * radius)
        sheet.panel(disc, radius, colours.accent)
        sheet.icon("check", (x, y), 28, colours.on_accent, 3)
    return sheet.picture(*size, None)


def _shared_cap(sheet: Sheet, size: tuple[int, int], state: str) -> int:
    """Stamp the keycap that all five level keys share; return how far its content sinks.

    Kept as pixels: filling a key's worth of odd width takes ten times as long as one blit.
    """

    def draw() -> pygame.Surface:
        blank, colours = Sheet(sheet.look, sheet.language), sheet.colours
        cap(blank, size, state, colours.surface, colours.line, colours.edge)
        return blank.image(*size, colours.paper)

    sheet.stamp(sheet.look.bake(("cap", size, state), draw), 0, 0)
    return sheet.sizes.sink if state == PRESSED else 0


def word_key(
    look: Look,
    language: str,
    text: str,
    size: tuple[int, int],
    words: int,
    *,
    subtitle: str = "",
    primary: bool = False,
    raised: bool = True,
    bold: bool = True,
    icon: str = "",
) -> Key:
    """Return a key with the text under ``text`` (and ``subtitle``), ``words`` pixels high.

    A ``primary`` key is filled with the accent; a key that is not ``raised`` lies flat.
    """
    identity = ("word", language, text, subtitle, size, words, primary, raised, bold, icon)

    def draw(state: str) -> Picture:
        def make() -> Picture:
            sheet = Sheet(look, language)
            colours = sheet.colours
            sunk, ink, top_height = 0, colours.ink, size[1]
            if primary:
                ink = colours.on_accent
                pressed = state == PRESSED
                fill = colours.accent_edge if pressed else colours.accent
                sunk = cap(sheet, size, state, fill, fill, colours.accent_edge)
                top_height -= sheet.sizes.edge
            elif raised:
                sunk = cap(sheet, size, state, colours.surface, colours.line, colours.edge)
                top_height -= sheet.sizes.edge
            else:
                _flat(sheet, (0, 0, *size), state, sheet.sizes.radius)
            middle = top_height // 2 + sunk
            _label(sheet, size[0], middle, text, subtitle, words, ink, bold, icon)
            return sheet.picture(*size, colours.paper)

        return look.keep((identity, state), make)

    return Key(draw(REST), lambda: draw(PRESSED))


def _flat(sheet: Sheet, box: Box, state: str, radius: int) -> None:
    colours = sheet.colours
    if state == PRESSED:
        sheet.panel(box, radius, colours.tint, colours.ink, sheet.sizes.border)
    else:
        sheet.panel(box, radius, colours.surface, colours.line, sheet.sizes.border)


def _label(
    sheet: Sheet, width: int, middle: int, text: str, subtitle: str, words: int,
    ink: Colour, bold: bool, icon: str,
) -> None:  # fmt: skip
    sizes = sheet.sizes
    room = width - 2 * sizes.gap
    label = sheet.words(text)
    if subtitle:
        below = sheet.words(subtitle)
        gap = round(words * 0.36)
        small = sizes.body - 2
        top = middle - (gap + small) // 2
        sheet.write_fitted(label, (width // 2, top), words, ink, room, bold, 0.5)
        under = top + words // 2 + gap + small // 2
        sheet.write_fitted(below, (width // 2, under), small, ink, room, False, 0.5, rows=2)
        return
    if not icon:
        sheet.write_fitted(label, (width // 2, middle), words, ink, room, bold, 0.5)
        return
    side, gap = round(words * 1.2), 12
    setting = sheet.look.text.fit(label, words, bold, room - side - gap)
    wide = side + gap + sheet.look.text.width(setting.lines[0], setting.size, bold)
    left = (width - wide) // 2
    sheet.icon(icon, (left + side // 2, middle), side, ink)
    sheet.write(setting.lines[0], (left + side + gap, middle), setting.size, ink, bold)


def chip(look: Look, language: str, tag: int, size: tuple[int, int], picked: bool) -> Key:
    """Return the chip of one reason tag."""

    def draw(state: str) -> Picture:
        def make() -> Picture:
            return _chip_image(look, language, tag, size, state, picked)

        return look.keep(("chip", language, tag, size, state, picked), make)

    return Key(draw(CHOSEN if picked else REST), lambda: draw(PRESSED))


def _chip_image(
    look: Look, language: str, tag: int, size: tuple[int, int], state: str, picked: bool
) -> Picture:
    sheet = Sheet(look, language)
    colours, sizes = sheet.colours, sheet.sizes
    side, left = 40, 22

    def draw() -> pygame.Surface:
        """What all chips in this state share: the frame and the box to tick."""
        blank, box = Sheet(look, language), (0, 0, *size)
        top = (size[1] - side) // 2
        if picked:
            border = colours.ink if state == PRESSED else colours.accent
            blank.panel(box, sizes.radius_chip, colours.tint, border, sizes.border_chip)
            blank.panel((left, top, side, side), 9, colours.accent)
            blank.icon("check", (left + side // 2, size[1] // 2), 28, colours.on_accent, 3)
        else:
            _flat(blank, box, state, sizes.radius_chip)
            blank.panel((left, top, side, side), 9, colours.surface, colours.line, 3)
        return blank.image(*size, colours.paper)

    sheet.stamp(look.bake(("chip", size, state, picked), draw), 0, 0)
    text_left = left + side + sizes.gap
    # Broken as the bold text needs it, so that lines do not jump when a chip is picked.
    words = sheet.words(f"tag.{tag}")
    setting = look.text.balance(words, sizes.body, True, size[0] - text_left - 20, 2)
    sheet.write_set(setting, (text_left, size[1] // 2), colours.ink, bold=picked)
    return sheet.picture(*size, None)


def language_toggle(
    look: Look, languages: tuple[str, ...], chosen: str, size: tuple[int, int]
) -> tuple[Key, ...]:
    """Return one key per language, side by side; each is called by its own name."""

    def draw(pressed: str | None) -> pygame.Surface:
        def make() -> pygame.Surface:
            return _toggle_image(look, languages, chosen, size, pressed)

        return look.bake(("languages", languages, chosen, size, pressed), make)

    width = size[0] // len(languages)

    def segment(index: int, pressed: str | None) -> pygame.Surface:
        def cut() -> pygame.Surface:
            return draw(pressed).subsurface((index * width, 0, width, size[1]))

        return look.bake(("language", index, languages, chosen, size, pressed), cut)

    def key(index: int, language: str) -> Key:
        return Key(segment(index, None), lambda: segment(index, language))

    return tuple(key(index, language) for index, language in enumerate(languages))


def _toggle_image(
    look: Look,
    languages: tuple[str, ...],
    chosen: str,
    size: tuple[int, int],
    pressed: str | None,
) -> pygame.Surface:
    sheet = Sheet(look, chosen)
    colours, sizes = sheet.colours, sheet.sizes
    width, height = size[0] // len(languages), size[1]
    sheet.panel((0, 0, *size), sizes.radius, colours.surface, colours.line, sizes.border)
    inset = 7
    for index, language in enumerate(languages):
        left, ink, bold = index * width, colours.ink, language == chosen
        if bold:
            # At the ends the pill keeps the same distance from the border on three sides.
            pill = (left + inset, inset, width - 2 * inset, height - 2 * inset)
            fill = colours.accent_edge if language == pressed else colours.accent
            sheet.panel(pill, sizes.radius - inset, fill)
            ink = colours.on_accent
        elif language == pressed:
            pill = (left + inset, inset, width - 2 * inset, height - 2 * inset)
            sheet.panel(pill, sizes.radius - inset, colours.tint, colours.ink)
        elif index and chosen not in (languages[index - 1], language):
            rule = (left - 1, height // 2 - 17, 2, 34)
            sheet.block(rule, colours.line)
        sheet.write_fitted(
            sheet.words(f"language.{language}"), (left + width // 2, height // 2), sizes.small,
            ink, width - 2 * inset - 8, bold, 0.5,
        )  # fmt: skip
    return sheet.image(*size, colours.paper)
