"""What the two databases say: what is unsent, when central last confirmed, what went wrong.

Field pains: a poison record that blocks the queue, cloned cards, captive portals that answer
200, phantom taps, stuck buttons, power cuts.
"""

import time
from collections.abc import Iterable

from device.checks.databases import rows
from device.checks.finding import Finding, fault, ok, unknown, warning
from device.checks.patient import Patient
from device.core.errors import DeviceError
from device.store.connect import AGENT_SCHEMA, KIOSK_SCHEMA
from protocol import records
from protocol.errors import ProtocolError

MINUTE_MS = 60_000
DAY_MS = 24 * 60 * MINUTE_MS
LATE_MS = 2 * 60 * MINUTE_MS
"""Records that lie here for longer than a lunch break are worth a look."""
VERY_LATE_MS = 3 * DAY_MS
HEARTBEAT_MARK = "run/haochaping-agent/heartbeat"
"""Touched by the agent (`device.agent.health.mark_heartbeat`)."""
LOOKED_AT = 200
"""So many of the newest faults or starts are read, at most."""


class _NoAnswer(Exception):
    """A database that cannot be asked; the message says why."""


def _ask(patient: Patient, which: str, query: str, *values: object) -> list[tuple]:  # type: ignore[type-arg]
    home = patient.home
    path, schema = (
        (home.kiosk_db, KIOSK_SCHEMA) if which == "kiosk" else (home.agent_db, AGENT_SCHEMA)
    )
    try:
        return rows(path, schema, query, *values)
    except PermissionError:
        raise
    except (DeviceError, OSError) as error:
        raise _NoAnswer(f"{path.name} cannot be read: see the finding {which}-db.") from error


def _now_ms() -> int:
    return time.time_ns() // 1_000_000


def acknowledged(patient: Patient) -> tuple[int, int | None]:
    """Return the last receipted record and when central signed that (None: never)."""
    query = "SELECT through, issued_ms FROM receipt ORDER BY issued_ms DESC LIMIT 1"
    found = _ask(patient, "agent", query)
    return (found[0][0], found[0][1]) if found else (0, None)


def backlog(patient: Patient) -> Finding:
    """How much is here that central has not confirmed, and for how long?"""
    code = "backlog"
    try:
        through, _ = acknowledged(patient)
        ((count, oldest_ms),) = _ask(
            patient, "kiosk", "SELECT count(*), min(wall_ms) FROM record WHERE seq > ?", through
        )
    except _NoAnswer as error:
        return unknown(code, str(error))
    if not count:
        return ok(code, "Central has confirmed every record.", records=0)
    age_ms = max(0, _now_ms() - oldest_ms)
    said = f"{count} records are not yet confirmed by central, the oldest is {_span(age_ms)} old."
    figures = {"records": count, "oldest_ms": age_ms}
    if age_ms < LATE_MS:
        return ok(code, said, **figures)
    report = warning if age_ms < VERY_LATE_MS else fault
    return report(
        code,
        said,
        "Nothing is lost: it is sent when central answers. See central-contact and the network.",
        **figures,
    )


def central_contact(patient: Patient) -> Finding:
    """Did central answer when it was last asked?"""
    code = "central-contact"
    try:
        online = _ask(patient, "agent", "SELECT online, retired FROM link")
        _, signed_ms = acknowledged(patient)
        configured = _ask(patient, "agent", "SELECT version FROM configuration")
    except _NoAnswer as error:
        return unknown(code, str(error))
    age_ms = None if signed_ms is None else max(0, _now_ms() - signed_ms)
    beat_ms = _last_heartbeat_age_ms(patient)
    figures = {
        "receipt_age_ms": age_ms,
        "heartbeat_age_ms": beat_ms,
        "configuration": configured[0][0] if configured else 0,
    }
    last = (
        f"its last new receipt is {_span(age_ms)} old"
        if age_ms is not None
        else "it has given no receipt"
    )
    if beat_ms is not None:
        last = f"it took a heartbeat {_span(beat_ms)} ago, {last}"
    if not online:
        return unknown(
            code, f"Central has not been asked yet; {last}.", "Start the agent.", **figures
        )
    if online[0][1]:
        return fault(
            code,
            f"Central has retired this device; {last}.",
            "It asks nobody any more. To use it again, write its card with provision cards "
            "--replace.",
            **figures,
        )
    if not online[0][0]:
        return fault(
            code,
            f"Central did not answer last time; {last}.",
            "Ratings are kept here. Run haochaping doctor: it shows at which step the way ends.",
            **figures,
        )
    if not configured:
        return warning(
            code,
            "Central answers, and has sent no configuration.",
            "Assign the window at central: haochaping central devices.",
            **figures,
        )
    return ok(code, f"Central answered last time; {last}.", **figures)


def _last_heartbeat_age_ms(patient: Patient) -> int | None:
    """Return how long ago central took a heartbeat in this run of the agent; None if unknown."""
    try:
        mark = (patient.at(HEARTBEAT_MARK)).stat().st_mtime_ns // 1_000_000
    except OSError:  # none yet, or not for us to see: the receipt's age is there
        return None
    return max(0, _now_ms() - mark)


def conflicts(patient: Patient) -> Finding:
    """Has central refused records of this device, or seen another under its name?"""
    code = "conflicts"
    try:
        counted = dict(_ask(patient, "agent", "SELECT reason, count FROM counter"))
    except _NoAnswer as error:
        return unknown(code, str(error))
    cloned = sum(
        number
        for reason, number in counted.items()
        if reason.startswith(("verdict.conflict", "retry.cloned-card"))
    )
    aside = sum(n for reason, n in counted.items() if reason.startswith("verdict.quarantined"))
    figures = {"conflicts": cloned, "quarantined": aside}
    if cloned:
        return fault(
            code,
            f"Central holds other records under this device's name ({cloned} times).",
            "A copy of this card is in use elsewhere. Find it; enrol one of the two anew.",
            **figures,
        )
    if aside:
        return warning(
            code,
            f"Central has set {aside} records of this device aside.",
            "They are kept at central; after an upgrade there, haochaping central requeue takes "
            "them in.",
            **figures,
        )
    return ok(code, "Central has taken every record as it was.", **figures)


def counters(patient: Patient) -> Finding:
    """What was dropped, retried or refused since enrolment, by reason?"""
    code = "counters"
    try:
        found = {f"agent.{reason}": n for reason, n in _counted(patient, "agent")}
        found |= {f"kiosk.{reason}": n for reason, n in _counted(patient, "kiosk")}
    except _NoAnswer as error:
        return unknown(code, str(error))
    harm = {r: n for r, n in found.items() if r.endswith((".unreadable", ".replaced"))}
    if harm:
        listed = ", ".join(f"{reason} {n}" for reason, n in sorted(harm.items())[:4])
        return warning(
            code,
            f"Something stored could not be read: {listed}.",
            "It was set aside and counted. Make a support bundle if the numbers grow.",
            **found,
        )
    return ok(code, f"{sum(found.values())} events in {len(found)} counters.", **found)


def _counted(patient: Patient, which: str) -> list[tuple[str, int]]:
    return _ask(patient, which, "SELECT reason, count FROM counter ORDER BY reason LIMIT 500")


def touch_faults(patient: Patient) -> Finding:
    """Has the kiosk put the touch panel out of service?"""
    code = "touch-faults"
    try:
        found = _faults(patient)
    except _NoAnswer as error:
        return unknown(code, str(error))
    # The newest first: what came back has no fault any more.
    last = next((one for one in found if one.startswith("touch-")), "")
    figures = {"phantom": found.count("touch-phantom"), "stuck": found.count("touch-stuck")}
    if last == "touch-phantom":
        return fault(
            code,
            "The touch panel taps by itself: touch is out of service, buttons go on.",
            "Clean the panel, check its cable and its power supply; change it if it comes again.",
            **figures,
        )
    if figures["phantom"] or figures["stuck"]:
        return warning(
            code,
            f"In the last day the touch panel tapped by itself {figures['phantom']} times and "
            f"was held down {figures['stuck']} times.",
            "Clean the panel; check its cable and whatever leans on it.",
            **figures,
        )
    return ok(code, "The kiosk has found nothing wrong with touch in the last day.", **figures)


def button_faults(patient: Patient) -> Finding:
    """Has the kiosk found a button stuck or bouncing?"""
    code = "button-faults"
    try:
        found = _faults(patient)
    except _NoAnswer as error:
        return unknown(code, str(error))
    stuck, lost = found.count("button-stuck"), found.count("buttons-unavailable")
    if lost and found[:1] == ["buttons-unavailable"]:
        return fault(
            code,
            "The buttons' pins could not be opened.",
            "See journalctl -u haochaping-kiosk; check buttons.pins in the profile.",
            stuck=stuck,
            unavailable=lost,
        )
    if stuck:
        return warning(
            code,
            f"A button was held or bounced for 10 s, {stuck} times in the last day.",
            "Press each on the check screen (haochaping check-screen on); change what sticks.",
            stuck=stuck,
        )
    return ok(code, "The kiosk has found no button stuck in the last day.", stuck=0)


def _faults(patient: Patient) -> list[str]:
    """Return the codes of the faults of the last day, newest first."""
    signed = _ask(
        patient,
        "kiosk",
        "SELECT signed FROM record WHERE kind = 'fault' AND wall_ms > ? ORDER BY seq DESC LIMIT ?",
        _now_ms() - DAY_MS,
        LOOKED_AT,
    )
    return [one.code for one in _read(row[0] for row in signed) if isinstance(one, records.Fault)]


def starts(patient: Patient) -> Finding:
    """How often was the device started, and the kiosk within one start?"""
    code = "starts"
    try:
        signed = _ask(
            patient,
            "kiosk",
            "SELECT signed FROM record WHERE kind = 'boot' AND wall_ms > ? "
            "ORDER BY seq DESC LIMIT ?",
            _now_ms() - 7 * DAY_MS,
            LOOKED_AT,
        )
    except _NoAnswer as error:
        return unknown(code, str(error))
    boots = [one.boot_id for one in _read(row[0] for row in signed)]
    times, again = len(set(boots)), len(boots) - len(set(boots))
    figures = {"boots_7_days": times, "kiosk_restarts_7_days": again}
    said = f"In 7 days the device was started {times} times, the kiosk {again} times more."
    if again > 20:
        return warning(
            code,
            said,
            "Something ends the kiosk again and again: journalctl -u haochaping-kiosk.",
            **figures,
        )
    return ok(code, said, **figures)


def _read(signed: Iterable[bytes]) -> list[records.AnyRecord]:
    found = []
    for one in signed:
        try:
            found.append(records.read(one))
        except ProtocolError:
            continue  # the kiosk counts it, and kiosk-db-pages judges the file
    return found


def _span(span_ms: int) -> str:
    """Return a length of time as people say it."""
    for unit, name in ((DAY_MS, "days"), (60 * MINUTE_MS, "hours"), (MINUTE_MS, "minutes")):
        if span_ms >= 2 * unit:
            return f"{span_ms // unit} {name}"
    return f"{span_ms // 1000} s"
