"""``[fleet]``: what all devices have in common, and the files that go onto every card."""

import re
from collections.abc import Mapping
from datetime import UTC, datetime
from functools import cache
from ipaddress import ip_address
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit
from zoneinfo import available_timezones

from device.core.errors import BadConfiguration
from device.store.profile import check
from protocol.enrolment_tokens import MAX_DAYS
from provisioning import debs, fleet_material
from provisioning.findings import Findings, Given, Place, did_you_mean
from provisioning.fleet import Fleet, Technician
from provisioning.fleet_material import Unfit

DATA = ("partition", "root")
_HOST = re.compile(r"(?=.{1,253}\Z)[A-Za-z0-9]([A-Za-z0-9-]*[A-Za-z0-9])?(\.[A-Za-z0-9-]+)*\.?")
_ACCOUNT = re.compile(r"[a-z_][a-z0-9_-]{0,31}")
_TAKEN_ACCOUNTS = re.compile(r"root|daemon|nobody|systemd-.*|haochaping.*")


def read_head(given: Mapping[str, Given], path: Path, findings: Findings) -> Fleet:
    """Return the fleet in ``path`` without its devices; ``given`` is ``[fleet]`` by key.

    Whatever is wrong goes to ``findings``.
    """
    head = _Head(given, path, findings)
    key_file = head.file("release_key")
    fleet = Fleet(
        file=path,
        central=head.central(),
        seats=(),
        ca_file=head.file("ca_file"),
        proxy=head.proxy(),
        release=head.file("release"),
        release_key=key_file,
        debs=head.debs(),
        timezone=head.timezone(),
        ntp=head.ntp(),
        country=head.matching("country", "CN", r"[A-Z]{2}", 'two capitals, as "CN", expected'),
        technician=head.technician(),
        data=head.data(),
        token_days=head.token_days(),
    )
    head.check_files(fleet)
    return fleet


class _Head:
    def __init__(self, given: Mapping[str, Given], path: Path, findings: Findings) -> None:
        self._given = given
        self._folder = path.parent
        self._findings = findings
        self._top = getattr(given, "place", Place(path, 1))

    def _value(self, key: str, default: Any = "") -> Any:
        return self._given[key].value if key in self._given else default

    def _place(self, key: str) -> Place:
        return self._given[key].place if key in self._given else self._top

    def _wrong(self, key: str, text: str) -> None:
        self._findings.mistake(self._place(key), f"{key}: {text}")

    def _doubt(self, key: str, text: str) -> None:
        self._findings.warn(self._place(key), f"{key}: {text}")

    def file(self, key: str) -> Path | None:
        name = self._value(key)
        return self._folder / name if name else None

    def central(self) -> str:
        url = str(self._value("central")).rstrip("/")
        if not url:
            self._wrong("central", 'missing; its address, as "https://rating.example", expected')
        elif not _fits_the_profile({"url": url}):
            self._wrong("central", 'an address as "https://rating.example" expected')
        elif "@" in urlsplit(url).netloc:
            self._wrong("central", "an address without a name and password in it expected")
        else:
            if urlsplit(url).scheme == "http":
                self._doubt(
                    "central",
                    "http:// is not encrypted, and anybody on the way can pose as central;"
                    " use https:// outside of a trial",
                )
            return url
        return ""

    def proxy(self) -> str:
        proxy = str(self._value("proxy"))
        if proxy and not _fits_the_profile({"url": "https://central", "proxy": proxy}):
            self._wrong("proxy", 'an address as "http://10.1.0.8:3128" expected')
            return ""
        return proxy

    def timezone(self) -> str:
        zone = str(self._value("timezone", "Asia/Shanghai"))
        if zone not in _zones():
            self._wrong("timezone", f"{zone}: unknown{_zone_like(zone)}")
        return zone

    def ntp(self) -> tuple[str, ...]:
        servers = tuple(self._value("ntp", ()))
        for server in servers:
            if not (_is_address(server) or _HOST.fullmatch(server)):
                self._wrong("ntp", f"{server}: addresses or host names expected")
        if not servers:
            self._doubt(
                "ntp",
                "none; devices then ask the image's own time servers, which a hall without"
                " internet does not reach",
            )
        return servers

    def matching(self, key: str, default: str, pattern: str, expected: str) -> str:
        value = str(self._value(key, default))
        if not re.fullmatch(pattern, value):
            self._wrong(key, f"{value}: {expected}")
        return value

    def data(self) -> str:
        data = str(self._value("data", DATA[0]))
        if data not in DATA:
            self._wrong("data", f"{data}: partition or root expected")
        return data

    def token_days(self) -> int:
        days = int(self._value("token_days", 14))
        if not 1 <= days <= MAX_DAYS:
            self._wrong("token_days", f"{days}: 1 to {MAX_DAYS} expected")
        return days

    def technician(self) -> Technician:
        name = self.matching(
            "technician.name", "technician", _ACCOUNT.pattern, "lower-case letters expected"
        )
        if _TAKEN_ACCOUNTS.fullmatch(name):
            self._wrong("technician.name", f"{name}: the system has that account already")
        keys: list[str] = []
        for line in self._value("technician.ssh_keys", ()):
            try:
                fleet_material.check_ssh_key(line.strip())
            except Unfit as error:
                self._wrong("technician.ssh_keys", str(error))
            keys.append(line.strip())
        for file in self._value("technician.ssh_key_files", ()):
            try:
                keys += fleet_material.read_ssh_keys(self._folder / file)
            except Unfit as error:
                self._wrong("technician.ssh_key_files", f"{self._folder / file}: {error}")
        if not keys and "technician.ssh_key_files" not in self._given:
            self._doubt("technician.ssh_keys", "none; nobody can log in to a device over SSH")
        return Technician(name, tuple(dict.fromkeys(keys)))

    def debs(self) -> tuple[Path, ...]:
        folder = self.file("debs")
        if folder is None:
            return ()
        try:
            return debs.packages_in(folder)
        except debs.NoPackages as error:
            self._wrong("debs", str(error))
            return ()

    def check_files(self, fleet: Fleet) -> None:
        """Look into the files that go onto every card."""
        self._check_authority(fleet)
        platform = self._check_release(fleet)
        for fault in debs.faults(fleet.debs, platform.rpartition("-")[2]):
            self._wrong("debs", fault)

    def _check_authority(self, fleet: Fleet) -> None:
        if fleet.ca_file is not None:
            try:
                doubt = fleet_material.read_certificates(fleet.ca_file, datetime.now(UTC))
            except Unfit as error:
                self._wrong("ca_file", f"{fleet.ca_file}: {error}")
            else:
                if doubt:
                    self._doubt("ca_file", f"{fleet.ca_file}: {doubt}")

    def _check_release(self, fleet: Fleet) -> str:
        """Return the platform that the release is for; empty if there is none to be used."""
        if fleet.release is not None and not fleet.release.is_file():
            self._wrong("release", f"{fleet.release}: there is no such file")
            fleet = fleet._replace(release=None)
        if fleet.release_key is None:
            if fleet.release is not None:
                self._wrong("release", "it needs release_key, which devices check it with")
            else:
                self._doubt("release_key", "none; devices will take no update")
            return ""
        try:
            check_signature = fleet_material.read_release_key(fleet.release_key)
        except Unfit as error:
            self._wrong("release_key", f"{fleet.release_key}: {error}")
            return ""
        if fleet.release is None:
            return ""
        try:
            manifest = fleet_material.read_release(fleet.release, check_signature)
        except Unfit as error:
            self._wrong("release", f"{fleet.release}: {error}")
            return ""
        if manifest.platform.endswith("x86_64"):
            self._doubt("release", f"{manifest.platform} is for a PC; a Raspberry Pi cannot run it")
        return manifest.platform


def _fits_the_profile(central: dict[str, str]) -> bool:
    """Return whether a device takes these settings; they may hold a password."""
    try:
        check({"data_dir": "/", "central": central}, "")
    except BadConfiguration:
        return False
    return True


@cache
def _zones() -> frozenset[str]:
    """Return every time zone; finding them reads hundreds of files."""
    return frozenset(available_timezones())


def _is_address(text: str) -> bool:
    try:
        ip_address(text)
    except ValueError:
        return False
    return True


def _zone_like(zone: str) -> str:
    near = did_you_mean(zone, _zones())
    return near if near.startswith("; did") else '; as "Asia/Shanghai"'
