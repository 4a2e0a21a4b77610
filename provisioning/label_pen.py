"""What labels are drawn with: text that fits its place, in millimetres."""

from fpdf.enums import MethodReturnValue

from paper.page import MM_PER_POINT, Pages

_LINE = 1.25
"""Height of a line of text, in its size."""
_SMALLEST = 0.45
"""Text that is too long is made smaller down to this share of its size, then cut."""


class LabelPen(Pages):
    """Draws on the pages of one document."""

    def write(
        self,
        text: str,
        x: float,
        y: float,
        width: float,
        points: float,
        *,
        bold: bool = False,
        lines: int = 1,
    ) -> float:
        """Write ``text`` from the top ``y`` on; return where the next begins.

        On at most ``lines`` lines; made smaller if it is too long, cut if it is far too long.
        """
        if not text:
            return y
        self.pdf.set_text_color(0)
        size = points
        parts = self._parts(text, width, size, bold)
        while len(parts) > lines and size > points * _SMALLEST:
            size -= 0.25
            parts = self._parts(text, width, size, bold)
        if len(parts) > lines:
            parts = [*parts[: lines - 1], self._cut("".join(parts[lines - 1 :]), width)]
        height = size * MM_PER_POINT * _LINE
        for number, part in enumerate(parts):
            self.pdf.set_xy(x, y + number * height)
            self.pdf.cell(width, height, part)
        return y + height * len(parts)

    def _parts(self, text: str, width: float, size: float, bold: bool) -> list[str]:
        self.pdf.set_font("ours", "B" if bold else "", size)
        parts = self.pdf.multi_cell(
            width, None, text, dry_run=True, output=MethodReturnValue.LINES, align="L"
        )
        return [str(part) for part in parts] if isinstance(parts, list) else [text]

    def _cut(self, text: str, width: float) -> str:
        while text and self.pdf.get_string_width(text + "…") > width:
            text = text[:-1]
        return text + "…"

    def line(self, x0: float, y0: float, x1: float, y1: float) -> None:
        """Draw a hair line where scissors go."""
        self.pdf.set_draw_color(120)
        self.pdf.set_line_width(0.1)
        self.pdf.line(x0, y0, x1, y1)
