"""The calls that edit a hall: staff, matters, windows, and what the hall says as a whole.

With a key of role editor; a reader's key may look. A change names the state it changes
(`If-Match`, RFC 9110, section 13.1.1), so that two editors do not undo each other's work.
"""

from typing import Annotated, Any

from litestar import Request, Response, delete, get, put
from litestar.datastructures import State
from litestar.handlers import BaseRouteHandler
from litestar.params import FromPath, HeaderParameter, QueryParameter, RawBody
from sqlalchemy import select

from central import editing, schema
from central.authentication import EDITOR, READER, check_reader
from central.bodies import (
    Asked,
    read_json,
    refuse_control_characters,
    refuse_unknown_parameters,
)
from central.editing import Forbidden, Guard, Part, Shown
from central.errors import Mistakes, Refused, Unknown
from central.openapi import problems
from central.roll import KINDS, Kind
from central.service import Central, now_ms

MAX_BODY = 1024 * 1024
IfMatch = Annotated[
    str | None,
    HeaderParameter(name="If-Match", description="The ETag of what is changed, or *"),
]
IfNoneMatch = Annotated[
    str | None,
    HeaderParameter(name="If-None-Match", description="*: only if there is nothing yet"),
]
_After = Annotated[str, QueryParameter(max_length=64, description="The last answer's `next`")]
_Limit = Annotated[int, QueryParameter(ge=1, le=1000)]
_CHANGES = (400, 401, 403, 404, 409, 412, 413, 415, 428)


def allowed(request: Request[Any, Any, State], *roles: str) -> tuple[Central, str]:
    """Return central and the name of the key, one of ``roles``. Raises `Refused`."""
    central: Central = request.app.state.central
    name = check_reader(request, central.database, roles)
    refuse_unknown_parameters(request)
    refuse_control_characters(request)
    return central, name


def guard(if_match: str | None, if_none_match: str | None) -> Guard:
    """Return the guard that the conditions of a request make."""

    def check(tag: str) -> None:
        if if_none_match is not None and tag:
            raise Refused(412, "exists", "there is one already; read it and change it")
        if not tag:
            if if_match is not None:
                raise Refused(412, "changed", "there is none; leave If-Match out to make one")
            return
        if if_match is None:
            detail = "give If-Match with the ETag of what you change, or If-Match: *"
            raise Refused(428, "unconditional", detail, {"ETag": f'"{tag}"'})
        known = [one.strip() for one in if_match.split(",")]
        if "*" not in known and f'"{tag}"' not in known:
            raise Refused(412, "changed", "read it again", {"ETag": f'"{tag}"'})

    return check


def refusal(error: Exception) -> Refused:
    """Return how a request is refused that ``error`` ended."""
    if isinstance(error, Mistakes):
        detail = "; ".join(error.mistakes)[:500]
        return Refused(400, "invalid", detail, mistakes=error.mistakes)
    code, status = ("in-use", 409) if isinstance(error, Forbidden) else ("not-found", 404)
    return Refused(status, code, str(error)[:500])


_REFUSED = (Mistakes, Unknown, Forbidden)


def _answer(shown: Shown, status: int = 200) -> Response[Any]:
    headers = {"ETag": f'"{shown.tag}"', "Cache-Control": "no-store"}
    return Response(shown.content, status_code=status, headers=headers)


def _of_kind(kind: Kind) -> tuple[BaseRouteHandler, ...]:
    """Return the calls for one table of a roll."""
    address = f"/v1/halls/{{hall:str}}/{kind.name}"
    one = f"{address}/{{key:str}}"

    @get(
        address,
        sync_to_thread=True,
        tags=["editors"],
        operation_id=f"list_{kind.name}",
        summary=f"List the {kind.name} of a hall",
        description=f"In the order of their {kind.key}; ask again with `after` set to `next`.",
        responses=problems(400, 401, 403, 404),
    )
    def list_entries(
        request: Asked, hall: FromPath[str], after: _After = "", limit: _Limit = 100
    ) -> dict[str, Any]:
        central, _ = allowed(request, READER, EDITOR)
        try:
            with central.database.reading() as connection:
                shown, last = editing.page(connection, kind, hall, after, limit)
        except _REFUSED as error:
            raise refusal(error) from error
        return {kind.name: [entry.content for entry in shown], "next": last}

    @get(
        one,
        sync_to_thread=True,
        tags=["editors"],
        operation_id=f"show_{kind.name}",
        summary=f"Tell about one {kind.noun}",
        description="With an ETag, which a change must name.",
        responses=problems(400, 401, 403, 404),
    )
    def show_entry(request: Asked, hall: FromPath[str], key: FromPath[str]) -> Response[Any]:
        central, _ = allowed(request, READER, EDITOR)
        try:
            with central.database.reading() as connection:
                return _answer(editing.find(connection, kind, hall, key))
        except _REFUSED as error:
            raise refusal(error) from error

    @put(
        one,
        sync_to_thread=True,
        request_max_body_size=MAX_BODY,
        tags=["editors"],
        operation_id=f"put_{kind.name}",
        summary=f"Make or change one {kind.noun}",
        description="All of it; a field that is left out is empty. What is there already is "
        "changed only with If-Match. The hall's devices get a new configuration.",
        responses=problems(*_CHANGES),
    )
    def put_entry(
        request: Asked,
        hall: FromPath[str],
        key: FromPath[str],
        body: RawBody,
        if_match: IfMatch = None,
        if_none_match: IfNoneMatch = None,
    ) -> Response[Any]:
        central, editor = allowed(request, EDITOR)
        said = read_json(request, body, dict[str, Any])
        try:
            with central.database.writing() as connection:
                shown, new = editing.put(
                    connection,
                    kind,
                    hall,
                    key,
                    said,
                    guard=guard(if_match, if_none_match),
                    editor=editor,
                    now_ms=now_ms(),
                )
        except _REFUSED as error:
            raise refusal(error) from error
        return _answer(shown, 201 if new else 200)

    @delete(
        one,
        status_code=204,
        sync_to_thread=True,
        tags=["editors"],
        operation_id=f"remove_{kind.name}",
        summary=f"Remove one {kind.noun}",
        description="Not while something of the hall needs it (409, code in-use).",
        responses=problems(400, 401, 403, 404, 409, 412, 428),
    )
    def remove_entry(
        request: Asked, hall: FromPath[str], key: FromPath[str], if_match: IfMatch = None
    ) -> None:
        central, editor = allowed(request, EDITOR)
        try:
            with central.database.writing() as connection:
                editing.remove(
                    connection,
                    kind,
                    hall,
                    key,
                    guard=guard(if_match, None),
                    editor=editor,
                    now_ms=now_ms(),
                )
        except _REFUSED as error:
            raise refusal(error) from error

    return list_entries, show_entry, put_entry, remove_entry


def _of_part(part: Part) -> tuple[BaseRouteHandler, ...]:
    """Return the calls for something that a hall says as a whole."""
    address = f"/v1/halls/{{hall:str}}/{part.name}"

    @get(
        address,
        sync_to_thread=True,
        tags=["editors"],
        operation_id=f"show_{part.name}",
        summary=f"Tell the {part.name} of a hall",
        description="With an ETag, which a change must name.",
        responses=problems(400, 401, 403, 404),
    )
    def show_part(request: Asked, hall: FromPath[str]) -> Response[Any]:
        central, _ = allowed(request, READER, EDITOR)
        try:
            with central.database.reading() as connection:
                return _answer(editing.find_part(connection, part, hall))
        except _REFUSED as error:
            raise refusal(error) from error

    @put(
        address,
        sync_to_thread=True,
        request_max_body_size=MAX_BODY,
        tags=["editors"],
        operation_id=f"put_{part.name}",
        summary=f"Change the {part.name} of a hall",
        description="All of it, as the hall file has it (docs/central.md, 'The hall file'), with "
        "If-Match. The hall's devices get a new configuration.",
        responses=problems(*_CHANGES),
    )
    def put_part(
        request: Asked, hall: FromPath[str], body: RawBody, if_match: IfMatch = None
    ) -> Response[Any]:
        central, editor = allowed(request, EDITOR)
        said: Any = read_json(request, body, part.sent_as)
        try:
            with central.database.writing() as connection:
                shown = editing.put_part(
                    connection,
                    part,
                    hall,
                    said,
                    guard=guard(if_match, None),
                    editor=editor,
                    now_ms=now_ms(),
                )
        except _REFUSED as error:
            raise refusal(error) from error
        return _answer(shown)

    return show_part, put_part


@get(
    "/v1/halls",
    sync_to_thread=True,
    tags=["editors"],
    summary="List halls",
    description="Code, name and revision, which grows with every change.",
    responses=problems(400, 401, 403),
)
def list_halls(request: Asked) -> dict[str, Any]:
    """Answer with every hall."""
    central, _ = allowed(request, READER, EDITOR)
    table = schema.hall
    query = select(table.c.code, table.c.name, table.c.revision).order_by(table.c.code)
    with central.database.reading() as connection:
        return {"halls": [dict(row._mapping) for row in connection.execute(query)]}


HANDLERS = (
    list_halls,
    *(handler for kind in KINDS.values() for handler in _of_kind(kind)),
    *(handler for part in editing.PARTS for handler in _of_part(part)),
)
