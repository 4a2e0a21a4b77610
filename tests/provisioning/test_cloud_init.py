"""What cloud-init reads from the boot partition, as YAML has it."""

import pytest
import yaml

from provisioning.cloud_init import instance_id, meta_data, network_config, user_data


@pytest.mark.parametrize("name", ["w12", "123", "1e3", "no", "null"])
def test_a_host_name_is_text_whatever_yaml_would_make_of_it(name: str):
    told = user_data(name, own_partition=True)
    assert yaml.safe_load(told)["hostname"] == name
    assert yaml.safe_load(meta_data(name, "AAAA", told))["local-hostname"] == name


def test_every_boot_begins_with_our_script_and_nobody_is_asked_for_a_name():
    told = user_data("w12", own_partition=True)
    assert told.startswith("#cloud-config\n")
    commands = yaml.safe_load(told)["bootcmd"]
    assert commands[-1] == ["sh", "/boot/firmware/haochaping/start.sh"]
    assert commands[0][-2:] == ["mask", "userconfig.service"]


def test_cloud_init_makes_no_users_and_opens_no_door():
    told = yaml.safe_load(user_data("w12", own_partition=True))
    assert told["users"] == []
    assert told["ssh_pwauth"] is False
    assert told["disable_root"] is True
    assert set(told) <= {
        "hostname",
        "users",
        "disable_root",
        "ssh_pwauth",
        "ssh_deletekeys",
        "growpart",
        "resize_rootfs",
        "bootcmd",
    }


def test_the_root_grows_only_where_no_data_partition_follows_it():
    held = yaml.safe_load(user_data("w12", own_partition=True))
    assert held["growpart"] == {"mode": "off"}
    assert held["resize_rootfs"] is False
    free = yaml.safe_load(user_data("w12", own_partition=False))
    assert "growpart" not in free and "resize_rootfs" not in free


def test_another_card_is_another_instance_and_the_same_one_is_not():
    told = user_data("w12", own_partition=True)
    assert instance_id("w12", "AAAA", told) == instance_id("w12", "AAAA", told)
    others = {instance_id("w12", "AAAB", told), instance_id("w12", "AAAA", told + "#")}
    assert instance_id("w12", "AAAA", told) not in others
    seen = yaml.safe_load(meta_data("w12", "AAAA", told))
    assert seen["instance-id"] == instance_id("w12", "AAAA", told)
    assert seen["dsmode"] == "local"


def test_the_network_is_left_to_our_keyfile():
    assert yaml.safe_load(network_config()) == {"config": "disabled"}
