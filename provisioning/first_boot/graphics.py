"""What draws the screen without a desktop: Mesa's EGL, GLES and GBM, and a driver.

Without them everything looks well from inside, units and logs alike, and the screen stays
black. A card may bring the packages for an image that lacks them.
"""

from typing import Final

from provisioning.first_boot.device import Device
from provisioning.first_boot.errors import SetupStopped

_LIBRARIES: Final = ("libEGL.so.1", "libGLESv2.so.2", "libgbm.so.1")
_DRIVERS: Final = ("dri/*_dri.so", "libgallium-*.so")
_PACKAGES: Final = "libegl1, libgles2, libgbm1, libgl1-mesa-dri"
_DPKG_S: Final = 1200.0


def is_done(device: Device) -> bool:
    """True if the libraries and a driver are there."""
    return not _missing(device)


def do(device: Device) -> None:
    """Install the card's packages. Raises `SetupStopped` (``NO_GRAPHICS``)."""
    # Only what card.json names, and so has been checked.
    packages = [str(device.places.card / name) for name in device.card.packages]
    if packages:
        device.tell(f"installing {len(packages)} packages")
        # All at once, as they need each other; what the image has newer stays.
        device.tools.run("dpkg", "--install", "--refuse-downgrade", *packages, timeout_s=_DPKG_S)
    if missing := _missing(device):
        raise SetupStopped(
            "NO_GRAPHICS", f"{', '.join(missing)} not found; packages {_PACKAGES} are needed"
        )


def _missing(device: Device) -> list[str]:
    folders = [device.at("usr/lib"), *device.at("usr/lib").glob("*-linux-gnu*")]
    lacking = [
        name for name in _LIBRARIES if not any((folder / name).exists() for folder in folders)
    ]
    if not any(any(folder.glob(form)) for folder in folders for form in _DRIVERS):
        lacking.append("a Mesa driver")
    return lacking
