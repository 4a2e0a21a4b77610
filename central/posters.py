"""Posters of windows: a sheet to be printed and hung up, with the window's code on it.

For windows that have no device, or whose device is being repaired. A sheet says what a
citizen needs and nothing that changes: who serves is found out when the code is scanned.
"""

from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta, timezone
from enum import Enum
from typing import NamedTuple
from urllib.parse import urlsplit

from central import window_codes
from central.poster_pen import ACCENT, HAIR, INK, INK2, TINT, WHITE, Pen
from central.poster_texts import TEXTS, PosterTexts
from central.window_codes import WindowCode

_MARGIN = 18.0
_WIDTH = 210.0
_INNER = _WIDTH - 2 * _MARGIN


class Paper(Enum):
    """What is printed on: width and height in millimetres."""

    A4 = (210.0, 297.0)
    A5 = (148.5, 210.0)


class Poster(NamedTuple):
    """One sheet."""

    code: WindowCode
    hall: str
    """Name of the hall."""
    phone_url: str
    """What QR codes begin with: ``https://host``."""

    @property
    def payload(self) -> str:
        """What the QR code says, in capitals throughout (QR's alphanumeric mode)."""
        return self.phone_url.upper() + window_codes.PATH + self.code.code

    @property
    def typed(self) -> str:
        """The same address as a person types it."""
        parts = urlsplit(self.phone_url)
        begin = parts.netloc if parts.scheme == "https" else self.phone_url
        return begin + window_codes.PATH.lower() + window_codes.grouped(self.code.code)


class Printed(NamedTuple):
    """The finished document."""

    content: bytes
    """PDF, a page a poster."""
    unprintable: str
    """Characters that no font of this machine has; printed as empty boxes."""


def draw(
    posters: Sequence[Poster],
    languages: Sequence[str],
    now_ms: int,
    *,
    paper: Paper = Paper.A4,
    utc_offset_minutes: int = 480,
    progress: Callable[[int, int], None] = lambda done, every: None,
) -> Printed:
    """Return the posters as a PDF; the first of ``languages`` is written large.

    ``progress`` is told how many pages of how many are done. The same posters at the same time
    make the same bytes.
    """
    width, height = paper.value
    pen = Pen(width / _WIDTH, width, height)
    texts = [TEXTS[language] for language in languages]
    unprintable = pen.take_rare("".join({one for poster in posters for one in _said(poster)}))
    pdf = pen.pdf
    pdf.set_title(f"{posters[0].hall} · {len(posters)}" if posters else "")
    pdf.set_lang(languages[0])
    pdf.set_creator("haochaping")
    pdf.set_creation_date(datetime.fromtimestamp(now_ms / 1000, UTC))
    zone = timezone(timedelta(minutes=utc_offset_minutes))
    for done, poster in enumerate(posters, start=1):
        pen.page()
        pdf.start_section(texts[0].window.format(poster.code.number))
        _sheet(pen, poster, texts, zone)
        progress(done, len(posters))
    return Printed(bytes(pdf.output()), unprintable)


def _said(poster: Poster) -> str:
    return poster.hall + poster.code.number + poster.code.window + poster.typed


def _sheet(pen: Pen, poster: Poster, texts: Sequence[PosterTexts], zone: timezone) -> None:
    tight = len(texts) > 2
    _head(pen, poster, texts, 12 if tight else 16)
    y = pen.write(texts[0].title, _MARGIN, 58 if tight else 66, _INNER, 38, bold=True)
    for other in texts[1:]:
        y = pen.write(other.title, _MARGIN, y + 0.5, _INNER, 15 if tight else 18, colour=INK2)
    y += 3 if tight else 5
    _faces(pen, y, 8.5 if tight else 9.5)
    top = y + (21 if tight else 26)
    side = 92.0 if tight else 98.0
    pen.box(_MARGIN, top, side, side, fill=WHITE, line=INK, radius=4)
    pen.code(poster.payload, _MARGIN + 2, top + 2, side - 4)
    _beside(pen, texts, _MARGIN + side + 9, top + 1)
    _below(pen, poster, texts, top + side + (4 if tight else 6))
    _foot(pen, poster, texts, zone)


def _head(pen: Pen, poster: Poster, texts: Sequence[PosterTexts], top: float) -> None:
    """Draw the sign with the window's number, as on the device's screen, and the hall beside."""
    side = 42.0
    pen.box(_MARGIN, top, side, side, fill=INK, radius=0.13 * side)
    number = poster.code.number
    size = 76.0 if len(number) <= 2 else 56.0
    pen.write(
        *(number, _MARGIN + 4, top, side - 8, size),
        bold=True,
        colour=WHITE,
        align="C",
        within=side,
    )
    left = _MARGIN + side + 8
    y = pen.write(poster.hall, left, top + 1, _WIDTH - _MARGIN - left, 24, bold=True, lines=2)
    y = pen.write(texts[0].window.format(number), left, y + 1.5, _WIDTH - _MARGIN - left, 20)
    if len(texts) > 1:
        others = " · ".join(other.window.format(number) for other in texts[1:])
        pen.write(others, left, y + 0.5, _WIDTH - _MARGIN - left, 14, colour=INK2)


def _faces(pen: Pen, top: float, radius: float) -> None:
    """Draw the five, all of one size, the best on the left as on the device."""
    for place, level in enumerate((5, 4, 3, 2, 1)):
        pen.face(level, _MARGIN + radius + place * (_INNER - 2 * radius) / 4, top + radius, radius)


def _beside(pen: Pen, texts: Sequence[PosterTexts], left: float, top: float) -> None:
    """Write what to do, and what need not be feared."""
    width = _WIDTH - _MARGIN - left
    others, alone, tight = texts[1:], len(texts) == 1, len(texts) > 2
    y = top
    for number, step in enumerate(texts[0].steps):
        pen.disc(left + 4, y + 4, 4, ACCENT)
        place = (str(number + 1), left, y, 8, 14)
        pen.write(*place, bold=True, colour=WHITE, align="C", within=8)
        y = pen.write(
            *(step, left + 11, y, width - 11, 16), bold=True, lines=2 if alone else 1, within=8
        )
        for other in others:
            y = pen.write(
                *(other.steps[number], left + 11, y, width - 11, 10 if tight else 11.5),
                colour=INK2,
            )
        y += 2.5 if tight else 7
    pen.rule(left, y, width)
    y += 2 if tight else 4
    for what in ("plain", "unseen"):
        said = getattr(texts[0], what)
        y = pen.write(said, left, y, width, 12 if tight else 13.5, lines=2 if alone else 1)
        for other in others:
            y = pen.write(getattr(other, what), left, y, width, 9.5 if tight else 10.5, colour=INK2)
        y += 1.5 if tight else 3


def _below(pen: Pen, poster: Poster, texts: Sequence[PosterTexts], top: float) -> None:
    y = top
    others = texts[1:]
    pen.box(_MARGIN, y, _INNER, 10.5 + 5.5 * len(others), fill=TINT, radius=3)
    y = pen.write(texts[0].repair, _MARGIN + 5, y + 2, _INNER - 10, 14, bold=True)
    for other in others:
        y = pen.write(other.repair, _MARGIN + 5, y + 0.2, _INNER - 10, 11, colour=INK2)
    y += 3.5 if len(texts) > 2 else 5.5
    y = pen.write(texts[0].typed, _MARGIN, y, _INNER, 13)
    for other in others:
        y = pen.write(other.typed, _MARGIN, y, _INNER, 10, colour=INK2)
    y = pen.write(poster.typed, _MARGIN, y + 0.8, _INNER, 22, bold=True)
    call = " · ".join(one.call for one in texts)
    pen.write(call, _MARGIN, y + 0.5, _INNER, 12, colour=INK2)


def _foot(pen: Pen, poster: Poster, texts: Sequence[PosterTexts], zone: timezone) -> None:
    pen.box(_MARGIN, 282, _INNER, 0.4, fill=HAIR)
    code = poster.code
    day = datetime.fromtimestamp((code.expires_ms - 1) / 1000, zone).strftime("%Y-%m-%d")
    until = "  ".join(one.until.format(day) for one in texts)
    issue = " · ".join(one.issue.format(code.issue) for one in texts)
    pen.write(until, _MARGIN, 284, _INNER * 0.6, 10.5, colour=INK2)
    left = _MARGIN + _INNER * 0.6
    pen.write(f"{issue} · {code.window}", left, 284, _INNER * 0.4, 10.5, colour=INK2, align="R")
