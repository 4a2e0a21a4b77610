"""A scripted walk through every screen, with a picture of each.

Nobody watches, so it also checks: what the screen thanked for must be at central at the
end. Each step waits for the screen to show what the step expects.
"""

import re
import time
from collections.abc import Callable
from pathlib import Path

from demo.stage import SAMPLE, Stage

HOUSE = "1121010000000000014210115001000"
MORTGAGE = "1121010000000000014210115002000"

Say = Callable[[str], None]


class Tour:
    """The walk, and the pictures it takes."""

    def __init__(self, stage: Stage, pictures: Path, size: str, say: Say) -> None:
        self._stage = stage
        self._screen = stage.rehearsal
        self._pictures = pictures
        self._size = size
        self._say = say
        self._taken = 0
        self.thanked: list[str] = []
        """Receipt codes that the screen has shown."""

    def play(self) -> None:
        """Set the hall up and walk through it. Raises `RehearsalError` or `StageError`."""
        stage = self._stage
        hall = stage.folder / "unstaffed.toml"
        hall.write_text(
            re.sub(r'assigned_staff = "\d+"\n', "", SAMPLE.read_text(encoding="utf-8")),
            encoding="utf-8",
        )
        stage.make_central(hall)
        central = stage.start_central()
        self._say(f"central is at {stage.address}")
        stage.make_device("--size", self._size)

        stage.start_kiosk("--mock-gpio")
        self._screen.wait_for_screen("NoticeView", topic="broken")
        self._picture("not-enrolled", "before enrolment the screen says what is missing")
        self._say(f"enrolled as {stage.enrol()}")
        agent = stage.start_agent()
        self._screen.wait_for_screen("NoticeView", topic="closed")
        self._picture("closed", "nobody is assigned to the window yet")
        stage.import_hall(SAMPLE)
        agent.stop()
        stage.start_agent()
        self._screen.wait_for_screen("IdleView")
        self._picture("idle", "the window is open")

        self._citizen_begins()
        self._staff_invites()
        self._in_other_languages()
        port = int(stage.address.rsplit(":", 1)[1])
        central.stop()
        self._say("central is cut off")
        self._offline()
        stage.start_central(port)
        self._say("central is back")

    # --- the scenes -------------------------------------------------------------------------

    def _citizen_begins(self) -> None:
        self._screen.touch("rate")
        self._screen.wait_for_screen("RatingView", subject="staff")
        self._picture("rate-staff", "the citizen began by touching the screen")
        x, y = self._screen.place("level", 5)
        self._screen.ask(do="touch", x=x, y=y, down=True)
        self._picture("rate-staff-pressed", "the key sinks in the frame after the touch")
        time.sleep(0.05)
        self._screen.ask(do="touch", x=x, y=y, down=False)
        self._screen.wait_for_screen("RatingView", chosen=5)
        self._picture("rate-staff-chosen", "the chosen key is shown for a moment")
        self._screen.wait_for_screen("ReasonsView", level=5)
        self._screen.touch("tag", 510)
        self._screen.touch("tag", 517)
        time.sleep(0.1)
        self._picture("reasons-positive", "two reasons picked")
        self._screen.touch("submit")
        self._thanks("thanks")

    def _staff_invites(self) -> None:
        self._stage.invite(f"{HOUSE}=15010000000068,15010000000069,15010000000070", MORTGAGE)
        self._screen.wait_for_screen("RatingView", subject="staff")
        self._screen.press(4)
        self._screen.wait_for_screen("ReasonsView", level=4)
        self._screen.touch("skip")
        self._screen.wait_for_screen("RatingView", subject="matter", step=2)
        self._picture("rate-matter", "three cases of one matter are one question")
        self._screen.touch("level", 2)
        self._screen.wait_for_screen("ReasonsView", level=2)
        self._screen.touch("tag", 209)
        time.sleep(0.1)
        self._picture("reasons-negative", "a negative level looks and sounds like any other")
        self._screen.touch("change")
        self._screen.wait_for_screen("RatingView", subject="matter", chosen=None)
        self._screen.touch("level", 3)
        self._screen.wait_for_screen("ReasonsView", level=3)
        self._screen.touch("submit")
        self._screen.wait_for_screen("RatingView", subject="matter", step=3)
        self._screen.touch("decline")
        self._thanks("thanks-after-declining-the-last")
        visit = self._stage.invite(by="system")
        self._screen.wait_for_screen("RatingView", subject="staff")
        outcome = self._stage.cancel(visit, "办事人已离开")
        self._say(f"an invitation was taken back with a reason: {outcome}")
        self._screen.wait_for_screen("IdleView")

    def _in_other_languages(self) -> None:
        for language in ("en", "ko"):
            self._stage.invite(f"{HOUSE}=15010000000071")
            self._screen.wait_for_screen("RatingView", subject="staff")
            self._screen.touch("language", language)
            self._screen.wait_for_screen("RatingView", language=language)
            self._picture(f"rate-staff-{language}", "the language changes at any moment")
            self._screen.touch("level", 5)
            self._screen.wait_for_screen("ReasonsView", level=5)
            self._picture(f"reasons-{language}", "the reasons in that language")
            self._screen.touch("skip")
            self._screen.wait_for_screen("RatingView", subject="matter")
            self._screen.touch("level", 4)
            self._screen.wait_for_screen("ReasonsView", level=4)
            self._screen.touch("skip")
            self._thanks(f"thanks-{language}")

    def _offline(self) -> None:
        self._screen.touch("rate")
        self._screen.wait_for_screen("RatingView", subject="staff")
        self._screen.touch("level", 1)
        self._screen.wait_for_screen("ReasonsView", level=1)
        self._screen.touch("skip")
        self._thanks("thanks-offline")

    def _thanks(self, name: str) -> None:
        shown = self._screen.wait_for_screen("ThanksView")
        self._picture(name, "the thank-you, the same for every level")
        self.thanked.append(shown["view"]["code"])
        self._screen.touch("done")
        self._screen.wait_for_screen("IdleView")

    def _picture(self, name: str, why: str) -> None:
        self._taken += 1
        path = self._pictures / f"{self._taken:02d}-{name}.png"
        self._screen.picture(path)
        self._say(f"picture {path.name}: {why}")
