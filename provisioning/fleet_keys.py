"""Every key of a fleet file, what it must look like, and how a cell of a table becomes it."""

from collections.abc import Callable
from enum import Enum
from typing import Any, Final, NamedTuple

from device.store.profile import SETTINGS


class Kind(Enum):
    """What a value is; the value of each is how mistakes call it."""

    TEXT = 'text in quotes, as "W12"'
    TEXTS = 'texts in brackets, as ["10.1.0.1", "10.1.0.2"]'
    WHOLE = "a whole number, as 90"
    NUMBER = "a number, as 10.1"
    WHOLES = "whole numbers in brackets, as [17, 27, 22, 23, 24]"
    SWITCH = "true or false"


class Key(NamedTuple):
    """One key."""

    name: str
    kind: Kind
    typed: bool = True
    """Made of the letters of an English keyboard; full-width ones are a slip."""


def _kind(default: object) -> Kind:
    match default:
        case bool():
            return Kind.SWITCH
        case int():
            return Kind.WHOLE
        case list():
            return Kind.WHOLES
        case _:
            return Kind.TEXT


_UNLIKE_THEIR_DEFAULT = {"screen.diagonal": Kind.NUMBER, "console.listen": Kind.TEXTS}
SAME_EVERYWHERE: Final = {
    "data_dir": "it is the same on every device",
    "storage.allow_volatile": "a device in a hall must keep its ratings",
    "central.url": "say central under [fleet]",
    "central.ca_file": "say ca_file under [fleet]",
    "central.proxy": "say proxy under [fleet]",
}
"""Settings of the profile that no device of a fleet may have of its own, and why."""
PROFILE: Final = {
    setting.key: Key(
        setting.key, _UNLIKE_THEIR_DEFAULT.get(setting.key, _kind(setting.default)), typed=False
    )
    for setting in SETTINGS
    if setting.key not in SAME_EVERYWHERE
}
NETWORK: Final = {
    key.name: key
    for key in (
        Key("network.kind", Kind.TEXT),
        Key("network.address", Kind.TEXT),
        Key("network.net", Kind.TEXT),
        Key("network.gateway", Kind.TEXT),
        Key("network.dns", Kind.TEXTS),
        Key("network.ssid", Kind.TEXT, typed=False),
        Key("network.password", Kind.TEXT),
        Key("network.password_file", Kind.TEXT, typed=False),
    )
}
OWN: Final = {
    key.name: key
    for key in (
        Key("name", Kind.TEXT),
        Key("window", Kind.TEXT),
        Key("note", Kind.TEXT, typed=False),
        Key("network.address", Kind.TEXT),
    )
}
"""Keys that belong to one device alone."""
DEVICE: Final = {
    **OWN,
    "hall": Key("hall", Kind.TEXT),
    "panel": Key("panel", Kind.TEXT),
    "boot_lines": Key("boot_lines", Kind.TEXTS, typed=False),
    **NETWORK,
    **PROFILE,
}
SHARED: Final = {name: key for name, key in DEVICE.items() if name not in OWN}
"""Keys that ``[fleet.defaults]`` may give."""
OF_A_HALL: Final = {name: key for name, key in SHARED.items() if name != "hall"}
"""Keys that ``[halls.CODE]`` may give beside ``name``."""
HALL_NAME: Final = Key("name", Kind.TEXT, typed=False)
FLEET: Final = {
    key.name: key
    for key in (
        Key("central", Kind.TEXT),
        Key("ca_file", Kind.TEXT, typed=False),
        Key("proxy", Kind.TEXT),
        Key("release", Kind.TEXT, typed=False),
        Key("release_key", Kind.TEXT, typed=False),
        Key("debs", Kind.TEXT, typed=False),
        Key("timezone", Kind.TEXT),
        Key("ntp", Kind.TEXTS),
        Key("country", Kind.TEXT),
        Key("data", Kind.TEXT),
        Key("token_days", Kind.WHOLE),
        Key("devices", Kind.TEXT, typed=False),
        Key("technician.name", Kind.TEXT),
        Key("technician.ssh_keys", Kind.TEXTS, typed=False),
        Key("technician.ssh_key_files", Kind.TEXTS, typed=False),
    )
}
SHORT: Final = {
    "rotate": "screen.rotate",
    "language": "screen.language",
    "pins": "buttons.pins",
    "kind": "network.kind",
    "address": "network.address",
    "net": "network.net",
    "gateway": "network.gateway",
    "dns": "network.dns",
    "ssid": "network.ssid",
    "password": "network.password",
    "password_file": "network.password_file",
}
"""Short names of what a fleet file says most, and what they stand for."""
HEADINGS: Final = {
    "名称": "name",
    "设备名": "name",
    "大厅": "hall",
    "窗口": "window",
    "备注": "note",
    "屏幕": "panel",
    "旋转": "screen.rotate",
    "语言": "screen.language",
    "引脚": "buttons.pins",
    "地址": "network.address",
    "网关": "network.gateway",
    "无线网络": "network.ssid",
    "密码": "network.password",
}
"""Chinese headings of a table of devices."""
SECRET: Final = frozenset({"network.password"})
"""Keys whose values are in no message."""
MAY_HOLD_A_PASSWORD: Final = frozenset({"central", "proxy"})
_SWITCHES = {"true": True, "yes": True, "是": True, "false": False, "no": False, "否": False}


def full_name(word: str) -> str:
    """Return the key that ``word`` stands for."""
    return SHORT.get(word, word)


def fits(kind: Kind, value: Any) -> bool:
    """Return whether ``value`` is of this kind."""
    match kind:
        case Kind.TEXT:
            return isinstance(value, str)
        case Kind.TEXTS:
            return isinstance(value, list) and all(isinstance(one, str) for one in value)
        case Kind.WHOLE:
            return type(value) is int
        case Kind.NUMBER:
            return type(value) in (int, float)
        case Kind.WHOLES:
            return isinstance(value, list) and all(type(one) is int for one in value)
        case Kind.SWITCH:
            return isinstance(value, bool)


def from_cell(kind: Kind, cell: str) -> Any:
    """Return what a table's cell says. Raises `ValueError` with what was expected."""
    if kind is Kind.TEXT:
        return cell
    if kind in (Kind.TEXTS, Kind.WHOLES):
        parts = cell.replace(",", " ").replace(";", " ").split()
        return parts if kind is Kind.TEXTS else [_number(int, part) for part in parts]
    if kind is Kind.SWITCH:
        if cell.lower() not in _SWITCHES:
            raise ValueError("true or false")
        return _SWITCHES[cell.lower()]
    return _number(int if kind is Kind.WHOLE else float, cell)


def _number(make: Callable[[str], Any], text: str) -> Any:
    if not text.isascii() or "_" in text:
        raise ValueError("a number")
    try:
        return make(text)
    except ValueError:
        raise ValueError("a whole number" if make is int else "a number") from None
