"""The page that Chromium shows beside the kiosk: the same keys in the same places.

What somebody would write who builds such a device from a browser, and writes it well: one
file, no framework, faces as inline SVG, the pressed look by `:active`, and the next page by
exchanging the document's content. The five keys, colours, words, faces and the typeface are
the kiosk's own, so that both have the same to paint.
"""

from html import escape
from math import cos, radians, sin
from pathlib import Path
from typing import Any, NamedTuple

from device.kiosk.assets import font_path
from device.kiosk.layout import Box, Layout, design_of
from device.kiosk.theme import Colour, Colours, Sizes
from device.kiosk.words import Words

SIZE = (1280, 800)
LEVELS = (5, 4, 3, 2, 1)

# The first page, as docs/screens.md draws it: boxes, and lines of text by place and size.
_CARD, _SIGN = (40, 128, 792, 632), (40, 128, 264, 632)
_RATE, _RATE_SIZE = (856, 548, 384, 212), 58
_HALL, _NAME, _GREETING, _CLOCK = (40, 47, 36), (576, 252, 72), (576, 322, 28), (856, 181, 76)
# And what the question has above its keys.
_DECLINE = (1090, 22, 150, 84)
_QUESTION, _HINT = (40, 250, 62), (40, 325, 30)


class Page(NamedTuple):
    """Where the page is, and what can be pressed on it."""

    address: str
    rate: Box
    """On the first page: leads to the question."""
    decline: Box
    """On the question: leads back."""
    levels: tuple[Box, ...]
    accent: Colour
    """What the key ``rate`` is filled with, and nothing else on either page."""


def write_page(folder: Path) -> Page:
    """Write the page, its script and styles within, into ``folder``."""
    from device.kiosk.assets import load_faces, load_texts

    layout = Layout(design_of(SIZE))
    address = (folder / "counter.html").absolute().as_uri()
    page = Page(address, _RATE, _DECLINE, layout.rating.keys, Colours.accent)
    words, faces = Words(load_texts("zh-CN")), load_faces()
    (folder / "counter.html").write_text(_document(layout, page, words, faces), "utf-8")
    return page


def _document(layout: Layout, page: Page, words: Words, faces: Any) -> str:
    return f"""<!doctype html>
<html lang="zh-CN" translate="no">
<meta charset="utf-8">
<meta name="google" content="notranslate">
<title>Counter</title>
<style>{_STYLE % _values()}</style>
<body>
<template id="idle">{_idle(page, words)}</template>
<template id="rating">{_rating(layout, page, words, faces)}</template>
<script>{_SCRIPT}</script>
"""


def _idle(page: Page, words: Words) -> str:
    return "".join(
        (
            _line(_HALL, "滨河区政务服务中心", bold=True),
            f'<div class="card" style="{_at(_CARD)}"></div>',
            f'<div class="sign" style="{_at(_SIGN)}"><b>12</b>号窗口</div>',
            _line(_NAME, "王晓燕", bold=True),
            _line(_GREETING, words("greet")),
            _line(_CLOCK, "09:41", bold=True),
            _key(page.rate, "primary", "rating", escape(words("rate.me")), _RATE_SIZE),
        )
    )


def _rating(layout: Layout, page: Page, words: Words, faces: Any) -> str:
    lines = [
        _line(_QUESTION, words("q.staff").replace("|", ""), bold=True),
        _line(_HINT, words("hint")),
    ]
    decline = escape(words("notnow")).replace("|", "<br>")
    lines.append(_key(page.decline, "flat", "idle", decline, Sizes.control))
    for level, box in zip(LEVELS, page.levels, strict=True):
        label = escape(words(f"level.{level}")).replace("|", "")
        drawn = _face(faces, level, layout.rating.face)
        lines.append(_key(box, "level", "", f"{drawn}<span>{label}</span>", Sizes.label))
    return "".join(lines)


def _key(box: Box, kind: str, leads_to: str, content: str, size: int) -> str:
    to = f' data-to="{leads_to}"' if leads_to else ""
    style = f"{_at(box)};font-size:{size}px"
    return f'<button class="{kind}"{to} style="{style}">{content}</button>'


def _line(place: tuple[int, int, int], text: str, *, bold: bool = False) -> str:
    """Write one line: its left end, its middle and its size."""
    x, y, size = place
    style = f"left:{x}px;top:{y - size}px;font-size:{size}px;line-height:{2 * size}px"
    tag = "b" if bold else "p"
    return f'<{tag} style="{style}">{escape(text)}</{tag}>'


def _at(box: Box) -> str:
    x, y, width, height = box
    return f"left:{x}px;top:{y}px;width:{width}px;height:{height}px"


# --- faces --------------------------------------------------------------------------------


def _face(faces: Any, level: int, diameter: int) -> str:
    parts = (*faces["common"], *faces["levels"][str(level)])
    drawn = "".join(map(_part, parts))
    return f'<svg width="{diameter}" height="{diameter}" viewBox="-100 -100 200 200">{drawn}</svg>'


def _part(part: dict[str, Any]) -> str:
    kind = part["t"]
    if kind == "disc":
        return (
            f'<circle cx="{part["x"]}" cy="{part["y"]}" r="{part["r"]}" fill="{_css(Colours.face)}"'
            f' stroke-width="{part["w"]}"/>'
        )
    if kind == "dot":
        place = f'cx="{part["x"]}" cy="{part["y"]}" r="{part["r"]}"'
        return f'<circle {place} fill="{_css(Colours.face_ink)}" stroke="none"/>'
    if kind == "line":
        ends = " ".join(f'{name}="{part[at]}"' for name, at in _ENDS)
        return f'<line {ends} stroke-width="{part["w"]}"/>'
    closed, fill = (" Z", _css(Colours.teeth)) if kind == "chord" else ("", "none")
    return f'<path d="{_arc(part)}{closed}" fill="{fill}" stroke-width="{part["w"]}"/>'


_ENDS = (("x1", "x0"), ("y1", "y0"), ("x2", "x1"), ("y2", "y1"))


def _arc(part: dict[str, Any]) -> str:
    x, y, r, first, last = (part[name] for name in ("x", "y", "r", "a0", "a1"))

    def point(degrees: float) -> str:
        return f"{x + r * cos(radians(degrees)):.2f} {y + r * sin(radians(degrees)):.2f}"

    return f"M {point(first)} A {r} {r} 0 {int(last - first > 180)} 1 {point(last)}"


# --- styles and script ----------------------------------------------------------------------


def _css(colour: Colour) -> str:
    return f"#{bytes(colour).hex()}"


def _values() -> dict[str, object]:
    colours = {
        name: _css(getattr(Colours, name))
        for name in (
            *("paper", "surface", "ink", "accent", "accent_edge", "on_accent", "line"),
            *("edge", "hair", "tint", "sign", "on_sign", "face_ink"),
        )
    }
    return colours | {
        "regular": font_path(False).absolute().as_uri(),
        "bold": font_path(True).absolute().as_uri(),
        "radius": Sizes.radius,
        "card": Sizes.radius_card,
        "down": Sizes.edge,
        "sink": Sizes.sink,
    }


_STYLE = """
@font-face { font-family: N; src: url(%(regular)s) }
@font-face { font-family: N; font-weight: bold; src: url(%(bold)s) }
* { box-sizing: border-box; margin: 0; cursor: none; user-select: none; touch-action: none }
body { background: %(paper)s; color: %(ink)s; font-family: N; overflow: hidden }
b, p, button, div { position: absolute; white-space: nowrap }
button { border: 2px solid %(line)s; border-radius: %(radius)spx; background: %(surface)s;
  color: inherit; font: bold 1px N; padding: 0; outline: none }
button.level, button.primary { box-shadow: 0 %(down)spx %(edge)s }
button.primary { background: %(accent)s; border-color: %(accent)s; color: %(on_accent)s;
  box-shadow: 0 %(down)spx %(accent_edge)s }
button.level:active { transform: translateY(%(sink)spx); box-shadow: none; border-color: %(ink)s }
button.primary:active { transform: translateY(%(sink)spx); box-shadow: none;
  background: %(accent_edge)s }
button.flat { font-weight: normal }
button.flat:active { background: %(tint)s; border-color: %(ink)s }
button svg, button span { display: block; margin: 0 auto 28px; pointer-events: none }
svg { fill: none; stroke: %(face_ink)s; stroke-linecap: round; stroke-linejoin: round }
.card { background: %(surface)s; border: 2px solid %(hair)s; border-radius: %(card)spx }
.sign { background: %(sign)s; color: %(on_sign)s; font-size: 48px; text-align: center;
  padding-top: 320px; border-radius: %(card)spx 0 0 %(card)spx }
.sign b { font-size: 180px; left: 0; right: 0; top: 120px }
"""

_SCRIPT = """
const show = name => {
  const page = document.getElementById(name).content.cloneNode(true);
  document.body.querySelectorAll(":scope > :not(template, script)").forEach(e => e.remove());
  document.body.append(page);
};
document.addEventListener("click", event => {
  const key = event.target.closest("[data-to]");
  if (key) show(key.dataset.to);
});
document.addEventListener("contextmenu", event => event.preventDefault());
document.fonts.load("bold 30px N", "评");
document.fonts.load("30px N", "评");
show("idle");
"""
