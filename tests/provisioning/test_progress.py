"""A bar for people, sentences for files."""

import io

from provisioning.progress import Progress


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def test_a_terminal_sees_a_bar_that_goes_away():
    terminal = Terminal()
    progress = Progress(terminal)
    progress.begin("w12", 2_000_000)
    progress.advance(1_000_000)
    progress.say("half way")
    progress.end()
    painted = terminal.getvalue()
    assert " 50%" in painted and "1.0 of 2.0 MB" in painted
    assert "half way\n" in painted
    assert painted.endswith("\r\x1b[K")


def test_a_file_sees_sentences_only():
    log = io.StringIO()
    progress = Progress(log)
    progress.begin("w12", 100)
    progress.advance(50)
    progress.say("w12: written")
    progress.end()
    assert log.getvalue() == "w12: written\n"


def test_what_others_said_steers_no_terminal():
    terminal = Terminal()
    Progress(terminal).say("w12: failed  central says \x1b]0;mine\x07")
    assert terminal.getvalue() == "w12: failed  central says ?]0;mine?\n"


def test_nothing_to_do_is_no_division():
    progress = Progress(Terminal())
    progress.begin("w12", 0)
    progress.end()
