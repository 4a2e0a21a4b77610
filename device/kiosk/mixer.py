"""The sound device: SDL_mixer as pygame brings it along, called without holding Python up.

`pygame.mixer` opens the device with Python's lock held. ALSA may take a tenth of a second
for that, a USB loudspeaker that hangs may take for ever, and for so long no finger would be
answered. Called through ctypes the same library leaves the lock alone, so that only the
thread that asked waits. The library is the very one pygame has loaded already: it costs no
memory and no second copy.
"""

import ctypes
import re
from pathlib import Path

from device.core.errors import DeviceError

RATE = 48_000
"""Samples a second; what HDMI and USB loudspeakers take without converting."""
BUFFER = 512
"""Samples in one go, 11 ms: a click waits for one of these to begin and for the two that ALSA
holds, 32 ms in all. The price is 94 wake-ups a second while the device is open."""

_AUDIO = 0x10
_SIGNED_16 = 0x8010
_FULL = 128
_ANY_CHANNEL = -1
_CLICKS = 0
"""The one channel beside the prompt; a click that comes during a click begins it anew."""


class SoundUnavailable(DeviceError, OSError):
    """There is no sound device, or it cannot be used."""


class Mixer:
    """An open sound device that plays one prompt and, over it, one click.

    Only one thread may use it. Prompts are decoded as they are played; nothing of them stays
    in memory. Raises `SoundUnavailable`.
    """

    def __init__(self, click: Path, volume: int) -> None:
        """Open the device; ``volume`` is percent of full scale."""
        self._sdl, self._mixer = _libraries()
        self._prompt: int | None = None
        if self._mixer.Mix_OpenAudioDevice(RATE, _SIGNED_16, 1, BUFFER, None, 0) != 0:
            problem = self._problem()
            self._sdl.SDL_QuitSubSystem(_AUDIO)
            raise SoundUnavailable(f"the sound device cannot be opened: {problem}")
        self._mixer.Mix_AllocateChannels(1)
        self._mixer.Mix_Volume(_ANY_CHANNEL, _FULL * volume // 100)
        self._mixer.Mix_VolumeMusic(_FULL * volume // 100)
        self._click = self._mixer.Mix_LoadWAV_RW(self._file(click), 1)
        if not self._click:
            problem = self._problem()
            self.close()
            raise SoundUnavailable(f"{click}: {problem}")

    def close(self) -> None:
        """Stop whatever is heard and give the device back; SDL's threads for it end."""
        self.hush()
        if self._click:
            self._mixer.Mix_FreeChunk(self._click)
        self._mixer.Mix_CloseAudio()
        self._sdl.SDL_QuitSubSystem(_AUDIO)

    def click(self) -> None:
        """Let a click be heard, also during a prompt."""
        self._mixer.Mix_PlayChannelTimed(_CLICKS, self._click, 0, -1)

    def play(self, prompt: Path) -> None:
        """Begin a prompt; it takes the place of the one before."""
        self.hush()
        # By name SDL_mixer would take every .ogg for Vorbis; an open file it looks into.
        self._prompt = self._mixer.Mix_LoadMUS_RW(self._file(prompt), 1)
        if not self._prompt or self._mixer.Mix_PlayMusic(self._prompt, 0) != 0:
            raise SoundUnavailable(f"{prompt}: {self._problem()}")

    def hush(self) -> None:
        """End the prompt."""
        if self._prompt:
            self._mixer.Mix_HaltMusic()
            self._mixer.Mix_FreeMusic(self._prompt)
        self._prompt = None

    @property
    def speaks(self) -> bool:
        """True while a prompt is heard."""
        return bool(self._mixer.Mix_PlayingMusic())

    def _file(self, path: Path) -> int | None:
        opened: int | None = self._sdl.SDL_RWFromFile(bytes(path), b"rb")
        return opened

    def _problem(self) -> str:
        return str(self._sdl.SDL_GetError().decode("utf-8", "replace"))


def _libraries() -> tuple[ctypes.CDLL, ctypes.CDLL]:
    """Return SDL and SDL_mixer as this process has them loaded. Raises `SoundUnavailable`."""
    try:
        import pygame.mixer  # noqa: F401 - loads both, if nothing has yet
    except ImportError as error:
        raise SoundUnavailable(f"pygame has no sound: {error}") from error
    loaded = Path("/proc/self/maps").read_text()
    found = []
    for name in ("libSDL2-2", "libSDL2_mixer"):
        match = re.search(rf"/\S*/{name}\S*\.so\S*", loaded)
        if match is None:
            raise SoundUnavailable(f"{name} is not among the libraries that pygame has loaded")
        found.append(ctypes.CDLL(match[0]))
    sdl, mixer = found
    sdl.SDL_GetError.restype = ctypes.c_char_p
    sdl.SDL_RWFromFile.restype = ctypes.c_void_p
    mixer.Mix_LoadWAV_RW.argtypes = [ctypes.c_void_p, ctypes.c_int]
    mixer.Mix_LoadWAV_RW.restype = ctypes.c_void_p
    mixer.Mix_FreeChunk.argtypes = [ctypes.c_void_p]
    mixer.Mix_PlayChannelTimed.argtypes = [
        *(ctypes.c_int, ctypes.c_void_p, ctypes.c_int, ctypes.c_int)
    ]
    mixer.Mix_LoadMUS_RW.argtypes = [ctypes.c_void_p, ctypes.c_int]
    mixer.Mix_LoadMUS_RW.restype = ctypes.c_void_p
    mixer.Mix_PlayMusic.argtypes = [ctypes.c_void_p, ctypes.c_int]
    mixer.Mix_FreeMusic.argtypes = [ctypes.c_void_p]
    return sdl, mixer
