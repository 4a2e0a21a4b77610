"""What a reader's question may hold: each parameter with its bounds and what it means."""

from typing import Annotated

from litestar.params import QueryParameter

from central import counts, service_counts
from central.sessions import Kind
from central.sources import Source
from protocol.limits import MAX_INTEGER

After = Annotated[int, QueryParameter(ge=0, le=MAX_INTEGER)]
Limit = Annotated[int, QueryParameter(ge=1, le=10_000)]
_NAME = r"^[^\x00-\x1f\x7f]*$"
Name = Annotated[str | None, QueryParameter(max_length=64, pattern=_NAME)]
Time = Annotated[
    str | None,
    QueryParameter(max_length=40, pattern=_NAME, description="A day or a time, ISO 8601"),
]
Window = Annotated[
    str | None,
    QueryParameter(max_length=64, pattern=_NAME, description="A window's number or code"),
]
CountedBy = Annotated[
    str | None,
    QueryParameter(
        description="What to count by; needed",
        max_length=64,
        schema_extra={"enum": [by.value for by in counts.By]},
    ),
]
ServiceBy = Annotated[
    str | None,
    QueryParameter(
        description="What to count by; needed",
        max_length=64,
        schema_extra={"enum": [by.value for by in service_counts.By]},
    ),
]
KindName = Annotated[
    str | None,
    QueryParameter(
        description="Only what happened of this kind",
        max_length=64,
        schema_extra={"enum": [kind.value for kind in Kind]},
    ),
]
LevelCode = Annotated[
    int | None, QueryParameter(ge=1, le=5, description="The platform's code: 5 is best")
]
ChannelCode = Annotated[
    int | None, QueryParameter(ge=1, le=7, description="The platform's channel code, `pf`")
]
OriginName = Annotated[
    str | None,
    QueryParameter(
        description="Only what came through the screen, the code at a device, the printed code "
        "of a window, or another system",
        max_length=64,
        schema_extra={"enum": [source.value for source in Source]},
    ),
]
System = Annotated[
    str | None,
    QueryParameter(
        max_length=64, pattern=_NAME, description="Only what came through this other system"
    ),
]
