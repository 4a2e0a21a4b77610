"""What technicians read is what they meet: codes, commands, playbooks, places in other pages.

Every command in a fenced block of any page is parsed by the product's own parsers, and not run.
"""

import argparse
import json
import re
import shlex
from collections.abc import Iterator
from pathlib import Path

import pytest

from device.store.setup import Kind, Meaning, meanings
from haochaping.cli import main
from provisioning import inventory

ROOT = Path(__file__).parents[1]
PAGES = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").glob("*.md")])
STATES = meanings(ROOT / "ui_assets/setup_states.toml")
_FENCED = re.compile(r"^```(\w*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)


def text_of(name: str) -> str:
    return (ROOT / name).read_text(encoding="utf-8")


def manual() -> str:
    return text_of("docs/technicians.md")


# --- codes --------------------------------------------------------------------------------------


def table_of_states() -> str:
    """Return the table that the manual has to show, from the very texts of the screen."""
    texts = json.loads(text_of("ui_assets/texts/en.json"))
    lines = ["| code | the screen says | it | what to do |", "|---|---|---|---|"]
    for state in STATES.values():
        does = texts[f"setup.{state.kind}"].replace("|", "")
        lines.append(
            f"| **{state.code}** `{state.name}` | {state.title['zh-CN']}<br>{state.title['en']} "
            f"| {does} | {state.hint['zh-CN']}<br>{state.hint['en']} |"
        )
    return "\n".join(lines)


def test_every_code_is_in_the_manual_in_the_words_of_the_screen():
    shown = re.search(r"^<!-- states: .*?-->\n(.*?)^<!-- end of states", manual(), re.M | re.S)
    assert shown is not None
    assert shown[1].strip() == table_of_states()


def headings_by_code() -> dict[str, str]:
    return {
        code: name
        for heading in re.findall(r"^#### (.+)$", manual(), re.MULTILINE)
        for code, name in re.findall(r"(\d\d) ([A-Z_]+)", heading)
    }


@pytest.mark.parametrize(
    "state",
    [state for state in STATES.values() if state.kind in (Kind.WAITS, Kind.STOPPED)],
    ids=lambda state: state.name,
)
def test_what_does_not_pass_by_itself_has_a_paragraph(state: Meaning):
    assert headings_by_code().get(state.code) == state.name


def test_no_paragraph_is_about_a_code_that_there_is_not():
    known = {state.code: state.name for state in STATES.values()}
    assert headings_by_code().items() <= known.items()


def test_codes_elsewhere_are_those_of_the_screen():
    """docs/device.md tells when enrolment shows which."""
    known = {state.code: state.name for state in STATES.values()}
    rows = re.findall(r"^\| ([\d, ]+) \| ([A-Z_, ]+) \|", text_of("docs/device.md"), re.MULTILINE)
    told = {
        code: name
        for codes, names in rows
        for code, name in zip(codes.split(", "), names.split(", "), strict=True)
    }
    assert told
    assert told.items() <= known.items()


# --- commands -----------------------------------------------------------------------------------


class Understood(Exception):
    """A parser took every word of a command."""


@pytest.fixture
def only_parsed(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let parsers parse, and nothing be run."""
    parse = argparse.ArgumentParser.parse_args

    def parse_and_stop(self: argparse.ArgumentParser, *words: object) -> None:
        parse(self, *words)  # type: ignore[call-overload]
        raise Understood

    monkeypatch.setattr(argparse.ArgumentParser, "parse_args", parse_and_stop)


def commands(page: Path) -> Iterator[list[str]]:
    """Yield each of our own commands in the page's blocks for a shell, without what is around."""
    for language, block in _FENCED.findall(page.read_text(encoding="utf-8")):
        if language not in ("", "sh"):
            continue
        for line in block.replace("\\\n", " ").splitlines():
            if not re.match(r"(sudo )?(\./run )?haochaping ", line):
                continue
            words = shlex.split(line, comments=True)
            words = words[words.index("haochaping") + 1 :]
            ends = [n for n, word in enumerate(words) if word in ("&", "|", ">", "<", "&&")]
            yield words[: ends[0]] if ends else words


@pytest.mark.usefixtures("only_parsed")
@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_command_in_a_page_is_one_that_can_be_typed(page: Path, capsys):
    for words in commands(page):
        if "--help" in words:
            continue
        try:
            main(words)
        except Understood:
            continue
        except SystemExit:
            pytest.fail(f"{page.name}: haochaping {shlex.join(words)}: {capsys.readouterr().err}")
        pytest.fail(f"{page.name}: haochaping {shlex.join(words)} was run, not parsed")


def test_the_manual_shows_every_command_that_technicians_have():
    shown = {tuple(words[:2]) for words in commands(ROOT / "docs/technicians.md")}
    for part in ("check", "cards", "labels", "ansible"):
        assert ("provision", part) in shown
    first = {words[0] for words in shown}
    assert first >= {
        "release",
        "central",
        "doctor",
        "check-screen",
        "update",
        "enrol",
        "screenshot",
    }


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_options_named_in_a_sentence_are_those_of_the_command(page: Path, capsys):
    prose = _FENCED.sub("", page.read_text(encoding="utf-8"))
    for said in re.findall(r"`(?:sudo |\./run )?haochaping ([^`]+)`", prose):
        words = re.sub(r"\.\.\.|…|\n", " ", said).split()
        named = [word for word in words if word.startswith("--")]
        if not named or named == ["--help"]:
            continue
        leading = [word for word in words[: words.index(named[0])] if word.islower()]
        with pytest.raises(SystemExit) as ended:
            main([*leading, "--help"])
        shown = capsys.readouterr().out
        assert ended.value.code == 0, f"{page.name}: {said}"
        for option in named:
            assert option.strip(",.") in shown, f"{page.name}: {said}"


def test_playbooks_and_runs_that_are_named_exist():
    playbooks = {file.name for file in Path(inventory.__file__).with_name("playbooks").iterdir()}
    assert set(re.findall(r"ansible-playbook (\S+)", manual())) <= playbooks
    usage = text_of("run")
    for page in PAGES:
        for command in re.findall(r"\./run ([a-z-]+)", page.read_text(encoding="utf-8")):
            assert f"\n{command}" in usage, f"{page.name}: ./run {command}"


# --- places -------------------------------------------------------------------------------------


def anchors(page: Path) -> set[str]:
    """Return the names by which a page's headings are linked to (as GitHub makes them)."""
    text = _FENCED.sub("", page.read_text(encoding="utf-8"))
    found: set[str] = set()
    for heading in re.findall(r"^#+ (.+)$", text, re.MULTILINE):
        plain = re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-")
        number, name = 0, plain
        while name in found:
            number += 1
            name = f"{plain}-{number}"
        found.add(name)
    return found


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_link_to_a_place_in_a_page_leads_there(page: Path):
    text = page.read_text(encoding="utf-8")
    for target, place in re.findall(r"\]\(([^)#:\s]*)#([^)\s]+)\)", text):
        there = page.parent / target if target else page
        assert there.exists(), f"{page.name} links to {target}"
        assert place in anchors(there), f"{page.name} links to {target}#{place}"
