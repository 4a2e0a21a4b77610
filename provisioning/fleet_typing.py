"""Tells what a Chinese input method typed where an English keyboard was meant.

Full-width digits and letters look right on the screen and are other characters: a window
``W１`` is none that central knows.
"""

import unicodedata
from typing import Any

from provisioning.findings import Findings, Place
from provisioning.fleet_keys import SECRET, Key, Kind


def narrow(text: str) -> str:
    """Return ``text`` as an English keyboard types it."""
    return unicodedata.normalize("NFKC", text).replace("。", ".").replace("、", ",")


def told_as_typed(key: Key, written: str, value: Any, place: Place, findings: Findings) -> Any:
    """Return the value of ``key`` as it should have been typed; a difference is a mistake.

    ``written`` is how the file calls the key. Keys for people's own words are left alone.
    """
    if not key.typed or key.kind not in (Kind.TEXT, Kind.TEXTS):
        return value
    texts = value if isinstance(value, list) else [value]
    right = [narrow(text) for text in texts]
    for text, better in zip(texts, right, strict=True):
        if text != better:
            tell(key, f"{written} = ", text, place, findings)
    return right if isinstance(value, list) else right[0]


def tell(key: Key, before: str, text: str, place: Place, findings: Findings) -> None:
    """Note that ``text`` has full-width characters; a secret is not shown."""
    shown, better = ("***", "it again") if key.name in SECRET else (text, narrow(text))
    findings.mistake(
        place,
        f"{before}{shown}: has full-width characters, as Chinese input methods type them;"
        f" write {better}",
    )
