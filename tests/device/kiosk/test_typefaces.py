"""Names print as they are written, whatever characters they are written with."""

import bz2
import itertools
import subprocess
import sys
import unicodedata
from collections.abc import Iterator
from pathlib import Path

import pygame
import pytest
from fontTools.ttLib import TTFont
from hypothesis import example, given
from hypothesis import strategies as st
from pygame import freetype

from device.kiosk import typefaces as rooms
from device.kiosk.assets import font_path
from device.kiosk.coverage import Coverage
from device.kiosk.text import Line, Typesetter
from device.kiosk.typefaces import (
    CHAIN,
    STAND_IN,
    Face,
    Typeface,
    Typefaces,
    code_points,
    spelt,
)

UNIHAN = Path("/usr/share/unicode/Unihan_OtherMappings.txt.bz2")
INK = (0x17, 0x21, 0x2B)
SIZE = 44
SHIPPED = Coverage(font_path(False))
NOWHERE = "\U0010fffd"
"""A code point that no font will ever have."""

RARE = {
    "A": "㛃䶮㐂㼆",
    "B": "𠀀𠮷𡈼𪚥𪛖",
    "C": "𪜀𫘜𫔭𫜴",
    "D": "𫝀𫝆𫠝",
    "E": "𬭊𬺓𫠠𬺡",
    "F": "𬺰𮯠𭤨",
    "G": "𰻞𰻝𰀀",
    "H": "𱍐𲎯𱍑",
}
SPANS = {
    "A": (0x3400, 0x4DBF),
    "B": (0x20000, 0x2A6DF),
    "C": (0x2A700, 0x2B739),
    "D": (0x2B740, 0x2B81D),
    "E": (0x2B820, 0x2CEA1),
    "F": (0x2CEB0, 0x2EBE0),
    "G": (0x30000, 0x3134A),
    "H": (0x31350, 0x323AF),
}
ODD = "王国 eé́̀\u0000\t\n\u007f\u00a0\u00ad\u034f\u200b\u200d\u202e\u2028\u3000\ufe0f\ufeff"
ODD += "\ud800\udfff\ue000\uf8ff\ufffd\uffff\U000e0100\U000f0000⿰\u1112\u1161\u11ab한뷁゙か"
ODD += "".join(RARE.values()) + "龍喆😀پ\u0f40|№@" + NOWHERE

text_of_any_kind = st.text(st.characters(codec=None) | st.sampled_from(ODD), max_size=12)


@pytest.fixture(scope="module")
def setter() -> Iterator[Typesetter]:
    """A typesetter with every typeface of the chain."""
    freetype.init()
    made = Typesetter()
    missing = [face.typeface.package for face in made.typefaces.faces if not face.found()]
    if missing:
        pytest.skip(f"{', '.join(missing)} not installed (see system-packages.txt)")
    yield made


def pixels(line: Line) -> tuple[tuple[int, int], int, bytes]:
    return line.image.get_size(), line.baseline, pygame.image.tobytes(line.image, "RGBA")


def printed(setter: Typesetter, text: str, bold: bool = False, size: int = SIZE) -> bytes:
    """The ink of ``text``, without the room around it."""
    image = setter.line(text, size, bold, INK).image
    return pygame.image.tobytes(image.subsurface(image.get_bounding_rect()), "RGBA")


def on_paper(line: Line, x: int, y: int) -> bytes:
    """One square of white paper after ``line`` was put there."""
    paper = pygame.Surface((SIZE, SIZE), 0, 32)
    paper.fill((255, 255, 255))
    paper.blit(line.image, (x, y))
    return pygame.image.tobytes(paper, "RGB")


def boxes(setter: Typesetter, size: int = SIZE) -> set[bytes]:
    """What each typeface prints for a character that it lacks, in both weights."""
    found = set()
    for bold in (False, True):
        image = setter.font(size, bold).render(NOWHERE, True, INK)
        found.add(pygame.image.tobytes(image.subsurface(image.get_bounding_rect()), "RGBA"))
    for typeface in CHAIN:
        for path, strong in itertools.product((typeface.regular, typeface.bold), (False, True)):
            if path:
                font = freetype.Font(path, font_index=typeface.face)
                font.strong, font.strength = strong, typeface.thicker[1] or 1 / 30
                image, _ = font.render(NOWHERE, INK, size=size)
                found.add(pygame.image.tobytes(image.subsurface(image.get_bounding_rect()), "RGBA"))
    return found


# --- rare characters ----------------------------------------------------------------------------


def test_the_samples_are_of_the_extensions_they_stand_for() -> None:
    for extension, characters in RARE.items():
        first, last = SPANS[extension]
        assert len(characters) >= 3
        assert all(first <= ord(character) <= last for character in characters)


@pytest.mark.parametrize("bold", [False, True])
def test_characters_of_extensions_a_to_h_print_as_themselves(
    setter: Typesetter, bold: bool
) -> None:
    characters = "".join(RARE.values())
    images = {each: printed(setter, each, bold) for each in characters}
    unlike = boxes(setter) | {b"", printed(setter, STAND_IN, bold)}
    assert not [each for each, image in images.items() if image in unlike]
    assert len(set(images.values())) == len(characters)
    assert setter.unprintable([characters]) == ()


@pytest.mark.parametrize("extension", "ABCDEF")
def test_every_single_character_of_extensions_a_to_f_is_printed(
    setter: Typesetter, extension: str
) -> None:
    first, last = SPANS[extension]
    assert setter.unprintable(map(chr, range(first, last + 1))) == ()


@pytest.mark.parametrize("bold", [False, True])
@pytest.mark.parametrize("rare", ["𰻞", "𫔭", "𡈼", "𭤨", "𲎯"])
def test_a_rare_character_stands_on_the_line_of_the_others(
    setter: Typesetter, rare: str, bold: bool
) -> None:
    def extent(text: str) -> tuple[int, int]:
        line = setter.line(text, SIZE, bold, INK)
        ink = line.image.get_bounding_rect()
        return ink.top - line.baseline, ink.bottom - line.baseline

    (top, bottom), (rare_top, rare_bottom) = extent("国"), extent(rare)
    assert abs(rare_top - top) <= SIZE * 0.14
    assert abs(rare_bottom - bottom) <= SIZE * 0.14


@pytest.mark.parametrize("bold", [False, True])
def test_in_a_name_each_character_has_the_place_it_takes_alone(
    setter: Typesetter, bold: bool
) -> None:
    whole = setter.line("欧阳𰻞𫔭明", SIZE, bold, INK)
    assert whole.image.get_width() == setter.width("欧阳𰻞𫔭明", SIZE, bold) == 5 * SIZE
    for place, character in enumerate("欧阳𰻞𫔭明"):
        alone = setter.line(character, SIZE, bold, INK)
        cell = on_paper(whole, -place * SIZE, 0)
        assert cell == on_paper(alone, 0, whole.baseline - alone.baseline), character


def test_bold_is_bolder_where_it_is_made_from_the_regular_face(setter: Typesetter) -> None:
    def ink(text: str, bold: bool) -> int:
        return pygame.mask.from_surface(setter.line(text, 72, bold, INK).image).count()

    assert ink("𫔭", True) > 1.15 * ink("𫔭", False)
    # Of sixty-four strokes in one square nothing would remain but a blot.
    assert ink("𪚥", True) < 1.05 * ink("𪚥", False)


def test_the_collection_is_opened_at_its_simplified_chinese_face(setter: Typesetter) -> None:
    noto = CHAIN[0]
    for path in (noto.regular, noto.bold):
        assert path is not None
        assert freetype.Font(path, font_index=noto.face).name == "Noto Sans CJK SC"
    japanese, _ = freetype.Font(noto.regular).render("骨", INK, size=SIZE)
    face = Face(noto)
    drawn = pygame.Surface((SIZE, 2 * SIZE), pygame.SRCALPHA, 32)
    face.draw(drawn, (0, SIZE), "骨", SIZE, False, INK)
    drawn = drawn.subsurface(drawn.get_bounding_rect())
    assert pygame.image.tobytes(drawn, "RGBA") != pygame.image.tobytes(japanese, "RGBA")


def test_every_file_prints_what_it_is_said_to_have(setter: Typesetter) -> None:
    for face in setter.typefaces.faces:
        typeface = face.typeface
        covered = TTFont(
            typeface.regular, fontNumber=typeface.face if typeface.face else -1, lazy=True
        ).getBestCmap()
        for first, last in typeface.spans:
            for point in range(first, last + 1, 37):
                character = chr(point)
                if not rooms.is_private(character) and unicodedata.category(character) != "Zs":
                    assert face.has(character) <= (point in covered), hex(point)


def test_rare_ideographs_break_into_lines_like_others(setter: Typesetter) -> None:
    assert setter.wrap("𰻞𫔭𡈼𭤨", SIZE, True, 2 * SIZE) == ("𰻞𫔭", "𡈼𭤨")


def test_a_name_with_a_rare_character_is_made_to_fit(setter: Typesetter) -> None:
    setting = setter.fit("阿卜杜热西提·𬭊𰻞", SIZE, True, 300, 2)
    assert "".join(setting.lines) == "阿卜杜热西提·𬭊𰻞"
    assert all(setter.width(line, setting.size, True) <= 300 for line in setting.lines)


# --- what no typeface has -----------------------------------------------------------------------


def alone() -> Typesetter:
    """A typesetter with the shipped fonts only."""
    return Typesetter(Typefaces(SHIPPED, ()))


def test_what_no_typeface_has_is_printed_as_a_stand_in_and_remembered() -> None:
    setter = alone()
    image = pixels(setter.line("王𰻞建", SIZE, True, INK))
    assert image == pixels(setter.line(f"王{STAND_IN}建", SIZE, True, INK))
    assert setter.width("王𰻞建", SIZE, True) == 3 * SIZE
    assert setter.typefaces.lacking == ("𰻞",)
    assert setter.unprintable(["王建", "王𰻞", "𡈼"]) == ("𡈼", "𰻞")


def test_nothing_is_remembered_of_what_was_printed(setter: Typesetter) -> None:
    fresh = Typesetter()
    fresh.line("王㛃䶮𬭊𫘜", SIZE, True, INK)
    assert fresh.typefaces.lacking == ()


@pytest.mark.parametrize("contents", [b"", b"no font at all" * 99, b"\0\1\0\0" + bytes(2000)])
def test_a_file_that_is_no_font_is_as_good_as_none(tmp_path: Path, contents: bytes) -> None:
    file = tmp_path / "font.ttf"
    file.write_bytes(contents)
    setter = Typesetter(Typefaces(SHIPPED, [Typeface("fonts-broken", file)]))
    assert not setter.typefaces.faces[0].found()
    assert printed(setter, "𰻞") == printed(setter, STAND_IN)


def test_a_font_file_that_was_cut_off_prints_no_blanks(setter: Typesetter, tmp_path: Path) -> None:
    whole = CHAIN[1].regular
    file = tmp_path / "font.ttf"
    with whole.open("rb") as source:
        file.write_bytes(source.read(whole.stat().st_size // 3))
    cut = Typesetter(Typefaces(SHIPPED, [CHAIN[1]._replace(regular=file)]))
    assert printed(cut, "𰻞") in (printed(setter, STAND_IN), printed(setter, "𰻞"))


def test_private_use_is_never_printed_as_some_fonts_own_invention(setter: Typesetter) -> None:
    own = TTFont(CHAIN[1].regular, lazy=True).getBestCmap()
    invented = next(chr(point) for point in range(0xE000, 0xF8FF) if point in own)
    assert printed(setter, invented) == printed(setter, STAND_IN)
    assert setter.unprintable([invented]) == (invented,)


def test_a_surrogate_alone_is_broken_text_and_stood_in_for(setter: Typesetter) -> None:
    assert printed(setter, "\ud87e") == printed(setter, STAND_IN)
    assert setter.unprintable(["\ud87e"]) == ("\ud87e",)


# --- what is not seen ---------------------------------------------------------------------------


@pytest.mark.parametrize(
    "unseen",
    ["\u200d", "\u200b", "\ufe0f", "\U000e0100", "\ufeff", "\u202e", "\u00ad", "\u0000", "\u0007"],
)
def test_what_is_never_seen_leaves_no_trace(unseen: str) -> None:
    setter = alone()
    assert pixels(setter.line(f"葛{unseen}城", SIZE, False, INK)) == pixels(
        setter.line("葛城", SIZE, False, INK)
    )
    assert setter.width(unseen, SIZE, False) == 0
    assert setter.unprintable([f"葛{unseen}城"]) == ()


@pytest.mark.parametrize("white", ["\n", "\t", "\r", "\u2028", "\u2003", "\u205f"])
def test_every_white_space_is_a_space(white: str) -> None:
    setter = alone()
    assert pixels(setter.line(f"王{white}明", SIZE, False, INK)) == pixels(
        setter.line("王 明", SIZE, False, INK)
    )


@pytest.mark.parametrize("text", ["José", "한국어", "がぎ"])
def test_marks_join_the_letter_they_belong_on(setter: Typesetter, text: str) -> None:
    apart = unicodedata.normalize("NFD", text)
    assert apart != text
    assert pixels(setter.line(apart, SIZE, True, INK)) == pixels(setter.line(text, SIZE, True, INK))


def test_a_described_character_is_left_out_and_told(setter: Typesetter) -> None:
    assert printed(setter, "⿰王几") == printed(setter, "王几")
    assert setter.unprintable(["⿰王几"]) == ("⿰",)


# --- any text at all ----------------------------------------------------------------------------


@given(text_of_any_kind, st.booleans(), st.integers(12, 60))
@example(ODD, True, 40)
@example(ODD, False, 24)
def test_any_text_is_set_as_wide_as_it_was_measured(
    setter: Typesetter, text: str, bold: bool, size: int
) -> None:
    line = setter.line(text, size, bold, INK)
    assert line.image.get_width() == setter.width(text, size, bold)


@given(text_of_any_kind)
@example(ODD)
def test_no_text_prints_a_box_or_a_hole(setter: Typesetter, text: str) -> None:
    unwanted = boxes(setter)
    for character in text:
        image = printed(setter, character)
        assert image not in unwanted, code_points(character)
        mark = unicodedata.category(character)[0] == "M"  # its place is on a letter
        assert image or mark or not spelt(character).strip(), code_points(character)


@given(text_of_any_kind, st.integers(60, 400), st.integers(1, 3))
@example(ODD, 200, 2)
@example("№№№№", 160, 1)
def test_any_text_is_made_to_fit(setter: Typesetter, text: str, width: int, rows: int) -> None:
    setting = setter.fit(text, 40, True, width, rows)
    assert len(setting.lines) <= rows
    assert all(setter.width(line, setting.size, True) <= width for line in setting.lines)
    setter.balance(text, 40, True, width, rows)


@given(text_of_any_kind)
@example(ODD)
def test_the_check_finds_exactly_what_would_be_stood_in_for(text: str) -> None:
    setter = alone()
    told = setter.unprintable([text])
    setter.line(text, 20, False, INK)
    assert sorted(setter.typefaces.lacking) == [
        character for character in told if not rooms.is_description(character)
    ]


def test_what_is_kept_is_bounded(setter: Typesetter) -> None:
    faces = Typefaces(SHIPPED)
    for point in range(0x20000, 0x20000 + 1500):
        faces.runs(chr(point) + NOWHERE + chr(0xE000 + point % 0x1900))
    assert len(faces._runs) <= 256
    assert len(faces._met) <= 512
    assert len(faces.lacking) <= 512


def test_ordinary_texts_open_no_further_file() -> None:
    program = """
import sys
from device.kiosk.text import Typesetter
setter = Typesetter()
setter.line("王㛃 满意 한국 Very satisfied", 30, True, (0, 0, 0))
setter.fit("不动产登记综合窗口", 30, False, 200, 2)
assert setter.unprintable(["王㛃", "不动产"]) == ()
sys.exit(bool({"pygame.freetype", "unicodedata", "device.kiosk.typefaces"} & {*sys.modules}))
"""
    subprocess.run([sys.executable, "-c", program], check=True, stdout=subprocess.DEVNULL)


# --- the shipped fonts --------------------------------------------------------------------------


@pytest.mark.parametrize("bold", [False, True])
def test_the_shipped_fonts_coverage_is_read_as_the_reference_reads_it(bold: bool) -> None:
    expected = TTFont(font_path(bold), lazy=True).getBestCmap()
    coverage = Coverage(font_path(bold))
    assert len(expected) > 11_000
    for point in range(0x33000):
        assert (chr(point) in coverage) == (point in expected), hex(point)
    assert NOWHERE not in coverage


def test_both_weights_have_the_same_characters() -> None:
    regular, bold = (TTFont(font_path(bold), lazy=True).getBestCmap() for bold in (False, True))
    assert regular.keys() == bold.keys()


def test_the_shipped_fonts_have_the_general_standard_characters() -> None:
    """All 8105 of the State Council's table of 2013: what names may be written with."""
    if not UNIHAN.exists():
        pytest.skip("unicode-data is not installed (see system-packages.txt)")
    with bz2.open(UNIHAN, "rt", encoding="utf-8") as table:
        standard = [chr(int(line.split()[0][2:], 16)) for line in table if "\tkTGH\t" in line]
    assert len(standard) == 8105
    coverage = Coverage(font_path(False))
    assert not [character for character in standard if character not in coverage]


@pytest.mark.parametrize("bold", [False, True])
def test_no_shipped_character_but_two_is_wider_than_an_em(bold: bool) -> None:
    font = TTFont(font_path(bold), lazy=True)
    em = font["head"].unitsPerEm
    wide = {chr(point) for point, name in font.getBestCmap().items() if font["hmtx"][name][0] > em}
    assert wide <= set("№@")


def test_the_licence_of_the_shipped_fonts_lies_beside_them() -> None:
    licence = font_path(False).with_name("OFL.txt").read_text("utf-8")
    assert "SIL OPEN FONT LICENSE" in licence


def test_code_points_are_listed_up_to_a_bound() -> None:
    assert code_points("㛃𰻞") == "U+36C3 U+30EDE"
    assert code_points("一二三", most=2) == "U+4E00 U+4E8C ..."
