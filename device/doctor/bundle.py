"""A support bundle: what helps to understand a device from afar, and nothing personal.

Put together from a short list of things, not by taking files along: findings, versions, our
units' state, the configuration's values, and the logs of our units and the kernel. Records,
drafts, photos, sealed numbers, keys and the databases themselves are never opened for it but
to learn what has to be masked (`device.doctor.personal`). Every text goes through
`device.doctor.mask`.
"""

import io
import json
import os
import platform
import time
import zipfile
from collections.abc import Sequence
from importlib import metadata
from pathlib import Path
from typing import Any

from device import __version__
from device.checks.patient import Patient
from device.core.errors import DeviceError
from device.doctor.examination import Examined
from device.doctor.local import UNITS, unit_states
from device.doctor.mask import Mask
from device.doctor.personal import gather
from device.doctor.programs import Ask, NoAnswer, ask
from device.doctor.report import as_values
from device.store.setup import read_state
from protocol.releases import this_platform

DAYS = 2
JOURNAL_LINES, KERNEL_LINES = 5000, 800
MOST_CHARACTERS = 2_000_000
LIBRARIES = ("cbor2", "cryptography", "gpiod", "gpiozero", "msgspec", "pygame-ce", "requests")
CARD_KEYS = ("format", "name", "hall", "window", "central", "issued_ms", "data", "release")

README = """\
Support bundle of a Haochaping device, made by: haochaping doctor --bundle

findings.json       what every check found, with the counters of what was dropped or retried
versions.json       software, release, libraries, kernel, board
configuration.json  the device's settings, what its card was made for, how far setting up came
units.json          our systemd units as systemd sees them
journal.txt         what our units logged in the last {days} days ({lines} lines at most)
kernel.txt          the kernel's messages since the start ({kernel} lines at most)

Not in it: records, ratings, drafts, sealed numbers, photos, keys, tokens, Wi-Fi networks,
databases. Masked wherever they stood: staff's names and numbers, case numbers, telephone and
identity card numbers, e-mail, passwords, ids of visits, every network address but loopback
(<private-ip-1> is the same address wherever it stands). The names of the device, the hall,
the window and central are there: support has to know which device it is.
{left_out}"""


class NoBundle(DeviceError, OSError):
    """The bundle could not be written; the message says why."""


def write_bundle(
    file: Path, patient: Patient, found: Sequence[Examined], asked: Ask = ask
) -> list[str]:
    """Write the bundle to ``file``, which must not exist yet; readable by its owner alone.

    Returns what to tell the one who asked. Raises `NoBundle`.
    """
    known = gather(patient)
    mask = Mask(known.words)
    texts: dict[str, str] = {
        "findings.json": _json(mask.value(as_values(found))),
        "versions.json": _json(mask.value(_versions(patient, found))),
        "configuration.json": _json(mask.value(_configuration(patient))),
    }
    left_out: list[str] = []
    try:
        texts["units.json"] = _json(mask.value(unit_states(asked)))
    except NoAnswer as error:
        left_out.append(f"units.json is missing: {mask.text(str(error))}")
    if known.missing:
        left_out.append(
            f"The logs are missing: {', '.join(known.missing)} could not be read, so what is "
            "personal in them cannot be told. Make the bundle as root."
        )
    else:
        units = [f"--unit={name}" for name in UNITS]
        for name, words in (
            ("journal.txt", [*units, f"--since=-{DAYS}d", f"--lines={JOURNAL_LINES}"]),
            ("kernel.txt", ["-k", "-b", f"--lines={KERNEL_LINES}"]),
        ):
            try:
                texts[name] = _log(asked, words, mask)
            except NoAnswer as error:
                left_out.append(f"{name} is missing: {mask.text(str(error))}")
    texts["README.txt"] = README.format(
        days=DAYS,
        lines=JOURNAL_LINES,
        kernel=KERNEL_LINES,
        left_out="".join(f"\n{line}\n" for line in left_out),
    )
    size = _write(file, texts)
    return [f"wrote {file} ({size // 1024 + 1} kB, {len(texts)} files)", *left_out]


def _write(file: Path, texts: dict[str, str]) -> int:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, text in sorted(texts.items()):
            archive.writestr(f"haochaping-support/{name}", text)
    try:
        descriptor = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
        with os.fdopen(descriptor, "wb") as out:
            out.write(packed.getvalue())
    except FileExistsError as error:
        raise NoBundle(f"{file} is already there: choose another name") from error
    except OSError as error:
        raise NoBundle(f"{file} could not be written: {error.strerror}") from error
    return len(packed.getvalue())


def _json(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, indent=1) + "\n"


def _versions(patient: Patient, found: Sequence[Examined]) -> dict[str, Any]:
    libraries: dict[str, str | None] = {}
    for name in LIBRARIES:
        try:
            libraries[name] = metadata.version(name)
        except metadata.PackageNotFoundError:
            libraries[name] = None
    system = dict(
        line.split("=", 1) for line in patient.text_or("etc/os-release").splitlines() if "=" in line
    )
    return {
        "software": __version__,
        "release": next(
            (dict(f.finding.figures) for f in found if f.finding.code == "release"), {}
        ),
        "platform": this_platform(),
        "python": platform.python_version(),
        "kernel": platform.release(),
        "system": system.get("PRETTY_NAME", "").strip('"'),
        "board": patient.text_or("sys/firmware/devicetree/base/model"),
        "libraries": libraries,
    }


def _configuration(patient: Patient) -> dict[str, Any]:
    state = read_state(patient.deployed.setup)
    return {
        "settings": _settings(patient),
        "card": {key: patient.card[key] for key in CARD_KEYS if key in patient.card},
        "setup": state._asdict() if state else None,
    }


def _settings(patient: Patient) -> dict[str, Any] | None:
    """Return the values of the configuration, not the file: its comments may say anything."""
    if patient.profile is None:
        return None
    shown: dict[str, Any] = {}
    for section, value in patient.profile._asdict().items():
        if hasattr(value, "_asdict"):
            shown |= {f"{section}.{key}": _plain(inner) for key, inner in value._asdict().items()}
        else:
            shown[section] = _plain(value)
    return shown


def _plain(value: Any) -> Any:
    return (
        value if isinstance(value, (bool, int, float, list, tuple)) or value is None else str(value)
    )


def _log(asked: Ask, words: Sequence[str], mask: Mask) -> str:
    """Return log lines, newest kept. Raises `NoAnswer`."""
    told = asked(["journalctl", "--output=json", "--no-pager", "--quiet", *words])
    lines = []
    for line in told.splitlines():
        try:
            entry = json.loads(line)
            stamp = int(entry["__REALTIME_TIMESTAMP"]) / 1_000_000
            when = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(stamp))
        except (ValueError, KeyError, TypeError, OverflowError):
            lines.append("(a line that cannot be read)")
            continue
        who = entry.get("_SYSTEMD_UNIT") or entry.get("UNIT") or entry.get("SYSLOG_IDENTIFIER")
        message = mask.text(_message(entry.get("MESSAGE")))
        lines.append(f"{when} {who or '-'} <{entry.get('PRIORITY', '?')}> {message}")
    return "\n".join(lines)[-MOST_CHARACTERS:] + "\n"


def _message(message: Any) -> str:
    """Return a message; systemd gives one that is no text as a list of bytes."""
    if isinstance(message, list):
        numbers = [byte for byte in message if isinstance(byte, int) and 0 <= byte < 256]
        return bytes(numbers).decode("utf-8", "replace")
    return str(message or "")
