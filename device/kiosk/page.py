"""The page that hands press on: what it offers, and how a press is answered on it.

Every way to press is answered alike: the target sinks, whether a finger, a key or a button
pressed it.
"""

from collections.abc import Collection

from device.kiosk.actions import Action
from device.kiosk.canvas import Canvas
from device.kiosk.key_meanings import MEANINGS
from device.kiosk.screens import Scene, Target


class Page:
    """The scene that is on the screen now."""

    def __init__(self, canvas: Canvas, scene: Scene) -> None:
        self._canvas = canvas
        self.scene = scene

    def offers(self, names: Collection[str]) -> bool:
        """Return whether a target does one of these."""
        return any(target.action.name in names for target in self.scene.targets)

    def action_at(self, x: float, y: float) -> Action | None:
        """Return what a touch of this place would do."""
        target = self.scene.hit(x, y)
        return target.action if target else None

    def meant(self, meaning: str) -> Action | None:
        """Return what a key of this meaning presses, None if nothing that is on the screen."""
        for name in MEANINGS[meaning]:
            for target in self.scene.targets:
                if target.action.name == name:
                    return target.action
        return None

    def target(self, action: Action | None) -> Target | None:
        """Return the target that does this, if it is on the screen."""
        return next((t for t in self.scene.targets if t.action == action), None)

    def sink(self, action: Action | None) -> None:
        """Show the target of this action pressed, if it is on the screen."""
        target = self.target(action)
        if target is not None:
            self._canvas.show([self.scene.paint_pressed(self._canvas.surface, target)])

    def lift(self, action: Action | None) -> None:
        """Show the target of this action at rest again, if it is on the screen."""
        target = self.target(action)
        if target is not None:
            self._canvas.show([self.scene.paint_released(self._canvas.surface, target)])

    def ring(self, action: Action | None) -> None:
        """Show the focus around the target of this action, or nowhere."""
        self._canvas.show(self.scene.paint_focus(self._canvas.surface, self.target(action)))
