"""`haochaping verify`, against a real central with a true and with an altered database."""

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from uuid import uuid4

import pytest
from central_rig import Device, RunningCentral
from receipt_rig import STAFF, by_phone, close, intruder, open_visit, rated_visit
from sqlalchemy import select, update

from central import schema
from central.remote_ratings import Given
from haochaping.cli import main
from protocol import evidence
from protocol.levels import Level
from protocol.phone import receipt_code
from protocol.subjects import Subject

Run = Callable[..., tuple[int, str, str]]


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Run:
    """Runs ``haochaping verify`` and returns exit code, output and error output."""
    monkeypatch.setenv("LC_ALL", "C.UTF-8")

    def run(*words: str) -> tuple[int, str, str]:
        try:
            code = main(["verify", *words])
        except SystemExit as ended:
            code = int(ended.code or 0)
        out, err = capsys.readouterr()
        return code, out, err

    return run


@pytest.fixture
def code(device: Device) -> str:
    """The receipt code of a visit that has come in."""
    visit = rated_visit(device)
    device.send()
    return receipt_code(visit)


def keys(device: Device) -> list[str]:
    return [
        *("--central-key", device.place.central.key.public.raw.hex()),
        *("--device-key", device.record_key.public.raw.hex()),
    ]


def test_a_true_receipt_code_is_accepted(run: Run, device: Device, code: str) -> None:
    status, out, err = run(code, "--central", device.place.url, *keys(device))
    assert (status, err) == (0, "")
    assert "Genuine and counted" in out
    assert "staff member 1001: very satisfied; counted" in out
    assert "未在承诺时间内办结" in out
    assert "WRONG" not in out
    assert "open " not in out


def test_an_altered_database_is_refused(run: Run, device: Device, code: str) -> None:
    with intruder(device.place) as connection:
        connection.execute(
            update(schema.rating)
            .where(
                schema.rating.c.subject == "matter",
                schema.rating.c.device_id
                == select(schema.device.c.id)
                .where(schema.device.c.name == device.name)
                .scalar_subquery(),
            )
            .values(platform_level=5)
        )
    status, out, _ = run(code, "--central", device.place.url, *keys(device))
    assert status == 1
    assert "NOT GENUINE" in out
    assert "told otherwise than signed: level" in out


def test_a_code_of_nobody_is_not_found(run: Run, central: RunningCentral) -> None:
    status, out, err = run(receipt_code(uuid4()), "--central", central.url)
    assert (status, out) == (1, "")
    assert "no visit with this code" in err


def test_a_rating_that_waits_is_genuine_and_not_counted(run: Run, device: Device) -> None:
    visit = open_visit(device)
    close(device, visit, 0)
    by_phone(device.place, device, visit, Given(Subject.STAFF, Level.SATISFIED, question=0))
    status, out, _ = run(receipt_code(visit), "--central", device.place.url)
    assert status == 1
    assert "Genuine, and not counted yet" in out


def test_evidence_can_be_kept_and_checked_without_a_network(
    run: Run, device: Device, code: str, tmp_path: Path
) -> None:
    kept = tmp_path / "evidence.json"
    assert run(code, "--central", device.place.url, "--save", str(kept))[0] == 0
    assert run(code, "--evidence", str(kept), *keys(device))[0] == 0
    status, out, err = run(code, "--central", device.place.url, "--save", str(kept))
    assert (status, out) == (2, "")
    assert "exists already" in err
    assert run(receipt_code(uuid4()), "--evidence", str(kept))[0] == 1
    found = json.loads(kept.read_bytes())
    found["told"][0]["platform_level"] = 1
    kept.write_text(json.dumps(found), "utf-8")
    assert run(code, "--evidence", str(kept))[0] == 1
    kept.write_bytes(b"{")
    assert run(code, "--evidence", str(kept))[0] == 1
    assert run(code, "--evidence", str(tmp_path / "none"))[0] == 2


def test_another_key_than_the_named_one_is_refused(
    run: Run, device: Device, code: str, tmp_path: Path
) -> None:
    file = tmp_path / "key"
    file.write_text(f"{bytes(32).hex()}\n", "ascii")
    for named in ("--central-key", "--device-key"):
        status, out, _ = run(code, "--central", device.place.url, named, str(file))
        assert status == 1
        assert "another one than you named" in out


def test_it_speaks_chinese_where_the_system_does(
    run: Run, device: Device, code: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LC_ALL", "zh_CN.UTF-8")
    assert "真实有效" in run(code, "--central", device.place.url)[1]
    assert "Genuine" in run(code, "--central", device.place.url, "--language", "en")[1]


def test_programs_get_json(run: Run, device: Device, code: str) -> None:
    status, out, _ = run(code, "--central", device.place.url, "--json")
    said = json.loads(out)
    assert (status, said["genuine"], said["counted"]) == (0, True, True)
    assert {one["level"]["platform"] + one["level"]["gbt39046"] for one in said["ratings"]} == {6}
    assert {one["outcome"] for one in said["findings"]} == {"passed", "open"}


@pytest.mark.parametrize(
    "words",
    [
        [],
        ["ABCDEFGH"],
        ["ABCDEFG", "--central", "https://c"],
        ["ABCDEFGU", "--central", "https://c"],
        ["ABCDEFGH", "--central", "c"],
        ["ABCDEFGH", "--central", "https://c", "--evidence", "f"],
        ["ABCDEFGH", "--central", "https://c", "--day", "yesterday"],
        ["ABCDEFGH", "--central", "https://c", "--central-key", "ab"],
        ["ABCDEFGH", "--central", "https://c", "--central-key", "zz" * 32],
    ],
)
def test_wrong_arguments_end_with_2(run: Run, words: list[str]) -> None:
    status, out, err = run(*words)
    assert (status, out) == (2, "")
    assert "usage: haochaping verify" in err
    assert "Traceback" not in err


def test_a_central_that_is_not_there_is_told_apart_from_a_wrong_rating(run: Run) -> None:
    status, _, err = run("ABCDEFGH", "--central", "http://127.0.0.1:1")
    assert status == 3
    assert "was not reached" in err
    assert "ABCDEFGH" not in err


def test_something_else_at_the_address_is_told(run: Run, central: RunningCentral) -> None:
    status, _, err = run("ABCDEFGH", "--central", f"{central.url}/v1/nothing")
    assert status == 3
    assert "not-found" in err or "no evidence" in err


def test_the_code_can_come_from_standard_input(device: Device, code: str) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "haochaping", "verify", "-", "--central", device.place.url],
        input=f"{code[:4]} {code[4:]}\n",
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr


def test_evidence_cannot_command_the_terminal(
    run: Run, central: RunningCentral, tmp_path: Path
) -> None:
    visit = uuid4()
    comment = "慢\x1b[2J\u202e好"
    by_phone(central, None, visit, Given(Subject.STAFF, Level.SATISFIED, (), comment, STAFF))
    kept = tmp_path / "evidence.json"
    status, out, _ = run(receipt_code(visit), "--central", central.url, "--save", str(kept))
    assert status == 0
    assert "慢?[2J?好" in out
    assert evidence.read(kept.read_bytes()).told[0].comment == comment
