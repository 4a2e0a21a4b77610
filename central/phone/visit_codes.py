"""The pages behind the code on a device's screen: rate the visit, or see that it was rated.

The token is checked and forgotten: it is in no table and reaches no log. What was sent is kept
in one transaction that holds the device's row, so that the visit cannot come in meanwhile.
"""

from collections.abc import Sequence
from typing import Any

from litestar import Request, Response, get, post
from litestar.datastructures import State
from litestar.openapi.datastructures import ResponseSpec
from litestar.params import FromPath, RawBody

from central import addresses, callbacks, sealing, throttle
from central.phone import forms, notices, paper, receipt, visits, wizard
from central.phone.questionnaire import Answers, Asked, Questionnaire
from central.phone.receipt import Line
from central.phone.visits import Asking, Ended, Standing, Visit
from central.remote_ratings import Given, Place, Way, take
from central.service import Central, now_ms
from protocol.subjects import Channel

_Request = Request[Any, Any, State]
_SENDING: dict[str, Any] = {
    "status_code": 200,
    "sync_to_thread": True,
    "media_type": "text/html",
    "include_in_schema": False,
    "request_max_body_size": forms.MOST_BYTES,
}


@get(
    "/R/{token:str}",
    sync_to_thread=True,
    media_type="text/html",
    tags=["citizens"],
    summary="Show the page on which a visit is rated by phone",
    description="What the code on a device's screen leads to: rate what has not been rated yet, "
    "or see that it has arrived. In Chinese, English or Korean by Accept-Language or `lang`.",
    responses={
        status: ResponseSpec(
            data_container=str, description=what, media_type="text/html", generate_examples=False
        )
        for status, what in (
            (400, "The token is incomplete or was altered"),
            (410, "The token has expired, or its device was retired"),
        )
    },
)
def show(request: _Request, token: FromPath[str]) -> Response[str]:
    """Answer with the page in the phone's language."""
    return _turn(request, token, {})


@get("/r/{token:str}", sync_to_thread=True, media_type="text/html", include_in_schema=False)
def show_small(request: _Request, token: FromPath[str]) -> Response[str]:
    """Answer the same to phones that make an address's letters small."""
    return _turn(request, token, {})


@post("/R/{token:str}", **_SENDING)
def send(request: _Request, token: FromPath[str], body: RawBody) -> Response[str]:
    """Take the next step of the form, or the rating."""
    return _turn(request, token, forms.read(request, body))


@post("/r/{token:str}", **_SENDING)
def send_small(request: _Request, token: FromPath[str], body: RawBody) -> Response[str]:
    """Take the same."""
    return _turn(request, token, forms.read(request, body))


HANDLERS = (show, show_small, send, send_small)


# --- one step -------------------------------------------------------------------------------


def _turn(request: _Request, token: str, form: wizard.Form) -> Response[str]:
    central: Central = request.app.state.central
    language = paper.language_of(request, forms.one(form, "lang"))
    hours = central.settings.phone.unbound_hours
    now = now_ms()
    with central.database.reading() as connection:
        visit = visits.look_up(connection, token, now, hours)
        if isinstance(visit, Ended):
            return _ended(central, visit, language)
        asked = _still_asked(visit, form)
        takes_number = bool(sealing.public_key(connection))
    if not asked:
        chosen = forms.one(form, "do").partition("lang:")[2]
        return _receipt(central, visit, paper.language_of(request, chosen or language))
    questionnaire = _questionnaire(visit, asked, "/R/" + token, takes_number=takes_number)
    answers = wizard.turn(central, form, questionnaire, language, now)
    if isinstance(answers, Response):
        return answers
    address = addresses.caller(request, central.settings)
    try:
        _count(central, address, now)
    except throttle.TooMany as error:
        central.refusals.count("too-many")
        return notices.busy(language, error.retry_after_s, questionnaire.action, form)
    return _take(central, token, answers, now)


def _ended(central: Central, ended: Ended, language: str) -> Response[str]:
    central.refusals.count(f"phone-{ended.reason}")
    return notices.page(language, ended.reason, ended.status)


def _count(central: Central, address: str, now: int) -> None:
    """Count a rating of ``address``. Raises `TooMany`."""
    limit = central.settings.phone.ratings_per_hour
    with central.database.writing() as connection:
        throttle.check(connection, central.key, "ratings by phone", address, limit, now)


def _take(central: Central, token: str, answers: Answers, now: int) -> Response[str]:
    """Keep what was sent; sent twice, it is kept once."""
    hours = central.settings.phone.unbound_hours
    with central.database.writing() as connection:
        visit = visits.look_up(connection, token, now, hours, lock=True)
        if isinstance(visit, Ended):
            return _ended(central, visit, answers.language)
        place = Place(
            visit.stand.hall,
            visit.id,
            visit.device.id,
            visit.device.name,
            receipt=visit.receipt,
        )
        given = _given(visit, answers)
        if given:
            take(
                connection,
                central.key,
                place,
                Way(Channel.QR, answers.language),
                given,
                now,
                credited=not visit.device.frozen,
            )
            if answers.number:
                callbacks.leave(connection, place, answers.number, now)
        after = visits.look_up(connection, token, now, hours)
    if given:
        central.waiting.ring(visit.device.id, visit.id)
    shown = visit if isinstance(after, Ended) else after
    return _receipt(central, shown, answers.language, thanked=bool(given))


def _given(visit: Visit, answers: Answers) -> list[Given]:
    """Return what is to be kept: not what a phone has rated before.

    The visit may have come in since the page was opened; what it asks in the same place is what
    was answered. If it asks nothing such there, the answer is kept by its place as it was asked.
    The comment is about the last subject answered, or the last of these.
    """
    asking = {one.place: one for one in visit.asking}
    given: list[Given] = []
    for answer in answers.answers:
        place, subject = answer.asked.question, answer.asked.subject
        now = asking.get(-1 if place is None else place)
        if now is None or now.question.subject is not subject:
            given.append(Given(subject, answer.level, answer.tags, question=place))
        elif not now.by_phone:
            code, cases = now.question.code, now.question.cases
            unbound = None if code else place
            given.append(
                Given(subject, answer.level, answer.tags, "", code, unbound, cases),
            )
    if given:
        given[-1] = given[-1]._replace(comment=answers.comment)
    return given


# --- what is asked, and what has been -------------------------------------------------------


def _still_asked(visit: Visit, form: wizard.Form) -> list[Asking]:
    """Return what nobody has rated, and what was rated on the screen while this form was open.

    The latter is what the citizen has just said, too: it is kept, and the one given first counts.
    """
    unrated = [one for one in visit.asking if one.standing is None]
    meanwhile = {
        one.place
        for one in visit.asking
        if one.standing is Standing.SCREEN and forms.one(form, f"l{one.place}")
    }
    return [one for one in visit.asking if one in unrated or one.place in meanwhile]


def _questionnaire(
    visit: Visit, asking: Sequence[Asking], action: str, *, takes_number: bool
) -> Questionnaire:
    asked = (
        Asked(
            one.question.subject,
            one.question.code,
            one.place,
            one.name,
            visits.masked(one.question.cases[0]) if one.question.cases else "",
            one.question.case_count,
        )
        for one in asking
    )
    return Questionnaire(
        hall=visit.stand.name,
        window=visit.stand.window,
        asked=tuple(asked),
        action=action,
        # What an older device's visit asks is not known before it comes in; see `visits._UNSAID`.
        seal=f"visit {visit.token.device} {visit.id} {visit.asking[0].question.subject}",
        switched_off_tags=frozenset(visit.stand.rules.switched_off_tags),
        takes_number=takes_number,
        rated=len(visit.asking) - len(asking),
    )


def _receipt(
    central: Central, visit: Visit, language: str, *, thanked: bool = False
) -> Response[str]:
    """Return the page for a visit that has been rated: the code, and where each rating stands."""
    rated = [one for one in visit.asking if one.standing is not None]
    title, more = "thanks", "thanks.more"
    if not thanked:
        on_screen = all(one.standing is Standing.SCREEN for one in rated)
        title, more = "already", "already.screen" if on_screen else "already.more"
    return receipt.thanks(
        language,
        visit.receipt,
        [_line(one) for one in rated],
        max((one.rated_ms for one in rated if one.rated_ms is not None), default=now_ms()),
        central.settings.utc_offset_minutes,
        hall=visit.stand.name,
        window=visit.stand.window,
        title=title,
        more=more,
    )


def _line(rated: Asking) -> Line:
    """Return where a rating stands; what its device must be looked into for does not count yet."""
    standing = str(rated.standing)
    if not rated.credited and rated.standing in (Standing.COUNTED, Standing.SCREEN):
        standing = "review"
    return Line(rated.question.subject, rated.name, standing)
