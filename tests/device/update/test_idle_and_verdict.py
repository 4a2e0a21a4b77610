"""Is somebody there? Does the new release do its work? Asked of the real files."""

from pathlib import Path

import pytest
from device_rig import closing_of, draft, enrol_by_hand, invitation, open_ledger
from update_rig import Device

from device.releases.news import Outcome
from device.store.home import Home
from device.store.schema import migrate
from device.update import verdict
from device.update.idle import QUIET_S, visit_is_open, wait_until_idle
from device.update.system import KIOSK, UnitState
from device.update.trial import Phase, Trial


@pytest.fixture
def device(tmp_path: Path) -> Device:
    device = Device(tmp_path)
    home = Home(device.deployed.data)
    migrate(home)
    enrol_by_hand(home)
    return device


def test_a_visit_is_waited_for_and_then_some_quiet(device: Device):
    home = Home(device.deployed.data)
    ledger = open_ledger(home)
    invited = invitation()
    ledger.open_visit(invited, "zh-CN", 0)
    assert visit_is_open(home.root)
    closed = []

    def citizen() -> None:
        if device.system.now >= 60 and not closed:
            ledger.close_visit(closing_of(invited.visit, draft()), "zh-CN")
            closed.append(device.system.now)

    device.system.each_pause = citizen
    wait_until_idle(home.root, device.system)
    ledger.close()
    assert closed
    assert device.system.now >= closed[0] + QUIET_S


def test_a_device_that_was_never_used_has_no_visit(tmp_path: Path):
    assert not visit_is_open(tmp_path)


def test_a_file_that_cannot_be_read_now_counts_as_a_visit(device: Device):
    Home(device.deployed.data).kiosk_db.write_bytes(b"no database" * 500)
    assert visit_is_open(device.deployed.data)


def trial_of(device: Device, *, central: bool = False) -> Trial:
    return Trial(Phase.TRIAL, "1.1.0-x", device.first, "", (KIOSK,), central)


def test_a_kiosk_that_restarts_now_and_then_is_not_steady(device: Device):
    restarts = iter(range(1, 10_000))

    def restart() -> None:
        if int(device.system.now) % 20 == 0:
            device.system.units[KIOSK] = UnitState(True, next(restarts))

    device.system.each_pause = restart
    why = verdict.watch(device.deployed, device.system, trial_of(device))
    assert "again and again" in why


def test_a_kiosk_that_takes_its_time_is_waited_for(device: Device):
    device.system.units[KIOSK] = UnitState(False, 0, "activating")

    def late() -> None:
        if device.system.now >= 120:
            device.system.units[KIOSK] = UnitState(True, 1, "active")

    device.system.each_pause = late
    assert verdict.watch(device.deployed, device.system, trial_of(device)) == ""
    assert device.system.now >= 120 + verdict.STEADY_S


def test_a_kiosk_that_says_it_is_ready_must_hold_its_data_too(device: Device):
    device.system.stop((KIOSK,))
    device.system.units[KIOSK] = UnitState(True, 0, "active")
    why = verdict.watch(device.deployed, device.system, trial_of(device))
    assert why == "the kiosk does not hold its data folder"


def test_central_is_given_longer_than_the_services(device: Device):
    device.system.mark.unlink()

    def heard() -> None:
        if device.system.now >= verdict.PATIENCE_S + 100:
            device.system.mark.touch()

    device.system.each_pause = heard
    assert verdict.watch(device.deployed, device.system, trial_of(device, central=True)) == ""


def test_a_whole_update_on_real_files(device: Device):
    assert device.updater().update(device.release()).outcome is Outcome.CONFIRMED
