"""What cloud-init finds on the boot partition (its NoCloud source): as little as will do.

Everything that makes a device is done by first boot, which also runs where there is no
cloud-init. So cloud-init is told to start that, and to keep its hands off: no users, no
keys, no network, no growing of the root where a data partition is to follow it.
Raspberry Pi OS reads these three files from its boot partition since Debian 13.
Source: https://docs.cloud-init.io, "NoCloud" and the module reference.
"""

import hashlib
from typing import Final

SEED: Final = ("user-data", "meta-data", "network-config")
_START: Final = "/boot/firmware/haochaping/start.sh"


def user_data(name: str, *, own_partition: bool) -> str:
    """Return ``user-data`` of the device ``name``.

    ``own_partition``: what is free behind the root is for the data partition.
    """
    growing = 'growpart:\n  mode: "off"\nresize_rootfs: false\n' if own_partition else ""
    return f"""\
#cloud-config
# Written by `haochaping provision cards`; how the device is set up is in haochaping/.
hostname: "{name}"
users: []
disable_root: true
ssh_pwauth: false
ssh_deletekeys: false
{growing}bootcmd:
  # Raspberry Pi OS would ask for a user's name, and hold up the boot until it is told one.
  - [systemctl, --no-block, --now, mask, userconfig.service]
  - [sh, {_START}]
"""


def meta_data(name: str, fingerprint: str, user_data: str) -> str:
    """Return ``meta-data``; other content is another instance, so cloud-init looks at it anew."""
    return (
        f'instance-id: "{instance_id(name, fingerprint, user_data)}"\n'
        f'local-hostname: "{name}"\n'
        "dsmode: local\n"
    )


def network_config() -> str:
    """Return ``network-config``: the network is NetworkManager's, by our keyfile."""
    return "config: disabled\n"


def instance_id(name: str, fingerprint: str, user_data: str) -> str:
    """Return the instance's id: by the name, and by whatever must be looked at anew."""
    told = hashlib.sha256(f"{fingerprint}\n{user_data}".encode()).hexdigest()
    return f"haochaping-{name}-{told[:8]}"
