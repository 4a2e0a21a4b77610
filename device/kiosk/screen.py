"""The screen as it stands: paints what a view changes, fades pages, and spares the panel.

The loop says what is to be seen; this is where it gets onto the canvas, with as few pixels
touched as possible and nothing painted twice.
"""

from device.kiosk.canvas import Canvas
from device.kiosk.fade import Fade
from device.kiosk.screens import Look, Scene, compose, warm
from device.kiosk.technician_views import CheckView, SetupView
from device.kiosk.views import DarkView, IdleView, NoticeView, RatingView, View

NUDGE_MS = 5 * 60_000
"""So long a picture that hardly changes stands at one place; then it moves by a hair."""
SLOW_FADES = 3
"""So many that stuttered, and there are no more: one may be chance."""
_NUDGES = ((0, 0), (2, 0), (4, 2), (4, 4), (2, 4), (0, 2))
"""Where it moves to in turn: pixels to the right and down, all within the margin."""


class Screen:
    """What is on the canvas now, and how it came there."""

    def __init__(self, canvas: Canvas, look: Look, scene: Scene, view: View) -> None:
        self.canvas = canvas
        self.look = look
        self.scene = scene
        self.view = view
        self._fade: Fade | None = None
        self._slow = 0
        self._warmed = ("", "")
        self._nudge = 0
        self._nudged_ms: int | None = None
        canvas.surround(scene.paper)

    def show(self, view: View, now_ms: int) -> bool:
        """Show ``view``; True if it is another page than before."""
        scene = compose(view, self.look)
        self._end_fade()
        self.canvas.surround(scene.paper)
        turned = page_of(view) != page_of(self.view)
        if turned and self._may_fade(view):
            self._begin_fade(scene, now_ms)
        else:
            self.canvas.show(scene.paint_changes(self.canvas.surface, self.scene))
        self.scene, self.view = scene, view
        return turned

    @property
    def shows_nobody(self) -> bool:
        """True while nothing on the display belongs to anybody's visit, not even fading."""
        between = isinstance(self.view, IdleView | DarkView | SetupView | CheckView) or (
            isinstance(self.view, NoticeView) and self.view.topic not in ("saving", "unsaved")
        )
        return between and self._fade is None

    def repaint(self) -> None:
        """Paint everything again: the window's content was lost."""
        self._fade = None
        self.scene.paint(self.canvas.surface)
        self.canvas.show()

    def get_ready(self) -> None:
        """Draw beforehand what the next tap will need, while a page settles anyway."""
        wanted = (self.view.chrome.language, self.view.chrome.appearance)
        if self._warmed != wanted and self._fade is None:
            self._warmed = wanted
            warm(self.look.dressed(wanted[1]), wanted[0])

    def pass_time(self, now_ms: int) -> None:
        """Go on with a page's fade; move a picture that has stood for long."""
        if self._fade is not None:
            self._fade.step(self.canvas, now_ms)
            if self._fade.over:
                self._end_fade()
        if self._nudged_ms is None or not isinstance(self.view, IdleView | NoticeView | SetupView):
            self._nudged_ms = now_ms if self._nudged_ms is None else self._nudged_ms
        elif now_ms - self._nudged_ms >= NUDGE_MS:
            self._nudged_ms, self._nudge = now_ms, (self._nudge + 1) % len(_NUDGES)
            paper = self.look.dressed(self.view.chrome.appearance).theme.colours.paper
            self.canvas.nudge(*_NUDGES[self._nudge], paper)
            self.repaint()

    def due_ms(self, now_ms: int) -> int | None:
        """Return when `pass_time` has something to do."""
        return None if self._fade is None else self._fade.due_ms(now_ms)

    def _may_fade(self, view: View) -> bool:
        still = isinstance(view, DarkView) or isinstance(self.view, DarkView)
        calm = view.chrome.appearance != "contrast"
        return self._slow < SLOW_FADES and calm and not still

    def _begin_fade(self, scene: Scene, now_ms: int) -> None:
        before = self.canvas.surface.copy()
        scene.paint(self.canvas.surface)
        self._fade = Fade(before, self.canvas.surface.copy(), now_ms)
        self._fade.step(self.canvas, now_ms)
        if self._fade.slow:
            self._end_fade()
            self._slow += 1  # thrice: on this board pages change at once

    def _end_fade(self) -> None:
        if self._fade is not None:
            self._fade.finish(self.canvas)
            self._fade = None


def page_of(view: View) -> tuple[object, ...]:
    """Return what makes a page a page: input waits a moment whenever this changes."""
    match view:
        case RatingView():
            return (RatingView, view.subject, view.step)
        case NoticeView():
            return (NoticeView, view.topic)
        case CheckView():
            return (CheckView, view.page)
    return (type(view),)
