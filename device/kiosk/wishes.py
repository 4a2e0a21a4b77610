"""What a citizen asked of the screen: language and appearance, until the next one comes."""

LEFT_MS = 60_000
"""A choice made on the idle screen goes back after this long without another."""


class Wishes:
    """Language and appearance as they are now, and as every citizen finds them at first."""

    def __init__(self, language: str, appearance: str = "standard") -> None:
        self._usual = (language, appearance)
        self._until_ms = 0
        self.language = language
        """``zh-CN``, ``en`` or ``ko``."""
        self.appearance = appearance
        """``standard``, ``large`` or ``contrast``."""

    def speak(self, language: str, now_ms: int) -> None:
        """Somebody chose a language."""
        self.language, self._until_ms = language, now_ms + LEFT_MS

    def appear(self, appearance: str, now_ms: int) -> None:
        """Somebody chose an appearance."""
        self.appearance, self._until_ms = appearance, now_ms + LEFT_MS

    def forget(self) -> None:
        """Back to what the device shows at first: the next citizen has wishes of their own."""
        self.language, self.appearance = self._usual

    def pass_time(self, now_ms: int) -> None:
        """Forget what was chosen on the idle screen by somebody who went away."""
        if now_ms >= self._until_ms:
            self.forget()
