"""A folder that looks like a device in the field to whoever reads files; all is well with it."""

import json
import os
import shutil
import time
from pathlib import Path

from device.checks.finding import Finding
from device.checks.patient import Patient
from device.checks.table import CHECKS, run
from device.store.deployed import Deployed
from device.store.home import Home
from device.store.profile import load
from protocol.releases import Manifest

NAME = "bh-012"
ROOT = os.geteuid() == 0
KIOSK_UID, AGENT_UID = (4711, 4712) if ROOT else (os.getuid(), os.getuid())
"""Without root nobody can give files away: then all of them are ours."""
SERIAL = "10000000abcdef01"
RELEASE = "0.1.0-1a2b3c4d"
MOUNTS = """\
22 1 179:2 / / {root} - ext4 /dev/mmcblk0p2 {root}
23 22 0:6 / /dev rw - devtmpfs udev rw
24 22 179:3 / /var/lib/haochaping rw,noatime - ext4 /dev/mmcblk0p3 rw
25 22 0:22 / /run rw - tmpfs tmpfs rw
"""
TOUCH = """\
I: Bus=0003 Vendor=27c6 Product=0113 Version=0111
N: Name="Goodix Touch"
H: Handlers=mouse0 event0
B: PROP=2
B: EV=b
B: KEY=400 0 0 0 0 0
B: ABS=260800000000003

I: Bus=0003 Vendor=046d Product=c31c Version=0110
N: Name="Logitech USB Keyboard"
H: Handlers=sysrq kbd leds event1
B: PROP=0
B: EV=120013
"""
TRIE = """\
Main:
  +-- 0.0.0.0/0 3 0 5
     |-- 0.0.0.0
        /0 universe UNICAST
     +-- 192.168.1.0/24 2 0 2
        |-- 192.168.1.12
           /32 host LOCAL
     |-- 127.0.0.1
        /32 host LOCAL
"""
ROUTE = """\
Iface Destination Gateway Flags RefCnt Use Metric Mask MTU Window IRTT
eth0 00000000 0101A8C0 0003 0 0 100 00000000 0 0 0
eth0 0001A8C0 00000000 0001 0 0 100 00FFFFFF 0 0 0
"""
PROFILE = """\
data_dir = "{data}"
[central]
url = "https://pj.example.gov.cn"
[buttons]
pins = [5, 6, 13, 19, 26]
"""
UNIT = "[Service]\nUser=haochaping-kiosk\nSupplementaryGroups=video input gpio\n"
FILES = {
    "proc/self/mountinfo": MOUNTS.format(root="ro"),
    "proc/bus/input/devices": TOUCH,
    "proc/asound/pcm": "00-00: bcm2835 Headphones : : playback 8\n",
    "proc/meminfo": "MemTotal: 1000000 kB\nMemFree: 1 kB\nMemAvailable: 600000 kB\n",
    "proc/vmstat": "nr_free_pages 1\noom_kill 0\n",
    "proc/uptime": "90000.10 1.00\n",
    "proc/loadavg": "0.10 0.10 0.20 1/100 99\n",
    "proc/net/fib_trie": TRIE,
    "proc/net/route": ROUTE,
    "proc/net/if_inet6": "fe800000000000000000000000000001 02 40 20 80 eth0\n",
    "proc/sys/kernel/sysrq": "0\n",
    "proc/sys/kernel/hostname": f"{NAME}\n",
    "sys/class/thermal/thermal_zone0/temp": "52100\n",
    "sys/class/hwmon/hwmon0/name": "rpi_volt\n",
    "sys/class/hwmon/hwmon0/in0_lcrit_alarm": "0\n",
    "sys/devices/platform/soc/soc:firmware/get_throttled": "0\n",
    "sys/class/watchdog/watchdog0/state": "active\n",
    "sys/class/drm/card1/dev": "226:1\n",
    "sys/class/drm/card1-HDMI-A-1/status": "connected\n",
    "sys/class/drm/card1-HDMI-A-2/status": "disconnected\n",
    "sys/module/kernel/parameters/consoleblank": "0\n",
    "sys/fs/ext4/mmcblk0p2/errors_count": "0\n",
    "sys/fs/ext4/mmcblk0p3/errors_count": "0\n",
    "sys/block/mmcblk0/device/life_time": "0x02 0x01\n",
    "sys/class/net/lo/operstate": "unknown\n",
    "sys/class/net/eth0/operstate": "up\n",
    "sys/firmware/devicetree/base/serial-number": f"{SERIAL}\0",
    "run/systemd/timesync/synchronized": "",
    "usr/lib/aarch64-linux-gnu/libEGL.so.1": "",
    "usr/lib/aarch64-linux-gnu/libGLESv2.so.2": "",
    "usr/lib/aarch64-linux-gnu/libgbm.so.1": "",
    "usr/lib/aarch64-linux-gnu/dri/vc4_dri.so": "",
    "etc/machine-id": "0123456789abcdef0123456789abcdef\n",
    "etc/haochaping/board": f"{SERIAL}\n",
    "etc/resolv.conf": "nameserver 192.168.1.1\n",
    "etc/systemd/timesyncd.conf.d/haochaping.conf": "[Time]\nNTP=192.168.1.1\n",
    "etc/systemd/journald.conf.d/haochaping.conf": "[Journal]\nSystemMaxUse=64M\n",
    "etc/systemd/system/haochaping-kiosk.service": UNIT,
    "etc/passwd": "root:x:0:0::/root:/bin/sh\n"
    f"haochaping-kiosk:x:{KIOSK_UID}:4711::/:/x\nhaochaping-agent:x:{AGENT_UID}:4711::/:/x\n",
    "etc/group": "haochaping:x:4711:\nvideo:x:4744:\ninput:x:4745:\ngpio:x:4746:\n",
}
SECRET_FILES = {
    "etc/ssh/ssh_host_ed25519_key": "key",
    "etc/NetworkManager/system-connections/hall.nmconnection": "[connection]\n",
}
NODES = {
    "dev/dri/card1": 4744,
    "dev/input/event0": 4745,
    "dev/input/event1": 4745,
    "dev/gpiochip0": 4746,
}


def put(root: Path, name: str, text: str, mode: int = 0o644) -> Path:
    file = root / name
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(text, encoding="utf-8")
    file.chmod(mode)
    return file


def give(file: Path, uid: int, gid: int) -> None:
    if ROOT:
        os.chown(file, uid, gid)


def card(**changes: object) -> dict[str, object]:
    return {
        "format": 1,
        "name": NAME,
        "hall": "BH",
        "window": "BH-012",
        "central": "https://pj.example.gov.cn",
        "issued_ms": 1_700_000_000_000,
        "ntp": ["192.168.1.1"],
        "data": "partition",
        "release": f"haochaping-{RELEASE}.release",
        "technician": {"name": "Zhao Tiezhu", "ssh_keys": []},
    } | changes


def lay_out(root: Path, home: Home) -> Patient:
    """Make ``root`` a device in good order that has the records of ``home``."""
    deployed = Deployed(root)
    for name, text in FILES.items():
        put(root, name, text)
    for name, text in SECRET_FILES.items():
        put(root, name, text, 0o600)
    for name, group in NODES.items():
        give(put(root, name, "", 0o660), 0, group)
    for folder in (deployed.settings, deployed.card):
        put(folder, "card.json", json.dumps(card()))
    (deployed.units / "getty@tty1.service").symlink_to("/dev/null")
    shutil.copytree(home.root, deployed.data)
    mine = Home(deployed.data)
    give(mine.record_key, KIOSK_UID, 4711)
    give(mine.transport_key, AGENT_UID, 4711)
    mine.reserve.write_bytes(bytes(4 * 1024 * 1024))
    release(deployed)
    put(deployed.settings, "device.toml", PROFILE.format(data=deployed.data))
    return again(deployed)


def release(deployed: Deployed, name: str = RELEASE) -> None:
    """Have a whole release in use."""
    version = name.split("-")[0]
    manifest = Manifest(version, "cp313-linux-aarch64", "0" * 64, 1, 1, 1)
    folder = deployed.releases / name
    put(folder, "bin/haochaping", "#!/bin/sh\n", 0o755)
    (folder / "manifest.json").write_bytes(manifest.encoded())
    deployed.current.symlink_to(Path("releases") / name)


def finding(patient: Patient, code: str) -> Finding:
    """What one check finds."""
    return run(next(check for check in CHECKS if check.code == code), patient)


def again(deployed: Deployed) -> Patient:
    """Look at the same device afresh."""
    profile = load(deployed.profile)
    return Patient(deployed, profile, Home(profile.data_dir))


def hours_ago(hours: float) -> int:
    return int((time.time() - hours * 3600) * 1000)
