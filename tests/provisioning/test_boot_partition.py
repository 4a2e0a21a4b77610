"""What is written to as root must prove that it is a card's boot partition."""

from pathlib import Path

import pytest
from cards_rig import boot_tree

from provisioning import boot_partition
from provisioning.boot_partition import Mount, check_room, look_at
from provisioning.errors import NoRoom, NotABootPartition


@pytest.fixture
def place(tmp_path: Path) -> Path:
    boot_tree(tmp_path / "bootfs")
    return tmp_path / "bootfs"


def card(place: Path, **changes: object) -> list[Mount]:
    """What is mounted on this machine, a card among it."""
    mounted = Mount(place, "vfat", "179:1", False)._replace(**changes)
    return [Mount(Path("/"), "ext4", "8:1", False), mounted]


def test_the_boot_partition_of_a_card_is_taken(place: Path):
    found = look_at(place, card(place))
    assert found.root == place and found.has_cloud_init


def test_an_image_without_cloud_init_is_told_apart(tmp_path: Path):
    boot_tree(tmp_path / "b", cloud_init=False)
    assert not look_at(tmp_path / "b", card(tmp_path / "b")).has_cloud_init


def test_a_link_to_the_mount_is_the_mount(place: Path, tmp_path: Path):
    (tmp_path / "link").symlink_to(place)
    assert look_at(tmp_path / "link", card(place)).root == place


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({"kind": "ext4"}, "of the kind ext4"),
        ({"kind": "exfat"}, "of the kind exfat"),
        ({"read_only": True}, "lock switch"),
        ({"device": "8:1"}, "this machine's own"),
        ({"point": Path("/elsewhere")}, "no mounted partition"),
    ],
)
def test_everything_else_is_refused_with_a_reason(
    place: Path, changes: dict[str, object], why: str
):
    with pytest.raises(NotABootPartition, match=why):
        look_at(place, card(place, **changes))


@pytest.mark.parametrize("name", ["config.txt", "cmdline.txt", "kernel8.img"])
def test_a_stick_is_no_boot_partition(place: Path, name: str):
    (place / name).unlink()
    with pytest.raises(NotABootPartition, match="no boot partition of a Raspberry Pi"):
        look_at(place, card(place))


def test_firmware_is_looked_for_too(place: Path):
    (place / "start4.elf").unlink()
    (place / "bootcode.bin").unlink()
    with pytest.raises(NotABootPartition, match="firmware"):
        look_at(place, card(place))


@pytest.mark.parametrize("path", ["/", str(Path.home()), "/no/such/place"])
def test_no_place_of_this_machine_is_taken(path: str):
    with pytest.raises(NotABootPartition):
        look_at(Path(path))


def test_a_folder_is_told_how_to_be_used_instead(place: Path):
    with pytest.raises(NotABootPartition, match="--folder"):
        look_at(place)


def test_mounts_are_read_as_the_kernel_writes_them(tmp_path: Path):
    table = tmp_path / "mountinfo"
    table.write_text(
        "22 1 8:1 / / rw,relatime shared:1 - ext4 /dev/sda1 rw\n"
        "90 22 179:1 / /media/me/my\\040card ro,nosuid shared:2 - vfat /dev/sdb1 rw,utf8\n"
        "nonsense\n",
        encoding="utf-8",
    )
    root, stick = boot_partition.mounts(table)
    assert root == Mount(Path("/"), "ext4", "8:1", False)
    assert stick == Mount(Path("/media/me/my card"), "vfat", "179:1", True)


def test_this_machine_says_what_is_mounted():
    assert Path("/") in [mount.point for mount in boot_partition.mounts()]


def test_more_than_fits_is_refused_before_it_is_written(tmp_path: Path):
    check_room(tmp_path, 1)
    with pytest.raises(NoRoom, match="MiB are needed"):
        check_room(tmp_path, 1 << 60)
