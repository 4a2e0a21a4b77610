"""The device's own commands. Each imports what it needs and nothing of the others."""

import argparse
import gc
import os
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from device.command import Command, new_parser
from device.core.errors import BadConfiguration, DeviceError
from device.core.plain import plain
from device.store.profile import (
    APPEARANCES,
    LANGUAGES,
    Profile,
    check_files,
    load,
    parse_size,
    without_password,
)

if TYPE_CHECKING:
    from device.store.home import Home


def main(command: str, words: Sequence[str]) -> int:
    """Run one of the device's commands; returns the exit code."""
    parser, run = _COMMANDS[command](command)
    options = parser.parse_args(words)
    try:
        return run(options)
    except BadConfiguration as error:
        print(plain(str(error)), file=sys.stderr)
        return 2
    except BrokenPipeError:
        raise
    except (DeviceError, OSError) as error:
        print(plain(f"haochaping {command}: {error}"), file=sys.stderr)
        return 1


def _kiosk(command: str) -> Command:
    parser = new_parser(
        command,
        "Shows the screen for citizens and takes their ratings.\n\n"
        "Keys 1 to 5 press the level with that number (5 = very satisfied). Tab and arrows move\n"
        "through the screen, Space presses, Enter submits, Backspace goes back, Escape leaves;\n"
        'F1 is the next language, F2 the next appearance (docs/device.md, "Keys and buttons").\n'
        "SIGTERM ends it within a second.",
    )
    parser.add_argument(
        "--size", metavar="WxH", help="window size in pixels; over screen.size of the file"
    )
    parser.add_argument(
        "--rotate", type=int, choices=(0, 90, 180, 270), help="degrees clockwise; over the file"
    )
    parser.add_argument("--language", choices=LANGUAGES, help="first language; over the file")
    parser.add_argument(
        "--appearance", choices=APPEARANCES, help="what citizens find at first; over the file"
    )
    parser.add_argument(
        "--mock-gpio",
        action="store_true",
        help="five buttons that exist in software only; the screen says so",
    )
    parser.add_argument(
        "--rehearse",
        type=Path,
        metavar="SOCKET",
        help="open a socket through which a rehearsal touches and photographs the screen; "
        "the screen says so. Never on a device that citizens use",
    )
    parser.add_argument("--windowed", action="store_true", help="a window, not the whole screen")

    def run(options: argparse.Namespace) -> int:
        # Collecting garbage on the way to the first frame finds none and costs some of it.
        gc.disable()
        profile = load(options.config)
        screen = profile.screen._replace(
            size=parse_size(options.size) if options.size else profile.screen.size,
            rotate=profile.screen.rotate if options.rotate is None else options.rotate,
            language=options.language or profile.screen.language,
            appearance=options.appearance or profile.screen.appearance,
        )
        from device.kiosk import service

        return service.run(
            profile._replace(screen=screen),
            start_log=_log_to_stderr,
            mock_gpio=options.mock_gpio,
            rehearse=options.rehearse,
            windowed=options.windowed,
        )

    return parser, run


def _agent(command: str) -> Command:
    parser = new_parser(
        command,
        "Sends what the kiosk recorded to central, fetches the configuration, reports the\n"
        "device's state, and takes invitations from the window's programs. Runs until SIGTERM.",
    )
    parser.add_argument("--verbose", action="store_true", help="say more in the log")

    def run(options: argparse.Namespace) -> int:
        _log_to_stderr(options.verbose)
        from device.agent import service

        profile = load(options.config)
        check_files(profile)
        return service.run(profile)

    return parser, run


def _migrate(command: str) -> Command:
    parser = new_parser(
        command,
        "Brings the device's two files up to date, and gives each file to the user that it\n"
        "belongs to. Run by systemd before kiosk and agent; running it again changes nothing.\n"
        "Where the card is for a new identity, the old data folder is set aside first, under\n"
        "another name beside it.",
    )
    parser.add_argument(
        "--card-dir",
        type=Path,
        metavar="DIR",
        help="the card's folder (default: the boot partition's, for the data folder of a device)",
    )

    def run(options: argparse.Namespace) -> int:
        from device.store.home import Home, refuse_volatile
        from device.store.preparation import prepare

        profile = load(options.config)
        home = Home(profile.data_dir)
        if not profile.allow_volatile:
            refuse_volatile(home.root)
        said, applied = prepare(home, options.card_dir or _own_card(home))
        for line in said:
            print(line)
        for line in applied:
            print(f"applied  {line}")
        print(f"{home.root}: up to date" if not applied else f"{home.root}: now up to date")
        return 0

    return parser, run


def _enrol(command: str) -> Command:
    parser = new_parser(
        command,
        "Makes this device known to central. The one-time token comes from central\n"
        "(haochaping central token --window ...) and is read from a file or from standard\n"
        "input, never from an argument. Running it again with the same token is safe.\n\n"
        "With --card it is what a device does by itself at every start: it takes the token that\n"
        "haochaping provision cards left on the boot partition, tries until central knows it, and\n"
        "says how it stands on the screen and in STATE.txt on the card.",
    )
    parser.add_argument(
        "--card", action="store_true", help="enrol with the card in this device; for systemd"
    )
    parser.add_argument(
        "--card-dir",
        type=Path,
        metavar="DIR",
        help="like --card, with the card's folder somewhere else; the state goes to the file "
        "$HAOCHAPING_SETUP if that is set",
    )
    parser.add_argument(
        "--token-file",
        type=Path,
        metavar="FILE",
        help="file that holds the token; without it, the token is read from standard input",
    )
    parser.add_argument(
        "--board",
        metavar="SERIAL",
        help="serial number of the board (default: read from the device tree)",
    )

    def run(options: argparse.Namespace) -> int:
        profile = load(options.config)
        check_files(profile)
        if options.card or options.card_dir:
            if options.token_file:
                parser.error("the card has a token of its own: leave --token-file out")
            return _enrol_with_card(profile, options.card_dir, options.board)
        try:
            given = options.token_file.read_text("utf-8") if options.token_file else input()
        except (OSError, EOFError, UnicodeDecodeError) as error:
            raise DeviceError(f"no token could be read: {error}") from error
        from device.agent.enrolment import board_serial, enrol
        from device.store.card import checked_token

        token = checked_token(given)
        identity = enrol(profile, token, options.board or board_serial())
        print(f"this device is {identity.device}")
        return 0

    return parser, run


def _own_card(home: "Home") -> Path | None:
    """Return the card's folder of a device in the field; None for any other data folder."""
    from device.store.deployed import Deployed

    return Deployed().card if home.root == Deployed().data else None


def _enrol_with_card(profile: Profile, folder: Path | None, board: str | None) -> int:
    _log_to_stderr()
    from device.agent.card_enrolment import CardEnrolment
    from device.agent.enrolment import board_serial
    from device.agent.setup_sign import SetupSign
    from device.store.deployed import Deployed

    folder = folder or Deployed().card
    setup = Path(os.environ.get("HAOCHAPING_SETUP") or Deployed().setup)
    sign = SetupSign(setup, folder)
    CardEnrolment(profile, folder, board or board_serial(), sign.show).run()
    return 0


def _invite(command: str) -> Command:
    parser = new_parser(
        command,
        "Asks the citizen at the window to rate the staff member and each finished matter.\n\n"
        "  haochaping invite --matter CODE=CASE1,CASE2 --matter CODE2\n\n"
        "Several cases of one matter are a batch and are rated once.",
    )
    parser.add_argument(
        "--matter",
        action="append",
        default=[],
        metavar="CODE[=CASE,...]",
        help="a finished matter, with its case numbers; may be given several times",
    )
    parser.add_argument(
        "--unfinished",
        action="append",
        default=[],
        metavar="CODE[=CASE,...]",
        help="a matter that was only filed; recorded, not rated",
    )
    parser.add_argument(
        "--by", choices=("staff", "system"), default="staff", help="who invites (%(default)s)"
    )

    def run(options: argparse.Namespace) -> int:
        from device.agent.control import Invite, ask
        from device.store.home import Home
        from protocol.records import InvitedBy, MatterHandled

        def matter(text: str, finished: bool) -> MatterHandled:
            code, _, cases = text.partition("=")
            return MatterHandled(code, tuple(filter(None, cases.split(","))), finished)

        matters = [matter(text, True) for text in options.matter]
        matters += [matter(text, False) for text in options.unfinished]
        request = Invite(tuple(matters), InvitedBy(options.by))
        answer = ask(Home(load(options.config).data_dir).control, request)
        print(answer["visit"])
        return 0

    return parser, run


def _cancel(command: str) -> Command:
    parser = new_parser(
        command,
        "Takes an invitation back. Possible only until the citizen's first tap; the reason is\n"
        "recorded and reported.",
    )
    parser.add_argument("visit", help="the visit's id, as haochaping invite printed it")
    parser.add_argument("--reason", required=True, help="why; part of the record")

    def run(options: argparse.Namespace) -> int:
        from uuid import UUID

        from device.agent.control import Cancel, ask
        from device.store.home import Home

        try:
            visit = UUID(options.visit)
        except ValueError as error:
            raise BadConfiguration(f"visit {options.visit!r}: not the id of a visit") from error
        answer = ask(Home(load(options.config).data_dir).control, Cancel(visit, options.reason))
        print(answer.get("outcome", "open"))
        return 0

    return parser, run


def _screenshot(command: str) -> Command:
    parser = new_parser(
        command,
        "Writes a picture of the kiosk's screen as a PNG file, for a support case. Refused\n"
        "while a citizen is there: what they tap is nobody else's business.",
    )
    parser.add_argument("picture", type=Path, help="where to write it, e.g. screen.png")

    def run(options: argparse.Namespace) -> int:
        os.environ.setdefault("PYGAME_HIDE_SUPPORT_PROMPT", "1")
        from device.kiosk.support import take_picture
        from device.store.home import Home

        take_picture(Home(load(options.config).data_dir).support, options.picture)
        print(f"wrote {options.picture}")
        return 0

    return parser, run


def _config(command: str) -> Command:
    parser = new_parser(command, "Checks a configuration file and shows what it amounts to.")
    parser.add_argument("what", choices=("check",), help="check: report every mistake at once")

    def run(options: argparse.Namespace) -> int:
        profile: Profile = load(options.config)
        check_files(profile)
        print(f"{options.config}: no mistakes")
        for section, value in profile._asdict().items():
            if hasattr(value, "_asdict"):
                for key, inner in value._asdict().items():
                    print(f"  {section}.{key} = {without_password(str(inner))}")
            else:
                print(f"  {section} = {value}")
        return 0

    return parser, run


def _fonts(command: str) -> Command:
    parser = new_parser(
        command,
        "Checks that every character of the roster can be printed: hall, staff, matters, notices.\n"
        "Says which font files there are, which characters none of them has, where these stand\n"
        "and what to install. Exit code 0: everything is printed; 1: something is not.",
    )
    parser.add_argument("--text", help="check this text instead; needs no roster")

    def run(options: argparse.Namespace) -> int:
        from device.store.wordings import Wording, read

        if options.text is None:
            from device.store.home import Home

            wordings = read(Home(load(options.config).data_dir).agent_db)
        else:
            wordings = (Wording("--text", options.text),)
        os.environ.setdefault("PYGAME_HIDE_SUPPORT_PROMPT", "1")
        from device.kiosk.assets import font_path
        from device.kiosk.coverage import Coverage
        from device.kiosk.font_check import check
        from device.kiosk.typefaces import Typefaces

        report = check(wordings, Typefaces(Coverage(font_path(False))))
        # Rare characters are what this is about: the terminal's encoding may not have them.
        encoding = sys.stdout.encoding or "utf-8"
        for line in report.lines:
            print(line.encode(encoding, "replace").decode(encoding))
        return 0 if report.complete else 1

    return parser, run


def _doctor(command: str) -> Command:
    from device.doctor.cli import doctor

    return doctor(command)


def _check_screen(command: str) -> Command:
    from device.doctor.cli import check_screen

    return check_screen(command)


def _update(command: str) -> Command:
    from device.update.cli import update

    return update(command)


def _log_to_stderr(verbose: bool = False) -> None:
    import logging

    logging.basicConfig(
        level=logging.DEBUG if verbose else logging.INFO,
        format="%(asctime)s %(name)s %(levelname)s %(message)s",
        stream=sys.stderr,
    )
    # Other people's debug lines may hold URLs and headers; ours never do.
    for name in ("urllib3", "requests"):
        logging.getLogger(name).setLevel(logging.WARNING)


_COMMANDS: dict[str, Callable[[str], Command]] = {
    "kiosk": _kiosk,
    "agent": _agent,
    "migrate": _migrate,
    "enrol": _enrol,
    "invite": _invite,
    "cancel": _cancel,
    "screenshot": _screenshot,
    "config": _config,
    "fonts": _fonts,
    "doctor": _doctor,
    "check-screen": _check_screen,
    "update": _update,
}
