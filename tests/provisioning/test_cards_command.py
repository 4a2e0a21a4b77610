"""`haochaping provision cards` as a technician runs it."""

import io
import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from cards_rig import Town, boot_tree, contents, fleet, town

from device.store import card as enrolment_card
from provisioning import boot_partition, provision_cli
from provisioning.boot_partition import Mount
from provisioning.card import CARD, TOKEN
from provisioning.first_boot.card import read_card
from provisioning.prepared import reading
from provisioning.tokens import KEY_VARIABLE


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Town]:
    with town(tmp_path_factory.mktemp("central")) as place:
        yield place


@pytest.fixture
def central(running: Town, monkeypatch: pytest.MonkeyPatch) -> Town:
    running.empty()
    monkeypatch.setenv(KEY_VARIABLE, running.key)
    return running


@pytest.fixture
def file(tmp_path: Path, central: Town) -> Path:
    return fleet_file(tmp_path, central)


def test_a_card_that_somebody_found_does_not_steer_the_technicians_terminal(
    file: Path, card: Path, capsys: pytest.CaptureFixture[str]
):
    assert run(file, "--boot", card, "--device", "w12") == 0
    note = json.loads((card / CARD).read_text())
    for part in ("name", "window", "release"):
        (card / CARD).write_text(json.dumps(note | {part: "\x1b]0;mine\x07"}))
        capsys.readouterr()
        assert run("--check", card) == 1
        assert run(file, "--boot", card, "--device", "w13") == 1
        said = "".join(capsys.readouterr())
        assert "no card of ours" in said and "\x1b" not in said


def fleet_file(folder: Path, central: Town, tree_bytes: int = 4096) -> Path:
    """A fleet file with two devices and a release."""
    made = fleet(folder, central.url, tree_bytes=tree_bytes)
    made.file.write_text(
        f"""
[fleet]
central = "{central.url}"
release = "made.release"
release_key = "release.pem"

[[device]]
name = "w12"
hall = "210100-01"
window = "W12"

[[device]]
name = "w13"
hall = "210100-01"
window = "W13"
network = {{ kind = "wifi", ssid = "hall", password = "very secret" }}
""",
        encoding="utf-8",
    )
    return made.file


def run(*words: object) -> int:
    return provision_cli.main(["cards", *map(str, words)])


@pytest.fixture
def card(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A boot partition that is mounted, as far as the kernel's table says."""
    place = boot_tree(tmp_path / "bootfs").root
    table = (
        Mount(Path("/"), "ext4", "8:1", False),
        Mount(place, "vfat", "179:1", False),
    )
    monkeypatch.setattr(boot_partition, "mounts", lambda: table)
    return place


def test_folders_for_a_fleet_and_again(
    tmp_path: Path, central: Town, file: Path, capsys: pytest.CaptureFixture[str]
):
    assert run(file, "--folder", tmp_path / "cards") == 0
    said = capsys.readouterr()
    assert "2 written" in said.out
    assert said.err.count(": written") == 2
    before = contents(tmp_path / "cards/w12")
    assert run(file, "--folder", tmp_path / "cards") == 0
    assert "2 unchanged" in capsys.readouterr().out
    assert contents(tmp_path / "cards/w12") == before


def test_no_secret_is_told(
    tmp_path: Path, central: Town, file: Path, capsys: pytest.CaptureFixture[str]
):
    run(file, "--folder", tmp_path / "cards")
    run(file, "--folder", tmp_path / "cards")
    run("--check", tmp_path / "cards/w13", file)
    said = "".join(capsys.readouterr())
    said += (tmp_path / "cards/cards.json").read_text("utf-8")
    for name in ("w12", "w13"):
        assert (tmp_path / "cards" / name / TOKEN).read_text("ascii").strip() not in said
    assert "very secret" not in said and central.key not in said


def test_the_record_is_what_labels_are_printed_from(tmp_path: Path, central: Town, file: Path):
    run(file, "--zip", tmp_path / "cards")
    noted = json.loads((tmp_path / "cards/cards.json").read_text("utf-8"))["cards"]
    assert [card["name"] for card in noted] == ["w12", "w13"]
    with reading(tmp_path / "cards/w12.zip") as read:
        assert noted[0]["fingerprint"] == read.note.fingerprint


def test_one_card_onto_a_boot_partition(
    central: Town, file: Path, card: Path, capsys: pytest.CaptureFixture[str]
):
    assert run(file, "--boot", card) == 2
    assert "--device" in capsys.readouterr().err
    assert run(file, "--boot", card, "--device", "w12") == 0
    assert "take the card out safely" in capsys.readouterr().out
    assert (file.parent / "cards.json").exists()
    # What first boot reads on the device is what was written.
    assert read_card(card / "haochaping").name == "w12"
    # And so does enrolment, which also finds the token that central gave.
    enrolling = enrolment_card.read_card(card / "haochaping")
    assert enrolment_card.token_hash(enrolling.token()) == enrolling.token_sha256
    assert enrolling.central_key == (central.central.key.algorithm, central.central.key.public.raw)
    assert run("--check", card) == 0


def test_a_device_is_moved_by_its_card(
    central: Town, file: Path, card: Path, capsys: pytest.CaptureFixture[str]
):
    run(file, "--boot", card, "--device", "w12")
    (card / TOKEN).unlink()  # the device enrolled
    assert run(file, "--boot", card, "--device", "w13") == 1
    assert "--move" in capsys.readouterr().err
    assert run(file, "--boot", card, "--device", "w13", "--move") == 0
    assert "from window W12 to W13" in capsys.readouterr().err
    assert enrolment_card.read_card(card / "haochaping").replace is False
    assert run("--check", card) == 0


def test_a_prepared_card_is_written_without_central(
    tmp_path: Path,
    central: Town,
    file: Path,
    card: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
):
    run(file, "--zip", tmp_path / "cards")
    monkeypatch.delenv(KEY_VARIABLE)
    assert run("--from", tmp_path / "cards/w12.zip", "--boot", card) == 0
    assert "w12: written" in capsys.readouterr().out
    assert run("--from", tmp_path / "cards/w12.zip", "--boot", card) == 0
    assert "w12: unchanged" in capsys.readouterr().out
    assert run("--from", tmp_path / "cards/w13.zip", "--boot", card) == 1
    assert "w12" in capsys.readouterr().err
    (card / TOKEN).unlink()  # the device enrolled
    assert run("--from", tmp_path / "cards/w12.zip", "--boot", card) == 0
    assert not (card / TOKEN).exists()
    assert run("--from", tmp_path / "cards/w13.zip", "--boot", card, "--replace") == 0
    assert read_card(card / "haochaping").name == "w13"


def test_a_prepared_card_that_is_not_whole_is_not_written(
    tmp_path: Path, central: Town, file: Path, card: Path, capsys: pytest.CaptureFixture[str]
):
    run(file, "--folder", tmp_path / "cards")
    (tmp_path / "cards/w12/haochaping/start.sh").write_text("evil", encoding="ascii")
    before = contents(card)
    assert run("--from", tmp_path / "cards/w12", "--boot", card) == 1
    assert "start.sh is not what was written" in capsys.readouterr().err
    assert contents(card) == before


def test_check_tells_whose_card_it_is_and_what_is_wrong(
    tmp_path: Path, central: Town, file: Path, capsys: pytest.CaptureFixture[str]
):
    run(file, "--folder", tmp_path / "cards")
    own = tmp_path / "cards/w12"
    assert run("--check", own, file) == 0
    said = capsys.readouterr().out
    assert "window W12" in said and "token: unused" in said and said.endswith("whole\n")
    device = central.enrol((own / TOKEN).read_text("ascii").strip())
    run("--check", own, file)
    assert f"token: spent by {device}" in capsys.readouterr().out
    (own / "haochaping/device.toml").write_text("x = 1\n", encoding="ascii")
    assert run("--check", own) == 1
    assert "device.toml is not what was written" in capsys.readouterr().out


def test_the_key_is_not_shown_to_a_central_that_only_the_card_names(
    tmp_path: Path, central: Town, file: Path, capsys: pytest.CaptureFixture[str]
):
    run(file, "--folder", tmp_path / "cards")
    other = file.read_text("utf-8").replace(central.url, "http://127.0.0.1:9")
    file.write_text(other, encoding="utf-8")
    assert run("--check", tmp_path / "cards/w12", file) == 0
    assert "was not asked" in capsys.readouterr().out


@pytest.mark.parametrize("option", ["--boot", "--folder", "--zip"])
def test_no_other_place_is_written_to(
    tmp_path: Path,
    central: Town,
    file: Path,
    option: str,
    capsys: pytest.CaptureFixture[str],
):
    """A boot partition where folders go, a folder where a boot partition goes."""
    place = boot_tree(tmp_path / "bootfs").root
    before = contents(place)
    assert run(file, option, place, "--device", "w12") == 1
    assert contents(place) == before
    assert ("--folder" if option == "--boot" else "--boot") in capsys.readouterr().err
    assert central.tokens_given() == 0


def test_a_folder_with_other_things_in_it_is_not_a_devices(
    tmp_path: Path, central: Town, file: Path, capsys: pytest.CaptureFixture[str]
):
    (tmp_path / "cards/w12").mkdir(parents=True)
    (tmp_path / "cards/w12/letter.txt").write_text("dear", encoding="ascii")
    assert run(file, "--folder", tmp_path / "cards") == 1
    said = capsys.readouterr()
    assert "w12: failed" in said.err and "other files" in said.err and "1 written" in said.out
    assert central.tokens_given() == 1


@pytest.mark.parametrize(
    "words",
    [
        ("--folder", "x"),
        ("FLEET",),
        ("FLEET", "--folder", "x", "--device", "w99"),
        ("FLEET", "--folder", "x", "--hall", "nowhere"),
        ("FLEET", "--folder", "x", "--zip", "y"),
        ("--from", "x", "--folder", "y"),
        ("FLEET", "--move", "--folder", "x"),
        ("FLEET", "--move", "--replace", "--boot", "x", "--device", "w12"),
        ("--from", "x", "--move", "--boot", "y"),
    ],
)
def test_wrong_input_is_said_with_its_own_exit_code(
    tmp_path: Path,
    central: Town,
    file: Path,
    words: tuple[str, ...],
    monkeypatch: pytest.MonkeyPatch,
):
    monkeypatch.chdir(tmp_path)
    code: int | str | None
    try:
        code = run(*(file if word == "FLEET" else word for word in words))
    except SystemExit as ended:
        code = ended.code
    assert code == 2
    assert central.tokens_given() == 0


def test_without_a_key_it_says_where_one_is_taken_from(
    tmp_path: Path,
    file: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
):
    monkeypatch.delenv(KEY_VARIABLE)
    monkeypatch.setattr(sys, "stdin", io.StringIO())
    assert run(file, "--folder", tmp_path / "cards") == 1
    assert "--key-file" in capsys.readouterr().err


def test_a_record_that_is_something_else_is_noticed_before_a_token_is_asked_for(
    tmp_path: Path, central: Town, file: Path
):
    (tmp_path / "mine.json").write_text("[]", encoding="ascii")
    assert run(file, "--folder", tmp_path / "a", "--record", tmp_path / "mine.json") == 1
    assert (tmp_path / "mine.json").read_text("ascii") == "[]"
    assert central.tokens_given() == 0


def test_a_killed_command_is_finished_by_the_next(tmp_path: Path, central: Town):
    """A real process, killed while the release is being written; nothing of it is lost."""
    file = fleet_file(tmp_path, central, tree_bytes=16 << 20)
    words = ["cards", str(file), "--folder", str(tmp_path / "cards"), "--device", "w12"]
    process = subprocess.Popen(
        [sys.executable, "-m", "haochaping", "provision", *words],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        env={**os.environ, KEY_VARIABLE: central.key},
    )
    own = tmp_path / "cards/w12"
    while not list(own.glob("haochaping/*.release.part")):
        assert process.poll() is None, "it ended before it could be killed"
        time.sleep(0.001)
    process.send_signal(signal.SIGKILL)
    process.wait()
    assert not (own / CARD).exists()
    token = (own / TOKEN).read_bytes()
    assert provision_cli.main(words) == 0
    assert (own / TOKEN).read_bytes() == token
    assert central.tokens_given() == 1
    assert not list(own.rglob("*.part"))
    with reading(own) as read:
        assert read.faults == ()


def test_a_card_lies_on_a_real_fat_as_it_was_written(
    tmp_path: Path, central: Town, file: Path, card: Path
):
    """A FAT file system in a file: what mtools reads there is a whole card."""
    assert run(file, "--boot", card, "--device", "w12") == 0
    image = tmp_path / "card.img"
    with image.open("wb") as disk:
        disk.truncate(64 << 20)
    mkfs = shutil.which("mkfs.vfat") or "/sbin/mkfs.vfat"
    subprocess.run([mkfs, "-F", "32", "-n", "BOOTFS", image], check=True, stdout=subprocess.DEVNULL)
    for source in card.iterdir():
        subprocess.run(["mcopy", "-s", "-i", image, source, "::"], check=True)
    out = tmp_path / "read"
    out.mkdir()
    subprocess.run(["mcopy", "-s", "-n", "-i", image, "::*", out], check=True)
    assert contents(out) == contents(card)
    with reading(out) as read:
        assert read.faults == ()
    assert read_card(out / "haochaping").fingerprint == read.note.fingerprint
