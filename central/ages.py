"""How long ago something was, in words for people who look at a list."""

_DAY_S = 86_400


def age(seconds: float) -> str:
    """Return how long something has been so, in its largest whole unit or two."""
    whole = max(0, int(seconds))
    days, hours, minutes = whole // _DAY_S, whole // 3600 % 24, whole // 60 % 60
    if days:
        return f"{days} d {hours} h"
    return f"{hours} h {minutes} min" if hours else f"{minutes} min"


def ago(then_ms: int, now_ms: int) -> str:
    """Return how long before ``now_ms`` it was at ``then_ms``, both in milliseconds."""
    seconds = (now_ms - then_ms) / 1000
    return "just now" if seconds < 60 else f"{age(seconds)} ago"
