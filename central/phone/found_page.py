"""The page that a receipt code leads to: each rating, and whether it is stored and counts.

It says what `protocol.proof` found a moment ago, nothing better. Where something does not hold
it says that first, and whom to tell.
"""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta, timezone
from html import escape

from litestar import Response

from central import evidence, follow_ups
from central.evidence import Shown
from central.follow_ups import Open
from central.phone import paper
from central.phone.faces import face
from central.phone.receipt_words import ReceiptWords, receipt_words
from central.receipts import Found
from central.service import Central
from protocol import proof
from protocol.evidence import Evidence, Origin, Standing, Told
from protocol.findings import Check, Finding, Outcome
from protocol.levels import Level
from protocol.subjects import Channel, Subject
from protocol.tags import TAGS

PATH = "/C"
_KNOWN_TAGS = frozenset(tag for tags in TAGS.values() for tag in tags)


def show(
    central: Central,
    found: Found,
    hidden: Mapping[str, str],
    language: str,
    now_ms: int,
    *,
    news: str = "",
) -> Response[str]:
    """Return the page; ``hidden`` are the fields that find the visit again, ``news`` a text."""
    shown = evidence.show(central, found, now_ms)
    with central.database.reading() as connection:
        where = follow_ups.visited(connection, found)
        subjects: Sequence[Open] = ()
        names: Mapping[str, str] = {}
        if where is not None:
            names = follow_ups.names(connection, where)
            if not shown.flaws:
                subjects = follow_ups.open_for(connection, found, where.rules, now_ms)
    text = receipt_words(language)
    zone = timezone(timedelta(minutes=central.settings.utc_offset_minutes))
    host = (where.phone_url if where is not None else "") or central.settings.phone_url
    parts = [_news(text, news), _verdict(text, shown), _code(text, found.code)]
    parts += [
        _rating(text, shown, place, names, zone) + _follow(text, told, subjects, zone)
        for place, told in enumerate(shown.evidence.told)
    ]
    parts += [_checks(text, shown.findings), _yourself(text, shown.evidence, host)]
    another = f'<a class="key" href="{PATH}?lang={language}">{text.escaped("another")}</a>'
    parts.append(f'<p class="hint">{text.escaped("keep")}</p><p class="ways">{another}</p>')
    return paper.page(
        language,
        text("result"),
        "".join(parts),
        hall=where.hall_name if where is not None else "",
        form=PATH,
        hidden=hidden,
    )


# --- fields ---------------------------------------------------------------------------------


def code_field(text: ReceiptWords, value: str, *, wrong: bool) -> str:
    """Return the field for the code."""
    invalid = ' aria-invalid="true"' if wrong else ""
    more = (
        'type="text" maxlength="40" autocomplete="off" autocapitalize="characters" '
        f'spellcheck="false" required{invalid}'
    )
    return _field(text, "code", value, more)


def day_field(text: ReceiptWords, value: str) -> str:
    """Return the field for the day of the visit."""
    return _field(text, "day", value, 'type="date" required')


def window_field(text: ReceiptWords, value: str) -> str:
    """Return the field for the window's number."""
    return _field(text, "window", value, 'type="text" maxlength="64" autocomplete="off" required')


def _field(text: ReceiptWords, name: str, value: str, more: str) -> str:
    return (
        f'<p class="asks"><label for="{name}">{text.escaped(name)}</label></p>'
        f'<input id="{name}" name="{name}" value="{escape(value)}" '
        f'aria-describedby="{name}-hint" {more}>'
        f'<p class="hint" id="{name}-hint">{text.escaped(f"{name}.hint")}</p>'
    )


# --- what is said ---------------------------------------------------------------------------


def _news(text: ReceiptWords, news: str) -> str:
    return f'<p class="slip" role="status"><b>{text.escaped(news)}</b></p>' if news else ""


def _verdict(text: ReceiptWords, shown: Shown) -> str:
    if shown.flaws:
        more = f"<p>{text.escaped('bad.more')}</p>"
        return f'<div class="problem" role="alert"><p>{text.escaped("bad")}</p>{more}</div>'
    if not shown.evidence.told:
        said = "none"
    elif proof.is_counted(shown.evidence):
        said = "good"
    else:
        said = "waits" if proof.is_open(shown.evidence) else "partly"
    return f'<p class="slip verdict"><b>{text.escaped(said)}</b></p>'


def _code(text: ReceiptWords, code: str) -> str:
    spelled = f"{code[:4]} {code[4:]}"
    label = f'<span class="hint">{text.escaped("code")}</span>'
    return f'<p class="middle">{label}<b class="code" translate="no">{spelled}</b></p>'


def _rating(
    text: ReceiptWords, shown: Shown, place: int, names: Mapping[str, str], zone: timezone
) -> str:
    told = shown.evidence.told[place]
    rows = [(text("level"), _level(text, told))]
    if told.tags:
        rows.append((text("tags"), "<br>".join(escape(_tag(text, one)) for one in told.tags)))
    if told.comment:
        comment = f'<span class="comment">{escape(told.comment)}</span>'
        rows.append((text("comment"), comment))
    if told.cases:
        rows.append((text("cases"), escape(", ".join(told.cases))))
    rows += [
        (text("stored"), text.escaped("stored.yes")),
        (text("unchanged"), text.escaped(f"unchanged.{_unchanged(shown, place)}")),
        (text("counted"), text.escaped(f"standing.{told.standing.value}")),
        (text("given"), escape(_when(text, told, zone))),
        (text("way"), text.escaped(f"way.{_way(told)}")),
        (text("record"), escape(_record(text, shown.evidence, told))),
        (text("fingerprint"), f"<code>{_spelled(told.digest)}</code>"),
    ]
    if told.standing is Standing.MISSING:
        rows = [row for row in rows if row[0] != text("stored")]
    listed = "".join(f"<div><dt>{escape(name)}</dt><dd>{said}</dd></div>" for name, said in rows)
    kind = ""
    if told.standing is Standing.FOLLOW_UP:
        kind = f'<span class="kind">{text.escaped("follow-up")}</span> '
    title = escape(_subject(text, told, names))
    return f'<section class="slip told"><h2>{kind}{title}</h2><dl>{listed}</dl></section>'


def _spelled(digest: bytes) -> str:
    """Return the beginning of a fingerprint, to be compared by eye."""
    digits = digest.hex()[:16]
    return " ".join(digits[at : at + 4] for at in range(0, len(digits), 4)) or "-"


def _unchanged(shown: Shown, place: int) -> str:
    """Whether nothing failed that touches this rating."""
    remote = shown.evidence.told[place].origin is Origin.REMOTE
    ours = (
        {Check.HALL_SIGNATURES, Check.HALL_CHAIN}
        if remote
        else {
            Check.DEVICE_SIGNATURES,
            Check.DEVICE_CHAIN,
        }
    )
    touched = any(one.told == place or one.check in ours for one in shown.flaws)
    return "no" if touched else "yes"


def _level(text: ReceiptWords, told: Told) -> str:
    if told.platform_level not in tuple(Level):
        return "?"
    level = Level(told.platform_level)
    return f"{face(level)} <b>{escape(text.common.level(level))}</b>"


def _tag(text: ReceiptWords, tag: int) -> str:
    return text.common.tag_name(tag) if tag in _KNOWN_TAGS else str(tag)


def _subject(text: ReceiptWords, told: Told, names: Mapping[str, str]) -> str:
    match told.subject:
        case Subject.STAFF:
            return text("staff", code=told.code) if told.code else text("staff.unknown")
        case Subject.MATTER:
            return names.get(told.code) or text("matter")
        case Subject.HALL:
            return text("hall")
    return told.subject


def _way(told: Told) -> str:
    if told.origin is Origin.SCREEN:
        return "screen"
    return "qr" if told.channel_pf == Channel.QR else "remote"


def _record(text: ReceiptWords, shown: Evidence, told: Told) -> str:
    if told.origin is Origin.SCREEN and shown.device is not None:
        return text("record.screen", device=shown.device.device, seq=told.seq)
    return text("record.hall", seq=told.seq)


def _when(text: ReceiptWords, told: Told, zone: timezone) -> str:
    said = _time(told.given_ms, zone, "%Y-%m-%d %H:%M")
    exact = told.given_by in ("device", "central")
    return said if exact else text("given.corrected", time=said)


def _time(ms: int, zone: timezone, form: str) -> str:
    try:
        return datetime.fromtimestamp(ms / 1000, UTC).astimezone(zone).strftime(form)
    except (OverflowError, OSError, ValueError):  # an altered table may say anything
        return "?"


def _follow(text: ReceiptWords, told: Told, subjects: Sequence[Open], zone: timezone) -> str:
    """Return the key to the follow-up rating, below the rating that counts."""
    if told.standing not in (Standing.COUNTED, Standing.UNDER_REVIEW):
        return ""
    for one in subjects:
        if (one.subject.value, one.code) == (told.subject, told.code):
            label = text.escaped("follow" if one.offered is None else "follow.later")
            until = text.escaped("follow.until", day=_time(one.until_ms, zone, "%Y-%m-%d"))
            value = escape(f"follow:{one.about}")
            return (
                f'<p><button class="wide" name="do" value="{value}">{label}</button></p>'
                f'<p class="hint">{until}</p>'
            )
    return ""


def _checks(text: ReceiptWords, findings: Sequence[Finding]) -> str:
    """List what was checked; the keys are left out: this page cannot vouch for its own."""
    listed = "".join(
        f"<li><b>{text.escaped(f'checks.{one.outcome.value}')}</b> "
        f"{escape(one.sentence(text.language))}</li>"
        for one in findings
        if one.check not in (Check.CENTRAL_KEY, Check.DEVICE_KEY)
    )
    opened = " open" if any(one.outcome is Outcome.FAILED for one in findings) else ""
    summary = f"<summary>{text.escaped('checks')}</summary>"
    return f'<details class="checks"{opened}>{summary}<ul>{listed}</ul></details>'


def _yourself(text: ReceiptWords, shown: Evidence, host: str) -> str:
    address = host or "https://…"
    command = escape(f"haochaping verify {shown.code} --central {address}")
    return (
        f'<p class="hint">{text.escaped("yourself")}</p>'
        f'<p class="command"><code lang="en" translate="no">{command}</code></p>'
    )
