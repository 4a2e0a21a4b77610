"""The parts of a running agent that what it serves stands on."""

from typing import NamedTuple

from device.agent.desk import WindowDesk
from device.agent.herald import Herald
from device.store.briefing import Briefing
from device.store.home import Home


class Parts(NamedTuple):
    """Made once by the agent; the web server hands them to its handlers."""

    device: str
    """Its name at central."""
    home: Home
    briefing: Briefing
    desk: WindowDesk
    herald: Herald
