"""`haochaping central` as an operator types it.

What serves has a process of its own, and so has who makes central and asks for help; the other
commands run in this process: starting one takes ten times as long as what most of them do.
"""

import argparse
import io
import os
import signal
import stat
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, redirect_stderr, redirect_stdout
from pathlib import Path
from unittest import mock

import pytest
import requests
from central_rig import HALL, Device, RunningCentral, verdicts

from central import cli
from central.service import Central, read_key
from central.settings import read_settings

COMMAND = [sys.executable, "-c", "from central.cli import main; main()"]


def environment(variables: Mapping[str, str] | None = None) -> dict[str, str]:
    kept = {k: v for k, v in os.environ.items() if not k.startswith("HAOCHAPING")}
    return {**kept, "PYTHONWARNINGS": "ignore", **(variables or {})}


def run(
    *arguments: str | Path, code: int = 0, variables: Mapping[str, str] | None = None
) -> tuple[str, str]:
    """Type a command here and return what it wrote to standard output and error."""
    words = [*map(str, arguments)]
    if words[0] == "serve":  # if it did serve, it would not come back
        return start(*words, code=code, variables=variables)
    parser = argparse.ArgumentParser(prog="haochaping central")
    cli.add_arguments(parser)
    out, error = (io.TextIOWrapper(io.BytesIO(), "utf-8") for _ in range(2))
    with (
        mock.patch.dict(os.environ, environment(variables), clear=True),
        redirect_stdout(out),
        redirect_stderr(error),
    ):
        try:
            got: object = cli.run(parser.parse_args(words))
        except SystemExit as end:
            got = end.code
    said, complained = (_written(each) for each in (out, error))
    assert got == code, said + complained
    return said, complained


def _written(stream: io.TextIOWrapper) -> str:
    stream.seek(0)
    return stream.read()


def start(
    *arguments: str | Path, code: int = 0, variables: Mapping[str, str] | None = None
) -> tuple[str, str]:
    """The same in a process of its own."""
    done = subprocess.run(
        [*COMMAND, *map(str, arguments)],
        capture_output=True,
        text=True,
        timeout=60,
        env=environment(variables),
        check=False,
    )
    assert done.returncode == code, done.stdout + done.stderr
    return done.stdout, done.stderr


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """The data directory of an initialised central with a hall."""
    data = tmp_path / "central"
    run("init", "--data", data)
    hall = tmp_path / "hall.toml"
    hall.write_text(HALL, "utf-8")
    run("import", hall, "--data", data)
    return data


@contextmanager
def served(
    data: Path, *arguments: str, variables: Mapping[str, str] | None = None
) -> Iterator[tuple[str, subprocess.Popen[str]]]:
    process = subprocess.Popen(
        [*COMMAND, "serve", "--data", str(data), "--port", "0", *arguments],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=environment(variables),
    )
    try:
        assert process.stdout is not None
        line = process.stdout.readline()
        assert line.startswith("central is ready at http://"), line + process.communicate()[1]
        yield line.split()[-1], process
    finally:
        process.kill()
        process.communicate()


def test_from_an_empty_directory_to_a_stored_rating(data: Path, tmp_path: Path) -> None:
    token = run("token", "--window", "W12", "--data", data)[0].strip()
    reader = run("reader", "inspectorate", "--data", data)[0].strip()
    with served(data) as (address, process):
        settings = read_settings(data)
        place = RunningCentral(Central.open(settings), address, reader)
        device = Device(place).enrol(token)
        device.write_visit()
        assert verdicts(device.send()) == ["stored"] * 3
        assert len(place.ask("/v1/ratings")["ratings"]) == 1
        place.central.close()
        process.send_signal(signal.SIGTERM)
        _, log = process.communicate(timeout=20)
        assert process.returncode == 0
        assert "POST /v1/records 200" in log
        assert token not in log
        assert reader not in log
    listed = run("devices", "--data", data)[0]
    assert f"{device.name}  210100-01  W12" in listed
    assert "ratings                  1" in run("show", "--data", data)[0]
    assert "retired" in run("revoke", device.name, "--data", data)[0]
    assert "1 retired not listed" in run("devices", "--data", data)[0]
    assert "retired" in run("devices", "--retired", "--data", data)[0]
    assert run("requeue", "--data", data)[0].startswith("0 records")


def test_an_interrupt_ends_it_cleanly_too(data: Path) -> None:
    with served(data) as (address, process):
        assert requests.get(f"{address}/v1/health", timeout=20).status_code == 200
        process.send_signal(signal.SIGINT)
        process.communicate(timeout=20)
        assert process.returncode == 0


def test_a_kill_loses_nothing_that_was_receipted(data: Path) -> None:
    token = run("token", "--window", "W12", "--data", data)[0].strip()
    central = Central.open(read_settings(data))
    with served(data) as (address, process):
        device = Device(RunningCentral(central, address)).enrol(token)
        device.write_boots(5)
        receipt = device.receipt(device.send())
        process.kill()
        process.wait()
    with served(data) as (address, _):
        device.place.url = address
        assert device.receipt(device.beat()).head == receipt.head
        assert verdicts(device.send()) == ["already"] * 5
    central.close()


def test_postgresql_is_chosen_by_the_environment(
    tmp_path: Path, postgres_central: RunningCentral
) -> None:
    url = postgres_central.database.url
    variables = {"HAOCHAPING_DATABASE_URL": url.render_as_string(hide_password=False)}
    data = tmp_path / "central"
    run("init", "--data", data, variables=variables)
    assert not (data / "central.db").exists()
    with served(data, variables=variables) as (address, _):
        assert requests.get(f"{address}/v1/health", timeout=20).status_code == 200


def test_init_makes_a_private_key_once(tmp_path: Path) -> None:
    data = tmp_path / "central"
    start("init", "--data", data)
    key = read_key(data / "central.key").seed
    assert stat.S_IMODE((data / "central.key").stat().st_mode) == 0o600
    assert stat.S_IMODE(data.stat().st_mode) == 0o700
    assert "is there already and stays" in start("init", "--data", data)[0]
    assert read_key(data / "central.key").seed == key


def test_secrets_go_into_private_files(data: Path, tmp_path: Path) -> None:
    for arguments in (("token", "--window", "W12"), ("reader", "someone")):
        out = tmp_path / arguments[0]
        shown, _ = run(*arguments, "--out", out, "--data", data)
        secret = out.read_text().strip()
        assert len(secret) >= 32
        assert secret not in shown
        assert stat.S_IMODE(out.stat().st_mode) == 0o600
        _, error = run(*arguments, "--out", out, "--data", data, code=1)
        assert f"{out} exists already; remove it or choose another" in error
        assert out.read_text().strip() == secret


def test_commands_say_what_to_do_when_they_cannot(tmp_path: Path, data: Path) -> None:
    nowhere = tmp_path / "nowhere"
    for command in (["serve"], ["devices"], ["migrate"], ["token", "--window", "W12"]):
        _, error = run(*command, "--data", nowhere, code=1)
        assert f"haochaping central init --data {nowhere}" in error
    _, error = run("token", "--window", "W99", "--data", data, code=1)
    assert "known: W12, W13" in error
    _, error = run("revoke", "hcp-nobody", "--data", data, code=1)
    assert "see `haochaping central devices`" in error
    _, error = run("token", "--window", "W12", "--days", "0", "--data", data, code=2)
    assert "--days: expected 1 to 366" in error
    (tmp_path / "bad.toml").write_text("[hall]\n")
    _, error = run("import", tmp_path / "bad.toml", "--data", data, code=2)
    assert "hall.code: missing" in error
    _, error = run("import", tmp_path / "none.toml", "--data", data, code=2)
    assert "cannot be read" in error


def test_a_port_that_is_taken_is_said(data: Path) -> None:
    with served(data) as (address, _):
        port = address.rpartition(":")[2]
        _, error = run("serve", "--data", data, "--port", port, code=1)
        assert f"cannot listen on 127.0.0.1:{port}: Address already in use" in error
        assert "--port" in error


def test_a_lost_key_is_asked_for_and_not_replaced(data: Path) -> None:
    token = run("token", "--window", "W12", "--data", data)[0].strip()
    central = Central.open(read_settings(data))
    with served(data) as (address, _):
        Device(RunningCentral(central, address)).enrol(token)
    central.close()
    key = data / "central.key"
    key.rename(data / "backup")
    for command in ("serve", "init", "migrate", "devices"):
        _, error = run(command, "--data", data, code=1)
        assert (
            f"the database holds 1 device, but {key} is missing: put it back from your backup"
        ) in error
        assert not key.exists()
    (data / "backup").rename(key)
    assert "W12" in run("devices", "--data", data)[0]


def test_a_key_lost_before_there_were_devices_is_made_again(data: Path) -> None:
    (data / "central.key").unlink()
    _, error = run("serve", "--data", data, code=1)
    assert "central init" in error
    assert "made" in run("init", "--data", data)[0]


def test_a_file_that_is_no_database_is_named(data: Path, tmp_path: Path) -> None:
    fresh = tmp_path / "fresh"
    fresh.mkdir()
    for command, place in (("serve", data), ("init", data), ("init", fresh)):
        file = place / "central.db"
        for old in place.glob("central.db*"):
            old.unlink()
        file.write_text("nothing that SQLite knows" * 200)
        _, error = run(command, "--data", place, code=1)
        assert f"{file} cannot be used as central's database: file is not a database" in error
        assert "Traceback" not in error
    assert not (fresh / "central.key").exists()


def test_a_reader_has_a_name(data: Path) -> None:
    for name in ("", " ", "a\nb"):
        _, error = run("reader", name, "--data", data, code=2)
        assert "NAME: expected" in error


def test_every_mistake_in_the_settings_is_told(data: Path) -> None:
    (data / "central.toml").write_text(
        'hsot = "x"\nport = 99999\nphone_url = "http://x"\ndatabase = "mysql://u:secret@h/d"\n'
        "[limits]\npage = 0\n"
    )
    _, error = run("show", "--data", data, code=2)
    assert "hsot: unknown key; did you mean 'host'?" in error
    assert "port: expected int <= 65535" in error
    assert "limits.page: expected int >= 1" in error
    assert "phone_url: expected https://host, without a path" in error
    assert "database: expected a URL that begins with postgresql:// or sqlite:///" in error
    assert "secret" not in error


def test_a_mistake_in_the_environment_is_not_looked_for_in_the_file(data: Path) -> None:
    variables = {"HAOCHAPING_DATABASE_URL": "mysql://u:secret@h/d"}
    _, error = run("show", "--data", data, code=2, variables=variables)
    assert "HAOCHAPING_DATABASE_URL: expected a URL that begins with" in error
    assert "central.toml" not in error
    assert "secret" not in error


def test_a_database_password_is_read_from_a_file_and_never_shown(data: Path) -> None:
    (data / "url").write_text("postgresql://u:secret@127.0.0.1:1/d\n")
    (data / "central.toml").write_text('database_file = "url"\n')
    _, error = run("show", "--data", data, code=1)
    assert "the database cannot be reached" in error
    assert "secret" not in error
    settings = read_settings(data)
    assert settings.database.password == "secret"
    assert "secret" not in str(settings.shown())


def test_help_is_quick_and_says_what_to_do_first() -> None:
    probe = (
        "import sys; from central.cli import add_arguments; import argparse; "
        "p = argparse.ArgumentParser(); add_arguments(p); p.format_help(); "
        "print([m for m in ('litestar', 'sqlalchemy', 'uvicorn', 'alembic') if m in sys.modules])"
    )
    done = subprocess.run(
        [sys.executable, "-c", probe], capture_output=True, text=True, check=True, timeout=60
    )
    assert done.stdout.strip() == "[]"
    assert "haochaping central init" in start("--help")[0]
