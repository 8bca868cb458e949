"""Connections of a listener: who gets a place, and who loses it when there are none left.

A place is never lost by somebody who is logged on, or whose terminal is connected with a machine's line. When there is
none left for somebody who comes, whoever has been longest at a terminal without a user makes room, of those who come
from where most of them come from (`cpvm.callers`). So somebody who takes all places that there are keeps nobody out.
"""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Callable, Hashable
from typing import Any, Final, Generic, Protocol, TypeVar, runtime_checkable

from cpvm.callers import place_of
from cpvm.terminal.files import allow_files

OTHER_FILES: Final = 200
"""Files that are left to the rest of the system where the host allows fewer than all listeners would like."""

T = TypeVar("T", bound=Hashable)


Later = Callable[[Callable[[], object]], object]


@runtime_checkable
class OccupiedSession(Protocol):
    """A session whose system can tell whether somebody uses the terminal, a user or one who has dialed a machine."""

    @property
    def occupied(self) -> bool: ...


def occupied(session: Any) -> bool:
    """Whether somebody uses the terminal of a session; without a session nobody does."""
    if session is None:
        return False
    return session.occupied if isinstance(session, OccupiedSession) else bool(session.userid)


class House:
    """All listeners of the process together: they share the files that the host allows it."""

    def __init__(self, allow: Callable[[int], int] = allow_files) -> None:
        self._allow = allow
        self._guard = threading.Lock()
        self._listeners: dict[Places[Any], tuple[int, Later]] = {}
        self._allowed = 0

    def open(self, places: Places[Any], most: int, later: Later) -> None:
        """A listener begins, with MOST places at most; LATER has its thread do something."""
        with self._guard:
            self._listeners[places] = (most, later)
            wanted = sum(most for most, _ in self._listeners.values()) + OTHER_FILES
            self._allowed = max(1, self._allow(wanted) - OTHER_FILES)

    def close(self, places: Places[Any]) -> None:
        """A listener has ended."""
        with self._guard:
            self._listeners.pop(places, None)

    @property
    def full(self) -> bool:
        """Whether the host allows no more connections."""
        with self._guard:
            return sum(map(len, self._listeners)) >= self._allowed

    def make_room(self, places: Places[Any]) -> bool:
        """Have somebody make room at another listener than this one, soon; False if there is nobody who has to.

        Until it is done there is one connection more than there should be: `OTHER_FILES` has room for it.
        """
        with self._guard:
            others = [other for other in self._listeners if other is not places and other.strangers]
            if not others:
                return False
            most = max(others, key=lambda other: other.strangers)
            later = self._listeners[most][1]
        with contextlib.suppress(RuntimeError):  # it has just ended
            later(most.drop_one)
        return True


HOUSE: Final = House()
"""Of this process."""


class Places(Generic[T]):
    """The places of one listener; for its event loop.

    Args:
        most: how many there are at most.
        stranger: whether nobody is known at a connection.
        drop: ends a connection, which has left already.
        house: what the host allows.
    """

    def __init__(
        self,
        most: Callable[[], int],
        stranger: Callable[[T], bool],
        drop: Callable[[T], None],
        house: House | None = None,
    ) -> None:
        self._most = most
        self._stranger = stranger
        self._drop = drop
        self._house = house
        self._places: dict[T, str] = {}
        self._strangers: dict[str, dict[T, None]] = {}

    def __len__(self) -> int:
        return len(self._places)

    def __contains__(self, who: T) -> bool:
        return who in self._places

    def of(self, address: str) -> int:
        """How many have come from an address, or network, and are not known."""
        return len(self._strangers.get(place_of(address), ()))

    def enter(self, who: T, address: str) -> bool:
        """Somebody comes from an address. Returns False if there is no place, and nobody who has to make room."""
        while len(self._places) >= self._most():
            if not self.drop_one():
                return False
        if self._house is not None and self._house.full and not (self.drop_one() or self._house.make_room(self)):
            return False
        self._places[who] = place_of(address)
        self._strangers.setdefault(self._places[who], {})[who] = None
        return True

    @property
    def strangers(self) -> int:
        """How many are not known, as far as has been seen; for any thread."""
        return sum(map(len, tuple(self._strangers.values())))

    def drop_one(self) -> bool:
        """Have somebody make room. Returns False if there is nobody who has to."""
        first = self._first()
        if first is None:
            return False
        self.leave(first)
        self._drop(first)
        return True

    def leave(self, who: T) -> None:
        """Somebody has gone; nothing happens if he had no place."""
        place = self._places.pop(who, None)
        if place is not None:
            self._known(who, place)

    def _known(self, who: T, place: str) -> None:
        there = self._strangers.get(place, {})
        there.pop(who, None)
        if not there:
            self._strangers.pop(place, None)

    def _first(self) -> T | None:
        """Who has to make room. Who was a stranger is looked at again, so it costs little however many there are."""
        for _ in range(2):
            while self._strangers:
                place = max(self._strangers, key=lambda place: len(self._strangers[place]))
                who = next(iter(self._strangers[place]))
                if self._stranger(who):
                    return who
                self._known(who, place)
            for who, place in self._places.items():  # somebody may have logged off
                if self._stranger(who):
                    self._strangers.setdefault(place, {})[who] = None
        return None
