"""How golden pictures are kept, compared and put beside each other.

A screen is flat fills and antialiased words: few colours. Taken together where they share
five bits a channel they fit a palette, and a picture takes a third of what pygame would
write, which matters for nearly two hundred of them in the repository. Fills stay exact; at
the edges of letters the difference cannot be seen, and lies well within the tolerance.
"""

import struct
import zlib
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import pygame

TOLERANCE = 28
"""Per channel: what the palette joins, and an edge's grey placed a little differently."""
STRAY = 20_000
"""One pixel in so many may differ by more."""
_FIVE_BITS = bytes(round(round(value * 31 / 255) * 255 / 31) for value in range(256))
_GAP = 12
_MAGENTA = (255, 0, 255)


class Difference(NamedTuple):
    """In what two pictures differ."""

    pixels: int
    """So many are further apart than the tolerance."""
    allowed: int
    mask: pygame.mask.Mask | None
    """Which; None if the pictures have not even the same size."""

    @property
    def alike(self) -> bool:
        """Nobody would see it."""
        return self.pixels <= self.allowed


def read(path: Path) -> pygame.Surface:
    """Return a golden picture as a surface of 32 bits."""
    picture = pygame.image.load(path)
    surface = pygame.Surface(picture.get_size(), 0, 32)
    surface.blit(picture, (0, 0))
    return surface


def write(surface: pygame.Surface, path: Path) -> bool:
    """Keep ``surface`` as a golden picture; return whether the file had to be written.

    The same picture is never written twice: compressors differ, and so would the files.
    """
    kept = _indexed(surface)
    if path.exists() and pygame.image.tobytes(read(path), "RGB") == kept.as_seen():
        return False
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(kept.as_png())
    return True


def compare(actual: pygame.Surface, expected: pygame.Surface) -> Difference:
    """Compare two pictures pixel by pixel."""
    width, height = actual.get_size()
    allowed = width * height // STRAY
    if actual.get_size() != expected.get_size():
        return Difference(width * height, allowed, None)
    tolerance = (TOLERANCE, TOLERANCE, TOLERANCE, 255)
    mask = pygame.mask.from_threshold(actual, (0, 0, 0, 255), tolerance, expected)
    mask.invert()
    return Difference(mask.count(), allowed, mask)


def side_by_side(
    actual: pygame.Surface, expected: pygame.Surface, difference: Difference
) -> pygame.Surface:
    """Return what is, what was expected, and where they differ (magenta), in this order."""
    where = expected.copy()
    where.fill((150, 150, 150), special_flags=pygame.BLEND_RGB_ADD)
    if difference.mask is not None:
        swollen = difference.mask.convolve(pygame.mask.Mask((5, 5), fill=True))
        marked = swollen.to_surface(setcolor=_MAGENTA, unsetcolor=(0, 0, 0, 0))
        where.blit(marked, (0, 0))
    return contact_sheet([[actual, expected, where]])


def contact_sheet(rows: Sequence[Sequence[pygame.Surface]]) -> pygame.Surface:
    """Return the pictures in rows on one sheet."""
    width = max(sum(picture.get_width() + _GAP for picture in row) for row in rows) + _GAP
    height = sum(max(picture.get_height() for picture in row) + _GAP for row in rows) + _GAP
    sheet = pygame.Surface((width, height), 0, 32)
    sheet.fill((96, 96, 96))
    top = _GAP
    for row in rows:
        left = _GAP
        for picture in row:
            sheet.blit(picture, (left, top))
            left += picture.get_width() + _GAP
        top += max(picture.get_height() for picture in row) + _GAP
    return sheet


class _Indexed(NamedTuple):
    """A picture as numbers into a palette."""

    size: tuple[int, int]
    palette: list[bytes]
    pixels: bytes

    def as_seen(self) -> bytes:
        return b"".join(map(self.palette.__getitem__, self.pixels))

    def as_png(self) -> bytes:
        """Return the file: PNG with a palette (RFC 2083), rows unfiltered."""
        width, height = self.size
        rows = (self.pixels[start : start + width] for start in range(0, width * height, width))
        packed = zlib.compress(b"".join(b"\0" + row for row in rows), 9)
        head = struct.pack(">2I5B", width, height, 8, 3, 0, 0, 0)
        chunks = ((b"IHDR", head), (b"PLTE", b"".join(self.palette)), (b"IDAT", packed))
        return b"\x89PNG\r\n\x1a\n" + b"".join(_chunk(*c) for c in (*chunks, (b"IEND", b"")))


def _chunk(kind: bytes, content: bytes) -> bytes:
    check = struct.pack(">I", zlib.crc32(kind + content))
    return struct.pack(">I", len(content)) + kind + content + check


def _indexed(surface: pygame.Surface) -> _Indexed:
    pixels = memoryview(pygame.image.tobytes(surface, "RGBA")).cast("I")
    seen = Counter(pixels).most_common()
    # Colours that share five bits are one: the most frequent of them, so flat fills stay exact.
    alike: dict[bytes, bytes] = {}
    for colour, _ in seen:
        alike.setdefault(_rgb(colour).translate(_FIVE_BITS), _rgb(colour))
    palette = list(alike.values())[:256]
    places = {shared: number for number, shared in enumerate(alike) if number < 256}
    numbers = {colour: places.get(_rgb(colour).translate(_FIVE_BITS), -1) for colour, _ in seen}
    for rare in [colour for colour, number in numbers.items() if number < 0]:
        # A few pixels each, at the edges of letters and faces.
        apart = [_apart(each, _rgb(rare)) for each in palette]
        numbers[rare] = apart.index(min(apart))
    return _Indexed(surface.get_size(), palette, bytes(map(numbers.__getitem__, pixels)))


def _rgb(pixel: int) -> bytes:
    return struct.pack("=I", pixel)[:3]


def _apart(one: bytes, other: bytes) -> int:
    return max(abs(a - b) for a, b in zip(one, other, strict=True))
