"""What posters are drawn with: text that fits its place, QR codes and faces as vectors.

Measured in millimetres of an A4 sheet; a smaller paper gets the same sheet smaller.
"""

import json
from functools import cache
from math import cos, radians, sin
from typing import Any

from fpdf.drawing import PaintedPath
from fpdf.enums import StrokeCapStyle

from paper.page import ASSETS, MM_PER_POINT, Colour, Pages, ink

INK: Colour = (0x17, 0x21, 0x2B)
INK2: Colour = (0x3F, 0x4B, 0x54)
ACCENT: Colour = (0x0F, 0x4C, 0x5C)
TINT: Colour = (0xE1, 0xEC, 0xEC)
LINE: Colour = (0x7F, 0x88, 0x82)
HAIR: Colour = (0xDE, 0xD9, 0xCC)
FACE: Colour = (0xF8, 0xE7, 0xC2)
WHITE: Colour = (255, 255, 255)
_FILLS = {"face": FACE, "white": WHITE, "ink": INK}
_LINE = 1.3
"""Height of a line of text, in its size."""
_SMALLEST = 0.55
"""Text that is too long is made smaller down to this share of its size, then cut."""


class Pen(Pages):
    """Draws on the pages of one document."""

    def __init__(self, scale: float, width_mm: float, height_mm: float) -> None:
        super().__init__(width_mm, height_mm, scale)

    def box(
        self,
        x: float,
        y: float,
        width: float,
        height: float,
        *,
        fill: Colour | None = None,
        line: Colour | None = None,
        radius: float = 0,
    ) -> None:
        """Draw a rectangle, with round corners of ``radius``."""
        k, pdf = self.scale, self.pdf
        if line is not None:
            pdf.set_draw_color(*line)
            pdf.set_line_width(0.5 * k)
        if fill is not None:
            pdf.set_fill_color(*fill)
        style = ("D" if line is not None else "") + ("F" if fill is not None else "")
        pdf.rect(
            x * k,
            y * k,
            width * k,
            height * k,
            style,
            round_corners=radius > 0,
            corner_radius=radius * k,
        )

    def rule(self, x: float, y: float, width: float) -> None:
        """Draw a thin line across."""
        self.pdf.set_draw_color(*LINE)
        self.pdf.set_line_width(0.3 * self.scale)
        self.pdf.line(x * self.scale, y * self.scale, (x + width) * self.scale, y * self.scale)

    def disc(self, x: float, y: float, radius: float, fill: Colour) -> None:
        """Draw a disc around ``x``, ``y``."""
        path = self.path(fill)
        path.circle(x * self.scale, y * self.scale, radius * self.scale)
        self.paint(path)

    def write(
        self,
        text: str,
        x: float,
        y: float,
        width: float,
        size: float,
        *,
        bold: bool = False,
        colour: Colour = INK,
        align: str = "L",
        lines: int = 1,
        within: float = 0,
    ) -> float:
        """Write ``text`` from the top ``y`` on, ``size`` in points; return where the next begins.

        On at most ``lines`` lines; made smaller if it is too long, cut if it is far too long.
        ``align`` is L, C or R; with a height ``within``, what is less high stands in its middle.
        """
        pdf, k = self.pdf, self.scale
        pdf.set_text_color(*colour)
        chosen = size
        while True:
            pdf.set_font("ours", "B" if bold else "", chosen * k)
            parts, whole = self._lines(text, width * k, lines)
            if whole or chosen < size * _SMALLEST:
                break
            chosen -= max(0.25, size / 60)
        height = chosen * MM_PER_POINT * _LINE
        y += max(0, within - height * len(parts)) / 2
        for number, part in enumerate(parts):
            pdf.set_xy(x * k, (y + number * height) * k)
            pdf.cell(width * k, height * k, part, align=align)
        return y + height * len(parts)

    def _lines(self, text: str, width: float, most: int) -> tuple[list[str], bool]:
        """Break ``text`` into at most ``most`` lines; False if something had to be left out."""
        parts: list[str] = []
        rest = text
        while rest and len(parts) < most:
            fits = self._fitting(rest, width)
            if fits < len(rest):
                fits = _break(rest, fits)
            parts.append(rest[:fits].rstrip())
            rest = rest[fits:].lstrip()
        if not rest:
            return parts or [""], True
        last = parts[-1]
        while last and self._width(last + "…") > width:
            last = last[:-1]
        return [*parts[:-1], last + "…"], False

    def _fitting(self, text: str, width: float) -> int:
        """Return how many characters go on a line; at least one."""
        if self._width(text) <= width:
            return len(text)
        low, high = 1, len(text)
        while high - low > 1:
            middle = (low + high) // 2
            low, high = (middle, high) if self._width(text[:middle]) <= width else (low, middle)
        return low

    def _width(self, text: str) -> float:
        return float(self.pdf.get_string_width(text))

    def face(self, level: int, x: float, y: float, radius: float) -> None:
        """Draw the face of ``level`` (1 to 5) around the centre ``x``, ``y``."""
        faces = _faces()
        unit = radius / 100
        for part in (*faces["common"], *faces["levels"][str(level)]):
            self._part(part, x, y, unit)

    def _part(self, part: dict[str, Any], x: float, y: float, unit: float) -> None:
        k = self.scale

        def at(dx: float, dy: float) -> tuple[float, float]:
            return (x + dx * unit) * k, (y + dy * unit) * k

        stroke = part.get("w", 0) * unit * k
        match part["t"]:
            case "disc":
                path = self._stroked(_FILLS[part["fill"]], stroke)
                path.circle(*at(part["x"], part["y"]), part["r"] * unit * k)
            case "dot":
                path = self.path(INK)
                path.circle(*at(part["x"], part["y"]), part["r"] * unit * k)
            case "line":
                path = self._stroked(None, stroke)
                path.move_to(*at(part["x0"], part["y0"])).line_to(*at(part["x1"], part["y1"]))
            case "arc" | "chord" as kind:
                chord = kind == "chord"
                path = self._stroked(_FILLS[part["fill"]] if chord else None, stroke)
                r = part["r"]
                begin, end = radians(part["a0"]), radians(part["a1"])
                path.move_to(*at(part["x"] + r * cos(begin), part["y"] + r * sin(begin)))
                to = at(part["x"] + r * cos(end), part["y"] + r * sin(end))
                large = part["a1"] - part["a0"] > 180
                path.arc_to(r * unit * k, r * unit * k, 0, large, True, *to)
                if chord:
                    path.close()
            case unknown:
                raise ValueError(f"faces.json has a primitive {unknown!r}")
        self.paint(path)

    def _stroked(self, fill: Colour | None, stroke: float) -> PaintedPath:
        path = self.path(fill)
        if stroke:
            path.style.stroke_color = ink(INK)
            path.style.stroke_width = stroke
            path.style.stroke_cap_style = StrokeCapStyle.ROUND
        return path


def _break(text: str, at: int) -> int:
    """Return where to break ``text``, whose first ``at`` characters fit: between words.

    Chinese breaks anywhere, but no line begins with a stop.
    """
    if ord(text[at]) >= 0x2E80 or ord(text[at - 1]) >= 0x2E80:
        return at - 1 if text[at] in "，。、；：？！）》”’" and at > 1 else at
    space = text.rfind(" ", 0, at + 1)
    return space if space > 0 else at


@cache
def _faces() -> dict[str, Any]:
    found: dict[str, Any] = json.loads((ASSETS / "faces.json").read_bytes())
    return found
