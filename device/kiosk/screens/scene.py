"""A composed screen: what is painted where, what can be touched, and what has changed.

A scene is a list of small painted things. Two scenes of the same kind are compared thing
by thing, and only the places that differ are painted again; no screen has to know what
may change on it.
"""

from collections.abc import Callable, Iterator, Sequence
from functools import lru_cache
from typing import NamedTuple

import pygame

from device.kiosk.actions import Action
from device.kiosk.screens.marks import Laid, Mark, laid_out
from device.kiosk.shapes import Pen
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


class Ring(NamedTuple):
    """What the target in focus is marked with: a line around it, a little off its border, so
    that it can be seen around a key of its own colour too."""

    colour: Colour
    width: int
    radius: int
    """Of the target's own corners."""
    gap: int = 0
    """Between the target and the line."""

    def place(self, target: Target) -> pygame.Rect:
        """Return what the ring around ``target`` covers, the target included."""
        off = self.width + self.gap
        return target.rect.inflate(2 * off, 2 * off)

    def paint(self, surface: pygame.Surface, target: Target) -> None:
        """Paint it over the target."""
        radius = self.radius + self.gap
        place, thick, side = self.place(target), self.width, radius + self.width
        x, y, right, bottom = place.x, place.y, place.right, place.bottom
        across, down = place.w - 2 * side, place.h - 2 * side
        for box in (
            (x + side, y, across, thick),
            (x + side, bottom - thick, across, thick),
            (x, y + side, thick, down),
            (right - thick, y + side, thick, down),
        ):
            surface.fill(self.colour, box)
        places = ((x, y), (right - side, y), (x, bottom - side), (right - side, bottom - side))
        corners = _corners(radius, thick, self.colour)
        surface.blits(list(zip(corners, places, strict=True)))


@lru_cache(maxsize=2)
def _corners(radius: int, thick: int, colour: Colour) -> tuple[pygame.Surface, ...]:
    """Return a ring's corners: top left, top right, bottom left, bottom right."""
    side, flip = radius + thick, pygame.transform.flip
    pen = Pen((side, side), (side, side), 1, colour)
    pen.arc(0, 0, radius + thick / 2, 180, 270, thick, colour)
    corner = pen.image()
    mirrored = flip(corner, True, False), flip(corner, False, True), flip(corner, True, True)
    return (corner, *mirrored)


class Scene:
    """One screen, ready to be painted on the logical canvas."""

    def __init__(
        self,
        kind: str,
        ground: tuple[tuple[int, int], Colour],
        marks: Sequence[Mark],
        targets: Sequence[Target],
        ring: Ring | None = None,
    ) -> None:
        self.kind = kind
        self.targets = tuple(targets)
        self._size, self._paper = ground
        self._marks = tuple(marks)
        self._sunk: Target | None = None
        self._ring = ring
        self._focus: Target | None = None

    def hit(self, x: float, y: float) -> Target | None:
        """Return the target under a place on the canvas."""
        for target in self.targets:
            if target.hit.collidepoint(x, y):
                return target
        return None

    @property
    def size(self) -> tuple[int, int]:
        """Width and height of the canvas."""
        return self._size

    @property
    def paper(self) -> Colour:
        """What shows where nothing is painted."""
        return self._paper

    def laid_out(self) -> Iterator[Laid]:
        """Give every single mark at its place, in the order of painting."""
        return laid_out(self._marks, pygame.Rect((0, 0), self._size))

    def paint(self, surface: pygame.Surface) -> None:
        """Paint all of it, with every target at rest."""
        self._sunk = None
        surface.fill(self._paper)
        for mark in self._marks:
            mark.paint(surface)
        self._paint_ring(surface, surface.get_rect())

    def paint_pressed(self, surface: pygame.Surface, target: Target) -> pygame.Rect:
        """Paint ``target`` pressed, nothing else; return what has changed."""
        self._sunk = target
        target.pressed().paint(surface)
        self._paint_ring(surface, target.rect)
        return target.rect

    def paint_released(self, surface: pygame.Surface, target: Target) -> pygame.Rect:
        """Paint ``target`` at rest again; return what has changed."""
        self._sunk = None
        target.rest.paint(surface)
        self._paint_ring(surface, target.rect)
        return target.rect

    def paint_focus(self, surface: pygame.Surface, target: Target | None) -> list[pygame.Rect]:
        """Paint the ring around ``target`` (None: around nothing); return what has changed."""
        if self._ring is None or target == self._focus:
            return []
        changed = []
        if self._focus is not None:
            place, self._focus = self._ring.place(self._focus), None
            self._repaint(surface, place)
            changed.append(place)
        if target is not None:
            self._focus, place = target, self._ring.place(target)
            self._paint_ring(surface, place)
            changed.append(place)
        return changed

    def paint_changes(self, surface: pygame.Surface, previous: "Scene") -> list[pygame.Rect]:
        """Turn the painted ``previous`` scene into this one; return what has changed.

        A target that was left pressed on ``previous`` comes back to rest, so no key stays
        down whatever the loop forgets. The ring stays around the target that does the same.
        """
        if previous.kind != self.kind:
            self.paint(surface)
            return [pygame.Rect((0, 0), self._size)]
        before, after = set(previous._marks), set(self._marks)
        places = [mark.rect for mark in before ^ after]
        if previous._sunk is not None:
            places.append(previous._sunk.rect)
            previous._sunk = None
        places += self._inherit_ring(previous)
        changed = _merged(places)
        for place in changed:
            self._repaint(surface, place)
        return changed

    def _inherit_ring(self, previous: "Scene") -> list[pygame.Rect]:
        """Take over the focus of ``previous``; return where the ring has to be painted anew."""
        was, previous._focus = previous._focus, None
        if was is None or previous._ring is None:
            return []
        same = (target for target in self.targets if target.action == was.action)
        self._focus = next(same, None) if self._ring is not None else None
        places = [previous._ring.place(was)]
        if self._focus is not None and self._ring is not None:
            places.append(self._ring.place(self._focus))
            if places[0] == places[1]:
                return []
        return places

    def _paint_ring(self, surface: pygame.Surface, place: pygame.Rect) -> None:
        """Paint what lies in ``place`` of the ring, over what was painted there just now: its
        soft corners painted twice would be harder."""
        if self._focus is None or self._ring is None:
            return
        if place.colliderect(self._ring.place(self._focus)):
            clip = surface.get_clip()
            surface.set_clip(place.clip(clip))
            self._ring.paint(surface, self._focus)
            surface.set_clip(clip)

    def _repaint(self, surface: pygame.Surface, place: pygame.Rect) -> None:
        surface.set_clip(place)
        surface.fill(self._paper)
        for mark in self._marks:
            if place.colliderect(mark.rect):
                mark.paint(surface)
        if self._sunk is not None and place.colliderect(self._sunk.rect):
            self._sunk.pressed().paint(surface)
        self._paint_ring(surface, place)
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
