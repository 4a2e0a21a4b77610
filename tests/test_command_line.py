"""What a technician meets on the command line: help, mistakes, exit codes, and no secrets."""

import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

import pytest

from device import __version__
from device.store.home import Home, filesystem_of
from device.store.identity import Identity, save_identity, write_durably
from device.store.profile import SETTINGS
from haochaping.cli import DEVICE, PROVISIONING, main

PURPOSE = {
    "kiosk": "screen for citizens",
    "agent": "Sends what the kiosk recorded to central",
    "migrate": "Brings the device's two files up to date",
    "enrol": "Makes this device known to central",
    "invite": "Asks the citizen at the window to rate",
    "cancel": "Takes an invitation back",
    "config": "Checks a configuration file",
    "screenshot": "Writes a picture of the kiosk's screen",
    "fonts": "Checks that every character of the roster can be printed",
    "doctor": "Checks everything that breaks such devices in the field",
    "check-screen": "Has the running kiosk show its check screen",
    "update": "Brings another release of this software into use",
    "provision": "From a fleet file to devices",
    "release": "Makes releases: one signed file",
    "profile": "Writes a device's configuration file",
}
ARGUMENTS = {
    "cancel": ["00000000-0000-0000-0000-000000000001", "--reason", "x"],
    "config": ["check"],
    "screenshot": ["screen.png"],
    "check-screen": ["on"],
}
WITHOUT_CONFIGURATION = {"doctor", "update"}
"""The doctor tells its mistakes as a finding; an update must do without it."""
PARTS = {
    "provision": ("check", "cards", "labels", "ansible"),
    "release": ("keygen", "build", "show", "verify"),
}

Said = tuple[int, str, str]
Run = Callable[..., Said]


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str]) -> Run:
    """Runs ``haochaping`` and returns exit code, output and error output."""

    def run(*words: str) -> Said:
        try:
            code = main([*words])
        except SystemExit as ended:
            code = int(ended.code or 0)
        out, err = capsys.readouterr()
        return code, out, err

    return run


@pytest.fixture
def profile(tmp_path: Path) -> Path:
    """A device's configuration file without mistakes."""
    file = tmp_path / "device.toml"
    file.write_text(
        'data_dir = "data"\nstorage.allow_volatile = true\ncentral.url = "http://127.0.0.1:1"\n',
        encoding="utf-8",
    )
    return file


@pytest.fixture
def broken(tmp_path: Path) -> Path:
    """A configuration file with three mistakes."""
    file = tmp_path / "broken.toml"
    file.write_text('data_dirr = "x"\n[screen]\nrotate = 45\n', encoding="utf-8")
    return file


# --- help ---------------------------------------------------------------------------------------


def test_the_overview_names_every_command_with_its_purpose(run: Run):
    code, out, err = run()
    assert (code, err) == (0, "")
    assert run("--help")[:2] == (0, out)
    text = " ".join(out.split())
    for command, purpose in (DEVICE | PROVISIONING).items():
        assert f"{command} {purpose}" in text


@pytest.mark.parametrize("command", [*DEVICE, *PROVISIONING])
def test_each_commands_help_names_its_purpose(run: Run, command: str):
    code, out, err = run(command, "--help")
    assert (code, err) == (0, "")
    assert f"usage: haochaping {command}" in out
    assert PURPOSE[command] in out


def test_the_version_can_be_asked(run: Run):
    assert run("--version") == (0, f"haochaping {__version__}\n", "")


@pytest.mark.parametrize("words", [["kioks"], ["--no-such"], ["-x"], ["kioks", "--config", "x"]])
def test_a_wrong_command_is_told_with_the_right_ones(run: Run, words: list[str]):
    code, out, err = run(*words)
    assert (code, out) == (2, "")
    assert "usage: haochaping" in err
    assert "Traceback" not in err


@pytest.mark.parametrize("command", [*DEVICE, *PROVISIONING])
def test_a_wrong_option_is_told_and_ends_with_2(run: Run, command: str):
    code, _, err = run(command, *ARGUMENTS.get(command, []), "--no-such-option")
    assert code == 2
    assert f"usage: haochaping {command}" in err


def test_python_m_does_the_same():
    done = subprocess.run(
        [sys.executable, "-m", "haochaping", "kioks"], capture_output=True, text=True, check=False
    )
    assert done.returncode == 2
    assert "invalid choice: 'kioks'" in done.stderr


def test_output_that_nobody_reads_is_no_failure(profile: Path):
    words = [sys.executable, "-m", "haochaping", "config", "check", "--config", str(profile)]
    with subprocess.Popen(words, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        process.stdout.close()
        assert process.stderr.read() == b""
        assert process.wait() == 0


# --- configuration ------------------------------------------------------------------------------


@pytest.mark.parametrize("command", [c for c in DEVICE if c not in WITHOUT_CONFIGURATION])
def test_every_command_lists_every_mistake_of_the_configuration(
    run: Run, broken: Path, command: str, monkeypatch: pytest.MonkeyPatch
):
    code, out, err = run(command, *ARGUMENTS.get(command, []), "--config", str(broken))
    assert (code, out) == (2, "")
    assert err.splitlines() == [
        f'{broken}: central.url: missing; expected "https://..." or "http://..."',
        f"{broken}: data_dir: missing; expected a path in quotes",
        f"{broken}: data_dirr: unknown key; did you mean data_dir?",
        f"{broken}: screen.rotate = 45: expected 0, 90, 180 or 270",
    ]
    monkeypatch.setenv("HAOCHAPING_CONFIG", str(broken))
    assert run(command, *ARGUMENTS.get(command, []))[0] == 2


def test_the_doctor_goes_on_with_a_configuration_that_has_mistakes(run: Run, broken: Path):
    code, out, err = run("doctor", "--only", "configuration", "--config", str(broken))
    assert (code, err) == (1, "")
    told = " ".join(out.split())
    for mistake in ("central.url: missing", "data_dir: missing", "data_dirr: unknown key"):
        assert mistake in told


def test_a_configuration_that_is_not_there_is_told_as_such(run: Run, tmp_path: Path):
    code, _, err = run("agent", "--config", str(tmp_path / "none.toml"))
    assert code == 2
    assert "there is no such file; give the right one with --config" in err


def test_a_key_like_no_other_gets_the_full_list(run: Run, profile: Path):
    with profile.open("a", encoding="utf-8") as file:
        file.write("qqq = 1\n")
    code, _, err = run("config", "check", "--config", str(profile))
    assert code == 2
    for setting in SETTINGS:
        assert setting.key in err


def test_config_check_shows_what_holds_and_hides_passwords(run: Run, profile: Path):
    with profile.open("a", encoding="utf-8") as file:
        file.write('central.proxy = "http://hall:geheim@proxy:3128"\n')
    code, out, err = run("config", "check", "--config", str(profile))
    assert (code, err) == (0, "")
    assert "no mistakes" in out
    assert f"data_dir = {profile.parent / 'data'}" in out
    assert "screen.language = zh-CN" in out
    assert "central.proxy = http://***@proxy:3128" in out
    assert "geheim" not in out
    assert run("config", "chekc", "--config", str(profile))[0] == 2


# --- the device's first steps -------------------------------------------------------------------


def test_migrate_says_what_it_did_and_the_second_time_nothing(run: Run, profile: Path):
    code, out, _ = run("migrate", "--config", str(profile))
    assert code == 0
    assert "applied  kiosk.db: chain" in out
    assert "now up to date" in out
    code, out, _ = run("migrate", "--config", str(profile))
    assert (code, out) == (0, f"{profile.parent / 'data'}: up to date\n")


def test_a_folder_that_a_reboot_empties_is_refused(run: Run, tmp_path: Path):
    if filesystem_of(Path("/dev/shm")) != "tmpfs":  # noqa: S108 - the one tmpfs there always is
        pytest.skip("there is no tmpfs here")
    volatile = Path(tempfile.mkdtemp(dir="/dev/shm"))
    try:
        profile = tmp_path / "device.toml"
        profile.write_text(f'data_dir = "{volatile}"\ncentral.url = "http://central"\n', "utf-8")
        for command in ("migrate", "agent"):
            code, _, err = run(command, "--config", str(profile))
            assert code == 1
            assert "which a reboot empties" in err
    finally:
        shutil.rmtree(volatile)


def test_a_folder_that_cannot_be_made_is_told_without_a_traceback(run: Run, profile: Path):
    (profile.parent / "data").touch()
    code, _, err = run("migrate", "--config", str(profile))
    assert code == 1
    assert err.startswith("haochaping migrate: ")


@pytest.mark.parametrize("command", ["agent", "invite", "cancel", "enrol"])
def test_each_step_left_out_is_named(run: Run, profile: Path, command: str, tmp_path: Path):
    token = tmp_path / "token"
    token.write_text("a-token-of-a-kind\n", encoding="utf-8")
    more = ["--token-file", str(token), "--board", "b"] if command == "enrol" else []
    words = [*ARGUMENTS.get(command, []), *more]
    code, out, err = run(command, *words, "--config", str(profile))
    assert (code, out) == (1, "")
    assert err.startswith(f"haochaping {command}: ")
    told = {"agent": "run haochaping enrol first", "enrol": "run haochaping migrate"}
    assert told.get(command, "is it running?") in err


def test_an_agent_before_migrate_says_what_to_run(run: Run, profile: Path):
    home = Home(profile.parent / "data")
    home.prepare()
    save_identity(home, Identity("hcp-1", bytes(32), -8))
    write_durably(home.transport_key, bytes(32), 0o600)
    code, _, err = run("agent", "--config", str(profile))
    assert code == 1
    assert "run haochaping migrate" in err


# --- secrets ------------------------------------------------------------------------------------


@pytest.mark.parametrize("option", ["--token", "--tok", "--token-fil"])
def test_a_token_is_never_an_argument(run: Run, profile: Path, option: str):
    """What stands on a command line, everybody on the machine can read."""
    code, _, err = run("enrol", "--config", str(profile), option, "0123456789abcdef")
    assert code == 2
    assert "unrecognized arguments" in err


def test_no_option_of_any_command_takes_a_secret(run: Run):
    commands = [[command] for command in (*DEVICE, *PROVISIONING)]
    commands += [[command, part] for command, parts in PARTS.items() for part in parts]
    for command in commands:
        _, out, _ = run(*command, "--help")
        options = {word.strip("[],=") for word in out.split() if word.lstrip("[").startswith("--")}
        assert not {o for o in options if "pin" in o or "token" in o or "key" in o} - {
            # Each takes the name of a file.
            *("--token-file", "--certificate-key", "--key", "--key-file"),
            *("--pins", "--skip-pin", "--next-pin", "--led-pins", "--buzzer-pin"),
            "--check-pin",
        }


def test_a_token_comes_from_a_file_or_from_standard_input(profile: Path, tmp_path: Path):
    words = [sys.executable, "-m", "haochaping", "enrol", "--config", str(profile), "--board", "b"]

    def enrol(*more: str, said: str = "") -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [*words, *more], input=said, capture_output=True, text=True, check=False
        )

    from device.store.schema import migrate

    migrate(Home(profile.parent / "data"))
    token = tmp_path / "token"
    token.write_text("secret-token\n", encoding="utf-8")
    for done in (enrol(said="secret-token\n"), enrol("--token-file", str(token))):
        assert done.returncode == 1
        assert "central does not answer" in done.stderr
        assert "secret-token" not in done.stderr
    for said in ("", "\n", "two words\n", "x" * 65):
        done = enrol("--token-file", __file__) if not said else enrol(said=said)
        assert done.returncode == 1
        assert "no enrolment token" in done.stderr
    for done in (enrol(), enrol("--token-file", str(tmp_path / "none"))):
        assert done.returncode == 1
        assert "no token could be read" in done.stderr


@pytest.mark.parametrize("visit", ["", "12", "no uuid"])
def test_a_visit_that_is_none_is_wrong_input(run: Run, profile: Path, visit: str):
    code, _, err = run("cancel", visit, "--reason", "x", "--config", str(profile))
    assert code == 2
    assert "not the id of a visit" in err


def test_a_cancel_needs_a_reason(run: Run, profile: Path):
    visit = "00000000-0000-0000-0000-000000000001"
    assert run("cancel", visit, "--config", str(profile))[0] == 2


def test_a_certificate_that_is_not_there_is_found_before_anything_starts(run: Run, profile: Path):
    with profile.open("a", encoding="utf-8") as file:
        file.write('central.ca_file = "no-such.pem"\n')
    for words in (["agent"], ["config", "check"], ["enrol", "--board", "b"]):
        code, _, err = run(*words, "--config", str(profile))
        assert code == 2
        assert "central.ca_file" in err and "there is no such file" in err
