"""The commands that edit a hall, as an operator types them."""

import argparse
import io
import json
import stat
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from central_rig import HALL, MATTER
from PIL import Image

from central import access, cli, roll
from central.database import Database, sqlite_url
from central.systems import every
from protocol import credentials

CODE = "210100-01"
Run = Callable[..., tuple[str, str]]


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HAOCHAPING_CENTRAL_DATA", str(tmp_path / "data"))
    (tmp_path / "hall.toml").write_text(HALL, "utf-8")
    return tmp_path


@pytest.fixture
def run(
    folder: Path, capfdbinary: pytest.CaptureFixture[bytes], monkeypatch: pytest.MonkeyPatch
) -> Run:
    """Runs a command of an initialised central with a hall."""

    def run(*words: str, code: int = 0, typed: str = "") -> tuple[str, str]:
        parser = argparse.ArgumentParser()
        cli.add_arguments(parser)
        monkeypatch.setattr(sys, "stdin", io.StringIO(typed))
        capfdbinary.readouterr()
        done = cli.run(parser.parse_args([*words]))
        said, complained = (text.decode() for text in capfdbinary.readouterr())
        assert done == code, said + complained
        return said, complained

    run("init")
    run("import", "hall.toml")
    return run


def member(folder: Path, number: str = "1001") -> roll.Entry:
    database = Database(sqlite_url(folder / "data" / "central.db"))
    with database.reading() as connection:
        found = access.member(connection, CODE, number)
    database.close()
    return found


def test_a_hall_file_tells_whom_it_leaves_out(folder: Path, run: Run) -> None:
    (folder / "staff.csv").write_text("number,name\n0007,赵一\n", "utf-8")
    run("import", "staff.csv", "--hall", CODE, "--table", "staff")
    said, _ = run("import", "hall.toml", "--dry-run")
    assert "staff: 0 added, 0 changed, 1 removed, 2 unchanged\n  removed: 0007\n" in said
    assert member(folder, "0007")["name"] == "赵一"
    said, _ = run("import", "hall.toml")
    assert "  removed: 0007\n" in said
    assert "imported hall.toml; staff: 1 removed (0007)" in run("edits", "--limit", "1")[0]
    assert "nothing new" in run("import", "hall.toml")[0]


def test_a_table_goes_out_and_comes_in_again(folder: Path, run: Run) -> None:
    run("export", "--hall", CODE, "--table", "staff", "--chinese", "--out", "staff.csv")
    assert stat.S_IMODE((folder / "staff.csv").stat().st_mode) == 0o600
    text = (folder / "staff.csv").read_text("utf-8-sig").replace("王芳", "王方")
    (folder / "staff.csv").write_bytes((text + "0007,赵一,,\n").encode("gb18030"))
    words = ("import", "staff.csv", "--hall", CODE, "--table", "staff")
    expected = "staff: 1 added, 1 changed, 0 removed, 1 unchanged\n  added: 0007\n  changed: 1001\n"
    assert run(*words, "--dry-run")[0] == expected + "nothing was changed: --dry-run\n"
    assert member(folder)["name"] == "王芳"
    assert run(*words)[0] == expected
    assert member(folder)["name"] == "王方"
    assert "3 unchanged" in run(*words)[0]
    out, _ = run("export", "--hall", CODE, "--table", "matters")
    assert out.startswith("\ufeffcode,name,initials\r\n'1121")
    _, complained = run(
        *("export", "--hall", CODE, "--table", "staff", "--out", "staff.csv"), code=1
    )
    assert "staff.csv exists already" in complained


def test_a_file_with_mistakes_changes_nothing(folder: Path, run: Run) -> None:
    (folder / "staff.csv").write_text("number,name,pin\n1001,x,1\n1002,,\n3,y,111111\n", "utf-8")
    _, complained = run("import", "staff.csv", "--hall", CODE, "--table", "staff", code=2)
    assert "staff.csv:2: pin: expected six digits" in complained
    assert "staff.csv:4: pin: expected a PIN that is not among the first" in complained
    assert "staff.csv:3: name: expected a name" in complained
    assert member(folder)["name"] == "王芳"


def test_a_hall_file_can_be_tried_first(folder: Path, run: Run) -> None:
    (folder / "hall.toml").write_text(HALL.replace("王芳", "王方"), "utf-8")
    said, _ = run("import", "hall.toml", "--dry-run")
    assert said.endswith("nothing was changed: --dry-run\n")
    assert member(folder)["name"] == "王芳"


def test_arguments_that_do_not_fit_are_said(folder: Path, run: Run) -> None:
    (folder / "x.csv").write_text("number\n", "utf-8")
    for words, expected in (
        (("import", "x.csv"), "needs --hall HALL and --table staff|matters|windows"),
        (("import", "hall.toml", "--replace"), "--hall and --replace are for CSV"),
        (("card", "--hall", CODE, "--staff", "1001"), "--out FILE.png"),
        (("photo", "--hall", CODE, "--staff", "1001"), "FILE: expected a picture"),
        (("system", "x", "--hall", CODE, "--origin", "https://a/b"), "without a path"),
    ):
        assert expected in run(*words, code=2)[1]
    for words, expected in (
        (("export", "--hall", "no", "--table", "staff"), f"there is no hall no; known: {CODE}"),
        (("pin", "--hall", CODE, "--staff", "9", "--generate"), "has no staff member 9"),
        (("system", "x", "--hall", CODE, "--remove"), "has no business system x"),
        (("photo", "--hall", CODE, "--staff", "1001", "no.jpg"), "No such file"),
    ):
        assert expected in run(*words, code=1)[1]


def test_a_pin_is_read_from_standard_input_or_made(folder: Path, run: Run) -> None:
    words = ("pin", "--hall", CODE, "--staff", "1001")
    assert run(*words, typed="135790\n") == ("", "")
    assert credentials.pin_matches("135790", member(folder)["pin_verifier"])
    made = run(*words, "--generate")[0].strip()
    assert credentials.pin_matches(made, member(folder)["pin_verifier"])
    assert "six digits" in run(*words, typed="12345\n", code=2)[1]
    assert "anybody tries" in run(*words, typed="654321\n", code=2)[1]
    run(*words, "--remove")
    assert member(folder)["pin_verifier"] == ""


def test_a_badge_is_what_the_reader_types(folder: Path, run: Run) -> None:
    run("badge", "--hall", CODE, "--staff", "1001", typed="ab 12345678\n")
    assert member(folder)["badge"] == credentials.card_hash("AB12345678", CODE)
    words = ("badge", "--hall", CODE, "--staff", "1002")
    assert "staff member 1001's" in run(*words, typed="AB12345678\n", code=2)[1]
    assert "6 to 128 characters" in run(*words, typed="\n", code=2)[1]


def test_a_new_card_ends_the_old_one(folder: Path, run: Run) -> None:
    words = ("card", "--hall", CODE, "--staff", "1001", "--out")
    assert "print it and delete it" in run(*words, "first.png")[0]
    first = member(folder)["card"]
    assert len(first) == 64
    assert stat.S_IMODE((folder / "first.png").stat().st_mode) == 0o600
    assert Image.open(folder / "first.png").size == (1011, 638)
    assert "exists already" in run(*words, "first.png", code=1)[1]
    assert member(folder)["card"] == first
    run(*words, "second.png")
    assert member(folder)["card"] not in ("", first)
    run(*words[:-1], "--remove")
    assert member(folder)["card"] == ""


def test_a_photo_is_brought_in(folder: Path, run: Run) -> None:
    Image.new("RGB", (800, 600), "teal").save(folder / "me.jpg")
    words = ("photo", "--hall", CODE, "--staff", "1001")
    said, _ = run(*words, "me.jpg")
    assert member(folder)["photo"].startswith(said.split()[3].rstrip(","))
    assert "expected a picture" in run(*words, "hall.toml", code=2)[1]
    run(*words, "--remove")
    assert member(folder)["photo"] == ""


def test_a_business_system_gets_a_key_once(folder: Path, run: Run) -> None:
    words = ("system", "charts", "--hall", CODE)
    where = ("--origin", "https://a.example", "--callback", "https://a.example/hook/")
    run(*words, *where, "--out", "key")
    key = (folder / "key").read_text().strip()
    database = Database(sqlite_url(folder / "data" / "central.db"))
    with database.reading() as connection:
        (first,) = every(connection)
    other = run(*words)[0].strip()
    with database.reading() as connection:
        (second,) = every(connection)
    assert first.system.key_hash != second.system.key_hash
    assert (len(key), key == other) == (47, False)
    assert second.system.origins == ("https://a.example",)
    assert second.system.callbacks == ("https://a.example/hook/",)
    listed = run("systems")[0]
    assert "charts  hall 210100-01" in listed
    assert "origins https://a.example  call-backs https://a.example/hook/" in listed
    run(*words, "--remove")
    assert "no business system has a key" in run("systems")[0]
    database.close()


@pytest.mark.parametrize(
    ("option", "address", "good"),
    [
        ("--origin", "https://a.example:8443", True),
        ("--origin", "http://10.0.0.8", True),
        ("--origin", "https://a.example/", False),
        ("--origin", "https://A.example", False),
        ("--origin", "*", False),
        ("--origin", "null", False),
        ("--callback", "http://10.0.0.8:81/x/", True),
        ("--callback", "https://a.example", False),
        ("--callback", "https://a.example@evil.example/", False),
        ("--callback", "https://a.example/?x=", False),
        ("--callback", "ftp://a.example/", False),
        ("--callback", "https:///x", False),
    ],
)
def test_addresses_of_a_system_cannot_be_another_hosts(
    run: Run, option: str, address: str, good: bool
) -> None:
    run("system", "x", "--hall", CODE, option, address, code=0 if good else 2)


def test_who_changed_what_is_listed_and_tells_no_secret(folder: Path, run: Run) -> None:
    assert "imported hall.toml" in run("edits")[0]
    run("pin", "--hall", CODE, "--staff", "1001", typed="135790\n")
    key = run("system", "charts", "--hall", CODE)[0].strip()
    listed = run("edits", "--hall", CODE)[0].splitlines()
    assert [line.split(")  ")[1] for line in listed] == [
        "system charts: key made",
        "staff 1001: PIN given",
        "imported hall.toml",
    ]
    assert "135790" not in "".join(listed)
    assert key not in "".join(listed)
    assert run("edits", "--hall", "other")[0] == "nothing was edited yet\n"


def test_an_editors_key_is_made(folder: Path, run: Run) -> None:
    key = run("reader", "personnel", "--role", "editor")[0].strip()
    assert key.startswith("hcr_")


def test_matters_of_a_window_come_from_csv(folder: Path, run: Run) -> None:
    (folder / "w.csv").write_text(f"窗口编码,常用事项\nW13,'{MATTER}\n", "utf-8")
    said, _ = run("import", "w.csv", "--hall", CODE, "--table", "windows")
    assert "changed: W13" in said
    database = Database(sqlite_url(folder / "data" / "central.db"))
    with database.reading() as connection:
        rows = connection.exec_driver_sql("SELECT code, matters FROM service_window ORDER BY code")
        held = {code: json.loads(matters) for code, matters in rows}
    database.close()
    assert held == {"W12": [], "W13": [MATTER]}
