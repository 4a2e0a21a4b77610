"""What the tests of cards share: a fleet, a signed release, a real central to ask for tokens."""

import io
import os
import tarfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

import msgspec
import requests
import uvicorn

from central import schema
from central.app import make_app
from central.database import Database, sqlite_url
from central.directory import import_hall, read_hall
from central.readers import make_reader
from central.service import Central, make_key, now_ms
from central.settings import Settings
from protocol import messages, release_key, releases
from protocol.keys import SigningKey
from protocol.messages import EnrolmentReply
from protocol.releases import Manifest
from provisioning.boot_partition import BootPartition
from provisioning.fleet import Fleet, Network, Seat, Technician
from provisioning.progress import Progress
from provisioning.tokens import TokenDesk

HALL = "210100-01"
_HALL_FILE = f"""
[hall]
code = "{HALL}"
name = "沈阳市政务服务中心"
phone_url = "https://pj.example.cn"

[[windows]]
code = "W12"
number = "12"

[[windows]]
code = "W13"
number = "13"
"""
CONFIG = "# Raspberry Pi\ndtparam=audio=on\n[cm5]\ndtoverlay=dwc2,dr_mode=host\n"
CMDLINE = "console=tty1 root=PARTUUID=8acef004-02 rootfstype=ext4 fsck.repair=yes rootwait resize\n"
WIFI_SECRET = "ganz geheim 9"


@dataclass
class Town:
    """A running central, and a technician's key for it."""

    central: Central
    url: str
    key: str
    given_before: int = 0

    def desk(self, key: str = "") -> TokenDesk:
        return TokenDesk(self.url, key or self.key)

    def enrol(
        self, token: str, board: str = "", keys: tuple[SigningKey, SigningKey] | None = None
    ) -> str:
        """Do what a device does with its token; returns its name."""
        body = messages.request_enrolment(
            token,
            board or os.urandom(8).hex(),
            "haochaping 0.1",
            *(keys or (SigningKey.generate(), SigningKey.generate())),
        )
        answer = requests.post(
            f"{self.url}/v1/enrolments",
            data=msgspec.json.encode(body),
            headers={"Content-Type": "application/json"},
            timeout=20,
        )
        assert answer.status_code == 201, answer.text
        return msgspec.json.decode(answer.content, type=EnrolmentReply).device

    def empty(self) -> None:
        """Retire every device and token: what one test made is in no other's way."""
        with self.central.database.writing() as connection:
            connection.execute(schema.enrolment_token.update().values(expires_ms=1))
            connection.execute(schema.device.update().values(revoked_ms=1))
        self.given_before += self.tokens_given()

    def tokens_given(self) -> int:
        """How many tokens this test has been given."""
        with self.central.database.reading() as connection:
            given = connection.execute(schema.enrolment_token.select()).all()
        return len(given) - self.given_before


@contextmanager
def town(folder: Path) -> Iterator[Town]:
    """A central on a free port, with two windows and a technician."""
    settings = Settings(data=folder, database=sqlite_url(folder / "central.db"))
    make_key(settings.key_file)
    hall = folder / "hall.toml"
    hall.write_text(_HALL_FILE, encoding="utf-8")
    database = Database(settings.database)
    database.migrate()
    database.close()
    central = Central.open(settings)
    with central.database.writing() as connection:
        import_hall(connection, read_hall(hall), hall)
        key = make_reader(connection, "technician", now_ms(), "technician")
    config = uvicorn.Config(
        make_app(central), port=0, log_config=None, access_log=False, lifespan="off"
    )
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    while not server.started:
        assert thread.is_alive()
        time.sleep(0.005)
    port = server.servers[0].sockets[0].getsockname()[1]
    try:
        yield Town(central, f"http://127.0.0.1:{port}", key)
    finally:
        server.should_exit = True
        thread.join()
        central.close()


def seat(name: str = "w12", window: str = "W12", **changes: object) -> Seat:
    fields: dict[str, object] = {
        "hall": HALL,
        "settings": {"screen.rotate": 90, "buttons.pins": [5, 6, 13, 19, 26]},
        "boot_lines": ("dtoverlay=vc4-kms-dsi-7inch",),
        "network": Network("wifi", ssid="大厅", password=WIFI_SECRET),
    }
    return Seat(name=name, window=window, **{**fields, **changes})  # type: ignore[arg-type]


def fleet(folder: Path, central: str, *seats: Seat, tree_bytes: int = 4096) -> Fleet:
    """A fleet with a signed release of about ``tree_bytes``."""
    private, public = release_key.generate()
    (folder / "release.pem").write_bytes(public)
    made = folder / "made.release"
    made.write_bytes(release(private, os.urandom(tree_bytes)))
    return Fleet(
        folder / "fleet.toml",
        central,
        seats or (seat(),),
        release=made,
        release_key=folder / "release.pem",
        ntp=("10.0.0.1",),
        technician=Technician("tech", ("ssh-ed25519 AAAA tech@desk",)),
    )


def release(private: bytes, tree: bytes) -> bytes:
    """A release file whose tree is these bytes."""
    manifest = Manifest(
        "0.2.0", "cp313-linux-aarch64", sha256(tree).hexdigest(), len(tree), len(tree), 1
    )
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w") as archive:
        for name, content in (
            (releases.MANIFEST, manifest.encoded()),
            (releases.SIGNATURE, release_key.sign(private, manifest.encoded())),
            (releases.TREE, tree),
        ):
            entry = tarfile.TarInfo(name)
            entry.size = len(content)
            archive.addfile(entry, io.BytesIO(content))
    return packed.getvalue()


def boot_tree(folder: Path, *, cloud_init: bool = True) -> BootPartition:
    """A boot partition's files as an image has them, in a plain folder."""
    folder.mkdir()
    for name in ("start4.elf", "bootcode.bin", "kernel8.img"):
        (folder / name).write_bytes(b"firmware")
    (folder / "config.txt").write_text(CONFIG, encoding="ascii")
    (folder / "cmdline.txt").write_text(CMDLINE, encoding="ascii")
    if cloud_init:
        (folder / "user-data").write_text("#cloud-config\n", encoding="ascii")
        (folder / "meta-data").write_text("instance_id: rpios-image\n", encoding="ascii")
    return BootPartition(folder, cloud_init)


def quiet() -> Progress:
    return Progress(io.StringIO())


def contents(folder: Path) -> dict[str, bytes]:
    """Every file below ``folder``, by relative path."""
    return {
        file.relative_to(folder).as_posix(): file.read_bytes()
        for file in sorted(folder.rglob("*"))
        if file.is_file()
    }
