"""The commands of `haochaping central` for windows' printed codes: posters, window-codes.

As in `cli`, what a command needs is imported when it runs.
"""

import argparse
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from central.roll_cli import for_hall, open_database, write_new

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from central.posters import Poster
    from central.settings import Settings
    from central.window_codes import Plan

_MAX_DAYS = 3660
_MAX_GRACE = 90
_LANGUAGES = ("zh-CN", "en", "ko")
_SOON_MS = 30 * 86_400_000


def add_commands(command: Callable[[str, str], argparse.ArgumentParser]) -> None:
    """Add the commands and their arguments."""
    posters = command("posters", "make a PDF with a poster for each window, its code on it")
    for_hall(posters)
    posters.add_argument(
        "--window",
        action="append",
        default=[],
        metavar="CODE",
        help="only this one; its number"
        " will do as well; may be given several times (default: every window of the hall)",
    )
    posters.add_argument("--out", type=Path, required=True, metavar="FILE.pdf", help="a new file")
    posters.add_argument(
        "--reissue",
        action="store_true",
        help="give new codes and end the ones before; without it a window keeps its code",
    )
    posters.add_argument(
        "--days", type=int, metavar="N", help="how long new codes work (default: settings)"
    )
    posters.add_argument(
        "--grace",
        type=int,
        default=0,
        metavar="DAYS",
        help="with --reissue: how long the codes before still work (default: not at all)",
    )
    posters.add_argument("--paper", choices=("A4", "A5"), default="A4")
    posters.add_argument(
        "--language",
        default="zh-CN,en",
        metavar="LIST",
        help=f"in which languages, the first one large; of {', '.join(_LANGUAGES)} "
        "(default: %(default)s)",
    )
    codes = command("window-codes", "list the codes on windows' posters: issued, until, ratings")
    for_hall(codes)
    codes.add_argument(
        "--end",
        action="append",
        default=[],
        metavar="WINDOW",
        help="end the code of this window, with no new one; may be given several times",
    )


def _posters(args: argparse.Namespace, settings: "Settings") -> int:
    from central import edits, posters, window_codes
    from central.errors import CentralError
    from central.service import now_ms

    languages = _check(args)
    days = settings.phone.window_code_days if args.days is None else args.days
    if args.out.exists():
        raise CentralError(f"{args.out} exists already; remove it or choose another")
    now = now_ms()
    with open_database(settings) as database:
        with database.reading() as connection:
            plan = window_codes.plan(
                connection,
                args.hall,
                args.window,
                now,
                days=days,
                reissue=args.reissue,
                utc_offset_minutes=settings.utc_offset_minutes,
            )
            sheets = _sheets(connection, plan, settings)
        printed = posters.draw(
            sheets,
            languages,
            now,
            paper=posters.Paper[args.paper],
            utc_offset_minutes=settings.utc_offset_minutes,
            progress=_progress(),
        )
        # Drawn before anything is given out: what cannot be printed ends no code.
        write_new(args.out, printed.content)
        try:
            with database.writing() as connection:
                ended = window_codes.give_out(connection, plan, now, grace_days=args.grace)
                if plan.issued:
                    edits.note(connection, args.hall, edits.operator(), _noted(plan), now)
        except BaseException:
            args.out.unlink()
            raise
    _tell(plan, ended, args, settings, now)
    if printed.unprintable:
        sys.stderr.write(
            f"no font here has {' '.join(printed.unprintable)}: printed as empty boxes; "
            "docs/posters.md names fonts to install\n"
        )
    return 0


def _check(args: argparse.Namespace) -> list[str]:
    """Return the languages. Raises `Mistakes`."""
    from central.errors import Mistakes

    mistakes = []
    if args.days is not None and not 1 <= args.days <= _MAX_DAYS:
        mistakes.append(f"--days {args.days}: expected 1 to {_MAX_DAYS}")
    if not 0 <= args.grace <= _MAX_GRACE:
        mistakes.append(f"--grace {args.grace}: expected 0 to {_MAX_GRACE}")
    elif args.grace and not args.reissue:
        mistakes.append("--grace: only with --reissue, else no code is replaced")
    languages = [one.strip() for one in args.language.split(",")]
    unknown = [one for one in languages if one not in _LANGUAGES]
    if unknown or len(set(languages)) != len(languages):
        mistakes.append(
            f"--language {args.language}: expected some of {', '.join(_LANGUAGES)}, each once"
        )
    if mistakes:
        raise Mistakes(mistakes)
    return languages


def _sheets(connection: "Connection", plan: "Plan", settings: "Settings") -> list["Poster"]:
    from central import roll
    from central.errors import CentralError
    from central.posters import Poster

    hall = roll.hall_row(connection, plan.hall)
    phone_url = hall.phone_url or settings.phone_url
    if not phone_url:
        raise CentralError(
            f"hall {plan.hall} has no phone_url, so there is nowhere for a code to lead: set it "
            "in [hall] of the hall file, or for all halls in central.toml"
        )
    if not plan.sheets:
        raise CentralError(f"hall {plan.hall} has no window")
    return [Poster(sheet.code, hall.name, phone_url) for sheet in plan.sheets]


def _noted(plan: "Plan") -> str:
    from central.edits import named

    windows = tuple(one.window for one in plan.issued)
    return f"window codes: {len(windows)} issued ({named(windows)})"


def _tell(
    plan: "Plan", ended: int, args: argparse.Namespace, settings: "Settings", now: int
) -> None:
    kept = [sheet.code for sheet in plan.sheets if not sheet.new]
    pages = len(plan.sheets)
    _say(f"{args.out}: {pages} page{'s' if pages > 1 else ''}, {args.paper}")
    _say(f"codes: {len(plan.issued)} new, {len(kept)} as before")
    if ended:
        when = f"in {args.grace} days: change the posters by then" if args.grace else "now"
        _say(f"older codes that end {when}: {ended}")
    if kept and args.days is not None:
        _say("--days is for new codes alone; those that were there keep their end")
    soon = [one for one in kept if one.expires_ms - now < _SOON_MS]
    if soon:
        first = min(one.expires_ms for one in soon) - 1
        _say(
            f"{len(soon)} of these end soon, the first on {_day(first, settings)}; "
            "--reissue makes new ones"
        )


def _window_codes(args: argparse.Namespace, settings: "Settings") -> int:
    from central import edits, window_codes
    from central.service import now_ms

    now = now_ms()
    with open_database(settings) as database:
        if args.end:
            with database.writing() as connection:
                ended = window_codes.withdraw(connection, args.hall, args.end, now)
                if ended:
                    what = f"window codes: withdrawn ({edits.named(tuple(args.end))})"
                    edits.note(connection, args.hall, edits.operator(), what, now)
            _say(f"codes ended: {ended}" if ended else "no code of these worked any more")
            return 0
        with database.reading() as connection:
            found = window_codes.listed(connection, args.hall, now)
    for one in found:
        code = one.code
        line = (
            f"window {code.number} ({code.window})  issue {code.issue}  "
            f"issued {_day(code.issued_ms, settings)}  until {_day(code.until_ms - 1, settings)}  "
            f"{one.state.value}"
        )
        if one.ratings is not None:
            line += f"  {one.ratings} ratings by printed code"
        _say(line)
    if not found:
        _say(
            f"no code was given out in hall {args.hall}; make posters: haochaping central posters "
            f"--hall {args.hall} --out FILE.pdf"
        )
    return 0


def _day(ms: int, settings: "Settings") -> str:
    from datetime import UTC, datetime

    local_ms = ms + settings.utc_offset_minutes * 60_000
    return datetime.fromtimestamp(local_ms / 1000, UTC).strftime("%Y-%m-%d")


def _progress() -> Callable[[int, int], None]:
    """Return what tells on a terminal how far it is; elsewhere nothing."""
    if not sys.stderr.isatty():
        return lambda done, every: None

    def tell(done: int, every: int) -> None:
        if done % 25 == 0 or done == every:
            end = "\n" if done == every else ""
            sys.stderr.write(f"\rposters: {done} of {every}{end}")
            sys.stderr.flush()

    return tell


def _say(text: str) -> None:
    sys.stdout.write(f"{text}\n")


COMMANDS: Mapping[str, Callable[[argparse.Namespace, "Settings"], int]] = {
    "posters": _posters,
    "window-codes": _window_codes,
}
