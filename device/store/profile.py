"""The device's own configuration file, and every mistake in it at once.

A technician who writes twenty of these must not learn of five mistakes in five restarts:
`load` reports all of them with file, key and what was expected. Plain code on purpose: it
runs before the first frame, and a validation library costs more than the frame.
"""

from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

from device.core.errors import BadConfiguration


class Screen(NamedTuple):
    """``[screen]``: the panel and what it shows first."""

    size: tuple[int, int] | None
    """Pixels of the window before rotation; None fills the display."""
    rotate: int
    language: str
    appearance: str = "standard"
    """``standard``, ``large`` or ``contrast``: what each citizen finds at first."""
    diagonal: float = 0.0
    """Inches across the panel's picture; 0 where nobody said, and it is guessed."""
    dark: tuple[int, int] | None = None
    """Minutes after midnight from and until which the screen is dark; None: never."""


class Service(NamedTuple):
    """``[service]``: what citizens rate at this device."""

    mode: str = "window"
    """``window`` (staff and matters), ``self-service`` (matters) or ``hall``."""
    matter: str = ""
    """Self-service: code of the matter that a citizen rates who begins on their own."""


class Sound(NamedTuple):
    """``[sound]``: clicks and spoken prompts."""

    volume: int = 60
    """Percent; 0 is silence, and no sound device is opened."""
    voice: bool = True
    """Prompts are spoken; clicks are heard either way."""


class Buttons(NamedTuple):
    """``[buttons]``: the physical keys. Pins are BCM numbers, None where there is none."""

    pins: tuple[int, ...]
    """The five levels, best first."""
    factory: str
    skip: int | None = None
    """The key for "not now" and "skip"."""
    next: int | None = None
    """The key for "rate", "submit" and "done"."""
    leds: tuple[int, ...] = ()
    """A lamp per level key, best level first."""
    buzzer: int | None = None
    check: int | None = None
    """The switch inside of the case that leads to the check screen."""


class Staff(NamedTuple):
    """``[staff]``: how staff use the device itself."""

    screen: bool = True
    """The screen has a key for staff: log-in, inviting, pause."""
    badge_reader: bool = False
    """A reader that types is plugged in; keyboard keys then wait a moment to be told apart."""


class Console(NamedTuple):
    """``[console]``: the staff console and the business systems' interface, over HTTP."""

    listen: tuple[tuple[str, int], ...] = ()
    """Addresses and ports; none: neither is served."""
    certificate: str = ""
    """PEM file with the certificate chain; empty: plain HTTP."""
    key: str = ""
    """PEM file with its private key."""


class Central(NamedTuple):
    """``[central]``: the service the agent reports to."""

    url: str
    ca_file: str
    proxy: str


class Profile(NamedTuple):
    """A device's configuration file, checked."""

    data_dir: Path
    allow_volatile: bool
    screen: Screen
    buttons: Buttons
    central: Central
    service: Service = Service()
    sound: Sound = Sound()
    staff: Staff = Staff()
    console: Console = Console()
    file: Path | None = None
    """Where it was read from."""


class Setting(NamedTuple):
    """One key of the file: how it must look, and what holds if it is missing."""

    key: str
    expected: str
    default: Any
    accepts: Callable[[Any], bool]
    required: bool = False


def _text(value: Any) -> bool:
    return isinstance(value, str) and "\0" not in value


def _url(value: Any) -> bool:
    from urllib.parse import urlsplit

    if not isinstance(value, str) or not value.isprintable() or " " in value:
        return False
    try:
        parts = urlsplit(value)
        host, _port = parts.hostname, parts.port
    except ValueError:
        return False
    return parts.scheme in ("https", "http") and bool(host) and not (parts.query or parts.fragment)


def _size(value: Any) -> bool:
    if value == "full":
        return True
    parts = value.split("x") if isinstance(value, str) and value.isascii() else ()
    return len(parts) == 2 and all(_pixels(part) for part in parts)


def _pixels(text: str) -> bool:
    return text.isdigit() and len(text) <= 4 and 200 <= int(text) <= 8000


def _pins(value: Any) -> bool:
    return (
        isinstance(value, list)
        and len(value) in (0, 5)
        and len({pin for pin in value if isinstance(pin, int)}) == len(value)
        and all(type(pin) is int and 0 <= pin <= 27 for pin in value)
    )


def _pin(value: Any) -> bool:
    return type(value) is int and -1 <= value <= 27


def _addresses(value: Any) -> bool:
    return isinstance(value, list) and all(
        isinstance(one, str) and _address(one) is not None for one in value
    )


def _address(text: str) -> tuple[str, int] | None:
    """Return ``ADDRESS:PORT`` as its parts, None if it is not that; IPv6 in brackets."""
    from ipaddress import ip_address

    host, colon, port = text.rpartition(":")
    bracketed = host.startswith("[") and host.endswith("]")
    name = host[1:-1] if bracketed else host
    try:
        version = ip_address(name).version
    except ValueError:
        return None
    right = colon and port.isascii() and port.isdigit() and int(port) <= 65535
    return (name, int(port)) if right and bracketed == (version == 6) else None


def _switch(value: Any) -> bool:
    return isinstance(value, bool)


def _choice(names: tuple[str, ...], default: str) -> tuple[str, str, Callable[[Any], bool]]:
    """Return what a setting with these values needs beside its key."""
    worded = "one of " + ", ".join(f'"{name}"' for name in names)
    return worded, default, lambda value: value in names


def _inches(value: Any) -> bool:
    return type(value) in (int, float) and (value == 0 or 3 <= value <= 65)


def _dark(value: Any) -> bool:
    return value == "" or (isinstance(value, str) and _minutes(value) is not None)


def _minutes(text: str) -> tuple[int, int] | None:
    """Return ``HH:MM-HH:MM`` as minutes after midnight, None if it is not that."""
    ends = text.split("-")
    if len(ends) != 2 or ends[0] == ends[1]:
        return None
    found = []
    for end in ends:
        hours, colon, minutes = end.partition(":")
        right = end.isascii() and len(end) == 5 and colon and hours.isdigit() and minutes.isdigit()
        if not right or int(hours) > 23 or int(minutes) > 59:
            return None
        found.append(int(hours) * 60 + int(minutes))
    return found[0], found[1]


LANGUAGES = ("zh-CN", "en", "ko")
FACTORIES = ("auto", "lgpio", "gpiod")
APPEARANCES = ("standard", "large", "contrast")
MODES = ("window", "self-service", "hall")

SETTINGS = (
    Setting("data_dir", "a path in quotes", None, _text, required=True),
    Setting("storage.allow_volatile", "true or false", False, _switch),
    Setting("service.mode", *_choice(MODES, "window")),
    Setting("service.matter", 'the code of a matter in quotes, or ""', "", _text),
    Setting("screen.size", '"WIDTHxHEIGHT" in pixels, or "full"', "full", _size),
    Setting(
        "screen.rotate",
        "0, 90, 180 or 270",
        0,
        lambda v: type(v) is int and v in (0, 90, 180, 270),
    ),
    Setting("screen.language", *_choice(LANGUAGES, "zh-CN")),
    Setting("screen.appearance", *_choice(APPEARANCES, "standard")),
    Setting("screen.diagonal", "inches from 3 to 65, or 0", 0, _inches),
    Setting("screen.dark", '"HH:MM-HH:MM", or ""', "", _dark),
    Setting(
        "sound.volume", "percent from 0 to 100", 60, lambda v: type(v) is int and 0 <= v <= 100
    ),
    Setting("sound.voice", "true or false", True, _switch),
    Setting("buttons.pins", "five different BCM pin numbers from 0 to 27, or []", [], _pins),
    Setting("buttons.factory", *_choice(FACTORIES, "auto")),
    Setting("buttons.skip", "a BCM pin number from 0 to 27, or -1", -1, _pin),
    Setting("buttons.next", "a BCM pin number from 0 to 27, or -1", -1, _pin),
    Setting("buttons.leds", "five different BCM pin numbers from 0 to 27, or []", [], _pins),
    Setting("buttons.buzzer", "a BCM pin number from 0 to 27, or -1", -1, _pin),
    Setting("buttons.check", "a BCM pin number from 0 to 27, or -1", -1, _pin),
    Setting("staff.screen", "true or false", True, _switch),
    Setting("staff.badge_reader", "true or false", False, _switch),
    Setting("console.listen", 'addresses as "192.168.1.12:8443", or []', [], _addresses),
    Setting("console.certificate", "a path in quotes", "", _text),
    Setting("console.key", "a path in quotes", "", _text),
    Setting("central.url", '"https://..." or "http://..."', None, _url, required=True),
    Setting("central.ca_file", "a path in quotes", "", _text),
    Setting("central.proxy", '"http://..." or ""', "", lambda v: v == "" or _url(v)),
)


def load(path: Path) -> Profile:
    """Return the profile in the TOML file ``path``.

    Raises `BadConfiguration` with every mistake, one a line.
    """
    import tomllib

    try:
        with path.open("rb") as file:
            content = tomllib.load(file)
    except FileNotFoundError as error:
        raise BadConfiguration(
            f"{path}: there is no such file; give the right one with --config"
        ) from error
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise BadConfiguration(f"{path}: cannot be read as TOML: {error}") from error
    values = check(content, str(path))
    size = values["screen.size"]

    def beside(name: str) -> Path:
        """A relative path starts at the folder of the file that names it."""
        return (path.parent / name).resolve()

    def beside_if_named(name: str) -> str:
        return str(beside(name)) if name else ""

    return Profile(
        file=path.absolute(),
        data_dir=beside(values["data_dir"]),
        allow_volatile=values["storage.allow_volatile"],
        screen=Screen(
            size=None if size == "full" else parse_size(size),
            rotate=values["screen.rotate"],
            language=values["screen.language"],
            appearance=values["screen.appearance"],
            diagonal=float(values["screen.diagonal"]),
            dark=_minutes(values["screen.dark"]),
        ),
        service=Service(values["service.mode"], values["service.matter"]),
        sound=Sound(values["sound.volume"], values["sound.voice"]),
        buttons=Buttons(
            pins=tuple(values["buttons.pins"]),
            factory=values["buttons.factory"],
            skip=_wired(values["buttons.skip"]),
            next=_wired(values["buttons.next"]),
            leds=tuple(values["buttons.leds"]),
            buzzer=_wired(values["buttons.buzzer"]),
            check=_wired(values["buttons.check"]),
        ),
        staff=Staff(values["staff.screen"], values["staff.badge_reader"]),
        console=Console(
            tuple(filter(None, map(_address, values["console.listen"]))),
            beside_if_named(values["console.certificate"]),
            beside_if_named(values["console.key"]),
        ),
        central=Central(
            values["central.url"].rstrip("/"),
            beside_if_named(values["central.ca_file"]),
            values["central.proxy"],
        ),
    )


def _wired(pin: int) -> int | None:
    return None if pin < 0 else pin


def parse_size(text: str) -> tuple[int, int]:
    """Return ``(width, height)`` from ``WIDTHxHEIGHT``. Raises `BadConfiguration`."""
    if not _size(text) or text == "full":
        raise BadConfiguration(
            f"size {text!r}: WIDTHxHEIGHT in pixels expected, each from 200 to 8000, e.g. 1280x800"
        )
    width, height = text.split("x")
    return int(width), int(height)


def check_files(profile: Profile) -> None:
    """Raise `BadConfiguration` if a file that the profile names is not there.

    For whoever needs them: a kiosk runs without central's certificate authority.
    """
    named = {
        "central.ca_file": profile.central.ca_file,
        "console.certificate": profile.console.certificate,
        "console.key": profile.console.key,
    }
    missing = [
        f"{setting}: {file}: there is no such file"
        for setting, file in named.items()
        if file and not Path(file).is_file()
    ]
    if missing:
        raise BadConfiguration("\n".join(missing))


def without_password(text: str) -> str:
    """Return ``text`` with what a URL says before its host masked."""
    scheme, separator, rest = text.partition("://")
    _secret, at, host = rest.rpartition("@")
    return f"{scheme}{separator}***@{host}" if at else text


def check(content: dict[str, Any], name: str) -> dict[str, Any]:
    """Return every setting's value by key, with defaults filled in.

    Raises `BadConfiguration` that lists every unknown key, wrong value and missing key.
    """
    given = _flatten(content)
    known = {setting.key: setting for setting in SETTINGS}
    mistakes = [
        f"{name}: {key}: unknown key{_did_you_mean(key, known)}"
        for key in given
        if key not in known
    ]
    values: dict[str, Any] = {}
    for setting in SETTINGS:
        if setting.key not in given:
            if setting.required:
                mistakes.append(f"{name}: {setting.key}: missing; expected {setting.expected}")
            values[setting.key] = setting.default
        elif setting.accepts(given[setting.key]):
            values[setting.key] = given[setting.key]
        else:
            mistakes.append(
                f"{name}: {setting.key} = {given[setting.key]!r}: expected {setting.expected}"
            )
    mistakes += [f"{name}: {problem}" for problem in _contradictions(values)]
    if mistakes:
        raise BadConfiguration("\n".join(sorted(mistakes)))
    return values


def _contradictions(values: dict[str, Any]) -> list[str]:
    """Return what is wrong with values that are each right by themselves."""
    problems, taken = [], dict[int, str]()
    for key in (setting.key for setting in SETTINGS):
        if not key.startswith("buttons.") or key == "buttons.factory" or key not in values:
            continue
        for pin in values[key] if isinstance(values[key], list) else [values[key]]:
            if pin >= 0 and taken.setdefault(pin, key) != key:
                problems.append(f"{key}: pin {pin} is already in use for {taken[pin]}")
    if values.get("service.matter") and values.get("service.mode") != "self-service":
        problems.append('service.matter: only for service.mode = "self-service"')
    if bool(values.get("console.certificate")) != bool(values.get("console.key")):
        problems.append("console.certificate and console.key: one needs the other")
    return problems


def _flatten(content: dict[str, Any]) -> dict[str, Any]:
    """Return the values of nested tables by dotted key."""
    flat: dict[str, Any] = {}
    for key, value in content.items():
        if isinstance(value, dict):
            flat.update({f"{key}.{inner}": item for inner, item in _flatten(value).items()})
        else:
            flat[key] = value
    return flat


def _did_you_mean(key: str, known: dict[str, Setting]) -> str:
    import difflib

    near = difflib.get_close_matches(key, known, n=1)
    return f"; did you mean {near[0]}?" if near else "; known are " + ", ".join(known)
