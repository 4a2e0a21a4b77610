"""Makes the sounds of `ui_assets/sounds` from `prompts.json`, and checks any that replace them.

The voice is espeak-ng's: clear, free of licence questions, and far from a speaker's. Each
recording is a file of its own, so that a hall can put a better one in its place.

    apt install espeak-ng opus-tools
    python tools/make_sounds.py [NAME...]    # all of them, or those prompts alone
    python tools/make_sounds.py --check      # whatever made them; needs neither tool

A recording made here: Opus, mono, 48 kHz, all at one loudness, led in by a moment of
silence, for an HDMI screen swallows what comes first after a pause.
"""

import argparse
import array
import io
import json
import math
import os
import subprocess
import sys
import tempfile
import wave
from collections.abc import Iterator
from pathlib import Path
from typing import Any, TypeAlias

ROOT = Path(__file__).resolve().parents[1]
SOUNDS = ROOT / "ui_assets" / "sounds"
Samples: TypeAlias = "array.array[int]"
"""Signed 16-bit samples of one channel."""

LANGUAGES = ("zh-CN", "en", "ko")
CHIME = "thanks"
"""Rings instead of the prompt of that name where the voice is switched off."""
CLICK = "click"
RATE = 48_000
"""Samples a second of every sound; what HDMI and USB loudspeakers take as it is."""

LEAD_S, TAIL_S = 0.15, 0.1
LOUDNESS = 0.12
"""Root mean square of a prompt, full scale being 1; quiet stretches are left out of it."""
PEAK = 0.7
"""Leaves room for a click over a prompt."""
QUIET = 0.01
SPEECH_KBIT, SOUND_KBIT = 13, 48

SHORTEST_S, LONGEST_S = 0.3, 15.0
CLICK_S = (0.01, 0.04)
LARGEST_BYTES = 600_000
"""All sounds together; they travel with every package."""


class Unfit(Exception):
    """A sound that is not as it must be; the message names the file."""


# --- making ---------------------------------------------------------------------------------


def spoken(text: str, voice: str, words_a_minute: int) -> tuple[Samples, int]:
    """Return ``text`` as 16-bit samples, and how many there are to a second."""
    said = subprocess.run(
        ["espeak-ng", "-v", voice, "-s", str(words_a_minute), "--stdout", text],
        check=True,
        capture_output=True,
    ).stdout
    with wave.open(io.BytesIO(said)) as file:
        samples = array.array("h", said[44:])  # the length in the header is that of a stream
        return samples, file.getframerate()


def levelled(samples: Samples, rate: int) -> Samples:
    """Return a prompt at the common loudness, trimmed, between its moments of silence."""
    loud = [index for index, sample in enumerate(samples) if abs(sample) > QUIET * 32768]
    heard = samples[loud[0] : loud[-1] + 1]
    voiced = [sample / 32768 for sample in heard if abs(sample) > QUIET * 32768]
    power = math.sqrt(sum(sample * sample for sample in voiced) / len(voiced))
    gain = min(LOUDNESS / power, PEAK / max(map(abs, voiced)))
    lead, tail = array.array("h", bytes(2 * int(LEAD_S * rate))), bytes(2 * int(TAIL_S * rate))
    return (
        lead + array.array("h", (int(sample * gain) for sample in heard)) + array.array("h", tail)
    )


def click() -> Samples:
    """Return 20 ms of a damped tone, low enough for ears that have lost the heights."""
    return array.array(
        "h",
        (
            int(32767 * 0.28 * math.exp(-t * 260) * math.sin(2 * math.pi * 1300 * t))
            for t in (index / RATE for index in range(RATE // 50))
        ),
    )


def chime() -> Samples:
    """Return two soft rising tones."""

    def tone(hertz: float, begins_s: float, t: float) -> float:
        t -= begins_s
        rise = min(1.0, t / 0.01)
        return 0.0 if t < 0 else rise * math.exp(-t * 6) * math.sin(2 * math.pi * hertz * t)

    lead = array.array("h", bytes(2 * int(LEAD_S * RATE)))
    return lead + array.array(
        "h",
        (
            int(32767 * 0.25 * (tone(660, 0, t) + tone(880, 0.16, t)))
            for t in (index / RATE for index in range(int(RATE * 0.9)))
        ),
    )


def encode(samples: Samples, rate: int, target: Path, kbit: int) -> None:
    """Write ``samples`` as Opus; the same samples give the same bytes."""
    target.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.NamedTemporaryFile(suffix=".wav") as plain:
        with wave.open(plain, "wb") as file:
            file.setnchannels(1)
            file.setsampwidth(2)
            file.setframerate(rate)
            file.writeframes(samples.tobytes())
        plain.flush()
        subprocess.run(
            [
                "opusenc",
                "--quiet",
                "--serial",
                "1",
                "--padding",
                "0",
                "--bitrate",
                str(kbit),
                "--comp",
                "10",
            ]
            + (["--speech", "--framesize", "60"] if kbit == SPEECH_KBIT else ["--music"])
            + [plain.name, str(target)],
            check=True,
        )


def make(names: list[str]) -> None:
    """Make the prompts of these names in every language; all sounds if none is given."""
    manifest = read_manifest()
    for name, texts in manifest["prompts"].items():
        for language, voice in manifest["voices"].items():
            if not names or name in names:
                text = texts["pinyin" if language == "zh-CN" else language]
                samples, rate = spoken(text, voice["espeak"], voice["words_a_minute"])
                target = SOUNDS / language / f"{name}.ogg"
                encode(levelled(samples, rate), rate, target, SPEECH_KBIT)
    if not names:
        encode(click(), RATE, SOUNDS / f"{CLICK}.ogg", SOUND_KBIT)
        encode(chime(), RATE, SOUNDS / f"{CHIME}.ogg", SOUND_KBIT)


# --- checking -------------------------------------------------------------------------------


def read_manifest() -> dict[str, Any]:
    """Return `prompts.json`: the voices, and what each prompt says."""
    manifest: dict[str, Any] = json.loads((SOUNDS / "prompts.json").read_bytes())
    return manifest


def expected() -> Iterator[Path]:
    """Yield every file that must be there."""
    for language in LANGUAGES:
        for name in read_manifest()["prompts"]:
            yield SOUNDS / language / f"{name}.ogg"
    yield SOUNDS / f"{CLICK}.ogg"
    yield SOUNDS / f"{CHIME}.ogg"


def decode(path: Path) -> Samples:
    """Return what the kiosk would play of ``path``, in 48,000 mono samples a second."""
    os.environ["PYGAME_HIDE_SUPPORT_PROMPT"] = "1"
    os.environ["SDL_AUDIODRIVER"] = "dummy"
    import pygame

    pygame.mixer.init(RATE, -16, 1, allowedchanges=0)
    try:
        return array.array("h", pygame.mixer.Sound(str(path)).get_raw())
    except pygame.error as error:
        raise Unfit(f"{path}: cannot be played: {error}") from error
    finally:
        pygame.mixer.quit()


def channels_and_rate(path: Path) -> tuple[int, int]:
    """Return what the first page of an Ogg file says of the sound in it. Raises `Unfit`."""
    start = path.read_bytes()[:128]
    if start[:4] == b"OggS" and (at := start.find(b"OpusHead")) > 0:
        return start[at + 9], RATE
    if start[:4] == b"OggS" and (at := start.find(b"\x01vorbis")) > 0:
        return start[at + 11], int.from_bytes(start[at + 12 : at + 16], "little")
    raise Unfit(f"{path}: neither Opus nor Vorbis in an Ogg file")


def check(path: Path) -> float:
    """Return the seconds that ``path`` lasts. Raises `Unfit` with what is wrong with it."""
    if not path.is_file():
        raise Unfit(f"{path}: is missing")
    channels, rate = channels_and_rate(path)
    if channels != 1:
        raise Unfit(f"{path}: has {channels} channels; one is expected")
    if rate < 16_000:
        raise Unfit(f"{path}: has {rate} samples a second; at least 16000 are expected")
    samples = decode(path)
    seconds = len(samples) / RATE
    shortest, longest = CLICK_S if path.stem == CLICK else (SHORTEST_S, LONGEST_S)
    if not shortest <= seconds <= longest:
        raise Unfit(f"{path}: lasts {seconds:.2f} s; {shortest} to {longest} s are expected")
    peak = max(map(abs, samples)) / 32768
    if peak < 0.1:
        raise Unfit(f"{path}: is next to silent (its peak is {peak:.3f} of full scale)")
    if peak > 0.95:
        raise Unfit(f"{path}: is too loud or clipped (its peak is {peak:.3f} of full scale)")
    return seconds


def check_all() -> list[str]:
    """Return what is wrong with the sounds as a whole and one by one."""
    wrong = []
    for path in expected():
        try:
            check(path)
        except Unfit as unfit:
            wrong.append(str(unfit))
    there = set(SOUNDS.rglob("*.ogg"))
    wrong += [f"{path}: is no prompt of prompts.json" for path in sorted(there - {*expected()})]
    size = sum(path.stat().st_size for path in there)
    if size > LARGEST_BYTES:
        wrong.append(f"{SOUNDS}: {size} bytes in all; at most {LARGEST_BYTES} are expected")
    return wrong


def main() -> int:
    """Make or check; returns the exit code."""
    parser = argparse.ArgumentParser(description="make or check the sounds of ui_assets/sounds")
    parser.add_argument("names", nargs="*", metavar="NAME", help="prompts to make; default: all")
    parser.add_argument("--check", action="store_true", help="check the files that are there")
    options = parser.parse_args()
    if not options.check:
        make(options.names)
    wrong = check_all()
    for line in wrong:
        print(line, file=sys.stderr)
    size = sum(path.stat().st_size for path in SOUNDS.rglob("*.ogg"))
    print(f"{len([*expected()])} sounds, {size / 1000:.0f} kB, {len(wrong)} mistakes")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
