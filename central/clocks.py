"""When something really happened, although the device that says so has no clock battery.

A device knows its monotonic time since boot exactly and the date only once a time server
answered. One good reading of both in a boot (the *anchor*) dates everything of that boot.
Central keeps the device's own word beside the correction and says where it came from.
Pure: all times come in as milliseconds.
"""

from dataclasses import dataclass
from enum import StrEnum

from protocol.records import ClockQuality


class TimeSource(StrEnum):
    """Where a corrected time comes from, best first."""

    CENTRAL = "central"
    """Central's own clock: no device was part of it."""
    DEVICE = "device"
    """The device's own synchronised clock."""
    BOOT = "boot"
    """Monotonic time since a boot whose clock was synchronised at another moment."""
    HEARD = "heard"
    """The same, dated by central's clock when a heartbeat of the boot came in."""
    RECEIVED = "received"
    """Nothing known but that it cannot have happened after it came in."""


@dataclass(frozen=True, slots=True)
class Reading:
    """What a device's two clocks showed at one moment, and how good the first one was."""

    wall_ms: int
    clock: ClockQuality
    monotonic_ms: int

    def believed(self, received_ms: int) -> bool:
        """Tell whether the wall clock was synchronised and is not ahead of central's."""
        return self.clock.is_believed(self.wall_ms, received_ms)


@dataclass(frozen=True, slots=True)
class Anchor:
    """Wall clock minus monotonic clock in one boot, in milliseconds."""

    offset_ms: int
    synced: bool
    """From a synchronised clock; otherwise an upper bound by central's clock."""

    @property
    def source(self) -> TimeSource:
        """Where a time dated by this anchor comes from."""
        return TimeSource.BOOT if self.synced else TimeSource.HEARD


@dataclass(frozen=True, slots=True)
class Corrected:
    """Central's best word on a time."""

    ms: int
    by: TimeSource


def anchor_of_record(reading: Reading, received_ms: int) -> Anchor | None:
    """Return the anchor that a record gives; None if its clock is not to be believed."""
    if reading.believed(received_ms):
        return Anchor(reading.wall_ms - reading.monotonic_ms, synced=True)
    return None


def anchor_of_heartbeat(reading: Reading, received_ms: int) -> Anchor:
    """Return the anchor that a heartbeat gives: it was sent no later than it came in."""
    believed = anchor_of_record(reading, received_ms)
    return believed or Anchor(received_ms - reading.monotonic_ms, synced=False)


def better(known: Anchor | None, new: Anchor) -> Anchor:
    """Return the anchor to go by from now on.

    A synchronised one beats a bound and stays; of two bounds the lower is the tighter. So
    a heartbeat that is replayed later never changes anything.
    """
    if known is None or (new.synced and not known.synced):
        return new
    if known.synced or new.offset_ms >= known.offset_ms:
        return known
    return new


def correct(reading: Reading, anchor: Anchor | None, received_ms: int) -> Corrected:
    """Return when ``reading`` was taken, as well as it can be known now."""
    if reading.believed(received_ms):
        return Corrected(reading.wall_ms, TimeSource.DEVICE)
    if anchor is not None:
        dated = reading.monotonic_ms + anchor.offset_ms
        return Corrected(max(0, min(dated, received_ms)), anchor.source)
    return Corrected(received_ms, TimeSource.RECEIVED)
