"""A read-only view of the file that the other process writes.

It can neither write nor checkpoint, it sees at once when the other has committed, and when
a damaged file has been replaced it goes on with the new one. While the other process is not
running there is no WAL, and nothing of another user's can be made to read one: the file is
then read as one at rest (`device.store.connect.at_rest`), and opened anew once it is written.
"""

import sqlite3
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

from device.core.errors import DeviceError, StorageUnavailable
from device.store.connect import at_rest, data_version, file_number, open_reader, trouble

T = TypeVar("T")

_TRIES = 5


class Reader:
    """What both processes' views of each other's file have in common.

    Every question raises `DeviceError` if the file cannot be read now.
    """

    def __init__(self, path: Path, schema: tuple[str, tuple[str, ...]]) -> None:
        self._path = path
        self._schema = schema
        self._file = 0
        self.generation = 0
        """Grows whenever another file took this one's place: numbers begin anew in it."""
        self._open()

    def _open(self) -> None:
        for tries_left in reversed(range(_TRIES)):
            file, rest = file_number(self._path), at_rest(self._path)
            try:
                opened = open_reader(self._path, self._schema)
            except DeviceError:
                if tries_left and at_rest(self._path) != rest:
                    continue
                raise
            if at_rest(self._path) == rest:
                break
            opened.close()
        else:
            raise StorageUnavailable(f"{self._path}: changed each time it was opened")
        self._db, self._rest = opened, rest
        self._seen = -1
        if file != self._file:
            self._file = file
            self.generation += 1

    def close(self) -> None:
        """Close the connection."""
        self._db.close()

    def changed(self) -> bool:
        """True if the other process has committed since this was last asked."""
        if file_number(self._path) not in (0, self._file) or self._disturbed():
            self._open_anew()
        try:
            version = data_version(self._db)
        except sqlite3.Error as error:
            raise trouble(error, self._path) from error
        changed, self._seen = version != self._seen, version
        return changed

    def _open_anew(self) -> None:
        old = self._db
        self._open()
        old.close()

    def _disturbed(self) -> bool:
        """True if the file was opened at rest and is not any more.

        One that another has replaced stays as it was; `changed` goes on with the new one.
        """
        if self._rest is None or file_number(self._path) != self._file:
            return False
        return at_rest(self._path) != self._rest

    def _rows(self, query: str, *values: object) -> list[tuple[Any, ...]]:
        return self._ask(lambda db: db.execute(query, values).fetchall())

    def _ask(self, question: Callable[[sqlite3.Connection], T]) -> T:
        """Return what ``question`` reads; asked again if the file was taken up meanwhile."""
        for _ in range(_TRIES):
            try:
                answer = question(self._db)
            except sqlite3.Error as error:
                if not self._disturbed():
                    raise trouble(error, self._path) from error
            else:
                if not self._disturbed():
                    return answer
            self._open_anew()
        raise StorageUnavailable(f"{self._path}: changed each time it was read")
