"""Pages that say why there is nothing to rate here, and what to do instead."""

from collections.abc import Mapping, Sequence
from html import escape
from typing import Any

from litestar import Request, Response, get
from litestar.response import Redirect

from central import problems
from central.errors import Refused
from central.phone import paper
from central.phone.wording import words

_BY_STATUS = {408: "unread", 429: "busy", 503: "overloaded"}
"""Which words fit a refusal; else those for a form that cannot be read, or for our mistake."""


def page(language: str, reason: str, status: int) -> Response[str]:
    """Return the page for ``reason``: ``altered``, ``expired`` or ``retired``."""
    text = words(language)
    body = f"<p>{escape(text(f'{reason}.more'))}</p>"
    body += f'<p><a class="key" href="/C?lang={language}">{escape(text("check"))}</a></p>'
    return paper.page(language, text(reason), body, status=status)


def busy(
    language: str,
    retry_after_s: int,
    action: str = "",
    form: Mapping[str, Sequence[str]] | None = None,
) -> Response[str]:
    """Return the page for an address that has sent too much; nothing was kept.

    With ``action`` and ``form`` it can be sent from this very page later on.
    """
    text = words(language)
    minutes = -(-retry_after_s // 60)
    body = f"<p>{escape(text('busy.more', minutes=minutes))}</p>"
    fields: list[tuple[str, str]] = []
    if action and form:
        fields = [
            (name, value)
            for name, values in form.items()
            if name not in ("lang", "do")
            for value in values
        ]
        key = f'<button class="primary" name="do" value="send">{escape(text("send"))}</button>'
        body += f'<p>{escape(text("busy.kept"))}</p><p class="sending">{key}</p>'
    headers = {"Retry-After": str(retry_after_s)}
    return paper.page(
        *(language, text("busy"), body),
        status=429,
        form=action if fields else "",
        hidden=fields,
        enter="send",
        headers=headers,
    )


@get(
    ["/R", "/W", "/r", "/w"], include_in_schema=False, sync_to_thread=False, media_type="text/html"
)
def cut_short(request: Request[Any, Any, Any]) -> Response[str]:
    """Answer somebody whose address lost its code on the way."""
    return page(paper.language_of(request), "altered", 400)


@get("/", include_in_schema=False, sync_to_thread=False)
def bare() -> Redirect:
    """Lead somebody who typed nothing but the host to where a receipt code is looked up."""
    return Redirect("/C", status_code=303, headers=paper.HEADERS)


@get("/phone/done", include_in_schema=False, sync_to_thread=False, media_type="text/html")
def done(request: Request[Any, Any, Any]) -> Response[str]:
    """Say good-bye: the receipt code is no longer on the screen."""
    text = words(language := paper.language_of(request))
    return paper.page(
        language,
        text("done.title"),
        f'<p class="middle">{escape(text("done"))}</p>',
        picture=paper.TICK,
    )


def answer(request: Request[Any, Any, Any], error: Exception) -> Response[Any]:
    """Return a page where a call would get a problem document; counted and logged the same."""
    answered = problems.answer(request, error)
    status = int(answered.status_code or 500)
    reason = _BY_STATUS.get(status, "unread" if status < 500 else "mistake")
    if isinstance(error, Refused) and status == 429:
        return busy(paper.language_of(request), int(answered.headers.get("Retry-After", "3600")))
    text = words(language := paper.language_of(request))
    kept = {k: v for k, v in answered.headers.items() if k.lower() in ("retry-after", "allow")}
    body = f"<p>{escape(text(f'{reason}.more'))}</p>"
    return paper.page(language, text(reason), body, status=status, headers=kept)
