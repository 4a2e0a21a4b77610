"""What panels and people do to a screen, replayed: each recording says what must come of it.

A recording is JSON lines. The first says what it is, where it comes from (``made`` is
``recorded`` for what `tests/device/record_touches.py` wrote down, ``composed`` for what was
written after a description, mostly in an issue tracker), which targets there were and what to
expect. Each further line is a contact that went ``down``, moved or went ``up``, a new ``page``,
a screen that went to ``sleep``, or a ``look`` at the clock.
"""

import json
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from device.core import gestures
from device.core.gestures import Finding, Touch, Verdict
from device.core.phantoms import Place

RECORDINGS = sorted(Path(__file__).with_name("recordings").glob("*.jsonl"))
AFTER_MS = 1_000
"""How long after the last line the clock is looked at once more."""


class Outcome(NamedTuple):
    accepted: list[str]
    findings: list[tuple[int, Finding]]
    verdicts: list[Verdict]
    touch: Touch[str]


def target_at(targets: dict[str, list[int]], x: float, y: float) -> str | None:
    for name, (left, top, width, height) in targets.items():
        if left <= x < left + width and top <= y < top + height:
            return name
    return None


def replay(lines: list[dict[str, Any]]) -> Outcome:
    """Do what the kiosk does with each line: decide, and look at the clock whenever it is due."""
    head, *events = lines
    outcome = Outcome([], [], [], Touch(spare=head["buttons"]))
    for event in [*events, {"t": events[-1]["t"] + AFTER_MS, "kind": "look"}]:
        touch = outcome.touch
        while (due_ms := gestures.due_ms(touch)) is not None and due_ms <= event["t"]:
            touch, found = gestures.look(touch, due_ms)
            outcome.findings.extend((due_ms, finding) for finding in found)
        outcome = happens(outcome._replace(touch=touch), head["targets"], event)
    return outcome


def happens(outcome: Outcome, targets: dict[str, list[int]], event: dict[str, Any]) -> Outcome:
    touch, now_ms = outcome.touch, event["t"]
    if event["kind"] in ("down", "move", "up"):
        place = Place(event["x"], event["y"])
        under = target_at(targets, *place)
        if event["kind"] == "move":
            touch = gestures.move(touch, event["contact"], place, under, now_ms)
        else:
            act = gestures.down if event["kind"] == "down" else gestures.up
            touch, verdict = act(touch, event["contact"], place, under, now_ms)
            outcome.verdicts.append(verdict)
            if verdict is Verdict.ACCEPTED:
                assert under is not None
                outcome.accepted.append(under)
    elif event["kind"] == "page":
        touch = gestures.page_changed(touch, now_ms)
    elif event["kind"] == "sleep":
        touch = gestures.fall_asleep(touch)
    touch, found = gestures.look(touch, now_ms)
    outcome.findings.extend((now_ms, finding) for finding in found)
    return outcome._replace(touch=touch)


def read(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text().splitlines()]


@pytest.mark.parametrize("path", RECORDINGS, ids=lambda path: path.stem)
def test_every_recording_comes_to_what_it_says(path: Path) -> None:
    lines = read(path)
    expected = lines[0]["expect"]
    outcome = replay(lines)
    assert outcome.accepted == expected["accepted"]
    assert [fault for _, fault in expected["findings"]] == [f.fault for _, f in outcome.findings]
    for (expected_ms, _), (at_ms, _) in zip(expected["findings"], outcome.findings, strict=True):
        assert expected_ms in (at_ms, None)
    assert outcome.touch.out is expected.get("out", False)
    surplus = sum(verdict in (Verdict.SURPLUS, Verdict.RELEASED) for verdict in outcome.verdicts)
    assert surplus == expected.get("surplus", surplus)


@pytest.mark.parametrize("path", RECORDINGS, ids=lambda path: path.stem)
def test_every_recording_says_where_it_comes_from(path: Path) -> None:
    head, *events = read(path)
    assert head["made"] in ("composed", "recorded")
    assert head["what"] and head["source"]
    times = [event["t"] for event in events]
    assert times == sorted(times)


def test_the_report_of_a_phantom_says_where_how_often_and_how_regularly() -> None:
    lines = read(Path(__file__).with_name("recordings") / "point-every-13-s.jsonl")
    (finding,) = (finding for _, finding in replay(lines).findings)
    assert finding.detail == "at 1216,19, 5 times, every 12864 ms"
