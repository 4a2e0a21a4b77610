"""Makes the two font files of `ui_assets/fonts` from the distribution's Noto Sans CJK.

The collections that distributions ship hold five regional faces, of which libraries open
the first one: Japanese, where 门直角令 have other shapes. Shipping a subset of the
Simplified Chinese face settles that, and costs less memory than the collection.

    apt install fonts-noto-cjk unicode-data
    python tools/subset_fonts.py [directory of the .ttc files]

Covered: the 8105 characters of the Table of General Standard Chinese Characters (State
Council, 2013), whose third level is there for the sake of names; of GB 2312 levels 1 and 2,
the signs and numerals of rows 1 and 2 and pinyin's letters; ASCII, Latin-1, general and CJK
punctuation, full-width forms, arrows, the 2350 syllables of KS X 1001, and whatever else
occurs in `ui_assets/texts`. Run it again after adding a text with a new character. For rarer
characters see `device.kiosk.typefaces`.
"""

import bz2
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path

from fontTools import subset
from fontTools.ttLib import TTCollection, TTFont

ASSETS = Path(__file__).resolve().parents[1] / "ui_assets"
DEFAULT_SOURCE = Path("/usr/share/fonts/opentype/noto")
UNIHAN = Path("/usr/share/unicode/Unihan_OtherMappings.txt.bz2")
FAMILY = "Noto Sans CJK SC"
WEIGHTS = ("Regular", "Bold")
SPANS = (
    (0x0020, 0x007E),  # ASCII
    (0x00A0, 0x00AC),  # Latin-1 but for the soft hyphen, which must not be seen
    (0x00AE, 0x00FF),
    (0x2010, 0x2027),  # dashes, quotation marks, bullets, ellipsis
    (0x2190, 0x2193),  # arrows
    (0x2460, 0x2473),  # circled numbers
    (0x3000, 0x3017),  # CJK punctuation and brackets
    (0xFF01, 0xFF5E),  # full-width forms
    (0xFFE0, 0xFFE6),  # full-width currency signs
)
SIGNS = "‰′″※℃№€×÷±≤≥≠√°•·…—–“”‘’"


def encodable(codec: str, leads: Iterable[int]) -> Iterator[str]:
    """Yield every character that ``codec`` stores in two bytes with a first byte in ``leads``."""
    for lead in leads:
        for trail in range(0xA1, 0xFF):
            try:
                yield bytes((lead, trail)).decode(codec)
            except UnicodeDecodeError:
                continue


def general_standard() -> Iterator[str]:
    """Yield the characters of the Table of General Standard Chinese Characters (kTGH)."""
    with bz2.open(UNIHAN, "rt", encoding="utf-8") as table:
        for line in table:
            point, _, field = line.partition("\t")
            if field.startswith("kTGH\t"):
                yield chr(int(point.removeprefix("U+"), 16))


def wanted() -> set[int]:
    """Return the code points that the subset must cover."""
    characters = set(SIGNS)
    characters.update(general_standard())
    characters.update(encodable("gb2312", (0xA1, 0xA2, 0xA8, *range(0xB0, 0xF8))))
    characters.update(encodable("euc_kr", range(0xB0, 0xC9)))
    for text in sorted((ASSETS / "texts").glob("*.json")):
        characters.update(text.read_text("utf-8"))
    points = {ord(character) for character in characters if character.isprintable()}
    for first, last in SPANS:
        points.update(range(first, last + 1))
    return points


def chinese_face(collection: Path) -> TTFont:
    """Return the Simplified Chinese face of ``collection``. Raises `LookupError`."""
    for font in TTCollection(collection, lazy=True).fonts:
        if font["name"].getDebugName(1) == FAMILY or font["name"].getDebugName(16) == FAMILY:
            return font
    raise LookupError(f"{collection} has no face {FAMILY!r}")


def main(source: Path) -> None:
    """Write both weights and say what became of them."""
    points = wanted()
    for weight in WEIGHTS:
        font = chinese_face(source / f"NotoSansCJK-{weight}.ttc")
        options = subset.Options(
            layout_features=["kern", "liga", "ccmp", "mark", "mkmk"],
            name_IDs=[0, 1, 2, 3, 4, 5, 6, 7, 13, 14, 16, 17],
            notdef_outline=True,
            # Shared subroutines are read whole when the file is opened: without them the file
            # is 2 % longer, opens in half the time and takes a third less memory.
            desubroutinize=True,
            # The DSIG would be invalid, the others serve vertical setting only.
            drop_tables=["DSIG", "BASE", "VORG", "vhea", "vmtx"],
        )
        maker = subset.Subsetter(options)
        maker.populate(unicodes=points)
        maker.subset(font)
        # One table of characters is enough: the one that knows those beyond U+FFFF.
        font["cmap"].tables = [table for table in font["cmap"].tables if table.format == 12][-1:]
        target = ASSETS / "fonts" / f"NotoSansSC-{weight}.otf"
        subset.save_font(font, str(target), options)
        missing = points - set(font.getBestCmap())
        print(f"{target.name}: {target.stat().st_size / 1e6:.2f} MB, {len(points)} code points")
        if missing:
            print("  not in the source face:", " ".join(f"U+{point:04X}" for point in missing))


if __name__ == "__main__":
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else DEFAULT_SOURCE)
