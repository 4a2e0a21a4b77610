"""docs/screens.md shows every screen, and says of numbers what the code says."""

import re
from pathlib import Path

import pytest
from sample_views import GOLDEN

from device.core import gestures, night
from device.kiosk import fade, portrayal, reception, wishes
from device.kiosk.layout import Kind, design_of, usual_diagonal
from device.kiosk.theme import Colours, HighContrast, theme_of
from protocol.configuration import Rules

ROOT = Path(__file__).parents[3]
MANUAL = (ROOT / "docs" / "screens.md").read_text(encoding="utf-8")


def table(heading: str) -> list[list[str]]:
    """Return the cells of the first table under a heading, without its head."""
    section = MANUAL.split(f"\n## {heading}\n", 1)[1].split("\n## ", 1)[0]
    lines = [line for line in section.splitlines() if line.startswith("|")]
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in lines[2:]]


@pytest.mark.parametrize("screen", GOLDEN)
def test_every_screen_is_shown(screen: str) -> None:
    assert f"/golden/{screen}/" in MANUAL


def test_every_colour_is_told_as_it_is() -> None:
    def written(colour: tuple[int, int, int]) -> str:
        return "#{:02X}{:02X}{:02X}".format(*colour)

    told = {row[0].strip("`"): (row[1], row[2]) for row in table("Colours")}
    assert told == {
        name: (written(getattr(Colours, name)), written(getattr(HighContrast, name)))
        for name in vars(Colours)
        if not name.startswith("_")
    }


def test_every_size_is_told_as_it_is() -> None:
    sizes = [
        theme_of(design_of(kind.value, large=large), "large" if large else "standard").sizes
        for kind in Kind
        for large in (False, True)
    ]
    rows = table("Sizes")
    assert rows
    for caption, *told in rows:
        token = re.search(r"`(\w+)`", caption)
        assert token is not None
        assert told == [str(getattr(each, token[1])) for each in sizes]


def test_every_design_is_told_as_it_is() -> None:
    for name, _, units, density in table("Layout"):
        kind = Kind[name.upper()]
        width, height = kind.value
        assert units == f"{width} x {height}"
        design = design_of(kind.value, usual_diagonal(kind.value))
        assert float(density) == pytest.approx(design.mm, abs=0.06)


def test_times_are_those_of_the_rules() -> None:
    seconds = [int(row[1]) for row in table("Time")]
    rules = Rules()
    assert seconds == [
        rules.rating_seconds,
        rules.reasons_seconds,
        rules.callback_seconds,
        rules.thanks_seconds,
        rules.login_seconds,
        rules.menu_seconds,
        portrayal.NOTICE_MS // 1000,
        wishes.LEFT_MS // 1000,
        night.AWAKE_MS // 1000,
    ]


def test_motion_is_as_told() -> None:
    motion = MANUAL.split("\n## Motion\n", 1)[1].split("\n## ", 1)[0]
    for milliseconds in (
        reception.CHOSEN_MS,
        fade.FADE_MS,
        gestures.SETTLE_MS,
        gestures.MIN_DWELL_MS,
    ):
        assert f" {milliseconds} ms" in motion.replace("\n", " ")


def test_every_test_that_the_checklist_names_exists() -> None:
    named = set(re.findall(r"`(test_\w+)`", MANUAL))
    written = "".join(
        path.read_text(encoding="utf-8") for path in Path(__file__).parent.glob("test_*.py")
    )
    assert len(named) > 15
    assert {name for name in named if f"def {name}(" not in written} == set()
