"""What can be measured on a composed screen, before anybody looks at it.

Every measure takes a screen as it is laid out and returns what is wrong with it, in words;
nothing if it is right. Sources: WCAG 2.2 (contrast), docs/screens.md (sizes, targets).
"""

from collections.abc import Iterator
from functools import lru_cache
from itertools import combinations

import pygame
from panels import Dressed

from device.kiosk.assets import LANGUAGES, load_texts
from device.kiosk.layout import Kind
from device.kiosk.screens import Target
from device.kiosk.screens.marks import Laid, Text
from device.kiosk.technician_views import SetupView
from device.kiosk.theme import Colour
from device.kiosk.views import IdleView, MenuView, NoticeView, RatingView, SearchView, View
from device.store.profile import APPEARANCES

TEXT_CONTRAST, CONTROL_CONTRAST = 7.0, 3.0
THUMB_MM = 18.0
ROUNDED = 1.01
"""Pixels that a length may lose in rounding."""
SMALLEST = {Kind.WIDE: (24, 21), Kind.COMPACT: (20, 17), Kind.TALL: (30, 26)}
"""Units of the design: texts with ideographs or Hangul, texts in Latin letters alone."""
BADGES = {
    language: [load_texts(language)[text] for text in ("mock", "touch.out.brief")]
    for language in LANGUAGES
}
"""What badges say that are not for citizens."""


def luminance(colour: Colour) -> float:
    """Return the relative luminance (WCAG 2.2), 0 to 1."""

    def linear(channel: int) -> float:
        share = channel / 255
        return share / 12.92 if share <= 0.04045 else ((share + 0.055) / 1.055) ** 2.4

    red, green, blue = map(linear, colour)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: Colour, other: Colour) -> float:
    """Return the contrast ratio (WCAG 2.2), 1 to 21."""
    lighter, darker = sorted((luminance(one), luminance(other)), reverse=True)
    return (lighter + 0.05) / (darker + 0.05)


# --- what is read --------------------------------------------------------------------------


def texts(shown: Dressed) -> list[Laid]:
    """Return every line of words on a screen."""
    return [laid for laid in shown.laid if isinstance(laid.mark, Text)]


@lru_cache(maxsize=2 * len(APPEARANCES) * len(LANGUAGES))
def grounds(shown: Dressed) -> list[tuple[Text, list[Colour]]]:
    """Return every line of words with the colours that are under it before it is painted."""
    found = []
    surface = _canvas(shown.scene.size)
    places = [laid.mark.rect for laid in shown.laid if isinstance(laid.mark, Text)]
    for place in (*places, (0, 0, 1, 1)):  # what is elsewhere, nobody looks at
        surface.fill(shown.scene.paper, place)
    for laid in shown.laid:
        mark, rect = laid.mark, laid.mark.rect
        under = [places[each] for each in rect.collidelistall(places)]
        if isinstance(mark, Text):
            found.append((mark, _colours(surface, rect.clip(laid.within))))
            under = [each for each in under if each is not places[len(found) - 1]]
        if under:
            seen = laid.within.clip(under[0].unionall(under[1:]))
            laid._replace(within=seen).paint(surface)
    return found


@lru_cache(maxsize=1)
def _canvas(size: tuple[int, int]) -> pygame.Surface:
    """Return a surface to paint on, the same one as long as the size is the same."""
    return pygame.Surface(size, 0, 32)


def faint_texts(shown: Dressed) -> Iterator[str]:
    """Find words that do not stand out from each colour that is actually under them."""
    for text, colours in grounds(shown):
        ratio, ground = min((contrast(text.colour, each), each) for each in colours)
        if ratio < TEXT_CONTRAST:
            yield f"{text.words!r}: {_hex(text.colour)} on {_hex(ground)} is {ratio:.1f} to 1"


def small_texts(shown: Dressed) -> Iterator[str]:
    """Find words smaller than the smallest of their design; what is not for citizens may be."""
    full, latin = SMALLEST[shown.design.kind]
    for laid in texts(shown):
        assert isinstance(laid.mark, Text)
        if laid.mark.words in _for_technicians(shown.view):
            continue
        units = laid.mark.size / shown.design.unit
        least = latin if laid.mark.words.isascii() else full
        if units < least - ROUNDED / shown.design.unit:
            yield f"{laid.mark.words!r} is {units:.1f} units high, less than {least}"


def shortened_texts(shown: Dressed) -> Iterator[str]:
    """Find words of ours that end in an ellipsis; only names of the hall's may."""
    for laid in texts(shown):
        assert isinstance(laid.mark, Text)
        beginning, ellipsis, _ = laid.mark.words.partition("…")
        if ellipsis and not any(beginning in name for name in _names(shown.view)):
            yield f"{laid.mark.words!r} is cut short"


def stray_texts(shown: Dressed) -> Iterator[str]:
    """Find words that leave the canvas, or the key or card that they stand on."""
    for laid in texts(shown):
        if isinstance(laid.mark, Text) and not laid.within.contains(laid.mark.rect):
            yield f"{laid.mark.words!r} at {_at(laid.mark.rect)} leaves {_at(laid.within)}"
    for text, colours in grounds(shown):
        if len(colours) > 1:
            named = ", ".join(_hex(colour) for colour in colours[:4])
            yield f"{text.words!r} at {_at(text.rect)} crosses something: under it are {named}"


def covered_texts(shown: Dressed) -> Iterator[str]:
    """Find words with other words, or anything else, on top of them."""
    above: list[Laid] = []
    for laid in reversed(shown.laid):
        if isinstance(laid.mark, Text):
            place = laid.mark.rect.clip(laid.within)
            for other in above:
                if other.mark.rect.clip(other.within).colliderect(place):
                    what = other.mark.words if isinstance(other.mark, Text) else ""
                    kind = type(other.mark).__name__.lower()
                    yield f"{laid.mark.words!r} lies under {repr(what) if what else f'a {kind}'}"
        above.append(laid)


# --- what is touched ------------------------------------------------------------------------


def small_targets(shown: Dressed) -> Iterator[str]:
    """Find targets that a thumb could miss."""
    for target in shown.scene.targets:
        width, height = target.hit.w / shown.mm, target.hit.h / shown.mm
        if min(width, height) < THUMB_MM - ROUNDED / shown.mm:
            yield f"{_called(target)} answers on {width:.1f} x {height:.1f} mm"


def overlapping_targets(shown: Dressed) -> Iterator[str]:
    """Find two targets that answer to the same touch."""
    for one, other in combinations(shown.scene.targets, 2):
        if one.hit.colliderect(other.hit):
            yield f"{_called(one)} at {_at(one.hit)} overlaps {_called(other)} at {_at(other.hit)}"


def stray_targets(shown: Dressed) -> Iterator[str]:
    """Find targets that leave the canvas, or do not answer where they are seen."""
    canvas = pygame.Rect((0, 0), shown.scene.size)
    for target in shown.scene.targets:
        if not canvas.contains(target.hit):
            yield f"{_called(target)} at {_at(target.hit)} leaves the canvas"
        if not target.hit.contains(target.rect):
            yield f"{_called(target)} is seen at {_at(target.rect)}, answers at {_at(target.hit)}"


def faint_targets(shown: Dressed) -> Iterator[str]:
    """Find targets whose border or filling does not stand out from what is around them.

    The dark screen as a whole, which any touch wakes, has no border.
    """
    surface = _canvas(shown.scene.size)
    shown.scene.paint(surface)
    for target in shown.scene.targets:
        if target.rect.size == shown.scene.size:
            continue
        x, top = target.rect.centerx, target.rect.top
        ground = surface.get_at((x, max(0, top - 1)))[:3]
        border = {surface.get_at((x, top + down))[:3] for down in range(target.rect.h // 4)}
        best = max(contrast(ground, colour) for colour in border)
        if best < CONTROL_CONTRAST:
            yield f"{_called(target)} stands out by {best:.1f} to 1"


def _names(view: View) -> list[str]:
    """Return the words on a screen that are the hall's, not ours."""
    chrome = view.chrome
    names = [chrome.hall, *(chrome.staff or ())]
    if isinstance(view, RatingView) and view.matter is not None:
        names.append(view.matter.name)
    if isinstance(view, MenuView):
        names += [matter.name for matter in view.matters]
    if isinstance(view, SearchView):
        names += [matter.name for matter in view.found]
    if isinstance(view, IdleView):
        names += view.notices
    if isinstance(view, NoticeView):
        names.append(view.detail)
    if isinstance(view, SetupView):
        names.append(view.state.detail)
    return names


def _for_technicians(view: View) -> tuple[str, ...]:
    badges = BADGES[view.chrome.language]
    return (*badges, view.detail) if isinstance(view, NoticeView) else (*badges,)


def _colours(surface: pygame.Surface, place: pygame.Rect) -> list[Colour]:
    place = place.clip(surface.get_rect())
    if not (place.w and place.h):
        return [surface.get_at((0, 0))[:3]]
    pixels = surface.subsurface(place).copy().get_buffer().raw
    if pixels == pixels[:4] * (len(pixels) // 4):  # nearly always, and much quicker to see
        return [surface.get_at(place.topleft)[:3]]
    return [surface.unmap_rgb(colour)[:3] for colour in set(memoryview(pixels).cast("I"))]


def _called(target: Target) -> str:
    value = "" if target.action.value is None else f" {target.action.value}"
    return f"{target.action.name}{value}"


def _hex(colour: Colour) -> str:
    return "#{:02X}{:02X}{:02X}".format(*colour)


def _at(place: pygame.Rect) -> str:
    return f"{place.w}x{place.h}+{place.x}+{place.y}"
