"""What is made for Ansible is taken by Ansible, as it was meant, and holds no secret."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import yaml
from fleet_rig import Desk, furnish
from hypothesis import given
from hypothesis import strategies as st

from device.store.deployed import Deployed
from provisioning import inventory, provision_cli
from provisioning.fleet import Fleet, Seat

EXAMPLES = Path(__file__).parents[2] / "docs" / "examples"
texts = st.text(st.characters(exclude_categories=["Cs"]) | st.sampled_from("{}%\"':#\n\\"))


class _Texts(yaml.SafeLoader):
    """Reads a text that is marked as no template as what it is."""


_Texts.add_constructor("!unsafe", lambda loader, node: loader.construct_scalar(node))


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    desk = furnish(tmp_path)
    for file in EXAMPLES.glob("fleet.*"):
        shutil.copy(file, tmp_path)
    return desk


def run(desk: Desk) -> int:
    return provision_cli.main(
        ["ansible", str(desk.folder / "fleet.toml"), "--out", str(desk.folder / "ansible")]
    )


def tool(name: str) -> str:
    found = shutil.which(name, path=f"{Path(sys.executable).parent}:{os.environ['PATH']}")
    if found is None:
        pytest.skip(f"{name} is needed (test extra)")
    return found


def by_ansible(folder: Path, *words: str) -> subprocess.CompletedProcess[str]:
    program = tool(words[0])
    environment = {
        **os.environ,
        "PATH": f"{Path(program).parent}:{os.environ['PATH']}",
        "HOME": str(folder),
        "LC_ALL": "C.UTF-8",
        "NO_COLOR": "1",
    }
    return subprocess.run(
        [program, *words[1:]],
        cwd=folder,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )


def test_ansible_lint_finds_nothing_by_its_strictest_profile(desk: Desk):
    assert run(desk) == 0
    done = by_ansible(
        desk.folder / "ansible", "ansible-lint", "--offline", "--profile", "production"
    )
    assert done.returncode == 0, done.stdout + done.stderr


def test_ansible_finds_every_device_in_the_group_of_its_hall(desk: Desk):
    assert run(desk) == 0
    done = by_ansible(desk.folder / "ansible", "ansible-inventory", "--list")
    listed = json.loads(done.stdout)
    assert set(listed["devices"]["children"]) == {"hall_210100_01", "hall_210102_03"}
    assert len(listed["hall_210100_01"]["hosts"]) == 5
    host = listed["_meta"]["hostvars"]["210100-01-w01"]
    assert host["ansible_host"] == "10.21.1.31"
    assert host["hall_name"] == "沈阳市政务服务中心"
    assert "ansible_host" not in listed["_meta"]["hostvars"]["210102-03-p02"]


def test_a_playbook_runs_on_the_devices_it_is_limited_to(desk: Desk):
    assert run(desk) == 0
    done = by_ansible(
        desk.folder / "ansible",
        *("ansible-playbook", "ping.yml", "--limit", "hall_210100_01:&*w01"),
        *("-e", "ansible_connection=local", "-e", f"ansible_python_interpreter={sys.executable}"),
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "210100-01-w01" in done.stdout
    assert "210100-01-w02" not in done.stdout


def test_no_secret_is_in_any_file(desk: Desk):
    assert run(desk) == 0
    for file in (desk.folder / "ansible").iterdir():
        assert "correct horse" not in file.read_text(encoding="utf-8")


def test_the_playbooks_run_the_command_where_first_boot_puts_it():
    program = str(Deployed().current / "bin/haochaping")
    folder = Path(inventory.__file__).with_name("playbooks")
    for name in ("doctor.yml", "bundle.yml", "update.yml"):
        assert program in (folder / name).read_text(encoding="utf-8")


@given(texts, texts, texts, texts)
def test_whatever_a_text_holds_is_read_as_that_text(hall: str, window: str, name: str, note: str):
    seat = Seat("a-1", hall, window, {}, note=note)
    fleet = Fleet(Path("f"), "https://x", (seat,), halls={hall: name})
    made = yaml.load(inventory.make(fleet)["inventory.yml"], _Texts)  # noqa: S506 - a SafeLoader
    [group] = made["all"]["children"]["devices"]["children"].values()
    assert group["vars"] == {"hall": hall, "hall_name": name}
    assert group["hosts"]["a-1"]["window"] == window
    assert group["hosts"]["a-1"].get("note", "") == note


@given(st.lists(texts, unique=True, max_size=6))
def test_no_two_halls_share_a_group(halls: list[str]):
    seats = tuple(Seat(f"d{n}", hall, "w", {}) for n, hall in enumerate(halls))
    made = inventory.make(Fleet(Path("f"), "https://x", seats))["inventory.yml"]
    groups = yaml.load(made, _Texts)["all"]["children"]["devices"]["children"]  # noqa: S506
    assert len(groups or {}) == len(halls)


def test_a_second_run_changes_what_changed_and_leaves_what_others_made(desk: Desk, capsys):
    assert run(desk) == 0
    assert run(desk) == 0
    assert capsys.readouterr().out.count("unchanged") == 8
    table = desk.folder / "fleet.csv"
    table.write_text(table.read_text(encoding="utf-8-sig").replace("一楼 户籍", "二楼 户籍"))
    assert run(desk) == 0
    assert capsys.readouterr().out.count("wrote") == 1
    (desk.folder / "ansible" / "ping.yml").write_text("mine")
    assert run(desk) == 2
    assert "was not made by this command" in capsys.readouterr().err
    assert (desk.folder / "ansible" / "ping.yml").read_text() == "mine"


def test_a_fleet_that_nobody_can_log_in_to_gets_no_inventory(desk: Desk, capsys):
    text = (desk.folder / "fleet.toml").read_text(encoding="utf-8")
    desk.write(text.replace("ssh_key_files", "# "))
    assert run(desk) == 2
    assert "has no SSH key" in capsys.readouterr().err
    assert not (desk.folder / "ansible").exists()
