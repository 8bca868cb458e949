"""How often passwords may be guessed: counts of wrong ones, waiting, and closing for a time (DMKLOG, DMKLNK).

A guard counts under keys: userids, or addresses that people come from. Whoever looks at a password asks again when he
has the answer whether the key has been closed meanwhile, and gives none then, right or wrong: many that are tried at
the same moment are no more than many tried one after the other.
"""

from __future__ import annotations

import ipaddress
import time
from collections import OrderedDict
from collections.abc import Callable
from typing import Final

from cpvm.cp.message import CPError

FIRST_DELAY: Final = 0.25
"""Seconds that the answer to the first wrong password waits; each one in a row after that waits twice as long."""
LONGEST_DELAY: Final = 4.0
"""Seconds that an answer waits at most."""
MOST_KEYS: Final = 10_000
"""Keys that one guard remembers; the one that was wrong longest ago is forgotten first."""
ADDRESS_LIMIT: Final = 30
"""Wrong passwords that may come from one address at once, for whomever."""
ADDRESS_SECONDS: Final = 10.0
"""In this time one of them is forgotten: a class behind one address may mistype, who tries all userids is slow."""
LINK_LIMIT: Final = 10
"""Wrong passwords of one user for LINK, and likewise for AUTOLOG, without a pause of LINK_SECONDS."""
LINK_SECONDS: Final = 3600.0
LINKS_AT_ONCE: Final = 200
"""LINK commands of one user that are done at once; what is recorded should not be pushed out by a loop."""
LINKS_A_SECOND: Final = 2
"""How many are done in a second after that."""
_IPV6_NETWORK = 64  # bits that a subscriber has one value of, but all values of the others


class Delayed(CPError):
    """A refusal that is told only after some SECONDS. It is recorded before, since who is refused may go meanwhile."""

    def __init__(self, error: CPError, seconds: float) -> None:
        super().__init__(error.module, error.number, error.severity, error.text)
        self.seconds = seconds


def seconds_of(error: CPError) -> float:
    """How long a refusal is to wait."""
    return error.seconds if isinstance(error, Delayed) else 0.0


class Guard:
    """Closes a key for a time after so many wrong passwords in a row.

    By default that is how a userid is closed to remote terminals: for a minute after five.
    """

    LIMIT = 5
    SECONDS = 60.0

    def __init__(
        self,
        now: Callable[[], float] = time.monotonic,
        *,
        limit: int = LIMIT,
        seconds: float = SECONDS,
        forget: bool = False,
    ) -> None:
        """With FORGET wrong passwords count no more after that time, however few they were."""
        self._now = now
        self._forget = forget
        self.limit = limit
        self.seconds = seconds
        self._wrong: OrderedDict[str, tuple[int, float]] = OrderedDict()
        self._looking: dict[str, int] = {}

    def wrong(self, key: str) -> int:
        """A wrong password was given; how many they are now."""
        count = self.count(key) + 1
        self._wrong[key] = count, self._now()
        self._wrong.move_to_end(key)
        while len(self._wrong) > MOST_KEYS:
            self._wrong.popitem(last=False)
        return count

    def right(self, key: str) -> None:
        """The right one was given."""
        self._wrong.pop(key, None)

    def count(self, key: str) -> int:
        """Wrong passwords in a row."""
        count, last = self._wrong.get(key, (0, 0.0))
        return 0 if self._forget and self._now() - last >= self.seconds else count

    def looking(self, key: str) -> int:
        """Passwords that are being looked at."""
        return self._looking.get(key, 0)

    def closed(self, key: str) -> bool:
        """True if no password is looked at now."""
        _, last = self._wrong.get(key, (0, 0.0))
        return self.count(key) >= self.limit and self._now() - last < self.seconds

    def begin(self, key: str) -> None:
        """A password is going to be looked at; `end` must follow."""
        self._looking[key] = self._looking.get(key, 0) + 1

    def end(self, key: str) -> None:
        """It was looked at, or will not be."""
        self._looking[key] -= 1
        if not self._looking[key]:
            del self._looking[key]


class Leak:
    """Counts wrong passwords by keys, and forgets one in so many seconds: a guard without an end that all wait for."""

    def __init__(
        self, limit: int = ADDRESS_LIMIT, seconds: float = ADDRESS_SECONDS, now: Callable[[], float] = time.monotonic
    ) -> None:
        self._limit, self._seconds, self._now = limit, seconds, now
        self._levels: OrderedDict[str, tuple[float, float]] = OrderedDict()

    def _level(self, key: str) -> float:
        level, when = self._levels.get(key, (0.0, 0.0))
        return min(max(level - (self._now() - when) / self._seconds, 0.0), level)

    def wrong(self, key: str) -> None:
        """A wrong password was given."""
        self._levels[key] = self._level(key) + 1, self._now()
        self._levels.move_to_end(key)
        while len(self._levels) > MOST_KEYS:
            self._levels.popitem(last=False)

    def closed(self, key: str) -> bool:
        """True if no password is looked at now."""
        return self._level(key) > self._limit - 1


class Rate:
    """How often somebody may do something: BURST times at once, then EACH_SECOND."""

    def __init__(
        self, burst: float, each_second: float, now: Callable[[], float] = time.monotonic, *, most: int = MOST_KEYS
    ) -> None:
        """MOST is how many keys are remembered."""
        self._burst, self._each_second, self._now, self._most = burst, each_second, now, most
        self._spent: OrderedDict[str, tuple[float, float]] = OrderedDict()

    def wait(self, key: str) -> float:
        """It is done once more; the seconds that it has to wait."""
        spent, when = self._spent.get(key, (0.0, self._now()))
        spent = max(spent - (self._now() - when) * self._each_second, 0.0) + 1
        self._spent[key] = spent, self._now()
        self._spent.move_to_end(key)
        if len(self._spent) > self._most:
            self._spent.popitem(last=False)
        return max(spent - self._burst, 0.0) / self._each_second


class Guards:
    """Those of a system."""

    def __init__(self) -> None:
        self.logon = Guard()
        """By userid that somebody wants to log on as."""
        self.places = Leak()
        """By `origin`."""
        self.link = Guard(limit=LINK_LIMIT, seconds=LINK_SECONDS, forget=True)
        """By user who links."""
        self.autolog = Guard(limit=LINK_LIMIT, seconds=LINK_SECONDS, forget=True)
        """By user who logs others on."""
        self.links = Rate(LINKS_AT_ONCE, LINKS_A_SECOND)
        """LINK commands, by user."""


def wait(count: int) -> float:
    """Seconds that the answer to the wrong password with this number waits."""
    return min(FIRST_DELAY * 2 ** min(max(count - 1, 0), 30), LONGEST_DELAY) if count else 0.0


def origin(address: str) -> str:
    """What counts as the same place as ADDRESS: itself, or of IPv6 the network that its subscriber has. "" for this
    host, from which so many may come that one should not be able to close it to the others."""
    try:
        parsed = ipaddress.ip_address(address.partition("%")[0])
    except ValueError:
        return address
    if isinstance(parsed, ipaddress.IPv6Address) and parsed.ipv4_mapped is not None:
        parsed = parsed.ipv4_mapped
    if parsed.is_loopback:
        return ""
    if isinstance(parsed, ipaddress.IPv6Address):
        return str(ipaddress.IPv6Network((parsed, _IPV6_NETWORK), strict=False))
    return str(parsed)
