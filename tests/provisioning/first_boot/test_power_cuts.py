"""The power goes at a change that first boot makes, and the next boot goes on from there."""

import os
from itertools import count

import pytest
from machine_rig import PLUG, TOKEN, PowerCut, all_files, is_needed

EVERY = 1 if os.environ.get("HAOCHAPING_EVERY_CUT") else 17
"""Of some 450 points in time; all of them take a minute."""


@pytest.fixture
def undisturbed(make_machine, same_ids):
    machine = make_machine("undisturbed")
    machine.run_first_boot()
    return all_files(machine.root)


def cut_and_go_on(machine, *cuts: int) -> bool:
    """Pull the plug at these changes, one after the other; False if it was done before."""
    cut = False
    for at in cuts:
        try:
            machine.run_first_boot(cut_at=at)
        except PowerCut:
            cut = True
        machine.boot()
    machine.run_first_boot()
    return cut


def test_a_power_cut_anywhere_leads_to_the_same_device(make_machine, undisturbed):
    for number in count():
        machine = make_machine(f"cut-{number}")
        if not cut_and_go_on(machine, 1 + number * EVERY):
            break
        assert all_files(machine.root) == undisturbed, f"cut at change {1 + number * EVERY}"
    assert number > 15


@pytest.mark.parametrize(("first", "second"), [(30, 9), (60, 45), (88, 3), (120, 100)])
def test_the_power_may_go_again_while_it_recovers(make_machine, undisturbed, first, second):
    machine = make_machine()
    assert cut_and_go_on(machine, first, second)
    assert all_files(machine.root) == undisturbed


def test_a_token_spent_at_a_later_boot_is_taken_away_through_any_power_cut(machine):
    machine.run_first_boot()
    set_up = all_files(machine.root)
    for at in count(1):
        (machine.places.card / "token").write_text(f"{TOKEN}\n")
        machine.places.state_file.write_text("22  CENTRAL_UNREACHABLE")
        machine.boot()
        assert is_needed(machine.root)
        try:
            machine.run_first_boot(cut_at=at)
            cut = False
        except PowerCut:
            cut = True
        machine.boot()
        if is_needed(machine.root):
            machine.run_first_boot()
        assert all_files(machine.root) == set_up, f"cut at change {at}"
        assert not is_needed(machine.root)
        if not cut:
            break
    assert at > 10


def test_nothing_takes_a_files_place_before_it_is_on_disk(machine):
    machine.watch_order = True
    machine.run_first_boot()
    assert PLUG.changes


def test_a_device_that_is_set_up_is_left_alone(machine):
    machine.run_first_boot()
    before = all_files(machine.root)
    machine.boot()
    machine.commands.clear()
    machine.run_first_boot()
    assert all_files(machine.root) == before
    # It is started as at every boot, and the card's partition was writable for a moment.
    verbs = [" ".join(words) for words in machine.commands]
    assert verbs == [
        "mount -o remount,rw /boot/firmware",
        "systemctl is-active haochaping-kiosk.service",
        "systemctl daemon-reload",
        "systemctl start --no-block haochaping.target",
        "systemctl start haochaping-enrol.service",
        "systemctl is-active haochaping-kiosk.service",
        "mount -o remount,ro /boot/firmware",
    ]
