"""A composed screen: what is painted where, what can be touched, and what has changed.

A scene is a list of small painted things. Two scenes of the same kind are compared thing
by thing, and only the places that differ are painted again; no screen has to know what
may change on it.
"""

from collections.abc import Callable, Sequence
from typing import NamedTuple

import pygame

from device.kiosk.actions import Action
from device.kiosk.screens.marks import Mark
from device.kiosk.theme import Colour


class Target(NamedTuple):
    """A place that can be touched."""

    rect: pygame.Rect
    """What is seen of it."""
    hit: pygame.Rect
    """What answers to a finger: ``rect``, half the gap around it, or up to the edge."""
    action: Action
    rest: Mark
    pressed: Callable[[], Mark]
    """Gives the pressed look, covering exactly ``rect``; drawn on first use, then cached."""


class Scene:
    """One screen, ready to be painted on the logical canvas."""

    def __init__(
        self,
        kind: str,
        ground: tuple[tuple[int, int], Colour],
        marks: Sequence[Mark],
        targets: Sequence[Target],
    ) -> None:
        self.kind = kind
        self.targets = tuple(targets)
        self._size, self._paper = ground
        self._marks = tuple(marks)
        self._sunk: Target | None = None

    def hit(self, x: float, y: float) -> Target | None:
        """Return the target under a place on the canvas."""
        for target in self.targets:
            if target.hit.collidepoint(x, y):
                return target
        return None

    def paint(self, surface: pygame.Surface) -> None:
        """Paint all of it, with every target at rest."""
        self._sunk = None
        surface.fill(self._paper)
        for mark in self._marks:
            mark.paint(surface)

    def paint_pressed(self, surface: pygame.Surface, target: Target) -> pygame.Rect:
        """Paint ``target`` pressed, nothing else; return what has changed."""
        self._sunk = target
        target.pressed().paint(surface)
        return target.rect

    def paint_released(self, surface: pygame.Surface, target: Target) -> pygame.Rect:
        """Paint ``target`` at rest again; return what has changed."""
        self._sunk = None
        target.rest.paint(surface)
        return target.rect

    def paint_changes(self, surface: pygame.Surface, previous: "Scene") -> list[pygame.Rect]:
        """Turn the painted ``previous`` scene into this one; return what has changed.

        A target that was left pressed on ``previous`` comes back to rest, so no key stays
        down whatever the loop forgets.
        """
        if previous.kind != self.kind:
            self.paint(surface)
            return [pygame.Rect((0, 0), self._size)]
        before, after = set(previous._marks), set(self._marks)
        places = [mark.rect for mark in before ^ after]
        if previous._sunk is not None:
            places.append(previous._sunk.rect)
            previous._sunk = None
        changed = _merged(places)
        for place in changed:
            self._repaint(surface, place)
        return changed

    def _repaint(self, surface: pygame.Surface, place: pygame.Rect) -> None:
        surface.set_clip(place)
        surface.fill(self._paper)
        for mark in self._marks:
            if place.colliderect(mark.rect):
                mark.paint(surface)
        surface.set_clip(None)


def _merged(places: list[pygame.Rect]) -> list[pygame.Rect]:
    """Join places that overlap, so that nothing is painted twice."""
    merged: list[pygame.Rect] = []
    for place in places:
        if not (place.w and place.h):
            continue
        while (index := place.collidelist(merged)) >= 0:
            place = place.union(merged.pop(index))
        merged.append(place)
    return merged
