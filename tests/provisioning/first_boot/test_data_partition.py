"""The data partition: found, made, kept; nobody else's is ever formatted."""

import os
import shutil
import subprocess

import pytest
from machine_rig import Machine, PowerCut, write_card

from provisioning.first_boot.errors import SetupFailed, SetupStopped
from provisioning.first_boot.tools import Tools

MiB = 1 << 20


def formatted(machine) -> list[str]:
    return [words[-1] for words in machine.commands if words[0] == "mkfs.ext4"]


def change_disk(machine, **changed) -> None:
    machine.save_disk({**machine.read_disk(), **changed})


def no_data(machine) -> str:
    with pytest.raises(SetupStopped) as caught:
        machine.try_once()
    assert caught.value.state == "NO_DATA"
    assert not formatted(machine)
    return str(caught.value)


def test_it_is_made_in_the_free_space_and_mounted_at_every_boot(machine):
    machine.run_first_boot()
    made = machine.read_disk()["partitions"][2]
    assert made["start"] % 8192 == 0 and made["size"] > 20_000_000
    assert formatted(machine) == ["/dev/mmcblk0p3"]
    assert "UUID=d47a\t/var/lib/haochaping\text4" in (machine.root / "etc/fstab").read_text()


def test_one_that_is_there_is_checked_mounted_and_not_formatted(machine):
    disk = machine.read_disk()
    disk["partitions"].append(
        {"node": "/dev/mmcblk0p3", "start": 6000000, "size": 4000000, "type": "83"}
    )
    disk["lies"]["/dev/mmcblk0p3"] = {"TYPE": "ext4", "LABEL": "haochaping", "UUID": "old"}
    machine.save_disk(disk)
    machine.run_first_boot()
    assert formatted(machine) == []
    assert ("e2fsck", "-p", "/dev/mmcblk0p3") in machine.commands
    assert "UUID=old" in (machine.root / "etc/fstab").read_text()


def test_data_of_an_earlier_set_up_in_the_free_space_are_kept(machine):
    lies = machine.read_disk()["lies"]
    change_disk(
        machine,
        lies={**lies, "/dev/mmcblk0p3": {"TYPE": "ext4", "LABEL": "haochaping", "UUID": "old"}},
    )
    machine.run_first_boot()
    assert formatted(machine) == []
    assert any("are kept" in line for line in machine.said)


def test_that_all_was_done_in_an_earlier_life_is_not_believed(machine):
    lies = machine.read_disk()["lies"]
    change_disk(
        machine,
        lies={**lies, "/dev/mmcblk0p3": {"TYPE": "ext4", "LABEL": "haochaping", "UUID": "old"}},
    )
    done = machine.root / "var/lib/haochaping/applied.json"
    done.parent.mkdir(parents=True)
    done.write_bytes((machine.places.card / "card.json").read_bytes())
    machine.failing["systemd-sysusers"] = "no"
    with pytest.raises(SetupFailed):
        machine.try_once()
    assert not done.exists()


def test_other_peoples_partitions_are_never_formatted(machine):
    disk = machine.read_disk()
    disk["partitions"].append(
        {"node": "/dev/mmcblk0p3", "start": 6000000, "size": 26500000, "type": "83"}
    )
    disk["lies"]["/dev/mmcblk0p3"] = {"TYPE": "ext4", "LABEL": "photos", "UUID": "p"}
    machine.save_disk(disk)
    assert "are free behind the last partition" in no_data(machine)


def test_a_small_card_has_no_room(machine):
    change_disk(machine, size=3 << 30)
    assert "1024 MiB are needed" in no_data(machine)


def test_a_full_table_of_partitions_is_said(machine):
    disk = machine.read_disk()
    for number in (3, 4):
        disk["partitions"].append(
            {"node": f"/dev/mmcblk0p{number}", "start": 6000000 + number, "size": 1, "type": "83"}
        )
    machine.save_disk(disk)
    assert "no place left" in no_data(machine)


def test_a_root_that_lies_on_no_disk_is_said(machine, monkeypatch):
    monkeypatch.setattr(machine, "_findmnt", lambda *_: "overlay\n")
    assert "no disk" in no_data(machine)


def test_memory_in_its_place_is_refused(machine):
    mounts = machine.root / "proc/self/mounts"
    mounts.write_text(f"{mounts.read_text()}tmpfs /var/lib/haochaping tmpfs rw 0 0\n")
    assert "a reboot empties" in no_data(machine)


def test_damage_that_cannot_be_repaired_by_itself_is_repaired_as_far_as_it_goes(machine):
    machine.run_first_boot()
    (machine.root / "etc/fstab").write_text("PARTUUID=1-02\t/\text4\tdefaults\t0\t1\n")
    machine.boot()
    machine.failing["e2fsck -p"] = "needs a human"
    machine.run_first_boot()
    assert ("e2fsck", "-f", "-y", "/dev/mmcblk0p3") in machine.commands
    assert formatted(machine) == ["/dev/mmcblk0p3"]  # at the very first time


# --- with the system's own programs on a disk of its own --------------------------------------


class RealDisk(Machine):
    """The same machine, whose disk is a file that the real programs work on."""

    real = Tools()

    def make_disk(self, size: int) -> None:
        self.image = self.root.parent / "disk.img"
        with self.image.open("wb") as file:
            file.truncate(size)
        self.real.run("sfdisk", str(self.image), given="label: dos\nstart=8192, size=65536\n")
        (self.root.parent / "disk.img1").touch()

    def _lsblk(self, _words, _given):
        return "/disk.img\n"

    def _really(self, words, given):
        words = [word.replace("/dev//disk.img", str(self.image)) for word in words]
        return self.real.run(*words, given=given, right=range(256) if words[0] == "blkid" else (0,))

    _sfdisk = _blkid = _mkfs_ext4 = _e2fsck = _really

    def _blockdev(self, _words, _given):
        return str(self.image.stat().st_size)

    def _partx(self, words, _given):
        # What the kernel does: a file per partition, with what lies on the disk there.
        node = self.image.with_name(f"disk.img{words[3]}")
        if not node.exists():
            with node.open("wb") as file:
                file.truncate(1200 * MiB)


@pytest.fixture
def real(tmp_path):
    for program in ("sfdisk", "mkfs.ext4", "e2fsck", "blkid"):
        if shutil.which(program, path=f"{os.environ['PATH']}:/usr/sbin:/sbin") is None:
            pytest.skip(f"{program} is needed (see system-packages.txt)")
    (tmp_path / "machine").mkdir()
    machine = RealDisk(tmp_path / "machine")
    machine.make_disk(1400 * MiB)
    return machine


def e2label(machine) -> str:
    told = subprocess.run(
        [
            "/usr/sbin/blkid",
            "-p",
            "-o",
            "value",
            "-s",
            "LABEL",
            machine.image.with_name("disk.img2"),
        ],
        capture_output=True,
        text=True,
        check=True,
    )
    return told.stdout.strip()


def test_the_real_programs_make_a_real_partition_once(real):
    write_card(real.places.card)
    real.run_first_boot()
    assert e2label(real) == "haochaping"
    table = real.real.run("sfdisk", "--json", str(real.image))
    assert table.count('"node"') == 2
    uuid = (real.root / "etc/fstab").read_text().split("UUID=")[3].split()[0]
    assert len(uuid) == 36
    # The system is written anew; the partition is still there, and is used as it is.
    (real.root / "etc/fstab").write_text("PARTUUID=1-02\t/\text4\tdefaults\t0\t1\n")
    real.boot()
    real.commands.clear()
    real.run_first_boot()
    assert uuid in (real.root / "etc/fstab").read_text()
    assert not formatted(real)


def test_a_power_cut_after_the_table_was_written_is_gone_on_from(real):
    write_card(real.places.card)
    at = 0
    while True:
        at += 10
        try:
            real.run_first_boot(cut_at=at)
        except PowerCut:
            real.boot()
            if any("--append" in words for words in real.commands):
                break
    real.run_first_boot()
    assert e2label(real) == "haochaping"
    assert real.real.run("sfdisk", "--json", str(real.image)).count('"node"') == 2
