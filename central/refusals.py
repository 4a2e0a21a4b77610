"""What central refused, counted by reason: nothing is dropped in silence.

Counting must cost next to nothing and must never make a request fail or wait, so counts
gather in memory and a thread adds them to the table once a second; a crash loses that
second's.
"""

import logging
import threading
import time
from collections import Counter
from typing import Any

from sqlalchemy import select
from sqlalchemy.exc import SQLAlchemyError

from central import schema
from central.database import Database, insert_new

_FLUSH_SECONDS = 1.0
_LOG = logging.getLogger("haochaping.central")


class RefusalCounter:
    """Counts refusals by code; one per process."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._lock = threading.Lock()
        self._flushing = threading.Lock()
        """Held until what gathered is in the table: whoever reads it then misses nothing."""
        self._pending: Counter[str] = Counter()
        self._failing = False
        self._ended = threading.Event()
        self._writer = threading.Thread(target=self._flush_on, name="refusals", daemon=True)
        self._writer.start()

    def count(self, code: str, times: int = 1) -> None:
        """Count a refusal. Never raises, never waits for the database."""
        with self._lock:
            self._pending[code] += times

    def close(self) -> None:
        """Write down what is left and stop."""
        self._ended.set()
        self._writer.join()
        self.flush()

    def _flush_on(self) -> None:
        while not self._ended.wait(_FLUSH_SECONDS):
            self.flush()

    def flush(self) -> None:
        """Add what has gathered to the table. Never raises; on failure it is kept."""
        with self._flushing:
            self._flush()

    def _flush(self) -> None:
        with self._lock:
            pending, self._pending = self._pending, Counter()
        if not pending:
            return
        now = time.time_ns() // 1_000_000
        rows = [
            {"code": code, "count": count, "last_ms": now}
            for code, count in sorted(pending.items())
        ]
        try:
            with self._database.writing() as connection:
                insert_new(
                    connection,
                    schema.refusal,
                    rows,
                    update=lambda held, new: {
                        "count": held["count"] + new["count"],
                        "last_ms": new.last_ms,
                    },
                )
        except SQLAlchemyError:
            if not self._failing:
                _LOG.warning("refusals cannot be written down; kept until the database answers")
            self._failing = True
            with self._lock:
                self._pending.update(pending)
        else:
            self._failing = False

    def table(self) -> list[dict[str, Any]]:
        """Return every code with its count and the time of the last one."""
        self.flush()
        with self._database.reading() as connection:
            rows = connection.execute(select(schema.refusal).order_by(schema.refusal.c.code))
            return [dict(row._mapping) for row in rows]
