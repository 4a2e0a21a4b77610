"""System files come and go with their release, and nothing else is touched."""

from pathlib import Path

import pytest
from small_releases import everything_in

from device.releases import units
from device.releases.units import NotASystemFile, changes_pending, install_system_files
from device.store.disk import DiskTrouble


@pytest.fixture
def root(tmp_path: Path) -> Path:
    (tmp_path / "root/etc/systemd/system").mkdir(parents=True)
    (tmp_path / "root/etc/systemd/system/ssh.service").write_text("not ours")
    return tmp_path / "root"


def tree(folder: Path, **files: str) -> Path:
    for name, text in files.items():
        path = folder / "etc/systemd/system" / name.replace("__", "/").replace("_", ".")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.symlink_to(text[3:]) if text.startswith("-> ") else path.write_text(text)
    return folder


def listed(root: Path) -> set[str]:
    return set(everything_in(root / "etc/systemd/system"))


def test_a_newer_release_replaces_adds_and_removes(root: Path, tmp_path: Path):
    old = tree(tmp_path / "old", a_service="1", b_service="1")
    new = tree(tmp_path / "new", a_service="2", c_service="1")
    install_system_files(old, root)
    changed = install_system_files(new, root)
    assert [path.name for path in changed] == ["a.service", "b.service", "c.service"]
    assert listed(root) == {"a.service", "c.service", "ssh.service"}
    assert (root / "etc/systemd/system/a.service").read_text() == "2"


def test_going_back_leaves_what_was_before(root: Path, tmp_path: Path):
    old = tree(tmp_path / "old", a_service="1", b_service="1")
    new = tree(tmp_path / "new", a_service="2", c_service="1")
    install_system_files(old, root)
    before = everything_in(root)
    install_system_files(new, root)
    install_system_files(old, root)
    assert everything_in(root) == before


def test_what_is_as_it_should_be_is_not_written(root: Path, tmp_path: Path, monkeypatch):
    old = tree(tmp_path / "old", a_service="1")
    install_system_files(old, root)
    assert not changes_pending(old, root)

    def refuse(*_):
        raise OSError(30, "Read-only file system")

    monkeypatch.setattr(units, "write_durably", refuse)
    assert install_system_files(old, root) == []
    with pytest.raises(DiskTrouble, match="Read-only"):
        install_system_files(tree(tmp_path / "new", a_service="2"), root)


def test_units_are_enabled_and_masked_by_links(root: Path, tmp_path: Path):
    new = tree(tmp_path / "new", x_wants__a_service="-> ../a.service", getty_service="-> /dev/null")
    install_system_files(new, root)
    here = root / "etc/systemd/system"
    assert str((here / "x.wants/a.service").readlink()) == "../a.service"
    assert str((here / "getty.service").readlink()) == "/dev/null"
    assert install_system_files(new, root) == []
    install_system_files(tree(tmp_path / "none"), root)
    assert listed(root) == {"ssh.service", "x.wants"}


@pytest.mark.parametrize(
    "place",
    ["usr/bin/x", "etc/shadow", "etc/haochaping/device.toml", "home/x", "etc/passwd"],
)
def test_a_release_may_not_bring_files_elsewhere(root: Path, tmp_path: Path, place: str):
    before = everything_in(root)
    (tmp_path / "new" / place).parent.mkdir(parents=True)
    (tmp_path / "new" / place).write_text("x")
    with pytest.raises(NotASystemFile, match=place):
        install_system_files(tmp_path / "new", root)
    assert everything_in(root) == before


def test_a_power_cut_between_any_two_files_is_made_good(root: Path, tmp_path: Path, monkeypatch):
    old = tree(tmp_path / "old", a_service="1", b_service="1", d_service="-> /dev/null")
    new = tree(tmp_path / "new", a_service="2", c_service="1", d_service="1")
    install_system_files(new, root)
    wanted = everything_in(root)
    put, wrote = units.sync_folder, units.write_durably
    for cut in range(20):
        install_system_files(old, root)
        left = [cut]

        def count(left=left):
            left[0] -= 1
            if left[0] < 0:
                raise KeyboardInterrupt

        with monkeypatch.context() as patch:
            patch.setattr(units, "sync_folder", lambda f, count=count: (count(), put(f)))
            patch.setattr(
                units, "write_durably", lambda *words, count=count: (count(), wrote(*words))
            )
            try:
                install_system_files(new, root)
            except KeyboardInterrupt:
                pass
            else:
                assert cut > 4
                break
        install_system_files(new, root)
        assert everything_in(root) == wanted
    else:
        pytest.fail("it never ended")
