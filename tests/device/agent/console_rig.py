"""A console as its page uses it, without a browser; and the browser, for the page itself."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import requests
from device_rig import WANG
from playwright.sync_api import Browser, expect, sync_playwright
from web_rig import PINS, WindowWeb

CHROMIUM = "/usr/bin/chromium"
PATIENCE_MS = 20_000
"""A page is waited for this long: the machine may have much else to do."""
ARGUMENTS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)


class Caller:
    """Calls the console's interface as its own page does, headers and all."""

    def __init__(self, web: WindowWeb) -> None:
        self.url = web.url
        self.session = requests.Session()
        self.session.trust_env = False
        self.proof = "login"

    def get(self, path: str, **options: Any) -> requests.Response:
        return self.session.get(f"{self.url}/{path}", timeout=20, **options)

    def post(self, path: str, body: Any = None, **headers: str | None) -> requests.Response:
        """``headers`` replace those of the page; None leaves one out."""
        named: dict[str, Any] = {
            "origin": self.url,
            "sec_fetch_site": "same-origin",
            "x_haochaping_console": self.proof,
        } | headers
        sent = {name.replace("_", "-"): value for name, value in named.items()}
        return self.session.post(
            f"{self.url}/console-api/{path}", json=body, headers=sent, timeout=20
        )

    def log_in(self, staff: str = WANG, pin: str | None = None) -> requests.Response:
        answer = self.post("login", {"staff": staff, "pin": pin or PINS[staff]})
        if answer.ok:
            self.proof = answer.json()["me"]["proof"]
        return answer

    def window(self, visit: object = "") -> dict[str, Any]:
        answer = self.get("console-api/window", params={"visit": str(visit)} if visit else None)
        assert answer.ok, answer.text
        return answer.json()


@contextmanager
def chromium() -> Iterator[Browser]:
    """Debian's Chromium; `playwright` brings none."""
    expect.set_options(timeout=PATIENCE_MS)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=list(ARGUMENTS))
        try:
            yield browser
        finally:
            browser.close()
