"""The page's own files: complete in both languages, and plain enough for the halls' browsers."""

import json
import re
from pathlib import Path

import pytest

FOLDER = Path(__file__).parents[3] / "ui_assets" / "console"
SCRIPTS = {path.name: path.read_text(encoding="utf-8") for path in FOLDER.glob("*.js")}
PAGE = (FOLDER / "index.html").read_text(encoding="utf-8")
TEXTS = {
    language: json.loads((FOLDER / "texts" / f"{language}.json").read_text(encoding="utf-8"))
    for language in ("zh-CN", "en")
}

MADE_UP = {"state", "problem", "ended", "invite.not", "ask", "case"}
"""What some keys begin with that are put together, as ``"state." + kind``."""


def used() -> set[str]:
    """Every key that stands in the page or a script as a whole."""
    found = set(re.findall(r'data-say(?:-label|-placeholder)?="([^"]+)"', PAGE))
    for script in SCRIPTS.values():
        found |= set(re.findall(r'\bsay\("([^"]+)"[,)]', script))
        found |= set(re.findall(r'"data-say": "([^"]+)"', script))
        found |= set(re.findall(r'\["((?:pause|cancel)\.\w+)", "', script))
    return found


def test_both_languages_say_the_same_things():
    assert TEXTS["zh-CN"].keys() == TEXTS["en"].keys()
    for key, text in TEXTS["zh-CN"].items():
        places = [sorted(re.findall(r"\{(\w+)\}", one)) for one in (text, TEXTS["en"][key])]
        assert places[0] == places[1], key


def test_every_text_that_is_asked_for_is_there():
    assert used() - TEXTS["en"].keys() == set()


def test_no_text_is_there_for_nothing():
    scripts = "".join(SCRIPTS.values())
    unused = {
        key
        for key in TEXTS["en"].keys() - used()
        if f'"{key}"' not in scripts and not any(key.startswith(f"{one}.") for one in MADE_UP)
    }
    assert unused == set()


def test_every_refusal_has_words():
    from device.agent import refusals
    from device.agent.refusals import NotTaken

    codes = {
        one.code
        for one in vars(refusals).values()
        if isinstance(one, type) and issubclass(one, NotTaken) and one is not NotTaken
    }
    assert {f"problem.{code}" for code in codes} <= TEXTS["en"].keys()


def test_nothing_in_the_page_is_script_or_style():
    assert not re.search(r"\son\w+=|\sstyle=|<style|javascript:", PAGE)
    assert re.findall(r"<script[^>]*>([^<]*)", PAGE) == [""]
    for name, script in SCRIPTS.items():
        assert not re.search(
            r"innerHTML|outerHTML|insertAdjacent|document\.write|eval\(", script
        ), name


def test_nothing_comes_from_anywhere_else():
    for path in FOLDER.rglob("*"):
        if path.is_file():
            text = path.read_text(encoding="utf-8").replace("http://www.w3.org/2000/svg", "")
            assert not re.search(r"https?://|//[a-z]+\.", text.replace("// ", "")), path.name


LATER = {
    "Chromium 85": r"\.replaceAll\(|\?\?=|\|\|=|&&=",
    "Chromium 86": r"\.replaceChildren\(",
    "Chromium 92": r"\.at\(|crypto\.randomUUID\(",
    "Chromium 98": r"structuredClone\(",
    "Firefox 90": r"\bthis\.#|static \{",
    "Firefox 100": r"AbortSignal\.timeout\(",
}
LATER_STYLE = {
    "Chromium 84": r"[;{]\s*(row-|column-)?gap:",
    "Chromium 87": r"\binset:",
    "Chromium 88": r":is\(|:where\(|aspect-ratio:",
    "Chromium 105": r":has\(|@container",
    "Chromium 108": r"\d[dsl]v[hw]\b",
    "Chromium 112": r"&[:.\s]",
}


@pytest.mark.parametrize("browser", LATER)
def test_the_scripts_need_nothing_that_came_later(browser: str):
    for name, script in SCRIPTS.items():
        assert not re.search(LATER[browser], script), name


@pytest.mark.parametrize("browser", LATER_STYLE)
def test_the_style_needs_nothing_that_came_later(browser: str):
    assert not re.search(LATER_STYLE[browser], (FOLDER / "console.css").read_text(encoding="utf-8"))
