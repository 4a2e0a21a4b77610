"""Where everything is on a device in the field, as first boot lays it out.

One list for all who must agree on it: first boot, the updater, `haochaping doctor`, the
units in `systemd/`. Kept to the standard library, because first boot runs before anything
else of ours is installed. On a developer's machine nothing of this exists; ``root`` is
another folder in tests.
"""

from pathlib import Path
from typing import Final, NamedTuple

KIOSK_USER: Final = "haochaping-kiosk"
AGENT_USER: Final = "haochaping-agent"
GROUP: Final = "haochaping"
"""Both users are in it: what lies in the device's folders is theirs alone."""
DATA_LABEL: Final = "haochaping"
"""File system label of the data partition."""
PARTIAL: Final = ".part"
"""How a file's name ends in the inbox that is not all there yet."""


class Deployed(NamedTuple):
    """The places of one device; ``root`` is ``/`` but in tests."""

    root: Path = Path("/")

    @property
    def boot(self) -> Path:
        """The card's FAT partition: all that other computers can read without our help."""
        return self.root / "boot/firmware"

    @property
    def card(self) -> Path:
        """What `haochaping provision cards` wrote for this device."""
        return self.boot / "haochaping"

    @property
    def state_file(self) -> Path:
        """The state as plain text, for whoever puts the card into another computer."""
        return self.card / "STATE.txt"

    @property
    def settings(self) -> Path:
        """``device.toml``, and what it names: ``ca.pem``, ``release.pem``, ``card.json``."""
        return self.root / "etc/haochaping"

    @property
    def profile(self) -> Path:
        """The device's configuration file."""
        return self.settings / "device.toml"

    @property
    def release_key(self) -> Path:
        """Public key of whoever makes releases (PEM)."""
        return self.settings / "release.pem"

    @property
    def state(self) -> Path:
        """Where the data partition is mounted."""
        return self.root / "var/lib/haochaping"

    @property
    def data(self) -> Path:
        """``data_dir`` of the profile (`device.store.home.Home`)."""
        return self.state / "device"

    @property
    def releases(self) -> Path:
        """A folder per unpacked release; root's alone to write."""
        return self.state / "releases"

    @property
    def current(self) -> Path:
        """Symlink to the release in use; the units start ``current/bin/haochaping``."""
        return self.state / "current"

    @property
    def previous(self) -> Path:
        """Symlink to the release before; what a failed update goes back to."""
        return self.state / "previous"

    @property
    def updating(self) -> Path:
        """The updater's own notes (an update under trial); root's alone."""
        return self.state / "update"

    @property
    def inbox(self) -> Path:
        """Where the agent lays down a release it fetched; checked before it is believed."""
        return self.data / "agent/inbox"

    @property
    def units(self) -> Path:
        """Where unit files of ours are put."""
        return self.root / "etc/systemd/system"

    @property
    def run(self) -> Path:
        """What a reboot may empty."""
        return self.root / "run/haochaping"

    @property
    def setup(self) -> Path:
        """What the setup screen shows (`device.store.setup`)."""
        return self.run / "setup.json"
