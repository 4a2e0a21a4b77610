"""Waiting for the next thing to happen without asking all the time.

`pygame.event.wait` looks 890 times a second. Here the process sleeps in poll(2) on the
descriptors that SDL opened (the X connection, or input devices and udev under KMS), on a
pipe for signals and on a counter for other threads, and wakes for nothing else.
"""

import os
import select
import signal
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager

NEVER_READ = 200
"""A descriptor that was ready this often in a row without one event is read by nobody."""


class Wakeups:
    """Everything that may wake the loop."""

    def __init__(self) -> None:
        self._poll = select.poll()
        self._bell = os.eventfd(0, os.EFD_NONBLOCK | os.EFD_CLOEXEC)
        self._signals, self._signals_in = os.pipe2(os.O_NONBLOCK | os.O_CLOEXEC)
        self._poll.register(self._bell, select.POLLIN)
        self._poll.register(self._signals, select.POLLIN)
        self._display: set[int] = set()
        self._doors: set[int] = set()
        self._unread: Counter[int] = Counter()
        signal.set_wakeup_fd(self._signals_in, warn_on_full_buffer=False)

    def close(self) -> None:
        """Give the descriptors back."""
        signal.set_wakeup_fd(-1)
        for descriptor in (self._signals, self._signals_in):
            os.close(descriptor)

    def ring(self) -> None:
        """Wake the loop; may be called from any thread."""
        os.eventfd_write(self._bell, 1)

    def watch_more(self, descriptors: set[int]) -> None:
        """Wake for these descriptors of the display and its input too."""
        for descriptor in descriptors - self._display:
            self._poll.register(descriptor, select.POLLIN)
        self._display |= descriptors

    def watch_door(self, descriptor: int) -> None:
        """Wake for callers at a listening socket of our own; whoever owns it lets them in."""
        self._poll.register(descriptor, select.POLLIN)
        self._doors.add(descriptor)

    def watch_input_devices(self) -> None:
        """Wake for input devices that SDL has opened since: a touch panel plugged in again."""
        self.watch_more({d for d in _descriptors() if _target(d).startswith("/dev/input/")})

    def wait(self, seconds: float) -> bool:
        """Sleep until something happens, at most ``seconds``; True if the display spoke."""
        ready = self._poll.poll(max(0, int(seconds * 1000 + 0.999)))
        display = False
        for descriptor, happened in ready:
            if descriptor == self._bell:
                os.eventfd_read(self._bell)
            elif descriptor == self._signals:
                os.read(self._signals, 64)
            elif descriptor not in self._doors:
                display = True
                self._unread[descriptor] += 1
                gone = happened & (select.POLLHUP | select.POLLERR | select.POLLNVAL)
                if gone or self._unread[descriptor] > NEVER_READ:
                    # A touch panel pulled out, or a socket that SDL opened and never reads:
                    # waiting for it any longer would be spinning.
                    self._poll.unregister(descriptor)
                    self._display.discard(descriptor)
        return display

    def events_came(self) -> None:
        """Tell that the display's descriptors are being read: events have come from SDL."""
        self._unread.clear()


@contextmanager
def opened_meanwhile() -> Iterator[set[int]]:
    """Collect the descriptors that were opened inside the ``with`` and can be waited for.

    This is how SDL's own are found: it tells nobody which they are.
    """
    found: set[int] = set()
    before = _descriptors()
    yield found
    found |= {descriptor for descriptor in _descriptors() - before if _speaks(descriptor)}


def _descriptors() -> set[int]:
    numbers = [int(name) for name in os.listdir("/proc/self/fd")]  # noqa: PTH208
    # The listing's own descriptor is closed by now, and its number free for SDL to get.
    return {number for number in numbers if _target(number)}


def _speaks(descriptor: int) -> bool:
    """True for sockets and input devices; files and memory are always "ready"."""
    return _target(descriptor).startswith(("socket:", "/dev/input/"))


def _target(descriptor: int) -> str:
    try:
        return os.readlink(f"/proc/self/fd/{descriptor}")  # noqa: PTH115 - "socket:[1]"
    except OSError:
        return ""
