"""A 3270 with CMS."""

from cpvm import api
from cpvm.front.station import Station


def log_on(system: api.SystemHandle, model: int = 2) -> Station:
    """A display with CMS, which waits for a command."""
    station = system.display(model)
    station.wait_for("VM/370 ONLINE")
    station.enter("LOGON CMSUSER")
    station.wait_for("ENTER PASSWORD:")
    station.enter("CMSUSER")
    station.wait_for("LOGON AT")
    station.enter("IPL CMS")
    station.wait(lambda: station.status == "VM READ")
    station.enter("")
    station.wait_for("Ready;")
    station.press("clear")
    station.wait(lambda: station.lines[0] == "")
    return station
