"""A release made of this very source: signed, the same each time, and it runs by itself."""

import os
import stat
import subprocess
import sys
import tarfile
from collections.abc import Iterator
from pathlib import Path, PurePosixPath

import pytest

from device.releases.shelf import Shelf
from device.releases.units import install_system_files
from device.store.deployed import Deployed
from protocol import release_key
from protocol.releases import this_platform
from provisioning import release_build, release_cli, release_wheels
from provisioning.release_build import SOURCE, Built, CannotBuild, build, commit_time, examine, pack
from provisioning.release_wheels import WheelsMissing, is_used, locked

PRIVATE, PUBLIC = release_key.generate()


@pytest.fixture(scope="module")
def epoch() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("SOURCE_DATE_EPOCH", "1790000000")
        yield


@pytest.fixture(scope="module")
def built(epoch: None, tmp_path_factory: pytest.TempPathFactory) -> Built:
    folder = tmp_path_factory.mktemp("built")
    return build(folder, PRIVATE, this_platform(), version="9.8.7", from_environment=True, level=1)


@pytest.fixture(scope="module")
def installed(built: Built, tmp_path_factory: pytest.TempPathFactory) -> Deployed:
    deployed = Deployed(tmp_path_factory.mktemp("device"))
    shelf = Shelf(deployed)
    shelf.switch(shelf.install(built.file, release_key.check_with(PUBLIC)).name)
    return deployed


def python(deployed: Deployed, program: str) -> str:
    """What a Python without any other library says, with those of the release alone."""
    library = (deployed.current / "lib").resolve()
    words = [sys.executable, "-I", "-S", "-c", f"import sys; sys.path.insert(0, {str(library)!r})"]
    words[-1] += "\n" + program
    done = subprocess.run(words, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr[-2000:]
    return done.stdout.strip()


def test_the_release_starts_and_says_its_version(installed: Deployed):
    start = installed.current / "bin/haochaping"
    done = subprocess.run([start, "--version"], capture_output=True, text=True)
    assert (done.stdout, done.stderr) == ("haochaping 9.8.7\n", "")
    assert start.read_text().startswith("#!/usr/bin/python3 -I\n")


def test_the_release_knows_itself_as_the_one_in_use(installed: Deployed):
    start = installed.current / "bin/haochaping"
    words = [start, "update", "--status", "--root", str(installed.root)]
    done = subprocess.run(words, capture_output=True, text=True)
    assert done.stdout.startswith("in use        9.8.7-")


def test_what_belongs_elsewhere_is_said_not_to_be_there(installed: Deployed):
    start = installed.current / "bin/haochaping"
    for command in ("central", "release", "demo"):
        done = subprocess.run([start, command], capture_output=True, text=True)
        assert done.returncode == 1
        assert done.stderr == (
            f"haochaping {command}: not part of what a device runs; do this elsewhere\n"
        )


def test_everything_a_device_runs_finds_its_libraries(installed: Deployed):
    """What was left out of the libraries must be of no use to any module of the device."""
    program = """
import importlib, os, pkgutil
os.environ["PYGAME_HIDE_SUPPORT_PROMPT"] = "1"
import device, protocol
for room in (device, protocol):
    for module in pkgutil.walk_packages(room.__path__, room.__name__ + "."):
        importlib.import_module(module.name)
import gpiod, gpiozero.pins.mock, litestar, qrcode, sqlite_utils, uvicorn
from importlib.metadata import entry_points
assert entry_points(group="gpiozero_pin_factories")
print(device.__file__, device.__version__)
"""
    where, version = python(installed, program).split()
    assert Path(where).is_relative_to(installed.releases.resolve())
    assert version == "9.8.7"


def test_a_running_release_keeps_its_libraries_when_another_comes_into_use(installed: Deployed):
    program = (installed.current / "bin/haochaping").read_text()
    assert "resolve()" in program  # `current` may lead elsewhere a moment later


def test_the_devices_texts_fonts_and_units_are_in_it(installed: Deployed, tmp_path: Path):
    assets = installed.current / "lib/ui_assets"
    assert (assets / "texts/zh-CN.json").is_file()
    assert (assets / "fonts/NotoSansSC-Regular.otf").is_file()
    assert not (assets / "phone").exists()
    assert not (installed.current / "lib/central").exists()
    assert not (installed.current / "lib/pip").exists()
    changed = install_system_files(installed.current / "systemd", tmp_path)
    assert tmp_path / "etc/systemd/system/haochaping-kiosk.service" in changed


def test_a_release_says_what_it_needs_on_disk(built: Built, installed: Deployed):
    folder = installed.current.resolve()
    used = sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())
    assert built.manifest.unpacked_bytes < 2 * used
    assert used < 2 * built.manifest.unpacked_bytes


# --- made the same each time ----------------------------------------------------------------


def tree(folder: Path, names: list[str]) -> Path:
    for name in names:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(name)
    return folder


def test_the_same_tree_gives_the_same_bytes(tmp_path: Path):
    names = ["b/c", "a", "b.txt", "b/a"]
    first = tree(tmp_path / "one", names)
    second = tree(tmp_path / "two", names[::-1])
    os.utime(second / "a", (1, 1))
    pack(first, tmp_path / "1", 1_790_000_000)
    pack(second, tmp_path / "2", 1_790_000_000)
    assert (tmp_path / "1").read_bytes() == (tmp_path / "2").read_bytes()
    with tarfile.open(tmp_path / "1") as packed:
        members = packed.getmembers()
    assert [member.name for member in members] == ["a", "b", "b.txt", "b/a", "b/c"]
    assert {(m.uid, m.gid, m.mtime) for m in members} == {(0, 0, 1_790_000_000)}


def test_the_time_is_that_of_the_commit_or_as_said(tmp_path: Path, monkeypatch):
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "1234567890")
    assert commit_time(tmp_path) == 1_234_567_890
    monkeypatch.delenv("SOURCE_DATE_EPOCH")
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(tmp_path.parent))
    with pytest.raises(CannotBuild, match="set SOURCE_DATE_EPOCH"):
        commit_time(tmp_path)


# --- the libraries --------------------------------------------------------------------------


def test_what_a_device_never_uses_is_left_out():
    for name in (
        "pip/__init__.py",
        "pip-26.3.dist-info/METADATA",
        "pygame/docs/index.html",
        "pygame/tests/x.py",
        "anyio/py.typed",
        "gpiozero/pins/x.pyi",
        "click/__pycache__/x.pyc",
        "cbor2-6.3.0.dist-info/RECORD",
    ):
        assert not is_used(PurePosixPath(name)), name
    for name in (
        "pygame/__init__.py",
        "pygame_ce.libs/libSDL2-2-fa.so.0",
        "gpiozero-2.0.1.dist-info/entry_points.txt",
        "cbor2-6.3.0.dist-info/METADATA",
        "cbor2-6.3.0.dist-info/licenses/LICENSE.txt",
        "certifi/cacert.pem",
    ):
        assert is_used(PurePosixPath(name)), name


def test_the_devices_lock_names_the_same_versions_as_the_common_one():
    device = dict(locked(SOURCE / "requirements/device.txt"))
    common = dict(locked(SOURCE / "requirements/run.txt"))
    assert {"pygame-ce", "cryptography", "litestar", "gpiod"} <= device.keys()
    assert device.items() <= common.items()


def test_the_devices_lock_holds_hashes_and_no_address():
    text = (SOURCE / "requirements/device.txt").read_text()
    assert "--hash=sha256:" in text
    assert "://" not in text


def test_libraries_of_this_machine_are_not_passed_off_as_anothers(tmp_path: Path):
    lock = tmp_path / "lock.txt"
    lock.write_text("cbor2==0.0.1 \\\n")
    with pytest.raises(WheelsMissing, match="needs wheels"):
        release_wheels.from_environment(lock, "cp313-linux-armv7l", tmp_path)
    with pytest.raises(WheelsMissing, match=r"is installed, not 0\.0\.1"):
        release_wheels.from_environment(lock, this_platform(), tmp_path)


def test_wheels_that_cannot_be_had_are_named(tmp_path: Path):
    lock = tmp_path / "lock.txt"
    lock.write_text("cbor2==0.0.1 --hash=sha256:" + "0" * 64 + "\n")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PIP_NO_INDEX", "1")
        with pytest.raises(WheelsMissing, match=r"no wheels for cp313-linux-aarch64: .*cbor2"):
            release_wheels.fetch(lock, "cp313-linux-aarch64", tmp_path / "lib")


# --- the commands ---------------------------------------------------------------------------


def test_a_key_is_made_once_and_readable_by_its_owner_alone(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
):
    key = tmp_path / "maker.pem"
    assert release_cli.main(["keygen", str(key)]) == 0
    assert stat.S_IMODE(key.stat().st_mode) == 0o600
    public = tmp_path / "maker.pub.pem"
    assert release_key.public_of(key.read_bytes()) == public.read_bytes()
    before = key.read_bytes()
    assert release_cli.main(["keygen", str(key)]) == 1
    public.unlink()
    assert release_cli.main(["keygen", str(key)]) == 1
    said = capsys.readouterr()
    assert "is there already" in said.err
    assert key.read_bytes() == before
    assert before.splitlines()[1].decode() not in said.out + said.err


def test_a_release_is_shown_and_checked(
    built: Built, tmp_path: Path, capsys: pytest.CaptureFixture[str]
):
    key, other = tmp_path / "maker.pub.pem", tmp_path / "other.pub.pem"
    key.write_bytes(PUBLIC)
    other.write_bytes(release_key.generate()[1])
    assert release_cli.main(["show", str(built.file), "--key", str(key)]) == 0
    said = capsys.readouterr().out
    assert built.manifest.name in said
    assert "genuine" in said
    assert "lib/pygame" in said
    assert "2026-09-21" in said
    assert release_cli.main(["verify", str(built.file), "--key", str(key)]) == 0
    assert "genuine and whole" in capsys.readouterr().out
    assert release_cli.main(["verify", str(built.file), "--key", str(other)]) == 1
    assert "not signed by the maker" in capsys.readouterr().err
    damaged = tmp_path / "damaged.release"
    content = bytearray(built.file.read_bytes())
    content[-20_000] ^= 1
    damaged.write_bytes(content)
    assert release_cli.main(["verify", str(damaged), "--key", str(key)]) == 1
    assert "not the one that the manifest was signed for" in capsys.readouterr().err


def test_mistakes_are_said_before_anything_long_begins(tmp_path: Path, capsys):
    key = tmp_path / "maker.pem"
    key.write_bytes(PUBLIC)
    words = ["build", "--out", str(tmp_path), "--key", str(key)]
    assert release_cli.main(words) == 1
    assert "the key cannot sign: no private key in PEM" in capsys.readouterr().err
    assert release_cli.main([*words[:-1], str(tmp_path / "none.pem")]) == 1
    assert "none.pem" in capsys.readouterr().err
    with pytest.raises(CannotBuild, match="a checkout of the source"):
        build(tmp_path, PRIVATE, this_platform(), source=tmp_path)


@pytest.mark.parametrize(
    ("version", "platform"), [("1.0/../x", this_platform()), ("", "amiga"), ("9.9.9", "cp313-x")]
)
def test_a_release_nobody_could_take_is_not_made(
    epoch: None, tmp_path: Path, monkeypatch, version: str, platform: str
):
    monkeypatch.setattr(release_wheels, "fetch", lambda *_: None)
    monkeypatch.setattr(release_build, "PACKAGES", ("device",))
    with pytest.raises(CannotBuild):
        build(tmp_path, PRIVATE, platform, version=version)
    assert list(tmp_path.iterdir()) == []


def test_without_a_key_a_file_can_be_looked_at(built: Built):
    manifest, sizes = examine(built.file, None)
    assert manifest == built.manifest
    assert sizes[0][1] > 1_000_000
