"""How much one user may take of what all share, and all users together: LIMIT in the directory and in system.config,
SET LIMIT, QUERY LIMITS.

A user's limit is what SET LIMIT has set for that user, or else the directory; if neither says anything it is what
holds for ALL: SET LIMIT ALL, or system.config, or what this module has as default. VM/370 had none of this but the
maximum of storage; z/VM has SPOOLFILE MAXSPOOL, FEATURES MAXUSERS and SET VDISK USERLIM.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from cpvm.cp import ceiling, spool

if TYPE_CHECKING:
    from cpvm.cp.system import System

ALL: Final = "ALL"
"""In the place of a userid: every user for whom nothing else is said."""
SYSTEM: Final = "SYSTEM"
"""In the place of a userid: all users together."""
NO_LIMIT: Final = "NOLIMIT"
_K: Final = 1024
_M: Final = _K * _K
_G: Final = _M * _K
_LETTERS: Final = {"K": _K, "M": _M, "G": _G}
_SIZE = re.compile(r"([0-9]{1,7})([KMG])")
_COUNT = re.compile(r"[0-9]{1,7}")
_MOST_BYTES: Final = 1 << 50


class LimitError(ValueError):
    """A word is no limit, or out of range; the text says what it is to be."""


@dataclass(frozen=True)
class Kind:
    """One thing that is limited. LEAST and MOST are the range of the limit, bytes if SIZED, else a number of UNITS."""

    name: str
    least: int
    most: int
    units: str
    sized: bool = False

    def parse(self, word: str) -> int | None:
        """The limit that WORD says; None is NOLIMIT. Raises LimitError."""
        if word == NO_LIMIT:
            return None
        if self.sized:
            match = _SIZE.fullmatch("0K" if word == "0" else word)
            if match is None:
                raise LimitError(f"{self.name} is nnnK, nnnM, nnnG or {NO_LIMIT}, not {word}")
            value = int(match[1]) * _LETTERS[match[2]]
        elif _COUNT.fullmatch(word):
            value = int(word)
        else:
            raise LimitError(f"{self.name} is a number or {NO_LIMIT}, not {word}")
        if not self.least <= value <= self.most:
            raise LimitError(f"{self.name} is from {self.shown(self.least)} to {self.shown(self.most)}, not {word}")
        return value

    def shown(self, value: int | None) -> str:
        """A value as it can be typed: 100, 64M, NOLIMIT. Sizes that are no whole K are rounded up."""
        if value is None:
            return NO_LIMIT
        if not self.sized:
            return str(value)
        kilobytes = -(-value // _K)
        for letter, size in (("G", _M), ("M", _K)):
            if kilobytes and not kilobytes % size:
                return f"{kilobytes // size}{letter}"
        return f"{kilobytes}K"


SPOOL_FILES: Final = Kind("SPOOLFILES", 1, 9900, "FILES")
"""Spool files that a user has made and that still exist, wherever they are, and those that are being made."""
SPOOL_SPACE: Final = Kind("SPOOLSPACE", _M, _MOST_BYTES, "", sized=True)
"""What these files take in the spool, compressed as they are there."""
TDISK: Final = Kind("TDISK", 0, 65535, "CYL")
"""Cylinders of temporary disks that a user has at the same time."""
DEVICES: Final = Kind("DEVICES", 0, 4096, "DEVICES")
"""Virtual devices of a machine; those that the directory gives are counted, and always made."""
OF_USERS: Final = {kind.name: kind for kind in (SPOOL_FILES, SPOOL_SPACE, TDISK, DEVICES)}

USERS: Final = Kind("USERS", 1, 99999, "USERS")
"""Users who are logged on at the same time; SET MAXIMUM is the same."""
SPOOL: Final = Kind("SPOOL", 4 * _M, _MOST_BYTES, "", sized=True)
"""How far the system's database, which has the spool, may grow."""
STORAGE: Final = Kind("STORAGE", 16 * _M, _MOST_BYTES, "", sized=True)
"""How much of the host's storage all virtual machines together may take."""
RESERVE: Final = Kind("RESERVE", 0, _MOST_BYTES, "", sized=True)
"""What the spool leaves free on the host's disk."""
OF_SYSTEM: Final = {kind.name: kind for kind in (USERS, SPOOL, STORAGE, RESERVE)}

DEFAULT_FILES: Final = 1000
"""Spool files of a user if nothing is said."""
SPACE_PART: Final = 8
"""A user may fill this part (one of so many) of the spool if nothing is said."""
TDISK_PART: Final = 2
"""A user may have this part of the space for temporary disks if nothing is said."""
DEFAULT_DEVICES: Final = 256
"""Virtual devices of a machine if nothing is said."""

Values = dict[str, int | None]
"""Limits by the names of their kinds; None: there is none."""


def parse(words: list[str], kinds: dict[str, Kind]) -> Values:
    """`name value name value ...`, in upper case. Raises LimitError."""
    found: Values = {}
    if not words or len(words) % 2:
        raise LimitError(f"it is written name value, with one of {', '.join(kinds)}")
    for name, value in zip(words[::2], words[1::2], strict=True):
        kind = kinds.get(name)
        if kind is None:
            raise LimitError(f"{name} is not one of {', '.join(kinds)}")
        found[name] = kind.parse(value)
    return found


class Limits:
    """The limits of a running system, and what is in use. For threads that have the system lock."""

    def __init__(self, system: System) -> None:
        self._system = system
        self._configured: Values = system.configuration.limits
        self._for_all: Values = {}
        self._by_user: dict[str, Values] = {}
        self._of_system: Values = {}

    # What the limits are

    def of(self, userid: str, kind: Kind) -> int | None:
        """The limit of a user; None if there is none. A userid that is in no directory has that of ALL."""
        entry = self._system.directory.users.get(userid)
        directed = dict(entry.limits) if entry is not None else {}
        for values in (self._by_user.get(userid, {}), directed):
            if kind.name in values:
                return values[kind.name]
        return self.of_all(kind)

    def of_all(self, kind: Kind) -> int | None:
        """The limit of those users for whom nothing else is said."""
        for values in (self._for_all, self._configured):
            if kind.name in values:
                return values[kind.name]
        return self._default(kind)

    def _default(self, kind: Kind) -> int | None:
        if kind is SPOOL_FILES:
            return DEFAULT_FILES
        if kind is SPOOL_SPACE:
            return self._system.spool.limit // SPACE_PART
        if kind is DEVICES:
            return DEFAULT_DEVICES
        there = sum(cylinders for _, cylinders, _ in self._system.minidisks.temporary.usage())
        return -(-there // TDISK_PART) if there else None  # without any, that is what DEFINE is to say

    def of_system(self, kind: Kind) -> int | None:
        """The limit of all users together."""
        match kind.name:
            case USERS.name:
                return self._system.operations.switches.maximum
            case SPOOL.name:
                return self._system.spool.limit
            case RESERVE.name:
                return self._system.spool.reserve
        return self._system.ceiling.limit

    # What is in use

    def used(self, userid: str, kind: Kind) -> int:
        """What a user has."""
        system = self._system
        vm = system.users.get(userid)
        match kind.name:
            case SPOOL_FILES.name:
                return system.spool.paid(userid)[0]
            case SPOOL_SPACE.name:
                return system.spool.paid(userid)[1]
            case TDISK.name:
                return sum(disk.cylinders for disk in system.minidisks.temporary.disks if disk.user == userid)
        return vm.counted_devices if vm is not None else 0

    def used_together(self, kind: Kind) -> int:
        """What all users have."""
        match kind.name:
            case USERS.name:
                return len(self._system.users)
            case SPOOL.name:
                return self._system.spool.size()
            case STORAGE.name:
                return self._system.ceiling.used
        return 0

    def room(self, userid: str, kind: Kind, more: int = 1) -> bool:
        """Whether a user may have so much more."""
        limit = self.of(userid, kind)
        return limit is None or self.used(userid, kind) + more <= limit

    # SET LIMIT

    def set(self, who: str, kind: Kind, value: int | None) -> None:
        """Set a limit for a user, ALL, or the SYSTEM, until the system stops."""
        if who == SYSTEM:
            self._set_system(kind, value)
        else:
            self._table(who)[kind.name] = value
        self._system.spool.changed()  # who waits for room may have it now

    def reset(self, who: str, kind: Kind) -> None:
        """Make a limit what directory and system.config say."""
        if who == SYSTEM:
            self._set_system(kind, initial(kind, self._configured))
        else:
            self._table(who).pop(kind.name, None)
        self._system.spool.changed()

    def _table(self, who: str) -> Values:
        return self._for_all if who == ALL else self._by_user.setdefault(who, {})

    def _set_system(self, kind: Kind, value: int | None) -> None:
        system = self._system
        match kind.name:
            case USERS.name:
                system.operations.switches.maximum = value
            case SPOOL.name:
                system.spool.limit = _MOST_BYTES if value is None else value
            case RESERVE.name:
                system.spool.reserve = value or 0
            case _:
                system.ceiling.limit = value

    # QUERY LIMITS

    def lines(self, userid: str) -> Iterator[str]:
        """A line for each limit of a user."""
        for kind in OF_USERS.values():
            yield _line(kind, self.of(userid, kind), self.used(userid, kind))

    def lines_of_all(self) -> Iterator[str]:
        """A line for each limit that users have for whom nothing else is said."""
        for kind in OF_USERS.values():
            yield _line(kind, self.of_all(kind), None)

    def lines_of_system(self) -> Iterator[str]:
        """A line for each limit of all users together."""
        for kind in OF_SYSTEM.values():
            used = None if kind is RESERVE else self.used_together(kind)
            yield _line(kind, self.of_system(kind), used)


def _line(kind: Kind, limit: int | None, used: int | None) -> str:
    """SPOOLFILES LIMIT 1000 USED 3 FILES."""
    text = f"{kind.name:<10} LIMIT {kind.shown(limit):<8}"
    if used is not None:
        text += f" USED {kind.shown(used) if not kind.sized else _about(used)}"
    return f"{text} {kind.units}".rstrip()


def _about(size: int) -> str:
    """A size in K, or in M from 100M on."""
    return f"{size // _M}M" if size >= 100 * _M else f"{-(-size // _K)}K"


def initial(kind: Kind, configured: Values) -> int | None:
    """A limit of the system as it starts, if system.config has CONFIGURED."""
    if kind.name in configured:
        return configured[kind.name]
    match kind.name:
        case SPOOL.name:
            return spool.MAX_BYTES
        case RESERVE.name:
            return spool.RESERVE
        case STORAGE.name:
            return ceiling.default()
    return None
