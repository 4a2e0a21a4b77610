"""A citizen's phone: it reads codes as a camera does, and opens them in a real browser."""

import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from PIL import Image, ImageGrab
from playwright.sync_api import Browser, BrowserContext, Page, expect, sync_playwright

SIZE = {"width": 390, "height": 844}
PATIENCE_MS = 20_000
"""A page is waited for this long: the machine may have much else to do."""
HOST = "pj.binhe.example"
"""Of the sample hall's phone_url."""


def photograph(display: str) -> Image.Image:
    """What a camera sees of the virtual screen."""
    return ImageGrab.grab(xdisplay=display)


def codes_in(picture: Path) -> list[str]:
    """Every QR code in a picture, as an independent reader (zbar) finds it."""
    done = subprocess.run(
        [
            *("zbarimg", "--quiet", "--raw", "--set", "*.enable=0"),
            *("--set", "qrcode.enable=1", str(picture)),
        ],
        capture_output=True,
        text=True,
        check=False,
    )
    return done.stdout.split()


def codes_off_the_screen(display: str, folder: Path) -> list[str]:
    """The codes that the kiosk shows now."""
    picture = folder / "seen.png"
    photograph(display).save(picture)
    return codes_in(picture)


@contextmanager
def phone_browser(port: int) -> Iterator[Browser]:
    """A Chromium that finds the hall's address behind the gateway at ``port``."""
    expect.set_options(timeout=PATIENCE_MS)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path="/usr/bin/chromium",
            args=[
                *("--no-sandbox", "--disable-gpu", "--disable-background-networking"),
                *("--disable-component-update", "--disable-sync"),
                f"--host-resolver-rules=MAP {HOST}:443 127.0.0.1:{port}",
            ],
        )
        yield browser
        browser.close()


@contextmanager
def phones(browser: Browser, *, scripts: bool = True) -> Iterator[Page]:
    """A phone in Chinese, with or without JavaScript."""
    context: BrowserContext = browser.new_context(
        viewport=SIZE,
        locale="zh-CN",
        is_mobile=True,
        has_touch=True,
        java_script_enabled=scripts,
        ignore_https_errors=True,
    )
    page = context.new_page()
    yield page
    context.close()
