"""Which board this is: what an enrolment is bound to, and what tells a moved or copied card."""

from pathlib import Path

SERIAL = "sys/firmware/devicetree/base/serial-number"
"""Where a Raspberry Pi tells it, below the root."""
SOURCES = (Path("/") / SERIAL, Path("/etc/machine-id"))
"""The board's own serial number; the machine's id where there is no device tree (a PC)."""


def board_serial(sources: tuple[Path, ...] = ()) -> str:
    """Return what tells this board from every other; empty if nothing does.

    ``sources`` are read in place of `SOURCES`, in this order.
    """
    for source in sources or SOURCES:
        try:
            serial = source.read_text(encoding="ascii").strip("\0\n ")
        except (OSError, UnicodeDecodeError):
            continue
        if serial:
            return serial
    return ""
