"""Opening the display, with the SDL settings that the driver at hand needs.

The right settings for X without a GPU and for KMS are opposites: software blits straight
to X are eight times quicker there, while KMS without GLES shows black and reports
nothing. So the driver is chosen first and the rest follows from it.
"""

from collections.abc import MutableMapping
from pathlib import Path

from device.core.errors import DeviceError

_SOFTWARE = {"SDL_FRAMEBUFFER_ACCELERATION": "0"}
_GLES = {"SDL_RENDER_DRIVER": "opengles2", "SDL_FRAMEBUFFER_ACCELERATION": "opengles2"}
_SETTINGS = {"x11": _SOFTWARE, "wayland": _SOFTWARE, "dummy": _SOFTWARE, "kmsdrm": _GLES}


class NoDisplay(DeviceError, OSError):
    """There is nothing to draw on."""


def choose_driver(environment: MutableMapping[str, str], dri: Path = Path("/dev/dri")) -> str:
    """Return the SDL video driver for this machine. Raises `NoDisplay`.

    An explicit ``SDL_VIDEODRIVER`` wins.
    """
    if given := environment.get("SDL_VIDEODRIVER"):
        return given
    if environment.get("DISPLAY"):
        return "x11"
    if environment.get("WAYLAND_DISPLAY"):
        return "wayland"
    if any(dri.glob("card*")):
        return "kmsdrm"
    raise NoDisplay(
        "no display: neither X ($DISPLAY) nor Wayland nor a graphics card in /dev/dri was found; "
        "set SDL_VIDEODRIVER=dummy to run without one"
    )


def prepare(environment: MutableMapping[str, str]) -> str:
    """Put the driver's settings into ``environment`` before pygame is imported."""
    driver = choose_driver(environment)
    environment["SDL_VIDEODRIVER"] = driver
    environment.setdefault("PYGAME_HIDE_SUPPORT_PROMPT", "1")
    # One finger must not arrive twice, as finger and as mouse (pygame#2992).
    environment.setdefault("SDL_TOUCH_MOUSE_EVENTS", "0")
    environment.setdefault("SDL_MOUSE_TOUCH_EVENTS", "0")
    environment.setdefault("SDL_VIDEO_ALLOW_SCREENSAVER", "0")
    # SDL would open the desktop's message bus and never read from it: with its socket among
    # those we wait for, the loop would spin; a kiosk has nothing to say there.
    environment["DBUS_SESSION_BUS_ADDRESS"] = "unix:path=/nonexistent"
    environment["DBUS_SYSTEM_BUS_ADDRESS"] = "unix:path=/nonexistent"
    for name, value in _SETTINGS.get(driver, {}).items():
        environment.setdefault(name, value)
    return driver
