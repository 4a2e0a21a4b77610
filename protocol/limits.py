"""How large a value on the wire may be, so that every store on the way can hold it.

SQLite and PostgreSQL keep integers of 64 bits and PostgreSQL no text with a NUL; a value
beyond these limits is refused when it is read, not when it is stored.
"""

from typing import Annotated

from msgspec import Meta

MAX_INTEGER = 2**53 - 1
"""The largest integer that every JSON reader keeps exactly (RFC 8259, section 6)."""

_NO_CONTROLS = r"\A[^\x00-\x1f\x7f]*\Z"

Count = Annotated[int, Meta(ge=0, le=MAX_INTEGER)]
Milliseconds = Annotated[int, Meta(ge=0, le=MAX_INTEGER)]
Sequence = Annotated[int, Meta(ge=1, le=MAX_INTEGER)]
Short = Annotated[str, Meta(max_length=128, pattern=_NO_CONTROLS)]
"""One line of text: a name, a code, a reason."""
Code = Annotated[str, Meta(min_length=1, max_length=64, pattern=_NO_CONTROLS)]
CaseNumber = Annotated[str, Meta(min_length=1, max_length=50, pattern=_NO_CONTROLS)]
"""projectNo, an..50 (docs/codes.md, "Provincial upload"); halls write Chinese in it too."""
MAX_CASES = 50
"""How many cases one visit may name; so many always fit a record."""
Receipt = Annotated[str, Meta(pattern=r"\A([0-9A-HJKMNP-TV-Z]{8})?\Z")]
"""A receipt code (`protocol.phone`), or empty."""
MAX_MATTERS = 20
"""How many matters one visit may name."""
Long = Annotated[str, Meta(max_length=1000, pattern=r"\A[^\x00]*\Z")]
"""A paragraph: a notice, a detail."""
MAX_SEALED_BYTES = 256
"""The longest sealed text a record holds; today's take less (`protocol.sealing`)."""
Sealed = Annotated[bytes, Meta(max_length=MAX_SEALED_BYTES)]
Digest = Annotated[bytes, Meta(min_length=32, max_length=32)]
"""A SHA-256."""
