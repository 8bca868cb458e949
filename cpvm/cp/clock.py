"""Time of day as CP writes it, and as the TOD clock counts it (DMKCVT)."""

from __future__ import annotations

import time

from cpvm.machine.host import tod_from_unix
from cpvm.machine.steadyclock import host_clock

_DAYS = ("MONDAY", "TUESDAY", "WEDNESDAY", "THURSDAY", "FRIDAY", "SATURDAY", "SUNDAY")


def zone(when: float) -> str:
    """The time zone's three letters; Universal Time is called GMT as in 1972."""
    name = time.localtime(when).tm_zone or "GMT"
    return "GMT" if name in ("UTC", "UCT", "Z") else name[:3].upper()


def hhmmss(when: float) -> str:
    """Local time hh:mm:ss."""
    return time.strftime("%H:%M:%S", time.localtime(when))


def mmddyy(when: float) -> str:
    """Local date mm/dd/yy."""
    return time.strftime("%m/%d/%y", time.localtime(when))


def long(when: float) -> str:
    """hh:mm:ss zone weekday mm/dd/yy, as in TIME IS and LOGON AT."""
    parts = time.localtime(when)
    return f"{hhmmss(when)} {zone(when)} {_DAYS[parts.tm_wday]} {mmddyy(when)}"


def connect(seconds: float) -> str:
    """A connect time as hh:mm:ss (hours may pass 99)."""
    whole = int(seconds)
    return f"{whole // 3600:02}:{whole // 60 % 60:02}:{whole % 60:02}"


def processor(microseconds: int) -> str:
    """Processor time as mmm:ss.hs."""
    hundredths = microseconds // 10_000
    return f"{hundredths // 6000:03}:{hundredths // 100 % 60:02}.{hundredths % 100:02}"


def tod() -> int:
    """The 64-bit TOD clock now: bit 51 counts microseconds since 1900 (GA22-7000, Time-of-Day Clock)."""
    return tod_from_unix(host_clock.nanoseconds())
