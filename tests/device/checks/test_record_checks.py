"""What both databases say, in files that the real ledger and the real briefing wrote."""

from collections.abc import Iterator
from contextlib import closing
from uuid import UUID

import pytest
from device_rig import configuration, fill, open_ledger, rate
from patient_rig import finding, hours_ago

from device.checks import Level
from device.checks.patient import Patient
from device.store import moment
from device.store.briefing import Briefing
from device.store.ledger import Ledger
from protocol.receipts import Receipt
from protocol.records import ClockQuality


@pytest.fixture
def briefing(patient: Patient) -> Iterator[Briefing]:
    with closing(Briefing(patient.home)) as opened:
        yield opened


@pytest.fixture
def kiosk(patient: Patient) -> Iterator[Ledger]:
    with closing(open_ledger(patient.home)) as opened:
        yield opened


def ledger_of(patient: Patient, hours: float) -> Ledger:
    """The ledger as it was some hours ago."""

    def then() -> moment.Moment:
        return moment.Moment(hours_ago(hours), ClockQuality.SYNCED, UUID(int=1), 1000)

    return open_ledger(patient.home, now=then)


def receipted(briefing: Briefing, through: int) -> None:
    briefing.keep_receipt(Receipt("x", through, bytes(32), hours_ago(0)), b"signed")


@pytest.mark.parametrize(
    ("hours", "level"), [(0, Level.OK), (1, Level.OK), (5, Level.WARNING), (100, Level.FAULT)]
)
def test_what_lies_here_for_long_is_told_the_louder_the_longer(
    patient: Patient, hours: float, level: Level
):
    with closing(ledger_of(patient, hours)) as then:
        fill(then, 3)
    said = finding(patient, "backlog")
    assert (said.level, said.figures["records"]) == (level, 3)


def test_only_what_has_no_receipt_is_backlog(patient: Patient, kiosk: Ledger, briefing: Briefing):
    fill(kiosk, 5)
    receipted(briefing, 3)
    assert finding(patient, "backlog").figures["records"] == 2
    receipted(briefing, 5)
    assert finding(patient, "backlog").figures["records"] == 0


def test_central_that_does_not_answer_is_a_fault(patient: Patient, briefing: Briefing):
    briefing.apply(configuration(), b"signed", "etag")
    briefing.set_online(False)
    assert finding(patient, "central-contact").level is Level.FAULT
    briefing.set_online(True)
    receipted(briefing, 1)
    assert finding(patient, "central-contact").level is Level.OK


def test_a_retired_device_says_that_and_not_merely_that_central_is_silent(
    patient: Patient, briefing: Briefing
):
    briefing.set_online(False, retired=True)
    said = finding(patient, "central-contact")
    assert (said.level, "has retired this device" in said.sentence) == (Level.FAULT, True)
    assert "provision cards --replace" in said.what_to_do


def test_central_without_a_configuration_for_us_is_warned_of(patient: Patient, briefing: Briefing):
    briefing.set_online(True)
    assert finding(patient, "central-contact").level is Level.WARNING


@pytest.mark.parametrize(
    ("reason", "level"),
    [
        ("verdict.conflict", Level.FAULT),
        ("retry.cloned-card", Level.FAULT),
        ("verdict.quarantined.unreadable", Level.WARNING),
        ("retry.unreachable", Level.OK),
    ],
)
def test_a_copied_card_is_a_fault_and_a_quarantine_a_warning(
    patient: Patient, briefing: Briefing, reason: str, level: Level
):
    briefing.count(reason, 2)
    assert finding(patient, "conflicts").level is level


def test_counters_tell_everything_and_warn_of_what_was_unreadable(
    patient: Patient, briefing: Briefing
):
    briefing.count("retry.unreachable", 7)
    said = finding(patient, "counters")
    assert (said.level, said.figures["agent.retry.unreachable"]) == (Level.OK, 7)
    briefing.count("agent-db.replaced")
    assert finding(patient, "counters").level is Level.WARNING


def test_a_panel_that_taps_by_itself_is_a_fault_until_it_is_back(patient: Patient, kiosk: Ledger):
    kiosk.note_fault("touch-phantom", "at 10, 10")
    assert finding(patient, "touch-faults").level is Level.FAULT
    kiosk.note_fault("touch-back")
    assert finding(patient, "touch-faults").level is Level.WARNING


def test_a_panel_that_was_ill_the_day_before_is_well(patient: Patient):
    with closing(ledger_of(patient, 30)) as then:
        then.note_fault("touch-phantom")
    assert finding(patient, "touch-faults").level is Level.OK


def test_a_stuck_button_is_warned_of(patient: Patient, kiosk: Ledger):
    kiosk.note_fault("button-stuck", "5")
    assert finding(patient, "button-faults").figures["stuck"] == 1
    kiosk.note_fault("buttons-unavailable")
    assert finding(patient, "button-faults").level is Level.FAULT


def test_starts_of_the_kiosk_are_told_apart_from_starts_of_the_device(patient: Patient):
    with closing(ledger_of(patient, 1)) as then:
        then.note_boot("0.1.0")
    with closing(open_ledger(patient.home)) as now:
        fill(now, 3)
    figures = finding(patient, "starts").figures
    assert (figures["boots_7_days"], figures["kiosk_restarts_7_days"]) == (2, 2)


def test_a_kiosk_that_starts_over_and_over_is_warned_of(patient: Patient, kiosk: Ledger):
    fill(kiosk, 40)
    assert finding(patient, "starts").level is Level.WARNING


def test_no_finding_tells_what_was_rated_or_by_whom(patient: Patient, kiosk: Ledger):
    rate(kiosk)
    for code in ("backlog", "counters", "starts", "touch-faults", "button-faults", "conflicts"):
        said = str(finding(patient, code))
        assert "0317" not in said
        assert "case of" not in said
