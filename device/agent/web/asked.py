"""Reads what a business system asks for, and tells every mistake in it at once.

A programmer who learns of five mistakes in five tries calls the vendor at the third.
"""

from typing import Annotated, Any, NamedTuple, TypeVar

import msgspec
from litestar import Request

from device.agent.web.problems import Mistake, WebRefused
from device.core.visit import cases_of
from protocol.limits import MAX_CASES, CaseNumber, Code, Short
from protocol.records import MatterHandled

MAX_MATTERS = 20
MATTER_CODE = r"\A([0-9A-Za-z]{31}|[0-9A-Za-z]{33})\Z"
"""docs/codes.md, "Provincial upload"."""
MAX_ADDRESS = 500
_MANY = 50
"""Mistakes told at once."""

RequestId = Code
"""The system's own name for its request."""
MatterCode = Annotated[str, msgspec.Meta(pattern=MATTER_CODE)]
_Cases = Annotated[int, msgspec.Meta(ge=0, le=MAX_CASES)]
_Address = Annotated[str, msgspec.Meta(min_length=1, max_length=MAX_ADDRESS)]
T = TypeVar("T")


class VisitAsked(NamedTuple):
    """A visit as a system asks for it."""

    request: str
    matters: tuple[MatterHandled, ...]
    callback: str
    """Where to tell its end; empty: nowhere."""


class Reading:
    """Takes a JSON document apart and collects what is wrong with it."""

    def __init__(self) -> None:
        self.mistakes: list[Mistake] = []

    def wrong(self, path: str, expected: str, code: str = "invalid") -> None:
        """Note a mistake."""
        if len(self.mistakes) < _MANY:
            self.mistakes.append(Mistake(path, expected, code))

    def finish(self) -> None:
        """Raise `WebRefused` with every mistake, if there is one."""
        if self.mistakes:
            raise WebRefused(
                422, "invalid", "Something is not as it must be.", errors=tuple(self.mistakes)
            )

    def fields(self, value: Any, path: str, known: dict[str, bool]) -> dict[str, Any]:
        """Return ``value`` as an object with the ``known`` fields (True: required)."""
        if not isinstance(value, dict):
            self.wrong(path, "an object")
            return {}
        for name in value:
            if name not in known:
                self.wrong(f"{path}.{name[:64]}", f"no such field; known: {', '.join(known)}")
        for name, required in known.items():
            if required and name not in value:
                self.wrong(f"{path}.{name}", "this field is missing")
        return value

    def value(self, found: Any, path: str, kind: Any, expected: str, otherwise: T) -> T:
        """Return ``found`` if it is a ``kind``, else note what was ``expected``."""
        try:
            value: T = msgspec.convert(found, kind)
        except msgspec.ValidationError:
            self.wrong(path, expected)
            return otherwise
        return value

    def items(self, found: Any, path: str, most: int) -> list[Any]:
        """Return ``found`` as a list of at most ``most``."""
        if not isinstance(found, list) or len(found) > most:
            self.wrong(path, f"a list of at most {most}")
            return []
        return found


def document(request: Request[Any, Any, Any], body: bytes) -> Any:
    """Return the JSON in ``body``. Raises `WebRefused`."""
    kind = request.headers.get("content-type", "").split(";")[0].strip().lower()
    if kind != "application/json":
        raise WebRefused(415, "unsupported-type", "expected Content-Type: application/json")
    try:
        return msgspec.json.decode(body)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        raise WebRefused(400, "no-json", str(error)[:200]) from error


def visit(found: Any, reading: Reading) -> VisitAsked:
    """Return the visit that ``found`` asks for; mistakes go to ``reading``."""
    fields = reading.fields(found, "$", {"request": True, "matters": False, "callback": False})
    request = reading.value(
        fields.get("request", "-"),
        "$.request",
        RequestId,
        "your own name for this request: 1 to 64 characters, no control characters",
        "",
    )
    listed = reading.items(fields.get("matters", []), "$.matters", MAX_MATTERS)
    matters = tuple(
        _matter(one, f"$.matters[{place}]", reading) for place, one in enumerate(listed)
    )
    if cases_of(matters) > MAX_CASES:
        reading.wrong("$.matters", f"at most {MAX_CASES} cases in all", "too-many-cases")
    callback = reading.value(
        fields.get("callback") or "-",
        "$.callback",
        _Address,
        f"an address of at most {MAX_ADDRESS} characters",
        "-",
    )
    return VisitAsked(request, matters, "" if callback == "-" else callback)


def _matter(found: Any, path: str, reading: Reading) -> MatterHandled:
    if not isinstance(found, dict):
        reading.wrong(path, "an object")
        return MatterHandled("")
    fields = reading.fields(
        found, path, {"code": True, "cases": False, "count": False, "finished": False}
    )
    code = ""
    if "code" in fields:
        code = reading.value(
            fields["code"],
            f"{path}.code",
            MatterCode,
            "a matter's code: 31 or 33 digits and letters",
            "",
        )
    listed = reading.items(fields.get("cases", []), f"{path}.cases", MAX_CASES)
    cases = tuple(
        reading.value(
            one, f"{path}.cases[{place}]", CaseNumber, "a case number: 1 to 50 characters", ""
        )
        for place, one in enumerate(listed)
    )
    right = [case for case in cases if case]
    if len(set(right)) < len(right):
        reading.wrong(f"{path}.cases", "each case number once")
    count = reading.value(
        fields.get("count", 0), f"{path}.count", _Cases, f"a number from 0 to {MAX_CASES}", 0
    )
    if cases and count not in (0, len(cases)):
        reading.wrong(f"{path}.count", "as many as there are case numbers, or left out")
    finished = reading.value(
        fields.get("finished", True), f"{path}.finished", bool, "true or false", True
    )
    return MatterHandled(code, cases, finished, 0 if cases else count)


def reason(found: Any, reading: Reading, path: str = "$.reason") -> str:
    """Return the reason in ``found``: one line that says something."""
    text = reading.value(found, path, Short, "a reason: 1 to 128 characters on one line", "-")
    if not text.strip():
        reading.wrong(path, "a reason: 1 to 128 characters on one line", "reason-missing")
    return text.strip()
