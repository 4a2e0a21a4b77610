"""Turns a view into a scene: what is painted where, and what can be touched.

Each kind of screen is a module of its own, imported when it is first shown; the idle
screen must be up before anything else is loaded.
"""

from typing import TYPE_CHECKING

from device.kiosk.look import Look
from device.kiosk.screens.scene import Scene, Target
from device.kiosk.views import (
    CallbackView,
    DarkView,
    IdleView,
    LoginView,
    MenuView,
    NoticeView,
    PauseView,
    RatingView,
    ReasonsView,
    SearchView,
    ThanksView,
    View,
)

if TYPE_CHECKING:
    from device.kiosk.technician_views import CheckView, SetupView

__all__ = ["Look", "Scene", "Target", "compose", "warm"]


def compose(view: View, look: Look) -> Scene:
    """Return the scene that shows ``view``, in the appearance it asks for."""
    look = look.dressed(view.chrome.appearance)
    if isinstance(view, IdleView):
        from device.kiosk.screens import idle

        return idle.compose(view, look)
    if isinstance(view, RatingView):
        from device.kiosk.screens import rating

        return rating.compose(view, look)
    if isinstance(view, ReasonsView):
        from device.kiosk.screens import reasons

        return reasons.compose(view, look)
    if isinstance(view, ThanksView):
        from device.kiosk.screens import thanks

        return thanks.compose(view, look)
    if isinstance(view, CallbackView):
        from device.kiosk.screens import callback

        return callback.compose(view, look)
    if isinstance(view, DarkView):
        from device.kiosk.screens import dark

        return dark.compose(view, look)
    if isinstance(view, NoticeView):
        from device.kiosk.screens import notice

        return notice.compose(view, look)
    if isinstance(view, LoginView | MenuView | SearchView | PauseView):
        return _for_staff(view, look)
    return _for_technicians(view, look)


def _for_technicians(view: "SetupView | CheckView", look: Look) -> Scene:
    from device.kiosk.technician_views import SetupView

    if isinstance(view, SetupView):
        from device.kiosk.screens import setup

        return setup.compose(view, look)
    from device.kiosk.screens import check

    return check.compose(view, look)


def _for_staff(view: LoginView | MenuView | SearchView | PauseView, look: Look) -> Scene:
    if isinstance(view, LoginView):
        from device.kiosk.screens import login

        return login.compose(view, look)
    if isinstance(view, MenuView):
        from device.kiosk.screens import menu

        return menu.compose(view, look)
    if isinstance(view, SearchView):
        from device.kiosk.screens import search

        return search.compose(view, look)
    from device.kiosk.screens import pause

    return pause.compose(view, look)


def warm(look: Look, language: str) -> None:
    """Load and draw what the next screens need; call it after the first frame.

    Draws the five level keys at rest and pressed in ``language``. Call it again when the
    language changes.
    """
    from device.kiosk.screens import rating, reasons, thanks  # noqa: F401

    rating.warm(look, language)
