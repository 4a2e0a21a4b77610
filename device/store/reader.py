"""A read-only view of the file that the other process writes.

It can neither write nor checkpoint, it sees at once when the other has committed, and when
a damaged file has been replaced it goes on with the new one.
"""

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from device.store.connect import data_version, file_number, open_reader, trouble


class Reader:
    """What both processes' views of each other's file have in common.

    Every question raises `DeviceError` if the file cannot be read now.
    """

    def __init__(self, path: Path, schema: tuple[str, tuple[str, ...]]) -> None:
        self._path = path
        self._schema = schema
        self.generation = 0
        """Grows whenever another file took this one's place: numbers begin anew in it."""
        self._open()

    def _open(self) -> None:
        file = file_number(self._path)
        self._db = open_reader(self._path, self._schema)
        self._file = file
        self._seen = -1
        self.generation += 1

    def close(self) -> None:
        """Close the connection."""
        self._db.close()

    def changed(self) -> bool:
        """True if the other process has committed since this was last asked."""
        if file_number(self._path) not in (0, self._file):
            old = self._db
            self._open()
            old.close()
        try:
            version = data_version(self._db)
        except sqlite3.Error as error:
            raise trouble(error, self._path) from error
        changed, self._seen = version != self._seen, version
        return changed

    def _rows(self, query: str, *values: object) -> list[tuple[Any, ...]]:
        with self._reading():
            return self._db.execute(query, values).fetchall()

    @contextmanager
    def _reading(self) -> Iterator[None]:
        try:
            yield
        except sqlite3.Error as error:
            raise trouble(error, self._path) from error
