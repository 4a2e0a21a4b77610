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
        if edge == colours.paper:  # no edge to go down: the cap is filled instead
            fill = colours.tint
        sheet.panel(box, sizes.radius, fill, colours.ink, sizes.border)
        return sizes.sink
    sheet.panel((0, sizes.edge, width, top_height), sizes.radius, edge)
    if state == CHOSEN:
        border, thick = colours.accent, sizes.border_chosen
    else:
        thick = sizes.border
    sheet.panel((0, 0, width, top_height), sizes.radius, fill, border, thick)
    return 0


_LEAST_FACE = 0.46
"""Of a level key's height; below that the label gives way, as far as it may."""


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
    sheet, places = Sheet(look, language), look.layout.rating
    sunk = _shared_cap(sheet, size, state)
    if places.abreast:
        _abreast(sheet, level, size, sunk)
    else:
        _one_above_the_other(sheet, level, size, sunk)
    if state == CHOSEN:
        radius = round(size[1] * 0.06) if not places.abreast else round(size[1] * 0.19)
        inset = round(radius * 0.8)
        x, y = size[0] - inset - radius, inset + radius
        if places.abreast:
            x, y = size[0] - size[1] // 2, (size[1] - sheet.sizes.edge) // 2
        disc = (x - radius, y - radius, 2 * radius, 2 * radius)
        sheet.panel(disc, radius, sheet.colours.accent)
        sheet.icon("check", (x, y), radius * 1.3, sheet.colours.on_accent, 3)
    return sheet.picture(*size, None)


def _labels(sheet: Sheet, room: float, rows: int) -> tuple[float, int]:
    """Return the size that fits all five labels, and the most lines that one takes.

    One size for all: none may shout; and none is ever cut short.
    """
    words = [sheet.words(f"level.{level}") for level in range(1, 6)]
    size: float = sheet.sizes.label
    while True:
        fitted = [sheet.balance(each, size, True, room, rows) for each in words]
        smallest = min(each.size for each in fitted)
        if smallest == size or size < 10:
            return size, max(len(each.lines) for each in fitted)
        size = smallest if smallest > 0.8 * size + 1 else 0.94 * size


def _one_above_the_other(sheet: Sheet, level: int, size: tuple[int, int], sunk: int) -> None:
    """Set face and label in a column, with even room above, between and below.

    In a low key both give way, the label down to the size of a text's body.
    """
    places = sheet.look.layout.rating
    room, height = size[0] - 2 * sheet.sizes.pad, size[1] - sheet.sizes.edge
    label_size, rows = _labels(sheet, room, 2)
    face = float(min(places.face, room))
    while True:
        words = label_size * (1 + 1.24 * (rows - 1))
        most = height - words - 0.5 * label_size
        if most >= _LEAST_FACE * height or label_size <= sheet.sizes.body:
            break
        label_size -= 1
    face = min(face, most)
    left = height - face - words
    above = left * (0.4 if rows == 1 else 0.32)
    middle = above + face / 2 + sunk
    sheet.face(level, (size[0] / 2, middle), face)
    between = left * (0.26 if rows == 1 else 0.3)
    label = above + face + between + words / 2 + sunk
    fitted = sheet.balance(sheet.words(f"level.{level}"), label_size, True, room, 2)
    place = (size[0] / 2, label)
    sheet.write_lines(fitted, place, sheet.colours.ink, True, 0.5, spacing=1.24)


def _abreast(sheet: Sheet, level: int, size: tuple[int, int], sunk: int) -> None:
    """Set the label to the right of the face."""
    face = sheet.look.layout.rating.face
    middle = (size[1] - sheet.sizes.edge) / 2 + sunk
    left = 30
    sheet.face(level, (left + face / 2, middle), face)
    at = left + face + 36
    room = size[0] - at - sheet.sizes.pad
    label_size, _ = _labels(sheet, room, 1)
    fitted = sheet.fit(sheet.words(f"level.{level}"), label_size, True, room)
    sheet.write_lines(fitted, (at, middle), sheet.colours.ink, True)


def _shared_cap(sheet: Sheet, size: tuple[int, int], state: str) -> int:
    """Stamp the keycap that all five level keys share; return how far its content sinks.

    Kept as pixels: filling a key's worth takes ten times as long as copying it.
    """

    def draw() -> pygame.Surface:
        blank, colours = Sheet(sheet.look, sheet.language), sheet.colours
        cap(blank, size, state, colours.surface, colours.line, colours.edge)
        return blank.image(*size, colours.paper)

    ends = sheet.sizes.radius + sheet.sizes.edge + sheet.sizes.sink
    sheet.sliced(("cap", size, state), size, ends, draw)
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
    rows: int = 1,
    idle: bool = False,
    still: bool = False,
    words_given: str = "",
) -> Key:
    """Return a key with the text under ``text`` (and ``subtitle``), ``words`` pixels high.

    A ``primary`` key is filled with the accent; a key that is not ``raised`` lies flat; one
    that is ``idle`` looks as if it could not be pressed yet, one that is ``still`` as if it
    could not be pressed at all. ``words_given`` stand in place of the text, where it has values
    filled in.
    """
    identity = (
        "word",
        language,
        text,
        subtitle,
        size,
        words,
        primary,
        raised,
        bold,
        icon,
        rows,
        idle,
        still,
        words_given,
    )

    def draw(state: str) -> Picture:
        def make() -> Picture:
            sheet = Sheet(look, language)
            colours = sheet.colours
            sunk, ink, top_height = 0, colours.ink, size[1]
            if still:
                sheet.panel((0, 0, *size), sheet.sizes.radius, colours.mute, colours.hair)
                ink = colours.ink2
            elif idle:
                border = colours.line if state == REST else colours.ink
                box, fill = (0, 0, *size), colours.mute if state == REST else colours.tint
                sheet.panel(box, sheet.sizes.radius, fill, border, sheet.sizes.border)
                ink = colours.ink2
            elif primary:
                ink = colours.on_accent
                pressed = state == PRESSED
                fill = colours.accent_edge if pressed else colours.accent
                sunk = cap(sheet, size, state, fill, fill, colours.accent_edge)
                top_height -= sheet.sizes.edge
            elif raised:
                sunk = cap(sheet, size, state, colours.surface, colours.line, colours.edge)
                top_height -= sheet.sizes.edge
            else:
                flat(sheet, (0, 0, *size), state, sheet.sizes.radius)
            middle = top_height // 2 + sunk
            label = words_given or sheet.words(text)
            _label(sheet, size[0], middle, label, subtitle, words, ink, bold, icon, rows)
            return sheet.picture(*size, colours.paper)

        return look.keep((identity, state), make)

    return Key(draw(REST), lambda: draw(PRESSED))


def sign_key(
    look: Look,
    language: str,
    size: tuple[int, int],
    words: int,
    *,
    text: str = "",
    icon: str = "",
    under: str = "",
    under_size: int = 0,
    raised: bool = True,
    still: bool = False,
) -> Key:
    """Return a key with one digit or one sign, ``words`` high, as on a number pad.

    ``under`` are letters below the digit, ``under_size`` high. One that is not ``raised`` lies
    flat; one that is ``still`` looks as if it could not be pressed.
    """

    def draw(state: str) -> Picture:
        def make() -> Picture:
            sheet = Sheet(look, language)
            colours, sunk, ink, high = sheet.colours, 0, sheet.colours.ink, size[1]
            if still:
                box, ink = (0, 0, *size), colours.ink2
                sheet.panel(box, sheet.sizes.radius, colours.mute, colours.hair)
            elif raised:
                sunk = _shared_cap(sheet, size, state)
                high -= sheet.sizes.edge
            else:
                flat(sheet, (0, 0, *size), state, sheet.sizes.radius)
            x, middle = size[0] / 2, high / 2 + sunk
            upper = middle - 0.52 * under_size if under else middle
            sheet.write(text, (x, upper), words, ink, True, 0.5)
            lower = middle + 0.5 * words
            sheet.write(under, (x, lower), under_size, colours.ink2, align=0.5)
            if icon:
                sheet.icon(icon, (x, middle), words * 0.8, ink)
            return sheet.picture(*size, None if raised and not still else colours.paper)

        key = ("sign", text, icon, under, under_size, size, words, raised, still, state)
        return look.keep(key, make)

    return Key(draw(REST), lambda: draw(PRESSED))


def flat(sheet: Sheet, box: Box, state: str, radius: int) -> None:
    """Draw the ground of a flat key."""
    colours = sheet.colours
    if state == PRESSED:
        sheet.panel(box, radius, colours.tint, colours.ink, sheet.sizes.border)
    else:
        sheet.panel(box, radius, colours.surface, colours.line, sheet.sizes.border)


def _label(
    sheet: Sheet, width: int, middle: int, label: str, subtitle: str, words: int,
    ink: Colour, bold: bool, icon: str, rows: int,
) -> None:  # fmt: skip
    sizes = sheet.sizes
    room = width - 2 * sizes.pad
    if subtitle:
        small = round(min(sizes.body - 2, words * 0.5))
        fitted = sheet.fit(label, words, bold, room)
        under = sheet.fit(sheet.words(subtitle), small, False, room, 2, small * 0.72)
        step = under.size * 1.25
        below = step * len(under.lines)
        gap = words * 0.24
        top = middle - (fitted.size + gap + below) / 2
        at = (width / 2, top + fitted.size / 2)
        sheet.write_lines(fitted, at, ink, bold, 0.5)
        at = (width / 2, top + fitted.size + gap + below / 2)
        sheet.write_lines(under, at, ink, False, 0.5, spacing=1.25)
        return
    # A second line is better than smaller words, where there is one.
    fit = sheet.balance if rows > 1 else sheet.fit
    if not icon:
        fitted = fit(label, words, bold, room, rows)
        sheet.write_lines(fitted, (width / 2, middle), ink, bold, 0.5, spacing=1.24)
        return
    side, gap = round(words * 1.2), 12
    fitted = fit(label, words, bold, room - side - gap, rows)
    wide = side + gap + max(sheet.width(line, fitted.size, bold) for line in fitted.lines)
    left = (width - wide) / 2
    sheet.icon(icon, (left + side / 2, middle), side, ink)
    at = (left + side + gap, middle)
    sheet.write_lines(fitted, at, ink, bold, spacing=1.24)


def language_toggle(
    look: Look, languages: tuple[str, ...], chosen: str, size: tuple[int, int]
) -> tuple[Key, ...]:
    """Return one key per language, side by side; each is called by its own name."""
    return toggle(look, "language", languages, chosen, size, chosen)


def toggle(
    look: Look, text: str, names: tuple[str, ...], chosen: str, size: tuple[int, int], language: str
) -> tuple[Key, ...]:
    """Return one key per name, side by side, of which one is chosen; the words of each stand
    under ``text`` and its name."""

    def draw(pressed: str | None) -> pygame.Surface:
        def make() -> pygame.Surface:
            return _toggle_frame(look, names, chosen, size, pressed, language)

        return look.bake(("toggle", names, chosen, size, pressed), make)

    width = size[0] // len(names)

    def segment(index: int, name: str, pressed: str | None) -> Picture:
        def make() -> Picture:
            whole = draw(pressed)
            left, right = look.px(index * width), look.px(index * width + width)
            place = pygame.Rect(left, 0, right - left, whole.get_height()).clip(whole.get_rect())
            sheet, chosen_one = Sheet(look, language), name == chosen
            sheet.stamp(whole.subsurface(place), 0, 0)
            sheet.write_fitted(
                sheet.words(f"{text}.{name}"), (width / 2, size[1] / 2),
                sheet.sizes.control - 2,
                sheet.colours.on_accent if chosen_one else sheet.colours.ink,
                width - 2 * _inset(size) - 4, chosen_one, 0.5, least=sheet.sizes.control * 0.7,
            )  # fmt: skip
            return Picture(place.size, None, tuple(sheet.marks))

        key = ("toggle", text, index, names, chosen, size, pressed, language)
        return look.keep(key, make)

    def key(index: int, name: str) -> Key:
        return Key(segment(index, name, None), lambda: segment(index, name, name))

    return tuple(key(index, name) for index, name in enumerate(names))


def _inset(size: tuple[int, int]) -> int:
    """Return how far the pill of a toggle keeps from its border."""
    return round(size[1] / 12)


def _toggle_frame(
    look: Look,
    names: tuple[str, ...],
    chosen: str,
    size: tuple[int, int],
    pressed: str | None,
    language: str,
) -> pygame.Surface:
    """Draw the toggle without its words: the frame, and a pill under what is chosen."""
    sheet = Sheet(look, language)
    colours, sizes = sheet.colours, sheet.sizes
    width, height = size[0] // len(names), size[1]
    sheet.panel((0, 0, *size), sizes.radius, colours.surface, colours.line, sizes.border)
    inset = _inset(size)
    for index, name in enumerate(names):
        left = index * width
        # At the ends the pill keeps the same distance from the border on three sides.
        pill = (left + inset, inset, width - 2 * inset, height - 2 * inset)
        if name == chosen:
            fill = colours.accent_edge if name == pressed else colours.accent
            sheet.panel(pill, sizes.radius - inset, fill)
        elif name == pressed:
            sheet.panel(pill, sizes.radius - inset, colours.tint, colours.ink)
        elif index and chosen not in (names[index - 1], name):
            rule = (left - 1, round(height * 0.3), 2, round(height * 0.4))
            sheet.block(rule, colours.line)
    return sheet.image(*size, colours.paper)
