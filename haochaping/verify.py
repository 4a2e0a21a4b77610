"""`haochaping verify`: whoever has a receipt code checks it, on a machine of their own.

Central is asked for the evidence and not believed: every signature and every place in a chain
is checked here (`protocol.proof`). Evidence that was saved can be checked without a network.
"""

import argparse
import json
import os
import sys
from collections.abc import Sequence
from datetime import date
from pathlib import Path

from haochaping import verdict
from protocol import evidence, proof
from protocol.errors import Malformed
from protocol.evidence import Evidence
from protocol.phone import read_receipt_code

GENUINE, NOT_GENUINE, USAGE, NOT_CHECKED = 0, 1, 2, 3
_EPILOG = """\
The code may be - to read it from standard input. The key of central is 64 hexadecimal digits
or a file with them; without it the key that central itself names is used, and said so.

Exit codes: 0 genuine and counted, 1 not genuine, not counted, or no such code, 2 wrong
arguments, 3 could not be checked: central was not reached, or more must be told.
"""
_TIMEOUT_S = (10, 60)


class _NotChecked(Exception):
    """There is nothing to check; ends the command with this sentence."""

    def __init__(self, sentence: str, code: int = NOT_CHECKED) -> None:
        super().__init__(sentence)
        self.code = code


def main(words: Sequence[str]) -> int:
    """Run the command; returns its exit code."""
    args = _parser().parse_args(list(words))
    language = args.language or _system_language()
    try:
        if args.save and args.save.exists():  # it may be all that proves an earlier answer
            raise _NotChecked(f"{args.save} exists already; name a new file", USAGE)
        found = _read_file(args.evidence) if args.evidence else _ask(args)
        if args.save:
            _save(args.save, found)
    except _NotChecked as error:
        sys.stderr.write(f"haochaping verify: {error}\n")
        return error.code
    findings = proof.check(
        found, args.code, central_key=args.central_key, device_key=args.device_key
    )
    genuine, counted = proof.is_genuine(findings), proof.is_counted(found)
    printed = verdict.as_json if args.json else verdict.as_text
    sys.stdout.write(printed(found, findings, genuine=genuine, counted=counted, language=language))
    return GENUINE if genuine and counted else NOT_GENUINE


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        "haochaping verify",
        description="Check, with a receipt code, that a rating is stored, unchanged and counted.",
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("code", metavar="CODE", type=_code, help="the receipt code, as printed")
    source = parser.add_mutually_exclusive_group(required=True)
    source.add_argument("--central", metavar="URL", type=_url, help="where to ask: https://host")
    source.add_argument(
        "--evidence", metavar="FILE", type=Path, help="check what was saved, without a network"
    )
    parser.add_argument("--day", type=_day, metavar="YYYY-MM-DD", help="if two visits share a code")
    parser.add_argument("--window", default="", metavar="NUMBER", help="if the day does not tell")
    parser.add_argument(
        "--central-key", type=_key, metavar="HEX|FILE", help="central's public key, as published"
    )
    parser.add_argument(
        "--device-key", type=_key, metavar="HEX|FILE", help="the device's public record key"
    )
    parser.add_argument("--ca-file", type=Path, metavar="FILE", help="who vouches for central")
    parser.add_argument("--save", type=Path, metavar="FILE", help="keep the evidence in a new file")
    parser.add_argument("--json", action="store_true", help="print JSON")
    parser.add_argument(
        "--language", choices=("zh-CN", "en"), help="of the sentences (default: the system's)"
    )
    return parser


# --- arguments ------------------------------------------------------------------------------


def _code(typed: str) -> str:
    text = sys.stdin.readline() if typed == "-" else typed
    try:
        return read_receipt_code(text)
    except Malformed as error:
        raise argparse.ArgumentTypeError(str(error)) from error


def _url(text: str) -> str:
    if not text.lower().startswith(("https://", "http://")):
        raise argparse.ArgumentTypeError("expected https://host")
    return text.rstrip("/")


def _day(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError("expected a day like 2026-11-23") from error


def _key(text: str) -> bytes:
    try:
        if len(text) != 64 or Path(text).exists():
            text = Path(text).read_text("ascii")
        key = bytes.fromhex(text.strip())
    except (OSError, ValueError) as error:
        raise argparse.ArgumentTypeError("expected 64 hexadecimal digits or a file") from error
    if len(key) != 32:
        raise argparse.ArgumentTypeError("expected 64 hexadecimal digits or a file with them")
    return key


def _system_language() -> str:
    for name in ("LC_ALL", "LC_MESSAGES", "LANG"):
        if said := os.environ.get(name):
            return "zh-CN" if said.startswith("zh") else "en"
    return "en"


# --- the evidence ---------------------------------------------------------------------------


def _read_file(file: Path) -> Evidence:
    try:
        return evidence.read(file.read_bytes())
    except OSError as error:
        raise _NotChecked(f"{file}: {error.strerror or error}", USAGE) from error
    except Malformed as error:
        raise _NotChecked(f"{file}: {error}", NOT_GENUINE) from error


def _save(file: Path, found: Evidence) -> None:
    try:
        with file.open("xb") as kept:
            kept.write(evidence.encode(found))
    except OSError as error:
        raise _NotChecked(f"{file}: {error.strerror or error}") from error


def _ask(args: argparse.Namespace) -> Evidence:
    """Return what central shows. Raises `_NotChecked`."""
    try:
        import requests
    except ImportError as error:
        raise _NotChecked("asking central needs more: install haochaping[verify]") from error
    asked = {"code": args.code, "window": args.window}
    if args.day:
        asked["day"] = args.day.isoformat()
    with requests.Session() as session:
        session.trust_env = False
        try:
            answer = session.post(
                f"{args.central}/v1/receipts",
                json=asked,
                timeout=_TIMEOUT_S,
                allow_redirects=False,
                verify=str(args.ca_file) if args.ca_file else True,
                stream=True,
            )
            body = answer.raw.read(evidence.MAX_EVIDENCE_BYTES + 1, decode_content=True)
        except (requests.RequestException, OSError) as error:
            raise _NotChecked(f"{args.central} was not reached: {error}") from error
    if answer.status_code != 200:
        raise _refused(answer.status_code, body)
    try:
        return evidence.read(body)
    except Malformed as error:
        raise _NotChecked(f"{args.central} answered something else: {error}") from error


def _refused(status: int, body: bytes) -> _NotChecked:
    """Return what central said when it showed nothing."""
    try:
        problem = json.loads(body)
        code, detail = str(problem["code"]), str(problem.get("detail", ""))
    except (ValueError, KeyError, TypeError):
        return _NotChecked(f"central answered {status} and no evidence")
    if code == "receipt-unknown":
        return _NotChecked(
            "central has no visit with this code. If you got it moments ago, its device may be "
            "offline: try again later. Otherwise tell the service hall.",
            NOT_GENUINE,
        )
    if code == "receipt-shared":
        more = "--window" if detail.startswith("window") else "--day"
        return _NotChecked(f"several visits have this code; say more with {more}")
    if code == "too-many":
        return _NotChecked("there were too many wrong codes in this hour; try again later")
    return _NotChecked(f"central refused: {code} {detail}".rstrip())
