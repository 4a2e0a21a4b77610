"""QR cards for log-in: a secret that nobody chose, printed once, kept as a hash.

The picture is the size of a bank card (ISO/IEC 7810 ID-1) at 300 dots per inch. Whoever has
it can log in as its owner, so it is written to a private file and is to be deleted once
printed.
"""

import base64
import io
import secrets
from pathlib import Path

import qrcode
from PIL import Image, ImageDraw, ImageFont
from qrcode.constants import ERROR_CORRECT_Q

SIZE = (1011, 638)
"""Pixels: 85.6 mm x 54 mm at 300 dots per inch."""
_DPI = 300
_MARGIN = 54
_FONTS = Path(__file__).parents[1] / "ui_assets" / "fonts"
_RARE = (
    "/usr/share/fonts/opentype/noto/NotoSansCJK-Bold.ttc",
    "/usr/share/fonts/truetype/babelstone/BabelStoneHan.ttf",
    "/usr/share/fonts/truetype/hanazono/HanaMinB.ttf",
)
"""Fonts of the machine for characters that ours lack; used where they are installed."""


def make_secret() -> str:
    """Return 128 random bits as a card holds them: base32, which every QR reader types alike."""
    return base64.b32encode(secrets.token_bytes(16)).decode().rstrip("=")


def draw(secret: str, hall: str, name: str, number: str) -> bytes:
    """Return the printable card as PNG."""
    card = Image.new("RGB", SIZE, "white")
    pen = ImageDraw.Draw(card)
    pen.rounded_rectangle((4, 4, SIZE[0] - 5, SIZE[1] - 5), 36, outline="#b0b0b0", width=2)
    code = _qr(secret, SIZE[1] - 2 * _MARGIN - 20)
    card.paste(code, (SIZE[0] - _MARGIN - code.width, (SIZE[1] - code.height) // 2))
    room = SIZE[0] - 3 * _MARGIN - code.width
    _write(pen, hall, 70, 34, room, bold=False)
    _write(pen, name, 220, 84, room, bold=True)
    _write(pen, number, 360, 52, room, bold=False)
    _write(pen, "登录卡 · 请勿转借", 520, 28, room, bold=False)
    out = io.BytesIO()
    card.save(out, "PNG", dpi=(_DPI, _DPI), optimize=True)
    return out.getvalue()


def _qr(secret: str, room: int) -> Image.Image:
    """Return the code with its quiet zone, each module a whole number of pixels."""
    code = qrcode.QRCode(error_correction=ERROR_CORRECT_Q, border=2, box_size=1)
    code.add_data(secret)
    code.make(fit=True)
    rows = code.get_matrix()
    image = Image.new("1", (len(rows), len(rows)), 1)
    image.putdata([0 if dark else 1 for row in rows for dark in row])
    scale = room // len(rows)
    return image.resize((len(rows) * scale,) * 2, Image.Resampling.NEAREST).convert("RGB")


def _write(
    pen: ImageDraw.ImageDraw, text: str, top: int, size: int, room: int, *, bold: bool
) -> None:
    """Write a line, smaller if it is too long, cut if it is far too long."""
    font = _font(text, size, bold)
    while pen.textlength(text, font) > room and size > 22:
        size -= 2
        font = _font(text, size, bold)
    while pen.textlength(text, font) > room and len(text) > 1:
        text = text[:-2] + "…"
    pen.text((_MARGIN, top), text, "black", font)


def _font(text: str, size: int, bold: bool) -> ImageFont.FreeTypeFont:
    """Return our font, or one of the machine's that prints all of ``text``."""
    ours = ImageFont.truetype(_FONTS / f"NotoSansSC-{'Bold' if bold else 'Regular'}.otf", size)
    if _prints(ours, text):
        return ours
    for path in filter(Path.exists, map(Path, _RARE)):
        rare = ImageFont.truetype(path, size)
        if _prints(rare, text):
            return rare
    return ours


def _prints(font: ImageFont.FreeTypeFont, text: str) -> bool:
    """True if no character of ``text`` comes out as the box for what a font lacks."""
    missing = bytes(font.getmask("\U000effff"))
    return all(bytes(font.getmask(one)) != missing for one in set(text) - {" "})
