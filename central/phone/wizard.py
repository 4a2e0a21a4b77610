"""Asks a questionnaire page by page: level, then reasons, for each subject; then it is sent.

Nothing is kept at central before the citizen has sent it, and it works without a script: each
page is one form with all the answers so far.
"""

from litestar import Response

from central.phone import draft as drafts
from central.phone import form_seal, steps
from central.phone.draft import DO, SEAL, Draft, Flaw, Form
from central.phone.questionnaire import Answer, Answers, Questionnaire
from central.phone.wording import LANGUAGES
from central.service import Central

__all__ = ["Form", "turn"]
_HOUR_MS = 3_600_000
_AHEAD_MS = 300_000
"""So far another machine's clock may be ahead, which opened the form."""


def turn(
    central: Central, request_form: Form, questionnaire: Questionnaire, language: str, now_ms: int
) -> Response[str] | Answers:
    """Return the next page, or the checked answers once they have been sent.

    ``request_form`` are the fields that came in, none for a page that is just opened; fields
    of others among them do not matter. ``questionnaire`` asks at least one question.
    """
    form, asked = request_form, questionnaire
    if SEAL not in form:
        fresh = form_seal.seal(central.key, asked.seal, now_ms)
        return steps.page(asked, drafts.begin(asked), language, fresh)
    draft, seal = drafts.read(form, asked), drafts.first(form, SEAL)
    opened_ms = form_seal.opened_ms(central.key, asked.seal, seal)
    phone = central.settings.phone
    if opened_ms is None or not -_AHEAD_MS <= now_ms - opened_ms <= phone.form_hours * _HOUR_MS:
        central.refusals.count("phone-stale")
        fresh = form_seal.seal(central.key, asked.seal, now_ms)
        return _again(asked, draft, language, fresh, Flaw.STALE)
    wish = drafts.first(form, DO)
    if wish.startswith("lang:"):
        chosen = wish.partition(":")[2]
        return steps.page(asked, draft, chosen if chosen in LANGUAGES else language, seal)
    if wish != "send":
        after = drafts.moved(draft, wish)
        if isinstance(after, Flaw):
            return _again(asked, draft, language, seal, after)
        return steps.page(asked, after, language, seal)
    if flawed := drafts.flaw(draft):
        return _again(asked, draft, language, seal, flawed)
    if now_ms - opened_ms < phone.quickest_seconds * 1000:
        central.refusals.count("phone-too-quick")
        return _again(asked, draft, language, seal, Flaw.QUICK)
    return _answers(asked, draft, language)


def _again(
    asked: Questionnaire, draft: Draft, language: str, seal: str, flawed: Flaw
) -> Response[str]:
    return steps.page(asked, drafts.shown_for(draft, flawed), language, seal, flawed)


def _answers(asked: Questionnaire, draft: Draft, language: str) -> Answers:
    given = zip(asked.asked, draft.levels, draft.tags, strict=True)
    return Answers(
        tuple(Answer(one, level, tags) for one, level, tags in given if level is not None),
        draft.comment,
        draft.number,
        language,
    )
