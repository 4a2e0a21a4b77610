"""Where the fonts, faces, texts and sounds lie: the one module that knows the folder.

`ui_assets` is data only, so it is found beside the `device` package rather than imported.
"""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

UI_ASSETS = Path(__file__).parents[2] / "ui_assets"
LANGUAGES = ("zh-CN", "en", "ko")


def font_path(bold: bool) -> Path:
    """Return the Simplified Chinese font file of that weight."""
    return UI_ASSETS / "fonts" / f"NotoSansSC-{'Bold' if bold else 'Regular'}.otf"


def load_texts(language: str) -> Mapping[str, str]:
    """Return every text of ``language`` by its key. Raises `OSError` if there is no such file."""
    texts: dict[str, str] = json.loads((UI_ASSETS / "texts" / f"{language}.json").read_bytes())
    return texts


def load_faces() -> Mapping[str, Any]:
    """Return the geometry of the five faces; the file itself states its units."""
    faces: dict[str, Any] = json.loads((UI_ASSETS / "faces.json").read_bytes())
    return faces


def sound_path(name: str, language: str = "") -> Path:
    """Return the file of a sound: of the prompt ``name``, or one that needs no language."""
    return UI_ASSETS / "sounds" / language / f"{name}.ogg"
