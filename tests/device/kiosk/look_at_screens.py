"""`./run screens`: draws every screen, compares it with its golden picture, and shows both.

Writes one contact sheet for each screen and appearance, with every panel and language on it,
and for each golden picture that no longer fits, what it is now beside what it was.
"""

import argparse
import os
import sys
from collections.abc import Iterable, Sequence
from pathlib import Path

os.environ["SDL_VIDEODRIVER"] = "dummy"
os.environ.setdefault("PYGAME_HIDE_SUPPORT_PROMPT", "1")

import pygame
from golden_pictures import compare, contact_sheet, read, side_by_side, write
from goldens import FOLDER, GOLDENS, Golden
from panels import TURNED, UPRIGHT, Size, show
from sample_views import GOLDEN, WITHOUT_PICTURE

from device.kiosk.assets import LANGUAGES
from device.store.profile import APPEARANCES

SCREENS = GOLDEN | WITHOUT_PICTURE


def main(words: Sequence[str]) -> int:
    """Do what the command line says; exit code 1 if a picture no longer fits."""
    parser = argparse.ArgumentParser("./run screens", description=__doc__)
    parser.add_argument("names", nargs="*", help="screens that begin so (default: all)")
    parser.add_argument("--refresh", action="store_true", help="accept what is drawn as golden")
    parser.add_argument("--no-sheets", action="store_true", help="write no contact sheets")
    parser.add_argument("--out", type=Path, default=Path("screens-output"), metavar="DIR")
    parser.add_argument("--size", action="append", metavar="WxH", help="this panel alone")
    parser.add_argument("--language", action="append", choices=LANGUAGES)
    parser.add_argument("--appearance", action="append", choices=APPEARANCES)
    parser.add_argument(
        "--height", type=int, default=300, help="pixels of a picture on a sheet; 0: as it is"
    )
    options = parser.parse_args(words)
    chosen = [name for name in SCREENS if not options.names or name.startswith((*options.names,))]
    if not chosen:
        parser.error(f"no screen is called so; there are: {', '.join(SCREENS)}")
    options.out.mkdir(parents=True, exist_ok=True)
    goldens = [golden for golden in GOLDENS if golden.screen in chosen]
    differing = _refresh(goldens) if options.refresh else _compare(goldens, options.out)
    if not options.no_sheets:
        sizes = [_size(each) for each in options.size or ()] or [*UPRIGHT, *TURNED]
        for name in chosen:
            for appearance in options.appearance or APPEARANCES:
                languages = options.language or LANGUAGES
                _sheet(name, sizes, languages, appearance, options.height, options.out)
        print(f"contact sheets are in {options.out}/")
    return 1 if differing else 0


def _refresh(goldens: Iterable[Golden]) -> int:
    written = [golden.path for golden in goldens if write(golden.draw(), golden.path)]
    known = {golden.path for golden in GOLDENS}
    gone = [path for path in FOLDER.rglob("*.png") if path not in known]
    for path in gone:
        path.unlink()
    for path in sorted(written):
        print(f"golden/{path.relative_to(FOLDER)} is new")
    print(f"{len(written)} golden pictures written, {len(gone)} removed")
    return 0


def _compare(goldens: Iterable[Golden], out: Path) -> int:
    differing = 0
    for golden in goldens:
        name = golden.path.relative_to(FOLDER)
        if not golden.path.exists():
            print(f"golden/{name} is missing")
            differing += 1
            continue
        now, before = golden.draw(), read(golden.path)
        difference = compare(now, before)
        if not difference.alike:
            beside = out / "changed" / str(name).replace("/", "-")
            beside.parent.mkdir(exist_ok=True)
            pygame.image.save(side_by_side(now, before, difference), beside)
            print(f"golden/{name} differs in {difference.pixels} pixels: {beside}")
            differing += 1
    print(f"{differing} golden pictures differ" if differing else "every golden picture fits")
    return differing


def _sheet(
    name: str,
    sizes: Sequence[Size],
    languages: Sequence[str],
    appearance: str,
    height: int,
    out: Path,
) -> None:
    rows = []
    for language in languages:
        row = []
        for size in sizes:
            surface = pygame.Surface(size, 0, 32)
            show(name, SCREENS[name], size, language, appearance).scene.paint(surface)
            if height:
                small = round(size[0] * height / size[1]), height
                surface = pygame.transform.smoothscale(surface, small)
            row.append(surface)
        rows.append(row)
    pygame.image.save(contact_sheet(rows), out / f"{name.replace(' ', '-')}-{appearance}.png")


def _size(text: str) -> Size:
    width, _, height = text.partition("x")
    return int(width), int(height)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
