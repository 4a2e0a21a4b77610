"""The page after sending: thanks, the receipt code, and what becomes of each rating.

One thank-you for every level, as on the device. The level itself is told only where the code
is shown on purpose (`central.phone.receipts`).
"""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta, timezone
from html import escape
from typing import NamedTuple

from litestar import Response

from central.phone import paper
from central.phone.wording import Words, words
from protocol.subjects import Subject

CHECK = "/C"
"""Where a receipt code is looked up, by POST: it stands in no address."""


class Line(NamedTuple):
    """One subject on the receipt."""

    subject: Subject
    name: str
    """The matter's; empty for others and where it is not known."""
    standing: str
    """``counted``, ``screen``, ``later``, ``pending``, ``unbound`` (`visits.Standing`), or
    ``review``."""


def thanks(
    language: str,
    code: str,
    lines: Sequence[Line],
    at_ms: int,
    utc_offset_minutes: int,
    *,
    hall: str = "",
    window: str = "",
    title: str = "thanks",
    more: str = "thanks.more",
) -> Response[str]:
    """Return the receipt for a visit; ``code`` is its receipt code, ``at_ms`` when it was rated.

    ``title`` and ``more`` are keys of texts: ``already`` for what had been rated before.
    """
    text = words(language)
    rows = [(_about(text, line), text(f"standing.{line.standing}")) for line in lines]
    if window:
        rows.append((text("window"), text("window.whole", number=window)))
    rows.append((text("time"), shown_time(at_ms, utc_offset_minutes)))
    table = "".join(
        f"<div><dt>{escape(name)}</dt><dd>{escape(value)}</dd></div>" for name, value in rows
    )
    body = (
        f'<p class="middle more">{escape(text(more))}</p><div class="slip"><p class="middle">'
        f'{escape(text("code"))} <span class="code" translate="no">{grouped(code)}</span></p>'
        f"<dl>{table}</dl></div>"
        f'<p class="hint">{escape(text("code.keep"))}</p>'
        f'<div class="actions">{check_key(language, code)}'
        f'<a class="primary" href="/phone/done?lang={language}">{escape(text("done.key"))}</a>'
        "</div>"
    )
    return paper.page(language, text(title), body, hall=hall, picture=paper.TICK)


def check_key(language: str, code: str) -> str:
    """Return the key that leads to what became of the ratings, and to the follow-up."""
    text = words(language)
    return (
        f'<form method="post" action="{CHECK}">{paper.field("lang", language)}'
        f"{paper.field('code', code)}"
        f'<button class="wide">{escape(text("check.follow"))}</button></form>'
    )


def grouped(code: str) -> str:
    """Return a receipt code in two groups, as the device shows it."""
    return f"{code[:4]} {code[4:]}"


def shown_time(at_ms: int, utc_offset_minutes: int) -> str:
    """Return a time as people at the hall's place read it."""
    zone = timezone(timedelta(minutes=utc_offset_minutes))
    return datetime.fromtimestamp(at_ms / 1000, UTC).astimezone(zone).strftime("%Y-%m-%d %H:%M")


def _about(text: Words, line: Line) -> str:
    match line.subject:
        case Subject.STAFF:
            return text("staff")
        case Subject.MATTER:
            return line.name or text("matter")
        case Subject.HALL:
            return text("hall")
