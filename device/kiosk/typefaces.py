"""Which typeface prints which character: no one font has all that names are written with.

The shipped subset of Noto Sans SC prints nearly everything; this module is imported for what
it does not. Behind it stand files of Debian packages (docs/device.md, "Fonts"), in the
order in which they are asked. One is opened when a character is met that those before lack.

The files behind go through `pygame.freetype`: it knows which characters a file has, opens the
Simplified Chinese face of a collection (`pygame.font` always opens the first, Japanese, one),
thickens strokes by a chosen amount, and keeps two files open at most, read by parts: a file of
51 MB costs half a megabyte. `pygame.font` prints an empty box for what a file lacks.

A character that no file has is printed as 〓, the printers' sign for a missing sort.
"""

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import pygame

from device.kiosk.coverage import Coverage

if TYPE_CHECKING:
    from pygame.freetype import Font

    from device.kiosk.theme import Colour

STAND_IN = "\u3013"
"""〓, which the shipped font has."""

_HAN = ((0x2E80, 0x2FDF), (0x3400, 0x9FFF), (0xF900, 0xFAFF), (0x20000, 0x3FFFF))
_IGNORED = (
    (0x034F, 0x034F),  # combining grapheme joiner
    (0x115F, 0x1160),  # Hangul fillers
    (0x17B4, 0x17B5),
    (0x180B, 0x180F),  # Mongolian variation selectors
    (0x3164, 0x3164),
    (0xFE00, 0xFE0F),  # variation selectors
    (0xFFA0, 0xFFA0),
    (0xE0000, 0xE0FFF),  # tags and further variation selectors
)
"""Default_Ignorable_Code_Point of Unicode 15, but for those of category Cf."""
_DESCRIPTIONS = ((0x2FF0, 0x2FFF), (0x31EF, 0x31EF))
"""Ideographic description characters."""
_TEXTS_KEPT = 256
_MET_KEPT = 512
_TRIAL_SIZE = 32
_LIGHT, _BLACK = 0.28, 0.42
"""Share of ink in its square from which on a character's strokes are thickened less, and
from which on not at all: they would run together."""


class Typeface(NamedTuple):
    """Font files behind the shipped ones, and what they are asked for."""

    package: str
    """The Debian package (bookworm, trixie) that brings them, with their licence."""
    regular: Path
    bold: Path | None = None
    """None: bold is made from the regular one."""
    face: int = 0
    """Number of the face within a collection."""
    thicker: tuple[float, float] = (0.0, 0.0)
    """By how many ems strokes are thickened, regular and bold, to stand beside Noto Sans;
    not in a weight that has a file of its own."""
    spans: tuple[tuple[int, int], ...] = _HAN
    """Code points, first and last, that it is asked for: it may have others, but not as well."""


_FONTS = Path("/usr/share/fonts")
_SONG = (1 / 60, 1 / 30)
"""What makes the thin strokes of a Song or Mincho face stand beside Noto Sans."""
CHAIN = (
    # All of the basic block and of extension A, all Hangul, kana, Greek, Cyrillic.
    Typeface(
        "fonts-noto-cjk",
        _FONTS / "opentype/noto/NotoSansCJK-Regular.ttc",
        _FONTS / "opentype/noto/NotoSansCJK-Bold.ttc",
        face=2,
        thicker=(0.0, 1 / 30),
        spans=((0x00A0, 0x3FFFF),),
    ),
    # What mainland sources gave to extensions C, D, F and H, the most of E, much of B and G.
    Typeface(
        "fonts-babelstone-han",
        _FONTS / "truetype/babelstone/BabelStoneHan.ttf",
        thicker=_SONG,
    ),
    # All of extensions B to F; its shapes are Japanese, hence last.
    Typeface(
        "fonts-hanazono",
        _FONTS / "truetype/hanazono/HanaMinB.ttf",
        thicker=_SONG,
        spans=((0x20000, 0x2EBE0),),
    ),
)


class Face:
    """One typeface behind the shipped one; its files are opened when they are needed."""

    def __init__(self, typeface: Typeface) -> None:
        self.typeface = typeface
        self._fonts: dict[bool, Font | None] = {}

    def _font(self, bold: bool) -> "Font | None":
        """Return the file of that weight, or None if it is not there or cannot be read."""
        if bold not in self._fonts:
            self._fonts[bold] = self._open(self.typeface.bold if bold else self.typeface.regular)
        return self._fonts[bold]

    def _open(self, path: Path | None) -> "Font | None":
        if path is None or not path.is_file():
            return None
        from pygame import freetype

        if not freetype.get_init():
            freetype.init()
        try:
            font = freetype.Font(path, font_index=self.typeface.face)
        except (OSError, RuntimeError, ValueError):
            return None
        font.antialiased = True
        return font

    def found(self, bold: bool = False) -> bool:
        """True if the file of that weight is there and can be read."""
        return self._font(bold) is not None

    def asked_for(self, character: str) -> bool:
        """True if this typeface is asked for ``character`` at all."""
        point = ord(character)
        return any(first <= point <= last for first, last in self.typeface.spans)

    def has(self, character: str) -> bool:
        """True if it prints ``character``, and not as a blank."""
        if not self.asked_for(character):
            return False
        font = self._font(False)
        metrics = font.get_metrics(character, size=_TRIAL_SIZE)[0] if font else None
        # A damaged file, and some a whole one, has characters without a shape.
        return metrics is not None and metrics[:4] != (0, 0, 0, 0)

    def width(self, character: str, size: int, bold: bool) -> int:
        """Return the advance width of ``character`` in pixels, whole ones."""
        font, _ = self._weight(bold)
        font.strong = False
        metrics = font.get_metrics(character, size=size)[0]
        return round(metrics[4]) if metrics else 0

    def draw(
        self,
        onto: pygame.Surface,
        place: tuple[int, int],
        character: str,
        size: int,
        bold: bool,
        colour: "Colour",
    ) -> None:
        """Draw ``character`` with its origin at ``place``, on the baseline."""
        font, thicker = self._weight(bold)
        font.strong = False
        image, box = font.render(character, colour, size=size)
        left, top = box.x, -box.y
        if thicker:
            ink = pygame.mask.from_surface(image).count() / size**2
            thicker *= min(1.0, max(0.0, (_BLACK - ink) / (_BLACK - _LIGHT)))
        if thicker:
            font.strong, font.strength = True, thicker
            image, strong = font.render(character, colour, size=size)
            # Strokes grow to one side; both sides look right.
            left -= (strong.w - box.w) // 2
            top -= (strong.h - box.h) // 2
        onto.blit(image, (place[0] + left, place[1] + top))

    def _weight(self, bold: bool) -> "tuple[Font, float]":
        """Return the file for that weight and by how many ems its strokes are thickened."""
        own = self._font(True) if bold else None
        font = own or self._font(False)
        if font is None:
            raise LookupError(
                f"{self.typeface.regular} is not there: it was not asked whether it is"
            )
        return font, self.typeface.thicker[bold] if own is None else 0.0


class Run(NamedTuple):
    """Consecutive characters of one typeface."""

    face: Face | None
    """None: the shipped font."""
    text: str


class Typefaces:
    """The shipped font and those behind it: says who prints what, and remembers it."""

    def __init__(self, shipped: Coverage, chain: Iterable[Typeface] = CHAIN) -> None:
        self._shipped = shipped
        self.faces = tuple(Face(typeface) for typeface in chain)
        self._met: dict[str, Face | None] = {}
        """Characters that the shipped font lacks, and who prints them: None if nobody does."""
        self._runs: dict[str, tuple[Run, ...]] = {}
        self._lacking: dict[str, None] = {}

    def runs(self, text: str) -> tuple[Run, ...]:
        """Split ``text`` by the typefaces that print it, with 〓 for what none has."""
        runs = self._runs.get(text)
        if runs is None:
            runs = tuple(self._split(spelt(text)))
            if len(self._runs) >= _TEXTS_KEPT:
                self._runs.pop(next(iter(self._runs)))
            self._runs[text] = runs
        return runs

    def _split(self, text: str) -> Iterator[Run]:
        face: Face | None = None
        run = ""
        for each in text:
            character, home = each, None
            if each not in self._shipped:
                home = self.face_of(each)
                if home is None:
                    character = STAND_IN
                    self._note(each)
            if home is not face and run:
                yield Run(face, run)
                run = ""
            face = home
            run += character
        if run:
            yield Run(face, run)

    def face_of(self, character: str) -> Face | None:
        """Return the typeface behind the shipped one that has ``character``, or None."""
        if character not in self._met:
            if len(self._met) >= _MET_KEPT:
                self._met.clear()
            self._met.update(self._homes([character]))
        return self._met[character]

    def _homes(self, characters: Iterable[str]) -> dict[str, Face | None]:
        """Return who prints each of ``characters``; each file is asked once for all of them."""
        homes: dict[str, Face | None] = dict.fromkeys(characters)
        waiting = [each for each in homes if not (is_private(each) or is_description(each))]
        for face in self.faces:
            homes.update((each, face) for each in waiting if face.has(each))
            waiting = [each for each in waiting if homes[each] is None]
        return homes

    def _note(self, character: str) -> None:
        if len(self._lacking) < _MET_KEPT:
            self._lacking[character] = None

    @property
    def lacking(self) -> tuple[str, ...]:
        """The characters that were printed as 〓 so far, in the order they were met."""
        return tuple(self._lacking)

    def unprintable(self, texts: Iterable[str]) -> tuple[str, ...]:
        """Return the characters of ``texts`` that would not be printed, in code point order.

        Those are the ones with 〓 in their place, and descriptions of characters (⿰), which
        are left out. Draws nothing; takes some milliseconds for the roster of a hall.
        """
        texts = tuple(texts)
        strange = self._shipped.lacks(texts)
        characters = {character for character in strange if is_description(character)}
        spelt_out = [spelt(text) for text in texts if not strange.isdisjoint(text)]
        characters |= self._shipped.lacks(spelt_out)
        return tuple(sorted(each for each, face in self._homes(characters).items() if not face))


def spelt(text: str) -> str:
    """Return ``text`` as it is set: white space as spaces, without what is never seen.

    Letters and the marks that belong on them become one character where there is one.
    """
    from unicodedata import category, combining, normalize

    if any(combining(character) or "\u1100" <= character <= "\u11ff" for character in text):
        text = normalize("NFC", text)
    kept: list[str] = []
    for character in text:
        if character.isspace():
            # The ideographic space is as wide as a character, and the shipped font has it.
            kept.append(character if character == "\u3000" else " ")
        elif category(character) not in ("Cc", "Cf") and not (
            _within(character, _IGNORED) or is_description(character)
        ):
            kept.append(character)
    return "".join(kept)


def code_points(characters: Iterable[str], most: int = 40) -> str:
    """Return ``characters`` as ``U+36C3 U+4DAE``, no more than ``most``, for a fault's detail."""
    listed = [f"U+{ord(character):04X}" for character in characters]
    return " ".join(listed[:most]) + (" ..." if len(listed) > most else "")


def is_description(character: str) -> bool:
    """True for ⿰ and its like, which say how a character is put together."""
    return _within(character, _DESCRIPTIONS)


def is_private(character: str) -> bool:
    """True for what Unicode gives no shape: private use, halves of pairs.

    Fonts print what they like for private use, and a wrong character is worse than none.
    """
    return "\ud800" <= character <= "\uf8ff" or character >= "\U00040000"


def _within(character: str, spans: tuple[tuple[int, int], ...]) -> bool:
    point = ord(character)
    return any(first <= point <= last for first, last in spans)
