"""A citizen's phone: it reads codes as a camera does, and opens them in a real browser."""

import asyncio
import ssl
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from PIL import Image, ImageGrab
from playwright.sync_api import Browser, BrowserContext, Page, sync_playwright

SIZE = {"width": 390, "height": 844}
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


# --- the way to central -----------------------------------------------------------------------


@contextmanager
def gateway(central_port: int, folder: Path) -> Iterator[int]:
    """The TLS that a hall puts before central, on a free port; bytes pass unchanged."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(_certificate(folder))
    loop = asyncio.new_event_loop()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            far_reader, far_writer = await asyncio.open_connection("127.0.0.1", central_port)
        except OSError:
            writer.close()
            return
        await asyncio.gather(_pass_on(reader, far_writer), _pass_on(far_reader, writer))

    server = loop.run_until_complete(asyncio.start_server(serve, "127.0.0.1", 0, ssl=context))
    thread = threading.Thread(target=loop.run_forever, daemon=True)
    thread.start()
    try:
        yield server.sockets[0].getsockname()[1]
    finally:
        loop.call_soon_threadsafe(loop.stop)
        thread.join()


async def _pass_on(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    try:
        while piece := await reader.read(65536):
            writer.write(piece)
            await writer.drain()
    except (OSError, ssl.SSLError):
        pass
    finally:
        writer.close()


def _certificate(folder: Path) -> Path:
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, HOST)])
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(hours=1))
        .not_valid_after(now + timedelta(days=1))
        .sign(key, hashes.SHA256())
    )
    pem = folder / "gateway.pem"
    pem.write_bytes(
        certificate.public_bytes(serialization.Encoding.PEM)
        + key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
    )
    return pem


@contextmanager
def phone_browser(port: int) -> Iterator[Browser]:
    """A Chromium that finds the hall's address behind the gateway at ``port``."""
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
