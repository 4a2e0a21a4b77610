"""From one release to the next, and back again if it does no good.

checked and unpacked beside -> a moment without a visit -> stopped -> switched -> started ->
watched -> kept, or back to the one before. What is under way is written down before anything
changes (`device.update.trial`), and each step can be done again: a power cut at any point
leaves a whole release in use, and `Updater.settle` goes on from there at the next boot.
"""

import logging
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace
from pathlib import Path
from typing import Final

from device.core.errors import DeviceError
from device.releases.news import News, Outcome, read_news, write_news
from device.releases.shelf import PROGRAM, SYSTEM_FILES, ReleaseRefused, Shelf, open_plain
from device.releases.units import changes_pending, install_system_files
from device.store import lock
from device.store.deployed import Deployed
from device.update import idle, inbox, trial, verdict
from device.update.system import AGENT, KIOSK, System
from device.update.trial import Phase, Trial
from device.update.versions import refuse_older
from protocol.errors import ProtocolError
from protocol.releases import Check, Manifest

log = logging.getLogger("haochaping.update")

MAX_BOOTS: Final = 2
"""A release that has not proved itself by this boot is not tried any further."""
MAX_SWITCHES: Final = 5
"""So often the power may go before a release has come into use at all."""
JUDGE_COMES_S: Final = 60.0
"""Within this time somebody is at an update under way, or nobody is."""
BOTH: Final = (KIOSK, AGENT)
_LOCK: Final = "lock"


class LeftBehind(ReleaseRefused):
    """A release that somebody went back from by hand; it does not come by itself again."""


class Updater:
    """Carries updates out; one at a time (`alone`)."""

    def __init__(
        self,
        deployed: Deployed,
        system: System,
        check: Check,
        *,
        platform: str = "",
        say: Callable[[str], object] = log.info,
    ) -> None:
        self._places = deployed
        self._system = system
        self.check = check
        self._platform = platform
        self._say = say
        self.shelf = Shelf(deployed)

    @contextmanager
    def alone(self, *, patient: bool = True) -> Iterator[bool]:
        """Wait until no other update is under way, and keep others out; gives True.

        Not ``patient``, it gives False where another is under way, and keeps nobody out.
        """
        self._places.updating.mkdir(mode=0o755, parents=True, exist_ok=True)
        said = False
        while True:
            try:
                descriptor = lock.hold(self._places.updating / _LOCK)
                break
            except lock.AlreadyRunning:
                if not patient:
                    yield False
                    return
                if not said:
                    self._say("another update is under way; waiting for its end")
                said = True
                self._system.pause(2.0)
        try:
            yield True
        finally:
            os.close(descriptor)

    # --- an update ----------------------------------------------------------------------------

    def update(
        self,
        file: Path,
        *,
        by_hand: bool = True,
        force: bool = False,
        taken: Callable[[], object] = lambda: None,
    ) -> News:
        """Bring the release in ``file`` into use, and return how that ended.

        ``taken`` is called once the file is no longer needed. ``force`` takes an older
        release too. Not ``by_hand``, one that somebody went back from is refused. Raises
        `DeviceError` if it is refused; nothing has changed then.
        """
        self.judge()
        try:
            manifest = self._take(file, force, by_hand)
        except LeftBehind:
            raise  # that it was is still the news
        except DeviceError as error:
            self._tell(News(Outcome.REFUSED, self._name_in(file), str(error)))
            raise
        if manifest.name == self.shelf.current():
            self._say(f"release {manifest.name} is in use already")
            taken()
            return read_news(self._places) or News(Outcome.CONFIRMED, manifest.name)
        self._tell(News(Outcome.WAITING, manifest.name))
        self._say("waiting for a moment without a visit")
        idle.wait_until_idle(self._places.data, self._system)
        self._begin(manifest.name)
        taken()
        return self.judge() or News(Outcome.CONFIRMED, manifest.name)

    def back(self) -> News:
        """Put the previous release into use again, and return how that ended.

        Raises `ReleaseRefused` if there is none.
        """
        self.judge()
        left, fresh = self.shelf.current(), self.shelf.previous()
        if not fresh or fresh == left:
            raise ReleaseRefused("there is no previous release on this device to go back to")
        self._say("waiting for a moment without a visit")
        idle.wait_until_idle(self._places.data, self._system)
        self._begin(fresh, left=left)
        return self.judge() or News(Outcome.WENT_BACK, left)

    def _take(self, file: Path, force: bool, by_hand: bool) -> Manifest:
        """Check the release in ``file`` and unpack it beside the others."""
        in_use = self.shelf.current()
        if not in_use:
            raise ReleaseRefused("no release is in use here; first boot installs the first one")
        try:
            with open_plain(file) as opened:
                manifest, _ = self.shelf.examine(opened, self.check, platform=self._platform)
        except ProtocolError as error:
            raise ReleaseRefused(f"{file.name}: {error}") from error
        if manifest.name == in_use:
            return manifest
        if not force:
            refuse_older(manifest, self.shelf.manifest(in_use))
        before = read_news(self._places)
        if (
            not by_hand
            and before
            and (before.outcome, before.release) == (Outcome.WENT_BACK, manifest.name)
        ):
            raise LeftBehind(
                f"somebody went back from release {manifest.name} by hand; to let it come "
                "again: haochaping update --again"
            )
        # Room for the new one: what is older than the previous one is of no use any more.
        self.shelf.remove_others(keep=(manifest.name,))
        taken = self.shelf.install(file, self.check, platform=self._platform, say=self._say)
        if taken != manifest:
            raise ReleaseRefused(f"{file.name} changed while it was read")
        return taken

    def _begin(self, fresh: str, left: str = "") -> None:
        """Write down what is to be done; from here on it is done, whatever happens."""
        trial.write(
            self._places,
            Trial(
                phase=Phase.SWITCHING,
                fresh=fresh,
                proven=self.shelf.current(),
                proven_previous=self.shelf.previous(),
                expected=verdict.at_work(self._system),
                central_expected=verdict.central_answers(self._places),
                left=left,
            ),
        )

    def judge(self) -> News | None:
        """Carry on with the update under way, to its end, and return that; None: there is none."""
        under_way = self._under_way()
        if under_way is None:
            return None
        if under_way.phase is Phase.OVER:
            return self._finish(under_way)
        try:
            if under_way.phase is Phase.GOING_BACK:
                return self._go_back(under_way, under_way.why)
            if under_way.phase is Phase.SWITCHING:
                under_way = self._switch(under_way)
            self._say(f"watching release {under_way.fresh}")
            wrong = verdict.watch(self._places, self._system, under_way)
        except (DeviceError, OSError) as error:
            wrong = str(error)
        return self._go_back(under_way, wrong) if wrong else self._confirm(under_way)

    def leave_to_judge(self) -> None:
        """Wait until whom `settle` called has judged the update under way, if anybody does.

        At boot it may be about the very release that asks: that must not be its own judge.
        """
        last_seen = self._system.monotonic()
        while trial.note(self._places).exists():
            now = self._system.monotonic()
            if lock.is_held(self._places.updating / _LOCK):
                last_seen = now
            elif now - last_seen >= JUDGE_COMES_S:
                return
            self._system.pause(2.0)

    def _switch(self, under_way: Trial, *, at_boot: bool = False) -> Trial:
        self._say(f"putting release {under_way.fresh} into use")
        if not at_boot:
            idle.wait_for_end_of_visit(self._places.data, self._system)
            self._system.stop(BOTH)
        verdict.heartbeat_mark(self._places).unlink(missing_ok=True)
        self.shelf.point(under_way.fresh, under_way.proven)
        self._system_files(under_way.fresh)
        # For a release older than the files; for every other, the proof that it starts at all.
        self._system.lay_out_anew(self._places.current / PROGRAM)
        under_way = replace(under_way, phase=Phase.TRIAL, boots=0)
        trial.write(self._places, under_way)
        self._tell(News(Outcome.TRIAL, under_way.fresh))
        if not at_boot:
            self._system.start(BOTH)
        return under_way

    def _confirm(self, under_way: Trial) -> News:
        if under_way.left:
            return self._end(under_way, Outcome.WENT_BACK, f"{under_way.fresh} is in use")
        return self._end(under_way, Outcome.CONFIRMED)

    def _go_back(self, under_way: Trial, why: str, *, at_boot: bool = False) -> News:
        """Put the release before into use again; each step is tried, whatever the others did."""
        self._say(f"going back to release {under_way.proven}: {why}")
        under_way = replace(under_way, phase=Phase.GOING_BACK, why=why)
        with self._all_the_same("the note"):
            trial.write(self._places, under_way)
        if not at_boot:
            with self._all_the_same("stopping"):
                self._system.stop(BOTH)
        previous = under_way.proven_previous
        self.shelf.point(under_way.proven, previous if self.shelf.holds(previous) else "")
        with self._all_the_same("system files"):
            self._system_files(under_way.proven)
        with self._all_the_same("files of a newer release"):
            self._system.lay_out_anew(self._places.current / PROGRAM)
        if not at_boot:
            with self._all_the_same("starting"):
                self._system.start(BOTH)
        return self._end(under_way, Outcome.ROLLED_BACK, why)

    def _end(self, under_way: Trial, outcome: Outcome, why: str = "") -> News:
        """The update is decided: write that down, then tell it, then tidy up."""
        over = replace(under_way, phase=Phase.OVER, outcome=outcome, why=why)
        with self._all_the_same("the note"):
            trial.write(self._places, over)
        return self._finish(over)

    def _finish(self, over: Trial) -> News:
        release = over.left if over.outcome == Outcome.WENT_BACK else over.fresh
        news = News(Outcome(over.outcome), release, over.why)
        self._tell(news)
        self._say(news.line)
        with self._all_the_same("the inbox"):
            inbox.forget(self._places, over.fresh, self._say)
        with self._all_the_same("old releases"):
            self.shelf.remove_others()
        trial.end(self._places)
        return news

    def _system_files(self, name: str) -> None:
        """Make the system's files those of a release, if they differ."""
        tree = self.shelf.folder(name) / SYSTEM_FILES
        if changes_pending(tree, self._places.root):
            with self._system.writable(self._places.root):
                # New users are written beside them: before the system is read-only again.
                self._system.reload(install_system_files(tree, self._places.root))
        else:
            # A power cut may have come before systemd was told of them.
            self._system.reload([self._places.units])

    # --- boot ---------------------------------------------------------------------------------

    def settle(self) -> None:
        """At boot, before anything of ours runs: go on with an update that the power ended.

        Always leaves a whole release in use, if there is one. A release under trial gets one
        more boot, and somebody to watch it.
        """
        under_way = self._under_way()
        if under_way is None:
            if not self.shelf.current() and self.shelf.previous():
                self.shelf.point(self.shelf.previous(), "")
        elif under_way.phase is Phase.OVER:
            self._finish(under_way)
        elif under_way.phase is Phase.GOING_BACK:
            self._go_back(under_way, under_way.why, at_boot=True)
        elif under_way.phase is Phase.SWITCHING and under_way.boots + 1 >= MAX_SWITCHES:
            why = f"the power went {under_way.boots + 1} times before it was in use"
            self._go_back(under_way, why, at_boot=True)
        elif under_way.phase is Phase.TRIAL and under_way.boots + 1 >= MAX_BOOTS:
            why = f"it had not proved itself after {under_way.boots + 1} boots"
            self._go_back(under_way, why, at_boot=True)
        else:
            self._one_more_boot(replace(under_way, boots=under_way.boots + 1))
        self.shelf.tidy()

    def _one_more_boot(self, under_way: Trial) -> None:
        trial.write(self._places, under_way)
        try:
            if under_way.phase is Phase.SWITCHING:
                under_way = self._switch(under_way, at_boot=True)
            self._system.call_judge(trial.judge(self._places) / PROGRAM)
        except (DeviceError, OSError) as error:
            self._go_back(under_way, str(error), at_boot=True)

    def _under_way(self) -> Trial | None:
        """Return the update under way; a note that nobody can read costs it."""
        try:
            return trial.read(self._places)
        except trial.UnreadableTrial as error:
            log.error("%s; whatever is in use stays", error)
            trial.end(self._places)
            return None

    # --- words --------------------------------------------------------------------------------

    def _tell(self, news: News) -> None:
        with self._all_the_same("news"):
            write_news(self._places, news)

    def _name_in(self, file: Path) -> str:
        """Return the name of the release in ``file``; the file's where that cannot be read."""
        with suppress(ProtocolError, DeviceError, OSError), open_plain(file) as opened:
            return self.shelf.examine(opened, self.check, platform=self._platform)[0].name
        return file.name

    @contextmanager
    def _all_the_same(self, what: str) -> Iterator[None]:
        """Go on if this fails: the release before is to be in use again at all events."""
        try:
            yield
        except (DeviceError, OSError) as error:
            log.error("%s: %s", what, error)
