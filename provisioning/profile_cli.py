"""`haochaping profile`: writes one device's configuration file."""

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from device.core.errors import BadConfiguration
from device.store.profile import APPEARANCES, FACTORIES, LANGUAGES, MODES


def main(words: Sequence[str]) -> int:
    """Run ``haochaping profile``; returns the exit code."""
    parser = argparse.ArgumentParser(
        "haochaping profile",
        description="Writes a device's configuration file, checked with the device's own rules.",
        allow_abbrev=False,
    )
    parser.add_argument("file", type=Path, help="where to write it, e.g. device.toml")
    parser.add_argument("--central", required=True, metavar="URL", help="central's address")
    parser.add_argument("--data-dir", required=True, metavar="DIR", help="the data partition")
    parser.add_argument("--ca-file", metavar="FILE", help="certificate that central must show")
    parser.add_argument("--proxy", metavar="URL", help="the hall's proxy, if it has one")
    parser.add_argument("--size", metavar="WxH", help="window size; default: the whole display")
    parser.add_argument("--rotate", type=int, metavar="DEGREES", help="0, 90, 180 or 270")
    parser.add_argument("--language", metavar="CODE", help=" or ".join(LANGUAGES))
    parser.add_argument("--appearance", metavar="NAME", help=" or ".join(APPEARANCES))
    parser.add_argument(
        "--diagonal", type=float, metavar="INCHES", help="across the panel's picture, e.g. 10.1"
    )
    parser.add_argument("--dark", metavar="HH:MM-HH:MM", help="when the screen is to be dark")
    parser.add_argument("--mode", metavar="NAME", help=" or ".join(MODES))
    parser.add_argument(
        "--matter", metavar="CODE", help="what a citizen rates who begins alone (self-service)"
    )
    parser.add_argument("--volume", type=int, metavar="PERCENT", help="of sounds; 0 is silence")
    parser.add_argument("--no-voice", action="store_true", help="clicks, but no spoken prompts")
    parser.add_argument(
        "--pins", metavar="A,B,C,D,E", help="BCM pins of the five buttons, best level first"
    )
    parser.add_argument("--button-factory", metavar="NAME", help=" or ".join(FACTORIES))
    parser.add_argument("--skip-pin", type=int, metavar="PIN", help="key for not now and skip")
    parser.add_argument("--next-pin", type=int, metavar="PIN", help="key for rate, submit, done")
    parser.add_argument(
        "--led-pins", metavar="A,B,C,D,E", help="BCM pins of a lamp per button, best level first"
    )
    parser.add_argument("--buzzer-pin", type=int, metavar="PIN", help="a buzzer's BCM pin")
    parser.add_argument(
        "--check-pin", type=int, metavar="PIN", help="switch in the case: the check screen"
    )
    parser.add_argument(
        "--no-staff-screen", action="store_true", help="no key for staff on the screen"
    )
    parser.add_argument(
        "--badge-reader", action="store_true", help="a USB badge or QR reader is plugged in"
    )
    parser.add_argument(
        "--console",
        action="append",
        metavar="ADDRESS:PORT",
        help="serve the staff console and business systems here; may be given several times",
    )
    parser.add_argument("--certificate", metavar="FILE", help="the console's certificate (PEM)")
    parser.add_argument("--certificate-key", metavar="FILE", help="and its private key (PEM)")
    parser.add_argument(
        "--allow-volatile", action="store_true", help="a trial: data may lie on tmpfs or overlay"
    )
    parser.add_argument("--replace", action="store_true", help="write over an existing file")
    options = parser.parse_args(words)
    from provisioning.profile_file import write

    given = {
        "data_dir": options.data_dir,
        "storage.allow_volatile": options.allow_volatile or None,
        "screen.size": options.size,
        "screen.rotate": options.rotate,
        "screen.language": options.language,
        "screen.appearance": options.appearance,
        "screen.diagonal": options.diagonal,
        "screen.dark": options.dark,
        "service.mode": options.mode,
        "service.matter": options.matter,
        "sound.volume": options.volume,
        "sound.voice": False if options.no_voice else None,
        "buttons.skip": options.skip_pin,
        "buttons.next": options.next_pin,
        "buttons.leds": _pins(options.led_pins),
        "buttons.buzzer": options.buzzer_pin,
        "buttons.check": options.check_pin,
        "buttons.pins": _pins(options.pins),
        "buttons.factory": options.button_factory,
        "staff.screen": False if options.no_staff_screen else None,
        "staff.badge_reader": options.badge_reader or None,
        "console.listen": options.console,
        "console.certificate": options.certificate,
        "console.key": options.certificate_key,
        "central.url": options.central,
        "central.ca_file": options.ca_file,
        "central.proxy": options.proxy,
    }
    try:
        write(
            options.file,
            {key: value for key, value in given.items() if value is not None},
            replace=options.replace,
        )
    except BadConfiguration as error:
        print(error, file=sys.stderr)
        return 2
    except OSError as error:
        print(f"haochaping profile: {error}", file=sys.stderr)
        return 1
    print(f"wrote {options.file}")
    return 0


def _pins(text: str | None) -> list[object] | None:
    if text is None:
        return None
    return [int(pin) if pin.strip().isdigit() else pin for pin in text.split(",")]
