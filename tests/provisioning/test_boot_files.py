"""The image's own two files: ours in them once, and nothing of others' lost."""

import subprocess
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from provisioning.boot_files import (
    BEGIN,
    END,
    FIRST_RUN_SCRIPT,
    Plan,
    cmdline_txt,
    config_txt,
)
from provisioning.errors import BadCard

TRIXIE = "console=serial0,115200 console=tty1 root=PARTUUID=8acef004-02 rootfstype=ext4 "
TRIXIE += "fsck.repair=yes rootwait resize\n"
BOOKWORM = "console=tty1 root=PARTUUID=4e639091-02 rootwait quiet "
BOOKWORM += "init=/usr/lib/raspberrypi-sys-mods/firstboot\n"
PLAN = Plan(own_partition=True, instance="haochaping-w12-1a2b3c4d")
lines = st.lists(
    st.text(st.characters(exclude_characters="\r\n", exclude_categories=["Cs"])).filter(
        lambda line: not line.startswith("# haochaping:")
    )
)


@given(lines, st.lists(st.from_regex(r"dtoverlay=[a-z0-9,-]{1,20}", fullmatch=True)))
def test_a_second_time_changes_nothing_and_loses_nothing(theirs: list[str], ours: list[str]):
    before = "\n".join(theirs)
    once = config_txt(before, ours)
    assert config_txt(once, ours) == once
    kept = once[: once.index(BEGIN)].split("\n")
    assert [line for line in kept if line.strip()] == [line for line in theirs if line.strip()]
    assert once.count(BEGIN) == once.count(END) == 1


def test_a_comment_in_chinese_stays_one_line():
    """In UTF-8 the character has a byte that some would take for the end of a line."""
    assert config_txt("# 维护者: gpu_mem=16\r\nx=1\n", []).startswith("# 维护者: gpu_mem=16\nx=1\n")


def test_a_new_panel_takes_the_place_of_the_old_one():
    once = config_txt("dtparam=audio=on\n[cm5]\n", ["dtoverlay=old"])
    again = config_txt(once + "# mine\n", ["dtoverlay=new"])
    assert "dtoverlay=old" not in again
    assert again.index("# mine") < again.index(BEGIN)


def test_ours_is_meant_for_every_board_whatever_section_comes_before():
    text = config_txt("[cm5]\ndtoverlay=dwc2\n", ["dtoverlay=panel"])
    assert text.index("[all]") < text.index("dtoverlay=panel")


@pytest.mark.parametrize("broken", [f"{BEGIN}\nx=1\n", f"{END}\n", f"{BEGIN}\n{BEGIN}\n{END}\n"])
def test_a_block_that_was_cut_through_is_not_guessed_at(broken: str):
    with pytest.raises(BadCard, match=r"config\.txt"):
        config_txt(broken, [])


def test_a_line_that_is_two_is_refused():
    with pytest.raises(BadCard, match="one line"):
        config_txt("", ["dtoverlay=a\n[none]"])


@pytest.mark.parametrize("image", [TRIXIE, BOOKWORM])
def test_the_command_line_stays_one_line_and_says_everything_once(image: str):
    once = cmdline_txt(image, PLAN)
    assert cmdline_txt(once, PLAN) == once
    words = once.split()
    assert len(words) == len(set(words)) and once.count("\n") == 1
    assert {"quiet", "consoleblank=0", "logo.nologo", "vt.global_cursor_default=0"} <= set(words)
    assert next(word for word in words if word.startswith("root=")) in image


@pytest.mark.parametrize("image", [TRIXIE, BOOKWORM])
def test_the_root_does_not_grow_where_a_data_partition_is_to_follow(image: str):
    grows = {"resize", "init=/usr/lib/raspberrypi-sys-mods/firstboot"}
    assert not grows & set(cmdline_txt(image, PLAN).split())
    kept = cmdline_txt(image, PLAN._replace(own_partition=False)).split()
    assert grows & set(kept) == grows & set(image.split())


def test_the_instance_that_an_imager_left_does_not_hide_ours():
    line = cmdline_txt(TRIXIE.strip() + " ds=nocloud;i=rpi-imager-1786770245730\n", PLAN)
    assert "rpi-imager" not in line
    assert "ds=nocloud;i=haochaping-w12-1a2b3c4d" in line.split()


def test_without_cloud_init_systemd_starts_us_once():
    line = cmdline_txt(BOOKWORM, Plan(own_partition=True))
    assert "systemd.run=/boot/firmware/haochaping/firstrun.sh" in line.split()
    assert "ds=nocloud" not in line
    back = cmdline_txt(line, PLAN)
    assert "systemd.run" not in back and "systemd.unit" not in back


def test_the_country_of_the_wireless_rules_is_said_once():
    there = TRIXIE.strip() + " cfg80211.ieee80211_regdom=GB\n"
    line = cmdline_txt(there, PLAN._replace(country="CN"))
    assert line.count("regdom") == 1 and "cfg80211.ieee80211_regdom=CN" in line.split()


@pytest.mark.parametrize("other", ["", "hello\n", "root=/dev/a\nroot=/dev/b\n"])
def test_a_file_that_is_no_command_line_is_refused(other: str):
    with pytest.raises(BadCard, match=r"cmdline\.txt"):
        cmdline_txt(other, PLAN)


def test_the_first_run_takes_its_own_words_away(tmp_path: Path):
    """The real script in a real shell, with the boot partition's place changed."""
    boot = tmp_path / "boot"
    (boot / "haochaping").mkdir(parents=True)
    (boot / "haochaping/start.sh").write_text(f'echo "$1" > {boot}/started\n', encoding="ascii")
    line = cmdline_txt(BOOKWORM, Plan(own_partition=True))
    (boot / "cmdline.txt").write_text(line, encoding="ascii")
    script = FIRST_RUN_SCRIPT.replace("/boot/firmware", str(boot)).replace("systemctl", "true")
    subprocess.run(["sh", "-c", script], check=True, timeout=20)
    left = (boot / "cmdline.txt").read_text(encoding="ascii")
    assert "systemd." not in left
    assert left == line[: line.index(" systemd.run")] + "\n"
    assert (boot / "started").read_text(encoding="ascii") == "later\n"


def test_a_first_run_that_failed_is_tried_at_the_next_boot(tmp_path: Path):
    (tmp_path / "cmdline.txt").write_text("root=x systemd.run=y\n", encoding="ascii")
    script = FIRST_RUN_SCRIPT.replace("/boot/firmware", str(tmp_path)).replace("systemctl", "true")
    ended = subprocess.run(
        ["sh", "-c", script.replace("/dev/console", "/dev/null")], check=False, timeout=20
    )
    assert ended.returncode == 1
    assert "systemd.run=y" in (tmp_path / "cmdline.txt").read_text(encoding="ascii")
