"""What the kiosk draws, a reader that knows nothing of it reads: zbar, off the real window.

One kiosk for each design under a virtual screen, photographed from the framebuffer: what a
camera would have before it, pixel by pixel, and then as a worse camera would see it.
"""

import shutil
import struct
import subprocess
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import closing
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple
from uuid import UUID

import pygame
import pytest
from device_rig import RECORD_KEY
from device_rig import identity as who
from PIL import Image, ImageFilter

from demo.rehearsal import Rehearsal
from demo.stage import Stage
from device.kiosk.qr import matrix, paint
from device.store.briefing import Briefing
from device.store.profile import APPEARANCES
from protocol.configuration import Configuration, Hall, StaffMember, Window
from protocol.phone import TOKEN_PATH, read_token, token_url, verify_token
from protocol.questions import Asks

DESIGNS = ("800x480", "1280x800", "720x1280")
SCREEN = (1280, 1280)
PHONE_URL = "https://pj.binhe.example"
GREY = 150
LEVEL = 4
AROUND = 60
"""Pixels of the page that are seen around a code."""


class Photographed(NamedTuple):
    """A kiosk's window, and a camera before it."""

    stage: Stage
    framebuffer: Path

    def picture(self) -> Image.Image:
        """Return all that the virtual screen shows, in greys (X's window dump, version 7)."""
        dump = self.framebuffer.read_bytes()
        header = struct.unpack(">25I", dump[:100])
        start, line = header[0] + header[19] * 12, header[12]
        pixels = dump[start : start + line * SCREEN[1]]
        return Image.frombytes("RGB", SCREEN, pixels, "raw", "BGRX").convert("L")


@pytest.fixture(scope="module")
def screen() -> Iterator[tuple[str, Path]]:
    """A virtual screen on which every design fits, and the file that holds its pixels."""
    if shutil.which("Xvfb") is None or shutil.which("zbarimg") is None:
        pytest.skip("Xvfb and zbarimg are needed (see system-packages.txt)")
    size = f"{SCREEN[0]}x{SCREEN[1]}x24"
    with tempfile.TemporaryDirectory(prefix="haochaping-xvfb-") as folder:
        server = subprocess.Popen(
            ["Xvfb", "-displayfd", "1", "-screen", "0", size, "-nolisten", "tcp", "-fbdir", folder],
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
        )
        assert server.stdout is not None
        number = server.stdout.readline().strip()
        yield f":{number}", Path(folder) / "Xvfb_screen0"
        server.terminate()
        server.communicate()


@pytest.fixture(scope="module", params=DESIGNS)
def kiosk(
    request: pytest.FixtureRequest,
    screen: tuple[str, Path],
    new_home,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[Photographed]:
    home = new_home()
    document = Configuration(
        device=who().device,
        version=1,
        hall=Hall("BH", "滨河区政务服务中心"),
        window=Window("BH-012", "12", "0317"),
        staff=(StaffMember("0317", "王晓燕", "综合窗口", "不动产登记"),),
        matters=(),
        phone_url=PHONE_URL,
    )
    with closing(Briefing(home)) as briefing:
        briefing.apply(document, b"signed", "v1")
    display, framebuffer = screen
    stage = Stage(tmp_path_factory.mktemp("kiosk"), {"DISPLAY": display, "SDL_VIDEODRIVER": "x11"})
    stage.device_data, stage.address = home.root, "http://127.0.0.1:9"
    stage.make_device("--size", request.param)
    stage.start_kiosk()
    stage.rehearsal.wait_for_screen("IdleView")
    yield Photographed(stage, framebuffer)
    stage.close()
    shutil.rmtree(home.root, ignore_errors=True)


def read(pictures: Iterable[Image.Image], folder: Path) -> list[str]:
    """Return what zbar reads in the pictures, each code's text."""
    files = []
    for number, picture in enumerate(pictures):
        files.append(str(folder / f"{number}.pgm"))
        picture.save(files[-1])
    done = subprocess.run(
        ["zbarimg", "--quiet", "--raw", "-Sdisable", "-Sqrcode.enable", *files],
        capture_output=True,
        text=True,
        check=False,
    )
    return done.stdout.split()


def worse(picture: Image.Image, module: int) -> dict[str, Image.Image]:
    """Return the picture as somebody's phone might see it."""
    seen = {
        "held askew": picture.rotate(8, Image.Resampling.BICUBIC, expand=True, fillcolor=GREY),
        "out of focus": picture.filter(ImageFilter.GaussianBlur(0.3 * module)),
    }
    seen["both"] = seen["held askew"].filter(ImageFilter.GaussianBlur(0.25 * module))
    if module >= 4:
        half = (picture.width // 2, picture.height // 2)
        seen["from afar"] = picture.resize(half, Image.Resampling.LANCZOS)
    return seen


def close_up(picture: Image.Image, modules: int) -> tuple[Image.Image, int]:
    """Return the part of the picture around the code, and the pixels of a module.

    Measured on the first finder: 1:1:3:1:1 of dark and light, in three modules' height.
    """
    dark, width = picture.point(lambda value: value < 90).tobytes(), picture.width
    for module in range(12, 0, -1):
        one, other = b"\1" * module, b"\0" * module
        finder = b"\0" + one + other + 3 * one + other + one + b"\0"
        at = dark.find(finder)
        while at >= 0:
            rows = (
                dark[at + row * width : at + row * width + len(finder)] for row in range(3 * module)
            )
            if all(row == finder for row in rows):
                top, left = divmod(at, width)
                x, y, side = left - AROUND, top - AROUND, modules * module + 2 * AROUND
                return picture.crop((x, y, x + side, y + side)), module
            at = dark.find(finder, at + 1)
    raise AssertionError("there are no finders of a code in the picture")


def dress(screen: Rehearsal, appearance: str) -> None:
    """Touch the key for another appearance until it is ``appearance``."""
    for following in (*APPEARANCES[1:], APPEARANCES[0]):
        if screen.look()["appearance"] != appearance:
            screen.touch("appearance", following)
            screen.wait_for("other texts", partial(_is_dressed, following))


def _is_dressed(appearance: str, shown: dict[str, Any]) -> bool:
    return bool(shown["appearance"] == appearance)


@pytest.mark.parametrize("appearance", APPEARANCES)
def test_a_stranger_reads_the_code_off_the_screen(
    kiosk: Photographed, appearance: str, tmp_path: Path
) -> None:
    screen = kiosk.stage.rehearsal
    screen.touch("rate")
    screen.wait_for("the code", lambda shown: bool(shown["view"].get("qr")))
    dress(screen, appearance)
    asked = screen.wait_for("the question", lambda shown: shown["screen"] == "RatingView")
    at_the_question = kiosk.picture()
    screen.touch("level", LEVEL)
    screen.wait_for_screen("ReasonsView")
    screen.touch("skip")
    thanked = screen.wait_for_screen("ThanksView")
    at_the_thanks = kiosk.picture()
    screen.touch("done")
    screen.wait_for_screen("IdleView")

    url, again = read((at_the_question, at_the_thanks), tmp_path)
    assert url == again, "one visit, one code"
    assert url.startswith(PHONE_URL.upper() + TOKEN_PATH)
    token, signed = read_token(url.removeprefix(PHONE_URL.upper() + TOKEN_PATH))
    verify_token(signed, RECORD_KEY.public)
    assert (token.device, token.visit) == (who().device, UUID(asked["visit"]))
    assert token.asks == Asks(staff=1)
    assert token.receipt == thanked["view"]["code"]
    for page, picture in (("question", at_the_question), ("thanks", at_the_thanks)):
        near, module = close_up(picture, asked["view"]["qr"])
        assert module >= 3
        seen = worse(near, module)
        said = f"{page}, {module} pixels to a module: {', '.join(seen)}"
        assert read(seen.values(), tmp_path) == [url] * len(seen), said


def test_a_code_of_a_long_address_is_read_as_well(tmp_path: Path) -> None:
    """It has less correction, and modules as large."""
    url = token_url("https://" + "pingjia." * 8 + "gov.cn", "K7" * 114)
    image = paint(matrix(url), 184, (0x17, 0x21, 0x2B), (255, 255, 255))
    code = Image.frombytes("RGB", image.get_size(), pygame.image.tobytes(image, "RGB"))
    page = Image.new("L", (code.width + 2 * AROUND, code.height + 2 * AROUND), GREY)
    page.paste(code.convert("L"), (AROUND, AROUND))
    seen = {"as it is": page, **worse(page, 3)}
    assert read(seen.values(), tmp_path) == [url] * len(seen), ", ".join(seen)
