"""docs/channels.md says what central does: its examples are run as they stand."""

import json
import os
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest
from central_rig import Device, RunningCentral
from channel_rig import Line

from central import schema, sealing
from central.service import now_ms
from central.settings import Limits, Phone
from protocol.levels import Level

TEXT = (Path(__file__).parents[2] / "docs" / "channels.md").read_text("utf-8")
HALL = "210100-01"


def blocks(language: str) -> list[str]:
    return re.findall(rf"```{language}\n(.*?)```", TEXT, re.DOTALL)


@pytest.fixture
def hall(own_central: RunningCentral) -> Iterator[RunningCentral]:
    """The hall that the document speaks of."""
    staff = {"name": "王晓燕", "post": "", "department": "", "pin_verifier": ""}
    matter = {"code": "1121010000000000014210115001000", "name": "不动产抵押权登记"}
    with own_central.database.writing() as connection:
        connection.execute(schema.staff_member.insert().values(hall=HALL, number="0317", **staff))
        connection.execute(schema.matter.insert().values(hall=HALL, **matter))
    file = own_central.central.settings.sealing_key_file
    sealing.ensure_key(own_central.database, file, now_ms())
    yield own_central


def run(script: str, line: Line, folder: Path, **around: str) -> Any:
    """Run the example; a refusal ends it with an error, without a word changed in it."""
    (folder / ".curlrc").write_text('fail-with-body\nnoproxy = "*"\nmax-time = 20\n')
    commands = "\n".join(one for one in script.splitlines() if not one.startswith("export "))
    done = subprocess.run(
        ["bash", "-euc", commands],
        env={
            "PATH": os.environ["PATH"],
            "LANG": "C.UTF-8",
            "CURL_HOME": str(folder),
            "CENTRAL": line.place.url,
            "KEY": line.key,
            **around,
        },
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, f"{script}\n{done.stdout}\n{done.stderr}"
    return json.loads(done.stdout[done.stdout.index("{") :])


def test_every_curl_example_does_what_it_says(hall: RunningCentral, tmp_path: Path) -> None:
    line = Line(hall)
    device = Device(hall).enrol()
    visit = device.write_visit(level=None)
    device.send()
    scripts = blocks("sh")
    assert len(scripts) == 7
    said = [run(script, line, tmp_path, VISIT=str(visit)) for script in scripts]
    first, batch = json.loads(blocks("json")[0]), json.loads(blocks("json")[1])
    answers = [one for one in said if "verdicts" not in one]
    assert [one["standing"] for one in answers] == [
        *("counted", "counted", "follow_up"),
        *("counted", "counted", "counted"),
    ]
    assert all(one.keys() == first.keys() for one in answers)
    (verdicts,) = [one["verdicts"] for one in said if "verdicts" in one]
    for given, shown in zip(verdicts, batch["verdicts"], strict=True):
        assert given["status"] == shown["status"]
        assert given.get("answer", {}).keys() == shown.get("answer", {}).keys()
        assert given.get("problem", {}).keys() == shown.get("problem", {}).keys()
    assert [(row.subject, row.platform_level) for row in line.counted()] == [
        ("staff", Level.VERY_SATISFIED),
        ("staff", Level.SATISFIED),
        ("hall", Level.VERY_SATISFIED),
        ("hall", Level.DISSATISFIED),
        ("staff", Level.DISSATISFIED),  # key 4 on the telephone
        ("matter", Level.VERY_SATISFIED),
        ("matter", Level.DISSATISFIED),
    ]


@pytest.mark.parametrize(
    ("reply", "read"),
    [
        ("1", (1, "")),
        (" ５ ", (5, "")),
        ("4 排队太久", (4, "排队太久")),
        ("不满意", (4, "")),
        ("非常不满意，窗口没人", (5, "窗口没人")),
        ("非常满意！", (1, "!")),
        ("基本满意", (3, "")),
        ("12345", None),
        ("3.5", None),
        ("6", None),
        ("退订", None),
        ("", None),
    ],
)
def test_the_way_to_read_an_sms_keeps_clear_of_the_traps(
    reply: str, read: tuple[int, str] | None
) -> None:
    (source,) = blocks("python")
    names: dict[str, Any] = {}
    exec(source, names)  # noqa: S102 - the document's own example
    assert names["read_reply"](reply) == read


def test_every_refusal_is_in_the_document() -> None:
    room = Path(__file__).parents[2] / "central"
    raised = set()
    for name in ("channel_ratings", "channel_rules", "channel_visits", "channels", "throttle"):
        source = (room / f"{name}.py").read_text("utf-8")
        raised |= set(re.findall(r'Refused\(\s*\d+,\s*"([a-z-]+)"', source))
    assert len(raised) >= 9
    told = set(re.findall(r"^\| \d+ \| `([a-z-]+)`", TEXT, re.MULTILINE))
    assert raised <= told


def test_the_table_of_keys_is_right() -> None:
    rows = re.findall(r"^\| (\d) \| \S+ \| `(\{.*?\})` \| `(\{.*?\})` \|$", TEXT, re.MULTILINE)
    assert len(rows) == 5
    for key, national, platform in rows:
        level = Level(json.loads(platform)["platform"])
        assert level.national_code == int(key) == json.loads(national)["gbt39046"]


def test_every_limit_is_in_the_manual_with_its_default() -> None:
    manual = (Path(__file__).parents[2] / "docs" / "central.md").read_text("utf-8")
    for name, kind in (("limits", Limits), ("phone", Phone)):
        for field in msgspec.structs.fields(kind):
            shown = re.search(
                rf"^\| `{name}\.{field.name}` \| `([0-9.]+)` \|", manual, re.MULTILINE
            )
            assert shown is not None, field.name
            assert float(shown[1]) == field.default
