"""`haochaping doctor` and `check-screen`, as they are typed."""

import json
import sqlite3
import stat
import zipfile
from contextlib import closing
from pathlib import Path

import pytest

from device.cli import main
from device.doctor.examination import all_checks
from device.store.home import Home
from haochaping.cli import main as haochaping


@pytest.fixture
def config(home: Home, tmp_path: Path) -> Path:
    """The configuration file of a device on this very machine."""
    file = tmp_path / "device.toml"
    file.write_text(f'data_dir = "{home.root}"\n[central]\nurl = "http://127.0.0.1:1"\n')
    return file


def doctor(config: Path, *words: str) -> int:
    return main("doctor", ["--config", str(config), *words])


def test_a_check_that_finds_all_well_ends_with_nought(config: Path, capsys):
    assert doctor(config, "--only", "keys") == 0
    assert "ok    keys: Both keys are there" in capsys.readouterr().out


def test_a_fault_ends_with_one_and_says_what_to_do(config: Path, home: Home, capsys):
    home.transport_key.unlink()
    assert doctor(config, "--only", "keys", "--only", "identity") == 1
    said = capsys.readouterr().out
    assert "FAULT keys: transport.key is missing." in said
    assert "-> haochaping migrate" in said
    assert "1 faults, 0 warnings, 0 unknown, 1 ok." in said


def test_a_hostile_file_of_the_agents_does_not_steer_the_technicians_terminal(
    config: Path, home: Home, capsys
):
    with closing(sqlite3.connect(home.agent_db)) as agent:
        agent.execute('CREATE TABLE "\x1b]0;mine\x07" (a)')
        agent.execute('INSERT INTO "\x1b]0;mine\x07" VALUES (NULL)')
        agent.execute("PRAGMA writable_schema=1")
        agent.execute("UPDATE sqlite_master SET sql = replace(sql, '(a)', '(a NOT NULL)')")
        agent.commit()
    assert doctor(config, "--only", "agent-db-pages") == 1
    said = capsys.readouterr().out
    assert "NULL value in ?]0;mine?.a" in said and "\x1b" not in said
    doctor(config, "--only", "agent-db-pages", "--json")
    assert "\x07" not in capsys.readouterr().out


def test_a_warning_is_no_failure(config: Path, home: Home):
    (home.kiosk_db.parent / "kiosk.damaged-1.db").touch()
    assert doctor(config, "--only", "damaged-files") == 0


def test_a_configuration_with_mistakes_is_a_finding_like_others(config: Path, capsys):
    config.write_text("data_dir = 3\n")
    assert doctor(config, "--only", "configuration", "--only", "dns") == 1
    said = capsys.readouterr().out
    assert "FAULT configuration:" in said
    assert "?     dns:" in said


def test_a_check_that_there_is_not_is_a_wrong_argument(config: Path, capsys):
    assert doctor(config, "--only", "keyz") == 2
    assert "did you mean keys?" in capsys.readouterr().err


def test_every_check_is_listed_in_every_language(config: Path, capsys):
    assert doctor(config, "--list", "--lang", "zh-CN") == 0
    lines = capsys.readouterr().out.splitlines()
    assert [line.split()[0] for line in lines] == [check.code for check in all_checks()]
    assert "供电电压" in " ".join(lines)


def test_titles_and_advice_come_in_the_language_asked_for(config: Path, home: Home, capsys):
    home.transport_key.unlink()
    assert doctor(config, "--only", "keys", "--lang", "ko") == 1
    said = capsys.readouterr().out
    assert "기기 키 (keys): transport.key is missing." in said
    assert "다시 등록해야" in said


def test_programs_get_one_document(config: Path, home: Home, capsys):
    (home.kiosk_db.parent / "kiosk.damaged-1.db").touch()
    assert doctor(config, "--json", "--only", "damaged-files", "--only", "keys") == 0
    told = json.loads(capsys.readouterr().out)
    assert told["counts"] == {"fault": 0, "warning": 1, "unknown": 0, "ok": 1}
    damaged = told["findings"][1]
    assert (damaged["code"], damaged["group"], damaged["level"]) == (
        "damaged-files",
        "storage",
        "warning",
    )
    assert damaged["figures"] == {"files": 1}
    assert damaged["what_to_do"]


def test_the_whole_examination_changes_no_file_of_the_device(config: Path, home: Home, capsys):
    def listing() -> dict[str, tuple[int, int]]:
        files = (file for file in home.root.rglob("*") if stat.S_ISREG(file.stat().st_mode))
        return {str(file): (file.stat().st_size, file.stat().st_mtime_ns) for file in files}

    before = listing()
    assert doctor(config) in (0, 1)
    assert "could not be looked at" not in capsys.readouterr().out
    # A reader may leave SQLite's own index of a write-ahead log behind, and nothing in it.
    after = {k: v for k, v in listing().items() if not k.endswith(("-shm", "-wal")) or k in before}
    assert after == before


def test_a_bundle_is_written_where_it_was_asked_for(config: Path, tmp_path: Path, capsys):
    file = tmp_path / "support.zip"
    assert doctor(config, "--only", "keys", "--bundle", str(file)) == 0
    assert f"wrote {file}" in capsys.readouterr().err
    with zipfile.ZipFile(file) as archive:
        assert "haochaping-support/README.txt" in archive.namelist()


def test_a_bundle_that_is_there_already_is_a_failure(config: Path, tmp_path: Path, capsys):
    file = tmp_path / "support.zip"
    file.touch()
    assert doctor(config, "--only", "keys", "--bundle", str(file)) == 1
    assert "choose another name" in capsys.readouterr().err


def test_the_check_screen_needs_a_kiosk(config: Path, capsys):
    assert haochaping(["check-screen", "on", "--config", str(config)]) == 1
    assert "no kiosk is running" in capsys.readouterr().err


def test_the_check_screen_is_shown_for_an_hour_at_most(config: Path, capsys):
    words = ["check-screen", "on", "--minutes", "600", "--config", str(config)]
    assert haochaping(words) == 1
    assert "from 1 to 60" in capsys.readouterr().err
