"""Releases side by side: whole or not at all, and nothing of a forged one."""

import io
import os
import stat
import subprocess
import tarfile
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from small_releases import CHECK, PUBLIC, everything_in, make_release, sign_archive

from device.core.errors import DeviceError
from device.releases import shelf as shelves
from device.releases.shelf import NoRoomForRelease, NoSuchRelease, ReleaseRefused, Shelf
from device.releases.signature import NoOpenssl, openssl_check
from device.store.deployed import Deployed
from protocol import release_key
from protocol.errors import BadSignature
from protocol.releases import read_tree


def test_a_release_is_unpacked_beside_the_others_and_runs(shelf: Shelf, tmp_path: Path):
    first = shelf.install(make_release(tmp_path, "1.0.0"), CHECK)
    second = shelf.install(make_release(tmp_path, "1.1.0"), CHECK)
    assert shelf.names() == sorted([first.name, second.name])
    assert shelf.manifest(second.name) == second
    assert shelf.current() == ""
    shelf.switch(second.name)
    program = shelf.folder(second.name) / "bin/haochaping"
    assert subprocess.run([program], capture_output=True).stdout == b"haochaping 1.1.0\n"


def test_modules_are_compiled_and_never_looked_at_again(shelf: Shelf, tmp_path: Path):
    name = shelf.install(make_release(tmp_path), CHECK).name
    (compiled,) = (shelf.folder(name) / "lib/__pycache__").glob("thing.*.pyc")
    flags = int.from_bytes(compiled.read_bytes()[4:8], "little")
    assert flags == 0b01  # PEP 552: by hash, not checked


def test_unpacking_again_changes_nothing(shelf: Shelf, deployed: Deployed, tmp_path: Path):
    file = make_release(tmp_path)
    shelf.install(file, CHECK)
    before = everything_in(deployed.root)
    shelf.install(file, CHECK)
    assert everything_in(deployed.root) == before


def test_the_release_in_use_becomes_the_previous_one(shelf: Shelf, tmp_path: Path):
    one, two, three = (
        shelf.install(make_release(tmp_path, version), CHECK).name
        for version in ("1.0.0", "1.1.0", "1.2.0")
    )
    shelf.switch(one)
    assert (shelf.current(), shelf.previous()) == (one, "")
    shelf.switch(two)
    assert (shelf.current(), shelf.previous()) == (two, one)
    shelf.switch(two)
    assert (shelf.current(), shelf.previous()) == (two, one)
    shelf.switch(three)
    assert shelf.remove_others() == [one]
    assert shelf.names() == sorted([two, three])


def test_what_is_not_there_is_not_put_into_use(shelf: Shelf, tmp_path: Path):
    one = shelf.install(make_release(tmp_path), CHECK).name
    shelf.switch(one)
    for name in ("1.1.0-00000000", "", ".", "..", "../../etc", f".new-{one}"):
        with pytest.raises(NoSuchRelease):
            shelf.switch(name) if name else shelf.manifest(name)
    assert shelf.current() == one


def test_what_a_power_cut_left_is_removed(shelf: Shelf, deployed: Deployed, tmp_path: Path):
    file = make_release(tmp_path)
    left = deployed.releases / ".new-1.0.0-12345678"
    left.mkdir(parents=True)
    (left / "half").write_text("x")
    (deployed.releases / ".tree-1.0.0-12345678").write_text("x")
    name = shelf.install(file, CHECK).name
    assert [path.name for path in deployed.releases.iterdir()] == [name]


# --- what is refused ------------------------------------------------------------------------


def test_another_makers_release_is_refused(shelf: Shelf, deployed: Deployed, tmp_path: Path):
    forged, _ = release_key.generate()
    with pytest.raises(ReleaseRefused, match="not signed by the maker"):
        shelf.install(make_release(tmp_path, private=forged), CHECK)
    assert not deployed.releases.exists()


def test_a_release_for_another_machine_is_refused(shelf: Shelf, tmp_path: Path):
    with pytest.raises(ReleaseRefused, match="built for cp313-linux-armv7l; this device needs"):
        shelf.install(make_release(tmp_path, platform="cp313-linux-armv7l"), CHECK)


def test_without_room_nothing_is_begun(shelf: Shelf, tmp_path: Path, monkeypatch):
    file = make_release(tmp_path, unpacked_bytes=2_000_000_000)
    full = shelves.shutil._ntuple_diskusage(10, 5, 5_000_000)
    monkeypatch.setattr(shelves.shutil, "disk_usage", lambda _: full)
    with pytest.raises(NoRoomForRelease, match=r"needs 4001 MB of disk .* 5 MB are free"):
        shelf.install(file, CHECK)
    assert shelf.names() == []


def test_a_manifest_that_states_the_impossible_is_refused(shelf: Shelf, tmp_path: Path):
    with pytest.raises(ReleaseRefused, match="not as it should be"):
        shelf.install(make_release(tmp_path, unpacked_bytes=10**18), CHECK)


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    return make_release(tmp_path_factory.mktemp("whole")).read_bytes()


@settings(max_examples=60)
@given(data=st.data())
def test_a_flipped_bit_anywhere_is_noticed_or_harmless(whole: bytes, data, tmp_path_factory):
    folder = tmp_path_factory.mktemp("flipped")
    place = data.draw(st.integers(0, len(whole) - 1))
    damaged = bytearray(whole)
    damaged[place] ^= 1 << data.draw(st.integers(0, 7))
    file = folder / "x.release"
    file.write_bytes(damaged)
    shelf = Shelf(Deployed(folder / "root"))
    try:
        name = shelf.install(file, CHECK).name
    except DeviceError:
        assert shelf.names() == []
    else:
        # Padding and times of the outer tar say nothing about the release.
        assert (shelf.folder(name) / "VERSION").read_text() == "1.0.0\n"


@given(st.integers(0, 20_000))
@settings(max_examples=30)
def test_a_release_cut_off_anywhere_is_refused(whole: bytes, tmp_path_factory, length: int):
    folder = tmp_path_factory.mktemp("cut")
    file = folder / "x.release"
    file.write_bytes(whole[: min(length, 512 * ((len(whole) - 10240) // 512))])
    with pytest.raises(DeviceError):
        Shelf(Deployed(folder / "root")).install(file, CHECK)


def archive(folder: Path, *members: tarfile.TarInfo, content: bytes = b"") -> Path:
    packed = folder / "hostile.tar.gz"
    start = tarfile.TarInfo("bin/haochaping")
    start.mode = 0o755
    with tarfile.open(packed, "w:gz") as tar:
        tar.addfile(start)
        for member in members:
            member.size = len(content) if member.isreg() else 0
            tar.addfile(member, io.BytesIO(content))
    return sign_archive(folder, packed)


def member(name: str, kind: bytes = tarfile.REGTYPE, link: str = "") -> tarfile.TarInfo:
    info = tarfile.TarInfo(name)
    info.type, info.linkname, info.mode = kind, link, 0o6777
    return info


@pytest.mark.parametrize(
    "bad",
    [
        [member("../outside")],
        [member("/etc/outside")],
        [member("lib/../../outside")],
        [member("lib/a"), member("lib/a")],
        [member("lib/link", tarfile.SYMTYPE, "/etc")],
        [member("systemd/link", tarfile.SYMTYPE, "../../../etc")],
        [member("systemd/link", tarfile.SYMTYPE, "/etc/shadow")],
        [member("systemd/l", tarfile.SYMTYPE, "x"), member("systemd/l/inside")],
        [member("lib/hard", tarfile.LNKTYPE, "bin/haochaping")],
        [member("lib/null", tarfile.CHRTYPE)],
        [member("lib/pipe", tarfile.FIFOTYPE)],
        [member("lib/new\nline")],
        [member("x" * 300)],
        [member("bin/haochaping/inside")],
    ],
    ids=lambda bad: bad[-1].name[:20].replace("\n", "-") + bad[-1].linkname.replace("/", "_"),
)
def test_an_archive_that_reaches_outside_is_refused_even_if_signed(
    shelf: Shelf, deployed: Deployed, tmp_path: Path, bad: list[tarfile.TarInfo]
):
    with pytest.raises(ReleaseRefused):
        shelf.install(archive(tmp_path, *bad, content=b"x"), CHECK)
    assert shelf.names() == []
    assert not (tmp_path / "outside").exists()
    shelf.tidy()
    assert list(deployed.releases.iterdir()) == []


def test_a_bomb_is_refused_at_the_size_that_was_stated(shelf: Shelf, tmp_path: Path):
    with pytest.raises(ReleaseRefused, match="more than the 100000 bytes"):
        shelf.install(archive(tmp_path, member("lib/bomb"), content=b"\0" * 5_000_000), CHECK)


def test_rights_and_owners_are_ours_and_not_the_archives(shelf: Shelf, tmp_path: Path):
    name = shelf.install(archive(tmp_path, member("lib/x.sh"), content=b"x"), CHECK).name
    found = (shelf.folder(name) / "lib/x.sh").stat()
    assert stat.S_IMODE(found.st_mode) == 0o755
    assert found.st_uid == os.geteuid()


def test_a_link_or_a_pipe_in_the_place_of_a_release_is_not_opened(shelf: Shelf, tmp_path: Path):
    genuine = make_release(tmp_path)
    link, pipe = tmp_path / "link.release", tmp_path / "pipe.release"
    link.symlink_to(genuine)
    os.mkfifo(pipe)
    for file in (link, pipe, tmp_path, tmp_path / "none"):
        with pytest.raises(ReleaseRefused):
            shelf.install(file, CHECK)


def test_a_file_that_changes_between_check_and_use_is_refused(
    shelf: Shelf, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    """The inbox is the agent's, which may be anybody's by then."""
    file = make_release(tmp_path, files={"lib/large": os.urandom(300_000).hex()})

    def swap(manifest, tree, take):
        content = bytearray(file.read_bytes())
        content[200_000] ^= 1
        file.write_bytes(content)
        read_tree(manifest, tree, take)

    monkeypatch.setattr(shelves, "read_tree", swap)
    with pytest.raises(ReleaseRefused, match="not the one that the manifest was signed for"):
        shelf.install(file, CHECK)
    assert shelf.names() == []


# --- openssl --------------------------------------------------------------------------------


def test_openssl_agrees_with_cryptography(tmp_path: Path):
    key = tmp_path / "release.pem"
    key.write_bytes(PUBLIC)
    check = openssl_check(key)
    file = make_release(tmp_path)
    Shelf(Deployed(tmp_path / "root")).install(file, check)
    forged, _ = release_key.generate()
    with pytest.raises(BadSignature, match="whose key this device holds"):
        check(release_key.sign(forged, b"words"), b"words")
    with pytest.raises(BadSignature):
        check(bytes(64), b"words")


def test_a_missing_key_or_openssl_is_said_and_nothing_passes(tmp_path: Path):
    key = tmp_path / "release.pem"
    with pytest.raises(NoOpenssl, match="is missing"):
        openssl_check(key)(bytes(64), b"")
    key.write_text("no key")
    with pytest.raises(NoOpenssl, match="could not check"):
        openssl_check(key)(bytes(64), b"")
    key.write_bytes(PUBLIC)
    with pytest.raises(NoOpenssl, match="could not be checked"):
        openssl_check(key, "no-such-openssl")(bytes(64), b"")
