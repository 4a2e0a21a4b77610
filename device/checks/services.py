"""Whether both processes run, what an update is at, and what the journal may take.

Only what files tell: the doctor asks systemd as well.
"""

import re

from device.checks.finding import Finding, fault, ok, unknown, warning
from device.checks.network import folder_bytes
from device.checks.patient import Patient
from device.releases.news import Outcome, news_file, read_news
from device.store import lock
from device.store.setup import read_state

JOURNAL = "var/log/journal"
LARGE_JOURNAL_BYTES = 200 * 1024 * 1024


def kiosk(patient: Patient) -> Finding:
    """Does the screen's process run?"""
    return _not_yet(patient, "kiosk") or _runs(patient, "kiosk", "citizens cannot rate")


def agent(patient: Patient) -> Finding:
    """Does the network's process run?"""
    return _not_yet(patient, "agent") or _runs(patient, "agent", "ratings stay on the device")


def _not_yet(patient: Patient, name: str) -> Finding | None:
    """Nothing serves before setting up is done: `setup` says what is missing, and says it once."""
    state = read_state(patient.deployed.setup) if patient.in_the_field else None
    if state is None or state.name in ("READY", "ENROLLED_NO_CONFIG"):
        return None
    return unknown(
        name,
        f"The {name} does not serve yet: setting up stands at {state.name}.",
        "See the finding setup.",
    )


def _runs(patient: Patient, name: str, meaning: str) -> Finding:
    file = patient.home.kiosk_lock if name == "kiosk" else patient.home.agent_lock
    try:
        file.stat()
        with file.open("rb"):
            pass
    except FileNotFoundError:
        return fault(name, f"The {name} has never run: {meaning}.", _start(name))
    if lock.is_held(file):
        return ok(name, f"The {name} runs.")
    return fault(name, f"The {name} does not run: {meaning}.", _start(name))


def _start(name: str) -> str:
    return f"systemctl status haochaping-{name}; journalctl -u haochaping-{name} says why."


def update(patient: Patient) -> Finding:
    """Is an update on trial, or was the last one rolled back?"""
    code = "update"
    news = read_news(patient.deployed)
    waiting = [f.name for f in patient.entries(patient.deployed.inbox) if f.suffix == ".release"]
    if waiting and not (news and news.outcome in (Outcome.WAITING, Outcome.TRIAL)):
        return warning(
            code,
            f"A release waits to be installed: {', '.join(waiting)}.",
            "It is installed when no visit is open: journalctl -u haochaping-update.",
        )
    if news is None:
        if news_file(patient.deployed).exists():
            return warning(
                code,
                "What became of the last update cannot be read.",
                "haochaping update --status, as root, says more.",
            )
        return ok(code, "There has been no update yet.")
    said = f"The last update: {news.line}."
    match news.outcome:
        case Outcome.ROLLED_BACK | Outcome.REFUSED:
            return warning(
                code,
                said,
                "The release before is in use and works. See journalctl -u haochaping-update; have "
                "another release given at central.",
                outcome=str(news.outcome),
            )
        case Outcome.WAITING | Outcome.TRIAL:
            return warning(
                code,
                said,
                "It goes on by itself within minutes: haochaping update --status.",
                outcome=str(news.outcome),
            )
    return ok(code, said, outcome=str(news.outcome))


def journal(patient: Patient) -> Finding:
    """Is the journal kept from filling the card?"""
    code = "journal"
    texts = [patient.text_or("etc/systemd/journald.conf")]
    for folder in ("etc", "usr/lib", "run"):
        for file in sorted(patient.at(f"{folder}/systemd/journald.conf.d").glob("*.conf")):
            texts.append(patient.text_or(file))
    limited = any(re.search(r"^(System|Runtime)MaxUse=\S", text, re.MULTILINE) for text in texts)
    used = folder_bytes(patient.at(JOURNAL))
    figures = {"limited": limited, "used_bytes": used}
    if not limited:
        return warning(
            code,
            "The journal has no limit of its own.",
            "A release brings /etc/systemd/journald.conf.d/haochaping.conf: look at the check "
            "release.",
            **figures,
        )
    if used > LARGE_JOURNAL_BYTES:
        return warning(
            code,
            f"The journal takes {used // 2**20} MB.",
            "sudo journalctl --vacuum-size=64M",
            **figures,
        )
    return ok(code, f"The journal is limited and takes {used // 2**20} MB.", **figures)


def time_servers(patient: Patient) -> list[str]:
    """Return the time servers that this device was told of, the hall's own first."""
    named: list[str] = []
    for file in sorted(patient.at("etc/systemd/timesyncd.conf.d").glob("*.conf")):
        for line in re.findall(r"^NTP=(.*)$", patient.text_or(file), re.MULTILINE):
            named += line.split()
    on_card = patient.card.get("ntp")
    named += [one for one in on_card if isinstance(one, str)] if isinstance(on_card, list) else []
    return list(dict.fromkeys(named))


def time_service(patient: Patient) -> Finding:
    """Has the device a time server to ask?"""
    code = "time-server"
    servers = time_servers(patient)
    if servers:
        return ok(code, f"Time server: {', '.join(servers)}.", servers=len(servers))
    return unknown(
        code,
        "No time server is named; the system's default ones are asked.",
        "Without internet these do not answer: set ntp in the fleet file.",
        servers=0,
    )
