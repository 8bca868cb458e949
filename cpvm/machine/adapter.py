"""Two devices that are the sides of one adapter, on channels of two machines or of one.

If the machines run in one thread, one after the other or in turns, a device acts on the other side's channel at once.
If they run in two threads each device needs `wake`: the other side's thread calls it (it must not wait for anything)
when there is something to do, and it must have `poll` called in the thread that runs the device's own machine. What
the sides have in common changes under the adapter's lock; storage and channels are touched by their own machine's
thread only.
"""

from __future__ import annotations

import threading
from abc import abstractmethod
from collections import deque
from collections.abc import Callable
from typing import Any, TypeVar

from cpvm.machine.device import ConfigurationError, Device

SideType = TypeVar("SideType", bound="Side")


class Adapter:
    """A lock, and room for two sides."""

    def __init__(self) -> None:
        self.lock = threading.RLock()
        self.sides: list[Side] = []

    def connect(self, side: Side) -> None:
        """Put a device on a free side.

        Raises:
            ConfigurationError: both sides are taken, or the device is on an adapter already.
        """
        with self.lock:
            if side.adapter is not None:
                raise ConfigurationError("the device is connected already")
            if len(self.sides) == 2:
                raise ConfigurationError("both sides of this adapter are taken")
            self.sides.append(side)
            side.adapter = self
            side.arrived()

    def disconnect(self, side: Side) -> None:
        """Take a device off."""
        with self.lock:
            if side in self.sides:
                side.abandon()
                self.sides.remove(side)
                side.adapter = None


class Side(Device):
    """A device on an adapter.

    Attributes:
        adapter: the adapter, None while the device is on none.
        wake: calls for `poll`, see above.
    """

    def __init__(self) -> None:
        super().__init__()
        self.adapter: Adapter | None = None
        self.wake: Callable[[], None] | None = None
        self._inbox: deque[Callable[[], None]] = deque()

    def poll(self) -> None:
        """Do what the other side has asked for. To be called in the thread that runs this machine."""
        while True:
            try:
                action = self._inbox.popleft()
            except IndexError:
                return
            action()

    def _post(self, action: Callable[[], None]) -> None:
        """Have something done by the thread of this side's machine."""
        self._inbox.append(action)
        if self.wake is not None:
            self.wake()
        else:
            self.poll()

    def _peer(self, type: type[SideType]) -> SideType | None:
        """The device on the other side, if there is one of this type."""
        for side in self.adapter.sides if self.adapter is not None else ():
            if side is not self and isinstance(side, type):
                return side
        return None

    def _lock(self) -> threading.RLock:
        return self.adapter.lock if self.adapter is not None else threading.RLock()

    @abstractmethod
    def arrived(self) -> None:
        """This side has been connected."""

    @abstractmethod
    def abandon(self) -> None:
        """This side goes: what the other one waits for will not come."""

    def close(self) -> None:
        """Leave the adapter."""
        self.poll()
        if self.adapter is not None:
            self.adapter.disconnect(self)

    def save(self) -> dict[str, Any]:
        """As other devices; what the other side has asked for is done first."""
        self.poll()
        return super().save()
