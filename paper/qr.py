"""QR codes as rows of modules, for whoever draws them as vectors."""

from collections.abc import Iterable, Iterator
from typing import Final

import qrcode
from qrcode.constants import ERROR_CORRECT_Q

QUIET: Final = 4
"""Modules of quiet zone on each side (ISO/IEC 18004)."""


def modules(payload: str) -> list[list[bool]]:
    """Return the dark modules of the code of error level Q, without its quiet zone."""
    code = qrcode.QRCode(error_correction=ERROR_CORRECT_Q, border=0)
    code.add_data(payload)
    code.make(fit=True)
    return [[bool(one) for one in row] for row in code.get_matrix()]


def runs(row: Iterable[bool]) -> Iterator[tuple[int, int]]:
    """Yield start and length of what is dark in a row of modules."""
    start = None
    for place, dark in enumerate((*row, False)):
        if dark and start is None:
            start = place
        elif not dark and start is not None:
            yield start, place - start
            start = None
