"""``config.txt`` and ``cmdline.txt``: the image's own files, with a few words of ours in them.

Ours are marked, or known by their form, so that writing a card twice changes nothing the
second time, and nothing of the image's or a technician's own is lost.
Sources: Raspberry Pi's documentation of config.txt, kernel-parameters.txt of Linux,
systemd-run-generator(8), and the initramfs script ``resize_early`` of raspberrypi-sys-mods.
"""

from collections.abc import Sequence
from typing import Final, NamedTuple

from provisioning.errors import BadCard

BEGIN: Final = "# haochaping: begin (written by `haochaping provision cards`; do not edit in here)"
END: Final = "# haochaping: end"
FIRST_RUN: Final = "haochaping/firstrun.sh"

_ALWAYS: Final = ("disable_splash=1", "dtparam=watchdog=on")
_QUIET: Final = (
    "quiet",
    "loglevel=3",
    "logo.nologo",
    "vt.global_cursor_default=0",
    "consoleblank=0",
)
_STARTED_ONCE: Final = (
    f"systemd.run=/boot/firmware/{FIRST_RUN}",
    "systemd.run_success_action=reboot",
    "systemd.run_failure_action=none",
    "systemd.unit=kernel-command-line.target",
)
_GROWS_ROOT: Final = (
    "resize",
    "init=/usr/lib/raspberrypi-sys-mods/firstboot",
    "init=/usr/lib/raspi-config/init_resize.sh",
)
_REPLACED: Final = (
    "loglevel=",
    "logo.nologo",
    "vt.global_cursor_default=",
    "consoleblank=",
    "ds=nocloud",
    "systemd.run=",
    "systemd.run_success_action=",
    "systemd.run_failure_action=",
    "systemd.unit=kernel-command-line.target",
)
FIRST_RUN_SCRIPT: Final = """\
#!/bin/sh
# For images without cloud-init: systemd.run= in cmdline.txt names this file. It does what
# cloud-init's bootcmd would, takes its own words out of cmdline.txt, and the device restarts.
set -u
boot=/boot/firmware
systemctl --no-block --now mask userconfig.service || true
if ! sh "$boot/haochaping/start.sh" later; then
    echo "haochaping: start.sh failed; the device tries again when it is switched on" >/dev/console
    exit 1
fi
fresh=$boot/cmdline.new
sed -e 's/ systemd\\.run[a-z_]*=[^ ]*//g' -e 's/ systemd\\.unit=kernel-command-line\\.target//g' \\
    "$boot/cmdline.txt" >"$fresh" && sync && mv "$fresh" "$boot/cmdline.txt" && sync
"""


class Plan(NamedTuple):
    """What the two files are to say for one device."""

    own_partition: bool
    """The root stays as small as it is: a data partition follows it."""
    instance: str = ""
    """cloud-init's instance id; empty where the image has no cloud-init."""
    country: str = ""
    """Of the wireless rules; empty without a wireless network."""


def config_txt(present: str, lines: Sequence[str]) -> str:
    """Return ``config.txt`` with our block at its end, and nowhere else.

    Raises `BadCard` if a block was begun and never ended: somebody edited it.
    """
    kept: list[str] = []
    inside = False
    for line in _lines(present):
        if line.startswith("# haochaping: begin"):
            if inside:
                raise BadCard(f"config.txt: our block begins twice; remove it, up to {END!r}")
            inside = True
        elif line.rstrip() == END:
            if not inside:
                raise BadCard("config.txt: our block ends and never began; remove that line")
            inside = False
        elif not inside:
            kept.append(line)
    if inside:
        raise BadCard(f"config.txt: our block has no line {END!r}; remove what is left of it")
    while kept and not kept[-1].strip():
        kept.pop()
    for line in lines:
        if "\n" in line or "\r" in line or line.startswith("# haochaping:"):
            raise BadCard(f"config.txt: {line!r} is not one line")
    # [all]: whatever section the image's file ends in, ours is meant for every board.
    block = [BEGIN, "[all]", *_ALWAYS, *lines, END]
    return "\n".join([*kept, "", *block] if kept else block) + "\n"


def cmdline_txt(present: str, plan: Plan) -> str:
    """Return ``cmdline.txt``, one line, with our words once.

    Raises `BadCard` if ``present`` is not the command line of a system on a card.
    """
    lines = [line.split() for line in _lines(present) if line.split()]
    if len(lines) != 1 or not any(word.startswith("root=") for word in lines[0]):
        raise BadCard("cmdline.txt is not one line with root=: write the system image again")
    words = [word for word in lines[0] if not _ours(word, plan)]
    words += _QUIET
    if plan.country:
        words.append(f"cfg80211.ieee80211_regdom={plan.country}")
    if plan.instance:
        # An id in here goes before the one in meta-data, so an older one would hide ours.
        words.append(f"ds=nocloud;i={plan.instance}")
    else:
        words += _STARTED_ONCE
    return " ".join(words) + "\n"


def _lines(text: str) -> list[str]:
    """Return the lines as the firmware sees them; `str.splitlines` knows other ends of lines."""
    return text.replace("\r\n", "\n").split("\n")


def _ours(word: str, plan: Plan) -> bool:
    if word in ("quiet", "splash") or word.startswith(_REPLACED):
        # splash: plymouth would hide first boot's words, and hold the display from the kiosk.
        return True
    if plan.country and word.startswith("cfg80211.ieee80211_regdom="):
        return True
    return plan.own_partition and word in _GROWS_ROOT
