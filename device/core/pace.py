"""How long to wait before asking central again.

After an outage a thousand devices come back at once: each waits a random share of a
growing span ("full jitter"), and central's own word (`Retry-After`, RFC 9110 section
10.2.3) is honoured up to a cap, so that a wrong one cannot silence a device for a day.
"""

BASE_S = 1.0
CAP_S = 300.0
RETRY_AFTER_CAP_S = 900.0


def retry_delay(
    failures: int, chance: float, retry_after_s: float | None = None, cap_s: float = CAP_S
) -> float:
    """Return seconds to wait after ``failures`` failures in a row (1 for the first).

    ``chance`` is a random number from 0 to 1; it comes in so that this stays a rule. ``cap_s``
    is the longest span of our own; what central asks for may be longer.
    """
    span = min(cap_s, BASE_S * 2.0 ** min(failures, 16))
    if retry_after_s is not None:
        return min(max(retry_after_s, 0.0), RETRY_AFTER_CAP_S) + chance * span
    return chance * span
