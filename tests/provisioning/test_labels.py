"""A printed label is read back by a scanner and says what the card says."""

import subprocess
from pathlib import Path

import pytest
from fleet_rig import Desk, furnish

from provisioning import provision_cli
from provisioning.card_record import WrittenCard, write_record
from provisioning.labels import HEIGHT, WIDTH, Label, Paper, draw

NOW_MS = 1_790_000_000_000
LABEL = Label(
    "210100-01-w01", "210100-01", "沈阳市政务服务中心", "W01", "三楼", "7K3M-9QRT-X2Y4-Z6W8"
)


def scanned(pdf: Path, resolution: int = 150) -> list[str]:
    """Return what a scanner reads on the printed pages."""
    subprocess.run(
        ["pdftoppm", "-r", str(resolution), "-gray", str(pdf), str(pdf.with_suffix(""))], check=True
    )
    pages = sorted(map(str, pdf.parent.glob(f"{pdf.stem}-*.pgm")))
    done = subprocess.run(
        ["zbarimg", "--quiet", "--raw", *pages], capture_output=True, text=True, check=False
    )
    return done.stdout.split()


def text_of(pdf: Path) -> str:
    done = subprocess.run(
        ["pdftotext", "-layout", str(pdf), "-"], capture_output=True, text=True, check=True
    )
    return done.stdout


def printed(labels: list[Label], folder: Path, paper: Paper = Paper.A4) -> Path:
    pdf = folder / "labels.pdf"
    pdf.write_bytes(draw(labels, NOW_MS, paper).content)
    return pdf


def test_every_code_on_a_sheet_is_read_and_names_device_and_card(tmp_path: Path):
    labels = [LABEL._replace(name=f"210100-01-w{number:02}") for number in range(1, 26)]
    labels[4] = labels[4]._replace(name="a" * 63)
    read = scanned(printed(labels, tmp_path), 200)
    assert sorted(read) == sorted(label.payload for label in labels)
    assert "HCP:210100-01-W01:7K3M-9QRT-X2Y4-Z6W8" in read


def test_a_label_says_everything_in_words_and_the_fingerprint_in_groups(tmp_path: Path):
    text = text_of(printed([LABEL], tmp_path))
    for said in (
        LABEL.name,
        LABEL.hall,
        LABEL.hall_name,
        "窗口 W01",
        "三楼",
        "7K3M 9QRT X2Y4 Z6W8",
    ):
        assert said in text.replace("  ", " ")


@pytest.mark.parametrize("name", ["a" * 63, "-".join(["m" * 9] * 6)])
def test_the_longest_name_is_printed_whole(tmp_path: Path, name: str):
    assert name in text_of(printed([LABEL._replace(name=name)], tmp_path)).replace("\n", "")


def test_nothing_of_a_label_reaches_over_its_edge(tmp_path: Path):
    """However long what it says is; the paper around the label stays white."""
    long = Label("m" * 63, "8" * 64, "沈" * 60, "W" * 64, "三楼" * 40, LABEL.fingerprint)
    pdf = printed([long], tmp_path, Paper.A4)
    subprocess.run(["pdftoppm", "-r", "72", "-gray", str(pdf), str(tmp_path / "p")], check=True)
    [page] = tmp_path.glob("p-*.pgm")
    _magic, size, _most, pixels = page.read_bytes().split(b"\n", 3)
    width = int(size.split()[0])
    rows = [pixels[at : at + width] for at in range(0, len(pixels), width)]
    per_mm = 72 / 25.4
    left, top = (210 - 3 * WIDTH) / 2, (297 - 8 * HEIGHT) / 2
    right, bottom = int((left + WIDTH) * per_mm), int((top + HEIGHT) * per_mm)
    # Between the crosses of the cut marks, right of the label and below it.
    beside = [row[right : right + 40] for row in rows[int(top * per_mm) + 4 : bottom - 4]]
    below = [row[int(left * per_mm) : right - 4] for row in rows[bottom + 1 : bottom + 40]]
    assert min(map(min, beside)) > 200
    assert min(map(min, below)) > 200


def test_a_label_printer_gets_a_page_for_each(tmp_path: Path):
    drawn = draw([LABEL, LABEL._replace(name="other")], NOW_MS, Paper.ROLL)
    assert drawn.pages == 2
    pdf = tmp_path / "labels.pdf"
    pdf.write_bytes(drawn.content)
    assert len(scanned(pdf, 200)) == 2


def test_rare_characters_come_from_other_fonts_and_what_none_has_is_told(tmp_path: Path):
    drawn = draw([LABEL._replace(hall_name="𬬻市", note="\U000f0000")], NOW_MS)
    assert drawn.unprintable == "\U000f0000"


def test_the_same_labels_make_the_same_bytes():
    assert draw([LABEL], NOW_MS).content == draw([LABEL], NOW_MS).content


# --- the command -----------------------------------------------------------------------------

FLEET = """\
[fleet]
central = "https://rating.example"
[fleet.defaults]
hall = "H1"
panel = "touch-display"
[halls.H1]
name = "大厅"
[[device]]
window = "W1"
[[device]]
window = "W2"
"""


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    desk = furnish(tmp_path)
    desk.write(FLEET)
    cards = [WrittenCard(f"h1-w{n}", "H1", f"W{n}", f"AAA{n}-BBBB-CCCC-DDDD", n) for n in (1, 2)]
    write_record(tmp_path / "cards.json", {card.name: card for card in cards})
    return desk


def run(desk: Desk, *words: str) -> int:
    fleet, out = str(desk.folder / "fleet.toml"), str(desk.folder / "out.pdf")
    return provision_cli.main(["labels", fleet, "--out", out, *words])


def test_the_command_prints_a_label_for_every_card(desk: Desk, capsys):
    assert run(desk) == 0
    assert "2 labels on 1 page" in capsys.readouterr().out
    assert sorted(scanned(desk.folder / "out.pdf")) == [
        "HCP:H1-W1:AAA1-BBBB-CCCC-DDDD",
        "HCP:H1-W2:AAA2-BBBB-CCCC-DDDD",
    ]
    assert "大厅" in text_of(desk.folder / "out.pdf")


def test_a_device_without_a_card_is_named_and_the_others_are_printed(desk: Desk, capsys):
    desk.write(FLEET + '[[device]]\nwindow = "W3"\n')
    assert run(desk) == 1
    told = capsys.readouterr()
    assert "h1-w3: no label: its card has not been written" in told.err
    assert "2 labels" in told.out
    assert run(desk, "--replace", "--device", "h1-w1") == 0


def test_a_card_for_another_window_gets_no_label(desk: Desk, capsys):
    desk.write(FLEET.replace('"W2"', '"W9"\nname = "h1-w2"'))
    assert run(desk) == 1
    assert "its card is for window W2 of hall H1, the fleet file says" in capsys.readouterr().err


def test_the_command_writes_over_nothing_and_says_what_is_wrong(desk: Desk, capsys):
    assert run(desk) == 0
    assert run(desk) == 2
    assert "--replace" in capsys.readouterr().err
    assert run(desk, "--replace", "--hall", "H7", "--device", "x") == 2
    assert "not in" in capsys.readouterr().err
    (desk.folder / "cards.json").write_text("{}")
    assert run(desk, "--replace") == 2
    assert "this is no record of cards" in capsys.readouterr().err
    (desk.folder / "cards.json").unlink()
    assert run(desk, "--replace") == 2
    assert "haochaping provision cards makes it" in capsys.readouterr().err


def test_of_two_records_the_card_that_was_written_last_counts(desk: Desk, capsys):
    later = WrittenCard("h1-w1", "H1", "W1", "EEEE-BBBB-CCCC-DDDD", 99)
    write_record(desk.folder / "later.json", {"h1-w1": later})
    later_file, folder = str(desk.folder / "later.json"), str(desk.folder)
    assert run(desk, "--cards", later_file, "--cards", folder, "--device", "h1-w1") == 0
    assert scanned(desk.folder / "out.pdf") == ["HCP:H1-W1:EEEE-BBBB-CCCC-DDDD"]
