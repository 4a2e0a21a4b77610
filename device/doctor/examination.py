"""The doctor's whole examination: the local checks, and those that need more than files."""

from collections.abc import Iterator, Sequence
from functools import partial
from typing import NamedTuple

from device.checks.finding import Finding
from device.checks.patient import Patient
from device.checks.table import CHECKS, Check, Group, run
from device.doctor import local, way
from device.doctor.programs import Ask, ask


class Examined(NamedTuple):
    """One finding, and where it belongs."""

    group: Group
    finding: Finding


def all_checks(asked: Ask = ask) -> tuple[Check, ...]:
    """Return every check there is, group by group."""
    further = (
        Check("units", Group.SERVICES, partial(local.units, ask=asked), field=True),
        Check("power-cuts", Group.BOARD, partial(local.power_cuts, ask=asked), field=True),
        Check("drawing", Group.INPUTS, partial(local.drawing, ask=asked)),
        Check("pins", Group.INPUTS, partial(local.pins, _ask=asked)),
        Check("dns", Group.NETWORK, way.dns),
        Check("central-tls", Group.NETWORK, way.central_tls),
        Check("central-answer", Group.NETWORK, way.central_answer),
        Check("ntp", Group.NETWORK, way.ntp, field=True),
    )
    every = (*CHECKS, *further)
    return tuple(check for group in Group for check in every if check.group is group)


def examine(patient: Patient, checks: Sequence[Check]) -> Iterator[Examined]:
    """Yield what each check finds, as it is found; those for devices only where this is one."""
    for check in checks:
        if patient.in_the_field or not check.field:
            yield Examined(check.group, run(check, patient))


def left_out(patient: Patient, checks: Sequence[Check]) -> int:
    """Return how many checks do not apply, since this machine was not set up from a card."""
    return 0 if patient.in_the_field else sum(1 for check in checks if check.field)
