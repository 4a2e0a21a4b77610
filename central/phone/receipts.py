"""Was mine counted? The pages behind ``/C``: a receipt code leads to what became of a rating.

Whoever has the code sees the level; nobody else does, so the code is sent in the body of a
form and stands in no address. From here a follow-up rating is given too.
"""

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any, NamedTuple

from litestar import Request, Response, get, post
from litestar.datastructures import State
from litestar.openapi.datastructures import ResponseSpec
from litestar.params import RawBody

from central import addresses, follow_ups, receipts
from central.phone import draft, forms, found_page, paper, wizard
from central.phone.form_seal import seal
from central.phone.questionnaire import Answers, Questionnaire
from central.phone.receipt_words import receipt_words
from central.receipts import Found, SeveralVisits, UnknownReceipt
from central.service import Central, now_ms
from central.throttle import TooMany
from protocol.errors import Malformed

PATH = "/C"
Asking = Request[Any, Any, State]
Form = Mapping[str, Sequence[str]]


@get(
    PATH,
    sync_to_thread=True,
    media_type="text/html",
    tags=["citizens"],
    operation_id="ask_for_code",
    summary="Ask for a receipt code",
    description="A page to type it on. In Chinese, English or Korean by Accept-Language.",
)
def ask(request: Asking) -> Response[str]:
    """Answer with the page to type a code on."""
    return _form(paper.language_of(request))


@get("/c", sync_to_thread=True, media_type="text/html", include_in_schema=False)
def ask_small(request: Asking) -> Response[str]:
    """Answer the same to phones that make an address's letters small."""
    return _form(paper.language_of(request))


@post(
    PATH,
    status_code=200,
    sync_to_thread=True,
    media_type="text/html",
    request_max_body_size=forms.MOST_BYTES,
    tags=["citizens"],
    operation_id="show_receipt",
    summary="Show what became of a rating",
    description="For whoever has the receipt code (field `code`; `day` and `window` if two "
    "visits share it): stored, unchanged, counted. Takes the follow-up rating too.",
    responses={
        status: ResponseSpec(
            data_container=str, description=what, media_type="text/html", generate_examples=False
        )
        for status, what in (
            (400, "No receipt code"),
            (404, "No visit has this code"),
            (409, "Several visits have this code; the day, or the window, is asked for"),
            (422, "Something in the follow-up rating is to be put right"),
            (429, "Too many wrong codes; Retry-After says when to come again"),
        )
    },
)
def show(request: Asking, body: RawBody) -> Response[str]:
    """Answer with what became of the ratings of a code."""
    return _answer(request, body)


@post(
    "/c",
    status_code=200,
    sync_to_thread=True,
    media_type="text/html",
    request_max_body_size=forms.MOST_BYTES,
    include_in_schema=False,
)
def show_small(request: Asking, body: RawBody) -> Response[str]:
    """Answer the same where an address's letters were made small."""
    return _answer(request, body)


HANDLERS = (ask, ask_small, show, show_small)


def _answer(request: Asking, body: bytes) -> Response[str]:
    central: Central = request.app.state.central
    form = forms.read(request, body)
    language = paper.language_of(request, forms.one(form, "lang"))
    wish, _, value = forms.one(form, "do").partition(":")
    if wish == "lang":
        language = paper.language_of(request, value)
    now = now_ms()
    address = addresses.caller(request, central.settings)
    typed = _Typed.read(form)
    if wish == "lang" and not typed.code:
        return _form(language)
    try:
        found = receipts.look_up(
            central, typed.code, address, now, day=typed.on_day, window=typed.window
        )
    except Malformed:
        return _form(language, typed, problem="malformed", status=400)
    except UnknownReceipt:
        central.refusals.count("receipt-unknown")
        return _form(language, typed, problem="unknown", status=404)
    except SeveralVisits as error:
        return _form(language, typed, needs=error.needs, status=409)
    except TooMany as error:
        return _too_many(language, typed, error)
    about = forms.one(form, "about") or (value if wish == "follow" else "")
    if about and wish != "show":
        return _follow(central, form, found, typed, about, language, now)
    return found_page.show(central, found, typed.hidden, language, now)


class _Typed(NamedTuple):
    """What was typed to find a visit."""

    code: str
    day: str = ""
    window: str = ""

    @classmethod
    def read(cls, form: Form) -> "_Typed":
        return cls(*(forms.one(form, name)[:64] for name in cls._fields))

    @property
    def on_day(self) -> date | None:
        try:
            return date.fromisoformat(self.day.strip())
        except ValueError:
            return None

    @property
    def hidden(self) -> dict[str, str]:
        """The fields that find the visit again."""
        return {name: value for name, value in self._asdict().items() if value}


# --- asking for the code --------------------------------------------------------------------


def _form(
    language: str,
    typed: _Typed | None = None,
    *,
    problem: str = "",
    needs: str = "",
    status: int = 200,
    minutes: int = 0,
    headers: dict[str, str] | None = None,
) -> Response[str]:
    text = receipt_words(language)
    parts = []
    if problem:
        said = text.escaped(f"problem.{problem}", minutes=minutes)
        parts.append(
            '<div class="problem" role="alert" tabindex="-1" autofocus>'
            f'<p><a href="#code">{said}</a></p></div>'
        )
    parts.append(f"<p>{text.escaped('ask')}</p>")
    value = "" if typed is None else typed.code
    parts.append(found_page.code_field(text, value, wrong=problem in ("malformed", "unknown")))
    if needs or (typed is not None and typed.day):
        parts.append(found_page.day_field(text, "" if typed is None else typed.day))
    if needs == "window" or (typed is not None and typed.window):
        parts.append(found_page.window_field(text, "" if typed is None else typed.window))
    button = f'<button class="primary" name="do" value="show">{text.escaped("look")}</button>'
    parts.append(f'<p class="sending">{button}</p>')
    return paper.page(
        *(language, text("title"), "".join(parts)),
        form=PATH,
        enter="show",
        status=status,
        headers=headers,
    )


def _too_many(language: str, typed: _Typed, error: TooMany) -> Response[str]:
    minutes = -(-error.retry_after_s // 60)
    headers = {"Retry-After": str(error.retry_after_s)}
    return _form(language, typed, problem="many", status=429, minutes=minutes, headers=headers)


# --- following up ---------------------------------------------------------------------------


def _follow(
    central: Central,
    form: Form,
    found: Found,
    typed: _Typed,
    about: str,
    language: str,
    now: int,
) -> Response[str]:
    """Ask for a follow-up rating, or take it."""
    with central.database.reading() as connection:
        where = follow_ups.visited(connection, found)
        subjects = () if where is None else follow_ups.open_for(connection, found, where.rules, now)
        chosen = next((one for one in subjects if one.about == about[:200]), None)
        names = {} if where is None else follow_ups.names(connection, where)
        comment = forms.one(form, "comment").replace("\r\n", "\n").strip()
        kept_before = follow_ups.is_kept(connection, found, about, forms.one(form, "l0"), comment)
    if where is None or chosen is None:
        news = "followed" if kept_before else "followed.before"
        return found_page.show(central, found, typed.hidden, language, now, news=news)
    hidden = {**typed.hidden, "about": chosen.about}
    asked = follow_ups.questionnaire(where, found, (chosen,), names, PATH, tuple(hidden.items()))
    begun = form if draft.SEAL in form else _prefilled(central, asked, chosen, now)
    answered = wizard.turn(central, begun, asked, language, now)
    if not isinstance(answered, Answers):
        return answered
    with central.database.writing() as connection:
        kept = follow_ups.take(connection, central.key, found, answered, now)
    news = "followed" if kept else "followed.before"
    return found_page.show(central, found, typed.hidden, language, now, news=news)


def _prefilled(central: Central, asked: Questionnaire, chosen: follow_ups.Open, now: int) -> Form:
    """Return the form as if the later rating had been typed in already; empty if there is none."""
    if chosen.offered is None:
        return {}
    (key,) = asked.keys
    return {
        draft.SEAL: [seal(central.key, asked.seal, now)],
        draft.AT: [key],
        draft.STEP: [draft.Step.REASONS],
        f"l{key}": [str(int(chosen.offered))],
        f"t{key}": [str(tag) for tag in chosen.offered_tags],
        draft.COMMENT: [chosen.offered_comment],
    }
