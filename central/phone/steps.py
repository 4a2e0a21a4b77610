"""The pages of the wizard: five equal keys for a subject, then reasons, comment and number."""

from html import escape

from litestar import Response

from central.phone import paper
from central.phone.draft import AT, COMMENT, NUMBER, OVER, SEAL, STEP, Draft, Flaw, Step
from central.phone.faces import face
from central.phone.questionnaire import Asked, Questionnaire
from central.phone.wording import Words, words
from protocol.levels import Level
from protocol.remote import MAX_COMMENT
from protocol.subjects import Subject
from protocol.tags import tags_of

LEVELS = tuple(sorted(Level, reverse=True))
_FIELDS = {Flaw.LONG: COMMENT, Flaw.NUMBER: NUMBER}
"""Which field a flaw is in."""


def page(
    asked: Questionnaire, draft: Draft, language: str, seal: str, flawed: Flaw | None = None
) -> Response[str]:
    """Return the page where the citizen is; with what is to be put right, if anything."""
    text = words(language)
    level = draft.levels[draft.at]
    flaw = "" if flawed is None else _flaw(text, flawed)
    if draft.step is Step.REASONS and level is not None:
        title, note = text("why"), text("tags.more")
        body = _reasons(text, asked, draft, level, flawed)
    else:
        title, note = text.question(asked.asked[draft.at].subject), ""
        body = _rate(text, asked, draft)
    return paper.page(
        language,
        title,
        flaw + body,
        note=note,
        hall=asked.hall,
        form=asked.action,
        hidden=_hidden(asked, draft, seal),
        enter="send" if draft.final else "next",
        status=200 if flawed is None else 422,
    )


def _hidden(asked: Questionnaire, draft: Draft, seal: str) -> list[tuple[str, str]]:
    """Return the fields that carry what the page itself does not ask."""
    here = asked.keys[draft.at]
    fields = [*asked.hidden, (SEAL, seal), (AT, here), (STEP, draft.step.value)]
    if draft.over:
        fields.append((OVER, "1"))
    for key, level, tags in zip(asked.keys, draft.levels, draft.tags, strict=True):
        if level is not None:
            fields.append((f"l{key}", str(int(level))))
        if key != here or draft.step is not Step.REASONS:
            fields += [(f"t{key}", str(tag)) for tag in tags]
    if not draft.final:
        fields += [(name, value) for name, value in _typed(draft) if value]
    return fields


def _typed(draft: Draft) -> tuple[tuple[str, str], ...]:
    return (COMMENT, draft.comment), (NUMBER, draft.number)


def _flaw(text: Words, flawed: Flaw) -> str:
    said = escape(text(f"problem.{flawed}", most=MAX_COMMENT))
    if field := _FIELDS.get(flawed):
        said = f'<a href="#{field}">{said}</a>'
    return f'<p class="problem" role="alert" tabindex="-1" autofocus>{said}</p>'


# --- rate -------------------------------------------------------------------------------------


def _rate(text: Words, asked: Questionnaire, draft: Draft) -> str:
    """Five equal keys; none is chosen beforehand, whatever was chosen before."""
    keys = "".join(
        f'<li><button class="level" name="do" value="level:{int(level)}">{face(level)}'
        f"<span>{escape(text.level(level))}</span></button></li>"
        for level in LEVELS
    )
    ways = []
    if draft.at > 0:
        ways.append(_key("back", text("back")))
    if len(asked.asked) > 1:
        ways.append(_key("skip", text("skip")))
    below = f'<p class="ways">{"".join(ways)}</p>' if ways else ""
    partly = ""
    if asked.rated:
        partly = f'<p class="hint">{escape(text("partly", n=asked.rated))}</p>'
    return (
        f"{_card(text, asked, draft.at)}{partly}"
        f'<ul class="levels" aria-labelledby="title">{keys}</ul>{below}'
        f'<p class="privacy">{LOCK}<span>{text.broken("privacy")}</span></p>'
    )


LOCK = (
    '<svg class="lock" viewBox="0 0 24 24" aria-hidden="true"><rect x="4" y="11" width="16" '
    'height="10" rx="2.5"/><path d="M8 11V7.5a4 4 0 0 1 8 0V11"/></svg>'
)


def _card(text: Words, asked: Questionnaire, place: int) -> str:
    """Say where the citizen was and what this question is about."""
    one = asked.asked[place]
    details = [one.case, text("cases", n=one.cases) if one.cases > 1 else ""]
    if one.subject is Subject.STAFF and one.code:
        details.append(text("staff.number", number=one.code))
    if len(asked.asked) > 1:
        details.append(text("step", i=place + 1, n=len(asked.asked)))
    said = " · ".join(f'<span class="bit">{escape(part)}</span>' for part in details if part)
    under = f'<span class="details">{said}</span>' if said else ""
    kind = f'<span class="kind">{escape(text("follow.title"))}</span>' if asked.follows_up else ""
    about = f"<b>{escape(name_of(text, one, asked.hall))}</b>"
    return f'<p class="card">{sign(text, asked.window)}<span>{kind}{about}{under}</span></p>'


def name_of(text: Words, one: Asked, hall: str) -> str:
    """Return what a subject is called."""
    match one.subject:
        case Subject.STAFF:
            return text("about.staff")
        case Subject.MATTER:
            return one.name or text("about.matter")
        case Subject.HALL:
            return hall or text("about.hall")


def sign(text: Words, window: str) -> str:
    """Return the window's sign; nothing if the window is not known."""
    if not window:
        return ""
    before, after = (f"<span>{escape(text(f'window.{one}'))}</span>" for one in ("above", "below"))
    small = ' class="long"' if len(window) > 3 else ""
    return f'<span class="sign">{before}<b{small}>{escape(window)}</b>{after}</span>'


# --- reasons ----------------------------------------------------------------------------------


def _reasons(
    text: Words, asked: Questionnaire, draft: Draft, level: Level, flawed: Flaw | None
) -> str:
    several = ""
    if len(asked.asked) > 1:
        one = asked.asked[draft.at]
        name = escape(name_of(text, one, asked.hall))
        step = escape(text("step", i=draft.at + 1, n=len(asked.asked)))
        several = f'<p class="kind">{name} · {step}</p>'
    parts = [
        f'<p class="card yours">{face(level)}<b><span class="unseen">{escape(text("yours"))}: '
        f"</span>{escape(text.level(level))}</b>{_key('change', text('change'))}</p>",
        several,
        _tags(text, asked, draft, level),
    ]
    if draft.final:
        parts.append(_comment(text, draft, wrong=flawed is Flaw.LONG))
        if asked.takes_number:
            parts.append(_number(text, draft, wrong=flawed is Flaw.NUMBER))
    back = f'<p class="ways">{_key("back", text("back"))}</p>' if draft.at > 0 else ""
    parts.append(back + _send(text, asked, draft))
    return "".join(parts)


def _tags(text: Words, asked: Questionnaire, draft: Draft, level: Level) -> str:
    name = f"t{asked.keys[draft.at]}"
    choices = "".join(
        f'<label class="tag"><input type="checkbox" name="{name}" value="{tag}"'
        f"{' checked' if tag in draft.tags[draft.at] else ''}>"
        f"<span>{text.tag(tag)}</span></label>"
        for tag in tags_of(level, asked.switched_off_tags)
    )
    legend = f'<legend class="unseen">{escape(text("why"))} {escape(text("tags.more"))}</legend>'
    return f'<fieldset>{legend}<div class="tags">{choices}</div></fieldset>'


def _comment(text: Words, draft: Draft, *, wrong: bool) -> str:
    said = escape(text("comment.left", n="{n}", most=MAX_COMMENT))
    counted = f'<span id="count" aria-hidden="true">{len(draft.comment)} / {MAX_COMMENT}</span>'
    return (
        f'<p class="asks"><label for="{COMMENT}">{escape(text("comment"))}</label> '
        f"<small>{escape(text('optional'))}</small></p>"
        f'<div class="field"><textarea id="{COMMENT}" name="{COMMENT}" rows="4" '
        f'data-most="{MAX_COMMENT}" placeholder="{escape(text("comment.hint"))}" '
        f'aria-describedby="comment-hint"{_invalid(wrong)}>\n{escape(draft.comment)}</textarea>'
        f'{counted}</div><p class="unseen" id="comment-hint">{escape(text("comment.hint"))} '
        f"{escape(text('comment.most', most=MAX_COMMENT))}</p>"
        f'<p class="unseen" role="status" id="left" data-said="{said}"></p>'
    )


def _number(text: Words, draft: Draft, *, wrong: bool) -> str:
    return (
        f'<p class="asks"><label for="{NUMBER}">{escape(text("number"))}</label> '
        f"<small>{escape(text('optional'))}</small></p>"
        f'<input id="{NUMBER}" name="{NUMBER}" type="tel" inputmode="numeric" maxlength="40" '
        f'autocomplete="tel-national" aria-describedby="number-hint"{_invalid(wrong)} '
        f'value="{escape(draft.number)}">'
        f'<p class="hint" id="number-hint">{escape(text("number.hint"))}</p>'
    )


def _invalid(wrong: bool) -> str:
    return ' aria-invalid="true"' if wrong else ""


def _key(value: str, label: str) -> str:
    return f'<button class="key" name="do" value="{value}">{escape(label)}</button>'


def _send(text: Words, asked: Questionnaire, draft: Draft) -> str:
    label, value = text("next"), "next"
    if draft.final:
        label, value = text("send.follow" if asked.follows_up else "send"), "send"
    key = f'<button class="primary" name="do" value="{value}">{escape(label)}</button>'
    return f'<p class="sending">{key}</p>'
