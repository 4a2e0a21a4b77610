"""Who the device is, what is installed, what runs, and the network as files show it."""

import json
from pathlib import Path

import pytest
from patient_rig import NAME, RELEASE, ROOT, again, card, finding, give, put

from device.checks import Level
from device.checks.patient import Patient
from device.releases.news import News, Outcome, write_news
from device.store.profile import load
from device.store.setup import SetupState, write_state


def test_every_mistake_in_the_configuration_is_told_without_its_passwords(patient: Patient):
    file = patient.deployed.profile
    file.write_text(
        file.read_text().replace('url = "https', 'proxy = "ftp://zhao:hunter2@p"\nurl = "gopher')
        + "[screen]\nrotate = 45\n"
    )
    ill = Patient(patient.deployed, None, patient.home)
    said = finding(ill, "configuration")
    assert (said.level, said.figures["mistakes"]) == (Level.FAULT, 3)
    assert "hunter2" not in str(said)


def test_a_device_that_was_started_with_another_configuration_is_judged_by_that(
    patient: Patient, tmp_path: Path
):
    trial = tmp_path / "trial.toml"
    patient.deployed.profile.rename(trial)
    ill = Patient(patient.deployed, load(trial), patient.home)
    assert finding(ill, "configuration").sentence == f"{trial} has no mistakes."


def test_an_authority_that_is_not_there_is_a_mistake(patient: Patient):
    file = patient.deployed.profile
    file.write_text(file.read_text().replace("[buttons]", 'ca_file = "ca.pem"\n[buttons]'))
    assert "central.ca_file" in finding(again(patient.deployed), "configuration").sentence


def test_a_card_that_was_written_again_is_waited_for(patient: Patient):
    put(patient.deployed.card, "card.json", json.dumps(card(window="BH-013")))
    assert finding(patient, "card").level is Level.WARNING


def test_a_card_in_the_wrong_machine_is_told(patient: Patient):
    put(patient.deployed.root, "proc/sys/kernel/hostname", "raspberrypi\n")
    assert NAME in finding(patient, "card").sentence


def test_a_board_that_is_not_the_one_that_enrolled_is_a_fault(patient: Patient):
    fields = json.loads(patient.home.identity.read_text()) | {"board": "another"}
    patient.home.identity.write_text(json.dumps(fields))
    assert finding(patient, "identity").level is Level.FAULT


def test_a_device_that_central_does_not_know_is_a_fault(patient: Patient):
    patient.home.identity.unlink()
    assert finding(patient, "identity").level is Level.FAULT


@pytest.mark.parametrize("which", ["record_key", "transport_key"])
def test_each_key_must_be_there_whole_and_closed(patient: Patient, which: str):
    key = getattr(patient.home, which)
    key.chmod(0o640)
    assert "mode 640" in finding(patient, "keys").sentence
    key.chmod(0o600)
    key.write_bytes(b"short")
    assert "5 bytes" in finding(patient, "keys").sentence
    key.unlink()
    assert "is missing" in finding(patient, "keys").sentence


@pytest.mark.skipif(not ROOT, reason="needs files of other users")
def test_a_key_of_another_user_is_a_fault(patient: Patient):
    give(patient.home.record_key, 4712, 4711)
    assert "not to haochaping-kiosk" in finding(patient, "keys").sentence


def test_a_key_is_never_shown(patient: Patient):
    patient.home.record_key.write_bytes(b"0123456789abcdef0123456789abcdeX")
    patient.home.record_key.chmod(0o644)
    assert "cdeX" not in str(finding(patient, "keys"))


@pytest.mark.parametrize(
    ("file", "text", "told"),
    [
        ("etc/machine-id", "uninitialized", "no machine-id"),
        ("etc/haochaping/board", "other-board", "on another board"),
        ("etc/haochaping/board", "", "nobody noted"),
        ("var/lib/dbus/machine-id", "f" * 32, "baked in"),
    ],
)
def test_an_identity_of_the_image_is_warned_of(patient: Patient, file: str, text: str, told: str):
    put(patient.deployed.root, file, text)
    said = finding(patient, "own-identity")
    assert said.level is Level.WARNING
    assert told in said.sentence


def test_host_keys_that_others_can_read_are_warned_of(patient: Patient):
    patient.at("etc/ssh/ssh_host_ed25519_key").chmod(0o644)
    assert finding(patient, "own-identity").level is Level.WARNING


def test_the_release_is_named(patient: Patient):
    assert finding(patient, "release").figures["release"] == RELEASE


def test_a_release_with_a_hole_is_a_fault(patient: Patient):
    (patient.deployed.releases / RELEASE / "manifest.json").unlink()
    assert finding(patient, "release").level is Level.FAULT
    (patient.deployed.releases / RELEASE / "bin/haochaping").unlink()
    assert "No whole release" in finding(patient, "release").sentence


@pytest.mark.parametrize(
    ("outcome", "level"),
    [
        (Outcome.CONFIRMED, Level.OK),
        (Outcome.TRIAL, Level.WARNING),
        (Outcome.ROLLED_BACK, Level.WARNING),
        (Outcome.WENT_BACK, Level.OK),
    ],
)
def test_what_became_of_the_last_update_is_told(patient: Patient, outcome: Outcome, level: Level):
    write_news(patient.deployed, News(outcome, "0.2.0-11111111", "kiosk failed"))
    said = finding(patient, "update")
    assert said.level is level
    assert "0.2.0-11111111" in said.sentence


@pytest.mark.parametrize("before", [None, News(Outcome.CONFIRMED, "0.1.0-aaaaaaaa")])
def test_a_release_in_the_inbox_is_told(patient: Patient, before: News | None):
    put(patient.deployed.inbox, "new.release", "")
    if before:
        write_news(patient.deployed, before)
    assert finding(patient, "update").level is Level.WARNING


@pytest.mark.parametrize(
    ("state", "level"),
    [("NO_NETWORK", Level.WARNING), ("TOKEN_SPENT", Level.FAULT), ("FROM_TOMORROW", Level.UNKNOWN)],
)
def test_setting_up_is_told_by_its_state(patient: Patient, state: str, level: Level):
    write_state(patient.deployed.setup, SetupState(state))
    said = finding(patient, "setup")
    assert said.level is level
    assert state in said.sentence


@pytest.mark.parametrize("name", ["kiosk", "agent"])
def test_a_process_that_does_not_run_is_a_fault(patient: Patient, name: str):
    assert finding(patient, name).level is Level.FAULT
    put(patient.home.root, f"{name}/lock", "")
    assert "does not run" in finding(patient, name).sentence


@pytest.mark.parametrize("name", ["kiosk", "agent"])
def test_a_device_that_is_still_set_up_has_that_fault_alone(patient: Patient, name: str):
    write_state(patient.deployed.setup, SetupState("WRONG_BOARD"))
    assert finding(patient, name).level is Level.UNKNOWN
    assert "WRONG_BOARD" in finding(patient, name).sentence
    write_state(patient.deployed.setup, SetupState("ENROLLED_NO_CONFIG"))
    assert finding(patient, name).level is Level.FAULT


def test_a_journal_without_a_limit_is_warned_of(patient: Patient):
    patient.at("etc/systemd/journald.conf.d/haochaping.conf").unlink()
    assert finding(patient, "journal").level is Level.WARNING


# --- the network, as files show it ------------------------------------------------------------


@pytest.mark.parametrize(
    ("file", "text", "level", "told"),
    [
        ("sys/class/net/eth0/operstate", "down", Level.FAULT, "No interface has a link"),
        ("proc/net/fib_trie", "", Level.FAULT, "no address"),
        ("proc/net/route", "Iface Destination\n", Level.WARNING, "no default route"),
    ],
)
def test_link_address_and_route_are_told_apart(
    patient: Patient, file: str, text: str, level: Level, told: str
):
    put(patient.deployed.root, file, text)
    said = finding(patient, "network")
    assert (said.level, told in said.sentence) == (level, True)


def test_an_address_of_the_new_kind_is_an_address(patient: Patient):
    put(patient.deployed.root, "proc/net/fib_trie", "")
    put(
        patient.deployed.root,
        "proc/net/if_inet6",
        "fd0000000000000000000000000000c2 02 40 00 80 eth0\n",
    )
    assert finding(patient, "network").figures["addresses"] == "fd00::c2"


def test_a_wifi_file_of_the_old_kind_is_told(patient: Patient):
    put(patient.deployed.boot, "wpa_supplicant.conf", "network={}")
    assert "wpa_supplicant.conf" in finding(patient, "wifi-file").sentence


def test_a_network_file_that_others_can_read_is_told(patient: Patient):
    patient.at("etc/NetworkManager/system-connections/hall.nmconnection").chmod(0o644)
    assert finding(patient, "wifi-file").level is Level.WARNING


def test_proxy_variables_are_told_by_name_alone(patient: Patient):
    put(patient.deployed.root, "etc/environment", "https_proxy=http://zhao:hunter2@10.0.0.1\n")
    said = finding(patient, "proxy-variables")
    assert said.level is Level.WARNING
    assert "https_proxy" in said.sentence
    assert "hunter2" not in str(said)


def test_time_servers_of_card_and_system_are_one_list(patient: Patient):
    assert finding(patient, "time-server").figures["servers"] == 1
