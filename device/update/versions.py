"""Which of two releases is the newer one."""

import re

from device.core.errors import DeviceError
from protocol.releases import Manifest


class NotNewer(DeviceError, ValueError):
    """A release that is not newer than the one in use, and nobody insisted."""


def refuse_older(fresh: Manifest, in_use: Manifest) -> None:
    """Raise `NotNewer` unless ``fresh`` follows the release in use.

    Whoever can offer releases could otherwise bring back an old one and its mistakes, with a
    genuine signature.
    """
    if order(fresh) < order(in_use):
        raise NotNewer(
            f"release {fresh.name} is older than {in_use.name}, which is in use; "
            "by hand: haochaping update --force"
        )


def order(manifest: Manifest) -> tuple[tuple[int, ...], int, tuple[tuple[int, str], ...], int]:
    """Return what sorts releases: by version, then by when they were made.

    ``0.2.0rc1`` comes before ``0.2.0``, ``0.2.0+hall`` after it; ``0.2`` is ``0.2.0``.
    """
    match = re.match(r"[0-9]+(\.[0-9]+)*", manifest.version)
    numbers = [int(part) for part in match.group().split(".")] if match else []
    while numbers and numbers[-1] == 0:
        numbers.pop()
    suffix = manifest.version[match.end() :] if match else manifest.version
    rank = 0 if not suffix else 1 if suffix.startswith(("+", ".post", "post")) else -1
    parts = tuple(
        (int(part), "") if part.isdigit() else (-1, part)
        for part in re.findall(r"[0-9]+|[^0-9]+", suffix)
    )
    return tuple(numbers), rank, parts, manifest.issued_ms
