"""Posters as they come out of the printer: read back by a decoder that is not ours."""

import argparse
import re
import stat
import subprocess
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest
from central_rig import HALL
from PIL import Image, ImageDraw

from central import cli, posters, window_codes
from central.database import Database, sqlite_url
from central.poster_texts import TEXTS
from central.posters import Paper, Poster
from central.service import now_ms
from central.window_codes import DAY_MS, State, WindowCode
from paper import qr

HALL_CODE = "210100-01"
HALL_NAME = "沈阳市政务服务中心"
NOW = 1_795_399_000_000
Run = Callable[..., tuple[str, str]]


def poster(number: str = "12", hall: str = HALL_NAME, url: str = "https://pj.example.cn") -> Poster:
    code = WindowCode(
        "7K3M9QXT2B4CVWZ8", f"W{number}", HALL_CODE, number, 2, NOW, NOW + 365 * DAY_MS
    )
    return Poster(code, hall, url)


def printed(
    folder: Path,
    sheets: Sequence[Poster],
    languages: Sequence[str] = ("zh-CN", "en"),
    paper: Paper = Paper.A4,
) -> Path:
    file = folder / "posters.pdf"
    file.write_bytes(posters.draw(sheets, languages, NOW, paper=paper).content)
    return file


def said_by(*command: str | Path) -> str:
    done = subprocess.run(command, capture_output=True, check=True)
    return done.stdout.decode()


def pictures(file: Path, dots_per_inch: int = 100) -> list[Path]:
    """Each page as a picture, in order."""
    prefix = file.with_suffix("")
    said_by("pdftoppm", "-r", str(dots_per_inch), "-gray", "-png", file, prefix)
    return sorted(file.parent.glob(f"{prefix.name}-*.png"))


def scanned(picture: Path) -> str:
    return said_by("zbarimg", "--quiet", "--raw", "-Sdisable", "-Sqrcode.enable", picture).strip()


def text_of(file: Path, page: int = 1) -> str:
    """The page's text, with no blanks: where it is broken into lines says nothing."""
    said = said_by("pdftotext", "-f", str(page), "-l", str(page), file, "-")
    return re.sub(r"\s", "", said)


def blank(text: str) -> str:
    return re.sub(r"\s", "", text)


@pytest.mark.parametrize("paper", Paper)
@pytest.mark.parametrize("languages", [("zh-CN", "en"), ("zh-CN", "en", "ko"), ("ko",)])
def test_every_sheets_code_is_read_back(
    tmp_path: Path, paper: Paper, languages: tuple[str, ...]
) -> None:
    sheets = [poster(number) for number in ("1", "12", "A101", "综合服务一号厅二十三")]
    sheets = [one._replace(code=one.code._replace(code=window_codes.make())) for one in sheets]
    found = pictures(printed(tmp_path, sheets, languages, paper))
    assert [scanned(picture) for picture in found] == [one.payload for one in sheets]


def test_a_stain_on_the_code_does_no_harm(tmp_path: Path) -> None:
    [picture] = pictures(printed(tmp_path, [poster()]))
    with Image.open(picture) as page:
        stained = page.convert("L")
    left, top, right, bottom = code_of(stained)
    x, y, r = (left + right) // 2, (top + bottom) // 2, (right - left) // 9
    ImageDraw.Draw(stained).ellipse((x - r, y - r, x + r, y + r), fill=200)
    stained.save(picture)
    assert scanned(picture) == poster().payload


def code_of(page: Image.Image) -> tuple[int, int, int, int]:
    """Where the code is: what is quite black, which no text is."""
    found = page.point(lambda one: 255 if one < 8 else 0).getbbox()
    assert found is not None
    return found


@pytest.mark.parametrize(("paper", "least_mm"), [(Paper.A4, 60), (Paper.A5, 45)])
@pytest.mark.parametrize("languages", [("zh-CN",), ("zh-CN", "en"), ("zh-CN", "en", "ko")])
def test_the_code_is_large_and_stands_in_white(
    tmp_path: Path, paper: Paper, least_mm: int, languages: tuple[str, ...]
) -> None:
    [picture] = pictures(printed(tmp_path, [poster()], languages, paper), 150)
    with Image.open(picture) as opened:
        page = opened.convert("L")
    left, top, right, bottom = code_of(page)
    side = right - left
    assert abs(side - (bottom - top)) <= 1
    assert side / 150 * 25.4 >= least_mm
    modules = len(qr.modules(poster().payload))
    quiet = int(4 * side / modules) - 1
    around = page.crop((left - quiet, top - quiet, right + quiet, bottom + quiet))
    within = (quiet - 2, quiet - 2, quiet + side + 2, quiet + side + 2)  # and its soft edge
    ImageDraw.Draw(around).rectangle(within, fill=255)
    assert min(around.tobytes()) >= 250


def test_a_sheet_says_all_that_is_needed(tmp_path: Path) -> None:
    said = text_of(printed(tmp_path, [poster()]))
    for words in (
        *(HALL_NAME, "12号窗口", "Window 12", "pj.example.cn/w/7K3M-9QXT-2B4C-VWZ8", "12345"),
        *("有效期至2027-11-23", "Valid until 2027-11-23", "第2版", "Issue 2", "W12"),
        *("评价器正在维修", "Also for windows whose device is being repaired"),
    ):
        assert blank(words) in said


@pytest.mark.parametrize("languages", [("zh-CN",), ("en", "ko"), ("ko", "en", "zh-CN")])
def test_nothing_is_cut_off_in_any_language(tmp_path: Path, languages: tuple[str, ...]) -> None:
    file = printed(tmp_path, [poster("88")], languages)
    said = text_of(file)
    assert "…" not in said
    for language in languages:
        texts = TEXTS[language]
        for words in (texts.title, *texts.steps, texts.plain, texts.unseen, texts.repair):
            assert blank(words) in said, language
        assert blank(texts.typed) in said
        assert blank(texts.call) in said


@pytest.mark.parametrize("languages", [("zh-CN", "en"), ("zh-CN", "en", "ko"), ("en",)])
def test_no_two_texts_stand_in_each_others_way(tmp_path: Path, languages: tuple[str, ...]) -> None:
    file = printed(tmp_path, [poster("A101", HALL_NAME * 4)], languages)
    found = re.findall(
        r'<line xMin="([\d.]+)" yMin="([\d.]+)" xMax="([\d.]+)" yMax="([\d.]+)"',
        said_by("pdftotext", "-bbox-layout", file, "-"),
    )
    boxes = [tuple(map(float, box)) for box in found]
    assert len(boxes) > 15
    width, height = (one / 25.4 * 72 for one in Paper.A4.value)
    for number, (left, top, right, bottom) in enumerate(boxes):
        assert 40 < left < right < width - 40
        assert 20 < top < bottom < height - 15
        room = 0.25 * (bottom - top)  # the font's own box is higher than its signs
        for other in boxes[number + 1 :]:
            apart = (
                *(right <= other[0] + 1, other[2] <= left + 1),
                *(bottom - room <= other[1] + 0.25 * (other[3] - other[1]),),
                *(other[3] - 0.25 * (other[3] - other[1]) <= top + room,),
            )
            assert any(apart), ((left, top, right, bottom), other)


def test_rare_characters_of_a_halls_name_are_printed(tmp_path: Path) -> None:
    name = "李\U00030edd\U00020000厅"
    made = posters.draw([poster(hall=name)], ["zh-CN"], NOW)
    assert made.unprintable == ""
    file = tmp_path / "posters.pdf"
    file.write_bytes(made.content)
    assert name in text_of(file)


def test_what_no_font_has_is_told() -> None:
    made = posters.draw([poster(hall="厅\U000e0100\U0010ffff")], ["zh-CN"], NOW)
    assert "\U0010ffff" in made.unprintable


def test_the_same_posters_are_the_same_bytes() -> None:
    made = [posters.draw([poster()], ["zh-CN", "en"], NOW).content for _ in range(2)]
    assert made[0] == made[1]


def test_progress_is_told_page_by_page() -> None:
    told: list[tuple[int, int]] = []
    posters.draw([poster("1"), poster("2")], ["en"], NOW, progress=lambda *done: told.append(done))
    assert told == [(1, 2), (2, 2)]


def test_an_address_of_this_machine_is_told_as_it_is() -> None:
    assert poster(url="http://127.0.0.1:8080").typed.startswith("http://127.0.0.1:8080/w/7K3M-")


# --- as an operator types it --------------------------------------------------------------------


@pytest.fixture
def run(
    tmp_path: Path, capfdbinary: pytest.CaptureFixture[bytes], monkeypatch: pytest.MonkeyPatch
) -> Run:
    """Runs a command of an initialised central with a hall."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HAOCHAPING_CENTRAL_DATA", str(tmp_path / "data"))
    Path("hall.toml").write_text(HALL, "utf-8")

    def run(*words: str, code: int = 0) -> tuple[str, str]:
        parser = argparse.ArgumentParser()
        cli.add_arguments(parser)
        capfdbinary.readouterr()
        done = cli.run(parser.parse_args([*words]))
        sys.stdout.flush()
        said, complained = (text.decode() for text in capfdbinary.readouterr())
        assert done == code, said + complained
        return said, complained

    run("init")
    run("import", "hall.toml")
    return run


def codes_on(file: Path) -> list[str]:
    return [scanned(picture).rpartition("/")[2] for picture in pictures(file)]


def states(codes: Sequence[str]) -> list[State | None]:
    database = Database(sqlite_url(Path("data/central.db")))
    with database.reading() as connection:
        found = [window_codes.find(connection, one, now_ms()) for one in codes]
    database.close()
    return [None if one is None else one.state for one in found]


def test_posters_are_made_reprinted_and_replaced(run: Run, tmp_path: Path) -> None:
    words = ("posters", "--hall", HALL_CODE)
    said, _ = run(*words, "--out", "a.pdf")
    assert said == "a.pdf: 2 pages, A4\ncodes: 2 new, 0 as before\n"
    assert stat.S_IMODE(Path("a.pdf").stat().st_mode) == 0o600
    first = codes_on(tmp_path / "a.pdf")
    assert states(first) == [State.VALID, State.VALID]
    said, _ = run(*words, "--out", "b.pdf", "--paper", "A5", "--language", "en,ko", "--days", "9")
    assert "codes: 0 new, 2 as before\n" in said
    assert "--days is for new codes alone" in said
    assert codes_on(tmp_path / "b.pdf") == first
    said, _ = run(*words, "--window", "13", "--reissue", "--days", "20", "--out", "c.pdf")
    assert "codes: 1 new, 0 as before\nolder codes that end now: 1\n" in said
    [new] = codes_on(tmp_path / "c.pdf")
    assert states([*first, new]) == [State.VALID, State.ENDED, State.VALID]
    said, _ = run(*words, "--window", "W13", "--out", "d.pdf")
    assert "1 of these end soon, the first on " in said
    said, _ = run(*words, "--window", "W12", "--reissue", "--grace", "7", "--out", "e.pdf")
    assert "older codes that end in 7 days: change the posters by then: 1" in said
    assert states(first) == [State.VALID, State.ENDED]
    assert "window codes: 1 issued (W12)" in run("edits", "--limit", "1")[0]
    assert new not in run("edits")[0] + run("window-codes", "--hall", HALL_CODE)[0]


def test_codes_are_listed_and_withdrawn(run: Run, tmp_path: Path) -> None:
    assert "no code was given out" in run("window-codes", "--hall", HALL_CODE)[0]
    run("posters", "--hall", HALL_CODE, "--out", "a.pdf")
    said, _ = run("window-codes", "--hall", HALL_CODE)
    lines = said.splitlines()
    assert [line[:27] for line in lines] == [f"window {n} (W{n})  issue 1  i" for n in (12, 13)]
    assert all(line.endswith("  valid  0 ratings by printed code") for line in lines)
    assert run("window-codes", "--hall", HALL_CODE, "--end", "12")[0] == "codes ended: 1\n"
    assert states(codes_on(tmp_path / "a.pdf")) == [State.ENDED, State.VALID]
    assert "withdrawn (12)" in run("edits", "--limit", "1")[0]
    assert "no code of these worked" in run("window-codes", "--hall", HALL_CODE, "--end", "12")[0]
    assert run("edits")[0].count("withdrawn") == 1
    assert "ended" in run("window-codes", "--hall", HALL_CODE)[0].splitlines()[0]


def test_what_cannot_be_is_said_before_anything_is_given_out(run: Run) -> None:
    words = ("posters", "--hall", HALL_CODE, "--out")
    _, said = run(*words, "a.pdf", "--days", "0", "--grace", "91", "--language", "zh-CN,fr", code=2)
    assert "--days 0: expected 1 to 3660" in said
    assert "--grace 91: expected 0 to 90" in said
    assert "--language zh-CN,fr: expected some of zh-CN, en, ko" in said
    assert "only with --reissue" in run(*words, "a.pdf", "--grace", "3", code=2)[1]
    assert "has no window 99" in run(*words, "a.pdf", "--window", "99", code=1)[1]
    assert "there is no hall X" in run("posters", "--hall", "X", "--out", "a.pdf", code=1)[1]
    Path("there.pdf").touch()
    assert "exists already" in run(*words, "there.pdf", code=1)[1]
    assert "No such file" in run(*words, "nowhere/a.pdf", code=1)[1]
    text = HALL.replace('phone_url = "https://pj.example.cn"', "")
    Path("hall.toml").write_text(text, "utf-8")
    run("import", "hall.toml")
    assert "has no phone_url" in run(*words, "a.pdf", code=1)[1]
    assert "no code was given out" in run("window-codes", "--hall", HALL_CODE)[0]
    assert not Path("a.pdf").exists()


def test_a_file_whose_codes_were_not_given_out_does_not_stay(
    run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    drawn = posters.draw

    def drawn_slowly(*args: object, **how: object) -> posters.Printed:
        run("posters", "--hall", HALL_CODE, "--out", "theirs.pdf")
        return drawn(*args, **how)  # type: ignore[arg-type]

    def once(*args: object, **how: object) -> posters.Printed:
        monkeypatch.setattr(posters, "draw", drawn)
        return drawn_slowly(*args, **how)

    monkeypatch.setattr(posters, "draw", once)
    _, said = run("posters", "--hall", HALL_CODE, "--out", "ours.pdf", code=1)
    assert "changed in the meantime" in said
    assert not Path("ours.pdf").exists()
