"""A bench for consoles, displays and adapters: channels with one device each, and terminals that remember."""

from __future__ import annotations

from typing import IO, Any

from cpvm.machine.channel import Channels
from cpvm.machine.configure import device_from_words, split_words
from cpvm.machine.device import ConfigurationError, Device
from cpvm.machine.storage import Storage
from cpvm.s370.ccw import CCW

ADDRESS = 0x01F
DATA, PROGRAM, CD, CC, SLI, SKIP = 0x1000, 0x800, 0x80, 0x40, 0x20, 0x10


class Place:
    """A console's or a terminal's place."""

    def __init__(self) -> None:
        self.log: list[tuple[Any, ...]] = []
        self.display: Any = None
        self.device: Any = None
        self.now: bytes | None = None
        """What answers a read at once."""
        self.error: Exception | None = None

    def attach(self, display: Any) -> None:
        self.display = display

    def write(self, *what: Any, **more: Any) -> None:
        if self.error:
            raise self.error
        self.log.append((*what, *more.values()))

    def read(self, limit: int | None = None) -> None:
        if self.error:
            raise self.error
        self.log.append(("read", limit))
        if self.now is not None and self.display is not None:
            self.display.answer(self.now)
        elif self.now is not None:
            self.device.enter(self.now)

    def alarm(self) -> None:
        self.log.append(("alarm",))


class Room:
    """Places by name; links are shared by all rooms that are given the same dictionary."""

    def __init__(self, links: dict[str, Any] | None = None) -> None:
        self.places: dict[str, Place] = {}
        self.links: dict[str, Any] = {} if links is None else links

    def console(self) -> Any:
        return self.places.setdefault("console", Place())

    def display(self, name: str) -> Any:
        return self.places.setdefault(name, Place())

    def output(self, path: str, binary: bool, append: bool = False) -> IO[Any]:
        raise ConfigurationError("no files here")

    def input(self, path: str) -> bytes:
        raise ConfigurationError("no files here")

    def link(self, name: str) -> object:
        return self.links.setdefault(name, {})


class Line:
    """One machine's storage and channels, with a device made from words."""

    def __init__(self, words: str, immediate: bool = True, room: Room | None = None) -> None:
        self.room = room or Room()
        self.storage = Storage(1 << 16)
        self.io = Channels(self.storage, immediate)
        self.device: Any = self.make(words)
        self.io.attach(ADDRESS, self.device)

    def make(self, words: str) -> Device:
        """A device from words, not attached."""
        return device_from_words(split_words(f"01F,{words}"), self.room)[1]

    def put(self, data: bytes, at: int = DATA) -> None:
        """Data for a program."""
        self.storage.write(at, data)

    def start(self, *ccws: tuple[int, ...]) -> int:
        """SIO for a program of (command, count, flags=0, address=DATA); the condition code."""
        program = b"".join(
            CCW(c[0], (*c, 0, DATA)[3] if len(c) > 3 else DATA, (*c, 0)[2], c[1]).to_bytes() for c in ccws
        )
        self.storage.write(PROGRAM, program)
        self.storage.write(0x48, PROGRAM.to_bytes(4, "big"))
        self.storage.write(0x40, b"\xee" * 8)
        code = self.io.sio(ADDRESS)
        self.io.elapse(0)  # times count from here
        return code

    def status(self) -> str:
        """Unit and channel status and residual count that SIO stored, as `0C00 0000`."""
        csw = self.storage.read(0x44, 4).hex().upper()
        return f"{csw[:4]} {csw[4:]}"

    def interruptions(self) -> list[str]:
        """All that are pending, in order."""
        told = []
        while self.io.take() is not None:
            told.append(self.status())
        return told

    def run(self, *ccws: tuple[int, ...]) -> str:
        """Start a program; how it ends, without time passing: the status bytes if SIO gives them, or the CSW's end."""
        code = self.start(*ccws)
        if code == 1:
            return self.status()[:4]
        assert code == 0, code
        told = self.interruptions()
        return ", ".join(told) if told else "waits"

    def sense(self, length: int = 1) -> str:
        """The sense bytes."""
        self.storage.write(DATA + 0x8000, bytes(length))
        assert self.run((0x04, length, SLI, DATA + 0x8000)).startswith("0C00")
        return self.storage.read(DATA + 0x8000, length).hex().upper()

    def data(self, length: int, at: int = DATA) -> bytes:
        """What was read."""
        return bytes(self.storage.read(at, length))
