"""How far a long piece of work is, on the technician's terminal.

A bar on a terminal; where standard error is a file or a pipe, nothing but the sentences.
"""

import sys
import time
from typing import Final, TextIO

from device.core.plain import plain

_WIDTH: Final = 24
_EVERY_S: Final = 0.1


class Progress:
    """A bar over a number of bytes, drawn over itself; sentences go above it."""

    def __init__(self, stream: TextIO | None = None) -> None:
        self._stream = sys.stderr if stream is None else stream
        self._drawn = self._stream.isatty()
        self._title, self._total, self._done = "", 0, 0
        self._shown_at = 0.0

    def begin(self, title: str, total: int) -> None:
        """Start anew with ``total`` bytes before us."""
        self._title, self._total, self._done = title, total, 0
        self._paint()

    def advance(self, count: int) -> None:
        """Note that ``count`` more bytes are done."""
        self._done += count
        if time.monotonic() - self._shown_at >= _EVERY_S:
            self._paint()

    def end(self) -> None:
        """Take the bar away."""
        if self._drawn and self._title:
            self._stream.write("\r\x1b[K")
            self._stream.flush()
        self._title = ""

    def say(self, sentence: str) -> None:
        """Print a sentence, and go on below it; what others said in it steers no terminal."""
        if self._drawn and self._title:
            self._stream.write("\r\x1b[K")
        self._stream.write(plain(sentence) + "\n")
        self._stream.flush()
        self._paint()

    def _paint(self) -> None:
        self._shown_at = time.monotonic()
        if not self._drawn or not self._title:
            return
        share = min(1.0, self._done / self._total) if self._total else 0.0
        bar = "#" * round(share * _WIDTH)
        self._stream.write(
            f"\r\x1b[K{self._title}  [{bar:-<{_WIDTH}}] {share:4.0%}"
            f"  {self._done / 1e6:.1f} of {self._total / 1e6:.1f} MB"
        )
        self._stream.flush()
