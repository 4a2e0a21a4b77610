"""A roll survives the spreadsheet it is edited in, and what did not is refused."""

import csv
import io
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from central import csv_text
from central.errors import Mistakes

cells = st.text(
    st.one_of(
        st.sampled_from("=+-@'\t0123456789Ee.,;:/ \"\n＝＋－＠年月日王"),
        st.characters(exclude_categories=("Cs", "Cc")),
    ),
    max_size=12,
).map(str.strip)


def read(folder: Path, content: bytes) -> list[list[str]]:
    file = folder / "table.csv"
    file.write_bytes(content)
    return [line.cells for line in csv_text.read(file)]


def opened_by_a_spreadsheet(content: bytes) -> list[list[str]]:
    """The cells as they stand in the file, before anybody takes a mark off."""
    return list(csv.reader(io.StringIO(content.decode("utf-8-sig"), newline="")))


@given(st.lists(st.lists(cells, min_size=3, max_size=3), max_size=5))
def test_what_is_written_is_read_again(
    tmp_path_factory: pytest.TempPathFactory, rows: list[list[str]]
) -> None:
    folder = tmp_path_factory.mktemp("csv")
    heading = ["a", "b", "c"]
    written = csv_text.write([heading, *rows])
    assert read(folder, written) == [heading, *(row for row in rows if any(row))]


@given(cells)
def test_no_cell_is_a_formula_to_a_spreadsheet(cell: str) -> None:
    ((found,),) = opened_by_a_spreadsheet(csv_text.write([[cell]])) or [[""]]
    assert not found.startswith(tuple("=+-@\t\r＝＋－＠"))


@pytest.mark.parametrize(
    "cell",
    [
        "0317",
        "1121010000000000001000100000001",
        "3-5",
        "1E5",
        "12:30",
        "2024年",
        "=1+1",
        "'0",
        "1.5",
    ],
)
def test_what_a_spreadsheet_would_change_is_marked_as_text(tmp_path: Path, cell: str) -> None:
    written = csv_text.write([["x"], [cell]])
    assert opened_by_a_spreadsheet(written)[1] == [f"'{cell}"]
    assert read(tmp_path, written)[1] == [cell]


@pytest.mark.parametrize("cell", ["12", "王晓燕", "A12", "综合窗口", "BH-012", "'x"])
def test_other_cells_stand_as_they_are(cell: str) -> None:
    assert opened_by_a_spreadsheet(csv_text.write([[cell]])) == [[cell]]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030"])
@pytest.mark.parametrize("separator", [",", ";", "\t"])
@pytest.mark.parametrize("ending", ["\n", "\r\n"])
def test_a_file_is_read_as_spreadsheets_write_it(
    tmp_path: Path, encoding: str, separator: str, ending: str
) -> None:
    rows = [["工号", "姓名"], ["0317", "李\U00030edd"], ["", ""], ["0400", 'a"b']]
    text = ending.join(separator.join(row) for row in rows) + ending
    found = read(tmp_path, text.encode(encoding))
    assert found == [["工号", "姓名"], ["0317", "李\U00030edd"], ["0400", 'a"b']]


def test_lines_are_counted_as_an_editor_shows_them(tmp_path: Path) -> None:
    file = tmp_path / "table.csv"
    file.write_text('a,b\n\n"x\ny",1\n,\nz,2\n', "utf-8")
    assert [line.number for line in csv_text.read(file)] == [1, 3, 6]


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        ("工号,姓名".encode("utf-16"), "not UTF-16; save it as CSV UTF-8"),
        ("工号\n王芳芳\n".encode() + b"\xe7\x8e", "line 3 is not UTF-8 as the rest is"),
        ("工号\n".encode("utf-8-sig") + "王".encode("gb18030"), "line 2 is not UTF-8"),
        (b"a,b\n\xff\xff\xff", "line 2 is neither"),
        (b'a,b\n"x', "not CSV from line 2 on"),
        (b'a,b\n"x"y,z\n', "not CSV from line 2 on"),
    ],
)
def test_what_cannot_be_read_is_said_with_its_line(
    tmp_path: Path, content: bytes, expected: str
) -> None:
    with pytest.raises(Mistakes, match=expected):
        read(tmp_path, content)


def test_a_file_that_is_not_there_is_said(tmp_path: Path) -> None:
    with pytest.raises(Mistakes, match="cannot be read"):
        csv_text.read(tmp_path / "none.csv")


@given(st.binary(max_size=200))
def test_any_file_is_read_or_refused(
    tmp_path_factory: pytest.TempPathFactory, content: bytes
) -> None:
    file = tmp_path_factory.getbasetemp() / "any.csv"
    file.write_bytes(content)
    try:
        lines = csv_text.read(file)
    except Mistakes:
        return
    assert all(any(line.cells) for line in lines)
