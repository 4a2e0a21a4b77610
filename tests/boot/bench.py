"""What a scenario works with: a hall's central behind TLS, cards, machines, and a clean-up."""

import hashlib
import shutil
import subprocess
import tarfile
import tempfile
import time
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import NamedTuple

from protocol import releases
from provisioning import release_build
from tests.boot import debian
from tests.boot.disk import Image, make_image, read_boot
from tests.boot.machine import CENTRAL_IN_GUEST, Machine
from tests.boot.workshop import NAME, Workshop
from tests.gateway import Authority, gateway

PLATFORM = "cp313-linux-x86_64"
ARM_PLATFORM = "cp313-linux-aarch64"
FIRST, SECOND, BROKEN = "0.1.0", "0.2.0", "0.3.0"


class Enrolled(NamedTuple):
    """A device that has been set up, switched off; and the hall it belongs to."""

    image: Image
    port: int
    """Where it expects central; inside it stands in its settings."""
    authority: Authority
    workshop: Workshop


class Supplies:
    """What scenarios need and need not make again.

    Releases, made while there is a network to fetch wheels from, and an enrolled device.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.enrolled: Enrolled | None = None

    def make(self, *, arm: bool) -> None:
        """Build the releases anew: they hold this source tree."""
        shutil.rmtree(self.folder, ignore_errors=True)
        workshop = Workshop(self.folder)
        workshop.stage.command("release", "keygen", str(workshop.maker))
        for version in (FIRST, SECOND):
            workshop.release(PLATFORM, "--version", version)
        self._break(workshop.maker)
        if arm:
            workshop.release(ARM_PLATFORM, "--version", FIRST)

    def _break(self, maker: Path) -> None:
        """Make a rightly signed release whose kiosk ends as soon as it starts."""
        with self.release(SECOND).open("rb") as file, tempfile.TemporaryDirectory() as folder:
            manifest, packed = releases.open_release(file, lambda _signature, _message: None)
            tree = Path(folder) / "tree"
            with tarfile.open(fileobj=packed, mode="r|gz") as archive:
                archive.extractall(tree, filter="data")
            kiosk = tree / "lib/device/kiosk/service.py"
            kiosk.write_text(f"raise SystemExit('broken on purpose')\n{kiosk.read_text()}")
            (tree / "VERSION").write_text(f"{BROKEN}\n")
            again = Path(folder) / "tree.tar.gz"
            unpacked = release_build.pack(tree, again, manifest.issued_ms // 1000, 1)
            broken = replace(
                manifest,
                version=BROKEN,
                tree_sha256=hashlib.sha256(again.read_bytes()).hexdigest(),
                tree_bytes=again.stat().st_size,
                unpacked_bytes=unpacked,
            )
            release_build.write_release(self.release(BROKEN), broken, maker.read_bytes(), again)

    def release(self, version: str, platform: str = PLATFORM) -> Path:
        """Return the release file of that version."""
        return self.folder / "releases" / f"haochaping-{version}-{platform}.release"


class Bench:
    """One scenario's folder, central and machines."""

    def __init__(self, folder: Path, supplies: Supplies, say: Callable[[str], None]) -> None:
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
        self.folder = folder
        self.supplies = supplies
        self.say = say
        self.workshop = Workshop(folder / "workshop")
        self._exits = ExitStack()
        self._powered = 0
        for file in supplies.folder.glob("maker*.pem"):
            shutil.copy(file, self.workshop.folder / file.name)

    def close(self) -> None:
        """Switch everything off; pictures and logs stay, disks go."""
        self._exits.close()
        self.workshop.close()
        for disk in self.folder.glob("*.img"):
            disk.unlink()

    def open_central(self) -> int:
        """Start central, and the hall's TLS before it; returns the port of that."""
        self.workshop.open(new_maker=False)
        self._authority = Authority(self.workshop.folder)
        self._door = self._exits.enter_context(ExitStack())
        return self.renew_certificate()

    def set_aside(self, image: Image, port: int) -> Enrolled:
        """Close central, and keep its folder and the device for others to begin with."""
        self._exits.close()
        self.workshop.close()
        return Enrolled(image, port, self._authority, self.workshop)

    def take_over(self, enrolled: Enrolled) -> tuple[Image, int]:
        """Begin with a copy of a device that is set up, and of its central; returns its port."""
        shutil.copytree(enrolled.workshop.stage.central_data, self.workshop.stage.central_data)
        shutil.copy(enrolled.workshop.key, self.workshop.key)
        disk = self.folder / "card.img"
        subprocess.run(
            ["cp", "--sparse=always", "--reflink=auto", str(enrolled.image.disk), str(disk)],
            check=True,
        )
        self.workshop.stage.start_central()
        self._authority = enrolled.authority
        self._door = self._exits.enter_context(ExitStack())
        return enrolled.image._replace(disk=disk), self.renew_certificate(port=enrolled.port)

    def renew_certificate(self, valid_from: datetime | None = None, port: int = 0) -> int:
        """Put another certificate before central, at ``port``; returns the port."""
        self._door.close()
        certificate = self._authority.issue(CENTRAL_IN_GUEST, valid_from)
        # The namespace has nothing but a loopback.
        everywhere = "0.0.0.0"  # noqa: S104
        own = self.workshop.stage.port
        return self._door.enter_context(gateway(own, certificate, listen=everywhere, port=port))

    def write_card(self, door: int, *more: str, platform: str = PLATFORM) -> Path:
        """Have `provision cards` write the device's card; returns its boot partition."""
        fleet = self.workshop.fleet(
            self.supplies.release(FIRST, platform),
            f"https://{CENTRAL_IN_GUEST}:{door}",
            ca=self._authority.certificate,
        )
        self.say(self.workshop.stage.command("provision", "check", str(fleet)).strip())
        return self.workshop.boot_partition(self.workshop.card(fleet, NAME, *more))

    @property
    def public_key(self) -> Path:
        """The maker's, for central."""
        return self.workshop.release_key

    def release_name(self, version: str) -> str:
        """Return what the folder of a release is called on a device."""
        with self.supplies.release(version).open("rb") as file:
            return releases.open_release(file, lambda _signature, _message: None)[0].name

    @staticmethod
    def state_on_the_card(image: Image) -> str:
        """Return what the device left as text on its boot partition."""
        return read_boot(image.disk, "haochaping/STATE.txt") or ""

    def make_disk(self, boot: Path, kind: debian.Kind = debian.WHOLE) -> Image:
        """Return a card with a Debian on it that has never been started."""
        root = self.folder / "root"
        debian.unpack(kind, root)
        image = make_image(root, boot, self.folder / "card.img")
        shutil.rmtree(root)
        return image

    def power_on(self, image: Image, door: int, **options: object) -> Machine:
        """Return a machine with this card in it, to be switched on by ``with``."""
        self._powered += 1
        return Machine(image, self.folder / f"power-{self._powered:02d}", door, **options)  # type: ignore[arg-type]

    def eventually(self, what: str, there: Callable[[], object], patience_s: float = 120) -> None:
        """Wait until something holds out here."""
        end = time.monotonic() + patience_s
        while not there():
            if time.monotonic() > end:
                raise TimeoutError(f"{patience_s:.0f} s in vain for {what}")
            time.sleep(0.5)
