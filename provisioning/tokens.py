"""Asks central for one-time enrolment tokens, with a technician's key.

The key and the tokens are secrets: they are in headers and bodies, never in an address, a
message or an exception's text.
"""

import os
import stat
import time
from base64 import b64encode
from collections.abc import Callable
from pathlib import Path
from typing import Final, NamedTuple, Self, TypeVar

import msgspec
import requests

from protocol.enrolment_tokens import TokenAsked, TokenGiven, TokenStatus, TokenWish
from protocol.messages import PROBLEM_TYPE, Problem
from provisioning.card import CentralKey, Enrolment, token_hash
from provisioning.errors import CentralRefuses, CentralUnreachable, KeyRefused, ProvisioningError

KEY_VARIABLE: Final = "HAOCHAPING_TECHNICIAN_KEY"
_DAY_MS: Final = 24 * 60 * 60 * 1000
_TIMEOUT_S: Final = (10, 30)
_MAX_ANSWER: Final = 64 * 1024
_TRIES: Final = 5
_LONGEST_WAIT_S: Final = 120
_NEW, _STATUS = "/v1/enrolment-tokens", "/v1/enrolment-tokens/status"
_T = TypeVar("_T")


class Granted(NamedTuple):
    """A new token as part of an enrolment, and whose place the device will take."""

    enrolment: Enrolment
    replaces: str | None
    """Name of the device that is retired when the token is used."""
    voided: bool = False
    """A card written for this device before, and not used yet, is no longer good."""


class TokenDesk:
    """Central, where a technician gets tokens."""

    def __init__(
        self,
        central: str,
        key: str,
        ca_file: Path | None = None,
        proxy: str = "",
        wait: Callable[[float], object] = time.sleep,
    ) -> None:
        self.central = central.rstrip("/")
        self._wait = wait
        self._session = requests.Session()
        self._session.trust_env = False  # .netrc and proxy variables would change what is sent
        self._session.headers["Authorization"] = f"Bearer {key}"
        if ca_file is not None:
            self._session.verify = str(ca_file)
        if proxy:
            self._session.proxies = {"http": proxy, "https": proxy}

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._session.close()

    def make(
        self, window: str, hall: str, *, name: str, days: int, replace: bool = False
    ) -> Granted:
        """Return a new token for a device ``name`` at ``window``, good for ``days`` days.

        Raises `CentralRefuses`, with the code ``window-taken`` if a device is there and
        ``replace`` was not asked for; `KeyRefused`; `CentralUnreachable`.
        """
        given = self._ask(_NEW, TokenWish(window, days, replace, name), 201, TokenGiven)
        if (given.window, given.hall) != (window, hall):
            raise CentralRefuses(
                "other-hall",
                f"at central, window {window} belongs to hall {given.hall}, not {hall}; correct "
                "the fleet file (the token that was made is not used and expires)",
            )
        enrolment = Enrolment(
            given.token,
            token_hash(given.token),
            given.expires_ms - days * _DAY_MS,
            given.expires_ms,
            CentralKey(given.central_key.algorithm, b64encode(given.central_key.key).decode()),
            replace,
        )
        return Granted(enrolment, given.replaces, given.voided > 0)

    def status(self, token: str) -> TokenStatus:
        """Return what has become of ``token``. Raises `KeyRefused` or `CentralUnreachable`."""
        return self._ask(_STATUS, TokenAsked(token), 200, TokenStatus)

    def _ask(self, path: str, body: msgspec.Struct, expected: int, kind: type[_T]) -> _T:
        for attempt in range(_TRIES):
            code, headers, content = self._post(path, body)
            if code in (429, 503) and attempt < _TRIES - 1:
                asked = headers.get("Retry-After", "")
                seconds = int(asked) if asked.isdecimal() else 2**attempt
                self._wait(min(seconds, _LONGEST_WAIT_S))
                continue
            if code == expected:
                try:
                    return msgspec.json.decode(content, type=kind)
                except msgspec.DecodeError as error:
                    raise CentralUnreachable(
                        f"{self.central} answers what central would not: a captive portal, a "
                        f"proxy, or an older central ({error})"
                    ) from error
            raise self._refusal(code, headers, content)
        raise AssertionError("the last try returns or raises")

    def _post(
        self, path: str, body: msgspec.Struct
    ) -> tuple[int, "requests.structures.CaseInsensitiveDict[str]", bytes]:
        try:
            with self._session.post(
                self.central + path,
                data=msgspec.json.encode(body),
                headers={"Content-Type": "application/json"},
                timeout=_TIMEOUT_S,
                allow_redirects=False,
                stream=True,
            ) as answer:
                content = answer.raw.read(_MAX_ANSWER + 1, decode_content=True)
                if len(content) > _MAX_ANSWER:
                    raise CentralUnreachable(f"{self.central}: an answer too large to be central's")
                return answer.status_code, answer.headers, content
        except requests.exceptions.SSLError as error:
            raise CentralUnreachable(
                f"{self.central} shows a certificate that is not trusted: is ca_file of the fleet "
                f"file the right one, and this computer's clock? ({_short(error)})"
            ) from error
        except (requests.RequestException, OSError) as error:
            raise CentralUnreachable(
                f"{self.central} cannot be reached: {_short(error)}"
            ) from error
        except Exception as error:  # urllib3's own, while the body is read
            if type(error).__module__.startswith("urllib3"):
                raise CentralUnreachable(f"{self.central}: the answer was cut off") from error
            raise

    def _refusal(
        self, code: int, headers: "requests.structures.CaseInsensitiveDict[str]", content: bytes
    ) -> ProvisioningError:
        kind = headers.get("Content-Type", "").partition(";")[0].strip()
        try:
            problem = msgspec.json.decode(content, type=Problem) if kind == PROBLEM_TYPE else None
        except msgspec.DecodeError:
            problem = None
        if problem is None:
            return CentralUnreachable(
                f"{self.central} answers {code}, and not as central does: is the address right?"
            )
        said = f"{problem.title}. {problem.detail}" if problem.detail else problem.title
        if code in (401, 403):
            return KeyRefused(
                f"central does not take the technician's key: {said} (haochaping central reader "
                "NAME --role technician makes one)"
            )
        return CentralRefuses(problem.code, said)


def read_key(file: Path | None, ask: Callable[[str], str] | None) -> str:
    """Return the technician's key: from ``file``, the environment, or whoever is asked.

    ``ask`` prompts without echo; None where nobody can be asked. Raises `KeyRefused`.
    """
    if file is not None:
        try:
            if stat.S_IMODE(file.stat().st_mode) & 0o077:
                raise KeyRefused(f"{file} can be read by others; chmod 600 {file}")
            key = file.read_text(encoding="ascii").strip()
        except (OSError, UnicodeDecodeError) as error:
            raise KeyRefused(f"{file}: the key cannot be read ({type(error).__name__})") from error
    else:
        key = os.environ.get(KEY_VARIABLE, "").strip()
        if not key and ask is not None:
            key = ask("Technician's key (hcr_...): ").strip()
    if not key:
        raise KeyRefused(
            f"a technician's key is needed: --key-file FILE, or {KEY_VARIABLE} in the environment"
        )
    if not key.isascii() or not key.isprintable() or " " in key:
        raise KeyRefused("this is no technician's key; one begins with hcr_")
    return key


def _short(error: BaseException) -> str:
    """Return the innermost reason: requests wraps it three times, addresses and all."""
    while error.__context__ is not None or error.__cause__ is not None:
        error = error.__cause__ or error.__context__ or error
    return (getattr(error, "strerror", None) or str(error) or type(error).__name__)[:200]
