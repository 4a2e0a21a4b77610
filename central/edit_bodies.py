"""What calls that edit take, as the API's description has it.

Their bodies are read by us, so that every mistake is told at once; the framework, which
cannot see them, is told here.
"""

from typing import Any

from protocol.messages import PROBLEM_TYPE


def describe(call: dict[str, Any]) -> None:
    """Describe the body of an editor's ``call``, and the problem that lists its mistakes."""
    if "400" in call["responses"]:
        schema = {"$ref": "#/components/schemas/ListedProblem"}
        call["responses"]["400"]["content"] = {PROBLEM_TYPE: {"schema": schema}}
    operation: str = call["operationId"]
    if operation.startswith("put_"):
        content = _BODIES[operation.removeprefix("put_")]
        call["requestBody"] = {"required": True, "content": content}


def _json(schema: dict[str, Any]) -> dict[str, Any]:
    return {"application/json": {"schema": schema}}


def _object(*texts: str, needed: tuple[str, ...], **others: Any) -> dict[str, Any]:
    """Describe an object whose fields ``texts`` are lines of text."""
    line: dict[str, Any] = {"type": "string", "maxLength": 128}
    return {
        "type": "object",
        "properties": {**dict.fromkeys(texts, line), **others},
        "required": list(needed),
        "additionalProperties": False,
    }


_YES = {"type": "boolean", "description": "Whether there is one; changed at its own address"}
_BODIES: dict[str, dict[str, Any]] = {
    "staff": _json(
        _object(
            *("number", "name", "post", "department", "photo"),
            needed=("name", "post", "department"),
            pin=_YES,
            badge=_YES,
            card=_YES,
        )
    ),
    "matters": _json(_object("code", "name", "initials", needed=("name",))),
    "windows": _json(
        _object(
            *("code", "number", "assigned_staff"),
            needed=("number",),
            matters={"type": "array", "maxItems": 200, "items": {"type": "string"}},
        )
    ),
    "notices": _json({"type": "array", "items": {"type": "string", "maxLength": 1000}}),
    "texts": _json(
        {
            "type": "object",
            "additionalProperties": {
                "type": "object",
                "additionalProperties": {"type": "string"},
            },
        }
    ),
    "rules": _json({"$ref": "#/components/schemas/Rules"}),
    "hours": _json({"$ref": "#/components/schemas/Hours"}),
    "pin": _json(_object(needed=("pin",), pin={"type": "string", "pattern": "^[0-9]{6}$"})),
    "badge": _json(
        _object(
            needed=("badge",), badge={"type": "string", "minLength": 6, "description": "As typed"}
        )
    ),
    "photo": {
        f"image/{kind}": {"schema": {"type": "string", "format": "binary"}}
        for kind in ("jpeg", "png", "webp", "bmp")
    },
}
