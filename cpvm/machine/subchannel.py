"""One device's place in its channel, and how channel programs end."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from cpvm.machine.datapath import DataPath, GuestStorage
from cpvm.machine.device import Device
from cpvm.s370.ccw import CSW, ChannelCondition

# what a subchannel or its device is about, in virtual time
NOTHING: Final = 0  # nothing that ends by itself
TRANSFER: Final = 1  # a command is on its way to channel end
ENDING: Final = 2  # channel end is over, device end is to come
SELECTING: Final = 3  # Start I/O Fast Release has gone on before the device was selected
PAUSED: Final = 4  # a program of many commands that take no time waits for its next share


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


@dataclass(frozen=True, slots=True)
class Execution:
    """A synchronous channel program that is not at its end: see `Channels.proceed`."""

    subchannel: Subchannel
    path: DataPath


class Subchannel:
    """One device's place in its channel: the program under way, and conditions that wait for an interruption."""

    __slots__ = ("connected", "device", "ended", "holds", "owes", "path", "phase", "rest", "status", "unsolicited")

    def __init__(self, device: Device) -> None:
        self.device = device
        self.path: DataPath | None = None  # a program that has not ended
        self.ended: CSW | None = None  # the CSW of one that has
        self.unsolicited = 0  # unit status that the device offers on its own: attention, device end
        self.clear()

    def clear(self) -> None:
        """Nothing takes its time."""
        self.phase = NOTHING
        self.status = 0  # unit status at the end of the phase
        self.rest: tuple[int, int, bool] | None = None  # after TRANSFER: see `Device.remainder`
        self.holds = False  # the control unit is busy until the device ends
        self.owes = False  # and has turned somebody away: control unit end is due
        self.connected = False  # the program keeps the channel from first to last (block multiplexing is off)

    @property
    def suspended(self) -> bool:
        """Whether a program waits for the device to complete its command."""
        return self.path is not None and self.phase == NOTHING

    @property
    def working(self) -> bool:
        """Whether the device is busy behind channel end, with the subchannel free."""
        return self.path is None and self.phase == ENDING

    @property
    def pending(self) -> bool:
        """Whether there is something to interrupt for."""
        if self.path is not None:
            return bool(self.path.channel & ChannelCondition.PCI)
        return self.ended is not None or (self.unsolicited != 0 and self.phase == NOTHING)

    def save(self) -> dict[str, Any]:
        """The state of subchannel and device as plain data."""
        return {
            "device": self.device.save(),
            "path": self.path.save() if self.path else None,
            "ended": self.ended.to_bytes() if self.ended else None,
            "unsolicited": self.unsolicited,
            "phase": self.phase,
            "status": self.status,
            "rest": list(self.rest) if self.rest else None,
            "holds": self.holds,
            "owes": self.owes,
            "connected": self.connected,
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
        self.clear()
        if "phase" in state:  # states from before operations took time have none
            self.phase = int(state["phase"])
            self.status = int(state["status"])
            rest = state["rest"]
            self.rest = (int(rest[0]), int(rest[1]), bool(rest[2])) if rest else None
            self.holds, self.owes, self.connected = (bool(state[name]) for name in ("holds", "owes", "connected"))
