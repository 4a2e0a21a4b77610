"""A citizen's phone without a browser: reads a page's form, fills it in and presses its keys."""

import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from html.parser import HTMLParser
from typing import Any
from uuid import UUID

import requests
from central_rig import Device, RunningCentral

from protocol.phone import PhoneToken, sign_token
from protocol.questions import Asks

STAFF = Asks(staff=1)


def token_of(device: Device, visit: UUID, seconds: int = 3600, asks: Asks = STAFF) -> str:
    """The token that the device shows for its visit; 0 seconds: it does not know the date."""
    expires_s = int(time.time()) + seconds if seconds else 0
    return sign_token(PhoneToken(device.name, expires_s, visit, asks), device.record_key)


@dataclass
class Page(HTMLParser):
    """A page as it came: its words, what can be typed and pressed."""

    status: int
    text: str
    headers: Any
    fields: list[tuple[str, str]] = field(default_factory=list)
    """As a browser would send them."""
    keys: list[str] = field(default_factory=list)
    offered: list[tuple[str, str]] = field(default_factory=list)
    """Names and values of the boxes that can be ticked."""
    action: str = ""
    title: str = ""

    def __post_init__(self) -> None:
        super().__init__()
        self._inside = ""
        self.feed(self.text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        said = {name: value or "" for name, value in attrs}
        self._inside = tag
        if tag == "form" and not self.action:
            self.action = said["action"]
        elif tag == "button":
            self.keys.append(said.get("value", ""))
        elif tag == "textarea":
            self.fields.append((said["name"], ""))
        elif tag == "input" and said.get("type") == "checkbox":
            self.offered.append((said["name"], said["value"]))
            if "checked" in said:
                self.fields.append((said["name"], said["value"]))
        elif tag == "input" and said.get("name"):
            self.fields.append((said["name"], said.get("value", "")))

    def handle_data(self, data: str) -> None:
        if self._inside == "h1":
            self.title += data
        elif self._inside == "textarea" and self.fields:
            name, value = self.fields[-1]
            self.fields[-1] = name, value + data.removeprefix("\n")

    def handle_endtag(self, tag: str) -> None:
        if tag in ("h1", "textarea", "small"):
            self._inside = ""

    def field(self, name: str) -> str:
        """The first value of a field that would be sent."""
        return next((value for key, value in self.fields if key == name), "")


@dataclass
class Phone:
    """One citizen's phone."""

    place: RunningCentral
    language: str = "en"
    address: str = "203.0.113.7"

    def open(self, path: str) -> Page:
        """Scan a code, or type an address."""
        return self._page(requests.get(self.place.url + path, headers=self._said, timeout=20))

    def press(self, page: Page, key: str, *, tags: Sequence[int] = (), **typed: str) -> Page:
        """Press a key of the page; what is typed replaces what its fields hold."""
        assert key in page.keys, (key, page.keys, page.title)
        fields = [(name, typed.pop(name, value)) for name, value in page.fields]
        assert not typed, f"{page.title} has no field {', '.join(typed)}"
        boxes = {int(value): name for name, value in page.offered}
        fields += [(boxes[tag], str(tag)) for tag in tags]
        return self.post(page.action, [*fields, ("do", key)])

    def post(self, path: str, fields: Any, **headers: str) -> Page:
        """Send a form whatever the page said."""
        answer = requests.post(
            self.place.url + path, data=fields, headers={**self._said, **headers}, timeout=20
        )
        return self._page(answer)

    def rate(self, page: Page, *levels: int, **typed: str) -> Page:
        """Rate everything that is asked, one after the other; return the page after sending."""
        for number, level in enumerate(levels, 1):
            page = self.press(page, f"level:{level}")
            if number < len(levels):
                page = self.press(page, "next")
        return self.press(page, "send", **typed)

    @property
    def _said(self) -> dict[str, str]:
        return {"Accept-Language": self.language, "X-Forwarded-For": self.address}

    def _page(self, answer: requests.Response) -> Page:
        assert answer.headers["Content-Type"] == "text/html; charset=utf-8", answer.text
        return Page(answer.status_code, answer.text, answer.headers)
