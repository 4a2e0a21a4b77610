"""docs/business-api.md says what the device does: its examples are run as they stand."""

import json
import os
import re
import subprocess
import threading
from collections.abc import Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from agent_rig import Listener, http, listening
from described import DOCUMENT, Described
from device_rig import DEED, chain, soon
from playwright.sync_api import Page, sync_playwright
from web_rig import KEY, WindowWeb, hall, window_web

from device.agent import refusals
from device.agent.web import problems
from device.core.visit import State
from device.store.home import Home
from protocol.configuration import BusinessSystem
from protocol.records import Pause, VisitClosed, VisitOpened

ROOT = Path(__file__).parents[3]
TEXT = (ROOT / "docs" / "business-api.md").read_text(encoding="utf-8")
CHROMIUM_ARGS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)


@pytest.fixture
def system() -> Iterator[Listener]:
    with listening(lambda _: http(status=204)) as listener:
        yield listener


@pytest.fixture
def web(home: Home, system: Listener) -> Iterator[WindowWeb]:
    with window_web(home, hall(callbacks=(f"{system.url}/rating",))) as web:
        yield web


def blocks(language: str) -> list[str]:
    return re.findall(rf"```{language}\n(.*?)```", TEXT, re.DOTALL)


def commands() -> list[str]:
    """Every curl command of the document, in order, each as it stands there."""
    found = []
    for block in blocks("sh"):
        whole = block.replace("\\\n", "\\\n\0")
        for command in re.split(r"\n(?=curl )", whole):
            found.append(command.replace("\0", "").strip())
    return [
        "\n".join(line for line in command.splitlines() if not line.startswith("export "))
        for command in found
        if "curl " in command
    ]


class Reader:
    """A programmer with the document in front of them."""

    def __init__(self, web: WindowWeb, system: Listener, folder: Path) -> None:
        self._web = web
        self._api = Described(web.url, KEY)
        self._made = 0
        # A refusal is to end the command with an error, without a word changed in it.
        (folder / ".curlrc").write_text('fail-with-body\nnoproxy = "*"\nmax-time = 20\n')
        self._around = {
            "PATH": os.environ["PATH"],
            "LANG": "C.UTF-8",
            "CURL_HOME": str(folder),
            "WINDOW": web.url,
            "KEY": KEY,
            "CALLBACK": f"{system.url}/rating",
        }

    def run(self, command: str) -> str:
        around = dict(self._around)
        if "$VISIT" in command:
            around["VISIT"] = self._open_visit()
        elif '"$WINDOW/v1/visits"' in command:
            self._web.counter.finish()
        done = subprocess.run(
            ["bash", "-euc", command], env=around, capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, f"{command}\n{done.stdout}\n{done.stderr}"
        return done.stdout

    def _open_visit(self) -> str:
        visit = self._web.counter.visit
        if visit.state is State.RATING and visit.invitation is not None:
            return str(visit.invitation.visit)
        self._made += 1
        body = {"request": f"made-{self._made}"}
        return str(self._api.post("/v1/visits", json=body).json()["visit"])


def test_every_curl_example_does_what_it_says(web: WindowWeb, system: Listener, elsewhere: Path):
    reader = Reader(web, system, elsewhere)
    said = [reader.run(command) for command in commands()]
    assert len(said) == 11
    records = chain(web.home)
    opened = [record for record in records if isinstance(record, VisitOpened)]
    assert [len(matter.cases) for matter in opened[0].matters] == [2, 1]
    cancelled = [record for record in records if isinstance(record, VisitClosed) and record.reason]
    assert [record.reason for record in cancelled] == ["办事人已离开"] * 2
    pauses = [record.paused for record in records if isinstance(record, Pause)]
    assert pauses == [True, False]
    web.counter.finish()
    assert soon(lambda: system.calls)
    assert system.calls[0].path == "/rating/ended?window=12"
    assert json.loads(system.calls[0].body)["request"] == "2026-000124"


def test_the_answers_shown_are_the_answers_given(web: WindowWeb):
    api = Described(web.url, KEY)
    window, invited, refused = (json.loads(block) for block in blocks("json"))
    assert api.get("/v1/window").json() == window
    given = api.post("/v1/visits", json={"request": "2026-000123"}).json()
    assert given | {"visit": ""} == invited | {"visit": ""}
    web.counter.tap()
    other = api.post("/v1/visits", json={"request": "2026-000124"}).json()
    assert other.keys() == refused.keys()
    assert {k: other[k] for k in ("title", "status", "code", "detail")} == {
        k: refused[k] for k in ("title", "status", "code", "detail")
    }
    assert other["under_way"].keys() == refused["under_way"].keys() | {"visit"}


def test_every_call_is_in_the_document():
    for path in DOCUMENT["paths"]:
        shown = path.replace("{visit}", "$VISIT")
        assert shown in TEXT, path


def test_every_refusal_a_system_may_see_is_in_the_document():
    codes = {
        kind.code
        for kind in vars(refusals).values()
        if isinstance(kind, type) and issubclass(kind, refusals.NotTaken)
    } - {"not-taken", "another-serves"}
    codes |= set(problems._CODES.values())
    for module in ("asked", "business", "door", "keys", "problems"):
        source = (ROOT / "device" / "agent" / "web" / f"{module}.py").read_text("utf-8")
        codes |= set(re.findall(r'WebRefused\(\s*\d+,\s*"([\w-]+)"', source))
    for code in codes:
        assert f"`{code}`" in TEXT, code


# --- the page -----------------------------------------------------------------------------


class _Silent(SimpleHTTPRequestHandler):
    def log_message(self, format: str, *args: Any) -> None:
        """Say nothing."""


@pytest.fixture
def origin() -> Iterator[str]:
    """The business system's own web server, which gives out the example page."""
    handler = partial(_Silent, directory=str(ROOT / "docs" / "examples"))
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()


@pytest.fixture
def page() -> Iterator[Page]:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path="/usr/bin/chromium", args=list(CHROMIUM_ARGS)
        )
        yield browser.new_page()
        browser.close()


def fill_in(page: Page, origin: str, web: WindowWeb) -> None:
    page.goto(f"{origin}/business-page.html")
    page.fill("#window", web.url)
    page.fill("#key", KEY)
    page.fill("#matter", DEED)
    page.fill("#case", "BDC-2026-000123")


def expect_state(page: Page, text: str) -> None:
    page.wait_for_function(
        "t => document.getElementById('state').textContent.includes(t)", arg=text
    )


def test_the_example_page_invites_follows_and_takes_back(home: Home, page: Page, origin: str):
    system = BusinessSystem("counter", hall().systems[0].key_hash, (origin,))
    with window_web(home, hall(systems=(system,))) as web:
        fill_in(page, origin, web)
        page.click("#invite")
        expect_state(page, "invited")
        web.counter.tap()
        expect_state(page, "the citizen is rating")
        assert page.is_disabled("#cancel")
        web.counter.finish()
        expect_state(page, "over")
        page.fill("#case", "BDC-2026-000124")
        page.click("#invite")
        expect_state(page, "invited")
        page.click("#cancel")
        expect_state(page, "taken back")
        page.fill("#case", "BDC-2026-000125")
        page.fill("#matter", "9" * 31)
        page.click("#invite")
        expect_state(page, "$.matters[0].code")
    opened = [record for record in chain(home) if isinstance(record, VisitOpened)]
    assert [visit.matters[0].cases for visit in opened] == [
        ("BDC-2026-000123",),
        ("BDC-2026-000124",),
    ]
    assert isinstance(opened[0].visit, UUID)


def test_a_page_of_somebody_else_cannot_invite_even_with_the_key(
    home: Home, page: Page, origin: str
):
    with window_web(home) as web:
        fill_in(page, origin, web)
        page.click("#invite")
        expect_state(page, "Failed to fetch")
    assert chain(home) == []
