"""The way to a 3270 elsewhere, and such a display as the device of a machine that it is dialed to."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from cpvm.cp.fullscreen import fit
from cpvm.machine.media.screen import StreamError
from cpvm.s370.datastream import Read

if TYPE_CHECKING:
    from cpvm.machine.devices.display3277 import Display


class DisplayWire(Protocol):
    """The way to a display. Methods are called on CP's threads and do not wait."""

    @property
    def name(self) -> str:
        """Shown where VM/370 shows the device's address."""
        ...

    @property
    def local(self) -> bool:
        """Whether the display is on this host."""
        ...

    @property
    def size(self) -> tuple[int, int]:
        """Rows and columns of the alternate size, or 24 and 80."""
        ...

    @property
    def extended(self) -> bool:
        """Whether it has colours and structured fields."""
        ...

    def send(self, command: int, data: bytes) -> None:
        """Send a command, as a channel gives it (`datastream.Write`, `datastream.Read`), and its data."""

    def close(self) -> None:
        """End the connection when all has been sent."""


class DialedDisplay:
    """The display as a machine's device has it: the back end of a `Display` (`machine.devices.display3277`)."""

    def __init__(self, wire: DisplayWire) -> None:
        self._wire = wire
        self.device: Display | None = None
        self.reading = False

    def fit(self, display: Display) -> None:
        """Let a 3278 or 3279 be what the terminal is: its size, colours, structured fields. A 3277 is just that."""
        if display.type != "3277":
            fit(display, self._wire.size, self._wire.extended)

    def attach(self, display: Display) -> None:
        """The display is this device from now on."""
        self.device = display

    def write(self, command: int, data: bytes) -> None:
        """Show what the program writes."""
        self._wire.send(command, data)

    def read(self) -> None:
        """Ask for the buffer."""
        self.reading = True
        self._wire.send(Read.BUFFER, b"")

    def refused(self) -> None:
        """The display could not carry out a command."""
        self.reading = False
        if self.device is not None:
            self.device.refuse()

    def received(self, record: bytes) -> None:
        """A record from the display: an answer, or a key."""
        if self.device is None:
            return
        reading, self.reading = self.reading, False
        if reading and self.device.answer(record):
            return
        try:
            self.device.enter(record)
        except StreamError:
            self.device.power(True)  # show it again
