"""A machine without hardware for first boot: real files below a root, a disk, a plug to pull.

Only the edge is played (`provisioning.first_boot.tools.Tools`): what the system's programs
would do to the files is done to the files. The power can be cut at any change of any file
and at any program, and nothing at all happens after that until it is back; what is mounted
read-only cannot be written.
"""

import errno
import gzip
import hashlib
import json
import os
import shutil
import subprocess
import sys
import tarfile
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from functools import lru_cache
from io import BytesIO
from pathlib import Path

from device.store.deployed import Deployed
from device.store.setup import SetupState, write_state
from protocol import release_key, releases
from protocol.releases import Manifest, this_platform
from provisioning.first_boot.errors import CommandFailed
from provisioning.first_boot.runner import Runner
from provisioning.first_boot.tools import Tools

NAME = "rating-w12"
ISSUED_S = 1_790_000_000
SECTOR = 512
KEY = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIJ1 wang@hall"
WIFI_SECRET = "ganz-geheim-9"
TOKEN = "T0KEN-NOBODY-MAY-READ"
KEYFILE = f"""[connection]
id=haochaping-wifi
type=wifi
[wifi]
ssid=Hall
[wifi-security]
key-mgmt=wpa-psk
psk={WIFI_SECRET}
[ipv4]
method=auto
"""
WIRED = """[connection]
id=haochaping-ethernet
type=ethernet
[ipv4]
method=manual
address1=10.1.2.3/24,10.1.2.1
dns=10.1.0.53;
"""
FSTAB = (
    "proc\t/proc\tproc\tdefaults\t0\t0\n"
    "PARTUUID=1-01\t/boot/firmware\tvfat\tdefaults\t0\t2\n"
    "PARTUUID=1-02\t/\text4\tdefaults,noatime\t0\t1\n"
)
_UNITS = (
    *("ssh.service", "NetworkManager.service", "systemd-timesyncd.service"),
    *("systemd-networkd.service", "userconfig.service", "apt-daily.timer"),
)
_ROOT_ASSETS = Path(__file__).parents[3] / "ui_assets"
_WRITING = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC
_CHANGES = {
    "os.rename": (0, 1),
    "os.remove": (0,),
    "os.mkdir": (0,),
    "os.rmdir": (0,),
    "os.symlink": (1,),
    "os.chmod": (0,),
    "os.chown": (0,),
    "os.utime": (0,),
}
"""Events of the interpreter that change a file, and which of their arguments name it."""


class PowerCut(BaseException):
    """The power has gone: nobody may catch it, and nobody does anything more."""


class Plug:
    """Counts every change that is made to the machine, and pulls the plug at one of them."""

    def __init__(self) -> None:
        self.machine: Machine | None = None
        self.changes = 0
        self.cut_at: int | None = None
        self._quiet = 0
        sys.addaudithook(self._hear)

    def change(self) -> None:
        self.changes += 1
        if self.cut_at is not None and self.changes >= self.cut_at:
            raise PowerCut

    @contextmanager
    def aside(self) -> Iterator[None]:
        """What is done meanwhile is not the machine's doing."""
        self._quiet += 1
        try:
            yield
        finally:
            self._quiet -= 1

    def _hear(self, event: str, arguments: tuple[object, ...]) -> None:
        machine = self.machine
        if machine is None or self._quiet:
            return
        if event == "open":
            path, _mode, flags = arguments
            changed = [path] if isinstance(flags, int) and flags & _WRITING else []
        else:
            changed = [arguments[number] for number in _CHANGES.get(event, ())]
        ours = [
            str(path)[len(str(machine.root)) :]
            for path in changed
            if isinstance(path, str | Path) and str(path).startswith(f"{machine.root}/")
        ]
        if not ours:
            return
        with self.aside():
            self.change()
            for place in ours:
                if machine.is_read_only(place):
                    raise OSError(errno.EROFS, "Read-only file system", place)
            if event == "os.rename" and machine.watch_order:
                machine.check_order(Path(str(arguments[0])))


PLUG = Plug()


class Machine(Tools):
    """A board with its card in it."""

    def __init__(self, root: Path, *, serial: str = "10000000abcdef01", wifi: bool = True) -> None:
        self.root = root
        self.places = Deployed(root)
        self.clock_s = float(ISSUED_S + 3600)
        self.boots = 0
        self.commands: list[tuple[str, ...]] = []
        self.said: list[str] = []
        self.naps: list[float] = []
        self.failing: dict[str, str] = {}
        """Programs that fail, by their first words, and with what."""
        self.taken = TOKEN
        """The token that central takes."""
        self.installs: dict[str, str] = {}
        """What the card's packages put where."""
        self.watch_order = False
        self.on_disk: set[tuple[int, int]] = set()
        self.disk = root.parent / f"{root.name}.disk"
        _make_image(root, serial)
        self.save_disk(
            {
                "size": 16 << 30,
                "partitions": [
                    {"node": "/dev/mmcblk0p1", "start": 8192, "size": 1048576, "type": "c"},
                    {"node": "/dev/mmcblk0p2", "start": 1056768, "size": 4194304, "type": "83"},
                ],
                "lies": {"/dev/mmcblk0p2": {"TYPE": "ext4", "LABEL": "rootfs", "UUID": "r"}},
            }
        )
        write_card(self.places.card, KEYFILE if wifi else WIRED)
        self.boot()

    # --- power --------------------------------------------------------------------------------

    def boot(self) -> None:
        """Start the machine: what lay in memory is gone, the table of file systems holds."""
        with PLUG.aside():
            self.boots += 1
            shutil.rmtree(self.root / "run", ignore_errors=True)
            (self.root / "run").mkdir()
            lines = []
            for line in (self.root / "etc/fstab").read_text().splitlines():
                source, place, kind, options, *_ = line.split()
                mode = "ro" if "ro" in options.split(",") else "rw"
                lines.append(f"{source} {place} {kind} {mode},relatime 0 0")
            (self.root / "proc/self/mounts").write_text("\n".join([*lines, ""]))

    def run_first_boot(self, cut_at: int | None = None) -> None:
        """Have first boot run until it is done, through every restart it wants."""
        for _ in range(5):
            PLUG.machine, PLUG.cut_at, PLUG.changes = self, cut_at, 0
            before = self.boots
            try:
                Runner(self.places, self, self.said.append).run()
            finally:
                PLUG.machine = None
            if self.boots == before:
                return
            cut_at = None if cut_at is None else cut_at - PLUG.changes
        raise AssertionError("it restarts for ever")

    def try_once(self) -> None:
        """Take the steps up to the first that fails, and let its error out."""
        PLUG.machine, PLUG.cut_at, PLUG.changes = self, None, 0
        try:
            Runner(self.places, self, self.said.append).once()
        finally:
            PLUG.machine = None

    # --- what is mounted ----------------------------------------------------------------------

    def is_read_only(self, place: str) -> bool:
        mounted = {}
        for line in (self.root / "proc/self/mounts").read_text().splitlines():
            _source, where, _kind, options, *_ = line.split()
            mounted[where] = "ro" in options.split(",")
        mounted |= {"/run": False, "/proc": False, "/dev": False}
        for parent in (Path(place), *Path(place).parents):
            if str(parent) in mounted:
                return mounted[str(parent)]
        return False

    def check_order(self, source: Path) -> None:
        """What takes another file's place must be on disk before it does."""
        stat = source.lstat()
        # A release that is being unpacked is forced to disk as a whole (syncfs).
        later = source.is_relative_to(self.root / "run") or "/.new-" in str(source)
        if source.is_file() and not source.is_symlink() and not later:
            assert (stat.st_dev, stat.st_ino) in self.on_disk, f"{source} is not on disk yet"

    # --- the edge -----------------------------------------------------------------------------

    def now(self) -> float:
        return self.clock_s

    def set_clock(self, seconds: float) -> None:
        PLUG.change()
        self.clock_s = seconds

    def sleep(self, seconds: float) -> None:
        self.naps.append(seconds)
        if len(self.naps) > 4:
            raise TimeoutError("it waits for ever")

    def has(self, program: str) -> bool:
        return program not in self.failing

    def run(
        self,
        *words: str,
        given: str = "",
        right: Collection[int] = (0,),
        timeout_s: float | None = None,
    ) -> str:
        PLUG.change()
        self.commands.append(words)
        for start, why in self.failing.items():
            if " ".join(words).startswith(start):
                raise CommandFailed(f"{words[0]} failed: {why}")
        with PLUG.aside():
            told = getattr(self, f"_{words[0].replace('-', '_').replace('.', '_')}")(words, given)
        PLUG.change()
        return str(told or "")

    def read_disk(self) -> dict:
        return json.loads(self.disk.read_text())

    def save_disk(self, disk: dict) -> None:
        self.disk.write_text(json.dumps(disk))

    def _findmnt(self, _words, _given):
        return "/dev/mmcblk0p2\n"

    def _lsblk(self, _words, _given):
        return "mmcblk0\n"

    def _blockdev(self, _words, _given):
        return str(self.read_disk()["size"])

    def _sfdisk(self, words, given):
        disk = self.read_disk()
        if "--json" in words:
            return json.dumps({"partitiontable": {"label": "dos", **disk}})
        wanted = dict(part.split("=") for part in given.strip().split(", "))
        number = len(disk["partitions"]) + 1
        disk["partitions"].append(
            {
                "node": f"/dev/mmcblk0p{number}",
                "start": int(wanted["start"]),
                "size": int(wanted["size"]),
                "type": "83",
            }
        )
        self.save_disk(disk)
        return ""

    def _blkid(self, words, _given):
        lies = self.read_disk()["lies"].get(words[-1], {})
        return "".join(f"{name}={value}\n" for name, value in lies.items())

    def _mkfs_ext4(self, words, _given):
        disk = self.read_disk()
        disk["lies"][words[-1]] = {"TYPE": "ext4", "LABEL": words[-2], "UUID": "d47a"}
        self.save_disk(disk)

    def _mount(self, words, _given):
        mounts = self.root / "proc/self/mounts"
        lines = mounts.read_text().splitlines()
        if "remount" in words[2]:
            mode = words[2].split(",")[1]
            lines = [
                f"{a} {b} {c} {mode},relatime 0 0" if b == words[-1] else f"{a} {b} {c} {d} 0 0"
                for a, b, c, d, *_ in (line.split() for line in lines)
            ]
        else:
            lines.append(f"{words[-2]} {words[-1]} ext4 rw,relatime 0 0")
        mounts.write_text("\n".join([*lines, ""]))

    def _ssh_keygen(self, _words, _given):
        own = (self.root / "etc/machine-id").read_text()
        (self.root / "etc/ssh/ssh_host_ed25519_key").write_text(f"private of {own}")
        (self.root / "etc/ssh/ssh_host_ed25519_key.pub").write_text(f"public of {own}")

    def _useradd(self, words, _given):
        self._account(words[-1], os.getuid() or 1000, f"/home/{words[-1]}")
        # The home comes last: the power may go before it does.
        (self.root / "home" / words[-1]).mkdir(exist_ok=True)

    def _systemd_sysusers(self, _words, _given):
        assert (self.root / "etc/sysusers.d/haochaping.conf").exists()
        for name in ("haochaping-kiosk", "haochaping-agent"):
            self._account(name, 990, "/run")
        groups = self.root / "etc/group"
        if "haochaping:" not in groups.read_text():
            gid = 990 if os.getuid() == 0 else os.getgid()
            groups.write_text(f"{groups.read_text()}haochaping:x:{gid}:haochaping-kiosk\n")

    def _account(self, name: str, uid: int, home: str) -> None:
        passwd = self.root / "etc/passwd"
        if f"{name}:" not in passwd.read_text():
            passwd.write_text(f"{passwd.read_text()}{name}:x:{uid}:{uid}::{home}:/bin/sh\n")

    def _systemd_tmpfiles(self, _words, _given):
        assert (self.root / "etc/tmpfiles.d/haochaping.conf").exists()
        self.places.data.mkdir(exist_ok=True)

    def _cp(self, words, _given):
        shutil.copytree(words[-2], words[-1], symlinks=True)

    def _systemctl(self, words, _given):
        verb, unit = words[1], words[-1]
        wants = self.root / "etc/systemd/system/multi-user.target.wants"
        if verb == "enable":
            wants.mkdir(parents=True, exist_ok=True)
            if not (wants / unit).is_symlink():
                (wants / unit).symlink_to(f"/usr/lib/systemd/system/{unit}")
        elif verb == "disable":
            (wants / unit).unlink(missing_ok=True)
        elif verb == "reboot":
            self.boot()
        elif verb == "is-active":
            return "inactive\n"
        elif words[1:] == ("start", "haochaping-enrol.service"):
            self.places.data.mkdir(exist_ok=True)
            spent = hashlib.sha256(self.taken.encode()).hexdigest()
            identity = json.dumps({"device": "d-1", "token_sha256": spent})
            (self.places.data / "identity.json").write_text(identity)
            write_state(self.places.setup, SetupState("READY", device=NAME))
        return ""

    def _dpkg(self, _words, _given):
        for name, content in self.installs.items():
            (self.root / name).write_text(content)

    def _nothing(self, _words, _given):
        return ""

    _hostname = _nmcli = _rfkill = _udevadm = _partx = _e2fsck = _visudo = _nothing


def _make_image(root: Path, serial: str) -> None:
    """Write what an image holds, as far as first boot looks at it."""
    for folder in (
        *("proc/self", "dev", "run", "home", "tmp", "etc/cloud", "etc/ssh", "var/log/journal"),
        *("var/lib/dbus", "var/lib/systemd/timesync", "var/lib/NetworkManager", "boot/firmware"),
        *("usr/lib/systemd/system", "usr/share/zoneinfo/Asia", "usr/lib/aarch64-linux-gnu/dri"),
        *("sys/firmware/devicetree/base", "etc/systemd/system", "etc/NetworkManager"),
    ):
        (root / folder).mkdir(parents=True)
    for name, content in {
        "etc/machine-id": f"{'a' * 32}\n",
        "var/lib/dbus/machine-id": f"{'a' * 32}\n",
        "etc/ssh/ssh_host_rsa_key": "everybody's",
        "etc/hostname": "raspberrypi\n",
        "etc/hosts": "127.0.0.1\tlocalhost\n127.0.1.1\traspberrypi\n",
        "etc/passwd": "root:x:0:0::/root:/bin/sh\n",
        "etc/group": "root:x:0:\n",
        "etc/fstab": FSTAB,
        "etc/resolv.conf": "nameserver 10.0.0.1\n",
        "usr/share/zoneinfo/Asia/Shanghai": "TZif",
        "var/lib/systemd/timesync/clock": "",
        "var/lib/NetworkManager/secret_key": "k",
        "dev/tty1": "",
        "sys/firmware/devicetree/base/serial-number": f"{serial}\0",
        "usr/lib/aarch64-linux-gnu/libEGL.so.1": "",
        "usr/lib/aarch64-linux-gnu/libGLESv2.so.2": "",
        "usr/lib/aarch64-linux-gnu/libgbm.so.1": "",
        "usr/lib/aarch64-linux-gnu/dri/v3d_dri.so": "",
        **{f"usr/lib/systemd/system/{unit}": "[Unit]\n" for unit in _UNITS},
    }.items():
        (root / name).write_text(content)


_KEYS = release_key.generate()


def write_card(
    folder: Path,
    keyfile: str = KEYFILE,
    *,
    version: str = "0.2.0",
    token: str = TOKEN,
    platform: str = "",
    keys: tuple[str, ...] = (KEY,),
    **changed: object,
) -> None:
    """Write a card as `haochaping provision cards` does, and its ``card.json`` last."""
    folder.mkdir(exist_ok=True)
    private, public = _KEYS
    name = f"haochaping-{version}.release"
    files = {
        "device.toml": b'data_dir = "/var/lib/haochaping/device"\n',
        "release.pem": public,
        "network.nmconnection": keyfile.encode(),
        "setup_states.toml": (_ROOT_ASSETS / "setup_states.toml").read_bytes(),
        name: release_file(private, version, platform or this_platform()),
    }
    for file, content in files.items():
        (folder / file).write_bytes(content)
    if token:
        (folder / "token").write_text(token)
    said = {
        "format": 1,
        "name": NAME,
        "issued_ms": ISSUED_S * 1000,
        "fingerprint": "7K3D-90QX-VW2M-4HPN",
        "timezone": "Asia/Shanghai",
        "ntp": ["10.1.0.1"],
        "country": "CN",
        "technician": {"name": "technician", "ssh_keys": list(keys)},
        "data": "partition",
        "release": name,
        "files": {file: hashlib.sha256(content).hexdigest() for file, content in files.items()},
        **changed,
    }
    (folder / "card.json").write_text(json.dumps(said, indent=1))


def is_needed(root: Path) -> bool:
    """Return whether the unit of first boot would run at this boot (``start.sh needed``)."""
    script = Path(__file__).parents[3] / "provisioning/first_boot/start.sh"
    return not subprocess.run(
        ["sh", str(script), "needed"], env={**os.environ, "HAOCHAPING_ROOT": str(root)}
    ).returncode


def unname(folder: Path, *names: str) -> None:
    """Have ``card.json`` name these files no longer, as if they were an earlier card's."""
    said = json.loads((folder / "card.json").read_text())
    for name in names:
        del said["files"][name]
    (folder / "card.json").write_text(json.dumps(said, indent=1))


@lru_cache
def release_file(private: bytes, version: str, platform: str) -> bytes:
    """Return a small release with a program, a module and units."""
    tree = BytesIO()
    with (
        gzip.GzipFile(fileobj=tree, mode="wb", mtime=0) as packer,
        tarfile.open(fileobj=packer, mode="w") as archive,
    ):
        for name, content, mode in (
            ("bin/haochaping", b"#!/usr/bin/python3 -I\n", 0o755),
            ("lib/haochaping/__init__.py", b'"""It."""\n', 0o644),
            ("systemd/etc/systemd/system/haochaping.target", f"# {version}\n".encode(), 0o644),
            ("systemd/etc/systemd/system/haochaping-kiosk.service", b"[Service]\n", 0o644),
            ("systemd/etc/sysusers.d/haochaping.conf", b"# users\n", 0o644),
            ("systemd/etc/tmpfiles.d/haochaping.conf", b"# folders\n", 0o644),
        ):
            entry = tarfile.TarInfo(name)
            entry.size, entry.mode = len(content), mode
            archive.addfile(entry, BytesIO(content))
    packed = tree.getvalue()
    issued = ISSUED_S * 1000 + int(version.replace(".", ""))
    digest = hashlib.sha256(packed).hexdigest()
    manifest = Manifest(version, platform, digest, len(packed), 4096, issued)
    whole = BytesIO()
    with tarfile.open(fileobj=whole, mode="w") as archive:
        for name, content in (
            (releases.MANIFEST, manifest.encoded()),
            (releases.SIGNATURE, release_key.sign(private, manifest.encoded())),
            (releases.TREE, packed),
        ):
            entry = tarfile.TarInfo(name)
            entry.size = len(content)
            archive.addfile(entry, BytesIO(content))
    return whole.getvalue()


def all_files(root: Path) -> dict[str, tuple[str, object]]:
    """Return everything below ``root`` that outlives a reboot: kind and content by name."""
    found: dict[str, tuple[str, object]] = {}
    for path in sorted(root.rglob("*")):
        name = str(path.relative_to(root))
        if name.split("/")[0] in ("run", "proc", "dev"):
            continue
        if path.name.startswith(".") and path.name.endswith(".new"):
            continue  # a draft that a cut left; the next one takes its place
        if path.is_symlink():
            found[name] = ("link", str(path.readlink()))
        elif path.is_dir():
            found[name] = ("folder", oct(path.stat().st_mode))
        else:
            # Compiled modules name the folder they were compiled in, which is the test's.
            content = b"" if path.suffix == ".pyc" else path.read_bytes()
            found[name] = (oct(path.stat().st_mode), content)
    return found
