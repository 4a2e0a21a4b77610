"""A technician's desk: a central, a signed release, a fleet file and the cards made from it.

Every step is the product's own command in a process of its own, as a technician types it.
"""

import shutil
from pathlib import Path

from demo.stage import HALL, SPARE_WINDOW, WINDOW, Stage
from provisioning.boot_partition import BootPartition
from provisioning.card_folder import CardFolder
from provisioning.prepared import reading
from provisioning.progress import Progress

ROOT = Path(__file__).parents[2]
NAME = "bh-012"
"""Host name of the device that most tests are about."""
PI_FILES = {
    "config.txt": "dtparam=audio=on\n",
    "cmdline.txt": "console=tty1 root=PARTUUID=0 rootfstype=ext4 fsck.repair=yes rootwait resize\n",
    "bootcode.bin": "",
    "start4.elf": "",
    "bcm2711-rpi-4-b.dtb": "",
    "kernel8.img": "",
    "meta-data": "",
    "user-data": "#cloud-config\n",
    "network-config": "",
}
"""What tells a Raspberry Pi's boot partition from others; QEMU starts the kernel by itself."""


class Workshop:
    """A folder with everything that is needed to make cards."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self.folder = folder
        self.stage = Stage(folder)
        self.key = folder / "technician.key"
        self.maker = folder / "maker.pem"

    def open(self, *, new_maker: bool = True) -> None:
        """Set central up and start it; make the technician's key, and the maker's if wanted."""
        self.stage.make_central()
        self.stage.start_central()
        self.central("reader", "technician", "--role", "technician", "--out", str(self.key))
        if new_maker:
            self.stage.command("release", "keygen", str(self.maker))

    def close(self) -> None:
        """End central."""
        self.stage.close()

    def central(self, *words: str) -> str:
        """Run a command of central's; returns what it printed."""
        return self.stage.command("central", *words, "--data", str(self.stage.central_data))

    @property
    def release_key(self) -> Path:
        """The public half of the maker's key."""
        return self.maker.with_name("maker.pub.pem")

    def release(self, platform: str, *more: str) -> Path:
        """Build a release of this source tree; returns its file."""
        out = self.folder / "releases"
        out.mkdir(exist_ok=True)
        before = set(out.iterdir())
        self.stage.command(
            *("release", "build", "--key", str(self.maker), "--out", str(out)),
            *("--platform", platform, *more),
        )
        (made,) = set(out.iterdir()) - before
        return made

    def fleet(
        self,
        release: Path | None,
        central: str,
        *,
        ca: Path | None = None,
        data: str = "partition",
    ) -> Path:
        """Write a fleet file with two devices; returns it."""
        file = self.folder / "fleet.toml"
        lines = ["[fleet]", f'central = "{central}"', f'data = "{data}"']
        lines += [f'release_key = "{self.release_key}"']
        lines += [f'release = "{release}"'] if release else []
        lines += [f'ca_file = "{ca}"'] if ca else []
        for name, window in ((NAME, WINDOW), ("bh-013", SPARE_WINDOW)):
            lines += ["", "[[device]]", f'name = "{name}"', f'hall = "{HALL}"']
            lines += [f'window = "{window}"', 'panel = "hdmi-7-1024x600"']
        file.write_text("\n".join(lines) + "\n", encoding="utf-8")
        return file

    def card(self, fleet: Path, name: str = NAME, *more: str) -> Path:
        """Have the card of one device written into a folder; returns it."""
        cards = self.folder / "cards"
        self.stage.command(
            *("provision", "cards", str(fleet), "--folder", str(cards), "--device", name),
            *("--key-file", str(self.key), *more),
        )
        return cards / name

    def boot_partition(self, card: Path) -> Path:
        """Return what a boot partition holds once this card has been written to it."""
        folder = self.folder / "boot" / card.name
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
        for name, content in PI_FILES.items():
            (folder / name).write_text(content)
        # As `provision cards --from CARD --boot MOUNT` does, past the question whether a FAT
        # partition is mounted there: not every kernel that runs tests knows FAT.
        with reading(card) as read:
            assert read.card is not None, read.faults
            CardFolder(folder, BootPartition(folder, True)).write(read.card, Progress())
        return folder
