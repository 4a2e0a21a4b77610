"""What is sent to see the evidence for a receipt code."""

from datetime import date
from typing import Annotated

import msgspec
from msgspec import Meta

from protocol.limits import Short


class ReceiptBody(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A receipt code, and what tells two visits apart that share one."""

    code: Annotated[str, Meta(max_length=64, description="As typed; I and L are 1, O is 0")]
    day: Annotated[date | None, Meta(description="Of the visit, where two have the code")] = None
    window: Annotated[Short, Meta(description="Its number, where the day does not tell")] = ""
