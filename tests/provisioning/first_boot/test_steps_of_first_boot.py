"""What each step does to a machine, and what it refuses."""

import json
import os
import shutil
from hashlib import sha256

import pytest
from machine_rig import (
    ISSUED_S,
    KEY,
    NAME,
    TOKEN,
    WIFI_SECRET,
    WIRED,
    all_files,
    unname,
    write_card,
)

from device.store.setup import read_state
from protocol import release_key
from provisioning.first_boot.errors import Rebooting, SetupFailed, SetupStopped


def text(machine, name: str) -> str:
    return (machine.root / name).read_text()


def ran(machine, start: str) -> bool:
    return any(" ".join(words).startswith(start) for words in machine.commands)


def rewrite(machine, **changed) -> None:
    """Write the card anew in another computer, and put it back."""
    write_card(machine.places.card, **changed)
    machine.boot()


# --- identity ---------------------------------------------------------------------------------


def test_two_boards_with_one_cards_image_have_two_identities(make_machine):
    first, second = make_machine("one"), make_machine("two", serial="20000000fedcba02")
    first.run_first_boot()
    shutil.rmtree(second.root)
    shutil.copytree(first.root, second.root, symlinks=True)
    shutil.copy(first.disk, second.disk)
    (second.root / "sys/firmware/devicetree/base/serial-number").write_text("20000000fedcba02\0")
    second.boot()
    second.run_first_boot()
    ids = [text(machine, "etc/machine-id") for machine in (first, second)]
    keys = [text(machine, "etc/ssh/ssh_host_ed25519_key") for machine in (first, second)]
    assert ids[0] != ids[1] and keys[0] != keys[1]
    assert text(second, "etc/haochaping/board") == "20000000fedcba02\n"


def test_an_image_that_has_made_its_machine_id_in_this_very_boot_keeps_it(machine):
    (machine.root / "run/systemd").mkdir()
    (machine.root / "run/systemd/first-boot").touch()
    machine.run_first_boot()
    assert text(machine, "etc/machine-id") == f"{'a' * 32}\n"
    assert "everybody's" not in str(all_files(machine.root))


def test_it_restarts_once_and_goes_into_service_only_then(machine):
    machine.run_first_boot()
    words = [" ".join(command) for command in machine.commands]
    assert words.count("systemctl reboot") == 1
    assert words.index("systemctl reboot") < words.index(
        "systemctl start --no-block haochaping.target"
    )


# --- name, account, clock ---------------------------------------------------------------------


def test_the_device_has_its_name(machine):
    machine.run_first_boot()
    assert text(machine, "etc/hostname") == f"{NAME}\n"
    assert text(machine, "etc/hosts") == f"127.0.0.1\tlocalhost\n127.0.1.1\t{NAME}\n"
    assert ran(machine, f"hostname {NAME}")


def test_a_keyboards_three_keys_restart_nothing(machine):
    (machine.root / "usr/lib/systemd/system/ctrl-alt-del.target").symlink_to("reboot.target")
    (machine.root / "usr/lib/systemd/system/reboot.target").write_text("[Unit]\n")
    machine.run_first_boot()
    mask = machine.root / "etc/systemd/system/ctrl-alt-del.target"
    assert str(mask.readlink()) == "/dev/null"


def test_technicians_log_in_by_key_and_never_by_password(machine):
    machine.run_first_boot()
    keys = machine.root / "home/technician/.ssh/authorized_keys"
    assert keys.read_text().splitlines()[1:] == [KEY]
    assert keys.stat().st_mode & 0o777 == 0o600
    rules = machine.root / "etc/sudoers.d/haochaping-technician"
    assert rules.stat().st_mode & 0o777 == 0o440
    assert "PasswordAuthentication no" in text(machine, "etc/ssh/sshd_config.d/10-haochaping.conf")
    assert ran(machine, "systemctl enable ssh.service")


def test_a_technician_whom_the_card_no_longer_names_is_let_in_no_longer(machine):
    machine.run_first_boot()
    rewrite(machine, technician={"name": "wang", "ssh_keys": [KEY]})
    machine.run_first_boot()
    assert (machine.root / "home/technician/.ssh/authorized_keys").exists()
    rules = text(machine, "etc/ssh/sshd_config.d/10-haochaping.conf")
    assert [line for line in rules.splitlines() if "AllowUsers" in line] == ["AllowUsers wang"]
    assert text(machine, "etc/sudoers.d/haochaping-technician").startswith("wang ")


@pytest.mark.parametrize("name", ["root", "haochaping-agent"])
def test_no_account_of_a_service_is_given_to_technicians(machine, name):
    machine.run_first_boot()
    (machine.root / "etc/passwd").write_text(
        "root:x:0:0::/root:/bin/sh\nhaochaping-agent:x:990:990::/run:/bin/false\n"
    )
    rewrite(machine, technician={"name": name, "ssh_keys": [KEY]})
    with pytest.raises(SetupFailed, match=f"no account {name} that technicians could use"):
        machine.try_once()
    assert f"{name} " not in text(machine, "etc/sudoers.d/haochaping-technician")


def test_a_card_without_keys_shuts_the_account(machine):
    machine.run_first_boot()
    rewrite(machine, keys=())
    machine.run_first_boot()
    assert not (machine.root / "home/technician/.ssh/authorized_keys").exists()
    assert not (machine.root / "etc/sudoers.d/haochaping-technician").exists()
    assert ran(machine, "systemctl disable --now ssh.service")


@pytest.mark.parametrize("years", [-30, -2, 2])
def test_the_clock_is_set_forward_to_the_cards_day_and_never_back(machine, years):
    machine.clock_s = was = ISSUED_S + years * 365.25 * 86400
    machine.run_first_boot()
    assert machine.clock_s == max(was, ISSUED_S)
    floor = machine.root / "usr/lib/clock-epoch"
    assert floor.stat().st_mtime >= ISSUED_S


def test_a_floor_of_the_clock_that_is_later_than_the_card_stays(machine):
    floor = machine.root / "usr/lib/clock-epoch"
    machine.run_first_boot()
    os.utime(floor, (ISSUED_S + 99, ISSUED_S + 99))
    rewrite(machine, version="0.3.0")
    machine.run_first_boot()
    assert floor.stat().st_mtime == ISSUED_S + 99


def test_an_unknown_time_zone_is_said(machine):
    rewrite(machine, timezone="Asia/Nowhere")
    with pytest.raises(SetupFailed, match="does not know the time zone Asia/Nowhere"):
        machine.try_once()


def test_time_servers_go_with_the_card_that_named_them(machine):
    machine.run_first_boot()
    assert text(machine, "etc/systemd/timesyncd.conf.d/50-haochaping.conf") == (
        "[Time]\nNTP=10.1.0.1\n"
    )
    rewrite(machine, ntp=[])
    machine.run_first_boot()
    assert not (machine.root / "etc/systemd/timesyncd.conf.d/50-haochaping.conf").exists()


# --- network ----------------------------------------------------------------------------------


def test_the_networks_keyfile_is_roots_alone(machine):
    machine.run_first_boot()
    folder = machine.root / "etc/NetworkManager/system-connections"
    (keyfile,) = folder.iterdir()
    assert keyfile.stat().st_mode & 0o777 == 0o600
    assert WIFI_SECRET in keyfile.read_text()
    assert ran(machine, "rfkill unblock wifi")


def test_without_a_cable_setting_up_goes_on(machine):
    machine.failing["nmcli --wait"] = "no carrier"
    machine.run_first_boot()
    assert any("not up yet" in line for line in machine.said)


def test_a_wireless_file_of_the_old_kind_is_not_used_and_that_is_said(machine):
    (machine.root / "boot/firmware/wpa_supplicant.conf").write_text("network={}\n")
    machine.run_first_boot()
    assert any("wpa_supplicant.conf" in line for line in machine.said)


def test_an_image_without_network_manager_gets_plain_ethernet(make_machine):
    machine = make_machine(wifi=False)
    (machine.root / "usr/lib/systemd/system/NetworkManager.service").unlink()
    machine.run_first_boot()
    assert text(machine, "etc/systemd/network/10-haochaping.network") == (
        "[Match]\nType=ether\n\n[Network]\nAddress=10.1.2.3/24\nGateway=10.1.2.1\nDNS=10.1.0.53\n"
    )


def test_wireless_without_network_manager_is_said_and_no_password_with_it(machine):
    (machine.root / "usr/lib/systemd/system/NetworkManager.service").unlink()
    with pytest.raises(SetupFailed, match="Wi-Fi needs an image with NetworkManager") as caught:
        machine.try_once()
    assert WIFI_SECRET not in str(caught.value)


def test_a_keyfile_that_the_card_does_not_name_is_not_used(machine):
    unname(machine.places.card, "network.nmconnection")
    machine.run_first_boot()
    assert not (machine.root / "etc/NetworkManager/system-connections").exists()
    assert WIFI_SECRET in (machine.places.card / "network.nmconnection").read_text()
    assert not ran(machine, "nmcli") and not ran(machine, "rfkill")


def test_a_damaged_keyfile_is_refused_without_quoting_it(machine):
    rewrite(machine, keyfile=f"psk={WIFI_SECRET}\n")
    with pytest.raises(SetupStopped) as caught:
        machine.try_once()
    assert caught.value.state == "BAD_PROFILE"
    assert WIFI_SECRET not in str(caught.getrepr(chain=True))


# --- software ---------------------------------------------------------------------------------


def test_the_release_is_installed_and_known_to_the_system(machine):
    machine.run_first_boot()
    assert (machine.root / "var/lib/haochaping/current/bin/haochaping").exists()
    assert text(machine, "etc/systemd/system/haochaping.target") == "# 0.2.0\n"
    wants = machine.root / "etc/systemd/system/multi-user.target.wants/haochaping.target"
    assert wants.is_symlink()


def damage(machine, change) -> None:
    """Change the release, and let the card say that this is how it should be."""
    card = machine.places.card
    (release,) = card.glob("*.release")
    content = change(release.read_bytes())
    release.write_bytes(content)
    said = json.loads((card / "card.json").read_text())
    said["files"][release.name] = sha256(content).hexdigest()
    (card / "card.json").write_text(json.dumps(said))


@pytest.mark.parametrize(
    "change",
    [
        lambda content: content.replace(b'"version": "0.2.0"', b'"version": "0.9.0"'),
        lambda content: content[: content.index(b"\x1f\x8b") + 40],
        lambda _content: b"",
        lambda content: content.replace(b"\x1f\x8b", b"\x1f\x8c"),
    ],
    ids=["another manifest", "cut off", "empty", "another tree"],
)
def test_a_release_that_is_not_genuine_is_not_installed(machine, change):
    damage(machine, change)
    with pytest.raises(SetupStopped) as caught:
        machine.try_once()
    assert caught.value.state == "BAD_RELEASE"
    assert not (machine.root / "var/lib/haochaping/current").exists()


def test_a_release_for_another_board_is_refused_by_name(machine):
    rewrite(machine, platform="cp313-linux-armv7l")
    with pytest.raises(SetupStopped, match="armv7l") as caught:
        machine.try_once()
    assert caught.value.state == "BAD_RELEASE"


def test_a_release_by_another_maker_is_refused(machine):
    card = machine.places.card
    (card / "release.pem").write_bytes(release_key.generate()[1])
    said = json.loads((card / "card.json").read_text())
    said["files"]["release.pem"] = sha256((card / "release.pem").read_bytes()).hexdigest()
    (card / "card.json").write_text(json.dumps(said))
    with pytest.raises(SetupStopped, match="not signed by the maker"):
        machine.try_once()


def test_a_card_written_anew_brings_its_release_and_settings_and_keeps_the_identity(machine):
    machine.run_first_boot()
    own = text(machine, "etc/machine-id"), text(machine, "etc/ssh/ssh_host_ed25519_key")
    machine.commands.clear()
    rewrite(machine, version="0.3.0", token="", name="rating-w13")
    machine.run_first_boot()
    assert text(machine, "etc/systemd/system/haochaping.target") == "# 0.3.0\n"
    assert text(machine, "etc/hostname") == "rating-w13\n"
    assert own == (text(machine, "etc/machine-id"), text(machine, "etc/ssh/ssh_host_ed25519_key"))
    # The root, read-only by now, was writable for that and is not any more.
    assert ran(machine, "mount -o remount,rw /")
    assert machine.is_read_only("/etc/hostname")
    stopped = [words for words in machine.commands if words[:2] == ("systemctl", "stop")]
    assert stopped and ran(machine, "systemctl start --no-block haochaping.target")
    assert not ran(machine, "mkfs") and not ran(machine, "ssh-keygen")


def test_a_newer_release_that_came_by_an_update_stays(machine):
    machine.run_first_boot()
    rewrite(machine, version="0.3.0", token="")
    machine.run_first_boot()
    rewrite(machine, version="0.2.0", token="")
    machine.run_first_boot()
    assert text(machine, "etc/systemd/system/haochaping.target") == "# 0.3.0\n"


def test_a_makers_key_that_the_card_does_not_name_vouches_for_no_release(machine):
    unname(machine.places.card, "release.pem")
    with pytest.raises(SetupStopped, match=r"names no release\.pem") as caught:
        machine.try_once()
    assert caught.value.state == "BAD_RELEASE"
    assert not (machine.root / "var/lib/haochaping/current").exists()


def test_a_card_without_a_release_needs_an_image_that_has_one(machine):
    rewrite(machine, release="")
    with pytest.raises(SetupStopped, match="brings no release") as caught:
        machine.try_once()
    assert caught.value.state == "BAD_RELEASE"


def test_an_image_that_cannot_draw_is_said_before_anything_is_installed(machine):
    (machine.root / "usr/lib/aarch64-linux-gnu/libgbm.so.1").unlink()
    with pytest.raises(SetupStopped, match=r"libgbm\.so\.1 not found") as caught:
        machine.try_once()
    assert caught.value.state == "NO_GRAPHICS"


GBM = "usr/lib/aarch64-linux-gnu/libgbm.so.1"


def with_packages(machine, *names: str) -> None:
    """Have the card bring these files, and the image lack what draws."""
    (machine.root / GBM).unlink()
    (machine.places.card / "debs").mkdir(exist_ok=True)
    for name in names:
        (machine.places.card / "debs" / name).write_bytes(name.encode())
    said = json.loads((machine.places.card / "card.json").read_text())
    said["files"] |= {f"debs/{name}": sha256(name.encode()).hexdigest() for name in names}
    (machine.places.card / "card.json").write_text(json.dumps(said))


def test_an_image_that_cannot_draw_gets_the_cards_packages_and_no_others(machine):
    with_packages(machine, "libgbm1_25_arm64.deb", "libdrm2_2.4_arm64.deb")
    (machine.places.card / "debs/from-nobody.deb").write_bytes(b"!<arch>")
    machine.installs = {GBM: "by dpkg"}
    machine.run_first_boot()
    [words] = [words for words in machine.commands if words[0] == "dpkg"]
    debs = machine.places.card / "debs"
    assert words[1:] == (
        *("--install", "--refuse-downgrade"),
        *(str(debs / name) for name in ("libdrm2_2.4_arm64.deb", "libgbm1_25_arm64.deb")),
    )
    assert text(machine, GBM) == "by dpkg"


def test_packages_that_do_not_bring_what_is_missing_are_said(machine):
    with_packages(machine, "libdrm2_2.4_arm64.deb")
    with pytest.raises(SetupStopped, match=r"libgbm\.so\.1 not found") as caught:
        machine.try_once()
    assert caught.value.state == "NO_GRAPHICS"
    assert ran(machine, "dpkg --install")


def test_packages_that_cannot_be_installed_are_tried_again(machine):
    with_packages(machine, "libgbm1_25_arm64.deb")
    machine.failing["dpkg"] = "dependency problems"
    with pytest.raises(SetupFailed, match="dependency problems"):
        machine.try_once()
    machine.failing.clear()
    machine.installs = {GBM: ""}
    machine.run_first_boot()
    assert text(machine, "etc/hostname") == f"{NAME}\n"


def test_a_package_that_was_changed_on_the_card_is_not_installed(machine):
    with_packages(machine, "libgbm1_25_arm64.deb")
    (machine.places.card / "debs/libgbm1_25_arm64.deb").write_bytes(b"other")
    with pytest.raises(SetupStopped, match="libgbm1") as caught:
        machine.try_once()
    assert caught.value.state == "BAD_PROFILE"
    assert not ran(machine, "dpkg")


def test_an_image_that_can_draw_is_left_as_it_is(machine):
    with_packages(machine, "libgbm1_25_arm64.deb")
    (machine.root / GBM).touch()
    machine.run_first_boot()
    assert not ran(machine, "dpkg")


@pytest.mark.parametrize("name", ["ca.pem", "release.pem", "setup_states.toml"])
def test_a_setting_that_the_card_does_not_name_is_not_taken_over(machine, name):
    machine.run_first_boot()
    rewrite(machine, token="", release="")
    if name == "ca.pem":
        (machine.places.card / name).write_text("of an earlier card")
    else:
        unname(machine.places.card, name)
    machine.run_first_boot()
    assert not (machine.places.settings / name).exists()
    assert (machine.places.card / name).exists()


def test_the_settings_of_the_card_before_go_with_it(machine):
    machine.run_first_boot()
    (machine.places.settings / "ca.pem").write_text("of an earlier card")
    rewrite(machine, token="", technician={"name": "wang", "ssh_keys": [KEY]})
    machine.run_first_boot()
    assert not (machine.places.settings / "ca.pem").exists()


def test_the_profile_is_readable_by_the_two_processes_and_nobody_else(machine):
    machine.run_first_boot()
    profile = machine.root / "etc/haochaping/device.toml"
    assert profile.stat().st_mode & 0o777 == 0o640
    (line,) = (x for x in text(machine, "etc/group").splitlines() if x.startswith("haochaping:"))
    assert profile.stat().st_gid == int(line.split(":")[2])


# --- the read-only root, and the end ----------------------------------------------------------


def test_the_root_is_read_only_in_the_end_and_what_must_be_written_can_be(machine):
    machine.run_first_boot()
    assert machine.is_read_only("/etc/fstab")
    assert machine.is_read_only("/boot/firmware/haochaping/card.json")
    for place in ("/var/lib/haochaping/device", "/var/log/x", "/var/lib/systemd/x", "/var/tmp/x"):  # noqa: S108
        assert not machine.is_read_only(place)
    secret = machine.root / "var/lib/haochaping/system/NetworkManager/secret_key"
    assert secret.read_text() == "k"
    assert str((machine.root / "etc/resolv.conf").readlink()) == "/run/NetworkManager/resolv.conf"


def test_a_card_without_a_data_partition_leaves_the_root_as_it_is(machine):
    rewrite(machine, data="root")
    machine.run_first_boot()
    assert not machine.is_read_only("/etc/fstab")
    assert not ran(machine, "sfdisk")
    assert text(machine, "var/lib/haochaping/device/identity.json")


def test_an_overlay_root_is_refused_before_anything_is_done(machine):
    mounts = machine.root / "proc/self/mounts"
    mounts.write_text(mounts.read_text().replace("/ ext4", "/ overlay"))
    before = all_files(machine.root)
    with pytest.raises(SetupFailed, match="raspi-config"):
        machine.try_once()
    after = all_files(machine.root)
    assert {name for name in after if after[name] != before.get(name)} == {
        "boot/firmware/haochaping/STATE.txt"
    }


def test_the_token_leaves_the_card_once_the_device_is_enrolled(machine):
    machine.run_first_boot()
    assert not machine.places.card.joinpath("token").exists()
    assert TOKEN not in str(all_files(machine.root))


def test_a_token_that_central_did_not_take_stays_for_the_next_boot(machine):
    machine.run_first_boot()
    rewrite(machine, token="ANOTHER-TOKEN")
    machine.run_first_boot()
    assert (machine.places.card / "token").read_text() == "ANOTHER-TOKEN"
    assert any("central has not taken it" in line for line in machine.said)


def test_a_token_that_central_took_at_a_later_boot_leaves_the_card_at_the_boot_after(machine):
    machine.run_first_boot()
    rewrite(machine, token="ANOTHER-TOKEN")
    machine.run_first_boot()
    machine.taken = "ANOTHER-TOKEN"
    machine.run("systemctl", "start", "haochaping-enrol.service")  # first boot is not there
    machine.places.state_file.write_text("45  STEP_FAILED")
    machine.boot()
    machine.run_first_boot()
    assert not (machine.places.card / "token").exists()
    assert machine.places.state_file.read_text("utf-8-sig").startswith("00  READY")
    assert machine.is_read_only("/boot/firmware/haochaping/token")


def test_a_card_written_anew_without_a_token_says_in_the_end_what_enrolment_says(machine):
    machine.run_first_boot()
    rewrite(machine, token="", version="0.3.0")
    machine.run_first_boot()
    assert machine.places.state_file.read_text("utf-8-sig").startswith("00  READY")


def test_an_enrolment_that_ends_without_an_identity_is_not_believed(machine, monkeypatch):
    systemctl = machine._systemctl
    monkeypatch.setattr(
        machine,
        "_systemctl",
        lambda words, given: "" if words[1] == "start" else systemctl(words, given),
    )
    with pytest.raises(Rebooting):
        machine.try_once()
    with pytest.raises(SetupFailed, match="ended without an identity"):
        machine.try_once()
    assert machine.places.card.joinpath("token").exists()


def test_no_secret_is_shown_logged_or_an_argument(machine):
    machine.run_first_boot()
    machine.boot()
    machine.failing["systemctl daemon-reload"] = "no"
    with pytest.raises(TimeoutError):
        machine.run_first_boot()
    everywhere = "\n".join(
        [
            *machine.said,
            *(" ".join(words) for words in machine.commands),
            text(machine, "boot/firmware/haochaping/STATE.txt"),
            (machine.root / "dev/tty1").read_text(),
            str(read_state(machine.places.setup)),
        ]
    )
    assert "STEP_FAILED" in everywhere
    assert WIFI_SECRET not in everywhere and TOKEN not in everywhere
    assert WIRED not in everywhere
