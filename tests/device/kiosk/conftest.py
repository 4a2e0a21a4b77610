"""Screens are tested on real pygame surfaces, without a display."""

import os

os.environ["SDL_VIDEODRIVER"] = "dummy"
os.environ.setdefault("PYGAME_HIDE_SUPPORT_PROMPT", "1")

import pygame
import pytest

from device.kiosk.screens import Look


@pytest.fixture(scope="session")
def look() -> Look:
    return Look()


@pytest.fixture
def surface() -> pygame.Surface:
    return pygame.Surface((1280, 800), 0, 32)
