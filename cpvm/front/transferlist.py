"""Which files a user has: LISTFILE's answer."""

from __future__ import annotations

import re

from cpvm.front.disks.copying import Records
from cpvm.front.transfersession import GuestSession, SessionError

_LINE = re.compile(r"(\S{1,8}) +(\S{1,8}) +([A-Z]\d) +([FV]) +(\d+)\b")
_NONE = 28


def listed(guest: GuestSession, fn: str, ft: str, mode: str = "A") -> list[Records]:
    """The files that a name, a type and a mode mean, without their records. Raises SessionError."""
    reply = guest.command(f"LISTFILE {fn} {ft} {mode} (FORMAT")
    if reply.return_code == _NONE:
        return []
    if reply.return_code:
        raise SessionError(" ".join(reply.output) or f"LISTFILE ends with {reply.return_code}")
    found = [match for line in reply.output if (match := _LINE.match(line))]
    return [Records((m[1], m[2]), m[4], int(m[5]), (), m[3]) for m in found]
