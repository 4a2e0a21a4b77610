"""Every value of a TOML file is found with its line, and every broken statement is told."""

import tomllib
from typing import Any

import pytest
import tomlkit
from hypothesis import given
from hypothesis import strategies as st

from provisioning.toml_lines import Read, read

texts = st.text(st.characters(exclude_categories=["Cs", "Cc"]) | st.sampled_from("\"'\\\n#[]{}=,"))
keys = st.text("abc-_.空 \"'#[]=", min_size=1, max_size=6)
scalars = (
    st.integers(-(2**62), 2**62) | st.booleans() | texts | st.floats(allow_nan=False, width=32)
)
values = st.recursive(scalars, lambda inner: st.lists(inner, max_size=3), max_leaves=4)
values |= st.dictionaries(keys, values, max_size=2)
KINDS = ("1", "[\n1,\n]", "'''\nx = 1\n'''", '"#"')
tables = st.dictionaries(keys, values, max_size=4)


def flat(content: Any, path: tuple[str | int, ...] = ()) -> dict[tuple[str | int, ...], Any]:
    """Return what a whole file says, in the form in which `read` says it."""
    found: dict[tuple[str | int, ...], Any] = {}
    for key, value in content.items():
        if isinstance(value, dict):
            found |= flat(value, (*path, key))
        else:
            found[(*path, key)] = value
    return found


def said(found: Read) -> dict[tuple[str | int, ...], Any]:
    return {path: leaf.value for path, leaf in found.leaves.items()}


@given(st.dictionaries(keys, tables, max_size=4))
def test_what_is_read_statement_by_statement_is_what_tomllib_reads(content: dict[str, Any]):
    text = tomlkit.dumps(content)
    found = read(text)
    assert found.slips == []
    assert said(found) == flat(tomllib.loads(text))


@given(st.lists(st.integers(0, 9), max_size=30))
def test_every_value_is_found_in_the_line_that_it_was_written_in(gaps: list[int]):
    lines = ["[fleet]"]
    where = {}
    for number, gap in enumerate(gaps):
        lines += ["", "# k0 = 1", "  ", "# [device]"][: gap % 5]
        where[f"k{number}"] = len(lines) + 1
        lines.append(f"k{number} = {KINDS[gap % len(KINDS)]}")
        lines = "\n".join(lines).split("\n")
    found = read("\n".join(lines))
    assert {path[-1]: leaf.line for path, leaf in found.leaves.items()} == where


@given(st.text())
def test_any_text_is_either_read_or_told_never_both_lost(text: str):
    found = read(text)
    try:
        content = tomllib.loads(text)
    except (tomllib.TOMLDecodeError, RecursionError):
        assert found.slips
    else:
        assert not found.slips
        # A table in a list may have a header or none; the first property has the rest.
        plain = {path for path, value in flat(content).items() if not isinstance(value, list)}
        assert set(said(found)) >= plain


def test_tables_of_one_name_are_told_apart_and_have_their_own_lines():
    found = read("[[device]]\nname = 'a'\n[[device]]\n[device.network]\nkind = 'wifi'\n")
    assert said(found) == {("device", 0, "name"): "a", ("device", 1, "network", "kind"): "wifi"}
    assert found.tables == {("device", 0): 1, ("device", 1): 3, ("device", 1, "network"): 4}


def test_every_broken_statement_is_told_and_the_others_are_read():
    found = read("a = 1\nb = \nc = 3\nd d = 4\n[e\nf = [1,\n2\n\ng = 5\nh = 'x\n")
    assert [slip.line for slip in found.slips] == [2, 4, 5, 6, 10]
    assert {path[-1] for path in found.leaves} == {"a", "c", "g"}


def test_a_key_and_a_table_given_twice_name_the_line_of_the_first():
    found = read("[a]\nb = 1\nb = 2\n[c]\n[a]\n")
    assert [(slip.line, slip.text) for slip in found.slips] == [
        (3, "b is given in line 2 already"),
        (5, "this table is in line 1 already"),
    ]


@pytest.mark.parametrize("line", ["a = “x”", "a ＝ 1", "a = [1，2]", "a = １"])
def test_what_a_chinese_input_method_typed_is_named(line: str):
    [slip] = read(line).slips
    assert "is full-width, as Chinese input methods type it" in slip.text


def test_windows_line_ends_change_no_line_number():
    assert read("a = 1\r\n\r\nb = '''\r\nx'''\r\nc = 3\r\n").leaves[("c",)].line == 5
