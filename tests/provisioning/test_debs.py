"""Debian packages that cards bring: judged at the desk, written and read back like all else."""

import json
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from cards_rig import Town, contents, fleet, quiet, town
from fleet_rig import Desk, furnish

from provisioning import cards, debs
from provisioning.boot_partition import check_room
from provisioning.card import CARD, read_note
from provisioning.card_folder import CardFolder
from provisioning.card_zip import CardZip
from provisioning.cards import Result
from provisioning.errors import BadCard
from provisioning.first_boot.card import read_card
from provisioning.fleet import Fleet
from provisioning.prepared import reading

FLEET = """\
[fleet]
central = "https://rating.example"
ntp = ["10.1.0.5"]
release = "haochaping.release"
release_key = "release.pem"
debs = "debs"
[fleet.technician]
ssh_key_files = ["zhang.pub"]
[[device]]
hall = "H1"
window = "W1"
panel = "touch-display"
"""
MESA = "libegl1_1.7.0-1+b2_arm64.deb"


def build(folder: Path, name: str, architecture: str) -> None:
    """Build a real package with nothing in it."""
    tree = folder.parent / f"tree-{name}"
    (tree / "DEBIAN").mkdir(parents=True)
    (tree / "DEBIAN/control").write_text(
        f"Package: libegl1\nVersion: 1.7.0-1\nArchitecture: {architecture}\n"
        "Maintainer: nobody <nobody@example.invalid>\nDescription: nothing\n",
        encoding="ascii",
    )
    folder.mkdir(exist_ok=True)
    words = ["dpkg-deb", "--root-owner-group", "-Znone", "--build", tree, folder / name]
    subprocess.run(words, check=True, stdout=subprocess.DEVNULL)


@pytest.fixture(scope="module")
def furnished(tmp_path_factory: pytest.TempPathFactory) -> Desk:
    desk = furnish(tmp_path_factory.mktemp("desk"))
    build(desk.folder / "debs", MESA, "arm64")
    build(desk.folder / "debs", "libdrm-common_2.4_all.deb", "all")
    return desk


@pytest.fixture
def desk(furnished: Desk, tmp_path: Path) -> Desk:
    """The technician's folder, a fresh copy, with two packages."""
    shutil.copytree(furnished.folder, tmp_path, dirs_exist_ok=True)
    return furnished._replace(folder=tmp_path)


# --- the fleet file ------------------------------------------------------------------------------


def test_packages_for_the_devices_are_taken_by_name_and_other_files_are_not(desk: Desk):
    (desk.folder / "debs/README").write_text("fetched in May")
    checked = desk.check(FLEET)
    assert (checked.mistakes, checked.warnings) == ((), ())
    assert checked.fleet is not None
    assert [package.name for package in checked.fleet.debs] == ["libdrm-common_2.4_all.deb", MESA]


def test_a_folder_without_packages_is_told(desk: Desk):
    for package in (desk.folder / "debs").iterdir():
        package.unlink()
    [told] = desk.told(FLEET)
    assert told.startswith("6: debs: ") and "no *.deb file" in told
    (desk.folder / "debs").rmdir()
    [told] = desk.told(FLEET)
    assert "No such file" in told


@pytest.mark.parametrize(
    ("built_for", "said"), [("amd64", "for arm64"), ("armhf", "it is for armhf")]
)
def test_a_package_for_another_machine_than_the_release_is_told(
    desk: Desk, built_for: str, said: str
):
    # Whatever its name says.
    build(desk.folder / "debs", "libgbm1_25.0_arm64.deb", built_for)
    [told] = desk.told(FLEET)
    assert "libgbm1_25.0_arm64.deb" in told and said in told


def test_without_a_release_the_packages_must_fit_each_other(desk: Desk):
    build(desk.folder / "debs", "libgbm1_25.0_amd64.deb", "amd64")
    [told] = desk.told(FLEET.replace('release = "haochaping.release"\n', ""))
    assert "for arm64" in told and "others here" in told


def test_a_desk_that_is_no_debian_judges_by_the_name(desk: Desk, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(debs.shutil, "which", lambda _name: None)
    assert desk.told(FLEET) == []
    (desk.folder / "debs" / MESA).rename(desk.folder / "debs/libegl1_1.7.0-1_amd64.deb")
    [told] = desk.told(FLEET)
    assert "for amd64" in told


@pytest.mark.parametrize("content", [b"", b"<html>404</html>", b"!<arch>\ndebian-binary   cut off"])
def test_what_is_no_package_is_told(desk: Desk, content: bytes):
    (desk.folder / "debs" / MESA).write_bytes(content)
    [told] = desk.told(FLEET)
    assert MESA in told


@pytest.mark.parametrize("name", ["a:b_1_arm64.deb", "-x_1_arm64.deb", " _1_arm64.deb"])
def test_a_name_that_no_fat_keeps_or_that_looks_like_an_option_is_told(desk: Desk, name: str):
    (desk.folder / "debs" / MESA).rename(desk.folder / "debs" / name)
    [told] = desk.told(FLEET)
    assert "a name as apt gives" in told


# --- the card ------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def central(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Town]:
    with town(tmp_path_factory.mktemp("central")) as place:
        yield place


@pytest.fixture
def ours(tmp_path: Path, central: Town) -> Fleet:
    central.empty()
    (tmp_path / "debs").mkdir()
    for name in (MESA, "libgbm1_25.0_arm64.deb"):
        (tmp_path / "debs" / name).write_bytes(name.encode() * 1000)
    return fleet(tmp_path, central.url)._replace(debs=debs.packages_in(tmp_path / "debs"))


def write(ours: Fleet, place: CardFolder | CardZip, central: Town) -> cards.Outcome:
    with central.desk() as desk:
        [outcome] = cards.write_cards(
            ours,
            ours.seats,
            lambda _seat: place,
            desk,
            progress=quiet(),
            done=lambda _outcome: None,
        )
    return outcome


def test_first_boot_finds_them_on_the_card_and_believes_them(
    tmp_path: Path, central: Town, ours: Fleet
):
    outcome = write(ours, CardFolder(tmp_path / "card"), central)
    files = contents(tmp_path / "card")
    assert files[f"haochaping/debs/{MESA}"] == MESA.encode() * 1000
    card = read_card(tmp_path / "card/haochaping")
    assert card.packages == (f"debs/{MESA}", "debs/libgbm1_25.0_arm64.deb")
    assert outcome.card and outcome.card.size == pytest.approx(
        sum(map(len, files.values())), abs=100
    )


@pytest.mark.parametrize("kind", [CardFolder, CardZip])
def test_they_are_read_back_and_written_once(
    tmp_path: Path, central: Town, ours: Fleet, kind: type[CardFolder | CardZip]
):
    place = kind(tmp_path / "card")
    write(ours, place, central)
    with reading(tmp_path / "card") as read:
        assert read.faults == () and f"haochaping/debs/{MESA}" in read.card.files
    assert write(ours, place, central).result is Result.UNCHANGED


def test_one_that_is_damaged_on_the_card_is_noticed_and_written_again(
    tmp_path: Path, central: Town, ours: Fleet
):
    place = CardFolder(tmp_path / "card")
    write(ours, place, central)
    (tmp_path / "card/haochaping/debs" / MESA).write_bytes(b"worn out")
    with reading(tmp_path / "card") as read:
        assert read.faults == (f"debs/{MESA} is not what was written",)
    assert write(ours, place, central).result is Result.WRITTEN
    with reading(tmp_path / "card") as read:
        assert read.faults == ()


def test_those_that_the_fleet_names_no_more_are_taken_off_the_card(
    tmp_path: Path, central: Town, ours: Fleet
):
    place = CardFolder(tmp_path / "card")
    write(ours, place, central)
    write(ours._replace(debs=ours.debs[1:]), place, central)
    assert [path.name for path in (tmp_path / "card/haochaping/debs").iterdir()] == [
        "libgbm1_25.0_arm64.deb"
    ]


def test_they_count_in_the_room_that_a_card_needs(
    tmp_path: Path, central: Town, ours: Fleet, monkeypatch: pytest.MonkeyPatch
):
    needed: list[int] = []

    def noted(place: Path, bytes_: int) -> None:
        needed.append(bytes_)
        check_room(place, bytes_)

    monkeypatch.setattr("provisioning.card_folder.check_room", noted)
    write(ours, CardFolder(tmp_path / "one"), central)
    write(ours._replace(debs=()), CardFolder(tmp_path / "other"), central)
    assert needed[0] - needed[1] == pytest.approx(1000 * sum(len(p.name) for p in ours.debs), abs=0)


@pytest.mark.parametrize(
    "name", ["../x.deb", "debs/../../x.deb", "other/x.deb", "debs/x", "debs/", "..", "a\\b"]
)
def test_a_card_that_names_files_elsewhere_is_none(
    tmp_path: Path, central: Town, ours: Fleet, name: str
):
    write(ours, CardFolder(tmp_path / "card"), central)
    said = json.loads((tmp_path / "card" / CARD).read_text("utf-8"))
    said["files"][name] = "0" * 64
    with pytest.raises(BadCard):
        read_note(json.dumps(said).encode())
