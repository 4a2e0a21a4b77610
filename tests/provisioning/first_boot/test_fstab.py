"""The table of file systems: ours is in it once, and all else stays."""

import string

from hypothesis import given
from hypothesis import strategies as st

from provisioning.first_boot import fstab

word = st.text(string.ascii_letters + "=-/", min_size=1, max_size=8)
comment = st.text(string.ascii_letters + " #", max_size=12).map(lambda text: f"# {text}")
entry = st.tuples(word, word.map(lambda name: f"/{name}"), st.just("ext4"), word).map(
    lambda fields: "\t".join([*fields, "0", "2"])
)
tables = st.lists(comment | entry | st.just("")).map(
    lambda lines: "".join(f"{line}\n" for line in lines)
)
OURS = "UUID=1\t/var/lib/haochaping\text4\tnoatime,nofail\t0\t2"


@given(tables)
def test_an_entry_is_there_once_and_writing_it_again_changes_nothing(table):
    once = fstab.with_entry(table, OURS)
    assert once.splitlines().count(OURS) == 1
    assert fstab.with_entry(once, OURS) == once
    assert [line for line in once.splitlines() if line != OURS] == table.splitlines()


@given(tables)
def test_another_partition_takes_the_entrys_place(table):
    before = fstab.with_entry(table, OURS.replace("UUID=1", "UUID=2"))
    assert fstab.with_entry(before, OURS) == fstab.with_entry(table, OURS)


@given(tables, st.sampled_from(["defaults", "rw", "rw,noatime", "noatime", "ro"]))
def test_an_option_goes_onto_the_one_line(table, had):
    before = f"{table}PARTUUID=1-02\t/\text4\t{had}\t0\t1\n"
    after = fstab.with_option(before, "/", "ro", instead_of="rw")
    options = fstab.options_of(after, "/")
    assert options is not None and "ro" in options and "rw" not in options
    assert set(had.split(",")) - {"rw"} <= set(options)
    assert fstab.with_option(after, "/", "ro", instead_of="rw") == after
    assert after.splitlines()[:-1] == table.splitlines()


@given(tables)
def test_a_place_that_is_not_listed_gets_no_option(table):
    assert fstab.with_option(table, "/nowhere-1", "ro") == table
    assert fstab.options_of(table, "/nowhere-1") is None
