"""The five faces as SVG, from the same geometry as the device draws them."""

import json
import math
from functools import cache
from pathlib import Path
from typing import Any

from protocol.levels import Level

_GEOMETRY = Path(__file__).parents[2] / "ui_assets" / "faces.json"


@cache
def symbols() -> str:
    """Return one hidden SVG that defines ``#face-1`` to ``#face-5``; colours come from the CSS."""
    geometry = json.loads(_GEOMETRY.read_text("utf-8"))
    common = "".join(map(_shape, geometry["common"]))
    faces = "".join(
        f'<symbol id="face-{level}" viewBox="-100 -100 200 200">{common}'
        f"{''.join(map(_shape, geometry['levels'][str(level)]))}</symbol>"
        for level in range(1, 6)
    )
    return f'<svg class="symbols" aria-hidden="true">{faces}</svg>'


def face(level: Level) -> str:
    """Return the picture of a level; its name must stand beside it in words."""
    return f'<svg class="face" aria-hidden="true"><use href="#face-{int(level)}"/></svg>'


def _shape(part: dict[str, Any]) -> str:
    match part["t"]:
        case "disc":
            place = f'cx="{part["x"]}" cy="{part["y"]}" r="{part["r"]}"'
            return f'<circle class="skin" {place} stroke-width="{part["w"]}"/>'
        case "dot":
            return f'<circle class="dot" cx="{part["x"]}" cy="{part["y"]}" r="{part["r"]}"/>'
        case "line":
            ends = f"M{part['x0']} {part['y0']}L{part['x1']} {part['y1']}"
            return f'<path class="stroke" d="{ends}" stroke-width="{part["w"]}"/>'
        case "arc":
            return f'<path class="stroke" d="{_arc(part)}" stroke-width="{part["w"]}"/>'
        case "chord":
            return f'<path class="teeth" d="{_arc(part)}Z" stroke-width="{part["w"]}"/>'
    raise ValueError(f"faces.json has a primitive {part['t']!r}")


def _arc(part: dict[str, Any]) -> str:
    start, end = (_point(part, math.radians(part[name])) for name in ("a0", "a1"))
    large = int(part["a1"] - part["a0"] > 180)
    return f"M{start}A{part['r']} {part['r']} 0 {large} 1 {end}"


def _point(part: dict[str, Any], angle: float) -> str:
    x = part["x"] + part["r"] * math.cos(angle)
    y = part["y"] + part["r"] * math.sin(angle)
    return f"{x:.1f} {y:.1f}"
