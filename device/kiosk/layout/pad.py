"""The keys of a number pad: in a telephone's order, or broader where height is scarce."""

from device.kiosk.layout import Box

TELEPHONE = ("1", "2", "3", "4", "5", "6", "7", "8", "9", "clear", "0", "erase")
"""Four rows of three."""
BROAD = ("1", "2", "3", "erase", "4", "5", "6", "clear", "7", "8", "9", "0")
"""Three rows of four, where four rows of keys would each be lower than a thumb."""


def pad(signs: tuple[str, ...], box: Box, columns: int, gap: int) -> tuple[tuple[str, Box], ...]:
    """Return equal keys that fill ``box``, row by row."""
    x, y, width, height = box
    rows = len(signs) // columns
    across, down = (width + gap) // columns, (height + gap) // rows
    return tuple(
        (
            sign,
            (
                x + index % columns * across,
                y + index // columns * down,
                across - gap,
                down - gap,
            ),
        )
        for index, sign in enumerate(signs)
    )
