"""What staff do at the device itself, as a scene of the tour.

A wrong PIN and the right one, the menu, a search, a batch that is invited and rated, a pause
and its end.
"""

from demo.stage import Stage
from demo.walker import Walker

STAFF, PIN = "0317", "271828"
"""Who serves in the sample hall, and the PIN that the demo gives them."""
DIGITS = "232"
"""b-d-c on the keys of a telephone: 不动产..."""
HABITUAL = "pause.lunch"


def play(walker: Walker, matter: str) -> None:
    """Walk through it; ``matter`` is the code of one that the search finds."""
    walker.touches("staff")
    walker.sees("LoginView")
    walker.picture("staff-login", "the key for staff asks for a number and a PIN")
    _types_pin(walker, "000000")
    walker.sees("LoginView", tries_left=4)
    walker.picture("staff-login-wrong", "a wrong PIN; nobody is told which of the two it was")
    _types_pin(walker, PIN)
    walker.sees("MenuView")
    walker.picture("staff-menu", "the window's own matters, and the way to others")
    walker.touches("other")
    walker.sees("SearchView")
    walker.types(DIGITS)
    walker.picture("staff-search", "initials on the keys of a telephone")
    walker.touches("pick", matter)
    walker.sees("MenuView", chosen=matter)
    walker.touches("more")
    walker.touches("more")
    walker.picture("staff-menu-batch", "three cases of one matter will be one question")
    walker.touches("invite")
    walker.rates("staff", 5)
    walker.touches("skip")
    walker.rates("matter", 4)
    walker.touches("skip")
    walker.reads_the_thanks("thanks-after-an-invitation")
    _pauses(walker)


def _pauses(walker: Walker) -> None:
    _logs_in(walker)
    walker.picture("staff-menu-counts", "how many were invited and rated, and nothing finer")
    walker.touches("pause")
    walker.sees("PauseView")
    walker.picture("staff-pause", "a pause has a reason, which is recorded")
    walker.touches("reason", HABITUAL)
    walker.sees("NoticeView", topic="paused")
    walker.picture("paused", "what citizens see meanwhile")
    _logs_in(walker)
    walker.touches("resume")
    walker.sees("MenuView", paused=False)
    walker.touches("leave-menu")
    walker.sees("IdleView")


def _logs_in(walker: Walker) -> None:
    walker.touches("staff")
    walker.sees("LoginView")
    _types_pin(walker, PIN)
    walker.sees("MenuView")


def _types_pin(walker: Walker, pin: str) -> None:
    """The number of who serves stands there already."""
    walker.touches("field", "pin")
    walker.types(pin)
    walker.touches("login")


def give_pin(stage: Stage) -> None:
    """Let the staff member of the sample hall log in."""
    stage.give_pin(STAFF, PIN)
