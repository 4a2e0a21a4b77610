"""Words on the screen: typefaces, rendered lines, and how long texts give way.

`pygame.font` was measured against `pygame.freetype`: equal in speed, but it is loaded
with pygame anyway and shapes kerning and ligatures. One font object per weight is opened
and resized, since every further one costs memory and half a millisecond. What the shipped
fonts lack is set in those of `typefaces`, on the same baseline.
"""

from collections.abc import Iterable
from typing import TYPE_CHECKING, NamedTuple

import pygame

from device.kiosk.assets import font_path
from device.kiosk.coverage import Coverage
from device.kiosk.theme import Colour

if TYPE_CHECKING:
    from device.kiosk.typefaces import Run, Typefaces

_SHRINK = 0.8
"""A text too long for its place is set smaller, down to this share, before it breaks."""
_WIDE = "№@"
"""The only characters of the shipped fonts that are wider than an em, in bold."""
_CACHE_BYTES = 1 << 20
_OPTICAL_MIDDLE = 0.37
"""Height of the middle of ideographs and capitals above the baseline, in ems."""

_NO_START = frozenset("，。、；：？！）》〉」』】〕％”’…—·,.;:?!)]}%")
_NO_END = frozenset("（《〈「『【〔“‘([{")


class Line(NamedTuple):
    """One rendered line, cropped to its height, and where its baseline lies in it."""

    image: pygame.Surface
    baseline: int
    """Pixels from the image's top; may lie outside of it."""


class Setting(NamedTuple):
    """How a text was made to fit."""

    size: int
    lines: tuple[str, ...]


class Typesetter:
    """Renders lines of text and keeps the recent ones, up to a bound in bytes."""

    def __init__(self, typefaces: "Typefaces | None" = None) -> None:
        self._shipped = Coverage(font_path(False))
        self._typefaces = typefaces
        self._fonts: dict[bool, pygame.font.Font] = {}
        self._sizes: dict[bool, int] = {}
        self._lines: dict[tuple[str, int, bool, Colour], Line] = {}
        self._bytes = 0

    def font(self, size: int, bold: bool) -> pygame.font.Font:
        """Return the shipped typeface of that weight, set to ``size`` pixels per em."""
        font = self._fonts.get(bold)
        if font is None:
            pygame.font.init()
            font = self._fonts[bold] = pygame.font.Font(font_path(bold), size)
        if self._sizes.get(bold) != size:
            font.set_point_size(size)
            self._sizes[bold] = size
        return font

    @property
    def cached_bytes(self) -> int:
        """What the kept lines take in memory."""
        return self._bytes

    @property
    def typefaces(self) -> "Typefaces":
        """Who prints what the shipped fonts lack; imported on first use."""
        if self._typefaces is None:
            from device.kiosk.typefaces import Typefaces

            self._typefaces = Typefaces(self._shipped)
        return self._typefaces

    def width(self, text: str, size: int, bold: bool) -> int:
        """Return the advance width of ``text`` in pixels."""
        if self._shipped.prints(text):
            return self.font(size, bold).size(text)[0]
        return sum(self._run_width(run, size, bold) for run in self.typefaces.runs(text))

    def _run_width(self, run: "Run", size: int, bold: bool) -> int:
        if run.face is None:
            return self.font(size, bold).size(run.text)[0]
        return sum(run.face.width(character, size, bold) for character in run.text)

    def unprintable(self, texts: Iterable[str]) -> tuple[str, ...]:
        """Return the characters of ``texts`` that would not be printed, in code point order."""
        texts = tuple(texts)
        return self.typefaces.unprintable(texts) if self._shipped.lacks(texts) else ()

    def line(self, text: str, size: int, bold: bool, colour: Colour) -> Line:
        """Return ``text`` rendered on one line."""
        key = (text, size, bold, colour)
        line = self._lines.pop(key, None)
        if line is None:
            line = self._render(text, size, bold, colour)
            self._bytes += _weight(line)
            while self._bytes > _CACHE_BYTES and self._lines:
                self._bytes -= _weight(self._lines.pop(next(iter(self._lines))))
        self._lines[key] = line  # last in, last out
        return line

    def _render(self, text: str, size: int, bold: bool, colour: Colour) -> Line:
        font = self.font(size, bold)
        if self._shipped.prints(text):
            full = font.render(text, True, colour)
        else:
            full = self._render_runs(self.typefaces.runs(text), size, bold, colour)
        ink = full.get_bounding_rect()
        if not ink.height:
            return Line(full, font.get_ascent())
        # Keep the advance width, so that aligning by width stays right.
        crop = full.subsurface((0, ink.top, full.get_width(), ink.height)).copy()
        return Line(crop, font.get_ascent() - ink.top)

    def _spelt(self, text: str) -> str:
        from device.kiosk.typefaces import spelt

        return spelt(text)

    def _render_runs(
        self, runs: "tuple[Run, ...]", size: int, bold: bool, colour: Colour
    ) -> pygame.Surface:
        """Return the runs beside each other on the baseline of the shipped font."""
        font = self.font(size, bold)
        baseline = font.get_ascent()
        width = sum(self._run_width(run, size, bold) for run in runs)
        full = pygame.Surface((width, font.get_height()), pygame.SRCALPHA, 32)
        x = 0
        for run in runs:
            if run.face is None:
                image = font.render(run.text, True, colour)
                full.blit(image, (x, 0))
                x += image.get_width()
                continue
            for character in run.text:
                run.face.draw(full, (x, baseline), character, size, bold, colour)
                x += run.face.width(character, size, bold)
        return full

    def fit(
        self, text: str, size: int, bold: bool, width: int, rows: int = 1, least: int = 0
    ) -> Setting:
        """Make ``text`` fit into ``width``: smaller, then ``rows`` lines, then an ellipsis.

        ``least`` is the smallest size in pixels, by default 80 % of ``size``.
        """
        least = least or round(size * _SHRINK)
        ordinary = self._shipped.prints(text)
        if not ordinary:
            text = self._spelt(text)
        one = plain(text)
        if ordinary and (len(one) + sum(map(one.count, _WIDE))) * size <= width:  # surely
            return Setting(size, (one,))
        natural = self.width(one, size, bold)
        if natural <= width:
            return Setting(size, (one,))
        # Widths are not quite proportional to the size, hence the search from a first guess.
        guess = min(size - 1, size * width // natural + 1)
        floor = least if rows == 1 else max(least, round(size * _SHRINK))
        for smaller in range(guess, floor - 1, -1):
            if self.width(one, smaller, bold) <= width:
                return Setting(smaller, (one,))
        if rows == 1:
            return Setting(least, (self._shortened(one, least, bold, width),))
        lines: tuple[str, ...] = ()
        for smaller in range(size, least - 1, -2):
            lines = self.wrap(text, smaller, bold, width)
            if len(lines) <= rows and self._all_fit(lines, smaller, bold, width):
                return Setting(smaller, lines)
        kept = list(lines[:rows])
        if len(lines) > rows:
            kept[-1] += "…"
        return Setting(least, tuple(self._shortened(line, least, bold, width) for line in kept))

    def _all_fit(self, lines: tuple[str, ...], size: int, bold: bool, width: int) -> bool:
        return all(self.width(line, size, bold) <= width for line in lines)

    def _shortened(self, text: str, size: int, bold: bool, width: int) -> str:
        if self.width(text, size, bold) <= width:
            return text
        text = text.rstrip("…")
        while text and self.width(text + "…", size, bold) > width:
            text = text[:-1]
        return text.rstrip() + "…"

    def wrap(self, text: str, size: int, bold: bool, width: int) -> tuple[str, ...]:
        """Break ``text`` into lines no wider than ``width``.

        It breaks at ``|`` alone where the text has one; else between ideographs and at
        spaces, never before closing nor after opening punctuation. A single piece that is
        too wide stays whole.
        """
        if not self._shipped.prints(text):
            text = self._spelt(text)
        broken: list[str] = []
        line = ""
        for piece in text.split("|") if "|" in text else _pieces(text):
            if line and self.width((line + piece).rstrip(), size, bold) > width:
                broken.append(line.rstrip())
                line = piece.lstrip()
            else:
                line += piece
        broken.append(line.rstrip())
        return tuple(broken)

    def balance(self, text: str, size: int, bold: bool, width: int, rows: int) -> Setting:
        """Break ``text`` at full size into lines of like length; `fit` it if that is too much."""
        lines = self.wrap(text, size, bold, width)
        if len(lines) > rows or not self._all_fit(lines, size, bold, width):
            return self.fit(text, size, bold, width, rows)
        while len(lines) > 1:
            width -= size // 2
            narrower = self.wrap(text, size, bold, width)
            if len(narrower) > len(lines) or self.width(narrower[0], size, bold) > width:
                break
            lines = narrower
        return Setting(size, lines)


def plain(text: str) -> str:
    """Return ``text`` without its soft breaks."""
    return text.replace("|", "")


def above_baseline(size: int) -> int:
    """Return how far the optical middle of a line lies above its baseline, in pixels."""
    return round(size * _OPTICAL_MIDDLE)


def _weight(line: Line) -> int:
    width, height = line.image.get_size()
    return width * height * 4


def _is_ideograph(character: str) -> bool:
    return (
        "\u2e80" <= character <= "\u9fff"
        or "\uf900" <= character <= "\uffef"
        or "\U00020000" <= character <= "\U0003ffff"
    )


def _pieces(text: str) -> list[str]:
    """Split ``text`` where a line may break."""
    pieces: list[str] = []
    previous = solid = ""
    for character in text:
        joins = (
            not previous
            or character in _NO_START
            or solid in _NO_END
            or character == " "
            or (previous != " " and not (_is_ideograph(previous) or _is_ideograph(character)))
        )
        if joins and pieces:
            pieces[-1] += character
        else:
            pieces.append(character)
        previous = character
        solid = character if character != " " else solid
    return pieces
