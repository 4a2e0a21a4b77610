"""Pages of one document: our fonts, others of the machine for rare characters, QR codes.

Names of halls and people have characters that no font of a fixed size holds; a name with a
hole in it must not be printed without a word.
"""

from functools import cache
from pathlib import Path
from typing import Final

from fontTools.ttLib import TTFont
from fpdf import FPDF
from fpdf.drawing import PaintedPath
from fpdf.drawing_primitives import DeviceRGB

from paper import qr

Colour = tuple[int, int, int]
BLACK: Final[Colour] = (0, 0, 0)
MM_PER_POINT: Final = 25.4 / 72
ASSETS: Final = Path(__file__).parents[1] / "ui_assets"
_FONTS: Final = ASSETS / "fonts"
_RARE: Final = (
    ("/usr/share/fonts/opentype/noto/NotoSansCJK-Bold.ttc", 2),
    ("/usr/share/fonts/truetype/babelstone/BabelStoneHan.ttf", 0),
    ("/usr/share/fonts/truetype/hanazono/HanaMinB.ttf", 0),
)
"""Fonts of the machine for characters that ours lack, and the face in each; used if there."""


class Pages:
    """A PDF that is drawn on in millimetres; ``scale`` makes all of it smaller or larger."""

    def __init__(self, width_mm: float, height_mm: float, scale: float = 1.0) -> None:
        """Begin a document of this size, as it is on paper."""
        self.scale = scale
        self.pdf = FPDF("P", "mm", (width_mm, height_mm))
        self.pdf.set_auto_page_break(False)
        self.pdf.set_margin(0)
        self.pdf.c_margin = 0
        for style, weight in (("", "Regular"), ("B", "Bold")):
            self.pdf.add_font("ours", style, _FONTS / f"NotoSansSC-{weight}.otf")

    def take_rare(self, text: str) -> str:
        """Have a font for each character of ``text`` that ours lack; return what none has."""
        missing = set(text) - _printed(_FONTS / "NotoSansSC-Bold.otf", 0) - {"\n"}
        taken: list[str] = []
        for path, number in ((Path(path), number) for path, number in _RARE):
            if missing and path.exists() and (found := missing & _printed(path, number)):
                name = f"rare{len(taken)}"
                for style in ("", "B"):
                    self.pdf.add_font(name, style, path, collection_font_number=number)
                taken.append(name)
                missing -= found
        if taken:
            self.pdf.set_fallback_fonts(taken, exact_match=False)
        return "".join(sorted(missing))

    def page(self) -> None:
        """Begin a page."""
        self.pdf.add_page()

    def code(self, payload: str, x: float, y: float, side: float) -> float:
        """Draw a QR code of error level Q, quiet zone within ``side``; return a module's size."""
        rows = qr.modules(payload)
        module = side / (len(rows) + 2 * qr.QUIET)
        path = self.path(fill=BLACK)
        for row_number, row in enumerate(rows):
            top = (y + (row_number + qr.QUIET) * module) * self.scale
            for start, length in qr.runs(row):
                left = (x + (start + qr.QUIET) * module) * self.scale
                path.rectangle(left, top, length * module * self.scale, module * self.scale)
        self.paint(path)
        return module

    def path(self, fill: Colour | None = None) -> PaintedPath:
        """Return a path with no line around it."""
        path = PaintedPath()
        path.style.auto_close = False
        path.style.fill_color = None if fill is None else ink(fill)
        path.style.stroke_color = None
        return path

    def paint(self, path: PaintedPath) -> None:
        """Draw a path."""
        with self.pdf.drawing_context() as context:
            context.add_item(path)


def ink(colour: Colour) -> DeviceRGB:
    """Return a colour as paths take it."""
    red, green, blue = (one / 255 for one in colour)
    return DeviceRGB(red, green, blue)


@cache
def _printed(path: Path, number: int) -> frozenset[str]:
    """Return the characters that a font has."""
    with TTFont(path, fontNumber=number, lazy=True) as font:
        return frozenset(map(chr, font.getBestCmap()))
