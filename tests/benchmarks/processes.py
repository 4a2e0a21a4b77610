"""What the kernel knows of a process: processor time, wake-ups, memory."""

import os
import time
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple

_TICK_S = 1 / os.sysconf("SC_CLK_TCK")


class Usage(NamedTuple):
    """A process's counters at one moment."""

    at_s: float
    cpu_s: float
    """User and system time of all threads (schedstat: nanoseconds, not ticks)."""
    sleeps: int
    """Voluntary context switches of all threads: how often one went to sleep, so also
    how often one woke."""

    def since(self, earlier: "Usage") -> "Usage":
        """Return the difference."""
        return Usage(
            self.at_s - earlier.at_s, self.cpu_s - earlier.cpu_s, self.sleeps - earlier.sleeps
        )


def usage(pid: int) -> Usage:
    """Return the counters of the process's living threads."""
    cpu_ns = sleeps = 0
    for task in Path(f"/proc/{pid}/task").iterdir():
        cpu_ns += int((task / "schedstat").read_text().split()[0])
        for line in (task / "status").read_text().splitlines():
            if line.startswith("voluntary_ctxt_switches"):
                sleeps += int(line.split()[1])
    return Usage(time.monotonic(), cpu_ns / 1e9, sleeps)


def cpu_seconds(pid: int) -> float:
    """Return user and system time of a process, its ended threads included."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) * _TICK_S


def family(pid: int) -> list[int]:
    """Return ``pid`` and its children."""
    children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    return [pid, *map(int, children)]


def session(leader: int) -> list[int]:
    """Return the living processes of the session that ``leader`` began (setsid(2))."""
    found = []
    for entry in Path("/proc").glob("[0-9]*"):
        try:
            fields = (entry / "stat").read_text().rpartition(")")[2].split()
        except OSError:  # it has just ended
            continue
        if int(fields[3]) == leader and fields[0] not in "ZX":
            found.append(int(entry.name))
    return found


def usage_of_all(pids: Sequence[int]) -> dict[int, Usage]:
    """Return the counters of those that still live."""
    found = {}
    for pid in pids:
        with suppress(OSError):
            found[pid] = usage(pid)
    return found


class Memory(NamedTuple):
    """What a process holds, in MB of 10^6 bytes."""

    pss: float
    """Its share of shared pages counted in."""
    private: float
    """What nobody shares with it."""


def memory(pid: int) -> Memory:
    """Return a process's memory from smaps_rollup."""
    kilobytes: dict[str, int] = {}
    for line in Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()[1:]:
        name, _, rest = line.partition(":")
        kilobytes[name] = int(rest.split()[0])
    private = kilobytes["Private_Clean"] + kilobytes["Private_Dirty"]
    return Memory(kilobytes["Pss"] * 1024 / 1e6, private * 1024 / 1e6)
