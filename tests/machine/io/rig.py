"""A channel with one device of any type, as a vector has it, and what is on its medium afterwards."""

from __future__ import annotations

import io
from pathlib import Path
from typing import IO, Any

from iobench import Tracks
from witness.make import aws, blocks_of

from cpvm.machine.channel import Channels
from cpvm.machine.configure import device_from_words
from cpvm.machine.device import Device, device_types
from cpvm.machine.storage import Storage
from cpvm.s370.ebcdic import from_ebcdic

ADDRESS = 0x150
CAW, CSW = 0x48, 0x40


class Recorder:
    """Back end of printers, punches and of the console: remembers."""

    def __init__(self) -> None:
        self.lines: list[str] = []
        self.cards: list[str] = []

    def line(self, opcode: int, data: bytes) -> None:
        text = from_ebcdic(data).replace("\0", " ").strip()
        if text:
            self.lines.append(text)

    def card(self, data: bytes) -> None:
        self.cards.append(data.hex())

    def write(self, data: bytes, newline: bool) -> None:
        self.lines.append(from_ebcdic(data))

    def read(self, limit: int) -> None:
        pass

    def alarm(self) -> None:
        pass

    # ---- a room: of the operator's words only `console` is needed

    def console(self) -> Recorder:
        return self

    def display(self, name: str) -> Any:
        raise AssertionError(name)

    def output(self, path: str, binary: bool, append: bool = False) -> IO[Any]:
        return io.BytesIO() if binary else io.StringIO()

    def input(self, path: str) -> bytes:
        return Path(path).read_bytes()

    def link(self, name: str) -> object:
        return None


class Blocks:
    """The blocks of a fixed-block disk, zeros at first."""

    def __init__(self, blocks: int) -> None:
        self.blocks = blocks
        self.data: dict[int, bytes] = {}

    def read(self, block: int) -> bytes:
        return self.data.get(block, bytes(512))

    def write(self, block: int, data: bytes) -> None:
        self.data[block] = data

    def commit(self) -> None:
        pass


class Hopper:
    """A file of cards."""

    def __init__(self, cards: list[bytes]) -> None:
        self.cards = cards
        self.done = not cards

    def next(self) -> bytes | None:
        return self.cards.pop(0) if self.cards else None


class Rig:
    """The device at ADDRESS of channel 1, a block multiplexer; its files are in `folder`."""

    def __init__(self, type: str, medium: dict[str, Any], folder: Path, size: int = 1 << 16) -> None:
        self.storage = Storage(size)
        self.io = Channels(self.storage)
        self.recorder = Recorder()
        self.tape = folder / "reel.aws"
        self.device = self._make(type, medium, folder)
        self.io.attach(ADDRESS, self.device)

    def _make(self, type: str, medium: dict[str, Any], folder: Path) -> Device:
        cls: Any = device_types()[type]
        match cls.kind:
            case "reader":
                device: Device = cls(Hopper([bytes.fromhex(card) for card in medium["cards"]]))
                device.type = type
                return device
            case "punch" | "printer":
                return cls(self.recorder)  # type: ignore[no-any-return]
            case "console":
                return cls(self.recorder)  # type: ignore[no-any-return]
            case "dasd":
                return cls(type, Tracks(), cylinders=medium["cylinders"])  # type: ignore[no-any-return]
            case "tape":
                self.tape.write_bytes(aws(medium["blocks"]))
                return device_from_words(["150", type, str(self.tape)], self.recorder)[1]
            case "fba":
                return cls(type, Blocks(medium["blocks"]))  # type: ignore[no-any-return]
        raise AssertionError(f"no vectors are known for {type}")

    def start(self, caw: int) -> tuple[int, list[str]]:
        """SIO; the condition code, and all CSWs up to the end, by Test I/O."""
        self.storage.write(CAW, caw.to_bytes(4, "big"))
        self.storage.write(CSW, b"\xee" * 8)
        cc = self.io.sio(ADDRESS)
        csws = [self.storage.read(CSW, 8).hex()] if cc == 1 else []
        if cc == 0:
            while self.io.tio(ADDRESS) == 1:
                csws.append(self.storage.read(CSW, 8).hex())
        return cc, csws

    def after(self) -> dict[str, Any]:
        """What is on the medium."""
        match self.device.kind:
            case "punch":
                return {"cards": self.recorder.cards}
            case "printer":
                return {"lines": self.recorder.lines}
            case "tape":
                self.device.close()
                return {"blocks": blocks_of(self.tape.read_bytes())}
        return {}
