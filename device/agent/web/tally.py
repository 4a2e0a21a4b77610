"""Counts of what was refused, kept in memory until a quiet moment.

Whoever hammers at the door must not cost the card a commit a knock.
"""

import logging
import threading
from collections import Counter

from device.core.errors import DeviceError
from device.store.briefing import Briefing

log = logging.getLogger("haochaping.agent")

FLUSH_S = 60.0
"""How often the counts are written down."""


class Tally:
    """Counts by reason; for several threads at once."""

    def __init__(self, briefing: Briefing) -> None:
        self._briefing = briefing
        self._counts: Counter[str] = Counter()
        self._one_at_a_time = threading.Lock()

    def count(self, reason: str) -> None:
        """Add one to ``web.reason``."""
        with self._one_at_a_time:
            self._counts[f"web.{reason}"[:64]] += 1

    def flush(self) -> None:
        """Write the counts down; what cannot be written now stays for the next time."""
        with self._one_at_a_time:
            counts, self._counts = self._counts, Counter()
        for reason, times in counts.items():
            try:
                self._briefing.count(reason, times)
            except DeviceError as error:
                log.warning("%s could not be counted: %s", reason, error)
                with self._one_at_a_time:
                    self._counts[reason] += times
