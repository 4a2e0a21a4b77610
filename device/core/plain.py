"""Text that others had a say in, before it reaches somebody's terminal.

What central, a portal, a USB stick or a damaged file says may hold sequences that rename
windows, hide lines or answer as if typed; a technician reads it as root.
"""

import json

_HARMLESS = "\n\u00a0\u3000"
"""Ends of lines, and blanks that are no plain space: Chinese text has them."""


def plain(text: str) -> str:
    """Return ``text``, ends of lines as they are, what would steer a terminal as ``?``."""
    return "".join(one if one.isprintable() or one in _HARMLESS else "?" for one in text)


def plain_json(encoded: str) -> str:
    """Return the same JSON, with what would steer a terminal as JSON's own escapes.

    In JSON such a character can stand in a text alone.
    """
    return "".join(
        one if one.isprintable() or one == "\n" else json.dumps(one)[1:-1] for one in encoded
    )
