"""Libraries come without the parts that no kiosk uses, and work as ever.

In processes of their own: whatever the other tests have imported is loaded already.
"""

import hashlib
import subprocess
import sys
from pathlib import Path

_START = "from device.kiosk import lean; import sys; "


def said_by(program: str) -> str:
    """Run ``program`` in a Python of its own, warnings being errors; return what it printed."""
    environment = {"SDL_VIDEODRIVER": "dummy", "PYGAME_HIDE_SUPPORT_PROMPT": "1"}
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", _START + program],
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


def test_pygame_comes_without_players_of_music_and_without_inspect() -> None:
    unwanted = {"pygame.mixer", "pygame.sprite", "inspect", "zipfile", "difflib", "tempfile"}
    loaded = set(said_by("lean.import_pygame(); print(*sys.modules)").split())
    assert "pygame.display" in loaded
    assert not unwanted & loaded


def test_a_window_is_opened_and_words_are_drawn_with_what_is_left() -> None:
    program = """
lean.import_pygame()
import pygame
from device.kiosk.assets import font_path
pygame.font.init()
pygame.display.init()
display = pygame.display.set_mode((64, 32))
display.blit(pygame.font.Font(font_path(True), 20).render("评价", True, (255, 0, 0)), (0, 0))
print(pygame.mask.from_threshold(display, (255, 0, 0), (60, 255, 255)).count() > 40)
print(len(pygame.image.tobytes(display, "RGB")))
"""
    assert said_by(program).split() == ["True", str(64 * 32 * 3)]


def test_sound_can_be_imported_when_it_is_wanted() -> None:
    program = "lean.import_pygame(); import pygame.mixer; print(pygame.mixer.get_init())"
    assert said_by(program) == "None"


def test_pictures_can_be_written_where_a_rehearsal_wants_them(tmp_path: Path) -> None:
    picture = tmp_path / "screen.png"
    said_by(
        "lean.import_pygame(picture_files=True); import pygame;"
        f"pygame.image.save(pygame.Surface((4, 4)), {str(picture)!r})"
    )
    assert picture.read_bytes()[:4] == b"\x89PNG"


def test_records_hash_to_the_same_without_the_second_openssl() -> None:
    program = """
lean.import_protocol()
from protocol import cose, keys, records, receipts
import hashlib
print("_hashlib" in sys.modules, hashlib.sha256(b"record").hexdigest())
"""
    assert said_by(program).split() == ["False", hashlib.sha256(b"record").hexdigest()]


def test_what_is_left_out_for_a_moment_is_there_again_afterwards() -> None:
    program = """
import json
with lean.without("colorsys", "json"):
    import json
    try:
        import colorsys
    except ImportError:
        print("left out")
import colorsys
print(colorsys.rgb_to_hls(0, 0, 0))
"""
    assert said_by(program).splitlines() == ["left out", "(0.0, 0.0, 0.0)"]


def test_drawing_a_code_loads_no_picture_library():
    """`qrcode` would load Pillow where it happens to be installed, as it is here."""
    program = (
        "from device.kiosk.qr import matrix; matrix('A'); "
        "print('PIL' in sys.modules, end=' '); import PIL; print('found')"
    )
    assert said_by(program) == "False found"
