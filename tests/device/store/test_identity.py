"""Keys and identity: written in one step, readable by the right ones, never guessed."""

import json
import os
import stat
from pathlib import Path

import pytest
from device_rig import DEVICE
from device_rig import identity as who
from hypothesis import given
from hypothesis import strategies as st

from device.core.errors import NotEnrolled
from device.store.home import Home, VolatileStorage, filesystem_of, refuse_volatile
from device.store.identity import (
    Identity,
    load_identity,
    load_key,
    make_key,
    save_identity,
    write_durably,
)


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


@pytest.mark.parametrize("umask", [0o000, 0o077])
def test_keys_are_for_one_user_and_the_identity_is_for_all(home: Home, umask: int):
    home.record_key.unlink()
    home.identity.unlink()
    before = os.umask(umask)
    try:
        made = make_key(home.record_key)
        save_identity(home, who())
    finally:
        os.umask(before)
    assert mode(home.record_key) == 0o600
    assert mode(home.identity) == 0o644
    assert home.record_key.read_bytes() == made.seed
    assert load_identity(home) == who()
    assert not list(home.root.rglob("*.new"))


def test_folders_are_for_one_user(elsewhere: Path):
    home = Home(elsewhere / "data")
    home.prepare()
    home.prepare()
    for folder in (home.root, home.kiosk_db.parent, home.agent_db.parent):
        assert mode(folder) == 0o700
    assert home.record_key.parent != home.transport_key.parent


def test_a_key_is_made_once(home: Home):
    home.transport_key.unlink()
    assert make_key(home.transport_key).seed == make_key(home.transport_key).seed


def test_what_a_power_cut_left_half_written_is_written_over(home: Home):
    home.identity.with_name("identity.json.new").write_bytes(b"half")
    write_durably(home.identity, b"whole", 0o644)
    assert home.identity.read_bytes() == b"whole"


def test_without_enrolment_it_is_said_what_to_do(elsewhere: Path):
    home = Home(elsewhere)
    with pytest.raises(NotEnrolled, match="run haochaping enrol"):
        load_identity(home)
    with pytest.raises(NotEnrolled, match="run haochaping enrol"):
        load_key(home.record_key)


def test_a_damaged_key_is_not_replaced_in_silence(home: Home):
    home.record_key.write_bytes(b"short")
    with pytest.raises(NotEnrolled, match="cannot be read as a key"):
        make_key(home.record_key)
    assert home.record_key.read_bytes() == b"short"


@given(
    st.binary(max_size=200)
    | st.recursive(
        st.none() | st.integers() | st.text(max_size=9),
        lambda inner: (
            st.lists(inner, max_size=3)
            | st.dictionaries(
                st.sampled_from(["device", "central_key", "central_algorithm", "x"]),
                inner,
                max_size=4,
            )
        ),
    ).map(lambda content: json.dumps(content).encode())
)
def test_a_damaged_identity_is_told_as_such(tmp_path_factory, content: bytes):
    home = Home(tmp_path_factory.mktemp("identity"))
    home.identity.write_bytes(content)
    with pytest.raises(NotEnrolled):
        load_identity(home).central()


@pytest.mark.parametrize("wrong", [Identity(DEVICE, b"short", -8), Identity(DEVICE, b"k" * 32, 5)])
def test_a_key_of_centrals_that_is_none_is_told_as_such(wrong: Identity):
    with pytest.raises(NotEnrolled, match="no key of central's"):
        wrong.central()


# --- where it all lies ------------------------------------------------------------------------

MOUNTS = """\
overlay / overlay rw 0 0
proc /proc proc rw 0 0
/dev/mmcblk0p3 /data ext4 rw,noatime 0 0
tmpfs /data/run tmpfs rw 0 0
/dev/sda1 /mnt/usb\\040stick vfat rw 0 0
/dev/mmcblk0p4 /over ext4 rw 0 0
tmpfs /over tmpfs rw 0 0
"""


@pytest.fixture
def mounts(elsewhere: Path) -> str:
    file = elsewhere / "mounts"
    file.write_text(MOUNTS, encoding="utf-8")
    return str(file)


@pytest.mark.parametrize(
    ("folder", "kind"),
    [
        ("/data", "ext4"),
        ("/data/haochaping/kiosk", "ext4"),
        ("/data/run/x", "tmpfs"),
        ("/data/runner", "ext4"),
        ("/database", "overlay"),
        ("/var/lib/haochaping", "overlay"),
        ("/mnt/usb stick/x", "vfat"),
        ("/over/x", "tmpfs"),
    ],
)
def test_the_file_system_of_a_folder_is_the_innermost_and_the_last_mounted(
    mounts: str, folder: str, kind: str
):
    assert filesystem_of(Path(folder), mounts) == kind


def test_a_folder_that_a_reboot_empties_is_refused_with_what_to_do(mounts: str):
    refuse_volatile(Path("/data/haochaping"), mounts)
    with pytest.raises(VolatileStorage, match=r"overlay.*allow_volatile"):
        refuse_volatile(Path("/var/lib/haochaping"), mounts)


def test_a_link_to_a_volatile_folder_is_seen_through(mounts: str, elsewhere: Path):
    link = elsewhere / "data"
    link.symlink_to("/over")
    with pytest.raises(VolatileStorage, match="tmpfs"):
        refuse_volatile(link / "x", mounts)


def test_this_machines_own_mounts_can_be_read():
    assert filesystem_of(Path("/proc/self")) == "proc"


def test_a_link_or_a_pipe_where_a_key_was_is_no_key_and_nobody_waits_at_it(home: Home):
    home.transport_key.unlink(missing_ok=True)
    home.transport_key.symlink_to("/dev/zero")
    with pytest.raises(NotEnrolled):
        load_key(home.transport_key)
    home.transport_key.unlink()
    os.mkfifo(home.transport_key)
    with pytest.raises(NotEnrolled):
        load_key(home.transport_key)
