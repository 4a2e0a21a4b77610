"""What keys and buttons ask for, on pages that have a target for it, and on those without levels.

A key never does what no target on the screen does: what it means is looked up there.
"""

from protocol.levels import Level

MEANINGS = {
    "submit": ("confirm", "submit", "done", "rate", "login", "invite", "pick"),
    "leave": ("skip", "decline", "back", "nocall", "done", "leave-menu", "end-check"),
    "skip": ("skip", "decline", "nocall", "done", "leave-menu", "back"),
    "change": ("erase", "back", "change"),
    "appearance": ("appearance",),
    "staff": ("staff",),
}
"""What keys ask for, and the actions that are meant by it: the first that is on the screen."""
STEPS = {
    Level.VERY_SATISFIED: "previous",
    Level.SATISFIED: "next",
    Level.FAIRLY_SATISFIED: "press",
    Level.DISSATISFIED: "skip",
    Level.VERY_DISSATISFIED: "submit",
}
"""What the level buttons do on a page without levels, from the left. The middle one has the
tactile dot."""
STEPPED = {"confirm", "submit", "done", "login", "leave-menu", "pick", "reason"}
"""A page with one of these is walked through with the level buttons."""
LAST = {
    "decline": 1,
    "back": 1,
    "leave-menu": 1,
    "language": 2,
    "appearance": 2,
    "staff": 3,
    "end-check": 4,
}
"""Comes last on the way through a page: first what it is for, then the ways out."""
