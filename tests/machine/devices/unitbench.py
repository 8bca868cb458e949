"""A bench for unit record devices: a channel with one device, made from words, and a room whose files are in memory."""

from __future__ import annotations

import io
from typing import IO, Any

from cpvm.machine.channel import Channels
from cpvm.machine.configure import device_from_words, split_words
from cpvm.machine.device import ConfigurationError, Device
from cpvm.machine.storage import Storage
from cpvm.s370.ccw import CCW
from cpvm.s370.ebcdic import from_ebcdic, to_ebcdic

DATA, CHAIN, SLI = 0x1000, 0x40, 0x20
ADDRESS = 0x00C


class Written(io.BytesIO):
    """A binary file whose contents stay when it is closed."""

    def close(self) -> None:
        """Nothing."""


class Typed(io.StringIO):
    """A text file whose contents stay when it is closed."""

    def close(self) -> None:
        """Nothing."""


class Room:
    """Files by name; what a device writes to a file is there, too."""

    def __init__(self, **files: bytes) -> None:
        self.files = {name.replace("_", "."): data for name, data in files.items()}
        self.out: dict[str, Any] = {}

    def console(self) -> Any:
        raise ConfigurationError("no keyboard")

    def display(self, name: str) -> Any:
        raise ConfigurationError("no display")

    def output(self, path: str, binary: bool, append: bool = False) -> IO[Any]:
        if append and path in self.out:
            return self.out[path]  # type: ignore[no-any-return]
        self.out[path] = Written() if binary else Typed()
        return self.out[path]

    def input(self, path: str) -> bytes:
        if path not in self.files:
            raise ConfigurationError(f"{path}: No such file or directory")
        return self.files[path]

    def link(self, name: str) -> object:
        return None


class UnitBench:
    """One device, and its channel; `immediate`: operations take no time."""

    def __init__(self, words: str, immediate: bool = True, **files: bytes) -> None:
        self.room = Room(**files)
        self.storage = Storage(1 << 16)
        self.io = Channels(self.storage, immediate)
        self.device = self.make(words)
        self.io.attach(ADDRESS, self.device)

    def make(self, words: str) -> Device:
        """Another device from words, not attached."""
        address, device = device_from_words(split_words(f"00C,{words}"), self.room)
        assert address == ADDRESS
        return device

    def start(self, *ccws: CCW) -> int:
        """SIO for a program; the condition code."""
        self.storage.write(0x800, b"".join(ccw.to_bytes() for ccw in ccws))
        self.storage.write(0x48, (0x800).to_bytes(4, "big"))
        self.storage.write(0x40, b"\xee" * 8)
        cc = self.io.sio(ADDRESS)
        self.io.elapse(0)  # the instruction is over: from here on its operation takes time
        return cc

    def run(self, *ccws: CCW) -> tuple[int, int]:
        """Run a program to its end; unit status and residual count (-1 if SIO stored no count)."""
        cc = self.start(*ccws)
        if cc == 0:
            assert self.io.take() == ADDRESS
        csw = self.storage.read(0x40, 8)
        return csw[4] | csw[5] << 8, int.from_bytes(csw[6:], "big") if cc == 0 else -1

    def do(self, code: int, data: bytes | str = b"", count: int = 0, flags: int = SLI) -> tuple[int, int]:
        """Run one command that takes this data, or `count` bytes; unit status, and channel status in front of it."""
        if isinstance(data, str):
            data = to_ebcdic(data)
        self.storage.write(DATA, data)
        return self.run(CCW(code, DATA, flags, count or len(data) or 1))

    def read(self, code: int, count: int = 80, flags: int = SLI) -> tuple[int, bytes]:
        """Run one command that reads; unit status, and the area, X'EE' where nothing was stored."""
        self.storage.write(DATA, b"\xee" * count)
        status, _ = self.run(CCW(code, DATA, flags, count))
        return status, self.storage.read(DATA, count)

    def sense(self) -> str:
        """The sense bytes as the device gives them, in hexadecimal."""
        status, data = self.read(0x04, 16)
        assert status == 0x0C
        return data.rstrip(b"\xee").hex()

    def written(self, path: str) -> Any:
        """What a file holds."""
        return self.room.out[path].getvalue()


def text(card: bytes) -> str:
    """A card as text, without its blanks."""
    return from_ebcdic(card).rstrip()
