"""One device's place in its channel, and how channel programs end."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from cpvm.machine.datapath import DataPath, GuestStorage
from cpvm.machine.device import Device
from cpvm.s370.ccw import CSW, ChannelCondition


@dataclass(frozen=True, slots=True)
class ChannelStatus:
    """How a synchronous channel program ended.

    `cc`: 0 ended well; 1 ended with the unit or channel status in `csw`; 2 the device or its subchannel is busy, or
    would have had to wait; 3 no such device. `sense` holds the sense bytes after a unit check (they are also left in
    the device).
    """

    cc: int
    csw: CSW = field(default_factory=CSW)
    sense: bytes = b""


class Subchannel:
    """One device's place in its channel: the program under way, and conditions that wait for an interruption."""

    __slots__ = ("device", "ended", "path", "unsolicited")

    def __init__(self, device: Device) -> None:
        self.device = device
        self.path: DataPath | None = None  # a program that has not ended
        self.ended: CSW | None = None  # the CSW of one that has
        self.unsolicited = 0  # unit status that the device offers on its own: attention, device end

    @property
    def pending(self) -> bool:
        """Whether there is something to interrupt for."""
        if self.path is not None:
            return bool(self.path.channel & ChannelCondition.PCI)
        return self.ended is not None or self.unsolicited != 0

    def save(self) -> dict[str, Any]:
        """The state of subchannel and device as plain data."""
        return {
            "device": self.device.save(),
            "path": self.path.save() if self.path else None,
            "ended": self.ended.to_bytes() if self.ended else None,
            "unsolicited": self.unsolicited,
        }

    def load(self, state: Mapping[str, Any], storage: GuestStorage) -> None:
        """Take up what `save` gave. Raises DeviceError if it is of another device type."""
        self.device.load(state["device"])
        self.path = None
        if state["path"] is not None:
            self.path = DataPath(storage, 0, 0)
            self.path.load(state["path"])
        self.ended = CSW.from_bytes(state["ended"]) if state["ended"] else None
        self.unsolicited = state["unsolicited"]
