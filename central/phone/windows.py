"""The pages behind a window's printed code: what to rate, the questions, and what became of it.

The code leads to no visit, so each scan begins one (`window_scan`); the form carries it, and
central keeps nothing before it is sent in.
"""

from collections.abc import Sequence
from html import escape
from typing import Any

from litestar import Request, Response, get, post
from litestar.datastructures import State
from litestar.params import FromPath, RawBody
from sqlalchemy import Row

from central import at_window, window_codes, window_ratings
from central.addresses import caller
from central.at_window import AtWindow
from central.phone import forms, paper, receipt, window_scan, wizard
from central.phone.draft import DO, LANGUAGE, SEAL
from central.phone.questionnaire import Answers, Asked, Questionnaire
from central.phone.receipt import Line
from central.phone.steps import sign
from central.phone.window_scan import Scan
from central.phone.window_texts import TEXTS
from central.phone.wording import words
from central.remote_ratings import AlreadyGiven
from central.service import Central, now_ms
from central.throttle import TooMany
from central.window_codes import State as CodeState
from protocol.subjects import Subject

_FEW = 8
"""So many matters are keys; more are a list to choose from."""
_NONE = "-"
"""What the field ``matter`` says if none was chosen."""
_NOTHING = {"": ("",)}
"""A form without a field: it was sent all the same."""
_Request = Request[Any, Any, State]


class _Refused(Exception):
    """The code or the form is good for nothing; its text is the page's name."""

    def __init__(self, page: str, status: int) -> None:
        super().__init__(page)
        self.page = page
        self.status = status


@get("/W/{code:str}", sync_to_thread=True, media_type="text/html", include_in_schema=False)
def show(request: _Request, code: FromPath[str]) -> Response[str]:
    """Answer somebody who scanned the printed code of a window."""
    return _answer(request, code, {})


@get("/w/{code:str}", sync_to_thread=True, media_type="text/html", include_in_schema=False)
def show_small(request: _Request, code: FromPath[str]) -> Response[str]:
    """Answer somebody who typed it, or whose phone makes an address's letters small."""
    return _answer(request, code, {})


@post(
    "/W/{code:str}",
    status_code=200,
    sync_to_thread=True,
    media_type="text/html",
    request_max_body_size=forms.MOST_BYTES,
    include_in_schema=False,
)
def send(request: _Request, code: FromPath[str], body: RawBody) -> Response[str]:
    """Take a page of the form: go on to the next, or keep what was answered."""
    return _answer(request, code, forms.read(request, body) or _NOTHING)


HANDLERS = (show, show_small, send)


def _answer(request: _Request, typed: str, form: wizard.Form) -> Response[str]:
    central: Central = request.app.state.central
    language = paper.language_of(request, forms.one(form, LANGUAGE))
    wish, _, value = forms.one(form, DO).partition(":")
    if wish == "lang":
        language = paper.language_of(request, value)
    now = now_ms()
    try:
        code = window_codes.read(typed)
        at = _at(central, code, now)
        scan = _scan(central, form, code, at, now)
        return _go_on(request, central, at, scan, form, language, now)
    except _Refused as refused:
        central.refusals.count(f"window-code-{refused.page}")
        return _refusal(refused, language)
    except TooMany as error:
        central.refusals.count("window-code-too-many")
        return _too_many(error, code, form, language)


def _at(central: Central, code: str, now: int) -> AtWindow:
    """Return what there is at the code's window. Raises `_Refused`."""
    with central.database.reading() as connection:
        if not code:
            raise _Refused("incomplete", 404)
        found = window_codes.find(connection, code, now)
        if found is None:
            raise _Refused("unknown", 404)
        if found.state is not CodeState.VALID:
            raise _Refused(found.state.value, 410)
        hall, window = found.code.hall, found.code.window
        offset = central.settings.utc_offset_minutes
        return at_window.look(connection, hall, window, now, offset)


def _scan(central: Central, form: wizard.Form, code: str, at: AtWindow, now: int) -> Scan:
    """Return the scan that the form brings back, or begin one. Raises `_Refused`."""
    if not form:
        return Scan.begin(code, at.staff, now)
    scan = window_scan.opened(forms.one(form, "scan"), central.key)
    longest_ms = central.settings.phone.form_hours * 3_600_000
    if scan is None or scan.code != code or now - scan.opened_ms > longest_ms:
        raise _Refused("stale", 410)
    return scan


def _go_on(
    request: _Request,
    central: Central,
    at: AtWindow,
    scan: Scan,
    form: wizard.Form,
    language: str,
    now: int,
) -> Response[str]:
    address = caller(request, central.settings)
    with central.database.reading() as connection:
        if rows := window_ratings.given(connection, scan.visit):
            return _receipt(central, at, rows, language, again=True)
        if not form:  # nobody should fill in what cannot be sent
            window_ratings.check_pace(connection, central, at.window, address, now, count=False)
    matter = forms.one(form, "matter") if at.matters else _NONE
    known = matter == _NONE or matter in {one.code for one in at.matters}
    if not known or (SEAL not in form and forms.one(form, DO).startswith("lang:")):
        return _choice(central, at, scan, language)
    asked = _questionnaire(central, at, scan, matter)
    turned = wizard.turn(central, form, asked, language, now)
    if not isinstance(turned, Answers):
        return turned
    with central.database.writing() as connection:
        window_ratings.check_pace(connection, central, at.window, address, now, count=True)
    again = False
    try:
        with central.database.writing() as connection:
            window_ratings.keep(connection, central, at, scan, turned, now)
    except AlreadyGiven:  # sent twice at once: the other one was quicker
        again = True
    with central.database.reading() as connection:
        rows = window_ratings.given(connection, scan.visit)
    return _receipt(central, at, rows, turned.language, again=again)


def _questionnaire(central: Central, at: AtWindow, scan: Scan, matter: str) -> Questionnaire:
    asked = [Asked(Subject.STAFF, scan.staff)] if scan.staff else []
    asked += [
        Asked(Subject.MATTER, one.code, name=one.name) for one in at.matters if one.code == matter
    ]
    return Questionnaire(
        hall=at.hall_name,
        window=at.number,
        asked=tuple(asked) or (Asked(Subject.HALL, at.hall),),
        action=_action(scan.code),
        seal=f"window {scan.code} {scan.visit} {matter}",
        switched_off_tags=at.switched_off_tags,
        takes_number=at.takes_number,
        hidden=(("scan", window_scan.seal(scan, central.key)), ("matter", matter)),
    )


def _action(code: str) -> str:
    return window_codes.PATH + code


# --- pages --------------------------------------------------------------------------------------


def _choice(central: Central, at: AtWindow, scan: Scan, language: str) -> Response[str]:
    """Ask which matter it was: one key each, or a list to choose from where there are many."""
    text = TEXTS[language]
    said = text.serving.format(scan.staff) if scan.staff else ""
    body = [
        f'<p class="card">{sign(words(language), at.number)}<span>{escape(said)}</span></p>',
        f"<p>{escape(text.choose_more)}</p>",
    ]
    choices = [*((one.code, one.name) for one in at.matters), (_NONE, text.none)]
    if len(at.matters) <= _FEW:
        keys = (_key("wide", "matter", code, name) for code, name in choices)
        body.append(f'<div class="actions">{"".join(keys)}</div>')
    else:
        radios = "".join(
            f'<label class="tag"><input type="radio" name="matter" value="{escape(code)}"'
            f"{' checked' if code == _NONE else ''}><span>{escape(name)}</span></label>"
            for code, name in (choices[-1], *choices[:-1])
        )
        body.append(
            f'<fieldset><legend class="unseen">{escape(text.choose)}</legend>'
            f'<div class="tags">{radios}</div></fieldset>'
            f'<p class="sending">{_key("primary", "do", "choose", text.go_on)}</p>'
        )
    return paper.page(
        language,
        text.choose,
        "".join(body),
        hall=at.hall_name,
        form=_action(scan.code),
        hidden={"scan": window_scan.seal(scan, central.key)},
        enter="choose",
    )


def _key(look: str, name: str, value: str, label: str) -> str:
    return f'<button class="{look}" name="{name}" value="{escape(value)}">{escape(label)}</button>'


def _receipt(
    central: Central, at: AtWindow, rows: Sequence[Row[Any]], language: str, *, again: bool
) -> Response[str]:
    names = {one.code: one.name for one in at.matters}
    return receipt.thanks(
        language,
        rows[0].receipt,
        [Line(Subject(row.subject), names.get(row.code, ""), "counted") for row in rows],
        rows[0].received_ms,
        central.settings.utc_offset_minutes,
        hall=at.hall_name,
        window=at.number,
        **({"title": "already", "more": "already.more"} if again else {}),
    )


def _refusal(refused: _Refused, language: str) -> Response[str]:
    text = TEXTS[language]
    title = getattr(text, refused.page)
    more = {
        "incomplete": text.unknown_more,
        "unknown": text.unknown_more,
        "stale": text.stale_more,
    }
    said = [more.get(refused.page, text.old_more), f"{text.scan_device} {text.call}"]
    body = "".join(f"<p>{escape(line)}</p>" for line in said)
    return paper.page(language, title, body, status=refused.status)


def _too_many(error: TooMany, code: str, form: wizard.Form, language: str) -> Response[str]:
    """Say when there will be room again; what was filled in can be sent from this very page."""
    text = TEXTS[language]
    minutes = -(-error.retry_after_s // 60)
    lines = [text.busy_more.format(minutes)]
    body, action = "", ""
    if SEAL in form:
        action = _action(code)
        lines.insert(0, text.kept)
        body = (
            "".join(
                paper.field(name, value)
                for name, values in form.items()
                for value in values
                if name not in (LANGUAGE, DO)
            )
            + f'<p class="sending">{_key("primary", "do", "send", text.again)}</p>'
        )
    lines.append(f"{text.scan_device} {text.call}")
    said = "".join(f"<p>{escape(line)}</p>" for line in lines)
    return paper.page(
        language,
        text.busy,
        said + body,
        status=429,
        form=action,
        headers={"Retry-After": str(error.retry_after_s)},
    )
